//! When what broke off is taken up again: not with every round of the loop, which comes several times a second.

use std::sync::{Mutex, PoisonError};

use kernel::{Point, Problem, Timestamp};

use crate::Judge;
use crate::ops::PUT_OFF_MILLIS;

/// Work of which a part was put off.
#[derive(Default)]
pub(crate) struct Again(Mutex<Option<Timestamp>>);

impl Again {
    fn at(&self) -> Option<Timestamp> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A part was put off, and its time has come.
    pub fn due(&self, now: Timestamp) -> bool {
        self.at().is_some_and(|at| at <= now)
    }

    /// A part was put off, and its time has not come.
    pub fn rests(&self, now: Timestamp) -> bool {
        self.at().is_some_and(|at| now < at)
    }

    /// Whether a part was put off this time.
    pub fn set(&self, put_off: bool, now: Timestamp) {
        let at = put_off.then(|| now.plus(PUT_OFF_MILLIS));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }
}

impl Judge {
    /// Says that a point could not be judged again.
    pub(crate) fn note_put_off(&self, point: &Point, problem: &Problem) {
        tracing::error!(point = point.id, %problem, "this point could not be judged again; it is tried in ten minutes");
        self.put_off.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_off_rests_and_is_due_once() {
        let again = Again::default();
        let check = |at: i64, expect: (bool, bool)| {
            assert_eq!((again.due(Timestamp(at)), again.rests(Timestamp(at))), expect, "{at}");
        };
        check(0, (false, false));
        again.set(true, Timestamp(0));
        check(PUT_OFF_MILLIS - 1, (false, true));
        check(PUT_OFF_MILLIS, (true, false));
        again.set(false, Timestamp(PUT_OFF_MILLIS));
        check(2 * PUT_OFF_MILLIS, (false, false));
    }
}
