//! What an independent review found, each as a test: reports of other bodies, life cycles, appeals, corrections, money,
//! scores, targets, lights, impossible values, revisions, the next plan.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod world;

use kernel::{Actor, Id};
use plan::assessment::Kind;
use plan::item::State;
use serde_json::{Value, json};
use world::{World, code, department, files, officer};

fn none() -> Value {
    json!({})
}

fn report(body: &str, progress: &str) -> Value {
    json!({ "kind": "report", "body": body, "progress": progress, "text": "自评" })
}

fn money(step: &str, source: &str, amount: &str) -> Value {
    json!({ "kind": "money", "step": step, "source": source, "amount": amount })
}

fn ecology() -> Actor {
    Actor { id: Id(8), name: "环保".into(), ..department("dept-ecology") }
}

fn duty(world: &World, body: &str, subject: &str, year: i32) -> Value {
    duty_of(world, body, subject, year).unwrap()
}

fn duty_of(world: &World, body: &str, subject: &str, year: i32) -> Option<Value> {
    let (loaded, items) = (world.plan.loaded(), world.plan.items());
    let duties = loaded.ground(&items).duties(body, year, world.now);
    duties.into_iter().find(|duty| duty.subject == subject).map(|duty| serde_json::to_value(duty).unwrap())
}

/// Rank and score of a body in the paper of a year.
fn ranked(world: &World, body: &str, year: i32) -> (String, String) {
    let paper = serde_json::to_value(world.plan.assess(Kind::Yearly, Some(year), world.now).unwrap()).unwrap();
    let rows = paper["sections"][4]["tables"][0]["rows"].as_array().unwrap().clone();
    let row = rows.iter().find(|row| row[1]["text"] == body).unwrap();
    let text = |at: usize| row[at]["text"].as_str().unwrap().to_owned();
    (text(0), text(row.as_array().unwrap().len() - 1))
}

#[test]
fn nobody_reports_for_another_body_and_a_waiting_report_wipes_nothing_out() {
    let world = World::new("reports");
    let (forestry, year) = (department("dept-forestry"), 2025);
    // Both bodies have a part in project 9.
    let rival = world.put(&ecology(), "project:9", year, report("县林业局", "0.1"), none());
    assert_eq!(code(rival), Some("QS-1003"));
    let own = world.put(&forestry, "project:9", year, report("县林业局", "1"), none()).unwrap();
    world.approve(own).unwrap();
    let score = duty(&world, "县林业局", "project:9", year)["score"].clone();
    assert!(score.is_number(), "{score}");
    // The plan officer enters for anybody; until it is approved the approved one counts, and both are seen.
    let later = world.put(&officer(1), "project:9", year, report("县林业局", "0.1"), none()).unwrap();
    let now = duty(&world, "县林业局", "project:9", year);
    assert_eq!((&now["score"], &now["report"]), (&score, &json!(own)));
    assert_eq!((&now["pending"], &now["pending_state"]), (&json!(later), &json!("entered")));
}

#[test]
fn a_project_that_ended_is_not_brought_back_by_an_older_entry() {
    let world = World::new("ended");
    let stage = |to: &str| json!({ "kind": "stage", "to": to });
    world.say("project:9", 2025, stage("reserve"), none());
    let enter = |to| world.put(&officer(1), "project:9", 2025, stage(to), json!({ "note": "理由" })).unwrap();
    let (cancelled, approved) = (enter("cancelled"), enter("approved"));
    world.approve(cancelled).unwrap();
    assert_eq!(code(world.approve(approved)), Some("QS-3003"));
    assert_eq!(world.project(9)["stage"], "cancelled");
    // It can still be returned.
    world.plan.decide(&officer(2), approved, State::Returned, "项目已取消", world.now).unwrap();
}

#[test]
fn an_appeal_is_for_ones_own_decision_and_somebody_else_decides_it() {
    let world = World::new("appeals");
    let forestry = department("dept-forestry");
    let enter = || world.put(&forestry, "project:9", 2025, report("县林业局", "0.5"), none()).unwrap();
    let appeal = |actor: &Actor, subject: &str, of: Id| {
        world.put(actor, subject, 2025, json!({ "kind": "appeal", "of": of, "text": "不同意" }), none())
    };
    let withdrawn = enter();
    world.plan.decide(&forestry, withdrawn, State::Withdrawn, "", world.now).unwrap();
    assert_eq!(code(appeal(&forestry, "project:9", withdrawn)), Some("QS-3003"));
    let returned = enter();
    world.plan.decide(&officer(2), returned, State::Returned, "佐证不清", world.now).unwrap();
    assert_eq!(code(appeal(&ecology(), "project:9", returned)), Some("QS-1003"));
    assert_eq!(code(appeal(&forestry, "project:2", returned)), Some("QS-2002"));
    let (first, second) =
        (appeal(&forestry, "project:9", returned).unwrap(), appeal(&forestry, "project:9", returned).unwrap());
    // Whoever returned it neither grants nor refuses the appeal.
    for to in [State::Approved, State::Returned] {
        assert_eq!(code(world.plan.decide(&officer(2), first, to, "x", world.now)), Some("QS-3001"), "{to:?}");
    }
    world.plan.decide(&officer(3), first, State::Approved, "", world.now).unwrap();
    let state = || world.plan.items_of("project:9").into_iter().find(|item| item.id == returned).unwrap().state;
    assert_eq!(state(), State::Entered);
    // What its author withdrew since is not opened by an appeal that was still waiting.
    world.plan.decide(&forestry, returned, State::Withdrawn, "", world.now).unwrap();
    assert_eq!(code(world.plan.decide(&officer(3), second, State::Approved, "", world.now)), Some("QS-3003"));
    assert_eq!(state(), State::Withdrawn);
}

#[test]
fn a_pending_revision_tells_everything_that_it_would_change() {
    let world = World::new("differences");
    let original = &world.plan;
    original.approve_revision(&officer(1), original.loaded().revision, "批准", world.now).unwrap();
    let check = |file: &str, from: &str, to: &str, expect: &[&str]| {
        let mut edited = world.files.clone();
        let text = edited.entry(file.to_owned()).or_default();
        let changed = if from.is_empty() { format!("{text}{to}") } else { text.replacen(from, to, 1) };
        assert_ne!(*text, changed, "{file} {from}");
        *text = changed;
        let held = world.reopen(edited);
        let changes = held.revisions().unwrap()[0].changes.join("\n");
        for wanted in expect {
            assert!(changes.contains(wanted), "{file} {from} → {to}: {wanted}\n{changes}");
        }
    };
    let indicators = "plan/indicators.toml";
    check(indicators, "factor = \"a34004\"", "factor = \"a34002\"", &["指标 pm25", "a34004", "a34002"]);
    check(indicators, "value = \"63.09\"", "value = \"60.09\"", &["指标 forest-cover", "63.09", "60.09"]);
    check(indicators, "decimals = 0\nstatistic = [\"PM25\"", "statistic = [\"PM25\"", &["指标 pm25", "decimals"]);
    let projects = "plan/projects.toml";
    check(projects, "what=\"石漠化治理\", value=100", "what=\"石漠化治理\", value=90", &["项目 9", "100", "90"]);
    check(
        projects,
        "lead = [\"县规划自然资源局\"]",
        "lead = [\"县水利局\"]",
        &["项目 1", "县规划自然资源局", "县水利局"],
    );
    check(projects, "estimate = 509691", "estimate = 509692", &["509691", "509692"]);
    check("plan/tasks.toml", "proof = \"能源平衡表\"", "proof = \"口头\"", &["任务 T-3.1-1", "口头"]);
    check("bodies/body.departments.toml", "name = \"县水利局\"", "name = \"县水务局\"", &["dept-water", "县水务局"]);
    check("plan/figures.toml", "value = \"99.7\"", "value = \"99.9\"", &["99.7", "99.9"]);
    let waiver = "\n[[waiver]]\ncode = \"PL301\"\nsubject = \"project:5\"\nreason = \"跨期\"\nby = \"甲\"\ndate = \"2026-01-05\"\n";
    check("plan/waivers.toml", "", waiver, &["PL301", "project:5", "跨期"]);
    let lights = include_str!("../../../model/plan/scheme.toml");
    check("plan/scheme.toml", "", lights, &["plan/scheme.toml"]);
    let stages = include_str!("../../../model/plan/lifecycle.toml");
    check("plan/lifecycle.toml", "", stages, &["plan/lifecycle.toml"]);
    check("plan/tasks.toml", "# 任务", "# 各项任务", &["内容相同，只有注释"]);
}

#[test]
fn a_changed_target_holds_from_its_approval_and_the_original_stays() {
    let world = World::new("changed-target");
    world.air.0.lock().unwrap().extend([(2024, 26.0), (2025, 26.0), (2026, 26.0)]);
    world.plan.refresh(true, world.now).unwrap();
    let change = |year: i32, operator: &str, value: &str| json!({ "kind": "target", "target_year": year, "operator": operator, "value": value });
    let put = |content| world.put(&officer(1), "indicator:pm25", 2026, content, json!({ "note": "市级下达" }));
    // Against the direction, years that the plan does not know.
    for wrong in [change(2025, ">=", "27"), change(2025, ">", "27"), change(2205, "<=", "27"), change(2019, "<=", "27")]
    {
        assert_eq!(code(put(wrong.clone())), Some("QS-2002"), "{wrong}");
    }
    let standing = |year: i32| {
        let row = world.indicator("pm25", year)["row"].clone();
        (row["standing"]["target"]["value"].as_f64().unwrap(), row["standing"]["met"].as_bool().unwrap(), row)
    };
    let id = put(change(2025, "<=", "27")).unwrap();
    world.approve(id).unwrap();
    // Approved in 2026: the years before were judged by the original, and stay so.
    let (target, met, row) = standing(2025);
    assert_eq!((target, met, &row["result"]), (25.0, false, &json!("not_met")));
    let (target, met, _) = standing(2026);
    assert_eq!((target, met), (27.0, true));
    let goals = world.indicator("pm25", 2026)["goals"].clone();
    let of = |at: usize| (goals[at]["value"].as_f64(), goals[at]["from"].as_i64(), goals[at]["until"].as_i64());
    assert_eq!((of(0), of(1)), ((Some(25.0), None, Some(2026)), (Some(27.0), Some(2026), None)), "{goals}");
    let paper = serde_json::to_string(&world.plan.assess(Kind::Yearly, Some(2026), world.now).unwrap()).unwrap();
    assert!(paper.contains("原 <= 25"));
    // A figure where there were words only: the years before its approval were judged by the words.
    let figure = world.put(&officer(1), "indicator:o3", 2026, change(2030, "<=", "160"), json!({ "note": "市级下达" }));
    world.approve(figure.unwrap()).unwrap();
    let target = |year: i32| world.indicator("o3", year)["row"]["standing"]["target"]["value"].clone();
    assert_eq!((target(2025), target(2026)), (Value::Null, json!(160.0)));
}

#[test]
fn impossible_values_unknown_bodies_and_places_elsewhere_are_refused() {
    let world = World::new("impossible");
    let check = |subject: &str, content: Value, expect: Option<&'static str>| {
        let found = world.put(&officer(1), subject, 2025, content.clone(), json!({ "note": "依据" }));
        assert_eq!(code(found), expect, "{subject} {content}");
    };
    let no = Some("QS-2002");
    let value = |value: &str| json!({ "kind": "value", "value": value });
    check("indicator:forest-cover", value("65.2"), None);
    check("indicator:forest-cover", value("100"), None);
    check("indicator:non-fossil", value("170"), no);
    check("indicator:non-fossil", value("-5"), no);
    check("indicator:karst-control", value("-1"), no);
    check("indicator:karst-control", value("1700"), None);
    let target = json!({ "kind": "target", "target_year": 2030, "operator": ">=", "value": "170" });
    check("indicator:non-fossil", target, no);
    let ask =
        |body: &str, target: &str| json!({ "kind": "assignment", "body": body, "what": "完成", "target": target });
    check("indicator:non-fossil", ask("不存在局", "20"), no);
    check("indicator:non-fossil", ask("县林业局", "120"), no);
    check("indicator:non-fossil", ask("县林业局", "20"), None);
    check("project:9", report("不存在局", "1"), no);
    let reached = json!({ "kind": "report", "body": "县林业局", "progress": "1", "value": "170", "text": "t" });
    check("indicator:forest-cover", reached, no);
    let seen = |lon: Value, lat: Value| json!({ "kind": "inspection", "finding": "在建", "lon": lon, "lat": lat });
    check("project:9", seen(json!(0.0), json!(0.0)), no);
    check("project:9", seen(json!(108.8), Value::Null), no);
    check("project:9", seen(json!(108.8), json!(28.9)), None);
    check("project:9", seen(Value::Null, Value::Null), None);
    // An indicator says its own bounds where its unit's do not fit.
    let mut wider = files();
    let text = wider.get_mut("plan/indicators.toml").unwrap();
    *text = text.replacen("id = \"non-fossil\"\n", "id = \"non-fossil\"\nrange = [-20, 200]\n", 1);
    let world = World::with("wider", wider);
    for (text, expect) in [("170", None), ("-5", None), ("201", no)] {
        assert_eq!(code(world.put(&officer(1), "indicator:non-fossil", 2025, value(text), none())), expect, "{text}");
    }
}

#[test]
fn a_correction_takes_the_place_of_what_it_corrects() {
    let world = World::new("corrections");
    let sums = || world.project(9)["sums"]["arranged"].clone();
    let first = world.say("project:9", 2024, money("arranged", "county", "50"), none());
    let replacing = |id: Id| json!({ "replaces": id });
    let put = |actor: &Actor, subject: &str, content, of: Id| world.put(actor, subject, 2024, content, replacing(of));
    let fixed = put(&officer(1), "project:9", money("arranged", "county", "40"), first).unwrap();
    // What it corrects counts until the correction is approved.
    assert_eq!(sums(), "50");
    let other = put(&officer(1), "project:9", money("arranged", "county", "30"), first).unwrap();
    world.approve(fixed).unwrap();
    assert_eq!(sums(), "40");
    let state = |id: Id| {
        let items = serde_json::to_value(world.plan.items_of("project:9")).unwrap();
        items.as_array().unwrap().iter().find(|item| item["id"] == json!(id)).unwrap()["state"].clone()
    };
    assert_eq!((state(first), state(fixed)), (json!("replaced"), json!("approved")));
    assert_eq!(code(world.approve(other)), Some("QS-3003"));
    assert_eq!(sums(), "40");
    // Of the same subject and kind, approved, one's own.
    let county = money("arranged", "county", "1");
    assert_eq!(code(put(&officer(1), "project:9", county.clone(), first)), Some("QS-3003"));
    assert_eq!(code(put(&officer(1), "project:2", county.clone(), fixed)), Some("QS-2002"));
    let milestone = json!({ "kind": "milestone", "name": "开工", "due": "2024-06-30", "done": null });
    assert_eq!(code(put(&officer(1), "project:9", milestone, fixed)), Some("QS-2002"));
    assert_eq!(code(put(&ecology(), "project:9", county, fixed)), Some("QS-1003"));
    // A correction that is opened again gives its place back.
    let appeal = json!({ "kind": "appeal", "of": fixed, "text": "仍有误" });
    let appeal = world.put(&officer(1), "project:9", 2024, appeal, none()).unwrap();
    world.plan.decide(&officer(3), appeal, State::Approved, "", world.now).unwrap();
    assert_eq!((state(first), sums()), (json!("approved"), json!("50")));
}

#[test]
fn money_is_checked_by_source_and_year_with_contracts_and_changed_estimates() {
    let check = |name: &str, entries: &[(i32, Value)], expect: &[&str]| {
        let world = World::new(name);
        for (year, content) in entries {
            world.say("project:9", *year, content.clone(), json!({ "note": "依据" }));
        }
        let state = world.project(9);
        let warnings = state["warnings"].as_array().unwrap().clone();
        let found: Vec<&str> =
            warnings.iter().map(|one| one["code"].as_str().unwrap()).filter(|code| code.starts_with("PM")).collect();
        assert_eq!(found, expect, "{name}: {warnings:?}");
        state
    };
    let even = [(2023, money("arranged", "county", "50")), (2023, money("paid", "county", "50"))];
    check("money-even", &even, &[]);
    let mixed = [(2023, money("arranged", "county", "50")), (2023, money("paid", "central", "10"))];
    let state = check("money-sources", &mixed, &["PM101"]);
    let text = state["warnings"].to_string();
    assert!(text.contains("中央") && text.contains("2023"), "{text}");
    let early = [(2024, money("arranged", "county", "50")), (2023, money("paid", "county", "10"))];
    check("money-years", &early, &["PM101"]);
    // Nothing arranged was entered at all: nothing to compare with.
    check("money-absent", &[(2023, money("paid", "county", "10"))], &[]);
    let contract = |number: &str, amount: &str| json!({ "kind": "contract", "number": number, "party": "某公司", "amount": amount, "signed_on": "2023-03-01" });
    check("money-contracts", &[(2023, contract("A", "8000")), (2023, contract("B", "8000"))], &["PM106"]);
    let more = (2023, money("arranged", "county", "16000"));
    check("money-estimate", std::slice::from_ref(&more), &["PM104"]);
    let raised =
        json!({ "kind": "change", "what": "概算调整", "before": "15000", "after": "20000", "estimate": "20000" });
    let state = check("money-changed", &[(2022, raised), more], &[]);
    assert_eq!((&state["estimate"], &state["estimate_now"]), (&json!("15000"), &json!("20000")));
}

#[test]
fn an_estimate_in_words_only_is_asked_for_as_a_number() {
    let world = World::new("estimate-words");
    let words = json!({ "kind": "change", "what": "投资估算", "before": "15000", "after": "20000" });
    assert_eq!(code(world.put(&officer(1), "project:9", 2024, words, json!({ "note": "批复" }))), Some("QS-2002"));
}

#[test]
fn performance_is_of_a_year_or_final_and_overpaying_earns_nothing() {
    let world = World::new("performance");
    let done =
        |amount: &str| json!({ "kind": "quantity", "quantity": "karst_control", "amount": amount, "unit": "平方公里" });
    // 100 km² over 2021 to 2025: 40 are due by the end of 2022.
    world.say("project:9", 2022, done("20"), none());
    world.say("project:9", 2025, done("60"), none());
    world.say("project:9", 2022, money("arrived", "county", "100"), none());
    world.say("project:9", 2022, money("arranged", "county", "100"), none());
    world.say("project:9", 2022, money("paid", "county", "50"), none());
    world.say("project:9", 2024, money("paid", "county", "60"), none());
    let state = world.project(9);
    let of = |year: i32| {
        let years = state["performance_by_year"].as_array().unwrap();
        years.iter().find(|one| one["year"] == year).unwrap().clone()
    };
    let got = |criteria: &Value, code: &str| {
        criteria.as_array().unwrap().iter().find(|one| one["code"] == code).unwrap()["got"].clone()
    };
    assert_eq!(got(&of(2022)["criteria"], "quantity"), json!(25.0));
    assert_eq!(got(&of(2022)["criteria"], "payment"), json!(10.0));
    assert_eq!(got(&of(2021)["criteria"], "quantity"), Value::Null);
    // Final: 80 of 100; more was paid than ever arrived.
    assert_eq!(got(&state["performance"], "quantity"), json!(40.0));
    assert_eq!(got(&state["performance"], "payment"), json!(0.0));
    assert_eq!(state["performance_score"], json!(57.14));
    // What `?year=` answers; a year before it began has no score.
    let asked = |year: i32| {
        let projects = world.plan.projects(world.now);
        projects.into_iter().find(|one| one.number == 9).unwrap().of_year(Some(year))
    };
    assert_eq!((asked(2022).performance_score, asked(2022).performance_year), (Some(50.0), Some(2022)));
    assert_eq!((asked(2019).performance_score, asked(2019).performance[0].got), (None, None));
}

#[test]
fn silence_does_not_lead_the_ranking() {
    let world = World::new("silence");
    let forestry = department("dept-forestry");
    // Done in 2025 it would ask for nothing in 2026.
    for (year, progress) in [(2025, "0.9"), (2026, "1")] {
        let id = world.put(&forestry, "project:9", year, report("县林业局", progress), none()).unwrap();
        world.approve(id).unwrap();
    }
    // 2025: the deadline is over, and what was not reported counts zero. 2026: it may still be reported.
    let (_, score) = ranked(&world, "县林业局", 2025);
    assert!(score.parse::<f64>().unwrap() < 40.0, "{score}");
    // One duty of many was scored: no rank is made of it.
    assert_eq!(ranked(&world, "县林业局", 2026), ("不排名".to_owned(), "100".to_owned()));
    let silent = duty(&world, "县林业局", "project:2", 2025);
    assert_eq!(silent["score"], json!(0.0));
    assert!(silent["unreported"]["zh"].as_str().unwrap().contains("3 月 31 日"), "{silent}");
    // What waits for its review is not silent.
    world.put(&forestry, "project:2", 2025, report("县林业局", "1"), none()).unwrap();
    assert_eq!(duty(&world, "县林业局", "project:2", 2025)["score"], Value::Null);
}

#[test]
fn a_light_measures_the_way_from_the_baseline() {
    let world = World::new("lights");
    let value = |value: &str| json!({ "kind": "value", "value": value });
    // 63.09 in 2020 to 65 in 2025: 64.24 in 2023; a tenth of the way is 0.19.
    for (year, text) in [(2022, "63.8"), (2023, "63.2"), (2024, "64.9"), (2025, "64.9")] {
        world.say("indicator:forest-cover", year, value(text), none());
    }
    let standing = |year: i32| world.indicator("forest-cover", year)["row"]["standing"].clone();
    for (year, light) in [(2022, "yellow"), (2023, "red"), (2024, "green"), (2025, "red")] {
        assert_eq!(standing(year)["light"], light, "{year}: {}", standing(year));
    }
    let lag = standing(2023)["lag"].as_f64().unwrap();
    assert!((0.54..0.55).contains(&lag), "{lag}");
    assert!((standing(2023)["distance"].as_f64().unwrap() - 1.91).abs() < 1e-9);
    // The year is over and the target missed.
    assert!(standing(2025)["name"]["zh"].as_str().unwrap().contains("目标年"), "{}", standing(2025));
}

#[test]
fn a_value_from_quantities_that_may_be_counted_twice_says_so() {
    let mut edited = files();
    let text = edited.get_mut("plan/projects.toml").unwrap();
    *text = text.replacen("what=\"石漠化治理\", value=100", "what=\"石漠化治理\", value=150", 1);
    let world = World::with("twice", edited);
    let done = json!({ "kind": "quantity", "quantity": "karst_control", "amount": "20", "unit": "平方公里" });
    assert_eq!(world.indicator("karst-control", 2024)["row"]["doubts"], json!([]));
    world.say("project:9", 2024, done, none());
    let doubts = world.indicator("karst-control", 2024)["row"]["doubts"].clone();
    assert!(doubts[0]["zh"].as_str().unwrap().contains("PL408"), "{doubts}");
}

#[test]
fn the_next_plan_still_computes() {
    let world = World::new("next-plan");
    world.air.0.lock().unwrap().extend([(2023, 26.0), (2025, 24.0)]);
    world.plan.refresh(true, world.now).unwrap();
    let stage = |to: &str| json!({ "kind": "stage", "to": to });
    // Unfinished by their own record, finished, and (project 2) nobody said anything.
    world.say("project:9", 2025, stage("building"), none());
    world.say("project:6", 2025, stage("accepted"), none());
    let next = world.plan.rollover().unwrap();
    let mut pack = next.clone();
    pack.extend(
        world.files.iter().filter(|(name, _)| name.starts_with("bodies/")).map(|(n, t)| (n.clone(), t.clone())),
    );
    let report = plan::check(&pack);
    let bad: Vec<_> = report
        .findings
        .iter()
        .filter(|finding| ["PL002", "PL003", "PL004", "PL406", "PL601", "PL602"].contains(&finding.code))
        .collect();
    assert!(bad.is_empty(), "{bad:?}");
    let file: plan::model::IndicatorFile = toml::from_str(&next["plan/indicators.toml"]).unwrap();
    let loaded = world.plan.loaded();
    let of = |id: &str| file.indicators.iter().map(|one| one.get_ref()).find(|one| one.id == id);
    for old in &loaded.indicators {
        // What ended with the plan before this one does not go on.
        let ended = !old.targets.is_empty() && old.targets.iter().all(|target| target.year < 2021);
        let Some(new) = of(&old.id) else {
            assert!(ended, "{}", old.id);
            continue;
        };
        assert!(!ended, "{}", old.id);
        let kept = |one: &plan::model::Indicator| {
            let formulas = (one.formula.clone(), one.numerator.clone(), one.denominator.clone(), one.factor);
            let rest = (one.facts.clone(), one.decimals, one.quantity.clone(), one.to_date, one.range);
            (formulas, rest, one.statistic.clone(), one.unit.clone(), one.direction, one.bindingness, one.cumulative)
        };
        assert_eq!(kept(new), kept(old), "{}", old.id);
        // Bodies that were inferred from projects go with them.
        let goes_on = old.bodies_from.is_empty() || old.bodies_from.iter().any(|from| from == "project:9");
        let bodies = if goes_on { old.bodies.clone() } else { Vec::new() };
        assert_eq!(new.bodies, bodies, "{}", old.id);
        // Later targets stand as they are.
        let over = old.targets.iter().filter(|target| target.year <= 2025).count();
        assert_eq!(new.earlier.len(), over, "{}", old.id);
    }
    let values: Vec<_> =
        of("pm25").unwrap().values.iter().map(|one| (one.year, one.value.unwrap().to_string())).collect();
    let expect = [(2020, "21"), (2023, "26"), (2025, "24")].map(|(year, value)| (year, value.to_owned()));
    assert_eq!(values, expect);
    let projects: plan::model::ProjectFile = toml::from_str(&next["plan/projects.toml"]).unwrap();
    let numbers: Vec<u32> = projects.projects.iter().map(|one| one.get_ref().number).collect();
    // Project 5 runs to 2035.
    assert!(numbers.contains(&5) && numbers.contains(&9), "{numbers:?}");
    assert!(!numbers.contains(&6) && !numbers.contains(&2), "{numbers:?}");
    assert!(next["plan/projects.toml"].contains("#   2 "), "{}", next["plan/projects.toml"]);
    // It opens as a plan, and the years before are still read.
    let opened = World::with("next-plan-opened", pack);
    assert_eq!(opened.plan.loaded().plan.period, [2026, 2030]);
    opened.air.0.lock().unwrap().insert(2026, 25.0);
    opened.plan.refresh(true, opened.now).unwrap();
    let pm25 = opened.indicator("pm25", 2026);
    assert_eq!(pm25["row"]["value"], "25");
    let earlier = pm25["earlier"].as_array().unwrap();
    let has = |year: i32, key: &str, text: &str| earlier.iter().any(|one| one["year"] == year && one[key] == text);
    assert!(has(2023, "value", "26") && has(2025, "target", "<= 25"), "{earlier:?}");
}

/// A finished project asks for nothing more; a correction stays in the year and with the body of what it corrects.
#[test]
fn what_is_done_asks_for_nothing_more() {
    let world = World::new("done");
    let forestry = department("dept-forestry");
    let id = world.put(&forestry, "project:9", 2023, report("县林业局", "1"), none()).unwrap();
    let asks = |year| duty_of(&world, "县林业局", "project:9", year).is_some();
    assert!(asks(2024), "what waits is not accepted");
    world.approve(id).unwrap();
    assert_eq!([asks(2022), asks(2023), asks(2024), asks(2025)], [true, true, false, false]);
    let fixes = json!({ "replaces": id.to_string() });
    let other_year = world.put(&forestry, "project:9", 2024, report("县林业局", "1"), fixes.clone());
    assert_eq!(code(other_year), Some("QS-2002"));
    let other_body = world.put(&officer(1), "project:9", 2023, report("县水利局", "1"), fixes);
    assert_eq!(code(other_body), Some("QS-2002"));
    // The stage says so as well.
    world.say("project:6", 2022, json!({ "kind": "stage", "to": "accepted" }), none());
    let leads = world.plan.loaded().projects.iter().find(|one| one.number == 6).unwrap().lead[0].clone();
    assert!(duty_of(&world, &leads, "project:6", 2022).is_some());
    assert!(duty_of(&world, &leads, "project:6", 2023).is_none());
}

/// A milestone of the last day of a year belongs to it, and moving it later changes no year before.
#[test]
fn a_milestone_of_the_last_day_counts_in_its_year() {
    let world = World::new("milestones");
    let milestone = |due: &str, done: Value| json!({ "kind": "milestone", "name": "闸门", "due": due, "done": done });
    let share = |year: i32| {
        let project = world.plan.projects(world.now).into_iter().find(|one| one.number == 9).unwrap();
        let year = project.performance_by_year.iter().find(|one| one.year == year).unwrap().clone();
        let criterion = year.criteria.iter().find(|one| one.from.contains_key("milestones_share")).unwrap().clone();
        serde_json::to_value(&criterion.from["milestones_share"]).unwrap()
    };
    world.say("project:9", 2023, milestone("2023-12-31", Value::Null), none());
    assert_eq!(share(2023), json!(0.0));
    world.say("project:9", 2026, milestone("2026-06-30", json!("2026-05-01")), none());
    assert_eq!((share(2023), share(2026)), (json!(0.0), json!(1.0)));
}
