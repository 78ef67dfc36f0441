//! Roll-over (结转): the files of the next plan, with the same identifiers, everything that makes it compute, the values
//! and targets of the period that ends, and the projects and tasks that go on.

use std::collections::BTreeSet;

use kernel::{ErrorCode, Problem};
use toml::{Table, Value};

use super::{Loaded, Plan, reading};
use crate::evaluate::{Basis, Sheet};
use crate::goal::Goal;
use crate::item::{Item, newest_stage};
use crate::model::{Indicator, Project, Task};
use crate::source::{FIGURES, Files, INDICATORS, LISTS, PLAN, PROJECTS, TASKS, WAIVERS};

/// Place of everything that the next plan has to say itself.
const OPEN: &str = "待填";

impl Plan {
    /// The pack's `plan/` files of the next plan. What ended is left out; whether an unfinished one goes on is for
    /// people to say where nobody entered anything: those are named in the head of the file.
    pub fn rollover(&self) -> Result<Files, Problem> {
        let loaded = self.loaded();
        let [first, last] = loaded.plan.period;
        let (sheet, items) = (reading!(self.sheet), self.items());
        let kept: Vec<&Indicator> = loaded.indicators.iter().filter(|one| !one.ended_before(first)).collect();
        let projects = self.projects_that_go_on(&loaded, last);
        let tasks = self.tasks_that_go_on(&loaded, last);
        let known: BTreeSet<String> = kept
            .iter()
            .map(|one| format!("indicator:{}", one.id))
            .chain(tasks.0.iter().map(|one| format!("task:{}", one.id)))
            .chain(projects.0.iter().map(|one| format!("project:{}", one.number)))
            .collect();
        let mut files = Files::new();
        let indicators: Vec<Value> = entries(&loaded.files, INDICATORS, "indicator")?
            .into_iter()
            .filter_map(|table| {
                let id = table.get("id")?.as_str()?;
                let indicator = kept.iter().find(|one| one.id == id)?;
                let goals = crate::goal::goals_with(indicator, &items);
                let next = next_indicator(table.clone(), indicator, (&sheet, &goals), first, last);
                Some(Value::Table(without_inferred(next, ("bodies", "bodies_from"), &known)))
            })
            .collect();
        drop(sheet);
        let head = format!(
            "# 由“{}”结转：编号不变；{first}—{last} 年的值和目标保留（value、earlier），新目标待定。\n# Rolled over: the same ids; values and targets of {first} to {last} are kept, the new targets are to be set.\n",
            loaded.plan.name
        );
        files.insert(INDICATORS.to_owned(), written(&head, "indicator", indicators)?);
        let going: BTreeSet<String> = projects.0.iter().map(|one| one.number.to_string()).collect();
        let lines: Vec<Value> = entries(&loaded.files, PROJECTS, "project")?
            .into_iter()
            .filter(|table| table.get("number").is_some_and(|number| going.contains(&number.to_string())))
            .map(|table| Value::Table(without_lost(table, &[("indicators", "indicator"), ("tasks", "task")], &known)))
            .collect();
        let open: Vec<String> = projects.1.iter().map(|one| format!("{} {}", one.number, one.name)).collect();
        files.insert(PROJECTS.to_owned(), written(&(head.clone() + &unsure("项目", &open)), "project", lines)?);
        let going: BTreeSet<&str> = tasks.0.iter().map(|one| one.id.as_str()).collect();
        let lines: Vec<Value> = entries(&loaded.files, TASKS, "task")?
            .into_iter()
            .filter(|table| table.get("id").and_then(Value::as_str).is_some_and(|id| going.contains(id)))
            .map(|table| without_lost(table, &[("indicators", "indicator")], &known))
            .map(|table| Value::Table(without_inferred(table, ("owners", "owners_from"), &known)))
            .collect();
        let open: Vec<String> = tasks.1.iter().map(|one| format!("{} {}", one.id, one.text)).collect();
        files.insert(TASKS.to_owned(), written(&(head.clone() + &unsure("任务", &open)), "task", lines)?);
        let length = last - first;
        files.insert(
            PLAN.to_owned(),
            format!(
                "{head}[plan]\nname = \"{OPEN}：下一轮规划全称\"\nname_en = \"{OPEN} name of the plan in English\"\nperiod = [{}, {}]\nhorizon = {}\ndocument = \"{OPEN}：文号\"\nissued = \"{OPEN}：印发日期\"\n",
                last + 1,
                last + 1 + length,
                loaded.plan.horizon.max(last + 1 + length),
            ),
        );
        for empty in [LISTS, FIGURES, WAIVERS] {
            files.insert(empty.to_owned(), head.clone());
        }
        // Rules that the county made its own go on.
        for own in [crate::scheme::SCHEME, crate::scheme::LIFECYCLE] {
            if let Some(text) = loaded.files.get(own) {
                files.insert(own.to_owned(), text.clone());
            }
        }
        Ok(files)
    }

    /// Projects that go on, and those whose period is over and of which nobody entered a stage.
    fn projects_that_go_on<'l>(&self, loaded: &'l Loaded, last: i32) -> (Vec<&'l Project>, Vec<&'l Project>) {
        let items = self.items();
        let (mut going, mut open) = (Vec::new(), Vec::new());
        for project in &loaded.projects {
            let subject = format!("project:{}", project.number);
            let own: Vec<&Item> = items.iter().filter(|item| item.subject == subject).collect();
            let stage = newest_stage(&own).map(|(_, stage)| stage);
            let finished = stage.is_some_and(|stage| loaded.rules.is_finished(stage));
            match (finished, project.years[1] > last, stage) {
                (true, ..) => {}
                (false, true, _) | (false, false, Some(_)) => going.push(project),
                (false, false, None) => open.push(project),
            }
        }
        (going, open)
    }

    /// Tasks that go on: without a year, due later, or reported as unfinished; and those that nobody reported on.
    fn tasks_that_go_on<'l>(&self, loaded: &'l Loaded, last: i32) -> (Vec<&'l Task>, Vec<&'l Task>) {
        let items = self.items();
        let (mut going, mut open) = (Vec::new(), Vec::new());
        for task in &loaded.tasks {
            let subject = format!("task:{}", task.id);
            let own: Vec<&Item> = items.iter().filter(|item| item.subject == subject).collect();
            let assigned = super::tasks::assigned(task, &own);
            // Of each body the newest report; a body that has the task and never reported has not finished it.
            let reports = super::tasks::newest_reports(task, &assigned, &own);
            let reported = !reports.is_empty();
            let finished = reports.len() == task.owners.len() + assigned.len()
                && reports.iter().all(|report| report.progress >= rust_decimal::Decimal::ONE);
            match (task.due.is_none_or(|due| due > last), reported) {
                (true, _) => going.push(task),
                (false, true) if finished => {}
                (false, true) => going.push(task),
                (false, false) => open.push(task),
            }
        }
        (going, open)
    }
}

fn unsure(noun: &str, open: &[String]) -> String {
    if open.is_empty() {
        return String::new();
    }
    let lines: String = open.iter().map(|one| format!("#   {one}\n")).collect();
    format!(
        "#\n# 下列{noun}期限已过、没有完成记录，没有结转；确认未完成的请补入。\n# Over, and nobody entered whether they are finished: not carried over; add those that are not.\n{lines}"
    )
}

fn broken(file: &str, error: impl std::fmt::Display) -> Problem {
    Problem::new(ErrorCode::Internal, format!("rolling over {file}: {error}"))
}

fn entries(files: &Files, file: &str, key: &str) -> Result<Vec<Table>, Problem> {
    let text = files.get(file).map(String::as_str).unwrap_or_default();
    let table: Table = toml::from_str(text).map_err(|error| broken(file, error))?;
    let list = table.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    Ok(list.into_iter().filter_map(|value| value.as_table().cloned()).collect())
}

fn written(head: &str, key: &str, entries: Vec<Value>) -> Result<String, Problem> {
    if entries.is_empty() {
        return Ok(head.to_owned());
    }
    let table = Table::from_iter([(key.to_owned(), Value::Array(entries))]);
    let text = toml::to_string(&table).map_err(|error| broken(key, error))?;
    Ok(format!("{head}\n{text}"))
}

/// Bodies that were inferred from projects go on with the projects; where none of them does, nobody is named.
fn without_inferred(mut table: Table, (bodies, from): (&str, &str), known: &BTreeSet<String>) -> Table {
    if let Some(Value::Array(ids)) = table.get_mut(from) {
        ids.retain(|id| id.as_str().is_some_and(|id| known.contains(id)));
        if ids.is_empty() {
            table.remove(from);
            table.remove(bodies);
        }
    }
    table
}

/// References to what is not carried over are left out.
fn without_lost(mut table: Table, keys: &[(&str, &str)], known: &BTreeSet<String>) -> Table {
    for (key, kind) in keys {
        if let Some(Value::Array(ids)) = table.get_mut(*key) {
            ids.retain(|id| id.as_str().is_some_and(|id| known.contains(&format!("{kind}:{id}"))));
        }
    }
    table
}

/// Every key of the indicator; its values as they ended, its targets as history, a target to be set.
fn next_indicator(
    mut table: Table,
    indicator: &Indicator,
    (sheet, goals): (&Sheet, &[Goal]),
    first: i32,
    last: i32,
) -> Table {
    let text = |text: &str| Value::String(text.to_owned());
    let row = |pairs: Vec<(&str, Value)>| {
        Value::Table(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    };
    let list = |table: &mut Table, key: &str| match table.remove(key) {
        Some(Value::Array(values)) => values,
        _ => Vec::new(),
    };
    let mut values = list(&mut table, "value");
    for year in first..=last {
        let Some(cell) = sheet.cell(&indicator.id, year) else { continue };
        let Some(value) = cell.value.filter(|_| cell.basis != Basis::Stated) else { continue };
        values.retain(|one| one.get("year").and_then(Value::as_integer) != Some(year.into()));
        let basis = match cell.basis {
            Basis::Document => "材料",
            _ if cell.simulated => "公式，模拟数据",
            _ => "公式",
        };
        values.push(row(vec![
            ("year", Value::Integer(year.into())),
            ("value", text(&crate::show(value, indicator.decimals))),
            ("place", text(&format!("结转：{year} 年终值（{basis}）"))),
        ]));
    }
    values.sort_by_key(|one| one.get("year").and_then(Value::as_integer));
    if !values.is_empty() {
        table.insert("value".to_owned(), Value::Array(values));
    }
    let mut earlier = list(&mut table, "earlier");
    let (kept, over): (Vec<Value>, Vec<Value>) = list(&mut table, "target")
        .into_iter()
        .partition(|one| one.get("year").and_then(Value::as_integer).is_some_and(|year| year > i64::from(last)));
    earlier.extend(over);
    // Changes that were approved ended with the period too.
    for goal in goals.iter().filter(|goal| goal.changed_by.is_some() && goal.year <= last) {
        let from = goal.from.map(|year| format!("，自 {year} 年起")).unwrap_or_default();
        earlier.push(row(vec![
            ("year", Value::Integer(goal.year.into())),
            ("operator", text(&goal.operator)),
            ("value", text(&goal.value.to_string())),
            ("place", text(&format!("{}（批准的目标变更{from}）", goal.place))),
        ]));
    }
    if !earlier.is_empty() {
        table.insert("earlier".to_owned(), Value::Array(earlier));
    }
    let open = row(vec![
        ("year", Value::Integer((last + 1 + last - first).into())),
        ("operator", text("text")),
        ("text", text(&format!("{OPEN}：新一轮目标"))),
        ("place", text(OPEN)),
    ]);
    table.insert("target".to_owned(), Value::Array(if kept.is_empty() { vec![open] } else { kept }));
    if !indicator.has_formula() && indicator.document.trim().is_empty() {
        table.insert("document".to_owned(), text(&format!("{OPEN}：用哪份文件证明")));
    }
    table
}
