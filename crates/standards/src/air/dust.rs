//! Which statistics leave dust days out (沙尘剔除), as the text in force at a date says.

use super::Dust;
use crate::library::FigureError;
use crate::{Date, Library, clause};
use std::collections::BTreeSet;

/// The rule in force: what leaves the PM10 and PM2.5 of dust days out. Counts of days never do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DustRule {
    /// `环办监测〔2016〕120 号`.
    pub standard: String,
    pub clause: &'static str,
    pub mean: bool,
    pub percentile: bool,
    pub composite: bool,
}

impl DustRule {
    /// The rule in force at a date; `None` before there was one: then dust stays in.
    ///
    /// # Errors
    /// When a cell is missing.
    pub fn in_force(library: &Library, at: Date) -> Result<Option<Self>, FigureError> {
        let Ok(standard) = library.in_force("DUST", "", at) else { return Ok(None) };
        let table = standard.table("statistics")?;
        // What is not confirmed leaves nothing out.
        let leaves_out = |statistic: &str| match table.text(statistic, "dust") {
            Ok(word) => Ok(word == "leave_out"),
            Err(FigureError::Unconfirmed { .. }) => Ok(false),
            Err(other) => Err(other),
        };
        Ok(Some(Self {
            standard: standard.code.clone(),
            clause: clause!("环办监测〔2016〕120 号 沙尘剔除"),
            mean: leaves_out("mean")?,
            percentile: leaves_out("percentile")?,
            composite: leaves_out("composite")?,
        }))
    }
}

impl<'a> Dust<'a> {
    /// The switch: `days` left out, or kept.
    pub fn when(leave_out: bool, days: &'a BTreeSet<Date>) -> Self {
        if leave_out { Self::LeaveOut(days) } else { Self::Keep }
    }
}
