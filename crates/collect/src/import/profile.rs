//! How a table is read; the profiles themselves are data in `profiles.json`.

use kernel::time::HOUR_MILLIS;
use kernel::{Name, Timestamp};
use serde::Deserialize;
use store::packed::Statistic;
use store::{Mark, Scalar};

use super::{ImportProblem, ImportReport, Reading, Table};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Form {
    /// One value a row.
    Long,
    /// One column a factor.
    Wide,
}

/// Whether the time of a row names the start or the end of its hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Label {
    Start,
    End,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Profile {
    pub id: String,
    pub name: Name,
    form: Form,
    station: String,
    time: String,
    kind: u16,
    label: Label,
    missing: Vec<String>,
    /// Columns in which a zero stands for "missing", as in the national network's release table, which
    /// prints 0 beside a dash. Zeros there are below what the instruments resolve, so none is lost.
    zero_is_missing: Vec<String>,
    #[serde(default)]
    factors: std::collections::BTreeMap<String, String>,
}

/// The profiles that ship with the program.
pub fn built_in_profiles() -> Vec<Profile> {
    // The file is part of the program; a test reads it.
    serde_json::from_str(include_str!("profiles.json")).unwrap_or_default()
}

/// Places of the columns in a table.
pub struct Columns {
    station: usize,
    time: usize,
    /// Long form.
    factor: usize,
    value: usize,
    statistic: Option<usize>,
    flag: Option<usize>,
    /// Wide form: place, column name, factor code.
    factors: Vec<(usize, String, String)>,
}

impl Profile {
    pub(super) fn columns(&self, table: &Table) -> Result<Columns, Vec<ImportProblem>> {
        let mut problems = Vec::new();
        let find = |name: &str| table.header.iter().position(|cell| cell.trim() == name);
        let mut need = |name: &str| {
            find(name).unwrap_or_else(|| {
                problems.push(ImportProblem {
                    row: 1,
                    column: name.to_owned(),
                    problem: Name::new("缺少此列", "the column is missing"),
                });
                0
            })
        };
        let mut columns = Columns {
            station: need(&self.station),
            time: need(&self.time),
            factor: 0,
            value: 0,
            statistic: find("stat"),
            flag: find("flag"),
            factors: Vec::new(),
        };
        match self.form {
            Form::Long => {
                columns.factor = need("factor");
                columns.value = need("value");
            }
            Form::Wide => {
                columns.factors = self
                    .factors
                    .iter()
                    .filter_map(|(name, code)| find(name).map(|place| (place, name.clone(), code.clone())))
                    .collect();
                columns.factors.sort();
                if columns.factors.is_empty() {
                    problems.push(ImportProblem {
                        row: 1,
                        column: String::new(),
                        problem: Name::new("没有认得的因子列", "no known factor column"),
                    });
                }
            }
        }
        if problems.is_empty() { Ok(columns) } else { Err(problems) }
    }

    pub(super) fn read_row(
        &self,
        columns: &Columns,
        line: usize,
        row: &[String],
        readings: &mut Vec<Reading>,
        report: &mut ImportReport,
    ) {
        let cell = |place: usize| row.get(place).map_or("", |cell| cell.trim());
        let time_text = cell(columns.time);
        let Some(time) = parse_time(time_text) else {
            report.rejected += 1;
            let (zh, en) = (format!("“{time_text}”不是时间"), format!("`{time_text}` is not a time"));
            report.problem(line, &self.time, zh, en);
            return;
        };
        let time = match self.label {
            Label::Start => time,
            Label::End => time.plus(-HOUR_MILLIS),
        };
        let station = cell(columns.station).to_owned();
        let mut put = |column: &str, text: &str, factor: &str, statistic: Statistic, mark: Mark| {
            let is_zero = || text.parse::<f64>().is_ok_and(|value| value == 0.0);
            let zero_is_missing = self.zero_is_missing.iter().any(|known| known == column);
            if self.missing.iter().any(|word| word == text) || (zero_is_missing && is_zero()) {
                report.missing += 1;
                return;
            }
            match parse_number(text) {
                Some((value, rounded)) => {
                    if rounded {
                        let (zh, en) = (
                            format!("“{text}”位数过多，已舍入为 {value}"),
                            format!("`{text}` has too many digits, rounded to {value}"),
                        );
                        report.problem(line, column, zh, en);
                    }
                    readings.push(Reading {
                        row: line,
                        station: station.clone(),
                        time,
                        kind: self.kind,
                        factor: factor.to_owned(),
                        statistic,
                        mark,
                        value,
                    });
                }
                None => {
                    report.rejected += 1;
                    let (zh, en) = (format!("“{text}”不是数"), format!("`{text}` is not a number"));
                    report.problem(line, column, zh, en);
                }
            }
        };
        match self.form {
            Form::Wide => {
                for (place, name, code) in &columns.factors {
                    put(name, cell(*place), code, Statistic::Average, Mark::NORMAL);
                }
            }
            Form::Long => {
                let factor = cell(columns.factor);
                let statistic = columns.statistic.map(cell).filter(|text| !text.is_empty()).unwrap_or("Avg");
                let mark = match columns.flag.map(cell).unwrap_or("").as_bytes() {
                    [] => Mark::NONE,
                    [letter] => Mark(*letter),
                    _ => Mark::OTHER,
                };
                match Statistic::from_name(statistic) {
                    Some(statistic) if !factor.is_empty() => put("value", cell(columns.value), factor, statistic, mark),
                    Some(_) => {
                        report.rejected += 1;
                        report.problem(line, "factor", "因子编码是空的", "the factor code is empty");
                    }
                    None => {
                        report.rejected += 1;
                        report.problem(
                            line,
                            "stat",
                            format!("不认识的统计“{statistic}”"),
                            format!("unknown statistic `{statistic}`"),
                        );
                    }
                }
            }
        }
    }
}

/// ISO, `2026-11-24 09:00`, `2026/11/24 9:00`; civil +08:00 unless a zone is given.
fn parse_time(text: &str) -> Option<Timestamp> {
    if let Some(time) = Timestamp::parse(text) {
        return Some(time);
    }
    let text = text.replace('/', "-");
    let (date, clock) = text.split_once([' ', 'T']).unwrap_or((&text, "00:00"));
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let mut clock = clock.split(':');
    let (hour, minute, second) = (clock.next()?, clock.next().unwrap_or("0"), clock.next().unwrap_or("0"));
    let pad = |text: &str| format!("{text:0>2}");
    let iso = format!("{year}-{}-{}T{}:{}:{}", pad(month), pad(day), pad(hour), pad(minute), pad(second));
    Timestamp::parse(&iso)
}

/// The number, and whether digits were rounded away.
fn parse_number(text: &str) -> Option<(Scalar, bool)> {
    let hj212::number::Number { mantissa, scale, rounded } = hj212::number::parse_rounded(text.as_bytes())?;
    Some((Scalar::Number { mantissa, scale }, rounded))
}
