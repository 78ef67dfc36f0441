//! Saved checks: who puts them on record and who reads them; what they say beside what is said today.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kernel::{Actor, Division, ErrorCode, Id, Name, Role, Timestamp};
use store::Store;
use store::sqlite::{SqliteOptions, SqliteStore};
use zone::http::differences;
use zone::ops::Question;
use zone::shape::Extent;
use zone::{Answer, LayerPlan, RuleBook, Verdict, Zones};

const NOW: Timestamp = Timestamp(1_795_536_000_000);

fn book(when: &str, basis: &str, condition: &str) -> RuleBook {
    let rule = format!(
        "[[rule]]\nid='r'\nname_zh='规'\nname_en='r'\nverdict='conditional'\nlayers=[]\nbasis_zh='{basis}'\nbasis_en='{basis}'\ncondition_zh='{condition}'\ncondition_en='{condition}'\nwhen=\"{when}\""
    );
    RuleBook::load([("r.toml", rule.as_str())]).unwrap()
}

fn question() -> Question {
    Question {
        lon: Some(108.5),
        lat: Some(28.5),
        geometry: None,
        industry: "2614".into(),
        attributes: BTreeMap::new(),
        on: None,
        note: String::new(),
    }
}

const DIVISION: Division = Division(500_242);

/// Zones in a folder of its own, which the caller removes.
fn zones_in(folder: &str, plan: LayerPlan, book: RuleBook) -> (Zones, std::path::PathBuf) {
    let path = std::env::temp_dir().join(format!("qingshan-zone-{folder}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    let store: Arc<dyn Store> = SqliteStore::open(&path, DIVISION, SqliteOptions::default(), zone::MIGRATIONS).unwrap();
    (Zones::new(store, DIVISION, Extent::WORLD, plan, book), path)
}

#[test]
fn what_was_written_before_the_question_counts() {
    let rule = "[[rule]]\nid='r'\nname_zh='规'\nname_en='r'\nverdict='prohibited'\nlayers=['a']\nbasis_zh='条'\nbasis_en='c'\nwhen=\"within('a')\"";
    let book = RuleBook::load([("r.toml", rule)]).unwrap();
    let plan = zone::model::load(
        "[[layer]]\nid='a'\nname_zh='甲'\nname_en='a'\nsource='s'\nledger='l'\nabsent_zh='无'\nabsent_en='none'",
        Extent::WORLD,
        |_| None,
    )
    .unwrap();
    let (zones, path) = zones_in("written", plan, book);
    let written = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&written);
    let zones =
        Arc::new(zones.after_writes(move || counter.load(Ordering::SeqCst)).waiting(Duration::from_millis(300)));
    let engineer = Actor { id: Id(7), name: "甲".into(), roles: vec![Role::MonitoringEngineer], body: None };
    assert_eq!(zones.check(&question(), NOW).unwrap().verdict, Verdict::Undetermined);
    // A record is written; while nobody rebuilds the layers, nothing is answered and nothing is saved.
    written.store(1, Ordering::SeqCst);
    let refused = zones.check_and_save(&engineer, &question(), NOW).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Busy);
    assert!(refused.detail.contains("layers are being rebuilt"), "{refused}");
    assert!(zones.list(&engineer).unwrap().is_empty());
    // They come while the question waits.
    let later = Arc::clone(&zones);
    let rebuilt = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(60));
        let point = zone::shape::Shape::point(108.5, 28.5);
        let zone = zone::Zone { key: "z".into(), name: Name::default(), shape: point, valid_from: None, valid_until: None };
        let layer = zone::Layer::new("a", Name::default(), "s", false, vec![zone]);
        later.set_layers(zone::LayerSet::new(vec![layer]), 1);
    });
    let (_, answer) = zones.check_and_save(&engineer, &question(), NOW).unwrap();
    assert_eq!(answer.verdict, Verdict::Prohibited);
    rebuilt.join().unwrap();
    let _ = std::fs::remove_dir_all(&path);
}

#[test]
fn saved_checks_are_for_the_offices_of_the_county() {
    let (zones, path) = zones_in("saved", LayerPlan::default(), book("true", "a", "b"));
    let check = |role: Role, body: Option<&str>, saves: bool, reads: bool| {
        let actor = Actor { id: Id(7), name: "甲".into(), roles: vec![role], body: body.map(str::to_owned) };
        let saved = zones.check_and_save(&actor, &question(), NOW);
        assert_eq!(saved.is_ok(), saves, "{role:?}");
        assert!(saved.err().is_none_or(|problem| problem.code == ErrorCode::NotAllowed), "{role:?}");
        assert_eq!(!zones.list(&actor).unwrap().is_empty(), reads, "{role:?}");
        assert_eq!(zones.find(&actor, "准-2026-0001").is_ok(), reads, "{role:?}");
    };
    check(Role::MonitoringEngineer, None, true, true);
    check(Role::Body, Some("b1"), true, true);
    check(Role::Leader, None, false, true);
    check(Role::Enterprise, Some("e1"), false, false);
    check(Role::Neighbour, None, false, false);
    check(Role::AuditAdministrator, None, false, false);
    drop(zones);
    let _ = std::fs::remove_dir_all(&path);
}

#[test]
fn a_changed_condition_or_basis_is_a_difference() {
    let site = zone::ops::site_of(&question(), Extent::WORLD, NOW).unwrap();
    let answer = |when: &str, basis: &str, condition: &str| -> Answer {
        zone::check(&site, &Arc::default(), &book(when, basis, condition))
    };
    let check = |now: Answer, expect: Option<(&str, &str)>| {
        let found = differences(&answer("true", "art. 1", "ask"), &now);
        let found = found.first().map(|one| (one.then.clone().unwrap().en, one.now.clone().unwrap().en));
        assert_eq!(found, expect.map(|(then, now)| (then.to_owned(), now.to_owned())));
    };
    check(answer("true", "art. 1", "ask"), None);
    check(answer("true", "art. 2", "ask"), Some(("conditional (ask; art. 1)", "conditional (ask; art. 2)")));
    check(answer("true", "art. 1", "tell"), Some(("conditional (ask; art. 1)", "conditional (tell; art. 1)")));
    check(answer("false", "art. 2", "tell"), Some(("conditional", "no hit")));
}
