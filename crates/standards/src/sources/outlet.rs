//! Exceedance of an outlet against its own limits (排放口超标判定).

use super::Conversion;
use crate::decimal::round_half_even;
use crate::measure::{Factors, MeasureError, multiple_of};
use crate::{Step, Text, clause};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Over which period a value is a mean and a limit holds (平均时间).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// 瞬时值、一次值
    Instant,
    /// 小时均值
    Hour,
    /// 日均值
    Day,
    Month,
    Year,
}

impl Period {
    pub const ALL: [Self; 5] = [Self::Instant, Self::Hour, Self::Day, Self::Month, Self::Year];

    pub const fn key(self) -> &'static str {
        match self {
            Self::Instant => "instant",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    pub fn name(self) -> Text {
        match self {
            Self::Instant => Text::new("瞬时值", "instantaneous value"),
            Self::Hour => Text::new("小时均值", "hourly mean"),
            Self::Day => Text::new("日均值", "daily mean"),
            Self::Month => Text::new("月均值", "monthly mean"),
            Self::Year => Text::new("年均值", "yearly mean"),
        }
    }

    pub(super) fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.key() == key)
    }
}

/// One limit of an outlet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// HJ 212 code.
    pub factor: String,
    pub period: Period,
    pub upper: Option<Decimal>,
    pub lower: Option<Decimal>,
    pub unit: String,
    /// Compare the value at reference conditions (折算值), not the measured one.
    pub converted: bool,
    /// Document and clause that the limit stands in.
    pub basis: String,
    /// Shown, never judged by.
    pub unconfirmed: bool,
    /// Holds only under a measured condition.
    #[serde(default)]
    pub when: Option<When>,
}

/// A condition that is measured itself (以实测值为条件的限值), such as ammonia by water temperature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct When {
    /// HJ 212 code.
    pub factor: String,
    pub above: Option<Decimal>,
    pub at_most: Option<Decimal>,
}

/// One measured mean of an outlet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    pub factor: String,
    pub period: Period,
    pub value: Decimal,
    /// The converted value as sent (`ZsAvg`) or computed by [`Conversion::apply`].
    pub converted: Option<Decimal>,
    /// `None`: the HJ 212 unit of the factor.
    pub unit: Option<String>,
    /// Whether the mean is valid (see `Validity`) and its marks allow judging.
    pub valid: bool,
}

impl Measured {
    pub fn new(factor: impl Into<String>, period: Period, value: Decimal) -> Self {
        Self { factor: factor.into(), period, value, converted: None, unit: None, valid: true }
    }

    /// Adds the value converted to a reference.
    ///
    /// # Errors
    /// As [`Conversion::apply`].
    pub fn convert(mut self, conversion: Conversion, oxygen: Decimal) -> Result<(Self, Step), super::ConversionError> {
        let (converted, step) = conversion.apply(self.value, oxygen)?;
        self.converted = Some(converted);
        Ok((self, step))
    }
}

/// One comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutletItem {
    pub factor: String,
    pub name: Text,
    pub period: Period,
    /// The value compared, in `unit` of the limit.
    pub value: Decimal,
    pub unit: String,
    pub upper: Option<Decimal>,
    pub lower: Option<Decimal>,
    pub converted: bool,
    pub exceeding: bool,
    /// (C−S)/S to two decimals; none for pH and lower bounds.
    pub multiple: Option<Decimal>,
    pub basis: String,
}

/// A limit or value that took no part, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotJudged {
    pub factor: String,
    pub period: Period,
    pub reason: Text,
}

/// The judgement of one outlet for one period.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OutletResult {
    pub exceeding: bool,
    /// In the order of factor code and period, whatever the order of the input.
    pub items: Vec<OutletItem>,
    pub not_judged: Vec<NotJudged>,
    /// Limits that are not confirmed and therefore did not judge.
    pub unconfirmed: Vec<Limit>,
    pub steps: Vec<Step>,
}

/// Judges measured means against an outlet's limits of the same factor and period. A value on a limit is inside.
/// A limit without a value, and a value without a limit, judge nothing.
///
/// # Errors
/// A negative value, a unit that does not convert, two values of one factor and period.
pub fn judge_outlet(factors: &Factors, limits: &[Limit], measured: &[Measured]) -> Result<OutletResult, MeasureError> {
    let mut result = OutletResult::default();
    let mut sorted: Vec<&Measured> = measured.iter().collect();
    sorted.sort_by(|left, right| (&left.factor, left.period).cmp(&(&right.factor, right.period)));
    if let Some(pair) = sorted
        .windows(2)
        .find(|pair| matches!(pair, [left, right] if left.factor == right.factor && left.period == right.period))
    {
        let factor = pair.first().map(|reading| reading.factor.clone()).unwrap_or_default();
        return Err(MeasureError::Duplicate { factor });
    }
    for reading in sorted {
        let mut own: Vec<&Limit> =
            limits.iter().filter(|limit| limit.factor == reading.factor && limit.period == reading.period).collect();
        own.sort_by(|left, right| order(left).cmp(&order(right)));
        for limit in own {
            judge_one(factors, limit, reading, &mut result)?;
        }
    }
    result.exceeding = result.items.iter().any(|item| item.exceeding);
    Ok(result)
}

fn order(limit: &Limit) -> (Option<Decimal>, Option<Decimal>, bool, &str) {
    (limit.upper, limit.lower, limit.converted, &limit.basis)
}

fn judge_one(
    factors: &Factors,
    limit: &Limit,
    reading: &Measured,
    result: &mut OutletResult,
) -> Result<(), MeasureError> {
    if limit.unconfirmed {
        result.unconfirmed.push(limit.clone());
        return Ok(());
    }
    let skip = |zh: &str, en: &str| NotJudged {
        factor: reading.factor.clone(),
        period: reading.period,
        reason: Text::new(zh, en),
    };
    if !reading.valid {
        result.not_judged.push(skip("均值无效，不用于判定", "the mean is not valid and does not judge"));
        return Ok(());
    }
    let value = if limit.converted { reading.converted } else { Some(reading.value) };
    let Some(value) = value else {
        result
            .not_judged
            .push(skip("限值针对折算浓度，但没有折算值", "the limit holds for the converted value, which is missing"));
        return Ok(());
    };
    let value = factors.convert(&reading.factor, value, reading.unit.as_deref(), &limit.unit)?;
    let over = limit.upper.is_some_and(|upper| value > upper);
    let under = limit.lower.is_some_and(|lower| value < lower);
    let is_ph = reading.factor == "w01001";
    let multiple = limit.upper.filter(|_| over && !is_ph).and_then(|upper| multiple_of(value, upper));
    let name = factors.name(&reading.factor);
    result.steps.push(comparison_step(limit, reading, &name, value, over || under));
    result.items.push(OutletItem {
        factor: reading.factor.clone(),
        name,
        period: reading.period,
        value,
        unit: limit.unit.clone(),
        upper: limit.upper,
        lower: limit.lower,
        converted: limit.converted,
        exceeding: over || under,
        multiple: multiple.map(|multiple| {
            let _ = clause!("超标倍数 (C−S)/S");
            round_half_even(multiple, 2)
        }),
        basis: limit.basis.clone(),
    });
    Ok(())
}

fn comparison_step(limit: &Limit, reading: &Measured, name: &Text, value: Decimal, exceeding: bool) -> Step {
    let bounds = match (limit.lower, limit.upper) {
        (Some(lower), Some(upper)) => format!("{lower}–{upper}"),
        (Some(lower), None) => format!("≥{lower}"),
        (None, Some(upper)) => format!("≤{upper}"),
        (None, None) => "—".to_owned(),
    };
    let clause = match (limit.converted, reading.period) {
        (true, _) => clause!("排放标准 折算浓度与限值比较"),
        (false, Period::Hour) => clause!("排放标准 小时均值与限值比较"),
        (false, Period::Day) => clause!("排放标准 日均值与限值比较"),
        (false, _) => clause!("排放标准 与限值比较"),
    };
    let (zh, en) = if exceeding { ("超标", "exceeds") } else { ("未超标", "within") };
    let (kind_zh, kind_en) = if limit.converted { ("折算", "converted ") } else { ("", "") };
    let (period, value, unit, basis) = (reading.period.name(), value.normalize(), &limit.unit, &limit.basis);
    Step::new(
        clause,
        format!("{}{kind_zh}{} {value} {unit}，限值 {bounds}（{basis}）：{zh}", name.zh, period.zh),
        format!("{} {kind_en}{} {value} {unit}, limit {bounds} ({basis}): {en}", name.en, period.en),
    )
}
