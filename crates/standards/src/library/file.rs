//! Reading standards from TOML.
//!
//! A cell is a string so that figures stay exact; `"39?"` marks one figure as unsure, `confidence = "unsure"` a whole
//! table, figure or standard.

use super::Library;
use super::model::{Area, Cell, Column, Confidence, Effect, Figure, Standard, Table};
use crate::{Date, Text};
use serde::Deserialize;
use std::fmt;
use std::path::Path;

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

pub(super) const EMBEDDED_FILES: &[(&str, &str)] = embedded::FILES;

/// At most this many files are read from a folder, and at most this many bytes of each.
const MAX_FILES: usize = 2_000;
const MAX_FILE_BYTES: u64 = 4 << 20;

/// Standards data that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    pub file: String,
    pub message: String,
}

impl fmt::Display for LoadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "reading standard {}: {}", self.file, self.message)
    }
}

impl std::error::Error for LoadError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StandardFile {
    code: String,
    family: String,
    edition: String,
    title: Text,
    source: String,
    #[serde(default)]
    replaces: Vec<String>,
    #[serde(default)]
    confidence: ConfidenceWord,
    #[serde(default)]
    notes: Vec<Text>,
    #[serde(default)]
    effects: Vec<EffectFile>,
    #[serde(default)]
    tables: Vec<TableFile>,
    #[serde(default)]
    figures: Vec<FigureFile>,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum ConfidenceWord {
    #[default]
    Confirmed,
    Unsure,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum AreaFile {
    Word(String),
    Divisions(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EffectFile {
    area: AreaFile,
    from: Date,
    until: Option<Date>,
    #[serde(default)]
    basis: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableFile {
    id: String,
    title: Text,
    #[serde(default)]
    clause: String,
    #[serde(default)]
    confidence: ConfidenceWord,
    columns: Vec<ColumnFile>,
    #[serde(default = "one")]
    key_columns: usize,
    rows: Vec<Vec<String>>,
    #[serde(default)]
    notes: Vec<Text>,
}

fn one() -> usize {
    1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnFile {
    id: String,
    zh: String,
    en: String,
    #[serde(default)]
    unit: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FigureFile {
    id: String,
    title: Text,
    value: String,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    clause: String,
    #[serde(default)]
    confidence: ConfidenceWord,
}

pub(super) fn parse_all<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Library, LoadError> {
    let mut standards: Vec<Standard> = Vec::new();
    for (name, text) in texts {
        let standard = parse(name, text)?;
        if standards.iter().any(|other| other.id() == standard.id()) {
            return Err(LoadError { file: name.to_owned(), message: format!("{} appears twice", standard.id()) });
        }
        standards.push(standard);
    }
    Ok(Library { standards })
}

pub(super) fn read_folder(folder: &Path) -> Result<Library, LoadError> {
    let mut files = Vec::new();
    find_files(folder, &mut files)?;
    files.sort();
    let texts = files
        .iter()
        .map(|path| {
            let problem = |message: String| LoadError { file: path.display().to_string(), message };
            let size = std::fs::metadata(path).map_err(|error| problem(error.to_string()))?.len();
            if size > MAX_FILE_BYTES {
                return Err(problem(format!("{size} bytes is more than the limit of {MAX_FILE_BYTES}")));
            }
            let text = std::fs::read_to_string(path).map_err(|error| problem(error.to_string()))?;
            Ok((path.display().to_string(), text))
        })
        .collect::<Result<Vec<_>, _>>()?;
    parse_all(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())))
}

fn find_files(folder: &Path, into: &mut Vec<std::path::PathBuf>) -> Result<(), LoadError> {
    let problem = |message: String| LoadError { file: folder.display().to_string(), message };
    for entry in std::fs::read_dir(folder).map_err(|error| problem(error.to_string()))? {
        let path = entry.map_err(|error| problem(error.to_string()))?.path();
        if path.is_dir() {
            find_files(&path, into)?;
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            into.push(path);
        }
        if into.len() > MAX_FILES {
            return Err(problem(format!("more than {MAX_FILES} files")));
        }
    }
    Ok(())
}

fn parse(name: &str, text: &str) -> Result<Standard, LoadError> {
    let problem = |message: String| LoadError { file: name.to_owned(), message };
    let file: StandardFile = toml::from_str(text).map_err(|error| problem(error.to_string()))?;
    let unsure = file.confidence == ConfidenceWord::Unsure;
    let mut standard = Standard {
        code: file.code,
        family: file.family,
        edition: file.edition,
        title: file.title,
        source: file.source,
        replaces: file.replaces,
        confidence: confidence(unsure),
        notes: file.notes,
        effects: Vec::new(),
        tables: Vec::new(),
        figures: Vec::new(),
    };
    for effect in file.effects {
        let area = match effect.area {
            AreaFile::Word(word) if word == "national" => Area::National,
            AreaFile::Word(word) => {
                return Err(problem(format!("effects: area `{word}` (`national` or a list of codes)")));
            }
            AreaFile::Divisions(prefixes) => Area::Divisions(prefixes),
        };
        if effect.until.is_some_and(|until| until < effect.from) {
            return Err(problem(format!("effects: ends before it begins ({})", effect.from)));
        }
        standard.effects.push(Effect { area, from: effect.from, until: effect.until, basis: effect.basis });
    }
    let id = standard.id();
    for table in file.tables {
        let path = format!("{id}/{}", table.id);
        standard.tables.push(parse_table(table, path, unsure).map_err(problem)?);
    }
    for figure in file.figures {
        let value = cell(&figure.value, unsure || figure.confidence == ConfidenceWord::Unsure);
        standard.figures.push(Figure {
            id: figure.id,
            title: figure.title,
            value,
            unit: figure.unit,
            clause: figure.clause,
        });
    }
    Ok(standard)
}

fn parse_table(table: TableFile, path: String, unsure: bool) -> Result<Table, String> {
    let unsure = unsure || table.confidence == ConfidenceWord::Unsure;
    let width = table.columns.len();
    let mut rows = Vec::with_capacity(table.rows.len());
    for (index, row) in table.rows.iter().enumerate() {
        if row.len() != width {
            return Err(format!("table {path}: row {} has {} cells, not {width}", index + 1, row.len()));
        }
        // Key cells name the row and carry no doubt of their own.
        let cells = row.iter().enumerate().map(|(at, text)| cell(text, unsure && at >= table.key_columns));
        rows.push(cells.collect());
    }
    let parsed = Table {
        id: table.id,
        title: table.title,
        clause: table.clause,
        columns: table
            .columns
            .into_iter()
            .map(|column| Column { id: column.id, title: Text::new(column.zh, column.en), unit: column.unit })
            .collect(),
        key_columns: table.key_columns,
        rows,
        notes: table.notes,
        path,
    };
    let mut keys: Vec<String> = parsed.row_keys().collect();
    keys.sort();
    match keys.windows(2).find(|pair| pair.first() == pair.last()) {
        Some(pair) => Err(format!("table {}: row `{}` appears twice", parsed.path, pair.concat())),
        None => Ok(parsed),
    }
}

fn cell(text: &str, unsure: bool) -> Cell {
    match text.strip_suffix('?') {
        // A bare `?` is a figure nobody has read yet: it stays visible, and can be confirmed with its value.
        Some("") => Cell { text: "?".to_owned(), confidence: Confidence::Unsure },
        Some(figure) => Cell { text: figure.trim().to_owned(), confidence: Confidence::Unsure },
        None => Cell { text: text.trim().to_owned(), confidence: confidence(unsure) },
    }
}

fn confidence(unsure: bool) -> Confidence {
    if unsure { Confidence::Unsure } else { Confidence::Confirmed }
}
