//! The rules. Each knows plans in general and no county in particular.

mod figures;
mod fill;
mod formulas;
mod indicators;
mod names;
mod owners;
mod places;
mod projects;
mod twice;

pub use fill::MARK;

use std::collections::BTreeSet;

use kernel::Name;

use crate::finding::{Finding, Severity};
use crate::report::KnownFacts;
use crate::source::{BODIES, INDICATORS, LISTS, PROJECTS, Position, Source, TASKS};

/// One place to add findings, so that a rule is short.
pub struct Out<'o> {
    file: &'o str,
    findings: &'o mut Vec<Finding>,
}

impl Out<'_> {
    #[allow(clippy::too_many_arguments)]
    fn put(
        &mut self,
        code: &'static str,
        severity: Severity,
        at: Position,
        subjects: Vec<String>,
        what: (String, String),
        hint: (&str, &str),
    ) {
        self.findings.push(Finding::new(
            code,
            severity,
            self.file,
            at,
            subjects,
            Name::new(what.0, what.1),
            Name::new(hint.0, hint.1),
        ));
    }
}

pub fn run_all(source: &Source<'_>, facts: Option<KnownFacts<'_>>, findings: &mut Vec<Finding>) {
    fill::marks(source, findings);
    unread(source, findings);
    identifiers(source, findings);
    projects::total(source, findings);
    projects::each(source, findings);
    twice::names(source, findings);
    twice::amounts(source, findings);
    indicators::each(source, findings);
    owners::each(source, findings);
    formulas::each(source, facts, findings);
    if source.has(&[PROJECTS]) {
        indicators::carried(source, findings);
    }
    indicators::tasks(source, findings);
    figures::lists(source, findings);
    figures::same_lists(source, findings);
    if source.has(&[LISTS]) {
        figures::counted(source, findings);
    }
    figures::agree(source, findings);
    names::variants(source, findings);
    if source.has(&[BODIES]) {
        places::each(source, findings);
    }
}

/// What cannot be read makes no findings of its own beside the one that says so: rules that look there are skipped.
fn unread(source: &Source<'_>, findings: &mut Vec<Finding>) {
    if source.unread.is_empty() {
        return;
    }
    let files: Vec<&str> = source.unread.iter().copied().collect();
    let listed = files.join("、");
    Out { file: files[0], findings }.put(
        "PL008",
        Severity::Warning,
        Position { line: 1, column: 1 },
        files.iter().map(|file| format!("file:{file}")).collect(),
        (
            format!("{listed} 没有读到，要对照它们的规则这次没有查"),
            format!("{} could not be read: rules that need them were skipped", files.join(", ")),
        ),
        ("改正后再查一次", "correct them, then check again"),
    );
}

/// No identifier twice, no reference that leads nowhere.
fn identifiers(source: &Source<'_>, findings: &mut Vec<Finding>) {
    let twice = |out: &mut Out<'_>, at: Position, subject: String| {
        out.put(
            "PL003",
            Severity::Error,
            at,
            vec![subject.clone()],
            (format!("编号 {subject} 用了两次"), format!("{subject} is used twice")),
            ("给其中一个换编号", "give one of them another identifier"),
        );
    };
    let mut seen = BTreeSet::new();
    let mut out = Out { file: PROJECTS, findings };
    for project in &source.projects.projects {
        let subject = format!("project:{}", project.get_ref().number);
        if !seen.insert(subject.clone()) {
            twice(&mut out, source.at(PROJECTS, project), subject);
        }
    }
    out.file = INDICATORS;
    for indicator in &source.indicators.indicators {
        let subject = format!("indicator:{}", indicator.get_ref().id);
        if !seen.insert(subject.clone()) {
            twice(&mut out, source.at(INDICATORS, indicator), subject);
        }
    }
    out.file = TASKS;
    for task in &source.tasks.tasks {
        let subject = format!("task:{}", task.get_ref().id);
        if !seen.insert(subject.clone()) {
            twice(&mut out, source.at(TASKS, task), subject);
        }
    }
    let mut lost = |file, at, from: String, to: String| {
        let holder = match to.split(':').next() {
            Some("project") => PROJECTS,
            Some("indicator") => INDICATORS,
            Some("task") => TASKS,
            _ => file,
        };
        if !seen.contains(&to) && source.has(&[holder]) {
            let mut out = Out { file, findings: out.findings };
            out.put(
                "PL004",
                Severity::Error,
                at,
                vec![from.clone(), to.clone()],
                (format!("{from} 引用的 {to} 不存在"), format!("{from} refers to {to}, which does not exist")),
                ("改正编号，或补上被引用的条目", "correct the identifier or add what it refers to"),
            );
        }
    };
    for project in &source.projects.projects {
        let item = project.get_ref();
        let from = format!("project:{}", item.number);
        let at = |key| source.at_key(PROJECTS, project, key, 0);
        item.indicators.iter().for_each(|id| lost(PROJECTS, at("indicators"), from.clone(), format!("indicator:{id}")));
        item.tasks.iter().for_each(|id| lost(PROJECTS, at("tasks"), from.clone(), format!("task:{id}")));
    }
    for task in &source.tasks.tasks {
        let (item, from) = (task.get_ref(), format!("task:{}", task.get_ref().id));
        let at = |key| source.at_key(TASKS, task, key, 0);
        item.indicators.iter().for_each(|id| lost(TASKS, at("indicators"), from.clone(), format!("indicator:{id}")));
        item.owners_from.iter().for_each(|id| lost(TASKS, at("owners_from"), from.clone(), id.clone()));
    }
    for indicator in &source.indicators.indicators {
        let (item, at) = (indicator.get_ref(), source.at_key(INDICATORS, indicator, "bodies_from", 0));
        item.bodies_from.iter().for_each(|id| lost(INDICATORS, at, format!("indicator:{}", item.id), id.clone()));
    }
}
