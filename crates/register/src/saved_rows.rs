//! SQL of what a user keeps of a list.

use kernel::{Division, Id};
use store::{Migration, Reader, StoreError, Transaction};

use crate::saved::{OwnViews, SavedView};

/// The columns that a list opens with are the row without a name.
pub const VIEWS: Migration = Migration {
    mechanism: "register",
    number: 4,
    sql: "CREATE TABLE saved_view (
            division BIGINT NOT NULL, user_id BIGINT NOT NULL, ledger TEXT NOT NULL, name TEXT NOT NULL,
            content TEXT NOT NULL,
            PRIMARY KEY (division, user_id, ledger, name))",
};

/// All that a user keeps of a list, by name.
pub fn of(reader: &dyn Reader, division: Division, user: Id, ledger: &str) -> Result<OwnViews, StoreError> {
    let rows = reader.query(
        "SELECT content FROM saved_view WHERE division = $1 AND user_id = $2 AND ledger = $3 ORDER BY name",
        &[division.into(), user.into(), ledger.into()],
    )?;
    let mut own = OwnViews::default();
    for row in rows {
        let view: SavedView = serde_json::from_str(row.text(0)?)
            .map_err(|error| StoreError::Shape(format!("a saved view of {ledger}: {error}")))?;
        if view.name.is_empty() {
            own.columns = view.columns;
        } else {
            own.views.push(view);
        }
    }
    Ok(own)
}

/// Keeps a view in the place of one with the same name.
pub fn save(
    transaction: &dyn Transaction,
    division: Division,
    user: Id,
    ledger: &str,
    view: &SavedView,
) -> Result<(), StoreError> {
    let content =
        serde_json::to_string(view).map_err(|error| StoreError::Shape(format!("writing a saved view: {error}")))?;
    transaction.execute(
        "INSERT INTO saved_view (division, user_id, ledger, name, content) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (division, user_id, ledger, name) DO UPDATE SET content = excluded.content",
        &[division.into(), user.into(), ledger.into(), (&view.name).into(), content.into()],
    )?;
    Ok(())
}

/// Whether there was one of that name.
pub fn remove(
    transaction: &dyn Transaction,
    division: Division,
    user: Id,
    ledger: &str,
    name: &str,
) -> Result<bool, StoreError> {
    let sql = "DELETE FROM saved_view WHERE division = $1 AND user_id = $2 AND ledger = $3 AND name = $4";
    Ok(transaction.execute(sql, &[division.into(), user.into(), ledger.into(), name.into()])? > 0)
}
