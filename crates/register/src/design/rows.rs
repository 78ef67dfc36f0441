//! SQL of every definition that was ever in force: append-only. The newest row of a part is what holds, unless the
//! release or the pack says otherwise and no designer has spoken since.

use kernel::{Division, Timestamp};
use store::{Migration, Reader, Row, StoreError, Transaction};

use crate::catalog::{Origin, Part, PartKind};

pub const DEFINITIONS: Migration = Migration {
    mechanism: "register",
    number: 6,
    sql: "CREATE TABLE definition_revision (
            division BIGINT NOT NULL, kind TEXT NOT NULL, part TEXT NOT NULL, revision BIGINT NOT NULL,
            at BIGINT NOT NULL, actor TEXT NOT NULL, actor_name TEXT NOT NULL, reason TEXT NOT NULL,
            origin TEXT NOT NULL, text TEXT, base TEXT,
            PRIMARY KEY (division, kind, part, revision));
          CREATE TABLE definition_indexing (
            division BIGINT NOT NULL, ledger TEXT NOT NULL, PRIMARY KEY (division, ledger))",
};

/// A definition as it came into force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionRevision {
    pub part: Part,
    pub revision: i64,
    pub at: Timestamp,
    pub actor: String,
    pub actor_name: String,
    pub reason: String,
    pub origin: Origin,
    /// TOML; none: from then on there was no such ledger or list.
    pub text: Option<String>,
    /// Of a designer's: what the release or the pack said when it was written.
    pub base: Option<String>,
}

const COLUMNS: &str = "kind, part, revision, at, actor, actor_name, reason, origin, text, base";

const fn kind_name(kind: PartKind) -> &'static str {
    match kind {
        PartKind::Ledger => "ledger",
        PartKind::Codes => "codes",
    }
}

fn revision_of(row: &Row) -> Result<DefinitionRevision, StoreError> {
    let kind = match row.text(0)? {
        "ledger" => PartKind::Ledger,
        "codes" => PartKind::Codes,
        other => return Err(StoreError::Shape(format!("kind of a definition: {other}"))),
    };
    let origin = row.text(7)?;
    Ok(DefinitionRevision {
        part: Part { kind, id: row.text(1)?.to_owned() },
        revision: row.integer(2)?,
        at: row.time(3)?,
        actor: row.text(4)?.to_owned(),
        actor_name: row.text(5)?.to_owned(),
        reason: row.text(6)?.to_owned(),
        origin: Origin::from_name(origin)
            .ok_or_else(|| StoreError::Shape(format!("origin of a definition: {origin}")))?,
        text: row.optional_text(8)?.map(str::to_owned),
        base: row.optional_text(9)?.map(str::to_owned),
    })
}

/// The newest revision of every part.
pub fn newest(reader: &dyn Reader, division: Division) -> Result<Vec<DefinitionRevision>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM definition_revision d WHERE d.division = $1 AND d.revision =
           (SELECT MAX(n.revision) FROM definition_revision n
            WHERE n.division = d.division AND n.kind = d.kind AND n.part = d.part)"
    );
    reader.query(&sql, &[division.into()])?.iter().map(revision_of).collect()
}

/// The revisions of a part, newest first.
pub fn of(
    reader: &dyn Reader,
    division: Division,
    part: &Part,
    most: i64,
) -> Result<Vec<DefinitionRevision>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM definition_revision WHERE division = $1 AND kind = $2 AND part = $3
         ORDER BY revision DESC LIMIT $4"
    );
    let parameters = [division.into(), kind_name(part.kind).into(), (&part.id).into(), most.into()];
    reader.query(&sql, &parameters)?.iter().map(revision_of).collect()
}

pub fn add(transaction: &dyn Transaction, division: Division, revision: &DefinitionRevision) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO definition_revision (division, kind, part, revision, at, actor, actor_name, reason, origin, text, base)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &[
            division.into(),
            kind_name(revision.part.kind).into(),
            (&revision.part.id).into(),
            revision.revision.into(),
            revision.at.into(),
            (&revision.actor).into(),
            (&revision.actor_name).into(),
            (&revision.reason).into(),
            revision.origin.name().into(),
            revision.text.as_deref().into(),
            revision.base.as_deref().into(),
        ],
    )?;
    Ok(())
}

/// Notes that the records of a ledger are to be indexed anew; it stands until they are, whatever breaks off.
pub fn note_indexing(transaction: &dyn Transaction, division: Division, ledger: &str) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO definition_indexing (division, ledger) VALUES ($1, $2) ON CONFLICT (division, ledger) DO NOTHING";
    transaction.execute(sql, &[division.into(), ledger.into()])?;
    Ok(())
}

pub fn indexed(transaction: &dyn Transaction, division: Division, ledger: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM definition_indexing WHERE division = $1 AND ledger = $2";
    transaction.execute(sql, &[division.into(), ledger.into()])?;
    Ok(())
}

/// Ledgers whose records are to be indexed anew.
pub fn to_index(reader: &dyn Reader, division: Division) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT ledger FROM definition_indexing WHERE division = $1 ORDER BY ledger";
    reader.query(sql, &[division.into()])?.iter().map(|row| Ok(row.text(0)?.to_owned())).collect()
}
