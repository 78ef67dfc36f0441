//! The same change on many records: looked at first, then all or none.

use std::collections::BTreeSet;

use kernel::{Actor, EventDraft, Id, Name, Problem, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{Reader, StoreError, event_log};

use super::check::with_what_stays;
use super::read::{Change, changes};
use super::write::{Draft, Target, definition_of, need, reason_of};
use super::{Register, refuse};
use crate::record::Record;
use crate::rows;

/// Records of one bulk edit.
pub const MOST_RECORDS: usize = 1_000;

/// What is to change.
#[derive(Clone, Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkEdit {
    pub ids: Vec<Id>,
    /// Field → new value; `null` empties it. `source`, `note` and the like count as fields.
    #[serde(default)]
    pub set: Map<String, Value>,
    #[serde(default)]
    pub add_tags: Vec<String>,
    #[serde(default)]
    pub remove_tags: Vec<String>,
    pub reason: String,
    /// Nothing is written.
    #[serde(default)]
    pub dry_run: bool,
}

/// What changes on one record, or why it cannot.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct BulkLine {
    pub id: Id,
    pub key: String,
    pub title: Name,
    pub changes: Vec<Change>,
    pub problem: Option<String>,
}

#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct BulkReport {
    pub lines: Vec<BulkLine>,
    pub changed: usize,
    pub problems: usize,
    pub written: bool,
}

impl BulkEdit {
    fn draft(&self, record: &Record, key: &str) -> Result<Draft, Problem> {
        let mut fields = record.content.as_draft();
        for (field, value) in &self.set {
            if field == key {
                return Err(Problem::invalid("编号不能批量改 (the key never changes)"));
            }
            if value.is_null() {
                fields.remove(field);
            } else {
                fields.insert(field.clone(), value.clone());
            }
        }
        let mut tags: Vec<String> =
            record.content.tags.iter().filter(|tag| !self.remove_tags.contains(tag)).cloned().collect();
        tags.extend(self.add_tags.iter().filter(|tag| !record.content.tags.contains(tag)).cloned());
        fields.insert("tags".to_owned(), tags.into());
        Ok(Draft { fields, reason: self.reason.clone(), revision: Some(record.revision) })
    }
}

impl Register {
    /// Shows what a bulk edit would change, or makes it: all records or none.
    pub fn bulk_edit(
        &self,
        actor: &Actor,
        ledger: &str,
        edit: &BulkEdit,
        now: Timestamp,
    ) -> Result<BulkReport, Problem> {
        let reason = if edit.dry_run { String::new() } else { reason_of(&edit.reason, false)? };
        if edit.ids.is_empty() || edit.ids.len() > MOST_RECORDS {
            return Err(Problem::invalid(format!("一次改 1–{MOST_RECORDS} 条 (1 to {MOST_RECORDS} records)")));
        }
        if edit.set.is_empty() && edit.add_tags.is_empty() && edit.remove_tags.is_empty() {
            return Err(Problem::invalid("没有要改的内容 (nothing to change)"));
        }
        if edit.set.contains_key("tags") && !(edit.add_tags.is_empty() && edit.remove_tags.is_empty()) {
            let what = "标签要么整体改，要么增减 (tags are either set, or added and removed)";
            return Err(Problem::invalid(what));
        }
        let (_held, catalog) = self.writing();
        let definition = definition_of(&catalog, ledger)?;
        // Named twice a record is changed once.
        let mut seen = BTreeSet::new();
        let ids: Vec<Id> = edit.ids.iter().copied().filter(|id| seen.insert(*id)).collect();
        let planned = self.store.read(|reader| {
            ids.iter().map(|id| self.plan_line(reader, actor, ledger, edit, *id)).collect::<Result<Vec<_>, _>>()
        })?;
        let (lines, drafts): (Vec<BulkLine>, Vec<Option<Draft>>) = planned.into_iter().unzip();
        let mut report = BulkReport {
            changed: lines.iter().filter(|line| !line.changes.is_empty()).count(),
            problems: lines.iter().filter(|line| line.problem.is_some()).count(),
            lines,
            written: false,
        };
        if edit.dry_run || report.problems > 0 || report.changed == 0 {
            return Ok(report);
        }
        self.store.write(|transaction| {
            for (line, draft) in report.lines.iter().zip(&drafts) {
                if let (false, Some(draft)) = (line.changes.is_empty(), draft) {
                    self.write_in(transaction, actor, &catalog, Target::Existing(line.id), draft, &reason, now)?;
                }
            }
            let event = EventDraft {
                kind: "register.bulk_edited",
                actor: actor.id.to_string(),
                subject: definition.id.clone(),
                payload: serde_json::json!({ "ledger": ledger, "records": report.changed, "reason": reason }),
            };
            event_log::append(transaction, self.division, now, &[event])?;
            Ok(())
        })?;
        report.written = true;
        self.announce_many(&catalog, &[(ledger, report.changed)], now)?;
        Ok(report)
    }

    fn plan_line(
        &self,
        reader: &dyn Reader,
        actor: &Actor,
        ledger: &str,
        edit: &BulkEdit,
        id: Id,
    ) -> Result<(BulkLine, Option<Draft>), StoreError> {
        let catalog = self.catalog();
        let definition = definition_of(&catalog, ledger)?;
        let record = rows::find(reader, self.division, id)?.filter(|record| record.ledger == ledger);
        let Some(record) = record.filter(|record| record.deleted.is_none()) else {
            return Err(refuse(Problem::not_found(format!("没有记录 {id} (no such record)"))));
        };
        let mut line = BulkLine {
            id,
            key: record.content.key.clone(),
            title: record.content.title.clone(),
            changes: Vec::new(),
            problem: None,
        };
        let planned = need(actor, record.content.owner.as_deref()).map_err(StoreError::from).and_then(|()| {
            let draft = edit.draft(&record, &definition.key)?;
            // As the write does it: what the draft does not say of geometry and tags stays.
            let fields = with_what_stays(&draft.fields, Some(&record));
            let content = self.content_of(reader, &catalog, definition, fields, Some(&record))?;
            need(actor, content.owner.as_deref())?;
            let after = Record { content, ..record.clone() };
            self.refuse_when_not_unique(reader, definition, &after)?;
            Ok((draft, after))
        });
        match planned {
            Ok((draft, after)) => {
                line.changes = changes(definition, &record.content, &after.content, true);
                Ok((line, Some(draft)))
            }
            Err(StoreError::Problem(problem)) => {
                line.problem = Some(problem.detail);
                Ok((line, None))
            }
            Err(other) => Err(other),
        }
    }
}
