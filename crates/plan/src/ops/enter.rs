//! What people enter: it counts once somebody else has approved it (`decide.rs`).

use kernel::{Action, Actor, ErrorCode, EventDraft, Id, Problem, Timestamp, upload};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::event_log;

use super::Plan;
use super::entry_rules::may_stand;
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

/// Kinds of papers that are taken: PDF, pictures, and what is packed as zip (docx, xlsx, OFD).
const TAKEN: [&str; 4] = ["application/pdf", "image/png", "image/jpeg", "application/zip"];

impl Plan {
    /// Keeps a file; returns its hash.
    pub fn keep_file(&self, actor: &Actor, file_name: &str, bytes: &[u8]) -> Result<Attached, Problem> {
        if !actor.may_somewhere(Action::EditPlan) && !actor.may(Action::InspectProjects, None) {
            return Err(Problem::new(ErrorCode::NotAllowed, "没有填报权限 (needs the right to enter)"));
        }
        if bytes.len() > MOST_BYTES {
            return Err(Problem::new(ErrorCode::TooLarge, "文件最大 20 MB (the file is too large)"));
        }
        let kind = upload::content_type(bytes)
            .filter(|kind| TAKEN.contains(kind))
            .ok_or_else(|| Problem::invalid("只收 PDF、图片、docx、xlsx、OFD (only PDF, pictures, docx, xlsx, OFD)"))?;
        let hash = upload::hash_of(bytes);
        self.store.write(|transaction| rows::add_file(transaction, self.division, &hash, kind, bytes))?;
        Ok(Attached { hash, file_name: upload::clean_name(file_name) })
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
                .map(|file| Attached { file_name: upload::clean_name(&file.file_name), hash: file.hash })
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
            if rows::item_count(transaction.as_reader(), self.division)? >= rows::MOST_ITEMS {
                let why = format!("填报已满 {} 条 (no more entries are taken)", rows::MOST_ITEMS);
                return Err(Problem::new(ErrorCode::TooLarge, why).into());
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
        Ok(loaded.state_of(project, &own, &now.day().to_iso()))
    }
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
