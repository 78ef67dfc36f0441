//! Creating, revising and taking out records by people: authorise → check → save with its event → announce.

use kernel::{Action, Actor, ErrorCode, EventDraft, Id, Problem, Timestamp};
use serde_json::{Map, Value};
use store::{Reader, StoreError, Transaction, event_log};

use super::check::{checked, with_what_stays};
use super::{Register, refuse};
use crate::catalog::Catalog;
use crate::definition::LedgerDefinition;
use crate::record::Record;
use crate::rows::{self, Written};
use crate::search;

/// What a person writes: fields by id, and `location`, `location_note`, `source`, `note`, `simulated`, `schematic`,
/// `valid_from` beside them.
#[derive(Clone, Debug, Default, serde::Deserialize, schemars::JsonSchema)]
pub struct Draft {
    pub fields: Map<String, Value>,
    /// Why it is written.
    pub reason: String,
    /// Revision that was seen, when an existing record is revised.
    pub revision: Option<i64>,
}

/// Which record a draft is for.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    New { ledger: &'a str },
    Existing(Id),
}

const LONGEST_REASON: usize = 500;

impl Register {
    /// Writes a new record or a new revision and returns it.
    pub fn write(&self, actor: &Actor, target: Target<'_>, draft: &Draft, now: Timestamp) -> Result<Record, Problem> {
        let reason = reason_of(&draft.reason, matches!(target, Target::New { .. }))?;
        let (_held, catalog) = self.writing();
        let record = self.store.write(|transaction| {
            let record = self.write_in(transaction, actor, &catalog, target, draft, &reason, now)?;
            event_log::append(transaction, self.division, now, &[event_of(actor, &record, &reason)])?;
            Ok(record)
        })?;
        self.announce(&record, now)?;
        Ok(record)
    }

    /// Writes many records of a ledger, all or none; used by imports. A draft with the revision that was seen revises
    /// the record of its key, one without makes a new record: what happened since is refused.
    pub fn write_all(
        &self,
        actor: &Actor,
        ledger: &str,
        drafts: &[Draft],
        reason: &str,
        now: Timestamp,
    ) -> Result<usize, Problem> {
        let reason = reason_of(reason, false)?;
        let (_held, catalog) = self.writing();
        let definition = definition_of(&catalog, ledger)?;
        self.store.write(|transaction| {
            for draft in drafts {
                let key = draft.fields.get(&definition.key).and_then(Value::as_str).unwrap_or_default();
                let existing = rows::find_key(transaction.as_reader(), self.division, ledger, key)?;
                let target = match &existing {
                    Some(record) if draft.revision.is_some() => Target::Existing(record.id),
                    _ => Target::New { ledger },
                };
                let written = self.write_in(transaction, actor, &catalog, target, draft, &reason, now);
                written.map_err(|error| of_key(key, error))?;
            }
            let event = EventDraft {
                kind: "register.imported",
                actor: actor.id.to_string(),
                subject: ledger.to_owned(),
                payload: serde_json::json!({ "ledger": ledger, "records": drafts.len(), "reason": reason }),
            };
            event_log::append(transaction, self.division, now, &[event])?;
            Ok(())
        })?;
        self.announce_many(&catalog, &[(ledger, drafts.len())], now)?;
        Ok(drafts.len())
    }

    /// Marks a record as deleted, or takes the mark away again.
    pub fn set_deleted(
        &self,
        actor: &Actor,
        id: Id,
        revision: i64,
        deleted: bool,
        reason: &str,
        now: Timestamp,
    ) -> Result<Record, Problem> {
        let reason = reason_of(reason, false)?;
        let (_held, catalog) = self.writing();
        let record = self.store.write(|transaction| {
            let old = self.existing(transaction.as_reader(), actor, id, Some(revision))?;
            if old.deleted.is_some() == deleted {
                return Err(refuse(Problem::new(ErrorCode::NoTransition, "已是这个状态 (already so)")));
            }
            let mark = deleted.then(|| reason.clone());
            let record = if deleted {
                self.refuse_when_linked(transaction.as_reader(), &catalog, &old)?;
                Record { deleted: mark, ..old }
            } else {
                // Others may have gone, or taken what is unique, while it was away. Its retired codes stay.
                let definition = definition_of(&catalog, &old.ledger)?;
                let fields = with_what_stays(&old.content.as_draft(), None);
                // What a definition of today asks for besides is asked for when it is next revised, as of the living.
                let content = match checked(&catalog, definition, &fields) {
                    Err(_) => old.content.clone(),
                    Ok(_) => self.content_of(transaction.as_reader(), &catalog, definition, fields, Some(&old))?,
                };
                need(actor, content.owner.as_deref())?;
                let record = Record { deleted: mark, content, ..old };
                self.refuse_when_not_unique(transaction.as_reader(), definition, &record)?;
                record
            };
            let record = self.save(transaction, actor, &catalog, record, &reason, now)?;
            event_log::append(transaction, self.division, now, &[event_of(actor, &record, &reason)])?;
            Ok(record)
        })?;
        self.announce(&record, now)?;
        Ok(record)
    }

    pub(super) fn existing(
        &self,
        reader: &dyn Reader,
        actor: &Actor,
        id: Id,
        revision: Option<i64>,
    ) -> Result<Record, StoreError> {
        let record = rows::find(reader, self.division, id)?
            .ok_or_else(|| refuse(Problem::not_found(format!("没有记录 {id} (no such record)"))))?;
        need(actor, record.content.owner.as_deref())?;
        if revision != Some(record.revision) {
            let what = format!(
                "现在是第 {} 版，您看到的是第 {} 版 (it has been revised)",
                record.revision,
                revision.map_or_else(|| "?".to_owned(), |revision| revision.to_string())
            );
            return Err(refuse(Problem::new(ErrorCode::RevisionConflict, what)));
        }
        Ok(record)
    }

    #[allow(clippy::too_many_arguments)]
    pub(super) fn write_in(
        &self,
        transaction: &dyn Transaction,
        actor: &Actor,
        catalog: &Catalog,
        target: Target<'_>,
        draft: &Draft,
        reason: &str,
        now: Timestamp,
    ) -> Result<Record, StoreError> {
        let reader = transaction.as_reader();
        let (ledger, old) = match target {
            Target::New { ledger } => (ledger.to_owned(), None),
            Target::Existing(id) => {
                let old = self.existing(reader, actor, id, draft.revision)?;
                if old.deleted.is_some() {
                    let what = "这条记录已删除，请先恢复 (it is deleted, restore it first)";
                    return Err(refuse(Problem::new(ErrorCode::NoTransition, what)));
                }
                (old.ledger.clone(), Some(old))
            }
        };
        let definition = definition_of(catalog, &ledger)?;
        let fields = with_what_stays(&draft.fields, old.as_ref());
        let content = self.content_of(reader, catalog, definition, fields, old.as_ref())?;
        need(actor, content.owner.as_deref())?;
        if let Some(old) = &old
            && old.content.key != content.key
        {
            let what = format!("编号不能改：{} → {} (the key never changes)", old.content.key, content.key);
            return Err(refuse(Problem::invalid(what)));
        }
        if old.is_none()
            && let Some(same) = rows::find_key(reader, self.division, &ledger, &content.key)?
        {
            let what = match same.deleted {
                Some(_) => {
                    format!("编号“{}”的记录已删除，请先恢复 (the key is a deleted record's, restore it)", content.key)
                }
                None => format!("编号“{}”已有 (the key is taken)", content.key),
            };
            return Err(refuse(Problem::invalid(what)));
        }
        let record = Record {
            id: old.as_ref().map_or_else(|| self.ids.next(now), |old| old.id),
            ledger,
            revision: old.as_ref().map_or(0, |old| old.revision),
            updated_at: now,
            updated_by: actor.name.clone(),
            deleted: None,
            content,
        };
        self.refuse_when_not_unique(reader, definition, &record)?;
        self.save(transaction, actor, catalog, record, reason, now)
    }

    pub(super) fn save(
        &self,
        transaction: &dyn Transaction,
        actor: &Actor,
        catalog: &Catalog,
        record: Record,
        reason: &str,
        now: Timestamp,
    ) -> Result<Record, StoreError> {
        let definition = definition_of(catalog, &record.ledger)?;
        let text = search::text_of(&record.content, definition);
        let revision = record.revision + 1;
        rows::save(
            transaction,
            self.division,
            &Written {
                id: record.id,
                ledger: &record.ledger,
                revision,
                content: &record.content,
                deleted: record.deleted.as_deref(),
                at: now,
                actor: &actor.id.to_string(),
                actor_name: &actor.name,
                reason,
                pack_hash: None,
                fields: &search::fields_of(&record.content, definition),
                grams: &search::grams(&text),
                search: &text,
            },
        )?;
        Ok(Record { revision, updated_at: now, updated_by: actor.name.clone(), ..record })
    }
}

/// A refusal of one of many drafts says which.
pub(super) fn of_key(key: &str, error: StoreError) -> StoreError {
    match error {
        StoreError::Problem(problem) => {
            let detail = format!("{key}：{}", problem.detail);
            StoreError::Problem(Problem { detail, ..problem })
        }
        other => other,
    }
}

pub(crate) fn definition_of<'c>(catalog: &'c Catalog, ledger: &str) -> Result<&'c LedgerDefinition, Problem> {
    catalog.ledger(ledger).ok_or_else(|| Problem::not_found(format!("没有台账“{ledger}” (no such ledger)")))
}

pub(super) fn need(actor: &Actor, owner: Option<&str>) -> Result<(), Problem> {
    if actor.may(Action::EditRegisters, owner) {
        return Ok(());
    }
    Err(Problem::new(ErrorCode::NotAllowed, "无权修改台账 (ledgers may not be edited)"))
}

/// A revision says why; a new record may leave it out.
pub(super) fn reason_of(reason: &str, optional: bool) -> Result<String, Problem> {
    let reason = reason.trim();
    if reason.is_empty() && !optional {
        return Err(Problem::invalid("请写明原因 (say why)"));
    }
    if reason.chars().count() > LONGEST_REASON {
        return Err(Problem::invalid(format!("原因最多 {LONGEST_REASON} 字 (the reason is too long)")));
    }
    Ok(if reason.is_empty() { "新建".to_owned() } else { reason.to_owned() })
}

pub(super) fn event_of(actor: &Actor, record: &Record, reason: &str) -> EventDraft {
    EventDraft {
        kind: if record.deleted.is_some() { "register.record_deleted" } else { "register.record_written" },
        actor: actor.id.to_string(),
        subject: record.id.to_string(),
        payload: serde_json::json!({
            "ledger": record.ledger, "key": record.content.key, "revision": record.revision, "reason": reason,
        }),
    }
}
