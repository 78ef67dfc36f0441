//! What a point's verdicts rest on beside its data (评价依据): its limits, its class. When the register changes it, the
//! time that the change concerns is judged again, and nothing else; the old verdicts stay readable.

use std::sync::{Arc, PoisonError};

use kernel::{Day, Division, FactorLimit, Point, PointKind, PointSet, Problem, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use store::StoreError;
use store::contract::{PeriodLevel, Reader, Transaction};

use crate::Judge;
use crate::ops::{Worked, guarded};

/// Kept as JSON; a change of this shape by a new version of the program judges the points again once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Basis {
    kind: PointKind,
    ledger: String,
    function_class: Option<String>,
    standard: Option<String>,
    reference_oxygen: Option<Decimal>,
    minute_minutes: Option<u32>,
    /// Sorted; they decide whether minutes are read beside the hours. `None`: kept by a version that did not look.
    #[serde(default)]
    factors: Option<Vec<String>>,
    /// Lakes have a trophic state by month and year; those judged before there was one are judged again once.
    #[serde(default)]
    trophic: bool,
    /// Its own and those of the standards that bind it.
    limits: Vec<FactorLimit>,
}

impl Basis {
    pub fn of(point: &Point) -> Self {
        let mut factors = point.factors.clone();
        factors.sort_unstable();
        factors.dedup();
        Self {
            kind: point.kind,
            ledger: point.ledger.clone(),
            function_class: point.function_class.clone(),
            standard: point.standard.clone(),
            reference_oxygen: point.reference_oxygen,
            minute_minutes: point.minute_minutes,
            factors: Some(factors),
            trophic: point.kind == PointKind::LakePoint,
            limits: point.limits.clone(),
        }
    }
}

/// The time that a change concerns: `from..until`, `None` without an end.
pub type Concerned = (Option<Timestamp>, Option<Timestamp>);

/// The time that a change of basis concerns; `None` where nothing changed. Limits concern the time that they are in
/// force, everything else all of it.
pub fn concerned(old: &Basis, new: &Basis) -> Option<Concerned> {
    let rest = |basis: &Basis| Basis {
        limits: Vec::new(),
        factors: basis.factors.clone().filter(|_| old.factors.is_some()),
        ..basis.clone()
    };
    if rest(old) != rest(new) {
        return Some((None, None));
    }
    let gone = old.limits.iter().filter(|limit| !new.limits.contains(limit));
    let come = new.limits.iter().filter(|limit| !old.limits.contains(limit));
    gone.chain(come).map(|limit| (limit.valid_from, limit.valid_until)).reduce(|(from, until), (other, end)| {
        // Without a beginning is earlier, without an end later than any.
        (from.zip(other).map(|(from, other)| from.min(other)), until.zip(end).map(|(until, end)| until.max(end)))
    })
}

fn kept(reader: &dyn Reader, division: Division, point: i64) -> Result<Option<Basis>, StoreError> {
    let row = reader.query_one(
        "SELECT basis FROM judge_basis WHERE division = $1 AND point = $2",
        &[division.into(), point.into()],
    )?;
    // What cannot be read any more is as good as changed.
    row.map(|row| {
        Ok(serde_json::from_str(row.text(0)?)
            .unwrap_or_else(|_| Basis::of(&Point::simulated(0, PointKind::AirStation))))
    })
    .transpose()
}

fn keep(
    transaction: &dyn Transaction,
    division: Division,
    point: i64,
    basis: &Basis,
    now: Timestamp,
) -> Result<(), StoreError> {
    let text = serde_json::to_string(basis).map_err(|error| StoreError::Shape(format!("basis of {point}: {error}")))?;
    transaction.execute(
        "INSERT INTO judge_basis (division, point, basis, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (division, point) DO UPDATE SET basis = excluded.basis, at = excluded.at",
        &[division.into(), point.into(), text.into(), now.into()],
    )?;
    Ok(())
}

impl Judge {
    /// Judges again what rests on points that the register changed since. A break-off is taken up at the next call; a
    /// point that cannot be judged is put off and does not keep the others.
    ///
    /// # Errors
    /// When the store fails; what was judged until then is kept.
    pub fn judge_changed_points(&self, now: Timestamp) -> Result<Worked, Problem> {
        let points = self.points.points();
        let seen = || self.points_seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen().as_ref().is_some_and(|seen: &Arc<PointSet>| Arc::ptr_eq(seen, &points)) && !self.points_again.due(now)
        {
            return Ok(Worked::default());
        }
        let mut worked = Worked::default();
        let mut put_off = false;
        // Points seen for the first time are kept together: there may be thousands.
        let mut fresh: Vec<(i64, Basis)> = Vec::new();
        for point in points.iter() {
            let basis = Basis::of(point);
            let old = self.store.read(|reader| kept(reader, self.division, point.id))?;
            if old.as_ref() == Some(&basis) {
                continue;
            }
            let Some(old) = old else {
                fresh.push((point.id, basis));
                continue;
            };
            match guarded(|| self.judge_concerned(point, concerned(&old, &basis), now)) {
                Ok(more) => worked += more,
                Err(problem) => {
                    put_off = true;
                    self.note_put_off(point, &problem);
                    continue;
                }
            }
            self.store.write(|transaction| keep(transaction, self.division, point.id, &basis, now))?;
        }
        self.store.write(|transaction| {
            fresh.iter().try_for_each(|(point, basis)| keep(transaction, self.division, *point, basis, now))
        })?;
        self.points_again.set(put_off, now);
        *seen() = Some(points);
        Ok(worked)
    }

    fn judge_concerned(&self, point: &Arc<Point>, time: Option<Concerned>, now: Timestamp) -> Result<Worked, Problem> {
        let Some((from, until)) = time else { return Ok(Worked::default()) };
        let from = from.map_or(Day(0), Timestamp::day);
        let until = until.map_or(now.day(), |until| until.plus(-1).day().min(now.day()));
        match self.first_day(point.id, from, now)?.filter(|first| *first <= until) {
            Some(first) => self.rejudge_levels(point, PeriodLevel::Hour, first, Day(until.0 + 1), now),
            None => Ok(Worked::default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::LimitPeriod;

    fn limit(upper: i64, from: Option<i64>, until: Option<i64>) -> FactorLimit {
        FactorLimit {
            factor: "w01018".into(),
            period: LimitPeriod::Day,
            upper: Some(upper.into()),
            lower: None,
            unit: "mg/L".into(),
            converted: false,
            basis: "排污许可证".into(),
            valid_from: from.map(Timestamp),
            valid_until: until.map(Timestamp),
            unconfirmed: false,
            when: None,
        }
    }

    fn basis(limits: &[FactorLimit]) -> Basis {
        Basis::of(&Point { limits: limits.to_vec(), ..Point::simulated(1, PointKind::WastewaterOutlet) })
    }

    #[test]
    fn a_change_concerns_the_time_of_the_limits_that_came_or_went() {
        let check = |old: &[FactorLimit], new: &[FactorLimit], expect: Option<(Option<i64>, Option<i64>)>| {
            let expect = expect.map(|(from, until)| (from.map(Timestamp), until.map(Timestamp)));
            assert_eq!(concerned(&basis(old), &basis(new)), expect);
            assert_eq!(concerned(&basis(new), &basis(old)), expect, "either way");
        };
        let (first, second) = (limit(50, None, Some(100)), limit(40, Some(100), None));
        check(&[first.clone(), second.clone()], &[second.clone(), first.clone()], None);
        check(std::slice::from_ref(&first), &[first.clone(), second.clone()], Some((Some(100), None)));
        check(&[limit(50, None, None)], &[first.clone(), second.clone()], Some((None, None)));
        check(&[limit(1, Some(5), Some(9))], &[limit(2, Some(7), Some(12))], Some((Some(5), Some(12))));
        let mut other = basis(std::slice::from_ref(&first));
        other.function_class = Some("III".into());
        assert_eq!(concerned(&basis(std::slice::from_ref(&first)), &other), Some((None, None)));
        // The list of factors; one kept by an older version without it is no change.
        let own = basis(&[first]);
        let sends = Basis { factors: Some(vec!["w01018".into()]), ..own.clone() };
        assert_eq!(concerned(&own, &sends), Some((None, None)));
        let mut older = serde_json::to_value(&own).unwrap();
        older.as_object_mut().unwrap().remove("factors");
        assert_eq!(concerned(&serde_json::from_value(older).unwrap(), &sends), None);
    }
}
