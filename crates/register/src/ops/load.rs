//! Loading a county pack: what is new is created, what changed is revised, what people edited stays.

use std::collections::HashMap;

use kernel::{EventDraft, Problem, Timestamp};
use sha2::{Digest, Sha256};
use store::{StoreError, Transaction, event_log};

use super::Register;
use crate::model::LoadReport;
use crate::pack::{Pack, PackRecord};
use crate::record::Content;
use crate::rows::{self, PackRow, Written};
use crate::search;

/// Who writes what comes from a pack.
const ACTOR: &str = "county_pack";

impl Register {
    /// Brings the store to what the pack says. The same pack again writes nothing.
    pub fn load_pack(&self, pack: &Pack, now: Timestamp) -> Result<LoadReport, Problem> {
        let report = self.store.read(|reader| self.plan(pack, &rows::pack_rows(reader, self.division)?))?;
        if report.iter().any(|step| step.kind != StepKind::Unchanged) {
            self.store.write(|transaction| self.apply(transaction, pack, &report, now))?;
        }
        self.rebuild(Some(pack))?;
        Ok(summary(pack, &report))
    }

    fn plan(&self, pack: &Pack, stored: &[PackRow]) -> Result<Vec<Step>, StoreError> {
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
            let kind = match row {
                None => StepKind::Create,
                Some(row) if row.pack_hash.as_deref() == Some(hash.as_str()) => StepKind::Unchanged,
                Some(row) if row.pack_revision == row.revision => StepKind::Revise,
                Some(_) => StepKind::Keep,
            };
            steps.push(Step {
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

    fn apply(
        &self,
        transaction: &dyn Transaction,
        pack: &Pack,
        steps: &[Step],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for step in steps {
            match (step.kind, step.record.map(|place| &pack.records[place])) {
                (StepKind::Unchanged, _) => {}
                (StepKind::Create | StepKind::Revise, Some(record)) => {
                    self.write_from_pack(transaction, pack, record, step, now)?;
                }
                (StepKind::Keep, Some(record)) => {
                    let content = json(&record.content)?;
                    if let Some(id) = step.id {
                        rows::offer(transaction, self.division, id, &step.hash, &content)?;
                    }
                }
                (StepKind::Retire, _) => self.retire(transaction, pack, step, now)?,
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
        pack: &Pack,
        record: &PackRecord,
        step: &Step,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(definition) = pack.catalog.ledger(&record.ledger) else { return Ok(()) };
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
        pack: &Pack,
        step: &Step,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(id) = step.id else { return Ok(()) };
        let Some(record) = rows::find(transaction.as_reader(), self.division, id)? else { return Ok(()) };
        let Some(definition) = pack.catalog.ledger(&record.ledger) else { return Ok(()) };
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
}

fn summary(pack: &Pack, steps: &[Step]) -> LoadReport {
    let count = |kind| steps.iter().filter(|step| step.kind == kind).count();
    let kept = steps.iter().filter(|step| step.kind == StepKind::Keep).filter_map(|step| step.record);
    LoadReport {
        records: pack.records.len(),
        created: count(StepKind::Create),
        revised: count(StepKind::Revise),
        unchanged: count(StepKind::Unchanged),
        retired: count(StepKind::Retire),
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
