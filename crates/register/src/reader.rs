//! Reads tables of definitions and settings key by key, and names every key it does not know.

use kernel::Name;

use crate::cell::{Cell, Entry, Raw, Table};
use crate::problem::{Findings, Position, ProblemCode};

/// Reads one table. Keys that were never asked for are reported by [`TableReader::finish`].
pub struct TableReader<'a> {
    pub file: &'a str,
    pub at: Position,
    table: &'a Table,
    asked: Vec<&'static str>,
}

impl<'a> TableReader<'a> {
    pub fn new(file: &'a str, at: Position, table: &'a Table) -> Self {
        Self { file, at, table, asked: Vec::new() }
    }

    pub fn cell(&mut self, key: &'static str) -> Option<&'a Cell> {
        self.asked.push(key);
        self.table.get(key)
    }

    fn wrong(&self, at: Position, key: &str, wanted: (&str, &str), found: &Raw, findings: &mut Findings) {
        let kind = found.kind();
        findings.add(
            self.file,
            at,
            ProblemCode::WrongShape,
            (
                format!("“{key}”应为{}，这里是{}", wanted.0, kind.0),
                format!("`{key}` must be {}, this is {}", wanted.1, kind.1),
            ),
            (format!("改成{}", wanted.0), format!("write {}", wanted.1)),
        );
    }

    pub fn missing(&self, key: &str, findings: &mut Findings) {
        findings.add(
            self.file,
            self.at,
            ProblemCode::WrongShape,
            (format!("缺少“{key}”"), format!("`{key}` is missing")),
            (format!("补上 {key} = …"), format!("add {key} = …")),
        );
    }

    pub fn optional_text(&mut self, key: &'static str, findings: &mut Findings) -> Option<String> {
        let cell = self.cell(key)?;
        match &cell.raw {
            Raw::Text(text) => Some(text.clone()),
            other => {
                self.wrong(cell.at, key, ("文本", "text in quotes"), other, findings);
                None
            }
        }
    }

    /// Required text; a missing one is reported and read as empty.
    pub fn text(&mut self, key: &'static str, findings: &mut Findings) -> String {
        if self.table.get(key).is_none() {
            self.asked.push(key);
            self.missing(key, findings);
            return String::new();
        }
        self.optional_text(key, findings).unwrap_or_default()
    }

    pub fn flag(&mut self, key: &'static str, default: bool, findings: &mut Findings) -> bool {
        match self.cell(key) {
            None => default,
            Some(Cell { raw: Raw::Bool(value), .. }) => *value,
            Some(cell) => {
                self.wrong(cell.at, key, ("true 或 false", "true or false"), &cell.raw, findings);
                default
            }
        }
    }

    /// A number as written, parsed.
    pub fn number<T: std::str::FromStr>(&mut self, key: &'static str, findings: &mut Findings) -> Option<T> {
        let cell = self.cell(key)?;
        if let Raw::Number(digits) | Raw::Text(digits) = &cell.raw
            && let Ok(number) = digits.parse()
        {
            return Some(number);
        }
        self.wrong(cell.at, key, ("合适的数字", "a fitting number"), &cell.raw, findings);
        None
    }

    pub fn texts(&mut self, key: &'static str, findings: &mut Findings) -> Vec<String> {
        let Some(cell) = self.cell(key) else { return Vec::new() };
        let Raw::List(items) = &cell.raw else {
            self.wrong(cell.at, key, ("文本列表", "a list of text"), &cell.raw, findings);
            return Vec::new();
        };
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            match &item.raw {
                Raw::Text(text) => texts.push(text.clone()),
                other => self.wrong(item.at, key, ("文本列表", "a list of text"), other, findings),
            }
        }
        texts
    }

    /// `{ zh = "…", en = "…" }`; both are needed.
    pub fn optional_name(&mut self, key: &'static str, findings: &mut Findings) -> Option<Name> {
        let cell = self.cell(key)?;
        let Raw::Table(table) = &cell.raw else {
            self.wrong(cell.at, key, ("{ zh = …, en = … }", "{ zh = …, en = … }"), &cell.raw, findings);
            return None;
        };
        let mut inner = TableReader::new(self.file, cell.at, table);
        let name = Name { zh: inner.text("zh", findings), en: inner.text("en", findings) };
        inner.finish(findings);
        Some(name)
    }

    pub fn name(&mut self, key: &'static str, findings: &mut Findings) -> Name {
        if self.table.get(key).is_none() {
            self.asked.push(key);
            self.missing(key, findings);
            return Name::default();
        }
        self.optional_name(key, findings).unwrap_or_default()
    }

    /// The tables of `[[key]]`.
    pub fn tables(&mut self, key: &'static str, findings: &mut Findings) -> Vec<TableReader<'a>> {
        let Some(cell) = self.cell(key) else { return Vec::new() };
        let Raw::List(items) = &cell.raw else {
            self.wrong(cell.at, key, ("[[…]] 表的列表", "a list of tables"), &cell.raw, findings);
            return Vec::new();
        };
        let mut tables = Vec::with_capacity(items.len());
        for item in items {
            match &item.raw {
                Raw::Table(table) => tables.push(TableReader::new(self.file, item.at, table)),
                other => self.wrong(item.at, key, ("表", "a table"), other, findings),
            }
        }
        tables
    }

    pub fn table(&mut self, key: &'static str, findings: &mut Findings) -> Option<TableReader<'a>> {
        let cell = self.cell(key)?;
        match &cell.raw {
            Raw::Table(table) => Some(TableReader::new(self.file, cell.at, table)),
            other => {
                self.wrong(cell.at, key, ("表", "a table"), other, findings);
                None
            }
        }
    }

    /// Every entry, for tables whose keys are data.
    pub fn all_entries(&mut self) -> &'a [Entry] {
        self.asked.clear();
        &self.table.entries
    }

    pub fn position_of(&self, key: &str) -> Position {
        self.table.get(key).map_or(self.at, |cell| cell.at)
    }

    /// Reports the keys that were never asked for.
    pub fn finish(self, findings: &mut Findings) {
        for entry in &self.table.entries {
            if !self.asked.contains(&entry.key.as_str()) {
                let known = self.asked.join(", ");
                findings.add(
                    self.file,
                    entry.at,
                    ProblemCode::UnknownKey,
                    (format!("不认识“{}”", entry.key), format!("`{}` is not known here", entry.key)),
                    (format!("这里可用：{known}"), format!("known here: {known}")),
                );
            }
        }
    }
}
