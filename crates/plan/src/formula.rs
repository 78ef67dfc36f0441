//! Formulas (公式): CEL over named facts and other indicators, compiled once. Pure.

use expression::{Expression, ExpressionError};
use kernel::{FactQuery, Name};
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use crate::model::Indicator;

/// Why an indicator has no value although it has a formula. Each is named; none is ever read as zero.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "code", content = "about")]
pub enum FormulaError {
    Syntax(String),
    UnknownName(String),
    UnknownFact(String),
    UnknownIndicator(String),
    /// Identifiers along the circle.
    Cycle(Vec<String>),
    DivisionByZero,
    UnitChanged {
        variable: String,
        expected: String,
        found: String,
    },
    NotANumber,
    FactFailed {
        variable: String,
        why: String,
    },
    Evaluation(String),
}

impl FormulaError {
    pub fn text(&self) -> Name {
        match self {
            Self::Syntax(why) => {
                Name::new(format!("公式写得不对：{why}"), format!("the formula cannot be read: {why}"))
            }
            Self::UnknownName(name) => {
                Name::new(format!("公式用到未定义的“{name}”"), format!("the formula uses {name}, which is not defined"))
            }
            Self::UnknownFact(name) => Name::new(format!("没有事实“{name}”"), format!("there is no fact {name}")),
            Self::UnknownIndicator(id) => Name::new(format!("没有指标“{id}”"), format!("there is no indicator {id}")),
            Self::Cycle(ids) => Name::new(
                format!("公式互相引用成环：{}", ids.join(" → ")),
                format!("formulas refer to each other in a circle: {}", ids.join(" → ")),
            ),
            Self::DivisionByZero => Name::new("除数为零", "division by zero"),
            Self::UnitChanged { variable, expected, found } => Name::new(
                format!("“{variable}”的单位变了：公式按 {expected} 写，现在是 {found}"),
                format!("the unit of {variable} changed: written for {expected}, now {found}"),
            ),
            Self::NotANumber => Name::new("公式的结果不是数", "the result is not a number"),
            Self::FactFailed { variable, why } => {
                Name::new(format!("取“{variable}”失败：{why}"), format!("asking for {variable} failed: {why}"))
            }
            Self::Evaluation(why) => Name::new(format!("不能计算：{why}"), format!("cannot be evaluated: {why}")),
        }
    }
}

impl From<ExpressionError> for FormulaError {
    fn from(error: ExpressionError) -> Self {
        match error {
            ExpressionError::Syntax(why) => Self::Syntax(why),
            ExpressionError::UnknownName(name) => Self::UnknownName(name),
            ExpressionError::DivisionByZero => Self::DivisionByZero,
            ExpressionError::TooLong | ExpressionError::TooDeep | ExpressionError::TooManyMacros => {
                Self::Syntax(error.to_string())
            }
            other => Self::Evaluation(other.to_string()),
        }
    }
}

/// What a variable reads.
#[derive(Clone, Debug, PartialEq)]
pub enum Read {
    /// Asked with `year` added.
    Fact { query: FactQuery, unit: Option<String> },
    /// Place of an indicator in the book.
    Indicator(usize),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    pub variable: String,
    pub read: Read,
    pub years_back: i32,
}

/// How the value comes out of the variables.
#[derive(Debug)]
pub enum Shape {
    Whole(Expression),
    Ratio { numerator: Expression, denominator: Expression, factor: f64 },
}

#[derive(Debug)]
pub struct Formula {
    pub shape: Shape,
    pub inputs: Vec<Input>,
}

/// Compiles an indicator's formula; `place` finds other indicators.
pub fn compile(indicator: &Indicator, place: &dyn Fn(&str) -> Option<usize>) -> Result<Formula, FormulaError> {
    let shape = if indicator.numerator.is_empty() {
        Shape::Whole(Expression::compile(&indicator.formula)?)
    } else {
        Shape::Ratio {
            numerator: Expression::compile(&indicator.numerator)?,
            denominator: Expression::compile(&indicator.denominator)?,
            factor: indicator.factor.and_then(|factor| factor.to_f64()).unwrap_or(1.0),
        }
    };
    let used: Vec<&String> = match &shape {
        Shape::Whole(whole) => whole.variables().iter().collect(),
        Shape::Ratio { numerator, denominator, .. } => {
            numerator.variables().iter().chain(denominator.variables()).collect()
        }
    };
    let mut inputs: Vec<Input> = Vec::new();
    for name in used {
        if inputs.iter().any(|input| input.variable == *name) {
            continue;
        }
        let binding = indicator.facts.get(name).ok_or_else(|| FormulaError::UnknownName(name.clone()))?;
        let read = if binding.indicator.is_empty() {
            let query = FactQuery { name: binding.fact.clone(), arguments: binding.arguments.clone() };
            Read::Fact { query, unit: binding.unit.clone() }
        } else {
            let found = place(&binding.indicator);
            Read::Indicator(found.ok_or_else(|| FormulaError::UnknownIndicator(binding.indicator.clone()))?)
        };
        inputs.push(Input { variable: name.clone(), read, years_back: i32::try_from(binding.years_back).unwrap_or(0) });
    }
    Ok(Formula { shape, inputs })
}

/// How a reader sees the formula.
pub fn shown(indicator: &Indicator) -> String {
    if indicator.numerator.is_empty() {
        return indicator.formula.clone();
    }
    let factor = indicator.factor.map(|factor| format!(" × {factor}")).unwrap_or_default();
    format!("({}) ÷ ({}){factor}", indicator.numerator, indicator.denominator)
}
