//! Files → model. Reading never stops at the first mistake: each file that cannot be read is a finding.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Name;
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
}

impl<'f> Source<'f> {
    pub fn read(files: &'f Files, findings: &mut Vec<Finding>) -> Self {
        let plan: Option<PlanFile> = read(files, PLAN, findings);
        Self {
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
            bodies: body_names(files),
        }
    }

    pub fn at<T>(&self, file: &str, item: &At<T>) -> Position {
        self.files.get(file).map_or(Position { line: 1, column: 1 }, |text| position(text, item.span().start))
    }
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

/// Every `name = "…"` of the tables in `bodies/`; their own schema is checked by the register.
fn body_names(files: &Files) -> BTreeSet<String> {
    fn collect(value: &toml::Value, names: &mut BTreeSet<String>) {
        match value {
            toml::Value::Table(table) => {
                for (key, inner) in table {
                    match inner {
                        toml::Value::String(text) if key == "name" => {
                            names.insert(text.clone());
                        }
                        _ => collect(inner, names),
                    }
                }
            }
            toml::Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
            _ => {}
        }
    }
    let mut names = BTreeSet::new();
    for (file, text) in files {
        if !file.starts_with("bodies/") {
            continue;
        }
        if file.ends_with(".toml") {
            if let Ok(value) = toml::from_str::<toml::Value>(text) {
                collect(&value, &mut names);
            }
        } else if file.ends_with(".csv") {
            let mut lines = text.trim_start_matches('\u{feff}').lines();
            let place = lines.next().and_then(|head| head.split(',').position(|cell| cell == "name"));
            if let Some(place) = place {
                names.extend(lines.filter_map(|line| line.split(',').nth(place)).map(str::to_owned));
            }
        }
    }
    names
}
