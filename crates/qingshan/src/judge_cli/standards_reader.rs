//! `standards list`, `show`, `unconfirmed`: any standard with its tables, as the reader page shows it.

use super::Outcome;
use super::air::library;
use super::arguments::Arguments;
use super::table::Problem;
use standards::library::{Cell, Confidence};
use standards::{Standard, Table};
use std::fmt::Write as _;

/// Every standard, one a line: id, dates, title, figures that are not confirmed.
pub fn list(arguments: &Arguments) -> Outcome {
    arguments.only(&[])?;
    let library = library(arguments)?;
    if arguments.flag("json") {
        return json(&library.all());
    }
    let mut output = String::new();
    for standard in library.all() {
        let unsure = standard
            .tables
            .iter()
            .flat_map(|table| table.rows.iter().flatten())
            .chain(standard.figures.iter().map(|figure| &figure.value));
        let unsure = unsure.filter(|cell| cell.confidence == Confidence::Unsure && !cell.text.is_empty()).count();
        let doubt = if unsure > 0 { format!("  未确认 unconfirmed: {unsure}") } else { String::new() };
        let _ = writeln!(output, "{}  《{}》 {}{doubt}", standard.coverage(), standard.title.zh, standard.title.en);
    }
    Ok(output)
}

/// One standard (code, family or id) with everything we have of it.
pub fn show(arguments: &Arguments) -> Outcome {
    arguments.only(&[])?;
    let library = library(arguments)?;
    let code = arguments.operands.join(" ");
    let mut found: Vec<&Standard> = library.find(&code).collect();
    if found.is_empty() && !code.is_empty() {
        // `GB3095-2026` without its space.
        let squeeze = |text: &str| text.replace(' ', "").to_lowercase();
        found = library.all().iter().filter(|standard| squeeze(&standard.code) == squeeze(&code)).collect();
    }
    if found.is_empty() {
        return Err(vec![
            Problem::new(format!("标准库中没有 the library has no `{code}`")).hint("qingshan standards list"),
        ]);
    }
    if arguments.flag("json") {
        return json(&found);
    }
    let mut output = String::new();
    for standard in found {
        write_standard(&mut output, standard);
    }
    Ok(output)
}

/// Every figure that is shown but not judged by.
pub fn unconfirmed(arguments: &Arguments) -> Outcome {
    arguments.only(&[])?;
    let figures = library(arguments)?.unconfirmed();
    if arguments.flag("json") {
        return json(&figures);
    }
    let mut output = String::new();
    for figure in figures {
        let _ = writeln!(
            output,
            "{} = {} {}  {} / {}",
            figure.figure, figure.text, figure.unit, figure.title.zh, figure.title.en
        );
    }
    Ok(output)
}

fn json(value: &impl serde::Serialize) -> Outcome {
    serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(|error| vec![Problem::new(error.to_string())])
}

fn write_standard(output: &mut String, standard: &Standard) {
    let _ = writeln!(output, "{}  《{}》 {}", standard.id(), standard.title.zh, standard.title.en);
    let _ = writeln!(output, "施行 in force: {}", standard.coverage());
    for effect in &standard.effects {
        let _ = writeln!(output, "  {} — {}", effect.from, effect.basis);
    }
    if !standard.replaces.is_empty() {
        let _ = writeln!(output, "代替 replaces: {}", standard.replaces.join(", "));
    }
    let _ = writeln!(output, "来源 source: {}", standard.source);
    for note in &standard.notes {
        let _ = writeln!(output, "注 note: {} / {}", note.zh, note.en);
    }
    for table in &standard.tables {
        write_table(output, table);
    }
    for figure in &standard.figures {
        let _ = writeln!(
            output,
            "\n{} = {} {}  {} / {}  [{}]",
            figure.id,
            show_cell(&figure.value),
            figure.unit,
            figure.title.zh,
            figure.title.en,
            figure.clause
        );
    }
    output.push('\n');
}

fn write_table(output: &mut String, table: &Table) {
    let _ = writeln!(output, "\n{} / {}  [{}]", table.title.zh, table.title.en, table.clause);
    let headers: Vec<String> = table
        .columns
        .iter()
        .map(|column| {
            if column.unit.is_empty() {
                column.title.zh.clone()
            } else {
                format!("{} ({})", column.title.zh, column.unit)
            }
        })
        .collect();
    let _ = writeln!(output, "| {} |", headers.join(" | "));
    let _ = writeln!(output, "|{}", "---|".repeat(headers.len()));
    for row in &table.rows {
        let cells: Vec<String> = row.iter().map(show_cell).collect();
        let _ = writeln!(output, "| {} |", cells.join(" | "));
    }
    for note in &table.notes {
        let _ = writeln!(output, "注 note: {} / {}", note.zh, note.en);
    }
}

/// A dash for an empty cell, and `(?)` behind a figure that is not confirmed.
fn show_cell(cell: &Cell) -> String {
    match (cell.text.is_empty(), cell.confidence) {
        (true, _) => "–".to_owned(),
        (false, Confidence::Confirmed) => cell.text.clone(),
        (false, Confidence::Unsure) => format!("{}(?)", cell.text),
    }
}
