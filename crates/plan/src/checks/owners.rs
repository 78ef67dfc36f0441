//! Rules about who answers for indicators and tasks.

use super::Out;
use crate::finding::{Finding, Severity};
use crate::source::{At, INDICATORS, PROJECTS, Position, Source, TASKS};

/// An indicator or task, as far as its bodies go.
struct Owned<'o> {
    subject: String,
    name: &'o str,
    bodies: &'o [String],
    from: &'o [String],
    at: Position,
    at_bodies: Position,
}

pub fn each(source: &Source<'_>, findings: &mut Vec<Finding>) {
    for indicator in &source.indicators.indicators {
        let item = indicator.get_ref();
        let owned = Owned {
            subject: format!("indicator:{}", item.id),
            name: &item.name,
            bodies: &item.bodies,
            from: &item.bodies_from,
            at: source.at(INDICATORS, indicator),
            at_bodies: source.at_key(INDICATORS, indicator, "bodies", 0),
        };
        one(source, &owned, &mut Out { file: INDICATORS, findings });
    }
    for task in &source.tasks.tasks {
        let item = task.get_ref();
        let owned = Owned {
            subject: format!("task:{}", item.id),
            name: &item.text,
            bodies: &item.owners,
            from: &item.owners_from,
            at: source.at(TASKS, task),
            at_bodies: source.at_key(TASKS, task, "owners", 0),
        };
        one(source, &owned, &mut Out { file: TASKS, findings });
    }
}

/// A body twice in one list, under whichever spelling: another one was probably meant.
pub fn twice(subject: String, bodies: &[String], at: Position, out: &mut Out<'_>) {
    for (place, body) in bodies.iter().enumerate().filter(|(place, body)| bodies[..*place].contains(body)) {
        out.put(
            "PL206",
            Severity::Error,
            at,
            vec![subject.clone(), format!("body:{body}")],
            (format!("单位“{body}”列了两次（第 {} 个）", place + 1), format!("the body {body} is listed twice")),
            ("删去一处，或改为真正的单位", "remove one, or name the body that was meant"),
        );
    }
}

fn one(source: &Source<'_>, owned: &Owned<'_>, out: &mut Out<'_>) {
    let Owned { subject, name, bodies, from, at, at_bodies } = owned;
    twice(subject.clone(), bodies, *at_bodies, out);
    if bodies.is_empty() {
        out.put(
            "PL203",
            Severity::Warning,
            *at,
            vec![subject.clone()],
            (format!("“{name}”没有责任单位"), format!("{subject} has no responsible body")),
            ("原文没有写明；由县里分解落实", "the source names none; the county assigns it"),
        );
    }
    for body in bodies.iter().filter(|body| source.lacks(body)) {
        out.put(
            "PL201",
            Severity::Error,
            *at_bodies,
            vec![subject.clone(), format!("body:{body}")],
            (format!("单位“{body}”不在 bodies/ 的名录里"), format!("the body {body} is not in bodies/")),
            ("补进名录，或改用名录里的写法", "add it there, or spell it as there"),
        );
    }
    if from.is_empty() || bodies.is_empty() || !source.has(&[PROJECTS]) {
        return;
    }
    let leads: Vec<&String> = source
        .projects
        .projects
        .iter()
        .map(At::get_ref)
        .filter(|project| from.contains(&format!("project:{}", project.number)))
        .flat_map(|project| &project.lead)
        .collect();
    let strangers: Vec<&str> = bodies.iter().filter(|body| !leads.contains(body)).map(String::as_str).collect();
    let mut subjects = vec![subject.clone()];
    subjects.extend(from.iter().cloned());
    if strangers.is_empty() {
        out.put(
            "PL205",
            Severity::Warning,
            *at_bodies,
            subjects,
            (
                format!("“{name}”的责任单位{}由项目的牵头单位推定", bodies.join("、")),
                format!("the bodies of {subject} are inferred from its projects"),
            ),
            ("县里确认后删去 owners_from 或 bodies_from", "once confirmed, remove owners_from or bodies_from"),
        );
    } else {
        out.put(
            "PL205",
            Severity::Error,
            *at_bodies,
            subjects,
            (
                format!("“{name}”的责任单位{}不是所列项目的牵头单位", strangers.join("、")),
                format!("{} leads none of the projects that {subject} takes its bodies from", strangers.join(", ")),
            ),
            ("改正单位或项目编号", "correct the bodies or the projects"),
        );
    }
}
