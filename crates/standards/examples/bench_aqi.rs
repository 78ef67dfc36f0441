//! Index of every hour and day of 1,600 stations over a year: `cargo run --release -p standards --example bench_aqi`.
//!
//! 84 million hourly values from memory, 6 pollutants; stations are split over the threads. Values are invented (示意)
//! with gaps; reading them in is not measured.

use standards::Library;
use standards::air::{Air, FastRules, MISSING, PackedAqi, StationYear};
use std::process::ExitCode;
use std::time::Instant;

const STATIONS: usize = 1_600;
const HOURS: usize = 8_760;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench_aqi: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let air = Air::load(Library::embedded()?)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(2);
    let hours = invent();
    println!("{STATIONS} stations × {HOURS} h × 6 = {} values, {threads} threads", STATIONS * HOURS * 6);
    for edition in ["2012", "2026"] {
        let rules = air.rules_of(edition)?;
        let (limits, method) = (air.limits_of("2012")?, air.method_of("2013")?);
        let fast = FastRules::new(&rules, &limits, &method);
        let start = Instant::now();
        let published = std::thread::scope(|scope| {
            let workers: Vec<_> = hours
                .chunks((STATIONS / threads) * HOURS)
                .map(|part| {
                    let fast = &fast;
                    scope.spawn(move || judge(fast, part))
                })
                .collect();
            workers
                .into_iter()
                .map(|worker| worker.join().unwrap_or_default())
                .fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1))
        });
        let elapsed = start.elapsed();
        let rate = (STATIONS * HOURS * 6) as f64 / elapsed.as_secs_f64() / 1e6;
        println!(
            "HJ 633-{edition}: {elapsed:.2?} ({rate:.0} M values/s), {} hours and {} days published",
            published.0, published.1
        );
    }
    Ok(())
}

/// Every hour and day of the stations of a part; how many hours and days have a published index.
fn judge(fast: &FastRules<'_>, part: &[[i32; 6]]) -> (usize, usize) {
    let none = PackedAqi { available: 0, published: 0, primary: 0, exceeding: 0, missing: 0 };
    let (mut by_hour, mut by_day) = (vec![none; HOURS], vec![none; HOURS / 24]);
    let mut published = (0, 0);
    for station in part.chunks(HOURS) {
        fast.year(station, &mut StationYear { hours: &mut by_hour, days: &mut by_day });
        published.0 += by_hour.iter().filter(|index| index.published != PackedAqi::NA).count();
        published.1 += by_day.iter().filter(|index| index.published != PackedAqi::NA).count();
    }
    published
}

/// Plausible concentrations in thousandths with 3 % gaps, from a fixed seed.
fn invent() -> Vec<[i32; 6]> {
    let tops = [80_000, 120_000, 3_000, 300_000, 200_000, 260_000];
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..STATIONS * HOURS)
        .map(|_| tops.map(|top| if next() % 100 < 3 { MISSING } else { (next() % top) as i32 }))
        .collect()
}
