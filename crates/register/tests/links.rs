//! Who names a record: in a link, in a list, in a row of a table; now, and on a day of before.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bench;

use bench::{Bench, NOW, admin, bench, draft, make, pack_with, someone};
use kernel::{ErrorCode, Role, Timestamp};
use register::Register;
use register::ops::Target;
use register::record::Record;
use serde_json::{Value, json};

/// A ledger of a county whose records name enterprises in every way there is.
const LEDGER: &str = r#"
id = "alliance"
version = 1
name = { zh = "治污联盟（示意）", en = "Alliances (example)" }
group = "enterprise"
key = "number"
title = "number"

[[field]]
id = "number"
label = { zh = "编号", en = "Number" }
type = "text"
required = true
unique = true

[[field]]
id = "leader"
label = { zh = "牵头", en = "Leader" }
type = "link"
ledgers = ["enterprise"]

[[field]]
id = "members"
label = { zh = "成员", en = "Members" }
type = "list"
items = "link"
ledgers = ["enterprise"]

[[field]]
id = "shares"
label = { zh = "分摊", en = "Shares" }
type = "table"

[[field.column]]
id = "of"
label = { zh = "单位", en = "Of" }
type = "link"
ledgers = ["enterprise", "body"]
"#;

fn with_ledger(name: &str) -> Bench {
    let bench = bench(name);
    let pack = pack_with(&[("ledgers/alliance.toml", LEDGER)]);
    bench.register.load_pack(&pack, NOW.plus(-1)).unwrap();
    bench
}

fn enterprise(key: &str) -> Value {
    json!({ "number": key, "name": key, "location_note": "未知", "source": "试验" })
}

fn alliance(key: &str, rest: Value) -> Value {
    let mut fields = json!({ "number": key, "source": "试验" });
    fields.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    fields
}

fn keys(records: &[Record]) -> Vec<&str> {
    records.iter().map(|record| record.content.key.as_str()).collect()
}

#[test]
fn what_a_list_or_a_table_still_names_is_not_deleted() {
    let Bench { register, .. } = &with_ledger("named");
    // Keys that are part of one another, and one that JSON writes otherwise.
    let all: Vec<Record> =
        ["e1", "e11", "e\"1", "e_1"].iter().map(|key| make(register, "enterprise", enterprise(key))).collect();
    make(register, "alliance", alliance("a1", json!({ "members": ["e11", "e\"1"] })));
    make(register, "alliance", alliance("a2", json!({ "shares": [{ "of": "enterprise:e_1" }] })));
    let delete = |record: &Record, at: Timestamp| register.set_deleted(&admin(), record.id, 1, true, "重复", at);
    for (record, by) in [(&all[1], "alliance:a1"), (&all[2], "alliance:a1"), (&all[3], "alliance:a2")] {
        let refused = delete(record, NOW).unwrap_err();
        assert_eq!(refused.code, ErrorCode::NoTransition, "{by}");
        assert!(refused.to_string().contains(by), "{refused}");
    }
    let (linked, _) = register.linked_to(&admin(), "enterprise", "e11").unwrap();
    assert_eq!(keys(&linked), ["a1"]);
    assert!(delete(&all[0], NOW).is_ok(), "nobody names it: its key is only the beginning of another");
    // The list lets go of it.
    let alone = register.record_by_key(&admin(), "alliance", "a1").unwrap();
    let less = draft(alliance("a1", json!({ "members": ["e\"1"] })), Some(1));
    register.write(&admin(), Target::Existing(alone.id), &less, NOW).unwrap();
    assert!(delete(&all[1], NOW).is_ok());
}

#[test]
fn a_record_that_names_only_itself_may_go() {
    let Bench { register, .. } = &bench("itself");
    // Of before, or of a pack: nobody can write that any more.
    let rivers = "number,name,flows_into,source\nr1,甲河,r1,试验\n";
    register.load_pack(&pack_with(&[("registers/river.csv", rivers)]), NOW).unwrap();
    let river = register.record_by_key(&admin(), "river", "r1").unwrap();
    assert!(register.set_deleted(&admin(), river.id, 1, true, "试验", NOW).is_ok());
}

/// Rivers flow into each other; the last one is asked to flow into `r1`.
#[test]
fn nothing_lies_above_itself() {
    let Bench { register, .. } = &bench("circular");
    let river = |key: &str, into: Option<&str>, revision: Option<i64>| {
        draft(json!({ "number": key, "name": key, "source": "试验", "flows_into": into }), revision)
    };
    let keys = ["r1", "r2", "r3"];
    let mut made = Vec::new();
    for (place, key) in keys.iter().enumerate() {
        let into = place.checked_sub(1).map(|before| keys[before]);
        made.push(register.write(&admin(), Target::New { ledger: "river" }, &river(key, into, None), NOW).unwrap());
    }
    let check = |into: &str, expect: Option<&str>| {
        let first = register.record(&admin(), made[0].id).unwrap();
        let draft = river("r1", Some(into), Some(first.revision));
        let written = register.write(&admin(), Target::Existing(first.id), &draft, NOW);
        let said = written.err().map(|problem| problem.detail);
        assert_eq!(said.is_some(), expect.is_some(), "{into}: {said:?}");
        assert!(said.unwrap_or_default().contains(expect.unwrap_or_default()), "{into}");
    };
    check("r1", Some("r1 → r1"));
    check("r3", Some("r1 → r3 → r2 → r1"));
    make(register, "river", json!({ "number": "r4", "name": "r4", "source": "试验" }));
    check("r4", None);
}

/// Keys of the alliances that named the enterprise at a time, with their leader then.
fn check(register: &Register, enterprise: &str, at: Timestamp, expect: &[(&str, Option<&str>)]) {
    let (found, _) = register.linked_at(&admin(), ("enterprise", enterprise), at).unwrap();
    let found: Vec<_> =
        found.iter().map(|record| (record.content.key.as_str(), record.content.text("leader"))).collect();
    assert_eq!(found, expect, "{enterprise} at {}", at.millis() - NOW.millis());
}

#[test]
fn links_are_shown_as_they_were_on_the_day() {
    let Bench { register, .. } = &with_ledger("links-at");
    for key in ["e1", "e2"] {
        make(register, "enterprise", enterprise(key));
    }
    let [day1, day2, day3, day4] = [1, 2, 3, 4].map(|day| NOW.plus(day * 86_400_000));
    let made = |key: &str, rest: Value, at: Timestamp| {
        let fields = draft(alliance(key, rest), None);
        register.write(&admin(), Target::New { ledger: "alliance" }, &fields, at).unwrap()
    };
    let revise = |record: &Record, rest: Value, at: Timestamp| {
        let now = register.record(&admin(), record.id).unwrap();
        let fields = draft(alliance(&now.content.key, rest), Some(now.revision));
        register.write(&admin(), Target::Existing(record.id), &fields, at).unwrap()
    };
    let same = made("same", json!({ "leader": "e1" }), day1);
    let moved = made("moved", json!({ "leader": "e1" }), day1);
    let gone = made("gone", json!({ "members": ["e1"] }), day1);
    made("late", json!({ "shares": [{ "of": "enterprise:e1" }] }), day3);
    revise(&moved, json!({ "leader": "e2" }), day2);
    revise(&moved, json!({ "leader": "e2", "members": ["e1"] }), day4);
    register.set_deleted(&admin(), gone.id, 1, true, "解散", day3).unwrap();
    check(register, "e1", NOW, &[]);
    check(register, "e1", day1, &[("gone", None), ("moved", Some("e1")), ("same", Some("e1"))]);
    check(register, "e1", day2, &[("gone", None), ("same", Some("e1"))]);
    check(register, "e1", day3, &[("late", None), ("same", Some("e1"))]);
    check(register, "e1", day4, &[("late", None), ("moved", Some("e2")), ("same", Some("e1"))]);
    check(register, "e2", day1, &[]);
    check(register, "e2", day2, &[("moved", Some("e2"))]);
    // What nobody touched is of its first revision.
    let (found, _) = register.linked_at(&admin(), ("enterprise", "e1"), day4).unwrap();
    assert!(found.iter().any(|record| record.id == same.id && record.revision == 1));
    // Somebody who is bound to another body sees none of it.
    let bound = someone(Role::Enterprise, Some("elsewhere"));
    assert!(register.linked_at(&bound, ("enterprise", "e1"), day1).is_ok_and(|(found, _)| found.is_empty()));
}

#[test]
fn more_changes_than_a_page_holds_are_all_looked_at() {
    let Bench { register, .. } = &with_ledger("links-pages");
    make(register, "enterprise", enterprise("e1"));
    let later = NOW.plus(86_400_000);
    let drafts = |leader: Option<&str>| -> Vec<_> {
        let seen = leader.is_none().then_some(1);
        let one = |at: usize| draft(alliance(&format!("a{at:04}"), json!({ "leader": leader })), seen);
        (0..1_100).map(one).collect()
    };
    register.write_all(&admin(), "alliance", &drafts(Some("e1")), "试验", NOW).unwrap();
    register.write_all(&admin(), "alliance", &drafts(None), "试验", later).unwrap();
    let check = |at: Timestamp, expect: (usize, bool)| {
        let (found, more) = register.linked_at(&admin(), ("enterprise", "e1"), at).unwrap();
        assert_eq!((found.len(), more), expect, "{at:?}");
    };
    check(NOW, (1_100, false));
    check(later, (0, false));
    // Of more than one answer holds it is said that there are more.
    let more: Vec<_> =
        (0..901).map(|at| draft(alliance(&format!("b{at:04}"), json!({ "leader": "e1" })), None)).collect();
    register.write_all(&admin(), "alliance", &more, "试验", NOW).unwrap();
    check(NOW, (2_000, true));
    let again: Vec<_> =
        (0..1_100).map(|at| draft(alliance(&format!("a{at:04}"), json!({ "leader": "e1" })), Some(2))).collect();
    register.write_all(&admin(), "alliance", &again, "试验", later).unwrap();
    let (found, more) = register.linked_to(&admin(), "enterprise", "e1").unwrap();
    assert_eq!((found.len(), more), (2_000, true));
}
