//! SQL of the indexes of records: values of filter fields, unique fields and links, and pairs of characters.

use kernel::{Division, Id};
use store::{StoreError, Transaction, Value};

use crate::block_rows;
use crate::record::{Content, Record};
use crate::rows::Written;
use crate::search::Indexed;

/// Indexes what a revision writes.
pub fn index(transaction: &dyn Transaction, division: Division, written: &Written<'_>) -> Result<(), StoreError> {
    if written.revision > 1 {
        drop_index(transaction, division, written.id)?;
    }
    let living = written.deleted.is_none();
    insert_values(transaction, division, written.ledger, (written.id, &written.content.key, living), written.fields)?;
    insert_grams(transaction, division, written.ledger, written.id, written.grams)
}

/// Indexes a record as it is under another definition; no revision comes of it.
pub fn index_again(
    transaction: &dyn Transaction,
    division: Division,
    record: &Record,
    fields: &[Indexed],
    search: &str,
    grams: &[String],
) -> Result<(), StoreError> {
    drop_index(transaction, division, record.id)?;
    let sql = "UPDATE record SET search = $3 WHERE division = $1 AND id = $2";
    transaction.execute(sql, &[division.into(), record.id.into(), search.into()])?;
    let place = (record.id, record.content.key.as_str(), record.deleted.is_none());
    insert_values(transaction, division, &record.ledger, place, fields)?;
    insert_grams(transaction, division, &record.ledger, record.id, grams)
}

/// Whose a record is under another definition; no revision comes of it either.
pub fn own_again(
    transaction: &dyn Transaction,
    division: Division,
    record: Id,
    content: &Content,
) -> Result<(), StoreError> {
    let text =
        serde_json::to_string(content).map_err(|error| StoreError::Shape(format!("writing a record: {error}")))?;
    let sql = "UPDATE record SET owner = $3, content = $4 WHERE division = $1 AND id = $2";
    transaction
        .execute(sql, &[division.into(), record.into(), content.owner.as_deref().into(), text.into()])
        .map(|_| ())
}

fn drop_index(transaction: &dyn Transaction, division: Division, record: Id) -> Result<(), StoreError> {
    block_rows::remove(transaction, division, record)?;
    for table in ["record_value", "record_gram"] {
        let sql = format!("DELETE FROM {table} WHERE division = $1 AND record = $2");
        transaction.execute(&sql, &[division.into(), record.into()])?;
    }
    Ok(())
}

fn insert_values(
    transaction: &dyn Transaction,
    division: Division,
    ledger: &str,
    (record, key, living): (Id, &str, bool),
    fields: &[Indexed],
) -> Result<(), StoreError> {
    for Indexed { field, value, filter } in fields {
        transaction.execute(
            "INSERT INTO record_value (division, ledger, field, value, living, record_key, record)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            &[
                division.into(),
                ledger.into(),
                field.into(),
                value.into(),
                i64::from(living).into(),
                key.into(),
                record.into(),
            ],
        )?;
        if *filter {
            block_rows::add(transaction, division, ledger, (record, living), (field, value))?;
        }
    }
    Ok(())
}

/// Many grams in one statement; the sizes are few, so that prepared statements are used again.
fn insert_grams(
    transaction: &dyn Transaction,
    division: Division,
    ledger: &str,
    record: Id,
    grams: &[String],
) -> Result<(), StoreError> {
    let mut rest = grams;
    for size in [64, 8, 1] {
        let rows: Vec<String> = (0..size).map(|place| format!("($1, $2, ${}, $3)", place + 4)).collect();
        let sql = format!("INSERT INTO record_gram (division, ledger, gram, record) VALUES {}", rows.join(", "));
        while rest.len() >= size {
            let (now, later) = rest.split_at(size);
            let mut parameters: Vec<Value> = vec![division.into(), ledger.into(), record.into()];
            parameters.extend(now.iter().map(Value::from));
            transaction.execute(&sql, &parameters)?;
            rest = later;
        }
    }
    Ok(())
}
