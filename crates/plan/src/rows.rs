//! SQL of items, files, revisions of the plan and assessment documents.

use kernel::{Division, ErrorCode, Id, Problem, Timestamp};
use store::{Migration, Reader, Row, StoreError, Transaction, Value};

use crate::item::{Item, State};
use crate::source::Files;

/// Items of a county that are taken: all of them are kept in memory, and none is left out in silence.
pub const MOST_ITEMS: i64 = 200_000;
/// Revisions that are looked back at.
const MOST_REVISIONS: i64 = 200;

pub const MIGRATIONS: &[Migration] = &[FIRST, CORRECTIONS];

/// Items that correct another one.
const CORRECTIONS: Migration =
    Migration { mechanism: "plan", number: 2, sql: "ALTER TABLE plan_item ADD COLUMN replaces BIGINT" };

const FIRST: Migration = Migration {
    mechanism: "plan",
    number: 1,
    sql: "CREATE TABLE plan_item (
            division BIGINT NOT NULL, id BIGINT NOT NULL, subject TEXT NOT NULL, year BIGINT NOT NULL, kind TEXT NOT NULL,
            content TEXT NOT NULL, note TEXT NOT NULL, evidence TEXT NOT NULL, state TEXT NOT NULL,
            entered_by BIGINT NOT NULL, entered_name TEXT NOT NULL, body TEXT, entered_at BIGINT NOT NULL,
            decided_by BIGINT, decided_name TEXT, decided_at BIGINT, decision_note TEXT NOT NULL,
            PRIMARY KEY (division, id));
          CREATE INDEX plan_item_subject ON plan_item (division, subject, id);
          CREATE TABLE plan_file (
            division BIGINT NOT NULL, hash TEXT NOT NULL, content_type TEXT NOT NULL, bytes {BYTES} NOT NULL,
            PRIMARY KEY (division, hash));
          CREATE TABLE plan_revision (
            division BIGINT NOT NULL, number BIGINT NOT NULL, hash TEXT NOT NULL, files TEXT NOT NULL, loaded_at BIGINT NOT NULL,
            state TEXT NOT NULL, changes TEXT NOT NULL, approved_name TEXT, approved_at BIGINT, note TEXT NOT NULL,
            PRIMARY KEY (division, number));
          CREATE TABLE plan_assessment (
            division BIGINT NOT NULL, id BIGINT NOT NULL, kind TEXT NOT NULL, year BIGINT NOT NULL, revision BIGINT NOT NULL,
            content TEXT NOT NULL, hash TEXT NOT NULL, made_by BIGINT NOT NULL, made_name TEXT NOT NULL, made_at BIGINT NOT NULL,
            approved_by BIGINT, approved_name TEXT, approved_at BIGINT,
            PRIMARY KEY (division, id))",
};

const ITEM: &str = "id, subject, year, content, note, evidence, state, entered_by, entered_name, body, entered_at, \
                    decided_by, decided_name, decided_at, decision_note, replaces";

fn shape(what: &str, error: impl std::fmt::Display) -> StoreError {
    StoreError::Shape(format!("{what}: {error}"))
}

fn item_of(row: &Row) -> Result<Item, StoreError> {
    let text = |column| row.text(column).map(str::to_owned);
    let optional = |column| row.optional_text(column).map(|value| value.map(str::to_owned));
    Ok(Item {
        id: row.id(0)?,
        subject: text(1)?,
        year: i32::try_from(row.integer(2)?).map_err(|error| shape("year of an item", error))?,
        content: serde_json::from_str(row.text(3)?).map_err(|error| shape("content of an item", error))?,
        note: text(4)?,
        evidence: serde_json::from_str(row.text(5)?).map_err(|error| shape("evidence of an item", error))?,
        state: State::from_name(row.text(6)?).ok_or_else(|| shape("state of an item", "unknown"))?,
        entered_by: row.id(7)?,
        entered_name: text(8)?,
        body: optional(9)?,
        entered_at: row.time(10)?,
        decided_by: row.optional_integer(11)?.map(Id),
        decided_name: optional(12)?,
        decided_at: row.optional_integer(13)?.map(Timestamp),
        decision_note: text(14)?,
        replaces: row.optional_integer(15)?.map(Id),
    })
}

fn json(what: &str, value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| shape(what, error))
}

pub fn add_item(transaction: &dyn Transaction, division: Division, item: &Item) -> Result<(), StoreError> {
    let values: Vec<Value> = vec![
        division.into(),
        item.id.into(),
        (&item.subject).into(),
        item.year.into(),
        item.content.kind().name().into(),
        json("content of an item", &item.content)?.into(),
        (&item.note).into(),
        json("evidence of an item", &item.evidence)?.into(),
        item.state.name().into(),
        item.entered_by.into(),
        (&item.entered_name).into(),
        item.body.clone().into(),
        item.entered_at.into(),
        item.replaces.map(|id| id.0).into(),
    ];
    transaction.execute(
        "INSERT INTO plan_item (division, id, subject, year, kind, content, note, evidence, state, entered_by, entered_name,
           body, entered_at, replaces, decision_note)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, '')",
        &values,
    )?;
    Ok(())
}

/// Only what was decided changes; what was said never does.
pub fn decide_item(transaction: &dyn Transaction, division: Division, item: &Item) -> Result<(), StoreError> {
    transaction.execute(
        "UPDATE plan_item SET state = $3, decided_by = $4, decided_name = $5, decided_at = $6, decision_note = $7
         WHERE division = $1 AND id = $2",
        &[
            division.into(),
            item.id.into(),
            item.state.name().into(),
            item.decided_by.map(|id| id.0).into(),
            item.decided_name.clone().into(),
            item.decided_at.map(Timestamp::millis).into(),
            (&item.decision_note).into(),
        ],
    )?;
    Ok(())
}

pub fn item(reader: &dyn Reader, division: Division, id: Id) -> Result<Option<Item>, StoreError> {
    let sql = format!("SELECT {ITEM} FROM plan_item WHERE division = $1 AND id = $2");
    reader.query_one(&sql, &[division.into(), id.into()])?.as_ref().map(item_of).transpose()
}

/// Items of one subject, oldest first: all that [`MOST_ITEMS`] lets in.
pub fn items_of(reader: &dyn Reader, division: Division, subject: &str) -> Result<Vec<Item>, StoreError> {
    let sql = format!("SELECT {ITEM} FROM plan_item WHERE division = $1 AND subject = $2 ORDER BY id LIMIT $3");
    reader.query(&sql, &[division.into(), subject.into(), MOST_ITEMS.into()])?.iter().map(item_of).collect()
}

/// All items, oldest first.
pub fn items(reader: &dyn Reader, division: Division) -> Result<Vec<Item>, StoreError> {
    let sql = format!("SELECT {ITEM} FROM plan_item WHERE division = $1 ORDER BY id LIMIT $2");
    reader.query(&sql, &[division.into(), MOST_ITEMS.into()])?.iter().map(item_of).collect()
}

pub fn item_count(reader: &dyn Reader, division: Division) -> Result<i64, StoreError> {
    let row = reader.query_one("SELECT COUNT(*) FROM plan_item WHERE division = $1", &[division.into()])?;
    row.map_or(Ok(0), |row| row.integer(0))
}

pub fn add_file(
    transaction: &dyn Transaction,
    division: Division,
    hash: &str,
    content_type: &str,
    bytes: &[u8],
) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO plan_file (division, hash, content_type, bytes) VALUES ($1, $2, $3, $4) ON CONFLICT (division, hash) DO NOTHING",
        &[division.into(), hash.into(), content_type.into(), bytes.into()],
    )?;
    Ok(())
}

pub fn file(reader: &dyn Reader, division: Division, hash: &str) -> Result<Option<(String, Vec<u8>)>, StoreError> {
    let row = reader.query_one(
        "SELECT content_type, bytes FROM plan_file WHERE division = $1 AND hash = $2",
        &[division.into(), hash.into()],
    )?;
    row.map(|row| Ok((row.text(0)?.to_owned(), row.bytes(1)?.to_vec()))).transpose()
}

pub fn has_file(reader: &dyn Reader, division: Division, hash: &str) -> Result<bool, StoreError> {
    let row = reader
        .query_one("SELECT 1 FROM plan_file WHERE division = $1 AND hash = $2", &[division.into(), hash.into()])?;
    Ok(row.is_some())
}

/// A state of the pack's plan files.
#[derive(Clone, Debug)]
pub struct Revision {
    pub number: i64,
    pub hash: String,
    /// JSON: path → text.
    pub files: String,
    pub loaded_at: Timestamp,
    /// `in_force`, `pending`, `replaced`.
    pub state: String,
    /// JSON list of sentences.
    pub changes: String,
    pub approved_name: Option<String>,
    pub approved_at: Option<Timestamp>,
    pub note: String,
}

impl Revision {
    /// Path → text.
    pub fn files(&self) -> Result<Files, Problem> {
        let wrong =
            |error| Problem::new(ErrorCode::Internal, format!("reading plan revision {}: {error}", self.number));
        serde_json::from_str(&self.files).map_err(wrong)
    }
}

fn revision_of(row: &Row) -> Result<Revision, StoreError> {
    Ok(Revision {
        number: row.integer(0)?,
        hash: row.text(1)?.to_owned(),
        files: row.text(2)?.to_owned(),
        loaded_at: row.time(3)?,
        state: row.text(4)?.to_owned(),
        changes: row.text(5)?.to_owned(),
        approved_name: row.optional_text(6)?.map(str::to_owned),
        approved_at: row.optional_integer(7)?.map(Timestamp),
        note: row.text(8)?.to_owned(),
    })
}

/// The newest revisions, and the one in force, however many came after it without being approved; the newest first.
pub fn revisions(reader: &dyn Reader, division: Division) -> Result<Vec<Revision>, StoreError> {
    newest_revisions(reader, division, "files")
}

/// The same without their files, for lists.
pub fn revision_heads(reader: &dyn Reader, division: Division) -> Result<Vec<Revision>, StoreError> {
    newest_revisions(reader, division, "''")
}

fn newest_revisions(reader: &dyn Reader, division: Division, files: &str) -> Result<Vec<Revision>, StoreError> {
    let sql = format!(
        "SELECT number, hash, {files}, loaded_at, state, changes, approved_name, approved_at, note FROM plan_revision
         WHERE division = $1 AND (state = 'in_force' OR number > (
           SELECT COALESCE(MAX(number), 0) - $2 FROM plan_revision WHERE division = $1))
         ORDER BY number DESC"
    );
    reader.query(&sql, &[division.into(), MOST_REVISIONS.into()])?.iter().map(revision_of).collect()
}

/// When the first revision was loaded.
pub fn first_loaded(reader: &dyn Reader, division: Division) -> Result<Option<Timestamp>, StoreError> {
    let row = reader.query_one("SELECT MIN(loaded_at) FROM plan_revision WHERE division = $1", &[division.into()])?;
    Ok(row.map(|row| row.optional_integer(0)).transpose()?.flatten().map(Timestamp))
}

pub fn save_revision(transaction: &dyn Transaction, division: Division, revision: &Revision) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO plan_revision (division, number, hash, files, loaded_at, state, changes, approved_name, approved_at, note)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (division, number) DO UPDATE SET state = excluded.state, approved_name = excluded.approved_name,
           approved_at = excluded.approved_at, note = excluded.note",
        &[
            division.into(),
            revision.number.into(),
            (&revision.hash).into(),
            (&revision.files).into(),
            revision.loaded_at.into(),
            (&revision.state).into(),
            (&revision.changes).into(),
            revision.approved_name.clone().into(),
            revision.approved_at.map(Timestamp::millis).into(),
            (&revision.note).into(),
        ],
    )?;
    Ok(())
}

/// A saved assessment document.
#[derive(Clone, Debug)]
pub struct Saved {
    pub id: Id,
    pub kind: String,
    pub year: i32,
    pub revision: i64,
    /// JSON of [`crate::assessment::Assessment`].
    pub content: String,
    /// SHA-256 of `content`.
    pub hash: String,
    pub made_by: Id,
    pub made_name: String,
    pub made_at: Timestamp,
    pub approved_by: Option<Id>,
    pub approved_name: Option<String>,
    pub approved_at: Option<Timestamp>,
}

const SAVED: &str =
    "id, kind, year, revision, content, hash, made_by, made_name, made_at, approved_by, approved_name, approved_at";

fn saved_of(row: &Row) -> Result<Saved, StoreError> {
    Ok(Saved {
        id: row.id(0)?,
        kind: row.text(1)?.to_owned(),
        year: i32::try_from(row.integer(2)?).map_err(|error| shape("year of an assessment", error))?,
        revision: row.integer(3)?,
        content: row.text(4)?.to_owned(),
        hash: row.text(5)?.to_owned(),
        made_by: row.id(6)?,
        made_name: row.text(7)?.to_owned(),
        made_at: row.time(8)?,
        approved_by: row.optional_integer(9)?.map(Id),
        approved_name: row.optional_text(10)?.map(str::to_owned),
        approved_at: row.optional_integer(11)?.map(Timestamp),
    })
}

pub fn add_assessment(transaction: &dyn Transaction, division: Division, saved: &Saved) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO plan_assessment (division, id, kind, year, revision, content, hash, made_by, made_name, made_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            division.into(),
            saved.id.into(),
            (&saved.kind).into(),
            saved.year.into(),
            saved.revision.into(),
            (&saved.content).into(),
            (&saved.hash).into(),
            saved.made_by.into(),
            (&saved.made_name).into(),
            saved.made_at.into(),
        ],
    )?;
    Ok(())
}

/// Number of the newest paper of a kind and year; 0: none.
pub fn newest_assessment(reader: &dyn Reader, division: Division, kind: &str, year: i32) -> Result<i64, StoreError> {
    let row = reader.query_one(
        "SELECT COALESCE(MAX(revision), 0) FROM plan_assessment WHERE division = $1 AND kind = $2 AND year = $3",
        &[division.into(), kind.into(), i64::from(year).into()],
    )?;
    row.map_or(Ok(0), |row| row.integer(0))
}

/// An approved paper of that kind and year which is newer.
pub fn approved_after(
    reader: &dyn Reader,
    division: Division,
    kind: &str,
    year: i32,
    revision: i64,
) -> Result<Option<i64>, StoreError> {
    let row = reader.query_one(
        "SELECT MAX(revision) FROM plan_assessment
         WHERE division = $1 AND kind = $2 AND year = $3 AND revision > $4 AND approved_at IS NOT NULL",
        &[division.into(), kind.into(), i64::from(year).into(), revision.into()],
    )?;
    row.map_or(Ok(None), |row| row.optional_integer(0))
}

pub fn approve_assessment(transaction: &dyn Transaction, division: Division, saved: &Saved) -> Result<(), StoreError> {
    transaction.execute(
        "UPDATE plan_assessment SET approved_by = $3, approved_name = $4, approved_at = $5
         WHERE division = $1 AND id = $2 AND approved_at IS NULL",
        &[
            division.into(),
            saved.id.into(),
            saved.approved_by.map(|id| id.0).into(),
            saved.approved_name.clone().into(),
            saved.approved_at.map(Timestamp::millis).into(),
        ],
    )?;
    Ok(())
}

pub fn assessments(reader: &dyn Reader, division: Division) -> Result<Vec<Saved>, StoreError> {
    let sql = format!("SELECT {SAVED} FROM plan_assessment WHERE division = $1 ORDER BY id DESC LIMIT 200");
    reader.query(&sql, &[division.into()])?.iter().map(saved_of).collect()
}

pub fn assessment(reader: &dyn Reader, division: Division, id: Id) -> Result<Option<Saved>, StoreError> {
    let sql = format!("SELECT {SAVED} FROM plan_assessment WHERE division = $1 AND id = $2");
    reader.query_one(&sql, &[division.into(), id.into()])?.as_ref().map(saved_of).transpose()
}
