//! What a new release of the program says otherwise (新版程序): the library's standards by their fingerprints and the
//! methods by their editions. What rests on a changed one is judged again, point by point, between what is due; an
//! unchanged finding writes nothing, and the old verdicts stay readable.

use std::collections::VecDeque;
use std::sync::{MutexGuard, PoisonError};

use kernel::{Day, Point, Problem, Timestamp};
use sha2::{Digest, Sha256};
use standards::Library;
use standards::library::{Area, Standard};
use store::contract::PeriodLevel;

use crate::Judge;
use crate::confirmation::depends;
use crate::model::Method;
use crate::ops::{Worked, guarded};
use crate::plan::method_of;
use crate::release_rows::{self, Kept};

/// Edition of each method's code. Raised by whoever makes it answer otherwise from equal data and standards.
const METHODS: [(&str, u32); 6] =
    [("air", 1), ("water", 1), ("groundwater", 1), ("noise", 1), ("electromagnetic", 1), ("limits", 1)];

fn key_of(method: Method) -> &'static str {
    match method {
        Method::Air => "air",
        Method::Water { .. } => "water",
        Method::Groundwater => "groundwater",
        Method::Noise => "noise",
        Method::Electromagnetic => "electromagnetic",
        Method::Limits => "limits",
    }
}

/// Points looked at in one round of the loop: what is due comes between the rounds.
const ROUND_POINTS: usize = 32;
/// After so many judged periods a round ends.
const ROUND_PERIODS: u64 = 2_000;

/// A part of the release that verdicts rest on.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// `method air`, or the id of a standard.
    pub name: String,
    /// Its family; `None`: a method.
    pub family: Option<String>,
    pub fingerprint: String,
    /// The days that it holds for, the last one exclusive; `None`: without an end.
    pub from: Day,
    pub until: Option<Day>,
}

/// The parts of a library and of the program's own methods.
pub fn parts(library: &Library, area: &str) -> Vec<Part> {
    let methods = METHODS.iter().map(|(method, edition)| Part {
        name: format!("method {method}"),
        family: None,
        fingerprint: edition.to_string(),
        from: Day(0),
        until: None,
    });
    methods.chain(library.all().iter().filter_map(|standard| part_of(standard, area))).collect()
}

/// `None`: it never holds here.
fn part_of(standard: &Standard, area: &str) -> Option<Part> {
    let here = standard.effects.iter().filter(|effect| match &effect.area {
        Area::National => true,
        Area::Divisions(_) => effect.covers(area, effect.from).is_some(),
    });
    let spans: Vec<(Day, Option<Day>)> = here
        .map(|effect| {
            let until = effect.until.map(|last| Day(last.days_since_epoch() + 1));
            (Day(effect.from.days_since_epoch()), until)
        })
        .collect();
    let from = spans.iter().map(|span| span.0).min()?;
    let until =
        spans.iter().map(|span| span.1).reduce(|one, other| one.zip(other).map(|(one, other)| one.max(other)))?;
    // Words for people are not part of it; what a table's rows and figures are called does no harm.
    let judged = serde_json::json!([standard.effects, standard.tables, standard.figures]).to_string();
    let fingerprint: String = Sha256::digest(judged.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    Some(Part { name: standard.id(), family: Some(standard.family.clone()), fingerprint, from, until })
}

/// What was kept of the release before that the present one says otherwise, or no longer has, or says for the first
/// time; with the days that the old and the new hold for.
pub fn changed(kept: &[Part], now: &[Part]) -> Vec<Part> {
    let mut found = Vec::new();
    for part in now {
        match kept.iter().find(|known| known.name == part.name) {
            Some(known) if known == part => {}
            Some(known) => {
                let until = known.until.zip(part.until).map(|(one, other)| one.max(other));
                found.push(Part { from: known.from.min(part.from), until, ..part.clone() });
            }
            None => found.push(part.clone()),
        }
    }
    found.extend(kept.iter().filter(|known| now.iter().all(|part| part.name != known.name)).cloned());
    found
}

/// The lowest level of verdicts, and the days, that changed parts concern of a point.
fn concerned(point: &Point, parts: &[Part]) -> Option<(PeriodLevel, Day, Option<Day>)> {
    let method = format!("method {}", key_of(method_of(point.kind)));
    let of = |part: &Part| {
        let level = match &part.family {
            Some(family) => depends(point, family)?,
            None => (part.name == method).then_some(PeriodLevel::Hour)?,
        };
        Some((level, part.from, part.until))
    };
    parts.iter().filter_map(of).reduce(|one, other| {
        let until = one.2.zip(other.2).map(|(one, other)| one.max(other));
        (if (one.0 as u8) < other.0 as u8 { one.0 } else { other.0 }, one.1.min(other.1), until)
    })
}

/// The next point of a round; none, and none taken, once the round has judged enough.
fn next(points: &mut VecDeque<i64>, judged: u64) -> Option<i64> {
    if judged < ROUND_PERIODS { points.pop_front() } else { None }
}

/// What is left of a change.
pub(crate) struct Rest {
    points: VecDeque<i64>,
    parts: Vec<Part>,
    /// A point could not be judged; the release is not done with.
    put_off: bool,
}

impl Judge {
    fn release_rest(&self) -> MutexGuard<'_, Option<Rest>> {
        self.release_rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Judges again what rests on parts of the library and of the methods that this release says otherwise: a bounded
    /// part of it with every call. What was broken off begins anew at the next start.
    ///
    /// # Errors
    /// When the store fails; what was judged until then is kept.
    pub fn judge_changed_release(&self, now: Timestamp) -> Result<Worked, Problem> {
        let mut worked = Worked::default();
        if self.release_again.rests(now) {
            return Ok(worked);
        }
        let mut rest = self.release_rest();
        let state = match &mut *rest {
            Some(state) if state.parts.is_empty() => return Ok(worked),
            Some(state) => state,
            None => rest.insert(self.begin_release()?),
        };
        let points = self.points.points();
        for _ in 0..ROUND_POINTS {
            let Some(id) = next(&mut state.points, worked.judged) else { break };
            let Some(point) = points.get(id) else { continue };
            let Some((lowest, from, until)) = concerned(point, &state.parts) else { continue };
            let judged = guarded(|| {
                let until = until.map_or(Day(now.day().0 + 1), |until| until.min(Day(now.day().0 + 1)));
                match self.first_day(point.id, from, now)?.filter(|first| *first < until) {
                    Some(first) => self.rejudge_levels(point, lowest, first, until, now),
                    None => Ok(Worked::default()),
                }
            });
            match judged {
                Ok(more) => worked += more,
                Err(problem) => {
                    state.put_off = true;
                    self.note_put_off(point, &problem);
                }
            }
        }
        if !state.points.is_empty() {
            return Ok(worked);
        }
        let put_off = state.put_off;
        if put_off {
            *rest = None;
        } else {
            let parts = parts(&self.shipped, &self.division.to_string());
            self.store.write(|transaction| release_rows::replace(transaction, self.division, &parts, now))?;
            state.parts.clear();
        }
        self.release_again.set(put_off, now);
        Ok(worked)
    }

    fn begin_release(&self) -> Result<Rest, Problem> {
        let kept: Vec<Kept> = self.store.read(|reader| release_rows::all(reader, self.division))?;
        let parts = changed(&kept, &parts(&self.shipped, &self.division.to_string()));
        let points = self.points.points();
        let points = points.iter().filter(|point| concerned(point, &parts).is_some()).map(|point| point.id).collect();
        Ok(Rest { points, parts, put_off: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::PointKind;

    fn part(name: &str, family: Option<&str>, fingerprint: &str, from: i32, until: Option<i32>) -> Part {
        Part {
            name: name.into(),
            family: family.map(str::to_owned),
            fingerprint: fingerprint.into(),
            from: Day(from),
            until: until.map(Day),
        }
    }

    #[test]
    fn what_changed_came_or_went_is_named_with_the_days_of_both() {
        let check = |kept: &[Part], now: &[Part], expect: &[(&str, i32, Option<i32>)]| {
            let found = changed(kept, now);
            let found: Vec<_> =
                found.iter().map(|part| (part.name.as_str(), part.from.0, part.until.map(|day| day.0))).collect();
            assert_eq!(found, expect);
        };
        let old = part("GB 1", Some("GB"), "a", 10, Some(20));
        check(&[], &[], &[]);
        check(std::slice::from_ref(&old), std::slice::from_ref(&old), &[]);
        check(&[], std::slice::from_ref(&old), &[("GB 1", 10, Some(20))]);
        check(std::slice::from_ref(&old), &[], &[("GB 1", 10, Some(20))]);
        check(std::slice::from_ref(&old), &[part("GB 1", Some("GB"), "b", 12, Some(30))], &[("GB 1", 10, Some(30))]);
        check(std::slice::from_ref(&old), &[part("GB 1", Some("GB"), "a", 10, None)], &[("GB 1", 10, None)]);
    }

    #[test]
    fn a_round_that_judged_enough_takes_no_point_away() {
        let mut points = VecDeque::from([1, 2]);
        assert_eq!((next(&mut points, ROUND_PERIODS), points.len()), (None, 2));
        assert_eq!((next(&mut points, ROUND_PERIODS - 1), points.len()), (Some(1), 1));
    }

    #[test]
    fn only_what_rests_on_it_is_concerned_from_the_lowest_level() {
        let check = |kind: PointKind, parts: &[Part], expect: Option<(PeriodLevel, i32, Option<i32>)>| {
            let found = concerned(&Point::simulated(1, kind), parts);
            assert_eq!(found.map(|(level, from, until)| (level, from.0, until.map(|day| day.0))), expect);
        };
        let days = part("HJ 663-2013", Some("HJ 663"), "a", 5, Some(9));
        let hours = part("GB 3095-2012", Some("GB 3095"), "a", 7, None);
        let method = part("method water", None, "2", 0, None);
        check(PointKind::AirStation, &[], None);
        check(PointKind::AirStation, std::slice::from_ref(&days), Some((PeriodLevel::Day, 5, Some(9))));
        check(PointKind::AirStation, &[days.clone(), hours.clone()], Some((PeriodLevel::Hour, 5, None)));
        check(PointKind::AirStation, std::slice::from_ref(&method), None);
        check(PointKind::WaterSection, &[days, hours, method], Some((PeriodLevel::Hour, 0, None)));
    }

    #[test]
    fn a_fingerprint_is_of_the_figures_and_not_of_the_words() {
        let library = Library::embedded().unwrap();
        let known = library.in_force("GB 3095", "500242", "2026-06-01".parse().unwrap()).unwrap();
        let of = |standard: &Standard| part_of(standard, "500242").unwrap().fingerprint;
        let mut other = known.clone();
        other.notes.clear();
        other.source = "elsewhere".into();
        assert_eq!(of(&other), of(known));
        other.figures.pop();
        other.tables.pop();
        assert_ne!(of(&other), of(known));
        assert_eq!(METHODS.len(), 6);
    }
}
