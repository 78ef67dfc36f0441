//! The contract's reader and transaction over one SQLite connection.

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, params_from_iter};

use super::connection::database_error;
use crate::contract::{Reader, Row, StoreError, Transaction, Value};

pub struct SqliteTransaction<'c> {
    connection: &'c Connection,
}

impl<'c> SqliteTransaction<'c> {
    pub fn new(connection: &'c Connection) -> Self {
        Self { connection }
    }
}

/// SQLite numbers `$1` by first appearance; `?1` by its digit, which is what the contract means.
fn numbered(sql: &str) -> String {
    sql.replace('$', "?")
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Integer(value) => ValueRef::Integer(*value),
            Value::Float(value) => ValueRef::Real(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

fn owned(value: ValueRef<'_>) -> Result<Value, StoreError> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Integer(value),
        ValueRef::Real(value) => Value::Float(value),
        ValueRef::Text(value) => Value::Text(
            String::from_utf8(value.to_vec()).map_err(|_| StoreError::Shape("text that is not UTF-8".into()))?,
        ),
        ValueRef::Blob(value) => Value::Bytes(value.to_vec()),
    })
}

impl Reader for SqliteTransaction<'_> {
    fn query(&self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, StoreError> {
        let failed = |error: rusqlite::Error| database_error(sql, &error);
        let mut statement = self.connection.prepare_cached(&numbered(sql)).map_err(failed)?;
        let columns = statement.column_count();
        let mut rows = statement.query(params_from_iter(parameters)).map_err(failed)?;
        let mut result = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            let values = (0..columns)
                .map(|column| owned(row.get_ref(column).map_err(failed)?))
                .collect::<Result<Vec<_>, StoreError>>()?;
            result.push(Row(values));
        }
        Ok(result)
    }
}

impl Transaction for SqliteTransaction<'_> {
    fn execute(&self, sql: &str, parameters: &[Value]) -> Result<u64, StoreError> {
        let failed = |error: rusqlite::Error| database_error(sql, &error);
        let mut statement = self.connection.prepare_cached(&numbered(sql)).map_err(failed)?;
        statement.execute(params_from_iter(parameters)).map(|count| count as u64).map_err(failed)
    }

    fn as_reader(&self) -> &dyn Reader {
        self
    }
}
