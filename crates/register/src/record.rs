//! Records of a ledger: checked content, and what the store adds to it.

use kernel::{Id, Name, Timestamp};
use serde_json::{Map, Value};

use crate::catalog::Catalog;
use crate::cell::{self, Cell, Raw, Table};
use crate::definition::{Field, Geometry, LedgerDefinition, RESERVED};
use crate::export::value_text;
use crate::location::Location;
use crate::problem::{Findings, Position, ProblemCode};
use crate::value::{Checker, LinkUse, is_date};

/// What one revision of a record says.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Content {
    pub key: String,
    pub title: Name,
    /// Field id → JSON form of its type, in the order of the definition.
    pub values: Map<String, Value>,
    pub location: Option<Location>,
    /// Line or area as GeoJSON in WGS-84, checked and wound as RFC 7946 says. Left out where there is none, so
    /// that content without one hashes as it always has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geometry: Option<Value>,
    /// Words that people mark records with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Why there is no location, or where it comes from.
    #[serde(default)]
    pub location_note: String,
    /// Chapter and box, document or person that says so.
    pub source: String,
    #[serde(default)]
    pub note: String,
    /// 模拟: made up by a program.
    #[serde(default)]
    pub simulated: bool,
    /// 示意: invented to show the use, to be replaced.
    #[serde(default)]
    pub schematic: bool,
    /// Date from which it holds.
    #[serde(default)]
    pub valid_from: Option<String>,
    /// Key of the body or enterprise it belongs to.
    #[serde(default)]
    pub owner: Option<String>,
    /// Version of the definition it was written under.
    pub version: u32,
}

impl Content {
    pub fn text(&self, field: &str) -> Option<&str> {
        self.values.get(field).and_then(Value::as_str)
    }

    pub fn integer(&self, field: &str) -> Option<i64> {
        self.values.get(field).and_then(Value::as_i64)
    }

    /// The content as a draft says it: its fields, and what every record has beside them.
    pub fn as_draft(&self) -> Map<String, Value> {
        let mut fields = self.values.clone();
        let mut put = |field: &str, value: Value| {
            fields.insert(field.to_owned(), value);
        };
        for (field, text) in [("location_note", &self.location_note), ("source", &self.source), ("note", &self.note)] {
            if !text.is_empty() {
                put(field, Value::String(text.clone()));
            }
        }
        if let Some(date) = &self.valid_from {
            put("valid_from", Value::String(date.clone()));
        }
        for (field, flag) in [("simulated", self.simulated), ("schematic", self.schematic)] {
            if flag {
                put(field, Value::Bool(true));
            }
        }
        if let Some(place) = &self.location {
            put("location", serde_json::to_value(place).unwrap_or_default());
        }
        if let Some(geometry) = &self.geometry {
            put("geometry", geometry.clone());
        }
        if !self.tags.is_empty() {
            put("tags", self.tags.clone().into());
        }
        fields
    }
}

/// A record as the store holds it now, or held it at some revision.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Record {
    pub id: Id,
    pub ledger: String,
    pub revision: i64,
    pub updated_at: Timestamp,
    pub updated_by: String,
    /// Reason of its deletion.
    pub deleted: Option<String>,
    #[serde(flatten)]
    pub content: Content,
}

impl Record {
    /// Takes out the fields that `keep` refuses.
    pub fn redacted(mut self, definition: &LedgerDefinition, keep: impl Fn(&Field) -> bool) -> Self {
        self.content.values.retain(|id, _| definition.field(id).is_some_and(&keep));
        self
    }
}

/// Content that passed, with what can only be decided once other records are known.
#[derive(Clone, Debug)]
pub struct Checked {
    pub content: Content,
    pub links: Vec<LinkUse>,
    /// The location is the centre of this township (key of a body).
    pub township: Option<(String, Position)>,
}

/// Checks a record against its definition. Everything wrong is reported; `None` when anything was.
pub fn check(
    file: &str,
    at: Position,
    table: &Table,
    definition: &LedgerDefinition,
    catalog: &Catalog,
    findings: &mut Findings,
) -> Option<Checked> {
    let before = findings.list.len() + findings.dropped;
    let mut checker = Checker { file, catalog, findings, links: Vec::new() };
    let values = checker.fields(&definition.fields, table, at, &RESERVED);
    if let Some(values) = &values {
        fits_cells(&mut checker, at, table, values);
    }
    let place = place_of(&mut checker, at, table, definition);
    let source = meta_text(&mut checker, table, "source").unwrap_or_default();
    if source.trim().is_empty() {
        checker.report(
            at,
            ProblemCode::SourceMissing,
            ("没有写出处".into(), "it does not say where it comes from".into()),
            ("补上 source = \"章节或专栏\"".into(), "add source = \"chapter or box\"".into()),
        );
    }
    let note = meta_text(&mut checker, table, "note").unwrap_or_default();
    let valid_from = meta_text(&mut checker, table, "valid_from");
    if let Some(date) = valid_from.as_deref().filter(|date| !is_date(date)) {
        let what = (format!("valid_from“{date}”不是日期"), format!("valid_from `{date}` is not a date"));
        checker.report(at, ProblemCode::WrongType, what, ("如 2026-11-24".into(), "such as 2026-11-24".into()));
    }
    let geometry = geometry_of(&mut checker, table, definition);
    let tags = tags_of(&mut checker, table);
    let simulated = meta_flag(&mut checker, table, "simulated");
    let schematic = meta_flag(&mut checker, table, "schematic");
    let links = checker.links;
    let (mut values, place) = (values?, place?);
    // A key is looked for as it is written: blanks around it would make it another.
    if let Some(Value::String(key)) = values.get_mut(&definition.key) {
        *key = key.trim().to_owned();
    }
    if before != findings.list.len() + findings.dropped {
        return None;
    }
    let text = |field: &str| match values.get(field) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let zh = text(&definition.title);
    let en = definition.title_en.as_deref().map(text).filter(|title| !title.is_empty());
    let content = Content {
        key: text(&definition.key),
        title: Name { en: en.unwrap_or_else(|| zh.clone()), zh },
        location: place.location,
        geometry,
        tags,
        location_note: place.note,
        source,
        note,
        simulated,
        schematic,
        valid_from,
        owner: owner_of(definition, &values),
        version: definition.version,
        values,
    };
    Some(Checked { content, links, township: place.township })
}

/// Key of the body or enterprise that a record belongs to, as its definition says now.
pub fn owner_of(definition: &LedgerDefinition, values: &Map<String, Value>) -> Option<String> {
    let owner = values.get(definition.owner.as_deref()?)?.as_str()?;
    let key = owner.rsplit(':').next().unwrap_or_default();
    (!key.is_empty()).then(|| key.to_owned())
}

/// Characters of a note, a source and a word on a place.
const LONGEST_TEXT: usize = 10_000;
/// Characters of a value as one cell of a sheet; spreadsheets hold 32,767.
const LONGEST_CELL: usize = 32_000;

/// What no cell of a sheet holds could not be exported.
fn fits_cells(checker: &mut Checker<'_>, at: Position, table: &Table, values: &Map<String, Value>) {
    for (field, value) in values {
        let length = value_text(value).chars().count();
        if length > LONGEST_CELL {
            let at = table.get(field).map_or(at, |cell| cell.at);
            let what = (
                format!("字段“{field}”共 {length} 个字，最多 {LONGEST_CELL}（表格的一格）"),
                format!("field `{field}` has {length} characters in all, at most {LONGEST_CELL} (a cell of a sheet)"),
            );
            checker.report(at, ProblemCode::OutOfRange, what, ("减少内容".into(), "have less of it".into()));
        }
    }
}

fn meta_text(checker: &mut Checker<'_>, table: &Table, key: &str) -> Option<String> {
    let cell = table.get(key)?;
    match &cell.raw {
        Raw::Text(text) | Raw::Moment(text) => {
            let length = text.chars().count();
            if length > LONGEST_TEXT {
                let what = (
                    format!("“{key}”有 {length} 个字，最多 {LONGEST_TEXT}"),
                    format!("`{key}` has {length} characters, at most {LONGEST_TEXT}"),
                );
                let hint = ("缩短文字，长文作为附件".into(), "shorten it, attach what is long".into());
                checker.report(cell.at, ProblemCode::OutOfRange, what, hint);
                return None;
            }
            checker.is_readable(key, text, cell.at).then(|| text.clone())
        }
        _ => {
            let what = (format!("“{key}”应为文本"), format!("`{key}` must be text"));
            checker.report(cell.at, ProblemCode::WrongType, what, ("加上引号".into(), "put it in quotes".into()));
            None
        }
    }
}

fn meta_flag(checker: &mut Checker<'_>, table: &Table, key: &str) -> bool {
    let Some(cell) = table.get(key) else { return false };
    match &cell.raw {
        Raw::Bool(value) => *value,
        Raw::Text(text) if text == "true" || text == "是" => true,
        Raw::Text(text) if text == "false" || text == "否" => false,
        _ => {
            let what = (format!("“{key}”应为 true 或 false"), format!("`{key}` must be true or false"));
            checker.report(
                cell.at,
                ProblemCode::WrongType,
                what,
                ("改成 true 或 false".into(), "write true or false".into()),
            );
            false
        }
    }
}

/// The geometry, given as GeoJSON text; everything that is wrong with it is named.
fn geometry_of(checker: &mut Checker<'_>, table: &Table, definition: &LedgerDefinition) -> Option<Value> {
    let cell = table.get("geometry")?;
    let wanted = match definition.geometry {
        Geometry::Line => ("line", "线", "a line"),
        Geometry::Polygon => ("polygon", "面", "an area"),
        Geometry::None | Geometry::Point => ("", "位置（经纬度）", "a place (lon, lat)"),
    };
    let extent = geometry::Extent(checker.catalog.extent.0);
    let read = match &cell.raw {
        Raw::Text(text) => serde_json::from_str::<Value>(text)
            .map_err(|error| geometry::ShapeError::NotGeometry(error.to_string()))
            .and_then(|value| geometry::Shape::from_geojson(&value, extent)),
        other => Err(geometry::ShapeError::NotGeometry(other.kind().1.to_owned())),
    };
    match read {
        Ok(shape) if shape.kind() == wanted.0 => return Some(shape.to_geojson()),
        Ok(shape) => checker.report(
            cell.at,
            ProblemCode::BadLocation,
            (
                format!("图形的类型是 {}，这个台账要{}", shape.kind(), wanted.1),
                format!("the geometry is a {}, this ledger wants {}", shape.kind(), wanted.2),
            ),
            ("换成合适的图形".into(), "give a fitting geometry".into()),
        ),
        Err(error) => checker.report(
            cell.at,
            ProblemCode::BadLocation,
            (format!("图形：{error}"), format!("geometry: {error} [{}]", error.code())),
            ("GeoJSON，经度在前，WGS-84".into(), "GeoJSON, longitude first, WGS-84".into()),
        ),
    }
    None
}

const MOST_TAGS: usize = 20;
const LONGEST_TAG: usize = 30;

/// Tags as a list, or as text with semicolons; each once, in order.
fn tags_of(checker: &mut Checker<'_>, table: &Table) -> Vec<String> {
    let Some(cell) = table.get("tags") else { return Vec::new() };
    let split: Vec<Cell>;
    let items = match &cell.raw {
        Raw::Text(text) => {
            split = cell::list_from_text(text, cell.at);
            Some(&split)
        }
        Raw::List(items) => Some(items),
        _ => None,
    };
    let word = |item: &Cell| match &item.raw {
        Raw::Text(text) => Some(text.clone()),
        _ => None,
    };
    let words: Option<Vec<String>> = items.and_then(|items| items.iter().map(word).collect());
    let mut tags: Vec<String> = Vec::new();
    for word in words.iter().flatten().map(|word| word.trim()).filter(|word| !word.is_empty()) {
        if !tags.iter().any(|known| known == word) {
            tags.push(word.to_owned());
        }
    }
    if !tags.iter().all(|tag| checker.is_readable("tags", tag, cell.at)) {
        return Vec::new();
    }
    let long = tags.iter().any(|tag| tag.chars().count() > LONGEST_TAG);
    if words.is_none() || tags.len() > MOST_TAGS || long {
        checker.report(
            cell.at,
            ProblemCode::WrongType,
            (
                format!("标签最多 {MOST_TAGS} 个，每个最多 {LONGEST_TAG} 字"),
                format!("at most {MOST_TAGS} tags of at most {LONGEST_TAG} characters"),
            ),
            ("如 [\"重点\", \"待核实\"]".into(), "such as [\"key\", \"to check\"]".into()),
        );
        return Vec::new();
    }
    tags
}

#[derive(Default)]
struct Place {
    location: Option<Location>,
    township: Option<(String, Position)>,
    note: String,
}

/// Where the record is. A ledger with points wants one of: coordinates with accuracy, `"township"`
/// (centre of the field `township`), or a `location_note` that says why there is none.
fn place_of(checker: &mut Checker<'_>, at: Position, table: &Table, definition: &LedgerDefinition) -> Option<Place> {
    let note = meta_text(checker, table, "location_note").unwrap_or_default();
    let flat =
        table.get("lon").or_else(|| table.get("lat")).map(|cell| Cell { at: cell.at, raw: Raw::Table(table.clone()) });
    let by_township = |cell: &Cell| matches!(&cell.raw, Raw::Text(word) if word == "township");
    let centre = table
        .get("location")
        .filter(|cell| by_township(cell))
        .or_else(|| table.get("accuracy").filter(|cell| flat.is_none() && by_township(cell)));
    if let Some(cell) = centre {
        let Some(Cell { raw: Raw::Text(key), .. }) = table.get("township") else {
            checker.report(
                cell.at,
                ProblemCode::BadLocation,
                (
                    "位置写了乡镇中心，但没有填 township".into(),
                    "the location is a township's centre, but `township` is empty".into(),
                ),
                ("填上乡镇编号".into(), "give the key of the township".into()),
            );
            return None;
        };
        return Some(Place { township: Some((key.clone(), cell.at)), note, location: None });
    }
    if let Some(mut cell) = table.get("location").cloned().or(flat) {
        if let Raw::Table(inner) = &mut cell.raw
            && table.get("lon").is_some()
        {
            // The record's own note is not the location's.
            inner.entries.retain(|entry| entry.key != "note");
        }
        let mut location = Location::check(checker, &cell)?;
        if location.note.is_empty() {
            location.note.clone_from(&note);
        }
        return Some(Place { location: Some(location), note, township: None });
    }
    if definition.geometry == Geometry::Point && note.trim().is_empty() {
        checker.report(
            at,
            ProblemCode::BadLocation,
            ("没有位置，也没有说明为什么".into(), "there is no location and no word why".into()),
            (
                "写 location = { lon, lat, accuracy }，或 location = \"township\"，或 location_note = \"为什么没有\"".into(),
                "write location = { lon, lat, accuracy }, or location = \"township\", or location_note = \"why there is none\"".into(),
            ),
        );
        return None;
    }
    Some(Place { note, ..Place::default() })
}
