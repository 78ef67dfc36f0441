//! Condition marks (工况标记): abnormal conditions that an enterprise marks, within their windows (公告 2022 年第 21 号).

use crate::library::FigureError;
use crate::{Date, Library, Text, clause};
use serde::Serialize;

/// A condition that may be marked, and for how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Condition {
    /// `cement_kiln_cold_start`.
    pub id: String,
    pub name: Text,
    /// Longest window in hours.
    pub hours: u32,
    /// Codes of the factors that do not judge within it; empty: all.
    pub factors: Vec<String>,
}

/// The rules of marking in force at a date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marking {
    /// `公告 2022 年第 21 号`.
    pub standard: String,
    pub clause: &'static str,
    pub conditions: Vec<Condition>,
    /// Marks by hand for a day are made before this hour of the next one.
    pub deadline_hour: u32,
}

impl Marking {
    /// The rules in force at a date; `None` before there were any.
    ///
    /// # Errors
    /// When a figure is missing, is no number or is not confirmed.
    pub fn in_force(library: &Library, at: Date) -> Result<Option<Self>, FigureError> {
        let Ok(standard) = library.in_force("MARKING", "", at) else { return Ok(None) };
        let table = standard.table("windows")?;
        let conditions = table.row_keys().map(|id| {
            let hours = table.decimal(&id, "hours")?.and_then(|hours| u32::try_from(hours).ok());
            let absent = || FigureError::Absent { figure: format!("{}/{id}/hours", table.path) };
            Ok(Condition {
                name: Text::new(table.text(&id, "name")?, table.text(&id, "name_en")?),
                hours: hours.ok_or_else(absent)?,
                factors: table.text(&id, "factors")?.split_whitespace().map(str::to_owned).collect(),
                id,
            })
        });
        Ok(Some(Self {
            standard: standard.code.clone(),
            clause: clause!("公告 2022 年第 21 号 附件"),
            conditions: conditions.collect::<Result<_, FigureError>>()?,
            deadline_hour: standard.count("deadline_hour")?,
        }))
    }

    pub fn condition(&self, id: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.id == id)
    }
}
