//! Where a record is, and how well that is known.

use crate::cell::{Cell, Raw};
use crate::problem::ProblemCode;
use crate::value::Checker;

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Accuracy {
    /// 实测: the place itself, surveyed.
    Surveyed,
    /// 约略: from a gazetteer or a map, good to a kilometre or two.
    Approximate,
    /// 乡镇中心: the centre of the township stands in for it.
    TownshipCentre,
    /// 示意: invented for demonstration.
    Schematic,
}

impl Accuracy {
    pub const ALL: [Self; 4] = [Self::Surveyed, Self::Approximate, Self::TownshipCentre, Self::Schematic];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Surveyed => "surveyed",
            Self::Approximate => "approximate",
            Self::TownshipCentre => "township_centre",
            Self::Schematic => "schematic",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|accuracy| accuracy.name() == name)
    }
}

/// A point in WGS-84, taken as CGCS2000 for display.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Location {
    /// Degrees east.
    pub lon: f64,
    /// Degrees north.
    pub lat: f64,
    pub accuracy: Accuracy,
    #[serde(default)]
    pub note: String,
}

/// Characters of what is said of a place.
const LONGEST_NOTE: usize = 10_000;

/// West, south, east, north in degrees.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Extent(pub [f64; 4]);

impl Extent {
    pub const WORLD: Self = Self([-180.0, -90.0, 180.0, 90.0]);

    pub fn contains(self, lon: f64, lat: f64) -> bool {
        let [west, south, east, north] = self.0;
        (west..=east).contains(&lon) && (south..=north).contains(&lat)
    }
}

fn number(cell: Option<&Cell>) -> Option<f64> {
    match &cell?.raw {
        Raw::Number(text) | Raw::Text(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
        _ => None,
    }
}

impl Location {
    /// Reads `{ lon, lat, accuracy, note }` and checks that it lies within the county's extent.
    pub fn check(checker: &mut Checker<'_>, cell: &Cell) -> Option<Self> {
        let Raw::Table(table) = &cell.raw else {
            checker.report(
                cell.at,
                ProblemCode::BadLocation,
                (
                    "位置应写成 { lon = …, lat = …, accuracy = … }".into(),
                    "a location is { lon = …, lat = …, accuracy = … }".into(),
                ),
                ("补上经纬度和精度".into(), "give longitude, latitude and accuracy".into()),
            );
            return None;
        };
        let at = cell.at;
        let (Some(lon), Some(lat)) = (number(table.get("lon")), number(table.get("lat"))) else {
            checker.report(
                at,
                ProblemCode::BadLocation,
                ("位置缺少经度 lon 或纬度 lat".into(), "the location lacks `lon` or `lat`".into()),
                ("十进制度，WGS-84".into(), "decimal degrees, WGS-84".into()),
            );
            return None;
        };
        let extent = checker.catalog.extent;
        if !extent.contains(lon, lat) {
            let swapped = extent.contains(lat, lon);
            let [west, south, east, north] = extent.0;
            let hint = if swapped {
                ("经度和纬度写反了".into(), "longitude and latitude are swapped".into())
            } else {
                (
                    format!("经度 {west}–{east}，纬度 {south}–{north}（county.toml 的 extent）"),
                    format!("lon {west} to {east}, lat {south} to {north} (`extent` in county.toml)"),
                )
            };
            checker.report(
                at,
                ProblemCode::BadLocation,
                (
                    format!("位置 {lon}, {lat} 不在本县范围内"),
                    format!("location {lon}, {lat} is outside the county's extent"),
                ),
                hint,
            );
            return None;
        }
        let accuracy = match table.get("accuracy").map(|cell| &cell.raw) {
            Some(Raw::Text(word)) if Accuracy::from_name(word).is_some() => Accuracy::from_name(word)?,
            _ => {
                checker.report(
                    at,
                    ProblemCode::BadLocation,
                    ("位置没有说明精度".into(), "the location does not say how accurate it is".into()),
                    (
                        "accuracy = surveyed（实测）、approximate（约略）、township_centre（乡镇中心）或 schematic（示意）".into(),
                        "accuracy = surveyed, approximate, township_centre or schematic (invented)".into(),
                    ),
                );
                return None;
            }
        };
        let note = match table.get("note").map(|cell| &cell.raw) {
            Some(Raw::Text(note)) if !checker.is_readable("location", note, at) => return None,
            Some(Raw::Text(note)) if note.chars().count() > LONGEST_NOTE => {
                let what = (
                    format!("位置的说明最多 {LONGEST_NOTE} 字"),
                    format!("the note of a location has at most {LONGEST_NOTE} characters"),
                );
                checker.report(at, ProblemCode::OutOfRange, what, ("缩短文字".into(), "shorten it".into()));
                return None;
            }
            Some(Raw::Text(note)) => note.clone(),
            _ => String::new(),
        };
        Some(Self { lon, lat, accuracy, note })
    }
}
