//! A table that the same address gives as JSON (with its metadata) or as CSV.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use kernel::{ErrorCode, Name, Problem, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ApiProblem;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    #[default]
    Json,
    Csv,
}

#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Column {
    pub key: String,
    pub label: Name,
    pub unit: String,
}

impl Column {
    pub fn new(key: &str, zh: &str, en: &str, unit: &str) -> Self {
        Self { key: key.to_owned(), label: Name::new(zh, en), unit: unit.to_owned() }
    }
}

/// Rows of text cells, exactly as shown; an empty cell is "missing".
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Table {
    pub title: Name,
    pub method: Name,
    pub source: Name,
    pub as_of: Timestamp,
    /// Rests on simulated (模拟) data.
    pub simulated: bool,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    pub fn respond(self, format: Format) -> Response {
        match format {
            Format::Json => axum::Json(self).into_response(),
            Format::Csv => self.csv().unwrap_or_else(IntoResponse::into_response),
        }
    }

    /// UTF-8 with mark, so that spreadsheet programs read Chinese; column keys in the first row.
    fn csv(&self) -> Result<Response, ApiProblem> {
        let failed = |error: &dyn std::fmt::Display| {
            ApiProblem(Problem::new(ErrorCode::Internal, format!("writing a CSV table: {error}")))
        };
        let mut writer = csv::Writer::from_writer(b"\xEF\xBB\xBF".to_vec());
        writer.write_record(self.columns.iter().map(|column| &column.key)).map_err(|error| failed(&error))?;
        for row in &self.rows {
            writer.write_record(row.iter().map(|cell| harmless(cell).into_owned())).map_err(|error| failed(&error))?;
        }
        let bytes = writer.into_inner().map_err(|error| failed(&error))?;
        Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], bytes).into_response())
    }
}

/// A cell that a spreadsheet program would run as a formula gets a leading apostrophe; numbers stay.
fn harmless(cell: &str) -> std::borrow::Cow<'_, str> {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
    if formula { format!("'{cell}").into() } else { cell.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_disarmed_and_numbers_are_not() {
        assert_eq!(harmless("=1+1"), "'=1+1");
        assert_eq!(harmless("-3.5"), "-3.5");
        assert_eq!(harmless("青山"), "青山");
    }
}
