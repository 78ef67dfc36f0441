//! SQL of saved admission checks.

use kernel::{Division, Id, Timestamp};
use store::{Migration, Reader, StoreError, Transaction};

pub const MIGRATIONS: &[Migration] = &[FIRST, SUMMARIES];

/// What a list says of a check, as JSON; checks of before have none.
const SUMMARIES: Migration =
    Migration { mechanism: "zone", number: 2, sql: "ALTER TABLE admission ADD COLUMN summary TEXT" };

const FIRST: Migration = Migration {
    mechanism: "zone",
    number: 1,
    sql: "CREATE TABLE admission (
            division BIGINT NOT NULL, id BIGINT NOT NULL, number TEXT NOT NULL, made_at BIGINT NOT NULL,
            made_by TEXT NOT NULL, site TEXT NOT NULL, answer TEXT NOT NULL,
            PRIMARY KEY (division, id));
          CREATE UNIQUE INDEX admission_number ON admission (division, number)",
};

/// A saved check; `site` and `answer` are JSON.
#[derive(Clone, Debug)]
pub struct Saved {
    pub id: Id,
    pub number: String,
    pub made_at: Timestamp,
    pub made_by: String,
    pub site: String,
    pub answer: String,
}

/// A check in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    pub number: String,
    pub made_at: Timestamp,
    pub made_by: String,
    /// JSON; a check of before has none, but its question and answer.
    pub summary: Option<String>,
    pub whole: Option<(String, String)>,
}

/// How many checks bear a number that begins so.
pub fn count_with_prefix(reader: &dyn Reader, division: Division, prefix: &str) -> Result<i64, StoreError> {
    let end = format!("{prefix}~");
    let row = reader.query_one(
        "SELECT COUNT(*) FROM admission WHERE division = $1 AND number >= $2 AND number < $3",
        &[division.into(), prefix.into(), end.into()],
    )?;
    row.map_or(Ok(0), |row| row.integer(0))
}

pub fn insert(
    transaction: &dyn Transaction,
    division: Division,
    saved: &Saved,
    summary: &str,
) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO admission (division, id, number, made_at, made_by, site, answer, summary)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            division.into(),
            saved.id.into(),
            (&saved.number).into(),
            saved.made_at.into(),
            (&saved.made_by).into(),
            (&saved.site).into(),
            (&saved.answer).into(),
            summary.into(),
        ],
    )?;
    Ok(())
}

const COLUMNS: &str = "id, number, made_at, made_by, site, answer";

pub fn find(reader: &dyn Reader, division: Division, number: &str) -> Result<Option<Saved>, StoreError> {
    let row = reader.query_one(
        &format!("SELECT {COLUMNS} FROM admission WHERE division = $1 AND number = $2"),
        &[division.into(), number.into()],
    )?;
    row.as_ref().map(saved_of).transpose()
}

/// Newest first.
pub fn list(reader: &dyn Reader, division: Division, limit: i64) -> Result<Vec<Listed>, StoreError> {
    let rows = reader.query(
        "SELECT number, made_at, made_by, summary,
                CASE WHEN summary IS NULL THEN site END, CASE WHEN summary IS NULL THEN answer END
         FROM admission WHERE division = $1 ORDER BY id DESC LIMIT $2",
        &[division.into(), limit.into()],
    )?;
    rows.iter().map(listed_of).collect()
}

fn listed_of(row: &store::Row) -> Result<Listed, StoreError> {
    let text = |column| Ok::<_, StoreError>(row.optional_text(column)?.map(str::to_owned));
    Ok(Listed {
        number: row.text(0)?.to_owned(),
        made_at: row.time(1)?,
        made_by: row.text(2)?.to_owned(),
        summary: text(3)?,
        whole: text(4)?.zip(text(5)?),
    })
}

fn saved_of(row: &store::Row) -> Result<Saved, StoreError> {
    Ok(Saved {
        id: row.id(0)?,
        number: row.text(1)?.to_owned(),
        made_at: row.time(2)?,
        made_by: row.text(3)?.to_owned(),
        site: row.text(4)?.to_owned(),
        answer: row.text(5)?.to_owned(),
    })
}
