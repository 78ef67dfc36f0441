//! Lists of a ledger: whatever index drives, a page is what a plain look at every record gives.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bench;

use std::sync::Arc;

use bench::{Bench, NOW, admin, bench, make, someone};
use kernel::{Actor, Division, Id, Role};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use register::list_rows::{self, Wanted};
use register::ops::Target;
use register::record::Record;
use register::rows;
use register::saved::{MOST_VIEWS, SavedView};
use serde_json::json;
use store::Store;
use store::sqlite::{SqliteOptions, SqliteStore};

const DIVISION: Division = Division(500_242);
const LEDGER: &str = "nonroad_machine";

/// Sixty machines, each third of 国2, each fifth marked, each seventh deleted.
fn filled(name: &str) -> Bench {
    let bench = bench(name);
    let register = &bench.register;
    for number in 0..60 {
        // Keys do not rise with the ids.
        let mut fields = json!({
            "number": format!("J{:02}", number * 37 % 60), "name": format!("机械{number}"), "source": "试验",
            "stage": if number % 3 == 0 { "国2" } else { "国3" },
        });
        if number % 5 == 0 {
            fields["tags"] = json!(["重点"]);
        }
        let record = make(register, LEDGER, fields);
        if number % 7 == 0 {
            register.set_deleted(&admin(), record.id, 1, true, "报废", NOW).unwrap();
        }
    }
    bench
}

/// What a list must give, by looking at every record.
fn plainly(bench: &Bench, wanted: &Wanted) -> (Vec<String>, i64) {
    let read = |deleted: bool| -> Vec<Record> {
        let asked = Wanted { ledger: LEDGER.into(), deleted, limit: 500, count_to: 500, ..Wanted::default() };
        bench.store.read(|reader| Ok(list_rows::list(reader, DIVISION, &asked)?.records)).unwrap()
    };
    let mut all = bench.store.read(|reader| rows::all_of(reader, DIVISION, LEDGER)).unwrap();
    if wanted.deleted {
        all = read(true);
    }
    let has = |record: &Record, field: &str, value: &str| match field {
        "tags" => record.content.tags.iter().any(|tag| tag == value),
        _ => record.content.text(field) == Some(value),
    };
    let mut keys: Vec<String> = all
        .iter()
        .filter(|record| wanted.filters.iter().all(|(field, value)| has(record, field, value)))
        .filter(|record| {
            let text = wanted.text.clone().unwrap_or_default();
            let content = &record.content;
            format!("{} {}", content.key, content.title.zh).to_lowercase().contains(&text)
        })
        .map(|record| record.content.key.clone())
        .collect();
    keys.sort();
    let total = keys.len() as i64;
    (keys.into_iter().skip(wanted.offset as usize).take(wanted.limit as usize).collect(), total)
}

fn check(bench: &Bench, wanted: &Wanted) {
    let found = bench.store.read(|reader| list_rows::list(reader, DIVISION, wanted)).unwrap();
    let keys: Vec<String> = found.records.iter().map(|record| record.content.key.clone()).collect();
    let (expect, total) = plainly(bench, wanted);
    assert_eq!(keys, expect, "{wanted:?}");
    if found.more {
        assert!(found.total == wanted.count_to && found.total < total, "{wanted:?}: {} of {total}", found.total);
    } else {
        assert_eq!(found.total, total, "{wanted:?}");
    }
}

#[test]
fn every_way_gives_the_same_list() {
    let bench = filled("ways");
    let fifth = bench.store.read(|reader| rows::all_of(reader, DIVISION, LEDGER)).unwrap().len();
    assert_eq!(fifth, 51);
    let filters =
        prop::sample::subsequence(vec![("stage", "国2"), ("stage", "国3"), ("tags", "重点"), ("tags", "x")], 0..3);
    let text = prop::sample::select(vec!["", "机械", "机械1", "械2", "j1", "9", "没有", "%"]);
    let asked = (filters, text, any::<bool>(), 1i64..30, 0i64..70, 1i64..70);
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(600) });
    runner
        .run(&asked, |(filters, text, deleted, limit, offset, count_to)| {
            let filters = filters.into_iter().map(|(field, value)| (field.to_owned(), value.to_owned())).collect();
            let text = Some(text.to_owned()).filter(|text| !text.is_empty());
            let ledger = LEDGER.to_owned();
            check(&bench, &Wanted { ledger, owner: None, filters, text, deleted, limit, offset, count_to });
            Ok(())
        })
        .unwrap();
}

/// The blocks say of each value what its single entries say, and no block is empty.
fn blocks_agree(store: &dyn Store) {
    let told = "SELECT division, ledger, field, value, living, block, bits FROM record_block";
    let meant = "SELECT division, ledger, field, value, living, record / 62, SUM(1 << (record % 62)) FROM record_value
                 WHERE field <> 'number'
                 GROUP BY division, ledger, field, value, living, record / 62";
    for (one, other) in [(told, meant), (meant, told)] {
        let odd = store.read(|reader| reader.query(&format!("{one} EXCEPT {other}"), &[])).unwrap();
        let odd: Vec<_> = odd.iter().map(|row| (row.text(2).unwrap(), row.text(3).unwrap())).collect();
        assert!(odd.is_empty(), "{odd:?}");
    }
}

#[test]
fn blocks_follow_what_is_written() {
    let bench = filled("blocks");
    let blocks = || {
        let sql = "SELECT COUNT(*) FROM record_block WHERE field = 'stage'";
        bench.store.read(|reader| reader.query_one(sql, &[])).unwrap().unwrap().integer(0).unwrap()
    };
    assert!((4..9).contains(&blocks()), "living and deleted of two stages: {}", blocks());
    blocks_agree(bench.store.as_ref());
    let all = bench.store.read(|reader| rows::all_of(reader, DIVISION, LEDGER)).unwrap();
    for record in &all {
        let fields = json!({
            "number": record.content.key, "name": "改", "source": "试验", "stage": "国4",
        });
        let draft = bench::draft(fields, Some(record.revision));
        bench.register.write(&admin(), Target::Existing(record.id), &draft, NOW).unwrap();
    }
    blocks_agree(bench.store.as_ref());
    for record in all.iter().take(20) {
        bench.register.set_deleted(&admin(), record.id, record.revision + 1, true, "报废", NOW).unwrap();
        bench.register.set_deleted(&admin(), record.id, record.revision + 2, false, "误报", NOW).unwrap();
    }
    blocks_agree(bench.store.as_ref());
    // 国3 and 重点 are both common here and never meet any more.
    let value = |field: &str, value: &str| (field.to_owned(), value.to_owned());
    for filters in
        [vec![value("stage", "国4"), value("tags", "重点")], vec![value("stage", "国4"), value("stage", "国2")]]
    {
        let wanted = Wanted { ledger: LEDGER.into(), filters, limit: 10, count_to: 1, ..Wanted::default() };
        check(&bench, &wanted);
    }
}

/// A link was indexed before it became a filter, but not in blocks.
#[test]
fn what_becomes_a_filter_is_crossed_like_one_that_always_was() {
    let ledger = |filters: &str| {
        let field = |id: &str, kind: &str| {
            format!("[[field]]\nid = \"{id}\"\nlabel = {{ zh = \"{id}\", en = \"{id}\" }}\n{kind}\n")
        };
        let head = "id = \"visit\"\nversion = 1\nname = { zh = \"走访\", en = \"Visits\" }\ngroup = \"enterprise\"\nkey = \"number\"\ntitle = \"number\"";
        let number = field("number", "type = \"text\"\nrequired = true\nunique = true");
        let by = field("by", "type = \"link\"\nledgers = [\"body\"]");
        format!("{head}\nfilters = [{filters}]\n{number}{by}{}", field("state", "type = \"text\""))
    };
    let bench = bench("becomes-filter");
    let load = |filters: &str| {
        let pack = bench::pack_with(&[("ledgers/visit.toml", &ledger(filters))]);
        bench.register.load_pack(&pack, NOW).unwrap();
    };
    let check = |expect: &[&str]| {
        let filters = [("by", "b1"), ("state", "open")].map(|(field, value)| (field.to_owned(), value.to_owned()));
        // One is counted: both filters are common.
        let wanted =
            Wanted { ledger: "visit".into(), filters: filters.into(), limit: 9, count_to: 1, ..Wanted::default() };
        let found = bench.store.read(|reader| list_rows::list(reader, DIVISION, &wanted)).unwrap();
        let keys: Vec<&str> = found.records.iter().map(|record| record.content.key.as_str()).collect();
        assert_eq!(keys, expect);
    };
    let visit = |key: &str| {
        make(&bench.register, "visit", json!({ "number": key, "by": "b1", "state": "open", "source": "试验" }));
    };
    load("\"state\"");
    make(
        &bench.register,
        "body",
        json!({ "number": "b1", "name": "甲镇", "kind": "town", "location_note": "未知", "source": "试验" }),
    );
    visit("v1");
    visit("v2");
    load("\"state\", \"by\"");
    check(&["v1", "v2"]);
    visit("v3");
    check(&["v1", "v2", "v3"]);
    // What is written while it is no filter is not missed when it becomes one again.
    load("\"state\"");
    visit("v4");
    load("\"state\", \"by\"");
    check(&["v1", "v2", "v3", "v4"]);
    // A folder of before, whose blocks nobody vouches for, is made whole at the start.
    let torn = ["DELETE FROM record_block_field", "DELETE FROM record_block WHERE field = 'by'"];
    bench.store.write(|transaction| torn.iter().try_for_each(|sql| transaction.execute(sql, &[]).map(drop))).unwrap();
    check(&["v1", "v2", "v3", "v4"]);
    load("\"state\", \"by\"");
    check(&["v1", "v2", "v3", "v4"]);
    let made = "SELECT COUNT(*) FROM record_block WHERE field = 'by'";
    assert_eq!(bench.store.read(|reader| reader.query_one(made, &[])).unwrap().unwrap().integer(0).unwrap(), 1);
}

#[test]
fn a_page_beyond_what_is_counted_says_so_until_the_last() {
    let bench = filled("beyond");
    let page = |offset: i64| {
        let wanted = Wanted { ledger: LEDGER.into(), limit: 10, offset, count_to: 20, ..Wanted::default() };
        let found = bench.store.read(|reader| list_rows::list(reader, DIVISION, &wanted)).unwrap();
        (found.records.len(), found.total, found.more)
    };
    assert_eq!(page(0), (10, 20, true));
    assert_eq!(page(40), (10, 20, true));
    assert_eq!(page(50), (1, 51, false), "the last page knows how many there are");
    assert_eq!(page(60), (0, 20, true), "beyond the last nothing is known");
}

#[test]
fn a_store_of_before_lists_as_it_did() {
    let path = std::env::temp_dir().join(format!("qingshan-register-older-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    let open = |migrations| -> Arc<dyn Store> {
        SqliteStore::open(&path, DIVISION, SqliteOptions::default(), migrations).unwrap()
    };
    let older = open(&register::MIGRATIONS[..2]);
    let content = |key: &str| {
        let title = json!({ "zh": key, "en": key });
        json!({ "key": key, "title": title, "values": { "stage": "国2" }, "source": "试验", "version": 1 }).to_string()
    };
    let written = older.write(|transaction| {
        for (id, key, deleted) in [(2i64, "J1", None), (1, "J2", None), (3, "J3", Some("报废"))] {
            transaction.execute(
                "INSERT INTO record (division, id, ledger, record_key, revision, title, content, search, updated_at,
                   updated_by, deleted, pack_revision) VALUES ($1, $2, $3, $4, 1, $4, $5, $4, 0, '', $6, 0)",
                &[DIVISION.into(), id.into(), LEDGER.into(), key.into(), content(key).into(), deleted.into()],
            )?;
            transaction.execute(
                "INSERT INTO record_field (division, ledger, field, value, record) VALUES ($1, $2, 'stage', '国2', $3)",
                &[DIVISION.into(), LEDGER.into(), id.into()],
            )?;
        }
        Ok(())
    });
    written.unwrap();
    drop(older);
    let newer = open(register::MIGRATIONS);
    blocks_agree(newer.as_ref());
    let keys = |deleted: bool| {
        let filters = vec![("stage".to_owned(), "国2".to_owned())];
        let wanted = Wanted { ledger: LEDGER.into(), filters, deleted, limit: 9, count_to: 9, ..Wanted::default() };
        let found = newer.read(|reader| list_rows::list(reader, DIVISION, &wanted)).unwrap();
        found.records.into_iter().map(|record| record.content.key).collect::<Vec<_>>()
    };
    assert_eq!((keys(false), keys(true)), (vec!["J1".to_owned(), "J2".to_owned()], vec!["J3".to_owned()]));
    drop(newer);
    let _ = std::fs::remove_dir_all(&path);
}

#[test]
fn a_user_keeps_views_and_columns_of_his_own() {
    let Bench { register, .. } = &bench("views");
    let other = Actor { id: Id(8), ..someone(Role::DutyOfficer, None) };
    let view = |name: &str, columns: &[&str]| SavedView {
        name: name.into(),
        query: [("stage".to_owned(), "国2".to_owned())].into(),
        columns: columns.iter().map(|column| (*column).to_owned()).collect(),
    };
    let names =
        |actor| register.own_views(actor, LEDGER).unwrap().views.into_iter().map(|view| view.name).collect::<Vec<_>>();
    register.save_view(&admin(), LEDGER, &view("国二", &["name"])).unwrap();
    let own = register.save_view(&admin(), LEDGER, &view("国二", &["name", "stage"])).unwrap();
    assert_eq!(own.views, [view("国二", &["name", "stage"])], "the same name is replaced");
    register.save_columns(&admin(), LEDGER, &["stage".to_owned()]).unwrap();
    assert_eq!(register.own_views(&admin(), LEDGER).unwrap().columns, ["stage"]);
    assert!(names(&other).is_empty() && register.own_views(&other, LEDGER).unwrap().columns.is_empty());
    assert!(register.own_views(&admin(), "enterprise").unwrap().views.is_empty(), "of one ledger only");
    for number in 1..MOST_VIEWS {
        register.save_view(&admin(), LEDGER, &view(&format!("{number:02}"), &[])).unwrap();
    }
    assert!(register.save_view(&admin(), LEDGER, &view("一个太多", &[])).is_err());
    register.save_view(&admin(), LEDGER, &view("国二", &[])).unwrap();
    assert!(register.remove_view(&other, LEDGER, "国二").is_err(), "another's is not there");
    assert!(register.remove_view(&admin(), LEDGER, "").is_err(), "the columns are no view");
    let left = register.remove_view(&admin(), LEDGER, "国二").unwrap();
    assert_eq!((left.views.len(), left.columns), (MOST_VIEWS - 1, vec!["stage".to_owned()]));
    assert!(register.save_columns(&admin(), LEDGER, &[]).unwrap().columns.is_empty(), "the usual ones again");
    assert!(register.own_views(&someone(Role::SecurityAdministrator, None), LEDGER).is_err());
}

/// Words are found in whatever order, and however their letters are typed.
#[test]
fn words_of_a_search_are_found_in_any_order() {
    let bench = bench("lists-words");
    let river = json!({ "number": "SD-01", "name": "酉水河国家湿地公园", "note": "Wujiang 支流", "source": "试验" });
    make(&bench.register, "river", river);
    make(&bench.register, "river", json!({ "number": "SD-02", "name": "龙潭河", "source": "试验" }));
    let check = |text: &str, expect: i64| {
        let question =
            register::ops::Question { ledger: "river".into(), text: text.into(), page_size: 10, ..Default::default() };
        assert_eq!(bench.register.list(&admin(), &question).unwrap().total, expect, "{text}");
    };
    for text in ["湿地 酉水河", "国家 公园", "sd-01 湿地", "ｗｕｊｉａｎｇ", "河　公 wu", "河 SD-01"]
    {
        check(text, 1);
    }
    check("河", 2);
    check("湿地 龙潭", 0);
    check("湿地 潭", 0);
}
