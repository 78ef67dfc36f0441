//! Earlier plans (往期): values and targets that the pack keeps of the plans before this one. Readable, never judged.

use serde::Serialize;

use crate::model::Indicator;

/// A value or a target of a year before this plan.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Earlier {
    pub year: i32,
    /// As the source prints it.
    pub value: Option<String>,
    /// Operator and figure, or the words of it.
    pub target: Option<String>,
    pub place: String,
}

impl Earlier {
    /// Values of years before `first`, and all targets of the plans before, by year.
    pub fn of(indicator: &Indicator, first: i32) -> Vec<Self> {
        let values = indicator.values.iter().filter(|one| one.year < first).map(|one| Self {
            year: one.year,
            value: one.value.map(|value| value.to_string()),
            target: None,
            place: one.place.clone(),
        });
        let targets = indicator.earlier.iter().map(|one| Self {
            year: one.year,
            value: None,
            target: Some(match one.value {
                Some(value) => format!("{} {value}", one.operator),
                None => one.text.clone(),
            }),
            place: one.place.clone(),
        });
        let mut found: Vec<Self> = values.chain(targets).collect();
        found.sort_by_key(|one| one.year);
        found
    }
}
