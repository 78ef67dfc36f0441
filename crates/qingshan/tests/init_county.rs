//! `qingshan init county` as a user runs it: the skeleton passes the check, names what is to be filled in, and loads.

#![allow(clippy::unwrap_used)] // a test may

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("qingshan-init-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn at(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_qingshan")).args(arguments).output().unwrap()
}

/// Makes a pack and checks it: exit code of the check, how many places are to be filled in, errors.
fn check(out: &str, options: &[&str], expect: (i32, usize, usize)) -> serde_json::Value {
    let made = run(&[&["init", "county", "500243", "彭水苗族土家族自治县", "--out", out], options].concat());
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let checked = run(&["check", out, "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&checked.stdout).unwrap();
    let open = report["findings"].as_array().unwrap().iter().filter(|finding| finding["code"] == "PL005").count();
    let found = (checked.status.code().unwrap(), open, report["errors"].as_u64().unwrap() as usize);
    assert_eq!(found, expect, "{report:#}");
    report
}

/// Loads a pack into a store of its own, as the server does at its start.
fn load(pack: &str, data: &Path) {
    let base = register::built_in::catalog().unwrap();
    let settings = server::platform::Settings {
        data: data.to_owned(),
        pack: register::pack_files::load(Path::new(pack), &base).unwrap(),
        files: register::pack_files::read_tree(Path::new(pack)).unwrap(),
        zones: zone::model::load_folder(Path::new(pack), zone::shape::Extent::WORLD).unwrap(),
        simulating: false,
        store: store::sqlite::SqliteOptions::default(),
        version: "test",
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let opened = runtime.block_on(async { tokio::task::spawn_blocking(|| server::Platform::open(settings)).await });
    let platform = opened.unwrap().unwrap();
    let home = platform.plan.as_ref().unwrap().home(None, kernel::time::now()).unwrap();
    assert_eq!((home.indicators.len(), home.projects), (0, 0));
}

#[test]
fn a_skeleton_passes_the_check_names_its_gaps_and_loads() {
    let folder = Folder::new("plain");
    let pack = folder.at("pack");
    let report = check(&pack, &[], (0, 8, 0));
    let places: Vec<String> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| format!("{} {}", finding["file"].as_str().unwrap(), finding["what"]["zh"].as_str().unwrap()))
        .collect();
    assert!(places.iter().any(|place| place.starts_with("county.toml") && place.contains("外接矩形")), "{places:?}");
    load(&pack, &folder.0.join("data"));
    // What is there is not overwritten.
    let again = run(&["init", "county", "500243", "彭水", "--out", &pack]);
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("不覆盖"));
}

#[test]
fn a_draft_brings_its_plan_and_the_bodies_that_it_names() {
    let folder = Folder::new("draft");
    let draft = folder.at("indicators.toml");
    std::fs::write(
        &draft,
        "[[indicator]]\nid = \"pm25\"\nname = \"PM2.5年均浓度\"\nunit = \"µg/m³\"\ndirection = \"lower_is_better\"\nbindingness = \"binding\"\ndocument = \"年报\"\nbodies = [\"县生态环境局\", \"县\\\"经\\\"信委\"]\nplace = \"p\"\n[[indicator.value]]\nyear = 2025\nvalue = \"20\"\nplace = \"p\"\n[[indicator.target]]\nyear = 2030\noperator = \"<=\"\nvalue = \"19\"\nplace = \"p\"\n",
    )
    .unwrap();
    let pack = folder.at("pack");
    check(&pack, &["--from", &draft, "--name-en", "Pengshui"], (0, 7, 0));
    let bodies = std::fs::read_to_string(Path::new(&pack).join("bodies/body.departments.toml")).unwrap();
    assert!(bodies.contains("name = \"县\\\"经\\\"信委\""), "{bodies}");
    // The pack of another county: its plan comes along, its waivers do not.
    let youyang = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../counties/500242-youyang");
    let other = folder.at("other");
    let made = run(&["init", "county", "500243", "彭水", "--out", &other, "--from", youyang.to_str().unwrap()]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let checked = run(&["check", &other]);
    let text = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(text.contains("PL402") && !text.contains("PL201"), "{text}");
    // Its name, number and date do not; the period is the one asked for, or that of the draft.
    let plan_of = |name: &str, more: &[&str]| {
        let out = folder.at(name);
        let made =
            run(&[&["init", "county", "500243", "彭水", "--out", &out, "--from", youyang.to_str().unwrap()], more]
                .concat());
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        std::fs::read_to_string(Path::new(&out).join("plan/plan.toml")).unwrap()
    };
    let asked = plan_of("asked", &["--period", "2026-2030"]);
    assert!(asked.contains("period = [2026, 2030]") && asked.matches("待填").count() == 4, "{asked}");
    assert!(!asked.contains("酉阳") && !asked.contains("2021"), "{asked}");
    assert!(plan_of("kept", &[]).contains("period = [2021, 2025]"));
}

#[test]
fn a_text_gives_candidates_only() {
    let folder = Folder::new("text");
    let text = folder.at("plan.txt");
    std::fs::write(&text, "第一章\n到2030年，PM2.5年均浓度控制在25以内；坚持方向。\n2025年召开会议。\n").unwrap();
    let pack = folder.at("pack");
    check(&pack, &["--from", &text], (0, 8, 0));
    let found = std::fs::read_to_string(Path::new(&pack).join("plan/sentences.md")).unwrap();
    assert!(found.contains("| 2 | 到2030年，PM2.5年均浓度控制在25以内； |"), "{found}");
    assert!(!found.contains("召开会议") && !found.contains("坚持方向"), "{found}");
}

#[test]
fn what_cannot_be_made_is_refused_with_its_reason() {
    let folder = Folder::new("refused");
    let out = folder.at("pack");
    for (arguments, code, why) in [
        (["county", "5002", "某县"], 2, "六位"),
        (["county", "500200", "某市"], 2, "县级"),
        (["county", "500243", " "], 2, "名称"),
        (["city", "500243", "某县"], 2, "只有 county"),
    ] {
        let refused = run(&[&["init"], &arguments[..], &["--out", &out]].concat());
        assert_eq!(refused.status.code(), Some(code), "{arguments:?}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains(why), "{arguments:?}");
    }
    let draft = folder.at("bad.toml");
    std::fs::write(&draft, "[[indicator]]\nid = 1\n").unwrap();
    let refused = run(&["init", "county", "500243", "某县", "--out", &out, "--from", &draft]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("plan/indicators.toml:2:"));
    assert!(!Path::new(&out).exists());
}
