//! Revisions of the plan's files: what is in force, what waits, and what differs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kernel::{Action, Actor, Division, ErrorCode, EventDraft, Facts, Problem, Timestamp};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use store::{Store, StoreError, event_log};

use super::facts::year_of;
use super::{Plan, writing};
use crate::evaluate::{Book, Sheet};
use crate::item::{Content, Item};
use crate::model::{self, Indicator, Project, Task};
use crate::portfolio::{self, ProjectState, QUANTITY};
use crate::report::Report;
use crate::rows::{self, Revision};
use crate::scheme::Rules;
use crate::site::{self, Township};
use crate::source::{Files, Source};

/// A revision, read.
#[derive(Debug)]
pub struct Loaded {
    pub revision: i64,
    pub plan: model::Plan,
    pub indicators: Vec<Indicator>,
    pub projects: Vec<Project>,
    pub tasks: Vec<Task>,
    /// Key of a body and its name.
    pub bodies: Vec<(String, String)>,
    /// Townships and streets, with their centres where the pack has them.
    pub townships: Vec<Township>,
    pub rules: Rules,
    pub report: Report,
    pub files: Files,
    /// Other spellings of bodies (`also_written`) with the name that stands for them.
    aliases: BTreeMap<String, String>,
    /// Subjects that a later revision brought, with when it was loaded.
    pub later: BTreeMap<String, Timestamp>,
    /// When the first revision was loaded: before that nobody could report here.
    pub since: Timestamp,
    /// Why the files that the pack has now could not be read; the revision in force stays.
    pub unreadable: Option<String>,
    book: Arc<Book>,
}

/// A revision as a list shows it.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct RevisionView {
    pub number: i64,
    pub hash: String,
    pub loaded_at: Timestamp,
    pub state: String,
    /// What differs from the revision before.
    pub changes: Vec<String>,
    pub approved_by: Option<String>,
    pub approved_at: Option<Timestamp>,
    pub note: String,
}

/// What files of a plan are read with.
pub(super) struct With<'w> {
    pub facts: &'w Facts,
    /// `county.toml`, for the names of the county: no part of a plan and of its revisions.
    pub county: &'w Files,
    /// Since when anybody could report here.
    pub since: Timestamp,
    pub now: Timestamp,
}

impl Loaded {
    /// Indicators of this plan; what the plan before ended with asks nothing of anybody.
    pub fn own_indicators(&self) -> impl Iterator<Item = &crate::model::Indicator> {
        self.indicators.iter().filter(|indicator| !indicator.ended_before(self.plan.period[0]))
    }

    /// `stored`: files that were taken before, perhaps by a release that asked less of them.
    fn read(revision: i64, files: Files, with: &With<'_>, stored: bool) -> Result<Self, Problem> {
        let mut findings = Vec::new();
        // As `qingshan check` does it: names of the county are none that tell two things apart.
        let checked = files.iter().chain(with.county).map(|(name, text)| (name.clone(), text.clone())).collect();
        let report = crate::check_with(&checked, None, Some(with.now.day()));
        let source = Source::read(&files, &mut findings);
        let unreadable = findings.iter().find(|finding| finding.code == "PL002");
        if let Some(finding) = unreadable {
            let at = finding.at;
            return Err(Problem::invalid(format!("{}:{}:{}: {}", finding.file, at.line, at.column, finding.what.zh)));
        }
        let plan = source.plan.ok_or_else(|| Problem::invalid("数据包没有 plan/plan.toml (no plan in the pack)"))?;
        let indicators: Vec<Indicator> =
            source.indicators.indicators.into_iter().map(|item| item.into_inner()).collect();
        let projects = source.projects.projects.into_iter().map(|item| item.into_inner()).collect();
        let tasks = source.tasks.tasks.into_iter().map(|item| item.into_inner()).collect();
        let known = with.facts.describe();
        let exists = |name: &str| name == QUANTITY || known.iter().any(|fact| fact.name == name);
        let book = Arc::new(Book::new(&indicators, &exists));
        let rules = if stored { Rules::read_stored(&files)? } else { Rules::read(&files)? };
        let (bodies, townships) = (bodies(&files), site::townships(&files));
        let aliases = crate::source::body_aliases(&files);
        Ok(Self {
            revision,
            plan,
            indicators,
            projects,
            tasks,
            bodies,
            townships,
            rules,
            report,
            book,
            files,
            aliases,
            later: BTreeMap::new(),
            since: with.since,
            unreadable: None,
        })
    }

    /// One body, one name: another spelling of it in an entry is replaced.
    pub(super) fn with_known_spelling(&self, content: &mut Content) {
        if let Content::Assignment { body, .. } | Content::Report { body, .. } = content
            && let Some(name) = self.aliases.get(body.trim())
        {
            body.clone_from(name);
        }
    }

    /// What duties come from.
    pub fn ground<'g>(&'g self, items: &'g [Item]) -> crate::duty::Ground<'g> {
        crate::duty::Ground {
            projects: self.projects.iter().collect(),
            tasks: self.tasks.iter().collect(),
            indicators: self.own_indicators().collect(),
            entries: crate::duty::Entries::new(items),
            rules: &self.rules,
            period: self.plan.period,
            since: self.since,
            later: &self.later,
        }
    }

    /// An empty sheet from the year before the period to the horizon.
    pub fn sheet(&self, now: Timestamp) -> Sheet {
        let last = self.plan.horizon.max(year_of(now)).min(self.plan.period[0] + 60);
        Sheet::new(Arc::clone(&self.book), self.plan.period[0] - 1, last)
    }

    pub fn indicator(&self, id: &str) -> Result<&Indicator, Problem> {
        let found = self.indicators.iter().find(|indicator| indicator.id == id);
        found.ok_or_else(|| Problem::not_found(format!("没有指标“{id}” (no such indicator)")))
    }

    pub fn project(&self, number: u32) -> Result<&Project, Problem> {
        let found = self.projects.iter().find(|project| project.number == number);
        found.ok_or_else(|| Problem::not_found(format!("没有项目 {number} (no such project)")))
    }

    /// The project that a subject (`project:9`) names.
    pub fn project_of(&self, subject: &str) -> Result<&Project, Problem> {
        let number = subject.strip_prefix("project:").and_then(|number| number.parse().ok());
        self.project(number.ok_or_else(|| Problem::not_found("没有这个项目 (no such project)"))?)
    }

    /// State of a project on a day (`2026-11-25`), from these of its items.
    pub fn state_of(&self, project: &Project, items: &[&Item], today: &str) -> ProjectState {
        portfolio::state(project, items, &self.rules, &self.townships, today)
    }

    /// Key of a body by its name, where the pack knows it.
    pub fn body_key(&self, name: &str) -> Option<&str> {
        self.bodies.iter().find(|(_, known)| known == name).map(|(key, _)| key.as_str())
    }

    pub fn body_name(&self, key: &str) -> Option<&str> {
        self.bodies.iter().find(|(known, _)| known == key).map(|(_, name)| name.as_str())
    }

    /// Names of the bodies that a subject belongs to.
    pub fn bodies_of(&self, subject: &str) -> Vec<String> {
        let Some((kind, id)) = subject.split_once(':') else { return Vec::new() };
        match kind {
            "project" => {
                let project = id.parse().ok().and_then(|number| self.project(number).ok());
                project
                    .map(|project| project.lead.iter().chain(&project.cooperating).cloned().collect())
                    .unwrap_or_default()
            }
            "task" => self.tasks.iter().find(|task| task.id == id).map(|task| task.owners.clone()).unwrap_or_default(),
            "indicator" => self.indicator(id).map(|indicator| indicator.bodies.clone()).unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// What a subject is called; itself where the plan no longer has it.
    pub fn name_of(&self, subject: &str) -> String {
        let named = match subject.split_once(':') {
            Some(("project", id)) => {
                id.parse().ok().and_then(|number| self.project(number).ok()).map(|one| format!("{id} {}", one.name))
            }
            Some(("task", id)) => self.tasks.iter().find(|task| task.id == id).map(|task| task.text.clone()),
            Some(("indicator", id)) => self.indicator(id).ok().map(|one| one.name.clone()),
            _ => None,
        };
        named.unwrap_or_else(|| subject.to_owned())
    }

    pub fn exists(&self, subject: &str) -> bool {
        match subject.split_once(':') {
            Some(("project", id)) => id.parse().is_ok_and(|number| self.project(number).is_ok()),
            Some(("task", id)) => self.tasks.iter().any(|task| task.id == id),
            Some(("indicator", id)) => self.indicator(id).is_ok(),
            _ => false,
        }
    }
}

fn bodies(files: &Files) -> Vec<(String, String)> {
    #[derive(serde::Deserialize)]
    struct Body {
        number: String,
        name: String,
    }
    #[derive(serde::Deserialize)]
    struct BodyFile {
        #[serde(default)]
        record: Vec<Body>,
    }
    let read = |(name, text): (&String, &String)| {
        (name.starts_with("bodies/") && name.ends_with(".toml"))
            .then(|| toml::from_str::<BodyFile>(text).ok())
            .flatten()
    };
    files.iter().filter_map(read).flat_map(|file| file.record).map(|body| (body.number, body.name)).collect()
}

fn hash_of(files: &Files) -> String {
    let mut hasher = Sha256::new();
    for (name, text) in files {
        for part in [name, text] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
    }
    hex::encode(hasher.finalize())
}

/// Identifiers of the projects, tasks and indicators in files of a plan.
fn subjects(files: &Files) -> BTreeSet<String> {
    let list = |file: &str, kind: &str, key: &str| -> Vec<String> {
        let table: toml::Table = files.get(file).and_then(|text| toml::from_str(text).ok()).unwrap_or_default();
        let entries = table.get(kind).and_then(toml::Value::as_array).cloned().unwrap_or_default();
        let id = |entry: &toml::Value| match entry.get(key)? {
            toml::Value::String(id) => Some(format!("{kind}:{id}")),
            toml::Value::Integer(number) => Some(format!("{kind}:{number}")),
            _ => None,
        };
        entries.iter().filter_map(id).collect()
    };
    let all = [
        list(crate::source::PROJECTS, "project", "number"),
        list(crate::source::TASKS, "task", "id"),
        list(crate::source::INDICATORS, "indicator", "id"),
    ];
    all.into_iter().flatten().collect()
}

/// Subjects of these files that the first revision did not have, with when the first that had them was loaded (`now`,
/// where none had them yet): nobody could report on them before.
fn later_subjects(
    known: &[Revision],
    number: i64,
    files: &Files,
    now: Timestamp,
) -> Result<BTreeMap<String, Timestamp>, Problem> {
    let mut before: Vec<&Revision> = known.iter().filter(|revision| revision.number <= number).collect();
    before.sort_by_key(|revision| revision.number);
    // The first revision brings nothing later than itself, and its text need not be read twice.
    let Some(start) = before.first().filter(|first| first.number < number).map(|first| first.loaded_at) else {
        return Ok(BTreeMap::new());
    };
    let wanted = subjects(files);
    let mut first: BTreeMap<String, Timestamp> = BTreeMap::new();
    for revision in &before {
        for subject in subjects(&revision.files()?).into_iter().filter(|subject| wanted.contains(subject)) {
            first.entry(subject).or_insert(revision.loaded_at);
        }
    }
    for subject in wanted {
        first.entry(subject).or_insert(now);
    }
    first.retain(|_, since| *since > start);
    Ok(first)
}

/// What the pack offers against what the store holds.
pub fn load(
    store: &Arc<dyn Store>,
    division: Division,
    facts: &Facts,
    (files, county): (Files, &Files),
    now: Timestamp,
) -> Result<Loaded, Problem> {
    let (known, first) = store.read(|reader| -> Result<_, StoreError> {
        Ok((rows::revisions(reader, division)?, rows::first_loaded(reader, division)?))
    })?;
    let in_force = known.iter().find(|revision| revision.state == "in_force");
    let hash = hash_of(&files);
    let with = With { facts, county, since: first.unwrap_or(now), now };
    let stored = |revision: &Revision| -> Result<Loaded, Problem> {
        let files = revision.files()?;
        let later = later_subjects(&known, revision.number, &files, now)?;
        Ok(Loaded { later, ..Loaded::read(revision.number, files, &with, true)? })
    };
    let pending = || known.iter().filter(|revision| revision.state == "pending");
    if let Some(revision) = in_force.filter(|revision| revision.hash == hash) {
        // The files are what is in force again: what waited is offered by nobody any more.
        if pending().next().is_some() {
            store.write(|transaction| {
                pending().try_for_each(|old| {
                    let old = Revision { state: "replaced".into(), ..old.clone() };
                    rows::save_revision(transaction, division, &old)
                })
            })?;
        }
        return stored(revision);
    }
    if let Some(revision) = in_force.filter(|_| pending().any(|known| known.hash == hash)) {
        return stored(revision);
    }
    let number = known.first().map_or(1, |revision| revision.number + 1);
    let offered = match (Loaded::read(number, files, &with, false), in_force) {
        (Ok(offered), _) => {
            let later = later_subjects(&known, number, &offered.files, now)?;
            Loaded { later, ..offered }
        }
        // A slip in one file of the plan keeps nobody from collecting, judging and acting.
        (Err(problem), Some(revision)) => {
            tracing::error!(why = %problem.detail, "数据包的规划文件读不了，沿用已有的修订 (the plan's files cannot be read)");
            return Ok(Loaded { unreadable: Some(problem.detail), ..stored(revision)? });
        }
        (Err(problem), None) => return Err(problem),
    };
    let changes = match in_force {
        Some(revision) => crate::difference::between(&stored(revision)?.files, &offered.files),
        None => vec!["首次装入 (first loaded)".to_owned()],
    };
    // An approved plan never changes silently; one that nobody approved yet is a draft and follows its files.
    let waits = in_force.is_some_and(|revision| revision.approved_at.is_some());
    let revision = Revision {
        number,
        hash: hash.clone(),
        files: serde_json::to_string(&offered.files)
            .map_err(|error| Problem::new(ErrorCode::Internal, format!("keeping the plan: {error}")))?,
        loaded_at: now,
        state: if waits { "pending" } else { "in_force" }.to_owned(),
        changes: serde_json::to_string(&changes)
            .map_err(|error| Problem::new(ErrorCode::Internal, format!("keeping what the plan changes: {error}")))?,
        approved_name: None,
        approved_at: None,
        note: String::new(),
    };
    store.write(|transaction| {
        for old in known.iter().filter(|old| old.state == "pending" || (!waits && old.state == "in_force")) {
            rows::save_revision(transaction, division, &Revision { state: "replaced".into(), ..old.clone() })?;
        }
        rows::save_revision(transaction, division, &revision)?;
        let event = EventDraft {
            kind: "plan.revision_loaded",
            actor: "plan".into(),
            subject: format!("revision:{number}"),
            payload: json!({ "number": number, "hash": hash, "state": revision.state, "changes": changes }),
        };
        event_log::append(transaction, division, now, &[event])?;
        Ok(())
    })?;
    match in_force.filter(|_| waits) {
        Some(revision) => stored(revision),
        None => Ok(offered),
    }
}

impl Plan {
    pub fn revisions(&self) -> Result<Vec<RevisionView>, Problem> {
        let known = self.store.read(|reader| rows::revision_heads(reader, self.division))?;
        let view = |revision: Revision| -> Result<RevisionView, Problem> {
            let unread = |error| {
                let what = format!("reading what plan revision {} changes: {error}", revision.number);
                Problem::new(ErrorCode::Internal, what)
            };
            Ok(RevisionView {
                // What an approver must read is never shown as nothing.
                changes: serde_json::from_str(&revision.changes).map_err(unread)?,
                number: revision.number,
                hash: revision.hash,
                loaded_at: revision.loaded_at,
                state: revision.state,
                approved_by: revision.approved_name,
                approved_at: revision.approved_at,
                note: revision.note,
            })
        };
        known.into_iter().map(view).collect()
    }

    /// Approves a revision: one that waits comes into force, and the one before is kept as replaced.
    pub fn approve_revision(&self, actor: &Actor, number: i64, note: &str, now: Timestamp) -> Result<(), Problem> {
        if !actor.may(Action::ApprovePlan, None) {
            return Err(Problem::new(ErrorCode::NotAllowed, "批准规划需要审批权 (needs the right to approve)"));
        }
        if note.trim().is_empty() {
            return Err(Problem::invalid("请写批准依据 (say by which document)"));
        }
        let with = With { facts: &self.facts, county: &self.county, since: self.loaded().since, now };
        let loaded = self.store.write(|transaction| {
            // In the transaction that approves: of several at once one does.
            let known = rows::revisions(transaction.as_reader(), self.division)?;
            let wanted = known.iter().find(|revision| revision.number == number);
            let wanted = wanted.ok_or_else(|| Problem::not_found(format!("没有修订 {number} (no such revision)")))?;
            if wanted.approved_at.is_some() || wanted.state == "replaced" {
                let what = "这一修订已经批准或被替换 (approved or replaced already)";
                return Err(Problem::new(ErrorCode::NoTransition, what).into());
            }
            let files = wanted.files()?;
            let later = later_subjects(&known, number, &files, now)?;
            let loaded = Loaded { later, ..Loaded::read(number, files, &with, false)? };
            for old in known.iter().filter(|old| old.state == "in_force" && old.number != number) {
                rows::save_revision(transaction, self.division, &Revision { state: "replaced".into(), ..old.clone() })?;
            }
            let approved = Revision {
                state: "in_force".into(),
                approved_name: Some(actor.name.clone()),
                approved_at: Some(now),
                note: note.to_owned(),
                ..wanted.clone()
            };
            rows::save_revision(transaction, self.division, &approved)?;
            let event = EventDraft {
                kind: "plan.revision_approved",
                actor: actor.id.to_string(),
                subject: format!("revision:{number}"),
                payload: json!({ "number": number, "hash": wanted.hash, "note": note }),
            };
            event_log::append(transaction, self.division, now, &[event])?;
            Ok(loaded)
        })?;
        *writing!(self.sheet) = loaded.sheet(now);
        *writing!(self.loaded) = Arc::new(loaded);
        self.take_over_documents();
        self.refresh(true, now)?;
        Ok(())
    }
}
