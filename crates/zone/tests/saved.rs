//! Saved checks: who puts them on record and who reads them; what they say beside what is said today.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::{Actor, Division, ErrorCode, Id, Role, Timestamp};
use store::Store;
use store::sqlite::{SqliteOptions, SqliteStore};
use zone::http::differences;
use zone::ops::Question;
use zone::shape::Extent;
use zone::{Answer, LayerPlan, RuleBook, Zones};

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

#[test]
fn saved_checks_are_for_the_offices_of_the_county() {
    let path = std::env::temp_dir().join(format!("qingshan-zone-saved-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    let division = Division(500_242);
    let store: Arc<dyn Store> = SqliteStore::open(&path, division, SqliteOptions::default(), zone::MIGRATIONS).unwrap();
    let zones = Zones::new(store, division, Extent::WORLD, LayerPlan::default(), book("true", "a", "b"));
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
