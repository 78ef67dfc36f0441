//! Files of geometry that people bring: GeoJSON, or a zipped shapefile. Everything has a bound; what is wrong with
//! one feature is said of that feature.

mod attributes;
mod geojson;
mod shapefile;

use std::io::{Cursor, Read};

use geo::Coord;
use serde_json::{Map, Value};

use crate::reference_system::ReferenceSystem;
use crate::shape::{Extent, MOST_VERTICES, Shape, ShapeError};

/// Bytes of the file as it is uploaded.
pub const MOST_BYTES: usize = 64 << 20;
/// Bytes of one file inside a zip, unpacked.
pub const MOST_UNPACKED: u64 = 128 << 20;
pub const MOST_FEATURES: usize = 50_000;
/// Files in a zip.
const MOST_ENTRIES: usize = 200;

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FileError {
    #[error("文件过大：{0} (the file is too large)")]
    TooLarge(String),
    #[error("文件损坏：{0} (the file is broken)")]
    Broken(String),
    #[error("压缩包里缺少 {0} (missing in the zip)")]
    Missing(&'static str),
    #[error("压缩包里有 {0} 套 shapefile，一次只收一套 (one shapefile at a time)")]
    Several(usize),
    #[error("{0}")]
    System(String),
    #[error(
        "认不出坐标系，请指明 crs = wgs84、cgcs2000、gk、gk108 或 gcj02 (the coordinate system cannot be told, say which)"
    )]
    UnknownSystem,
}

/// One thing on the map, in WGS-84.
#[derive(Clone, Debug, PartialEq)]
pub struct Feature {
    /// Place in the file, from 1.
    pub number: usize,
    pub shape: Result<Shape, ShapeError>,
    pub properties: Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FeatureFile {
    /// `geojson` or `shapefile`.
    pub format: &'static str,
    pub system: ReferenceSystem,
    /// How the system was found: `said` (by the person), `file`, `numbers`.
    pub told_by: &'static str,
    pub features: Vec<Feature>,
}

/// A geometry as the file has it: rings of coordinates in the file's own system.
#[derive(Clone, Debug, PartialEq)]
enum Drawn {
    Point(Coord),
    Lines(Vec<Vec<Coord>>),
    /// Polygons: an outer ring and its holes.
    Areas(Vec<Vec<Vec<Coord>>>),
}

struct RawFeature {
    number: usize,
    drawn: Result<Drawn, ShapeError>,
    properties: Map<String, Value>,
}

struct RawFile {
    format: &'static str,
    /// What the file says of its system.
    said: Option<ReferenceSystem>,
    features: Vec<RawFeature>,
}

/// Reads a file. `system` is what the person says; it outranks the file.
pub fn read(bytes: &[u8], system: Option<ReferenceSystem>, extent: Extent) -> Result<FeatureFile, FileError> {
    if bytes.len() > MOST_BYTES {
        return Err(FileError::TooLarge(format!("> {} MB", MOST_BYTES >> 20)));
    }
    let raw =
        if bytes.starts_with(b"PK\x03\x04") { shapefile::read(unpack(bytes)?)? } else { geojson::read(bytes, system)? };
    if raw.features.len() > MOST_FEATURES {
        return Err(FileError::TooLarge(format!("> {MOST_FEATURES} features")));
    }
    let (system, told_by) = match (system, raw.said) {
        (Some(system), _) => (system, "said"),
        (None, Some(system)) => (system, "file"),
        (None, None) => {
            let samples: Vec<Coord> = raw.features.iter().filter_map(|feature| sample(&feature.drawn)).collect();
            (ReferenceSystem::guess(&samples, extent).ok_or(FileError::UnknownSystem)?, "numbers")
        }
    };
    let features = raw
        .features
        .into_iter()
        .map(|feature| Feature {
            number: feature.number,
            shape: feature.drawn.and_then(|drawn| placed(drawn, system, extent)),
            properties: feature.properties,
        })
        .collect();
    Ok(FeatureFile { format: raw.format, system, told_by, features })
}

fn sample(drawn: &Result<Drawn, ShapeError>) -> Option<Coord> {
    match drawn.as_ref().ok()? {
        Drawn::Point(place) => Some(*place),
        Drawn::Lines(lines) => lines.first()?.first().copied(),
        Drawn::Areas(areas) => areas.first()?.first()?.first().copied(),
    }
}

fn placed(drawn: Drawn, system: ReferenceSystem, extent: Extent) -> Result<Shape, ShapeError> {
    let mut left = MOST_VERTICES;
    let mut place = |place: Coord| {
        left = left.checked_sub(1).ok_or(ShapeError::TooLarge)?;
        let outside = ShapeError::OutsideExtent { lon: place.x, lat: place.y };
        extent.admit(system.to_wgs84(place.x, place.y).ok_or(outside)?)
    };
    let mut line = |places: Vec<Coord>| -> Result<geo::LineString, ShapeError> {
        Ok(geo::LineString(places.into_iter().map(&mut place).collect::<Result<_, _>>()?))
    };
    let shape = match drawn {
        Drawn::Point(place) => {
            let line = line(vec![place])?;
            Shape::Point(geo::Point(line.0[0]))
        }
        Drawn::Lines(lines) => {
            Shape::Line(geo::MultiLineString(lines.into_iter().map(&mut line).collect::<Result<_, _>>()?))
        }
        Drawn::Areas(areas) => {
            let mut polygons = Vec::with_capacity(areas.len());
            for rings in areas {
                let mut rings = rings.into_iter().map(&mut line).collect::<Result<Vec<_>, _>>()?;
                if rings.is_empty() {
                    return Err(ShapeError::Invalid("a polygon has an outer ring".into()));
                }
                let holes = rings.split_off(1);
                polygons.push(geo::Polygon::new(rings.remove(0), holes));
            }
            Shape::Area(geo::MultiPolygon(polygons))
        }
    };
    shape.checked()
}

/// Files of a zip by lower-case name without folders. What unpacks to more than it may is cut off while it is
/// read: the size that the zip states is not believed.
fn unpack(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, FileError> {
    let broken = |error: zip::result::ZipError| FileError::Broken(error.to_string());
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    if archive.len() > MOST_ENTRIES {
        return Err(FileError::TooLarge(format!("{} files in the zip", archive.len())));
    }
    let mut found = Vec::new();
    let mut left = MOST_UNPACKED;
    for place in 0..archive.len() {
        let entry = archive.by_index(place).map_err(broken)?;
        let name = entry.name().map_err(broken)?;
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default().to_lowercase();
        let wanted = [".shp", ".dbf", ".prj", ".cpg"].iter().any(|ending| name.ends_with(ending));
        if !wanted || entry.is_dir() || name.starts_with('.') {
            continue;
        }
        let mut content = Vec::new();
        entry.take(left + 1).read_to_end(&mut content).map_err(|error| FileError::Broken(error.to_string()))?;
        left = left
            .checked_sub(content.len() as u64)
            .ok_or_else(|| FileError::TooLarge(format!("unpacks to more than {} MB", MOST_UNPACKED >> 20)))?;
        found.push((name, content));
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
