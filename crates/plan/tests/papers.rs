//! What papers, rankings and money checks say: nothing that the evidence does not.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod world;

use kernel::Problem;
use plan::assessment::{Assessment, Kind};
use serde_json::{Value, json};
use world::{World, officer};

fn none() -> Value {
    json!({})
}

fn value(text: &str) -> Value {
    json!({ "kind": "value", "value": text })
}

fn paper(world: &World, kind: Kind, year: Option<i32>) -> Assessment {
    world.plan.assess(kind, year, world.now).unwrap()
}

/// Rows of a table of a section, as texts.
fn rows(paper: &Assessment, section: usize, table: usize) -> Vec<Vec<String>> {
    let table = &paper.sections[section].tables[table];
    table.rows.iter().map(|row| row.iter().map(|entry| entry.text.clone()).collect()).collect()
}

#[test]
fn a_paper_forecasts_from_what_its_year_knew() {
    let world = World::new("known-to");
    for (year, text) in [(2020, "63"), (2021, "63.5"), (2022, "64"), (2023, "64.5"), (2024, "20"), (2025, "20")] {
        world.say("indicator:forest-cover", year, value(text), none());
    }
    let check = |kind, year, expect: &[(&str, &str)]| {
        let found: Vec<_> = rows(&paper(&world, kind, year), 1, 2)
            .into_iter()
            .filter(|row| row[0] == "森林覆盖率")
            .map(|row| (row[1].clone(), row[2].clone()))
            .collect();
        let expect: Vec<_> = expect.iter().map(|(year, value)| ((*year).to_owned(), (*value).to_owned())).collect();
        assert_eq!(found, expect, "{kind:?} {year:?}");
    };
    // The mid-term paper asks whether 2025 will be met, and does not know of the fall after it.
    check(Kind::MidTerm, None, &[("2025", "65.5"), ("2035", "70.5")]);
    check(Kind::Yearly, Some(2022), &[("2025", "65.5"), ("2035", "70.5")]);
}

#[test]
fn every_indicator_is_in_one_part_of_the_headline() {
    let world = World::new("headline");
    world.say("indicator:forest-cover", 2025, value("60"), none());
    world.say("indicator:green-cover", 2025, value("46"), none());
    world.say("indicator:forest-cover", 2023, value("60"), none());
    for (kind, year) in [(Kind::Final, None), (Kind::Yearly, Some(2023))] {
        let paper = paper(&world, kind, year);
        let sentence = paper.sections[0].paragraphs[0].zh.clone();
        let numbers: Vec<usize> = sentence
            .split(|letter: char| !letter.is_ascii_digit())
            .filter(|part| !part.is_empty() && part.len() < 4)
            .map(|part| part.parse().unwrap())
            .collect();
        assert_eq!(numbers[0], numbers[1..].iter().sum::<usize>(), "{sentence}");
        // Met, missed, not reached yet.
        let expect = if kind == Kind::Final { [1, 1, 0] } else { [0, 0, 1] };
        assert_eq!(numbers[1..4], expect, "{sentence}");
    }
}

#[test]
fn yuan_for_ten_thousand_yuan_is_refused() {
    let world = World::new("slips");
    // Project 9 is estimated at 15,000.
    let enter = |content: Value, more: Value| -> Result<(), Problem> {
        let id = world.put(&officer(1), "project:9", 2024, content, more)?;
        world.approve(id).map(|_| ())
    };
    let refused = |content: Value, more: Value| enter(content, more).err().map(|problem| problem.detail);
    let money =
        |step: &str, amount: &str| json!({ "kind": "money", "step": step, "source": "central", "amount": amount });
    let contract = |amount: &str| json!({ "kind": "contract", "number": amount, "party": "甲", "amount": amount, "signed_on": "2024-05-01" });
    let change = |after: &str, estimate: &str| json!({ "kind": "change", "what": "估算", "before": "15000", "after": after, "estimate": estimate });
    let note = || json!({ "note": "概算批复" });
    for content in [money("planned", "150000000"), contract("150000000")] {
        assert!(refused(content, none()).unwrap().contains("超过估算 15000 万元的 3 倍"));
    }
    assert!(refused(change("150000000", "150000000"), note()).unwrap().contains("超过估算"));
    assert!(refused(change("16000 万元", "17000"), note()).unwrap().contains("另一个数"));
    // Within three times, together.
    enter(money("planned", "40000"), none()).unwrap();
    assert!(refused(money("planned", "6000"), none()).is_some());
    enter(money("arranged", "6000"), none()).unwrap();
    // What really changed is entered first, also where it is many times as much.
    enter(change("6 亿元", "60000"), note()).unwrap();
    enter(change("2 万，即 20,000 万元", "20000"), note()).unwrap();
    enter(money("planned", "6000"), none()).unwrap();
}

#[test]
fn what_is_given_up_leaves_the_curve_and_its_indicator() {
    let world = World::new("given-up");
    let even = |projects: &[plan::portfolio::ProjectState]| plan::curve::curve(projects).last().unwrap().even;
    let before = even(&world.plan.projects(world.now));
    world.say("project:9", 2024, json!({ "kind": "stage", "to": "cancelled" }), json!({ "note": "并入别的项目" }));
    let projects = world.plan.projects(world.now);
    assert_eq!(before - even(&projects), rust_decimal::Decimal::from(15_000));
    let warned = |number: u32, code: &str| {
        let project = projects.iter().find(|one| one.number == number).unwrap();
        project.warnings.iter().any(|warning| warning.code == code && warning.zh.contains("karst-control"))
    };
    assert!(warned(9, "PR206") && !warned(8, "PR206"));
}

/// Why a pack with a changed scheme cannot be read; `None`: it can.
fn scheme_refused(from: &str, to: &str) -> Option<String> {
    let mut files = world::files();
    let text = include_str!("../../../model/plan/scheme.toml");
    assert!(text.contains(from), "{from}");
    files.insert("plan/scheme.toml".into(), text.replacen(from, to, 1));
    plan::scheme::Rules::read(&files).err().map(|problem| problem.detail)
}

#[test]
fn a_slip_in_the_scheme_is_named() {
    assert_eq!(scheme_refused("least_years = 3", "least_years = 4"), None);
    for (from, to, says) in [
        ("when = \"over\"", "when = \"ovre\"", "ovre"),
        ("share = \"milestones_share\"", "share = \"milestone_share\"", "milestone_share"),
        ("when = \"overdue && !reported && due > 0.0\"", "when = \"due\"", "真或假"),
        ("share = \"milestones_share\"", "share = \"money_ok\"", "0～1"),
        ("report_until = \"03-31\"", "report_until = \"03-32\"", "report_until"),
    ] {
        let why = scheme_refused(from, to).unwrap_or_default();
        assert!(why.contains(says), "{to}: {why}");
    }
}

#[test]
fn a_scheme_that_an_older_release_took_keeps_nobody_from_starting() {
    let world = World::new("older-scheme");
    let mut files = world.files.clone();
    let text = include_str!("../../../model/plan/scheme.toml").replacen("when = \"over\"", "when = \"ovre\"", 1);
    files.insert("plan/scheme.toml".into(), text);
    let first = world.store.read(|reader| plan::rows::revisions(reader, world::DIVISION)).unwrap().remove(0);
    let older = plan::rows::Revision {
        number: 2,
        hash: "older".into(),
        files: serde_json::to_string(&files).unwrap(),
        approved_at: Some(world.now),
        ..first.clone()
    };
    let replaced = plan::rows::Revision { state: "replaced".into(), ..first };
    world
        .store
        .write(|transaction| {
            plan::rows::save_revision(transaction, world::DIVISION, &replaced)?;
            plan::rows::save_revision(transaction, world::DIVISION, &older)
        })
        .unwrap();
    let plan = world.reopen(world.files.clone());
    assert_eq!(plan.loaded().revision, 2, "what was approved stays in force");
    let states: Vec<_> = plan.revisions().unwrap().into_iter().map(|one| (one.number, one.state)).collect();
    assert_eq!(states[0], (3, "pending".to_owned()));
}

#[test]
fn the_page_of_findings_says_what_the_command_line_says() {
    let world = World::new("findings");
    let mut plan_alone = world.files.clone();
    plan_alone.remove("county.toml").unwrap();
    let expect = plan::check(&world.files);
    assert_ne!(expect.errors, plan::check(&plan_alone).errors, "the county's names matter");
    let report = &world.plan.loaded().report;
    assert_eq!((report.errors, report.warnings), (expect.errors, expect.warnings));
    let renamed = world.files["county.toml"].replace("also_written", "# also_written");
    let plan = world
        .reopen([world.files.clone(), [("county.toml".to_owned(), renamed)].into()].into_iter().flatten().collect());
    assert_ne!(plan.loaded().report.errors, expect.errors);
    // No part of the plan: no revision comes of it.
    assert_eq!(plan.loaded().revision, world.plan.loaded().revision);
}
