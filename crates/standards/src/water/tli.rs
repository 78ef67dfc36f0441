//! Trophic state of lakes and reservoirs (综合营养状态指数 TLI(Σ)).

use super::Ignored;
use crate::decimal::{round_float, round_half_even};
use crate::library::FigureError;
use crate::measure::{Amount, Factors, MeasureError, Reading};
use crate::{Date, Library, Step, Table, Text, clause};
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use serde::Serialize;

/// One parameter of the index: TLI(j) = 10(a + b·ln x), weight r²/Σr².
#[derive(Clone, Debug, PartialEq)]
struct Parameter {
    key: String,
    name: Text,
    factors: Vec<String>,
    unit: String,
    a: f64,
    b: f64,
    r: f64,
}

/// A trophic state (营养状态).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrophicState {
    pub key: String,
    pub name: Text,
    /// `None` for the last one.
    pub upper: Option<Decimal>,
    /// Whether a value equal to `upper` still belongs here.
    pub upper_inside: bool,
}

/// The trophic index as in force at one date.
#[derive(Clone, Debug)]
pub struct Trophic {
    pub method: String,
    parameters: Vec<Parameter>,
    states: Vec<TrophicState>,
    factors: Factors,
}

/// The sub-index of one parameter.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrophicItem {
    pub key: String,
    pub name: Text,
    pub value: Decimal,
    pub unit: String,
    /// TLI(j) to three decimals.
    pub index: Decimal,
    /// W(j) to four decimals, as printed.
    pub weight: Decimal,
}

/// The trophic state of one lake.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrophicResult {
    pub items: Vec<TrophicItem>,
    /// TLI(Σ) to three decimals; `None` while a parameter is missing.
    pub index: Option<Decimal>,
    pub state: Option<TrophicState>,
    pub missing: Vec<String>,
    pub ignored: Vec<Ignored>,
    pub steps: Vec<Step>,
}

impl Trophic {
    /// # Errors
    /// When no edition covers the date, or its tables cannot be read.
    pub fn in_force(library: &Library, at: Date) -> Result<Self, MeasureError> {
        let method = library.in_force("地表水环境质量评价办法", "", at)?;
        Ok(Self {
            method: method.code.clone(),
            parameters: read_parameters(method.table("tli")?)?,
            states: read_states(method.table("trophic")?)?,
            factors: Factors::load(library)?,
        })
    }

    /// Key, HJ 212 codes and name of each parameter.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &[String], &Text)> {
        self.parameters.iter().map(|item| (item.key.as_str(), item.factors.as_slice(), &item.name))
    }

    /// The states, from the poorest in nutrients.
    pub fn states(&self) -> impl Iterator<Item = &TrophicState> {
        self.states.iter()
    }

    /// Evaluates chlorophyll a, TP, TN, transparency (`SD`, m) and the permanganate index. All five are needed for
    /// the sum: the method has no rule for fewer. Logarithms are binary floats, rounded to three decimals.
    ///
    /// # Errors
    /// A value that is not positive, a parameter given twice, a unit of another quantity.
    pub fn evaluate(&self, readings: &[Reading]) -> Result<TrophicResult, MeasureError> {
        let squares: f64 = self.parameters.iter().map(|parameter| parameter.r * parameter.r).sum();
        let mut steps = Vec::new();
        let (mut items, mut missing) = (Vec::new(), Vec::new());
        let mut sum = 0.0;
        for parameter in &self.parameters {
            let mut own = readings.iter().filter(|reading| parameter.is(&reading.factor));
            let Some(reading) = own.next() else {
                missing.push(parameter.key.clone());
                continue;
            };
            if own.next().is_some() {
                return Err(MeasureError::Duplicate { factor: parameter.key.clone() });
            }
            let (item, contribution) = self.item(parameter, reading, squares, &mut steps)?;
            sum += contribution;
            items.push(item);
        }
        let index = if missing.is_empty() { rounded(sum, 3) } else { None };
        let state = index.and_then(|index| self.state(index));
        if let (Some(index), Some(state)) = (index, &state) {
            steps.push(Step::new(
                clause!("环办〔2011〕22号 综合营养状态指数"),
                format!("TLI(Σ) = ΣW·TLI(j) = {index}：{}", state.name.zh),
                format!("TLI(Σ) = ΣW·TLI(j) = {index}: {}", state.name.en),
            ));
        }
        let known = |factor: &str| self.parameters.iter().any(|parameter| parameter.is(factor));
        let ignored = readings.iter().filter(|reading| !known(&reading.factor)).map(|reading| Ignored {
            factor: reading.factor.clone(),
            reason: Text::new("不是营养状态指数的项目", "is not a parameter of the trophic index"),
        });
        Ok(TrophicResult { items, index, state, missing, ignored: ignored.collect(), steps })
    }

    fn item(
        &self,
        parameter: &Parameter,
        reading: &Reading,
        squares: f64,
        steps: &mut Vec<Step>,
    ) -> Result<(TrophicItem, f64), MeasureError> {
        let value = match self.factors.amount_in(reading, &parameter.unit, steps)? {
            Amount::Value(value) => value,
            Amount::BelowDetection(limit) => limit / Decimal::TWO,
            Amount::NotDetected | Amount::Present(_) => {
                let expected = Text::new("数值", "a number");
                return Err(MeasureError::Kind { factor: reading.factor.clone(), expected });
            }
        };
        let outside = || MeasureError::Range { factor: reading.factor.clone(), value, expected: "> 0".to_owned() };
        let float = value.to_f64().filter(|float| *float > 0.0).ok_or_else(outside)?;
        let index = 10.0 * (parameter.a + parameter.b * float.ln());
        let weight = parameter.r * parameter.r / squares;
        let shown = rounded(index, 3).ok_or_else(outside)?;
        let weight_shown = rounded(weight, 4).ok_or_else(outside)?;
        steps.push(Step::new(
            clause!("环办〔2011〕22号 单项营养状态指数"),
            format!(
                "TLI({}) = 10({}+{}·ln {value}) = {shown}，W = {weight_shown}",
                parameter.name.zh, parameter.a, parameter.b
            ),
            format!(
                "TLI({}) = 10({}+{}·ln {value}) = {shown}, W = {weight_shown}",
                parameter.name.en, parameter.a, parameter.b
            ),
        ));
        let item = TrophicItem {
            key: parameter.key.clone(),
            name: parameter.name.clone(),
            value,
            unit: parameter.unit.clone(),
            index: shown,
            weight: weight_shown,
        };
        Ok((item, weight * index))
    }

    fn state(&self, index: Decimal) -> Option<TrophicState> {
        self.states
            .iter()
            .find(|state| state.upper.is_none_or(|upper| index < upper || (state.upper_inside && index == upper)))
            .cloned()
    }
}

impl Parameter {
    fn is(&self, factor: &str) -> bool {
        self.key == factor || self.factors.iter().any(|code| code == factor)
    }
}

fn rounded(value: f64, places: u32) -> Option<Decimal> {
    Decimal::from_f64(round_float(value, 9)).map(|value| round_half_even(value, places))
}

fn read_parameters(table: &Table) -> Result<Vec<Parameter>, FigureError> {
    table
        .row_keys()
        .map(|key| {
            let number = |column: &str| -> Result<f64, FigureError> {
                let text = table.text(&key, column)?;
                let wrong = || FigureError::NotANumber {
                    figure: format!("{}/{key}/{column}", table.path),
                    text: text.to_owned(),
                };
                text.parse().map_err(|_| wrong())
            };
            Ok(Parameter {
                name: Text::new(table.text(&key, "zh")?, table.text(&key, "en")?),
                factors: table.text(&key, "factors")?.split_whitespace().map(str::to_owned).collect(),
                unit: table.text(&key, "unit")?.to_owned(),
                a: number("a")?,
                b: number("b")?,
                r: number("r")?,
                key,
            })
        })
        .collect()
}

fn read_states(table: &Table) -> Result<Vec<TrophicState>, FigureError> {
    table
        .row_keys()
        .map(|key| {
            Ok(TrophicState {
                name: Text::new(table.text(&key, "zh")?, table.text(&key, "en")?),
                upper: table.decimal(&key, "upper")?,
                upper_inside: table.text(&key, "upper_inside")? == "yes",
                key,
            })
        })
        .collect()
}
