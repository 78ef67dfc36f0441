//! How fast imports and lists are: `cargo run --release -p register --example bench_register`, with `ROWS` for other
//! than 1,000,000 records. Records are invented (示意).

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use api::LiveBus;
use kernel::{Actor, Division, Timestamp};
use register::import::Options;
use register::ops::Question;
use register::{Register, built_in};
use store::Store;
use store::sqlite::{SqliteOptions, SqliteStore};

fn main() -> ExitCode {
    let path = std::env::temp_dir().join(format!("qingshan-register-speed-{}", std::process::id()));
    let result = run(&path);
    let _ = std::fs::remove_dir_all(&path);
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench_register: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(path: &std::path::Path) -> Result<(), Box<dyn std::error::Error>> {
    let rows: usize = std::env::var("ROWS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let division = Division(500_242);
    let store: Arc<dyn Store> = SqliteStore::open(path, division, SqliteOptions::default(), register::MIGRATIONS)?;
    let catalog = built_in::catalog().map_err(|problems| format!("{problems:?}"))?;
    let register = Register::new(store, division, LiveBus::default(), catalog)?;
    let actor = Actor::system("speed");
    let now = Timestamp(1_795_536_000_000);
    let (mut dry, mut written) = (0.0, 0.0);
    let part = 50_000.min(rows);
    for start in (0..rows).step_by(part) {
        let mut file = "number,name,kind,stage,power,source\n".to_owned();
        for row in start..(start + part).min(rows) {
            file.push_str(&format!("J{row:07},机械{row},挖掘机,国{},{},试验\n", row % 4 + 1, row % 300));
        }
        let import = |dry_run| -> Result<f64, Box<dyn std::error::Error>> {
            let options = Options { dry_run, ..Options::default() };
            let started = Instant::now();
            let report = register.import(&actor, "nonroad_machine", file.as_bytes(), &options, now)?;
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
    for (name, filter, text) in [("filter", Some("国2"), ""), ("search", None, "械77"), ("all", None, "")] {
        let mut times = Vec::with_capacity(40);
        for round in 0..40 {
            let filters = filter.map(|value| ("stage".to_owned(), value.to_owned())).into_iter().collect();
            let ledger = "nonroad_machine".to_owned();
            let question =
                Question { ledger, filters, text: text.into(), page: round % 5 + 1, page_size: 50, deleted: false };
            let started = Instant::now();
            let listed = register.list(&actor, &question)?;
            times.push(started.elapsed().as_secs_f64() * 1000.0);
            if listed.total == 0 {
                return Err("nothing was found".into());
            }
        }
        times.sort_by(f64::total_cmp);
        println!("{name}: {rows} rows, p50 {:.1} ms, p95 {:.1} ms", times[20], times[38]);
    }
    Ok(())
}
