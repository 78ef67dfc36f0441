//! False alarms of the checks on honest stations: four real years of two stations of the national network
//! (`../shared/data/air`, when it is there). What is pointed at must be rare where nobody cheats.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use judge::suspicion;
use kernel::Day;

type Columns = BTreeMap<String, Vec<(i64, f64)>>;

/// The six pollutants of a station by factor code: `No,year,month,day,hour,PM2.5,PM10,SO2,NO2,CO,O3,…`.
fn station(name: &str) -> Option<Columns> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/air");
    let file = std::fs::File::open(root.join(format!("uci501_PRSA_Data_{name}_20130301-20170228.csv.gz"))).ok()?;
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    let mut columns = Columns::new();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').map(|cell| cell.trim_matches('"')).collect();
        let number = |place: usize| cells[place].parse::<u32>().unwrap();
        let hour = Day::from_civil(number(1) as i32, number(2), number(3)).hour(0).0 + i64::from(number(4));
        for (place, factor) in ["a34004", "a34002", "a21026", "a21004", "a21005", "a05024"].iter().enumerate() {
            if let Ok(value) = cells[5 + place].parse::<f64>() {
                columns.entry((*factor).to_owned()).or_default().push((hour, value));
            }
        }
    }
    Some(columns)
}

#[test]
fn honest_stations_show_no_calibration() {
    for name in ["Dongsi", "Huairou"] {
        let Some(columns) = station(name) else { return };
        for (factor, series) in &columns {
            let first = series[0].0;
            let quarters = series.chunk_by(|left, right| (left.0 - first) / 2190 == (right.0 - first) / 2190);
            let alarms: usize = quarters.map(|quarter| suspicion::calibration_pattern(factor, quarter).len()).sum();
            assert_eq!(alarms, 0, "{name} {factor}");
        }
    }
}

/// At most one alarm a point, factor and quarter, as `docs/architecture.md` asks; by quarters, as they are looked at.
#[test]
fn honest_stations_leave_each_other_less_than_once_a_quarter() {
    let (Some(one), Some(other)) = (station("Dongsi"), station("Huairou")) else { return };
    for (factor, series) in &one {
        let neighbour = &other[factor];
        let first = series[0].0;
        let quarters = series.chunk_by(|left, right| (left.0 - first) / 2190 == (right.0 - first) / 2190);
        let (mut alarms, mut count) = (0, 0);
        for quarter in quarters {
            let (start, end) = (quarter[0].0, quarter[quarter.len() - 1].0);
            let beside: Vec<(i64, f64)> =
                neighbour.iter().copied().filter(|(hour, _)| (start..=end).contains(hour)).collect();
            alarms += suspicion::leaves_median(factor, quarter, &[beside]).len();
            count += 1;
        }
        println!("{factor}: {alarms} alarms in {count} quarters");
        assert!(alarms <= count, "{factor}: {alarms} alarms in {count} quarters");
    }
}
