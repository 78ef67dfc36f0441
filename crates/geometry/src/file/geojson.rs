//! GeoJSON (RFC 7946), with the `crs` member of the older form.

use geo::Coord;
use serde_json::{Map, Value};

use super::{Drawn, FileError, MOST_FEATURES, RawFeature, RawFile};
use crate::reference_system::ReferenceSystem;
use crate::shape::{MOST_VERTICES, ShapeError};

pub(super) fn read(bytes: &[u8], said: Option<ReferenceSystem>) -> Result<RawFile, FileError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        FileError::Broken(format!("既不是 GeoJSON 也不是 zip (neither GeoJSON nor a zip): {error}"))
    })?;
    let system = match value.pointer("/crs/properties/name").and_then(Value::as_str) {
        Some(urn) if said.is_none() => Some(ReferenceSystem::from_urn(urn).map_err(FileError::System)?),
        _ => None,
    };
    let list: Vec<&Value> = match value.get("type").and_then(Value::as_str) {
        Some("FeatureCollection") => value
            .get("features")
            .and_then(Value::as_array)
            .ok_or_else(|| FileError::Broken("没有 features (no features)".into()))?
            .iter()
            .collect(),
        Some(_) => vec![&value],
        None => return Err(FileError::Broken("没有 type (no type)".into())),
    };
    if list.len() > MOST_FEATURES {
        return Err(FileError::TooLarge(format!("> {MOST_FEATURES} features")));
    }
    let features = list.into_iter().enumerate().map(|(place, feature)| feature_of(place + 1, feature)).collect();
    Ok(RawFile { format: "geojson", said: system, features })
}

fn feature_of(number: usize, value: &Value) -> RawFeature {
    let is_feature = value.get("type").and_then(Value::as_str) == Some("Feature");
    let geometry = if is_feature { value.get("geometry").unwrap_or(&Value::Null) } else { value };
    let mut properties = match value.get("properties") {
        Some(Value::Object(properties)) if is_feature => properties.clone(),
        _ => Map::new(),
    };
    if let Some(id) = value.get("id").filter(|id| !id.is_null()) {
        properties.entry("id").or_insert_with(|| id.clone());
    }
    RawFeature { number, drawn: drawn_of(geometry), properties }
}

fn drawn_of(geometry: &Value) -> Result<Drawn, ShapeError> {
    let coordinates = geometry.get("coordinates").unwrap_or(&Value::Null);
    let mut left = MOST_VERTICES;
    match geometry.get("type").and_then(Value::as_str) {
        Some("Point") => Ok(Drawn::Point(place(coordinates, &mut left)?)),
        Some("LineString") => Ok(Drawn::Lines(vec![line(coordinates, &mut left)?])),
        Some("MultiLineString") => Ok(Drawn::Lines(each(coordinates, |value| line(value, &mut left))?)),
        Some("Polygon") => Ok(Drawn::Areas(vec![rings(coordinates, &mut left)?])),
        Some("MultiPolygon") => Ok(Drawn::Areas(each(coordinates, |value| rings(value, &mut left))?)),
        Some(other) => Err(ShapeError::NotGeometry(format!("type {other}"))),
        None if geometry.is_null() => Err(ShapeError::Missing),
        None => Err(ShapeError::NotGeometry("没有 type (no type)".into())),
    }
}

fn each<T>(value: &Value, mut read: impl FnMut(&Value) -> Result<T, ShapeError>) -> Result<Vec<T>, ShapeError> {
    let items = value.as_array().ok_or_else(|| ShapeError::NotGeometry("coordinates is not an array".into()))?;
    items.iter().map(&mut read).collect()
}

fn place(value: &Value, left: &mut usize) -> Result<Coord, ShapeError> {
    *left = left.checked_sub(1).ok_or(ShapeError::TooLarge)?;
    let number = |place: usize| value.get(place).and_then(Value::as_f64).filter(|number| number.is_finite());
    match (number(0), number(1)) {
        (Some(x), Some(y)) => Ok(Coord { x, y }),
        _ => Err(ShapeError::NotGeometry("a position is not two numbers".into())),
    }
}

fn line(value: &Value, left: &mut usize) -> Result<Vec<Coord>, ShapeError> {
    let line = each(value, |value| place(value, left))?;
    if line.len() < 2 {
        return Err(ShapeError::Invalid("a line has at least two positions".into()));
    }
    Ok(line)
}

fn rings(value: &Value, left: &mut usize) -> Result<Vec<Vec<Coord>>, ShapeError> {
    let rings = each(value, |value| line(value, left))?;
    if rings.iter().any(|ring| ring.len() < 4 || ring.first() != ring.last()) {
        return Err(ShapeError::Invalid("a ring is closed and has at least four positions".into()));
    }
    Ok(rings)
}
