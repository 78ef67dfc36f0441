//! Duties of records in, cases out, on a real store.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use act::duty::{DutyNow, DutySource, Page, RecordDuties};
use act::rows::Filter;
use act::transition::Request;
use act::{Act, Workflows};
use kernel::{Actor, Day, Division, ErrorCode, EventDraft, Id, Name, PointSet, Problem, Role, Timestamp};
use serde_json::json;
use store::sqlite::{SqliteOptions, SqliteStore};
use store::{Store, event_log};

const DIVISION: Division = Division(500_242);
const PERMIT: Id = Id(70);

/// Ledgers as a test says them: records, and who revised them last.
#[derive(Default)]
struct Ledgers {
    records: Mutex<BTreeMap<Id, RecordDuties>>,
    author: Mutex<Option<Id>>,
    /// A record that cannot be read.
    broken: Mutex<Option<Id>>,
}

impl DutySource for Ledgers {
    fn of_record(&self, record: Id, _today: Day) -> Result<Option<RecordDuties>, Problem> {
        if *self.broken.lock().unwrap() == Some(record) {
            return Err(Problem::new(ErrorCode::Internal, "broken"));
        }
        Ok(self.records.lock().unwrap().get(&record).cloned())
    }

    fn after(&self, record: Id, most: i64, _today: Day) -> Result<Page, Problem> {
        let records = self.records.lock().unwrap();
        let page = records.values().filter(|one| one.record > record).take(most as usize).cloned();
        let records: Vec<_> = page.collect();
        Ok(Page { last: records.last().map(|one| one.record), records })
    }

    fn last_author(&self, record: Id) -> Result<Option<Id>, Problem> {
        if *self.broken.lock().unwrap() == Some(record) {
            return Err(Problem::new(ErrorCode::Internal, "broken"));
        }
        Ok(*self.author.lock().unwrap())
    }
}

struct World {
    path: PathBuf,
    store: Arc<dyn Store>,
    ledgers: Arc<Ledgers>,
    act: Arc<Act>,
    now: Timestamp,
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

fn open(store: &Arc<dyn Store>, ledgers: &Arc<Ledgers>) -> Arc<Act> {
    let points = Arc::new(PointSet::new(Vec::new()));
    let act = Act::new(
        Arc::clone(store),
        DIVISION,
        api::LiveBus::default(),
        Arc::new(points),
        Workflows::built_in().unwrap(),
    );
    act.set_duties(Arc::clone(ledgers) as Arc<dyn DutySource>);
    act
}

fn world(name: &str) -> World {
    let path = std::env::temp_dir().join(format!("qingshan-act-duties-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    let store: Arc<dyn Store> = SqliteStore::open(&path, DIVISION, SqliteOptions::default(), act::MIGRATIONS).unwrap();
    let ledgers = Arc::new(Ledgers::default());
    let act = open(&store, &ledgers);
    World { path, store, ledgers, act, now: Day::from_civil(2026, 11, 25).start().plus(36_000_000) }
}

fn permit(record: Id, last: &str) -> RecordDuties {
    let last = Day::parse(last).unwrap();
    RecordDuties {
        record,
        ledger: "discharge_permit".into(),
        key: format!("p{record}"),
        title: Name::new("甲厂许可证", "permit of A"),
        owner: Some("e1".into()),
        simulated: true,
        schematic: false,
        duties: vec![DutyNow {
            duty: "renew".into(),
            name: Name::new("申请延续", "ask for renewal"),
            body: Some("dept-ecology".into()),
            evidence: Some(Name::new("延续后的许可证", "the renewed permit")),
            days: Some((Day(last.0 - 60), last)),
            done: false,
        }],
    }
}

impl World {
    /// The ledgers as they are now, and the event that says so.
    fn write(&self, record: Id, now: Option<RecordDuties>, author: i64) {
        *self.ledgers.author.lock().unwrap() = Some(Id(author));
        let kind = if now.is_some() { "register.record_written" } else { "register.record_deleted" };
        match now {
            Some(now) => self.ledgers.records.lock().unwrap().insert(record, now),
            None => self.ledgers.records.lock().unwrap().remove(&record),
        };
        self.tell(kind, &record.to_string());
    }

    fn tell(&self, kind: &'static str, subject: &str) {
        let event = EventDraft { kind, actor: "1".into(), subject: subject.into(), payload: json!({}) };
        self.store
            .write(|transaction| event_log::append(transaction, DIVISION, self.now, std::slice::from_ref(&event)))
            .unwrap();
        while self.act.consume(self.now).unwrap() > 0 {}
    }

    fn sweep(&self) {
        while self.act.sweep(self.now).unwrap() {}
    }

    fn cases(&self) -> Vec<act::Case> {
        let mut cases = self.act.list(&Actor::system("test"), &Filter::default()).unwrap();
        cases.reverse();
        cases
    }

    /// Number, state, last day and why it is settled, of every case, oldest first.
    fn check(&self, expect: &[&str]) {
        let said = |case: act::Case| {
            let duty = case.duty.unwrap();
            let settled = duty.settled.map(|how| format!(" {how:?}")).unwrap_or_default();
            format!("{} {} {}{settled}", case.number, case.state, duty.last_day)
        };
        assert_eq!(self.cases().into_iter().map(said).collect::<Vec<_>>(), expect);
    }
}

fn handle(world: &World, id: Id, who: i64, action: &str) -> Result<act::Case, Problem> {
    let person = Actor { id: Id(who), name: format!("user {who}"), roles: vec![Role::DutyOfficer], body: None };
    let request = Request { action: action.into(), note: "已核实".into(), ..Request::default() };
    world.act.act(&person, id, &request, world.now)
}

#[test]
fn a_due_duty_is_one_case_however_often_it_is_looked_at() {
    let mut world = world("once");
    world.ledgers.records.lock().unwrap().insert(Id(9), permit(Id(9), "2027-12-31"));
    for round in 0..3 {
        world.write(PERMIT, Some(permit(PERMIT, "2026-12-31")), 1);
        world.sweep();
        // As after a restart: nothing is remembered but what the store holds.
        world.act = open(&world.store, &world.ledgers);
        world.sweep();
        world.check(&["期-2026-0001 open 2026-12-31"]);
        assert_eq!(world.cases()[0].revision, 1, "round {round}");
    }
    let case = &world.cases()[0];
    assert_eq!((case.owner.as_str(), case.point_owner.as_deref()), ("dept-ecology", Some("e1")));
    assert_eq!(case.due_at, Day::from_civil(2027, 1, 1).start().plus(-1));
    assert_eq!((case.severity.as_str(), case.title.zh.as_str()), ("timely", "甲厂许可证：申请延续（模拟）"));
    assert!(world.act.open_cases().unwrap().is_empty(), "no case of a point");
    let file = world.act.file(&Actor::system("test"), case.id).unwrap();
    assert!(file.entries[0].note.contains("延续后的许可证"), "{}", file.entries[0].note);
}

#[test]
fn days_go_by_and_a_look_at_all_records_opens_cases() {
    let mut world = world("days");
    for record in 1..=1_200 {
        let last = if record % 2 == 0 { "2027-01-25" } else { "2020-01-01" };
        world.ledgers.records.lock().unwrap().insert(Id(record), permit(Id(record), last));
    }
    world.sweep();
    assert_eq!(world.cases().len(), 600, "those of January are due from tomorrow on");
    assert_eq!(world.cases()[0].severity, "late");
    world.sweep();
    world.now = world.now.plus(86_400_000);
    world.sweep();
    assert_eq!(world.cases().len(), 1_200);
}

#[test]
fn a_fulfilled_duty_waits_for_somebody_else_to_close_it() {
    let world = world("fulfilled");
    world.write(PERMIT, Some(permit(PERMIT, "2026-12-31")), 1);
    let id = world.cases()[0].id;
    // Person 2 enters the renewed permit.
    world.write(PERMIT, Some(permit(PERMIT, "2031-12-31")), 2);
    world.check(&["期-2026-0001 resolved 2026-12-31 Fulfilled"]);
    assert_eq!(handle(&world, id, 3, "close").unwrap_err().code, ErrorCode::EvidenceMissing);
    let officer = Actor { id: Id(2), name: "user 2".into(), roles: vec![Role::DutyOfficer], body: None };
    world.act.add_evidence(&officer, id, "许可证.txt", "新证".as_bytes(), world.now).unwrap();
    assert_eq!(handle(&world, id, 2, "close").unwrap_err().code, ErrorCode::OwnerMayNotClose);
    assert!(handle(&world, id, 3, "close").unwrap().closed_at.is_some());
    world.write(PERMIT, Some(permit(PERMIT, "2026-12-31")), 2);
    world.sweep();
    world.check(&["期-2026-0001 closed 2026-12-31 Fulfilled"]);
}

#[test]
fn a_record_changed_back_asks_again_and_a_deleted_one_no_more() {
    let mut world = world("back");
    world.write(PERMIT, Some(permit(PERMIT, "2026-12-31")), 1);
    let id = world.cases()[0].id;
    handle(&world, id, 3, "take").unwrap();
    world.write(PERMIT, Some(permit(PERMIT, "2031-12-31")), 2);
    world.write(PERMIT, Some(permit(PERMIT, "2026-12-31")), 2);
    world.check(&["期-2026-0001 open 2026-12-31"]);
    assert_eq!(world.cases()[0].resolved_by, None);
    world.write(PERMIT, Some(permit(PERMIT, "2026-12-01")), 2);
    world.check(&["期-2026-0001 resolved 2026-12-31 NotAsked", "期-2026-0002 open 2026-12-01"]);
    // A pack takes a record away without an event of its own: the next look at all records finds it by its case.
    world.sweep();
    world.ledgers.records.lock().unwrap().remove(&PERMIT);
    world.sweep();
    world.check(&["期-2026-0001 resolved 2026-12-31 NotAsked", "期-2026-0002 open 2026-12-01"]);
    world.tell("register.pack_loaded", "500242");
    world.sweep();
    world.check(&["期-2026-0001 resolved 2026-12-31 NotAsked", "期-2026-0002 resolved 2026-12-01 NotAsked"]);
    world.now = world.now.plus(86_400_000);
    world.sweep();
    assert_eq!(world.cases().len(), 2);
}

#[test]
fn a_record_that_cannot_be_read_keeps_nothing_else_waiting() {
    let mut world = world("broken");
    *world.ledgers.broken.lock().unwrap() = Some(PERMIT);
    world.write(PERMIT, Some(permit(PERMIT, "2026-12-31")), 1);
    world.write(Id(9), Some(permit(Id(9), "2026-12-30")), 1);
    world.check(&["期-2026-0001 open 2026-12-30"]);
    // Neither does it keep the look at all records from those behind it.
    world.ledgers.records.lock().unwrap().insert(Id(10), permit(Id(10), "2026-12-29"));
    world.tell("register.pack_loaded", "500242");
    world.sweep();
    world.check(&["期-2026-0001 open 2026-12-30", "期-2026-0002 open 2026-12-29"]);
    world.ledgers.records.lock().unwrap().remove(&Id(10));
    world.tell("register.pack_loaded", "500242");
    world.sweep();
    *world.ledgers.broken.lock().unwrap() = None;
    world.sweep();
    assert_eq!(world.cases().len(), 2, "not at once again");
    world.now = world.now.plus(11 * 60_000);
    world.sweep();
    world.check(&[
        "期-2026-0001 open 2026-12-30",
        "期-2026-0002 resolved 2026-12-29 NotAsked",
        "期-2026-0003 open 2026-12-31",
    ]);
}

#[test]
fn only_those_who_may_see_a_case_are_told_of_it() {
    let world = world("seen");
    world.write(PERMIT, Some(permit(PERMIT, "2026-12-31")), 1);
    let last = Day::from_civil(2026, 12, 31);
    let asked = |body: &str| {
        let actor = Actor { id: Id(5), name: body.into(), roles: vec![Role::Enterprise], body: Some(body.into()) };
        let duties = [(PERMIT, "renew", last), (PERMIT, "renew", Day(last.0 + 1)), (Id(9), "renew", last)];
        let found = world.act.cases_of_duties(&actor, &duties).unwrap();
        found.into_iter().map(|case| case.is_some()).collect::<Vec<_>>()
    };
    assert_eq!(asked("e1"), [true, false, false], "its own");
    assert_eq!(asked("e2"), [false, false, false]);
}
