//! What-if (假设推演): pretended values on a copy of the sheet. Nothing is saved.

use kernel::{Name, Problem, Timestamp};
use serde::{Deserialize, Serialize};

use super::facts::year_of;
use super::view::{IndicatorRow, Reading};
use super::{Plan, reading};
use crate::evaluate::Sheet;
use crate::show;

/// A value that is pretended.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assumption {
    pub indicator: String,
    pub year: i32,
    pub value: f64,
}

#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct WhatIfCell {
    pub indicator: String,
    pub name: Name,
    pub year: i32,
    pub before: Option<String>,
    pub after: Option<String>,
    pub light_before: String,
    pub light_after: String,
}

#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct WhatIf {
    /// Cells that moved, and cells whose light or forecast moved.
    pub cells: Vec<WhatIfCell>,
    /// Rows of the indicators that moved, for the year asked.
    pub rows: Vec<IndicatorRow>,
}

const MOST_ASSUMPTIONS: usize = 100;

impl Plan {
    /// Pretends values and shows what moves. Works on a copy: nothing is saved.
    pub fn what_if(&self, assumptions: &[Assumption], year: i32, now: Timestamp) -> Result<WhatIf, Problem> {
        if assumptions.is_empty() || assumptions.len() > MOST_ASSUMPTIONS {
            return Err(Problem::invalid(format!(
                "假设要有 1～{MOST_ASSUMPTIONS} 条 (between 1 and {MOST_ASSUMPTIONS})"
            )));
        }
        let (loaded, items) = (self.loaded(), self.items());
        let before = reading!(self.sheet).clone();
        let mut after = before.clone();
        let mut moved: Vec<(String, i32)> = Vec::new();
        for assumption in assumptions {
            let indicator = loaded.indicator(&assumption.indicator)?;
            if let Some(value) = rust_decimal::Decimal::from_f64_retain(assumption.value) {
                super::admit::bounded(&loaded, indicator, &value.round_dp(6))?;
            }
            if !assumption.value.is_finite() || !after.years().contains(&assumption.year) {
                return Err(Problem::invalid(format!("{}：年份或数值不对 (year or value)", assumption.indicator)));
            }
            for (at, year) in after.assume(&assumption.indicator, assumption.year, assumption.value) {
                moved.push((after.book().ids[at].clone(), year));
            }
        }
        moved.sort();
        moved.dedup();
        let this_year = year_of(now);
        let old = Reading { loaded: &loaded, sheet: &before, items: &items, this_year, elapsed: 1.0, known_to: None };
        // An assumed year counts as complete, so that the forecast moves with it.
        let assumed = assumptions.iter().map(|one| one.year + 1).max().unwrap_or(this_year);
        let new = Reading {
            loaded: &loaded,
            sheet: &after,
            items: &items,
            this_year: this_year.max(assumed),
            elapsed: 1.0,
            known_to: None,
        };
        let mut cells = Vec::new();
        for (id, year) in &moved {
            let indicator = loaded.indicator(id)?;
            let text = |sheet: &Sheet| {
                sheet.cell(id, *year).and_then(|cell| cell.value).map(|value| show(value, indicator.decimals))
            };
            cells.push(WhatIfCell {
                indicator: id.clone(),
                name: Name::new(indicator.name.clone(), indicator.name_en.clone()),
                year: *year,
                before: text(&before),
                after: text(&after),
                light_before: old.standing(indicator, *year).light,
                light_after: new.standing(indicator, *year).light,
            });
        }
        let mut ids: Vec<&String> = moved.iter().map(|(id, _)| id).collect();
        ids.dedup();
        let rows = ids.into_iter().filter_map(|id| loaded.indicator(id).ok()).map(|one| new.row(one, year)).collect();
        Ok(WhatIf { cells, rows })
    }
}
