//! SQL of the blocks of records: which records have a value, 62 of them in the bits of one number. Two filters are
//! crossed by their blocks, so that a ledger of a million where both are common and never meet is answered from some
//! thousand rows. Ids of one import follow each other, which is what makes blocks dense; a record that is entered
//! alone costs one row for a value.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Division, Id};
use store::{Migration, Reader, Store, StoreError, Transaction, Value};

/// Records of a block: all bits that a signed number has without its sign, and one to spare.
const WIDTH: i64 = 62;

/// `WITHOUT ROWID` keeps the blocks of a value beside each other: crossing two is four times as fast (a store of
/// another kind leaves the words away).
pub const BLOCKS: Migration = Migration {
    mechanism: "register_blocks",
    number: 1,
    sql: "CREATE TABLE record_block (
            division BIGINT NOT NULL, ledger TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL,
            living BIGINT NOT NULL, block BIGINT NOT NULL, bits BIGINT NOT NULL,
            PRIMARY KEY (division, ledger, field, value, living, block)) WITHOUT ROWID;
          INSERT INTO record_block (division, ledger, field, value, living, block, bits)
            SELECT division, ledger, field, value, living, record / 62,
              CAST(SUM(CAST(1 AS BIGINT) << CAST(record % 62 AS INTEGER)) AS BIGINT)
            FROM record_value GROUP BY division, ledger, field, value, living, record / 62",
};

/// The fields whose blocks tell of every record that has a value. Only those may be crossed: a field that has become a
/// filter has blocks of what was written since, until [`keep_complete`] has made them all.
pub const COMPLETE: Migration = Migration {
    mechanism: "register_blocks",
    number: 2,
    sql: "CREATE TABLE record_block_field (
            division BIGINT NOT NULL, ledger TEXT NOT NULL, field TEXT NOT NULL,
            PRIMARY KEY (division, ledger, field))",
};

/// Fields of a ledger whose blocks are complete.
fn complete(reader: &dyn Reader, division: Division, ledger: &str) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT field FROM record_block_field WHERE division = $1 AND ledger = $2";
    let rows = reader.query(sql, &[division.into(), ledger.into()])?;
    rows.iter().map(|row| Ok(row.text(0)?.to_owned())).collect()
}

/// Records whose blocks of one field are made in one transaction: some hundredths of a second.
const MOST_AT_ONCE: i64 = 100_000;

/// A ledger and a field of it.
type Place = (String, String);

/// Makes the blocks of the filters that have none yet from their single entries, and lets go of those that are filters
/// no more. Small ledgers share a transaction, of a large one each field has its own.
pub fn keep_complete(store: &dyn Store, division: Division, filters: &[(&str, Vec<&str>)]) -> Result<(), StoreError> {
    let known: BTreeSet<Place> = store.read(|reader| {
        let rows =
            reader.query("SELECT ledger, field FROM record_block_field WHERE division = $1", &[division.into()])?;
        rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned()))).collect()
    })?;
    let wanted: BTreeSet<Place> = filters
        .iter()
        .flat_map(|(ledger, fields)| fields.iter().map(|field| ((*ledger).to_owned(), (*field).to_owned())))
        .collect();
    let gone: Vec<&Place> = known.difference(&wanted).collect();
    if !gone.is_empty() {
        store.write(|transaction| {
            gone.iter().try_for_each(|place| {
                clear(transaction, division, "record_block_field", place)?;
                clear(transaction, division, "record_block", place)
            })
        })?;
    }
    let mut open: Vec<&Place> = wanted.difference(&known).collect();
    if open.is_empty() {
        return Ok(());
    }
    let sizes: BTreeMap<String, i64> = store.read(|reader| {
        let sql = "SELECT ledger, COUNT(*) FROM record WHERE division = $1 GROUP BY ledger";
        let rows = reader.query(sql, &[division.into()])?;
        rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.integer(1)?))).collect()
    })?;
    while !open.is_empty() {
        let mut entries = 0;
        let fitting = open.iter().take_while(|(ledger, _)| {
            entries += sizes.get(ledger).copied().unwrap_or(0);
            entries <= MOST_AT_ONCE
        });
        let now = fitting.count().max(1);
        let later = open.split_off(now);
        store.write(|transaction| open.iter().try_for_each(|place| make(transaction, division, place)))?;
        open = later;
    }
    Ok(())
}

fn clear(
    transaction: &dyn Transaction,
    division: Division,
    table: &str,
    (ledger, field): &Place,
) -> Result<(), StoreError> {
    let sql = format!("DELETE FROM {table} WHERE division = $1 AND ledger = $2 AND field = $3");
    transaction.execute(&sql, &[division.into(), ledger.into(), field.into()])?;
    Ok(())
}

/// All blocks of a field, from its single entries.
fn make(transaction: &dyn Transaction, division: Division, place: &Place) -> Result<(), StoreError> {
    clear(transaction, division, "record_block", place)?;
    let parameters: [Value; 3] = [division.into(), (&place.0).into(), (&place.1).into()];
    transaction.execute(
        "INSERT INTO record_block (division, ledger, field, value, living, block, bits)
           SELECT division, ledger, field, value, living, record / 62,
             CAST(SUM(CAST(1 AS BIGINT) << CAST(record % 62 AS INTEGER)) AS BIGINT)
           FROM record_value WHERE division = $1 AND ledger = $2 AND field = $3
           GROUP BY division, ledger, field, value, living, record / 62",
        &parameters,
    )?;
    let sql = "INSERT INTO record_block_field (division, ledger, field) VALUES ($1, $2, $3)";
    transaction.execute(sql, &parameters)?;
    Ok(())
}

/// Block of a record and its bit there.
fn place_of(record: Id) -> (i64, i64) {
    (record.0.div_euclid(WIDTH), 1 << record.0.rem_euclid(WIDTH))
}

/// A record has a value.
pub fn add(
    transaction: &dyn Transaction,
    division: Division,
    ledger: &str,
    (record, living): (Id, bool),
    (field, value): (&str, &str),
) -> Result<(), StoreError> {
    let (block, bit) = place_of(record);
    transaction.execute(
        "INSERT INTO record_block (division, ledger, field, value, living, block, bits)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (division, ledger, field, value, living, block) DO UPDATE SET bits = record_block.bits | $7",
        &[
            division.into(),
            ledger.into(),
            field.into(),
            value.into(),
            i64::from(living).into(),
            block.into(),
            bit.into(),
        ],
    )?;
    Ok(())
}

/// Takes a record out of the blocks of all values that it is indexed with.
pub fn remove(transaction: &dyn Transaction, division: Division, record: Id) -> Result<(), StoreError> {
    let (block, bit) = place_of(record);
    let indexed = transaction.query(
        "SELECT ledger, field, value, living FROM record_value WHERE division = $1 AND record = $2",
        &[division.into(), record.into()],
    )?;
    for row in indexed {
        let mut place: Vec<Value> = vec![
            division.into(),
            row.text(0)?.into(),
            row.text(1)?.into(),
            row.text(2)?.into(),
            row.integer(3)?.into(),
            block.into(),
        ];
        let rest = "division = $1 AND ledger = $2 AND field = $3 AND value = $4 AND living = $5 AND block = $6";
        let empty = format!("DELETE FROM record_block WHERE {rest} AND bits = $7");
        let clear = format!("UPDATE record_block SET bits = bits & ~$7 WHERE {rest}");
        place.push(bit.into());
        if transaction.execute(&empty, &place)? == 0 {
            transaction.execute(&clear, &place)?;
        }
    }
    Ok(())
}

/// What the blocks of two or more values have in common.
pub enum Met {
    /// All records that have the values, each with its key, by key.
    All(Vec<(String, Id)>),
    /// More than were asked for have them.
    Many,
    /// Not every one of these fields has all its blocks.
    Unknown,
}

/// Records that have all of two or more values.
pub fn crossed(
    reader: &dyn Reader,
    division: Division,
    ledger: &str,
    living: bool,
    values: &[(&str, &str)],
    most: usize,
) -> Result<Met, StoreError> {
    let complete = complete(reader, division, ledger)?;
    if !values.iter().all(|(field, _)| complete.iter().any(|known| known == field)) {
        return Ok(Met::Unknown);
    }
    let mut parameters: Vec<Value> = vec![division.into(), ledger.into(), i64::from(living).into()];
    let mut put = |value: Value| {
        parameters.push(value);
        format!("${}", parameters.len())
    };
    let (mut tables, mut conditions, mut bits) = (Vec::new(), Vec::new(), Vec::new());
    for (at, (field, value)) in values.iter().enumerate() {
        let (field, value) = (put((*field).into()), put((*value).into()));
        tables.push(format!("record_block b{at}"));
        conditions.push(format!(
            "b{at}.division = $1 AND b{at}.ledger = $2 AND b{at}.field = {field} AND b{at}.value = {value}
             AND b{at}.living = $3 AND b{at}.block = b0.block"
        ));
        bits.push(format!("b{at}.bits"));
    }
    let (bits, limit) = (bits.join(" & "), put(i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1).into()));
    // CROSS JOIN keeps the order: each block of the first value is looked up among those of the others.
    let sql = format!(
        "SELECT b0.block, {bits} FROM {} WHERE {} AND {bits} <> 0 LIMIT {limit}",
        tables.join(" CROSS JOIN "),
        conditions.join(" AND ").replacen(" AND b0.block = b0.block", "", 1),
    );
    let mut ids = Vec::new();
    for row in reader.query(&sql, &parameters)? {
        let (block, bits) = (row.integer(0)?, row.integer(1)?);
        ids.extend((0..WIDTH).filter(|bit| bits >> bit & 1 == 1).map(|bit| Id(block * WIDTH + bit)));
        if ids.len() > most {
            return Ok(Met::Many);
        }
    }
    let mut found = Vec::with_capacity(ids.len());
    for part in ids.chunks(CHUNK) {
        let places: Vec<String> = (0..CHUNK).map(|at| format!("${}", at + 2)).collect();
        let sql = format!("SELECT record_key, id FROM record WHERE division = $1 AND id IN ({})", places.join(", "));
        // The last part is filled with its first record, so that one prepared statement serves all.
        let filled = part.iter().chain(std::iter::repeat(&part[0])).take(CHUNK).map(|id| Value::from(*id));
        let parameters: Vec<Value> = std::iter::once(division.into()).chain(filled).collect();
        for row in reader.query(&sql, &parameters)? {
            found.push((row.text(0)?.to_owned(), row.id(1)?));
        }
    }
    found.sort_unstable();
    Ok(Met::All(found))
}

/// Records whose keys one statement gives.
const CHUNK: usize = 200;
