//! One hour of a point from its packets (小时值): which values count, what their mean is, whether the hour is valid.

use kernel::{Hour, PointKind};
use rust_decimal::Decimal;
use standards::Step;
use store::PackedValue;
use store::contract::StoredObservation;
use store::packed::Statistic;

use crate::code::Code;
use crate::gather::HourPackets;
use crate::model::{Explain, Input, step};
pub use crate::settings::{MOST_CREDIBLE, Settings};
use crate::settings::{Refusal, decimal};

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
    /// Values of any kind came that do not count.
    pub refused: bool,
    /// It would be valid but for a condition mark (工况标记): nothing else is wrong with it.
    pub marked: bool,
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
            refused: false,
            marked: false,
            count: 0,
        }
    }

    /// Whether a mean came, counting or not; amounts, extremes and converted values alone do not speak for an hour.
    const fn spoken(&self) -> bool {
        self.count > 0 || self.set_aside
    }

    /// Takes the mean of another kind of packet, and of the rest what is missing. One that has no mean either, counting
    /// or not, leaves validity as it is.
    fn complete(&mut self, other: Self) {
        let spoken = if other.spoken() { other } else { *self };
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
            refused: self.refused || other.refused,
            ..spoken
        };
    }
}

fn input(factor: Code, packet: &StoredObservation, value: &PackedValue, refusal: Option<Refusal>) -> Input {
    let why = refusal.map(|refusal| refusal.why);
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
        // What was declared stopped, or marked, stays so; whoever thinks otherwise refuses the declaration.
        if settings.declared(mean.factor, hour.start()).is_some() {
            continue;
        }
        let (factor, who, why) = (mean.factor, &review.by_name, &review.reason);
        step(explain, || {
            Step::new(
                "审核更正",
                format!("{factor} 由 {who} 更正为 {value}：{why}"),
                format!("{factor} corrected to {value} by {who}: {why}"),
            )
        });
        // What the device said besides is about the value that was wrong; an amount goes with it, so that the day keeps
        // its sum and its weights.
        let total = if packets.have_amount(factor, settings) { settings.amount(mean, value) } else { None };
        *mean = HourMean { mean: Some(value), total, valid: true, count: mean.count, ..HourMean::new(factor) };
    }
    means
}

impl HourPackets {
    /// Whether an amount of a factor came, counting or not.
    fn have_amount(&self, factor: Code, settings: &Settings<'_>) -> bool {
        let values = self.hour.iter().chain(&self.minute).chain(&self.realtime).flat_map(|packet| &packet.values);
        let mut amounts = values.filter(|value| value.statistic == Statistic::Total);
        amounts.any(|value| settings.codes.get(settings.store, value.factor) == Some(factor))
    }
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
            let refusal = settings.refusal(factor, value, packet.key.data_time);
            let number = if refusal.is_none() { decimal(&value.value) } else { None };
            let marked = refusal.as_ref().is_some_and(|refusal| refusal.marked);
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
                mean.marked |= marked;
            }
            if main {
                mean.count = u16::from(number.is_some());
                mean.valid = number.is_some();
                mean.set_aside = refusal.is_some();
                mean.marked = marked;
            }
            mean.refused |= refusal.is_some();
            if let Some(explain) = explain {
                explain.inputs.push(input(factor, packet, value, refusal));
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
    /// Civil minutes with a value that only a condition mark keeps from counting.
    marked: Vec<i64>,
    refused: u16,
    /// Amounts, extremes and converted values that do not count.
    refused_besides: bool,
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
            let refusal = settings.refusal(factor, value, packet.key.data_time);
            let number = if refusal.is_none() { decimal(&value.value) } else { None };
            let minute = packet.key.data_time.millis().div_euclid(60_000);
            match (value.statistic, number) {
                (Statistic::Average | Statistic::Level | Statistic::Realtime, Some(number)) => {
                    // `-Avg` and `-Rtd` of one factor in one packet: one value.
                    if packet.key.kind == crate::gather::MINUTE && entry.minutes.last() == Some(&minute) {
                        continue;
                    }
                    entry.values.push(number);
                    entry.minutes.push(minute);
                    entry.maximum = Some(entry.maximum.map_or(number, |known| known.max(number)));
                    entry.minimum = Some(entry.minimum.map_or(number, |known| known.min(number)));
                }
                (Statistic::Average | Statistic::Level | Statistic::Realtime, None) => {
                    entry.refused += 1;
                    if refusal.as_ref().is_some_and(|refusal| refusal.marked) {
                        entry.marked.push(minute);
                    }
                }
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
                (
                    Statistic::ConvertedAverage
                    | Statistic::ConvertedRealtime
                    | Statistic::Total
                    | Statistic::Maximum
                    | Statistic::Minimum,
                    None,
                ) => entry.refused_besides = true,
                _ => continue,
            }
            if let Some(explain) = explain {
                explain.inputs.push(input(factor, packet, value, refusal));
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
        // With those that are marked only: whether the hour would have been valid.
        let mut all: Vec<i64> = self.minutes.iter().chain(&self.marked).copied().collect();
        all.sort_unstable();
        all.dedup();
        let would_be = !self.marked.is_empty() && all.len() as u32 * interval >= settings.needed_minutes;
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
            refused: self.refused > 0 || self.refused_besides,
            marked: !valid && would_be,
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
