//! Checks one value against its field and gives its JSON form. The forms are listed at [`FieldType`].

use rust_decimal::Decimal;
use serde_json::{Map, Value};

use crate::catalog::Catalog;
use crate::cell::{self, Cell, Raw, Table};
use crate::definition::{Field, FieldType};
use crate::location::Location;
use crate::problem::{Findings, Position, ProblemCode};

/// A link that a record makes, to be looked up once all records are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkUse {
    pub field: String,
    pub ledger: String,
    pub key: String,
    pub at: Position,
}

/// Where checking happens and what it has found so far.
pub struct Checker<'a> {
    pub file: &'a str,
    pub catalog: &'a Catalog,
    pub findings: &'a mut Findings,
    pub links: Vec<LinkUse>,
}

impl Checker<'_> {
    pub fn report(&mut self, at: Position, code: ProblemCode, what: (String, String), hint: (String, String)) {
        self.findings.add(self.file, at, code, what, hint);
    }

    fn wrong_type(&mut self, cell: &Cell, field: &str, wanted: (&str, &str)) {
        let kind = cell.raw.kind();
        let shown = match &cell.raw {
            Raw::Text(text) | Raw::Number(text) | Raw::Moment(text) => format!("“{text}”"),
            _ => String::new(),
        };
        self.report(
            cell.at,
            ProblemCode::WrongType,
            (
                format!("字段“{field}”应为{}，这里是{}{shown}", wanted.0, kind.0),
                format!("field `{field}` must be {}, this is {} {shown}", wanted.1, kind.1).trim_end().to_owned(),
            ),
            (format!("改成{}", wanted.0), format!("write {}", wanted.1)),
        );
    }

    /// The JSON form of a cell, or `None` when something was reported.
    pub fn value(&mut self, field: &Field, kind: &FieldType, cell: &Cell) -> Option<Value> {
        match kind {
            FieldType::Text => self.text(field, cell).map(Value::String),
            FieldType::Integer => self.integer(field, cell),
            FieldType::Decimal => {
                let number = self.decimal(field, cell)?;
                Some(Value::String(number))
            }
            FieldType::Date => self.date(field, cell),
            FieldType::DateTime => self.moment(field, cell),
            FieldType::Bool => self.bool(field, cell),
            FieldType::Code(list) => self.code(field, list, cell),
            FieldType::Link(ledgers) => self.link(field, ledgers, cell),
            FieldType::Location => {
                let location = Location::check(self, cell)?;
                serde_json::to_value(location).ok()
            }
            FieldType::List(items) => self.list(field, items, cell),
            FieldType::Table(columns) => self.rows(field, columns, cell),
        }
    }

    fn text(&mut self, field: &Field, cell: &Cell) -> Option<String> {
        let Raw::Text(text) = &cell.raw else {
            self.wrong_type(cell, &field.id, ("带引号的文本", "text in quotes"));
            return None;
        };
        if !self.is_readable(&field.id, text, cell.at) {
            return None;
        }
        let length = text.chars().count();
        if length > field.max_length {
            self.report(
                cell.at,
                ProblemCode::OutOfRange,
                (
                    format!("字段“{}”有 {length} 个字，最多 {}", field.id, field.max_length),
                    format!("field `{}` has {length} characters, at most {}", field.id, field.max_length),
                ),
                ("缩短文字".into(), "shorten it".into()),
            );
            return None;
        }
        if let Some((zh, en)) = field.format.and_then(|format| format.complaint(text)) {
            self.report(
                cell.at,
                ProblemCode::BadFormat,
                (
                    format!("字段“{}”的“{text}”格式不对", field.id),
                    format!("field `{}`: `{text}` is not well formed", field.id),
                ),
                (zh.into(), en.into()),
            );
            return None;
        }
        Some(text.clone())
    }

    /// Without characters that no document can hold; reports them.
    pub fn is_readable(&mut self, field: &str, text: &str, at: Position) -> bool {
        let Some(found) = text.chars().find(|character| is_control(*character)) else { return true };
        let code = u32::from(found);
        self.report(
            at,
            ProblemCode::BadFormat,
            (
                format!("字段“{field}”里有控制字符 U+{code:04X}"),
                format!("field `{field}` holds the control character U+{code:04X}"),
            ),
            ("删去这个字符，或重新输入".into(), "remove the character or type it again".into()),
        );
        false
    }

    fn decimal(&mut self, field: &Field, cell: &Cell) -> Option<String> {
        let (Raw::Number(written) | Raw::Text(written)) = &cell.raw else {
            self.wrong_type(cell, &field.id, ("数字", "a number"));
            return None;
        };
        let Ok(number) = written.parse::<Decimal>() else {
            self.wrong_type(cell, &field.id, ("数字", "a number"));
            return None;
        };
        let low = field.min.filter(|min| number < *min);
        let high = field.max.filter(|max| number > *max);
        if low.is_some() || high.is_some() {
            let bounds = (
                field.min.map_or("−∞".into(), |min| min.to_string()),
                field.max.map_or("+∞".into(), |max| max.to_string()),
            );
            self.report(
                cell.at,
                ProblemCode::OutOfRange,
                (
                    format!("字段“{}”的 {number} 超出范围", field.id),
                    format!("field `{}`: {number} is out of range", field.id),
                ),
                (format!("范围 {} 到 {}", bounds.0, bounds.1), format!("from {} to {}", bounds.0, bounds.1)),
            );
            return None;
        }
        Some(number.to_string())
    }

    fn integer(&mut self, field: &Field, cell: &Cell) -> Option<Value> {
        let number = self.decimal(field, cell)?;
        match number.parse::<i64>() {
            Ok(number) => Some(Value::from(number)),
            Err(_) => {
                self.wrong_type(cell, &field.id, ("整数", "a whole number"));
                None
            }
        }
    }

    fn moment_text(cell: &Cell) -> Option<&str> {
        match &cell.raw {
            Raw::Moment(text) | Raw::Text(text) => Some(text),
            _ => None,
        }
    }

    fn date(&mut self, field: &Field, cell: &Cell) -> Option<Value> {
        if let Some(text) = Self::moment_text(cell)
            && is_date(text)
        {
            return Some(Value::String(text.to_owned()));
        }
        self.wrong_type(cell, &field.id, ("日期，如 2026-11-24", "a date such as 2026-11-24"));
        None
    }

    fn moment(&mut self, field: &Field, cell: &Cell) -> Option<Value> {
        let parsed = Self::moment_text(cell).and_then(|text| {
            kernel::Timestamp::parse(text)
                .or_else(|| is_date(text).then(|| kernel::Timestamp::parse(&format!("{text}T00:00:00")))?)
        });
        match parsed {
            Some(time) => Some(Value::String(time.to_iso())),
            None => {
                self.wrong_type(
                    cell,
                    &field.id,
                    ("时间，如 2026-11-24T15:00:00+08:00", "a time such as 2026-11-24T15:00:00+08:00"),
                );
                None
            }
        }
    }

    fn bool(&mut self, field: &Field, cell: &Cell) -> Option<Value> {
        match &cell.raw {
            Raw::Bool(value) => return Some(Value::Bool(*value)),
            Raw::Text(text) => match text.as_str() {
                "true" | "是" => return Some(Value::Bool(true)),
                "false" | "否" => return Some(Value::Bool(false)),
                _ => {}
            },
            _ => {}
        }
        self.wrong_type(cell, &field.id, ("true（是）或 false（否）", "true or false"));
        None
    }

    fn code(&mut self, field: &Field, list: &str, cell: &Cell) -> Option<Value> {
        let (Raw::Text(code) | Raw::Number(code)) = &cell.raw else {
            self.wrong_type(cell, &field.id, ("代码", "a code"));
            return None;
        };
        let list = self.catalog.code_list(list)?;
        if list.find(code).is_some() {
            return Some(Value::String(code.clone()));
        }
        let offered = || list.codes.iter().filter(|known| !known.retired);
        let known_zh = offered().map(|known| format!("{}（{}）", known.code, known.name.zh)).collect::<Vec<_>>();
        let known_en = offered().map(|known| known.code.as_str()).collect::<Vec<_>>();
        let hint = (format!("可用：{}", known_zh.join("、")), format!("use one of: {}", known_en.join(", ")));
        self.report(
            cell.at,
            ProblemCode::UnknownCode,
            (format!("字段“{}”没有代码“{code}”", field.id), format!("field `{}` has no code `{code}`", field.id)),
            hint,
        );
        None
    }

    fn link(&mut self, field: &Field, ledgers: &[String], cell: &Cell) -> Option<Value> {
        let Raw::Text(text) = &cell.raw else {
            self.wrong_type(cell, &field.id, ("另一条记录的编号", "the key of another record"));
            return None;
        };
        let (ledger, key) = match ledgers {
            [only] => (only.as_str(), text.as_str()),
            _ => text.split_once(':').unwrap_or(("", text.as_str())),
        };
        if !ledgers.iter().any(|known| known == ledger) {
            let known = ledgers.join(", ");
            self.report(
                cell.at,
                ProblemCode::BrokenLink,
                (
                    format!("字段“{}”的“{text}”没有说明是哪个台账", field.id),
                    format!("field `{}`: `{text}` does not say which ledger", field.id),
                ),
                (format!("写成 台账:编号，台账为：{known}"), format!("write ledger:key with one of: {known}")),
            );
            return None;
        }
        self.links.push(LinkUse {
            field: field.id.clone(),
            ledger: ledger.to_owned(),
            key: key.to_owned(),
            at: cell.at,
        });
        Some(Value::String(text.clone()))
    }

    fn list(&mut self, field: &Field, items: &FieldType, cell: &Cell) -> Option<Value> {
        let split: Vec<Cell>;
        let cells = match &cell.raw {
            Raw::List(cells) => cells,
            Raw::Text(text) => {
                split = cell::list_from_text(text, cell.at);
                &split
            }
            _ => {
                self.wrong_type(cell, &field.id, ("列表", "a list"));
                return None;
            }
        };
        let cells: Vec<&Cell> = cells.iter().filter(|item| !item.raw.is_blank()).collect();
        self.check_length(field, cell.at, cells.len())?;
        let item_field = Field { max_length: 2_000, ..field.clone() };
        let values: Vec<Option<Value>> = cells.into_iter().map(|item| self.value(&item_field, items, item)).collect();
        values.into_iter().collect::<Option<Vec<Value>>>().map(Value::Array)
    }

    fn check_length(&mut self, field: &Field, at: Position, length: usize) -> Option<()> {
        if length <= field.max_length {
            return Some(());
        }
        self.report(
            at,
            ProblemCode::OutOfRange,
            (
                format!("字段“{}”有 {length} 项，最多 {}", field.id, field.max_length),
                format!("field `{}` has {length} entries, at most {}", field.id, field.max_length),
            ),
            ("减少项数".into(), "have fewer".into()),
        );
        None
    }

    fn rows(&mut self, field: &Field, columns: &[Field], cell: &Cell) -> Option<Value> {
        let Raw::List(cells) = &cell.raw else {
            self.wrong_type(cell, &field.id, ("若干行的表", "a table with rows"));
            return None;
        };
        self.check_length(field, cell.at, cells.len())?;
        let mut rows = Vec::with_capacity(cells.len());
        let mut complete = true;
        for row in cells {
            match &row.raw {
                Raw::Table(table) => match self.fields(columns, table, row.at, &[]) {
                    Some(values) => rows.push(Value::Object(values)),
                    None => complete = false,
                },
                _ => {
                    self.wrong_type(row, &field.id, ("表的一行", "a row of a table"));
                    complete = false;
                }
            }
        }
        complete.then_some(Value::Array(rows))
    }

    /// All fields of a record or of a table row, in the order of the definition. `besides` are keys that are
    /// looked after elsewhere.
    pub fn fields(
        &mut self,
        fields: &[Field],
        table: &Table,
        at: Position,
        besides: &[&str],
    ) -> Option<Map<String, Value>> {
        let before = self.findings.list.len() + self.findings.dropped;
        for entry in &table.entries {
            if !besides.contains(&entry.key.as_str()) && !fields.iter().any(|field| field.id == entry.key) {
                let known = fields.iter().map(|field| field.id.as_str()).collect::<Vec<_>>().join(", ");
                self.report(
                    entry.at,
                    ProblemCode::UnknownField,
                    (format!("没有字段“{}”", entry.key), format!("there is no field `{}`", entry.key)),
                    (format!("可用：{known}"), format!("use one of: {known}")),
                );
            }
        }
        let mut values = Map::new();
        for field in fields {
            // What is blank says nothing, and does not fill what must be filled.
            match table.get(&field.id).filter(|cell| !cell.raw.is_blank()) {
                Some(cell) => {
                    if let Some(value) = self.value(field, &field.kind, cell) {
                        values.insert(field.id.clone(), value);
                    }
                }
                None if field.required && !field.retired => self.report(
                    at,
                    ProblemCode::RequiredMissing,
                    (
                        format!("缺少字段“{}”（{}）", field.id, field.label.zh),
                        format!("field `{}` ({}) is missing", field.id, field.label.en),
                    ),
                    (format!("补上 {} = …", field.id), format!("add {} = …", field.id)),
                ),
                None => {}
            }
        }
        (before == self.findings.list.len() + self.findings.dropped).then_some(values)
    }
}

/// Characters that neither XML nor a spreadsheet holds: control characters but tab and line ends, and non-characters.
pub const fn is_control(character: char) -> bool {
    matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// A real calendar date written `YYYY-MM-DD`.
pub fn is_date(text: &str) -> bool {
    parse_date(text).is_some()
}

pub fn parse_date(text: &str) -> Option<kernel::Day> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let (year, month, day) =
        (text.get(0..4)?.parse().ok()?, text.get(5..7)?.parse().ok()?, text.get(8..10)?.parse().ok()?);
    let parsed = kernel::Day::from_civil(year, month, day);
    (parsed.civil() == (year, month, day)).then_some(parsed)
}
