//! The commands on small files: answers, and what bad input says.

use super::arguments::Arguments;
use super::{Outcome, air, air_year, noise, round, standards_reader};
use serde_json::Value;
use std::io::Write as _;
use std::sync::atomic::{AtomicU32, Ordering};

static FILES: AtomicU32 = AtomicU32::new(0);

/// Runs a command on a file of these lines.
pub(super) fn on_file(command: fn(&Arguments) -> Outcome, options: &str, lines: &str) -> Outcome {
    let name = format!("qingshan-judge-{}-{}.csv", std::process::id(), FILES.fetch_add(1, Ordering::Relaxed));
    let path = std::env::temp_dir().join(name);
    std::fs::File::create(&path).unwrap().write_all(lines.as_bytes()).unwrap();
    let mut args: Vec<String> = options.split_whitespace().map(str::to_owned).collect();
    args.push(path.display().to_string());
    let outcome = Arguments::parse(&args).and_then(|arguments| command(&arguments));
    std::fs::remove_file(path).unwrap();
    outcome
}

pub(super) fn answers(outcome: Outcome) -> Vec<Value> {
    outcome.unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The line and a part of the message of the first problem.
pub(super) fn refuses(outcome: Outcome, line: Option<u64>, part: &str) {
    let problems = outcome.unwrap_err();
    let problem = &problems[0];
    assert_eq!(problem.line, line, "{problem}");
    assert!(problem.message.contains(part), "{problem}");
    assert!(line.is_none() || problem.hint.is_some(), "{problem} gives no hint");
}

const HEADER: &str = "id,SO2,NO2,CO,PM10,PM25,O3\n";

fn aqi(options: &str, lines: &str) -> Outcome {
    on_file(air::aqi, options, lines)
}

#[test]
fn one_json_line_a_row() {
    let daily =
        aqi("--edition 2026 --report daily", &format!("{HEADER}a,10,30,0.8,120.5,60.5,90\nb,10,30,0.8,100,,90\n"));
    let lines = answers(daily);
    let expected = r#"{"id":"a","iaqi":{"SO2":10,"NO2":38,"CO":20,"PM10":100,"PM25":100,"O3":45},"aqi":100,"aqi_of_available":100,"level":2,"category":"良","primary":["PM10","PM25"],"missing":[]}"#;
    assert_eq!(lines[0].to_string(), expected);
    let expected = r#"{"id":"b","iaqi":{"SO2":10,"NO2":38,"CO":20,"PM10":86,"PM25":null,"O3":45},"aqi":null,"aqi_of_available":86,"level":null,"category":null,"primary":[],"missing":["PM25"]}"#;
    assert_eq!(lines[1].to_string(), expected);
}

#[test]
fn of_one_place_and_time_there_is_one_value() {
    let header = "id,time,SO2,NO2,CO,PM10,PM25,O3\n";
    let row = |id: &str, time: &str| format!("{id},{time},10,30,0.8,100,50,90\n");
    let hourly = |lines: &str| aqi("--edition 2026 --report hourly --recompute", &format!("{header}{lines}"));
    let at = "2026-06-01 10:00";
    assert_eq!(answers(hourly(&[row("a", at), row("b", at), row("a", "2026-06-01 11:00")].concat())).len(), 3);
    refuses(hourly(&[row("a", at), row("b", at), row("a", at)].concat()), Some(4), "line 2");
    let river = |lines: &str| on_file(super::water::water, "--body river", &format!("id,date,COD\n{lines}"));
    refuses(river("s,2026-06-01,10\ns,2026-06-01,40\n"), Some(3), "line 2");
    let wells = |lines: &str| on_file(super::groundwater::groundwater, "", &format!("id,date,CL\n{lines}"));
    refuses(wells("w,2026-06-01,10\nw,2026-06-01,900\n"), Some(3), "line 2");
    let flux = |options: &str, lines: &str| on_file(super::flux::flux, options, &format!("c,q\n{lines}"));
    refuses(flux("", "-1,2\n"), Some(2), "negative");
    refuses(flux("--alpha 2", "1,2\n"), None, "--alpha");
}

#[test]
fn the_2012_hourly_report_uses_rolling_means() {
    let lines = "id,SO2,NO2,CO,PM10,PM25,O3,O3_8H,SO2_24H,PM10_24H,PM25_24H\na,900,30,0.8,600,500,90,100,475,80,90\n";
    let answer = &answers(aqi("--edition 2012 --report hourly --explain", lines))[0];
    assert_eq!(
        (answer["aqi"].as_u64(), answer["iaqi"]["SO2"].as_u64(), answer["iaqi"]["PM25"].as_u64()),
        (Some(150), None, None)
    );
    assert_eq!(answer["primary"][0], "SO2_24H");
    let clauses: Vec<&str> =
        answer["steps"].as_array().unwrap().iter().map(|step| step["clause"].as_str().unwrap()).collect();
    assert!(clauses.contains(&"HJ 633-2012 表 1 注 2"), "{clauses:?}");
}

#[test]
fn bad_input_is_named_with_its_line() {
    let options = "--edition 2026 --report daily --today 2026-11-25";
    let with = |line: &str| format!("{HEADER}a,1,1,1,1,1,1\n{line}\n");
    refuses(aqi(options, "id,SO2,NO2,PM10,PM25,O3\na,1,2,3,4,5\n"), Some(1), "missing column: CO");
    refuses(aqi(options, &with("b,1,x,1,1,1,1")), Some(3), "`x`");
    refuses(aqi(options, &with("b,1,NaN,1,1,1,1")), Some(3), "`NaN`");
    refuses(aqi(options, &with("b,1,1,800,1,1,1")), Some(3), "CO = 800");
    refuses(aqi(options, &with("b,0.01,0.02,1,0.1,0.05,0.1")), Some(3), "mg/m³");
    refuses(aqi(options, &with("b,1,1,1,1,1")), Some(3), "6");
    refuses(aqi(options, "id,SO2,NO2,CO (ug/m3),PM10,PM25,O3\na,1,1,1,1,1,1\n"), Some(1), "ug/m3");
    refuses(aqi(options, HEADER), None, "no rows");
    refuses(aqi("--report daily", &with("b,1,1,1,1,1,1")), None, "--edition");
    refuses(aqi("--edition 2020 --report daily", &with("b,1,1,1,1,1,1")), None, "2020");
    refuses(aqi("--edition 2026 --report daily --explian 1", &with("b,1,1,1,1,1,1")), None, "explian");
    let dated = |date: &str| format!("date,{HEADER}{date},a,1,1,1,1,1,1\n");
    refuses(aqi(options, &dated("2026-11-26")), Some(2), "is after today");
    refuses(aqi(options, &dated("2026-02-28")), Some(2), "HJ 633-2012");
    assert!(aqi(&format!("{options} --recompute"), &dated("2026-02-28")).is_ok());
    // Windows line ends do not shift the lines.
    refuses(aqi(options, &with("b,1,x,1,1,1,1").replace('\n', "\r\n")), Some(3), "`x`");
}

#[test]
fn ozone_of_a_day_both_ways() {
    let hours: Vec<String> = (0..24).map(|hour| format!("2015-06-01 {hour:02}:00,{}", 10 * hour)).collect();
    let long = answers(on_file(air::mda8, "", &format!("time,O3\n{}\n", hours.join("\n"))));
    assert_eq!((long[0]["mda8"].as_str(), long[0]["windows_valid"].as_u64()), (Some("195"), Some(17)));
    // 195 is the mean of 160..230; half-even keeps it whole.
    let head: Vec<String> = (0..24).map(|hour| hour.to_string()).collect();
    let row: Vec<String> = (0..24).map(|hour| (10 * hour).to_string()).collect();
    let wide = answers(on_file(air::mda8, "", &format!("id,{}\nx,{}\n", head.join(","), row.join(","))));
    assert_eq!(wide[0]["mda8"], long[0]["mda8"]);
    let twice = format!("time,O3\n{}\n{}\n", hours.join("\n"), hours[3]);
    refuses(on_file(air::mda8, "", &twice), Some(26), "line 5");
}

#[test]
fn rounding_and_percentiles() {
    let run = |command: fn(&Arguments) -> Outcome, args: &str| {
        let args: Vec<String> = args.split_whitespace().map(str::to_owned).collect();
        Arguments::parse(&args).and_then(|arguments| command(&arguments))
    };
    assert_eq!(run(round::round, "--decimals 1 4.05 2.15 -2.25").unwrap(), "4.0\n2.2\n-2.2\n");
    assert_eq!(run(round::round, "--interval 0.5 60.38").unwrap(), "60.5\n");
    assert!(run(round::round, "--interval 0.3 60.38").is_err());
    assert_eq!(answers(run(air::percentile, "--p 95 0.4 0.9 1.1 1.3 2.0 2.4"))[0]["value"], "2.3");
    assert!(run(air::percentile, "--p 101 1 2").is_err());
}

#[test]
fn a_year_of_hours() {
    let mut lines = String::from("time,SO2,NO2,CO,PM10,PM25,O3\n");
    for day in 0..365 {
        let date = standards::Date::from_days_since_epoch(19_358 + day);
        for hour in 0..24 {
            lines.push_str(&format!("{date} {hour:02}:00,10,20,0.5,40,{},80\n", if day < 73 { 80 } else { 30 }));
        }
    }
    let year = &answers(on_file(air_year::air_year, "", &lines))[0];
    assert_eq!((year["year"].as_i64(), year["items"]["PM25"]["valid"].as_bool()), (Some(2023), Some(true)));
    assert_eq!(year["items"]["PM25"]["mean"], "40");
    assert_eq!(year["items"]["PM25"]["meets_grade_2"], false);
    assert_eq!(year["good_days"]["as_published"]["ratio_percent"], "80.0");
    let recompute = "--edition 2026-final";
    refuses(on_file(air_year::air_year, recompute, &lines), None, "GB 3095-2012");
    assert!(on_file(air_year::air_year, "--edition 2026-final --recompute", &lines).is_ok());
    let early = lines.replace("2023-", "2014-");
    refuses(on_file(air_year::air_year, "", &early), None, "2014");
}

#[test]
fn a_day_of_noise() {
    let lines: String =
        (0..24).map(|hour| format!("{hour},{}\n", if (6..22).contains(&hour) { 60.0 } else { 50.1 })).collect();
    let day = &answers(on_file(noise::noise, "--class 2", &format!("hour,level\n{lines}")))[0];
    assert_eq!((day["Ld"].as_f64(), day["Ln"].as_f64()), (Some(60.0), Some(50.1)));
    assert_eq!((day["day"]["complies"].as_bool(), day["night"]["complies"].as_bool()), (Some(true), Some(false)));
    refuses(on_file(noise::noise, "--class 9", "hour,level\n1,50\n"), None, "`9`");
    refuses(on_file(noise::noise, "", "hour,level\n1,500\n"), Some(2), "500");
    refuses(on_file(noise::noise, "", "hour,level\n1,50\n1,51\n"), Some(3), "line 2");
    // Levels of a day that the edition does not cover, and a day of which one hour is known.
    refuses(on_file(noise::noise, "", "time,level\n2001-05-01 10:00,50\n"), Some(2), "2001-05-01");
    let one = &answers(on_file(noise::noise, "--class 2", "hour,level\n10,50\n"))[0];
    assert!(one["warnings"][0].as_str().unwrap().contains("1/16"), "{one}");
    assert!(day["warnings"].is_null(), "{day}");
}

#[test]
fn every_standard_can_be_read() {
    let run = |command: fn(&Arguments) -> Outcome, args: &[&str]| {
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        Arguments::parse(&args).and_then(|arguments| command(&arguments))
    };
    let list = run(standards_reader::list, &[]).unwrap();
    assert!(list.contains("GB 3095-2026 (transition) [2026-03-01..2030-12-31 national]"));
    let shown = run(standards_reader::show, &["GB3095-2026"]).unwrap();
    assert!(shown.contains("| PM25 | day | 35 | 60 | ug/m3 |") && shown.contains("| PM25 | day | 25 | 50 | ug/m3 |"));
    assert!(run(standards_reader::show, &["GB 12523-2025"]).unwrap().contains("70(?)"));
    assert!(run(standards_reader::show, &["GB 1"]).is_err());
    let figures = run(standards_reader::unconfirmed, &["--json"]).unwrap();
    assert!(serde_json::from_str::<Value>(&figures).unwrap().as_array().unwrap().len() > 100);
}
