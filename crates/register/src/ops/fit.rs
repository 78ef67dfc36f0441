//! Records that today's definition refuses: written before a field became required, a code was retired or a link was
//! broken. They stay readable, and are refused at their next revision; here somebody learns of them before.

use kernel::{Actor, Id, Name, Problem};
use serde::Serialize;
use serde_json::Value;
use store::StoreError;

use super::Register;
use super::check::with_what_stays;
use super::write::{definition_of, need};
use crate::record::Record;
use crate::rows;

/// Records that are listed; the others are counted.
const MOST_LISTED: usize = 200;
/// Records that are read at once.
const AT_ONCE: i64 = 500;

/// One record that could not be written as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Unfit {
    pub record: Id,
    pub key: String,
    pub title: Name,
    /// Why it would be refused.
    pub problem: String,
}

/// What looking through a ledger found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, schemars::JsonSchema)]
pub struct FitReport {
    pub ledger: String,
    pub looked_at: usize,
    pub unfit: Vec<Unfit>,
    /// Beyond those listed.
    pub more: usize,
}

impl Register {
    /// Holds every living record of a ledger against what its definition asks today. Nothing is written.
    pub fn fit_of(&self, actor: &Actor, ledger: &str) -> Result<FitReport, Problem> {
        need(actor, None)?;
        let catalog = self.catalog();
        let definition = definition_of(&catalog, ledger)?;
        let mut report = FitReport { ledger: ledger.to_owned(), ..FitReport::default() };
        let mut after = String::new();
        loop {
            let page: Vec<Record> =
                self.store.read(|reader| rows::by_key_after(reader, self.division, ledger, &after, AT_ONCE))?;
            let Some(last) = page.last() else { return Ok(report) };
            after.clone_from(&last.content.key);
            for record in &page {
                report.looked_at += 1;
                let mut fields = record.content.as_draft();
                fields.insert("tags".to_owned(), Value::from(record.content.tags.clone()));
                let held = self.store.read(|reader| {
                    let fields = with_what_stays(&fields, Some(record));
                    let content = self.content_of(reader, &catalog, definition, fields, Some(record))?;
                    self.refuse_when_not_unique(reader, definition, &Record { content, ..record.clone() })
                });
                let problem = match held {
                    Ok(()) => continue,
                    Err(StoreError::Problem(problem)) => problem.detail,
                    Err(other) => return Err(other.into()),
                };
                if report.unfit.len() >= MOST_LISTED {
                    report.more += 1;
                    continue;
                }
                let content = &record.content;
                report.unfit.push(Unfit {
                    record: record.id,
                    key: content.key.clone(),
                    title: content.title.clone(),
                    problem,
                });
            }
        }
    }
}
