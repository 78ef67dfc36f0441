//! What people do about data, and what the program finds odd in it. Operations:
//! authorise → check → save with its event and the periods to judge again in one transaction.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::time::HOUR_MILLIS;
use kernel::{Action, Actor, Day, EventDraft, Hour, Point, PointKind, Problem, Timestamp};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::json;
use store::contract::PeriodLevel;
use store::event_log;

use crate::Judge;
use crate::code::Code;
use crate::gather;
use crate::hour::MOST_CREDIBLE;
use crate::model::{Flags, Method, Stat, Verdict};
use crate::plan::{HourPlan, method_of};
use crate::review::{self, Review, ReviewAction, StopState};
use crate::settings::may_be_negative;
use crate::source;
use crate::suspicion::{self, Suspicion};

/// Statements in one batch.
pub const MOST_ITEMS: usize = 500;
/// Hours and days that one batch may make to be judged again: a year of two points.
const MOST_PERIODS: i64 = 20_000;
const MOST_REASON: usize = 1000;
/// Hours of declared stops that suspicions look into: their packets are read anew.
const MOST_STOPPED_HOURS: usize = 31 * 24;

/// A statement on its way.
#[derive(Clone, Debug)]
pub struct NewReview {
    pub point: i64,
    pub factor: Option<String>,
    pub action: ReviewAction,
    pub from: Timestamp,
    pub until: Timestamp,
    pub value: Option<Decimal>,
    pub reason: String,
}

/// Hours with values by factor, as measured or (`true`) at reference oxygen.
type Measured = BTreeMap<(Code, bool), Vec<(i64, f64)>>;

pub(crate) fn span(from: Timestamp, until: Timestamp) -> Result<std::ops::RangeInclusive<i64>, Problem> {
    if until <= from {
        return Err(Problem::invalid("结束时间不晚于开始时间 (until is not after from)"));
    }
    Ok(from.hour().0..=until.plus(-1).hour().0)
}

/// The days of a span that are over: what people say touches the day values that devices sent, hours or not.
pub(crate) fn days_over(
    point: i64,
    from: Timestamp,
    until: Timestamp,
    now: Timestamp,
) -> impl Iterator<Item = (i64, PeriodLevel, i64)> {
    let last = until.plus(-1).day().0.min(now.day().0 - 1);
    (from.day().0..=last).map(move |day| (point, PeriodLevel::Day, i64::from(day)))
}

pub(crate) fn check_reason(reason: &str) -> Result<(), Problem> {
    if reason.trim().is_empty() {
        return Err(Problem::invalid("要写理由 (a reason is needed)"));
    }
    if reason.chars().count() > MOST_REASON {
        return Err(Problem::invalid(format!("理由最多 {MOST_REASON} 字 (the reason is too long)")));
    }
    Ok(())
}

impl Judge {
    pub(crate) fn known(&self, id: i64) -> Result<Arc<Point>, Problem> {
        let unknown = || Problem::not_found(format!("没有点位 {id} (no such point)"));
        self.points.points().get(id).cloned().ok_or_else(unknown)
    }

    /// Final hours are not changed; who has to, reopens them first.
    fn refuse_if_final(&self, item: &NewReview) -> Result<(), Problem> {
        if !matches!(item.action, ReviewAction::Invalidate | ReviewAction::Correct | ReviewAction::Restore) {
            return Ok(());
        }
        self.refuse_over_final(item.point, item.from, item.until)
    }

    /// Keeps statements about data and marks what rests on them; all of them, or none.
    ///
    /// # Errors
    /// When one is not allowed or not complete.
    pub fn review(&self, actor: &Actor, items: &[NewReview], now: Timestamp) -> Result<Vec<Review>, Problem> {
        if items.is_empty() || items.len() > MOST_ITEMS {
            return Err(Problem::invalid(format!("一批 1～{MOST_ITEMS} 条 (a batch has 1 to {MOST_ITEMS})")));
        }
        let mut reviews = Vec::with_capacity(items.len());
        let mut periods = Vec::new();
        for item in items {
            let point = self.known(item.point)?;
            if !actor.may(Action::ReviewData, point.owner.as_deref()) {
                return Err(Problem::new(kernel::ErrorCode::NotAllowed, "没有审核数据的权限 (may not review data)"));
            }
            check_reason(&item.reason)?;
            // Nothing is decided of what nobody has measured yet.
            if item.until > now.hour().start() {
                return Err(Problem::invalid("只能审核已经结束的小时 (only hours that have ended are reviewed)"));
            }
            let factor = item
                .factor
                .as_deref()
                .map(|text| Code::new(text).ok_or_else(|| Problem::invalid(format!("factor = {text}"))))
                .transpose()?;
            match (item.action, factor, item.value) {
                (ReviewAction::Correct, Some(_), Some(value)) if value.abs() > MOST_CREDIBLE => {
                    return Err(Problem::invalid("更正值大得不可能 (the corrected value is impossibly large)"));
                }
                (ReviewAction::Correct, Some(factor), Some(value))
                    if value < Decimal::ZERO && !may_be_negative(factor) =>
                {
                    return Err(Problem::invalid("更正值为负 (the corrected value is negative)"));
                }
                (ReviewAction::Correct, Some(_), Some(_))
                    if item.from != item.from.hour().start() || item.until != item.until.hour().start() =>
                {
                    return Err(Problem::invalid("更正以整小时计 (a correction is of whole hours)"));
                }
                (ReviewAction::Correct, Some(_), Some(_)) => {}
                (ReviewAction::Correct, ..) => {
                    return Err(Problem::invalid("更正要写因子和正确值 (a correction needs factor and value)"));
                }
                (_, _, Some(_)) => return Err(Problem::invalid("只有更正才写值 (only a correction has a value)")),
                _ => {}
            }
            self.refuse_if_final(item)?;
            let hours = span(item.from, item.until)?;
            if hours.end() - hours.start() > MOST_PERIODS {
                return Err(Problem::new(
                    kernel::ErrorCode::TooMany,
                    format!("一批最多涉及 {MOST_PERIODS} 个时段 (too many periods in one batch)"),
                ));
            }
            periods.extend(hours.map(|hour| (item.point, PeriodLevel::Hour, hour)));
            periods.extend(days_over(item.point, item.from, item.until, now));
            if periods.len() as i64 > MOST_PERIODS {
                return Err(Problem::new(
                    kernel::ErrorCode::TooMany,
                    format!("一批最多涉及 {MOST_PERIODS} 个时段 (too many periods in one batch)"),
                ));
            }
            reviews.push(Review {
                id: self.ids.next(now).0,
                point: item.point,
                factor,
                action: item.action,
                from: item.from,
                until: item.until,
                value: item.value,
                reason: item.reason.trim().to_owned(),
                by_id: actor.id.0,
                by_name: actor.name.clone(),
                at: now,
            });
        }
        periods.sort_unstable();
        periods.dedup();
        self.store.write(|transaction| {
            let mut events = Vec::new();
            for review in &reviews {
                review::put(transaction, self.division, review)?;
                events.push(EventDraft {
                    kind: "judge.reviewed",
                    actor: actor.id.to_string(),
                    subject: review.point.to_string(),
                    payload: json!({
                        "review": review.id.to_string(),
                        "action": review.action.key(),
                        "factor": review.factor.map(|factor| factor.to_string()),
                        "from": review.from,
                        "until": review.until,
                        "value": review.value.map(|value| value.to_string()),
                        "reason": review.reason,
                    }),
                });
            }
            self.store.mark_dirty(transaction, &periods, now)?;
            event_log::append(transaction, self.division, now, &events)?;
            Ok(())
        })?;
        Ok(reviews)
    }

    /// What looks odd in the hours of a point; flags with their statistic, newest first.
    ///
    /// # Errors
    /// When more than 400 days are asked for, or the store fails.
    pub fn suspicions(&self, point: &Point, from: Day, until: Day) -> Result<Vec<Suspicion>, Problem> {
        let verdicts = self.verdicts(point.id, PeriodLevel::Hour, from.start(), until.start())?;
        let series = series_of(&verdicts);
        let mut all = Vec::new();
        let converted = series_at(&verdicts, Stat::Converted);
        for (factor, hours) in &series {
            if skipped(*factor) {
                all.extend(suspicion::out_of_range(factor.as_str(), hours));
                continue;
            }
            all.extend(suspicion::of_series(factor.as_str(), hours));
            all.extend(suspicion::calibration_pattern(factor.as_str(), hours));
            for (of_converted, hours) in [(false, Some(hours)), (true, converted.get(factor))] {
                let limit = self.strictest(point, *factor, of_converted, until);
                let Some((limit, hours)) = limit.zip(hours) else { continue };
                all.extend(suspicion::heap_under_limit(factor.as_str(), hours, limit));
                let aside = set_aside_of(&verdicts, *factor);
                all.extend(suspicion::missing_when_high(factor.as_str(), hours, &aside, limit));
            }
        }
        for ((factor, of_converted), stopped) in self.measured_while_stopped(point, from, until)? {
            if matches!(factor.as_str(), "w00000" | "a00000") {
                let running = series.iter().find(|(known, _)| *known == factor).map_or(&[][..], |(_, hours)| hours);
                all.extend(suspicion::flow_in_stop(factor.as_str(), &stopped, running));
            } else if let Some(limit) = self.strictest(point, factor, of_converted, until).filter(|_| !skipped(factor))
            {
                all.extend(suspicion::over_in_stop(factor.as_str(), &stopped, limit));
            }
        }
        if point.reference_oxygen.is_some() {
            let by_oxygen = |factor: &Code| {
                point.limits.iter().any(|limit| limit.converted && !limit.unconfirmed && *factor == *limit.factor)
            };
            let pollutants: Vec<&suspicion::Series> =
                series.iter().filter(|(factor, _)| by_oxygen(factor)).map(|(_, hours)| hours.as_slice()).collect();
            let oxygen =
                series.iter().find(|(factor, _)| *factor == *source::OXYGEN).map_or(&[][..], |(_, hours)| hours);
            all.extend(suspicion::oxygen_fails_alone(source::OXYGEN, oxygen, &pollutants));
        }
        let of = |code: &str| series.iter().find(|(factor, _)| *factor == *code).map(|(_, hours)| hours.as_slice());
        if let (Some(fine), Some(coarse)) = (of("a34004"), of("a34002")) {
            all.extend(suspicion::inversions(fine, coarse));
        }
        for flow_code in ["w00000", "a00000"] {
            let Some(flow) = of(flow_code) else { continue };
            for (factor, power) in &series {
                let name = crate::names::factor_name(factor.as_str());
                if is_power(factor.as_str(), &name) {
                    all.extend(suspicion::flow_against_power(flow_code, flow, power, &name));
                }
            }
        }
        if method_of(point.kind) == Method::Air {
            self.compare_neighbours(point, &series, from, until, &mut all)?;
        }
        all.sort_by_key(|found| std::cmp::Reverse(found.from));
        Ok(all)
    }

    /// The strictest upper limit of a factor at the end of a period, in the unit that the device sends: what somebody
    /// would hide from.
    fn strictest(&self, point: &Point, factor: Code, of_converted: bool, until: Day) -> Option<f64> {
        let rules = self.rules();
        let units = rules.units();
        let own = rules.limits(point, &units);
        let limits = point.limits.iter().filter(|limit| {
            let binds = !limit.unconfirmed && limit.in_force(until.start());
            factor == *limit.factor && limit.converted == of_converted && binds
        });
        let bounds = limits.filter_map(|limit| own.in_sent_unit(limit.upper?, &limit.unit, factor));
        bounds.min().and_then(|limit| limit.to_f64())
    }

    /// What would count of the hours of an outlet's declared stops if nothing had been declared, by factor, as measured and at
    /// reference oxygen. Of long stops
    /// the first hours of the period are looked at.
    fn measured_while_stopped(&self, point: &Point, from: Day, until: Day) -> Result<Measured, Problem> {
        let mut measured = Measured::new();
        let (start, end) = (from.start(), until.start());
        let (_, declared) = gather::statements(&self.store, self.division, point.id, start, end, None)?;
        let mut hours: Vec<i64> = Vec::new();
        for stop in declared.iter().filter(|stop| stop.kind == "stop" && stop.state() == StopState::InForce) {
            // Hours that lie in the stop as a whole.
            let first = stop.from.max(start).plus(HOUR_MILLIS - 1).hour().0;
            hours.extend((first..stop.until.min(end).hour().0).take(MOST_STOPPED_HOURS));
        }
        hours.sort_unstable();
        hours.dedup();
        hours.truncate(MOST_STOPPED_HOURS);
        let rules = self.rules();
        for day in hours.chunk_by(|left, right| Hour(*left).day() == Hour(*right).day()) {
            let (Some(&first), Some(&last)) = (day.first(), day.last()) else { continue };
            let mut gathered = gather::gather(&self.store, &rules.codes, point, first, last, day, None)?;
            gathered.stops.retain(|stop| stop.kind != "stop");
            let plan = HourPlan { rules: &rules, store: &*self.store, point, gathered: &gathered };
            for &hour in day {
                let means = source::converted(point, plan.means(hour, &mut None).unwrap_or_default(), &mut None);
                for mean in means.iter().filter(|mean| mean.valid) {
                    for (of_converted, value) in [(false, mean.mean), (true, mean.converted)] {
                        if let Some(value) = value.and_then(|value| value.to_f64()) {
                            measured.entry((mean.factor, of_converted)).or_default().push((hour, value));
                        }
                    }
                }
            }
        }
        Ok(measured)
    }

    fn compare_neighbours(
        &self,
        point: &Point,
        own: &[(Code, Vec<(i64, f64)>)],
        from: Day,
        until: Day,
        all: &mut Vec<Suspicion>,
    ) -> Result<(), Problem> {
        // At most twenty neighbours.
        let points = self.points.points();
        let mut around: BTreeMap<Code, Vec<Vec<(i64, f64)>>> = BTreeMap::new();
        for other in points.of_kind(PointKind::AirStation).filter(|other| other.id != point.id).take(20) {
            let verdicts = self.verdicts(other.id, PeriodLevel::Hour, from.start(), until.start())?;
            for (factor, hours) in series_of(&verdicts) {
                let Some((_, mine)) = own.iter().find(|(known, _)| *known == factor) else { continue };
                // Each pair is looked at from one side only.
                if other.id > point.id {
                    all.extend(suspicion::too_alike(factor.as_str(), mine, &hours, &other.name));
                }
                around.entry(factor).or_default().push(hours);
            }
        }
        for (factor, others) in &around {
            if let Some((_, mine)) = own.iter().find(|(known, _)| known == factor).filter(|_| !skipped(*factor)) {
                all.extend(suspicion::leaves_neighbours(factor.as_str(), mine, others));
            }
        }
        Ok(())
    }
}

/// Currents and power of pumps and fans among the process factors of HJ 212 (`g…` of waste gas, `e…` of waste water),
/// by their names in the code table.
fn is_power(code: &str, name: &kernel::Name) -> bool {
    code.starts_with(['g', 'e']) && ["电流", "电功率", "耗电"].iter().any(|word| name.zh.contains(word))
}

/// Hours in which values of a factor came and did not count, ascending.
fn set_aside_of(verdicts: &[Verdict], factor: Code) -> Vec<i64> {
    let aside = |verdict: &&Verdict| {
        verdict.finding.items.iter().any(|item| item.factor == factor && item.flags.has(Flags::SET_ASIDE))
    };
    verdicts.iter().filter(aside).map(|verdict| verdict.key.period).collect()
}

/// Weather, states and temperatures are no evidence of tampering with concentrations.
fn skipped(factor: Code) -> bool {
    let text = factor.as_str();
    text.starts_with("a01") || text.starts_with('i') || text == "w01010" || text.starts_with('L')
}

fn series_of(verdicts: &[Verdict]) -> Vec<(Code, Vec<(i64, f64)>)> {
    series_at(verdicts, Stat::Mean).into_iter().collect()
}

fn series_at(verdicts: &[Verdict], stat: Stat) -> BTreeMap<Code, Vec<(i64, f64)>> {
    let mut series: BTreeMap<Code, Vec<(i64, f64)>> = BTreeMap::new();
    for verdict in verdicts {
        for item in verdict.finding.items.iter().filter(|item| item.stat == stat && item.valid()) {
            if let Some(value) = item.value.and_then(|value| value.to_f64()) {
                series.entry(item.factor).or_default().push((verdict.key.period, value));
            }
        }
    }
    series
}
