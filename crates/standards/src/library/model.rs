//! The nouns of the library: a standard, when and where it is in force, its tables and single figures.

use super::FigureError;
use crate::{Date, Text};
use rust_decimal::Decimal;
use serde::Serialize;

/// How sure we are of a figure (置信度). Only confirmed figures judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    Confirmed,
    /// Taken from one secondary source or from memory: visible, never used to judge until an administrator confirms.
    Unsure,
}

/// Where an effect applies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// The whole nation.
    National,
    /// Divisions whose code starts with one of these digits (`50` = Chongqing, `5002` = its counties).
    Divisions(Vec<String>),
}

/// From when until when (both inclusive) an edition is in force somewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Effect {
    pub area: Area,
    pub from: Date,
    pub until: Option<Date>,
    pub basis: String,
}

impl Effect {
    /// How local the match is (0 = national, else the number of digits matched), or `None` when not covered.
    pub fn covers(&self, area: &str, at: Date) -> Option<usize> {
        if at < self.from || self.until.is_some_and(|until| at > until) {
            return None;
        }
        match &self.area {
            Area::National => Some(0),
            Area::Divisions(prefixes) => {
                prefixes.iter().filter(|prefix| area.starts_with(prefix.as_str())).map(String::len).max()
            }
        }
    }
}

/// One edition, or one phase of an edition, of a standard.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standard {
    /// Official code, `GB 3095-2026`.
    pub code: String,
    /// What its editions have in common, `GB 3095`.
    pub family: String,
    /// `2012`, `2026`, or `2026-transition` for a phase.
    pub edition: String,
    pub title: Text,
    pub source: String,
    pub replaces: Vec<String>,
    pub effects: Vec<Effect>,
    /// Confidence of the document as a whole; cells and figures may be less sure, never more.
    pub confidence: Confidence,
    pub notes: Vec<Text>,
    pub tables: Vec<Table>,
    /// Single figures outside tables, by id.
    pub figures: Vec<Figure>,
}

impl Standard {
    /// Unique in the library: the code, with the phase where a code has several.
    pub fn id(&self) -> String {
        match self.edition.split_once('-') {
            Some((_, phase)) => format!("{} ({phase})", self.code),
            None => self.code.clone(),
        }
    }

    /// # Errors
    /// When the standard has no such table.
    pub fn table(&self, id: &str) -> Result<&Table, FigureError> {
        self.tables
            .iter()
            .find(|table| table.id == id)
            .ok_or_else(|| FigureError::Absent { figure: format!("{}/{id}", self.id()) })
    }

    /// A single figure by id.
    ///
    /// # Errors
    /// When there is none, or it is not confirmed.
    pub fn figure(&self, id: &str) -> Result<&str, FigureError> {
        let key = format!("{}/{id}", self.id());
        let figure = self
            .figures
            .iter()
            .find(|figure| figure.id == id)
            .ok_or_else(|| FigureError::Absent { figure: key.clone() })?;
        figure.value.usable(&key)
    }

    /// A single figure as a decimal.
    ///
    /// # Errors
    /// As [`Standard::figure`], and when the text is not a number.
    pub fn decimal(&self, id: &str) -> Result<Decimal, FigureError> {
        let text = self.figure(id)?;
        text.parse()
            .map_err(|_| FigureError::NotANumber { figure: format!("{}/{id}", self.id()), text: text.to_owned() })
    }

    /// A single figure as a count.
    ///
    /// # Errors
    /// As [`Standard::decimal`].
    pub fn count(&self, id: &str) -> Result<u32, FigureError> {
        let text = self.figure(id)?;
        text.parse()
            .map_err(|_| FigureError::NotANumber { figure: format!("{}/{id}", self.id()), text: text.to_owned() })
    }

    /// One line: code and dates.
    pub fn coverage(&self) -> String {
        let spans: Vec<String> = self
            .effects
            .iter()
            .map(|effect| {
                let until = effect.until.map_or_else(String::new, |date| date.to_string());
                let area = match &effect.area {
                    Area::National => "national".to_owned(),
                    Area::Divisions(prefixes) if prefixes.len() > 4 => format!("{} divisions", prefixes.len()),
                    Area::Divisions(prefixes) => prefixes.join(","),
                };
                format!("{}..{until} {area}", effect.from)
            })
            .collect();
        format!("{} [{}]", self.id(), spans.join(" | "))
    }
}

/// A table as printed (表), readable by people and by typed views.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Table {
    pub id: String,
    pub title: Text,
    pub clause: String,
    pub columns: Vec<Column>,
    /// How many leading columns name a row; the row key is their cells joined by a space.
    pub key_columns: usize,
    pub rows: Vec<Vec<Cell>>,
    pub notes: Vec<Text>,
    /// `standard id/table id`, for messages and confirmations.
    pub path: String,
}

/// A column of a [`Table`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Column {
    pub id: String,
    pub title: Text,
    pub unit: String,
}

/// One cell. Empty text means that the standard prints a dash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    pub text: String,
    pub confidence: Confidence,
}

impl Cell {
    /// The text, when it may be judged by.
    ///
    /// # Errors
    /// When the figure is not confirmed.
    pub fn usable(&self, key: &str) -> Result<&str, FigureError> {
        match self.confidence {
            Confidence::Confirmed => Ok(&self.text),
            Confidence::Unsure => Err(FigureError::Unconfirmed { figure: key.to_owned(), text: self.text.clone() }),
        }
    }
}

/// A figure outside tables: a limit of minutes, a rounding place.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    pub id: String,
    pub title: Text,
    pub value: Cell,
    pub unit: String,
    pub clause: String,
}

impl Table {
    /// The key of a row: its key cells joined by one space.
    pub fn row_key(&self, row: &[Cell]) -> String {
        let parts: Vec<&str> = row.iter().take(self.key_columns).map(|cell| cell.text.as_str()).collect();
        parts.join(" ")
    }

    pub fn row_keys(&self) -> impl Iterator<Item = String> + '_ {
        self.rows.iter().map(|row| self.row_key(row))
    }

    pub fn has_row(&self, row: &str) -> bool {
        self.row_keys().any(|key| key == row)
    }

    /// The cell at a row key and a column id.
    pub fn cell(&self, row: &str, column: &str) -> Option<&Cell> {
        let index = self.columns.iter().position(|candidate| candidate.id == column)?;
        self.rows.iter().find(|cells| self.row_key(cells) == row)?.get(index)
    }

    /// The text of a cell that may be judged by.
    ///
    /// # Errors
    /// When there is no such cell, or it is not confirmed.
    pub fn text(&self, row: &str, column: &str) -> Result<&str, FigureError> {
        let key = format!("{}/{row}/{column}", self.path);
        self.cell(row, column).ok_or_else(|| FigureError::Absent { figure: key.clone() })?.usable(&key)
    }

    /// The number in a cell; `None` where the standard prints a dash.
    ///
    /// # Errors
    /// As [`Table::text`], and when the text is not a number.
    pub fn decimal(&self, row: &str, column: &str) -> Result<Option<Decimal>, FigureError> {
        let text = self.text(row, column)?;
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| FigureError::NotANumber {
            figure: format!("{}/{row}/{column}", self.path),
            text: text.to_owned(),
        })
    }
}
