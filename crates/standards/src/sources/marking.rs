//! Condition marks (工况标记): abnormal conditions that an enterprise marks, within their windows (公告 2022 年第 21 号).

use crate::library::{Cell, Confidence, FigureError};
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
    /// Families of the emission standards of the facilities that it fits, `GB 4915`; where the standard is of other
    /// facilities too, with the condition of its tables, `GB 13271:coal`.
    pub fits: Vec<String>,
    /// Window and factors were read in the text; what nobody confirmed holds nothing without a reviewer.
    pub confirmed: bool,
}

impl Condition {
    /// Whether a facility under an emission standard, of which these conditions are named, is one of those that this is
    /// of; `GB 4915` and `GB 4915-2013` name the same.
    pub fn fits(&self, standard: &str, conditions: &[String]) -> bool {
        self.fits.iter().any(|fitting| {
            let (family, asked) =
                fitting.split_once(':').map_or((fitting.as_str(), None), |(family, asked)| (family, Some(asked)));
            let rest = standard.trim().strip_prefix(family);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
                && asked.is_none_or(|asked| conditions.iter().any(|condition| condition == asked))
        })
    }
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
    /// The deadline was read in the text.
    pub confirmed: bool,
}

/// A whole number of hours, confirmed or not.
fn whole(cell: &Cell, figure: String) -> Result<u32, FigureError> {
    cell.text.parse().map_err(|_| FigureError::NotANumber { figure, text: cell.text.clone() })
}

/// In the column of factors: every one.
const EVERY: &str = "all";

impl Marking {
    /// The rules in force at a date, confirmed or not; `None` before there were any.
    ///
    /// # Errors
    /// When a figure is missing or is no number.
    pub fn in_force(library: &Library, at: Date) -> Result<Option<Self>, FigureError> {
        let Ok(standard) = library.in_force("MARKING", "", at) else { return Ok(None) };
        let table = standard.table("windows")?;
        let cell = |id: &str, column: &str| {
            let absent = || FigureError::Absent { figure: format!("{}/{id}/{column}", table.path) };
            table.cell(id, column).ok_or_else(absent)
        };
        let conditions = table.row_keys().map(|id| {
            let (hours, factors) = (cell(&id, "hours")?, cell(&id, "factors")?);
            let fits = table.text(&id, "fits")?.split(',').map(|family| family.trim().to_owned());
            let named = factors.text.split_whitespace().filter(|factor| *factor != EVERY);
            Ok(Condition {
                name: Text::new(table.text(&id, "name")?, table.text(&id, "name_en")?),
                hours: whole(hours, format!("{}/{id}/hours", table.path))?,
                factors: named.map(str::to_owned).collect(),
                fits: fits.filter(|family| !family.is_empty()).collect(),
                confirmed: [hours, factors].iter().all(|cell| cell.confidence == Confidence::Confirmed),
                id,
            })
        });
        let absent = || FigureError::Absent { figure: format!("{}/deadline_hour", standard.id()) };
        let deadline = &standard.figures.iter().find(|figure| figure.id == "deadline_hour").ok_or_else(absent)?.value;
        Ok(Some(Self {
            standard: standard.code.clone(),
            clause: clause!("公告 2022 年第 21 号 附件"),
            conditions: conditions.collect::<Result<_, FigureError>>()?,
            deadline_hour: whole(deadline, format!("{}/deadline_hour", standard.id()))?,
            confirmed: deadline.confidence == Confidence::Confirmed,
        }))
    }

    pub fn condition(&self, id: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.id == id)
    }
}
