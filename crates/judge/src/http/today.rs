//! The newest judged hour and day of a point: what every page of "today" begins with.

use kernel::{Day, Point, Problem, Timestamp};
use store::contract::PeriodLevel;

use crate::model::{Key, Verdict};
use crate::{Judge, rows};

/// Of a point, whatever their age.
#[derive(Clone, Debug, Default)]
pub struct Newest {
    pub hour: Option<Verdict>,
    pub day: Option<Verdict>,
}

impl Newest {
    /// Only what began within the last days before `today`.
    pub fn within(self, days: i32, today: Day) -> Self {
        let current = |verdict: &Verdict| verdict.key.start().day().0 > today.0 - days;
        Self { hour: self.hour.filter(current), day: self.day.filter(current) }
    }
}

impl Judge {
    /// # Errors
    /// When the store fails.
    pub(crate) fn newest(&self, point: &Point, now: Timestamp) -> Result<Newest, Problem> {
        let tomorrow = Day(now.day().0 + 1);
        let (hours, day) = self.store.read(|reader| {
            Ok((
                rows::newest_hours(reader, self.division, point.id, tomorrow)?,
                rows::newest(reader, self.division, point.id, PeriodLevel::Day, tomorrow.0.into())?,
            ))
        })?;
        let hour = hours.and_then(|(day, slots)| {
            let (hour, slot) =
                slots.into_iter().enumerate().filter_map(|(hour, slot)| Some((hour, slot?))).next_back()?;
            Some(rows::of_slot(Key::new(point.id, PeriodLevel::Hour, day.hour(hour).0), slot))
        });
        Ok(Newest { hour, day })
    }
}
