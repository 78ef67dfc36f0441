//! SQL of the books of dust days: each from the moment on from which it judged.

use kernel::{Division, Timestamp};
use store::contract::{Reader, Transaction};
use store::{StoreError, Value};

use crate::dust::DustBook;

/// A book as kept, from the moment on from which it judged.
pub struct Kept {
    pub number: i64,
    pub at: Timestamp,
    pub book: DustBook,
    pub done: bool,
}

fn kept(row: &store::Row) -> Result<Kept, StoreError> {
    let number = row.integer(0)?;
    let book = serde_json::from_str(row.text(2)?)
        .map_err(|error| StoreError::Shape(format!("dust book {number}: {error}")))?;
    Ok(Kept { number, at: row.time(1)?, book, done: row.optional_integer(3)?.is_some() })
}

/// The newest book that matches a condition.
pub fn newest(
    reader: &dyn Reader,
    condition: &str,
    division: Division,
    more: Option<Timestamp>,
) -> Result<Option<Kept>, StoreError> {
    let sql = format!(
        "SELECT number, at, book, done_at FROM judge_dust WHERE division = $1 {condition} ORDER BY number DESC LIMIT 1"
    );
    let mut parameters: Vec<Value> = vec![division.into()];
    parameters.extend(more.map(Value::from));
    reader.query_one(&sql, &parameters)?.as_ref().map(kept).transpose()
}

/// The book in force now.
pub fn current(reader: &dyn Reader, division: Division) -> Result<DustBook, StoreError> {
    Ok(newest(reader, "", division, None)?.map(|kept| kept.book).unwrap_or_default())
}

/// Keeps a book under a number of its own.
pub fn put(
    transaction: &dyn Transaction,
    division: Division,
    number: i64,
    book: &DustBook,
    now: Timestamp,
) -> Result<(), StoreError> {
    let text = serde_json::to_string(book).map_err(|error| StoreError::Shape(format!("dust book: {error}")))?;
    transaction.execute(
        "INSERT INTO judge_dust (division, number, at, book) VALUES ($1, $2, $3, $4)",
        &[division.into(), number.into(), now.into(), text.into()],
    )?;
    Ok(())
}

/// Everything that the book and those before it concern has been judged.
pub fn done(transaction: &dyn Transaction, division: Division, number: i64, now: Timestamp) -> Result<u64, StoreError> {
    transaction.execute(
        "UPDATE judge_dust SET done_at = $2 WHERE division = $1 AND done_at IS NULL AND number <= $3",
        &[division.into(), now.into(), number.into()],
    )
}
