//! `judge air-year`: hours in, the statistics of each year out, with validity and both views of good days.

use super::Outcome;
use super::air::{duplicated_hour, hour_of, load_air, past_date, pollutant_columns, steps_json};
use super::arguments::Arguments;
use super::plausible::{check_co_column, check_header_units, check_row};
use super::table::{Problem, Problems, Row, Table, read_text};
use serde_json::{Map, Value, json};
use standards::air::{
    Air, AirLimits, Averaging, DailyValue, DayCount, DayCountRules, DayFromHours, DayIndex, Dust, Grade, HourValues,
    Method, PeriodStatistics, Pollutant, assess_year, count_days, daily_aqi, day_from_hours, ug_to_mg,
};
use standards::decimal::round_half_even;
use standards::{Date, Decimal};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

type Days = BTreeMap<Date, [Option<HourValues>; 24]>;

/// The standards chosen for one year.
struct Chosen {
    limits: Arc<AirLimits>,
    method: Arc<Method>,
}

/// `judge air-year`: one JSON line a station and year.
pub fn air_year(arguments: &Arguments) -> Outcome {
    arguments.only(&["edition", "area", "recompute", "label", "co-unit", "dust"])?;
    let air = load_air(arguments)?;
    let stations = read_hours(arguments)?;
    let dust = dust_days(arguments)?;
    let mut output = String::new();
    for (station, days) in stations {
        let years: BTreeSet<i16> = days.keys().map(|date| date.year()).collect();
        for year in years {
            let chosen = choose(arguments, &air, year)?;
            let line = year_json(arguments, &air, &station, year, &days, &chosen, dust.as_ref())?;
            output.push_str(&line.to_string());
            output.push('\n');
        }
    }
    Ok(output)
}

/// The edition in force at the end of the year in `--area`, or the one given by `--edition`, which must cover the year
/// unless `--recompute` says that it is meant.
fn choose(arguments: &Arguments, air: &Air, year: i16) -> Result<Chosen, Vec<Problem>> {
    let area = arguments.option("area").unwrap_or_default();
    let edition =
        arguments.choice("edition", &["in-force", "2012", "2026-transition", "2026-final"], Some("in-force"))?;
    let named =
        |error: standards::NotCovered| {
            vec![Problem::new(format!("{year}: {} / {}", error.text().zh, error.text().en)).hint(
                "用 --area 给出区划代码，或用 --edition … --recompute 回算 give --area, or --edition … --recompute",
            )]
        };
    let last = Date::new(year, 12, 31).ok_or_else(|| vec![Problem::new(format!("年份 year {year}"))])?;
    if edition == "in-force" {
        return Ok(Chosen {
            limits: air.limits(area, last).map_err(named)?,
            method: air.method(area, last).map_err(named)?,
        });
    }
    if !arguments.flag("recompute") {
        let covering = air.limits(area, last).map_err(named)?;
        if covering.edition != edition {
            return Err(vec![
                Problem::new(format!(
                    "{year} 年末施行的是 in force at the end of {year} is {} {}",
                    covering.standard, covering.edition
                ))
                .hint("用 --recompute 表明按此版回算 say --recompute to recompute under another edition"),
            ]);
        }
    }
    let limits = air.limits_of(edition).map_err(named)?;
    let method = air.method_of(if edition == "2012" { "2013" } else { "2026" }).map_err(named)?;
    Ok(Chosen { limits, method })
}

fn read_hours(arguments: &Arguments) -> Result<BTreeMap<String, Days>, Vec<Problem>> {
    let table = Table::read(arguments)?;
    let columns = pollutant_columns(&table)?;
    let time = TimeColumns::find(&table)?;
    let station = table.column(&["station", "id"]);
    let micrograms = arguments.choice("co-unit", &["mg", "ug"], Some("mg"))? == "ug";
    let (today, labels_end) =
        (arguments.today()?, arguments.choice("label", &["start", "end"], Some("start"))? == "end");
    let mut problems = Problems::default();
    if !micrograms {
        check_header_units(&table, &columns, &mut problems);
    }
    let mut stations: BTreeMap<String, Days> = BTreeMap::new();
    let mut seen = BTreeMap::new();
    let mut co = Vec::new();
    for row in &table.rows {
        let Some((date, hour)) = problems.keep(time.of(&table, row, labels_end)) else { continue };
        problems.keep(past_date(date, today, row.line));
        let name = station.map_or_else(String::new, |at| table.text(row, at).to_owned());
        if let Some(first) = seen.insert((name.clone(), date, hour), row.line) {
            problems.push(duplicated_hour(row.line, first));
        }
        let mut values = HourValues::default();
        for (pollutant, at) in &columns {
            let value = problems.keep(table.decimal(row, *at)).flatten();
            values.set(*pollutant, if micrograms && *pollutant == Pollutant::Co { value.map(ug_to_mg) } else { value });
        }
        check_row(row.line, &Pollutant::ALL.map(|pollutant| (pollutant, values.get(pollutant))), &mut problems);
        co.extend(values.co);
        stations.entry(name).or_default().entry(date).or_insert([None; 24])[hour] = Some(values);
    }
    check_co_column(&mut co, &mut problems);
    problems.finish()?;
    Ok(stations)
}

/// One `time` column, or `year, month, day, hour`.
enum TimeColumns {
    One(usize),
    Four([usize; 4]),
}

impl TimeColumns {
    fn find(table: &Table) -> Result<Self, Vec<Problem>> {
        let parts = ["year", "month", "day", "hour"].map(|name| table.column(&[name]));
        match (table.column(&["time", "时间"]), parts) {
            (Some(at), _) => Ok(Self::One(at)),
            (None, [Some(year), Some(month), Some(day), Some(hour)]) => Ok(Self::Four([year, month, day, hour])),
            _ => table.required(&[&["time"]]).map(|_| Self::One(0)),
        }
    }

    fn of(&self, table: &Table, row: &Row, labels_end: bool) -> Result<(Date, usize), Problem> {
        match self {
            Self::One(at) => hour_of(table.text(row, *at), row.line, labels_end),
            Self::Four([year, month, day, hour]) => {
                let [year, month, day, hour] = [year, month, day, hour].map(|at| table.text(row, *at));
                hour_of(&format!("{year}-{month}-{day} {hour}:00"), row.line, labels_end)
            }
        }
    }
}

/// `--dust FILE`: dates of dust days, one a line.
fn dust_days(arguments: &Arguments) -> Result<Option<BTreeSet<Date>>, Vec<Problem>> {
    let Some(file) = arguments.option("dust") else { return Ok(None) };
    let mut problems = Problems::default();
    let mut days = BTreeSet::new();
    for (at, line) in read_text(file)?.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match line.parse() {
            Ok(date) => {
                days.insert(date);
            }
            Err(_) => problems.push(Problem::at(
                at as u64 + 1,
                format!("`{line}` 不是日期 is not a date"),
                "写作 write 2021-03-15",
            )),
        }
    }
    problems.finish()?;
    Ok(Some(days))
}

fn year_json(
    arguments: &Arguments,
    air: &Air,
    station: &str,
    year: i16,
    days: &Days,
    chosen: &Chosen,
    dust: Option<&BTreeSet<Date>>,
) -> Result<Value, Vec<Problem>> {
    let of_year: BTreeMap<Date, DayFromHours> = days
        .iter()
        .filter(|(date, _)| date.year() == year)
        .map(|(date, hours)| (*date, day_from_hours(hours, &chosen.limits, &chosen.method)))
        .collect();
    let daily: Vec<DailyValue> =
        of_year.iter().map(|(date, day)| DailyValue { date: *date, values: daily_values(day) }).collect();
    let switch = dust.map_or(Dust::Keep, Dust::LeaveOut);
    let period = assess_year(year, &daily, &chosen.limits.validity, &chosen.method, switch);
    let mut line = json!({
        "station": station,
        "year": year,
        "limits": format!("{} {}", chosen.limits.standard, chosen.limits.edition),
        "method": chosen.method.standard,
        "items": items_json(&period, chosen),
        "good_days": good_days(arguments, air, &of_year, chosen)?,
    });
    let Some(object) = line.as_object_mut() else { return Ok(line) };
    match chosen.method.composite_index(&period) {
        Ok(index) => {
            let value = index.map(
                |index| json!({"value": index.printed(), "exact": index.value.round_dp(6), "largest": index.largest}),
            );
            object.insert("composite_index".into(), json!(value));
        }
        Err(error) => {
            object.insert("composite_index".into(), Value::Null);
            object.insert("composite_index_note".into(), json!(error.text()));
        }
    }
    if arguments.flag("explain") {
        object.insert("steps".into(), steps_json(&period.steps));
    }
    Ok(line)
}

fn daily_values(day: &DayFromHours) -> [Option<Decimal>; 6] {
    Pollutant::ALL.map(|pollutant| {
        day.items.iter().find(|item| item.pollutant == pollutant).and_then(|item| item.value.filter(|_| item.valid))
    })
}

fn items_json(period: &PeriodStatistics, chosen: &Chosen) -> Value {
    let mut items = Map::new();
    for item in &period.items {
        let pollutant = item.pollutant;
        let annual = if chosen.method.annual_mean[pollutant.index()] { item.mean } else { None };
        let mean_check = annual.and_then(|mean| chosen.limits.check(pollutant, Averaging::Year, Grade::II, mean));
        let averaging = if pollutant == Pollutant::O3 { Averaging::EightHours } else { Averaging::Day };
        let percentile_check =
            item.percentile.and_then(|value| chosen.limits.check(pollutant, averaging, Grade::II, value));
        // Judged only on a valid year; a pollutant meets the standard when each of its items does.
        let checks = [mean_check.as_ref(), percentile_check.as_ref()];
        let meets = item.valid.then(|| checks.into_iter().flatten().all(|check| !check.exceeds));
        let show = |value: Option<Decimal>| value.map(|value| value.round_dp(6).normalize());
        items.insert(
            pollutant.key().to_owned(),
            json!({
                "valid_days": item.valid_days,
                "min_month_days": item.min_month_days,
                "valid": item.valid,
                "reason": item.reason,
                "mean": show(item.mean),
                "mean_rounded": item.mean.map(|mean| rounded(pollutant, mean)),
                "percentile_rank": item.percentile_rank,
                "percentile": show(item.percentile),
                "percentile_rounded": item.percentile.map(|value| rounded(pollutant, value)),
                "mean_limit": mean_check.as_ref().map(|check| check.limit),
                "percentile_limit": percentile_check.as_ref().map(|check| check.limit),
                "meets_grade_2": meets,
            }),
        );
    }
    Value::Object(items)
}

fn rounded(pollutant: Pollutant, value: Decimal) -> Decimal {
    round_half_even(value, if pollutant == Pollutant::Co { 1 } else { 0 })
}

/// Good days as published (each day under the edition then in force) and recomputed under each edition.
fn good_days(
    arguments: &Arguments,
    air: &Air,
    days: &BTreeMap<Date, DayFromHours>,
    chosen: &Chosen,
) -> Result<Value, Vec<Problem>> {
    let area = arguments.option("area").unwrap_or_default();
    let rules = DayCountRules::from(&*chosen.method);
    let named = |error: standards::NotCovered| vec![Problem::new(error.to_string())];
    let mut views = Map::new();
    for edition in ["2012", "2026"] {
        let edition_rules = air.rules_of(edition).map_err(named)?;
        let indices: Vec<DayIndex> =
            days.iter().map(|(date, day)| DayIndex::new(*date, &daily_aqi(&edition_rules, &day.input))).collect();
        views.insert(format!("recomputed_{edition}"), count_json(&count_days(&indices, &edition_rules, &rules)));
    }
    let published: Option<Vec<_>> = days
        .iter()
        .map(|(date, day)| {
            air.rules(area, *date).ok().map(|rules| (DayIndex::new(*date, &daily_aqi(&rules, &day.input)), rules))
        })
        .collect();
    let as_published = published.as_ref().and_then(|days| {
        let (_, last) = days.last()?;
        Some(count_json(&count_days(days.iter().map(|(day, _)| day), last, &rules)))
    });
    views.insert("as_published".into(), as_published.unwrap_or(Value::Null));
    Ok(Value::Object(views))
}

fn count_json(count: &DayCount) -> Value {
    json!({
        "valid_days": count.valid_days,
        "good_days": count.good_days,
        "ratio_percent": count.good_ratio,
        "heavy_days": count.heavy_days,
        "days_by_level": count.by_level,
    })
}
