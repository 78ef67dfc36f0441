//! Electromagnetic environment (电磁环境, GB 8702): public exposure limits by frequency.

use crate::library::FigureError;
use crate::{Standard, Step, clause};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

/// A quantity that is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// 电场强度, V/m.
    ElectricField,
    /// 磁场强度, A/m.
    MagneticField,
    /// 磁感应强度, µT.
    MagneticInduction,
    /// 等效平面波功率密度, W/m².
    PowerDensity,
}

impl Quantity {
    const fn column(self) -> &'static str {
        match self {
            Self::ElectricField => "e",
            Self::MagneticField => "h",
            Self::MagneticInduction => "b",
            Self::PowerDensity => "s",
        }
    }
}

/// `coefficient × f^exponent`, or `f / coefficient` written so in the table.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Formula {
    coefficient: f64,
    exponent: f64,
}

impl Formula {
    /// `8000`, `4000/f`, `40000/f^2`, `0.22*f^0.5`, `f/7500`.
    fn parse(text: &str) -> Option<Self> {
        if let Some(divisor) = text.strip_prefix("f/") {
            return Some(Self { coefficient: 1.0 / divisor.parse::<f64>().ok()?, exponent: 1.0 });
        }
        let (coefficient, power, sign) = match (text.split_once("/f"), text.split_once("*f")) {
            (Some((coefficient, power)), _) => (coefficient, power, -1.0),
            (None, Some((coefficient, power))) => (coefficient, power, 1.0),
            (None, None) => return Some(Self { coefficient: text.parse().ok()?, exponent: 0.0 }),
        };
        let power = if power.is_empty() { 1.0 } else { power.strip_prefix('^')?.parse::<f64>().ok()? };
        Some(Self { coefficient: coefficient.parse().ok()?, exponent: sign * power })
    }
}

#[derive(Clone, Debug)]
struct Band {
    from: f64,
    to: f64,
    /// Hz in one unit of f.
    unit: f64,
    limits: [Option<Formula>; 4],
}

/// The limits of GB 8702.
#[derive(Clone, Debug)]
pub struct EmLimits {
    bands: Vec<Band>,
    line_e: Decimal,
}

/// One measured component.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Component {
    pub frequency_hz: f64,
    pub quantity: Quantity,
    /// RMS, in the unit of the quantity.
    pub value: f64,
}

/// Exposure of several frequencies together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exposure {
    /// Σ E/E_L below 100 kHz; at most 1.
    pub low_electric: f64,
    /// Σ B/B_L below 100 kHz.
    pub low_magnetic: f64,
    /// Σ (E/E_L)² from 100 kHz.
    pub high_electric: f64,
    /// Σ (B/B_L)² from 100 kHz.
    pub high_magnetic: f64,
    pub complies: bool,
    pub steps: Vec<Step>,
}

impl EmLimits {
    /// # Errors
    /// When the table is absent, unconfirmed or has a formula we cannot read.
    pub fn from_standard(standard: &Standard) -> Result<Self, FigureError> {
        let table = standard.table("limits")?;
        let mut bands = Vec::new();
        for key in table.row_keys() {
            let number = |column: &str| {
                table.decimal(&key, column).map(|value| value.and_then(|value| value.to_f64()).unwrap_or(0.0))
            };
            let mut limits = [None; 4];
            let columns =
                [Quantity::ElectricField, Quantity::MagneticField, Quantity::MagneticInduction, Quantity::PowerDensity];
            for (quantity, limit) in columns.into_iter().zip(limits.iter_mut()) {
                let text = table.text(&key, quantity.column())?;
                if !text.is_empty() {
                    *limit = Some(Formula::parse(text).ok_or_else(|| FigureError::NotANumber {
                        figure: format!("{}/{key}/{}", table.path, quantity.column()),
                        text: text.to_owned(),
                    })?);
                }
            }
            let unit = match table.text(&key, "unit")? {
                "kHz" => 1e3,
                "MHz" => 1e6,
                "GHz" => 1e9,
                _ => 1.0,
            };
            bands.push(Band { from: number("from")?, to: number("to")?, unit, limits });
        }
        Ok(Self { bands, line_e: standard.decimal("line_e")? })
    }

    /// The limit at a frequency; on the boundary of two bands the lower band. `None` outside 1 Hz–300 GHz and where
    /// the table prints a dash.
    pub fn limit(&self, quantity: Quantity, frequency_hz: f64) -> Option<f64> {
        let band = self.bands.iter().find(|band| frequency_hz >= band.from && frequency_hz <= band.to)?;
        let formula = band.limits[quantity as usize]?;
        Some(formula.coefficient * (frequency_hz / band.unit).powf(formula.exponent))
    }

    /// The 50 Hz electric field allowed under overhead lines over farmland, roads and the like, V/m.
    pub fn under_lines(&self) -> Decimal {
        self.line_e
    }

    /// Whether several components together comply. Components without a limit at their frequency are left out.
    pub fn exposure(&self, components: &[Component]) -> Exposure {
        let (mut low_electric, mut low_magnetic, mut high_electric, mut high_magnetic) = (0.0, 0.0, 0.0, 0.0);
        for component in components {
            let Some(limit) = self.limit(component.quantity, component.frequency_hz) else { continue };
            let ratio = component.value / limit;
            let low = component.frequency_hz < 100_000.0;
            match (component.quantity, low) {
                (Quantity::ElectricField, true) => low_electric += ratio,
                (Quantity::ElectricField, false) => high_electric += ratio * ratio,
                (Quantity::MagneticInduction | Quantity::MagneticField, true) => low_magnetic += ratio,
                (Quantity::MagneticInduction | Quantity::MagneticField, false) => high_magnetic += ratio * ratio,
                (Quantity::PowerDensity, _) => high_electric += ratio,
            }
        }
        // A sum exactly at 1 may come out a rounding error above it.
        let complies = [low_electric, low_magnetic, high_electric, high_magnetic].iter().all(|sum| *sum <= 1.0 + 1e-12);
        let steps = vec![
            Step::new(
                clause!("GB 8702-2014 4.1 表 1"),
                format!("各频率限值按表 1 计算，共 {} 个分量", components.len()),
                format!("limits by frequency from table 1, {} components", components.len()),
            ),
            Step::new(
                clause!("GB 8702-2014 4.2 多频率"),
                format!(
                    "ΣE/E_L={low_electric:.3}，ΣB/B_L={low_magnetic:.3}；Σ(E/E_L)²={high_electric:.3}，Σ(B/B_L)²={high_magnetic:.3}"
                ),
                format!(
                    "ΣE/E_L={low_electric:.3}, ΣB/B_L={low_magnetic:.3}; Σ(E/E_L)²={high_electric:.3}, Σ(B/B_L)²={high_magnetic:.3}"
                ),
            ),
        ];
        Exposure { low_electric, low_magnetic, high_electric, high_magnetic, complies, steps }
    }
}
