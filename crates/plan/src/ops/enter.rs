//! What people enter: it counts once somebody else has approved it (`decide.rs`).

use kernel::{Action, Actor, ErrorCode, EventDraft, Id, Problem, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use store::event_log;

use super::Plan;
use super::standing::may_stand;
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

    /// State of a project now.
    pub fn project_state(&self, subject: &str, now: Timestamp) -> Result<portfolio::ProjectState, Problem> {
        let loaded = self.loaded();
        let project = loaded.project_of(subject)?;
        let items = self.items();
        let own: Vec<&Item> = items.iter().filter(|item| item.subject == subject).collect();
        Ok(portfolio::state(project, &own, &loaded.rules, &loaded.townships, &now.day().to_iso()))
    }
}

/// A file name without what paths and pages trip over.
fn clean(file_name: &str) -> String {
    let clean: String =
        file_name.chars().filter(|letter| !letter.is_control() && !"/\\:*?\"<>|".contains(*letter)).take(120).collect();
    if clean.is_empty() { "附件".into() } else { clean }
}

pub(super) fn event(kind: &'static str, actor: &Actor, item: &Item) -> EventDraft {
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
