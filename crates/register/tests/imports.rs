//! What sheets may say of records that are there, and what is refused before it is believed.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bench;

use bench::{Bench, NOW, admin, bench, draft, make};
use kernel::ErrorCode;
use register::Register;
use register::import::{ImportReport, Options};
use register::ops::Target;
use serde_json::{Value, json};

fn import(register: &Register, ledger: &str, file: &[u8], dry_run: bool) -> Result<ImportReport, String> {
    let options = Options { dry_run, apply_fixes: false, reason: "报送".into() };
    register.import(&admin(), ledger, file, &options, NOW).map_err(|problem| problem.detail)
}

/// Problems of a dry run: row, column and a part of what is said.
fn check(register: &Register, ledger: &str, file: &str, expect: &[(u32, u32, &str)]) {
    let report = import(register, ledger, file.as_bytes(), true).unwrap();
    let found: Vec<_> =
        report.problems.iter().map(|problem| (problem.row, problem.column, problem.what.en.as_str())).collect();
    assert_eq!(found.len(), expect.len(), "{file}: {found:?}");
    for (one, (row, column, part)) in found.iter().zip(expect) {
        assert!((one.0, one.1) == (*row, *column) && one.2.contains(part), "{file}: {found:?}");
    }
}

fn river(key: &str, rest: Value) -> Value {
    let mut fields = json!({ "number": key, "name": key, "source": "试验" });
    fields.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    fields
}

#[test]
fn a_column_that_a_sheet_lacks_stays_as_it_is() {
    let Bench { register, .. } = &bench("import-columns");
    let place = json!({ "lon": 108.7, "lat": 28.8, "accuracy": "surveyed" });
    make(
        register,
        "enterprise",
        json!({ "number": "e1", "name": "甲厂", "contact": "023-1", "location": place, "schematic": true,
                "tags": ["重点"], "note": "记", "source": "试验" }),
    );
    let changed = |file: &str| {
        let seen = import(register, "enterprise", file.as_bytes(), true).unwrap();
        let fields: Vec<(String, Value)> = seen
            .changes
            .iter()
            .flat_map(|row| row.changes.iter().map(|change| (change.field.clone(), change.after.clone())))
            .collect();
        let done = import(register, "enterprise", file.as_bytes(), false).unwrap();
        assert!(done.written && done.changes == seen.changes, "{file}: {:?}", done.problems);
        (fields, register.record_by_key(&admin(), "enterprise", "e1").unwrap().content)
    };
    let (fields, content) = changed("number,name\ne1,新名\n");
    assert_eq!(fields, [("name".to_owned(), json!("新名"))]);
    assert_eq!((content.text("contact"), content.schematic, content.tags.len()), (Some("023-1"), true, 1));
    assert!(content.location.is_some() && content.note == "记");
    // An empty cell of a column that is there clears.
    let (fields, content) = changed("number,contact,tags,schematic\ne1,,,\n");
    assert_eq!(fields.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>(), ["contact", "schematic", "tags"]);
    assert!(content.text("contact").is_none() && content.tags.is_empty() && !content.schematic);
    // Of the place only the longitude.
    let (fields, content) = changed("number,lon\ne1,108.8\n");
    assert_eq!((fields.len(), fields[0].0.as_str()), (1, "location"));
    let place = content.location.unwrap();
    assert_eq!((place.lon, place.lat, place.accuracy.name()), (108.8, 28.8, "surveyed"));
    assert!(changed("number,name\ne1,新名\n").0.is_empty());
}

#[test]
fn what_happened_since_the_check_is_not_written_over() {
    let Bench { register, .. } = &bench("import-since");
    let record = make(register, "river", river("r1", json!({})));
    let all = |revision| [draft(river("r1", json!({ "note": "导入" })), revision)];
    let write = |revision| register.write_all(&admin(), "river", &all(revision), "导入", NOW);
    assert!(write(None).unwrap_err().detail.contains("r1"), "made since the check");
    register.write(&admin(), Target::Existing(record.id), &draft(river("r1", json!({})), Some(1)), NOW).unwrap();
    assert_eq!(write(Some(1)).unwrap_err().code, ErrorCode::RevisionConflict);
    assert_eq!(write(Some(2)).unwrap(), 1);
}

#[test]
fn rows_are_refused_with_row_and_column() {
    let Bench { register, .. } = &bench("import-rows");
    let gone = make(register, "river", river("r0", json!({})));
    register.set_deleted(&admin(), gone.id, 1, true, "重复", NOW).unwrap();
    make(register, "river", river("r5", json!({})));
    make(register, "river", river("r6", json!({ "flows_into": "r5" })));
    let check = |file: &str, expect: &[(u32, u32, &str)]| check(register, "river", file, expect);
    check("number,name,source\nr0,甲,试验\n", &[(2, 1, "restore it")]);
    // Cells that have no heading, and headings that say the same.
    check("number,name,source,\nr1,甲,试验,\nr2,乙,试验,多余\nr3,丙,试验,多余,\n", &[(3, 4, "no heading")]);
    check("number,name,source\nr1,甲,试验,,多余\n", &[(2, 5, "no heading")]);
    check("number,name,名称,source\nr1,甲,乙,试验\n", &[(1, 3, "twice")]);
    check("number,name,colour,source\nr1,甲,乙,试验\n", &[(1, 3, "not known")]);
    check("编号,名称,颜色,出处\nnumber,name,,source\nr1,甲,乙,试验\n", &[(1, 3, "not known")]);
    // Links among the rows: to later ones, but not in a circle, alone or with what is there.
    check("number,name,source,flows_into\nr1,甲,试验,r2\nr2,乙,试验,r5\n", &[]);
    check("number,name,source,flows_into\nr1,甲,试验,r9\n", &[(2, 4, "no such record")]);
    check("number,name,source,flows_into\nr1,甲,试验,r1\n", &[(2, 0, "r1 → r1")]);
    check(
        "number,name,source,flows_into\nr1,甲,试验,r2\nr2,乙,试验,r1\n",
        &[(2, 0, "r1 → r2 → r1"), (3, 0, "r2 → r1 → r2")],
    );
    check("number,flows_into\nr5,r6\n", &[(2, 0, "r5 → r6 → r5")]);
    let file =
        "number,name,source,flows_into\nr1,甲,试验,r2\nr2,乙,试验,r3\nr3,丙,试验,\nr5,丁,试验,r6\nr6,戊,试验,r3\n";
    let done = import(register, "river", file.as_bytes(), false).unwrap();
    assert!(done.written && (done.created, done.revised) == (3, 2), "{:?}", done.problems);
    assert_eq!(register.record_by_key(&admin(), "river", "r5").unwrap().content.text("flows_into"), Some("r6"));
}

#[test]
fn a_sheet_costs_what_it_says_and_not_where() {
    let Bench { register, .. } = &bench("import-sparse");
    let sheet = |row: u32, column: u16| {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        for (place, name) in ["number", "name", "source"].iter().enumerate() {
            sheet.write_string(0, place as u16, *name).unwrap();
            sheet.write_string(1, place as u16, format!("r{place}")).unwrap();
        }
        sheet.write_string(row, column, "远").unwrap();
        import(register, "river", &book.save_to_buffer().unwrap(), true)
    };
    assert!(sheet(1_048_575, 16_383).unwrap_err().contains("too many columns"));
    // Far down there is a row of its own, which lacks its key.
    let far = sheet(1_048_575, 1).unwrap();
    assert_eq!((far.rows, far.problems[0].row), (2, 1_048_576));
    assert_eq!(sheet(1, 2).unwrap().problems, []);
}

/// Spreadsheets write `\r\n`, some programs `\r`, some files both: every row is read, and once.
#[test]
fn rows_are_read_however_their_lines_end() {
    let Bench { register, .. } = &bench("import-endings");
    let lines = ["number,name,source", "r1,甲河,试验", "r2,\"乙\n河\",试验", "r3,丙河,试验"];
    let check_rows = |text: &str| {
        let report = import(register, "river", text.as_bytes(), true).unwrap();
        assert_eq!((report.rows, report.created, report.problems.len()), (3, 3, 0), "{text:?}: {:?}", report.problems);
    };
    for end in ["\n", "\r\n", "\r"] {
        check_rows(&format!("{}{end}", lines.join(end)));
    }
    check_rows(&format!("{}\n{}\r\n{}\n\n{}\r\n", lines[0], lines[1], lines[2], lines[3]));
}

/// What the program wrote out comes in again without a change, words about a place included.
#[test]
fn an_export_changes_nothing() {
    let Bench { register, .. } = &bench("import-export");
    let place = json!({ "lon": 108.7, "lat": 28.8, "accuracy": "surveyed", "note": "误差约 1 km" });
    make(register, "enterprise", json!({ "number": "e1", "name": "甲厂", "location": place, "source": "试验" }));
    let question = register::ops::Question { ledger: "enterprise".into(), page_size: 10, ..Default::default() };
    let records = register.export(&admin(), &question).unwrap();
    for format in ["csv", "xlsx"] {
        let (_, _, bytes) =
            register::export::write(&register.catalog(), "enterprise", &records, format, true, &[]).unwrap();
        let report = import(register, "enterprise", &bytes, true).unwrap();
        assert_eq!(
            (report.problems.len(), report.changes.len()),
            (0, 0),
            "{format}: {:?} {:?}",
            report.problems,
            report.changes
        );
    }
    // Another place is another word about it.
    let moved = import(register, "enterprise", "number,lon,lat\ne1,108.8,28.9\n".as_bytes(), false).unwrap();
    assert!(moved.written);
    let record = register.record_by_key(&admin(), "enterprise", "e1").unwrap();
    assert_eq!(record.content.location.unwrap().note, "");
}

/// A row comes after the rows above it also where a record that is not in the file lies between.
#[test]
fn rows_that_hang_together_through_others_are_written_in_order() {
    let Bench { register, .. } = &bench("import-through");
    for key in ["y", "x", "s"] {
        make(register, "river", river(key, json!({})));
    }
    let link = |file: &str| import(register, "river", file.as_bytes(), false);
    assert!(link("number,flows_into\nx,y\n").unwrap().written);
    assert!(link("number,flows_into\ns,x\n").unwrap().written);
    // x no longer flows into y, and y flows into s, which flows into x.
    let turned = link("number,flows_into\ny,s\nx,\n");
    assert!(turned.as_ref().is_ok_and(|report| report.written), "{turned:?}");
}

/// A unit in a heading is what the numbers are in: another one than the field's is no heading of that field.
#[test]
fn headings_are_known_by_words_and_by_their_units() {
    let Bench { register, .. } = &bench("import-headings");
    let check = |ledger: &str, file: &str, expect: &[(u32, u32, &str)]| check(register, ledger, file, expect);
    check("wetland", "编号,名称,面积（亩）,出处\nw1,甲,1500,试验\n", &[(1, 3, "`亩`")]);
    // A remark, where no unit could be meant.
    check("wetland", "编号（必填） *,名称（中文）,面积,出处 *\nw1,甲,1500,试验\n", &[]);
    // Over the ids of the template too.
    check("wetland", "编号,名称,面积（亩）,出处\nnumber,name,area,source\nw1,甲,1500,试验\n", &[(1, 3, "`亩`")]);
    for unit in ["（公顷）", " (hm2)", "（hm²） *", ""] {
        check("wetland", &format!("编号,名称,面积{unit},出处\nw1,甲,1500,试验\n"), &[]);
    }
    // All that a template writes above its columns.
    let labels = "编号,名称,经度,纬度,位置精度,位置说明,出处,备注,模拟,示意,生效日期,标签";
    let file = format!("{labels}\ne1,甲厂,108.7,28.8,surveyed,说明,试验,记,否,是,2026-01-01,重点\n");
    let report = import(register, "enterprise", file.as_bytes(), false).unwrap();
    assert!(report.written, "{:?}", report.problems);
    let content = register.record_by_key(&admin(), "enterprise", "e1").unwrap().content;
    assert_eq!((content.location_note.as_str(), content.note.as_str(), content.schematic), ("说明", "记", true));
}

#[test]
fn fixes_keep_the_number_and_are_listed() {
    let Bench { register, .. } = &bench("import-fixes");
    let fixed = |area: &str| {
        let options = Options { dry_run: true, apply_fixes: true, reason: String::new() };
        let file = format!("number,name,area,source\nw1,甲,\"{area}\",试验\n");
        let report = register.import(&admin(), "wetland", file.as_bytes(), &options, NOW).unwrap();
        let fixes: Vec<_> = report.fixes.iter().map(|fix| (fix.row, fix.from.clone(), fix.to.clone())).collect();
        (report.problems.len(), fixes)
    };
    assert_eq!(fixed("1,200 公顷"), (0, vec![(2, "1,200 公顷".to_owned(), "1200".to_owned())]));
    for area in ["1.2万亩", "1.2万", "1,5", "1.5×10^4"] {
        assert_eq!(fixed(area), (1, vec![]), "{area}");
    }
}

/// Rows that say nothing new leave no trace.
#[test]
fn what_is_unchanged_is_not_written() {
    let Bench { register, .. } = &bench("import-unchanged");
    make(register, "river", river("r1", json!({})));
    make(register, "river", river("r2", json!({})));
    let run = |file: &str| import(register, "river", file.as_bytes(), false).unwrap();
    let report = run("number,name,source\nr1,r1,试验\nr2,改名,试验\n");
    assert!(report.written, "{:?}", report.problems);
    assert_eq!((report.unchanged, report.revised, report.created), (1, 1, 0));
    let revision = |key: &str| register.record_by_key(&admin(), "river", key).unwrap().revision;
    assert_eq!((revision("r1"), revision("r2")), (1, 2));
    let again = run("number,name,source\nr1,r1,试验\nr2,改名,试验\n");
    assert!(again.written);
    assert_eq!((again.unchanged, revision("r1"), revision("r2")), (2, 1, 2));
}

#[test]
fn problems_are_counted_beyond_those_listed() {
    let Bench { register, .. } = &bench("import-many");
    let rows: String = (0..700).map(|row| format!("r{row},,试验\n")).collect();
    let report = import(register, "river", format!("number,name,source\n{rows}").as_bytes(), true).unwrap();
    assert_eq!((report.problems.len(), report.more_problems), (500, 200));
}

/// Items that hold what separates items, and texts that begin with an apostrophe, come back as they were.
#[test]
fn lists_and_apostrophes_survive_a_round_trip() {
    let Bench { register, .. } = &bench("import-lists");
    for (key, tags, name) in [
        ("r1", json!(["a;b", "c"]), "'=1"),
        ("r2", json!(["甲；乙"]), "''x"),
        ("r3", json!(["[x]"]), "'x"),
        ("r4", json!(["一", "二"]), "=1+1"),
    ] {
        make(register, "river", json!({ "number": key, "name": name, "tags": tags, "source": "试验" }));
    }
    let question = register::ops::Question { ledger: "river".into(), page_size: 10, ..Default::default() };
    let records = register.export(&admin(), &question).unwrap();
    for format in ["csv", "xlsx"] {
        let (_, _, bytes) = register::export::write(&register.catalog(), "river", &records, format, true, &[]).unwrap();
        let report = import(register, "river", &bytes, true).unwrap();
        assert_eq!(
            (report.problems.len(), report.unchanged),
            (0, 4),
            "{format}: {:?} {:?}",
            report.problems,
            report.changes
        );
    }
}

/// Whoever writes, those who listen are told: once for a ledger, however many records.
#[test]
fn every_way_of_writing_is_told_once_for_a_ledger() {
    let Bench { register, live, .. } = &bench("import-told");
    let mut heard = live.subscribe();
    let mut told = || {
        let mut found = Vec::new();
        while let Ok(event) = heard.try_recv() {
            assert_eq!(event.kind, "record");
            found.push((event.data["ledger"].as_str().unwrap().to_owned(), event.data["records"].as_u64()));
        }
        found
    };
    let one = make(register, "river", river("r1", json!({})));
    assert_eq!(told(), [("river".to_owned(), None)]);
    let file = "number,name,source\nr1,改,试验\nr2,乙,试验\nr3,丙,试验\n";
    assert!(!import(register, "river", file.as_bytes(), true).unwrap().written);
    assert_eq!(told(), []);
    assert!(import(register, "river", file.as_bytes(), false).unwrap().written);
    assert_eq!(told(), [("river".to_owned(), Some(3))]);
    let two = register.record_by_key(&admin(), "river", "r2").unwrap();
    let edit = register::ops::BulkEdit {
        ids: vec![one.id, two.id],
        add_tags: vec!["重点".into()],
        reason: "核实".into(),
        ..Default::default()
    };
    assert!(register.bulk_edit(&admin(), "river", &edit, NOW).unwrap().written);
    assert_eq!(told(), [("river".to_owned(), Some(2))]);
    let merge = json!({ "duplicate": two.id, "revision": 3, "duplicate_revision": 2, "reason": "重复" });
    let merge = serde_json::from_value(merge).unwrap();
    assert!(register.merge(&admin(), one.id, &merge, NOW).unwrap().written);
    assert_eq!(told(), [("river".to_owned(), Some(2))]);
}

/// What no sheet or document holds is refused by name; what older records hold does not stop an export.
#[test]
fn what_no_cell_holds_is_refused() {
    let Bench { register, store, .. } = &bench("import-cells");
    let refused = |ledger: &str, rest: Value, expect: &str| {
        let error = register.write(&admin(), Target::New { ledger }, &draft(river("x", rest), None), NOW).unwrap_err();
        assert!(error.detail.contains(expect), "{}", error.detail);
    };
    refused("river", json!({ "note": "长".repeat(10_001) }), "`note` has 10001");
    refused("river", json!({ "name": "a\u{0}b" }), "U+0000");
    refused("river", json!({ "source": "a\u{b}b" }), "U+000B");
    refused("river", json!({ "tags": ["a\u{1}"] }), "U+0001");
    let row = json!({ "name": "物".repeat(150), "stored": 1, "threshold": 1 });
    let rows: Vec<Value> = std::iter::repeat_n(row, 200).collect();
    refused("risk_source", json!({ "materials": rows, "location_note": "-" }), "a cell of a sheet");
    make(register, "river", river("r1", json!({ "note": "一\t二\n三" })));
    // As records were before this was asked.
    let long = format!("UPDATE record SET content = replace(content, '一\\t', '\\u0001{}')", "长".repeat(33_000));
    store.write(|transaction| transaction.execute(&long, &[]).map(|_| ())).unwrap();
    let question = register::ops::Question { ledger: "river".into(), page_size: 10, ..Default::default() };
    let records = register.export(&admin(), &question).unwrap();
    assert!(records[0].content.note.chars().count() > 33_000);
    let write =
        |format: &str| register::export::write(&register.catalog(), "river", &records, format, true, &[]).unwrap().2;
    let report = import(register, "river", &write("xlsx"), true).unwrap();
    assert_eq!(report.problems.len(), 1, "{:?}", report.problems);
    assert!(report.problems[0].what.en.contains("left out of the export"), "{:?}", report.problems);
    assert!(!write("kml").contains(&1));
}
