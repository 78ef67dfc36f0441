//! Changing what ledgers are made of: check against what records say → save as a revision → exchange the catalog.

use std::sync::{Arc, PoisonError};

use kernel::{Action, Actor, ErrorCode, EventDraft, Problem, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};
use store::event_log;

use super::standing::{Standing, indexed};
use super::write::reason_of;
use super::{Register, refuse};
use crate::catalog::{Catalog, Origin, Part, PartKind};
use crate::cell;
use crate::design::rows::{self as design_rows, DefinitionRevision};
use crate::design::{DesignChange, Effect, Tally, compare_codes, compare_ledgers, rules, text, uses_of};
use crate::problem::PackProblem;
use crate::record::Content;
use crate::rows;

/// A definition that somebody wants, as TOML or as JSON.
#[derive(Clone, Debug, Default, Deserialize, schemars::JsonSchema)]
pub struct DesignDraft {
    /// TOML; counts before `design`.
    pub text: Option<String>,
    pub design: Option<Map<String, Value>>,
}

/// What saving needs beside the definition.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
pub struct DesignSave {
    #[serde(flatten)]
    pub draft: DesignDraft,
    /// Why it is changed.
    pub reason: String,
    /// Revision of the definition that was seen; 0 for a new one.
    pub revision: i64,
    /// Paths of the changes that were shown and are accepted.
    #[serde(default)]
    pub accepted: Vec<String>,
}

/// What going back needs.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
pub struct DesignBack {
    pub reason: String,
    /// Revision of the definition that was seen.
    pub revision: i64,
    /// Paths of the changes that were shown and are accepted.
    #[serde(default)]
    pub accepted: Vec<String>,
}

/// What became of a check.
#[derive(Clone, Debug)]
pub struct DesignCheck {
    pub part: Part,
    /// The definition as TOML and as JSON.
    pub text: String,
    pub design: Map<String, Value>,
    /// Why it cannot be a definition at all.
    pub problems: Vec<PackProblem>,
    pub changes: Vec<DesignChange>,
    /// All definitions as they would be; none when there are problems.
    pub catalog: Option<Arc<Catalog>>,
    /// Records of the ledger, living or deleted.
    pub records: i64,
}

impl DesignCheck {
    /// Paths of the changes that must be accepted.
    pub fn to_accept(&self) -> Vec<&str> {
        to_accept(&self.changes)
    }

    pub fn refused(&self) -> bool {
        !self.problems.is_empty() || self.changes.iter().any(|change| change.effect == Effect::Refused)
    }
}

/// A definition that holds, with its history.
#[derive(Clone, Debug)]
pub struct Designed {
    pub part: Part,
    pub origin: Option<Origin>,
    pub text: Option<String>,
    /// What the release or the pack says.
    pub base: Option<String>,
    /// The base is not what it was when the designer wrote.
    pub base_changed: bool,
    /// Why the designer's definition does not hold under this release; then the base does.
    pub problems: Vec<PackProblem>,
    /// Newest first.
    pub revisions: Vec<DefinitionRevision>,
}

/// Revisions of one definition that are shown.
pub const MOST_REVISIONS: i64 = 200;
/// Records that are looked at between two questions to the store.
const PAGE: i64 = 2_000;

impl Register {
    /// Every ledger and code list with where its definition comes from.
    pub fn designs(&self, actor: &Actor) -> Result<Vec<Designed>, Problem> {
        need(actor)?;
        let newest = self.store.read(|reader| design_rows::newest(reader, self.division))?;
        let state = self.state.load();
        let gone = newest.iter().filter(|row| state.catalog.source(&row.part).is_none()).map(|row| &row.part);
        let parts = state.catalog.sources().map(|(part, _)| part).chain(gone);
        Ok(parts
            .map(|part| {
                let row = newest.iter().find(|row| row.part == *part);
                self.designed(part, row.cloned().into_iter().collect())
            })
            .collect())
    }

    /// One of them with its revisions.
    pub fn design(&self, actor: &Actor, part: &Part) -> Result<Designed, Problem> {
        need(actor)?;
        let revisions = self.store.read(|reader| design_rows::of(reader, self.division, part, MOST_REVISIONS))?;
        let designed = self.designed(part, revisions);
        if designed.revisions.is_empty() && designed.text.is_none() {
            return Err(Problem::not_found(format!("没有“{}” (no such definition)", part.file())));
        }
        Ok(designed)
    }

    fn designed(&self, part: &Part, revisions: Vec<DefinitionRevision>) -> Designed {
        let state = self.state.load();
        let source = state.catalog.source(part);
        let base = state.base.source(part).map(|source| source.text.to_string());
        let written = revisions.first().filter(|row| row.origin == Origin::Designer);
        Designed {
            origin: source.map(|source| source.origin),
            text: source.map(|source| source.text.to_string()),
            base_changed: written.is_some_and(|row| row.base != base),
            problems: state
                .broken
                .iter()
                .find(|(known, _)| known == part)
                .map(|(_, problems)| problems.clone())
                .unwrap_or_default(),
            part: part.clone(),
            base,
            revisions,
        }
    }

    /// Says what a definition would change, and writes nothing.
    pub fn check_design(&self, actor: &Actor, kind: PartKind, draft: &DesignDraft) -> Result<DesignCheck, Problem> {
        need(actor)?;
        let _held = self.schema.read().unwrap_or_else(PoisonError::into_inner);
        self.checked(kind, draft)
    }

    /// Saves a definition; it holds from then on.
    pub fn save_design(
        &self,
        actor: &Actor,
        kind: PartKind,
        save: &DesignSave,
        now: Timestamp,
    ) -> Result<DesignCheck, Problem> {
        need(actor)?;
        let reason = reason_of(&save.reason, false)?;
        // Nobody writes a record between the look at the records and the exchange of the definition.
        let _held = self.schema.write().unwrap_or_else(PoisonError::into_inner);
        let check = self.checked(kind, &save.draft)?;
        let Some(catalog) = check.catalog.clone() else {
            let found = super::check::listed(&check.problems);
            return Err(Problem::invalid(format!("定义有误：{found} (the definition is wrong)")));
        };
        refuse_open(&check.changes, &save.accepted)?;
        if check.changes.is_empty() {
            return Err(Problem::new(ErrorCode::NoTransition, "没有改动 (nothing is changed)"));
        }
        self.put(
            actor,
            &check.part,
            Some(check.text.clone()),
            &catalog,
            (save.revision, &reason, &save.accepted),
            now,
        )?;
        Ok(check)
    }

    /// Goes back to what the release or the pack says; a ledger that neither knows is taken away.
    pub fn withdraw_design(
        &self,
        actor: &Actor,
        part: &Part,
        back: &DesignBack,
        now: Timestamp,
    ) -> Result<Vec<DesignChange>, Problem> {
        need(actor)?;
        let reason = reason_of(&back.reason, false)?;
        let _held = self.schema.write().unwrap_or_else(PoisonError::into_inner);
        let (catalog, base) = {
            let state = self.state.load();
            (Arc::clone(&state.catalog), Arc::clone(&state.base))
        };
        let source = base.source(part);
        let broken = self.state.load().broken.iter().any(|(known, _)| known == part);
        if !broken && catalog.source(part).is_none_or(|source| source.origin != Origin::Designer) {
            let what = "现在用的就不是台账设计里的定义 (no designer's definition is in force)";
            return Err(Problem::new(ErrorCode::NoTransition, what));
        }
        if broken && source.is_none() && part.kind == PartKind::Ledger {
            let records = self.store.read(|reader| rows::count_of(reader, self.division, &part.id))?;
            if records > 0 {
                let what = format!("还有 {records} 条记录，不能去掉 (there are {records} records)");
                return Err(Problem::new(ErrorCode::NoTransition, what));
            }
        }
        let standing = catalog
            .with(&[(part.clone(), source.map(|source| Arc::clone(&source.text)))])
            .map_err(|problems| Problem::invalid(super::check::listed(&problems)))?;
        // What the designer wrote is no base of what takes its place, so nothing is held against it but records; and
        // the version may go down.
        let differences = differences(part, &catalog, &standing, None);
        let mut changes = self.tallied(differences, &standing)?;
        changes.retain(|change| change.path != "version");
        refuse_open(&changes, &back.accepted)?;
        self.put(actor, part, None, &standing, (back.revision, &reason, &back.accepted), now)?;
        Ok(changes)
    }

    fn checked(&self, kind: PartKind, draft: &DesignDraft) -> Result<DesignCheck, Problem> {
        let (catalog, base) = {
            let state = self.state.load();
            (Arc::clone(&state.catalog), Arc::clone(&state.base))
        };
        let toml = match (&draft.text, &draft.design) {
            (Some(text), _) => text.clone(),
            (None, Some(design)) => text::to_toml(design).map_err(Problem::invalid)?,
            (None, None) => return Err(Problem::invalid("要给出 text 或 design (give text or design)")),
        };
        if toml.len() > text::LONGEST {
            let what = format!("定义超过 {} KiB (the definition is too long)", text::LONGEST >> 10);
            return Err(Problem::new(ErrorCode::TooLarge, what));
        }
        let design = cell::from_toml(&toml).map(|table| text::to_json(&table)).unwrap_or_default();
        let id = design.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let part = Part { kind, id };
        let mut check = DesignCheck {
            part: part.clone(),
            design,
            problems: Vec::new(),
            changes: Vec::new(),
            catalog: None,
            records: 0,
            text: toml,
        };
        let wanted = match catalog.with(&[(part.clone(), Some(Arc::from(check.text.as_str())))]) {
            Ok(wanted) => wanted,
            Err(problems) => {
                check.problems = problems;
                return Ok(check);
            }
        };
        check.problems = rules::complaints(&wanted, &part);
        if !check.problems.is_empty() {
            return Ok(check);
        }
        check.changes = self.tallied(differences(&part, &catalog, &wanted, Some(&base)), &wanted)?;
        check.records = self.store.read(|reader| rows::count_of(reader, self.division, &part.id))?;
        if check.changes.is_empty() && catalog.source(&part).is_some_and(|source| *source.text != *check.text) {
            // Only words that mean nothing to the program, such as comments.
            check.changes.push(DesignChange {
                path: "text".to_owned(),
                what: kernel::Name::new("只改了写法或注释", "only the writing or comments changed"),
                before: Value::Null,
                after: Value::Null,
                effect: Effect::Fine,
                why: None,
                records: 0,
                examples: Vec::new(),
                complaint: None,
            });
        }
        check.catalog = Some(Arc::new(wanted));
        Ok(check)
    }

    /// Asks the records what the differences depend on.
    fn tallied(
        &self,
        differences: Vec<crate::design::Difference>,
        wanted: &Catalog,
    ) -> Result<Vec<DesignChange>, Problem> {
        let mut tally = Tally::new(differences, wanted);
        for ledger in tally.ledgers() {
            self.each_content(&ledger, &mut |_, content, deleted| {
                tally.see(&ledger, content, deleted);
                Ok(())
            })?;
        }
        Ok(tally.finish())
    }

    /// Every record of a ledger as it is now, living or deleted, some at a time.
    fn each_content(
        &self,
        ledger: &str,
        see: &mut dyn FnMut(kernel::Id, &Content, bool) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let mut after = String::new();
        loop {
            let page = self.store.read(|reader| rows::page_of_all(reader, self.division, ledger, &after, PAGE))?;
            let Some(last) = page.last() else { return Ok(()) };
            after.clone_from(&last.content.key);
            for record in &page {
                see(record.id, &record.content, record.deleted.is_some())?;
            }
        }
    }

    /// Writes a revision with its event, indexes again what must be, and exchanges the catalog. `None` for the text:
    /// what the catalog says of the part now is not the designer's.
    fn put(
        &self,
        actor: &Actor,
        part: &Part,
        text: Option<String>,
        catalog: &Catalog,
        (revision, reason, accepted): (i64, &str, &[String]),
        now: Timestamp,
    ) -> Result<(), Problem> {
        let (old, base) = {
            let state = self.state.load();
            (Arc::clone(&state.catalog), Arc::clone(&state.base))
        };
        let base_text = base.source(part).map(|source| source.text.to_string());
        let base_origin = base.source(part).map_or(Origin::BuiltIn, |source| source.origin);
        let origin = if text.is_some() { Origin::Designer } else { base_origin };
        self.store.write(|transaction| {
            let known = design_rows::of(transaction.as_reader(), self.division, part, 1)?;
            let newest = known.first().map_or(0, |row| row.revision);
            if newest != revision {
                let what = format!("现在是第 {newest} 版，您看到的是第 {revision} 版 (it has been revised)");
                return Err(refuse(Problem::new(ErrorCode::RevisionConflict, what)));
            }
            let row = DefinitionRevision {
                part: part.clone(),
                revision: newest + 1,
                at: now,
                actor: actor.id.to_string(),
                actor_name: actor.name.clone(),
                reason: reason.to_owned(),
                origin,
                text: text.clone().or_else(|| base_text.clone()),
                base: text.is_some().then(|| base_text.clone()).flatten(),
            };
            design_rows::add(transaction, self.division, &row)?;
            let event = EventDraft {
                kind: "register.definition_changed",
                actor: actor.id.to_string(),
                subject: part.file(),
                payload: serde_json::json!({
                    "revision": row.revision, "origin": origin.name(), "reason": reason, "accepted": accepted,
                }),
            };
            event_log::append(transaction, self.division, now, &[event])?;
            let before = old.ledger(&part.id).filter(|_| part.kind == PartKind::Ledger);
            let after = catalog.ledger(&part.id).filter(|_| part.kind == PartKind::Ledger);
            if let (Some(before), Some(after)) = (before, after)
                && indexed(before) != indexed(after)
            {
                design_rows::note_indexing(transaction, self.division, &part.id)?;
            }
            Ok(())
        })?;
        let newest = self.store.read(|reader| design_rows::newest(reader, self.division))?;
        let standing = Standing::of(&base, &newest);
        let done = self.index_noted(&standing.catalog);
        self.exchange(&base, standing)?;
        done
    }
}

fn need(actor: &Actor) -> Result<(), Problem> {
    if actor.may(Action::DesignLedgers, None) {
        return Ok(());
    }
    Err(Problem::new(
        ErrorCode::NotAllowed,
        "只有系统管理员能设计台账 (ledgers are designed by the system administrator)",
    ))
}

fn to_accept(changes: &[DesignChange]) -> Vec<&str> {
    let open = changes.iter().filter(|change| change.effect == Effect::Accept);
    open.map(|change| change.path.as_str()).collect()
}

fn refuse_open(changes: &[DesignChange], accepted: &[String]) -> Result<(), Problem> {
    let said = |change: &DesignChange| {
        let why = change.why.as_ref().map(|why| format!("：{}", why.zh)).unwrap_or_default();
        format!("{}{why} / {} ({}, {})", change.what.zh, change.what.en, change.path, change.records)
    };
    let refused: Vec<String> = changes.iter().filter(|change| change.effect == Effect::Refused).map(said).collect();
    if !refused.is_empty() {
        let what = format!("不能这样改：{} (refused)", refused.join("；"));
        return Err(Problem::new(ErrorCode::NoTransition, what));
    }
    let mut open = to_accept(changes);
    open.retain(|path| !accepted.iter().any(|known| known == path));
    if !open.is_empty() {
        return Err(Problem::invalid(format!("须确认：{} (to be accepted)", open.join(", "))));
    }
    Ok(())
}

fn differences(
    part: &Part,
    old: &Catalog,
    new: &Catalog,
    base: Option<&Arc<Catalog>>,
) -> Vec<crate::design::Difference> {
    let id = part.id.as_str();
    match part.kind {
        PartKind::Ledger => compare_ledgers(old.ledger(id), new.ledger(id), base.and_then(|base| base.ledger(id))),
        PartKind::Codes => {
            let uses = uses_of(new.ledgers(), id);
            compare_codes(old.code_list(id), new.code_list(id), base.and_then(|base| base.code_list(id)), &uses)
        }
    }
}
