//! SQL of what a release said of standards and methods when verdicts were made.

use kernel::{Day, Division, Timestamp};
use store::StoreError;
use store::contract::{Reader, Transaction};

pub use crate::release::Part as Kept;

/// More parts than a library has.
const MOST: usize = 5_000;

pub fn all(reader: &dyn Reader, division: Division) -> Result<Vec<Kept>, StoreError> {
    let rows = reader.query(
        &format!(
            "SELECT name, family, fingerprint, from_day, until_day FROM judge_release WHERE division = $1
             ORDER BY name LIMIT {MOST}"
        ),
        &[division.into()],
    )?;
    let kept = |row: &store::Row| {
        Ok(Kept {
            name: row.text(0)?.to_owned(),
            family: row.optional_text(1)?.map(str::to_owned),
            fingerprint: row.text(2)?.to_owned(),
            from: Day(row.integer(3)? as i32),
            until: row.optional_integer(4)?.map(|day| Day(day as i32)),
        })
    };
    rows.iter().map(kept).collect()
}

/// Everything that verdicts rest on now.
pub fn replace(
    transaction: &dyn Transaction,
    division: Division,
    parts: &[Kept],
    now: Timestamp,
) -> Result<(), StoreError> {
    transaction.execute("DELETE FROM judge_release WHERE division = $1", &[division.into()])?;
    for part in parts {
        transaction.execute(
            "INSERT INTO judge_release (division, name, family, fingerprint, from_day, until_day, at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            &[
                division.into(),
                (&part.name).into(),
                part.family.clone().into(),
                (&part.fingerprint).into(),
                part.from.0.into(),
                part.until.map(|day| i64::from(day.0)).into(),
                now.into(),
            ],
        )?;
    }
    Ok(())
}
