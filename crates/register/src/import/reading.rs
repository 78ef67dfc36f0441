//! Files → rows of text. Bounded in bytes, unpacked bytes and rows; formulas, merged cells and unknown columns are
//! problems and never guessed at.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};

use calamine::{DataRef, ExcelDateTime, Reader, Xlsx, XlsxFormulaMetadata};
use kernel::Name;

use super::ImportProblem;
use crate::definition::LedgerDefinition;
use crate::export::{TOO_LONG, beside_labelled, columns, unquoted};
use crate::problem::ProblemCode;
use crate::unit;

/// Most bytes of a file, of everything that is packed in it, and most rows.
pub const MOST_BYTES: usize = 16 << 20;
pub const MOST_UNPACKED: u64 = 256 << 20;
pub const MOST_ROWS: usize = 100_000;
/// Last column that may say something; the largest ledger has some dozens.
const MOST_COLUMNS: u32 = 1_000;
/// Most bytes of text in all cells, and what a cell counts for beside its text: many cells can share one long text.
const MOST_TEXT: usize = 128 << 20;
const CELL_COST: usize = 48;
/// Most parts of an xlsx.
const MOST_PARTS: usize = 10_000;
/// Formulas and merged cells that are named.
const MOST_NAMED: usize = 500;

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
    /// Columns that the file has, filled or not; none: each row says what it says.
    pub columns: Option<Vec<String>>,
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

/// What a heading means.
#[derive(Debug, PartialEq, Eq)]
enum Named {
    Column(String),
    /// A field, but in another unit than it has.
    OtherUnit {
        column: String,
        said: String,
        wanted: String,
    },
}

impl Named {
    fn column(&self) -> &str {
        match self {
            Self::Column(column) | Self::OtherUnit { column, .. } => column,
        }
    }
}

/// Field or column beside the fields of each cell of a heading: ids, or labels as the template writes them.
fn heading(cells: &[(u32, String)], definition: &LedgerDefinition) -> BTreeMap<u32, Named> {
    let known = columns(definition);
    let named = cells.iter().filter_map(|(place, cell)| {
        let bare = cell.trim().trim_end_matches('*').trim();
        let by_id = || known.iter().find(|name| **name == bare).map(|name| Named::Column((*name).to_owned()));
        Some((*place, by_id().or_else(|| labelled(bare, definition))?))
    });
    named.collect()
}

/// A heading in words: a label, with the field's own unit in brackets where it says one.
fn labelled(bare: &str, definition: &LedgerDefinition) -> Option<Named> {
    let field = |label: &str| definition.fields.iter().find(|field| field.label.zh == label);
    if let Some(field) = field(bare) {
        return Some(Named::Column(field.id.clone()));
    }
    if let Some(beside) = beside_labelled(bare) {
        return Some(Named::Column(beside.to_owned()));
    }
    let (label, said) = bracketed(bare)?;
    let field = field(label)?;
    match field.unit.as_deref() {
        Some(wanted) if unit::same(wanted, said) => Some(Named::Column(field.id.clone())),
        // A remark (必填, 全称): only of a number could it be a unit that the field has not.
        None if !field.kind.is_number() => Some(Named::Column(field.id.clone())),
        wanted => Some(Named::OtherUnit {
            column: field.id.clone(),
            said: said.to_owned(),
            wanted: wanted.unwrap_or_default().to_owned(),
        }),
    }
}

/// What stands before the last bracket, and in it; brackets in it belong to it.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_suffix(['）', ')'])?;
    let mut depth = 1;
    for (place, character) in inner.char_indices().rev() {
        match character {
            '）' | ')' => depth += 1,
            '（' | '(' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((text[..place].trim(), inner[place + character.len_utf8()..].trim()));
        }
    }
    None
}

fn other_unit(row: u32, place: u32, named: &Named) -> Option<ImportProblem> {
    let Named::OtherUnit { column, said, wanted } = named else { return None };
    let (zh, en) = match wanted.as_str() {
        "" => ("没有单位".to_owned(), "has no unit".to_owned()),
        wanted => (format!("的单位是“{wanted}”"), format!("is in `{wanted}`")),
    };
    let what = (
        format!("这一列写着“{said}”，字段“{column}”{zh}"),
        format!("this column says `{said}`, field `{column}` {en}"),
    );
    let hint = ("换算成字段的单位，并改正表头", "convert it into the field's unit and correct the heading");
    Some(problem(row, place, column, ProblemCode::OutOfRange, what, hint))
}

/// Cells that are not empty: row and column from 1, in the order of the sheet. Nothing is kept of what is empty, so that
/// a sheet costs what it says and not where it says it.
type Grid = BTreeMap<(u32, u32), String>;

/// Reads a grid cell by cell and refuses before more is kept than allowed.
#[derive(Default)]
struct GridReader {
    grid: Grid,
    rows: usize,
    last_row: u32,
    left: usize,
}

impl GridReader {
    fn new() -> Self {
        Self { left: MOST_TEXT, ..Self::default() }
    }

    fn add(&mut self, row: u32, column: u32, text: String) -> Result<(), String> {
        if text.trim().is_empty() {
            return Ok(());
        }
        if column > MOST_COLUMNS {
            return Err(format!("第 {row} 行第 {column} 列有内容，最多 {MOST_COLUMNS} 列 (too many columns)"));
        }
        if row != self.last_row {
            (self.rows, self.last_row) = (self.rows + 1, row);
        }
        // Two rows of headings are no rows of records.
        if self.rows > MOST_ROWS + 2 {
            return Err(format!("行数超过 {MOST_ROWS}，请拆分 (too many rows, split the file)"));
        }
        self.left = self
            .left
            .checked_sub(text.len() + CELL_COST)
            .ok_or_else(|| format!("内容超过 {} MiB，请拆分 (too much text, split the file)", MOST_TEXT >> 20))?;
        match self.grid.insert((row, column), text) {
            None => Ok(()),
            // Nothing is written over in silence.
            Some(_) => Err(format!("第 {row} 行第 {column} 列有两个内容 (two cells at one place)")),
        }
    }
}

/// The columns of a sheet, each once; headings that name none or one of them again are problems.
fn columns_of(
    row: u32,
    names: &BTreeMap<u32, String>,
    wordings: &BTreeMap<u32, String>,
    problems: &mut Vec<ImportProblem>,
) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for (&place, wording) in wordings {
        let bare = wording.trim();
        let Some(name) = names.get(&place) else {
            let what = (format!("不认识列“{bare}”"), format!("column `{bare}` is not known"));
            let hint = ("删去这一列，或按模板改名", "remove the column or name it as the template does");
            problems.push(problem(row, place, "", ProblemCode::UnknownField, what, hint));
            continue;
        };
        if columns.contains(name) {
            let what = (format!("列“{bare}”重复"), format!("column `{bare}` is there twice"));
            let hint = ("同一字段只留一列", "leave one column for a field");
            problems.push(problem(row, place, name, ProblemCode::Duplicate, what, hint));
            continue;
        }
        columns.push(name.clone());
    }
    columns
}

/// Grid → rows of named cells. The heading is the first row, and the second too where it has field ids.
fn rows_of(grid: Grid, definition: &LedgerDefinition) -> Result<Sheet, String> {
    let mut rows: BTreeMap<u32, Vec<(u32, String)>> = BTreeMap::new();
    for ((row, column), text) in grid {
        rows.entry(row).or_default().push((column, text));
    }
    let mut rows = rows.into_iter().peekable();
    let (first_row, first) = rows.next().ok_or("文件是空的 (the file is empty)")?;
    let mut names = heading(&first, definition);
    let mut wordings: BTreeMap<u32, String> = first.into_iter().collect();
    let mut sheet = Sheet::default();
    if let Some((_, second)) = rows.peek() {
        let ids = heading(second, definition);
        let is_ids = second.iter().any(|(_, cell)| cell.trim() == definition.key) && ids.len() > 1;
        if is_ids && let Some((_, second)) = rows.next() {
            // Whoever writes another unit over a column means it, whatever the id below says.
            let units =
                names.iter().filter(|(place, named)| ids.get(place).is_some_and(|id| id.column() == named.column()));
            sheet.problems.extend(units.filter_map(|(place, named)| other_unit(first_row, *place, named)));
            names = ids;
            wordings.extend(second);
        }
    }
    sheet.problems.extend(names.iter().filter_map(|(place, named)| other_unit(first_row, *place, named)));
    let names: BTreeMap<u32, String> =
        names.into_iter().map(|(place, named)| (place, named.column().to_owned())).collect();
    if !names.values().any(|name| *name == definition.key) {
        return Err(format!(
            "第 {first_row} 行没有列“{}”，请用模板 (there is no column `{}`, use the template)",
            definition.key, definition.key
        ));
    }
    let columns = columns_of(first_row, &names, &wordings, &mut sheet.problems);
    // A column without a heading is named once, at its first cell.
    let mut nameless: BTreeSet<u32> = BTreeSet::new();
    for (number, cells) in rows {
        if sheet.rows.len() >= MOST_ROWS {
            return Err(format!("行数超过 {MOST_ROWS}，请拆分 (too many rows, split the file)"));
        }
        let mut named = Vec::with_capacity(cells.len());
        for (place, cell) in cells {
            // An apostrophe before a formula was put there by our own export.
            let text = unquoted(cell.trim());
            if text == TOO_LONG {
                let what = ("这一格导出时没有装下".to_owned(), "this cell was left out of the export".to_owned());
                let hint = ("填上内容，或删去这一列", "fill it in or remove the column");
                sheet.problems.push(problem(number, place, "", ProblemCode::OutOfRange, what, hint));
            } else if let Some(column) = names.get(&place) {
                named.push(Text { row: number, number: place, column: column.clone(), text: text.to_owned() });
            } else if !wordings.contains_key(&place) && nameless.insert(place) {
                let what = (format!("这一列没有表头，却有内容：{text}"), format!("this column has no heading: {text}"));
                let hint = ("补上表头，或清空这一列", "give it a heading or empty it");
                sheet.problems.push(problem(number, place, "", ProblemCode::UnknownField, what, hint));
            }
        }
        sheet.rows.push(Row { number, cells: named });
    }
    sheet.columns = Some(columns);
    Ok(sheet)
}

fn csv(text: &str, definition: &LedgerDefinition) -> Result<Sheet, String> {
    // Lines are counted by `\n` only, wherever a record ends: of `\r\n`, as spreadsheets write, two records would share
    // one.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut grid = GridReader::new();
    for record in reader.records() {
        let record = record.map_err(|error| format!("CSV 读不下去：{error} (cannot be read)"))?;
        let line = record.position().map_or(1, csv::Position::line) as u32;
        for (place, cell) in record.iter().enumerate() {
            grid.add(line, u32::try_from(place).map_or(u32::MAX, |place| place.saturating_add(1)), cell.to_owned())?;
        }
    }
    rows_of(grid.grid, definition)
}

fn xlsx(file: &[u8], definition: &LedgerDefinition) -> Result<Sheet, String> {
    check_unpacked(file, MOST_UNPACKED)?;
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
    // Cell by cell: as a range the library would lay out rows times columns, however few cells there are.
    let mut grid = GridReader::new();
    let mut formulas = Vec::new();
    let mut cells = book.worksheet_cells_reader(&name).map_err(broken)?;
    while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(broken)? {
        let (row, column) = (cell.pos.0.saturating_add(1), cell.pos.1.saturating_add(1));
        grid.add(row, column, text_of(&cell.value))?;
        if cell.formula.is_some() && formulas.len() < MOST_NAMED {
            formulas.push((row, column, formula_of(cell.formula)));
        }
    }
    drop(cells);
    let first_row = grid.grid.keys().next().map_or(1, |(row, _)| *row);
    let mut sheet = rows_of(grid.grid, definition)?;
    for (row, column, formula) in formulas.into_iter().filter(|(row, ..)| *row > first_row) {
        let what = (format!("这一格是公式：={formula}"), format!("this cell is a formula: ={formula}"));
        let hint = ("选择性粘贴为值", "paste it as a value");
        sheet.problems.push(problem(row, column, "", ProblemCode::WrongType, what, hint));
    }
    let merged = book.merge_cells_by_sheet_name(&name).map_err(broken)?;
    for region in merged.into_iter().take(MOST_NAMED) {
        let (at_row, at_column) = (region.start.0 + 1, region.start.1 + 1);
        let what = ("这里有合并单元格".to_owned(), "these cells are merged".to_owned());
        let hint = ("取消合并，每格各填各的", "take the merge apart and fill each cell");
        sheet.problems.push(problem(at_row, at_column, "", ProblemCode::WrongShape, what, hint));
    }
    Ok(sheet)
}

/// The words of a formula; a cell that shares another's has none of its own.
fn formula_of(formula: Option<XlsxFormulaMetadata>) -> String {
    match formula {
        Some(XlsxFormulaMetadata::Normal { formula } | XlsxFormulaMetadata::Shared { formula, .. }) => formula,
        _ => "…".to_owned(),
    }
}

fn text_of(cell: &DataRef<'_>) -> String {
    match cell {
        DataRef::Empty => String::new(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Float(number) => number_of(*number),
        DataRef::Int(number) => number.to_string(),
        DataRef::Bool(flag) => flag.to_string(),
        DataRef::DateTime(moment) => date_of(moment).unwrap_or_else(|| number_of(moment.as_f64())),
        DataRef::Error(error) => format!("#{error:?}"),
    }
}

/// Spreadsheets keep every number as a float: whole ones are shown without a point.
fn number_of(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 { format!("{number:.0}") } else { number.to_string() }
}

/// A spreadsheet's day number as a date, or as a time of +08:00, by the calendar of its workbook (from 1900 or from
/// 1904); none for a length of time and for what lies outside that calendar.
fn date_of(moment: &ExcelDateTime) -> Option<String> {
    const END_OF_9999: f64 = 2_958_466.0;
    let serial = moment.as_f64();
    if !moment.is_datetime() || !(0.0..END_OF_9999).contains(&serial) {
        return None;
    }
    let (year, month, day, hour, minute, second, millis) = moment.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    if serial.fract() == 0.0 {
        return Some(date);
    }
    let time = kernel::Timestamp::parse(&format!("{date}T{hour:02}:{minute:02}:{second:02}"))?;
    Some(time.plus(i64::from(millis)).to_iso())
}

/// Unpacks every part of a zip file into nothing, to know how large it really is before anything believes it. By the
/// library that the spreadsheet is read with, so that both see the same parts.
fn check_unpacked(file: &[u8], most: u64) -> Result<(), String> {
    let broken = |error: &dyn std::fmt::Display| format!("xlsx 不是完整的压缩文件：{error} (the file is broken)");
    let mut archive = zip::ZipArchive::new(Cursor::new(file)).map_err(|error| broken(&error))?;
    if archive.len() > MOST_PARTS {
        return Err(format!("xlsx 里超过 {MOST_PARTS} 个文件，拒绝读取 (too many parts)"));
    }
    let mut left = most;
    for place in 0..archive.len() {
        let part = archive.by_index(place).map_err(|error| broken(&error))?;
        let unpacked = std::io::copy(&mut part.take(left + 1), &mut std::io::sink()).map_err(|error| broken(&error))?;
        left = left
            .checked_sub(unpacked)
            .ok_or_else(|| format!("解压后超过 {most} 字节，拒绝读取 (unpacks to more than allowed)"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    /// A zip file of so many zeros, its directory told by zip64 where asked.
    fn packed(zeros: usize, zip64: bool) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file("xl/workbook.xml", zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(&vec![0; zeros]).unwrap();
        let mut bytes = writer.finish().unwrap().into_inner();
        if zip64 {
            let end = bytes.len() - 22;
            let told = bytes.split_off(end);
            let (size, offset) = (&told[12..16], &told[16..20]);
            let mut record = b"PK\x06\x06".to_vec();
            record.extend(44u64.to_le_bytes());
            record.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            record.extend(1u64.to_le_bytes());
            record.extend(1u64.to_le_bytes());
            for four in [size, offset] {
                record.extend(four);
                record.extend([0; 4]);
            }
            record.extend(b"PK\x06\x07\0\0\0\0");
            record.extend((end as u64).to_le_bytes());
            record.extend(1u32.to_le_bytes());
            bytes.extend(record);
            bytes.extend(b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0");
        }
        bytes
    }

    fn check(zeros: usize, zip64: bool, expect: Option<&str>) {
        let found = check_unpacked(&packed(zeros, zip64), 1_000).err();
        assert_eq!(found.is_some(), expect.is_some(), "{zeros} {zip64}: {found:?}");
        assert!(found.unwrap_or_default().contains(expect.unwrap_or_default()), "{zeros} {zip64}");
    }

    #[test]
    fn what_unpacks_to_more_than_allowed_is_refused_however_the_archive_tells_it() {
        check(1_000, false, None);
        check(1_001, false, Some("unpacks to more"));
        check(1_000, true, None);
        check(1_001, true, Some("unpacks to more"));
    }

    #[test]
    fn dates_follow_the_calendar_of_the_workbook() {
        let check = |serial: f64, is_1904: bool, expect: Option<&str>| {
            let moment = ExcelDateTime::new(serial, calamine::ExcelDateTimeType::DateTime, is_1904);
            assert_eq!(date_of(&moment).as_deref(), expect, "{serial} {is_1904}");
        };
        check(46_351.0, false, Some("2026-11-25"));
        check(46_351.0 - 1_462.0, true, Some("2026-11-25"));
        check(46_351.5, false, Some("2026-11-25T12:00:00+08:00"));
        check(-1.0, false, None);
        check(3_000_000.0, false, None);
        let length = ExcelDateTime::new(0.5, calamine::ExcelDateTimeType::TimeDelta, false);
        assert_eq!(date_of(&length), None);
    }
}
