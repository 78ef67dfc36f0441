//! Pollutants and the items of the index (污染物项目).

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The six basic pollutants of GB 3095 (基本项目).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Pollutant {
    /// 二氧化硫
    #[serde(rename = "SO2")]
    So2,
    /// 二氧化氮
    #[serde(rename = "NO2")]
    No2,
    /// 一氧化碳
    #[serde(rename = "CO")]
    Co,
    /// 可吸入颗粒物
    #[serde(rename = "PM10")]
    Pm10,
    /// 细颗粒物
    #[serde(rename = "PM25")]
    Pm25,
    /// 臭氧
    #[serde(rename = "O3")]
    O3,
}

impl Pollutant {
    pub const ALL: [Self; 6] = [Self::So2, Self::No2, Self::Co, Self::Pm10, Self::Pm25, Self::O3];

    /// Position in [`Pollutant::ALL`] and in six-element arrays.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// As in data files and CSV columns: `PM25`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::So2 => "SO2",
            Self::No2 => "NO2",
            Self::Co => "CO",
            Self::Pm10 => "PM10",
            Self::Pm25 => "PM25",
            Self::O3 => "O3",
        }
    }

    /// As printed for readers: `PM2.5`.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Pm25 => "PM2.5",
            other => other.key(),
        }
    }

    /// The unit standards use: CO mg/m³, all others µg/m³.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Co => "mg/m³",
            _ => "µg/m³",
        }
    }

    /// The factor code of HJ 212 (因子编码).
    pub const fn hj212(self) -> &'static str {
        match self {
            Self::So2 => "a21026",
            Self::No2 => "a21004",
            Self::Co => "a21005",
            Self::Pm10 => "a34002",
            Self::Pm25 => "a34004",
            Self::O3 => "a05024",
        }
    }

    /// Molar mass of the gases in mg/mol; `None` for particles.
    pub const fn molar_mass(self) -> Option<i64> {
        match self {
            Self::So2 => Some(64_058),
            Self::No2 => Some(46_005),
            Self::Co => Some(28_010),
            Self::O3 => Some(47_997),
            Self::Pm10 | Self::Pm25 => None,
        }
    }
}

impl fmt::Display for Pollutant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.label())
    }
}

/// A pollutant with its averaging time: one row of the breakpoint table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Item {
    #[serde(rename = "SO2_24H")]
    So2Day,
    #[serde(rename = "SO2_1H")]
    So2Hour,
    #[serde(rename = "NO2_24H")]
    No2Day,
    #[serde(rename = "NO2_1H")]
    No2Hour,
    #[serde(rename = "CO_24H")]
    CoDay,
    #[serde(rename = "CO_1H")]
    CoHour,
    #[serde(rename = "PM10_24H")]
    Pm10Day,
    #[serde(rename = "PM10_1H")]
    Pm10Hour,
    #[serde(rename = "PM25_24H")]
    Pm25Day,
    #[serde(rename = "PM25_1H")]
    Pm25Hour,
    #[serde(rename = "O3_8H")]
    O3EightHours,
    #[serde(rename = "O3_1H")]
    O3Hour,
}

impl Item {
    pub const COUNT: usize = 12;
    pub const ALL: [Self; Self::COUNT] = [
        Self::So2Day,
        Self::So2Hour,
        Self::No2Day,
        Self::No2Hour,
        Self::CoDay,
        Self::CoHour,
        Self::Pm10Day,
        Self::Pm10Hour,
        Self::Pm25Day,
        Self::Pm25Hour,
        Self::O3EightHours,
        Self::O3Hour,
    ];

    pub const fn index(self) -> usize {
        self as usize
    }

    /// The bit of this item in a mask.
    pub const fn bit(self) -> u16 {
        1 << self as u16
    }

    pub const fn pollutant(self) -> Pollutant {
        match self {
            Self::So2Day | Self::So2Hour => Pollutant::So2,
            Self::No2Day | Self::No2Hour => Pollutant::No2,
            Self::CoDay | Self::CoHour => Pollutant::Co,
            Self::Pm10Day | Self::Pm10Hour => Pollutant::Pm10,
            Self::Pm25Day | Self::Pm25Hour => Pollutant::Pm25,
            Self::O3EightHours | Self::O3Hour => Pollutant::O3,
        }
    }

    /// As in the breakpoint table: `PM25_24H`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::So2Day => "SO2_24H",
            Self::So2Hour => "SO2_1H",
            Self::No2Day => "NO2_24H",
            Self::No2Hour => "NO2_1H",
            Self::CoDay => "CO_24H",
            Self::CoHour => "CO_1H",
            Self::Pm10Day => "PM10_24H",
            Self::Pm10Hour => "PM10_1H",
            Self::Pm25Day => "PM25_24H",
            Self::Pm25Hour => "PM25_1H",
            Self::O3EightHours => "O3_8H",
            Self::O3Hour => "O3_1H",
        }
    }

    /// Those of `mask`, in table order.
    pub fn in_mask(mask: u16) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |item| mask & item.bit() != 0)
    }
}

impl fmt::Display for Item {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.key())
    }
}

/// A text that names no item of the breakpoint table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownItem(pub String);

impl fmt::Display for UnknownItem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` is not an item of the air quality index", self.0)
    }
}

impl std::error::Error for UnknownItem {}

impl FromStr for Item {
    type Err = UnknownItem;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|item| item.key() == text).ok_or_else(|| UnknownItem(text.to_owned()))
    }
}
