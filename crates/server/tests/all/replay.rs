//! Proof on real input: four real years of one Beijing station (UCI 501), sent as HJ 212 hour packets over TCP in
//! random order and with duplicates, give the daily indices of the shared vectors; sent once more, they change
//! nothing. Skipped where the shared data are absent.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use kernel::{Actor, Day, Division, PointKind, PointSource, Timestamp};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::browser::Browser;
use crate::flow::{packet, stamp};
use crate::rig::{Folder, Rig, open_as};

const MN: &str = "REPLAY110101000000000001";
/// 2013-03-01 to 2017-02-28.
const DAYS: i64 = 1461;
const CONNECTIONS: usize = 4;
const PATIENCE: Duration = Duration::from_secs(120);

fn shared(name: &str) -> Option<Vec<u8>> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/air").join(name)).ok()
}

/// One packet an hour, labelled with the start of the hour, numbers as in the file (CO as a station sends it: mg/m³).
fn frames(csv: &[u8]) -> Vec<Vec<u8>> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(csv).read_to_string(&mut text).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns: HashMap<String, usize> =
        reader.headers().unwrap().iter().enumerate().map(|(place, name)| (name.to_owned(), place)).collect();
    let factors = [("PM2.5", "a34004"), ("PM10", "a34002"), ("SO2", "a21026"), ("NO2", "a21004"), ("O3", "a05024")];
    let mut frames = Vec::new();
    for record in reader.records() {
        let record = record.unwrap();
        let cell = |name: &str| record[columns[name]].to_owned();
        let number = |name: &str| cell(name).parse::<u32>().unwrap();
        let at = Day::from_civil(number("year") as i32, number("month"), number("day"))
            .hour(number("hour") as usize)
            .start();
        let mut area = format!("DataTime={}", stamp(at));
        for (column, code) in factors {
            if cell(column) != "NA" {
                area.push_str(&format!(";{code}-Avg={},{code}-Flag=N", cell(column)));
            }
        }
        if cell("CO") != "NA" {
            let micro = cell("CO").parse::<f64>().unwrap() as i64;
            area.push_str(&format!(";a21005-Avg={}.{:03},a21005-Flag=N", micro / 1000, micro % 1000));
        }
        frames.push(packet("22", "2061", MN, &area, at.plus(3_600_000)));
    }
    frames
}

/// A fixed shuffle with every seventh frame twice.
fn shuffled(frames: &[Vec<u8>], seed: u64) -> Vec<Vec<u8>> {
    let mut all = frames.to_vec();
    all.extend(frames.iter().step_by(7).cloned());
    let mut state = seed;
    for place in (1..all.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        all.swap(place, (state >> 33) as usize % (place + 1));
    }
    all
}

/// Sends over several connections and waits for as many acknowledgements.
async fn send(rig: &Rig, frames: Vec<Vec<u8>>) {
    let sending = frames.chunks(frames.len().div_ceil(CONNECTIONS)).map(|part| {
        let (part, address) = (part.to_vec(), rig.hj212);
        tokio::spawn(async move {
            let wanted = part.len();
            let (mut reading, mut writing) = TcpStream::connect(address).await.unwrap().into_split();
            let writer = tokio::spawn(async move {
                writing.write_all(&part.concat()).await.unwrap();
                writing
            });
            let (mut buffer, mut answered) = (vec![0; 16 << 10], 0);
            while answered < wanted {
                let count = tokio::time::timeout(PATIENCE, reading.read(&mut buffer)).await.unwrap().unwrap();
                assert!(count > 0, "closed after {answered} of {wanted}");
                answered += buffer[..count].iter().filter(|&&byte| byte == b'\n').count();
            }
            drop(writer.await.unwrap());
        })
    });
    for one in sending.collect::<Vec<_>>() {
        one.await.unwrap();
    }
}

/// The days of the station in one year, by date.
async fn days(browser: &mut Browser, point: i64, year: i32, edition: &str) -> HashMap<String, Value> {
    let table = browser.json(&format!("/api/air/days?point={point}&year={year}{edition}")).await;
    let columns: Vec<String> =
        table["columns"].as_array().unwrap().iter().map(|column| column["key"].as_str().unwrap().to_owned()).collect();
    let place = |id: &str| columns.iter().position(|column| column == id).unwrap();
    let (date, aqi) = (place("date"), place("aqi"));
    table["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row[date].as_str().unwrap().to_owned(), row[aqi].clone()))
        .collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Compares every vector of the station under both editions; returns how many there were.
async fn compare(browser: &mut Browser, point: i64, vectors: &Value) -> usize {
    let mut compared = 0;
    for (edition, key) in [("", "2012"), ("&edition=2026", "2026")] {
        let mut known = HashMap::new();
        for year in 2013..=2017 {
            known.extend(days(browser, point, year, edition).await);
        }
        for vector in vectors["beijing_daily"].as_array().unwrap().iter().filter(|row| row["station"] == "Dongsi") {
            let date = vector["date"].as_str().unwrap();
            let found = known.get(date).unwrap_or_else(|| panic!("{date} is not judged"));
            assert_eq!(text(found), text(&vector[key]["aqi_published"]), "{date} under {key}");
            compared += 1;
        }
    }
    compared
}

/// Verdicts of the station's days, months and years: how many, the sum of their revisions; and how many periods wait.
async fn judged(rig: &Rig, point: i64) -> (i64, i64, i64) {
    let platform = std::sync::Arc::clone(&rig.platform);
    let read = move || {
        platform
            .store
            .read(|reader| {
                let sql = "SELECT COUNT(*), COALESCE(SUM(revision), 0) FROM verdict WHERE division = $1 AND point = $2";
                let row = reader.query_one(sql, &[platform.division.into(), point.into()])?.unwrap();
                let waiting = "SELECT COUNT(*) FROM dirty_period WHERE division = $1 AND point = $2";
                let waiting = reader.query_one(waiting, &[platform.division.into(), point.into()])?.unwrap();
                Ok((row.integer(0)?, row.integer(1)?, waiting.integer(0)?))
            })
            .unwrap()
    };
    tokio::task::spawn_blocking(read).await.unwrap()
}

/// Waits until the judge has nothing left, and stays so for two seconds.
async fn settled(rig: &Rig, point: i64, least: i64) -> (i64, i64, i64) {
    let mut last = judged(rig, point).await;
    let mut quiet = 0;
    for _ in 0..1200 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let now = judged(rig, point).await;
        quiet = if now == last && now.0 >= least && now.2 == 0 { quiet + 1 } else { 0 };
        last = now;
        if quiet == 20 {
            return last;
        }
    }
    panic!("the judge does not come to rest: {last:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_real_years_over_tcp_in_random_order_give_the_published_days_and_again_when_replayed() {
    let (Some(csv), Some(vectors)) =
        (shared("uci501_PRSA_Data_Dongsi_20130301-20170228.csv.gz"), shared("aqi_vectors.json"))
    else {
        eprintln!("skipped: the shared data are not here");
        return;
    };
    let vectors: Value = serde_json::from_slice(&vectors).unwrap();
    let folder = Folder::new("replay");
    // As if the county lay in Beijing, where the standard of 2012 was in force in 2013 already.
    let platform = open_as(&folder.0, Division(110_101));
    let rig = Rig::of(platform, Some(folder)).await;
    let mut browser = rig.administrator().await;
    let register = &rig.platform.points.register;
    let point = register.points().iter().find(|point| point.kind == PointKind::AirStation).unwrap().id;
    register.bind_device(&Actor::system("test"), (MN, "22"), point, Timestamp(0), kernel::time::now()).unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;

    let frames = frames(&csv);
    send(&rig, shuffled(&frames, 1)).await;
    let first = settled(&rig, point, DAYS).await;
    assert!(compare(&mut browser, point, &vectors).await >= 60);

    send(&rig, shuffled(&frames, 2)).await;
    assert_eq!(settled(&rig, point, DAYS).await, first, "a replay changed verdicts");
    assert!(compare(&mut browser, point, &vectors).await >= 60);
    rig.stop().await;
}
