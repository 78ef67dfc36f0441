//! Four real years of one Beijing station (UCI 501), as hour packets in random order with duplicates, give the daily
//! indices of the shared vectors; and a second replay changes nothing. Skipped where the shared data are absent.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use common::{Bed, Packet, point, time};
use judge::model::Stat;
use judge::rule::air;
use judge::{period, rows};
use kernel::{Day, PointKind};
use serde_json::Value;
use standards::air::Air;
use store::contract::PeriodLevel;
use store::packed::{Mark, Statistic};

const STATION: i64 = 5;

fn shared(name: &str) -> Option<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/air").join(name);
    std::fs::read(path).ok()
}

fn packets(csv: &[u8]) -> Vec<Packet> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(csv).read_to_string(&mut text).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns: HashMap<String, usize> =
        reader.headers().unwrap().iter().enumerate().map(|(place, name)| (name.to_owned(), place)).collect();
    let factors = [("PM2.5", "a34004"), ("PM10", "a34002"), ("SO2", "a21026"), ("NO2", "a21004"), ("O3", "a05024")];
    let mut packets = Vec::new();
    for record in reader.records() {
        let record = record.unwrap();
        let cell = |name: &str| record[columns[name]].to_owned();
        let number = |name: &str| cell(name).parse::<u32>().unwrap();
        let day = Day::from_civil(number("year") as i32, number("month"), number("day"));
        let mut values: Vec<(String, Statistic, String, Mark)> = factors
            .iter()
            .filter(|(column, _)| cell(column) != "NA")
            .map(|(column, factor)| ((*factor).to_owned(), Statistic::Average, cell(column), Mark::NORMAL))
            .collect();
        if cell("CO") != "NA" {
            // The file has µg/m³; a station sends mg/m³.
            let micro: i64 = cell("CO").parse::<f64>().unwrap() as i64;
            let milli = format!("{}.{:03}", micro / 1000, micro % 1000);
            values.push(("a21005".to_owned(), Statistic::Average, milli, Mark::NORMAL));
        }
        let at = day.hour(number("hour") as usize).start();
        packets.push(Packet { point: STATION, kind: 2061, at, values });
    }
    packets
}

/// A fixed shuffle with every seventh packet twice.
fn shuffled(packets: &[Packet], seed: u64) -> Vec<Packet> {
    let mut all: Vec<Packet> = packets.to_vec();
    all.extend(packets.iter().step_by(7).cloned());
    let mut state = seed;
    for place in (1..all.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        all.swap(place, (state >> 33) as usize % (place + 1));
    }
    all
}

fn number(value: &Value) -> Option<u16> {
    value.as_u64().map(|number| number as u16)
}

/// Compares every vector of the station; returns how many there were.
fn compare(bed: &Bed, vectors: &Value, air: &Air) -> usize {
    let division = bed.store.division();
    let rules_2026 = air.rules_of("2026").unwrap();
    let mut compared = 0;
    for vector in vectors["beijing_daily"].as_array().unwrap().iter().filter(|row| row["station"] == "Dongsi") {
        let date = vector["date"].as_str().unwrap();
        let day = Day::parse(date).unwrap();
        let verdicts = bed
            .store
            .read(|reader| {
                let number = i64::from(day.0);
                rows::between(reader, division, STATION, PeriodLevel::Day, number, number + 1)
            })
            .unwrap();
        let finding = &verdicts[0].finding;
        let wanted = &vector["2012"];
        assert_eq!(finding.standard, "HJ 633-2012", "{date}");
        assert_eq!(finding.index, number(&wanted["aqi_published"]), "{date}: {finding:?}");
        assert_eq!(finding.beside, number(&wanted["aqi_of_available"]), "{date}");
        let mut primary: Vec<&str> = finding
            .items
            .iter()
            .filter(|item| item.primary())
            .map(|item| match (air::pollutant(item.factor).unwrap().key(), item.stat) {
                ("O3", Stat::Mda8) => "O3_8H",
                ("O3", _) => "O3_1H",
                (other, _) => other,
            })
            .collect();
        let mut expected: Vec<&str> =
            wanted["primary"].as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect();
        primary.sort_unstable();
        expected.sort_unstable();
        assert_eq!(primary, expected, "{date}");
        for (key, hours) in vector["valid_hours"].as_object().unwrap() {
            let item = finding.items.iter().find(|item| {
                item.stat == Stat::Mean && air::pollutant(item.factor).is_some_and(|pollutant| pollutant.key() == key)
            });
            assert_eq!(item.map(|item| u64::from(item.count)), hours.as_u64(), "{date} {key}");
        }
        let recomputed = air::day_index(period::date(day), finding, Some(&rules_2026));
        assert_eq!(recomputed.aqi, number(&vector["2026"]["aqi_published"]), "{date} under 2026");
        compared += 1;
    }
    compared
}

#[test]
fn four_years_in_random_order_give_the_published_days_and_a_replay_changes_nothing() {
    let (Some(csv), Some(vectors)) =
        (shared("uci501_PRSA_Data_Dongsi_20130301-20170228.csv.gz"), shared("aqi_vectors.json"))
    else {
        eprintln!("skipped: the shared data are not here");
        return;
    };
    let vectors: Value = serde_json::from_slice(&vectors).unwrap();
    let air = Air::load(standards::Library::embedded().unwrap()).unwrap();
    let bed = Bed::new(110_101, vec![point(STATION, PointKind::AirStation)]);
    let packets = packets(&csv);
    let now = time("2017-03-02T00:00:00");
    let started = std::time::Instant::now();
    bed.commit(&shuffled(&packets, 1), now);
    let committed = started.elapsed();
    let worked = bed.judge.judge_due(now).unwrap();
    eprintln!("{} packets in {committed:?}, {worked:?} in {:?}", packets.len(), started.elapsed() - committed);
    assert!(compare(&bed, &vectors, &air) > 20);
    let counts = bed.counts();
    assert_eq!(counts.2, 0, "nothing was judged twice with different results");
    let events = bed.events("judge.verdict_changed").len();
    bed.commit(&shuffled(&packets, 2), now.plus(3_600_000));
    assert_eq!(bed.judge.judge_due(now.plus(3_600_000)).unwrap().judged, 0);
    assert!(compare(&bed, &vectors, &air) > 20);
    assert_eq!(bed.counts(), counts);
    assert_eq!(bed.events("judge.verdict_changed").len(), events);
    let started = std::time::Instant::now();
    let again = bed.judge.rejudge(&[STATION], Day::from_civil(2013, 3, 1), Day::from_civil(2017, 3, 1), now).unwrap();
    eprintln!("rejudged {again:?} in {:?}", started.elapsed());
    assert_eq!((again.changed, bed.counts()), (0, counts));
}
