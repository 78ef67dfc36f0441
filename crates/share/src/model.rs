//! What the public pages show.

use kernel::{Name, Problem, Timestamp};
use serde::Serialize;

/// State before number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Situation {
    /// Valid and recent.
    Current,
    /// The newest valid value is old.
    Stale,
    /// Too few valid values to judge.
    Incomplete,
    NoData,
}

impl Situation {
    pub fn name(self) -> Name {
        match self {
            Self::Current => Name::new("正常更新", "up to date"),
            Self::Stale => Name::new("数据中断", "feed interrupted"),
            Self::Incomplete => Name::new("数据不足，未评价", "too few data, not judged"),
            Self::NoData => Name::new("暂无数据", "no data"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct PublicFactor {
    pub name: Name,
    pub value: String,
    pub unit: String,
}

/// An air station now.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct AirRow {
    pub station: Name,
    pub simulated: bool,
    pub schematic: bool,
    pub situation: Situation,
    /// Start of the hour judged.
    pub time: Option<Timestamp>,
    pub aqi: Option<u32>,
    pub category: Option<Name>,
    /// `#rrggbb` of the category, from the standard.
    pub colour: Option<String>,
    pub primary: Vec<Name>,
    pub edition: String,
    pub factors: Vec<PublicFactor>,
}

/// A section or source now.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct WaterRow {
    pub point: Name,
    /// Empty where it lies on none.
    pub river: Name,
    pub simulated: bool,
    pub schematic: bool,
    pub situation: Situation,
    pub time: Option<Timestamp>,
    pub target: String,
    pub class: Option<String>,
    pub grade: Option<Name>,
    pub colour: Option<String>,
    pub compliant: Option<bool>,
    pub main_pollutants: Vec<Name>,
    pub edition: String,
}

/// Whoever knows the public side of the county; `server` implements it over the mechanisms.
pub trait PublicSource: Send + Sync {
    fn county(&self) -> Name;
    fn air(&self, now: Timestamp) -> Result<Vec<AirRow>, Problem>;
    fn water(&self, now: Timestamp) -> Result<Vec<WaterRow>, Problem>;
}
