//! What a file says, with the place where it says it: one shape for TOML, CSV and JSON, so that one
//! validator serves the county pack, imports and the API.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::problem::Position;

/// A value as written, before a definition has said what it should be.
#[derive(Clone, Debug, PartialEq)]
pub enum Raw {
    Text(String),
    /// Digits as written, so that decimals stay exact.
    Number(String),
    Bool(bool),
    /// A TOML date or date-time, as written.
    Moment(String),
    List(Vec<Cell>),
    Table(Table),
}

impl Raw {
    /// Says nothing: a text of blanks, a list of nothing else.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Text(text) => text.trim().is_empty(),
            Self::List(items) => items.iter().all(|item| item.raw.is_blank()),
            _ => false,
        }
    }

    /// Chinese and English word for the kind of value.
    pub const fn kind(&self) -> (&'static str, &'static str) {
        match self {
            Self::Text(_) => ("文本", "text"),
            Self::Number(_) => ("数字", "a number"),
            Self::Bool(_) => ("是/否", "true/false"),
            Self::Moment(_) => ("日期或时间", "a date or time"),
            Self::List(_) => ("列表", "a list"),
            Self::Table(_) => ("表", "a table"),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    pub at: Position,
    pub raw: Raw,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub key: String,
    /// Where the key stands.
    pub at: Position,
    pub cell: Cell,
}

/// Entries in file order; keys do not repeat.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    pub entries: Vec<Entry>,
}

impl Table {
    pub fn get(&self, key: &str) -> Option<&Cell> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.cell)
    }

    pub fn insert(&mut self, key: &str, at: Position, cell: Cell) {
        self.entries.push(Entry { key: key.to_owned(), at, cell });
    }
}

/// Turns byte offsets into lines and columns without walking the file again for each.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(newline, _)| newline + 1)).collect();
        Self { text, starts }
    }

    fn position(&self, offset: usize) -> Position {
        let line = self.starts.partition_point(|&start| start <= offset).max(1) - 1;
        let characters = self.text.get(self.starts[line]..offset).map_or(0, |before| before.chars().count());
        Position { line: line as u32 + 1, column: characters as u32 + 1 }
    }
}

/// A syntax error: where, and the parser's own words.
#[derive(Clone, Debug)]
pub struct SyntaxError {
    pub at: Position,
    pub message: String,
}

/// Parses TOML; every syntax error that the parser can recover from is reported, not only the first.
pub fn from_toml(text: &str) -> Result<Table, Vec<SyntaxError>> {
    let lines = Lines::new(text);
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(errors
            .into_iter()
            .map(|error| SyntaxError {
                at: error.span().map_or(Position::START, |span| lines.position(span.start)),
                message: error.message().to_owned(),
            })
            .collect());
    }
    Ok(table_of(document.get_ref(), &lines))
}

fn table_of(table: &DeTable<'_>, lines: &Lines<'_>) -> Table {
    let mut entries: Vec<(usize, Entry)> = table
        .iter()
        .map(|(key, value)| {
            let start = key.span().start;
            let entry =
                Entry { key: key.get_ref().to_string(), at: lines.position(start), cell: cell_of(value, lines) };
            (start, entry)
        })
        .collect();
    entries.sort_by_key(|(start, _)| *start);
    Table { entries: entries.into_iter().map(|(_, entry)| entry).collect() }
}

fn cell_of(value: &Spanned<DeValue<'_>>, lines: &Lines<'_>) -> Cell {
    let raw = match value.get_ref() {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Raw::Number(number.as_str().to_owned()),
        DeValue::Integer(number) => Raw::Text(number.as_str().to_owned()),
        DeValue::Float(number) => Raw::Number(number.as_str().to_owned()),
        DeValue::Boolean(value) => Raw::Bool(*value),
        DeValue::Datetime(moment) => Raw::Moment(moment.to_string()),
        DeValue::Array(items) => Raw::List(items.iter().map(|item| cell_of(item, lines)).collect()),
        DeValue::Table(table) => Raw::Table(table_of(table, lines)),
    };
    Cell { at: lines.position(value.span().start), raw }
}

/// Rows of a CSV file with a header line: each row a table of its non-empty cells.
pub fn from_csv(text: &str) -> Result<Vec<(Position, Table)>, Vec<SyntaxError>> {
    let mut reader = csv::ReaderBuilder::new().flexible(false).trim(csv::Trim::All).from_reader(text.as_bytes());
    let broken = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line) as u32;
        vec![SyntaxError { at: Position { line, column: 1 }, message: error.to_string() }]
    };
    let header = reader.headers().map_err(broken)?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let line = record.position().map_or(1, csv::Position::line) as u32;
        let mut table = Table::default();
        for (index, (name, value)) in header.iter().zip(record.iter()).enumerate() {
            if !value.is_empty() {
                let at = Position { line, column: index as u32 + 1 };
                table.insert(name, at, Cell { at, raw: Raw::Text(value.to_owned()) });
            }
        }
        rows.push((Position { line, column: 1 }, table));
    }
    Ok(rows)
}

/// A JSON object from the API; positions are all [`Position::START`]. `null` means absent.
pub fn from_json(object: &serde_json::Map<String, serde_json::Value>) -> Table {
    from_json_at(object, Position::START)
}

/// The same, all of it at one place.
pub fn from_json_at(object: &serde_json::Map<String, serde_json::Value>, at: Position) -> Table {
    let mut table = Table::default();
    for (key, value) in object {
        if let Some(cell) = cell_of_json(value, at) {
            table.insert(key, at, cell);
        }
    }
    table
}

/// A list or table written as JSON in one cell of a spreadsheet.
pub fn from_json_text(text: &str, at: Position) -> Option<Cell> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    cell_of_json(&value, at)
}

/// A list written in one cell: with semicolons, or as JSON, which alone can hold items with semicolons.
pub fn list_from_text(text: &str, at: Position) -> Vec<Cell> {
    if text.trim_start().starts_with('[')
        && let Some(Cell { raw: Raw::List(items), .. }) = from_json_text(text, at)
    {
        return items;
    }
    let parts = text.split([';', '；']).map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| Cell { at, raw: Raw::Text(part.to_owned()) }).collect()
}

fn cell_of_json(value: &serde_json::Value, at: Position) -> Option<Cell> {
    let raw = match value {
        serde_json::Value::Null => return None,
        serde_json::Value::Bool(value) => Raw::Bool(*value),
        serde_json::Value::Number(number) => Raw::Number(number.to_string()),
        serde_json::Value::String(text) => Raw::Text(text.clone()),
        serde_json::Value::Array(items) => Raw::List(items.iter().filter_map(|item| cell_of_json(item, at)).collect()),
        serde_json::Value::Object(object) => Raw::Table(from_json_at(object, at)),
    };
    Some(Cell { at, raw })
}
