//! What the second review found of entries, papers and revisions, each as a test.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod world;

use kernel::{Actor, Day, Id, Role};
use plan::assessment::Kind;
use plan::item::State;
use serde_json::{Value, json};
use world::{World, code, department, files, officer};

fn none() -> Value {
    json!({})
}

fn value(value: &str) -> Value {
    json!({ "kind": "value", "value": value })
}

fn report(body: &str, progress: &str) -> Value {
    json!({ "kind": "report", "body": body, "progress": progress, "text": "自评" })
}

fn money(step: &str, amount: &str) -> Value {
    json!({ "kind": "money", "step": step, "source": "county", "amount": amount })
}

fn stage(to: &str) -> Value {
    json!({ "kind": "stage", "to": to })
}

fn assignment(body: &str, target: &str) -> Value {
    json!({ "kind": "assignment", "body": body, "what": "完成", "target": target })
}

fn target(year: i32, operator: &str, value: &str) -> Value {
    json!({ "kind": "target", "target_year": year, "operator": operator, "value": value })
}

fn state_of(world: &World, subject: &str, id: Id) -> String {
    let items = serde_json::to_value(world.plan.items_of(subject)).unwrap();
    let item = items.as_array().unwrap().iter().find(|item| item["id"] == json!(id)).unwrap().clone();
    item["state"].as_str().unwrap().to_owned()
}

#[test]
fn decisions_at_once_are_all_in_the_sums() {
    let world = World::new("parallel");
    // Many items make a reading long enough for another to overtake it.
    let ids: Vec<Id> =
        (0..160).map(|_| world.put(&officer(1), "project:9", 2024, money("arranged", "1"), none()).unwrap()).collect();
    for (round, part) in ids.chunks(40).enumerate() {
        std::thread::scope(|scope| {
            for part in part.chunks(5) {
                let world = &world;
                scope.spawn(move || {
                    for id in part {
                        world.approve(*id).unwrap();
                        // Whoever has the answer finds what was answered, then and later.
                        let approved = || world.plan.items().iter().any(|item| item.id == *id && item.approved());
                        assert!((0..200).all(|_| approved()), "{id} was lost");
                    }
                });
            }
        });
        assert_eq!(world.project(9)["sums"]["arranged"], ((round + 1) * 40).to_string());
    }
}

#[test]
fn nothing_is_done_before_its_time() {
    // Now is 25 November 2026.
    let world = World::new("future");
    let check = |subject: &str, year: i32, content: Value, expect: Option<&str>| {
        let found = code(world.put(&officer(1), subject, year, content.clone(), json!({ "note": "依据" })));
        assert_eq!(found, expect, "{subject} {year} {content}");
    };
    let refused = Some("QS-2002");
    check("indicator:forest-cover", 2027, value("65"), refused);
    check("indicator:forest-cover", 2017, value("65"), refused);
    check("indicator:forest-cover", 2026, value("65"), None);
    check("project:9", 2027, money("paid", "1"), refused);
    check("project:9", 2027, money("arrived", "1"), refused);
    check("project:9", 2027, money("arranged", "1"), None);
    check("project:9", 2044, money("planned", "1"), refused);
    check("project:9", 2027, stage("building"), refused);
    let done = json!({ "kind": "quantity", "quantity": "karst_control", "amount": "1", "unit": "公顷" });
    check("project:9", 2027, done, refused);
    let milestone = |done: Value| json!({ "kind": "milestone", "name": "完工", "due": "2027-06-30", "done": done });
    check("project:9", 2027, milestone(Value::Null), None);
    check("project:9", 2026, milestone(json!("2026-11-26")), refused);
    check("project:9", 2026, milestone(json!("2026-11-25")), None);
    let contract = |number: &str, day: &str| json!({ "kind": "contract", "number": number, "party": "甲", "amount": "1", "signed_on": day });
    check("project:9", 2026, contract("H-1", "2026-12-01"), refused);
    world.say("project:9", 2026, contract("H-1", "2026-11-01"), none());
    // The same contract counts once.
    check("project:9", 2025, contract(" H-1", "2025-11-01"), Some("QS-3003"));
    check("project:9", 2027, report("县林业局", "1"), refused);
    check("project:9", 2027, json!({ "kind": "inspection", "finding": "在建", "lon": null, "lat": null }), refused);
}

#[test]
fn a_slip_of_a_unit_is_refused_and_a_little_more_is_said() {
    let world = World::new("amounts");
    let done = |amount: &str, unit: &str| json!({ "kind": "quantity", "quantity": "karst_control", "amount": amount, "unit": unit });
    let planned = world.project(9)["quantities"][0].clone();
    assert_eq!((&planned["planned"], &planned["unit"]), (&json!("100"), &json!("平方公里")));
    let put =
        |amount: &str, unit: &str, more: Value| world.put(&officer(1), "project:9", 2024, done(amount, unit), more);
    assert_eq!(code(put("30000", "平方公里", none())), Some("QS-2002"));
    assert_eq!(code(put("79228162514264337593543950335", "公顷", none())), Some("QS-2002"));
    let first = world.say("project:9", 2024, done("110", "平方公里"), none());
    let codes = |world: &World| world.project(9)["warnings"].to_string();
    assert!(codes(&world).contains("PR205"));
    // What is there counts, what is corrected does not.
    assert_eq!(code(put("200", "平方公里", none())), Some("QS-2002"));
    put("290", "平方公里", json!({ "replaces": first })).unwrap();
}

#[test]
fn what_should_never_have_been_there_is_retracted() {
    let world = World::new("retractions");
    let shown = |year| world.indicator("forest-cover", year)["row"]["value"].clone();
    let wrong = world.say("indicator:forest-cover", 2023, value("65.2"), none());
    assert_eq!(shown(2023), "65.2");
    let retraction = |of: Id| json!({ "kind": "retraction", "of": of, "text": "年份填错" });
    let put = |actor: &Actor, subject: &str, year, of: Id| world.put(actor, subject, year, retraction(of), none());
    assert_eq!(code(put(&officer(1), "indicator:forest-cover", 2024, wrong)), Some("QS-2002"), "of another year");
    assert_eq!(code(put(&department("dept-water"), "indicator:forest-cover", 2023, wrong)), Some("QS-1003"));
    let taken = put(&officer(1), "indicator:forest-cover", 2023, wrong).unwrap();
    assert_eq!(shown(2023), "65.2", "until somebody approves");
    world.approve(taken).unwrap();
    assert_eq!((shown(2023), state_of(&world, "indicator:forest-cover", wrong)), (Value::Null, "retracted".into()));
    // Neither twice, nor of a retraction; a new value may follow.
    assert_eq!(code(put(&officer(1), "indicator:forest-cover", 2023, wrong)), Some("QS-3003"));
    assert_eq!(code(put(&officer(1), "indicator:forest-cover", 2023, taken)), Some("QS-3003"));
    world.say("indicator:forest-cover", 2023, value("64"), none());
    assert_eq!(shown(2023), "64");
    // A retracted correction gives its place back.
    let first = world.say("project:9", 2024, money("arranged", "50"), none());
    let fixed = world.say("project:9", 2024, money("arranged", "40"), json!({ "replaces": first }));
    let taken = put(&officer(1), "project:9", 2024, fixed).unwrap();
    world.approve(taken).unwrap();
    assert_eq!(world.project(9)["sums"]["arranged"], "50");
    assert_eq!(state_of(&world, "project:9", first), "approved");
    // A target is changed again instead.
    let change = world.say("indicator:forest-cover", 2026, target(2035, ">=", "66"), json!({ "note": "市级文件" }));
    assert_eq!(code(put(&officer(1), "indicator:forest-cover", 2026, change)), Some("QS-3003"));
}

#[test]
fn a_correction_of_an_older_entry_does_not_come_before_a_newer_one() {
    let world = World::new("order");
    let subject = "indicator:forest-cover";
    world.say(subject, 2024, value("40"), none());
    let second = world.put(&officer(1), subject, 2024, value("44"), none());
    assert_eq!(code(second), Some("QS-3003"), "it is corrected, not entered twice");
    // Two reports of a body: the newest counts, whatever is corrected of the first.
    let share = |world: &World| {
        let (loaded, items) = (world.plan.loaded(), world.plan.items());
        let duties = loaded.ground(&items).duties("县林业局", 2025, world.now);
        duties.into_iter().find(|duty| duty.subject == "project:9").unwrap().progress
    };
    let first = world.say("project:9", 2025, report("县林业局", "0.4"), none());
    world.say("project:9", 2025, report("县林业局", "0.9"), none());
    assert_eq!(share(&world), Some(0.9));
    world.say("project:9", 2025, report("县林业局", "0.5"), json!({ "replaces": first }));
    assert_eq!(share(&world), Some(0.9));
    let given = world.say("task:T-3.1-1", 2025, assignment("县林业局", "100"), none());
    assert_eq!(
        code(world.put(&officer(1), "task:T-3.1-1", 2025, assignment("县林业局", "90"), none())),
        Some("QS-3003")
    );
    world.say("task:T-3.1-1", 2025, assignment("县林业局", "120"), json!({ "replaces": given }));
    assert_eq!(world.plan.body_targets(world.now)[0].target.unwrap().to_string(), "120");
}

#[test]
fn closed_years_stay_under_the_target_that_they_had() {
    let mut world = World::new("targets");
    let subject = "indicator:forest-cover";
    let at =
        |world: &World, year: i32| world.indicator("forest-cover", year)["row"]["standing"]["target"]["value"].clone();
    let original = at(&world, 2024);
    world.now = Day::from_civil(2023, 6, 1).start();
    let change = world.say(subject, 2023, target(2025, ">=", "60"), json!({ "note": "市级文件" }));
    world.now = Day::from_civil(2026, 11, 25).start();
    assert_eq!((at(&world, 2022), at(&world, 2024)), (original, json!(60.0)));
    // Corrected three years later: the years between keep what they were judged by.
    world.say(subject, 2023, target(2025, ">=", "50"), json!({ "note": "更正", "replaces": change }));
    assert_eq!(at(&world, 2024), json!(60.0));
    // A target for another year changes no result.
    world.say(subject, 2025, value("64"), none());
    let result = |world: &World| world.indicator("forest-cover", 2026)["row"]["result"].clone();
    assert_eq!(result(&world), "met");
    world.say(subject, 2026, target(2023, ">=", "20"), json!({ "note": "补充" }));
    assert_eq!(result(&world), "met");
}

#[test]
fn scores_are_of_years_that_could_be_reported() {
    let world = World::new("years");
    let (loaded, items) = (world.plan.loaded(), world.plan.items());
    let ground = loaded.ground(&items);
    for (year, has) in [(2020, false), (2021, true), (2026, true), (2027, false), (i32::MAX, false)] {
        assert_eq!(ground.has_year(year, world.now), has, "{year}");
    }
    let duties = |year: i32| {
        let items = world.plan.items();
        loaded.ground(&items).duties("县生态环境局", year, world.now)
    };
    // A commitment without a date is due at the end of the period, not in every year.
    let undated =
        |year: i32| duties(year).into_iter().filter(|duty| duty.subject.starts_with("task:")).collect::<Vec<_>>();
    assert!(undated(2023).iter().all(|duty| duty.due == 0.0 && duty.score.is_none()));
    assert!(undated(2025).iter().any(|duty| duty.due == 1.0 && duty.score == Some(0.0)));
    // Asked for in a year: due in that year. Asked for only now: nobody was silent then.
    world.say("task:T-3.1-1", 2024, assignment("县水利局", "1"), none());
    let items = world.plan.items();
    let late = loaded.ground(&items).duties("县水利局", 2024, world.now);
    let late = late.into_iter().find(|duty| duty.subject == "task:T-3.1-1").unwrap();
    assert_eq!((late.due, late.score), (1.0, None));
    // Before the platform was there, nobody could report.
    let mut young = loaded.ground(&items);
    young.since = world.now;
    assert!(young.ranking(2024, world.now).iter().all(|body| body.score.is_none()));
}

#[test]
fn a_task_is_as_far_as_all_of_its_bodies_say() {
    let world = World::new("shared");
    let row = || world.plan.tasks(None).into_iter().find(|task| task.id == "T-3.1-1").unwrap();
    assert!(row().owners.is_empty());
    // Whoever has no part in it says nothing of it.
    assert_eq!(code(world.put(&officer(1), "task:T-3.1-1", 2025, report("县林业局", "1"), none())), Some("QS-2002"));
    world.say("task:T-3.1-1", 2024, assignment("县林业局", "1"), none());
    world.say("task:T-3.1-1", 2024, assignment("县水利局", "1"), none());
    world.say("task:T-3.1-1", 2024, report("县林业局", "0.2"), none());
    assert_eq!((row().progress, row().reported, row().bodies), (None, 1, 2));
    world.say("task:T-3.1-1", 2025, report("县水利局", "1"), none());
    assert_eq!((row().progress.as_deref(), row().progress_year), (Some("20"), Some(2024)));
}

#[test]
fn one_reads_of_a_part_of_the_evidence_that_it_is_a_part() {
    let world = World::new("partial");
    for (year, mean) in [(2021, 24.0), (2022, 20.0), (2023, 16.0), (2025, 29.0), (2026, 29.0)] {
        world.air.0.lock().unwrap().insert(year, mean);
    }
    *world.air.1.lock().unwrap() = Some(2025);
    world.plan.refresh(true, world.now).unwrap();
    let row = |year| world.indicator("pm25", year)["row"].clone();
    // The target of 2025 was 25: with 300 days missing nobody says that it was missed.
    let last = row(2025);
    assert_eq!(
        (&last["standing"]["met"], &last["standing"]["partial"], &last["result"]),
        (&Value::Null, &json!(true), &json!("partial"))
    );
    let name = last["standing"]["name"]["zh"].as_str().unwrap().to_owned();
    assert!(name.starts_with("证据不全") && !name.contains("未达标"), "{name}");
    // The year after is no target year.
    let after = row(2026)["standing"]["name"]["zh"].as_str().unwrap().to_owned();
    assert!(!after.contains("目标年已过"), "{after}");
    // Three falling years: the trend goes below nothing, which no concentration does; what is over is not forecast.
    let forecast = row(2026)["forecast"].clone();
    let years: Vec<i64> =
        forecast["years"].as_array().unwrap().iter().map(|one| one["year"].as_i64().unwrap()).collect();
    assert_eq!(years, [2035]);
    assert_eq!(forecast["years"][0]["value"], 0.0);
    assert!(forecast["method"]["zh"].as_str().unwrap().contains("4 个年份"), "{}", forecast["method"]);
}

#[test]
fn a_forecast_says_meets_only_where_both_ends_do() {
    let world = World::new("forecast");
    // In words only for 2035: a figure is set by a change of the plan.
    let check = |id: &str, goal: Option<&str>, values: &[&str], expect: Value| {
        if let Some(goal) = goal {
            let subject = format!("indicator:{id}");
            world.say(&subject, 2026, target(2035, ">=", goal), json!({ "note": "远景目标定量" }));
        }
        for (year, text) in (2021..).zip(values) {
            world.say(&format!("indicator:{id}"), year, value(text), none());
        }
        let forecast = world.indicator(id, 2026)["row"]["forecast"].clone();
        let last = forecast["years"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last["meets"], expect, "{id}: {last}");
    };
    // Target 45 % and more of green cover.
    check("green-cover", Some("45"), &["40", "50", "45"], Value::Null);
    // A target of 2025 says nothing of 2035.
    check("forest-cover", None, &["64.1", "64.2", "64.3", "64.4"], Value::Null);
    check("forest-cover", Some("65"), &[], json!(true));
}

#[test]
fn a_sum_of_the_running_year_is_held_against_the_part_that_has_gone() {
    let mut world = World::new("elapsed");
    // 100 km² in 2025: 20 a year.
    world.say(
        "project:9",
        2021,
        json!({ "kind": "quantity", "quantity": "karst_control", "amount": "20", "unit": "平方公里" }),
        none(),
    );
    world.now = Day::from_civil(2022, 1, 20).start();
    world.plan.refresh(true, world.now).unwrap();
    let standing = world.indicator("karst-control", 2022)["row"]["standing"].clone();
    let path = standing["path"].as_f64().unwrap();
    assert!((20.0..22.0).contains(&path), "{standing}");
    assert_eq!(standing["light"], "yellow", "a few days behind is not red: {standing}");
    world.now = Day::from_civil(2023, 1, 20).start();
    assert_eq!(world.indicator("karst-control", 2022)["row"]["standing"]["path"], 40.0);
}

#[test]
fn who_may_say_what() {
    let world = World::new("rights");
    let inspector = Actor { id: Id(5), name: "执法".into(), roles: vec![Role::Inspector], body: None };
    let seen = || json!({ "kind": "inspection", "finding": "在建", "lon": null, "lat": null });
    let change = || json!({ "kind": "change", "what": "建设内容", "before": "甲", "after": "乙" });
    let check = |actor: &Actor, subject: &str, content: Value, expect: Option<&str>| {
        let found = code(world.put(actor, subject, 2025, content.clone(), json!({ "note": "依据" })));
        assert_eq!(found, expect, "{} {subject} {content}", actor.name);
    };
    let lead = department("dept-forestry");
    check(&inspector, "project:9", seen(), None);
    check(&inspector, "project:9", money("paid", "1"), Some("QS-1003"));
    check(&lead, "project:9", seen(), Some("QS-1003"));
    check(&lead, "project:9", change(), None);
    check(&lead, "project:9", stage("building"), None);
    let loaded = world.plan.loaded();
    let cooperating = loaded.project(9).unwrap().cooperating.iter().find_map(|name| loaded.body_key(name));
    let other = department(cooperating.expect("project 9 has a co-operating body"));
    check(&other, "project:9", change(), Some("QS-1003"));
    check(&other, "project:9", money("paid", "1"), None);
    // A part of a target gives the right to report, not to state the county's value.
    world.say("indicator:sludge", 2025, assignment("县水利局", "90"), none());
    let water = department("dept-water");
    check(&water, "indicator:sludge", report("县水利局", "1"), None);
    check(&water, "indicator:sludge", value("99"), Some("QS-1003"));
    // Nobody decides on the report of their own body.
    let own = Actor { roles: vec![Role::PlanOfficer], id: Id(6), ..department("dept-forestry") };
    let id = world.put(&lead, "project:9", 2025, report("县林业局", "1"), none()).unwrap();
    assert_eq!(code(world.plan.decide(&own, id, State::Approved, "", world.now)), Some("QS-3001"));
    world.approve(id).unwrap();
    // No appeal against an appeal, and none for ever.
    let appeal = |of: Id| json!({ "kind": "appeal", "of": of, "text": "有误" });
    let first = world.put(&lead, "project:9", 2025, appeal(id), none()).unwrap();
    world.plan.decide(&officer(3), first, State::Returned, "理由不足", world.now).unwrap();
    assert_eq!(code(world.put(&lead, "project:9", 2025, appeal(first), none())), Some("QS-3003"));
    let late = World { now: world.now.plus(61 * 86_400_000), ..world };
    assert_eq!(code(late.put(&lead, "project:9", 2025, appeal(id), none())), Some("QS-3003"));
}

#[test]
fn stages_are_corrected_and_come_one_after_the_other() {
    let world = World::new("stages");
    let first = world.say("project:9", 2024, stage("tender"), none());
    let last = world.say("project:9", 2025, stage("building"), none());
    let put = |to: &str, year: i32, of: Option<Id>| {
        let more = of.map_or_else(none, |of| json!({ "replaces": of }));
        world.put(&officer(1), "project:9", year, stage(to), more)
    };
    assert_eq!(code(put("accepted", 2024, None)), Some("QS-2002"), "before the stage that it follows");
    assert_eq!(code(put("design", 2024, Some(first))), Some("QS-3003"), "the life cycle went on from it");
    assert_eq!(code(put("accepted", 2025, Some(last))), Some("QS-3003"), "not from tender");
    let fixed = put("suspended", 2025, Some(last));
    assert_eq!(code(fixed), Some("QS-2002"), "suspension says why");
    let more = json!({ "replaces": last, "note": "缺资金" });
    let fixed = world.put(&officer(1), "project:9", 2025, stage("suspended"), more).unwrap();
    world.approve(fixed).unwrap();
    assert_eq!(
        (world.project(9)["stage"].clone(), world.project(9)["stage_before"].clone()),
        (json!("suspended"), json!("tender"))
    );
    // Money that was paid on what is cancelled is looked at.
    world.say("project:9", 2025, money("paid", "5"), none());
    world.say("project:9", 2026, stage("cancelled"), json!({ "note": "取消" }));
    assert!(world.project(9)["warnings"].to_string().contains("PM107"));
}

#[test]
fn papers_are_numbered_once_and_of_no_year_to_come() {
    let world = World::new("papers");
    let numbers: Vec<i64> = std::thread::scope(|scope| {
        let save = || world.plan.save_assessment(&officer(1), Kind::Yearly, Some(2024), world.now).unwrap().revision;
        let running: Vec<_> = (0..6).map(|_| scope.spawn(save)).collect();
        let mut numbers: Vec<i64> = running.into_iter().map(|one| one.join().unwrap()).collect();
        numbers.sort_unstable();
        numbers
    });
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
    // What is older than an approved paper of its year is approved no more.
    let saved = world.plan.assessments().unwrap();
    let of = |number: i64| saved.iter().find(|one| one.revision == number).unwrap().id;
    world.plan.approve_assessment(&officer(2), of(4), world.now).unwrap();
    assert_eq!(code(world.plan.approve_assessment(&officer(2), of(3), world.now)), Some("QS-3003"));
    world.plan.approve_assessment(&officer(2), of(5), world.now).unwrap();
    assert_eq!(code(world.plan.assess(Kind::Yearly, Some(2027), world.now)), Some("QS-2002"));
    let title = |kind, year| world.plan.assess(kind, year, world.now).unwrap().title.zh;
    assert!(title(Kind::Yearly, Some(2026)).contains("阶段性，截至 2026-11-25"));
    assert!(!title(Kind::Final, None).contains("阶段性"));
    // The score of a year is of that year: a fifth of the quantity is all that 2021 asks for.
    world.say(
        "project:9",
        2021,
        json!({ "kind": "quantity", "quantity": "karst_control", "amount": "20", "unit": "平方公里" }),
        none(),
    );
    let got = |kind, year| {
        let paper = serde_json::to_value(world.plan.assess(kind, year, world.now).unwrap()).unwrap();
        let tables = paper["sections"][2]["tables"].as_array().unwrap().clone();
        let table =
            tables.iter().find(|table| table["title"]["zh"].as_str().unwrap().starts_with("绩效")).unwrap().clone();
        let row = table["rows"]
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row[0]["text"].as_str().unwrap().starts_with("9 "))
            .unwrap()
            .clone();
        (row[1]["text"].clone(), row[2]["text"].clone())
    };
    let (part, of) = got(Kind::Yearly, Some(2021));
    assert_eq!(part.as_str().unwrap().trim_end_matches(".0"), of, "full points for 2021");
    assert_ne!(got(Kind::Final, None).0.as_str().unwrap().trim_end_matches(".0"), of);
}

#[test]
fn a_broken_file_leaves_the_plan_in_force_and_files_put_back_leave_nothing_waiting() {
    let world = World::new("broken");
    world.plan.approve_revision(&officer(2), 1, "人大批准", world.now).unwrap();
    let with = |text: &str| {
        let mut files = files();
        files.get_mut("plan/indicators.toml").unwrap().push_str(text);
        files
    };
    let broken = world.reopen(with("\nnonsense = 1\n"));
    let home = broken.home(None, world.now).unwrap();
    assert_eq!(home.revision, 1);
    assert!(home.unreadable.unwrap().contains("indicators.toml"));
    // Another text waits; the old one put back takes the offer away.
    let waiting = |plan: &plan::Plan| plan.home(None, world.now).unwrap().pending_revision;
    assert_eq!(waiting(&world.reopen(with("\n# 说明\n"))), Some(2));
    let back = world.reopen(files());
    assert_eq!((waiting(&back), back.home(None, world.now).unwrap().unreadable), (None, None));
    assert_eq!(code(back.approve_revision(&officer(2), 2, "批准", world.now)), Some("QS-3003"));
}

#[test]
fn of_many_who_approve_a_revision_one_does() {
    let world = World::new("once");
    let done: Vec<bool> = std::thread::scope(|scope| {
        let approve = |who: i64| {
            let world = &world;
            move || world.plan.approve_revision(&officer(who), 1, &format!("文件 {who}"), world.now).is_ok()
        };
        let running: Vec<_> = (2..8).map(|who| scope.spawn(approve(who))).collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(done.iter().filter(|done| **done).count(), 1, "{done:?}");
}

#[test]
fn a_light_that_an_approval_changes_is_an_event() {
    let world = World::new("events");
    let events = || {
        let sql = "SELECT COUNT(*) FROM event WHERE kind = 'plan.light_changed'";
        let rows = world.store.read(|reader| reader.query(sql, &[])).unwrap();
        rows[0].integer(0).unwrap()
    };
    let before = events();
    world.say("indicator:forest-cover", 2026, value("65"), none());
    assert_eq!(events(), before + 1, "missing → green");
    world.say("indicator:forest-cover", 2026, target(2025, ">=", "90"), json!({ "note": "市级文件" }));
    assert_eq!(events(), before + 2, "green → red");
}

#[test]
fn names_and_numbers_are_bounded() {
    let world = World::new("bounds");
    let value_of = |text: &str| code(world.put(&officer(1), "indicator:karst-control", 2024, value(text), none()));
    assert_eq!(value_of("100000000000000000000"), Some("QS-2002"));
    let long = format!("../{}", "甲".repeat(5_000));
    let evidence = world.plan.keep_file(&officer(1), "a.pdf", b"%PDF-1.4 proof").unwrap();
    let more = json!({ "evidence": [{ "hash": evidence.hash, "file_name": long }] });
    let id = world.put(&officer(1), "indicator:forest-cover", 2024, value("60"), more).unwrap();
    let items = world.plan.items_of("indicator:forest-cover");
    let name = &items.iter().find(|item| item.id == id).unwrap().evidence[0].file_name;
    assert!(name.chars().count() <= 120 && !name.contains('/'), "{name}");
    let assumed = |value: f64| {
        let one = plan::ops::Assumption { indicator: "forest-cover".into(), year: 2024, value };
        code(world.plan.what_if(&[one], 2024, world.now))
    };
    assert_eq!((assumed(500.0), assumed(60.0)), (Some("QS-2002"), None));
    assert_eq!(code(world.plan.indicator("pm25", Some(i32::MIN), world.now)), Some("QS-2002"));
}

#[test]
fn what_may_be_there_once_is_looked_at_again_when_it_is_decided() {
    let world = World::new("decided");
    let put =
        |subject: &str, content: Value, more: Value| world.put(&officer(1), subject, 2024, content, more).unwrap();
    let subject = "indicator:forest-cover";
    let (one, other) = (put(subject, value("60"), none()), put(subject, value("65"), none()));
    world.approve(one).unwrap();
    assert_eq!(code(world.approve(other)), Some("QS-3003"));
    // A contract that was returned, entered again and approved does not come back by an appeal.
    let contract = |number: &str| json!({ "kind": "contract", "number": number, "party": "甲", "amount": "11", "signed_on": "2024-06-01" });
    let first = put("project:9", contract("H-9"), none());
    world.plan.decide(&officer(2), first, State::Returned, "附件不清", world.now).unwrap();
    world.say("project:9", 2024, contract("H-9"), none());
    let appeal = put("project:9", json!({ "kind": "appeal", "of": first, "text": "附件清楚" }), none());
    world.plan.decide(&officer(3), appeal, State::Approved, "", world.now).unwrap();
    assert_eq!(code(world.plan.decide(&officer(3), first, State::Approved, "", world.now)), Some("QS-3003"));
    assert_eq!(world.project(9)["contracts"], "11");
    // A correction whose number was used meanwhile keeps its place.
    let old = world.say("project:9", 2024, contract("H-10"), none());
    let fixed = world.say("project:9", 2024, contract("H-11"), json!({ "replaces": old }));
    world.say("project:9", 2024, contract("H-10"), none());
    let taken = put("project:9", json!({ "kind": "retraction", "of": fixed, "text": "误填" }), none());
    assert_eq!(code(world.approve(taken)), Some("QS-3003"));
    // Quantities that wait add up when they are decided; a correction that lowers them is always taken.
    let done =
        |amount: &str| json!({ "kind": "quantity", "quantity": "karst_control", "amount": amount, "unit": "平方公里" });
    let (one, other) = (put("project:9", done("180"), none()), put("project:9", done("180"), none()));
    world.approve(one).unwrap();
    assert_eq!(code(world.approve(other)), Some("QS-2002"));
    world.say("project:9", 2024, done("20"), json!({ "replaces": one }));
    world.approve(other).unwrap();
}

#[test]
fn contracts_sent_at_once_are_one() {
    let world = World::new("contracts");
    let contract =
        json!({ "kind": "contract", "number": "H-1", "party": "甲", "amount": "1", "signed_on": "2024-06-01" });
    let ids: Vec<Id> =
        (0..4).map(|_| world.put(&officer(1), "project:9", 2024, contract.clone(), none()).unwrap()).collect();
    let done: Vec<bool> = std::thread::scope(|scope| {
        let running: Vec<_> = ids.iter().map(|id| scope.spawn(|| world.approve(*id).is_ok())).collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(done.iter().filter(|done| **done).count(), 1, "{done:?}");
    assert_eq!(world.project(9)["contracts"], "1");
}

#[test]
fn what_was_entered_ahead_can_be_taken_back_and_what_judged_years_stays() {
    let world = World::new("ahead");
    let planned = world.say("project:9", 2028, money("planned", "5"), none());
    let retraction = |of: Id| json!({ "kind": "retraction", "of": of, "text": "误填" });
    world.say("project:9", 2028, retraction(planned), none());
    assert_eq!(state_of(&world, "project:9", planned), "retracted");
    let appeal = |of: Id| json!({ "kind": "appeal", "of": of, "text": "有误" });
    let change = world.say("indicator:forest-cover", 2026, target(2035, ">=", "66"), json!({ "note": "市级文件" }));
    assert_eq!(code(world.put(&officer(1), "indicator:forest-cover", 2026, appeal(change), none())), Some("QS-3003"));
    let first = world.say("project:9", 2024, stage("reserve"), none());
    world.say("project:9", 2025, stage("approved"), none());
    assert_eq!(code(world.put(&officer(1), "project:9", 2024, appeal(first), none())), Some("QS-3003"));
}

#[test]
fn what_is_ones_own() {
    let world = World::new("own");
    let inspector =
        |id: i64| Actor { id: Id(id), name: format!("执法{id}"), roles: vec![Role::Inspector], body: None };
    let seen = || json!({ "kind": "inspection", "finding": "在建", "lon": null, "lat": null });
    let id = world.put(&inspector(5), "project:9", 2025, seen(), none()).unwrap();
    world.approve(id).unwrap();
    let more = || json!({ "replaces": id });
    assert_eq!(code(world.put(&inspector(6), "project:9", 2025, seen(), more())), Some("QS-1003"));
    world.put(&inspector(5), "project:9", 2025, seen(), more()).unwrap();
    let retraction = json!({ "kind": "retraction", "of": id, "text": "记错项目" });
    assert_eq!(code(world.put(&inspector(6), "project:9", 2025, retraction.clone(), none())), Some("QS-1003"));
    world.put(&inspector(5), "project:9", 2025, retraction, none()).unwrap();
    // Nobody takes back the report of their own body by themselves.
    let own = Actor { roles: vec![Role::PlanOfficer], id: Id(7), ..department("dept-forestry") };
    let report = world.say("project:9", 2025, report("县林业局", "0.1"), none());
    let taken = world
        .put(&officer(1), "project:9", 2025, json!({ "kind": "retraction", "of": report, "text": "误报" }), none())
        .unwrap();
    assert_eq!(code(world.plan.decide(&own, taken, State::Approved, "", world.now)), Some("QS-3001"));
    world.approve(taken).unwrap();
}

#[test]
fn an_assignment_is_not_taken_from_under_a_report() {
    let world = World::new("under");
    let given = world.say("task:T-3.1-1", 2025, assignment("县水利局", "1"), none());
    let water = department("dept-water");
    let said = world.put(&water, "task:T-3.1-1", 2025, report("县水利局", "0.5"), none()).unwrap();
    let retraction = |of: Id| json!({ "kind": "retraction", "of": of, "text": "分错单位" });
    assert_eq!(code(world.put(&officer(1), "task:T-3.1-1", 2025, retraction(given), none())), Some("QS-3003"));
    world.plan.decide(&officer(2), said, State::Returned, "分错单位", world.now).unwrap();
    world.say("task:T-3.1-1", 2025, retraction(given), none());
    // The body still answers for what it said.
    let appeal = json!({ "kind": "appeal", "of": said, "text": "已完成" });
    world.put(&water, "task:T-3.1-1", 2025, appeal, none()).unwrap();
    assert_eq!(code(world.put(&water, "task:T-3.1-1", 2025, report("县水利局", "0.6"), none())), Some("QS-1003"));
}

#[test]
fn late_is_who_could_have_been_in_time() {
    let world = World::new("late");
    world.say("project:9", 2024, report("县林业局", "1"), none());
    let items = world.plan.items();
    let loaded = world.plan.loaded();
    let in_time = |since| {
        let mut ground = loaded.ground(&items);
        ground.since = since;
        let duties = ground.duties("县林业局", 2024, world.now);
        let duty = duties.into_iter().find(|duty| duty.subject == "project:9").unwrap();
        duty.criteria.iter().find(|one| one.code == "in_time").unwrap().got
    };
    assert_eq!(in_time(Day::from_civil(2021, 1, 1).start()), Some(0.0), "a year and a half late");
    assert_eq!(in_time(world.now), None, "nobody could be in time here");
}

#[test]
fn a_task_of_a_later_revision_was_nobodys_before() {
    let world = World::new("later");
    let mut edited = files();
    let text = edited.get_mut("plan/tasks.toml").unwrap();
    text.push_str(
        "\n[[task]]\nid = \"T-9.9-9\"\ntext = \"新增\"\nowners = [\"县林业局\"]\ndue = 2022\nplace = \"第九章\"\n",
    );
    let plan = world.reopen(edited);
    let (loaded, items) = (plan.loaded(), plan.items());
    let score = |subject: &str| {
        let duties = loaded.ground(&items).duties("县林业局", 2023, world.now);
        duties.into_iter().find(|duty| duty.subject == subject).unwrap().score
    };
    assert_eq!((score("task:T-9.9-9"), score("project:9")), (None, Some(0.0)));
}

#[test]
fn the_last_of_december_counts_in_the_paper_of_its_year() {
    let world = World::new("december");
    let milestone = json!({ "kind": "milestone", "name": "完工", "due": "2025-12-31", "done": null });
    world.say("project:6", 2025, milestone, none());
    let paper = serde_json::to_value(world.plan.assess(Kind::Yearly, Some(2025), world.now).unwrap()).unwrap();
    assert!(paper["sections"][2].to_string().contains("PR201"), "the milestone was due");
}

#[test]
fn another_spelling_of_a_body_is_that_body() {
    let world = World::new("spelling");
    world.say("task:T-3.1-1", 2025, assignment("县发改委", "1"), none());
    let item = world.plan.items_of("task:T-3.1-1").pop().unwrap();
    assert_ne!(serde_json::to_value(&item.content).unwrap()["body"], "县发改委");
}
