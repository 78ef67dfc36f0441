//! Loading a county pack: what is new is created, what changed is revised, what people edited stays.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError};

use kernel::{EventDraft, Problem, Timestamp};
use sha2::{Digest, Sha256};
use store::{Reader, StoreError, Transaction, event_log};

use super::{CountyView, Register, Standing};
use crate::catalog::{Catalog, Part, PartKind, Source};
use crate::design::rows as design_rows;
use crate::model::LoadReport;
use crate::pack::{Pack, PackRecord};
use crate::record::{Content, Record};
use crate::retired;
use crate::rows::{self, PackRow, Written};
use crate::search;

/// Who writes what comes from a pack.
const ACTOR: &str = "county_pack";

impl Register {
    /// Brings the store to what the pack says. The same pack again writes nothing.
    pub fn load_pack(&self, pack: &Pack, now: Timestamp) -> Result<LoadReport, Problem> {
        let _held = self.schema.write().unwrap_or_else(PoisonError::into_inner);
        let newest = self.store.read(|reader| design_rows::newest(reader, self.division))?;
        let standing = Standing::of(&pack.catalog, &newest);
        for (part, problems) in &standing.broken {
            tracing::warn!(
                part = part.file(),
                "台账设计的定义在此版本下无效，改用内置的 (a designed definition does not hold: {})",
                super::check::listed(problems)
            );
        }
        self.keep_definitions(&standing, &newest, now)?;
        let report = self.store.read(|reader| self.plan(reader, pack, &standing.catalog))?;
        for step in report.iter().filter(|step| step.kind == StepKind::Refuse) {
            let record = step.record.map(|place| &pack.records[place]);
            let name = record.map(|record| format!("{}:{}", record.ledger, record.content.key)).unwrap_or_default();
            tracing::warn!(record = name, "数据包的记录不合现行的台账设计，没有写入 (does not fit: {})", step.why);
        }
        if report.iter().any(|step| !matches!(step.kind, StepKind::Unchanged | StepKind::Refuse)) {
            self.store.write(|transaction| self.apply(transaction, pack, &standing.catalog, &report, now))?;
        }
        let view = Arc::new(CountyView {
            county: pack.county.clone(),
            layers: pack.layers.clone(),
            simulation: pack.simulation.clone(),
        });
        self.exchange(&pack.catalog, standing)?;
        self.rebuild_with(|state| state.county = Some(view))?;
        Ok(summary(pack, &report))
    }

    /// `catalog`: the definitions that hold, which a designer may have made stricter than those of the pack.
    fn plan(&self, reader: &dyn Reader, pack: &Pack, catalog: &Catalog) -> Result<Vec<Step>, StoreError> {
        let stored: &[PackRow] = &rows::pack_rows(reader, self.division)?;
        let designed = designed_ledgers(&pack.catalog, catalog);
        let known: HashMap<(&str, &str), &PackRow> =
            stored.iter().map(|row| ((row.ledger.as_str(), row.key.as_str()), row)).collect();
        let mut steps = Vec::with_capacity(pack.records.len());
        let mut seen: std::collections::HashSet<i64> = std::collections::HashSet::new();
        for (place, record) in pack.records.iter().enumerate() {
            let hash = hash_of(&record.content)?;
            let row = known.get(&(record.ledger.as_str(), record.content.key.as_str()));
            if let Some(row) = row {
                seen.insert(row.id.0);
            }
            let mut kind = match row {
                None => StepKind::Create,
                Some(row) if row.pack_hash.as_deref() == Some(hash.as_str()) => StepKind::Unchanged,
                Some(row) if row.pack_revision == row.revision => StepKind::Revise,
                Some(_) => StepKind::Keep,
            };
            let mut why = String::new();
            if matches!(kind, StepKind::Create | StepKind::Revise)
                && designed.contains(&record.ledger)
                && let Some(complaint) = self.unfit(reader, catalog, record, row.map(|row| row.id))?
            {
                (kind, why) = (StepKind::Refuse, complaint);
            }
            steps.push(Step {
                why,
                record: Some(place),
                id: row.map(|row| row.id),
                revision: row.map_or(0, |row| row.revision),
                kind,
                hash,
            });
        }
        for row in stored {
            let of_pack = row.pack_revision > 0 && row.pack_revision == row.revision && !row.deleted;
            if of_pack && !seen.contains(&row.id.0) {
                steps.push(Step {
                    why: String::new(),
                    record: None,
                    id: Some(row.id),
                    revision: row.revision,
                    kind: StepKind::Retire,
                    // Differs from every real hash, so that the record comes back when the pack has it again.
                    hash: String::new(),
                });
            }
        }
        Ok(steps)
    }

    /// Why a definition does not take a record of the pack; where its links lead is the pack's own matter.
    fn unfit(
        &self,
        reader: &dyn Reader,
        catalog: &Catalog,
        record: &PackRecord,
        id: Option<kernel::Id>,
    ) -> Result<Option<String>, StoreError> {
        let Some(definition) = catalog.ledger(&record.ledger) else { return Ok(None) };
        let old = id.map(|id| rows::find(reader, self.division, id)).transpose()?.flatten();
        let said = |problem: Problem| Ok(Some(problem.detail));
        let mut fields = record.content.as_draft();
        if let Err(problem) = super::check::keep_retired(definition, &mut fields, old.as_ref()) {
            return said(problem);
        }
        let content = match super::check::checked(catalog, definition, &fields) {
            Ok(checked) => checked.content,
            Err(problem) => return said(problem),
        };
        if let Some((field, code)) = retired::code_taken_anew(definition, catalog, &content, old.as_ref()) {
            return Ok(Some(format!("字段“{field}”的代码“{code}”已停用 (code `{code}` is retired)")));
        }
        let record = Record {
            id: id.unwrap_or(kernel::Id(0)),
            ledger: record.ledger.clone(),
            revision: 0,
            updated_at: Timestamp(0),
            updated_by: String::new(),
            deleted: None,
            content,
        };
        match self.refuse_when_not_unique(reader, definition, &record) {
            Ok(()) => Ok(None),
            Err(StoreError::Problem(problem)) => said(problem),
            Err(other) => Err(other),
        }
    }

    fn apply(
        &self,
        transaction: &dyn Transaction,
        pack: &Pack,
        catalog: &Catalog,
        steps: &[Step],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for step in steps {
            match (step.kind, step.record.map(|place| &pack.records[place])) {
                (StepKind::Unchanged | StepKind::Refuse, _) => {}
                (StepKind::Create | StepKind::Revise, Some(record)) => {
                    self.write_from_pack(transaction, catalog, record, step, now)?;
                }
                (StepKind::Keep, Some(record)) => {
                    let content = json(&record.content)?;
                    if let Some(id) = step.id {
                        rows::offer(transaction, self.division, id, &step.hash, &content)?;
                    }
                }
                (StepKind::Retire, _) => self.retire(transaction, catalog, step, now)?,
                (_, None) => {}
            }
        }
        let report = summary(pack, steps);
        let event = EventDraft {
            kind: "register.pack_loaded",
            actor: ACTOR.to_owned(),
            subject: pack.county.division.to_string(),
            payload: serde_json::to_value(&report).unwrap_or_default(),
        };
        event_log::append(transaction, self.division, now, &[event])?;
        Ok(())
    }

    fn write_from_pack(
        &self,
        transaction: &dyn Transaction,
        catalog: &Catalog,
        record: &PackRecord,
        step: &Step,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(definition) = catalog.ledger(&record.ledger) else { return Ok(()) };
        let text = search::text_of(&record.content, definition);
        rows::save(
            transaction,
            self.division,
            &Written {
                id: step.id.unwrap_or_else(|| self.ids.next(now)),
                ledger: &record.ledger,
                revision: step.revision + 1,
                content: &record.content,
                deleted: None,
                at: now,
                actor: ACTOR,
                actor_name: ACTOR,
                reason: if step.id.is_none() { "县域数据包首次载入" } else { "县域数据包已更新" },
                pack_hash: Some(&step.hash),
                fields: &search::fields_of(&record.content, definition),
                grams: &search::grams(&text),
                search: &text,
            },
        )
    }

    fn retire(
        &self,
        transaction: &dyn Transaction,
        catalog: &Catalog,
        step: &Step,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(id) = step.id else { return Ok(()) };
        let Some(record) = rows::find(transaction.as_reader(), self.division, id)? else { return Ok(()) };
        let Some(definition) = catalog.ledger(&record.ledger) else { return Ok(()) };
        let text = search::text_of(&record.content, definition);
        let reason = "县域数据包中已没有这条记录";
        rows::save(
            transaction,
            self.division,
            &Written {
                id,
                ledger: &record.ledger,
                revision: step.revision + 1,
                content: &record.content,
                deleted: Some(reason),
                at: now,
                actor: ACTOR,
                actor_name: ACTOR,
                reason,
                pack_hash: Some(&step.hash),
                fields: &search::fields_of(&record.content, definition),
                grams: &search::grams(&text),
                search: &text,
            },
        )
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StepKind {
    Create,
    Revise,
    Unchanged,
    Keep,
    Retire,
    /// The definition that holds does not take it; tried again at the next start.
    Refuse,
}

/// Ledgers whose definition, or one of whose code lists, is not the pack's.
fn designed_ledgers(pack: &Catalog, catalog: &Catalog) -> HashSet<String> {
    let other = |part: &Part, source: &Source| pack.source(part).is_none_or(|known| known.text != source.text);
    let changed: Vec<&Part> =
        catalog.sources().filter(|(part, source)| other(part, source)).map(|(part, _)| part).collect();
    let codes = changed.iter().any(|part| part.kind == PartKind::Codes);
    let named = |ledger: &str| changed.iter().any(|part| part.kind == PartKind::Ledger && part.id == ledger);
    // Which ledgers use a list is not worth asking: few records are new.
    catalog.ledgers().filter(|ledger| codes || named(&ledger.id)).map(|ledger| ledger.id.clone()).collect()
}

/// What happens to one record.
#[derive(Clone, Debug)]
struct Step {
    /// Place in the pack; none when the pack has it no longer.
    record: Option<usize>,
    id: Option<kernel::Id>,
    revision: i64,
    kind: StepKind,
    hash: String,
    /// Why it is refused.
    why: String,
}

fn summary(pack: &Pack, steps: &[Step]) -> LoadReport {
    let count = |kind| steps.iter().filter(|step| step.kind == kind).count();
    let kept = steps.iter().filter(|step| step.kind == StepKind::Keep).filter_map(|step| step.record);
    let refused = steps.iter().filter(|step| step.kind == StepKind::Refuse);
    LoadReport {
        records: pack.records.len(),
        created: count(StepKind::Create),
        revised: count(StepKind::Revise),
        unchanged: count(StepKind::Unchanged),
        retired: count(StepKind::Retire),
        refused: refused
            .map(|step| {
                let record = step.record.map(|place| &pack.records[place]);
                let name = record.map(|record| format!("{}:{}", record.ledger, record.content.key)).unwrap_or_default();
                format!("{name}: {}", step.why)
            })
            .collect(),
        kept: kept.map(|place| format!("{}:{}", pack.records[place].ledger, pack.records[place].content.key)).collect(),
    }
}

fn json(content: &Content) -> Result<String, StoreError> {
    serde_json::to_string(content).map_err(|error| StoreError::Shape(format!("writing a record: {error}")))
}

fn hash_of(content: &Content) -> Result<String, StoreError> {
    let digest = Sha256::digest(json(content)?.as_bytes());
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}
