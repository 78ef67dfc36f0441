//! Records and templates as xlsx.

use kernel::{ErrorCode, Problem};
use rust_xlsxwriter::{Color, DataValidation, Format, Note, Workbook, XlsxError};

use crate::catalog::Catalog;
use crate::definition::{Field, FieldType, LedgerDefinition};
use crate::export::{BESIDES, BESIDES_LABELS, columns, sheet_text};
use crate::record::Record;

fn failed(error: &XlsxError) -> Problem {
    Problem::new(ErrorCode::Internal, format!("writing an xlsx file: {error}"))
}

/// The template of a ledger: labels with notes and drop-downs, one row per record to come.
pub fn template(catalog: &Catalog, definition: &LedgerDefinition) -> Result<Vec<u8>, Problem> {
    build(catalog, definition, &[]).map_err(|error| failed(&error))
}

/// The template with the records in it.
pub fn records(catalog: &Catalog, definition: &LedgerDefinition, records: &[Record]) -> Result<Vec<u8>, Problem> {
    build(catalog, definition, records).map_err(|error| failed(&error))
}

/// First row: labels; second row: column names that an import reads; from the third: records.
pub const FIRST_RECORD_ROW: u32 = 2;
/// Rows that have drop-downs in a template.
const TEMPLATE_ROWS: u32 = 1_000;

fn build(catalog: &Catalog, definition: &LedgerDefinition, records: &[Record]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let heading = Format::new().set_bold().set_background_color(Color::RGB(0xE6_F0E8)).set_text_wrap();
    let names = Format::new().set_font_color(Color::RGB(0x66_6666));
    let sheet = book.add_worksheet();
    sheet.set_name("records")?;
    let columns = columns(definition);
    for (place, column) in columns.iter().enumerate() {
        let place = place as u16;
        let field = definition.field(column);
        sheet.write_string_with_format(0, place, label_of(field, column), &heading)?;
        sheet.write_string_with_format(1, place, *column, &names)?;
        sheet.set_column_width(place, 18)?;
        if let Some(field) = field {
            sheet.insert_note(0, place, &Note::new(note_of(catalog, field)))?;
            if let Some(choices) = choices_of(catalog, field) {
                let last = FIRST_RECORD_ROW + TEMPLATE_ROWS.max(records.len() as u32);
                let validation = DataValidation::new().allow_list_strings(&choices)?;
                sheet.add_data_validation(FIRST_RECORD_ROW, place, last, place, &validation)?;
            }
        }
    }
    sheet.set_freeze_panes(FIRST_RECORD_ROW, 1)?;
    for (row, record) in records.iter().enumerate() {
        for (place, column) in columns.iter().enumerate() {
            let text = sheet_text(record, column);
            if !text.is_empty() {
                sheet.write_string(FIRST_RECORD_ROW + row as u32, place as u16, text)?;
            }
        }
    }
    code_sheet(&mut book, catalog, definition)?;
    book.save_to_buffer()
}

/// All codes with their names, for those lists that are too long for a drop-down.
fn code_sheet(book: &mut Workbook, catalog: &Catalog, definition: &LedgerDefinition) -> Result<(), XlsxError> {
    let sheet = book.add_worksheet();
    sheet.set_name("codes")?;
    for (place, title) in ["field", "code", "zh", "en"].iter().enumerate() {
        sheet.write_string(0, place as u16, *title)?;
    }
    let mut row = 1;
    for field in &definition.fields {
        let Some(list) = list_of(field).and_then(|list| catalog.code_list(list)) else { continue };
        for code in &list.codes {
            // Records that are exported may say it.
            let (zh, en) = if code.retired { ("（停用）", " (retired)") } else { ("", "") };
            let names = [format!("{}{zh}", code.name.zh), format!("{}{en}", code.name.en)];
            for (place, text) in [&field.id, &code.code, &names[0], &names[1]].iter().enumerate() {
                sheet.write_string(row, place as u16, text.as_str())?;
            }
            row += 1;
        }
    }
    Ok(())
}

fn list_of(field: &Field) -> Option<&str> {
    match &field.kind {
        FieldType::Code(list) => Some(list),
        FieldType::List(inner) => match &**inner {
            FieldType::Code(list) => Some(list),
            _ => None,
        },
        _ => None,
    }
}

fn label_of(field: Option<&Field>, column: &str) -> String {
    match field {
        Some(field) => {
            let unit = field.unit.as_deref().map(|unit| format!("（{unit}）")).unwrap_or_default();
            format!("{}{unit}{}", field.label.zh, if field.required { " *" } else { "" })
        }
        None => {
            let place = BESIDES.iter().position(|known| *known == column).unwrap_or(0);
            format!("{}{}", BESIDES_LABELS[place], if column == "source" { " *" } else { "" })
        }
    }
}

fn note_of(catalog: &Catalog, field: &Field) -> String {
    let mut lines = vec![format!("{} · {}", field.label.en, field.kind.name())];
    lines.extend(field.help.as_ref().map(|help| help.zh.clone()));
    if let Some(list) = list_of(field).and_then(|list| catalog.code_list(list)) {
        let offered = list.codes.iter().filter(|code| !code.retired);
        lines.extend(offered.take(20).map(|code| format!("{} = {}", code.code, code.name.zh)));
    }
    match &field.kind {
        FieldType::Link(ledgers) => lines.push(format!("台账 {} 的编号", ledgers.join("、"))),
        FieldType::List(_) => lines.push("多项用分号隔开".to_owned()),
        FieldType::Table(columns) => {
            let names: Vec<&str> = columns.iter().map(|column| column.id.as_str()).collect();
            lines.push(format!("JSON 数组，列：{}", names.join(", ")));
        }
        _ => {}
    }
    lines.join("\n")
}

/// Choices of a drop-down; a spreadsheet takes 255 characters of them.
fn choices_of(catalog: &Catalog, field: &Field) -> Option<Vec<String>> {
    let choices: Vec<String> = match &field.kind {
        FieldType::Bool => vec!["true".into(), "false".into()],
        FieldType::Code(list) => {
            let codes = &catalog.code_list(list)?.codes;
            codes.iter().filter(|code| !code.retired).map(|code| code.code.clone()).collect()
        }
        _ => return None,
    };
    let length: usize = choices.iter().map(|choice| choice.chars().count() + 1).sum();
    (length <= 255).then_some(choices)
}
