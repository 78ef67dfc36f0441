//! Rates of data (联网、传输、有效、有效传输、补传、运行、超标): pure formulas with the list of what is missing.
//!
//! 传输率 = received / due; 有效率 = valid / received; 有效传输率 = their product; 补传率 = caught up / not received in
//! time; 运行率 = hours with a valid value / hours due; 超标率 = hours (days) over a limit / hours (days) that were
//! compared with one. Due: the hours of the period that have ended, without declared stops, for each factor that is
//! expected. Counts add up, over points and over periods; rates are computed from the sums.

use std::collections::{BTreeMap, BTreeSet};

use kernel::time::DAY_MILLIS;
use kernel::{ErrorCode, Hour, Name, Point, PointKind, Problem, Timestamp};
use rust_decimal::Decimal;
use serde::Serialize;
use store::contract::PeriodLevel;

use crate::code::Code;
use crate::model::{Flags, Method, Stat, Verdict};
use crate::plan::method_of;
use crate::review::Stop;
use crate::{Judge, gather, review};

/// Missing values that are listed; the counts go on.
const MOST_MISSING: usize = 500;
/// Packets received later than this after the end of their hour were caught up.
const LATE_MILLIS: i64 = 2 * 3_600_000;
/// Longest period of one answer, and of one read of hours.
pub(crate) const MOST_DAYS: i64 = 400;
/// Days before the end of a period that show every how many hours a station sends.
const STEP_DAYS: i64 = 30;

#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct MissingValue {
    pub factor: String,
    pub hour: Timestamp,
    /// `missing`: nothing came; `invalid`: what came does not count.
    pub state: &'static str,
}

/// What was due and what came; of a point and a period, or summed over several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Counts {
    pub due: u32,
    pub received: u32,
    pub valid: u32,
    pub hours_due: u32,
    pub hours_received: u32,
    pub hours_valid: u32,
    /// Hours whose first packet came late.
    pub hours_caught_up: u32,
    pub hours_stopped: u32,
    /// Hours that were compared with a limit, and those over one.
    pub hours_compared: u32,
    pub hours_exceeding: u32,
    /// The same of whole days, by the day's own verdict.
    pub days_compared: u32,
    pub days_exceeding: u32,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.due += other.due;
        self.received += other.received;
        self.valid += other.valid;
        self.hours_due += other.hours_due;
        self.hours_received += other.hours_received;
        self.hours_valid += other.hours_valid;
        self.hours_caught_up += other.hours_caught_up;
        self.hours_stopped += other.hours_stopped;
        self.hours_compared += other.hours_compared;
        self.hours_exceeding += other.hours_exceeding;
        self.days_compared += other.days_compared;
        self.days_exceeding += other.days_exceeding;
    }
}

/// Fractions 0..=1 from counts, `None` where nothing was due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Shares {
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
    #[schemars(with = "Option<String>")]
    pub hour_exceedance: Option<Decimal>,
    #[schemars(with = "Option<String>")]
    pub day_exceedance: Option<Decimal>,
}

impl Counts {
    pub fn shares(&self) -> Shares {
        let not_in_time = self.hours_due - self.hours_received + self.hours_caught_up;
        Shares {
            transmission: fraction(self.received, self.due),
            valid_rate: fraction(self.valid, self.received),
            effective: fraction(self.valid, self.due),
            catch_up: fraction(self.hours_caught_up, not_in_time),
            running: fraction(self.hours_valid, self.hours_due),
            hour_exceedance: fraction(self.hours_exceeding, self.hours_compared),
            day_exceedance: fraction(self.days_exceeding, self.days_compared),
        }
    }
}

/// Rates of a point and period.
#[derive(Clone, Debug, Default, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Rates {
    pub from: Timestamp,
    pub until: Timestamp,
    #[serde(flatten)]
    pub counts: Counts,
    #[serde(flatten)]
    pub shares: Shares,
    /// Anything was received at all.
    pub networked: bool,
    pub missing: Vec<MissingValue>,
    pub formula: Name,
}

fn fraction(part: u32, whole: u32) -> Option<Decimal> {
    (whole > 0).then(|| standards::decimal::round_half_even(Decimal::from(part) / Decimal::from(whole), 4))
}

/// What came of one hour.
#[derive(Clone, Debug, Default)]
pub struct HourState {
    /// Factors with a value, counting or not. A dozen at most: a list is found through faster than a tree is made, and a
    /// year of a county has some three hundred thousand of them.
    pub received: Vec<Code>,
    /// Those that count, and those that only a condition mark keeps from judging.
    pub valid: Vec<Code>,
    pub late: bool,
    pub compared: Compared,
}

/// Whether a period was compared with a limit, and whether it was over one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Compared {
    #[default]
    No,
    Within,
    Over,
}

impl Compared {
    fn of(method: Method, verdict: &Verdict) -> Self {
        let finding = &verdict.finding;
        let against = match method {
            // A class without a target is no comparison.
            Method::Water { .. } | Method::Groundwater => finding.beside.is_some(),
            _ => !finding.standard.is_empty(),
        };
        match (finding.exceeding, finding.valid && against) {
            (true, _) => Self::Over,
            (false, true) => Self::Within,
            (false, false) => Self::No,
        }
    }
}

/// What a point's rates are computed from, for a span of hours.
#[derive(Clone, Debug, Default)]
pub struct Course {
    pub hours: BTreeMap<i64, HourState>,
    /// Numbers of the whole days that were judged.
    pub days: BTreeMap<i64, Compared>,
    /// Factors that are due.
    pub expected: Vec<Code>,
    pub stops: Vec<Stop>,
    /// Every how many hours a value is due; at least 1.
    pub step: i64,
    /// When a device was bound to the point; `None`: nobody says, and every hour is due.
    pub bound: Option<Vec<Bound>>,
}

/// When a device was bound to a point: from, and until (exclusive) where it ended.
pub type Bound = (Timestamp, Option<Timestamp>);

impl Course {
    /// Whether a device was bound for the whole hour.
    fn is_due(&self, hour: Hour) -> bool {
        let covers = |(from, until): &Bound| *from <= hour.start() && until.is_none_or(|until| hour.end() <= until);
        self.bound.as_ref().is_none_or(|bound| bound.iter().any(covers))
    }

    /// The rates of the hours `from..until`.
    pub fn rates(&self, from: Hour, until: Hour) -> Rates {
        let mut counts = Counts::default();
        let mut missing = Vec::new();
        let nothing = HourState::default();
        for number in (from.0..until.0).filter(|number| Hour(*number).of_day() as i64 % self.step == 0) {
            let start = Hour(number).start();
            if self.stops.iter().any(|stop| stop.stops(start)) {
                counts.hours_stopped += 1;
                continue;
            }
            let hour = self.hours.get(&number).unwrap_or(&nothing);
            // What people brought by hand is compared, though no device owed it.
            counts.hours_compared += u32::from(hour.compared != Compared::No);
            counts.hours_exceeding += u32::from(hour.compared == Compared::Over);
            if !self.is_due(Hour(number)) {
                continue;
            }
            counts.hours_due += 1;
            counts.hours_received += u32::from(!hour.received.is_empty());
            counts.hours_valid += u32::from(!hour.valid.is_empty());
            counts.hours_caught_up += u32::from(hour.late);
            for factor in &self.expected {
                counts.due += 1;
                let received = hour.received.contains(factor);
                let valid = hour.valid.contains(factor);
                counts.received += u32::from(received);
                counts.valid += u32::from(valid);
                if !valid && missing.len() < MOST_MISSING {
                    let state = if received { "invalid" } else { "missing" };
                    missing.push(MissingValue { factor: factor.to_string(), hour: start, state });
                }
            }
        }
        // A day counts where it begins and ends within.
        let (first, last) = (Hour(from.0 + 23).day().0, until.day().0);
        if first < last {
            for compared in self.days.range(i64::from(first)..i64::from(last)).map(|(_, compared)| *compared) {
                counts.days_compared += u32::from(compared != Compared::No);
                counts.days_exceeding += u32::from(compared == Compared::Over);
            }
        }
        Rates {
            from: from.start(),
            until: until.start(),
            counts,
            shares: counts.shares(),
            networked: counts.received > 0,
            missing,
            formula: formula(),
        }
    }
}

pub fn formula() -> Name {
    Name::new(
        "传输率＝实收／应收；有效率＝有效／实收；有效传输率＝有效／应收；补传率＝补传小时／未按时到达小时；运行率＝有有效值的小时／应有小时；超标率＝超标的时段／参加评价的时段（小时、日分别计）；应收为绑定设备期间的小时，不含已申报的停运，工况标记的数据计为有效，环境空气站按六项污染物计",
        "transmission = received / due; valid = valid / received; effective = valid / due; catch-up = hours caught up / \
         hours not in time; running = hours with a valid value / hours due; exceedance = periods over a limit / periods compared with one \
         (hours and days apart); due are the hours with a device bound, without declared stops; data that only a condition mark \
         sets aside are valid; of ambient air stations the six pollutants count",
    )
}

fn by_fours(kind: PointKind) -> bool {
    matches!(kind, PointKind::WaterSection | PointKind::LakePoint | PointKind::DrinkingWaterSource)
}

/// Every fourth hour, where a water station has sent no other in [`STEP_DAYS`]; never from the time asked about alone,
/// or one packet of a bad day would make the day a good one.
fn step_of(kind: PointKind, mut sent: impl Iterator<Item = i64>) -> i64 {
    let fourth = |hour: i64| Hour(hour).of_day().is_multiple_of(4);
    let Some(first) = sent.next().filter(|_| by_fours(kind)) else { return 1 };
    if fourth(first) && sent.all(fourth) { 4 } else { 1 }
}

impl Judge {
    /// The rates of a point over the hours of `from..until` that have ended.
    ///
    /// # Errors
    /// When these are more than 400 days, or the store fails.
    pub fn rates(&self, point: &Point, from: Timestamp, until: Timestamp, now: Timestamp) -> Result<Rates, Problem> {
        let (from, until) = ended_hours(from, until, now)?;
        Ok(self.course(point, from, until)?.rates(from, until))
    }

    /// What the rates of a point over `from..until` are computed from.
    ///
    /// # Errors
    /// When these are more than 400 days, or the store fails.
    pub fn course(&self, point: &Point, from: Hour, until: Hour) -> Result<Course, Problem> {
        if until.0 <= from.0 {
            return Ok(Course { step: 1, ..Course::default() });
        }
        let method = method_of(point.kind);
        let verdicts = self.verdicts(point.id, PeriodLevel::Hour, from.start(), until.start())?;
        let stops = self
            .store
            .read(|reader| review::stops_of_point(reader, self.division, point.id, from.start(), until.start()))?;
        let late = self.late_hours(point.id, from, until)?;
        let mut hours: BTreeMap<i64, HourState> = BTreeMap::new();
        for verdict in &verdicts {
            let mut state = state_of(method, verdict);
            state.late = late.contains(&verdict.key.period);
            hours.insert(verdict.key.period, state);
        }
        let days = self.verdicts(point.id, PeriodLevel::Day, from.start(), until.start())?;
        let days = days.iter().filter(|day| !day.finding.running);
        let days = days.map(|day| (day.key.period, Compared::of(method, day))).collect();
        let mut expected = expected_of(point);
        if expected.is_empty() {
            let seen: BTreeSet<Code> = hours.values().flat_map(|hour| hour.received.iter().copied()).collect();
            expected.extend(seen);
        }
        let step = self.step(point, until)?;
        let bound = self.devices.get().map(|devices| devices(point.id));
        Ok(Course { hours, days, expected, stops, step, bound })
    }

    /// Every how many hours a point sends, by the days before the end of a period.
    fn step(&self, point: &Point, until: Hour) -> Result<i64, Problem> {
        if !by_fours(point.kind) {
            return Ok(1);
        }
        let verdicts =
            self.verdicts(point.id, PeriodLevel::Hour, Hour(until.0 - STEP_DAYS * 24).start(), until.start())?;
        Ok(step_of(point.kind, verdicts.iter().map(|verdict| verdict.key.period)))
    }

    /// Hours whose first hour packet came late. Minute data come with a delay of their own and are not counted.
    fn late_hours(&self, point: i64, from: Hour, until: Hour) -> Result<BTreeSet<i64>, Problem> {
        let packets = gather::packets_without_values(&self.store, point, gather::HOUR, from.start(), until.start())?;
        let late = packets.iter().filter(|packet| {
            packet.revision == 0
                && packet.received_at.millis() - packet.key.data_time.hour().end().millis() > LATE_MILLIS
        });
        Ok(late.map(|packet| packet.key.data_time.hour().0).collect())
    }
}

/// The hours of `from..until` that have ended.
///
/// # Errors
/// When they are more than 400 days: rates of a part would stand under the name of the whole.
pub fn ended_hours(from: Timestamp, until: Timestamp, now: Timestamp) -> Result<(Hour, Hour), Problem> {
    let (from, until) = (from.hour(), until.min(now).hour());
    check_days(from.start(), until.start())?;
    Ok((from, until))
}

/// A time of hours is refused where it is too long, and never cut silently.
pub(crate) fn check_days(from: Timestamp, until: Timestamp) -> Result<(), Problem> {
    if until.millis() - from.millis() <= MOST_DAYS * DAY_MILLIS {
        return Ok(());
    }
    let what = format!("一次最多 {MOST_DAYS} 天，请分段查询 (at most {MOST_DAYS} days at once; ask year by year)");
    Err(Problem::new(ErrorCode::TooLarge, what))
}

/// The factors of a point that its hours are judged by. Of an ambient air station the six pollutants: its weather is
/// kept for roses and charts and stands in no verdict.
fn expected_of(point: &Point) -> Vec<Code> {
    let judged = |factor: &Code| point.kind != PointKind::AirStation || crate::rule::air::pollutant(*factor).is_some();
    point.factors.iter().filter_map(|factor| Code::new(factor)).filter(judged).collect()
}

fn state_of(method: Method, verdict: &Verdict) -> HourState {
    let mut state = HourState { compared: Compared::of(method, verdict), ..HourState::default() };
    // What came of the hour itself, in whatever form: a flow meter may send amounts alone. Rolling means come of others.
    let own = [Stat::Mean, Stat::Converted, Stat::Total, Stat::Maximum, Stat::Minimum];
    for item in verdict.finding.items.iter().filter(|item| own.contains(&item.stat)) {
        let came = item.value.is_some() || item.flags.has(Flags::SET_ASIDE);
        if came && !state.received.contains(&item.factor) {
            state.received.push(item.factor);
        }
        let valid = (item.valid() && item.value.is_some()) || item.flags.has(Flags::MARKED);
        if valid && !state.valid.contains(&item.factor) {
            state.valid.push(item.factor);
        }
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(received: &[&str], valid: &[&str], late: bool) -> HourState {
        let codes = |names: &[&str]| names.iter().filter_map(|name| Code::new(name)).collect();
        HourState { received: codes(received), valid: codes(valid), late, ..HourState::default() }
    }

    #[test]
    fn the_weather_of_an_air_station_is_not_due() {
        let factors = ["a34004", "a01001", "a05024"].map(str::to_owned).to_vec();
        let check = |kind, expect: &[&str]| {
            let point = Point { factors: factors.clone(), ..Point::simulated(1, kind) };
            let found: Vec<String> = expected_of(&point).iter().map(ToString::to_string).collect();
            assert_eq!(found, expect, "{kind:?}");
        };
        check(PointKind::AirStation, &["a34004", "a05024"]);
        check(PointKind::WasteGasOutlet, &["a34004", "a01001", "a05024"]);
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
            condition: None,
            factors: Vec::new(),
            from: Hour(4).start(),
            until: Hour(5).start(),
            reason: "检修".into(),
            by_id: 1,
            by_name: "厂".into(),
            at: Timestamp(0),
            waits: false,
            decisions: Vec::new(),
        };
        let course = Course { hours, expected: expected.to_vec(), stops: vec![stop], step: 1, ..Course::default() };
        let found = course.rates(Hour(0), Hour(5));
        let counts = found.counts;
        assert_eq!((counts.due, counts.received, counts.valid, counts.hours_stopped), (8, 5, 4, 1));
        let text = |value: Option<Decimal>| value.unwrap().normalize().to_string();
        assert_eq!(text(found.shares.transmission), "0.625");
        assert_eq!(text(found.shares.valid_rate), "0.8");
        assert_eq!(text(found.shares.effective), "0.5");
        assert_eq!(text(found.shares.catch_up), "0.5");
        assert_eq!(text(found.shares.running), "0.75");
        assert_eq!(found.missing.len(), 4);
        assert_eq!(course.rates(Hour(9), Hour(9)).shares, Shares::default());
    }

    #[test]
    fn only_hours_with_a_device_are_due_and_what_came_by_hand_is_compared() {
        let both = ["w01018"];
        let state = HourState { compared: Compared::Over, ..hour(&both, &both, false) };
        let course = Course {
            hours: (0..10).map(|number| (number, state.clone())).collect(),
            expected: vec![Code::new("w01018").unwrap()],
            step: 1,
            ..Course::default()
        };
        let check = |bound: Option<&[Bound]>, expect: (u32, u32, u32, bool)| {
            let course = Course { bound: bound.map(<[_]>::to_vec), ..course.clone() };
            let found = course.rates(Hour(0), Hour(10));
            let counts = found.counts;
            assert_eq!((counts.due, counts.received, counts.hours_exceeding, found.networked), expect, "{bound:?}");
        };
        let at = |hours: i64| Timestamp(Hour(0).start().millis() + hours * 3_600_000);
        check(None, (10, 10, 10, true));
        check(Some(&[]), (0, 0, 10, false));
        check(Some(&[(at(4), None)]), (6, 6, 10, true));
        // Half an hour is no hour; one device after another.
        check(Some(&[(at(4).plus(1_800_000), Some(at(7).plus(1_800_000)))]), (2, 2, 10, true));
        check(Some(&[(at(0), Some(at(3))), (at(8), None)]), (5, 5, 10, true));
    }

    #[test]
    fn exceedance_is_of_what_was_compared_and_counts_add_up() {
        let hour = |compared| HourState { compared, ..HourState::default() };
        let compared = [Compared::Over, Compared::Within, Compared::No, Compared::Within];
        let course = Course {
            hours: (0..48).map(|number| (number, hour(compared[number as usize % 4]))).collect(),
            days: BTreeMap::from([(0, Compared::Over), (1, Compared::Within)]),
            step: 1,
            ..Course::default()
        };
        let check = |from: i64, until: i64, expect: [u32; 4]| {
            let counts = course.rates(Hour(from), Hour(until)).counts;
            let found = [counts.hours_compared, counts.hours_exceeding, counts.days_compared, counts.days_exceeding];
            assert_eq!(found, expect, "{from}..{until}");
        };
        check(0, 48, [36, 12, 2, 1]);
        check(0, 24, [18, 6, 1, 1]);
        // Part of a day is no day.
        check(1, 47, [34, 11, 0, 0]);
        let whole = course.rates(Hour(0), Hour(48)).counts;
        let mut sum = course.rates(Hour(0), Hour(7)).counts;
        sum += course.rates(Hour(7), Hour(48)).counts;
        assert_eq!((sum.hours_compared, sum.hours_exceeding), (whole.hours_compared, whole.hours_exceeding));
        assert_eq!(whole.shares().hour_exceedance.map(|share| share.to_string()), Some("0.3333".into()));
        assert_eq!(whole.shares().day_exceedance.map(|share| share.to_string()), Some("0.5000".into()));
    }
}
