//! What people enter, and who decides on it.

use kernel::{Action, Actor, ErrorCode, EventDraft, Id, Problem, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use store::event_log;

use super::Plan;
use super::admit::{answers_for, may_be_opened, may_be_replaced, may_be_retracted, may_stand};
use crate::item::{self, Attached, Content, Item, State};
use crate::{portfolio, rows};

/// Largest attached file.
pub const MOST_BYTES: usize = 20 << 20;

/// What somebody wants to enter.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    pub subject: String,
    pub year: i32,
    pub content: Content,
    #[serde(default)]
    pub note: String,
    #[serde(default)]
    pub evidence: Vec<Attached>,
    /// The approved item that this one corrects: it counts no more once this one is approved.
    #[serde(default)]
    pub replaces: Option<Id>,
}

/// Type of a file by its first bytes; only what is harmless to keep.
fn content_type(bytes: &[u8]) -> Option<&'static str> {
    let kinds: [(&[u8], &str); 5] = [
        (b"%PDF-", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        // docx, xlsx
        (b"PK\x03\x04", "application/zip"),
        (b"OFD", "application/ofd"),
    ];
    kinds.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, name)| *name)
}

impl Plan {
    /// May the actor enter things of a subject?
    pub(crate) fn may_enter(&self, actor: &Actor, subject: &str) -> bool {
        (subject.starts_with("project:") && actor.may(Action::InspectProjects, None)) || self.has_part(actor, subject)
    }

    /// Does the actor's body have a part in a subject, or may the actor enter for all?
    pub(super) fn has_part(&self, actor: &Actor, subject: &str) -> bool {
        let loaded = self.loaded();
        actor.may(Action::EditPlan, None)
            || loaded
                .bodies_of(subject)
                .iter()
                .any(|name| actor.may(Action::EditPlan, Some(loaded.body_key(name).unwrap_or(name))))
            || self.items_of(subject).iter().any(|item| match &item.content {
                Content::Assignment { body, .. } if item.approved() => {
                    actor.may(Action::EditPlan, Some(loaded.body_key(body).unwrap_or(body)))
                }
                _ => false,
            })
    }

    /// Keeps a file; returns its hash.
    pub fn keep_file(&self, actor: &Actor, file_name: &str, bytes: &[u8]) -> Result<Attached, Problem> {
        if !actor.may_somewhere(Action::EditPlan) && !actor.may(Action::InspectProjects, None) {
            return Err(Problem::new(ErrorCode::NotAllowed, "没有填报权限 (needs the right to enter)"));
        }
        if bytes.len() > MOST_BYTES {
            return Err(Problem::new(ErrorCode::TooLarge, "文件最大 20 MB (the file is too large)"));
        }
        let kind = content_type(bytes)
            .ok_or_else(|| Problem::invalid("只收 PDF、图片、docx、xlsx、OFD (only PDF, pictures, docx, xlsx, OFD)"))?;
        let hash = hex::encode(Sha256::digest(bytes));
        self.store.write(|transaction| rows::add_file(transaction, self.division, &hash, kind, bytes))?;
        Ok(Attached { hash, file_name: clean(file_name) })
    }

    pub fn file(&self, hash: &str) -> Result<(String, Vec<u8>), Problem> {
        let found = self.store.read(|reader| rows::file(reader, self.division, hash))?;
        found.ok_or_else(|| Problem::not_found("没有这个附件 (no such file)"))
    }

    /// Enters an item; it counts once somebody else has approved it.
    pub fn enter(&self, actor: &Actor, draft: Draft, now: Timestamp) -> Result<Item, Problem> {
        let loaded = self.loaded();
        if !loaded.exists(&draft.subject) {
            return Err(Problem::not_found(format!("没有 {} (no such subject)", draft.subject)));
        }
        let mut draft = draft;
        loaded.with_known_spelling(&mut draft.content);
        let may = match &draft.content {
            Content::Assignment { .. } | Content::Target { .. } => actor.may(Action::EditPlan, None),
            // Of one's own, whatever one has a part in now.
            Content::Appeal { .. } | Content::Retraction { .. } => {
                actor.may_somewhere(Action::EditPlan) || actor.may(Action::InspectProjects, None)
            }
            _ => self.may_enter(actor, &draft.subject),
        };
        if !may {
            return Err(Problem::new(
                ErrorCode::NotAllowed,
                "只能填本单位承担的事项 (only what your body is responsible for)",
            ));
        }
        item::check(&draft.subject, &draft.content, &draft.note, &draft.evidence)?;
        self.admit(actor, &draft, now)?;
        let item = Item {
            id: self.ids.next(now),
            subject: draft.subject,
            year: draft.year,
            content: draft.content,
            note: draft.note,
            evidence: draft
                .evidence
                .into_iter()
                .map(|file| Attached { file_name: clean(&file.file_name), hash: file.hash })
                .collect(),
            replaces: draft.replaces,
            state: State::Entered,
            entered_by: actor.id,
            entered_name: actor.name.clone(),
            body: actor.body.clone(),
            entered_at: now,
            decided_by: None,
            decided_name: None,
            decided_at: None,
            decision_note: String::new(),
        };
        self.store.write(|transaction| {
            for file in &item.evidence {
                if !rows::has_file(transaction.as_reader(), self.division, &file.hash)? {
                    return Err(Problem::not_found(format!("没有附件 {} (upload it first)", file.hash)).into());
                }
            }
            // Of two at once the second sees the first.
            let own = rows::items_of(transaction.as_reader(), self.division, &item.subject)?;
            let said = (item.subject.as_str(), item.year, &item.content);
            may_stand(&loaded, said, &own, &[item.replaces], &now.day().to_iso())?;
            rows::add_item(transaction, self.division, &item)?;
            event_log::append(transaction, self.division, now, &[event("plan.item_entered", actor, &item)])?;
            Ok(())
        })?;
        self.reload_items()?;
        self.announce(json!({ "item": item.id, "subject": item.subject }), now);
        Ok(item)
    }

    /// A body's report about itself.
    fn is_about_own_body(&self, actor: &Actor, item: &Item) -> bool {
        let loaded = self.loaded();
        let own = |body: &str| actor.body.as_deref() == Some(loaded.body_key(body).unwrap_or(body));
        matches!(&item.content, Content::Report { body, .. } if own(body))
    }

    /// State of a project now.
    pub fn project_state(&self, subject: &str, now: Timestamp) -> Result<portfolio::ProjectState, Problem> {
        let loaded = self.loaded();
        let number = subject.strip_prefix("project:").and_then(|number| number.parse().ok());
        let project = loaded.project(number.ok_or_else(|| Problem::not_found("没有这个项目 (no such project)"))?)?;
        let items = self.items();
        let own: Vec<&Item> = items.iter().filter(|item| item.subject == subject).collect();
        Ok(portfolio::state(project, &own, &loaded.rules, &loaded.townships, &now.day().to_iso()))
    }

    /// Approves, returns or withdraws. Nobody approves what they entered; only the author withdraws; nobody decides an
    /// appeal against their own decision. What an entry was checked against may have changed while it waited, so the
    /// life cycle, corrections and appeals are looked at again, in the transaction that decides.
    pub fn decide(&self, actor: &Actor, id: Id, to: State, note: &str, now: Timestamp) -> Result<Item, Problem> {
        let decided = self.store.write(|transaction| {
            let found = rows::item(transaction.as_reader(), self.division, id)?;
            let mut item = found.ok_or_else(|| Problem::not_found(format!("没有条目 {id} (no such item)")))?;
            let refuse = |code, why: &str| Err(Problem::new(code, why).into());
            match to {
                State::Withdrawn if item.entered_by == actor.id => {}
                State::Withdrawn => {
                    return refuse(ErrorCode::NotAllowed, "只有填报人能撤回 (only its author withdraws it)");
                }
                State::Entered | State::Replaced | State::Retracted => {
                    return refuse(ErrorCode::NoTransition, "不能这样做 (not possible)");
                }
                State::Approved | State::Returned => {
                    if !actor.may(Action::ApprovePlan, None) {
                        return refuse(ErrorCode::NotAllowed, "没有审核权限 (needs the right to approve)");
                    }
                    if item.entered_by == actor.id {
                        return refuse(
                            ErrorCode::OwnerMayNotClose,
                            "不能审核自己填的 (nobody approves what they entered)",
                        );
                    }
                    if to == State::Returned && note.trim().is_empty() {
                        return refuse(ErrorCode::InvalidInput, "退回要写理由 (say why it is returned)");
                    }
                }
            }
            if item.state != State::Entered {
                return refuse(
                    ErrorCode::NoTransition,
                    "已经有结论；更正请另填一条 (decided already; enter a correction)",
                );
            }
            // Kept from the first decision when an appeal opened it again.
            if to != State::Withdrawn && item.decided_by == Some(actor.id) {
                let why = "申诉后由另一人审核 (after an appeal somebody else decides)";
                return refuse(ErrorCode::OwnerMayNotClose, why);
            }
            let reader = transaction.as_reader();
            let other = |id: Id| -> Result<Item, Problem> {
                let found = rows::item(reader, self.division, id)?;
                found.ok_or_else(|| Problem::not_found(format!("没有条目 {id} (no such item)")))
            };
            let about = match &item.content {
                Content::Appeal { of, .. } | Content::Retraction { of, .. } => Some(other(*of)?),
                _ => None,
            };
            if matches!(to, State::Approved | State::Returned)
                && self.is_about_own_body(actor, about.as_ref().unwrap_or(&item))
            {
                let why = "不能审核本单位的自评 (nobody decides on the report of their own body)";
                return refuse(ErrorCode::OwnerMayNotClose, why);
            }
            let loaded = self.loaded();
            let own = rows::items_of(reader, self.division, &item.subject)?;
            let refs: Vec<&Item> = own.iter().collect();
            let today = now.day().to_iso();
            if to == State::Approved {
                if let Content::Stage { to: stage } = &item.content {
                    self.may_go(&own, &item.subject, stage, item.replaces, now)?;
                }
                if let Content::Report { body, .. } = &item.content
                    && !answers_for(&loaded, &item.subject, body, &own)
                {
                    let why = "这个单位已不承担此事项 (the body has no part in it any more)";
                    return refuse(ErrorCode::NoTransition, why);
                }
                let said = (item.subject.as_str(), item.year, &item.content);
                may_stand(&loaded, said, &own, &[Some(item.id), item.replaces], &today)?;
            }
            // What comes back must still have its place.
            let comes_back = |before: &Item, gone: Id| {
                let said = (before.subject.as_str(), before.year, &before.content);
                may_stand(&loaded, said, &own, &[Some(before.id), Some(gone)], &today)
            };
            let replaced = item.replaces.filter(|_| to == State::Approved).map(other).transpose()?;
            if let Some(replaced) = &replaced {
                may_be_replaced(replaced, &refs)?;
            }
            let opened = match (&item.content, to) {
                (Content::Appeal { of, .. }, State::Approved | State::Returned) => {
                    let opened = other(*of)?;
                    if opened.decided_by == Some(actor.id) {
                        let why = "不能审核针对自己结论的申诉 (nobody decides an appeal against their own decision)";
                        return refuse(ErrorCode::OwnerMayNotClose, why);
                    }
                    if to == State::Approved {
                        may_be_opened(&opened, &refs)?;
                    }
                    Some(opened).filter(|_| to == State::Approved)
                }
                _ => None,
            };
            let retracted = match (&item.content, to) {
                (Content::Retraction { of, .. }, State::Approved) => {
                    let retracted = other(*of)?;
                    may_be_retracted(&loaded, &retracted, &refs)?;
                    Some(retracted)
                }
                _ => None,
            };
            item.state = to;
            item.decided_by = Some(actor.id);
            item.decided_name = Some(actor.name.clone());
            item.decided_at = Some(now);
            item.decision_note = note.to_owned();
            rows::decide_item(transaction, self.division, &item)?;
            event_log::append(transaction, self.division, now, &[event("plan.item_decided", actor, &item)])?;
            let keep = |kind: &'static str, other: &Item| -> Result<(), Problem> {
                rows::decide_item(transaction, self.division, other)?;
                event_log::append(transaction, self.division, now, &[event(kind, actor, other)])?;
                Ok(())
            };
            if let Some(mut replaced) = replaced {
                replaced.state = State::Replaced;
                keep("plan.item_replaced", &replaced)?;
            }
            // A granted appeal opens the decision again; a correction that is opened gives its place back.
            if let Some(mut opened) = opened {
                let before = opened.replaces.filter(|_| opened.approved()).map(other).transpose()?;
                opened.state = State::Entered;
                // Who decided first is kept: somebody else decides now.
                (opened.decided_name, opened.decided_at) = (None, None);
                opened.decision_note = String::new();
                keep("plan.item_reopened", &opened)?;
                if let Some(mut before) = before.filter(|before| before.state == State::Replaced) {
                    comes_back(&before, opened.id)?;
                    before.state = State::Approved;
                    keep("plan.item_restored", &before)?;
                }
            }
            // What a retracted correction had corrected counts again.
            if let Some(mut retracted) = retracted {
                let before = retracted.replaces.map(other).transpose()?;
                retracted.state = State::Retracted;
                keep("plan.item_retracted", &retracted)?;
                if let Some(mut before) = before.filter(|before| before.state == State::Replaced) {
                    comes_back(&before, retracted.id)?;
                    before.state = State::Approved;
                    keep("plan.item_restored", &before)?;
                }
            }
            Ok(item)
        })?;
        let this_year = super::facts::year_of(now);
        let before = self.lights(now);
        self.reload_items()?;
        if matches!(decided.content, Content::Quantity { .. } | Content::Appeal { .. } | Content::Retraction { .. }) {
            self.touch(&["project."], None);
            self.refresh(false, now)?;
        }
        self.tell_lights(&before, this_year, now)?;
        self.announce(json!({ "item": decided.id, "subject": decided.subject }), now);
        Ok(decided)
    }
}

/// A file name without what paths and pages trip over.
fn clean(file_name: &str) -> String {
    let clean: String =
        file_name.chars().filter(|letter| !letter.is_control() && !"/\\:*?\"<>|".contains(*letter)).take(120).collect();
    if clean.is_empty() { "附件".into() } else { clean }
}

fn event(kind: &'static str, actor: &Actor, item: &Item) -> EventDraft {
    EventDraft {
        kind,
        actor: actor.id.to_string(),
        subject: item.subject.clone(),
        payload: json!({
            "item": item.id, "year": item.year, "content": item.content, "note": item.note, "state": item.state,
            "evidence": item.evidence, "decision_note": item.decision_note, "replaces": item.replaces,
        }),
    }
}
