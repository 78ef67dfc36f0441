//! The ledger designer: what records say decides what may change, old revisions stay readable, a release that changes
//! what the designer wrote upon is told.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bench;

use bench::{Bench, NOW, admin, draft, pack_with, someone};
use kernel::{ErrorCode, Id, Role};
use register::built_in;
use register::catalog::{Origin, Part, PartKind};
use register::design::Effect;
use register::ops::{BulkEdit, DesignBack, DesignCheck, DesignDraft, DesignSave, Merge, Question, Target};
use serde_json::{Value, json};

/// A ledger that neither release nor pack has.
const SHED: &str = r#"id = "shed"
version = 1
name = { zh = "堆棚", en = "Sheds" }
group = "rural"
key = "number"
title = "name"
geometry = "point"
filters = ["state"]

[[field]]
id = "number"
label = { zh = "编号", en = "Number" }
type = "text"
required = true
unique = true

[[field]]
id = "name"
label = { zh = "名称", en = "Name" }
type = "text"
required = true

[[field]]
id = "roof"
label = { zh = "顶棚面积", en = "Roof" }
type = "decimal"
unit = "m²"

[[field]]
id = "phone"
label = { zh = "电话", en = "Telephone" }
type = "text"
sensitive = true

[[field]]
id = "state"
label = { zh = "状态", en = "State" }
type = "text"

[[field]]
id = "empty"
label = { zh = "没人填", en = "Never filled" }
type = "text"

[[field]]
id = "heaps"
label = { zh = "料堆", en = "Heaps" }
type = "table"
[[field.column]]
id = "material"
label = { zh = "物料", en = "Material" }
type = "text"
[[field.column]]
id = "tons"
label = { zh = "吨", en = "Tons" }
type = "decimal"
"#;

fn save_of(text: &str, revision: i64, accepted: &[&str]) -> DesignSave {
    DesignSave {
        draft: DesignDraft { text: Some(text.to_owned()), design: None },
        reason: "乡镇要求".into(),
        revision,
        accepted: accepted.iter().map(|path| (*path).to_owned()).collect(),
    }
}

fn back(revision: i64) -> DesignBack {
    DesignBack { reason: "不用了".into(), revision, accepted: Vec::new() }
}

fn with_shed(name: &str) -> Bench {
    let bench = bench::bench(name);
    let made = bench.register.save_design(&admin(), PartKind::Ledger, &save_of(SHED, 0, &[]), NOW).unwrap();
    assert!(!made.refused());
    bench
}

fn shed(number: &str, phone: &str, state: &str) -> Value {
    json!({
        "number": number, "name": format!("棚{number}"), "roof": "120.5", "phone": phone, "state": state,
        "heaps": [{ "material": "碎石", "tons": "3" }], "location_note": "未测", "source": "试验",
    })
}

fn write(bench: &Bench, fields: Value) -> register::record::Record {
    bench::make(&bench.register, "shed", fields)
}

fn two_sheds(name: &str) -> Bench {
    let bench = with_shed(name);
    write(&bench, shed("s1", "13900000001", "在用"));
    write(&bench, shed("s2", "13900000002", "在用"));
    bench
}

/// The shed's definition with words exchanged, one version later.
fn edited(edits: &[(&str, &str)]) -> String {
    let mut text = SHED.replace("version = 1", "version = 2");
    for (from, to) in edits {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    text
}

fn dry(bench: &Bench, text: &str) -> DesignCheck {
    let draft = DesignDraft { text: Some(text.to_owned()), design: None };
    bench.register.check_design(&admin(), PartKind::Ledger, &draft).unwrap()
}

#[test]
fn what_records_say_decides_what_may_change() {
    let bench = two_sheds("design-changes");
    let check = |edits: &[(&str, &str)], expect: &[(&str, Effect, u64)]| {
        let found = dry(&bench, &edited(edits));
        assert!(found.problems.is_empty(), "{edits:?}: {:?}", found.problems);
        let changes: Vec<(&str, Effect, u64)> =
            found.changes.iter().map(|change| (change.path.as_str(), change.effect, change.records)).collect();
        assert_eq!(changes, expect, "{edits:?}");
        assert_eq!(found.refused(), expect.iter().any(|(_, effect, _)| *effect == Effect::Refused), "{edits:?}");
    };
    use Effect::{Accept, Fine, Refused};
    let field = |rest: &str| {
        format!(
            "[[field]]\nid = \"new\"\nlabel = {{ zh = \"新\", en = \"New\" }}\ntype = \"text\"\n{rest}\n[[field]]\nid = \"phone\""
        )
    };
    let phone = "[[field]]\nid = \"phone\"";
    check(&[("Sheds", "Storage sheds")], &[("name", Fine, 0)]);
    check(&[("Telephone", "Phone")], &[("field.phone.label", Fine, 0)]);
    check(&[(phone, &field(""))], &[("field.new", Fine, 0)]);
    check(&[(phone, &field("required = true"))], &[("field.new", Accept, 2)]);
    // A field that nobody filled may go; one that is filled is retired instead.
    let empty = "[[field]]\nid = \"empty\"\nlabel = { zh = \"没人填\", en = \"Never filled\" }\ntype = \"text\"\n";
    check(&[(empty, "")], &[("field.empty", Fine, 0)]);
    let roof =
        "[[field]]\nid = \"roof\"\nlabel = { zh = \"顶棚面积\", en = \"Roof\" }\ntype = \"decimal\"\nunit = \"m²\"\n";
    check(&[(roof, "")], &[("field.roof", Refused, 2)]);
    check(&[("unit = \"m²\"", "unit = \"m²\"\nretired = true")], &[("field.roof.retired", Fine, 0)]);
    // Another unit would turn 120.5 m² into something else.
    check(&[("unit = \"m²\"", "unit = \"亩\"")], &[("field.roof.unit", Refused, 2)]);
    check(&[("unit = \"m²\"\n", "")], &[("field.roof.unit", Refused, 2)]);
    check(&[("type = \"decimal\"\nunit", "type = \"text\"\nunit")], &[("field.roof.type", Fine, 0)]);
    check(&[("type = \"decimal\"\nunit", "type = \"integer\"\nunit")], &[("field.roof.type", Refused, 2)]);
    check(&[("type = \"decimal\"\nunit", "type = \"date\"\nunit")], &[("field.roof.type", Refused, 2)]);
    check(&[("unit = \"m²\"", "unit = \"m²\"\nmax = 100")], &[("field.roof.bounds", Accept, 2)]);
    check(&[("unit = \"m²\"", "unit = \"m²\"\nmax = 200")], &[("field.roof.bounds", Fine, 0)]);
    check(&[("sensitive = true", "sensitive = false")], &[("field.phone.sensitive", Accept, 2)]);
    check(
        &[("sensitive = true", "public = true")],
        &[("field.phone.public", Accept, 2), ("field.phone.sensitive", Accept, 2)],
    );
    let state = "en = \"State\" }\ntype = \"text\"";
    check(&[(state, &format!("{state}\nunique = true"))], &[("field.state.unique", Refused, 2)]);
    check(&[("sensitive = true", "sensitive = true\nunique = true")], &[("field.phone.unique", Fine, 0)]);
    check(
        &[("en = \"Never filled\" }\ntype = \"text\"", "en = \"Never filled\" }\ntype = \"text\"\nrequired = true")],
        &[("field.empty.required", Accept, 2)],
    );
    check(
        &[(state, "en = \"State\" }\ntype = \"code\"\ncodes = \"noise_class\"")],
        &[("field.state.type", Refused, 2)],
    );
    check(&[("key = \"number\"", "key = \"name\"")], &[("key", Refused, 2)]);
    check(&[("title = \"name\"", "title = \"number\"")], &[("title", Accept, 2)]);
    check(&[("geometry = \"point\"", "geometry = \"none\"")], &[("geometry", Fine, 0)]);
    check(
        &[("group = \"rural\"", "group = \"rural\"\npublic = true")],
        &[
            ("public", Accept, 0),
            ("field.number.public", Accept, 2),
            ("field.name.public", Accept, 2),
            ("field.roof.public", Accept, 2),
            ("field.state.public", Accept, 2),
            ("field.empty.public", Fine, 0),
            ("field.heaps.public", Accept, 2),
            ("field.heaps.material.public", Accept, 2),
            ("field.heaps.tons.public", Accept, 2),
        ],
    );
    // A title says what its field says: hiding the field would hide nothing.
    check(
        &[("title = \"name\"", "title = \"number\""), ("en = \"Name\" }", "en = \"Name\" }\nsensitive = true")],
        &[("title", Accept, 2), ("field.name.sensitive", Fine, 0), ("field.name.sensitive.title", Refused, 2)],
    );
    // A key of no record, and a code of another list, would be read as something else.
    check(&[(state, "en = \"State\" }\ntype = \"link\"\nledgers = [\"river\"]")], &[("field.state.type", Refused, 2)]);
    // The columns of a table follow the same rules.
    check(
        &[("en = \"Tons\" }\ntype = \"decimal\"", "en = \"Tons\" }\ntype = \"decimal\"\nunit = \"t\"")],
        &[("field.heaps.tons.unit", Accept, 2)],
    );
    check(
        &[("en = \"Tons\" }\ntype = \"decimal\"", "en = \"Tons\" }\ntype = \"decimal\"\nmax = 2")],
        &[("field.heaps.tons.bounds", Accept, 2)],
    );
    let tons = "[[field.column]]\nid = \"tons\"\nlabel = { zh = \"吨\", en = \"Tons\" }\ntype = \"decimal\"\n";
    check(&[(tons, "")], &[("field.heaps.tons", Refused, 2)]);
    check(&[("filters = [\"state\"]", "filters = [\"state\", \"name\"]")], &[("filters", Fine, 0)]);
    check(&[("version = 2", "version = 1"), ("Sheds", "Stores")], &[("name", Fine, 0), ("version", Refused, 0)]);
}

#[test]
fn what_is_no_definition_is_named_with_its_place() {
    let bench = two_sheds("design-problems");
    let check = |edits: &[(&str, &str)], line: u32, expect: &str| {
        let found = dry(&bench, &edited(edits));
        let problem = found.problems.first().unwrap_or_else(|| panic!("{edits:?} was taken"));
        assert!(problem.what.en.contains(expect), "{edits:?}: {}", problem.what.en);
        assert_eq!(problem.at.line, line, "{edits:?}");
        assert!(found.refused() && found.changes.is_empty());
        let saved =
            bench.register.save_design(&admin(), PartKind::Ledger, &save_of(&found.text, 1, &[]), NOW).unwrap_err();
        assert_eq!(saved.code, ErrorCode::InvalidInput, "{edits:?}: {saved:?}");
    };
    check(&[("version = 2", "version = ")], 2, "read");
    check(&[("type = \"decimal\"\nunit", "type = \"money\"\nunit")], 26, "money");
    check(&[("unit = ", "units = ")], 27, "units");
    check(&[("filters = [\"state\"]", "filters = [\"colour\"]")], 8, "colour");
    check(&[("filters = [\"state\"]", "filters = [\"phone\"]")], 1, "cannot be a filter");
    check(&[("group = \"rural\"", "group = \"rural_\"")], 1, "group has no");
    check(&[("id = \"phone\"", "id = \"roof\"")], 29, "twice");
    check(&[("en = \"Material\" }", "en = \"Material\" }\nsensitive = true")], 49, "cannot be sensitive by itself");
    check(&[("title = \"name\"", "title = \"name\"\ntitle_en = \"phone\"")], 1, "neither sensitive");
    check(&[("id = \"phone\"", "id = \"Phone\"")], 1, "fitting field id");
    check(&[("type = \"decimal\"\nunit", "type = \"code\"\ncodes = \"nowhere\"\nunit")], 1, "no code list");
    check(
        &[(
            "[[field]]\nid = \"heaps\"",
            "[[colour]]\nwhen = \"missing > 1\"\ncolour = \"#fff\"\nname = { zh = \"a\", en = \"a\" }\n[[field]]\nid = \"heaps\"",
        )],
        45,
        "no such field",
    );
    // Nothing was written by any of this.
    let part = Part { kind: PartKind::Ledger, id: "shed".into() };
    assert_eq!(bench.register.design(&admin(), &part).unwrap().revisions.len(), 1);
    let deep = json!({ "id": "shed", "a": [{ "b": [{ "c": [{ "d": [{ "e": [{ "f": [{ "g": [{ "h": [{ "i": [{ "j": [{}] }] }] }] }] }] }] }] }] }] });
    let nested = DesignDraft { text: None, design: deep.as_object().cloned() };
    assert!(bench.register.check_design(&admin(), PartKind::Ledger, &nested).is_err());
    let long = DesignDraft { text: Some("#".repeat(300 << 10)), design: None };
    let refused = bench.register.check_design(&admin(), PartKind::Ledger, &long).unwrap_err();
    assert_eq!(refused.code, ErrorCode::TooLarge);
}

#[test]
fn only_the_system_administrator_designs_and_only_what_was_seen() {
    let bench = two_sheds("design-rights");
    for role in Role::ALL.into_iter().filter(|role| *role != Role::SystemAdministrator) {
        let actor = someone(role, Some("e1"));
        assert_eq!(bench.register.designs(&actor).unwrap_err().code, ErrorCode::NotAllowed, "{role:?}");
        let saved = bench.register.save_design(&actor, PartKind::Ledger, &save_of(SHED, 1, &[]), NOW);
        assert_eq!(saved.unwrap_err().code, ErrorCode::NotAllowed, "{role:?}");
    }
    let save = |text: &str, revision, accepted: &[&str]| {
        bench.register.save_design(&admin(), PartKind::Ledger, &save_of(text, revision, accepted), NOW)
    };
    let text = edited(&[("sensitive = true", "sensitive = false")]);
    let not_seen = save(&text, 1, &[]).unwrap_err();
    assert!(not_seen.detail.contains("field.phone.sensitive"), "{}", not_seen.detail);
    assert_eq!(save(&text, 0, &["field.phone.sensitive"]).unwrap_err().code, ErrorCode::RevisionConflict);
    let found = |actor: &kernel::Actor, text: &str| {
        let question = Question { ledger: "shed".into(), text: text.into(), page_size: 10, ..Question::default() };
        bench.register.list(actor, &question).unwrap().total
    };
    assert_eq!(found(&admin(), "13900000001"), 0, "what is sensitive is not searched");
    save(&text, 1, &["field.phone.sensitive"]).unwrap();
    assert_eq!(found(&admin(), "13900000001"), 1, "records are indexed again");
    assert_eq!(save(&text, 2, &[]).unwrap_err().code, ErrorCode::NoTransition, "the same again changes nothing");
    // Written while everybody could read it; then it is hidden again, and whichever is stricter counts.
    let open = bench::make(&bench.register, "shed", shed("s3", "13900000003", "在用"));
    let hidden = text.replace("version = 2", "version = 3").replace("sensitive = false", "sensitive = true");
    let later = NOW.plus(60_000);
    bench.register.save_design(&admin(), PartKind::Ledger, &save_of(&hidden, 2, &[]), later).unwrap();
    assert_eq!(found(&admin(), "13900000003"), 0);
    let leader = someone(Role::Leader, None);
    let (then, definition) = bench.register.as_of_with_definition(&leader, open.id, later).unwrap();
    assert!(!definition.field("phone").unwrap().sensitive, "so it was then");
    assert_eq!((then.content.text("phone"), then.content.text("state")), (None, Some("在用")));
    let events = bench.store.read(|reader| store::event_log::after(reader, kernel::Division(500_242), 0, 100)).unwrap();
    let designs = events.iter().filter(|event| event.kind == "register.definition_changed").count();
    assert_eq!(designs, 3, "one event for each revision");
}

#[test]
fn a_new_filter_finds_old_records() {
    let bench = two_sheds("design-filters");
    let ask = |field: &str, value: &str| {
        let filters = [(field.to_owned(), value.to_owned())].into();
        bench
            .register
            .list(&admin(), &Question { ledger: "shed".into(), filters, page_size: 10, ..Question::default() })
    };
    assert_eq!(ask("state", "在用").unwrap().total, 2);
    assert!(ask("name", "棚s1").is_err());
    let text = edited(&[("filters = [\"state\"]", "filters = [\"name\"]")]);
    bench.register.save_design(&admin(), PartKind::Ledger, &save_of(&text, 1, &[]), NOW).unwrap();
    assert_eq!(ask("name", "棚s1").unwrap().total, 1);
    assert!(ask("state", "在用").is_err());
    // What broke off half-way goes on at the next start, also when nothing else is new.
    let pack = pack_with(&[]);
    bench.register.load_pack(&pack, NOW.plus(1)).unwrap();
    let broken_off = [
        "DELETE FROM record_value WHERE ledger = 'shed' AND field = 'name'",
        "INSERT INTO definition_indexing (division, ledger) VALUES (500242, 'shed')",
    ];
    bench
        .store
        .write(|transaction| broken_off.iter().try_for_each(|sql| transaction.execute(sql, &[]).map(drop)))
        .unwrap();
    assert_eq!(ask("name", "棚s1").unwrap().total, 0);
    bench.register.load_pack(&pack, NOW.plus(2)).unwrap();
    assert_eq!(ask("name", "棚s1").unwrap().total, 1);
    let left = bench.store.read(|reader| reader.query("SELECT ledger FROM definition_indexing", &[])).unwrap();
    assert!(left.is_empty());
}

/// A field is retired, emptied, taken away: what records said stays readable under the definition of then.
#[test]
fn old_revisions_stay_readable() {
    let bench = with_shed("design-history");
    let record = write(&bench, shed("s1", "1", "在用"));
    let at = |minutes: i64| NOW.plus(minutes * 60_000);
    let save = |text: &str, revision, minutes| {
        bench.register.save_design(&admin(), PartKind::Ledger, &save_of(text, revision, &[]), at(minutes)).unwrap();
    };
    let retired = edited(&[("unit = \"m²\"", "unit = \"m²\"\nretired = true")]);
    save(&retired, 1, 1);
    let revise = |fields: Value, revision, minutes| {
        bench.register.write(&admin(), Target::Existing(record.id), &draft(fields, Some(revision)), at(minutes))
    };
    // A form without the field leaves it as it is; a new value is refused.
    let mut fields = shed("s1", "1", "停用");
    fields["roof"] = json!("99");
    assert!(revise(fields.clone(), 1, 2).unwrap_err().detail.contains("retired"));
    fields.as_object_mut().unwrap().remove("roof");
    let revised = revise(fields.clone(), 1, 2).unwrap();
    assert_eq!(revised.content.text("roof"), Some("120.5"));
    // In use again it can be emptied; then it can be taken away.
    save(&retired.replace("retired = true", "retired = false").replace("version = 2", "version = 3"), 2, 3);
    let emptied = revise(fields, 2, 4).unwrap();
    assert_eq!(emptied.content.text("roof"), None);
    let roof =
        "[[field]]\nid = \"roof\"\nlabel = { zh = \"顶棚面积\", en = \"Roof\" }\ntype = \"decimal\"\nunit = \"m²\"\n";
    let without = edited(&[(roof, ""), ("version = 2", "version = 4")]);
    save(&without, 3, 5);
    let (then, definition) = bench.register.as_of_with_definition(&admin(), record.id, at(3)).unwrap();
    assert_eq!(then.content.text("roof"), Some("120.5"));
    assert_eq!(definition.field("roof").unwrap().unit.as_deref(), Some("m²"));
    let leader = someone(Role::Leader, None);
    let seen = bench.register.as_of(&leader, record.id, at(3)).unwrap();
    assert_eq!((seen.content.text("roof"), seen.content.text("phone")), (Some("120.5"), None));
    let revisions = bench.register.revisions(&admin(), record.id).unwrap();
    let change = revisions[0].changes.iter().find(|change| change.field == "roof").unwrap();
    assert_eq!((change.label.zh.as_str(), &change.before, &change.after), ("顶棚面积", &json!("120.5"), &Value::Null));
}

/// Release and pack under the designer: their fields stay, their changes are told, and withdrawing goes back to them.
#[test]
fn the_designer_lays_over_release_and_pack() {
    let bench = bench::bench("design-base");
    let kiln = SHED.replace("\"shed\"", "\"kiln_shed\"");
    let first = pack_with(&[("ledgers/kiln_shed.toml", &kiln)]);
    bench.register.load_pack(&first, NOW).unwrap();
    let part = Part { kind: PartKind::Ledger, id: "kiln_shed".into() };
    let holds = |expect: (Option<Origin>, i64, bool)| {
        let designed = bench.register.design(&admin(), &part).unwrap();
        let newest = designed.revisions.first().map_or(0, |row| row.revision);
        assert_eq!((designed.origin, newest, designed.base_changed), expect);
        designed
    };
    holds((Some(Origin::Pack), 1, false));
    let of_river = Part { kind: PartKind::Ledger, id: "river".into() };
    assert_eq!(bench.register.design(&admin(), &of_river).unwrap().origin, Some(Origin::BuiltIn));
    // A field of the pack's cannot be taken away, even when nobody filled it.
    let empty = "[[field]]\nid = \"empty\"\nlabel = { zh = \"没人填\", en = \"Never filled\" }\ntype = \"text\"\n";
    let later = kiln.replace("version = 1", "version = 2");
    let found = dry(&bench, &later.replace(empty, ""));
    assert_eq!((found.changes[0].path.as_str(), found.changes[0].effect), ("field.empty", Effect::Refused));
    let far = dry(&bench, &kiln.replace("version = 1", "version = 4294967295").replace("Sheds", "Stores"));
    assert!(far.refused(), "no version would be left");
    let not_sensitive = dry(&bench, &later.replace("sensitive = true\n", ""));
    assert!(not_sensitive.refused(), "what the pack calls sensitive stays so");
    // A label may change; the pack loaded again leaves it.
    let named = later.replace("Never filled", "Remarks");
    bench.register.save_design(&admin(), PartKind::Ledger, &save_of(&named, 1, &[]), NOW).unwrap();
    bench.register.load_pack(&first, NOW.plus(1)).unwrap();
    holds((Some(Origin::Designer), 2, false));
    let label = |expect: &str| {
        let catalog = bench.register.catalog();
        assert_eq!(catalog.ledger("kiln_shed").unwrap().field("empty").unwrap().label.en, expect);
    };
    label("Remarks");
    // The pack changes what the designer wrote upon: told, not taken.
    let newer = pack_with(&[("ledgers/kiln_shed.toml", &kiln.replace("Never filled", "Notes"))]);
    bench.register.load_pack(&newer, NOW.plus(2)).unwrap();
    holds((Some(Origin::Designer), 2, true));
    label("Remarks");
    let withdraw = |revision| bench.register.withdraw_design(&admin(), &part, &back(revision), NOW.plus(3));
    assert_eq!(withdraw(1).unwrap_err().code, ErrorCode::RevisionConflict);
    withdraw(2).unwrap();
    holds((Some(Origin::Pack), 3, false));
    label("Notes");
    assert_eq!(withdraw(3).unwrap_err().code, ErrorCode::NoTransition);
}

/// A definition that the next release does not take (here: its code list is gone) gives way to the base and is named.
#[test]
fn what_no_longer_holds_gives_way_and_is_named() {
    let bench = bench::bench("design-broken");
    let list = "id = \"roofing\"\nname = { zh = \"顶棚\", en = \"Roofing\" }\nsource = \"试验\"\n[[code]]\ncode = \"tile\"\nname = { zh = \"瓦\", en = \"tiles\" }\n";
    let with_list = pack_with(&[("codes/roofing.toml", list), ("ledgers/shed.toml", SHED)]);
    bench.register.load_pack(&with_list, NOW).unwrap();
    let text = edited(&[(
        "[[field]]\nid = \"state\"",
        "[[field]]\nid = \"roofing\"\nlabel = { zh = \"顶\", en = \"Roofing\" }\ntype = \"code\"\ncodes = \"roofing\"\n[[field]]\nid = \"state\"",
    )]);
    bench.register.save_design(&admin(), PartKind::Ledger, &save_of(&text, 1, &[]), NOW).unwrap();
    let without_list = pack_with(&[("ledgers/shed.toml", SHED)]);
    bench.register.load_pack(&without_list, NOW.plus(1)).unwrap();
    let part = Part { kind: PartKind::Ledger, id: "shed".into() };
    let designed = bench.register.design(&admin(), &part).unwrap();
    assert_eq!(designed.origin, Some(Origin::Pack));
    assert!(designed.problems[0].what.en.contains("no code list `roofing`"), "{:?}", designed.problems);
    // It comes back with the list: nothing of it was lost.
    bench.register.load_pack(&with_list, NOW.plus(2)).unwrap();
    let designed = bench.register.design(&admin(), &part).unwrap();
    assert_eq!((designed.origin, designed.problems.len()), (Some(Origin::Designer), 0));
}

/// Codes that records use stay, codes of the release stay, a list that ledgers name stays.
#[test]
fn code_lists_are_designed_too() {
    let bench = bench::bench("design-codes");
    let save =
        |kind, text: &str, revision| bench.register.save_design(&admin(), kind, &save_of(text, revision, &[]), NOW);
    let code = |code: &str| format!("[[code]]\ncode = \"{code}\"\nname = {{ zh = \"{code}\", en = \"{code}\" }}\n");
    let list = |codes: &[&str]| {
        let codes: String = codes.iter().map(|one| code(one)).collect();
        format!("id = \"roofing\"\nname = {{ zh = \"顶棚\", en = \"Roofing\" }}\nsource = \"试验\"\n{codes}")
    };
    save(PartKind::Codes, &list(&["tile", "steel", "none"]), 0).unwrap();
    let text =
        SHED.replacen("en = \"State\" }\ntype = \"text\"", "en = \"State\" }\ntype = \"code\"\ncodes = \"roofing\"", 1);
    save(PartKind::Ledger, &text, 0).unwrap();
    write(&bench, shed("s1", "1", "tile"));
    let used = save(PartKind::Codes, &list(&["steel", "none"]), 1).unwrap_err();
    assert!(used.detail.contains("code.tile.shed.state"), "{}", used.detail);
    save(PartKind::Codes, &list(&["tile", "steel"]), 1).unwrap();
    let part = Part { kind: PartKind::Codes, id: "roofing".into() };
    let named = bench.register.withdraw_design(&admin(), &part, &back(2), NOW).unwrap_err();
    assert!(named.detail.contains("roofing"), "{}", named.detail);
    // The release's own codes stay.
    let source = built_in::catalog().unwrap();
    let noise = Part { kind: PartKind::Codes, id: "noise_class".into() };
    let text = source.source(&noise).unwrap().text.to_string();
    let cut = &text[..text.rfind("[[code]]").unwrap()];
    let kept = save(PartKind::Codes, cut, 0).unwrap_err();
    assert_eq!(kept.code, ErrorCode::NoTransition, "{}", kept.detail);
    // A ledger that nobody but the designer knows can go when it has no records.
    let shed = Part { kind: PartKind::Ledger, id: "shed".into() };
    let full = bench.register.withdraw_design(&admin(), &shed, &back(1), NOW).unwrap_err();
    assert_eq!(full.code, ErrorCode::NoTransition);
    let other = SHED.replace("\"shed\"", "\"hut\"");
    save(PartKind::Ledger, &other, 0).unwrap();
    assert!(bench.register.catalog().ledger("hut").is_some());
    let hut = Part { kind: PartKind::Ledger, id: "hut".into() };
    bench.register.withdraw_design(&admin(), &hut, &back(1), NOW).unwrap();
    assert!(bench.register.catalog().ledger("hut").is_none());
    assert!(bench.register.write(&admin(), Target::Existing(Id(1)), &draft(json!({}), Some(1)), NOW).is_err());
}

/// What the designer made stricter holds for the records of the pack too: told, not written, tried again.
#[test]
fn a_record_of_the_pack_that_the_design_does_not_take_waits() {
    let bench = bench::bench("design-pack");
    let load = |rows: &str, later: i64| {
        let files = [
            ("ledgers/shed.toml", SHED),
            ("registers/shed.csv", &format!("number,name,phone,state,location_note,source\n{rows}")),
        ];
        bench.register.load_pack(&pack_with(&files), NOW.plus(later)).unwrap()
    };
    load("s1,甲棚,1,在用,未知,试验\n", 0);
    let save = |text: &str, revision, later: i64| {
        bench.register.save_design(&admin(), PartKind::Ledger, &save_of(text, revision, &[]), NOW.plus(later)).unwrap();
    };
    // Two sheds never share a telephone, and the state is no longer filled in.
    let unique = edited(&[
        ("sensitive = true", "sensitive = true\nunique = true"),
        ("en = \"State\" }\ntype = \"text\"", "en = \"State\" }\ntype = \"text\"\nretired = true"),
    ]);
    save(&unique, 1, 1);
    let both = "s1,甲棚新,1,在用,未知,试验\ns2,乙棚,1,,未知,试验\ns3,丙棚,3,在用,未知,试验\ns4,丁棚,4,,未知,试验\n";
    let report = load(both, 2);
    assert_eq!((report.revised, report.created), (1, 1), "{report:?}");
    let refused: Vec<(&str, bool)> =
        report.refused.iter().map(|why| (&why[..7], why.contains("重复") || why.contains("停用"))).collect();
    assert_eq!(refused, [("shed:s2", true), ("shed:s3", true)], "{report:?}");
    let again = load(both, 3);
    assert_eq!((again.wrote(), again.refused.len()), (false, 2));
    // Once the definition takes them, they come.
    let version =
        |text: &str, from: i64| text.replace(&format!("version = {from}"), &format!("version = {}", from + 1));
    let open = version(&unique.replace("\nunique = true\n", "\n").replace("\nretired = true", ""), 2);
    save(&open.replacen("id = \"number\"\nlabel = { zh = \"编号\", en = \"Number\" }\ntype = \"text\"\nrequired = true", "id = \"number\"\nlabel = { zh = \"编号\", en = \"Number\" }\ntype = \"text\"\nrequired = true\nunique = true", 1), 2, 4);
    let last = load(both, 5);
    assert_eq!((last.created, last.refused.len()), (2, 0), "{last:?}");
}

/// A deleted record comes back although the definition has come to ask for more; it is asked when it is next revised.
#[test]
fn a_record_comes_back_under_a_stricter_definition() {
    let bench = two_sheds("design-restore");
    let record = bench.register.record_by_key(&admin(), "shed", "s1").unwrap();
    let id = record.id;
    bench.register.set_deleted(&admin(), id, record.revision, true, "误建", NOW).unwrap();
    let text = edited(&[("id = \"empty\"", "id = \"empty\"\nrequired = true")]);
    let accepted = ["field.empty.required"];
    bench.register.save_design(&admin(), PartKind::Ledger, &save_of(&text, 1, &accepted), NOW).unwrap();
    let back = bench.register.set_deleted(&admin(), id, record.revision + 1, false, "删错了", NOW).unwrap();
    assert_eq!((back.deleted, back.content.key.as_str()), (None, "s1"));
    let revised =
        bench.register.write(&admin(), Target::Existing(id), &draft(shed("s1", "1", "在用"), Some(back.revision)), NOW);
    assert!(revised.unwrap_err().detail.contains("没人填"));
}

/// An import names a retired code and a retired field in the dry run, where they stand.
#[test]
fn a_dry_run_names_what_is_retired() {
    let bench = bench::bench("design-dry");
    let code = |code: &str, more: &str| {
        format!("[[code]]\ncode = \"{code}\"\nname = {{ zh = \"{code}\", en = \"{code}\" }}\n{more}")
    };
    let head = "id = \"roofing\"\nname = { zh = \"顶棚\", en = \"Roofing\" }\nsource = \"试验\"\n";
    let list = |more: &str| format!("{head}{}{}", code("tile", more), code("steel", ""));
    let save = |kind, text: &str, revision| {
        bench.register.save_design(&admin(), kind, &save_of(text, revision, &[]), NOW).unwrap();
    };
    save(PartKind::Codes, &list(""), 0);
    let text =
        SHED.replacen("en = \"State\" }\ntype = \"text\"", "en = \"State\" }\ntype = \"code\"\ncodes = \"roofing\"", 1);
    save(PartKind::Ledger, &text, 0);
    write(&bench, shed("s1", "1", "tile"));
    save(PartKind::Codes, &list("retired = true\n"), 1);
    let file =
        "number,name,state,location_note,source\ns1,甲,tile,未知,试验\ns2,乙,tile,未知,试验\ns3,丙,steel,未知,试验\n";
    let options = register::import::Options { dry_run: true, ..Default::default() };
    let report = bench.register.import(&admin(), "shed", file.as_bytes(), &options, NOW).unwrap();
    // What stood there may stay; what is new may not say it.
    let found: Vec<(u32, u32, &str)> =
        report.problems.iter().map(|problem| (problem.row, problem.column, problem.field.as_str())).collect();
    assert_eq!(found, [(3, 3, "state")], "{:?}", report.problems);
    assert!(report.problems[0].what.zh.contains("停用"));
    assert_eq!(report.problems[0].fix, None);
    // Neither is it offered, nor do previews of other changes take it.
    let named = file.replace("s2,乙,tile", "s2,乙,gone");
    let report = bench.register.import(&admin(), "shed", named.as_bytes(), &options, NOW).unwrap();
    let hint = &report.problems[0].hint.zh;
    assert!(hint.contains("steel") && !hint.contains("tile"), "{hint}");
    let (first, second) =
        (bench.register.record_by_key(&admin(), "shed", "s1").unwrap(), write(&bench, shed("s2", "1", "steel")));
    let set = json!({ "state": "tile" }).as_object().unwrap().clone();
    let edit = BulkEdit { ids: vec![second.id], set, dry_run: true, ..BulkEdit::default() };
    let seen = bench.register.bulk_edit(&admin(), "shed", &edit, NOW).unwrap();
    assert!(seen.lines[0].problem.as_ref().is_some_and(|said| said.contains("retired")), "{seen:?}");
    let merge = Merge {
        duplicate: first.id,
        revision: second.revision,
        duplicate_revision: first.revision,
        take: vec!["state".into()],
        rows: std::collections::BTreeMap::new(),
        reason: String::new(),
        dry_run: true,
    };
    let refused = bench.register.merge(&admin(), second.id, &merge, NOW).unwrap_err();
    assert!(refused.detail.contains("retired"), "{}", refused.detail);
}

/// Records and definitions at once: no record is left that the definition in force does not take.
#[test]
fn records_and_definitions_do_not_pass_each_other() {
    let bench = with_shed("design-race");
    let register = &bench.register;
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                scope.spawn(move || {
                    for number in 0..25 {
                        let fields = shed(&format!("s{writer}-{number}"), "1", "同一个");
                        let _ = register.write(&admin(), Target::New { ledger: "shed" }, &draft(fields, None), NOW);
                    }
                })
            })
            .collect();
        let state = "en = \"State\" }\ntype = \"text\"";
        let text = edited(&[(state, &format!("{state}\nunique = true"))]);
        let saved = register.save_design(&admin(), PartKind::Ledger, &save_of(&text, 1, &[]), NOW);
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        let question = Question { ledger: "shed".into(), page_size: 500, ..Question::default() };
        let total = register.list(&admin(), &question).unwrap().total;
        match saved {
            Ok(_) => assert_eq!(total, 1, "one value may stand once"),
            Err(_) => assert_eq!(total, 100),
        }
    });
}

/// What the release bounds and writes in a form its code relies on is not loosened; a link leads where it led.
#[test]
fn what_the_release_relies_on_is_not_loosened() {
    let bench = bench::bench("design-loosened");
    let check = |ledger: &str, edit: &dyn Fn(&str) -> String, expect: &str| {
        let part = Part { kind: PartKind::Ledger, id: ledger.into() };
        let text = built_in::catalog().unwrap().source(&part).unwrap().text.to_string();
        let version: u32 = text.split("version = ").nth(1).unwrap().lines().next().unwrap().trim().parse().unwrap();
        let edited = edit(&text).replacen(&format!("version = {version}"), &format!("version = {}", version + 1), 1);
        let found = dry(&bench, &edited);
        let refused: Vec<&str> = found
            .changes
            .iter()
            .filter(|change| change.effect == Effect::Refused)
            .map(|one| one.path.as_str())
            .collect();
        assert_eq!(refused, [expect], "{:?} {:?}", found.problems, found.changes);
    };
    check("device_binding", &|text| text.replace("format = \"device_number\"\n", ""), "field.mn.bounds");
    check("enterprise", &|text| text.replace("format = \"uscc\"\n", ""), "field.uscc.bounds");
    check(
        "monitoring_section",
        &|text| text.replacen("ledgers = [\"river\"]", "ledgers = [\"lake\"]", 1),
        "field.river.type",
    );
}
