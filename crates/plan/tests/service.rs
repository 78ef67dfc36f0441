//! The service on a real store: facts come and go, people enter and decide, papers stay as they are.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod world;

use plan::Plan;
use plan::assessment::Kind;
use plan::item::{Content, State};
use plan::ops::{Assumption, Draft};
use rust_decimal::Decimal;
use world::{DIVISION, World, code, department, officer};

#[test]
fn a_fact_moves_the_value_the_light_and_the_evidence() {
    let world = World::new("facts");
    let light = || world.plan.indicator("pm25", Some(2026), world.now).unwrap();
    world.plan.refresh(true, world.now).unwrap();
    assert_eq!((light().row.value, light().row.standing.light.as_str()), (None, "missing"));
    world.air.0.lock().unwrap().insert(2026, 24.0);
    world.plan.touch(&["air."], Some(vec![2026]));
    let refreshed = world.plan.refresh(false, world.now).unwrap();
    // Only the questions about that year are asked again, only the cells that read them change.
    assert!(refreshed.asked < 10, "{}", refreshed.asked);
    assert!(
        refreshed.cells.contains(&("pm25".to_owned(), 2026)) && refreshed.cells.len() <= 3,
        "{:?}",
        refreshed.cells
    );
    assert_eq!((light().row.value.as_deref(), light().row.standing.light.as_str()), (Some("24"), "green"));
    assert_eq!(light().trace[0].evidence[0].href, "/api/verdicts?point=7&level=day&from=2026-01-01&until=2027-01-01");
    world.air.0.lock().unwrap().insert(2026, 31.4);
    world.plan.touch(&["air."], Some(vec![2026]));
    world.plan.refresh(false, world.now).unwrap();
    assert_eq!((light().row.value.as_deref(), light().row.standing.light.as_str()), (Some("31"), "red"));
    let events = world.store.read(|reader| store::event_log::after(reader, DIVISION, 0, 100)).unwrap();
    let told: Vec<_> =
        events.iter().filter(|event| event.kind == "plan.light_changed" && event.subject == "indicator:pm25").collect();
    assert_eq!(told.len(), 2);
    assert_eq!(told[1].payload["new"], "red");
}

/// What rests on a part of its evidence is said to; what the plan before this one ended with is no result of this one.
#[test]
fn incomplete_evidence_is_neither_met_nor_missed_and_the_earlier_plan_stands_apart() {
    let world = World::new("partial");
    let row = || world.plan.indicator("pm25", Some(2025), world.now).unwrap().row;
    let results = || world.plan.home(Some(2025), world.now).unwrap().results;
    world.plan.refresh(true, world.now).unwrap();
    assert_eq!(results().get("met"), None, "{:?}", results());
    let home = world.plan.home(Some(2025), world.now).unwrap();
    let earlier = home.indicators.iter().filter(|row| row.earlier).count();
    assert!(earlier > 0 && home.indicators.iter().filter(|row| row.earlier).all(|row| row.id.starts_with("x-")));
    assert_eq!(home.lights.values().sum::<usize>(), home.indicators.len() - earlier);
    let set = |value: f64, lacking: Option<i64>| {
        world.air.0.lock().unwrap().insert(2025, value);
        *world.air.1.lock().unwrap() = lacking;
        world.plan.touch(&["air."], Some(vec![2025]));
        world.plan.refresh(false, world.now).unwrap();
        (row().result, row().standing.met, row().missing_count)
    };
    assert_eq!(set(24.0, None), ("met".into(), Some(true), 0));
    assert_eq!(set(31.0, None), ("not_met".into(), Some(false), 0));
    assert_eq!(set(24.0, Some(2025)), ("partial".into(), None, 1));
    assert_eq!(set(31.0, Some(2025)), ("partial".into(), None, 1));
    assert_eq!(results().get("partial"), Some(&1));
    let paper = world.plan.assess(Kind::Final, None, world.now).unwrap();
    let line = paper.sections[1].tables[0].rows.iter().find(|row| row[3].text == "31").unwrap();
    assert_eq!(line[6].text, "全年有 300 天没有日均值");
    assert!(paper.sections[1].tables[0].rows.iter().all(|row| row[0].href.as_ref().unwrap().find("/x-").is_none()));
}

/// Nothing that came later stands in the paper of a year.
#[test]
fn a_paper_ends_with_its_year() {
    let world = World::new("paper-year");
    world.air.0.lock().unwrap().extend([(2022, 27.0), (2023, 26.0), (2024, 25.0)]);
    world.plan.refresh(true, world.now).unwrap();
    let money = |year, amount: i64| {
        let content = Content::Money {
            step: plan::item::MoneyStep::Arranged,
            source: plan::item::MoneySource::County,
            amount: Decimal::from(amount),
        };
        world.approve(world.enter(&officer(1), "project:19", year, content, "").unwrap()).unwrap();
    };
    money(2023, 100);
    money(2026, 900);
    world
        .approve(world.enter(&officer(1), "project:19", 2026, Content::Stage { to: "reserve".into() }, "").unwrap())
        .unwrap();
    let check = |kind, year, expect: (&str, &str)| {
        let paper = world.plan.assess(kind, year, world.now).unwrap();
        let line = paper.sections[2].tables[0].rows.iter().find(|row| row[0].text == "19").unwrap();
        assert_eq!((line[2].text.as_str(), line[4].text.as_str()), expect, "{kind:?}");
        let curve: Vec<&str> = paper.sections[2].tables[1].rows.iter().map(|row| row[0].text.as_str()).collect();
        assert_eq!(curve.last().copied(), Some(paper.year.min(2026).to_string().as_str()));
        let years: Vec<&str> = paper.sections[1].tables[1].header.iter().skip(2).map(|name| name.zh.as_str()).collect();
        assert_eq!((years[0], years[years.len() - 1]), ("2020", paper.year.min(2026).to_string().as_str()));
        let pm25 =
            paper.sections[1].tables[1].rows.iter().find(|row| row.iter().any(|cell| cell.text == "26")).unwrap();
        assert_eq!(pm25[5].text, "26", "the value of 2023 stands under 2023");
    };
    check(Kind::MidTerm, None, ("未填报", "100"));
    check(Kind::Yearly, Some(2026), ("储备", "1000"));
}

#[test]
fn a_task_is_as_far_as_its_slowest_body() {
    let world = World::new("tasks");
    let task = world.plan.tasks(None)[0].clone();
    assert_eq!((&task.progress, task.waiting), (&None, 0));
    let subject = format!("task:{}", task.id);
    let bodies = ["县林业局", "县水利局"];
    for body in bodies {
        let content = Content::Assignment { body: body.into(), target: None, what: "一起办".into() };
        world.approve(world.enter(&officer(1), &subject, 2026, content, "").unwrap()).unwrap();
    }
    let report = |body: &str, progress: &str| Content::Report {
        body: body.into(),
        progress: progress.parse().unwrap(),
        value: None,
        text: "进展".into(),
    };
    for (body, progress) in bodies.iter().zip(["0.8", "0.35"]) {
        world.approve(world.enter(&officer(1), &subject, 2026, report(body, progress), "").unwrap()).unwrap();
    }
    world.enter(&officer(1), &subject, 2026, report("县林业局", "1"), "").unwrap();
    let now = world.plan.tasks(None)[0].clone();
    assert_eq!((now.progress.as_deref(), now.progress_year, now.waiting), (Some("35"), Some(2026), 1));
    assert!(
        bodies
            .iter()
            .all(|body| now.assigned.contains(&(*body).to_owned()) || now.owners.contains(&(*body).to_owned()))
    );
    assert_eq!(world.plan.tasks(Some(2025))[0].progress, None, "at the end of 2025 nothing was reported");
}

#[test]
fn what_if_moves_a_copy_only() {
    let world = World::new("what-if");
    world.plan.refresh(true, world.now).unwrap();
    let assumption = Assumption { indicator: "pm25".into(), year: 2026, value: 40.0 };
    let found = world.plan.what_if(&[assumption], 2026, world.now).unwrap();
    let cell = &found.cells[0];
    assert_eq!(
        (cell.after.as_deref(), cell.light_before.as_str(), cell.light_after.as_str()),
        (Some("40"), "missing", "red")
    );
    assert_eq!(world.plan.indicator("pm25", Some(2026), world.now).unwrap().row.value, None);
    // What is pretended is no value to date.
    assert_eq!(found.rows[0].projection, None);
}

#[test]
fn the_running_year_is_projected_beside_its_value_and_nothing_reads_it() {
    let world = World::new("projection");
    let known = [(2022, 27.0), (2023, 26.0), (2024, 25.0), (2025, 24.0), (2026, 26.4)];
    world.air.0.lock().unwrap().extend(known);
    world.plan.refresh(true, world.now).unwrap();
    let detail = world.plan.indicator("pm25", Some(2026), world.now).unwrap();
    let projection = detail.row.projection.clone().unwrap();
    let value = projection.value.unwrap();
    assert!(value > 25.0 && value < 26.4 && projection.low < projection.value, "{projection:?}");
    assert!((0.89..0.91).contains(&projection.elapsed), "{projection:?}");
    // The value to date, its light and the trend stay what they were.
    assert_eq!((detail.row.value.as_deref(), detail.row.standing.light.as_str()), (Some("26"), "red"));
    world.air.0.lock().unwrap().remove(&2026);
    world.plan.refresh(true, world.now).unwrap();
    let without = world.plan.indicator("pm25", Some(2026), world.now).unwrap();
    assert_eq!((&without.row.forecast, without.row.projection), (&detail.row.forecast, None));
    // A year that is over is not projected; its page still shows where the running one goes.
    let past = world.plan.indicator("pm25", Some(2025), world.now).unwrap();
    assert_eq!(past.row.projection, None);
}

#[test]
fn a_target_of_a_body_stands_with_what_it_reached() {
    let world = World::new("body-targets");
    let targets = || world.plan.indicator("pm25", Some(2025), world.now).unwrap().targets;
    let ask =
        Content::Assignment {
            body: "县林业局".into(), target: Some(Decimal::from(30)), what: "本辖区年均".into()
        };
    let id = world.enter(&officer(1), "indicator:pm25", 2025, ask, "").unwrap();
    assert!(targets().is_empty());
    world.approve(id).unwrap();
    let asked = targets()[0].clone();
    // The plan's path asks for 25.
    assert_eq!((asked.body.as_str(), asked.weaker, asked.reached, asked.met), ("县林业局", true, None, None));
    let report = Content::Report {
        body: "县林业局".into(),
        progress: Decimal::ONE,
        value: Some(Decimal::from(29)),
        text: "完成".into(),
    };
    let id = world.enter(&department("dept-forestry"), "indicator:pm25", 2025, report, "").unwrap();
    assert_eq!(targets()[0].report_state, Some(State::Entered));
    world.approve(id).unwrap();
    assert_eq!((targets()[0].reached, targets()[0].met), (Some(Decimal::from(29)), Some(true)));
    assert_eq!(world.plan.body_targets(world.now), targets());
    let paper = serde_json::to_string(&world.plan.assess(Kind::Yearly, Some(2025), world.now).unwrap()).unwrap();
    assert!(paper.contains("本辖区年均"), "{paper}");
}

#[test]
fn a_project_stands_where_its_inspection_was() {
    let world = World::new("sites");
    let project = |number: u32| {
        let projects = world.plan.projects(world.now);
        projects.into_iter().find(|project| project.number == number).unwrap()
    };
    // 接入麻旺镇污水厂; no township is named; 桃花源街道 has no centre.
    assert_eq!(project(21).sites[0].township.as_deref(), Some("麻旺镇"));
    assert_eq!((project(1).sites.len(), project(1).unplaced.len()), (0, 1));
    assert_eq!((project(19).sites.len(), project(19).unplaced.len()), (0, 1));
    let seen = Content::Inspection { finding: "在建".into(), lon: Some(108.8), lat: Some(28.9) };
    let id = world.enter(&officer(1), "project:1", 2025, seen, "").unwrap();
    assert!(project(1).sites.is_empty());
    world.approve(id).unwrap();
    assert_eq!((project(1).sites[0].lon, project(1).unplaced.len()), (108.8, 0));
}

#[test]
fn a_documented_value_counts_once_somebody_else_approved_it() {
    let world = World::new("documents");
    let author = officer(1);
    let value = |text: &str| Content::Value { value: text.parse().unwrap() };
    let id = world.enter(&author, "indicator:forest-cover", 2025, value("65.2"), "").unwrap();
    let row = || world.plan.indicator("forest-cover", Some(2025), world.now).unwrap().row;
    assert_eq!((row().value, row().result.as_str()), (None, "no_evidence"));
    assert_eq!(code(world.plan.decide(&author, id, State::Approved, "", world.now)), Some("QS-3001"));
    world.approve(id).unwrap();
    assert_eq!((row().value.as_deref(), row().result.as_str()), (Some("65.2"), "met"));
    // Decided is decided; it is still there after the next start.
    assert_eq!(code(world.plan.decide(&officer(2), id, State::Returned, "x", world.now)), Some("QS-3003"));
    let again = world.reopen(world.files.clone());
    assert_eq!(again.indicator("forest-cover", Some(2025), world.now).unwrap().row.value.as_deref(), Some("65.2"));
    // No paper, no value.
    let draft = Draft {
        subject: "indicator:forest-cover".into(),
        year: 2025,
        content: value("66"),
        note: String::new(),
        evidence: Vec::new(),
        replaces: None,
    };
    assert_eq!(code(world.plan.enter(&author, draft, world.now)), Some("QS-3002"));
}

#[test]
fn an_approved_plan_never_changes_silently() {
    let world = World::new("revisions");
    let mut edited = world.files.clone();
    let text = edited.get_mut("plan/indicators.toml").unwrap();
    *text = text.replacen("operator = \"<=\"\nvalue = \"25\"", "operator = \"<=\"\nvalue = \"35\"", 1);
    assert_ne!(edited, world.files);
    let target = |plan: &Plan| plan.indicator("pm25", Some(2026), world.now).unwrap().goals[0].value;
    // A draft follows its files.
    let draft = world.reopen(edited.clone());
    assert_eq!((target(&draft), draft.loaded().revision), (35.0, 2));
    let original = world.reopen(world.files.clone());
    original.approve_revision(&officer(1), original.loaded().revision, "酉阳府办发〔2021〕18 号", world.now).unwrap();
    // An approved one does not: the edit waits, with what it would change.
    let held = world.reopen(edited.clone());
    assert_eq!((target(&held), held.loaded().revision), (25.0, 3));
    let waiting = &held.revisions().unwrap()[0];
    assert_eq!((waiting.number, waiting.state.as_str()), (4, "pending"));
    assert!(waiting.changes.iter().any(|change| change.contains("指标 pm25")), "{:?}", waiting.changes);
    assert_eq!(code(held.approve_revision(&department("dept-ecology"), 4, "x", world.now)), Some("QS-1003"));
    held.approve_revision(&officer(1), 4, "调整批复", world.now).unwrap();
    assert_eq!(target(&held), 35.0);
    assert_eq!(target(&world.reopen(edited)), 35.0);
}

#[test]
fn a_target_changes_only_with_a_reason_and_an_approval() {
    let world = World::new("targets");
    let change = Content::Target { target_year: 2025, operator: "<=".into(), value: Decimal::from(27) };
    assert_eq!(code(world.enter(&officer(1), "indicator:pm25", 2024, change.clone(), " ")), Some("QS-2002"));
    let id = world.enter(&officer(1), "indicator:pm25", 2024, change, "市级下达").unwrap();
    let goal = || world.plan.indicator("pm25", Some(2026), world.now).unwrap().row.standing.target.unwrap();
    assert_eq!(goal().value, 25.0);
    world.approve(id).unwrap();
    assert_eq!((goal().value, goal().changed_by), (27.0, Some(id.to_string())));
}

#[test]
fn a_body_enters_what_it_is_responsible_for_and_is_scored_with_reasons() {
    let world = World::new("bodies");
    let forestry = department("dept-forestry");
    let report = Content::Report {
        body: "县林业局".into(),
        progress: "0.5".parse().unwrap(),
        value: None,
        text: "完成一半".into(),
    };
    // Project 9 is theirs; project 6 belongs to the water bureau.
    assert_eq!(code(world.enter(&forestry, "project:6", 2025, report.clone(), "")), Some("QS-1003"));
    let id = world.enter(&forestry, "project:9", 2025, report, "").unwrap();
    let (loaded, items) = (world.plan.loaded(), world.plan.items());
    let duty = |items: &[plan::item::Item]| {
        let ground = loaded.ground(items);
        let ranking = ground.ranking(2025, world.now);
        let first = ranking[0].clone();
        (
            ground.duties("县林业局", 2025, world.now).into_iter().find(|duty| duty.subject == "project:9").unwrap(),
            first,
        )
    };
    let (waiting, first) = duty(&items);
    // It waits, so it is not scored; what nobody reported in time counts nothing.
    assert_eq!((waiting.score, first.score), (None, Some(0.0)));
    world.plan.decide(&officer(2), id, State::Returned, "佐证不清", world.now).unwrap();
    // An appeal that is granted opens the decision again.
    let appeal = Content::Appeal { of: id, text: "佐证清楚".into() };
    let appeal = world.enter(&forestry, "project:9", 2025, appeal, "").unwrap();
    // Not by the officer who returned it.
    assert_eq!(code(world.approve(appeal)), Some("QS-3001"));
    world.plan.decide(&officer(3), appeal, State::Approved, "", world.now).unwrap();
    // Who returned it does not decide again.
    assert_eq!(code(world.approve(id)), Some("QS-3001"));
    world.plan.decide(&officer(3), id, State::Approved, "", world.now).unwrap();
    let (scored, first) = duty(&world.plan.items());
    // Half of what is due gives 30 of 60; evidence 20; reported in November 2026, after 31 March: none of 20.
    assert_eq!(scored.score, Some(50.0));
    let got: Vec<_> = scored.criteria.iter().map(|one| one.got).collect();
    assert_eq!(got, [Some(30.0), Some(20.0), Some(0.0)]);
    assert_eq!((first.body.as_str(), first.rank), ("县林业局", Some(1)));
}

#[test]
fn done_quantities_become_the_indicator() {
    let world = World::new("quantities");
    let done = |amount: i64| Content::Quantity {
        quantity: "karst_control".into(),
        amount: Decimal::from(amount),
        unit: "公顷".into(),
    };
    for (year, amount) in [(2023, 3000), (2024, 2000)] {
        let id = world.enter(&officer(1), "project:9", year, done(amount), "").unwrap();
        world.approve(id).unwrap();
    }
    world.plan.refresh(true, world.now).unwrap();
    let row = |year| world.plan.indicator("karst-control", Some(year), world.now).unwrap().row;
    assert_eq!((row(2023).value.as_deref(), row(2024).value.as_deref()), (Some("30"), Some("50")));
    // What nobody entered is not zero: the sum of 2023 lacks 2021 and 2022, that of 2025 the year itself.
    assert_eq!((row(2022).value, row(2025).result.as_str()), (None, "partial"));
    assert_eq!(row(2023).missing[0].zh, "项目 9 没有填 2021、2022 年的完成量");
    for year in [2021, 2022, 2025] {
        let id = world.enter(&officer(1), "project:9", year, done(0), "").unwrap();
        world.approve(id).unwrap();
    }
    world.plan.refresh(true, world.now).unwrap();
    assert_eq!(
        (row(2025).value.as_deref(), row(2025).missing_count, row(2025).result.as_str()),
        (Some("50"), 0, "not_met")
    );
    let wrong = Content::Quantity { quantity: "karst_control".into(), amount: Decimal::ONE, unit: "座".into() };
    assert_eq!(code(world.enter(&officer(1), "project:9", 2024, wrong, "")), Some("QS-2002"));
}

#[test]
fn an_approved_assessment_stays_what_it_was() {
    let world = World::new("assessments");
    world.air.0.lock().unwrap().insert(2025, 24.0);
    world.plan.refresh(true, world.now).unwrap();
    let saved = world.plan.save_assessment(&officer(1), Kind::Final, None, world.now).unwrap();
    assert_eq!(code(world.plan.approve_assessment(&officer(1), saved.id, world.now)), Some("QS-3001"));
    world.plan.approve_assessment(&officer(2), saved.id, world.now).unwrap();
    let files = |id| {
        let content = world.plan.assessment(id).unwrap().content.unwrap();
        (content.to_docx("http://h", None).unwrap(), content.to_xlsx("http://h", None).unwrap())
    };
    let before = files(saved.id);
    world.air.0.lock().unwrap().insert(2025, 33.0);
    world.plan.refresh(true, world.now).unwrap();
    let newer = world.plan.save_assessment(&officer(1), Kind::Final, None, world.now).unwrap();
    assert_eq!((newer.revision, newer.hash != saved.hash), (2, true));
    assert!(before == files(saved.id), "an approved assessment gave other bytes");
    assert!(before != files(newer.id));
    // Read back by another reader: the number in the table is the number of the indicator.
    use calamine::{Data, Reader as _, Xlsx};
    let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(before.1)).unwrap();
    let name = book.sheet_names().into_iter().find(|name| name.contains("2025 年指标")).unwrap();
    let sheet = book.worksheet_range(&name).unwrap();
    let row = sheet.rows().find(|row| row[0].to_string().contains("PM2.5年均")).unwrap();
    assert_eq!(row[3], Data::Float(24.0));
    let _ = &world.folder;
}
