//! Rates of data (联网、传输、有效、有效传输、补传、运行): pure formulas with the list of what is missing.
//!
//! 传输率 = received / due; 有效率 = valid / received; 有效传输率 = their product; 补传率 = caught up / not received in
//! time; 运行率 = hours with a valid value / hours due. Due: the hours of the period that have ended, without declared
//! stops, for each factor that is expected.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Hour, Name, Point, PointKind, Problem, Timestamp};
use rust_decimal::Decimal;
use serde::Serialize;
use store::contract::{PeriodLevel, StoredObservation};

use crate::code::Code;
use crate::gather::{Gathered, HourPackets};
use crate::hour::{self, Settings};
use crate::model::{Flags, Method, Stat, Verdict};
use crate::plan::{HOUR_MINUTES, method_of};
use crate::review::Stop;
use crate::rule::air;
use crate::{Judge, gather};

/// Missing values that are listed; the counts go on.
const MOST_MISSING: usize = 500;
/// Packets received later than this after the end of their hour were caught up.
const LATE_MILLIS: i64 = 2 * 3_600_000;
/// Longest period of one answer.
const MOST_DAYS: i64 = 400;

#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct MissingValue {
    pub factor: String,
    pub hour: Timestamp,
    /// `missing`: nothing came; `invalid`: what came does not count.
    pub state: &'static str,
}

/// Rates of a point and period; fractions 0..=1, `None` where nothing was due.
#[derive(Clone, Debug, Default, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Rates {
    pub from: Timestamp,
    pub until: Timestamp,
    pub due: u32,
    pub received: u32,
    pub valid: u32,
    pub hours_due: u32,
    pub hours_received: u32,
    pub hours_valid: u32,
    /// Hours whose first packet came late.
    pub hours_caught_up: u32,
    pub hours_stopped: u32,
    /// Anything was received at all.
    pub networked: bool,
    #[schemars(with = "Option<String>")]
    pub transmission: Option<Decimal>,
    #[schemars(with = "Option<String>")]
    pub valid_rate: Option<Decimal>,
    #[schemars(with = "Option<String>")]
    pub effective: Option<Decimal>,
    #[schemars(with = "Option<String>")]
    pub catch_up: Option<Decimal>,
    #[schemars(with = "Option<String>")]
    pub running: Option<Decimal>,
    pub missing: Vec<MissingValue>,
    pub formula: Name,
}

fn fraction(part: u32, whole: u32) -> Option<Decimal> {
    (whole > 0).then(|| standards::decimal::round_half_even(Decimal::from(part) / Decimal::from(whole), 4))
}

/// What came of one hour.
#[derive(Clone, Debug, Default)]
pub struct HourState {
    /// Factors with a value, counting or not.
    pub received: BTreeSet<Code>,
    pub valid: BTreeSet<Code>,
    pub late: bool,
}

/// The rates from the hours of a period. `expected`: factors that are due; `step`: every how many hours.
pub fn rates(
    hours: &BTreeMap<i64, HourState>,
    expected: &[Code],
    stops: &[Stop],
    from: Hour,
    until: Hour,
    step: i64,
) -> Rates {
    let mut rates = Rates { from: from.start(), until: until.start(), formula: formula(), ..Rates::default() };
    let nothing = HourState::default();
    for number in (from.0..until.0).filter(|number| Hour(*number).of_day() as i64 % step == 0) {
        let start = Hour(number).start();
        if stops.iter().any(|stop| stop.covers(start)) {
            rates.hours_stopped += 1;
            continue;
        }
        let hour = hours.get(&number).unwrap_or(&nothing);
        rates.hours_due += 1;
        rates.hours_received += u32::from(!hour.received.is_empty());
        rates.hours_valid += u32::from(!hour.valid.is_empty());
        rates.hours_caught_up += u32::from(hour.late);
        for factor in expected {
            rates.due += 1;
            let (received, valid) = (hour.received.contains(factor), hour.valid.contains(factor));
            rates.received += u32::from(received);
            rates.valid += u32::from(valid);
            if !valid && rates.missing.len() < MOST_MISSING {
                let state = if received { "invalid" } else { "missing" };
                rates.missing.push(MissingValue { factor: factor.to_string(), hour: start, state });
            }
        }
    }
    rates.networked = rates.received > 0;
    rates.transmission = fraction(rates.received, rates.due);
    rates.valid_rate = fraction(rates.valid, rates.received);
    rates.effective = fraction(rates.valid, rates.due);
    let not_in_time = rates.hours_due - rates.hours_received + rates.hours_caught_up;
    rates.catch_up = fraction(rates.hours_caught_up, not_in_time);
    rates.running = fraction(rates.hours_valid, rates.hours_due);
    rates
}

fn formula() -> Name {
    Name::new(
        "传输率＝实收／应收；有效率＝有效／实收；有效传输率＝有效／应收；补传率＝补传小时／未按时到达小时；运行率＝有有效值的小时／应有小时；应收不含已申报的停运",
        "transmission = received / due; valid = valid / received; effective = valid / due; catch-up = hours caught up / \
         hours not in time; running = hours with a valid value / hours due; declared stops are not due",
    )
}

/// Every fourth hour, where a water station has never sent another.
fn step_of(kind: PointKind, hours: &BTreeMap<i64, HourState>) -> i64 {
    let water = matches!(kind, PointKind::WaterSection | PointKind::LakePoint | PointKind::DrinkingWaterSource);
    let fourth = !hours.is_empty() && hours.keys().all(|hour| Hour(*hour).of_day().is_multiple_of(4));
    if water && fourth { 4 } else { 1 }
}

impl Judge {
    /// The rates of a point over the hours of `from..until` that have ended; at most 400 days.
    ///
    /// # Errors
    /// When the store fails.
    pub fn rates(&self, point: &Point, from: Timestamp, until: Timestamp, now: Timestamp) -> Result<Rates, Problem> {
        let until = until.min(now).hour();
        let from = Hour(from.hour().0.max(until.0 - MOST_DAYS * 24));
        if until.0 <= from.0 {
            return Ok(rates(&BTreeMap::new(), &[], &[], from, from, 1));
        }
        let verdicts = self.verdicts(point.id, PeriodLevel::Hour, from.start(), until.start())?;
        let mut hours: BTreeMap<i64, HourState> =
            verdicts.iter().map(|verdict| (verdict.key.period, state_of(verdict))).collect();
        let mut expected: Vec<Code> = point.factors.iter().filter_map(|factor| Code::new(factor)).collect();
        let beside: Vec<Code> = expected.iter().copied().filter(|factor| !is_judged(point.kind, *factor)).collect();
        // Hours without a packet of their own are looked at in their minutes only where something is read from them.
        let wanted: Vec<i64> = if beside.is_empty() { Vec::new() } else { hours.keys().copied().collect() };
        let gathered = gather::gather(&self.store, point.id, from.0, until.0 - 1, &wanted, None)?;
        for (hour, packets) in &gathered.hours {
            let Some(state) = hours.get_mut(hour) else { continue };
            state.late = packets.hour.iter().any(is_late);
            self.add_beside(point, *hour, packets, &gathered, &beside, state);
        }
        if expected.is_empty() {
            let seen: BTreeSet<Code> = hours.values().flat_map(|hour| hour.received.iter().copied()).collect();
            expected.extend(seen);
        }
        let step = step_of(point.kind, &hours);
        Ok(rates(&hours, &expected, &gathered.stops, from, until, step))
    }

    /// Adds what came of factors that the verdict does not carry, from the packets themselves.
    fn add_beside(
        &self,
        point: &Point,
        hour: i64,
        packets: &HourPackets,
        gathered: &Gathered,
        beside: &[Code],
        state: &mut HourState,
    ) {
        if beside.is_empty() {
            return;
        }
        let rules = self.rules();
        let settings = Settings {
            store: &*self.store,
            codes: &rules.codes,
            kind: point.kind,
            minute_minutes: point.minute_minutes,
            needed_minutes: HOUR_MINUTES,
            reviews: &gathered.reviews,
            stops: &gathered.stops,
        };
        for mean in hour::hour_means(Hour(hour), packets, &settings, &mut None) {
            if !beside.contains(&mean.factor) {
                continue;
            }
            if mean.mean.is_some() || mean.set_aside {
                state.received.insert(mean.factor);
            }
            if mean.mean.is_some() && mean.valid {
                state.valid.insert(mean.factor);
            }
        }
    }
}

/// Does the verdict of an hour say of this factor whether it came? That of an air station speaks of the six pollutants
/// and not of the weather beside them.
fn is_judged(kind: PointKind, factor: Code) -> bool {
    method_of(kind) != Method::Air || air::pollutant(factor).is_some()
}

/// A first hour packet that came late. Minute data come with a delay of their own and are not counted.
fn is_late(packet: &StoredObservation) -> bool {
    packet.revision == 0 && packet.received_at.millis() - packet.key.data_time.hour().end().millis() > LATE_MILLIS
}

fn state_of(verdict: &Verdict) -> HourState {
    let mut state = HourState::default();
    for item in verdict.finding.items.iter().filter(|item| item.stat == Stat::Mean) {
        if item.value.is_some() || item.flags.has(Flags::SET_ASIDE) {
            state.received.insert(item.factor);
        }
        if item.valid() && item.value.is_some() {
            state.valid.insert(item.factor);
        }
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(received: &[&str], valid: &[&str], late: bool) -> HourState {
        let codes = |names: &[&str]| names.iter().filter_map(|name| Code::new(name)).collect();
        HourState { received: codes(received), valid: codes(valid), late }
    }

    #[test]
    fn a_stop_is_not_due_and_an_invalid_value_was_received() {
        let expected = [Code::new("w01018").unwrap(), Code::new("w21003").unwrap()];
        let both = ["w01018", "w21003"];
        let hours = BTreeMap::from([
            (0, hour(&both, &both, false)),
            (1, hour(&both, &["w01018"], true)),
            (2, hour(&["w01018"], &["w01018"], false)),
        ]);
        let stop = Stop {
            id: 1,
            point: 1,
            kind: "stop".into(),
            from: Hour(4).start(),
            until: Hour(5).start(),
            reason: "检修".into(),
            by_id: 1,
            by_name: "厂".into(),
            at: Timestamp(0),
        };
        let found = rates(&hours, &expected, &[stop], Hour(0), Hour(5), 1);
        assert_eq!((found.due, found.received, found.valid, found.hours_stopped), (8, 5, 4, 1));
        let text = |value: Option<Decimal>| value.unwrap().normalize().to_string();
        assert_eq!(text(found.transmission), "0.625");
        assert_eq!(text(found.valid_rate), "0.8");
        assert_eq!(text(found.effective), "0.5");
        assert_eq!(text(found.catch_up), "0.5");
        assert_eq!(text(found.running), "0.75");
        assert_eq!(found.missing.len(), 4);
        assert_eq!(rates(&hours, &[], &[], Hour(9), Hour(9), 1).transmission, None);
    }
}
