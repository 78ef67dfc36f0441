//! Records in the store: revisions, permissions, packs against people, imports.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::PathBuf;
use std::sync::Arc;

use api::LiveBus;
use kernel::{Actor, Division, ErrorCode, Id, Role, Timestamp};
use register::catalog::Files;
use register::import::Options;
use register::ops::{Draft, Question, Target};
use register::{Register, built_in, pack};
use serde_json::{Value, json};
use store::Store;
use store::sqlite::{SqliteOptions, SqliteStore};

struct Bench {
    register: Arc<Register>,
    store: Arc<dyn Store>,
    path: PathBuf,
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

const NOW: Timestamp = Timestamp(1_795_536_000_000);

fn bench(name: &str) -> Bench {
    let path = std::env::temp_dir().join(format!("qingshan-records-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    let division = Division(500_242);
    let store: Arc<dyn Store> =
        SqliteStore::open(&path, division, SqliteOptions::default(), register::MIGRATIONS).unwrap();
    let register =
        Register::new(Arc::clone(&store), division, LiveBus::default(), built_in::catalog().unwrap()).unwrap();
    Bench { register, store, path }
}

fn someone(role: Role, body: Option<&str>) -> Actor {
    Actor { id: Id(7), name: "小田".into(), roles: vec![role], body: body.map(str::to_owned) }
}

fn admin() -> Actor {
    someone(Role::SystemAdministrator, None)
}

fn draft(fields: Value, revision: Option<i64>) -> Draft {
    Draft { fields: fields.as_object().unwrap().clone(), reason: "核实".into(), revision }
}

fn enterprise(key: &str, name: &str) -> Value {
    json!({ "number": key, "name": name, "contact": "023-1", "location_note": "未知", "source": "试验" })
}

fn pack_of(rivers: &str) -> pack::Pack {
    let county = "code = \"500242\"\nname = { zh = \"酉阳\", en = \"Youyang\" }\ntime_zone = \"+08:00\"\nextent = [108.2, 28.2, 109.5, 29.5]\nsource = \"试验\"\n";
    let mut files = Files::new();
    files.insert("county.toml".into(), county.into());
    files.insert("registers/river.csv".into(), format!("number,name,source\n{rivers}"));
    pack::load(&files, &built_in::catalog().unwrap()).unwrap()
}

#[test]
fn revisions_say_who_when_what_and_why() {
    let bench = bench("revisions");
    let register = &bench.register;
    let made = register
        .write(&admin(), Target::New { ledger: "enterprise" }, &draft(enterprise("e1", "甲厂"), None), NOW)
        .unwrap();
    let later = NOW.plus(60_000);
    let revised = register
        .write(&admin(), Target::Existing(made.id), &draft(enterprise("e1", "甲厂（更名）"), Some(1)), later)
        .unwrap();
    assert_eq!(revised.revision, 2);
    let revisions = register.revisions(&admin(), made.id).unwrap();
    assert_eq!(revisions.len(), 2);
    assert_eq!((revisions[0].by.as_str(), revisions[0].reason.as_str(), revisions[0].at), ("小田", "核实", later));
    let change = &revisions[0].changes[0];
    assert_eq!(
        (change.field.as_str(), &change.before, &change.after),
        ("name", &json!("甲厂"), &json!("甲厂（更名）"))
    );
    assert_eq!(register.as_of(&admin(), made.id, NOW).unwrap().content.title.zh, "甲厂");
    assert!(register.as_of(&admin(), made.id, NOW.plus(-1)).is_err(), "it did not exist then");
    let stale = register.write(&admin(), Target::Existing(made.id), &draft(enterprise("e1", "乙厂"), Some(1)), later);
    assert_eq!(stale.unwrap_err().code, ErrorCode::RevisionConflict);
    let no_reason = Draft { reason: " ".into(), ..draft(enterprise("e1", "乙厂"), Some(2)) };
    assert!(register.write(&admin(), Target::Existing(made.id), &no_reason, later).is_err());
    let other_key =
        register.write(&admin(), Target::Existing(made.id), &draft(enterprise("e2", "甲厂"), Some(2)), later);
    assert!(other_key.is_err(), "the key never changes");
    let gone = register.set_deleted(&admin(), made.id, 2, true, "重复", later).unwrap();
    assert_eq!(gone.deleted.as_deref(), Some("重复"));
    let question = Question { ledger: "enterprise".into(), page_size: 10, ..Question::default() };
    assert_eq!(register.list(&admin(), &question).unwrap().total, 0);
    register.set_deleted(&admin(), made.id, 3, false, "不重复", later).unwrap();
    assert_eq!(register.list(&admin(), &question).unwrap().total, 1);
    let events = bench.store.read(|reader| store::event_log::after(reader, Division(500_242), 0, 100)).unwrap();
    assert_eq!(events.len(), 4, "one event for each change");
}

#[test]
fn a_day_of_before_is_shown_however_often_a_record_was_revised_since() {
    let bench = bench("often");
    let register = &bench.register;
    let at = |number: i64| NOW.plus(number * 60_000);
    let first = draft(enterprise("e1", "第1版"), None);
    let record = register.write(&admin(), Target::New { ledger: "enterprise" }, &first, at(1)).unwrap();
    for number in 2..=230 {
        let next = draft(enterprise("e1", &format!("第{number}版")), Some(number - 1));
        register.write(&admin(), Target::Existing(record.id), &next, at(number)).unwrap();
    }
    let check = |minutes: i64, expect: Option<&str>| {
        let then = register.as_of(&admin(), record.id, at(minutes)).ok().map(|record| record.content.title.zh);
        assert_eq!(then.as_deref(), expect, "{minutes}");
    };
    check(0, None);
    check(1, Some("第1版"));
    check(17, Some("第17版"));
    check(900, Some("第230版"));
}

/// What is restored is held against what there is now.
#[test]
fn a_deleted_record_comes_back_only_as_one_that_could_be_written() {
    let bench = bench("restore");
    let register = &bench.register;
    let make = |ledger: &str, fields: Value| {
        register.write(&admin(), Target::New { ledger }, &draft(fields, None), NOW).unwrap()
    };
    let river =
        |key: &str, into: Option<&str>| json!({ "number": key, "name": key, "source": "试验", "flows_into": into });
    make("river", river("r1", None));
    let upper = make("river", river("r2", Some("r1")));
    let set = |id: Id, revision: i64, deleted: bool| {
        register.set_deleted(&admin(), id, revision, deleted, "核实", NOW).map(drop).map_err(|problem| problem.detail)
    };
    set(upper.id, 1, true).unwrap();
    let lower = register.record_by_key(&admin(), "river", "r1").unwrap();
    set(lower.id, 1, true).unwrap();
    let check = |id: Id, revision: i64, expect: &str| {
        let said = set(id, revision, false).err().unwrap_or_default();
        assert!(said.contains(expect) && said.is_empty() == expect.is_empty(), "{said}");
    };
    check(upper.id, 2, "broken link");
    // A deleted record is neither revised nor made anew.
    let revised = register.write(&admin(), Target::Existing(lower.id), &draft(river("r1", None), Some(2)), NOW);
    assert_eq!(revised.unwrap_err().code, ErrorCode::NoTransition);
    let anew = register.write(&admin(), Target::New { ledger: "river" }, &draft(river("r1", None), None), NOW);
    assert!(anew.unwrap_err().detail.contains("restore"));
    check(lower.id, 2, "");
    check(upper.id, 2, "");
    let machine = |key: &str| json!({ "number": key, "name": key, "source": "试验", "uscc": "91130200699229617X" });
    let mut first = enterprise("e1", "甲厂");
    first["uscc"] = machine("e1")["uscc"].clone();
    let first = make("enterprise", first);
    set(first.id, 1, true).unwrap();
    let mut second = enterprise("e2", "乙厂");
    second["uscc"] = machine("e2")["uscc"].clone();
    make("enterprise", second);
    check(first.id, 2, "not unique");
}

#[test]
fn what_is_blank_does_not_fill_what_must_be_filled() {
    let bench = bench("blank");
    let check = |ledger: &str, fields: Value, expect: &str| {
        let written = bench.register.write(&admin(), Target::New { ledger }, &draft(fields.clone(), None), NOW);
        let said = written.as_ref().err().map(|problem| problem.detail.clone()).unwrap_or_default();
        assert!(said.contains(expect) && said.is_empty() == expect.is_empty(), "{fields}: {said}");
        written.ok().map(|record| record.content)
    };
    check("enterprise", enterprise("e1", ""), "(Name) is missing");
    check("enterprise", enterprise(" ", "甲厂"), "is missing");
    let kept = check("enterprise", enterprise(" e1 ", "甲厂"), "").unwrap();
    assert_eq!((kept.key.as_str(), kept.text("number")), ("e1", Some("e1")));
    let penalty = |kinds: Value| json!({ "number": "p1", "name": "罚", "enterprise": "e1", "decided_on": "2026-01-02", "kinds": kinds, "source": "试验" });
    check("penalty", penalty(json!([])), "`kinds`");
    check("penalty", penalty(json!(["", " "])), "`kinds`");
    let kept = check("penalty", penalty(json!(["fine", ""])), "").unwrap();
    assert_eq!(kept.values["kinds"], json!(["fine"]));
}

#[test]
fn rows_and_fields_are_for_those_who_may_see_them() {
    let bench = bench("permission");
    let register = &bench.register;
    for (key, name) in [("e1", "甲厂"), ("e2", "乙厂")] {
        register
            .write(&admin(), Target::New { ledger: "enterprise" }, &draft(enterprise(key, name), None), NOW)
            .unwrap();
    }
    let question = Question { ledger: "enterprise".into(), page_size: 10, ..Question::default() };
    let seen = |actor: &Actor| register.list(actor, &question).map(|listed| listed.records);
    let all = seen(&admin()).unwrap();
    assert!(all.iter().all(|record| record.content.text("contact").is_some()));
    let of_duty = seen(&someone(Role::DutyOfficer, None)).unwrap();
    assert_eq!(of_duty.len(), 2);
    assert!(of_duty.iter().all(|record| record.content.text("contact").is_none()), "telephone numbers are hidden");
    let own = seen(&someone(Role::Enterprise, Some("e1"))).unwrap();
    assert_eq!(own.iter().map(|record| record.content.key.as_str()).collect::<Vec<_>>(), ["e1"]);
    let foreign = register.record(&someone(Role::Enterprise, Some("e1")), all[1].id);
    assert!(all[1].content.key == "e1" || foreign.unwrap_err().code == ErrorCode::NotFound);
    assert_eq!(seen(&someone(Role::SecurityAdministrator, None)).unwrap_err().code, ErrorCode::NotAllowed);
    let searched = Question { text: "023".into(), ..question.clone() };
    assert_eq!(
        register.list(&someone(Role::DutyOfficer, None), &searched).unwrap().total,
        0,
        "hidden is not found either"
    );
    let write = register.write(
        &someone(Role::DutyOfficer, None),
        Target::New { ledger: "enterprise" },
        &draft(enterprise("e3", "丙厂"), None),
        NOW,
    );
    assert_eq!(write.unwrap_err().code, ErrorCode::NotAllowed);
    let by_contact = Question { filters: [("contact".to_owned(), "023-1".to_owned())].into(), ..question };
    assert!(register.list(&admin(), &by_contact).is_err(), "not a filter");
}

#[test]
fn two_character_words_are_found() {
    let bench = bench("search");
    let register = &bench.register;
    register.load_pack(&pack_of("r1,龙潭河,试验\nr2,阿蓬江,试验\nr3,龙头潭,试验\n"), NOW).unwrap();
    let found = |text: &str| {
        let question = Question { ledger: "river".into(), text: text.into(), page_size: 10, ..Question::default() };
        let records = register.list(&admin(), &question).unwrap().records;
        records.into_iter().map(|record| record.content.title.zh).collect::<Vec<_>>()
    };
    assert_eq!(found("龙潭"), ["龙潭河"]);
    assert_eq!(found("江"), ["阿蓬江"]);
    assert_eq!(found("R2"), ["阿蓬江"]);
    assert_eq!(found("%"), Vec::<String>::new());
}

#[test]
fn a_pack_revises_its_own_and_offers_to_people() {
    let bench = bench("pack");
    let register = &bench.register;
    register.load_pack(&pack_of("r1,甲河,试验\nr2,乙河,试验\n"), NOW).unwrap();
    let report = register.load_pack(&pack_of("r1,甲河,核实\nr2,乙河,试验\n"), NOW).unwrap();
    assert_eq!((report.revised, report.unchanged, report.created), (1, 1, 0));
    let edited = register.record_by_key(&admin(), "river", "r1").unwrap();
    assert_eq!(edited.revision, 2);
    let by_hand = json!({ "number": "r1", "name": "甲河（手改）", "source": "核实" });
    register.write(&admin(), Target::Existing(edited.id), &draft(by_hand, Some(2)), NOW).unwrap();
    let newer = pack_of("r1,甲河新,核实\nr2,乙河,试验\n");
    let report = register.load_pack(&newer, NOW).unwrap();
    assert_eq!(report.kept, ["river:r1"]);
    assert_eq!(register.record_by_key(&admin(), "river", "r1").unwrap().content.title.zh, "甲河（手改）");
    let offer = register.offered(&admin(), edited.id).unwrap();
    assert_eq!((offer[0].field.as_str(), &offer[0].after), ("name", &json!("甲河新")));
    assert!(!register.load_pack(&newer, NOW).unwrap().wrote(), "said once");
    let report = register.load_pack(&pack_of("r1,甲河新,核实\n"), NOW).unwrap();
    assert_eq!(report.retired, 1);
    assert!(register.record_by_key(&admin(), "river", "r2").unwrap().deleted.is_some());
    let report = register.load_pack(&newer, NOW).unwrap();
    assert_eq!(report.revised, 1, "back again");
    assert!(register.record_by_key(&admin(), "river", "r2").unwrap().deleted.is_none());
}

#[test]
fn an_import_is_all_or_nothing_and_proposes_fixes() {
    let bench = bench("import");
    let register = &bench.register;
    register.load_pack(&pack_of("r1,甲河,试验\n"), NOW).unwrap();
    let import = |text: &str, dry_run, apply_fixes| {
        let options = Options { dry_run, apply_fixes, reason: "报送".into() };
        register.import(&admin(), "river_outlet", text.as_bytes(), &options, NOW).unwrap()
    };
    let file = "number,name,kind,river,stage,found_on,location_note,source\n\
                o1,甲口,工业排污口,甲河,found,2026/3/5,未知,试验\n\
                o2,乙口,farm,r1,found,,未知,试验\n\
                o2,丙口,farm,r1,found,,未知,试验\n";
    let report = import(file, false, false);
    assert!(!report.written);
    let found: Vec<_> = report
        .problems
        .iter()
        .map(|problem| (problem.row, problem.column, problem.field.as_str(), problem.fix.as_deref()))
        .collect();
    assert_eq!(
        found,
        [(2, 3, "kind", Some("industry")), (2, 6, "found_on", Some("2026-03-05")), (4, 1, "number", None),]
    );
    let question = Question { ledger: "river_outlet".into(), page_size: 10, ..Question::default() };
    assert_eq!(register.list(&admin(), &question).unwrap().total, 0, "nothing was written");
    let right = file.replace("\no2,丙口", "\no3,丙口");
    let report = import(&right, true, true);
    assert_eq!((report.problems.len(), report.fixed, report.created, report.written), (0, 3, 3, false));
    let report = import(&right, false, true);
    assert!(report.written);
    let listed = register.list(&admin(), &question).unwrap();
    assert_eq!(listed.total, 3);
    assert_eq!(register.record_by_key(&admin(), "river_outlet", "o1").unwrap().content.text("river"), Some("r1"));
    let again = import(&right, false, true);
    assert_eq!((again.created, again.unchanged), (0, 3));
}

#[test]
fn what_is_exported_is_imported_again() {
    let bench = bench("round");
    let register = &bench.register;
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../counties/500242-youyang");
    let pack = register::pack_files::load(&folder, &built_in::catalog().unwrap()).unwrap();
    register.load_pack(&pack, NOW).unwrap();
    let catalog = register.catalog();
    for ledger in ["drinking_water_source", "waste_gas_outlet", "device_binding", "species"] {
        let question = Question { ledger: ledger.into(), ..Question::default() };
        let before = register.export(&admin(), &question).unwrap();
        for format in ["xlsx", "csv"] {
            let (_, _, bytes) = register::export::write(&catalog, ledger, &before, format, true, &[]).unwrap();
            let options = Options { dry_run: false, apply_fixes: false, reason: "回导".into() };
            let report = register.import(&admin(), ledger, &bytes, &options, NOW).unwrap();
            assert_eq!(report.problems, [], "{ledger} {format}");
            assert_eq!(report.unchanged, before.len());
            let after = register.export(&admin(), &question).unwrap();
            for (old, new) in before.iter().zip(&after) {
                assert_eq!(old.content, new.content, "{ledger} {format}");
            }
        }
    }
}

#[test]
fn bad_files_are_named_errors() {
    let bench = bench("bad");
    let import = |bytes: &[u8]| {
        bench.register.import(&admin(), "river", bytes, &Options::default(), NOW).map_err(|problem| problem.detail)
    };
    assert!(import(b"PK\x03\x04 torn").unwrap_err().contains("broken"));
    assert!(import(&[0xD0, 0xCF, 0x11, 0xE0]).unwrap_err().contains("xlsx"));
    assert!(import(b"\xff\xfe\x00").unwrap_err().contains("UTF-8"));
    assert!(import("a,b\n1,2\n".as_bytes()).unwrap_err().contains("number"));
    assert!(import(b"").unwrap_err().contains("empty"));
    let report = import("number,name,source,颜色\nr1,甲河,试验,红\n".as_bytes()).unwrap();
    assert_eq!((report.problems[0].row, report.problems[0].column), (1, 4));
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (place, name) in ["number", "name", "source"].iter().enumerate() {
        sheet.write_string(0, place as u16, *name).unwrap();
    }
    sheet.write_string(1, 0, "r1").unwrap();
    sheet.write_formula(1, 1, "=A1&\"x\"").unwrap();
    sheet.merge_range(2, 0, 2, 1, "r2", &rust_xlsxwriter::Format::new()).unwrap();
    let report = import(&book.save_to_buffer().unwrap()).unwrap();
    let places: Vec<_> = report.problems.iter().map(|problem| (problem.row, problem.column)).collect();
    assert!(places.contains(&(2, 2)) && places.contains(&(3, 1)), "formula and merge: {:?}", report.problems);
}

#[test]
fn colours_follow_the_rules_of_the_ledger() {
    let bench = bench("colours");
    let register = &bench.register;
    let catalog = register.catalog();
    let colour = |ledger: &str, fields: Value| {
        let definition = catalog.ledger(ledger).unwrap();
        let made = register.write(&admin(), Target::New { ledger }, &draft(fields, None), NOW).unwrap();
        register.colours().of(definition, &made.content, NOW.day()).map(|rule| rule.name.en.clone())
    };
    let site = |key: &str, grade: &str| json!({ "number": key, "name": "工地", "grade": grade, "location_note": "未知", "source": "试验" });
    assert_eq!(colour("construction_site", site("g1", "yellow")).as_deref(), Some("yellow"));
    register
        .write(&admin(), Target::New { ledger: "enterprise" }, &draft(enterprise("e1", "甲厂"), None), NOW)
        .unwrap();
    let permit = |number: &str, until: &str| json!({ "number": number, "name": "证", "enterprise": "e1", "tier": "key", "valid_until": until, "source": "试验" });
    assert_eq!(colour("discharge_permit", permit("91130200699229617X001P", "2020-01-01")).as_deref(), Some("expired"));
    assert_eq!(colour("discharge_permit", permit("91130200699229617X002P", "2099-01-01")), None);
}

#[test]
fn a_csv_of_chosen_columns_can_be_imported_again() {
    let bench = bench("columns");
    bench.register.load_pack(&pack_of("r1,甲河,试验\nr2,乙河,试验\n"), NOW).unwrap();
    let question = Question { ledger: "river".into(), page_size: 10, ..Question::default() };
    let records = bench.register.export(&admin(), &question).unwrap();
    let csv = |chosen: &[&str]| {
        let chosen: Vec<String> = chosen.iter().map(|id| (*id).to_owned()).collect();
        let made = register::export::write(&bench.register.catalog(), "river", &records, "csv", true, &chosen);
        made.map(|(_, _, bytes)| String::from_utf8(bytes).unwrap().trim_start_matches('\u{feff}').to_owned())
    };
    let head = |chosen: &[&str]| csv(chosen).unwrap().lines().next().unwrap().to_owned();
    assert!(head(&["name"]).starts_with("number,name,lon,lat,"), "{}", head(&["name"]));
    assert!(head(&["name", "number", "name"]).starts_with("number,name,lon,"));
    assert!(csv(&["name"]).unwrap().contains("r2,乙河,"));
    assert!(csv(&["nothing"]).is_err());
    let options = Options { dry_run: true, ..Options::default() };
    let again = bench.register.import(&admin(), "river", csv(&["name"]).unwrap().as_bytes(), &options, NOW).unwrap();
    assert_eq!((again.problems.len(), again.unchanged), (0, 2), "{:?}", again.problems);
}

#[test]
fn questions_about_ledgers_are_held_against_them() {
    use kernel::{FactQuery, FactValue};
    let catalog = register::built_in::catalog().unwrap();
    let check = |name: &str, arguments: &[(&str, &str)], expect: Option<&str>| {
        let mut query = FactQuery::new(name);
        for (argument, value) in arguments {
            query = query.with(argument, FactValue::Text((*value).into()));
        }
        let found = register::complaint_about(&catalog, &query).map(|name| name.zh);
        assert_eq!(found.is_some(), expect.is_some(), "{arguments:?}: {found:?}");
        assert!(found.unwrap_or_default().contains(expect.unwrap_or_default()), "{arguments:?}");
    };
    let of = ("ledger", "risk_source");
    check("air.mean", &[], None);
    check("register.count", &[of, ("when", "grade == 'large' && today > '2020'"), ("date", "reviewed_on")], None);
    check("register.count", &[], Some("没有写 ledger"));
    check("register.count", &[("ledger", "risks")], Some("没有台账"));
    check("register.count", &[of, ("date", "when_seen")], Some("when_seen"));
    check("register.count", &[of, ("when", "size == 'large'")], Some("size"));
    check("register.count", &[of, ("wen", "true")], Some("不认识参数"));
    check("register.sum", &[of], Some("没有写 field"));
    check("register.count", &[of, ("linked", "drill")], Some("没有写 linked_by"));
    check("register.count", &[of, ("linked", "drill"), ("linked_by", "whom")], Some("whom"));
    check("register.count", &[of, ("linked", "drill"), ("linked_by", "of"), ("linked_when", "x")], Some("x"));
    check("register.least_linked", &[of], Some("没有写 linked"));
    check("register.least_linked", &[of, ("linked", "drill"), ("linked_by", "of")], None);
}

#[test]
fn facts_count_what_is_linked_and_say_what_they_do_not_know() {
    use kernel::{FactQuery, FactSource as _, FactValue};
    let bench = bench("facts");
    let write = |ledger: &str, fields: Value| {
        let mut all = json!({ "source": "试验", "location_note": "未知" });
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        bench.register.write(&admin(), Target::New { ledger }, &draft(all, None), NOW).unwrap();
    };
    let count = |more: &[(&str, &str)]| {
        let mut query = FactQuery::new("register.count");
        query.arguments.insert("year".into(), FactValue::Integer(2026));
        for (name, value) in more {
            query.arguments.insert((*name).into(), FactValue::Text((*value).into()));
        }
        bench.register.answer(&query, NOW.plus(1000)).unwrap()
    };
    for key in ["e1", "e2", "e3"] {
        write("enterprise", enterprise(key, key));
    }
    write("risk_source", json!({ "number": "r1", "name": "罐", "enterprise": "e1" }));
    write("risk_source", json!({ "number": "r2", "name": "罐", "enterprise": "e2" }));
    write("risk_source", json!({ "number": "r3", "name": "罐", "enterprise": "e3" }));
    write("risk_source", json!({ "number": "r4", "name": "罐" }));
    write("drill", json!({ "number": "d1", "name": "演练", "of": "enterprise:e1", "held_on": "2026-05-01" }));
    write("drill", json!({ "number": "d2", "name": "演练", "of": "enterprise:e1", "held_on": "2026-06-01" }));
    write("drill", json!({ "number": "d3", "name": "演练", "of": "enterprise:e2", "held_on": "2025-05-01" }));
    let linked = [("ledger", "risk_source"), ("linked", "drill"), ("linked_by", "of"), ("own", "enterprise")];
    let in_year = [&linked[..], &[("linked_date", "held_on")]].concat();
    // Units, not drills: one in this year, two in any; the fourth says of no enterprise.
    let check = |arguments: &[(&str, &str)], value: i64, missing: &[&str]| {
        let fact = count(arguments);
        assert_eq!(fact.value, FactValue::Integer(value), "{arguments:?}");
        assert_eq!(fact.missing.len(), missing.len(), "{arguments:?}: {:?}", fact.missing);
        for (found, expect) in fact.missing.iter().zip(missing) {
            assert!(found.zh.contains(expect), "{}", found.zh);
        }
    };
    check(&in_year, 1, &["没有填条件"]);
    check(&linked, 2, &["没有填条件"]);
    check(&[("ledger", "drill"), ("date", "held_on")], 2, &[]);
    // A record without its date may be of this year.
    check(&[("ledger", "risk_source"), ("date", "reviewed_on")], 0, &["没有填日期"]);
    // Years before the ledger was written: only the records' own dates tell of them.
    let of_year = |year: i64, more: &[(&str, &str)]| {
        let mut query = FactQuery::new("register.count").with("year", FactValue::Integer(year));
        for (name, value) in more {
            query = query.with(name, FactValue::Text((*value).into()));
        }
        bench.register.answer(&query, NOW.plus(1000)).unwrap()
    };
    let past = |year: i64, more: &[(&str, &str)], value: FactValue, missing: &[&str]| {
        let fact = of_year(year, more);
        assert_eq!(fact.value, value, "{year} {more:?}: {:?}", fact.missing);
        let found: Vec<&str> = fact.missing.iter().map(|name| name.zh.as_str()).collect();
        let all = found.len() == missing.len() && found.iter().zip(missing).all(|(one, expect)| one.contains(expect));
        assert!(all, "{year} {more:?}: {found:?}");
    };
    let n = FactValue::Integer;
    past(2025, &[("ledger", "drill")], FactValue::Missing, &["起才有记录"]);
    past(2025, &[("ledger", "drill"), ("date", "held_on")], n(1), &[]);
    // Existing at the end of a year: from and to its own dates; the last day is within.
    let permit = |number: &str, whose: &str, from: &str, until: &str| {
        write(
            "discharge_permit",
            json!({ "number": number, "name": "证", "enterprise": whose, "tier": "key", "issued_on": from, "valid_until": until }),
        );
    };
    permit("91130200699229617X001P", "e1", "2020-06-01", "2025-12-31");
    permit("91130200699229617X002P", "e2", "2025-06-01", "2030-05-31");
    let valid = [("ledger", "discharge_permit"), ("since", "issued_on"), ("until", "valid_until")];
    for (year, count) in [(2019, 0), (2020, 1), (2024, 1), (2025, 2), (2026, 1)] {
        // The year before the first of them nobody wrote down.
        past(year, &valid, n(count), if year == 2019 { &["没有 2019 年的"] } else { &[] });
    }
    let licensed = [
        ("ledger", "enterprise"),
        ("since", "opened_on"),
        ("linked", "discharge_permit"),
        ("linked_by", "enterprise"),
        ("linked_since", "issued_on"),
        ("linked_until", "valid_until"),
    ];
    // Of 2025 it is not known whether the enterprises were there; now they are.
    past(2025, &licensed, n(0), &["3 条记录没有填日期"]);
    past(2026, &licensed, n(1), &[]);
    // A ledger that began later says nothing of a year unless a record of it does.
    let held = [("ledger", "drill"), ("date", "held_on")];
    past(2024, &held, n(0), &["没有 2024 年的"]);
    past(2025, &held, n(1), &[]);
    // Nor does an empty one: that nobody wrote down a check is not that there was none.
    let checked = [
        ("ledger", "enterprise"),
        ("linked", "inspection"),
        ("linked_by", "enterprise"),
        ("linked_date", "checked_on"),
    ];
    past(2026, &checked, n(0), &["台账“执法检查”没有记录"]);
    // A permit without its first day may have been there.
    write(
        "discharge_permit",
        json!({ "number": "91130200699229617X003P", "name": "证", "enterprise": "e3", "tier": "key", "valid_until": "2028-01-01" }),
    );
    past(2026, &licensed, n(2), &[]);
    past(2025, &licensed, n(0), &["3 条记录没有填日期", "1 条没有填日期"]);
    // The least of several: e3 has no permit at all.
    let least = |more: &[(&str, &str)], expect: i64| {
        let mut query = FactQuery::new("register.least_linked").with("year", FactValue::Integer(2026));
        for (name, value) in [("ledger", "enterprise"), ("linked", "drill"), ("linked_by", "of")].iter().chain(more) {
            query = query.with(name, FactValue::Text((*value).into()));
        }
        assert_eq!(bench.register.answer(&query, NOW.plus(1000)).unwrap().value, n(expect), "{more:?}");
    };
    least(&[], 0);
    least(&[("when", "number == 'e1'")], 2);
    least(&[("when", "number == 'e1' || number == 'e2'")], 1);
    least(&[("when", "number == 'e1'"), ("linked_when", "number == 'd1'")], 1);
    let broken = bench.register.answer(
        &FactQuery::new("register.count")
            .with("year", n(2026))
            .with("ledger", FactValue::Text("drill".into()))
            .with("since", FactValue::Text("nothing".into())),
        NOW,
    );
    assert!(broken.unwrap_err().detail.contains("没有字段"));
    // The plan states more than the ledger holds.
    let stated = json!({ "number": "s1", "name": "风险源", "of_ledger": "risk_source", "stated_count": "80", "unit": "个", "named": 0, "missing": "名称" });
    write("stated_count", stated);
    check(&[("ledger", "risk_source")], 4, &["规划写明 80，台账只有 4"]);
    check(&[("ledger", "drill")], 3, &[]);
    for number in 4..60 {
        write(
            "drill",
            json!({ "number": format!("d{number}"), "name": "演练", "of": "enterprise:e3", "held_on": "2026-07-01" }),
        );
    }
    let many = count(&[("ledger", "drill")]);
    assert_eq!((many.evidence.len(), many.evidence[50].label.zh.as_str()), (51, "其余 9 条"));
}
