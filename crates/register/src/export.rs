//! Records as CSV, xlsx, GeoJSON and KML. The columns are those that an import reads again.

use kernel::{ErrorCode, Problem};
use serde_json::{Value, json};

use crate::catalog::Catalog;
use crate::definition::{Field, LedgerDefinition};
use crate::import::geometry_file::PLACE_NOTE;
use crate::ops::definition_of;
use crate::record::Record;
use crate::value::is_control;

/// Columns beside the fields, in every form.
pub const BESIDES: [&str; 10] =
    ["lon", "lat", "accuracy", "location_note", "source", "note", "simulated", "schematic", "valid_from", "tags"];

/// What these columns are called in Chinese, in their order.
pub const BESIDES_LABELS: [&str; BESIDES.len()] =
    ["经度", "纬度", "位置精度", "位置说明", "出处", "备注", "模拟", "示意", "生效日期", "标签"];

/// The column beside the fields that a heading names in Chinese.
pub fn beside_labelled(label: &str) -> Option<&'static str> {
    BESIDES_LABELS.iter().position(|known| *known == label).map(|place| BESIDES[place])
}

/// Content type, file ending and bytes of records in a form; without `sensitive` such columns are left out. CSV and
/// xlsx hold the `chosen` fields only, in that order and with the key before them, where any are.
pub fn write(
    catalog: &Catalog,
    ledger: &str,
    records: &[Record],
    format: &str,
    sensitive: bool,
    chosen: &[String],
) -> Result<(&'static str, &'static str, Vec<u8>), Problem> {
    let mut definition = definition_of(catalog, ledger)?.clone();
    definition.fields.retain(|field| sensitive || !field.sensitive);
    if matches!(format, "csv" | "xlsx") && !chosen.is_empty() {
        choose(&mut definition, chosen)?;
    }
    let definition = &definition;
    match format {
        "csv" => Ok(("text/csv; charset=utf-8", "csv", csv(definition, records)?)),
        "xlsx" => Ok((
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "xlsx",
            crate::sheet::records(catalog, definition, records)?,
        )),
        "geojson" => Ok(("application/geo+json", "geojson", geojson(records).to_string().into_bytes())),
        "kml" => Ok(("application/vnd.google-earth.kml+xml", "kml", kml(definition, records).into_bytes())),
        other => {
            Err(Problem::invalid(format!("格式“{other}”不认识，可用 json、csv、xlsx、geojson、kml (unknown format)")))
        }
    }
}

/// Leaves the chosen fields, in their order; the key stays so that what was exported can be imported again.
fn choose(definition: &mut LedgerDefinition, chosen: &[String]) -> Result<(), Problem> {
    let mut fields: Vec<Field> = Vec::new();
    let wanted = std::iter::once(&definition.key).chain(chosen.iter().filter(|id| **id != definition.key));
    for id in wanted {
        let field = definition.field(id);
        let field = field.ok_or_else(|| Problem::invalid(format!("没有字段“{id}” (no such column)")))?;
        if !fields.iter().any(|known| known.id == *id) {
            fields.push(field.clone());
        }
    }
    definition.fields = fields;
    Ok(())
}

/// Column names of a ledger, in order.
pub fn columns(definition: &LedgerDefinition) -> Vec<&str> {
    definition.fields.iter().map(|field| field.id.as_str()).chain(BESIDES).collect()
}

/// The cell of a column as text; tables are JSON, lists have semicolons.
pub fn cell_text(record: &Record, column: &str) -> String {
    let content = &record.content;
    let place = content.location.as_ref();
    match column {
        "lon" => place.map(|place| place.lon.to_string()).unwrap_or_default(),
        "lat" => place.map(|place| place.lat.to_string()).unwrap_or_default(),
        "accuracy" => place.map(|place| place.accuracy.name().to_owned()).unwrap_or_default(),
        "location_note" => content.location_note.clone(),
        "source" => content.source.clone(),
        "tags" => list_text(content.tags.iter().map(String::as_str)),
        "note" => content.note.clone(),
        "simulated" => mark(content.simulated),
        "schematic" => mark(content.schematic),
        "valid_from" => content.valid_from.clone().unwrap_or_default(),
        field => content.values.get(field).map(value_text).unwrap_or_default(),
    }
}

/// A flag that is not set is an empty cell.
fn mark(flag: bool) -> String {
    if flag { "true".to_owned() } else { String::new() }
}

/// A value as one cell.
pub fn value_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(Value::is_string) => list_text(items.iter().filter_map(Value::as_str)),
        other => other.to_string(),
    }
}

/// With semicolons; as JSON where these, or blanks that are cut off when a cell is read, would make it another list.
fn list_text<'t>(items: impl Iterator<Item = &'t str>) -> String {
    let items: Vec<&str> = items.collect();
    let is_plain = |item: &&str| !item.contains([';', '；']) && !item.starts_with('[') && item.trim() == *item;
    match items.iter().all(is_plain) {
        true => items.join(";"),
        false => Value::from(items).to_string(),
    }
}

fn failed(error: impl std::fmt::Display) -> Problem {
    Problem::new(ErrorCode::Internal, format!("writing an export: {error}"))
}

/// Stands in an xlsx for what no cell holds; an import refuses it by name.
pub const TOO_LONG: &str = "#内容超过一格，未导出 (too long for a cell, left out)";
/// Most characters of a cell of a spreadsheet.
const MOST_IN_CELL: usize = 32_767;

/// The text for a cell of a spreadsheet. One record of older days does not stop the export of all.
pub fn sheet_text(record: &Record, column: &str) -> String {
    let text = quoted(readable(&cell_text(record, column)));
    if text.encode_utf16().count() > MOST_IN_CELL { TOO_LONG.to_owned() } else { text }
}

/// What makes a formula of a cell.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A cell that a spreadsheet program would run as a formula gets a leading apostrophe; numbers stay.
pub fn harmless(cell: String) -> String {
    let formula = cell.starts_with(FORMULA) && cell.parse::<f64>().is_err();
    if formula { format!("'{cell}") } else { quoted(cell) }
}

/// An apostrophe of the text's own, which [`unquoted`] would take for ours, gets another before it.
pub fn quoted(cell: String) -> String {
    if unquoted(&cell) == cell { cell } else { format!("'{cell}") }
}

/// Without the apostrophe that [`harmless`] or [`quoted`] put before.
pub fn unquoted(cell: &str) -> &str {
    let is_ours = |rest: &&str| rest.starts_with(FORMULA) || rest.starts_with('\'');
    cell.strip_prefix('\'').filter(is_ours).unwrap_or(cell)
}

fn csv(definition: &LedgerDefinition, records: &[Record]) -> Result<Vec<u8>, Problem> {
    let columns = columns(definition);
    let mut writer = csv::Writer::from_writer(b"\xEF\xBB\xBF".to_vec());
    writer.write_record(&columns).map_err(failed)?;
    for record in records {
        let cells = columns.iter().map(|column| harmless(cell_text(record, column)));
        writer.write_record(cells).map_err(failed)?;
    }
    writer.into_inner().map_err(failed)
}

/// A FeatureCollection in WGS-84 with all that records say; those without a place have no geometry.
pub fn geojson(records: &[Record]) -> Value {
    let features: Vec<Value> = records.iter().map(feature).collect();
    json!({ "type": "FeatureCollection", "features": features })
}

fn feature(record: &Record) -> Value {
    let content = &record.content;
    let mut properties = content.values.clone();
    properties.insert("ledger".to_owned(), record.ledger.clone().into());
    // A ledger may have a field of that name.
    properties.entry("title").or_insert_with(|| content.title.zh.clone().into());
    properties.insert("source".to_owned(), content.source.clone().into());
    properties.insert("simulated".to_owned(), content.simulated.into());
    properties.insert("schematic".to_owned(), content.schematic.into());
    let place = content.location.as_ref();
    let place_note = place.map(|place| place.note.clone()).unwrap_or_default();
    for (name, text) in [
        ("location_note", content.location_note.clone()),
        (PLACE_NOTE, if place_note == content.location_note { String::new() } else { place_note }),
        ("note", content.note.clone()),
        ("valid_from", content.valid_from.clone().unwrap_or_default()),
    ] {
        if !text.is_empty() {
            properties.insert(name.to_owned(), text.into());
        }
    }
    if !content.tags.is_empty() {
        properties.insert("tags".to_owned(), content.tags.clone().into());
    }
    let point = place.map(|place| {
        properties.insert("accuracy".to_owned(), place.accuracy.name().into());
        json!({ "type": "Point", "coordinates": [place.lon, place.lat] })
    });
    let geometry = content.geometry.clone().or(point);
    json!({ "type": "Feature", "id": record.id, "geometry": geometry, "properties": properties })
}

/// Without what no document can hold; older records may hold it.
pub fn readable(text: &str) -> String {
    text.chars().filter(|character| !is_control(*character)).collect()
}

fn escaped(text: &str) -> String {
    readable(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn kml_of(shape: &geometry::Shape) -> String {
    let value = shape.to_geojson();
    let line = |line: &Value| -> String {
        let places = line.as_array().into_iter().flatten();
        let texts: Vec<String> = places.map(|place| format!("{},{}", place[0], place[1])).collect();
        format!("<coordinates>{}</coordinates>", texts.join(" "))
    };
    let polygon = |rings: &Value| -> String {
        let rings = rings.as_array().into_iter().flatten().enumerate();
        let rings: String = rings
            .map(|(place, ring)| {
                let side = if place == 0 { "outerBoundaryIs" } else { "innerBoundaryIs" };
                format!("<{side}><LinearRing>{}</LinearRing></{side}>", line(ring))
            })
            .collect();
        format!("<Polygon>{rings}</Polygon>")
    };
    let coordinates = &value["coordinates"];
    let parts = || coordinates.as_array().into_iter().flatten();
    match value["type"].as_str() {
        Some("LineString") => format!("<LineString>{}</LineString>", line(coordinates)),
        Some("MultiLineString") => {
            let lines: String = parts().map(|part| format!("<LineString>{}</LineString>", line(part))).collect();
            format!("<MultiGeometry>{lines}</MultiGeometry>")
        }
        Some("Polygon") => polygon(coordinates),
        Some("MultiPolygon") => format!("<MultiGeometry>{}</MultiGeometry>", parts().map(polygon).collect::<String>()),
        _ => String::new(),
    }
}

fn kml(definition: &LedgerDefinition, records: &[Record]) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<kml xmlns=\"http://www.opengis.net/kml/2.2\"><Document><name>{}</name>\n",
        escaped(&definition.name.zh)
    );
    for record in records {
        let content = &record.content;
        let mark = match (content.simulated, content.schematic) {
            (true, _) => "【模拟】",
            (_, true) => "【示意】",
            _ => "",
        };
        text.push_str(&format!(
            "<Placemark><name>{mark}{}</name><description>{}</description>",
            escaped(&content.title.zh),
            escaped(&content.source)
        ));
        let shape = content
            .geometry
            .as_ref()
            .and_then(|value| geometry::Shape::from_geojson(value, geometry::Extent::WORLD).ok());
        if let Some(shape) = shape {
            text.push_str(&kml_of(&shape));
        } else if let Some(place) = &content.location {
            text.push_str(&format!("<Point><coordinates>{},{}</coordinates></Point>", place.lon, place.lat));
        }
        text.push_str("</Placemark>\n");
    }
    text.push_str("</Document></kml>\n");
    text
}
