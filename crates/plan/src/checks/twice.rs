//! What stands twice: two items of one name, one amount in two projects; and amounts of one kind whose units do not fit.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::Out;
use super::projects::subject;
use crate::confusable::folded;
use crate::finding::{Finding, Severity};
use crate::model::{Project, Quantity};
use crate::source::{INDICATORS, PROJECTS, Position, Source, TASKS};
use crate::unit::normalise;

/// An item by its name.
struct Named<'n> {
    file: &'static str,
    subject: String,
    name: &'n str,
    at: Position,
}

/// Two projects, two indicators or two tasks of one name: one of them is a copy, or lacks what tells it apart.
pub fn names(source: &Source<'_>, findings: &mut Vec<Finding>) {
    let projects = source.projects.projects.iter().map(|one| Named {
        file: PROJECTS,
        subject: subject(one.get_ref()),
        name: &one.get_ref().name,
        at: source.at_key(PROJECTS, one, "name", 0),
    });
    let indicators = source.indicators.indicators.iter().map(|one| Named {
        file: INDICATORS,
        subject: format!("indicator:{}", one.get_ref().id),
        name: &one.get_ref().name,
        at: source.at_key(INDICATORS, one, "name", 0),
    });
    let tasks = source.tasks.tasks.iter().map(|one| Named {
        file: TASKS,
        subject: format!("task:{}", one.get_ref().id),
        name: &one.get_ref().text,
        at: source.at_key(TASKS, one, "text", 0),
    });
    let mut seen: BTreeMap<(&str, String), String> = BTreeMap::new();
    for item in projects.chain(indicators).chain(tasks) {
        let Some(first) = seen.insert((item.file, folded(item.name)), item.subject.clone()) else { continue };
        Out { file: item.file, findings }.put(
            "PL006",
            Severity::Error,
            item.at,
            vec![first.clone(), item.subject.clone()],
            (
                format!("{first} 与 {} 同名：“{}”", item.subject, item.name),
                format!("{first} and {} have one name: {}", item.subject, item.name),
            ),
            ("删去一条，或写明两条有什么不同", "remove one, or say in the name what tells them apart"),
        );
    }
}

/// How far amounts of one kind, written in different units, may lie apart before a unit is probably wrong.
const FAR_APART: i64 = 1000;

/// Two projects that state the same amount of the same thing probably count one thing twice; the same number in another
/// unit, or an amount a thousand times another's in another unit, is probably a slip of the unit.
pub fn amounts(source: &Source<'_>, findings: &mut Vec<Finding>) {
    let mut seen: Vec<(&Project, &Quantity)> = Vec::new();
    for project in &source.projects.projects {
        let (item, at) = (project.get_ref(), source.at_key(PROJECTS, project, "quantity", 0));
        let mut out = Out { file: PROJECTS, findings };
        for quantity in &item.quantities {
            let same_kind = seen.iter().filter(|(_, other)| other.kind == quantity.kind);
            if let Some((first, other)) = same_kind.clone().find(|(_, other)| equal(other, quantity)) {
                counted_twice((first, other), (item, quantity), at, &mut out);
            } else if let Some((first, other)) = same_kind.clone().find(|(_, other)| slipped(other, quantity)) {
                other_unit((first, other), (item, quantity), at, &mut out);
            }
            seen.push((item, quantity));
        }
    }
}

fn equal(one: &Quantity, two: &Quantity) -> bool {
    let ((dimension, left), (other, right)) = (normalise(one.value, &one.unit), normalise(two.value, &two.unit));
    dimension == other && left == right
}

fn slipped(one: &Quantity, two: &Quantity) -> bool {
    let ((dimension, left), (other, right)) = (normalise(one.value, &one.unit), normalise(two.value, &two.unit));
    let (least, most) = (left.min(right), left.max(right));
    let apart = least.checked_mul(Decimal::from(FAR_APART)).is_some_and(|far| far <= most);
    one.unit != two.unit && dimension == other && least > Decimal::ZERO && (one.value == two.value || apart)
}

fn subjects(first: &Project, item: &Project, quantity: &Quantity) -> Vec<String> {
    vec![subject(first), subject(item), format!("quantity:{}", quantity.kind)]
}

fn counted_twice(
    (first, _): (&Project, &Quantity),
    (item, quantity): (&Project, &Quantity),
    at: Position,
    out: &mut Out<'_>,
) {
    out.put(
        "PL402",
        Severity::Error,
        at,
        subjects(first, item, quantity),
        (
            format!("“{}”与“{}”都写 {} {} {}", first.name, item.name, quantity.what, quantity.value, quantity.unit),
            format!(
                "projects {} and {} state the same {} {}",
                first.number, item.number, quantity.value, quantity.kind
            ),
        ),
        ("确认是两份工程量还是同一份；同一份只能计一次", "two amounts or one? One amount counts once"),
    );
}

fn other_unit(
    (first, other): (&Project, &Quantity),
    (item, quantity): (&Project, &Quantity),
    at: Position,
    out: &mut Out<'_>,
) {
    out.put(
        "PL421",
        Severity::Error,
        at,
        subjects(first, item, quantity),
        (
            format!(
                "“{}”写{} {} {}，“{}”写{} {} {}，单位可能有误",
                first.name,
                other.what,
                other.value,
                other.unit,
                item.name,
                quantity.what,
                quantity.value,
                quantity.unit
            ),
            format!(
                "{} of projects {} and {}: {} {} against {} {}, a unit is probably wrong",
                quantity.kind, first.number, item.number, other.value, other.unit, quantity.value, quantity.unit
            ),
        ),
        ("核对两处的单位", "check both units"),
    );
}
