//! Coverage marks of clauses (条款覆盖标记).
//!
//! `clause!("HJ 633-2012 4.2.1")` stands where the code does what that clause says and evaluates to the same string,
//! so a [`crate::Step`] cannot name a clause without marking it. A test records the marks hit while it runs and
//! `docs/standards/coverage.md` is generated from them (`tests/coverage`).

use std::cell::RefCell;
use std::collections::BTreeSet;

thread_local! {
    static RECORDER: RefCell<Option<BTreeSet<&'static str>>> = const { RefCell::new(None) };
}

/// Notes that `clause` was applied, when the current thread is recording; otherwise does nothing.
pub fn hit(clause: &'static str) {
    RECORDER.with_borrow_mut(|recorder| {
        if let Some(hits) = recorder {
            hits.insert(clause);
        }
    });
}

/// Runs `work` and returns the clauses it applied on this thread.
pub fn record(work: impl FnOnce()) -> BTreeSet<&'static str> {
    let outer = RECORDER.replace(Some(BTreeSet::new()));
    work();
    RECORDER.replace(outer).unwrap_or_default()
}

/// Marks the clause of a standard that the surrounding code applies; evaluates to the clause's text.
#[macro_export]
macro_rules! clause {
    ($clause:literal) => {{
        $crate::coverage::hit($clause);
        $clause
    }};
}
