//! Flux of a pollutant through a section. Letters A–E of papers vary, so every estimator has a name.

use crate::decimal::mean;
use crate::{Step, clause};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::fmt;

/// kg/d per (m³/s · mg/L).
pub const KG_PER_DAY: Decimal = Decimal::from_parts(864, 0, 0, false, 1);
/// t/a of 365 days per (m³/s · mg/L).
pub const TONNES_PER_YEAR: Decimal = Decimal::from_parts(31_536, 0, 0, false, 3);

/// How a flux is estimated from samples (通量估算方法).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Estimator {
    /// K·mean(C)·mean(Q): steady flow, few samples.
    MeanConcentrationMeanFlow,
    /// K·mean(C)·period flow: flow known daily, steady concentration.
    MeanConcentrationPeriodFlow,
    /// K·mean(C·Q): point sources.
    MeanInstantaneousFlux,
    /// K·mean of C·interval flow: rain-driven.
    IntervalFlow,
    /// K·ΣCQ/ΣQ·period flow: rain-driven, flow-weighted.
    FlowWeightedMean,
    /// α of the mean instantaneous flux, 1−α of the interval flux.
    Mixed { alpha: Decimal },
    /// Ratio estimator of Beale, with its bias correction.
    BealeRatio { population: u32 },
}

impl Estimator {
    pub const fn name(&self) -> &'static str {
        match self {
            Self::MeanConcentrationMeanFlow => "mean_concentration_mean_flow",
            Self::MeanConcentrationPeriodFlow => "mean_concentration_period_flow",
            Self::MeanInstantaneousFlux => "mean_instantaneous_flux",
            Self::IntervalFlow => "interval_flow",
            Self::FlowWeightedMean => "flow_weighted_mean",
            Self::Mixed { .. } => "mixed",
            Self::BealeRatio { .. } => "beale_ratio",
        }
    }
}

/// One sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FluxSample {
    /// mg/L
    pub concentration: Decimal,
    /// m³/s at sampling.
    pub flow: Decimal,
    /// Mean flow in m³/s of the interval the sample stands for; equal intervals.
    pub interval_flow: Option<Decimal>,
}

/// Samples of a period and the mean flow of the whole of it.
#[derive(Clone, Debug)]
pub struct FluxInput<'a> {
    pub samples: &'a [FluxSample],
    /// m³/s
    pub period_flow: Option<Decimal>,
}

/// A flux that cannot be estimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FluxError {
    NoSamples,
    /// The estimator needs the mean flow of the period.
    PeriodFlow,
    /// The estimator needs the mean flow of each interval.
    IntervalFlow,
    Negative,
    /// No water flowed, so that a weighted mean does not exist.
    NoFlow,
    /// Two samples at one time, or a gap longer than twice the median step.
    Gap,
    Overflow,
}

impl fmt::Display for FluxError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NoSamples => "样本太少，这个方法算不了 (too few samples for this estimator)",
            Self::PeriodFlow => "缺时段平均流量 (the mean flow of the period is needed)",
            Self::IntervalFlow => "缺每个间隔的平均流量 (the mean flow of each interval is needed)",
            Self::Negative => "浓度或流量为负 (a concentration or flow is negative)",
            Self::NoFlow => "没有流量 (no water flowed)",
            Self::Gap => "时间不递增，或间隔超过中位间隔的两倍 (times do not increase, or a gap is longer than twice the median step)",
            Self::Overflow => "通量超出数值范围 (the flux does not fit the number)",
        })
    }
}

impl std::error::Error for FluxError {}

/// A flux in m³/s·mg/L (= g/s): times [`KG_PER_DAY`] or [`TONNES_PER_YEAR`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Flux {
    pub estimator: Estimator,
    /// g/s
    pub grams_per_second: Decimal,
    pub step: Step,
}

impl Flux {
    pub fn kg_per_day(&self) -> Decimal {
        self.grams_per_second * KG_PER_DAY
    }

    pub fn tonnes_per_year(&self) -> Decimal {
        self.grams_per_second * TONNES_PER_YEAR
    }
}

/// Estimates the mean flux of a period by one named estimator.
///
/// # Errors
/// When the estimator lacks an input, or a value is negative.
pub fn estimate(estimator: Estimator, input: &FluxInput<'_>) -> Result<Flux, FluxError> {
    check(input)?;
    let grams = match estimator {
        Estimator::MeanConcentrationMeanFlow => {
            product(mean_of(input, |s| s.concentration)?, mean_of(input, |s| s.flow)?)
        }
        Estimator::MeanConcentrationPeriodFlow => product(mean_of(input, |s| s.concentration)?, period(input)?),
        Estimator::MeanInstantaneousFlux => instantaneous(input),
        Estimator::IntervalFlow => interval(input),
        Estimator::FlowWeightedMean => product(flow_weighted(input)?, period(input)?),
        Estimator::Mixed { alpha } => mixed(input, alpha),
        Estimator::BealeRatio { population } => beale(input, population),
    }?;
    let step = Step::new(
        clause!("断面通量 具名估算方法"),
        format!("{} 个样品，{}：{} g/s", input.samples.len(), estimator.name(), grams.round_dp(6).normalize()),
        format!("{} samples, {}: {} g/s", input.samples.len(), estimator.name(), grams.round_dp(6).normalize()),
    );
    Ok(Flux { estimator, grams_per_second: grams, step })
}

fn check(input: &FluxInput<'_>) -> Result<(), FluxError> {
    if input.samples.is_empty() {
        return Err(FluxError::NoSamples);
    }
    let below = |value: Decimal| value.is_sign_negative() && !value.is_zero();
    let bad = |sample: &FluxSample| {
        below(sample.concentration) || below(sample.flow) || sample.interval_flow.is_some_and(below)
    };
    if input.samples.iter().any(bad) || input.period_flow.is_some_and(below) {
        return Err(FluxError::Negative);
    }
    Ok(())
}

fn product(left: Decimal, right: Decimal) -> Result<Decimal, FluxError> {
    left.checked_mul(right).ok_or(FluxError::Overflow)
}

fn mean_of(input: &FluxInput<'_>, pick: fn(&FluxSample) -> Decimal) -> Result<Decimal, FluxError> {
    mean(input.samples.iter().map(pick)).ok_or(FluxError::Overflow)
}

fn period(input: &FluxInput<'_>) -> Result<Decimal, FluxError> {
    input.period_flow.ok_or(FluxError::PeriodFlow)
}

fn instantaneous(input: &FluxInput<'_>) -> Result<Decimal, FluxError> {
    mean_products(input, |sample| Some(sample.flow))
}

fn interval(input: &FluxInput<'_>) -> Result<Decimal, FluxError> {
    mean_products(input, |sample| sample.interval_flow)
}

fn mean_products(input: &FluxInput<'_>, flow: fn(&FluxSample) -> Option<Decimal>) -> Result<Decimal, FluxError> {
    let products =
        input.samples.iter().map(|sample| product(sample.concentration, flow(sample).ok_or(FluxError::IntervalFlow)?));
    mean(products.collect::<Result<Vec<_>, _>>()?).ok_or(FluxError::Overflow)
}

fn flow_weighted(input: &FluxInput<'_>) -> Result<Decimal, FluxError> {
    let flow = mean_of(input, |sample| sample.flow)?;
    instantaneous(input)?.checked_div(flow).ok_or(FluxError::NoFlow)
}

fn mixed(input: &FluxInput<'_>, alpha: Decimal) -> Result<Decimal, FluxError> {
    if alpha.is_sign_negative() || alpha > Decimal::ONE {
        return Err(FluxError::Negative);
    }
    Ok(product(alpha, instantaneous(input)?)? + product(Decimal::ONE - alpha, interval(input)?)?)
}

/// Ŷ = X·(ȳ/x̄)·[1+θ·s_xy/(x̄ȳ)]/[1+θ·s_x²/x̄²], θ = 1/n − 1/N, x flow, y flux; s with n−1.
fn beale(input: &FluxInput<'_>, population: u32) -> Result<Decimal, FluxError> {
    let n = input.samples.len();
    let count = Decimal::from(u32::try_from(n).map_err(|_| FluxError::Overflow)?);
    if n < 2 || Decimal::from(population) < count {
        return Err(FluxError::NoSamples);
    }
    let theta = Decimal::ONE / count - Decimal::ONE / Decimal::from(population);
    let (x_mean, y_mean) = (mean_of(input, |sample| sample.flow)?, instantaneous(input)?);
    let mut covariance = Decimal::ZERO;
    let mut variance = Decimal::ZERO;
    for sample in input.samples {
        let x = sample.flow - x_mean;
        let y = product(sample.concentration, sample.flow)? - y_mean;
        covariance += product(x, y)?;
        variance += product(x, x)?;
    }
    let freedom = count - Decimal::ONE;
    let ratio = y_mean.checked_div(x_mean).ok_or(FluxError::NoFlow)?;
    let correction = |moment: Decimal, scale: Decimal| -> Result<Decimal, FluxError> {
        // No flux at all: the ratio is zero and its correction does not matter.
        if scale.is_zero() {
            return Ok(Decimal::ONE);
        }
        let part = (moment / freedom).checked_div(scale).ok_or(FluxError::NoFlow)?;
        Ok(Decimal::ONE + product(theta, part)?)
    };
    let upper = correction(covariance, product(x_mean, y_mean)?)?;
    let lower = correction(variance, product(x_mean, x_mean)?)?;
    product(product(period(input)?, ratio)?, upper)?.checked_div(lower).ok_or(FluxError::Overflow)
}

/// Mean flux in g/s by integrating ∫C·Q dt with linear concentration and flow between samples
/// `(seconds, mg/L, m³/s)` in time order; the reference that estimators are compared with.
///
/// # Errors
/// Fewer than two samples, times that do not increase, a gap longer than twice the median step.
pub fn integrate(samples: &[(i64, Decimal, Decimal)]) -> Result<Decimal, FluxError> {
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return Err(FluxError::NoSamples) };
    let mut gaps: Vec<i64> = samples.windows(2).filter_map(|pair| Some(pair.last()?.0 - pair.first()?.0)).collect();
    gaps.sort_unstable();
    let median = *gaps.get(gaps.len() / 2).ok_or(FluxError::NoSamples)?;
    if gaps.first().is_some_and(|gap| *gap <= 0) || gaps.last().is_some_and(|gap| *gap > 2 * median) {
        return Err(FluxError::Gap);
    }
    let mut sum = Decimal::ZERO;
    for pair in samples.windows(2) {
        let [(from, c0, q0), (to, c1, q1)] = pair else { continue };
        // The product of two straight lines integrates to (2·c0q0 + c0q1 + c1q0 + 2·c1q1)/6.
        let area = Decimal::TWO * (*c0 * *q0 + *c1 * *q1) + *c0 * *q1 + *c1 * *q0;
        sum += product(area, Decimal::from(to - from))?;
    }
    sum.checked_div(Decimal::from(6 * (last.0 - first.0))).ok_or(FluxError::Overflow)
}
