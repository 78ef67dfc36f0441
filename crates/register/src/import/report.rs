//! What an import says of itself, bounded.

use kernel::Name;
use serde::Serialize;

use crate::ops::Change;

/// One thing that is wrong with one cell.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct ImportProblem {
    /// Row of the sheet or line of the CSV, from 1.
    pub row: u32,
    /// Column of the sheet, from 1; 0 for the whole row.
    pub column: u32,
    pub field: String,
    pub code: String,
    pub what: Name,
    pub hint: Name,
    /// What was probably meant; taken when the import is asked to apply fixes.
    pub fix: Option<String>,
}

/// What one row changes on the record of its key; what it clears has nothing after it.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct ImportChange {
    pub row: u32,
    pub key: String,
    pub changes: Vec<Change>,
}

/// What an import did or would do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, schemars::JsonSchema)]
pub struct ImportReport {
    pub ledger: String,
    pub rows: usize,
    pub created: usize,
    pub revised: usize,
    pub problems: Vec<ImportProblem>,
    /// Problems beyond those listed.
    pub more_problems: usize,
    /// What the rows change on records that are there, row by row.
    pub changes: Vec<ImportChange>,
    /// Rows with changes beyond those listed.
    pub more_changes: usize,
    /// Rows that say what their records say already: nothing is written of them.
    pub unchanged: usize,
    /// Fixes that were applied.
    pub fixed: usize,
    /// The first of them.
    pub fixes: Vec<ImportFix>,
    /// All rows are in the store.
    pub written: bool,
}

/// A cell that was taken as something else than it says, because fixes were asked for.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct ImportFix {
    pub row: u32,
    pub column: u32,
    pub field: String,
    pub from: String,
    pub to: String,
}

impl ImportReport {
    /// Keeps the first problems and counts the others.
    pub(super) fn add_problem(&mut self, problem: ImportProblem) {
        match self.has_room() {
            true => self.problems.push(problem),
            false => self.more_problems += 1,
        }
    }

    /// Further problems are listed and not only counted.
    pub(super) fn has_room(&self) -> bool {
        self.problems.len() < MOST_PROBLEMS
    }

    pub(super) fn add_fix(&mut self, fix: ImportFix) {
        self.fixed += 1;
        if self.fixes.len() < MOST_FIXES {
            self.fixes.push(fix);
        }
    }

    pub(super) fn add_change(&mut self, change: ImportChange) {
        match self.changes.len() < MOST_CHANGED {
            true => self.changes.push(change),
            false => self.more_changes += 1,
        }
    }
}

/// How to import.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub dry_run: bool,
    pub apply_fixes: bool,
    pub reason: String,
}

/// Most problems, rows with changes and applied fixes that one report lists.
const MOST_PROBLEMS: usize = 500;
const MOST_CHANGED: usize = 500;
const MOST_FIXES: usize = 500;
