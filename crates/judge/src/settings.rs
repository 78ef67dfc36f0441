//! Which values of an hour count, and what people say of them instead (取舍): marks of the device, impossible numbers,
//! reviews, declarations.

use kernel::{Day, Name, PointKind, Timestamp};
use rust_decimal::Decimal;
use standards::measure::Unit;
use store::{PackedValue, Scalar, Store};

use crate::code::Code;
use crate::gather::Codes;
use crate::hour::HourMean;
use crate::mark;
use crate::model::name_of;
use crate::review::{Review, ReviewAction, Stop};
use crate::rule::air;
use crate::rules::Rules;

/// What an hour is read with.
#[derive(Clone, Copy)]
pub struct Settings<'s> {
    pub point: i64,
    pub rules: &'s Rules,
    pub store: &'s dyn Store,
    pub codes: &'s Codes,
    pub kind: PointKind,
    /// Expected interval of minute data.
    pub minute_minutes: Option<u32>,
    /// Valid minutes that an hour needs (GB 3095 table 4, HJ 75: 45).
    pub needed_minutes: u32,
    pub reviews: &'s [Review],
    pub stops: &'s [Stop],
    /// The values are those of a whole day. Such a value was made of all of the day: what is not valid in part is not
    /// valid, and a correction counts only where it covers the day.
    pub day: Option<Day>,
}

/// No instrument of a county reads more in any unit of the factor table: a value beyond it is a broken number. The
/// bound also keeps sums and products of a year within what decimals hold.
pub const MOST_CREDIBLE: Decimal = Decimal::from_parts(0x4876_E800, 0x17, 0, false, 0);

/// Temperatures may be below zero, and so may positions and differences of pressure; concentrations may not.
pub(crate) fn may_be_negative(factor: Code) -> bool {
    let text = factor.as_str();
    matches!(text, "w01010" | "a01001" | "a01011" | "a01012" | "a01013") || text.starts_with('i')
}

pub(crate) fn decimal(value: &Scalar) -> Option<Decimal> {
    let (mantissa, scale) = value.as_number()?;
    Decimal::try_from_i128_with_scale(i128::from(mantissa), scale.into()).ok()
}

/// What no instrument can have measured in the open air, in µg/m³ and the more so in mg/m³: a tenth of a gram in a cubic
/// metre. Such a number is broken, whatever its mark says.
fn impossible(kind: PointKind, factor: Code, number: Decimal) -> bool {
    kind == PointKind::AirStation && air::pollutant(factor).is_some() && number > MOST_IN_OPEN_AIR
}

/// µg/m³.
const MOST_IN_OPEN_AIR: Decimal = Decimal::from_parts(100_000, 0, 0, false, 0);

/// Why a value does not count.
pub(crate) struct Refusal {
    pub why: Name,
    /// A condition mark, and nothing else.
    pub marked: bool,
}

impl Settings<'_> {
    /// Why a value does not count; `None` when it does.
    pub(crate) fn refusal(&self, factor: Code, value: &PackedValue, at: Timestamp) -> Option<Refusal> {
        if let Some(why) = self.fault(factor, value, at) {
            return Some(Refusal { why, marked: false });
        }
        let stop = self.declared(factor, at)?;
        let why = &stop.reason;
        let why = match stop.kind.as_str() {
            "condition" => Name::new(
                format!("已标记非正常工况，不用于判定：{why}"),
                format!("marked as an abnormal condition, does not judge: {why}"),
            ),
            "maintenance" => Name::new(format!("已申报维护：{why}"), format!("declared maintenance: {why}")),
            _ => Name::new(format!("已申报停运：{why}"), format!("declared stop: {why}")),
        };
        Some(Refusal { why, marked: stop.condition.is_some() })
    }

    /// The declaration in force that covers a factor at a time; of a day's value, one that covers the day.
    pub(crate) fn declared(&self, factor: Code, at: Timestamp) -> Option<&Stop> {
        let whole = |stop: &&Stop| self.day.is_none_or(|day| day.end() <= stop.until);
        let stops = || self.stops.iter().filter(whole).filter(|stop| stop.covers(factor, at));
        // What is stopped as well is not marked only.
        stops().find(|stop| stop.condition.is_none()).or_else(|| stops().next())
    }

    /// What the device, the number or a reviewer says against a value.
    fn fault(&self, factor: Code, value: &PackedValue, at: Timestamp) -> Option<Name> {
        if let Some(why) = mark::why_not(value.mark) {
            return Some(name_of(&why));
        }
        match decimal(&value.value) {
            None if value.value == Scalar::Empty => return Some(Name::new("无值", "no value")),
            None => return Some(Name::new("不是数", "not a number")),
            Some(number) if number.abs() > MOST_CREDIBLE || impossible(self.kind, factor, number) => {
                return Some(Name::new("数值大得不可能", "impossibly large"));
            }
            Some(number) if number.is_sign_negative() && !number.is_zero() && !may_be_negative(factor) => {
                return Some(Name::new("负值", "negative"));
            }
            Some(_) => {}
        }
        if let Some(review) = self.invalidation(factor, at) {
            let (who, why) = (&review.by_name, &review.reason);
            return Some(Name::new(format!("{who} 审核判为无效：{why}"), format!("invalidated by {who}: {why}")));
        }
        None
    }

    /// The statement that counts at an instant.
    fn last(&self, factor: Code, at: Timestamp) -> Option<&Review> {
        self.reviews.iter().rev().find(|review| review.decides() && review.covers(factor, at))
    }

    /// Why people say that a value does not count.
    fn invalidation(&self, factor: Code, at: Timestamp) -> Option<&Review> {
        let Some(day) = self.day else {
            return self.last(factor, at).filter(|review| review.action == ReviewAction::Invalidate);
        };
        let hours = (0..24).filter_map(|hour| self.last(factor, day.hour(hour).start()));
        hours.into_iter().find(|review| match review.action {
            ReviewAction::Invalidate => true,
            ReviewAction::Correct => day.start() < review.from || review.until < day.end(),
            _ => false,
        })
    }

    /// The amount of the period that a corrected mean comes to: a flow by the time, anything else (what was discharged)
    /// in proportion to the mean that was wrong.
    pub(crate) fn amount(&self, sent: &HourMean, right: Decimal) -> Option<Decimal> {
        let unit = match self.rules.units().exception(self.point, sent.factor) {
            Some(unit) => Some(unit),
            None => self.rules.factors.get(sent.factor.as_str()).and_then(|known| known.unit.parse::<Unit>().ok()),
        };
        let per_second = "m3/s".parse::<Unit>().ok().and_then(|flow| unit?.convert(right, flow));
        if let Some(per_second) = per_second {
            let hours = if self.day.is_some() { 24 } else { 1 };
            return per_second.checked_mul(Decimal::from(hours * 3600));
        }
        sent.total?.checked_mul(right)?.checked_div(sent.mean?)
    }

    pub(crate) fn correction(&self, factor: Code, at: Timestamp) -> Option<&Review> {
        let last = self.last(factor, at)?;
        let whole = self.day.is_none_or(|_| self.invalidation(factor, at).is_none());
        (last.action == ReviewAction::Correct && last.factor.is_some() && whole).then_some(last)
    }
}
