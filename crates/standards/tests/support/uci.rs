//! Reads the UCI Beijing multi-site files (id 501): hour `h` is the mean of h..h+1, CO is in µg/m³.
#![allow(dead_code)]

use flate2::read::GzDecoder;
use rust_decimal::Decimal;
use standards::air::{HourValues, Pollutant, ug_to_mg};
use standards::{Date, statistics};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

pub struct Row {
    pub date: Date,
    pub hour: usize,
    pub values: HourValues,
    pub wind: Option<usize>,
    pub speed: Option<f64>,
}

pub fn read(path: &Path) -> Vec<Row> {
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').map(|field| field.trim_matches('"')).collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let column = |name: &str| header.iter().position(|field| *field == name).unwrap();
    let pollutants = Pollutant::ALL.map(|pollutant| (pollutant, column(pollutant.label())));
    let [year, month, day, hour, wd, speed] = ["year", "month", "day", "hour", "wd", "WSPM"].map(column);
    lines
        .map(|fields| {
            let mut values = HourValues::default();
            for (pollutant, at) in pollutants {
                let value = (fields[at] != "NA").then(|| fields[at].parse::<Decimal>().unwrap());
                values.set(pollutant, if pollutant == Pollutant::Co { value.map(ug_to_mg) } else { value });
            }
            Row {
                date: Date::new(
                    fields[year].parse().unwrap(),
                    fields[month].parse().unwrap(),
                    fields[day].parse().unwrap(),
                )
                .unwrap(),
                hour: fields[hour].parse().unwrap(),
                values,
                wind: statistics::SECTORS.iter().position(|sector| *sector == fields[wd]),
                speed: fields[speed].parse().ok(),
            }
        })
        .collect()
}

pub fn by_day(rows: &[Row]) -> BTreeMap<Date, [Option<HourValues>; 24]> {
    let mut days: BTreeMap<Date, [Option<HourValues>; 24]> = BTreeMap::new();
    for row in rows {
        days.entry(row.date).or_insert([None; 24])[row.hour] = Some(row.values);
    }
    days
}
