//! A report as a file: xlsx (one sheet a section), docx, CSV. The same rows as on the page; numbers keep their links.

use document::{Document, Run};
use kernel::{ErrorCode, Problem};
use rust_xlsxwriter::{Color, Format, Url, Workbook, XlsxError};

use super::{Cell, Report, Section};

/// Excel keeps at most this many links in a sheet; beyond it numbers are plain.
const MOST_LINKS: usize = 60_000;

fn note(report: &Report) -> String {
    let mut parts = vec![format!("{}", report.title.zh), report.period.clone()];
    if report.simulated {
        parts.push("含模拟数据，不是实测 (simulated data)".to_owned());
    }
    if report.running {
        parts.push("时段未结束 (period not over)".to_owned());
    }
    parts.push(format!("截至 {}", &report.as_of.to_iso()[..16].replace('T', " ")));
    parts.join(" · ")
}

fn label(section: &Section, place: usize) -> String {
    let Some(column) = section.columns.get(place) else { return String::new() };
    if column.unit.is_empty() { column.label.zh.clone() } else { format!("{} {}", column.label.zh, column.unit) }
}

fn address(base: &str, cell: &Cell) -> Option<String> {
    cell.verdict.as_ref().filter(|_| !cell.text.is_empty()).map(|verdict| format!("{base}/app/verdicts/{verdict}"))
}

/// `base`: scheme and host of the links, such as `https://env.example.cn`.
///
/// # Errors
/// When the file cannot be made.
pub fn xlsx(report: &Report, base: &str) -> Result<Vec<u8>, Problem> {
    build(report, base).map_err(|error| Problem::new(ErrorCode::Internal, format!("writing a report as xlsx: {error}")))
}

fn build(report: &Report, base: &str) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let heading = Format::new().set_bold().set_background_color(Color::RGB(0xE6_F0E8)).set_text_wrap();
    let alarm = Format::new().set_font_color(Color::RGB(0xB0_2A1C)).set_bold();
    for (number, section) in report.sections.iter().enumerate() {
        let sheet = book.add_worksheet();
        let name: String = section.title.zh.chars().filter(|letter| !"[]:*?/\\、".contains(*letter)).take(25).collect();
        sheet.set_name(format!("{} {name}", number + 1))?;
        sheet.write_string(0, 0, note(report))?;
        sheet.write_string(1, 0, section.method.zh.as_str())?;
        let first = 3;
        for place in 0..section.columns.len() {
            sheet.write_string_with_format(first - 1, place as u16, label(section, place), &heading)?;
            sheet.set_column_width(place as u16, if place == 0 { 26 } else { 14 })?;
        }
        let mut links = 0;
        for (row, cells) in section.rows.iter().enumerate() {
            for (place, cell) in cells.iter().enumerate() {
                let (row, column) = (first + row as u32, place as u16);
                match address(base, cell).filter(|_| links < MOST_LINKS) {
                    Some(address) => {
                        links += 1;
                        sheet.write_url(row, column, Url::new(address).set_text(&cell.text))?;
                    }
                    None => match cell.text.parse::<f64>() {
                        Ok(number) if cell.alarm => {
                            sheet.write_number_with_format(row, column, number, &alarm)?;
                        }
                        Ok(number) => {
                            sheet.write_number(row, column, number)?;
                        }
                        Err(_) if cell.alarm => {
                            sheet.write_string_with_format(row, column, cell.text.as_str(), &alarm)?;
                        }
                        Err(_) => {
                            sheet.write_string(row, column, cell.text.as_str())?;
                        }
                    },
                }
            }
        }
        sheet.set_freeze_panes(first, 1)?;
        sheet.set_landscape();
        sheet.set_print_fit_to_pages(1, 0);
    }
    book.save_to_buffer()
}

/// # Errors
/// When the file cannot be made.
pub fn docx(report: &Report, base: &str) -> Result<Vec<u8>, Problem> {
    let mut document = Document::new(&report.title.zh);
    document.blocks.push(document::Block::Title(report.title.zh.clone()));
    document.paragraph(note(report));
    for line in &report.lines {
        document.paragraph(line.zh.clone());
    }
    for section in &report.sections {
        document.heading(1, section.title.zh.clone());
        document.paragraph(section.method.zh.clone());
        let header: Vec<String> = (0..section.columns.len()).map(|place| label(section, place)).collect();
        let header: Vec<&str> = header.iter().map(String::as_str).collect();
        let rows = section.rows.iter().map(|row| row.iter().map(|cell| docx_cell(base, cell)).collect()).collect();
        document.table(&header, &[], rows);
        if section.left_out > 0 {
            document.paragraph(format!("另有 {} 行未列出", section.left_out));
        }
    }
    document.to_docx().map_err(|error| Problem::new(ErrorCode::Internal, error.to_string()))
}

fn docx_cell(base: &str, cell: &Cell) -> document::Cell {
    let mut run = match address(base, cell) {
        Some(address) => Run::linked(&cell.text, address),
        None => Run::new(&cell.text),
    };
    run.bold = cell.alarm;
    document::Cell { runs: vec![run], right: cell.text.parse::<f64>().is_ok(), ..document::Cell::default() }
}

/// `air-daily-2026-11-24.xlsx`.
pub fn name(report: &Report, ending: &str) -> String {
    format!("{}-{}.{ending}", report.kind, report.period)
}
