//! Columns of factors and cells of measured amounts, for the commands that judge water and soil.

use super::air::past_date;
use super::arguments::Arguments;
use super::table::{Problem, Problems, Row, Table, parse_time};
use standards::measure::{Amount, MeasureError, Reading, Unit};
use standards::{Date, Decimal, Text};

/// Spellings beyond the table's own key, code, Chinese and English name; compared after [`plain`].
const ALIASES: &[(&str, &[&str])] = &[
    ("COD", &["codcr"]),
    ("CODMN", &["imn", "耗氧量"]),
    ("BOD5", &["bod"]),
    ("CR6", &["crvi", "六价铬", "cr6plus"]),
    ("TEMP", &["t", "watertemp", "wt"]),
    ("PHENOL", &["挥发性酚", "volatilephenol"]),
    ("FC", &["fecalcoliform", "fecalcoliforms", "faecalcoliform"]),
    ("SD", &["secchi", "透明度"]),
    ("CHLA", &["chla", "chlorophyll", "叶绿素"]),
    ("DO_SAT", &["dosat", "溶解氧饱和率", "饱和率"]),
    ("S", &["sulfide", "s2"]),
    ("SO4", &["sulfate", "so42"]),
    ("NO3N", &["no3", "硝酸盐", "硝酸盐氮"]),
    ("NO2N", &["no2", "亚硝酸盐氮"]),
    ("OIL", &["petroleumoil", "tph石油类"]),
];

/// Names of columns that describe a line and are no factor.
const LABELS: &[&str] = &[
    "id",
    "section",
    "station",
    "name",
    "river",
    "basin",
    "lake",
    "point",
    "well",
    "site",
    "date",
    "time",
    "month",
    "year",
    "target",
    "targetclass",
    "body",
    "land",
    "note",
    "remark",
    "断面",
    "断面名称",
    "名称",
    "点位",
    "河流",
    "日期",
    "时间",
    "月份",
    "目标",
    "水质目标",
    "水体",
    "备注",
];

/// A factor that a command knows.
pub struct Known {
    pub key: String,
    pub codes: Vec<String>,
    pub name: Text,
}

/// A column that holds a factor.
pub struct FactorColumn {
    pub at: usize,
    /// Item key or HJ 212 code, as the evaluation reads it.
    pub factor: String,
    pub header: String,
    pub unit: Option<String>,
}

/// Letters, digits and Chinese characters only, lower case: `NH3-N` = `nh3n`.
fn plain(text: &str) -> String {
    text.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The columns that hold factors. A column with numbers that names no factor is a problem: a misspelt factor must not
/// be left out in silence.
pub fn factor_columns(table: &Table, known: &[Known], problems: &mut Problems) -> Vec<FactorColumn> {
    let mut columns: Vec<FactorColumn> = Vec::new();
    for (at, header) in table.columns.iter().enumerate() {
        let unit = table.units.get(at).cloned().flatten();
        // Brackets may belong to the name: Cr(VI), 苯并[a]芘.
        let whole = format!("{header}{}", unit.as_deref().unwrap_or_default());
        let (found, unit) = match resolve(&whole, known) {
            Some(found) => (Some(found), None),
            None => (resolve(header, known), unit),
        };
        let Some(factor) = found else {
            if let Some(problem) = unknown_column(table, at, header, known) {
                problems.push(problem);
            }
            continue;
        };
        if let Some(unit) = unit.as_deref().filter(|unit| unit.parse::<Unit>().is_err()) {
            let message = format!("列 column {header}: 单位 unit `{unit}` 不认识 is unknown");
            problems.push(Problem::at(1, message, "例如 such as mg/L, µg/L, 1/L, mg/kg"));
        }
        if let Some(other) = columns.iter().find(|other| other.factor == factor) {
            let message = format!("列 columns {} 与 and {header} 是同一项目 are the same item", other.header);
            problems.push(Problem::at(1, message, "每个项目只留一列 keep one column an item"));
            continue;
        }
        columns.push(FactorColumn { at, factor, header: header.clone(), unit });
    }
    if columns.is_empty() {
        problems.push(Problem::at(
            1,
            "没有认识的项目列 no column names an item",
            format!("可用项目 items: {}", list(known)),
        ));
    }
    columns
}

fn resolve(header: &str, known: &[Known]) -> Option<String> {
    let wanted = plain(header);
    let code = known.iter().flat_map(|item| &item.codes).find(|code| **code == wanted);
    if let Some(code) = code {
        return Some(code.clone());
    }
    let alias = |key: &str| ALIASES.iter().any(|(of, names)| *of == key && names.contains(&wanted.as_str()));
    known
        .iter()
        .find(|item| {
            plain(&item.key) == wanted
                || plain(&item.name.zh) == wanted
                || plain(&item.name.en) == wanted
                || alias(&item.key)
        })
        .map(|item| item.key.clone())
}

fn unknown_column(table: &Table, at: usize, header: &str, known: &[Known]) -> Option<Problem> {
    if LABELS.contains(&plain(header).as_str()) || at == 0 {
        return None;
    }
    let numeric = table.rows.iter().find(|row| table.text(row, at).parse::<Decimal>().is_ok())?;
    let message = format!("列 column `{header}` 有数值但不是本命令的项目 holds numbers but is no item of this command");
    let hint = format!("第 {} 行起；删去该列或改名 delete or rename it; 项目 items: {}", numeric.line, list(known));
    Some(Problem::at(1, message, hint))
}

fn list(known: &[Known]) -> String {
    let mut keys: Vec<&str> = known.iter().map(|item| item.key.as_str()).take(40).collect();
    keys.dedup();
    keys.join(", ")
}

/// The amount in a cell: `0.05`, `<0.01` and `0.01L` (below detection), `ND`/`未检出`, `有`/`无`; empty = missing.
///
/// # Errors
/// Any other text, or a negative number.
pub fn amount(table: &Table, row: &Row, column: &FactorColumn, missing: &str) -> Result<Option<Amount>, Problem> {
    let text = table.text(row, column.at);
    if text.is_empty() || missing.split(',').any(|word| !word.trim().is_empty() && word.trim() == text) {
        return Ok(None);
    }
    let wrong = || {
        Problem::at(
            row.line,
            format!("列 column {}: `{text}` 不是数 is not a number", column.header),
            "缺失请留空；低于检出限写 <0.01 或 0.01L leave missing values empty; below detection as <0.01 or 0.01L",
        )
    };
    let negative = |value: Decimal| {
        let hint = "负值不能评价，核对原始数据 a negative value cannot be judged, check the raw data";
        Problem::at(row.line, format!("列 column {}: {value} 为负 is negative", column.header), hint)
    };
    match text {
        "ND" | "nd" | "未检出" => return Ok(Some(Amount::NotDetected)),
        "有" => return Ok(Some(Amount::Present(true))),
        "无" => return Ok(Some(Amount::Present(false))),
        _ => {}
    }
    let below = text.strip_prefix(['<', '＜']).or_else(|| text.strip_suffix(['L', 'l']));
    let value: Decimal = below.unwrap_or(text).trim().parse().map_err(|_| wrong())?;
    let is_temperature = column.factor == "TEMP" || column.factor == "w01010";
    if value.is_sign_negative() && !value.is_zero() && !is_temperature {
        return Err(negative(value));
    }
    Ok(Some(if below.is_some() { Amount::BelowDetection(value) } else { Amount::Value(value) }))
}

/// The readings of one line; problems go to `problems`.
pub fn readings(
    table: &Table,
    row: &Row,
    columns: &[FactorColumn],
    missing: &str,
    problems: &mut Problems,
) -> Vec<Reading> {
    let mut found = Vec::new();
    for column in columns {
        let Some(Some(amount)) = problems.keep(amount(table, row, column, missing)) else { continue };
        let reading = Reading::of(column.factor.clone(), amount);
        found.push(match &column.unit {
            Some(unit) => reading.with_unit(unit.clone()),
            None => reading,
        });
    }
    if found.is_empty() {
        let hint = "至少要有一项有值 at least one item needs a value";
        problems.push(Problem::at(row.line, "没有任何项目有值 no item has a value", hint));
    }
    found
}

/// An evaluation's error as a problem of a line.
pub fn problem_of(error: &MeasureError, line: u64) -> Problem {
    let text = error.text();
    let hint = match error {
        MeasureError::Unit { .. } => "在表头括号内写明单位 write the unit in brackets in the header",
        MeasureError::NotCovered(_) => "核对日期 check the date; qingshan standards list",
        MeasureError::Figure(_) => "qingshan standards unconfirmed",
        _ => "核对原始数据 check the raw data",
    };
    Problem::at(line, format!("[{}] {} / {}", error.code(), text.zh, text.en), hint)
}

/// Refuses rows whose `date` has not come yet, or lies where the rules of the file do not hold.
///
/// # Errors
/// Names every such line.
pub fn check_dates(table: &Table, today: Date, covered: impl Fn(Date) -> bool) -> Result<(), Vec<Problem>> {
    let Some(column) = table.column(&["date", "time", "日期", "时间"]) else { return Ok(()) };
    let mut problems = Problems::default();
    for row in &table.rows {
        let text = table.text(row, column);
        if text.is_empty() {
            continue;
        }
        let date = parse_time(text, row.line).and_then(|(date, _)| past_date(date, today, row.line));
        let Some(date) = problems.keep(date) else { continue };
        if !covered(date) {
            let hint = "用 --date 选版本，分文件评价 choose the edition with --date, one file each";
            problems.push(Problem::at(
                row.line,
                format!("{date} 不在所用版本的施行期内 is not covered by the edition used"),
                hint,
            ));
        }
    }
    problems.finish()
}

/// The date that chooses the edition: `--date`, else today.
///
/// # Errors
/// When the option is not a date, or has not come yet.
pub fn date_of(arguments: &Arguments) -> Result<Date, Vec<Problem>> {
    let today = arguments.today()?;
    let date = match arguments.option("date") {
        Some(text) => text.parse().map_err(|error| vec![Problem::new(format!("--date: {error}"))])?,
        None => today,
    };
    super::air::past_date(date, today, 0).map_err(|problem| vec![Problem { line: None, ..problem }])
}

/// The label of a line: its first label column, else `line N`.
pub fn label(table: &Table, row: &Row) -> String {
    let at = table.column(&["id", "section", "断面", "断面名称", "station", "点位", "well", "site", "name", "名称"]);
    at.map(|at| table.text(row, at))
        .filter(|text| !text.is_empty())
        .map_or_else(|| format!("line {}", row.line), str::to_owned)
}
