//! `qingshan zone check --data DIR` as a user runs it: what was uploaded counts, as in the server.

#![allow(clippy::unwrap_used)] // a test may

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use kernel::Actor;
use register::ops::{Draft, Target};
use serde_json::{Value, json};
use store::Store;

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn county() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../counties/500242-youyang")
}

/// Exit code, and the answer or what is said instead.
fn check(at: &str, data: Option<&Path>) -> Result<Value, String> {
    let county = county();
    let mut command = Command::new(env!("CARGO_BIN_EXE_qingshan"));
    command.args(["zone", "check", "--at", at, "--industry", "2614", "--county"]).arg(&county);
    if let Some(data) = data {
        command.arg("--data").arg(data);
    }
    let output = command.output().unwrap();
    match output.status.success() {
        true => Ok(serde_json::from_slice(&output.stdout).unwrap()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

fn hit(answer: &Value) -> &Value {
    let rules = answer["rules"].as_array().unwrap();
    &rules.iter().find(|rule| rule["rule"] == "source-zone-first").unwrap()["hit"]
}

/// A data folder as a server left it, with one protection zone that somebody has uploaded.
fn upload(data: &Path) {
    let base = register::built_in::catalog().unwrap();
    let pack = register::pack_files::load(&county(), &base).unwrap();
    let division = pack.county.division;
    let store: Arc<dyn Store> =
        store::sqlite::SqliteStore::open(data, division, Default::default(), &server::platform::migrations()).unwrap();
    let catalog = (*pack.catalog).clone();
    let register = register::Register::new(store, division, api::LiveBus::default(), catalog).unwrap();
    register.load_pack(&pack, kernel::time::now()).unwrap();
    let square = json!({ "type": "Polygon", "coordinates": [[[108.75, 28.82], [108.80, 28.82], [108.80, 28.87], [108.75, 28.87], [108.75, 28.82]]] });
    let fields = json!({ "number": "sz-1", "name": "试验一级区", "level": "first", "source": "试验（示意）", "schematic": true, "geometry": square });
    let draft = Draft { fields: fields.as_object().unwrap().clone(), reason: "上传".into(), revision: None };
    let target = Target::New { ledger: "source_protection_zone" };
    register.write(&Actor::system("test"), target, &draft, kernel::time::now()).unwrap();
}

#[test]
fn records_that_were_uploaded_count_as_layers() {
    let folder = Folder(std::env::temp_dir().join(format!("qingshan-zone-check-{}", std::process::id())));
    let _ = std::fs::remove_dir_all(&folder.0);
    let absent = check("108.77,28.84", Some(&folder.0)).unwrap_err();
    assert!(absent.contains("there is no store"), "{absent}");
    assert!(!folder.0.exists(), "nothing is made");
    upload(&folder.0);
    let alone = check("108.77,28.84", None).unwrap();
    assert_eq!(hit(&alone), false, "the pack draws no such zone");
    let inside = check("108.77,28.84", Some(&folder.0)).unwrap();
    assert_eq!((hit(&inside), &inside["verdict"]), (&json!(true), &json!("prohibited")));
    let outside = check("108.60,28.60", Some(&folder.0)).unwrap();
    assert_eq!(hit(&outside), false);
    // A folder of another county, or of an empty store.
    let empty = Folder(folder.0.with_extension("empty"));
    drop(
        store::sqlite::SqliteStore::open(&empty.0, kernel::Division(1), Default::default(), register::MIGRATIONS)
            .unwrap(),
    );
    let nothing = check("108.77,28.84", Some(&empty.0)).unwrap_err();
    assert!(nothing.contains("holds no records of this county"), "{nothing}");
}

#[test]
fn what_nobody_asks_for_and_what_does_not_exist_is_named() {
    let check = |arguments: &[&str], expect: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_qingshan"));
        let output = command.args(["zone", "check", "--at", "108.77,28.84", "--county"]).arg(county()).args(arguments);
        let output = output.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(expect), "{arguments:?}: {said}");
    };
    check(&["--industry", "2614", "--attr", "fule=coal"], "no rule asks for `fule`");
    check(&["--industry", "9999"], "there is no division 99");
    check(&["--industry", "A2614"], "division 26 is of section C (manufacturing), not A");
}
