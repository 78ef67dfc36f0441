//! Measures judging on a county year: 15 stations and 20 outlets, an hour packet each (simulated values). Prints how
//! long the year takes to be judged first, and again from the store, and the chain of one late hour.
//!
//! `cargo run --release -p judge --example county_year [YEAR]`

use std::sync::Arc;
use std::time::Instant;

use judge::Judge;
use kernel::{Day, Division, FactorLimit, LimitPeriod, Name, Point, PointKind, PointSet, PointSource, Timestamp};
use store::Store;
use store::contract::{IncomingFrame, NewObservation, ObservationKey, PacketBatch, Transport, Urgency};
use store::packed::{Mark, PackedValue, Scalar, Statistic};
use store::sqlite::{SqliteOptions, SqliteStore};

type Failure = Box<dyn std::error::Error>;

fn limit(factor: &str, upper: i64) -> FactorLimit {
    FactorLimit {
        factor: factor.into(),
        period: LimitPeriod::Day,
        upper: Some(upper.into()),
        lower: None,
        unit: "mg/L".into(),
        converted: false,
        basis: "GB 18918-2002".into(),
        valid_from: None,
        valid_until: None,
        unconfirmed: false,
        when: None,
    }
}

fn point(id: i64) -> Point {
    let kind = match id {
        1..=6 => PointKind::AirStation,
        7..=13 => PointKind::WaterSection,
        14..=15 => PointKind::NoisePoint,
        _ => PointKind::WastewaterOutlet,
    };
    Point {
        ledger: "bench".into(),
        name: Name::new(format!("点位{id}"), format!("point {id}")),
        function_class: Some(if kind == PointKind::WaterSection { "III" } else { "2" }.into()),
        factors: factors(kind).iter().map(|(code, ..)| (*code).to_owned()).collect(),
        limits: if id > 15 { vec![limit("w01018", 50), limit("w21003", 5), limit("w21011", 1)] } else { Vec::new() },
        ..Point::simulated(id, kind)
    }
}

/// Factor, level, spread, decimals.
fn factors(kind: PointKind) -> &'static [(&'static str, i64, i64, u8)] {
    match kind {
        PointKind::AirStation => &[
            ("a34004", 35, 30, 0),
            ("a34002", 60, 40, 0),
            ("a21026", 6, 5, 0),
            ("a21004", 20, 15, 0),
            ("a21005", 600, 300, 3),
            ("a05024", 80, 60, 0),
        ],
        PointKind::WaterSection => &[
            ("w01001", 75, 5, 1),
            ("w01009", 70, 15, 1),
            ("w01010", 180, 60, 1),
            ("w01019", 30, 10, 1),
            ("w21003", 40, 30, 2),
            ("w21011", 10, 8, 2),
        ],
        PointKind::NoisePoint => &[("Leq", 520, 60, 1)],
        _ => &[
            ("w00000", 120, 40, 1),
            ("w01018", 350, 120, 1),
            ("w21003", 30, 15, 1),
            ("w21011", 40, 20, 2),
            ("w01001", 75, 5, 1),
        ],
    }
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, most: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as i64) % most
    }
}

fn packet(store: &dyn Store, point: &Point, at: Timestamp, dice: &mut Dice) -> Result<Vec<PackedValue>, Failure> {
    let _ = at;
    factors(point.kind)
        .iter()
        .map(|(code, level, spread, scale)| {
            Ok(PackedValue {
                factor: store.factor_number(code)?,
                statistic: Statistic::Average,
                mark: Mark::NORMAL,
                value: Scalar::Number { mantissa: level + dice.below(2 * spread) - spread / 2, scale: *scale },
            })
        })
        .collect()
}

fn commit(store: &dyn Store, packets: Vec<(i64, Timestamp, Vec<PackedValue>)>, now: Timestamp) -> Result<(), Failure> {
    let mut batch = PacketBatch::default();
    for (id, at, values) in packets {
        batch.frames.push(IncomingFrame {
            bytes: format!("##{id} {} {}", at.millis(), now.millis()).into_bytes(),
            received_at: now,
            transport: Transport::Hj212,
            peer: "bench".into(),
        });
        let frame = batch.frames.len() - 1;
        let key = ObservationKey { point: id, system: 22, kind: 2061, data_time: at, part: 0 };
        batch.observations.push(NewObservation { key, frame, values, judge: Urgency::Now });
    }
    store.commit_packets(&batch, now)?;
    Ok(())
}

/// Seconds of processor time used so far: what a busy machine does not distort.
fn processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f64 = after.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    ticks / 100.0
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = |name: &str| status.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
    format!("{}; {}", line("VmRSS"), line("VmHWM"))
}

/// What the pages of statistics ask for: a year of one point over HTTP, twenty times each chart.
fn statistics(judge: &Arc<Judge>, from: Day, until: Day) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    let caller = api::Caller(Arc::new(kernel::Actor::system("bench")));
    let router = judge.routes().router.layer(axum::Extension(caller));
    runtime.spawn(async move { axum::serve(listener, router).await });
    let mut all = Vec::new();
    let paths = [
        ("charts/time-variation", 1, "a34004"),
        ("charts/trend", 1, "a34004"),
        ("charts/correlation", 1, "a34004,a34002,a21026,a21004,a05024"),
        ("charts/calendar", 1, "a34004"),
        ("charts/capture", 1, "a34004,a34002,a21026,a21004,a05024"),
        ("charts/trend", 16, "w01018"),
        ("rates", 16, ""),
        ("suspicions", 1, ""),
    ];
    for (path, point, factor) in paths {
        let mut times = Vec::new();
        for _ in 0..20 {
            let started = Instant::now();
            let length = get(
                address,
                &format!("/api/{path}?point={point}&factor={factor}&from={}&until={}", from.to_iso(), until.to_iso()),
            )?;
            times.push((started.elapsed(), length));
        }
        times.sort_unstable();
        println!("  {path} of {factor}: p50 {:.1?}, p95 {:.1?}, {} B", times[10].0, times[18].0, times[0].1);
        all.extend(times);
    }
    all.sort_unstable();
    println!("statistics, a year of one point: p95 {:.1?} of {} requests", all[all.len() * 95 / 100].0, all.len());
    Ok(())
}

/// The length of the answer to a GET; anything but 200 is an error.
fn get(address: std::net::SocketAddr, path: &str) -> Result<usize, Failure> {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    if !answer.starts_with(b"HTTP/1.1 200") {
        return Err(format!("{path}: {}", String::from_utf8_lossy(&answer[..answer.len().min(300)])).into());
    }
    Ok(answer.len())
}

fn main() -> Result<(), Failure> {
    let year: i32 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(2026);
    let folder = std::env::temp_dir().join(format!("qingshan-county-year-{}", std::process::id()));
    let division = Division(500_242);
    let store: Arc<dyn Store> = SqliteStore::open(&folder, division, SqliteOptions::default(), judge::MIGRATIONS)?;
    let points: Vec<Arc<Point>> = (1..=35).map(|id| Arc::new(point(id))).collect();
    let source: Arc<dyn PointSource> = Arc::new(Arc::new(PointSet::new(points.clone())));
    let judge =
        Judge::new(Arc::clone(&store), division, api::LiveBus::default(), source, standards::Library::embedded()?)?;
    let (from, until) = (Day::from_civil(year, 1, 1), Day::from_civil(year + 1, 1, 1));
    let now = until.start().plus(3_600_000);
    let mut dice = Dice(7);
    let started = Instant::now();
    for day in from.0..until.0 {
        let mut packets = Vec::new();
        for point in &points {
            for of_day in 0..24 {
                let at = Day(day).hour(of_day).start();
                packets.push((point.id, at, packet(&*store, point, at, &mut dice)?));
            }
        }
        commit(&*store, packets, now)?;
    }
    println!("stored {} hour packets in {:.2?}", (until.0 - from.0) * 24 * 35, started.elapsed());
    let started = Instant::now();
    let used = processor();
    let first = judge.judge_due(now)?;
    println!("judged first: {first:?} in {:.2?}, {:.2} s of processor", started.elapsed(), processor() - used);
    let ids: Vec<i64> = points.iter().map(|point| point.id).collect();
    let started = Instant::now();
    let used = processor();
    let again = judge.rejudge(&ids, from, until, now)?;
    println!(
        "judged again from the store: {again:?} in {:.2?}, {:.2} s of processor",
        started.elapsed(),
        processor() - used
    );
    for id in [1, 7, 14, 16] {
        let started = Instant::now();
        let one = judge.rejudge(&[id], from, until, now)?;
        println!("  {}: {} periods in {:.2?}", point(id).kind.name(), one.judged, started.elapsed());
    }
    let late = Day::from_civil(year, 7, 1).hour(11).start();
    let value = PackedValue {
        factor: store.factor_number("a34004")?,
        statistic: Statistic::Average,
        mark: Mark::NORMAL,
        value: Scalar::Number { mantissa: 499, scale: 0 },
    };
    commit(&*store, vec![(1, late, vec![value])], now.plus(1))?;
    let started = Instant::now();
    let chain = judge.judge_due(now.plus(2))?;
    println!("one late hour to the year: {chain:?} in {:.2?}", started.elapsed());
    statistics(&judge, from, until)?;
    println!("{}; {} MB on disk", memory(), store.size_on_disk() >> 20);
    drop((judge, store));
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
