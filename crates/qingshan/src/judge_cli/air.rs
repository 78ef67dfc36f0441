//! `judge aqi`, `mda8`, `percentile`.

use super::Outcome;
use super::arguments::Arguments;
use super::plausible::{check_co_column, check_header_units, check_row};
use super::table::{Problem, Problems, Row, Table, parse_time, read_text};
use serde_json::{Map, Value, json};
use standards::air::{Air, AqiResult, AqiRules, Averaging, Grade, Item, ItemValues, Pollutant, Report, percentile_of};
use standards::decimal::round_half_even;
use standards::{Date, Decimal, Library, Step};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The shipped standards, or those of a folder (`--standards`).
pub fn library(arguments: &Arguments) -> Result<Arc<Library>, Vec<Problem>> {
    let loaded = match arguments.option("standards") {
        Some(folder) => Library::from_folder(Path::new(folder)).map(Arc::new),
        None => Library::embedded(),
    };
    loaded.map_err(|error| vec![Problem::new(error.to_string())])
}

/// Every air standard.
pub fn load_air(arguments: &Arguments) -> Result<Air, Vec<Problem>> {
    Air::load(library(arguments)?).map_err(|error| vec![Problem::new(error.to_string())])
}

/// Steps as JSON.
pub fn steps_json(steps: &[Step]) -> Value {
    steps.iter().map(|step| json!({"zh": step.text.zh, "en": step.text.en, "clause": step.clause})).collect()
}

/// The six pollutant columns with their positions.
pub fn pollutant_columns(table: &Table) -> Result<Vec<(Pollutant, usize)>, Vec<Problem>> {
    let positions = table.required(&[&["SO2"], &["NO2"], &["CO"], &["PM10"], &["PM25", "PM2.5", "PM2_5"], &["O3"]])?;
    Ok(Pollutant::ALL.into_iter().zip(positions).collect())
}

/// The date of a row, refused when it has not come yet.
pub fn past_date(date: Date, today: Date, line: u64) -> Result<Date, Problem> {
    if date > today {
        return Err(Problem::at(
            line,
            format!("{date} 晚于今天 {today} is after today"),
            "不能判定未来的数据 future data cannot be judged",
        ));
    }
    Ok(date)
}

/// A column of the index commands.
struct IndexColumn {
    name: String,
    item: Item,
    at: usize,
}

/// The name that input and output use for an item.
fn column_name(report: Report, item: Item) -> String {
    let key = item.key();
    let plain = match report {
        Report::Daily if item == Item::O3EightHours => Some("O3"),
        Report::Daily => key.strip_suffix("_24H"),
        Report::Hourly => key.strip_suffix("_1H"),
    };
    // The 2012 hourly report rates PM by its 24-hour mean: that keeps its full name beside the 1-hour concentration.
    plain.unwrap_or(key).to_owned()
}

fn index_columns(table: &Table, report: Report) -> Result<Vec<IndexColumn>, Vec<Problem>> {
    pollutant_columns(table)?;
    let mut columns = Vec::new();
    for item in Item::ALL {
        let name = column_name(report, item);
        let mut names = vec![name.as_str()];
        if name == "PM25" {
            names.extend(["PM2.5", "PM2_5"]);
        }
        if let Some(at) = table.column(&names) {
            columns.push(IndexColumn { name, item, at });
        }
    }
    // Answers list the items as the file does.
    columns.sort_by_key(|column| column.at);
    Ok(columns)
}

/// `judge aqi`: one JSON line a row.
pub fn aqi(arguments: &Arguments) -> Outcome {
    arguments.only(&["edition", "report", "area", "recompute", "not-monitored"])?;
    let edition = arguments.choice("edition", &["2012", "2026"], None)?;
    let report = match arguments.choice("report", &["daily", "hourly"], None)? {
        "daily" => Report::Daily,
        _ => Report::Hourly,
    };
    let air = load_air(arguments)?;
    let rules = air.rules_of(edition).map_err(|error| vec![Problem::new(error.to_string())])?;
    let table = Table::read(arguments)?;
    let id = table.required(&[&["id"]])?;
    let columns = index_columns(&table, report)?;
    let mut problems = Problems::default();
    check_header_units(
        &table,
        &columns.iter().map(|column| (column.item.pollutant(), column.at)).collect::<Vec<_>>(),
        &mut problems,
    );
    table.refuse_repeated(&mut problems);
    let not_monitored = not_monitored(arguments)?;
    let mut rows = Vec::with_capacity(table.rows.len());
    let mut co = Vec::new();
    for row in &table.rows {
        let mut values = ItemValues { not_monitored: not_monitored.clone(), ..ItemValues::default() };
        for column in &columns {
            values.set(column.item, problems.keep(table.decimal(row, column.at)).flatten());
        }
        let shown: Vec<_> = columns.iter().map(|column| (column.item.pollutant(), values.get(column.item))).collect();
        check_row(row.line, &shown, &mut problems);
        co.extend(shown.iter().filter(|(pollutant, _)| *pollutant == Pollutant::Co).filter_map(|(_, value)| *value));
        check_edition(arguments, &air, &table, row, edition, &mut problems)?;
        rows.push((table.text(row, id[0]).to_owned(), values));
    }
    check_co_column(&mut co, &mut problems);
    problems.finish()?;
    let mut output = String::new();
    for (id, values) in rows {
        let result = rules.evaluate(report, &values);
        output.push_str(&aqi_json(&id, &rules, &columns, &values, &result, arguments.flag("explain")).to_string());
        output.push('\n');
    }
    Ok(output)
}

fn not_monitored(arguments: &Arguments) -> Result<Vec<Pollutant>, Vec<Problem>> {
    let list = arguments.option("not-monitored").unwrap_or_default();
    list.split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(|name| {
            Pollutant::ALL
                .into_iter()
                .find(|pollutant| pollutant.key() == name || pollutant.label() == name)
                .ok_or_else(|| {
                    vec![Problem::new(format!("--not-monitored: `{name}` 不是六项污染物之一 is not one of the six"))]
                })
        })
        .collect()
}

/// With a `date` or `time` column, the edition must cover that day (`--recompute` says that it is meant).
fn check_edition(
    arguments: &Arguments,
    air: &Air,
    table: &Table,
    row: &Row,
    edition: &str,
    problems: &mut Problems,
) -> Result<(), Vec<Problem>> {
    let Some(at) = table.column(&["date", "time", "日期", "时间"]) else { return Ok(()) };
    let today = arguments.today()?;
    let Some((date, _)) = problems.keep(parse_time(table.text(row, at), row.line)) else { return Ok(()) };
    problems.keep(past_date(date, today, row.line));
    if arguments.flag("recompute") {
        return Ok(());
    }
    let covering = air.rules(arguments.option("area").unwrap_or_default(), date);
    let wrong = match &covering {
        Ok(rules) if rules.edition == edition => return Ok(()),
        Ok(rules) => format!("{date} 施行的是 in force is {}，不是 not {edition}", rules.standard),
        Err(error) => error.text().zh + " / " + &error.text().en,
    };
    problems.push(Problem::at(
        row.line,
        wrong,
        "换 --edition，或用 --area 给出区划代码，或用 --recompute 表明按此版回算 use the other --edition, give --area, or say --recompute",
    ));
    Ok(())
}

fn aqi_json(
    id: &str,
    rules: &AqiRules,
    columns: &[IndexColumn],
    values: &ItemValues,
    result: &AqiResult,
    explain: bool,
) -> Value {
    let report = result.report;
    let names = |items: &[Item]| -> Vec<String> { items.iter().map(|item| column_name(report, *item)).collect() };
    let mut iaqi = Map::new();
    for column in columns {
        // Every column given has its index beside it, also those that do not enter the AQI of this report.
        let index = values.get(column.item).and_then(|value| rules.iaqi(column.item, value));
        iaqi.insert(column.name.clone(), json!(index));
    }
    let mut line = json!({
        "id": id,
        "iaqi": iaqi,
        "aqi": result.aqi,
        "aqi_of_available": result.aqi_of_available,
        "level": result.level.as_ref().map(|level| level.level),
        "category": result.level.as_ref().map(|level| &level.category.zh),
        "primary": names(&result.primary),
        "missing": names(&result.missing),
    });
    if explain && let Some(object) = line.as_object_mut() {
        object.insert("edition".into(), json!(result.standard));
        object.insert("exceeding".into(), json!(names(&result.exceeding)));
        object.insert("steps".into(), steps_json(&result.steps));
        object.insert("notes".into(), json!(result.notes));
    }
    line
}

/// `judge mda8`: `time,O3` (optional `id`), or `id,0,1,…,23`; one JSON line a day.
pub fn mda8(arguments: &Arguments) -> Outcome {
    arguments.only(&["limit", "label", "method"])?;
    let air = load_air(arguments)?;
    let named = |error: standards::NotCovered| vec![Problem::new(error.to_string())];
    let method = air.method_of(arguments.choice("method", &["2013", "2026"], Some("2026"))?).map_err(named)?;
    let limits = air.limits_of("2026-transition").map_err(named)?;
    let own_limit: Option<Decimal> = arguments.number("limit")?;
    let limit = own_limit.or(limits.limit(Pollutant::O3, Averaging::EightHours, Grade::II)).unwrap_or(Decimal::MAX);
    let table = Table::read(arguments)?;
    let days =
        if table.column(&["0", "h0", "H0"]).is_some() { wide_days(&table)? } else { long_days(arguments, &table)? };
    let mut output = String::new();
    for ((id, date), hours) in days {
        let result = standards::air::mda8(&hours, &limits.validity, &method, limit);
        let mut line = json!({
            "id": id,
            "date": date,
            "mda8": result.value().map(|value| round_half_even(value, 0)),
            "mda8_raw": result.max.map(|max| max.round_dp(6).normalize()),
            "windows_valid": result.valid_windows,
            "end_hour": result.end_hour,
            "valid": result.valid,
        });
        if arguments.flag("explain")
            && let Some(object) = line.as_object_mut()
        {
            object.insert("steps".into(), steps_json(&result.steps));
        }
        output.push_str(&line.to_string());
        output.push('\n');
    }
    Ok(output)
}

type OzoneDays = BTreeMap<(String, Option<Date>), [Option<Decimal>; 24]>;

fn wide_days(table: &Table) -> Result<OzoneDays, Vec<Problem>> {
    let names: Vec<[String; 3]> =
        (0..24).map(|hour| [hour.to_string(), format!("h{hour}"), format!("h{hour:02}")]).collect();
    let names: Vec<Vec<&str>> = names.iter().map(|names| names.iter().map(String::as_str).collect()).collect();
    let columns = table.required(&names.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
    let id = table.column(&["id"]);
    let mut problems = Problems::default();
    let mut days = OzoneDays::new();
    for row in &table.rows {
        let name = id.map_or_else(|| row.line.to_string(), |id| table.text(row, id).to_owned());
        let mut hours = [None; 24];
        for (hour, column) in hours.iter_mut().zip(&columns) {
            *hour = problems.keep(table.decimal(row, *column)).flatten();
        }
        if days.insert((name.clone(), None), hours).is_some() {
            problems.push(Problem::at(row.line, format!("id `{name}` 重复 appears twice"), "每行一天 one day a line"));
        }
    }
    problems.finish()?;
    Ok(days)
}

fn long_days(arguments: &Arguments, table: &Table) -> Result<OzoneDays, Vec<Problem>> {
    let columns = table.required(&[&["time", "时间"], &["O3"]])?;
    let id = table.column(&["id", "station"]);
    let (today, labels_end) =
        (arguments.today()?, arguments.choice("label", &["start", "end"], Some("start"))? == "end");
    let mut problems = Problems::default();
    let mut days = OzoneDays::new();
    let mut seen = BTreeMap::new();
    for row in &table.rows {
        let Some((date, hour)) = problems.keep(hour_of(table.text(row, columns[0]), row.line, labels_end)) else {
            continue;
        };
        problems.keep(past_date(date, today, row.line));
        let name = id.map_or_else(String::new, |id| table.text(row, id).to_owned());
        if let Some(first) = seen.insert((name.clone(), date, hour), row.line) {
            problems.push(duplicated_hour(row.line, first));
        }
        let value = problems.keep(table.decimal(row, columns[1])).flatten();
        days.entry((name, Some(date))).or_insert([None; 24])[hour] = value;
    }
    problems.finish()?;
    Ok(days)
}

/// The same hour twice.
pub fn duplicated_hour(line: u64, first: u64) -> Problem {
    Problem::at(
        line,
        format!("与第 {first} 行是同一小时 is the same hour as line {first}"),
        "每小时只留一行 keep one line an hour",
    )
}

/// The civil date and hour 0..=23 that a label covers; an end label of 00:00 or 24:00 is the last hour of a day.
pub fn hour_of(text: &str, line: u64, labels_end: bool) -> Result<(Date, usize), Problem> {
    let (date, hour) = parse_time(text, line)?;
    let hour =
        hour.ok_or_else(|| Problem::at(line, format!("`{text}` 没有小时 has no hour"), "写作 write 2014-02-02 13:00"))?;
    match (labels_end, hour) {
        (false, 24) => Err(Problem::at(
            line,
            format!("`{text}`"),
            "按开始时刻标记的小时为 0～23 hours labelled by their start are 0–23; else --label end",
        )),
        (false, hour) => Ok((date, usize::from(hour))),
        (true, 0) => Ok((Date::from_days_since_epoch(date.days_since_epoch() - 1), 23)),
        (true, hour) => Ok((date, usize::from(hour) - 1)),
    }
}

/// `judge percentile --p 95`: values as operands, or a file with one a line.
pub fn percentile(arguments: &Arguments) -> Outcome {
    arguments.only(&["p"])?;
    let rank: Decimal = arguments.number("p")?.ok_or_else(|| vec![Problem::new("需要 --p needed (0～100)")])?;
    let mut texts: Vec<(u64, String)> = Vec::new();
    match arguments.operands.as_slice() {
        [file] if file == "-" || (file.parse::<Decimal>().is_err() && Path::new(file).exists()) => {
            for (at, line) in read_text(file)?.lines().enumerate() {
                texts.extend(
                    line.split(',')
                        .map(|text| (at as u64 + 1, text.trim().to_owned()))
                        .filter(|(_, text)| !text.is_empty()),
                );
            }
        }
        operands => texts.extend(operands.iter().map(|text| (1, text.clone()))),
    }
    let mut problems = Problems::default();
    let mut values: Vec<Decimal> = Vec::new();
    for (line, text) in texts {
        match text.parse() {
            Ok(value) => values.push(value),
            Err(_) => problems.push(Problem::at(
                line,
                format!("`{text}` 不是数 is not a number"),
                "一行一个数 one number a line",
            )),
        }
    }
    problems.finish()?;
    values.sort_unstable();
    let value = percentile_of(&values, rank)
        .ok_or_else(|| vec![Problem::new("没有数值，或 --p 不在 0～100 no values, or --p is not 0–100")])?;
    let k = Decimal::ONE + Decimal::from(values.len() - 1) * rank / Decimal::ONE_HUNDRED;
    let mut line = json!({"n": values.len(), "p": rank, "k": k.normalize(), "value": value.normalize()});
    if arguments.flag("explain")
        && let Some(object) = line.as_object_mut()
    {
        let text = format!("k = 1 + (n−1)·p = {}", k.normalize());
        object.insert("steps".into(), json!([{"zh": text, "en": text, "clause": "HJ 663 百分位数计算方法"}]));
    }
    Ok(format!("{line}\n"))
}
