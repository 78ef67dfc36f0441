//! A table from CSV (RFC 4180; UTF-8 with or without mark) or xlsx (first sheet), as text cells.

use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx};

use super::{MAX_BYTES, MAX_ROWS};

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TableError {
    #[error("文件超过 {} MB (the file is larger than that)", MAX_BYTES >> 20)]
    TooLarge,
    #[error("超过 {MAX_ROWS} 行 (more rows than that)")]
    TooManyRows,
    #[error("文件是空的 (the file is empty)")]
    Empty,
    #[error("不是 UTF-8 文本，请另存为 UTF-8 (not UTF-8 text): line {0}")]
    NotUtf8(usize),
    #[error("第 {0} 行引号没有结束 (a quoted cell does not end): line {0}")]
    OpenQuote(usize),
    #[error("不是可读的 xlsx 文件 (not a readable xlsx file): {0}")]
    Spreadsheet(String),
}

/// Header and rows as text.
#[derive(Debug, Default)]
pub struct Table {
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
    lines: Vec<String>,
}

impl Table {
    /// By content: a zip signature is xlsx, anything else CSV.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TableError> {
        if bytes.len() > MAX_BYTES {
            return Err(TableError::TooLarge);
        }
        if bytes.starts_with(b"PK\x03\x04") { Self::from_xlsx(bytes) } else { Self::from_csv(bytes) }
    }

    pub fn from_csv(bytes: &[u8]) -> Result<Self, TableError> {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|error| {
            TableError::NotUtf8(bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1)
        })?;
        let mut table = Self::default();
        let mut records = csv_records(text)?.into_iter();
        table.header = records.next().ok_or(TableError::Empty)?;
        for record in records {
            if record.len() == 1 && record[0].trim().is_empty() {
                continue;
            }
            if table.rows.len() >= MAX_ROWS {
                return Err(TableError::TooManyRows);
            }
            table.lines.push(record.join(","));
            table.rows.push(record);
        }
        Ok(table)
    }

    fn from_xlsx(bytes: &[u8]) -> Result<Self, TableError> {
        let failed = |error: calamine::XlsxError| TableError::Spreadsheet(error.to_string());
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(failed)?;
        let sheet = book.sheet_names().first().cloned().ok_or(TableError::Empty)?;
        let range = book.worksheet_range(&sheet).map_err(failed)?;
        if range.height() > MAX_ROWS {
            return Err(TableError::TooManyRows);
        }
        let mut rows = range.rows().map(|row| row.iter().map(cell_text).collect::<Vec<_>>());
        let mut table = Self { header: rows.next().ok_or(TableError::Empty)?, ..Self::default() };
        for row in rows {
            table.lines.push(row.join(","));
            table.rows.push(row);
        }
        Ok(table)
    }

    /// The text of a line of the file, counted from 1 with the header as line 1.
    pub fn line(&self, line: usize) -> Option<&str> {
        self.lines.get(line.checked_sub(2)?).map(String::as_str)
    }
}

fn cell_text(cell: &Data) -> String {
    match cell {
        Data::DateTime(moment) => moment.as_datetime_text().unwrap_or_else(|| cell.to_string()),
        Data::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.0}"),
        other => other.to_string(),
    }
}

trait DateTimeText {
    fn as_datetime_text(&self) -> Option<String>;
}

impl DateTimeText for calamine::ExcelDateTime {
    fn as_datetime_text(&self) -> Option<String> {
        let (year, month, day, hour, minute, second, _) = self.to_ymd_hms_milli();
        Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"))
    }
}

/// Splits CSV text into records; quotes may hold commas, quotes and line ends.
fn csv_records(text: &str) -> Result<Vec<Vec<String>>, TableError> {
    let mut records = Vec::new();
    let mut record = Vec::new();
    let mut cell = String::new();
    let mut quoted = false;
    let mut line = 1;
    let mut opened = 1;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.is_empty() => {
                quoted = true;
                opened = line;
            }
            ',' if !quoted => record.push(std::mem::take(&mut cell)),
            '\r' if !quoted && characters.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                line += 1;
                record.push(std::mem::take(&mut cell));
                records.push(std::mem::take(&mut record));
            }
            other => {
                line += usize::from(other == '\n');
                cell.push(other);
            }
        }
    }
    if quoted {
        return Err(TableError::OpenQuote(opened));
    }
    if !cell.is_empty() || !record.is_empty() {
        record.push(cell);
        records.push(record);
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_commas_and_line_ends() {
        let table = Table::from_csv("\u{feff}a,b\r\n\"x,\"\"y\"\"\",\"1\n2\"\r\n\r\n3,4".as_bytes()).unwrap();
        assert_eq!(table.header, ["a", "b"]);
        assert_eq!(table.rows, [["x,\"y\"", "1\n2"], ["3", "4"]]);
    }

    #[test]
    fn broken_files_say_where() {
        assert_eq!(Table::from_csv(b"a\n\"open").unwrap_err(), TableError::OpenQuote(2));
        assert_eq!(Table::from_csv(b"a\nb\n\xb0\xa1").unwrap_err(), TableError::NotUtf8(3));
        assert_eq!(Table::from_csv(b"").unwrap_err(), TableError::Empty);
        assert!(matches!(Table::from_bytes(b"PK\x03\x04nonsense"), Err(TableError::Spreadsheet(_))));
    }
}
