//! Points (点位): what is observed, as every mechanism needs to know it. `register` builds them from ledger
//! records; `collect`, `judge`, `act` and `share` read them through [`PointSource`].

use std::collections::HashMap;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{Name, Timestamp};

/// What kind of thing is observed. Kinds decide which evaluation applies; a new ledger maps to one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PointKind {
    /// 环境空气自动站
    AirStation,
    /// 微型空气站: indicative only, never judged as an air station.
    MicroStation,
    /// 地表水断面（含自动站）
    WaterSection,
    /// 湖库点位
    LakePoint,
    /// 饮用水水源地
    DrinkingWaterSource,
    /// 废水排放口
    WastewaterOutlet,
    /// 废气排放口
    WasteGasOutlet,
    /// 声环境点
    NoisePoint,
    /// 水电站生态流量
    EcologicalFlow,
    /// 地下水井
    GroundwaterWell,
    /// 土壤点
    SoilPoint,
    /// 电磁环境站
    ElectromagneticStation,
    /// 扬尘监测点
    DustPoint,
    /// 水文站
    HydrologyStation,
    /// 生态观测站: recorded, not judged.
    EcologicalStation,
}

impl PointKind {
    pub const ALL: [PointKind; 15] = [
        Self::AirStation,
        Self::MicroStation,
        Self::WaterSection,
        Self::LakePoint,
        Self::DrinkingWaterSource,
        Self::WastewaterOutlet,
        Self::WasteGasOutlet,
        Self::NoisePoint,
        Self::EcologicalFlow,
        Self::GroundwaterWell,
        Self::SoilPoint,
        Self::ElectromagneticStation,
        Self::DustPoint,
        Self::HydrologyStation,
        Self::EcologicalStation,
    ];

    /// Name in data and JSON, Chinese label, English label.
    pub const fn describe(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::AirStation => ("air_station", "环境空气站", "ambient air station"),
            Self::MicroStation => ("micro_station", "微型空气站", "air micro-station"),
            Self::WaterSection => ("water_section", "地表水断面", "surface-water section"),
            Self::LakePoint => ("lake_point", "湖库点位", "lake or reservoir point"),
            Self::DrinkingWaterSource => ("drinking_water_source", "饮用水水源地", "drinking-water source"),
            Self::WastewaterOutlet => ("wastewater_outlet", "废水排放口", "wastewater outlet"),
            Self::WasteGasOutlet => ("waste_gas_outlet", "废气排放口", "waste-gas outlet"),
            Self::NoisePoint => ("noise_point", "声环境点", "noise point"),
            Self::EcologicalFlow => ("ecological_flow", "生态流量", "ecological flow"),
            Self::GroundwaterWell => ("groundwater_well", "地下水井", "groundwater well"),
            Self::SoilPoint => ("soil_point", "土壤点", "soil point"),
            Self::ElectromagneticStation => ("electromagnetic_station", "电磁环境站", "electromagnetic station"),
            Self::DustPoint => ("dust_point", "扬尘监测点", "dust point"),
            Self::HydrologyStation => ("hydrology_station", "水文站", "hydrology station"),
            Self::EcologicalStation => ("ecological_station", "生态观测站", "ecological station"),
        }
    }

    pub const fn name(self) -> &'static str {
        self.describe().0
    }

    pub fn label(self) -> Name {
        Name::new(self.describe().1, self.describe().2)
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Over which period a limit holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitPeriod {
    /// 任意时刻／一次值
    Instant,
    /// 小时均值
    Hour,
    /// 日均值
    Day,
    Month,
    Year,
    /// 昼间, noise 06:00–22:00.
    Daytime,
    /// 夜间, noise 22:00–06:00.
    Night,
}

/// One of a point's own limits, such as those of its discharge permit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FactorLimit {
    /// HJ 212 factor code.
    pub factor: String,
    pub period: LimitPeriod,
    #[schemars(with = "Option<String>")]
    pub upper: Option<Decimal>,
    #[schemars(with = "Option<String>")]
    pub lower: Option<Decimal>,
    pub unit: String,
    /// Compare the value converted to reference conditions (折算值), not the measured one.
    pub converted: bool,
    /// Document, permit clause or table the limit stands in.
    pub basis: String,
    pub valid_from: Option<Timestamp>,
    /// Exclusive.
    pub valid_until: Option<Timestamp>,
    /// `true`: the figure is not confirmed and never judges.
    pub unconfirmed: bool,
    /// Holds only under a condition that is measured itself.
    #[serde(default)]
    pub when: Option<LimitWhen>,
}

/// What a measured value of the same period must be for a limit to hold, such as ammonia by water temperature
/// (GB 18918-2002 table 1, note 2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LimitWhen {
    /// HJ 212 factor code.
    pub factor: String,
    #[schemars(with = "Option<String>")]
    pub above: Option<Decimal>,
    #[schemars(with = "Option<String>")]
    pub at_most: Option<Decimal>,
}

impl LimitWhen {
    pub fn holds(&self, value: Decimal) -> bool {
        self.above.is_none_or(|bound| value > bound) && self.at_most.is_none_or(|bound| value <= bound)
    }
}

/// A discharge standard that binds a point (执行标准): the rows and the column of it that apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EmissionBasis {
    /// Family of the standard, `GB 18918`: the edition follows from the date.
    pub family: String,
    /// Table id in the library, `basic`.
    pub table: String,
    /// Column of the grade, `1A`.
    pub grade: String,
    /// What holds of the outlet, `built_from_2006`.
    pub conditions: Vec<String>,
    /// When it began to bind this outlet; `None`: with the standard itself.
    #[serde(default)]
    pub valid_from: Option<Timestamp>,
    /// Exclusive.
    #[serde(default)]
    pub valid_until: Option<Timestamp>,
}

impl EmissionBasis {
    pub fn in_force(&self, at: Timestamp) -> bool {
        self.valid_from.is_none_or(|from| from <= at) && self.valid_until.is_none_or(|until| at < until)
    }
}

impl FactorLimit {
    pub fn in_force(&self, at: Timestamp) -> bool {
        self.valid_from.is_none_or(|from| from <= at) && self.valid_until.is_none_or(|until| at < until)
    }
}

/// Where a point lies, in WGS-84 degrees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PointLocation {
    pub lon: f64,
    pub lat: f64,
    /// Code of how well it is known, such as `surveyed`, `township_centre`, `schematic`.
    pub accuracy: String,
    pub note: String,
}

/// A point as the register knows it now. Limits and bindings carry their own dates.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Point {
    /// Id of its ledger record; the observations' point number.
    #[serde(with = "id_text")]
    #[schemars(with = "String")]
    pub id: i64,
    pub ledger: String,
    pub key: String,
    pub name: Name,
    pub kind: PointKind,
    pub location: Option<PointLocation>,
    pub location_note: String,
    /// Keys of ledger records.
    pub township: Option<String>,
    pub body: Option<String>,
    pub enterprise: Option<String>,
    pub river: Option<String>,
    /// Body or enterprise that the point belongs to, for row-level permission.
    pub owner: Option<String>,
    /// Environmental function class (功能类别): `I`…`V` of water, `1`/`2` of air, `0`…`4b` of noise.
    pub function_class: Option<String>,
    pub function_class_basis: Option<String>,
    /// Who holds the county to it (考核级别), such as `national`: a code of its ledger.
    pub level: Option<String>,
    /// Kind of noise monitoring (功能区、区域、道路交通): `zone`, `region`, `traffic`.
    pub survey: Option<String>,
    /// Length of the road in metres that a point of road traffic stands for.
    #[schemars(with = "Option<String>")]
    pub road_length: Option<Decimal>,
    /// Discharge standard and grade, such as `GB 18918-2002` / `一级A标准`.
    pub standard: Option<String>,
    pub standard_grade: Option<String>,
    /// Oxygen content in percent that waste gas is converted to (基准氧含量), where the standard gives one.
    #[schemars(with = "Option<String>")]
    pub reference_oxygen: Option<Decimal>,
    pub limits: Vec<FactorLimit>,
    /// Standards whose limits bind it besides its own.
    pub emission: Vec<EmissionBasis>,
    /// HJ 212 factor codes it is expected to report.
    pub factors: Vec<String>,
    /// Expected interval of real-time data in seconds and of minute data in minutes.
    pub realtime_seconds: Option<u32>,
    pub minute_minutes: Option<u32>,
    /// 模拟: its data are made by a program.
    pub simulated: bool,
    /// 示意: its place or facts are invented.
    pub schematic: bool,
    /// Date of effect of the record, and whether it has been removed.
    pub valid_from: Option<String>,
}

impl Point {
    /// A simulated (模拟) point with nothing but its kind: what tests, examples and benchmarks begin with.
    pub fn simulated(id: i64, kind: PointKind) -> Self {
        Self {
            id,
            ledger: "simulated".into(),
            key: id.to_string(),
            name: Name::new(format!("模拟点位{id}"), format!("simulated point {id}")),
            kind,
            location: None,
            location_note: String::new(),
            township: None,
            body: None,
            enterprise: None,
            river: None,
            owner: None,
            function_class: None,
            function_class_basis: None,
            level: None,
            survey: None,
            road_length: None,
            standard: None,
            standard_grade: None,
            reference_oxygen: None,
            limits: Vec::new(),
            emission: Vec::new(),
            factors: Vec::new(),
            realtime_seconds: None,
            minute_minutes: None,
            simulated: true,
            schematic: true,
            valid_from: None,
        }
    }
}

mod id_text {
    pub fn serialize<S: serde::Serializer>(id: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(id)
    }
}

/// All points of a division at one moment.
#[derive(Debug, Default)]
pub struct PointSet {
    points: Vec<Arc<Point>>,
    by_id: HashMap<i64, usize>,
    by_key: HashMap<(String, String), usize>,
}

impl PointSet {
    pub fn new(points: Vec<Arc<Point>>) -> Self {
        let by_id = points.iter().enumerate().map(|(place, point)| (point.id, place)).collect();
        let by_key = points
            .iter()
            .enumerate()
            .map(|(place, point)| ((point.ledger.clone(), point.key.clone()), place))
            .collect();
        Self { points, by_id, by_key }
    }

    pub fn get(&self, id: i64) -> Option<&Arc<Point>> {
        self.by_id.get(&id).map(|&place| &self.points[place])
    }

    pub fn find(&self, ledger: &str, key: &str) -> Option<&Arc<Point>> {
        self.by_key.get(&(ledger.to_owned(), key.to_owned())).map(|&place| &self.points[place])
    }

    /// In the register's order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Point>> {
        self.points.iter()
    }

    pub fn of_kind(&self, kind: PointKind) -> impl Iterator<Item = &Arc<Point>> {
        self.points.iter().filter(move |point| point.kind == kind)
    }

    pub fn len(&self) -> usize {
        self.points.len()
    }

    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }
}

/// Whoever knows the points; exchanged as a whole when records change, so a reader keeps a consistent set.
pub trait PointSource: Send + Sync {
    fn points(&self) -> Arc<PointSet>;
}

/// A fixed set, for tests.
impl PointSource for Arc<PointSet> {
    fn points(&self) -> Arc<PointSet> {
        Arc::clone(self)
    }
}
