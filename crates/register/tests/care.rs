//! Attachments, bulk edits and merging.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bench;

use bench::{Bench, NOW, admin, bench, make, someone};
use kernel::{Id, Role};
use register::ops::{BulkEdit, Merge};
use serde_json::{Value, json};

fn enterprise(key: &str, name: &str) -> Value {
    json!({ "number": key, "name": name, "location_note": "未知", "source": "试验" })
}

/// A JPEG that says 28°50′24″ N, 108°46′12″ E (see `photo.rs`).
fn photo() -> Vec<u8> {
    let mut tiff: Vec<u8> = b"II*\0\x08\0\0\0\x01\0".to_vec();
    let mut entry = |tag: u16, kind: u16, count: u32, value: u32| {
        tiff.extend(tag.to_le_bytes());
        tiff.extend(kind.to_le_bytes());
        tiff.extend(count.to_le_bytes());
        tiff.extend(value.to_le_bytes());
    };
    entry(0x8825, 4, 1, 26);
    tiff.extend([0, 0, 0, 0, 4, 0]);
    let mut entry = |tag: u16, kind: u16, count: u32, value: u32| {
        tiff.extend(tag.to_le_bytes());
        tiff.extend(kind.to_le_bytes());
        tiff.extend(count.to_le_bytes());
        tiff.extend(value.to_le_bytes());
    };
    entry(1, 2, 2, u32::from(b'N'));
    entry(2, 5, 3, 80);
    entry(3, 2, 2, u32::from(b'E'));
    entry(4, 5, 3, 104);
    tiff.extend([0, 0, 0, 0]);
    for (over, under) in [(28u32, 1u32), (50, 1), (2400, 100), (108, 1), (46, 1), (1200, 100)] {
        tiff.extend(over.to_le_bytes());
        tiff.extend(under.to_le_bytes());
    }
    let mut photo = b"\xFF\xD8\xFF\xE1".to_vec();
    photo.extend((tiff.len() as u16 + 8).to_be_bytes());
    photo.extend(b"Exif\0\0");
    photo.extend(tiff);
    photo.extend(b"\xFF\xDA\0\x02picture\xFF\xD9");
    photo
}

#[test]
fn a_file_is_kept_once_and_a_photo_tells_its_place_to_editors_only() {
    let Bench { register, .. } = &bench("attach");
    let record = make(register, "enterprise", enterprise("e1", "甲厂"));
    let attach = |name: &str, bytes: &[u8]| register.attach(&admin(), record.id, name, "现场", bytes, NOW);
    let kept = attach("../门口.jpg", &photo()).unwrap();
    assert_eq!((kept.file_name.as_str(), kept.content_type.as_str()), ("门口.jpg", "image/jpeg"));
    assert_eq!(kept.place.as_deref(), Some("108.770000,28.840000"));
    assert!(attach("again.jpg", &photo()).is_err(), "the same bytes twice");
    assert!(attach("a.svg", b"<svg onload='x()'/>").unwrap_err().to_string().contains("event handler"));
    assert!(attach("a.exe", b"MZ\x90\x00").is_err());
    let guest = someone(Role::Leader, None);
    assert!(register.attach(&guest, record.id, "b.txt", "", b"text", NOW).is_err(), "who may not edit adds nothing");
    let original = register.attached_file(&admin(), record.id, &kept.hash).unwrap();
    assert_eq!(original.bytes, photo());
    let seen = register.attached_file(&guest, record.id, &kept.hash).unwrap();
    assert!(seen.attachment.place.is_none() && !seen.bytes.windows(4).any(|window| window == b"Exif"));
    register.take_off(&admin(), record.id, &kept.hash, "拍错了", NOW).unwrap();
    assert!(register.attachments(&guest, record.id).unwrap().is_empty());
    assert_eq!(register.attachments(&admin(), record.id).unwrap()[0].removed.as_deref(), Some("拍错了"));
    assert!(register.attached_file(&guest, record.id, &kept.hash).is_err());
    assert!(attach("again.jpg", &photo()).is_ok(), "it may come back");
}

#[test]
fn a_photo_has_a_small_picture_and_what_is_none_is_shown_as_it_is() {
    let Bench { register, .. } = &bench("thumbnail");
    let record = make(register, "enterprise", enterprise("e1", "甲厂"));
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(900, 600).write_to(&mut png, image::ImageFormat::Png).unwrap();
    let png = png.into_inner();
    let attach = |name: &str, bytes: &[u8]| register.attach(&admin(), record.id, name, "", bytes, NOW).unwrap();
    let kept = attach("门口.png", &png);
    let guest = someone(Role::Leader, None);
    let small = register.attached_thumbnail(&guest, record.id, &kept.hash).unwrap();
    let size = image::load_from_memory(&small.bytes).map(|small| (small.width(), small.height())).unwrap();
    assert_eq!((size, small.attachment.content_type.as_str(), kept.thumbnail), ((320, 213), "image/jpeg", true));
    assert_eq!(register.attached_file(&admin(), record.id, &kept.hash).unwrap().bytes, png, "the original stays");
    // A JPEG that is none: the original, without place for those who may not edit.
    let broken = attach("坏.jpg", &photo());
    let shown = register.attached_thumbnail(&guest, record.id, &broken.hash).unwrap();
    assert!(!broken.thumbnail && shown.bytes.ends_with(b"picture\xFF\xD9"));
    assert!(!shown.bytes.windows(4).any(|window| window == b"Exif"));
    let listed = register.attachments(&guest, record.id).unwrap();
    assert_eq!(listed.iter().filter(|one| one.thumbnail).count(), 1);
    register.take_off(&admin(), record.id, &kept.hash, "拍错了", NOW).unwrap();
    assert!(
        register.attached_thumbnail(&guest, record.id, &kept.hash).is_err(),
        "what was taken off is not shown small"
    );
}

#[test]
fn who_uploads_is_told_what_others_will_not_get() {
    let Bench { register, .. } = &bench("editors-only");
    let record = make(register, "enterprise", enterprise("e1", "甲厂"));
    let attach = |name: &str, bytes: &[u8]| register.attach(&admin(), record.id, name, "", bytes, NOW).unwrap();
    let heif = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec();
    for (name, bytes, editors_only) in
        [("a.jpg", photo(), false), ("b.heic", heif, true), ("c.txt", b"text".to_vec(), false)]
    {
        let kept = attach(name, &bytes);
        assert_eq!(kept.editors_only, Some(editors_only), "{name}");
        let listed = register.attachments(&admin(), record.id).unwrap();
        assert_eq!(listed.iter().find(|one| one.hash == kept.hash).unwrap().editors_only, Some(editors_only));
        let got = register.attached_file(&someone(Role::Leader, None), record.id, &kept.hash);
        assert_eq!(got.is_err(), editors_only, "{name}");
    }
}

fn edit(ids: &[Id], set: Value, tags: &[&str], dry_run: bool) -> BulkEdit {
    BulkEdit {
        ids: ids.to_vec(),
        set: set.as_object().unwrap().clone(),
        add_tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        reason: "整批核实".into(),
        dry_run,
        ..BulkEdit::default()
    }
}

#[test]
fn many_records_change_together_or_not_at_all() {
    let Bench { register, .. } = &bench("bulk");
    let ids: Vec<Id> =
        ["e1", "e2", "e3"].iter().map(|key| make(register, "enterprise", enterprise(key, key)).id).collect();
    let title = |id: Id| register.record(&admin(), id).unwrap();
    let run = |edit: &BulkEdit| register.bulk_edit(&admin(), "enterprise", edit, NOW);
    let seen = run(&edit(&ids, json!({ "note": "一批" }), &["重点"], true)).unwrap();
    assert_eq!((seen.changed, seen.problems, seen.written), (3, 0, false));
    assert_eq!(seen.lines[0].changes.iter().map(|change| change.field.as_str()).collect::<Vec<_>>(), ["note", "tags"]);
    assert_eq!(title(ids[0]).revision, 1, "a preview writes nothing");
    assert!(run(&edit(&ids, json!({ "note": "一批" }), &["重点"], false)).unwrap().written);
    assert_eq!((title(ids[2]).revision, title(ids[2]).content.tags), (2, vec!["重点".to_owned()]));
    let again = run(&edit(&ids, json!({ "note": "一批" }), &["重点"], false)).unwrap();
    assert_eq!((again.changed, again.written, title(ids[0]).revision), (0, false, 2), "nothing to change, no revision");
    // A value that is wrong for one is wrong for all.
    let bad = run(&edit(&ids, json!({ "name": "" , "valid_from": "soon" }), &[], false)).unwrap();
    assert!(bad.problems == 3 && !bad.written && title(ids[0]).revision == 2);
    assert!(run(&edit(&ids, json!({ "number": "x" }), &[], true)).unwrap().problems == 3, "the key never changes");
    assert!(run(&edit(&[Id(1)], json!({ "note": "x" }), &[], true)).is_err());
    assert!(run(&edit(&ids, json!({}), &[], true)).is_err());
    let guest = someone(Role::Leader, None);
    let refused = register.bulk_edit(&guest, "enterprise", &edit(&ids, json!({ "note": "y" }), &[], false), NOW);
    assert!(refused.unwrap().problems == 3);
}

#[test]
fn a_duplicate_goes_and_what_led_to_it_leads_on() {
    let Bench { register, .. } = &bench("merge");
    let kept = make(register, "enterprise", enterprise("e1", "甲厂"));
    let mut twin = enterprise("e2", "甲厂有限公司");
    twin["contact"] = json!("023-1");
    twin["tags"] = json!(["重名"]);
    let twin = make(register, "enterprise", twin);
    let source = make(
        register,
        "risk_source",
        json!({ "number": "r1", "name": "储罐", "enterprise": "e2", "location_note": "未知", "source": "试验" }),
    );
    // A link of one among several ledgers, as `ledger:key`.
    let plan = make(
        register,
        "emergency_plan",
        json!({ "number": "p1", "name": "预案", "of": "enterprise:e2", "source": "试验" }),
    );
    register.attach(&admin(), twin.id, "a.txt", "", "说明".as_bytes(), NOW).unwrap();
    let merge = |take: &[&str], dry_run: bool| Merge {
        duplicate: twin.id,
        revision: 1,
        duplicate_revision: 1,
        take: take.iter().map(|field| (*field).to_owned()).collect(),
        rows: std::collections::BTreeMap::new(),
        reason: "同一家".into(),
        dry_run,
    };
    let seen = register.merge(&admin(), kept.id, &merge(&["name"], true), NOW).unwrap();
    assert_eq!((seen.relinked.len(), seen.attachments, seen.written), (2, 1, false), "{:?}", seen.relinked);
    assert_eq!(register.record(&admin(), kept.id).unwrap().revision, 1, "a preview writes nothing");
    assert!(register.merge(&admin(), kept.id, &merge(&["name"], false), NOW).unwrap().written);
    let now = register.record(&admin(), kept.id).unwrap();
    assert_eq!((now.content.title.zh.as_str(), now.content.text("contact")), ("甲厂有限公司", Some("023-1")));
    assert_eq!((now.content.key.as_str(), now.content.tags.as_slice()), ("e1", ["重名".to_owned()].as_slice()));
    assert!(register.record(&admin(), twin.id).unwrap().deleted.unwrap().contains("同一家"));
    let link = |id: Id, field: &str| register.record(&admin(), id).unwrap().content.text(field).map(str::to_owned);
    assert_eq!(link(source.id, "enterprise").as_deref(), Some("e1"));
    assert_eq!(link(plan.id, "of").as_deref(), Some("enterprise:e1"));
    assert_eq!(register.attachments(&admin(), kept.id).unwrap().len(), 1);
    assert!(register.merge(&admin(), kept.id, &merge(&[], false), NOW).is_err(), "it was seen at an older revision");
    let itself = Merge { duplicate: kept.id, revision: 2, duplicate_revision: 2, ..merge(&[], true) };
    assert!(register.merge(&admin(), kept.id, &itself, NOW).is_err());
}

/// What lies above one another becomes one: the preview says what the merge does, and nothing lies above itself.
#[test]
fn records_that_link_to_each_other_merge() {
    let Bench { register, .. } = &bench("merge-linked");
    let body = |key: &str, parent: Option<&str>| json!({ "number": key, "name": key, "kind": "town", "parent": parent, "location_note": "未知", "source": "试验" });
    let check = |kept: &str, gone: &str, parent: Result<Option<&str>, &str>| {
        let find = |key: &str| register.record_by_key(&admin(), "body", key).unwrap();
        let (stays, twin) = (find(kept), find(gone));
        let merge = |dry_run: bool| Merge {
            duplicate: twin.id,
            revision: stays.revision,
            duplicate_revision: twin.revision,
            take: Vec::new(),
            rows: std::collections::BTreeMap::new(),
            reason: "同一个".into(),
            dry_run,
        };
        let run = |dry_run| register.merge(&admin(), stays.id, &merge(dry_run), NOW).map_err(|problem| problem.detail);
        let (seen, done) = (run(true), run(false));
        match parent {
            Ok(parent) => {
                let (seen, done) = (seen.unwrap(), done.unwrap());
                assert_eq!((seen.relinked, seen.written, done.written), (done.relinked, false, true));
                assert_eq!(find(kept).content.text("parent"), parent, "{kept} {gone}");
                assert!(find(gone).deleted.is_some());
            }
            Err(part) => {
                assert_eq!(seen.as_ref().err(), done.as_ref().err());
                assert!(seen.as_ref().err().is_some_and(|said| said.contains(part)), "{seen:?}");
            }
        }
    };
    let make = |key: &str, parent: Option<&str>| make(register, "body", body(key, parent));
    make("b1", None);
    make("b2", Some("b1"));
    make("b3", Some("b2"));
    make("b4", Some("b3"));
    // The one that stays lies under the other; then over it.
    check("b2", "b1", Ok(None));
    check("b3", "b4", Ok(Some("b2")));
    make("b5", Some("b3"));
    // b2 ← b3 ← b5: b3 would lie under itself.
    check("b5", "b2", Err("b3 → b5 → b3"));
}

/// Stations of a deleted enterprise go with it in memory too.
#[test]
fn what_is_relinked_is_drawn_anew() {
    use kernel::PointSource as _;
    let Bench { register, .. } = &bench("merge-points");
    let kept = make(register, "enterprise", enterprise("e1", "甲厂"));
    let twin = make(register, "enterprise", enterprise("e2", "甲厂"));
    make(
        register,
        "waste_gas_outlet",
        json!({ "number": "o1", "name": "排口", "enterprise": "e2", "location_note": "未知", "source": "试验" }),
    );
    let check = |expect: &str| {
        let points = register.points();
        let owners: Vec<Option<&str>> = points.iter().map(|point| point.owner.as_deref()).collect();
        assert_eq!(owners, [Some(expect)]);
    };
    check("e2");
    let merge = Merge {
        duplicate: twin.id,
        revision: 1,
        duplicate_revision: 1,
        take: Vec::new(),
        rows: std::collections::BTreeMap::new(),
        reason: "同一家".into(),
        dry_run: false,
    };
    register.merge(&admin(), kept.id, &merge, NOW).unwrap();
    check("e1");
}

#[test]
fn tables_of_two_records_merge_row_by_row() {
    use register::table_merge::{RowChoice, Side};
    let Bench { register, .. } = &bench("merge-rows");
    let source = |key: &str, materials: Value| {
        let fields =
            json!({ "number": key, "name": key, "materials": materials, "location_note": "未知", "source": "试验" });
        make(register, "risk_source", fields)
    };
    let kept = source("r1", json!([{ "name": "氨", "stored": "1" }, { "name": "氯", "stored": "2" }]));
    let twin = source("r2", json!([{ "name": "氨", "stored": "3" }, { "name": "苯", "stored": "4" }]));
    let merge = |rows: &[(Side, usize)], dry_run: bool| Merge {
        duplicate: twin.id,
        revision: 1,
        duplicate_revision: 1,
        take: Vec::new(),
        rows: [("materials".to_owned(), rows.iter().map(|(side, row)| RowChoice { side: *side, row: *row }).collect())]
            .into(),
        reason: "同一处".into(),
        dry_run,
    };
    let run = |merge: &Merge| register.merge(&admin(), kept.id, merge, NOW);
    let unchanged = Merge { rows: std::collections::BTreeMap::new(), ..merge(&[], true) };
    let seen = run(&unchanged).unwrap();
    let lines: Vec<_> =
        seen.tables[0].lines.iter().map(|line| (line.kept, line.duplicate, line.differ.join(","))).collect();
    assert_eq!(
        (seen.tables[0].field.as_str(), lines.as_slice()),
        (
            "materials",
            [(Some(0), Some(0), "stored".to_owned()), (Some(1), None, String::new()), (None, Some(1), String::new())]
                .as_slice()
        )
    );
    assert!(seen.changes.iter().all(|change| change.field != "materials"), "nothing chosen: this record's rows stay");
    assert!(run(&merge(&[(Side::Kept, 9)], true)).is_err(), "no such row");
    let not_a_table = Merge { rows: [("name".to_owned(), Vec::new())].into(), ..merge(&[], true) };
    assert!(run(&not_a_table).is_err());
    assert!(run(&merge(&[(Side::Duplicate, 0), (Side::Kept, 1), (Side::Duplicate, 1)], false)).unwrap().written);
    let now = register.record(&admin(), kept.id).unwrap().content.values["materials"].clone();
    let rows: Vec<_> = now.as_array().unwrap().iter().map(|row| format!("{} {}", row["name"], row["stored"])).collect();
    assert_eq!(rows, [r#""氨" "3""#, r#""氯" "2""#, r#""苯" "4""#]);
}

#[test]
fn duties_fall_due_with_the_dates_of_records() {
    use kernel::Day;
    use register::duty::DutyState;
    use register::ops::DutyQuestion;
    let bench_ = bench("duties");
    let register = &bench_.register;
    let source = |key: &str, reviewed: Option<&str>| {
        let mut fields = json!({ "number": key, "name": key, "location_note": "未知", "source": "试验" });
        if let Some(date) = reviewed {
            fields["reviewed_on"] = json!(date);
        }
        make(register, "risk_source", fields);
    };
    for (key, reviewed) in
        [("late", Some("2025-01-01")), ("soon", Some("2025-12-10")), ("later", Some("2026-11-01")), ("never", None)]
    {
        source(key, reviewed);
    }
    let today = Day::from_civil(2026, 11, 25);
    let listed = |all: bool| {
        let question = DutyQuestion { ledger: Some("risk_source".into()), all: Some(all), ..DutyQuestion::default() };
        let (lines, _) = register.duties(&admin(), &question, today).unwrap();
        lines.into_iter().map(|line| (line.key, line.state)).collect::<Vec<_>>()
    };
    assert_eq!(listed(false), [("late".to_owned(), DutyState::Overdue), ("soon".to_owned(), DutyState::Due)]);
    assert_eq!(listed(true).len(), 4, "those without a date are named too");
    assert_eq!(listed(true)[3], ("never".to_owned(), DutyState::Undated));
    // A record that cannot be read keeps none behind it waiting.
    let broken = "UPDATE record SET content = '{' WHERE record_key = 'late'";
    bench_.store.write(|transaction| transaction.execute(broken, &[])).unwrap();
    let (found, _) = register.duties_after(Id(0), 500, today).unwrap();
    assert_eq!(found.len(), 3);
    let one = DutyQuestion { record: Some(Id(1)), all: Some(true), ..DutyQuestion::default() };
    assert!(register.duties(&admin(), &one, today).unwrap().0.is_empty(), "no such record");
}

#[test]
fn a_duty_names_who_sees_to_it_and_ends_when_the_record_says_so() {
    use kernel::Day;
    use register::duty::DutyState;
    use register::ops::DutyQuestion;
    let Bench { register, .. } = &bench("duty-owners");
    let today = Day::from_civil(2026, 11, 25);
    let body = |key: &str| {
        let fields = json!({ "number": key, "name": key, "kind": "town", "location_note": "未知", "source": "试验" });
        make(register, "body", fields);
    };
    let site = |key: &str, township: Option<&str>, state: &str| {
        let mut fields = json!({ "number": key, "name": key, "state": state, "due_on": "2026-12-01", "location_note": "未知", "source": "试验" });
        if let Some(township) = township {
            fields["township"] = json!(township);
        }
        make(register, "dump_site", fields).id
    };
    let asked = |id: Id| {
        let found = register.duties_of(id, today).unwrap().unwrap();
        let (duty, standing, body) = found.duties.into_iter().next().unwrap();
        assert!(duty.evidence.is_some());
        (standing.state, body)
    };
    body("500242101");
    let here = site("d1", Some("500242101"), "open");
    let nowhere = site("d2", None, "open");
    assert_eq!(asked(here), (DutyState::Due, Some("500242101".to_owned())), "the township");
    assert_eq!(asked(nowhere), (DutyState::Due, None), "a body that the county does not have owns nothing");
    body("dept-urban");
    assert_eq!(asked(nowhere), (DutyState::Due, Some("dept-urban".to_owned())), "the ledger's own");
    let done = site("d3", None, "done");
    assert_eq!(asked(done).0, DutyState::Done);
    let listed = |record: Id| {
        let question = DutyQuestion { record: Some(record), ..DutyQuestion::default() };
        register.duties(&admin(), &question, today).unwrap().0.len()
    };
    assert_eq!((listed(here), listed(done)), (1, 0));
    // Page by page, each record once; deleted ones are nothing.
    let (mut after, mut seen) = (Id(0), Vec::new());
    loop {
        let (page, last) = register.duties_after(after, 2, today).unwrap();
        seen.extend(page.into_iter().map(|one| one.record.id));
        let Some(last) = last else { break };
        after = last;
    }
    assert_eq!(seen, [here, nowhere, done]);
    assert_eq!(register.last_author(here).unwrap(), Some(Id(7)));
    register.set_deleted(&admin(), here, 1, true, "试验", NOW).unwrap();
    assert!(register.duties_of(here, today).unwrap().is_none());
}

/// An enterprise sees its own in the ledgers that are for it, and what the authority prepares about it in none.
#[test]
fn an_enterprise_sees_its_own() {
    let bench = bench::bench("care-own");
    let enterprise = json!({ "number": "ent-a", "name": "甲厂", "location_note": "-", "source": "试验" });
    bench::make(&bench.register, "enterprise", enterprise);
    let own = bench::someone(kernel::Role::Enterprise, Some("ent-a"));
    let other = bench::someone(kernel::Role::Enterprise, Some("ent-b"));
    let check = |ledger: &str, fields: Value, expect: i64| {
        let mut all = json!({ "number": "x1", "name": "甲", "location_note": "-", "source": "试验" });
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        bench::make(&bench.register, ledger, all);
        let question = register::ops::Question { ledger: ledger.into(), page_size: 10, ..Default::default() };
        let total = |actor| bench.register.list(actor, &question).unwrap().total;
        assert_eq!((total(&own), total(&other)), (expect, 0), "{ledger}");
    };
    check("hazardous_waste", json!({ "enterprise": "ent-a", "role": "producer" }), 1);
    check("drill", json!({ "of": "enterprise:ent-a" }), 1);
    check("risk_source", json!({ "enterprise": "ent-a" }), 1);
    check("damage_compensation", json!({ "liable": "enterprise:ent-a" }), 0);
    let incident = json!({ "enterprise": "ent-a", "happened_on": "2026-01-02", "level": "general" });
    check("environmental_incident", incident, 0);
}

/// Records of before belong to whom a newer definition says, without a revision.
#[test]
fn a_ledger_that_gets_an_owner_gives_its_records_to_it() {
    let bench = bench::bench("care-owner");
    let register = &bench.register;
    let ledger = |owner: &str| {
        format!(
            "id = 'yard'\nversion = 1\nname = {{ zh = '堆场', en = 'Yards' }}\ngroup = 'waste'\nkey = 'number'\n\
             title = 'number'\n{owner}[[field]]\nid = 'number'\nlabel = {{ zh = '编号', en = 'Number' }}\n\
             type = 'text'\nrequired = true\n[[field]]\nid = 'of'\nlabel = {{ zh = '企业', en = 'Of' }}\n\
             type = 'link'\nledgers = ['enterprise']\n"
        )
    };
    let load = |owner: &str, at: i64| {
        let pack = bench::pack_with(&[("ledgers/yard.toml", &ledger(owner))]);
        register.load_pack(&pack, NOW.plus(at)).unwrap();
    };
    load("", 0);
    make(register, "enterprise", json!({ "number": "ent-a", "name": "甲厂", "location_note": "-", "source": "试验" }));
    let yard = make(register, "yard", json!({ "number": "y1", "of": "ent-a", "source": "试验" }));
    let own = someone(Role::Enterprise, Some("ent-a"));
    let check = |expect: i64| {
        let question = register::ops::Question { ledger: "yard".into(), page_size: 10, ..Default::default() };
        assert_eq!(register.list(&own, &question).unwrap().total, expect);
        assert_eq!(register.record(&own, yard.id).is_ok(), expect == 1);
        assert_eq!(register.record(&admin(), yard.id).unwrap().revision, 1);
    };
    check(0);
    load("owner = 'of'\n", 1);
    check(1);
    load("", 2);
    check(0);
}
