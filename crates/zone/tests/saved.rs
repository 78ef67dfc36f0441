//! Saved checks: who puts them on record and who reads them; what they say beside what is said today.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kernel::{Actor, Division, ErrorCode, Id, Name, Role, Timestamp};
use store::Store;
use store::sqlite::{SqliteOptions, SqliteStore};
use zone::compare::differences;
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
        let zone =
            zone::Zone { key: "z".into(), name: Name::default(), shape: point, valid_from: None, valid_until: None };
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

/// A list reads what is kept beside the answers, and of checks of before the answers themselves.
#[test]
fn a_list_says_the_same_of_checks_with_and_without_a_summary() {
    let path = std::env::temp_dir().join(format!("qingshan-zone-list-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    let store: Arc<dyn Store> = SqliteStore::open(&path, DIVISION, SqliteOptions::default(), zone::MIGRATIONS).unwrap();
    let rules = book("industry == '2614'", "a", "b");
    let zones = Zones::new(Arc::clone(&store), DIVISION, Extent::WORLD, LayerPlan::default(), rules);
    let engineer = Actor { id: Id(7), name: "甲".into(), roles: vec![Role::MonitoringEngineer], body: None };
    zones.check_and_save(&engineer, &Question { note: "试".into(), ..question() }, NOW).unwrap();
    let listed = || {
        let [(listed, summary)] = &zones.list(&engineer).unwrap()[..] else { unreachable!("one check") };
        (listed.summary.is_some(), listed.number.clone(), summary.clone())
    };
    let (kept, number, summary) = listed();
    assert!(kept && number == "准-2026-0001");
    assert_eq!((summary.hits, summary.verdict, summary.note.as_str()), (1, Verdict::Conditional, "试"));
    store
        .write(|transaction| {
            transaction.execute("UPDATE admission SET summary = NULL", &[])?;
            Ok(())
        })
        .unwrap();
    assert_eq!(listed(), (false, number, summary));
    let _ = std::fs::remove_dir_all(&path);
}

#[test]
fn a_changed_condition_or_basis_is_a_difference() {
    let site = zone::ops::site_of(&question(), Extent::WORLD, &RuleBook::default(), NOW).unwrap();
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

/// A rule that begins in 2027 and a zone that was drawn meanwhile: which of them made the difference is told apart.
#[test]
fn what_changed_is_told_apart_from_the_day_that_is_asked_of() {
    let rule = |id: &str, when: &str, from: &str| {
        format!(
            "[[rule]]\nid='{id}'\nname_zh='规'\nname_en='{id}'\nverdict='prohibited'\nlayers=[]\nbasis_zh='条'\nbasis_en='c'\nattributes=['fuel']\nwhen=\"{when}\"\n{from}\n"
        )
    };
    let answers = "[[attribute]]\nkey='fuel'\nname_zh='燃料'\nname_en='fuel'\nvalues=[{code='coal', name_zh='煤', name_en='coal'}]\n";
    let book = |now: &str| {
        let text = format!("{answers}{}{}", rule("later", "true", "valid_from='2027-01-01'"), rule("changed", now, ""));
        RuleBook::load([("r.toml", text.as_str())]).unwrap()
    };
    let engineer = Actor { id: Id(7), name: "甲".into(), roles: vec![Role::MonitoringEngineer], body: None };
    let (before, path) = zones_in("again", LayerPlan::default(), book("false"));
    let attributes = BTreeMap::from([("fuel".to_owned(), "coal".to_owned())]);
    let asked = Question { on: Some("2027-07-01".into()), attributes, ..question() };
    let (saved, answer) = before.check_and_save(&engineer, &asked, NOW).unwrap();
    assert_eq!(answer.verdict, Verdict::Prohibited);
    let check = |zones: &Zones, same_day: &[&str], today: &[&str]| {
        let again = zones.again(&saved, NOW).unwrap();
        let differing = |one: &zone::compare::Recomputed| -> Vec<String> {
            assert_eq!(one.problem, None);
            one.differences.iter().map(|difference| difference.rule.clone()).collect()
        };
        let then = again.same_day.as_ref().unwrap();
        assert_eq!((then.on.as_str(), again.today.on.as_str()), ("2027-07-01", NOW.day().to_iso().as_str()));
        assert_eq!(
            (differing(then), differing(&again.today)),
            (same_day.iter().map(|&id| id.into()).collect(), today.iter().map(|&id| id.into()).collect())
        );
        let blocks = zone::document::blocks(&saved, &zones.book(), &again, NOW).unwrap();
        format!("{blocks:?}")
    };
    // Nothing has changed: of its day the answer is the same; today the rule is not in force yet.
    let word = check(&before, &[], &["later"]);
    assert!(word.contains("燃料：煤"), "{word}");
    assert!(word.contains("原审查日期 2027-07-01（不同之处来自规则或图层的变化）：禁止，逐条与原结果相同"), "{word}");
    drop(before);
    let store: Arc<dyn Store> = SqliteStore::open(&path, DIVISION, SqliteOptions::default(), zone::MIGRATIONS).unwrap();
    let after = Zones::new(store, DIVISION, Extent::WORLD, LayerPlan::default(), book("true"));
    check(&after, &["changed"], &["changed", "later"]);
    // A check of today is compared once.
    let later = Timestamp(NOW.0 + 1);
    let (fresh, _) = after.check_and_save(&engineer, &Question { on: None, ..asked }, later).unwrap();
    let again = after.again(&fresh, NOW).unwrap();
    assert!(again.same_day.is_none() && again.today.differences.is_empty());
    let _ = std::fs::remove_dir_all(&path);
}
