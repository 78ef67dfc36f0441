//! Who decides on an entry, and what follows from it. What an entry was checked against may have changed while it
//! waited, so the life cycle, corrections, appeals and retractions are looked at again here, in the transaction that
//! decides.

use kernel::{Action, Actor, ErrorCode, Id, Problem, Timestamp};
use serde_json::json;
use store::{Reader, Transaction, event_log};

use super::author::answers_for;
use super::enter::event;
use super::entry_rules::{may_be_opened, may_be_replaced, may_be_retracted, may_stand};
use super::{Loaded, Plan};
use crate::item::{Content, Item, State};
use crate::rows;

/// The entries that a decision is about beside the entry itself, as they are in the transaction.
struct Around {
    /// All of the entry's subject.
    own: Vec<Item>,
    /// What an appeal or a retraction is about.
    about: Option<Item>,
    /// What a correction takes the place of.
    replaced: Option<Item>,
}

fn refuse<T>(code: ErrorCode, why: &str) -> Result<T, Problem> {
    Err(Problem::new(code, why))
}

impl Plan {
    /// Approves, returns or withdraws. Nobody approves what they entered; only the author withdraws; nobody decides an
    /// appeal against their own decision.
    pub fn decide(&self, actor: &Actor, id: Id, to: State, note: &str, now: Timestamp) -> Result<Item, Problem> {
        let loaded = self.loaded();
        let decided = self.store.write(|transaction| {
            let reader = transaction.as_reader();
            let mut item = self.stored(reader, id)?;
            may_decide(actor, &item, to, note)?;
            let around = self.around(reader, &item)?;
            if to != State::Withdrawn {
                fair(&loaded, actor, &item, &around)?;
            }
            if to == State::Approved {
                self.still_fits(&loaded, &item, &around, now)?;
            }
            item.state = to;
            item.decided_by = Some(actor.id);
            item.decided_name = Some(actor.name.clone());
            item.decided_at = Some(now);
            item.decision_note = note.to_owned();
            let book = Book { plan: self, loaded: &loaded, actor, now };
            book.keep(transaction, "plan.item_decided", &item)?;
            if to == State::Approved {
                book.follow(transaction, &item, around)?;
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

    fn stored(&self, reader: &dyn Reader, id: Id) -> Result<Item, Problem> {
        let found = rows::item(reader, self.division, id)?;
        found.ok_or_else(|| Problem::not_found(format!("没有条目 {id} (no such item)")))
    }

    fn around(&self, reader: &dyn Reader, item: &Item) -> Result<Around, Problem> {
        let about = match &item.content {
            Content::Appeal { of, .. } | Content::Retraction { of, .. } => Some(self.stored(reader, *of)?),
            _ => None,
        };
        let replaced = item.replaces.map(|id| self.stored(reader, id)).transpose()?;
        Ok(Around { own: rows::items_of(reader, self.division, &item.subject)?, about, replaced })
    }

    /// Whether an entry can be approved beside what has come since it was entered.
    fn still_fits(&self, loaded: &Loaded, item: &Item, around: &Around, now: Timestamp) -> Result<(), Problem> {
        let refs: Vec<&Item> = around.own.iter().collect();
        match (&item.content, &around.about) {
            (Content::Stage { to }, _) => {
                self.may_go(&around.own, &item.subject, to, item.replaces, now)?;
            }
            (Content::Report { body, .. }, _) if !answers_for(loaded, &item.subject, body, &around.own) => {
                return refuse(ErrorCode::NoTransition, "这个单位已不承担此事项 (the body has no part in it any more)");
            }
            (Content::Appeal { .. }, Some(opened)) => may_be_opened(opened, &refs)?,
            (Content::Retraction { .. }, Some(retracted)) => may_be_retracted(loaded, retracted, &refs)?,
            _ => {}
        }
        let said = (item.subject.as_str(), item.year, &item.content);
        may_stand(loaded, said, &around.own, &[Some(item.id), item.replaces], &now.day().to_iso())?;
        around.replaced.as_ref().map_or(Ok(()), |replaced| may_be_replaced(replaced, &refs))
    }
}

/// Whether the actor may do that with an entry in this state at all.
fn may_decide(actor: &Actor, item: &Item, to: State, note: &str) -> Result<(), Problem> {
    let author = item.entered_by == actor.id;
    match to {
        State::Withdrawn if author => {}
        State::Withdrawn => return refuse(ErrorCode::NotAllowed, "只有填报人能撤回 (only its author withdraws it)"),
        State::Entered | State::Replaced | State::Retracted => {
            return refuse(ErrorCode::NoTransition, "不能这样做 (not possible)");
        }
        State::Approved | State::Returned if !actor.may(Action::ApprovePlan, None) => {
            return refuse(ErrorCode::NotAllowed, "没有审核权限 (needs the right to approve)");
        }
        State::Approved | State::Returned if author => {
            let why = "不能审核自己填的 (nobody approves what they entered)";
            return refuse(ErrorCode::OwnerMayNotClose, why);
        }
        State::Returned if note.trim().is_empty() => {
            return refuse(ErrorCode::InvalidInput, "退回要写理由 (say why it is returned)");
        }
        State::Approved | State::Returned => {}
    }
    if item.state != State::Entered {
        let why = "已经有结论；更正请另填一条 (decided already; enter a correction)";
        return refuse(ErrorCode::NoTransition, why);
    }
    Ok(())
}

/// Whether the actor may be the one who decides: not twice on one thing, not on an appeal against themselves, not on
/// the report of their own body.
fn fair(loaded: &Loaded, actor: &Actor, item: &Item, around: &Around) -> Result<(), Problem> {
    // Kept from the first decision when an appeal opened it again.
    if item.decided_by == Some(actor.id) {
        return refuse(ErrorCode::OwnerMayNotClose, "申诉后由另一人审核 (after an appeal somebody else decides)");
    }
    let own = |body: &str| actor.body.as_deref() == Some(loaded.body_key(body).unwrap_or(body));
    let subject = around.about.as_ref().unwrap_or(item);
    if matches!(&subject.content, Content::Report { body, .. } if own(body)) {
        let why = "不能审核本单位的自评 (nobody decides on the report of their own body)";
        return refuse(ErrorCode::OwnerMayNotClose, why);
    }
    let appealed = around.about.as_ref().filter(|_| matches!(item.content, Content::Appeal { .. }));
    if appealed.is_some_and(|appealed| appealed.decided_by == Some(actor.id)) {
        let why = "不能审核针对自己结论的申诉 (nobody decides an appeal against their own decision)";
        return refuse(ErrorCode::OwnerMayNotClose, why);
    }
    Ok(())
}

/// Writes items with their events.
struct Book<'b> {
    plan: &'b Plan,
    loaded: &'b Loaded,
    actor: &'b Actor,
    now: Timestamp,
}

impl Book<'_> {
    fn keep(&self, transaction: &dyn Transaction, kind: &'static str, item: &Item) -> Result<(), Problem> {
        rows::decide_item(transaction, self.plan.division, item)?;
        event_log::append(transaction, self.plan.division, self.now, &[event(kind, self.actor, item)])?;
        Ok(())
    }

    /// What an approval does to other entries.
    fn follow(&self, transaction: &dyn Transaction, item: &Item, around: Around) -> Result<(), Problem> {
        if let Some(mut replaced) = around.replaced {
            replaced.state = State::Replaced;
            self.keep(transaction, "plan.item_replaced", &replaced)?;
        }
        let Some(mut about) = around.about else { return Ok(()) };
        let counted = about.approved();
        if matches!(item.content, Content::Appeal { .. }) {
            // Open again. Who decided first is kept: somebody else decides now.
            about.state = State::Entered;
            (about.decided_name, about.decided_at) = (None, None);
            about.decision_note = String::new();
            self.keep(transaction, "plan.item_reopened", &about)?;
        } else {
            about.state = State::Retracted;
            self.keep(transaction, "plan.item_retracted", &about)?;
        }
        match counted {
            true => self.give_back(transaction, &about, &around.own),
            false => Ok(()),
        }
    }

    /// What a correction had taken the place of counts again, where it still has its place.
    fn give_back(&self, transaction: &dyn Transaction, gone: &Item, own: &[Item]) -> Result<(), Problem> {
        let before = gone.replaces.map(|id| self.plan.stored(transaction.as_reader(), id)).transpose()?;
        let Some(mut before) = before.filter(|before| before.state == State::Replaced) else { return Ok(()) };
        let said = (before.subject.as_str(), before.year, &before.content);
        may_stand(self.loaded, said, own, &[Some(before.id), Some(gone.id)], &self.now.day().to_iso())?;
        before.state = State::Approved;
        self.keep(transaction, "plan.item_restored", &before)
    }
}
