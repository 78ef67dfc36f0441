//! The attribute table of a shapefile (dBase III), with the encodings met in China.

use serde_json::{Map, Number, Value};

use super::{FileError, MOST_FEATURES};

const MOST_COLUMNS: usize = 255;

struct Column {
    name: String,
    kind: u8,
    length: usize,
}

/// Rows in file order; `None` for a row that is marked as deleted.
pub(super) fn read(dbf: &[u8], cpg: Option<&[u8]>) -> Result<Vec<Option<Map<String, Value>>>, FileError> {
    let broken = || FileError::Broken(".dbf".into());
    let header = dbf.get(..32).ok_or_else(broken)?;
    let number = |from: usize, count: usize| -> usize {
        header[from..from + count].iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte))
    };
    let (rows, header_length, row_length) = (number(4, 4), number(8, 2), number(10, 2));
    if rows > MOST_FEATURES {
        return Err(FileError::TooLarge(format!("> {MOST_FEATURES} rows")));
    }
    let encoding = encoding_of(cpg, header[29]);
    let descriptors = dbf.get(32..header_length).ok_or_else(broken)?;
    let columns: Vec<Column> = descriptors
        .chunks_exact(32)
        .take_while(|chunk| chunk[0] != 0x0d)
        .take(MOST_COLUMNS)
        .map(|chunk| {
            let name = chunk[..11].split(|byte| *byte == 0).next().unwrap_or_default();
            Column { name: text_of(name, encoding), kind: chunk[11], length: usize::from(chunk[16]) }
        })
        .collect();
    if columns.iter().map(|column| column.length).sum::<usize>() + 1 > row_length {
        return Err(broken());
    }
    let body = &dbf[header_length..];
    let mut found = Vec::new();
    for place in 0..rows {
        let row = body.get(place * row_length..(place + 1) * row_length).ok_or_else(broken)?;
        found.push(if row[0] == b'*' { None } else { Some(row_of(&row[1..], &columns, encoding)) });
    }
    Ok(found)
}

fn row_of(mut row: &[u8], columns: &[Column], encoding: Option<&'static encoding_rs::Encoding>) -> Map<String, Value> {
    let mut values = Map::new();
    for column in columns {
        let (cell, rest) = row.split_at(column.length.min(row.len()));
        row = rest;
        let text = text_of(cell, encoding);
        let text = text.trim();
        let value = match column.kind {
            _ if text.is_empty() => Value::Null,
            b'N' | b'F' => number_of(text),
            b'L' => Value::Bool(matches!(text, "T" | "t" | "Y" | "y")),
            b'D' if text.len() == 8 && text.is_ascii() => {
                Value::String(format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]))
            }
            _ => Value::String(text.to_owned()),
        };
        values.insert(column.name.clone(), value);
    }
    values
}

fn number_of(text: &str) -> Value {
    if let Ok(whole) = text.parse::<i64>() {
        return Value::Number(whole.into());
    }
    let number = text.parse::<f64>().ok().and_then(Number::from_f64);
    number.map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

/// By the `.cpg` beside it, else by the mark in the header; `None`: UTF-8 where it is that, else GBK.
fn encoding_of(cpg: Option<&[u8]>, mark: u8) -> Option<&'static encoding_rs::Encoding> {
    let said = cpg.map(|cpg| String::from_utf8_lossy(cpg).trim().to_uppercase());
    match said.as_deref() {
        Some("936" | "CP936" | "GBK" | "GB2312" | "GB18030") => Some(encoding_rs::GB18030),
        Some("65001" | "UTF8" | "UTF-8") => Some(encoding_rs::UTF_8),
        _ if mark == 0x4d => Some(encoding_rs::GB18030),
        _ => None,
    }
}

fn text_of(bytes: &[u8], encoding: Option<&'static encoding_rs::Encoding>) -> String {
    let encoding = match encoding {
        Some(encoding) => encoding,
        None if std::str::from_utf8(bytes).is_ok() => encoding_rs::UTF_8,
        None => encoding_rs::GB18030,
    };
    encoding.decode_without_bom_handling(bytes).0.trim_end_matches('\0').to_owned()
}
