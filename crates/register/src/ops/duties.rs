//! What records ask to be done in time.

use kernel::{Actor, Day, Id, Name, Problem};
use serde::{Deserialize, Serialize};

use super::Register;
use crate::duty::{self, DutyState};
use crate::rows;

/// Lines of one answer.
const MOST_LINES: usize = 2_000;

#[derive(Clone, Debug, Default, Deserialize, schemars::JsonSchema)]
pub struct DutyQuestion {
    pub ledger: Option<String>,
    /// `true`: also those that are not due yet or lack their date.
    pub all: Option<bool>,
}

/// One duty of one record.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct DutyLine {
    pub ledger: String,
    pub ledger_name: Name,
    pub record: Id,
    pub key: String,
    pub title: Name,
    pub duty: String,
    pub name: Name,
    pub state: DutyState,
    /// From this day it can be done; the last day.
    pub from: Option<String>,
    pub until: Option<String>,
    pub simulated: bool,
    pub schematic: bool,
}

impl Register {
    /// Duties of the records that the actor may see: overdue first, then by their last day.
    pub fn duties(&self, actor: &Actor, question: &DutyQuestion, today: Day) -> Result<Vec<DutyLine>, Problem> {
        let owner = self.reading_scope(actor)?;
        let catalog = self.catalog();
        let wanted = catalog.ledgers().filter(|ledger| {
            !ledger.duties.is_empty() && question.ledger.as_ref().is_none_or(|only| *only == ledger.id)
        });
        let mut lines = Vec::new();
        for definition in wanted {
            let records = self.store.read(|reader| rows::all_of(reader, self.division, &definition.id))?;
            for record in records.iter().filter(|record| owner.is_none() || record.content.owner == owner) {
                for duty in &definition.duties {
                    let standing = duty::standing(duty, &record.content, today);
                    let shown = matches!(standing.state, DutyState::Overdue | DutyState::Due);
                    if !shown && !question.all.unwrap_or(false) {
                        continue;
                    }
                    lines.push(DutyLine {
                        ledger: definition.id.clone(),
                        ledger_name: definition.name.clone(),
                        record: record.id,
                        key: record.content.key.clone(),
                        title: record.content.title.clone(),
                        duty: duty.id.clone(),
                        name: duty.name.clone(),
                        state: standing.state,
                        from: standing.from.map(Day::to_iso),
                        until: standing.until.map(Day::to_iso),
                        simulated: record.content.simulated,
                        schematic: record.content.schematic,
                    });
                }
            }
        }
        lines.sort_by(|one, other| (one.state, &one.until).cmp(&(other.state, &other.until)));
        lines.truncate(MOST_LINES);
        Ok(lines)
    }
}
