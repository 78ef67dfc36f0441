//! What a sheet does not speak of stays: rows over the records that are there. Pure.

use serde_json::{Map, Value};

use crate::cell::{self, Cell, Raw, Table};
use crate::definition::{Field, FieldType, LedgerDefinition};
use crate::export::cell_text;
use crate::import::reading::Text;
use crate::ops::Draft;
use crate::problem::Position;
use crate::record::{Checked, Content, Record};

/// What a row says, over what the record of its key says in columns that the file does not have.
pub(super) fn table_of(
    definition: &LedgerDefinition,
    cells: &[Text],
    columns: Option<&[String]>,
    old: Option<&Record>,
    at: Position,
) -> Table {
    let says = |column: &str| match columns {
        Some(columns) => columns.iter().any(|known| known == column),
        None => cells.iter().any(|cell| cell.column == column),
    };
    let mut table = old.map(|old| cell::from_json_at(&kept_of(old, says), at)).unwrap_or_default();
    for cell in cells {
        let at = Position { line: cell.row, column: cell.number };
        let is_json = match definition.field(&cell.column) {
            Some(Field { kind, .. }) => matches!(kind, FieldType::Table(_) | FieldType::Location),
            None => cell.column == "location",
        };
        let raw = if is_json { cell::from_json_text(&cell.text, at) } else { None };
        let read = raw.unwrap_or_else(|| Cell { at, raw: Raw::Text(cell.text.clone()) });
        table.insert(&cell.column, at, read);
    }
    table
}

/// A row says what the record says already. Under which version of the definition it was written and whose it is
/// follow from elsewhere.
pub(super) fn is_unchanged(old: &Content, new: &Content) -> bool {
    let new = Content { version: old.version, owner: old.owner.clone(), key: old.key.clone(), ..new.clone() };
    *old == new
}

/// Columns that say together where a record is.
const PLACE: [&str; 3] = ["lon", "lat", "accuracy"];

/// What a record says beside the columns that a file has.
fn kept_of(old: &Record, says: impl Fn(&str) -> bool) -> Map<String, Value> {
    let mut kept = old.content.as_draft();
    kept.retain(|field, _| !says(field));
    if PLACE.iter().any(|column| says(column)) && kept.remove("location").is_some() {
        for column in PLACE.iter().filter(|column| !says(column)) {
            kept.insert((*column).to_owned(), Value::String(cell_text(old, column)));
        }
    }
    if let Some(geometry) = kept.get_mut("geometry") {
        *geometry = Value::String(geometry.to_string());
    }
    kept
}

/// What was written of a place stays as long as the place does: no column of a sheet speaks of it.
pub(super) fn keep_note_of_place(checked: &mut Checked, old: Option<&Record>) {
    let Some(before) = old.and_then(|old| old.content.location.as_ref()) else { return };
    let said = &checked.content.location_note;
    if let Some(place) = &mut checked.content.location
        && (place.lon, place.lat) == (before.lon, before.lat)
        && (place.note.is_empty() || place.note == *said)
    {
        place.note.clone_from(&before.note);
    }
}

/// The row as a draft; what the check has made of it, so that it is written as it was checked, on the revision that was
/// checked.
pub(super) fn draft_of(checked: &Checked, old: Option<&Record>) -> Draft {
    let mut fields = checked.content.as_draft();
    if checked.content.location.is_none() && checked.township.is_some() {
        fields.insert("location".to_owned(), Value::String("township".to_owned()));
    }
    // Otherwise a draft that does not speak of them leaves them as they are.
    for emptied in ["geometry", "tags"] {
        fields.entry(emptied).or_insert(Value::Null);
    }
    Draft { fields, reason: String::new(), revision: old.map(|old| old.revision) }
}
