//! `judge noise`: minute or hour levels → Ld, Ln, Ldn, percent levels, compliance.

use super::Outcome;
use super::air::{hour_of, library, past_date, steps_json};
use super::arguments::Arguments;
use super::table::{Problem, Problems, Table};
use serde_json::{Map, Value, json};
use standards::decimal::round_float;
use standards::noise::{
    LevelsOfDay, NoiseLimits, PercentMethod, Period, PeriodRule, day_levels, percent_level, standard_deviation,
};
use standards::{Date, Decimal, Standard, Step};
use std::collections::BTreeMap;

/// Levels outside these are not sound levels in dB(A).
const PLAUSIBLE: std::ops::RangeInclusive<f64> = 0.0..=160.0;

/// (station, day) → (hour, level).
type Levels = BTreeMap<(String, Option<Date>), Vec<(u8, f64)>>;

/// `judge noise`: one JSON line a station and day.
pub fn noise(arguments: &Arguments) -> Outcome {
    arguments.only(&["class", "standard", "percent-method", "label"])?;
    let library = library(arguments)?;
    let code = arguments.option("standard").unwrap_or("GB 3096-2008");
    let standard = library
        .find(code)
        .last()
        .ok_or_else(|| vec![Problem::new(format!("没有标准 no standard {code}")).hint("qingshan standards list")])?;
    let limits = NoiseLimits::from_standard(standard).map_err(|error| vec![Problem::new(error.to_string())])?;
    let class = arguments.option("class");
    if let Some(class) = class.filter(|class| !limits.classes().contains(class)) {
        let message = format!("{code} 没有类别 has no class `{class}`");
        return Err(vec![Problem::new(message).hint(limits.classes().join(", "))]);
    }
    let method = match arguments.choice("percent-method", &["rank", "linear"], Some("rank"))? {
        "rank" => PercentMethod::Rank,
        _ => PercentMethod::Linear,
    };
    let mut output = String::new();
    for ((station, date), samples) in read_levels(arguments, standard)? {
        let day = day_levels(&samples, &limits.periods);
        let mut line = day_json(arguments, &station, date, &samples, &day, method, class.map(|class| (class, &limits)));
        let warnings = lacking(&samples, &limits.periods);
        if let (false, Some(object)) = (warnings.is_empty(), line.as_object_mut()) {
            object.insert("warnings".into(), json!(warnings));
        }
        output.push_str(&line.to_string());
        output.push('\n');
    }
    Ok(output)
}

/// A level of a few hours is no level of a day: whoever reads on is told.
fn lacking(samples: &[(u8, f64)], periods: &PeriodRule) -> Vec<String> {
    let of = |night: bool| {
        let hours: std::collections::BTreeSet<u8> =
            samples.iter().map(|(hour, _)| *hour).filter(|hour| periods.is_night(*hour) == night).collect();
        let whole = (0..24).filter(|hour| periods.is_night(*hour) == night).count();
        (hours.len(), whole)
    };
    let words = [(false, "昼间", "day"), (true, "夜间", "night")].map(|(night, zh, en)| {
        let (have, whole) = of(night);
        (have < whole)
            .then(|| format!("{zh}只有 {have}/{whole} 小时有数据 only {have} of {whole} {en} hours have data"))
    });
    words.into_iter().flatten().collect()
}

fn read_levels(arguments: &Arguments, standard: &Standard) -> Result<Levels, Vec<Problem>> {
    let table = Table::read(arguments)?;
    let level = table.required(&[&["level", "leq", "L", "声级"]])?[0];
    let time = table.column(&["time", "时间"]);
    let hour = table.column(&["hour", "小时"]);
    if time.is_none() && hour.is_none() {
        return table.required(&[&["time"]]).map(|_| Levels::new());
    }
    let station = table.column(&["station", "id"]);
    let (today, labels_end) =
        (arguments.today()?, arguments.choice("label", &["start", "end"], Some("start"))? == "end");
    let mut problems = Problems::default();
    let mut levels = Levels::new();
    let mut seen = BTreeMap::new();
    for row in &table.rows {
        let label = table.text(row, time.or(hour).unwrap_or_default());
        let at = match time {
            Some(_) => hour_of(label, row.line, labels_end).map(|(date, hour)| (Some(date), hour)),
            None => label
                .parse::<usize>()
                .ok()
                .filter(|hour| *hour < 24)
                .map(|hour| (None, hour))
                .ok_or_else(|| Problem::at(row.line, format!("`{label}` 不是小时 is not an hour"), "0～23")),
        };
        let Some((date, hour)) = problems.keep(at) else { continue };
        if let Some(date) = date {
            problems.keep(past_date(date, today, row.line));
            if !standard.effects.iter().any(|effect| effect.covers("", date).is_some()) {
                let message = format!("{date} 不在 {} 的施行期 is not within the time of it", standard.code);
                problems.push(Problem::at(row.line, message, format!("施行 in force {}", standard.coverage())));
            }
        }
        let name = station.map_or_else(String::new, |at| table.text(row, at).to_owned());
        if let Some(first) = seen.insert((name.clone(), label.to_owned()), row.line) {
            problems.push(Problem::at(
                row.line,
                format!("与第 {first} 行时间相同 has the same time as line {first}"),
                "每个时刻只留一行 keep one line a time",
            ));
        }
        let Some(Some(value)) = problems.keep(table.decimal(row, level)) else { continue };
        let value: f64 = value.to_string().parse().unwrap_or(f64::NAN);
        if !PLAUSIBLE.contains(&value) {
            problems.push(Problem::at(
                row.line,
                format!("声级 level {value}"),
                "应为 0～160 dB(A) should be 0–160 dB(A)",
            ));
            continue;
        }
        levels.entry((name, date)).or_default().push((hour as u8, value));
    }
    problems.finish()?;
    Ok(levels)
}

fn day_json(
    arguments: &Arguments,
    station: &str,
    date: Option<Date>,
    samples: &[(u8, f64)],
    day: &LevelsOfDay,
    method: PercentMethod,
    judged: Option<(&str, &NoiseLimits)>,
) -> Value {
    let all: Vec<f64> = samples.iter().map(|(_, level)| *level).collect();
    let [ld, ln, ldn] = day.rounded();
    let mut statistics = Map::new();
    for percent in [5, 10, 50, 90, 95] {
        let level = percent_level(&all, percent, method).map(|level| round_float(level, 1));
        statistics.insert(format!("L{percent}"), json!(level));
    }
    let largest = all.iter().copied().max_by(f64::total_cmp);
    let smallest = all.iter().copied().min_by(f64::total_cmp);
    statistics.insert("Lmax".into(), json!(largest));
    statistics.insert("Lmin".into(), json!(smallest));
    statistics.insert("SD".into(), json!(standard_deviation(&all).map(|deviation| round_float(deviation, 1))));
    let mut line = json!({
        "station": station,
        "date": date,
        "Ld": ld, "Ln": ln, "Ldn": ldn,
        "day_samples": day.day_samples,
        "night_samples": day.night_samples,
        "levels": statistics,
    });
    let mut steps = day.steps.clone();
    if let (Some((class, limits)), Some(object)) = (judged, line.as_object_mut()) {
        object.insert("class".into(), json!(class));
        object.insert("standard".into(), json!(limits.standard));
        for (period, level) in [(Period::Day, day.ld), (Period::Night, day.ln)] {
            object.insert(period.key().to_owned(), check_json(limits, class, period, level, &mut steps));
        }
    }
    if arguments.flag("explain")
        && let Some(object) = line.as_object_mut()
    {
        object.insert("steps".into(), steps_json(&steps));
    }
    line
}

fn check_json(limits: &NoiseLimits, class: &str, period: Period, level: Option<f64>, steps: &mut Vec<Step>) -> Value {
    let Some(level) = level.and_then(|level| format!("{level:.6}").parse::<Decimal>().ok()) else { return Value::Null };
    match limits.check(class, period, level) {
        Ok(check) => {
            steps.push(check.step.clone());
            json!({"value": check.value, "limit": check.limit, "complies": check.complies})
        }
        Err(error) => json!({"value": null, "limit": null, "complies": null, "note": error.text()}),
    }
}
