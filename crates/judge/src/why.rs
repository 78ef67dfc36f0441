//! The why of a verdict (判定依据): its steps, notes and inputs, made on demand by gathering what was known when it
//! was judged and judging once more. Where the result differs from the stored one, the page says so.

use std::sync::Arc;

use kernel::{Day, Hour, Name, Point, Problem, Timestamp};
use store::contract::PeriodLevel;
use store::packed::Statistic;
use store::{Mark, Reader, StoreError};

use crate::Judge;
use crate::gather::{self, AsOf, gather};
use crate::model::{Explain, Finding, Input, Key, Method, Stat, Verdict, name_of};
use crate::packed::{Slot, Slots};
use crate::plan::{self, HourPlan, Rules};
use crate::{mark, period, rows};

/// Inputs that one page lists at most; a year has 366 days of six pollutants.
const MOST_INPUTS: usize = 3000;

/// A verdict with everything that shows why.
pub struct Why {
    pub point: Arc<Point>,
    pub verdict: Verdict,
    pub explain: Explain,
    /// For inputs that are verdicts themselves: their names, parallel to `explain.inputs`.
    pub input_verdicts: Vec<Option<Key>>,
    /// All revisions, oldest first.
    pub revisions: Vec<Verdict>,
}

impl Judge {
    /// The newest verdict of a period, or one of its revisions, or the one that was known `as_of`.
    ///
    /// # Errors
    /// When there is no such verdict, point or revision.
    pub fn why(&self, key: Key, revision: Option<u32>, as_of: Option<Timestamp>) -> Result<Why, Problem> {
        let points = self.points.points();
        let not_found = || Problem::not_found(format!("没有判定 {key} (no such verdict)"));
        let point = points.get(key.point).cloned().ok_or_else(not_found)?;
        let revisions = self.revisions(key)?;
        let verdict = match (revision, as_of) {
            (Some(revision), _) => revisions.iter().find(|verdict| verdict.revision == revision),
            (None, Some(at)) => revisions.iter().rev().find(|verdict| verdict.judged_at <= at),
            (None, None) => revisions.last(),
        };
        let verdict = verdict.cloned().ok_or_else(not_found)?;
        let then = AsOf { frame: verdict.horizon, at: verdict.judged_at };
        let rules = self.rules_as_of(verdict.judged_at)?;
        let point = self.standard_points.point_under(key.point, &rules.library).unwrap_or(point);
        let mut explain = Explain::default();
        let (again, input_verdicts) = match key.level {
            PeriodLevel::Hour => (self.explain_hour(&rules, &point, key.period, then, &mut explain)?, Vec::new()),
            PeriodLevel::Day => (self.explain_day(&rules, &point, key, then, &mut explain)?, Vec::new()),
            _ => self.explain_period(&rules, &point, &verdict, then, &mut explain)?,
        };
        if again.as_ref() != Some(&verdict.finding) {
            explain.notes.push(standards::Text::new(
                "按当时已知的数据重算，结果与存档不完全一致（限值、站点信息或标准数据此后有改动）；以存档的判定为准",
                "judging again from what was known then does not give exactly the stored verdict (limits, the point or \
                 the standards have changed since); the stored verdict stands",
            ));
        }
        explain.inputs.truncate(MOST_INPUTS);
        Ok(Why { point, verdict, explain, input_verdicts, revisions })
    }

    /// Every revision of a verdict, oldest first.
    pub fn revisions(&self, key: Key) -> Result<Vec<Verdict>, Problem> {
        Ok(self.store.read(|reader| {
            let mut all = rows::replaced(reader, self.division, key)?;
            all.reverse();
            all.extend(rows::current(reader, self.division, key)?);
            Ok(all)
        })?)
    }

    fn explain_hour(
        &self,
        rules: &Rules,
        point: &Point,
        hour: i64,
        then: AsOf,
        explain: &mut Explain,
    ) -> Result<Option<Finding>, Problem> {
        let rolling =
            plan::method_of(point.kind) == Method::Air && rules.air_at(Hour(hour).day()).is_ok_and(|set| set.rolling());
        let from = if rolling { hour - 23 } else { hour };
        let needed: Vec<i64> = (from..=hour).collect();
        let gathered = gather(&self.store, &rules.codes, point, from, hour, &needed, Some(then))?;
        let plan = HourPlan { rules, store: &*self.store, point, gathered: &gathered };
        match plan.judge(&[hour], Some(explain)) {
            Ok(findings) => Ok(findings.into_iter().next().map(|(_, finding)| finding)),
            Err(why) => {
                explain.notes.push(why);
                Ok(None)
            }
        }
    }

    fn explain_day(
        &self,
        rules: &Rules,
        point: &Point,
        key: Key,
        then: AsOf,
        explain: &mut Explain,
    ) -> Result<Option<Finding>, Problem> {
        let day = Day(key.period as i32);
        let slots = self.hours_as_of(point.id, day, then.at)?;
        let device = self.device_days(point, day, Day(day.0 + 1), Some(then))?;
        let mut sent = Explain::default();
        let (means, _) = self.device_day(point, day, &device, &mut Some(&mut sent));
        let finding = match plan::judge_day(rules, point, day, &slots, &means, Some(explain)) {
            Ok(finding) => finding,
            Err(why) => {
                explain.notes.push(why);
                None
            }
        };
        // The raw values behind the hours, as they were known.
        let (first, last) = (day.hour(0).0, day.hour(23).0);
        let wanted: Vec<i64> = (first..=last).collect();
        let gathered = gather(&self.store, &rules.codes, point, first, last, &wanted, Some(then))?;
        let plan = HourPlan { rules, store: &*self.store, point, gathered: &gathered };
        let mut inputs = Explain::default();
        // Only the inputs are wanted here; a day that cannot be judged has said so above.
        let _ = plan.judge(&wanted, Some(&mut inputs));
        explain.inputs = inputs.inputs;
        explain.inputs.append(&mut sent.inputs);
        Ok(finding)
    }

    fn explain_period(
        &self,
        rules: &Rules,
        point: &Point,
        verdict: &Verdict,
        then: AsOf,
        explain: &mut Explain,
    ) -> Result<(Option<Finding>, Vec<Option<Key>>), Problem> {
        let key = verdict.key;
        let days = self.days_as_of(key, then.at)?;
        let findings: Vec<(Day, &Finding)> =
            days.iter().map(|verdict| (Day(verdict.key.period as i32), &verdict.finding)).collect();
        let running = verdict.finding.running;
        let dust = self.dust_as_of(then.at)?;
        let judged = self
            .dust_days(rules, &dust, key, days.last().map(|last| last.key))
            .and_then(|dust| plan::judge_period(rules, point, key, &findings, running, &dust, Some(explain)));
        if plan::method_of(point.kind) == Method::Air {
            explain.notes.extend(dust.of(key.point, key.start().day(), key.end().day()).map(crate::dust::note));
        }
        let finding = match judged {
            Ok(finding) => finding,
            Err(why) => {
                explain.notes.push(why);
                None
            }
        };
        let mut names = Vec::new();
        for day in &days {
            for item in day.finding.items.iter().filter(|item| item.stat != Stat::MaximumHour) {
                let used = item.valid() && item.value.is_some();
                explain.inputs.push(Input {
                    factor: item.factor,
                    statistic: Statistic::Average,
                    kind: gather::DAY,
                    data_time: day.key.start(),
                    value: item.value.map(|value| value.round_dp(3).normalize().to_string()).unwrap_or_default(),
                    mark: Mark::NORMAL,
                    used,
                    why: (!used).then(|| Name::new("日值无效", "the daily value is not valid")),
                    frame: 0,
                    revision: day.revision,
                });
                names.push(Some(day.key));
            }
        }
        Ok((finding, names))
    }

    /// The hours of a day as they had been judged at a moment.
    fn hours_as_of(&self, point: i64, day: Day, at: Timestamp) -> Result<Slots, Problem> {
        Ok(self.store.read(|reader| {
            let stored = rows::hours(reader, self.division, point, day)?;
            let mut slots = stored.unwrap_or_else(|| std::array::from_fn(|_| None));
            for (hour, slot) in slots.iter_mut().enumerate() {
                if slot.as_ref().is_none_or(|slot| slot.judged_at <= at) {
                    continue;
                }
                let key = Key::new(point, PeriodLevel::Hour, day.hour(hour).0);
                *slot = self.replaced_as_of(reader, key, at)?.map(|verdict| Slot {
                    revision: verdict.revision,
                    judged_at: verdict.judged_at,
                    horizon: verdict.horizon,
                    finding: verdict.finding,
                });
            }
            Ok(slots)
        })?)
    }

    fn days_as_of(&self, key: Key, at: Timestamp) -> Result<Vec<Verdict>, Problem> {
        Ok(self.store.read(|reader| {
            let mut then = Vec::new();
            for day in self.days_of(reader, key)? {
                if day.judged_at <= at {
                    then.push(day);
                } else {
                    then.extend(self.replaced_as_of(reader, day.key, at)?);
                }
            }
            Ok(then)
        })?)
    }

    fn replaced_as_of(&self, reader: &dyn Reader, key: Key, at: Timestamp) -> Result<Option<Verdict>, StoreError> {
        let replaced = rows::replaced(reader, self.division, key)?;
        Ok(replaced.into_iter().find(|verdict| verdict.judged_at <= at))
    }
}

/// Why a revision came about, from what changed.
pub fn cause(older: Option<&Verdict>, newer: &Verdict) -> Name {
    let Some(older) = older else { return Name::new("首次判定", "first verdict") };
    if newer.finding.tier != older.finding.tier {
        return Name::new("数据经过审核", "data were reviewed");
    }
    if newer.horizon > older.horizon {
        return Name::new("收到迟到、补传或更正的数据", "late, caught-up or corrected data came in");
    }
    if newer.finding.standard != older.finding.standard {
        return Name::new("适用的标准改变", "another standard applies");
    }
    Name::new("重新判定", "judged again")
}

/// The name of a mark, both languages.
pub fn mark_name(mark: Mark) -> Name {
    name_of(&mark::name(mark))
}

/// `2026-11-24 15:00` and the like, for messages.
pub fn label(key: Key) -> String {
    period::label(key.level, key.period)
}
