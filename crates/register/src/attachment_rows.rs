//! SQL of attachments: files by hash, once each, and which record has which.

use kernel::{Division, Id, Timestamp};
use serde::Serialize;
use store::{Migration, Reader, Row, StoreError, Transaction};

pub const TABLES: &str = "CREATE TABLE register_file (
            division BIGINT NOT NULL, hash TEXT NOT NULL, content_type TEXT NOT NULL, bytes {BYTES} NOT NULL,
            PRIMARY KEY (division, hash));
          CREATE TABLE record_attachment (
            division BIGINT NOT NULL, record BIGINT NOT NULL, hash TEXT NOT NULL, file_name TEXT NOT NULL,
            size BIGINT NOT NULL, content_type TEXT NOT NULL, note TEXT NOT NULL, place TEXT, by_name TEXT NOT NULL,
            at BIGINT NOT NULL, removed TEXT,
            PRIMARY KEY (division, record, hash))";

/// Small pictures, by the hash of the picture that they are of.
pub const THUMBNAILS: Migration = Migration {
    mechanism: "register",
    number: 5,
    sql: "CREATE TABLE register_thumbnail (
            division BIGINT NOT NULL, hash TEXT NOT NULL, bytes {BYTES} NOT NULL,
            PRIMARY KEY (division, hash))",
};

/// Whether only those who may edit get a file; nothing of files from before.
pub const READERS: Migration = Migration {
    mechanism: "register_attachment",
    number: 1,
    sql: "ALTER TABLE record_attachment ADD COLUMN editors_only BIGINT",
};

/// A file on a record.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Attachment {
    /// SHA-256 in hexadecimal.
    pub hash: String,
    pub file_name: String,
    pub size: i64,
    pub content_type: String,
    pub note: String,
    /// `lon,lat` where a photo says it was taken; only for those who may edit the record.
    pub place: Option<String>,
    pub by: String,
    pub at: Timestamp,
    /// Why it was taken off.
    pub removed: Option<String>,
    /// There is a small picture of it.
    pub thumbnail: bool,
    /// What it tells of place, device and time cannot be taken out, so that only those who may edit the record get it;
    /// `None`: uploaded before this was looked at.
    pub editors_only: Option<bool>,
}

const COLUMNS: &str = "a.hash, a.file_name, a.size, a.content_type, a.note, a.place, a.by_name, a.at, a.removed,
    CASE WHEN EXISTS (SELECT 1 FROM register_thumbnail t WHERE t.division = a.division AND t.hash = a.hash)
      THEN 1 ELSE 0 END, a.editors_only";

fn attachment_of(row: &Row) -> Result<Attachment, StoreError> {
    Ok(Attachment {
        hash: row.text(0)?.to_owned(),
        file_name: row.text(1)?.to_owned(),
        size: row.integer(2)?,
        content_type: row.text(3)?.to_owned(),
        note: row.text(4)?.to_owned(),
        place: row.optional_text(5)?.map(str::to_owned),
        by: row.text(6)?.to_owned(),
        at: row.time(7)?,
        removed: row.optional_text(8)?.map(str::to_owned),
        thumbnail: row.integer(9)? != 0,
        editors_only: row.optional_integer(10)?.map(|said| said != 0),
    })
}

/// Attachments of a record, oldest first, those that were taken off too.
pub fn of_record(reader: &dyn Reader, division: Division, record: Id) -> Result<Vec<Attachment>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM record_attachment a WHERE a.division = $1 AND a.record = $2 ORDER BY a.at, a.hash"
    );
    reader.query(&sql, &[division.into(), record.into()])?.iter().map(attachment_of).collect()
}

/// Adds a file to a record; one that was taken off comes back.
pub fn add(
    transaction: &dyn Transaction,
    division: Division,
    record: Id,
    attachment: &Attachment,
    bytes: Option<&[u8]>,
) -> Result<(), StoreError> {
    if let Some(bytes) = bytes {
        transaction.execute(
            "INSERT INTO register_file (division, hash, content_type, bytes) VALUES ($1, $2, $3, $4)
             ON CONFLICT (division, hash) DO NOTHING",
            &[division.into(), (&attachment.hash).into(), (&attachment.content_type).into(), bytes.to_vec().into()],
        )?;
    }
    transaction.execute(
        "INSERT INTO record_attachment (division, record, hash, file_name, size, content_type, note, place, by_name, at,
           removed, editors_only) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL, $11)
         ON CONFLICT (division, record, hash) DO UPDATE SET removed = NULL, editors_only = excluded.editors_only",
        &[
            division.into(),
            record.into(),
            (&attachment.hash).into(),
            (&attachment.file_name).into(),
            attachment.size.into(),
            (&attachment.content_type).into(),
            (&attachment.note).into(),
            attachment.place.as_deref().into(),
            (&attachment.by).into(),
            attachment.at.into(),
            attachment.editors_only.map(i64::from).into(),
        ],
    )?;
    Ok(())
}

pub fn take_off(
    transaction: &dyn Transaction,
    division: Division,
    record: Id,
    hash: &str,
    reason: &str,
) -> Result<(), StoreError> {
    transaction.execute(
        "UPDATE record_attachment SET removed = $4 WHERE division = $1 AND record = $2 AND hash = $3",
        &[division.into(), record.into(), hash.into(), reason.into()],
    )?;
    Ok(())
}

/// Keeps a small picture; there is one of each.
pub fn keep_thumbnail(
    transaction: &dyn Transaction,
    division: Division,
    hash: &str,
    bytes: &[u8],
) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO register_thumbnail (division, hash, bytes) VALUES ($1, $2, $3)
         ON CONFLICT (division, hash) DO NOTHING",
        &[division.into(), hash.into(), bytes.to_vec().into()],
    )?;
    Ok(())
}

pub fn thumbnail_of(reader: &dyn Reader, division: Division, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let row = reader.query_one(
        "SELECT bytes FROM register_thumbnail WHERE division = $1 AND hash = $2",
        &[division.into(), hash.into()],
    )?;
    row.map(|row| row.bytes(0).map(<[u8]>::to_vec)).transpose()
}

pub fn bytes_of(reader: &dyn Reader, division: Division, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let row = reader.query_one(
        "SELECT bytes FROM register_file WHERE division = $1 AND hash = $2",
        &[division.into(), hash.into()],
    )?;
    row.map(|row| row.bytes(0).map(<[u8]>::to_vec)).transpose()
}
