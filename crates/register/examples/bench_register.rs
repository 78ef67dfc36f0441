//! How fast imports and lists are: `cargo run --release -p register --example bench_register`, with `ROWS` for other
//! than 1,000,000 records. With `STORE=folder` the records are kept there, and used again when they are there already.
//! Records are invented (示意).

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use api::LiveBus;
use kernel::{Actor, Division, Timestamp};
use register::catalog::{Part, PartKind};
use register::import::Options;
use register::ops::{DesignDraft, DesignSave, Question};
use register::{Register, built_in};
use store::Store;
use store::sqlite::{SqliteOptions, SqliteStore};

fn main() -> ExitCode {
    let kept = std::env::var_os("STORE").map(std::path::PathBuf::from);
    let scratch = std::env::temp_dir().join(format!("qingshan-register-speed-{}", std::process::id()));
    let result = run(kept.as_deref().unwrap_or(&scratch));
    let _ = std::fs::remove_dir_all(&scratch);
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench_register: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(path: &std::path::Path) -> Result<(), Failed> {
    let rows: usize = std::env::var("ROWS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let division = Division(500_242);
    let store: Arc<dyn Store> = SqliteStore::open(path, division, SqliteOptions::default(), register::MIGRATIONS)?;
    let catalog = built_in::catalog().map_err(|problems| format!("{problems:?}"))?;
    let actor = Actor::system("speed");
    let now = Timestamp(1_795_536_000_000);
    // A pack of nothing but its county, loaded as a server does: that begins the blocks of filters.
    let county = "code = \"500242\"\nname = { zh = \"酉阳\", en = \"Youyang\" }\ntime_zone = \"+08:00\"\n\
                  extent = [108.2, 28.2, 109.5, 29.5]\nsource = \"示意\"\n";
    let files = [("county.toml".to_owned(), county.to_owned())].into();
    let pack = register::pack::load(&files, &catalog).map_err(|problems| format!("{problems:?}"))?;
    let register = Register::new(store, division, LiveBus::default(), catalog)?;
    register.load_pack(&pack, now)?;
    if register.counts(&actor)?.get("nonroad_machine").copied().unwrap_or(0) == 0 {
        fill(&register, &actor, rows, now)?;
    }
    lists(&register, &actor, rows)?;
    designs(&register, &actor, rows, now)
}

type Failed = Box<dyn std::error::Error>;

fn fill(register: &Register, actor: &Actor, rows: usize, now: Timestamp) -> Result<(), Failed> {
    let (mut dry, mut written) = (0.0, 0.0);
    let part = 50_000.min(rows);
    for start in (0..rows).step_by(part) {
        let mut file = "number,name,tags,stage,power,source\n".to_owned();
        for row in start..(start + part).min(rows) {
            // Stage and tag depend on each other: 装载机 are never of 国2, and 压路机 are rare.
            let kind = match row {
                _ if row % 5_000 == 4 => "压路机",
                _ if row % 4 == 3 => "装载机",
                _ => "挖掘机",
            };
            file.push_str(&format!("J{row:07},机械{row},{kind},国{},{},试验\n", row % 4 + 1, row % 300));
        }
        let import = |dry_run| -> Result<f64, Failed> {
            let options = Options { dry_run, ..Options::default() };
            let started = Instant::now();
            let report = register.import(actor, "nonroad_machine", file.as_bytes(), &options, now)?;
            let took = started.elapsed().as_secs_f64();
            if !report.problems.is_empty() {
                return Err(format!("{} problems in what was made to have none", report.problems.len()).into());
            }
            Ok(took)
        };
        dry += import(true)?;
        written += import(false)?;
    }
    println!("dry run {:.0} rows/s, checked and written {:.0} rows/s", rows as f64 / dry, rows as f64 / written);
    Ok(())
}

/// A definition that asks something of every record, checked; and saved with another filter, which indexes all anew.
fn designs(register: &Register, actor: &Actor, rows: usize, now: Timestamp) -> Result<(), Failed> {
    let part = Part { kind: PartKind::Ledger, id: "nonroad_machine".into() };
    let design = register.design(actor, &part)?;
    let table = register::cell::from_toml(&design.text.unwrap_or_default()).map_err(|errors| format!("{errors:?}"))?;
    let mut wanted = register::design::text::to_json(&table);
    let version = wanted.get("version").and_then(serde_json::Value::as_i64).unwrap_or(1);
    wanted.insert("version".into(), (version + 1).into());
    let filters = wanted.get("filters").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
    let filters: Vec<_> = match filters.iter().position(|filter| filter == "power") {
        Some(at) => filters.into_iter().enumerate().filter(|(place, _)| *place != at).map(|(_, one)| one).collect(),
        None => filters.into_iter().chain(["power".into()]).collect(),
    };
    wanted.insert("filters".into(), filters.into());
    if let Some(fields) = wanted.get_mut("field").and_then(serde_json::Value::as_array_mut) {
        let power = fields.iter_mut().find(|field| field["id"] == "power").and_then(serde_json::Value::as_object_mut);
        if let Some(power) = power {
            power.insert("max".into(), (200 + version).into());
        }
    }
    let draft = DesignDraft { text: None, design: Some(wanted) };
    let started = Instant::now();
    let checked = register.check_design(actor, PartKind::Ledger, &draft)?;
    let took = started.elapsed().as_secs_f64();
    println!("design checked against {rows} records: {took:.2} s, {:.0} records/s", rows as f64 / took);
    let accepted = checked.to_accept().into_iter().map(str::to_owned).collect();
    let revision = design.revisions.first().map_or(0, |row| row.revision);
    let save = DesignSave { draft, reason: "measured".into(), revision, accepted };
    let started = Instant::now();
    register.save_design(actor, PartKind::Ledger, &save, now)?;
    let took = started.elapsed().as_secs_f64();
    println!("the same saved, all indexed anew: {took:.2} s, {:.0} records/s", rows as f64 / took);
    Ok(())
}

/// Filter and value, text, and pages that are asked for.
type Case = (&'static str, &'static [(&'static str, &'static str)], &'static str, i64);

const CASES: [Case; 8] = [
    ("one stage of four", &[("stage", "国2")], "", 5),
    ("one stage, page 2,000", &[("stage", "国2")], "", 2_000),
    ("stage and tag", &[("stage", "国2"), ("tags", "挖掘机")], "", 5),
    ("two that never meet", &[("stage", "国2"), ("tags", "装载机")], "", 5),
    ("a rare tag", &[("tags", "压路机")], "", 5),
    ("search, common", &[], "械7", 5),
    ("search, rare", &[], "械77777", 5),
    ("all", &[], "", 5),
];

fn lists(register: &Register, actor: &Actor, rows: usize) -> Result<(), Failed> {
    for (name, filters, text, pages) in CASES {
        let mut times = Vec::with_capacity(40);
        let mut found = String::new();
        for round in 0..40 {
            let filters = filters.iter().map(|(field, value)| ((*field).to_owned(), (*value).to_owned())).collect();
            let ledger = "nonroad_machine".to_owned();
            let page = (round % 5 + 1) * pages / 5;
            let question = Question { ledger, filters, text: text.into(), page, page_size: 50, deleted: false };
            let started = Instant::now();
            let listed = register.list(actor, &question)?;
            times.push(started.elapsed().as_secs_f64() * 1000.0);
            found = listed.total.to_string();
        }
        times.sort_by(f64::total_cmp);
        println!("{name}: {rows} rows, {found} found, p50 {:.1} ms, p95 {:.1} ms", times[20], times[38]);
    }
    let started = Instant::now();
    register.counts(actor)?;
    println!("counts of all ledgers: {:.1} ms", started.elapsed().as_secs_f64() * 1000.0);
    Ok(())
}
