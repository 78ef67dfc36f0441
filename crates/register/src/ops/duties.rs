//! What records ask to be done in time.

use kernel::{Actor, Day, Id, Name, Problem};
use serde::{Deserialize, Serialize};

use super::Register;
use crate::definition::{FieldType, LedgerDefinition};
use crate::duty::{Duty, DutyRules, DutyState, Standing};
use crate::record::Record;
use crate::rows;
use store::StoreError;

/// Lines of one answer.
const MOST_LINES: usize = 2_000;
/// Ledger of the bodies that can own a duty.
const BODIES: &str = "body";

#[derive(Clone, Debug, Default, Deserialize, schemars::JsonSchema)]
pub struct DutyQuestion {
    pub ledger: Option<String>,
    /// Only those of this record (id).
    pub record: Option<Id>,
    /// `true`: also those that are not due yet, lack their date or are done.
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
    /// What shows that it was done.
    pub evidence: Option<Name>,
    pub simulated: bool,
    pub schematic: bool,
}

/// The duties of one living record, for whoever makes cases of them.
#[derive(Clone, Debug)]
pub struct RecordDuties {
    pub record: Record,
    /// Each with its standing and the body that has to see to it, where that body exists.
    pub duties: Vec<(Duty, Standing, Option<String>)>,
}

impl Register {
    /// Duties of the records that the actor may see: overdue first, then by their last day; and whether there are more
    /// than one answer holds.
    pub fn duties(&self, actor: &Actor, question: &DutyQuestion, today: Day) -> Result<(Vec<DutyLine>, bool), Problem> {
        let owner = self.reading_scope(actor)?;
        let catalog = self.catalog();
        let one = match question.record {
            Some(id) => Some(self.store.read(|reader| rows::find(reader, self.division, id))?),
            None => None,
        };
        let wanted = catalog.ledgers().filter(|ledger| {
            !ledger.duties.is_empty() && question.ledger.as_ref().is_none_or(|only| *only == ledger.id)
        });
        let (all, mut lines) = (question.all.unwrap_or(false), Vec::new());
        for definition in wanted {
            let records = match &one {
                Some(one) => {
                    one.iter().filter(|one| one.ledger == definition.id && one.deleted.is_none()).cloned().collect()
                }
                // Of many records few have a date; the others need not be read to know that they ask for nothing now.
                None if !all => {
                    let dates: Vec<&str> = definition.duties.iter().map(|duty| duty.date.as_str()).collect();
                    self.store.read(|reader| rows::all_with(reader, self.division, &definition.id, &dates))?
                }
                None => self.store.read(|reader| rows::all_of(reader, self.division, &definition.id))?,
            };
            let rules = DutyRules::new(definition, &self.calendar);
            for record in records.iter().filter(|record| owner.is_none() || record.content.owner == owner) {
                for (duty, standing) in rules.standings(&record.content, today) {
                    let shown = matches!(standing.state, DutyState::Overdue | DutyState::Due);
                    if !shown && !all {
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
                        evidence: duty.evidence.clone(),
                        simulated: record.content.simulated,
                        schematic: record.content.schematic,
                    });
                }
            }
        }
        lines.sort_by(|one, other| (one.state, &one.until).cmp(&(other.state, &other.until)));
        let more = lines.len() > MOST_LINES;
        lines.truncate(MOST_LINES);
        Ok((lines, more))
    }

    /// The duties of a living record; not cut down to what somebody may see.
    pub fn duties_of(&self, id: Id, today: Day) -> Result<Option<RecordDuties>, Problem> {
        let record = self.store.read(|reader| rows::find(reader, self.division, id))?;
        match record.filter(|record| record.deleted.is_none()) {
            Some(record) => self.record_duties(record, today).map(Some),
            None => Ok(None),
        }
    }

    /// The same for the next records by id, looking at `most` of them; with the last id looked at, none at the end.
    pub fn duties_after(&self, after: Id, most: i64, today: Day) -> Result<(Vec<RecordDuties>, Option<Id>), Problem> {
        let catalog = self.catalog();
        let asks = |ledger: &str| catalog.ledger(ledger).is_some_and(|ledger| !ledger.duties.is_empty());
        let (records, last) = self.store.read(|reader| {
            let looked = rows::ids_after(reader, self.division, after, most)?;
            let last = looked.last().map(|(id, _)| *id);
            let mut records = Vec::new();
            for (id, _) in looked.iter().filter(|(_, ledger)| asks(ledger)) {
                match rows::find(reader, self.division, *id) {
                    Ok(record) => records.extend(record.filter(|record| record.deleted.is_none())),
                    // One record that cannot be read keeps those behind it waiting no more than a missing one.
                    Err(StoreError::Shape(what)) => tracing::warn!(record = %id, what, "reading a record"),
                    Err(other) => return Err(other),
                }
            }
            Ok((records, last))
        })?;
        let found = records.into_iter().map(|record| self.record_duties(record, today)).collect::<Result<_, _>>()?;
        Ok((found, last))
    }

    /// Who wrote the newest revision of a record; none when no person did.
    pub fn last_author(&self, id: Id) -> Result<Option<Id>, Problem> {
        let author = self.store.read(|reader| rows::last_author(reader, self.division, id))?;
        Ok(author.and_then(|author| author.parse().ok()).filter(|id| *id != 0).map(Id))
    }

    fn record_duties(&self, record: Record, today: Day) -> Result<RecordDuties, Problem> {
        let catalog = self.catalog();
        let Some(definition) = catalog.ledger(&record.ledger) else {
            return Ok(RecordDuties { record, duties: Vec::new() });
        };
        let mut duties = Vec::new();
        for (duty, standing) in DutyRules::new(definition, &self.calendar).standings(&record.content, today) {
            let mut body = None;
            for key in [body_of(definition, duty, &record), duty.owner.clone()].into_iter().flatten() {
                if self.owner_of(BODIES, &key)?.is_some() {
                    body = Some(key);
                    break;
                }
            }
            duties.push((duty.clone(), standing, body));
        }
        Ok(RecordDuties { record, duties })
    }
}

/// The body that the record itself names; a link to several ledgers says which.
fn body_of(definition: &LedgerDefinition, duty: &Duty, record: &Record) -> Option<String> {
    let field = definition.field(duty.owner_field.as_deref()?)?;
    let value = record.content.text(&field.id)?;
    match &field.kind {
        FieldType::Link(ledgers) if ledgers.len() == 1 && ledgers[0] == BODIES => Some(value.to_owned()),
        FieldType::Link(_) => value.strip_prefix("body:").map(str::to_owned),
        _ => None,
    }
}
