//! Files → model. Reading never stops at the first mistake: each file that cannot be read is a finding.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Name;
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;

use crate::finding::{Finding, Severity};
use crate::model::{FigureFile, IndicatorFile, ListFile, Plan, PlanFile, ProjectFile, TaskFile, WaiverFile};

/// A thing and the byte range it has in its file.
pub type At<T> = toml::Spanned<T>;

/// Text files by path inside the pack, with `/`.
pub type Files = BTreeMap<String, String>;

/// Line and column, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

pub fn position(text: &str, offset: usize) -> Position {
    let before = &text[..offset.min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    Position { line, column }
}

pub const PLAN: &str = "plan/plan.toml";
pub const PROJECTS: &str = "plan/projects.toml";
pub const INDICATORS: &str = "plan/indicators.toml";
pub const TASKS: &str = "plan/tasks.toml";
pub const LISTS: &str = "plan/lists.toml";
pub const FIGURES: &str = "plan/figures.toml";
pub const WAIVERS: &str = "plan/waivers.toml";

/// The whole plan as read.
#[derive(Debug)]
pub struct Source<'f> {
    pub files: &'f Files,
    pub plan: Option<Plan>,
    pub projects: ProjectFile,
    pub indicators: IndicatorFile,
    pub tasks: TaskFile,
    pub lists: ListFile,
    pub figures: FigureFile,
    pub waivers: WaiverFile,
    /// Names of all bodies (部门、乡镇、企业) of the pack's `bodies/` folder.
    pub bodies: BTreeSet<String>,
    /// Townships and streets of `bodies/`.
    pub townships: BTreeSet<String>,
    /// Names of the county and of what it lies in, from `county.toml`.
    pub county_names: Vec<String>,
    /// Files that are missing or cannot be read; `bodies/` for any of that folder. Rules that need one are skipped.
    pub unread: BTreeSet<&'static str>,
    /// Bodies of projects as the plan writes them, with their place; in `projects` they stand as `bodies/` names them.
    pub written: Vec<(String, Position, String)>,
}

impl<'f> Source<'f> {
    pub fn read(files: &'f Files, findings: &mut Vec<Finding>) -> Self {
        let plan: Option<PlanFile> = read(files, PLAN, findings);
        let (bodies, aliases) = body_names(files);
        let mut source = Self {
            files,
            plan: plan.map(|file| file.plan),
            projects: read(files, PROJECTS, findings).unwrap_or_default(),
            indicators: read(files, INDICATORS, findings).unwrap_or_default(),
            tasks: read(files, TASKS, findings).unwrap_or_default(),
            lists: read(files, LISTS, findings).unwrap_or_default(),
            figures: read(files, FIGURES, findings).unwrap_or_default(),
            waivers: if files.contains_key(WAIVERS) {
                read(files, WAIVERS, findings).unwrap_or_default()
            } else {
                WaiverFile::default()
            },
            townships: crate::site::townships(files).into_iter().map(|township| township.name).collect(),
            county_names: county_names(files),
            unread: BTreeSet::new(),
            bodies,
            written: Vec::new(),
        };
        source.unread = unread(files, findings);
        source.count();
        source.unify(&aliases);
        source
    }

    /// Values of figures: as stated, or counted in lists.
    fn count(&mut self) {
        let lists = &self.lists.lists;
        let entries = |ids: &[String]| -> usize {
            let chosen = lists.iter().map(toml::Spanned::get_ref).filter(|list| ids.contains(&list.id));
            chosen.map(|list| list.items.len()).sum()
        };
        for figure in &mut self.figures.figures {
            let item = figure.get_mut();
            item.value = item.stated.unwrap_or_default();
            if !item.count_of.is_empty() {
                item.value = Decimal::from(entries(&item.count_of)) - Decimal::from(entries(&item.less));
            }
        }
    }

    /// That `bodies/` was read and does not know this one.
    pub fn lacks(&self, body: &str) -> bool {
        self.has(&[BODIES]) && !self.bodies.is_empty() && !self.bodies.contains(body)
    }

    /// Whether all of these could be read.
    pub fn has(&self, files: &[&str]) -> bool {
        files.iter().all(|file| !self.unread.contains(file))
    }

    /// One body, one name: what `bodies/` lists as another spelling (`also_written`) is replaced by the name there.
    fn unify(&mut self, aliases: &BTreeMap<String, String>) {
        let one = |name: &mut String| {
            if let Some(known) = aliases.get(name.as_str()) {
                name.clone_from(known);
            }
        };
        for at in 0..self.projects.projects.len() {
            let position = self.at(PROJECTS, &self.projects.projects[at]);
            let project = self.projects.projects[at].get_mut();
            for name in project.lead.iter_mut().chain(&mut project.cooperating) {
                self.written.push((name.clone(), position, project.place.clone()));
                one(name);
            }
        }
        self.tasks.tasks.iter_mut().flat_map(|task| &mut task.get_mut().owners).for_each(one);
        self.indicators.indicators.iter_mut().flat_map(|item| &mut item.get_mut().bodies).for_each(one);
    }

    pub fn at<T>(&self, file: &str, item: &At<T>) -> Position {
        self.files.get(file).map_or(Position { line: 1, column: 1 }, |text| position(text, item.span().start))
    }

    /// Where a key of the item stands: its `nth` line (from 0) with that key, or with that header when `key` is one
    /// (`[[indicator.target]]`); the item itself where there is none, as with a key that is missing.
    pub fn at_key<T>(&self, file: &str, item: &At<T>, key: &str, nth: usize) -> Position {
        let Some(text) = self.files.get(file) else { return Position { line: 1, column: 1 } };
        let start = item.span().start.min(text.len());
        let own = text[start..].lines().next().unwrap_or_default().trim_end();
        let sub = format!("{}.", own.trim_start_matches('[').trim_end_matches(']'));
        let (mut seen, mut offset) = (0, start);
        for line in text[start..].split_inclusive('\n') {
            // A header that is no sub-table's begins the next item.
            if offset > start && line.starts_with('[') && !line.trim_start_matches('[').starts_with(&sub) {
                break;
            }
            let indent = line.len() - line.trim_start().len();
            let rest = line[indent..].strip_prefix(key).map(str::trim_start);
            if rest.is_some_and(|rest| key.starts_with('[') || rest.starts_with('=')) {
                if seen == nth {
                    return position(text, offset + indent);
                }
                seen += 1;
            }
            offset += line.len();
        }
        position(text, start)
    }
}

/// Stands for every file of `bodies/` in `Source::unread`.
pub const BODIES: &str = "bodies/";

/// Which files could not be read, from what was said of them.
fn unread(files: &Files, findings: &[Finding]) -> BTreeSet<&'static str> {
    let known = [PLAN, PROJECTS, INDICATORS, TASKS, LISTS, FIGURES, WAIVERS];
    let lost = |file: &&str| findings.iter().any(|one| ["PL001", "PL002"].contains(&one.code) && one.file == **file);
    let broken = files.iter().any(|(file, text)| {
        file.starts_with(BODIES) && file.ends_with(".toml") && toml::from_str::<toml::Value>(text).is_err()
    });
    known.into_iter().filter(lost).chain(broken.then_some(BODIES)).collect()
}

/// Names that `county.toml` gives for the county (`name`, `also_written`) and for what it lies in (`within`).
fn county_names(files: &Files) -> Vec<String> {
    let table = files.get("county.toml").and_then(|text| toml::from_str::<toml::Table>(text).ok()).unwrap_or_default();
    let name = table.get("name").and_then(|name| name.get("zh")).into_iter();
    let lists = ["also_written", "within"].into_iter().filter_map(|key| table.get(key)?.as_array()).flatten();
    let names = name.chain(lists).filter_map(toml::Value::as_str).map(str::trim);
    names.filter(|name| name.chars().count() > 1).map(str::to_owned).collect()
}

fn read<T: DeserializeOwned>(files: &Files, file: &str, findings: &mut Vec<Finding>) -> Option<T> {
    let Some(text) = files.get(file) else {
        findings.push(Finding::new(
            "PL001",
            Severity::Error,
            file,
            Position { line: 1, column: 1 },
            vec![format!("file:{file}")],
            Name::new("缺少文件", "the file is missing"),
            Name::new("规划数据要有这个文件，可以是空的", "the plan data has this file; it may be empty"),
        ));
        return None;
    };
    match toml::from_str(text) {
        Ok(value) => Some(value),
        Err(error) => {
            let at = position(text, error.span().map_or(0, |span| span.start));
            let message = error.message().trim().to_owned();
            findings.push(Finding::new(
                "PL002",
                Severity::Error,
                file,
                at,
                vec![format!("file:{file}")],
                Name::new(format!("读不懂这里：{message}"), format!("cannot be read here: {message}")),
                Name::new("对照 docs/guides/plan.md 改正", "correct it as docs/guides/plan.md says"),
            ));
            None
        }
    }
}

/// Other spellings of bodies with the name that stands for each.
pub fn body_aliases(files: &Files) -> BTreeMap<String, String> {
    body_names(files).1
}

/// Every `name = "…"` of the tables in `bodies/`, and other spellings (`also_written`) with the name that stands for
/// them; their own schema is checked by the register.
fn body_names(files: &Files) -> (BTreeSet<String>, BTreeMap<String, String>) {
    fn collect(value: &toml::Value, names: &mut BTreeSet<String>, aliases: &mut BTreeMap<String, String>) {
        match value {
            toml::Value::Table(table) => {
                let name = table.get("name").and_then(toml::Value::as_str);
                if let Some(name) = name {
                    names.insert(name.to_owned());
                    let others = table.get("also_written").and_then(toml::Value::as_array);
                    for other in others.into_iter().flatten().filter_map(toml::Value::as_str) {
                        aliases.insert(other.to_owned(), name.to_owned());
                    }
                }
                table.values().for_each(|inner| collect(inner, names, aliases));
            }
            toml::Value::Array(items) => items.iter().for_each(|item| collect(item, names, aliases)),
            _ => {}
        }
    }
    let (mut names, mut aliases) = (BTreeSet::new(), BTreeMap::new());
    for (file, text) in files {
        if !file.starts_with("bodies/") {
            continue;
        }
        if file.ends_with(".toml") {
            if let Ok(value) = toml::from_str::<toml::Value>(text) {
                collect(&value, &mut names, &mut aliases);
            }
        } else if file.ends_with(".csv") {
            let mut lines = text.trim_start_matches('\u{feff}').lines();
            let place = lines.next().and_then(|head| head.split(',').position(|cell| cell == "name"));
            if let Some(place) = place {
                names.extend(lines.filter_map(|line| line.split(',').nth(place)).map(str::to_owned));
            }
        }
    }
    // A name that is a body of its own is nobody's other spelling.
    aliases.retain(|other, _| !names.contains(other));
    (names, aliases)
}
