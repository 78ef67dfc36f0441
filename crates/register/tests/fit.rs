//! Records that a changed definition would refuse are named before somebody stumbles over them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bench;

use bench::{NOW, admin, bench, make, pack_with, someone};
use kernel::{ErrorCode, Role};
use register::catalog::PartKind;
use register::ops::{DesignDraft, DesignSave, Question};
use serde_json::json;

const SHED: &str = r#"id = "shed"
version = 1
name = { zh = "堆棚", en = "Sheds" }
group = "rural"
key = "number"
title = "number"

[[field]]
id = "number"
label = { zh = "编号", en = "Number" }
type = "text"
required = true
unique = true

[[field]]
id = "keeper"
label = { zh = "看管人", en = "Keeper" }
type = "text"
"#;

#[test]
fn writes_are_counted_by_ledger_and_definitions_with_them() {
    let bench = bench("writes");
    let counts = || ["enterprise", "expert"].map(|ledger| bench.register.writes_to([ledger]));
    let before = counts();
    make(
        &bench.register,
        "enterprise",
        json!({ "number": "e1", "name": "甲厂", "location_note": "未测", "source": "试验" }),
    );
    assert_eq!(counts(), [before[0] + 1, before[1]], "of one ledger only");
    let after = counts();
    let save = DesignSave {
        draft: DesignDraft { text: Some(SHED.to_owned()), design: None },
        reason: "乡镇要求".into(),
        revision: 0,
        accepted: Vec::new(),
    };
    bench.register.save_design(&admin(), PartKind::Ledger, &save, NOW).unwrap();
    assert!(counts()[0] > after[0] && counts()[1] > after[1], "layers may be drawn otherwise");
}

/// Text that a release wrote which did not fold full-width letters.
#[test]
fn older_text_is_found_by_narrow_letters() {
    let bench = bench("folded");
    let record = make(
        &bench.register,
        "enterprise",
        json!({ "number": "e1", "name": "ＡＢＣ厂", "location_note": "未测", "source": "试验" }),
    );
    let division = kernel::Division(500_242);
    bench
        .store
        .write(|transaction| {
            let older = "UPDATE record SET search = 'ａｂｃ厂' WHERE division = $1 AND id = $2";
            transaction.execute(older, &[division.into(), record.id.into()])?;
            transaction.execute("DELETE FROM record_gram WHERE division = $1", &[division.into()])?;
            // What the migration does to a folder of before.
            let all = register::MIGRATIONS.iter().find(|one| one.mechanism == "register_search").unwrap().sql;
            transaction.execute(all, &[])
        })
        .unwrap();
    let found = |register: &register::Register| {
        let question = Question { ledger: "enterprise".into(), text: "abc".into(), ..Question::default() };
        register.list(&admin(), &question).unwrap().total
    };
    assert_eq!(found(&bench.register), 0);
    let catalog = register::built_in::catalog().unwrap();
    let again =
        register::Register::new(std::sync::Arc::clone(&bench.store), division, api::LiveBus::default(), catalog)
            .unwrap();
    again.load_pack(&pack_with(&[]), NOW).unwrap();
    assert_eq!(found(&again), 1);
}

#[test]
fn records_that_the_new_definition_refuses_are_named() {
    let bench = bench("unfit");
    let save = |text: String, revision: i64, accepted: &[&str]| {
        let save = DesignSave {
            draft: DesignDraft { text: Some(text), design: None },
            reason: "乡镇要求".into(),
            revision,
            accepted: accepted.iter().map(|path| (*path).to_owned()).collect(),
        };
        assert!(!bench.register.save_design(&admin(), PartKind::Ledger, &save, NOW).unwrap().refused());
    };
    save(SHED.to_owned(), 0, &[]);
    make(&bench.register, "shed", json!({ "number": "a", "keeper": "甲", "source": "试验" }));
    let lacking = make(&bench.register, "shed", json!({ "number": "b", "source": "试验" }));
    let found = || bench.register.fit_of(&admin(), "shed").unwrap();
    assert_eq!((found().looked_at, found().unfit.len()), (2, 0));
    save(format!("{}required = true\n", SHED.replace("version = 1", "version = 2")), 1, &["field.keeper.required"]);
    let report = found();
    assert_eq!((report.looked_at, report.unfit.len(), report.more), (2, 1, 0));
    assert_eq!((report.unfit[0].record, report.unfit[0].key.as_str()), (lacking.id, "b"));
    assert!(report.unfit[0].problem.contains("看管人"), "{:?}", report.unfit);
    // Looking writes nothing; who may not edit does not look.
    assert_eq!(bench.register.record(&admin(), lacking.id).unwrap().revision, lacking.revision);
    let refused = bench.register.fit_of(&someone(Role::Leader, None), "shed").unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotAllowed);
}
