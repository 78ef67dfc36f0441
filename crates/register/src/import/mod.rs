//! Records from xlsx and CSV: first a dry run that names row, column, problem and a proposed fix, then all rows in
//! one transaction or none.
//!
//! - [`reading`]: files → rows of text, bounded. [`fix`]: what was probably meant. `keep`: what a sheet does not speak
//!   of. `order`: rows after those that they link to. All pure.
//! - `run`: rows against definition, file and store. `report`: what is said of it. [`geometry_file`]: from maps.

pub mod fix;
pub mod geometry_file;
mod keep;
mod order;
pub mod reading;
mod report;
mod run;

use kernel::{Action, Actor, ErrorCode, Problem, Timestamp};

use crate::catalog::Catalog;
use crate::definition::LedgerDefinition;
use crate::ops::{Draft, Register, definition_of};
pub use report::{ImportChange, ImportFix, ImportProblem, ImportReport, Options};
use run::Run;

impl Register {
    /// Checks a file and, unless it is a dry run or anything is wrong, writes all of it.
    pub fn import(
        &self,
        actor: &Actor,
        ledger: &str,
        file: &[u8],
        options: &Options,
        now: Timestamp,
    ) -> Result<ImportReport, Problem> {
        let catalog = self.catalog();
        let definition = definition_of(&catalog, ledger)?;
        if !actor.may_somewhere(Action::EditRegisters) {
            return Err(Problem::new(ErrorCode::NotAllowed, "无权修改台账 (ledgers may not be edited)"));
        }
        let sheet = reading::read(file, definition).map_err(Problem::invalid)?;
        self.import_sheet(actor, &catalog, definition, sheet, options, now)
    }

    /// Checks rows and, unless it is a dry run or anything is wrong, writes all of them.
    fn import_sheet(
        &self,
        actor: &Actor,
        catalog: &Catalog,
        definition: &LedgerDefinition,
        sheet: reading::Sheet,
        options: &Options,
        now: Timestamp,
    ) -> Result<ImportReport, Problem> {
        let mut run = Run::new(self, actor, catalog, definition, options.apply_fixes);
        for problem in sheet.problems {
            run.report.add_problem(problem);
        }
        for row in &sheet.rows {
            run.look_ahead(&row.cells)?;
        }
        for row in sheet.rows {
            run.row(row, sheet.columns.as_deref())?;
        }
        run.in_order()?;
        let Run { drafts, mut report, .. } = run;
        let is_right = report.problems.is_empty() && report.rows > 0;
        if !options.dry_run && is_right {
            let reason = if options.reason.trim().is_empty() { "导入" } else { &options.reason };
            let drafts: Vec<Draft> = drafts.into_iter().map(|one| one.draft).collect();
            if !drafts.is_empty() {
                self.write_all(actor, &definition.id, &drafts, reason, now)?;
            }
            report.written = true;
        }
        Ok(report)
    }
}
