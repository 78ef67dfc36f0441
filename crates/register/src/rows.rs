//! SQL of records, their revisions, their filter fields and their bigrams.

use kernel::{Division, Id, Timestamp};
use store::{Migration, Reader, Row, StoreError, Transaction, Value};

use crate::index_rows;
use crate::record::{Content, Record};
use crate::search::Indexed;

pub const MIGRATIONS: &[Migration] = &[
    FIRST,
    Migration { mechanism: "register", number: 2, sql: crate::attachment_rows::TABLES },
    crate::list_rows::LISTS,
    crate::saved_rows::VIEWS,
    crate::attachment_rows::THUMBNAILS,
    crate::attachment_rows::READERS,
    crate::design::rows::DEFINITIONS,
    crate::link_rows::CHANGED,
    crate::block_rows::BLOCKS,
    crate::block_rows::COMPLETE,
    crate::search::FOLDED,
];

const FIRST: Migration = Migration {
    mechanism: "register",
    number: 1,
    sql: "CREATE TABLE record (
            division BIGINT NOT NULL, id BIGINT NOT NULL, ledger TEXT NOT NULL, record_key TEXT NOT NULL,
            revision BIGINT NOT NULL, title TEXT NOT NULL, owner TEXT, content TEXT NOT NULL, search TEXT NOT NULL,
            updated_at BIGINT NOT NULL, updated_by TEXT NOT NULL, deleted TEXT,
            pack_revision BIGINT NOT NULL, pack_hash TEXT, offered TEXT,
            PRIMARY KEY (division, id));
          CREATE UNIQUE INDEX record_key_unique ON record (division, ledger, record_key);
          CREATE TABLE record_revision (
            division BIGINT NOT NULL, record BIGINT NOT NULL, revision BIGINT NOT NULL, at BIGINT NOT NULL,
            actor TEXT NOT NULL, actor_name TEXT NOT NULL, reason TEXT NOT NULL, deleted TEXT, content TEXT NOT NULL,
            PRIMARY KEY (division, record, revision));
          CREATE TABLE record_field (
            division BIGINT NOT NULL, ledger TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL,
            record BIGINT NOT NULL,
            PRIMARY KEY (division, ledger, field, value, record));
          CREATE INDEX record_field_record ON record_field (division, record);
          CREATE TABLE record_gram (
            division BIGINT NOT NULL, ledger TEXT NOT NULL, gram TEXT NOT NULL, record BIGINT NOT NULL,
            PRIMARY KEY (division, ledger, gram, record));
          CREATE INDEX record_gram_record ON record_gram (division, record)",
};

const COLUMNS: &str = "r.id, r.ledger, r.revision, r.content, r.updated_at, r.updated_by, r.deleted";

fn record_of(row: &Row) -> Result<Record, StoreError> {
    Ok(Record {
        id: row.id(0)?,
        ledger: row.text(1)?.to_owned(),
        revision: row.integer(2)?,
        content: content_of(row.text(3)?)?,
        updated_at: row.time(4)?,
        updated_by: row.text(5)?.to_owned(),
        deleted: row.optional_text(6)?.map(str::to_owned),
    })
}

pub(crate) fn content_of(text: &str) -> Result<Content, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Shape(format!("content of a record: {error}")))
}

pub fn find(reader: &dyn Reader, division: Division, id: Id) -> Result<Option<Record>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM record r WHERE r.division = $1 AND r.id = $2");
    reader.query_one(&sql, &[division.into(), id.into()])?.as_ref().map(record_of).transpose()
}

pub fn find_key(
    reader: &dyn Reader,
    division: Division,
    ledger: &str,
    key: &str,
) -> Result<Option<Record>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM record r WHERE r.division = $1 AND r.ledger = $2 AND r.record_key = $3");
    reader.query_one(&sql, &[division.into(), ledger.into(), key.into()])?.as_ref().map(record_of).transpose()
}

/// All living records of a ledger, by id.
pub fn all_of(reader: &dyn Reader, division: Division, ledger: &str) -> Result<Vec<Record>, StoreError> {
    living(reader, "", &[division.into(), ledger.into()])
}

/// Sorted here: asked for the order of ids SQLite walks through the records of all ledgers for each of them.
fn living(reader: &dyn Reader, condition: &str, parameters: &[Value]) -> Result<Vec<Record>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM record r WHERE r.division = $1 AND r.ledger = $2 AND r.deleted IS NULL{condition}"
    );
    let mut records = reader.query(&sql, parameters)?.iter().map(record_of).collect::<Result<Vec<_>, _>>()?;
    records.sort_unstable_by_key(|record| record.id);
    Ok(records)
}

/// Living records of a ledger that say something in one of these fields, by id; perhaps some more.
pub fn all_with(
    reader: &dyn Reader,
    division: Division,
    ledger: &str,
    fields: &[&str],
) -> Result<Vec<Record>, StoreError> {
    let mut parameters: Vec<Value> = vec![division.into(), ledger.into()];
    let mut parts = Vec::with_capacity(fields.len());
    for field in fields {
        // `_` stands for any character here: a few records more, which the caller looks at anyway.
        parameters.push(format!("%\"{field}\":%").into());
        parts.push(format!("r.content LIKE ${}", parameters.len()));
    }
    let any = if parts.is_empty() { "1 = 0".to_owned() } else { parts.join(" OR ") };
    living(reader, &format!(" AND ({any})"), &parameters)
}

/// The next living records of a ledger by key.
pub fn by_key_after(
    reader: &dyn Reader,
    division: Division,
    ledger: &str,
    after: &str,
    most: i64,
) -> Result<Vec<Record>, StoreError> {
    next_by_key(reader, division, (ledger, after), most, " AND r.deleted IS NULL")
}

/// The next records of a ledger by key, living or deleted.
pub fn page_of_all(
    reader: &dyn Reader,
    division: Division,
    ledger: &str,
    after: &str,
    most: i64,
) -> Result<Vec<Record>, StoreError> {
    next_by_key(reader, division, (ledger, after), most, "")
}

fn next_by_key(
    reader: &dyn Reader,
    division: Division,
    (ledger, after): (&str, &str),
    most: i64,
    condition: &str,
) -> Result<Vec<Record>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM record r WHERE r.division = $1 AND r.ledger = $2{condition}
         AND r.record_key > $3 ORDER BY r.record_key LIMIT $4"
    );
    let parameters = [division.into(), ledger.into(), after.into(), most.into()];
    reader.query(&sql, &parameters)?.iter().map(record_of).collect()
}

/// Records of a ledger, living or deleted.
pub fn count_of(reader: &dyn Reader, division: Division, ledger: &str) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) FROM record WHERE division = $1 AND ledger = $2";
    reader.query_one(sql, &[division.into(), ledger.into()])?.map_or(Ok(0), |row| row.integer(0))
}

/// Living records of each ledger.
pub fn counts(reader: &dyn Reader, division: Division, owner: Option<&str>) -> Result<Vec<(String, i64)>, StoreError> {
    let mut sql = "SELECT ledger, COUNT(*) FROM record WHERE division = $1 AND deleted IS NULL".to_owned();
    let mut parameters: Vec<Value> = vec![division.into()];
    if let Some(owner) = owner {
        sql.push_str(" AND owner = $2");
        parameters.push(owner.into());
    }
    sql.push_str(" GROUP BY ledger");
    reader.query(&sql, &parameters)?.iter().map(|row| Ok((row.text(0)?.to_owned(), row.integer(1)?))).collect()
}

/// Every record that a pack has ever written: ledger, key, id, revision, revision written by the pack, hash,
/// deleted.
pub struct PackRow {
    pub id: Id,
    pub ledger: String,
    pub key: String,
    pub revision: i64,
    pub pack_revision: i64,
    pub pack_hash: Option<String>,
    pub deleted: bool,
}

pub fn pack_rows(reader: &dyn Reader, division: Division) -> Result<Vec<PackRow>, StoreError> {
    let sql =
        "SELECT id, ledger, record_key, revision, pack_revision, pack_hash, deleted FROM record WHERE division = $1";
    let rows = reader.query(sql, &[division.into()])?;
    rows.iter()
        .map(|row| {
            Ok(PackRow {
                id: row.id(0)?,
                ledger: row.text(1)?.to_owned(),
                key: row.text(2)?.to_owned(),
                revision: row.integer(3)?,
                pack_revision: row.integer(4)?,
                pack_hash: row.optional_text(5)?.map(str::to_owned),
                deleted: row.optional_text(6)?.is_some(),
            })
        })
        .collect()
}

/// What a revision writes beside the content.
pub struct Written<'a> {
    pub id: Id,
    pub ledger: &'a str,
    pub revision: i64,
    pub content: &'a Content,
    pub deleted: Option<&'a str>,
    pub at: Timestamp,
    pub actor: &'a str,
    pub actor_name: &'a str,
    pub reason: &'a str,
    /// Hash of the pack's wording when a pack writes it.
    pub pack_hash: Option<&'a str>,
    /// Filter fields with their values, and the text to be searched.
    pub fields: &'a [Indexed],
    pub search: &'a str,
    pub grams: &'a [String],
}

/// Writes a revision and makes it the current one.
pub fn save(transaction: &dyn Transaction, division: Division, written: &Written<'_>) -> Result<(), StoreError> {
    let content = serde_json::to_string(written.content)
        .map_err(|error| StoreError::Shape(format!("writing a record: {error}")))?;
    let keys: [Value; 2] = [division.into(), written.id.into()];
    let common: Vec<Value> = vec![
        written.revision.into(),
        (&written.content.title.zh).into(),
        written.content.owner.as_deref().into(),
        (&content).into(),
        written.search.into(),
        written.at.into(),
        written.actor_name.into(),
        written.deleted.into(),
    ];
    if written.revision == 1 {
        let mut parameters = keys.to_vec();
        parameters.extend([written.ledger.into(), (&written.content.key).into()]);
        parameters.extend(common);
        parameters.push(if written.pack_hash.is_some() { 1i64 } else { 0 }.into());
        parameters.push(written.pack_hash.into());
        transaction.execute(
            "INSERT INTO record (division, id, ledger, record_key, revision, title, owner, content, search, updated_at,
               updated_by, deleted, pack_revision, pack_hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            &parameters,
        )?;
    } else {
        let mut parameters = keys.to_vec();
        parameters.extend(common);
        let mut sql = "UPDATE record SET revision = $3, title = $4, owner = $5, content = $6, search = $7,
                       updated_at = $8, updated_by = $9, deleted = $10"
            .to_owned();
        if let Some(hash) = written.pack_hash {
            sql.push_str(", pack_revision = $3, pack_hash = $11, offered = NULL");
            parameters.push(hash.into());
        }
        sql.push_str(" WHERE division = $1 AND id = $2");
        transaction.execute(&sql, &parameters)?;
    }
    transaction.execute(
        "INSERT INTO record_revision (division, record, revision, at, actor, actor_name, reason, deleted, content)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            division.into(),
            written.id.into(),
            written.revision.into(),
            written.at.into(),
            written.actor.into(),
            written.actor_name.into(),
            written.reason.into(),
            written.deleted.into(),
            content.into(),
        ],
    )?;
    index_rows::index(transaction, division, written)
}

/// Keeps the wording of a newer pack beside a record that a person has edited.
pub fn offer(
    transaction: &dyn Transaction,
    division: Division,
    id: Id,
    hash: &str,
    content: &str,
) -> Result<(), StoreError> {
    transaction.execute(
        "UPDATE record SET pack_hash = $3, offered = $4 WHERE division = $1 AND id = $2",
        &[division.into(), id.into(), hash.into(), content.into()],
    )?;
    Ok(())
}

/// The wording that a newer pack offers for a record.
pub fn offered(reader: &dyn Reader, division: Division, id: Id) -> Result<Option<Content>, StoreError> {
    let row = reader
        .query_one("SELECT offered FROM record WHERE division = $1 AND id = $2", &[division.into(), id.into()])?;
    match row.as_ref().map(|row| row.optional_text(0)).transpose()?.flatten() {
        Some(text) => content_of(text).map(Some),
        None => Ok(None),
    }
}

/// One revision of a record.
#[derive(Clone, Debug)]
pub struct Revision {
    pub revision: i64,
    pub at: Timestamp,
    pub actor: String,
    pub reason: String,
    pub deleted: Option<String>,
    pub content: Content,
}

const REVISION: &str = "revision, at, actor_name, reason, deleted, content";

fn revision_of(row: &Row) -> Result<Revision, StoreError> {
    Ok(Revision {
        revision: row.integer(0)?,
        at: row.time(1)?,
        actor: row.text(2)?.to_owned(),
        reason: row.text(3)?.to_owned(),
        deleted: row.optional_text(4)?.map(str::to_owned),
        content: content_of(row.text(5)?)?,
    })
}

/// The revision that held at a moment, however many there are since.
pub fn revision_at(
    reader: &dyn Reader,
    division: Division,
    id: Id,
    at: Timestamp,
) -> Result<Option<Revision>, StoreError> {
    let sql = format!(
        "SELECT {REVISION} FROM record_revision WHERE division = $1 AND record = $2 AND at <= $3
         ORDER BY revision DESC LIMIT 1"
    );
    reader.query_one(&sql, &[division.into(), id.into(), at.into()])?.as_ref().map(revision_of).transpose()
}

/// Revisions, newest first, at most `limit` of them.
pub fn revisions(reader: &dyn Reader, division: Division, id: Id, limit: i64) -> Result<Vec<Revision>, StoreError> {
    let sql = format!(
        "SELECT {REVISION} FROM record_revision WHERE division = $1 AND record = $2 ORDER BY revision DESC LIMIT $3"
    );
    reader.query(&sql, &[division.into(), id.into(), limit.into()])?.iter().map(revision_of).collect()
}

/// Who wrote the newest revision, as it was noted.
pub fn last_author(reader: &dyn Reader, division: Division, id: Id) -> Result<Option<String>, StoreError> {
    let row = reader.query_one(
        "SELECT actor FROM record_revision WHERE division = $1 AND record = $2 ORDER BY revision DESC LIMIT 1",
        &[division.into(), id.into()],
    )?;
    row.map(|row| row.text(0).map(str::to_owned)).transpose()
}

/// The next records by id, deleted or not, each with its ledger.
pub fn ids_after(
    reader: &dyn Reader,
    division: Division,
    after: Id,
    most: i64,
) -> Result<Vec<(Id, String)>, StoreError> {
    let rows = reader.query(
        "SELECT id, ledger FROM record WHERE division = $1 AND id > $2 ORDER BY id LIMIT $3",
        &[division.into(), after.into(), most.into()],
    )?;
    rows.iter().map(|row| Ok((row.id(0)?, row.text(1)?.to_owned()))).collect()
}

/// Key of another living record of the ledger with that value.
pub fn with_field(
    reader: &dyn Reader,
    division: Division,
    ledger: &str,
    field: &str,
    value: &str,
    besides: Id,
) -> Result<Option<String>, StoreError> {
    let row = reader.query_one(
        "SELECT record_key FROM record_value
         WHERE division = $1 AND ledger = $2 AND field = $3 AND value = $4 AND living = 1 AND record <> $5 LIMIT 1",
        &[division.into(), ledger.into(), field.into(), value.into(), besides.into()],
    )?;
    row.map(|row| row.text(0).map(str::to_owned)).transpose()
}

/// Contents of a ledger's records as they stood just before a moment; deleted ones left out.
pub fn contents_at(
    reader: &dyn Reader,
    division: Division,
    ledger: &str,
    at: Timestamp,
) -> Result<Vec<(Id, Content)>, StoreError> {
    let rows = reader.query(
        "SELECT v.record, v.content FROM record_revision v JOIN record r ON r.division = v.division AND r.id = v.record
         WHERE r.division = $1 AND r.ledger = $2 AND v.deleted IS NULL AND v.revision = (
           SELECT MAX(w.revision) FROM record_revision w WHERE w.division = $1 AND w.record = v.record AND w.at < $3)",
        &[division.into(), ledger.into(), at.into()],
    )?;
    rows.iter().map(|row| Ok((row.id(0)?, content_of(row.text(1)?)?))).collect()
}

/// When the first record of a ledger was written.
pub fn first_written(reader: &dyn Reader, division: Division, ledger: &str) -> Result<Option<Timestamp>, StoreError> {
    let rows = reader.query(
        "SELECT v.at FROM record_revision v JOIN record r ON r.division = v.division AND r.id = v.record
         WHERE r.division = $1 AND r.ledger = $2 ORDER BY v.at LIMIT 1",
        &[division.into(), ledger.into()],
    )?;
    rows.first().map(|row| row.time(0)).transpose()
}

/// Living records of a ledger with a value in an indexed field, by key.
pub fn with_value(
    reader: &dyn Reader,
    division: Division,
    (ledger, field, value): (&str, &str, &str),
    most: i64,
) -> Result<Vec<Record>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM record_value f CROSS JOIN record r
         WHERE f.division = $1 AND f.ledger = $2 AND f.field = $3 AND f.value = $4 AND f.living = 1
           AND r.division = $1 AND r.id = f.record
         ORDER BY f.record_key LIMIT $5"
    );
    let parameters: [Value; 5] = [division.into(), ledger.into(), field.into(), value.into(), most.into()];
    reader.query(&sql, &parameters)?.iter().map(record_of).collect()
}

/// The next living records of a ledger by key whose content is like a pattern.
pub fn by_key_with(
    reader: &dyn Reader,
    division: Division,
    (ledger, pattern): (&str, &str),
    after: &str,
    most: i64,
) -> Result<Vec<Record>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM record r WHERE r.division = $1 AND r.ledger = $2 AND r.deleted IS NULL
         AND r.record_key > $3 AND r.content LIKE $4 ORDER BY r.record_key LIMIT $5"
    );
    let parameters: [Value; 5] = [division.into(), ledger.into(), after.into(), pattern.into(), most.into()];
    reader.query(&sql, &parameters)?.iter().map(record_of).collect()
}
