//! Dust days (沙尘天气过程日): the register's ledger of them as the judge reads it. Confirmed days leave statistics as
//! the clause in force says; a change judges again only the months and years that it touches.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use kernel::{Day, PointKind, Problem, Timestamp};
use serde::{Deserialize, Serialize};
use standards::air::DustRule;
use standards::{Date, Text};
use store::contract::PeriodLevel;

use crate::Judge;
use crate::dust_rows;
use crate::model::Key;
use crate::ops::Worked;
use crate::period;
use crate::rules::Rules;

/// Records that are read; a county has a handful a year.
pub const MOST_ENTRIES: usize = 5_000;

/// A record of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DustEntry {
    /// Key of the record.
    pub record: String,
    pub from: i32,
    /// Inclusive.
    pub until: i32,
    /// Ids of stations; empty: every air station of the county.
    pub points: Vec<i64>,
    /// What is not confirmed is shown and leaves nothing out.
    pub confirmed: bool,
    /// Document that says so, and who decided.
    pub basis: String,
}

impl DustEntry {
    fn concerns(&self, point: i64) -> bool {
        self.points.is_empty() || self.points.contains(&point)
    }

    fn touches(&self, from: Day, until: Day) -> bool {
        self.from < until.0 && self.until >= from.0
    }
}

/// All dust days that are known at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DustBook {
    entries: Vec<DustEntry>,
}

impl DustBook {
    /// One order whatever the ledger's, so that equal books are equal. What ends before it begins says nothing; of more
    /// entries than [`MOST_ENTRIES`] the newest stay.
    pub fn new(entries: impl IntoIterator<Item = DustEntry>) -> Self {
        let mut entries: Vec<DustEntry> = entries.into_iter().filter(|entry| entry.from <= entry.until).collect();
        entries.sort_unstable_by(|one, other| (other.until, one).cmp(&(one.until, other)));
        entries.truncate(MOST_ENTRIES);
        entries.sort_unstable();
        Self { entries }
    }

    /// Whether older entries may have been left out.
    pub fn is_full(&self) -> bool {
        self.entries.len() >= MOST_ENTRIES
    }

    /// Entries that concern a point in `from..until`.
    pub fn of(&self, point: i64, from: Day, until: Day) -> impl Iterator<Item = &DustEntry> {
        self.entries.iter().filter(move |entry| entry.concerns(point) && entry.touches(from, until))
    }

    /// Days of `from..until` that are dust days at a point: the confirmed ones, or those that wait to be confirmed.
    pub fn days(&self, point: i64, from: Day, until: Day, confirmed: bool) -> BTreeSet<Date> {
        let entries = self.of(point, from, until).filter(|entry| entry.confirmed == confirmed);
        let days = entries.flat_map(|entry| entry.from.max(from.0)..=entry.until.min(until.0 - 1));
        days.map(|day| period::date(Day(day))).collect()
    }

    /// What judges: entries without their words.
    fn judging(&self) -> BTreeSet<(i32, i32, &[i64])> {
        let confirmed = self.entries.iter().filter(|entry| entry.confirmed);
        confirmed.map(|entry| (entry.from, entry.until, entry.points.as_slice())).collect()
    }
}

/// Spans (first day, last day, points; no points: all) that a change of the book concerns.
pub fn concerned(old: &DustBook, new: &DustBook) -> Vec<(Day, Day, Vec<i64>)> {
    let (old, new) = (old.judging(), new.judging());
    old.symmetric_difference(&new).map(|(from, until, points)| (Day(*from), Day(*until), points.to_vec())).collect()
}

/// What the statistics of a period are told of dust: the days, and what the clause in force leaves out.
#[derive(Clone, Debug, Default)]
pub struct DustDays {
    pub days: BTreeSet<Date>,
    /// `None`: no rule was in force, dust stays in.
    pub rule: Option<DustRule>,
}

/// An entry in words, for the why-page.
pub fn note(entry: &DustEntry) -> Text {
    let (from, until) = (Day(entry.from).to_iso(), Day(entry.until).to_iso());
    let (zh, en) = match entry.confirmed {
        true => ("沙尘天", "dust days"),
        false => ("沙尘天（未确认，不扣除）", "dust days (not confirmed, not left out)"),
    };
    Text::new(
        format!("{zh} {from}～{until}：{}（台账 {}）", entry.basis, entry.record),
        format!("{en} {from} to {until}: {} (record {})", entry.basis, entry.record),
    )
}

impl Judge {
    /// What the ledger of dust days says now; taken up by [`Judge::judge_changed_dust`].
    pub fn set_dust(&self, book: DustBook) {
        *self.dust_wanted.lock().unwrap_or_else(PoisonError::into_inner) = Some(book);
        self.dust_waits.store(true, Ordering::Release);
    }

    /// The book that verdicts rest on.
    pub fn dust(&self) -> Arc<DustBook> {
        self.current_dust.load_full()
    }

    /// The book that verdicts of a moment rested on.
    pub(crate) fn dust_as_of(&self, at: Timestamp) -> Result<Arc<DustBook>, Problem> {
        let found = self.store.read(|reader| dust_rows::newest(reader, "AND at <= $2", self.division, Some(at)))?;
        Ok(Arc::new(found.map(|kept| kept.book).unwrap_or_default()))
    }

    /// What the period of a verdict is told of dust; the rule is that of its last day with data, as the editions are.
    pub(crate) fn dust_days(
        &self,
        rules: &Rules,
        book: &DustBook,
        key: Key,
        last: Option<Key>,
    ) -> Result<DustDays, Text> {
        let days = book.days(key.point, key.start().day(), key.end().day(), true);
        let rule = match last.filter(|_| !days.is_empty()) {
            Some(last) => rules.dust_at(last.start().day())?,
            None => None,
        };
        Ok(DustDays { days, rule })
    }

    /// Judges the months and years again that a change of the ledger of dust days touches. A break-off is taken up at
    /// the next call; the book that was in force before stays readable.
    ///
    /// # Errors
    /// When the store fails; what was judged until then is kept.
    pub fn judge_changed_dust(&self, now: Timestamp) -> Result<Worked, Problem> {
        if !self.dust_waits.swap(false, Ordering::AcqRel) {
            return Ok(Worked::default());
        }
        let judged = self.take_up_dust(now);
        if judged.is_err() {
            self.dust_waits.store(true, Ordering::Release);
        }
        judged
    }

    fn take_up_dust(&self, now: Timestamp) -> Result<Worked, Problem> {
        let wanted = self.dust_wanted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut last = self.store.read(|reader| dust_rows::newest(reader, "", self.division, None))?;
        let known = last.as_ref().map(|kept| &kept.book);
        if let Some(wanted) = wanted.filter(|wanted| *wanted != *known.unwrap_or(&DustBook::default())) {
            let (number, at) = (
                last.as_ref().map_or(1, |kept| kept.number + 1),
                // A clock that was set back does not put the book before the one it replaces.
                last.as_ref().map_or(now, |kept| kept.at.max(now)),
            );
            self.store.write(|transaction| dust_rows::put(transaction, self.division, number, &wanted, at))?;
            self.current_dust.store(Arc::new(wanted.clone()));
            last = Some(dust_rows::Kept { number, at, book: wanted, done: false });
        }
        let Some(last) = last.filter(|kept| !kept.done) else { return Ok(Worked::default()) };
        let done =
            self.store.read(|reader| dust_rows::newest(reader, "AND done_at IS NOT NULL", self.division, None))?;
        let spans = concerned(&done.map(|kept| kept.book).unwrap_or_default(), &last.book);
        let worked = self.judge_spans(&spans, now)?;
        self.store.write(|transaction| dust_rows::done(transaction, self.division, last.number, now))?;
        Ok(worked)
    }

    fn judge_spans(&self, spans: &[(Day, Day, Vec<i64>)], now: Timestamp) -> Result<Worked, Problem> {
        let mut worked = Worked::default();
        for point in self.points.points().of_kind(PointKind::AirStation) {
            let (mut months, mut years) = (BTreeSet::new(), BTreeSet::new());
            for (from, until, points) in spans {
                let until = (*until).min(now.day());
                let concerns = points.is_empty() || points.contains(&point.id);
                if !concerns || *from > until {
                    continue;
                }
                let Some(first) = self.first_day(point.id, *from, now)?.filter(|first| *first <= until) else {
                    continue;
                };
                months.extend((first.month().0..=until.month().0).map(i64::from));
                years.extend((first.month().year()..=until.month().year()).map(i64::from));
            }
            for (level, numbers) in [(PeriodLevel::Month, months), (PeriodLevel::Year, years)] {
                let numbers: Vec<i64> = numbers.into_iter().collect();
                worked += self.judge_again(point, level, &numbers, now)?;
            }
        }
        Ok(worked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(from: i32, until: i32, points: &[i64], confirmed: bool) -> DustEntry {
        let (points, record) = (points.to_vec(), format!("{from}"));
        DustEntry { record, from, until, points, confirmed, basis: "总站认定".into() }
    }

    #[test]
    fn only_confirmed_days_of_the_station_count() {
        let book = DustBook::new([entry(10, 12, &[], true), entry(20, 20, &[7], true), entry(30, 31, &[], false)]);
        let check = |point: i64, from: i32, until: i32, confirmed: bool, expect: &[i32]| {
            let expect: BTreeSet<Date> = expect.iter().map(|day| period::date(Day(*day))).collect();
            assert_eq!(book.days(point, Day(from), Day(until), confirmed), expect, "{point} {from}..{until}");
        };
        check(7, 0, 40, true, &[10, 11, 12, 20]);
        check(8, 0, 40, true, &[10, 11, 12]);
        check(8, 11, 12, true, &[11]);
        check(8, 0, 40, false, &[30, 31]);
        check(8, 13, 20, true, &[]);
    }

    #[test]
    fn of_too_many_entries_the_newest_stay_whatever_their_order() {
        let most = MOST_ENTRIES as i32;
        let rising = DustBook::new((0..most + 10).map(|day| entry(day, day, &[], true)));
        let falling = DustBook::new((0..most + 10).rev().map(|day| entry(day, day, &[], true)));
        assert_eq!(rising, falling);
        assert!(rising.is_full() && !DustBook::new([entry(1, 1, &[], true)]).is_full());
        assert_eq!(rising.days(1, Day(0), Day(20), true).len(), 10, "the ten oldest went");
    }

    #[test]
    fn a_change_concerns_the_spans_that_came_or_went_and_words_concern_nothing() {
        let check = |old: &[DustEntry], new: &[DustEntry], expect: &[(i32, i32, &[i64])]| {
            let book = |entries: &[DustEntry]| DustBook::new(entries.to_vec());
            let expect: Vec<_> =
                expect.iter().map(|(from, until, points)| (Day(*from), Day(*until), points.to_vec())).collect();
            assert_eq!(concerned(&book(old), &book(new)), expect);
            assert_eq!(concerned(&book(new), &book(old)), expect, "either way");
        };
        let first = entry(10, 12, &[], true);
        check(&[], &[], &[]);
        check(std::slice::from_ref(&first), &[DustEntry { basis: "改正文号".into(), ..first.clone() }], &[]);
        check(std::slice::from_ref(&first), &[], &[(10, 12, &[])]);
        check(std::slice::from_ref(&first), &[DustEntry { confirmed: false, ..first.clone() }], &[(10, 12, &[])]);
        check(&[entry(9, 8, &[], true)], &[entry(1, 1, &[], false)], &[]);
        check(
            std::slice::from_ref(&first),
            &[DustEntry { points: vec![7], ..first.clone() }],
            &[(10, 12, &[]), (10, 12, &[7])],
        );
    }
}
