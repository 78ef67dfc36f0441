//! `county.toml`: who the county is, and its map layers.

use std::sync::Arc;

use kernel::{Division, Name};

use crate::catalog::Files;
use crate::cell::Table;
use crate::definition::Geometry;
use crate::location::Extent;
use crate::problem::{Findings, Position, ProblemCode};
use crate::reader::TableReader;

#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Neighbour {
    pub code: String,
    pub name: Name,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct County {
    pub division: Division,
    pub name: Name,
    /// Fixed offset from UTC, such as `+08:00`; the only one known so far.
    pub time_zone: String,
    pub extent: Extent,
    pub source: String,
    /// Key of the body that cases go to where a point names none (生态环境主管部门).
    pub competent_body: Option<String>,
    /// Where the file says so.
    #[serde(skip)]
    pub competent_body_at: Position,
    pub neighbours: Vec<Neighbour>,
}

/// A layer of the map. `geojson` is the file, verbatim.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct MapLayer {
    pub id: String,
    pub name: Name,
    pub geometry: Geometry,
    /// 示意: drawn by us, not surveyed.
    pub schematic: bool,
    pub source: String,
    pub licence: String,
    /// Coordinate reference system, such as `EPSG:4326`.
    pub crs: String,
    pub accuracy: String,
    pub features: usize,
    #[serde(skip)]
    pub geojson: Arc<str>,
}

pub const COUNTY_FILE: &str = "county.toml";

/// Reads `county.toml` and the layer files that it names.
pub fn parse(table: &Table, files: &Files, findings: &mut Findings) -> (County, Vec<MapLayer>) {
    let mut reader = TableReader::new(COUNTY_FILE, Position::START, table);
    let code = reader.text("code", findings);
    let number = code.parse::<i32>().ok().filter(|number| (100_000..1_000_000).contains(number));
    if number.is_none() {
        findings.add(
            COUNTY_FILE,
            reader.position_of("code"),
            ProblemCode::WrongShape,
            (format!("区划代码“{code}”不是六位数字"), format!("division code `{code}` is not six digits")),
            ("按 GB/T 2260 填写，如 \"500242\"".into(), "as in GB/T 2260, such as \"500242\"".into()),
        );
    }
    let name = reader.name("name", findings);
    // For the plan's linter, which reads the file itself: other forms of the name, and what the county lies in.
    reader.texts("also_written", findings);
    reader.texts("within", findings);
    let time_zone = reader.text("time_zone", findings);
    if time_zone != "+08:00" {
        findings.add(
            COUNTY_FILE,
            reader.position_of("time_zone"),
            ProblemCode::WrongShape,
            (format!("时区“{time_zone}”不支持"), format!("time zone `{time_zone}` is not supported")),
            ("写 \"+08:00\"".into(), "write \"+08:00\"".into()),
        );
    }
    let extent = extent_of(&mut reader, findings);
    let source = reader.text("source", findings);
    let competent_body = reader.optional_text("competent_body", findings);
    let competent_body_at = reader.position_of("competent_body");
    let mut neighbours = Vec::new();
    for mut item in reader.tables("neighbour", findings) {
        neighbours.push(Neighbour { code: item.text("code", findings), name: item.name("name", findings) });
        item.finish(findings);
    }
    let mut layers: Vec<MapLayer> = Vec::new();
    for item in reader.tables("layer", findings) {
        let at = item.at;
        let layer = layer_of(item, files, findings);
        if layers.iter().any(|known| known.id == layer.id) {
            findings.add(
                COUNTY_FILE,
                at,
                ProblemCode::DuplicateDefinition,
                (format!("图层“{}”出现两次", layer.id), format!("layer `{}` appears twice", layer.id)),
                ("换一个 id".into(), "use another id".into()),
            );
        }
        layers.push(layer);
    }
    reader.finish(findings);
    let division = Division(number.unwrap_or_default());
    let county = County { division, name, time_zone, extent, source, competent_body, competent_body_at, neighbours };
    (county, layers)
}

fn extent_of(reader: &mut TableReader<'_>, findings: &mut Findings) -> Extent {
    let numbers: Vec<f64> = match reader.cell("extent").map(|cell| &cell.raw) {
        Some(crate::cell::Raw::List(items)) => items
            .iter()
            .filter_map(|item| match &item.raw {
                crate::cell::Raw::Number(text) => text.parse().ok(),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    if let [west, south, east, north] = numbers[..]
        && west < east
        && south < north
        && Extent::WORLD.contains(west, south)
        && Extent::WORLD.contains(east, north)
    {
        return Extent([west, south, east, north]);
    }
    findings.add(
        COUNTY_FILE,
        reader.position_of("extent"),
        ProblemCode::WrongShape,
        ("extent 应为 [西, 南, 东, 北]（度）".into(), "`extent` must be [west, south, east, north] in degrees".into()),
        ("如 [108.2, 28.2, 109.5, 29.5]".into(), "such as [108.2, 28.2, 109.5, 29.5]".into()),
    );
    Extent::WORLD
}

fn layer_of(mut item: TableReader<'_>, files: &Files, findings: &mut Findings) -> MapLayer {
    let file = item.text("file", findings);
    let geometry = match item.text("geometry", findings).as_str() {
        "point" => Geometry::Point,
        "line" => Geometry::Line,
        "polygon" => Geometry::Polygon,
        _ => {
            findings.add(
                COUNTY_FILE,
                item.position_of("geometry"),
                ProblemCode::WrongShape,
                ("图层的 geometry 不认识".into(), "the layer's geometry is unknown".into()),
                ("写 point、line 或 polygon".into(), "write point, line or polygon".into()),
            );
            Geometry::None
        }
    };
    let mut layer = MapLayer {
        id: item.text("id", findings),
        name: item.name("name", findings),
        geometry,
        schematic: item.flag("schematic", false, findings),
        source: item.text("source", findings),
        licence: item.text("licence", findings),
        crs: item.text("crs", findings),
        accuracy: item.text("accuracy", findings),
        features: 0,
        geojson: Arc::from(""),
    };
    match files.get(&file) {
        Some(text) => {
            layer.features = check_geojson(&file, text, geometry, findings);
            layer.geojson = Arc::from(text.as_str());
        }
        None => findings.add(
            COUNTY_FILE,
            item.position_of("file"),
            ProblemCode::FileMissing,
            (format!("没有文件“{file}”"), format!("there is no file `{file}`")),
            ("补上文件，或改正路径".into(), "add the file or correct the path".into()),
        ),
    }
    item.finish(findings);
    layer
}

/// Counts the features of a GeoJSON FeatureCollection (RFC 7946) and checks kind and range of each.
fn check_geojson(file: &str, text: &str, geometry: Geometry, findings: &mut Findings) -> usize {
    let value: serde_json::Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => {
            let at = Position { line: error.line() as u32, column: (error.column() as u32).max(1) };
            let what = (format!("不是正确的 JSON：{error}"), format!("not valid JSON: {error}"));
            findings.add(
                file,
                at,
                ProblemCode::JsonSyntax,
                what,
                ("重新导出 GeoJSON".into(), "export the GeoJSON again".into()),
            );
            return 0;
        }
    };
    let mut complain = |zh: String, en: String| {
        let hint = (
            "要素集合，WGS-84，经度在前（RFC 7946）".into(),
            "a FeatureCollection in WGS-84, longitude first (RFC 7946)".into(),
        );
        findings.add(file, Position::START, ProblemCode::BadLayer, (zh, en), hint);
    };
    let Some(features) = value.get("features").and_then(serde_json::Value::as_array) else {
        complain("没有 features".into(), "there are no `features`".into());
        return 0;
    };
    let wanted: &[&str] = match geometry {
        Geometry::Point => &["Point", "MultiPoint"],
        Geometry::Line => &["LineString", "MultiLineString"],
        Geometry::Polygon => &["Polygon", "MultiPolygon"],
        Geometry::None => return features.len(),
    };
    for (index, feature) in features.iter().enumerate() {
        let shape = feature.get("geometry");
        let kind = shape.and_then(|shape| shape.get("type")).and_then(serde_json::Value::as_str).unwrap_or("-");
        if !wanted.contains(&kind) {
            complain(
                format!("第 {} 个要素是 {kind}，应为 {}", index + 1, wanted[0]),
                format!("feature {} is {kind}, must be {}", index + 1, wanted[0]),
            );
        } else if let Some(coordinates) = shape.and_then(|shape| shape.get("coordinates"))
            && let Some((lon, lat)) = first_outside(coordinates, 0)
        {
            complain(
                format!("第 {} 个要素的坐标 {lon}, {lat} 不是经纬度", index + 1),
                format!("feature {}: {lon}, {lat} is no longitude and latitude", index + 1),
            );
        }
    }
    features.len()
}

/// The first coordinate pair that is not on the globe. Nesting is bounded by the deepest GeoJSON geometry.
fn first_outside(coordinates: &serde_json::Value, depth: usize) -> Option<(f64, f64)> {
    let items = coordinates.as_array()?;
    if let [lon, lat, ..] = items.as_slice()
        && let (Some(lon), Some(lat)) = (lon.as_f64(), lat.as_f64())
    {
        return (!Extent::WORLD.contains(lon, lat)).then_some((lon, lat));
    }
    if depth >= 4 {
        return Some((f64::NAN, f64::NAN));
    }
    items.iter().find_map(|inner| first_outside(inner, depth + 1))
}
