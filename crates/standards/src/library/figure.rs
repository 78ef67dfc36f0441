//! Unconfirmed figures: listing them, confirming them, and the errors of reading a figure.

use super::{Cell, Confidence, Library};
use crate::Text;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a figure cannot be read for judging.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FigureError {
    Absent {
        figure: String,
    },
    /// Known, but not sure enough to judge by (未确认).
    Unconfirmed {
        figure: String,
        text: String,
    },
    NotANumber {
        figure: String,
        text: String,
    },
}

impl FigureError {
    pub fn text(&self) -> Text {
        match self {
            Self::Absent { figure } => {
                Text::new(format!("标准数据中没有 {figure}"), format!("the standards data has no {figure}"))
            }
            Self::Unconfirmed { figure, text } => Text::new(
                format!("{figure} = {text} 未经确认，不用于判定；请管理员核对原文后确认"),
                format!(
                    "{figure} = {text} is not confirmed and is not used to judge until an administrator confirms it"
                ),
            ),
            Self::NotANumber { figure, text } => {
                Text::new(format!("{figure} 不是数：{text}"), format!("{figure} is not a number: {text}"))
            }
        }
    }
}

impl fmt::Display for FigureError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text().en)
    }
}

impl std::error::Error for FigureError {}

/// One figure that is shown but not used (未确认的数值).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unconfirmed {
    /// `standard/table/row/column` or `standard/figure`; what a [`Confirmation`] names.
    pub figure: String,
    pub text: String,
    pub unit: String,
    pub title: Text,
    pub clause: String,
}

/// An administrator's statement that a figure was read in a source (确认).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// As in [`Unconfirmed::figure`].
    pub figure: String,
    /// The figure as read; replaces ours where it differs.
    pub value: Option<String>,
    /// Where it was read. Must not be empty.
    pub source: String,
}

impl Library {
    /// Every figure that is not confirmed.
    pub fn unconfirmed(&self) -> Vec<Unconfirmed> {
        let mut found = Vec::new();
        for standard in self.all() {
            for table in &standard.tables {
                for row in &table.rows {
                    for (cell, column) in row.iter().zip(&table.columns).skip(table.key_columns) {
                        if cell.confidence == Confidence::Unsure && !cell.text.is_empty() {
                            found.push(Unconfirmed {
                                figure: format!("{}/{}/{}", table.path, table.row_key(row), column.id),
                                text: cell.text.clone(),
                                unit: column.unit.clone(),
                                title: table.title.clone(),
                                clause: table.clause.clone(),
                            });
                        }
                    }
                }
            }
            for figure in &standard.figures {
                if figure.value.confidence == Confidence::Unsure {
                    found.push(Unconfirmed {
                        figure: format!("{}/{}", standard.id(), figure.id),
                        text: figure.value.text.clone(),
                        unit: figure.unit.clone(),
                        title: figure.title.clone(),
                        clause: figure.clause.clone(),
                    });
                }
            }
        }
        found
    }

    /// This library with figures confirmed.
    ///
    /// # Errors
    /// [`FigureError::Absent`] when a confirmation names no figure, or names no source.
    pub fn confirmed(&self, confirmations: &[Confirmation]) -> Result<Self, FigureError> {
        let mut library = self.clone();
        for confirmation in confirmations {
            let absent = || FigureError::Absent { figure: confirmation.figure.clone() };
            if confirmation.source.trim().is_empty() {
                return Err(absent());
            }
            let cell = library.cell_mut(&confirmation.figure).ok_or_else(absent)?;
            cell.confidence = Confidence::Confirmed;
            if let Some(value) = &confirmation.value {
                cell.text = value.trim().to_owned();
            }
        }
        Ok(library)
    }

    fn cell_mut(&mut self, path: &str) -> Option<&mut Cell> {
        for standard in &mut self.standards {
            let id = standard.id();
            let Some(rest) = path.strip_prefix(&id).and_then(|rest| rest.strip_prefix('/')) else { continue };
            if let Some(index) = standard.figures.iter().position(|figure| figure.id == rest) {
                return standard.figures.get_mut(index).map(|figure| &mut figure.value);
            }
            let (table_id, cell) = rest.split_once('/')?;
            let (row_key, column_id) = cell.rsplit_once('/')?;
            let table = standard.tables.iter_mut().find(|table| table.id == table_id)?;
            let column = table.columns.iter().position(|column| column.id == column_id)?;
            let row = table.rows.iter().position(|row| table.row_key(row) == row_key)?;
            return table.rows.get_mut(row)?.get_mut(column);
        }
        None
    }
}
