//! Looks at records one by one and says what becomes of each difference. Pure; it keeps numbers, a few keys, and the
//! values of fields that are to be unique.

use std::collections::HashMap;

use kernel::Name;
use serde::Serialize;
use serde_json::{Map, Value};

use super::compare::{Difference, Hit, Question};
use crate::catalog::Catalog;
use crate::cell;
use crate::definition::Field;
use crate::problem::{Findings, Position};
use crate::record::Content;
use crate::value::Checker;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// 可以: nothing stored speaks against it.
    Fine,
    /// 须确认: to be accepted by name before it is saved.
    Accept,
    /// 不可以.
    Refused,
}

/// One difference between two definitions, with what stored records say to it.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct DesignChange {
    /// Names the change when it is accepted, such as `field.phone.public`.
    pub path: String,
    pub what: Name,
    pub before: Value,
    pub after: Value,
    pub effect: Effect,
    pub why: Option<Name>,
    /// Records that it concerns.
    pub records: u64,
    /// Keys of some of them.
    pub examples: Vec<String>,
    /// What is wrong with the first of them, when the new definition would not take it.
    pub complaint: Option<Name>,
}

const MOST_EXAMPLES: usize = 5;

#[derive(Debug, Default)]
struct Count {
    records: u64,
    examples: Vec<String>,
    complaint: Option<Name>,
    /// Value → key of the first record that has it and whether that one has been counted.
    values: HashMap<String, (String, bool)>,
}

impl Count {
    fn add(&mut self, key: &str) {
        self.records += 1;
        if self.examples.len() < MOST_EXAMPLES {
            self.examples.push(key.to_owned());
        }
    }
}

/// Differences on their way to an answer.
pub struct Tally<'c> {
    differences: Vec<(Difference, Count)>,
    /// The definitions as they are to be.
    catalog: &'c Catalog,
}

impl<'c> Tally<'c> {
    pub fn new(differences: Vec<Difference>, catalog: &'c Catalog) -> Self {
        Self { differences: differences.into_iter().map(|one| (one, Count::default())).collect(), catalog }
    }

    /// Ledgers whose records must be seen.
    pub fn ledgers(&self) -> Vec<String> {
        let asked = self.differences.iter().filter(|(difference, _)| difference.question.is_some());
        let mut ledgers: Vec<String> = asked.map(|(difference, _)| difference.ledger.clone()).collect();
        ledgers.sort();
        ledgers.dedup();
        ledgers
    }

    /// One record of a ledger as it is now.
    pub fn see(&mut self, ledger: &str, content: &Content, deleted: bool) {
        for (difference, count) in &mut self.differences {
            let Some(question) = difference.question.as_ref().filter(|_| difference.ledger == ledger) else { continue };
            let placed = content.location.is_some() || content.geometry.is_some();
            let yes = match question {
                Question::Exists => true,
                Question::HasPlace => placed,
                Question::HasNoPlace => !deleted && !placed && content.location_note.is_empty(),
                Question::Has(path) => !values_at(&content.values, path).is_empty(),
                Question::Lacks(path) => !deleted && lacks(&content.values, path),
                Question::Misfits(path, field) => {
                    let complaint = values_at(&content.values, path)
                        .into_iter()
                        .find_map(|value| complaint(self.catalog, field, value));
                    let found = complaint.is_some();
                    count.complaint = count.complaint.take().or(complaint);
                    found
                }
                Question::Repeats(path) => {
                    if deleted {
                        continue;
                    }
                    for value in values_at(&content.values, path) {
                        repeated(count, value, &content.key);
                    }
                    continue;
                }
                Question::TitleSays(path) => values_at(&content.values, path).into_iter().any(|value| {
                    let says = |title: &str| !title.is_empty() && value.as_str() == Some(title);
                    says(&content.title.zh) || says(&content.title.en)
                }),
                Question::HasCode(path, code) => {
                    values_at(&content.values, path).into_iter().any(|value| match value {
                        Value::Array(items) => items.iter().any(|item| item == code),
                        other => other == code,
                    })
                }
            };
            if yes {
                count.add(&content.key);
            }
        }
    }

    pub fn finish(self) -> Vec<DesignChange> {
        let change = |(difference, count): (Difference, Count)| {
            let hit = difference.question.is_none() || count.records > 0;
            let effect = match difference.hit {
                Hit::Accept if hit => Effect::Accept,
                Hit::Refuse if hit => Effect::Refused,
                _ => Effect::Fine,
            };
            // A code that is not used is said once, not for every place where it could be.
            let silent = effect == Effect::Fine
                && matches!(difference.question, Some(Question::HasCode(..) | Question::TitleSays(..)));
            (!silent).then(|| DesignChange {
                path: difference.path,
                what: difference.what,
                before: difference.before,
                after: difference.after,
                effect,
                why: (effect != Effect::Fine).then_some(difference.why),
                records: count.records,
                examples: count.examples,
                complaint: count.complaint,
            })
        };
        self.differences.into_iter().filter_map(change).collect()
    }
}

fn repeated(count: &mut Count, value: &Value, key: &str) {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match count.values.get_mut(&text) {
        None => {
            count.values.insert(text, (key.to_owned(), false));
        }
        Some((_, true)) => count.add(key),
        Some((first, counted)) => {
            *counted = true;
            let first = first.clone();
            count.add(&first);
            count.add(key);
        }
    }
}

/// What a record says at a field, or in every row at `table.column`.
fn values_at<'v>(values: &'v Map<String, Value>, path: &str) -> Vec<&'v Value> {
    match path.split_once('.') {
        None => values.get(path).into_iter().collect(),
        Some((table, column)) => rows_of(values, table).filter_map(|row| row.get(column)).collect(),
    }
}

fn rows_of<'v>(values: &'v Map<String, Value>, table: &str) -> impl Iterator<Item = &'v Map<String, Value>> {
    values.get(table).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

fn lacks(values: &Map<String, Value>, path: &str) -> bool {
    match path.split_once('.') {
        None => !values.contains_key(path),
        Some((table, column)) => rows_of(values, table).any(|row| !row.contains_key(column)),
    }
}

/// Why the field would not take the value.
fn complaint(catalog: &Catalog, field: &Field, value: &Value) -> Option<Name> {
    let object: Map<String, Value> = [(field.id.clone(), value.clone())].into_iter().collect();
    let table = cell::from_json(&object);
    let mut findings = Findings::new();
    let mut checker = Checker { file: "", catalog, findings: &mut findings, links: Vec::new() };
    let found = checker.fields(std::slice::from_ref(field), &table, Position::START, &[]);
    if found.is_some() {
        return None;
    }
    Some(findings.list.into_iter().next().map(|problem| problem.what).unwrap_or_default())
}
