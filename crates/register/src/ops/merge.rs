//! Two records of one thing become one: fields are taken over, links and attachments moved, and the duplicate marked
//! as deleted. Everything is a revision and can be looked up.

use std::collections::BTreeMap;

use kernel::{Actor, ErrorCode, EventDraft, Id, Name, Problem, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{Reader, StoreError, event_log};

use super::check::with_what_stays;
use super::read::{Change, changes};
use super::write::{Draft, Target, definition_of, need, reason_of};
use super::{Register, refuse};
use crate::attachment_rows;
use crate::catalog::Catalog;
use crate::definition::{Field, FieldType, LedgerDefinition};
use crate::link_rows;
use crate::record::{Content, Record};
use crate::rows;
use crate::table_merge::{self, RowChoice, TableLine};

/// Records whose links one merge moves at most.
const MOST_LINKING: usize = 2_000;

#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Merge {
    /// The record that goes.
    pub duplicate: Id,
    /// Revisions that were seen.
    pub revision: i64,
    pub duplicate_revision: i64,
    /// Fields in which the duplicate is right. Fields that are empty here are taken from it anyway.
    #[serde(default)]
    pub take: Vec<String>,
    /// Table field → the rows of the merged table, of either side. Goes before `take`.
    #[serde(default)]
    pub rows: BTreeMap<String, Vec<RowChoice>>,
    pub reason: String,
    #[serde(default)]
    pub dry_run: bool,
}

#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct MergeReport {
    /// What changes on the record that stays.
    pub changes: Vec<Change>,
    /// Table fields that both have and that differ, row by row.
    pub tables: Vec<TableSides>,
    /// `ledger:key` of records whose links are moved.
    pub relinked: Vec<String>,
    pub attachments: usize,
    pub written: bool,
}

/// The tables of one field of two records side by side.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct TableSides {
    pub field: String,
    pub label: Name,
    pub lines: Vec<TableLine>,
}

struct Plan {
    draft: Draft,
    changes: Vec<Change>,
    tables: Vec<TableSides>,
    relinked: Vec<(Record, Draft)>,
    attachments: Vec<attachment_rows::Attachment>,
    duplicate: Record,
}

impl Register {
    /// Shows what merging would do, or does it.
    pub fn merge(&self, actor: &Actor, kept: Id, merge: &Merge, now: Timestamp) -> Result<MergeReport, Problem> {
        let reason = if merge.dry_run { String::new() } else { reason_of(&merge.reason, false)? };
        let (_held, catalog) = self.writing();
        let plan = self.store.read(|reader| self.plan_merge(reader, actor, &catalog, kept, merge))?;
        let mut report = MergeReport {
            relinked: plan.relinked.iter().map(|(one, _)| format!("{}:{}", one.ledger, one.content.key)).collect(),
            attachments: plan.attachments.len(),
            changes: plan.changes.clone(),
            tables: plan.tables.clone(),
            written: false,
        };
        let duplicate = &plan.duplicate;
        let mut tried = false;
        let written = self.store.write(|transaction| {
            let reader = transaction.as_reader();
            for (id, revision) in [(kept, merge.revision), (merge.duplicate, merge.duplicate_revision)] {
                self.existing(reader, actor, id, Some(revision))?;
            }
            // What is unique may move from one record to the other, so the duplicate goes first.
            let why = format!("并入 {kept}：{reason}");
            let gone = Record { deleted: Some(why.clone()), ..duplicate.clone() };
            self.save(transaction, actor, &catalog, gone, &why, now)?;
            let why = format!("合并 {}（{}）：{reason}", duplicate.content.title.zh, duplicate.content.key);
            self.write_in(transaction, actor, &catalog, Target::Existing(kept), &plan.draft, &why, now)?;
            for (record, draft) in &plan.relinked {
                let written =
                    self.write_in(transaction, actor, &catalog, Target::Existing(record.id), draft, &why, now);
                let name = format!("{}:{}", record.ledger, record.content.key);
                written.map_err(|error| super::write::of_key(&name, error))?;
            }
            for attachment in &plan.attachments {
                attachment_rows::add(transaction, self.division, kept, attachment, None)?;
            }
            let event = EventDraft {
                kind: "register.merged",
                actor: actor.id.to_string(),
                subject: kept.to_string(),
                payload: serde_json::json!({
                    "duplicate": merge.duplicate, "ledger": duplicate.ledger, "relinked": plan.relinked.len(),
                    "reason": reason,
                }),
            };
            event_log::append(transaction, self.division, now, &[event])?;
            if merge.dry_run {
                // A preview does all that the merge does, and takes it back: whatever refuses one refuses the other.
                tried = true;
                return Err(refuse(Problem::new(ErrorCode::NoTransition, "试运行 (a preview)")));
            }
            Ok(())
        });
        if tried {
            return Ok(report);
        }
        written?;
        report.written = true;
        // The duplicate and the one that stays.
        let own = [(duplicate.ledger.as_str(), 2)];
        let ledgers = plan.relinked.iter().map(|(record, _)| (record.ledger.as_str(), 1)).chain(own);
        self.announce_many(&catalog, &ledgers.collect::<Vec<_>>(), now)?;
        Ok(report)
    }

    fn plan_merge(
        &self,
        reader: &dyn Reader,
        actor: &Actor,
        catalog: &Catalog,
        kept: Id,
        merge: &Merge,
    ) -> Result<Plan, StoreError> {
        let stays = self.existing(reader, actor, kept, Some(merge.revision))?;
        let duplicate = self.existing(reader, actor, merge.duplicate, Some(merge.duplicate_revision))?;
        if stays.id == duplicate.id || stays.ledger != duplicate.ledger {
            let what = "只能合并同一台账的两条记录 (two records of one ledger)";
            return Err(refuse(Problem::invalid(what)));
        }
        if stays.deleted.is_some() || duplicate.deleted.is_some() {
            return Err(refuse(Problem::new(ErrorCode::NoTransition, "有一条已删除 (one of them is deleted)")));
        }
        let definition = definition_of(catalog, &stays.ledger)?;
        let tables = tables_of(definition, &stays.content, &duplicate.content);
        let (mut fields, other) = (stays.content.as_draft(), duplicate.content.as_draft());
        let mut taken = !merge.rows.is_empty();
        for (field, value) in other {
            let take = merge.take.contains(&field) || !fields.contains_key(&field);
            if take && field != definition.key && !["simulated", "schematic", "tags"].contains(&field.as_str()) {
                fields.insert(field, value);
                taken = true;
            }
        }
        // Of something invented the mark comes along with whatever is taken of it, and with nothing else.
        for (mark, marked) in [("simulated", duplicate.content.simulated), ("schematic", duplicate.content.schematic)] {
            if marked && taken {
                fields.insert(mark.to_owned(), Value::Bool(true));
            }
        }
        for (field, rows) in &merge.rows {
            let merged = table_merge::chosen(
                rows_of(&stays.content, definition, field)?,
                rows_of(&duplicate.content, definition, field)?,
                rows,
            );
            let merged = merged.ok_or_else(|| {
                let what = format!("“{field}”选的行不存在或选了两次 (a chosen row is not there, or is chosen twice)");
                refuse(Problem::invalid(what))
            })?;
            fields.insert(field.clone(), Value::Array(merged));
        }
        let mut tags = stays.content.tags.clone();
        tags.extend(duplicate.content.tags.iter().filter(|tag| !stays.content.tags.contains(tag)).cloned());
        fields.insert("tags".to_owned(), tags.into());
        part_from_each_other(definition, &mut fields, &stays.content.key, &duplicate.content.key);
        let drawn = with_what_stays(&fields, None);
        let content = self.content_of(reader, catalog, definition, drawn, Some(&stays))?;
        let changes = changes(definition, &stays.content, &content, true);
        let relinked = self.relinked(reader, actor, catalog, &duplicate, &stays)?;
        let there = attachment_rows::of_record(reader, self.division, kept)?;
        let attachments = attachment_rows::of_record(reader, self.division, duplicate.id)?
            .into_iter()
            .filter(|one| one.removed.is_none() && !there.iter().any(|known| known.hash == one.hash))
            .collect();
        let draft = Draft { fields, reason: merge.reason.clone(), revision: Some(merge.revision) };
        Ok(Plan { draft, changes, tables, relinked, attachments, duplicate })
    }

    /// Living records whose links lead to the duplicate, with drafts that lead to the one that stays.
    fn relinked(
        &self,
        reader: &dyn Reader,
        actor: &Actor,
        catalog: &Catalog,
        duplicate: &Record,
        stays: &Record,
    ) -> Result<Vec<(Record, Draft)>, StoreError> {
        let mut found = Vec::new();
        for definition in catalog.ledgers() {
            if !definition.fields.iter().any(|field| link_rows::can_name(field, &duplicate.ledger)) {
                continue;
            }
            for record in rows::all_of(reader, self.division, &definition.id)? {
                let mut fields = record.content.as_draft();
                let mut moved = false;
                for field in &definition.fields {
                    if let Some(value) = fields.get_mut(&field.id) {
                        moved |= relink(field, value, &duplicate.ledger, &duplicate.content.key, &stays.content.key);
                    }
                }
                // The one that stays is written with what it takes over, without links to the other.
                if !moved || record.id == duplicate.id || record.id == stays.id {
                    continue;
                }
                need(actor, record.content.owner.as_deref())?;
                if found.len() >= MOST_LINKING {
                    let what = format!("指向它的记录超过 {MOST_LINKING} 条 (too many records link to it)");
                    return Err(refuse(Problem::new(ErrorCode::TooMany, what)));
                }
                let draft = Draft { fields, reason: String::new(), revision: Some(record.revision) };
                found.push((record, draft));
            }
        }
        Ok(found)
    }
}

/// Tables that both records have and that differ.
fn tables_of(definition: &LedgerDefinition, stays: &Content, duplicate: &Content) -> Vec<TableSides> {
    let mut found = Vec::new();
    for field in &definition.fields {
        let FieldType::Table(columns) = &field.kind else { continue };
        let (kept, other) = (table_rows(stays, &field.id), table_rows(duplicate, &field.id));
        if kept.is_empty() || other.is_empty() || kept == other {
            continue;
        }
        let lines = table_merge::side_by_side(columns, kept, other);
        found.push(TableSides { field: field.id.clone(), label: field.label.clone(), lines });
    }
    found
}

fn table_rows<'c>(content: &'c Content, field: &str) -> &'c [Value] {
    content.values.get(field).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Rows of a field that must be a table.
fn rows_of<'c>(content: &'c Content, definition: &LedgerDefinition, field: &str) -> Result<&'c [Value], StoreError> {
    match definition.field(field).map(|field| &field.kind) {
        Some(FieldType::Table(_)) => Ok(table_rows(content, field)),
        _ => Err(refuse(Problem::invalid(format!("“{field}”不是表 (not a table of this ledger)")))),
    }
}

/// The two become one, which is not above itself: links between them go, and those in tables lead to the one that stays.
fn part_from_each_other(definition: &LedgerDefinition, fields: &mut Map<String, Value>, stays: &str, duplicate: &str) {
    for field in &definition.fields {
        let Some(value) = fields.get_mut(&field.id) else { continue };
        relink(field, value, &definition.id, duplicate, stays);
        let is_own = |ledgers: &[String], link: &Value| {
            ledgers.contains(&definition.id)
                && link.as_str() == Some(link_rows::written(ledgers, &definition.id, stays).as_str())
        };
        match (&field.kind, value) {
            (FieldType::Link(ledgers), link) if is_own(ledgers, link) => {
                fields.remove(&field.id);
            }
            (FieldType::List(items), Value::Array(list)) => {
                if let FieldType::Link(ledgers) = &**items {
                    list.retain(|link| !is_own(ledgers, link));
                }
            }
            _ => {}
        }
    }
}

/// Turns links of a value from one key to another; says whether there were any.
fn relink(field: &Field, value: &mut Value, ledger: &str, from: &str, to: &str) -> bool {
    match (&field.kind, value) {
        (FieldType::Link(ledgers), Value::String(link)) => turn(ledgers, link, ledger, from, to),
        (FieldType::List(items), Value::Array(list)) => match &**items {
            FieldType::Link(ledgers) => list.iter_mut().fold(false, |moved, item| match item {
                Value::String(link) => turn(ledgers, link, ledger, from, to) | moved,
                _ => moved,
            }),
            _ => false,
        },
        (FieldType::Table(columns), Value::Array(rows)) => rows.iter_mut().fold(false, |moved, row| {
            columns.iter().fold(moved, |moved, column| {
                row.get_mut(&column.id).is_some_and(|cell| relink(column, cell, ledger, from, to)) | moved
            })
        }),
        _ => false,
    }
}

fn turn(ledgers: &[String], link: &mut String, ledger: &str, from: &str, to: &str) -> bool {
    let leads = ledgers.iter().any(|known| known == ledger) && *link == link_rows::written(ledgers, ledger, from);
    if leads {
        *link = link_rows::written(ledgers, ledger, to);
    }
    leads
}
