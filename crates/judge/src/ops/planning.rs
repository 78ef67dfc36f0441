//! What is read for hours, days and the periods above, and the findings that the pure decisions make of it.

use kernel::{Day, Hour, Point, Problem, Timestamp};
use store::StoreError;
use store::contract::PeriodLevel;

use super::Planned;
use crate::Judge;
use crate::gather::{self, AsOf, gather};
use crate::hour::{HourMean, Settings, hour_means};
use crate::model::{Explain, Finding, Key, Verdict};
use crate::packed::Slots;
use crate::plan::{self, HourPlan};
use crate::review::{Review, Stop};
use crate::rows;

/// Day values of a device, and what people said of the same time.
#[derive(Default)]
pub(crate) struct DeviceDays {
    packets: Vec<store::contract::StoredObservation>,
    reviews: Vec<Review>,
    stops: Vec<Stop>,
}

impl Judge {
    /// Plans hours that have begun; of what is to come nothing is judged, whatever was sent of it.
    pub(super) fn plan_hours(
        &self,
        point: &Point,
        numbers: &[i64],
        now: Timestamp,
    ) -> Result<Result<Vec<Planned>, plan::NotJudged>, Problem> {
        let begun = now.plus(gather::FUTURE_MILLIS).hour().0;
        let wanted = &numbers[..numbers.partition_point(|hour| *hour <= begun)];
        let (Some(&first), Some(&last)) = (wanted.first(), wanted.last()) else { return Ok(Ok(Vec::new())) };
        let rolling = plan::method_of(point.kind) == crate::model::Method::Air
            && self.rules().air_at(Hour(first).day()).is_ok_and(|set| set.rolling());
        // Under an edition with rolling means an hour changes the 23 that follow it, and needs the 23 before it.
        let (from, until) = if rolling { (first - 23, last + 23) } else { (first, last) };
        let needed: Vec<i64> = if rolling { around(wanted, 23) } else { wanted.to_vec() };
        let rules = self.rules();
        let gathered = gather(&self.store, &rules.codes, point, from, until, &needed, None)?;
        let mut hours = wanted.to_vec();
        if rolling {
            for &hour in wanted {
                hours.extend((hour + 1..=(hour + 23).min(begun)).filter(|later| gathered.hours.contains_key(later)));
            }
            hours.sort_unstable();
            hours.dedup();
        }
        let plan = HourPlan { rules: &rules, store: &*self.store, point, gathered: &gathered };
        Ok(plan.judge(&hours, None).map(|findings| {
            findings
                .into_iter()
                .map(|(hour, finding)| Planned {
                    key: Key::new(point.id, PeriodLevel::Hour, hour),
                    horizon: gathered.horizon(if rolling { hour - 23 } else { hour }, hour),
                    finding,
                })
                .collect()
        }))
    }

    pub(super) fn plan_days(
        &self,
        point: &Point,
        days: &[i64],
    ) -> Result<Result<Vec<Planned>, plan::NotJudged>, Problem> {
        let (Some(&first), Some(&last)) = (days.first(), days.last()) else { return Ok(Ok(Vec::new())) };
        let (from, until) = (Day(first as i32), Day(last as i32 + 1));
        let stored = self.store.read(|reader| rows::hours_between(reader, self.division, point.id, from, until))?;
        let device = self.device_days(point, from, until, None)?;
        let mut planned = Vec::new();
        let mut not_judged = None;
        for &number in days {
            let day = Day(number as i32);
            let empty: Slots = std::array::from_fn(|_| None);
            let slots = stored.iter().find(|(known, _)| *known == day).map_or(&empty, |(_, slots)| slots);
            let (means, frame) = self.device_day(point, day, &device, &mut None);
            let horizon = slots.iter().flatten().map(|slot| slot.horizon).max().unwrap_or(0).max(frame);
            match plan::judge_day(&self.rules(), point, day, slots, &means, None) {
                Ok(Some(finding)) => {
                    planned.push(Planned { key: Key::new(point.id, PeriodLevel::Day, number), finding, horizon });
                }
                Ok(None) => {}
                Err(why) => not_judged = Some(why),
            }
        }
        Ok(not_judged.filter(|_| planned.is_empty()).map_or(Ok(planned), Err))
    }

    /// What devices sent as day values (2031) over some days, and what people said of these days.
    pub(crate) fn device_days(
        &self,
        point: &Point,
        from: Day,
        until: Day,
        as_of: Option<AsOf>,
    ) -> Result<DeviceDays, Problem> {
        let (from, until) = (from.start(), until.start());
        let packets = gather::packets(&self.store, point.id, gather::DAY, from, until, as_of)?;
        if packets.is_empty() {
            return Ok(DeviceDays::default());
        }
        let (reviews, stops) = gather::statements(&self.store, self.division, point.id, from, until, as_of)?;
        Ok(DeviceDays { packets, reviews, stops })
    }

    /// Day values that a device sent itself (2031), and the newest frame they came in. What people said of a part of
    /// the day holds for its day value.
    pub(crate) fn device_day(
        &self,
        point: &Point,
        day: Day,
        device: &DeviceDays,
        explain: &mut Option<&mut Explain>,
    ) -> (Vec<HourMean>, i64) {
        let own: Vec<_> = device.packets.iter().filter(|packet| packet.key.data_time.day() == day).cloned().collect();
        if own.is_empty() {
            return (Vec::new(), 0);
        }
        let frame = own.iter().map(|packet| packet.frame).max().unwrap_or(0);
        let rules = self.rules();
        let settings = Settings {
            point: point.id,
            rules: &rules,
            store: &*self.store,
            codes: &rules.codes,
            kind: point.kind,
            minute_minutes: None,
            needed_minutes: 0,
            reviews: &device.reviews,
            stops: &device.stops,
            day: Some(day),
        };
        let packets = gather::HourPackets { hour: own, ..gather::HourPackets::default() };
        (hour_means(day.hour(0), &packets, &settings, explain), frame)
    }

    pub(super) fn plan_periods(
        &self,
        point: &Point,
        level: PeriodLevel,
        numbers: &[i64],
        now: Timestamp,
    ) -> Result<Result<Vec<Planned>, plan::NotJudged>, Problem> {
        let mut planned = Vec::new();
        let (rules, dust) = (self.rules(), self.dust());
        for &number in numbers {
            let key = Key::new(point.id, level, number);
            let days = self.store.read(|reader| self.days_of(reader, key))?;
            let horizon = days.iter().map(|verdict| verdict.horizon).max().unwrap_or(0);
            let findings: Vec<(Day, &Finding)> =
                days.iter().map(|verdict| (Day(verdict.key.period as i32), &verdict.finding)).collect();
            let running = key.end() > now;
            let judged = self
                .dust_days(&rules, &dust, key, days.last().map(|last| last.key))
                .and_then(|dust| plan::judge_period(&rules, point, key, &findings, running, &dust, None));
            match judged {
                Ok(Some(finding)) => planned.push(Planned { key, finding, horizon }),
                Ok(None) => {}
                Err(why) => return Ok(Err(why)),
            }
        }
        Ok(Ok(planned))
    }

    /// The day verdicts of a month or year.
    pub(crate) fn days_of(&self, reader: &dyn store::Reader, key: Key) -> Result<Vec<Verdict>, StoreError> {
        let (from, until) = (i64::from(key.start().day().0), i64::from(key.end().day().0));
        rows::between(reader, self.division, key.point, PeriodLevel::Day, from, until)
    }
}

/// Every hour that lies at most `distance` from one of these (sorted).
fn around(hours: &[i64], distance: i64) -> Vec<i64> {
    let mut found: Vec<i64> = Vec::with_capacity(hours.len() + 2 * distance as usize);
    for &hour in hours {
        let next = found.last().map_or(hour - distance, |last| (last + 1).max(hour - distance));
        found.extend(next..=hour + distance);
    }
    found
}
