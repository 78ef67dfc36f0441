//! Classes, grades and bodies of surface water.

use crate::Text;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Kind of water body (水体类型); total phosphorus and nitrogen differ between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// 河流
    River,
    /// 湖、库
    Lake,
}

impl Body {
    pub const fn key(self) -> &'static str {
        match self {
            Self::River => "river",
            Self::Lake => "lake",
        }
    }
}

/// A text that is neither `river` nor `lake`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownBody(pub String);

impl fmt::Display for UnknownBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` is not a water body (river or lake)", self.0)
    }
}

impl std::error::Error for UnknownBody {}

impl FromStr for Body {
    type Err = UnknownBody;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "river" | "河流" => Ok(Self::River),
            "lake" | "reservoir" | "湖库" => Ok(Self::Lake),
            other => Err(UnknownBody(other.to_owned())),
        }
    }
}

/// Class of water quality (水质类别); a later one is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Class {
    I,
    II,
    III,
    IV,
    V,
    /// 劣V类; of groundwater there is none, V is the worst.
    #[serde(rename = "V+")]
    InferiorV,
}

impl Class {
    /// The classes that have limits.
    pub const LIMITED: [Self; 5] = [Self::I, Self::II, Self::III, Self::IV, Self::V];
    pub const ALL: [Self; 6] = [Self::I, Self::II, Self::III, Self::IV, Self::V, Self::InferiorV];

    /// As in data files: `III`, `V+`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::I => "I",
            Self::II => "II",
            Self::III => "III",
            Self::IV => "IV",
            Self::V => "V",
            Self::InferiorV => "V+",
        }
    }

    /// `III类` / `class III`.
    pub fn name(self) -> Text {
        match self {
            Self::I => Text::new("Ⅰ类", "class I"),
            Self::II => Text::new("Ⅱ类", "class II"),
            Self::III => Text::new("Ⅲ类", "class III"),
            Self::IV => Text::new("Ⅳ类", "class IV"),
            Self::V => Text::new("Ⅴ类", "class V"),
            Self::InferiorV => Text::new("劣Ⅴ类", "worse than class V"),
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.key())
    }
}

/// A text that names no class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownClass(pub String);

impl fmt::Display for UnknownClass {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` is not a water class (I, II, III, IV, V, V+)", self.0)
    }
}

impl std::error::Error for UnknownClass {}

impl FromStr for Class {
    type Err = UnknownClass;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bare = text.trim().trim_end_matches(['类', '级']);
        match bare {
            "I" | "Ⅰ" | "1" => Ok(Self::I),
            "II" | "Ⅱ" | "2" => Ok(Self::II),
            "III" | "Ⅲ" | "3" => Ok(Self::III),
            "IV" | "Ⅳ" | "4" => Ok(Self::IV),
            "V" | "Ⅴ" | "5" => Ok(Self::V),
            "V+" | "劣V" | "劣Ⅴ" | "6" => Ok(Self::InferiorV),
            _ => Err(UnknownClass(text.to_owned())),
        }
    }
}

/// State of a section, river or basin (水质状况); a later one is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// 优
    Excellent,
    /// 良好
    Good,
    /// 轻度污染
    Light,
    /// 中度污染
    Moderate,
    /// 重度污染
    Heavy,
}

impl Grade {
    pub const ALL: [Self; 5] = [Self::Excellent, Self::Good, Self::Light, Self::Moderate, Self::Heavy];

    pub const fn key(self) -> &'static str {
        match self {
            Self::Excellent => "excellent",
            Self::Good => "good",
            Self::Light => "light",
            Self::Moderate => "moderate",
            Self::Heavy => "heavy",
        }
    }

    pub fn name(self) -> Text {
        match self {
            Self::Excellent => Text::new("优", "Excellent"),
            Self::Good => Text::new("良好", "Good"),
            Self::Light => Text::new("轻度污染", "Lightly polluted"),
            Self::Moderate => Text::new("中度污染", "Moderately polluted"),
            Self::Heavy => Text::new("重度污染", "Heavily polluted"),
        }
    }

    pub(super) fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grade| grade.key() == key)
    }
}
