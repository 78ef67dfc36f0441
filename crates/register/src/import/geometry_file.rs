//! Records from files of geometry: GeoJSON or a zipped shapefile becomes rows of the same import that sheets go
//! through, so that one validator, one dry run and one "all or none" serve both.

use std::collections::BTreeMap;

use geometry::file::{self, FeatureFile};
use geometry::{Feature, ReferenceSystem, Shape, ShapeError};
use kernel::{Action, Actor, ErrorCode, Name, Problem, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::reading::{Row, Sheet, Text};
use super::{ImportProblem, ImportReport, Options};
use crate::definition::{Geometry, LedgerDefinition};
use crate::export::{BESIDES, beside_labelled};
use crate::location::{Accuracy, Location};
use crate::ops::{Register, definition_of};
use crate::problem::ProblemCode;

/// How to read the file.
#[derive(Clone, Debug, Default)]
pub struct GeometryOptions {
    pub import: Options,
    /// Word of a [`ReferenceSystem`]; empty: as the file says, or as its numbers can only be.
    pub system: String,
    /// Field → property of the file, beside those whose names match.
    pub mapping: BTreeMap<String, String>,
    /// Source (出处) of records that have none.
    pub source: String,
    /// 示意: the records are marked as invented to show the use.
    pub schematic: bool,
    /// How well places are known that neither the file nor the record says so of; none: approximately.
    pub accuracy: Option<Accuracy>,
}

/// What a file holds and what importing it did or would do.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct GeometryReport {
    #[serde(flatten)]
    pub import: ImportReport,
    /// `geojson` or `shapefile`.
    pub format: String,
    pub system: String,
    pub system_name: Name,
    /// `said` (by the person), `file`, `numbers`.
    pub told_by: String,
    /// Properties of the file, and the fields that they fill.
    pub properties: Vec<PropertyUse>,
    pub area_m2: f64,
    /// What lies on the map, in WGS-84.
    #[schemars(with = "Map<String, Value>")]
    pub preview: Value,
    /// Features that the preview leaves out.
    pub not_previewed: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct PropertyUse {
    pub property: String,
    pub field: Option<String>,
    /// A value, to recognise it.
    pub example: String,
}

const MOST_PREVIEWED_VERTICES: usize = 200_000;
const MOST_PROPERTIES: usize = 200;

impl Register {
    /// Checks a file of geometry and, unless it is a dry run or anything is wrong, writes all of it. A record whose
    /// key is there already keeps what the file does not say.
    pub fn import_geometry(
        &self,
        actor: &Actor,
        ledger: &str,
        bytes: &[u8],
        options: &GeometryOptions,
        now: Timestamp,
    ) -> Result<GeometryReport, Problem> {
        let catalog = self.catalog();
        let definition = definition_of(&catalog, ledger)?;
        if !actor.may_somewhere(Action::EditRegisters) {
            return Err(Problem::new(ErrorCode::NotAllowed, "无权修改台账 (ledgers may not be edited)"));
        }
        if definition.geometry == Geometry::None {
            return Err(Problem::invalid("这个台账没有图形 (this ledger has no geometry)"));
        }
        let system = match options.system.as_str() {
            "" => None,
            word => Some(
                ReferenceSystem::from_word(word)
                    .ok_or_else(|| Problem::invalid(format!("不认识坐标系“{word}” (unknown coordinate system)")))?,
            ),
        };
        let extent = geometry::Extent(catalog.extent.0);
        let read = file::read(bytes, system, extent).map_err(|error| match error {
            file::FileError::TooLarge(_) => Problem::new(ErrorCode::TooLarge, error.to_string()),
            other => Problem::invalid(other.to_string()),
        })?;
        let properties = properties_of(&read, definition, &options.mapping);
        let sheet = self.sheet_of(definition, &read, &properties, bytes, options)?;
        let import = self.import_sheet(actor, &catalog, definition, sheet, &options.import, now)?;
        let (preview, not_previewed) = preview_of(&read);
        let (zh, en) = read.system.name();
        Ok(GeometryReport {
            import,
            format: read.format.to_owned(),
            system: read.system.word(),
            system_name: Name::new(zh, en),
            told_by: read.told_by.to_owned(),
            properties,
            area_m2: read
                .features
                .iter()
                .filter_map(|feature| feature.shape.as_ref().ok())
                .map(|shape| shape.area())
                .sum(),
            preview,
            not_previewed,
        })
    }

    fn sheet_of(
        &self,
        definition: &LedgerDefinition,
        read: &FeatureFile,
        properties: &[PropertyUse],
        bytes: &[u8],
        options: &GeometryOptions,
    ) -> Result<Sheet, Problem> {
        let used: BTreeMap<&str, &str> =
            properties.iter().filter_map(|one| Some((one.field.as_deref()?, one.property.as_str()))).collect();
        let file_hash =
            format!("{:x}", Sha256::digest(bytes).iter().take(4).fold(0u32, |sum, byte| sum << 8 | u32::from(*byte)));
        let mut sheet = Sheet::default();
        for feature in &read.features {
            let number = u32::try_from(feature.number).unwrap_or(u32::MAX);
            let shape = match &feature.shape {
                Ok(shape) => Some(shape),
                // It says nothing of the place: that of a record that is there stays.
                Err(ShapeError::Missing) => None,
                Err(error) => {
                    sheet.problems.push(broken(number, error));
                    continue;
                }
            };
            let values = self.values_of(definition, feature, shape, (&used, &file_hash), options)?;
            let cells = values.into_iter().filter(|(_, text)| !text.is_empty()).enumerate();
            let cells = cells.map(|(place, (column, text))| Text {
                row: number,
                number: place as u32 + 1,
                column: column.to_owned(),
                text,
            });
            sheet.rows.push(Row { number, cells: cells.collect() });
        }
        Ok(sheet)
    }

    /// What a feature says, by field and column beside the fields.
    fn values_of<'u>(
        &self,
        definition: &'u LedgerDefinition,
        feature: &Feature,
        shape: Option<&Shape>,
        (used, file_hash): (&BTreeMap<&'u str, &str>, &str),
        options: &GeometryOptions,
    ) -> Result<BTreeMap<&'u str, String>, Problem> {
        let mut values: BTreeMap<&str, String> = used
            .iter()
            .filter_map(|(field, property)| Some((*field, text_of(feature.properties.get(*property)?)?)))
            .collect();
        // Without a number of its own a feature is known by file and place, so that the same file again
        // revises the same records.
        let key = values
            .entry(definition.key.as_str())
            .or_insert_with(|| format!("{}-{file_hash}-{}", definition.id, feature.number))
            .clone();
        let known = self.any_by_key(&definition.id, &key)?.filter(|record| record.deleted.is_none());
        // A record that is there says where it comes from itself.
        if !options.source.is_empty() && known.is_none() {
            values.entry("source").or_insert_with(|| options.source.clone());
        }
        if options.schematic {
            values.insert("schematic", "true".to_owned());
        }
        let before = known.as_ref().and_then(|known| known.content.location.as_ref());
        let accuracy = values.remove("accuracy").and_then(|word| Accuracy::from_name(&word));
        let note = values.remove(PLACE_NOTE);
        match shape {
            None => {}
            Some(shape) if shape.kind() == "point" && is_place(definition, shape, before) => {
                let is_marked = known.as_ref().is_some_and(|known| known.content.simulated || known.content.schematic)
                    || ["simulated", "schematic"].iter().any(|mark| is_set(values.get(mark)));
                let accuracy = accuracy.or(options.accuracy);
                let place = place_of(shape, accuracy, before, is_marked);
                let place = Location { note: note.unwrap_or(place.note), ..place };
                values.insert("location", serde_json::to_string(&place).unwrap_or_default());
            }
            Some(shape) => {
                values.insert("geometry", shape.to_geojson().to_string());
            }
        }
        Ok(values)
    }
}

/// What an export says of a record's place beside what it says of the record.
pub(crate) const PLACE_NOTE: &str = "place_note";

/// Degrees, about a decimetre: what two systems of coordinates may differ by for the same place.
const SAME_PLACE: f64 = 1e-6;

fn broken(row: u32, error: &ShapeError) -> ImportProblem {
    ImportProblem {
        row,
        column: 0,
        field: "geometry".to_owned(),
        code: ProblemCode::BadLocation.number().to_owned(),
        what: Name::new(format!("{error}"), format!("{} [{}]", error, error.code())),
        hint: Name::new("在原图里改正后再导入", "correct it in the file and import again"),
        fix: None,
    }
}

fn is_same_place((lon, lat): (f64, f64), before: &Location) -> bool {
    (lon - before.lon).abs() < SAME_PLACE && (lat - before.lat).abs() < SAME_PLACE
}

/// A point is the place of the record in ledgers of points; in others only where it is the one that the record has,
/// as our own export writes those without line or area.
fn is_place(definition: &LedgerDefinition, shape: &Shape, before: Option<&Location>) -> bool {
    let place = shape.label_place().unwrap_or_default();
    definition.geometry == Geometry::Point || before.is_some_and(|before| is_same_place(place, before))
}

fn is_set(flag: Option<&String>) -> bool {
    flag.is_some_and(|flag| matches!(flag.as_str(), "true" | "是"))
}

/// Where a point lies, and how well that is known: as it is said; where it is not, as the record says as long as the
/// place stays; else approximately. What is marked as invented is not taken for a real place.
fn place_of(shape: &Shape, said: Option<Accuracy>, before: Option<&Location>, is_marked: bool) -> Location {
    let (lon, lat) = shape.label_place().unwrap_or_default();
    if let Some(before) = before.filter(|before| is_same_place((lon, lat), before)) {
        return Location { accuracy: said.unwrap_or(before.accuracy), ..before.clone() };
    }
    let is_invented = is_marked || before.is_some_and(|before| before.accuracy == Accuracy::Schematic);
    let accuracy = said.unwrap_or(if is_invented { Accuracy::Schematic } else { Accuracy::Approximate });
    Location { lon, lat, accuracy, note: String::new() }
}

/// Properties of the file in the order in which they are met, with the field of the same id or label.
fn properties_of(
    read: &FeatureFile,
    definition: &LedgerDefinition,
    mapping: &BTreeMap<String, String>,
) -> Vec<PropertyUse> {
    let mut found: Vec<PropertyUse> = Vec::new();
    for feature in &read.features {
        for (property, value) in &feature.properties {
            let place = found.iter().position(|known| known.property == *property);
            match place {
                Some(place) if found[place].example.is_empty() => {
                    found[place].example = text_of(value).unwrap_or_default().chars().take(60).collect();
                }
                None if found.len() < MOST_PROPERTIES => found.push(PropertyUse {
                    property: property.clone(),
                    field: field_named(property, definition),
                    example: text_of(value).unwrap_or_default().chars().take(60).collect(),
                }),
                _ => {}
            }
        }
    }
    // Devices write metres there: that is another accuracy, and the place is then known as it is asked for.
    for one in &mut found {
        if one.field.as_deref() == Some("accuracy") && Accuracy::from_name(&one.example).is_none() {
            one.field = None;
        }
    }
    for (field, property) in mapping {
        for one in &mut found {
            if one.property == *property {
                one.field = Some(field.clone());
            } else if one.field.as_deref() == Some(field) {
                one.field = None;
            }
        }
    }
    found
}

/// The field that a property plainly means: its id or its label, whatever the case, or one of what every record has.
fn field_named(property: &str, definition: &LedgerDefinition) -> Option<String> {
    let same = |word: &str| word.eq_ignore_ascii_case(property.trim());
    let field = definition.fields.iter().find(|field| {
        // Shapefiles cut names after ten bytes.
        let cut = property.len() == 10 && field.id.len() > 10 && same(&field.id[..10]);
        same(&field.id) || same(&field.label.zh) || same(&field.label.en) || cut
    });
    if let Some(field) = field {
        return Some(field.id.clone());
    }
    // Where the feature lies says its geometry.
    let named = BESIDES.into_iter().find(|name| same(name)).or_else(|| beside_labelled(property.trim()));
    let besides = named.filter(|name| !matches!(*name, "lon" | "lat"));
    besides.or_else(|| same(PLACE_NOTE).then_some(PLACE_NOTE)).map(str::to_owned)
}

fn text_of(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    };
    (!text.is_empty()).then_some(text)
}

fn preview_of(read: &FeatureFile) -> (Value, usize) {
    let mut left = MOST_PREVIEWED_VERTICES;
    let mut features = Vec::new();
    let drawn: Vec<(&Feature, &geometry::Shape)> =
        read.features.iter().filter_map(|feature| Some((feature, feature.shape.as_ref().ok()?))).collect();
    for (feature, shape) in &drawn {
        let Some(rest) = left.checked_sub(shape.vertices()) else { break };
        left = rest;
        features.push(json!({
            "type": "Feature", "properties": { "number": feature.number }, "geometry": shape.to_geojson(),
        }));
    }
    let not_previewed = drawn.len() - features.len();
    (json!({ "type": "FeatureCollection", "features": features }), not_previewed)
}
