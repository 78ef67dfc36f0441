//! How fast imports and lists are. Not part of the ordinary run:
//! `cargo test -p register --test speed -- --ignored --nocapture`, with `ROWS` for more than 20,000 rows.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::Arc;
use std::time::Instant;

use api::LiveBus;
use kernel::{Actor, Division, Timestamp};
use register::import::Options;
use register::ops::Question;
use register::{Register, built_in};
use store::Store;
use store::sqlite::{SqliteOptions, SqliteStore};

#[test]
#[ignore = "a measure, not a check"]
fn import_and_list() {
    let rows: usize = std::env::var("ROWS").ok().and_then(|text| text.parse().ok()).unwrap_or(20_000);
    let path = std::env::temp_dir().join(format!("qingshan-register-speed-{}", std::process::id()));
    let division = Division(500_242);
    let store: Arc<dyn Store> =
        SqliteStore::open(&path, division, SqliteOptions::default(), register::MIGRATIONS).unwrap();
    let register = Register::new(store, division, LiveBus::default(), built_in::catalog().unwrap()).unwrap();
    let actor = Actor::system("speed");
    let now = Timestamp(1_795_536_000_000);
    let (mut dry, mut written) = (0.0, 0.0);
    let part = 50_000.min(rows);
    for start in (0..rows).step_by(part) {
        let mut file = "number,name,kind,stage,power,source\n".to_owned();
        for row in start..(start + part).min(rows) {
            file.push_str(&format!("J{row:07},机械{row},挖掘机,国{},{},试验\n", row % 4 + 1, row % 300));
        }
        let import = |dry_run| {
            let options = Options { dry_run, ..Options::default() };
            let started = Instant::now();
            let report = register.import(&actor, "nonroad_machine", file.as_bytes(), &options, now).unwrap();
            assert!(report.problems.is_empty());
            started.elapsed().as_secs_f64()
        };
        dry += import(true);
        written += import(false);
    }
    println!("dry run {:.0} rows/s, checked and written {:.0} rows/s", rows as f64 / dry, rows as f64 / written);
    for (name, filter, text) in [("filter", Some("国2"), ""), ("search", None, "械77"), ("all", None, "")] {
        let mut times: Vec<f64> = (0..40)
            .map(|round| {
                let filters = filter.map(|value| ("stage".to_owned(), value.to_owned())).into_iter().collect();
                let ledger = "nonroad_machine".to_owned();
                let question =
                    Question { ledger, filters, text: text.into(), page: round % 5 + 1, page_size: 50, deleted: false };
                let started = Instant::now();
                let listed = register.list(&actor, &question).unwrap();
                assert!(listed.total > 0);
                started.elapsed().as_secs_f64() * 1000.0
            })
            .collect();
        times.sort_by(f64::total_cmp);
        println!("{name}: {rows} rows, p50 {:.1} ms, p95 {:.1} ms", times[20], times[38]);
    }
    let _ = std::fs::remove_dir_all(&path);
}
