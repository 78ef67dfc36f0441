//! A saved answer beside what the same question brings now. Pure.
//!
//! Two comparisons, so that what changed is not mixed with which day is asked of: the day that the answer was about,
//! under the rules and layers of now (a rule or a layer has changed), and today (a date of effect may have passed).

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Day, Name, Problem};
use serde::Serialize;

use crate::admission::Answer;

/// The same question, asked again of a day under the rules and layers of now.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Recomputed {
    /// Day whose rules and zones count.
    pub on: String,
    pub answer: Option<Answer>,
    /// Why there is no answer: the question of then is none that could be asked today.
    pub problem: Option<String>,
    /// Where it differs from what was saved, rule by rule.
    pub differences: Vec<Difference>,
}

impl Recomputed {
    pub fn of(saved: &Answer, on: Day, now: Result<Answer, Problem>) -> Self {
        let (answer, problem) = match now {
            Ok(answer) => (Some(answer), None),
            Err(problem) => (None, Some(problem.detail)),
        };
        let differences = answer.as_ref().map(|answer| differences(saved, answer)).unwrap_or_default();
        Self { on: on.to_iso(), answer, problem, differences }
    }
}

/// A rule that now says something else.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Difference {
    pub rule: String,
    pub name: Name,
    /// What it said; nothing: there was no such rule.
    pub then: Option<Name>,
    pub now: Option<Name>,
}

/// What a rule said: its verdict, and what it rests on and asks for where it concerns the site.
#[derive(PartialEq)]
struct Said<'a> {
    rule: &'a Name,
    verdict: Name,
    concerns: Option<(&'a Name, &'a Name)>,
}

impl Said<'_> {
    /// In words; with condition and basis where the verdict alone does not tell the difference.
    fn words(&self, in_full: bool) -> Name {
        let Some((condition, basis)) = self.concerns.filter(|_| in_full) else { return self.verdict.clone() };
        let told = |parts: [&str; 2], with: &str| {
            let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            parts.join(with)
        };
        Name::new(
            format!("{}（{}）", self.verdict.zh, told([&condition.zh, &basis.zh], "；")),
            format!("{} ({})", self.verdict.en, told([&condition.en, &basis.en], "; ")),
        )
    }
}

fn said(answer: &Answer) -> BTreeMap<&str, Said<'_>> {
    let words = answer.rules.iter().map(|rule| {
        let concerns = rule.hit || rule.verdict == crate::Verdict::Undetermined;
        let verdict = if concerns { rule.verdict.name() } else { Name::new("未触发", "no hit") };
        let concerns = concerns.then_some((&rule.condition, &rule.basis));
        (rule.rule.as_str(), Said { rule: &rule.name, verdict, concerns })
    });
    words.collect()
}

/// Rules on which two answers differ.
pub fn differences(then: &Answer, now: &Answer) -> Vec<Difference> {
    let (before, after) = (said(then), said(now));
    let rules: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
    rules
        .into_iter()
        .filter_map(|rule| {
            let (old, new) = (before.get(rule), after.get(rule));
            let verdict = |said: Option<&Said<'_>>| said.map(|said| said.verdict.clone());
            let same_verdict = verdict(old) == verdict(new);
            let same = same_verdict && old.map(|said| said.concerns) == new.map(|said| said.concerns);
            let words = |said: Option<&Said<'_>>| said.map(|said| said.words(same_verdict));
            let name = new.or(old).map(|said| said.rule.clone())?;
            (!same).then(|| Difference { rule: rule.to_owned(), name, then: words(old), now: words(new) })
        })
        .collect()
}
