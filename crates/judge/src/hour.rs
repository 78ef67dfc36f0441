//! One hour of a point from its packets (小时值): which values count, what their mean is, whether the hour is valid.

use kernel::{Day, Hour, Name, PointKind, Timestamp};
use rust_decimal::Decimal;
use standards::Step;
use store::contract::StoredObservation;
use store::packed::Statistic;
use store::{PackedValue, Scalar, Store};

use crate::code::Code;
use crate::gather::{Codes, HourPackets};
use crate::mark;
use crate::model::{Explain, Input, name_of, step};
use crate::review::{Review, ReviewAction, Stop};
use crate::rule::air;

/// One factor of an hour, in the unit that the device sends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HourMean {
    pub factor: Code,
    pub mean: Option<Decimal>,
    /// At reference conditions.
    pub converted: Option<Decimal>,
    /// Amount of the hour.
    pub total: Option<Decimal>,
    pub maximum: Option<Decimal>,
    pub minimum: Option<Decimal>,
    pub valid: bool,
    /// There were values and all of them were set aside.
    pub set_aside: bool,
    /// Values that count: 1 for an hour packet, minutes or samples otherwise.
    pub count: u16,
}

impl HourMean {
    fn new(factor: Code) -> Self {
        Self {
            factor,
            mean: None,
            converted: None,
            total: None,
            maximum: None,
            minimum: None,
            valid: false,
            set_aside: false,
            count: 0,
        }
    }

    /// Whether a mean came, counting or not; amounts, extremes and converted values alone do not speak for an hour.
    const fn spoken(&self) -> bool {
        self.count > 0 || self.set_aside
    }

    /// Takes the mean of another kind of packet, and of the rest what is missing.
    fn complete(&mut self, other: Self) {
        let wider =
            |own: Option<Decimal>, other: Option<Decimal>, wider: fn(Decimal, Decimal) -> Decimal| match (own, other) {
                (Some(own), Some(other)) => Some(wider(own, other)),
                (own, other) => own.or(other),
            };
        *self = Self {
            converted: self.converted.or(other.converted),
            total: self.total.or(other.total),
            maximum: wider(self.maximum, other.maximum, Decimal::max),
            minimum: wider(self.minimum, other.minimum, Decimal::min),
            ..other
        };
    }
}

/// What an hour is read with.
#[derive(Clone, Copy)]
pub struct Settings<'s> {
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
fn may_be_negative(factor: Code) -> bool {
    let text = factor.as_str();
    matches!(text, "w01010" | "a01001" | "a01011" | "a01012" | "a01013") || text.starts_with('i')
}

fn decimal(value: &Scalar) -> Option<Decimal> {
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

impl Settings<'_> {
    /// Why a value does not count; `None` when it does.
    fn refusal(&self, factor: Code, value: &PackedValue, at: Timestamp) -> Option<Name> {
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
        let whole = |stop: &&Stop| self.day.is_none_or(|day| day.end() <= stop.until);
        if let Some(stop) = self.stops.iter().filter(whole).find(|stop| stop.covers(factor, at)) {
            let why = &stop.reason;
            return Some(match stop.kind.as_str() {
                "condition" => Name::new(
                    format!("已标记非正常工况，不用于判定：{why}"),
                    format!("marked as an abnormal condition, does not judge: {why}"),
                ),
                "maintenance" => Name::new(format!("已申报维护：{why}"), format!("declared maintenance: {why}")),
                _ => Name::new(format!("已申报停运：{why}"), format!("declared stop: {why}")),
            });
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

    fn correction(&self, factor: Code, at: Timestamp) -> Option<&Review> {
        let last = self.last(factor, at)?;
        let whole = self.day.is_none_or(|_| self.invalidation(factor, at).is_none());
        (last.action == ReviewAction::Correct && last.factor.is_some() && whole).then_some(last)
    }
}

fn input(factor: Code, packet: &StoredObservation, value: &PackedValue, why: Option<Name>) -> Input {
    Input {
        factor,
        statistic: value.statistic,
        kind: packet.key.kind,
        data_time: packet.key.data_time,
        value: value.value.to_string(),
        mark: value.mark,
        used: why.is_none(),
        why,
        frame: packet.frame,
        revision: packet.revision,
    }
}

/// The factors of an hour, in order of their codes. Each factor rests on one kind of packet: the device's own hour
/// values where an hour packet has it (even marked as not counting: the device has spoken), minutes otherwise, then
/// real-time values.
pub fn hour_means(
    hour: Hour,
    packets: &HourPackets,
    settings: &Settings<'_>,
    explain: &mut Option<&mut Explain>,
) -> Vec<HourMean> {
    let mut means = from_hour_packets(&packets.hour, settings, explain);
    for many in [&packets.minute, &packets.realtime] {
        let known: Vec<Code> = means.iter().filter(|mean| mean.spoken()).map(|mean| mean.factor).collect();
        for found in from_many(many, &known, settings, explain) {
            match means.binary_search_by_key(&found.factor, |mean| mean.factor) {
                Ok(place) => means[place].complete(found),
                Err(place) => means.insert(place, found),
            }
        }
    }
    for mean in &mut means {
        let Some(review) = settings.correction(mean.factor, hour.start()) else { continue };
        let Some(value) = review.value else { continue };
        let (factor, who, why) = (mean.factor, &review.by_name, &review.reason);
        step(explain, || {
            Step::new(
                "审核更正",
                format!("{factor} 由 {who} 更正为 {value}：{why}"),
                format!("{factor} corrected to {value} by {who}: {why}"),
            )
        });
        // What the device said besides is about the value that was wrong.
        *mean = HourMean { mean: Some(value), valid: true, count: mean.count, ..HourMean::new(mean.factor) };
    }
    means
}

fn place(means: &mut Vec<HourMean>, factor: Code) -> usize {
    match means.binary_search_by_key(&factor, |mean| mean.factor) {
        Ok(place) => place,
        Err(place) => {
            means.insert(place, HourMean::new(factor));
            place
        }
    }
}

/// The device's own hour values; of several packets of the hour the last one that has a factor counts.
fn from_hour_packets(
    packets: &[StoredObservation],
    settings: &Settings<'_>,
    explain: &mut Option<&mut Explain>,
) -> Vec<HourMean> {
    let mut means: Vec<HourMean> = Vec::with_capacity(12);
    for packet in packets {
        for value in &packet.values {
            let Some(factor) = settings.codes.get(settings.store, value.factor) else { continue };
            let why = settings.refusal(factor, value, packet.key.data_time);
            let number = if why.is_none() { decimal(&value.value) } else { None };
            let place = place(&mut means, factor);
            let mean = &mut means[place];
            let main = match value.statistic {
                Statistic::Average | Statistic::Level => {
                    mean.mean = number;
                    true
                }
                Statistic::Realtime if mean.count == 0 => {
                    mean.mean = number;
                    true
                }
                Statistic::ConvertedAverage | Statistic::ConvertedRealtime => {
                    mean.converted = number;
                    false
                }
                Statistic::Total => {
                    mean.total = number;
                    false
                }
                Statistic::Maximum => {
                    mean.maximum = number;
                    false
                }
                Statistic::Minimum => {
                    mean.minimum = number;
                    false
                }
                _ => continue,
            };
            // An amount, an extreme or a converted value may come alone, as flow meters send it.
            if !main && !mean.spoken() {
                mean.valid |= number.is_some();
            }
            if main {
                mean.count = u16::from(number.is_some());
                mean.valid = number.is_some();
                mean.set_aside = why.is_some();
            }
            if let Some(explain) = explain {
                explain.inputs.push(input(factor, packet, value, why));
            }
        }
    }
    means
}

#[derive(Default)]
struct Sums {
    values: Vec<Decimal>,
    converted: Vec<Decimal>,
    total: Option<Decimal>,
    maximum: Option<Decimal>,
    minimum: Option<Decimal>,
    /// Civil minutes with a value that counts.
    minutes: Vec<i64>,
    refused: u16,
}

/// The means of minute or real-time values, without the factors that are `known` already (sorted).
fn from_many(
    packets: &[StoredObservation],
    known: &[Code],
    settings: &Settings<'_>,
    explain: &mut Option<&mut Explain>,
) -> Vec<HourMean> {
    let mut sums: Vec<(Code, Sums)> = Vec::new();
    for packet in packets {
        for value in &packet.values {
            let Some(factor) = settings.codes.get(settings.store, value.factor) else { continue };
            if known.binary_search(&factor).is_ok() {
                continue;
            }
            let place = match sums.binary_search_by_key(&factor, |entry| entry.0) {
                Ok(place) => place,
                Err(place) => {
                    sums.insert(place, (factor, Sums::default()));
                    place
                }
            };
            let entry = &mut sums[place].1;
            let why = settings.refusal(factor, value, packet.key.data_time);
            let number = if why.is_none() { decimal(&value.value) } else { None };
            match (value.statistic, number) {
                (Statistic::Average | Statistic::Level | Statistic::Realtime, Some(number)) => {
                    let minute = packet.key.data_time.millis().div_euclid(60_000);
                    // `-Avg` and `-Rtd` of one factor in one packet: one value.
                    if packet.key.kind == crate::gather::MINUTE && entry.minutes.last() == Some(&minute) {
                        continue;
                    }
                    entry.values.push(number);
                    entry.minutes.push(minute);
                    entry.maximum = Some(entry.maximum.map_or(number, |known| known.max(number)));
                    entry.minimum = Some(entry.minimum.map_or(number, |known| known.min(number)));
                }
                (Statistic::Average | Statistic::Level | Statistic::Realtime, None) => entry.refused += 1,
                (Statistic::ConvertedAverage | Statistic::ConvertedRealtime, Some(number)) => {
                    entry.converted.push(number);
                }
                (Statistic::Total, Some(number)) => entry.total = Some(entry.total.unwrap_or_default() + number),
                (Statistic::Maximum, Some(number)) => {
                    entry.maximum = Some(entry.maximum.map_or(number, |known| known.max(number)));
                }
                (Statistic::Minimum, Some(number)) => {
                    entry.minimum = Some(entry.minimum.map_or(number, |known| known.min(number)));
                }
                _ => continue,
            }
            if let Some(explain) = explain {
                explain.inputs.push(input(factor, packet, value, why));
            }
        }
    }
    sums.into_iter().map(|(factor, sums)| sums.finish(factor, packets, settings, explain)).collect()
}

impl Sums {
    fn finish(
        mut self,
        factor: Code,
        packets: &[StoredObservation],
        settings: &Settings<'_>,
        explain: &mut Option<&mut Explain>,
    ) -> HourMean {
        let samples = self.values.len();
        self.minutes.sort_unstable();
        self.minutes.dedup();
        let minute_kind = packets.first().is_some_and(|packet| packet.key.kind == crate::gather::MINUTE);
        let interval = if minute_kind { settings.minute_minutes.unwrap_or_else(|| spacing(packets)) } else { 1 };
        let minutes = self.minutes.len() as u32 * interval;
        let (valid, rule) = match settings.kind {
            // HJ 212-2017 annex D: one abnormal value makes the period of waste water abnormal.
            PointKind::WastewaterOutlet => (samples > 0 && self.refused == 0, "HJ 212-2017 附录 D"),
            PointKind::WaterSection
            | PointKind::LakePoint
            | PointKind::DrinkingWaterSource
            | PointKind::EcologicalFlow
            | PointKind::HydrologyStation => (samples > 0, "小时内至少一个有效值"),
            _ => (minutes >= settings.needed_minutes, "GB 3095 表 4／HJ 75：小时至少 45 分钟"),
        };
        let mean = if factor.as_str().starts_with('L') {
            energy_mean(&self.values)
        } else {
            standards::decimal::mean(self.values.iter().copied())
        };
        let refused = self.refused;
        step(explain, || {
            let (zh, en) = if valid { ("有效", "valid") } else { ("无效", "not valid") };
            Step::new(
                rule,
                format!("{factor} 由 {samples} 个值（{minutes} 分钟，另有 {refused} 个不计）平均，小时{zh}"),
                format!(
                    "{factor}: mean of {samples} values ({minutes} minutes, {refused} set aside), the hour is {en}"
                ),
            )
        });
        HourMean {
            factor,
            mean,
            converted: standards::decimal::mean(self.converted.iter().copied()),
            total: self.total,
            maximum: self.maximum,
            minimum: self.minimum,
            valid,
            set_aside: samples == 0 && self.refused > 0,
            count: samples.min(usize::from(u16::MAX)) as u16,
        }
    }
}

/// 10·lg(mean 10^(L/10)) to one decimal.
fn energy_mean(levels: &[Decimal]) -> Option<Decimal> {
    use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
    let levels: Vec<f64> = levels.iter().filter_map(ToPrimitive::to_f64).collect();
    let level = standards::noise::leq(&levels)?;
    Decimal::from_f64(standards::decimal::round_float(level, 1))
}

/// The interval of minute packets in whole minutes: the smallest distance seen; alone, a packet stands for ten.
fn spacing(packets: &[StoredObservation]) -> u32 {
    let mut times: Vec<i64> = packets.iter().map(|packet| packet.key.data_time.millis().div_euclid(60_000)).collect();
    times.sort_unstable();
    times.dedup();
    let least = times.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap_or(10);
    least.clamp(1, 60) as u32
}
