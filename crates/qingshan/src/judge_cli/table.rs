//! CSV input with named problems: column, line, and what to do.

use super::arguments::Arguments;
use standards::{Date, Decimal};
use std::fmt;
use std::io::Read;

/// Largest file read, in bytes, and most problems listed.
const MOST_BYTES: u64 = 256 << 20;
const MOST_PROBLEMS: usize = 20;

/// Something wrong with the input, in both languages, with its line and a hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub line: Option<u64>,
    pub message: String,
    pub hint: Option<String>,
}

impl Problem {
    pub fn new(message: impl Into<String>) -> Self {
        Self { line: None, message: message.into(), hint: None }
    }

    pub fn at(line: u64, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { line: Some(line), message: message.into(), hint: Some(hint.into()) }
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(formatter, "第 {line} 行 line {line}: ")?;
        }
        write!(formatter, "{}", self.message)?;
        match &self.hint {
            Some(hint) => write!(formatter, "\n  提示 hint: {hint}"),
            None => Ok(()),
        }
    }
}

/// A CSV file in memory.
#[derive(Debug)]
pub struct Table {
    /// Column names as written, without a unit in brackets.
    pub columns: Vec<String>,
    /// The unit in brackets behind a column name.
    pub units: Vec<Option<String>>,
    pub rows: Vec<Row>,
    /// Texts that mean missing besides the empty one.
    missing: Vec<String>,
}

/// One line.
#[derive(Debug)]
pub struct Row {
    pub line: u64,
    cells: Vec<String>,
}

/// Reads a whole file, or standard input for `-`.
///
/// # Errors
/// When it cannot be read, is too large or is not UTF-8.
pub fn read_text(file: &str) -> Result<String, Vec<Problem>> {
    let failed = |message: String| vec![Problem::new(format!("读取 reading {file}: {message}"))];
    let mut bytes = Vec::new();
    let read = if file == "-" {
        std::io::stdin().lock().take(MOST_BYTES + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|opened| opened.take(MOST_BYTES + 1).read_to_end(&mut bytes))
    };
    read.map_err(|error| failed(error.to_string()))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(failed(format!("超过 more than {MOST_BYTES} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|_| {
        vec![
            Problem::new(format!("读取 reading {file}: 不是 UTF-8 not UTF-8"))
                .hint("另存为 UTF-8 编码的 CSV save as CSV UTF-8"),
        ]
    })?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

impl Table {
    /// # Errors
    /// When the file cannot be read or is not a CSV table with a header.
    pub fn read(arguments: &Arguments) -> Result<Self, Vec<Problem>> {
        Self::parse(&read_text(arguments.file()?)?, arguments.option("missing").unwrap_or_default())
    }

    /// `missing` lists texts that mean missing, separated by commas.
    ///
    /// # Errors
    /// When the text is not a CSV table with a header.
    pub fn parse(text: &str, missing: &str) -> Result<Self, Vec<Problem>> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
        let headers = reader.headers().map_err(|error| vec![Problem::new(format!("表头 header: {error}"))])?.clone();
        let (columns, units): (Vec<_>, Vec<_>) = headers.iter().map(split_unit).unzip();
        for (place, column) in columns.iter().enumerate().filter(|(_, column)| !column.is_empty()) {
            if columns[..place].iter().any(|before: &String| before.eq_ignore_ascii_case(column)) {
                let hint = "只留一列，不猜用哪一列 keep one, which of them counts is not guessed";
                return Err(vec![Problem::at(1, format!("列 column {column} 出现两次 appears twice"), hint)]);
            }
        }
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| vec![Problem::new(format!("CSV: {error}"))])?;
            let line = record.position().map_or(0, |position| line_of(text, position));
            if record.len() != columns.len() {
                let message = format!(
                    "有 {} 列，表头有 {} 列 has {} cells, the header {}",
                    record.len(),
                    columns.len(),
                    record.len(),
                    columns.len()
                );
                return Err(vec![Problem::at(line, message, "检查逗号和引号 check commas and quotes")]);
            }
            rows.push(Row { line, cells: record.iter().map(str::to_owned).collect() });
        }
        if rows.is_empty() {
            return Err(vec![Problem::new("文件没有数据行 the file has no rows")]);
        }
        let missing = missing.split(',').map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect();
        Ok(Self { columns, units, rows, missing })
    }

    /// The position of a column, by any of its names (`PM25`, `PM2.5`), whatever the case.
    pub fn column(&self, names: &[&str]) -> Option<usize> {
        self.columns.iter().position(|column| names.iter().any(|name| column.eq_ignore_ascii_case(name)))
    }

    /// Names every row that says the same id and time as one before it: of one hour there is one value.
    pub fn refuse_repeated(&self, problems: &mut Problems) {
        let Some(time) = self.column(&["time", "date", "时间", "日期"]) else { return };
        let id = self.column(&["id", "station", "section", "well", "断面", "点位", "井"]);
        let mut seen = std::collections::BTreeMap::new();
        for row in &self.rows {
            let key = (id.map_or("", |at| self.text(row, at)), self.text(row, time));
            if key.1.is_empty() {
                continue;
            }
            if let Some(first) = seen.insert(key, row.line) {
                problems.push(Problem::at(
                    row.line,
                    format!("与第 {first} 行同一点位、同一时间 same place and time as line {first}"),
                    "每个时刻只留一行 keep one line a time",
                ));
            }
        }
    }

    /// Positions of columns that must be there.
    ///
    /// # Errors
    /// Names every missing column.
    pub fn required(&self, names: &[&[&str]]) -> Result<Vec<usize>, Vec<Problem>> {
        let found: Vec<Option<usize>> = names.iter().map(|names| self.column(names)).collect();
        for names in names {
            let same = |column: &&String| names.iter().any(|name| column.eq_ignore_ascii_case(name));
            let columns: Vec<&str> = self.columns.iter().filter(same).map(String::as_str).collect();
            if columns.len() > 1 {
                let message = format!("同一项有两列 two columns of one item: {}", columns.join(", "));
                return Err(vec![Problem::at(1, message, "只留一列 keep one")]);
            }
        }
        let missing: Vec<&str> = names
            .iter()
            .zip(&found)
            .filter(|(_, found)| found.is_none())
            .filter_map(|(names, _)| names.first().copied())
            .collect();
        if missing.is_empty() {
            return Ok(found.into_iter().flatten().collect());
        }
        let problem = Problem::at(
            1,
            format!("缺少列 missing column: {}", missing.join(", ")),
            format!(
                "表头现有 the header has: {}；没有数据的列留空 leave a column without data empty",
                self.columns.join(", ")
            ),
        );
        Err(vec![problem])
    }

    pub fn text<'a>(&self, row: &'a Row, column: usize) -> &'a str {
        row.cells.get(column).map_or("", String::as_str)
    }

    /// A number; empty = missing.
    ///
    /// # Errors
    /// When the cell is text.
    pub fn decimal(&self, row: &Row, column: usize) -> Result<Option<Decimal>, Problem> {
        let text = self.text(row, column);
        if text.is_empty() || self.missing.iter().any(|missing| missing == text) {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| {
            Problem::at(
                row.line,
                format!("列 column {}: `{text}` 不是数 is not a number", self.columns.get(column).map_or("", String::as_str)),
                "缺失请留空，或用 --missing 说明哪些文字表示缺失 leave missing values empty, or name the text with --missing",
            )
        })
    }
}

/// The line a record begins on: the reader's position may still stand before the line breaks it skips.
fn line_of(text: &str, position: &csv::Position) -> u64 {
    let skipped = text.as_bytes().get(position.byte() as usize..).unwrap_or_default();
    let breaks = skipped.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).filter(|byte| **byte == b'\n').count();
    position.line() + breaks as u64
}

/// `CO (mg/m3)` → (`CO`, `mg/m3`).
fn split_unit(header: &str) -> (String, Option<String>) {
    let open = header.find(['(', '（', '[']);
    match open {
        Some(at) => {
            let unit = header[at..].trim_matches(['(', ')', '（', '）', '[', ']', ' ']);
            (header[..at].trim().to_owned(), Some(unit.to_owned()))
        }
        None => (header.trim().to_owned(), None),
    }
}

/// A date, and an hour when given: `2014-02-02`, `2014-02-02 13:00`, `2014-02-02T13:00:00+08:00`, `2014/2/2 13`.
///
/// # Errors
/// When the text is neither, or the hour is not 0..=24.
pub fn parse_time(text: &str, line: u64) -> Result<(Date, Option<u8>), Problem> {
    let wrong = || Problem::at(line, format!("`{text}` 不是时间 is not a time"), "写作 write 2014-02-02 13:00");
    let (date, time) = match text.trim().split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text.trim(), None),
    };
    let date: Date = date.parse().map_err(|_| wrong())?;
    let hour = match time {
        None => None,
        Some(time) => {
            let digits = time.trim().split(':').next().unwrap_or_default();
            Some(digits.parse::<u8>().ok().filter(|hour| *hour <= 24).ok_or_else(wrong)?)
        }
    };
    Ok((date, hour))
}

/// Collects problems up to a bound, so that a broken file does not print a million lines.
#[derive(Debug, Default)]
pub struct Problems {
    list: Vec<Problem>,
    more: usize,
}

impl Problems {
    pub fn push(&mut self, problem: Problem) {
        if self.list.len() < MOST_PROBLEMS { self.list.push(problem) } else { self.more += 1 }
    }

    /// Keeps a value, or its problem.
    pub fn keep<T>(&mut self, result: Result<T, Problem>) -> Option<T> {
        result.map_err(|problem| self.push(problem)).ok()
    }

    /// # Errors
    /// When there are any.
    pub fn finish(mut self) -> Result<(), Vec<Problem>> {
        if self.more > 0 {
            self.list.push(Problem::new(format!("还有 {} 处问题 and {} more", self.more, self.more)));
        }
        if self.list.is_empty() { Ok(()) } else { Err(self.list) }
    }
}
