//! Files → rows of text. Bounded in bytes, unpacked bytes and rows; formulas, merged cells and unknown columns are
//! problems and never guessed at.

use std::io::{Cursor, Read};

use calamine::{Data, Reader, Xlsx};
use kernel::Name;

use super::ImportProblem;
use crate::definition::LedgerDefinition;
use crate::export::columns;
use crate::problem::ProblemCode;

/// Most bytes of a file, of everything that is packed in it, and most rows.
pub const MOST_BYTES: usize = 16 << 20;
pub const MOST_UNPACKED: u64 = 256 << 20;
pub const MOST_ROWS: usize = 100_000;

/// One cell that is not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    pub row: u32,
    /// Column of the sheet, from 1.
    pub number: u32,
    /// Field or one of the columns beside the fields.
    pub column: String,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub number: u32,
    pub cells: Vec<Text>,
}

/// What could be read, and what is wrong with the form of the file.
#[derive(Debug, Default)]
pub struct Sheet {
    pub rows: Vec<Row>,
    pub problems: Vec<ImportProblem>,
}

/// Reads a file; `Err` says why nothing of it can be read.
pub fn read(file: &[u8], definition: &LedgerDefinition) -> Result<Sheet, String> {
    if file.len() > MOST_BYTES {
        return Err(format!("文件有 {} 字节，最多 {MOST_BYTES} (the file is too large)", file.len()));
    }
    if file.starts_with(b"PK") {
        return xlsx(file, definition);
    }
    if file.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        return Err("这是旧的 xls 格式，请另存为 xlsx (save it as xlsx)".to_owned());
    }
    let text = std::str::from_utf8(file)
        .map_err(|_| "文件不是 xlsx，也不是 UTF-8 的 CSV (neither xlsx nor UTF-8 CSV)".to_owned())?;
    csv(text.strip_prefix('\u{feff}').unwrap_or(text), definition)
}

fn problem(
    row: u32,
    column: u32,
    field: &str,
    code: ProblemCode,
    what: (String, String),
    hint: (&str, &str),
) -> ImportProblem {
    ImportProblem {
        row,
        column,
        field: field.to_owned(),
        code: code.number().to_owned(),
        what: Name::new(what.0, what.1),
        hint: Name::new(hint.0, hint.1),
        fix: None,
    }
}

/// Column names of a heading: field ids, or labels as the template writes them.
fn heading(cells: &[String], definition: &LedgerDefinition) -> Vec<Option<String>> {
    let known = columns(definition);
    cells
        .iter()
        .map(|cell| {
            let bare = cell.trim().trim_end_matches('*').trim();
            let label = bare.split('（').next().unwrap_or(bare);
            let by_label = || {
                let field = definition.fields.iter().find(|field| field.label.zh == bare || field.label.zh == label);
                field.map(|field| field.id.as_str())
            };
            known.iter().copied().find(|name| *name == bare).or_else(by_label).map(str::to_owned)
        })
        .collect()
}

/// Rows of cells → rows of named cells. The heading is the first row, and the second too where it has field ids.
fn rows_of(grid: Vec<(u32, Vec<String>)>, definition: &LedgerDefinition) -> Result<Sheet, String> {
    let mut grid = grid.into_iter().filter(|(_, cells)| cells.iter().any(|cell| !cell.trim().is_empty())).peekable();
    let (first_row, first) = grid.next().ok_or("文件是空的 (the file is empty)")?;
    let mut names = heading(&first, definition);
    if let Some((_, second)) = grid.peek() {
        let ids = heading(second, definition);
        let is_ids = second.iter().any(|cell| cell.trim() == definition.key) && ids.iter().flatten().count() > 1;
        if is_ids {
            names = ids;
            grid.next();
        }
    }
    let mut sheet = Sheet::default();
    if !names.iter().flatten().any(|name| *name == definition.key) {
        return Err(format!(
            "第 {first_row} 行没有列“{}”，请用模板 (there is no column `{}`, use the template)",
            definition.key, definition.key
        ));
    }
    for (place, (name, cell)) in names.iter().zip(&first).enumerate() {
        if name.is_none() && !cell.trim().is_empty() {
            let what = (format!("不认识列“{}”", cell.trim()), format!("column `{}` is not known", cell.trim()));
            let hint = ("删去这一列，或按模板改名", "remove the column or name it as the template does");
            sheet.problems.push(problem(first_row, place as u32 + 1, "", ProblemCode::UnknownField, what, hint));
        }
    }
    for (number, cells) in grid {
        if sheet.rows.len() >= MOST_ROWS {
            return Err(format!("行数超过 {MOST_ROWS}，请拆分 (too many rows, split the file)"));
        }
        let named = cells.into_iter().zip(&names).enumerate().filter_map(|(place, (cell, name))| {
            let text = cell.trim();
            let column = name.clone()?;
            // An apostrophe before a formula was put there by our own export.
            let text = text.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@'])).unwrap_or(text);
            (!text.is_empty()).then(|| Text { row: number, number: place as u32 + 1, column, text: text.to_owned() })
        });
        let cells: Vec<Text> = named.collect();
        sheet.rows.push(Row { number, cells });
    }
    Ok(sheet)
}

fn csv(text: &str, definition: &LedgerDefinition) -> Result<Sheet, String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut grid = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| format!("CSV 读不下去：{error} (cannot be read)"))?;
        let line = record.position().map_or(1, csv::Position::line) as u32;
        grid.push((line, record.iter().map(str::to_owned).collect()));
        if grid.len() > MOST_ROWS + 2 {
            return Err(format!("行数超过 {MOST_ROWS}，请拆分 (too many rows, split the file)"));
        }
    }
    rows_of(grid, definition)
}

fn xlsx(file: &[u8], definition: &LedgerDefinition) -> Result<Sheet, String> {
    check_unpacked(file)?;
    let broken = |error: calamine::XlsxError| format!("xlsx 读不下去：{error} (the file is broken)");
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file)).map_err(broken)?;
    let names = book.sheet_names();
    let name = match (names.iter().find(|name| *name == "records"), names.as_slice()) {
        (Some(name), _) => name.clone(),
        (None, [only]) => only.clone(),
        _ => {
            return Err(format!("没有工作表 records，只有：{} (there is no sheet `records`)", names.join("、")));
        }
    };
    let range = book.worksheet_range(&name).map_err(broken)?;
    let (first_row, first_column) = range.start().unwrap_or_default();
    let mut grid = Vec::new();
    for (place, row) in range.rows().enumerate() {
        let mut cells = vec![String::new(); first_column as usize];
        cells.extend(row.iter().map(text_of));
        grid.push((first_row + place as u32 + 1, cells));
        if grid.len() > MOST_ROWS + 2 {
            return Err(format!("行数超过 {MOST_ROWS}，请拆分 (too many rows, split the file)"));
        }
    }
    let mut sheet = rows_of(grid, definition)?;
    let formulas = book.worksheet_formula(&name).map_err(broken)?;
    let (row, column) = formulas.start().unwrap_or_default();
    for (at_row, at_column, formula) in formulas.used_cells() {
        let (at_row, at_column) = (row + at_row as u32 + 1, column + at_column as u32 + 1);
        if formula.is_empty() || at_row <= first_row + 1 {
            continue;
        }
        let what = (format!("这一格是公式：={formula}"), format!("this cell is a formula: ={formula}"));
        let hint = ("选择性粘贴为值", "paste it as a value");
        sheet.problems.push(problem(at_row, at_column, "", ProblemCode::WrongType, what, hint));
    }
    let merged = book.merge_cells_by_sheet_name(&name).map_err(broken)?;
    for region in merged {
        let (at_row, at_column) = (region.start.0 + 1, region.start.1 + 1);
        let what = ("这里有合并单元格".to_owned(), "these cells are merged".to_owned());
        let hint = ("取消合并，每格各填各的", "take the merge apart and fill each cell");
        sheet.problems.push(problem(at_row, at_column, "", ProblemCode::WrongShape, what, hint));
    }
    Ok(sheet)
}

fn text_of(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        // Spreadsheets keep every number as a float: whole ones are shown without a point.
        Data::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.0}"),
        Data::Float(number) => number.to_string(),
        Data::Int(number) => number.to_string(),
        Data::Bool(flag) => flag.to_string(),
        Data::DateTime(moment) => date_of(moment.as_f64()),
        Data::Error(error) => format!("#{error:?}"),
    }
}

/// A spreadsheet's day number (1 = 1900-01-01, with its false leap day) as a date, or as a time of +08:00.
fn date_of(serial: f64) -> String {
    const DAYS_BEFORE_1970: f64 = 25_569.0;
    let millis = ((serial - DAYS_BEFORE_1970) * 86_400_000.0).round() as i64 - kernel::time::OFFSET_MILLIS;
    let time = kernel::Timestamp(millis);
    if serial.fract() == 0.0 { time.day().to_iso() } else { time.to_iso() }
}

fn number(bytes: &[u8], at: usize, size: usize) -> Option<usize> {
    let slice = bytes.get(at..at + size)?;
    Some(slice.iter().rev().fold(0, |number, &byte| (number << 8) | usize::from(byte)))
}

/// Unpacks every part of a zip file into nothing, to know how large it really is before anything believes it.
fn check_unpacked(file: &[u8]) -> Result<(), String> {
    let broken = || "xlsx 不是完整的压缩文件 (the file is broken)".to_owned();
    let tail = file.len().saturating_sub(66_000);
    let end = file[tail..].windows(4).rposition(|four| four == b"PK\x05\x06").ok_or_else(broken)? + tail;
    let parts = number(file, end + 10, 2).ok_or_else(broken)?;
    let mut at = number(file, end + 16, 4).ok_or_else(broken)?;
    let mut left = MOST_UNPACKED;
    for _ in 0..parts {
        let header =
            (number(file, at, 4), number(file, at + 10, 2), number(file, at + 20, 4), number(file, at + 42, 4));
        let (Some(0x0201_4b50), Some(method), Some(packed), Some(local)) = header else { return Err(broken()) };
        let skip = |offset: usize, at: usize| number(file, at + offset, 2);
        let name = skip(26, local).ok_or_else(broken)? + skip(28, local).ok_or_else(broken)?;
        let start = local + 30 + name;
        let data = file.get(start..start.saturating_add(packed)).ok_or_else(broken)?;
        let unpacked = match method {
            0 => data.len() as u64,
            8 => {
                let mut reader = flate2::read::DeflateDecoder::new(data).take(left + 1);
                std::io::copy(&mut reader, &mut std::io::sink()).map_err(|_| broken())?
            }
            _ => return Err("xlsx 用了不支持的压缩方法 (unknown compression)".to_owned()),
        };
        left = left
            .checked_sub(unpacked)
            .ok_or_else(|| format!("解压后超过 {MOST_UNPACKED} 字节，拒绝读取 (unpacks to more than allowed)"))?;
        let extra = [28, 30, 32].iter().filter_map(|&offset| skip(offset, at)).sum::<usize>();
        at += 46 + extra;
    }
    Ok(())
}
