//! Events in, cases out, on a real store.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::sync::Arc;

use act::rows::Filter;
use act::transition::Request;
use act::{Act, Workflows};
use kernel::{Actor, Day, Division, EventDraft, Id, Name, Point, PointKind, PointSet, Role, Timestamp};
use serde_json::{Value, json};
use store::sqlite::{SqliteOptions, SqliteStore};
use store::{Store, event_log};

const DIVISION: Division = Division(500_242);
const POINT: i64 = 77;

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

struct World {
    store: Arc<dyn Store>,
    act: Arc<Act>,
    now: Timestamp,
    _folder: Folder,
}

fn outlet() -> Point {
    Point {
        ledger: "outlet".into(),
        key: "o1".into(),
        name: Name::new("一号排口", "outlet 1"),
        body: Some("bureau".into()),
        enterprise: Some("e1".into()),
        owner: Some("e1".into()),
        schematic: false,
        ..Point::simulated(POINT, PointKind::WastewaterOutlet)
    }
}

fn world(name: &str) -> World {
    let path = std::env::temp_dir().join(format!("qingshan-act-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    let store: Arc<dyn Store> = SqliteStore::open(&path, DIVISION, SqliteOptions::default(), act::MIGRATIONS).unwrap();
    let points = Arc::new(PointSet::new(vec![Arc::new(outlet())]));
    let act = Act::new(
        Arc::clone(&store),
        DIVISION,
        api::LiveBus::default(),
        Arc::new(points),
        Workflows::built_in().unwrap(),
    );
    World { store, act, now: Day::from_civil(2026, 11, 25).start().plus(36_000_000), _folder: Folder(path) }
}

impl World {
    fn tell(&self, kind: &'static str, payload: Value) {
        let event = EventDraft { kind, actor: "test".into(), subject: POINT.to_string(), payload };
        self.store
            .write(|transaction| event_log::append(transaction, DIVISION, self.now, std::slice::from_ref(&event)))
            .unwrap();
        while self.act.consume(self.now).unwrap() > 0 {}
    }

    fn hour(&self, hour: usize, exceeding: bool) {
        let start = Day::from_civil(2026, 11, 24).hour(hour).start();
        let spell = exceeding
            .then(|| json!({ "factor": "w01018", "value": "75", "limit": "50", "unit": "mg/L", "times": "0.50" }));
        self.tell(
            "judge.verdict_changed",
            json!({ "point": POINT.to_string(), "level": "hour", "period_start": start, "verdict_id": "9", "exceeding": exceeding, "spell": spell }),
        );
    }

    fn cases(&self) -> Vec<act::Case> {
        let mut cases = self.act.list(&Actor::system("test"), &Filter::default()).unwrap();
        cases.reverse();
        cases
    }

    /// Number, state and exceedances of every case, oldest first.
    fn check(&self, expect: &[(&str, &str, i64)]) {
        let found: Vec<(String, String, i64)> =
            self.cases().into_iter().map(|case| (case.number, case.state, case.exceedances)).collect();
        let expect: Vec<(String, String, i64)> =
            expect.iter().map(|(number, state, count)| ((*number).into(), (*state).into(), *count)).collect();
        assert_eq!(found, expect);
    }
}

fn person(id: i64) -> Actor {
    Actor { id: Id(id), name: format!("user {id}"), roles: vec![Role::DutyOfficer], body: None }
}

fn handle(world: &World, id: Id, who: i64, action: &str) -> Result<act::Case, kernel::Problem> {
    let request = Request { action: action.into(), note: "已处置".into(), ..Request::default() };
    world.act.act(&person(who), id, &request, world.now)
}

#[test]
fn one_spell_is_one_case_whatever_the_order_and_however_often() {
    let orders: [&[usize]; 3] = [&[8, 9, 10], &[10, 8, 9], &[9, 9, 10, 8, 8, 10, 9]];
    for (number, order) in orders.into_iter().enumerate() {
        let world = world(&format!("spell-{number}"));
        for &hour in order {
            world.hour(hour, true);
        }
        world.check(&[("警-2026-0001", "open", 3)]);
        let case = &world.cases()[0];
        assert_eq!(case.spell_from, Day::from_civil(2026, 11, 24).hour(8).start());
        assert_eq!(case.spell_until, Day::from_civil(2026, 11, 24).hour(10).start());
        assert!(case.title.zh.contains("（模拟）"), "{}", case.title.zh);
    }
}

#[test]
fn a_case_lives_from_alarm_to_closing_and_back() {
    let world = world("life");
    world.hour(8, true);
    let id = world.cases()[0].id;
    handle(&world, id, 1, "take").unwrap();
    assert_eq!(handle(&world, id, 1, "resolve").unwrap_err().code, kernel::ErrorCode::EvidenceMissing);
    let evidence = world.act.add_evidence(&person(1), id, "现场.txt", "阀门已关".as_bytes(), world.now).unwrap();
    handle(&world, id, 1, "resolve").unwrap();
    assert_eq!(handle(&world, id, 1, "close").unwrap_err().code, kernel::ErrorCode::OwnerMayNotClose);
    let closed = handle(&world, id, 2, "close").unwrap();
    assert_eq!(closed.closed_at, Some(world.now));
    assert_eq!(world.act.evidence_file(&person(2), &evidence.hash).unwrap().1, "阀门已关".as_bytes());
    // An earlier hour that comes late belongs to the spell that was dealt with; a later one is a new case.
    world.hour(7, true);
    world.check(&[("警-2026-0001", "closed", 2)]);
    world.hour(12, true);
    world.check(&[("警-2026-0001", "closed", 2), ("警-2026-0002", "open", 1)]);
    let reopened = handle(&world, id, 2, "reopen").unwrap();
    assert_eq!((reopened.number.as_str(), reopened.state.as_str()), ("警-2026-0001", "working"));
}

#[test]
fn judged_again_is_told_on_the_case() {
    let world = world("rejudged");
    world.hour(8, true);
    world.hour(9, true);
    world.hour(9, false);
    world.hour(9, false);
    world.check(&[("警-2026-0001", "open", 1)]);
    let file = world.act.file(&Actor::system("test"), world.cases()[0].id).unwrap();
    assert_eq!(file.entries.iter().filter(|entry| entry.action == "rejudged").count(), 1);
    world.hour(9, true);
    world.check(&[("警-2026-0001", "open", 2)]);
}

/// A case that is told of again and again shows what happened last.
#[test]
fn a_long_timeline_shows_its_end_and_counts_its_steps() {
    let world = world("long");
    world.hour(8, true);
    let id = world.cases()[0].id;
    let entry = |number: usize| act::model::Entry {
        at: world.now,
        actor: "test".into(),
        actor_name: String::new(),
        action: if number.is_multiple_of(100) { "inspect".into() } else { "extended".into() },
        note: number.to_string(),
        evidence: Vec::new(),
        record: None,
    };
    world
        .store
        .write(|transaction| {
            (0..1_200).try_for_each(|number| act::rows::add_entry(transaction, DIVISION, id, &entry(number)))
        })
        .unwrap();
    let file = world.act.file(&Actor::system("test"), id).unwrap();
    assert_eq!((file.entries.len(), file.entries[999].note.as_str()), (1_000, "1199"));
    let check =
        |action: &str, expect: usize| assert_eq!(file.steps.get(action).copied().unwrap_or(0), expect, "{action}");
    check("opened", 1);
    check("inspect", 12);
    check("extended", 1_188);
    check("penalise", 0);
}

#[test]
fn a_case_is_given_to_somebody_who_can_work_on_it_under_their_own_name() {
    let world = world("assign");
    world.hour(8, true);
    let id = world.cases()[0].id;
    let of = |number: i64, role: Role, body: Option<&str>| Actor {
        id: Id(number),
        name: format!("user {number}"),
        roles: vec![role],
        body: body.map(str::to_owned),
    };
    let officer = of(1, Role::DutyOfficer, None);
    let people = vec![
        officer.clone(),
        of(2, Role::Enterprise, Some("e1")),
        of(3, Role::Enterprise, Some("e2")),
        of(4, Role::Leader, None),
        of(5, Role::Inspector, None),
        of(6, Role::AuditAdministrator, None),
    ];
    world.act.set_people(move || Ok(people.clone()));
    let named = |people: Vec<Actor>| people.into_iter().map(|person| person.id.0).collect::<Vec<_>>();
    // The enterprise that owns the outlet, nobody else's; whoever only reads cannot work.
    assert_eq!(named(world.act.assignees(&officer, id).unwrap()), [1, 2, 5]);
    let refused = world.act.assignees(&of(5, Role::Inspector, None), id).unwrap_err();
    assert_eq!(refused.code, kernel::ErrorCode::NotAllowed);
    assert_eq!(
        world.act.assignees(&of(3, Role::Enterprise, Some("e2")), id).unwrap_err().code,
        kernel::ErrorCode::NotFound
    );

    let assign = |to: i64| {
        let request =
            Request { action: "assign".into(), assignee: Some((Id(to), "somebody else".into())), ..Request::default() };
        world.act.act(&officer, id, &request, world.now)
    };
    for nobody in [3, 4, 99] {
        assert_eq!(assign(nobody).unwrap_err().code, kernel::ErrorCode::InvalidInput, "{nobody}");
    }
    let given = assign(5).unwrap();
    assert_eq!((given.assignee, given.assignee_name.as_deref()), (Some(Id(5)), Some("user 5")));
}

#[test]
fn an_enterprise_sees_its_own_cases_and_nobody_elses() {
    let world = world("rows");
    world.hour(8, true);
    let of = |body: &str| Actor { id: Id(5), name: "e".into(), roles: vec![Role::Enterprise], body: Some(body.into()) };
    assert_eq!(world.act.list(&of("e1"), &Filter::default()).unwrap().len(), 1);
    assert_eq!(world.act.list(&of("e2"), &Filter::default()).unwrap().len(), 0);
    assert!(world.act.file(&of("e2"), world.cases()[0].id).is_err());
}

#[test]
fn silence_is_one_case_and_its_end_is_told() {
    let world = world("offline");
    let since = world.now.plus(-3_600_000);
    for _ in 0..2 {
        world.tell("collect.offline", json!({ "point": POINT.to_string(), "since": since, "last_data_at": since }));
    }
    world.check(&[("警-2026-0001", "open", 0)]);
    world.tell("collect.online", json!({ "point": POINT.to_string() }));
    let file = world.act.file(&Actor::system("test"), world.cases()[0].id).unwrap();
    assert_eq!(file.entries.last().unwrap().action, "recovered");
}

#[test]
fn damaged_payloads_are_passed_over() {
    let world = world("damaged");
    world.tell("judge.verdict_changed", json!({ "point": [], "exceeding": "perhaps" }));
    world.tell("judge.verdict_changed", json!("nonsense"));
    world.tell(
        "judge.verdict_changed",
        json!({ "point": "78", "exceeding": true, "period_start": world.now, "spell": {"factor": "w01018"} }),
    );
    world.check(&[]);
}
