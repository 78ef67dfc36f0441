//! Forward-only migrations: each mechanism brings its own list, applied in order, each exactly once.
//!
//! A migration is SQL in the shared subset; only the type of byte strings differs between stores and is
//! written `{BYTES}`. All other columns are `BIGINT`, `TEXT` or `DOUBLE PRECISION`.

use crate::contract::{Reader, StoreError, Transaction};

/// One step of a mechanism's schema.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    pub mechanism: &'static str,
    /// From 1, without gaps.
    pub number: u32,
    /// Statements separated by `;`, with `{BYTES}` for the byte-string type.
    pub sql: &'static str,
}

/// That all of them have been applied; for those who only read.
///
/// # Errors
/// When one has not.
pub fn check(reader: &dyn Reader, migrations: &[Migration]) -> Result<(), StoreError> {
    for migration in migrations {
        let known = reader.query_one(
            "SELECT COUNT(*) FROM migration WHERE mechanism = $1 AND number = $2",
            &[migration.mechanism.into(), i64::from(migration.number).into()],
        )?;
        if known.map_or(Ok(0), |row| row.integer(0))? == 0 {
            return Err(StoreError::Shape(format!(
                "数据库比程序旧，缺 {} {}，先启动一次平台 (the store is older than the program; start the platform once)",
                migration.mechanism, migration.number
            )));
        }
    }
    Ok(())
}

/// Applies what is missing, inside one transaction.
pub fn apply(transaction: &dyn Transaction, migrations: &[Migration], bytes_type: &str) -> Result<(), StoreError> {
    transaction.execute(
        "CREATE TABLE IF NOT EXISTS migration (mechanism TEXT NOT NULL, number BIGINT NOT NULL, PRIMARY KEY (mechanism, number))",
        &[],
    )?;
    for migration in migrations {
        let known = transaction.query_one(
            "SELECT COALESCE(MAX(number), 0) FROM migration WHERE mechanism = $1",
            &[migration.mechanism.into()],
        )?;
        let applied = known.map_or(Ok(0), |row| row.integer(0))?;
        if i64::from(migration.number) <= applied {
            continue;
        }
        if i64::from(migration.number) != applied + 1 {
            return Err(StoreError::Shape(format!(
                "migration {} of {} does not follow {applied}",
                migration.number, migration.mechanism
            )));
        }
        for statement in migration.sql.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
            transaction.execute(&statement.replace("{BYTES}", bytes_type), &[])?;
        }
        transaction.execute(
            "INSERT INTO migration (mechanism, number) VALUES ($1, $2)",
            &[migration.mechanism.into(), migration.number.into()],
        )?;
    }
    Ok(())
}
