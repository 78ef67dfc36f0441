//! Records from xlsx and CSV: first a dry run that names row, column, problem and a proposed fix, then all rows in
//! one transaction or none.
//!
//! - [`reading`]: files → rows of text, bounded. [`fix`]: what was probably meant. Both pure.

pub mod fix;
pub mod geometry_file;
pub mod reading;

use std::collections::{BTreeMap, HashMap, HashSet};

use kernel::{Action, Actor, ErrorCode, Name, Problem, Timestamp};
use serde::Serialize;
use serde_json::Value;

use crate::catalog::Catalog;
use crate::cell::{Cell, Raw, Table};
use crate::definition::{Field, FieldType, LedgerDefinition};
use crate::ops::{Draft, Register, definition_of};
use crate::problem::{Findings, Position, ProblemCode};
use crate::record::{self, Checked};
use crate::retired;

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
    /// Fixes that were applied.
    pub fixed: usize,
    /// All rows are in the store.
    pub written: bool,
}

/// How to import.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub dry_run: bool,
    pub apply_fixes: bool,
    pub reason: String,
}

/// Most problems that one report lists.
const MOST_PROBLEMS: usize = 500;

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
        run.problems.extend(sheet.problems);
        for row in sheet.rows {
            run.row(row)?;
        }
        let Run { drafts, mut report, problems, .. } = run;
        report.more_problems = problems.len().saturating_sub(MOST_PROBLEMS);
        report.problems = problems;
        report.problems.truncate(MOST_PROBLEMS);
        if !options.dry_run && report.problems.is_empty() && !drafts.is_empty() {
            let reason = if options.reason.trim().is_empty() { "导入" } else { &options.reason };
            self.write_all(actor, &definition.id, &drafts, reason, now)?;
            report.written = true;
        }
        Ok(report)
    }
}

/// The state of one import.
struct Run<'r> {
    register: &'r Register,
    actor: &'r Actor,
    catalog: &'r Catalog,
    definition: &'r LedgerDefinition,
    apply_fixes: bool,
    drafts: Vec<Draft>,
    report: ImportReport,
    problems: Vec<ImportProblem>,
    keys: HashSet<String>,
    unique: HashSet<(String, String)>,
    /// (ledger, key) → whether such a living record exists.
    links: HashMap<(String, String), bool>,
    /// Ledger → title → key, for those that write names.
    titles: BTreeMap<String, HashMap<String, String>>,
}

impl<'r> Run<'r> {
    fn new(
        register: &'r Register,
        actor: &'r Actor,
        catalog: &'r Catalog,
        definition: &'r LedgerDefinition,
        apply_fixes: bool,
    ) -> Self {
        let report = ImportReport { ledger: definition.id.clone(), ..ImportReport::default() };
        Self {
            register,
            actor,
            catalog,
            definition,
            apply_fixes,
            drafts: Vec::new(),
            report,
            problems: Vec::new(),
            keys: HashSet::new(),
            unique: HashSet::new(),
            links: HashMap::new(),
            titles: BTreeMap::new(),
        }
    }

    fn row(&mut self, row: reading::Row) -> Result<(), Problem> {
        self.report.rows += 1;
        let mut cells = row.cells;
        if self.apply_fixes {
            for cell in &mut cells {
                if let Some(fixed) = self.fix_of(&cell.column, &cell.text)? {
                    cell.text = fixed;
                    self.report.fixed += 1;
                }
            }
        }
        let table = self.table_of(&cells);
        let at = Position { line: row.number, column: 0 };
        let mut findings = Findings::new();
        let checked = record::check("", at, &table, self.definition, self.catalog, &mut findings);
        for found in findings.list {
            let cell = cells.iter().find(|cell| cell.number == found.at.column);
            let fix = match cell {
                Some(cell) => self.fix_of(&cell.column, &cell.text)?,
                None => None,
            };
            self.problems.push(ImportProblem {
                row: found.at.line,
                column: found.at.column,
                field: cell.map(|cell| cell.column.clone()).unwrap_or_default(),
                code: found.code.number().to_owned(),
                what: found.what,
                hint: found.hint,
                fix,
            });
        }
        if let Some(checked) = checked {
            self.known(&cells, at, &checked)?;
            self.drafts.push(draft_of(&checked));
        }
        Ok(())
    }

    /// Key, unique fields and links against the file itself and against the store.
    fn known(&mut self, cells: &[reading::Text], at: Position, checked: &Checked) -> Result<(), Problem> {
        let content = &checked.content;
        if !self.keys.insert(content.key.clone()) {
            self.complain(
                cells,
                at,
                &self.definition.key.clone(),
                ProblemCode::Duplicate,
                "文件里编号重复",
                "the key is twice in the file",
            );
        }
        for field in self.definition.fields.iter().filter(|field| field.unique && field.id != self.definition.key) {
            let Some(value) = content.text(&field.id) else { continue };
            let new = self.unique.insert((field.id.clone(), value.to_owned()));
            let taken = self.register.key_with_value(&self.definition.id, &field.id, value)?;
            if !new || taken.is_some_and(|key| key != content.key) {
                self.complain(
                    cells,
                    at,
                    &field.id,
                    ProblemCode::Duplicate,
                    "与另一条记录重复",
                    "another record has it already",
                );
            }
        }
        for link in &checked.links {
            if self.linked(&link.ledger, &link.key)? {
                continue;
            }
            let own = link.ledger == self.definition.id && self.keys.contains(&link.key);
            if !own {
                self.complain(
                    cells,
                    at,
                    &link.field,
                    ProblemCode::BrokenLink,
                    "没有这条记录",
                    "there is no such record",
                );
            }
        }
        let old = self.register.living_by_key(&self.definition.id, &content.key)?;
        if let Some((field, code)) = retired::taken_anew(self.definition, self.catalog, content, old.as_ref()) {
            let what = format!("代码“{code}”已停用");
            let what_en = format!("code `{code}` is retired");
            self.complain(cells, at, &field.id, ProblemCode::UnknownCode, &what, &what_en);
        }
        for field in self.definition.fields.iter().filter(|field| field.retired) {
            let kept = old.as_ref().and_then(|old| old.content.values.get(&field.id));
            if content.values.get(&field.id).is_some_and(|said| Some(said) != kept) {
                self.complain(cells, at, &field.id, ProblemCode::UnknownField, "字段已停用", "the field is retired");
            }
        }
        match &old {
            Some(old) => {
                self.report.revised += 1;
                self.may(cells, at, old.content.owner.as_deref());
            }
            None => self.report.created += 1,
        }
        self.may(cells, at, content.owner.as_deref());
        Ok(())
    }

    fn may(&mut self, cells: &[reading::Text], at: Position, owner: Option<&str>) {
        if !self.actor.may(Action::EditRegisters, owner) {
            let key = self.definition.key.clone();
            self.complain(
                cells,
                at,
                &key,
                ProblemCode::OutOfRange,
                "无权修改这条记录",
                "this record may not be edited",
            );
        }
    }

    fn linked(&mut self, ledger: &str, key: &str) -> Result<bool, Problem> {
        let name = (ledger.to_owned(), key.to_owned());
        if let Some(&known) = self.links.get(&name) {
            return Ok(known);
        }
        let found = self.register.owner_of(ledger, key)?.is_some();
        self.links.insert(name, found);
        Ok(found)
    }

    fn complain(&mut self, cells: &[reading::Text], at: Position, field: &str, code: ProblemCode, zh: &str, en: &str) {
        let cell = cells.iter().find(|cell| cell.column == field);
        let shown = cell.map(|cell| cell.text.clone()).unwrap_or_default();
        let fix = cell.and_then(|cell| self.fix_of(&cell.column, &cell.text).ok().flatten());
        self.problems.push(ImportProblem {
            row: at.line,
            column: cell.map_or(0, |cell| cell.number),
            field: field.to_owned(),
            code: code.number().to_owned(),
            what: Name::new(format!("{zh}：{shown}"), format!("{en}: {shown}")),
            hint: Name::new("改正这一格", "correct this cell"),
            fix,
        });
    }

    /// What was probably meant by a cell, when it is not right as it is.
    fn fix_of(&mut self, column: &str, text: &str) -> Result<Option<String>, Problem> {
        let Some(field) = self.definition.field(column) else { return Ok(None) };
        if let FieldType::Link(ledgers) = &field.kind {
            return self.link_by_title(ledgers, text);
        }
        Ok(fix::of(field, text, self.catalog).filter(|fixed| fixed != text))
    }

    /// The key of the one record that bears that title.
    fn link_by_title(&mut self, ledgers: &[String], text: &str) -> Result<Option<String>, Problem> {
        let (bare, single) = (text.trim(), ledgers.len() == 1);
        for ledger in ledgers {
            let key = if single { bare } else { bare.strip_prefix(&format!("{ledger}:")).unwrap_or("") };
            if !key.is_empty() && self.linked(ledger, key)? {
                return Ok((bare != text).then(|| bare.to_owned()));
            }
        }
        for ledger in ledgers {
            if !self.titles.contains_key(ledger) {
                let titles = self.register.titles_of(ledger)?;
                self.titles.insert(ledger.clone(), titles);
            }
            if let Some(key) = self.titles.get(ledger).and_then(|titles| titles.get(bare)) {
                return Ok(Some(if single { key.clone() } else { format!("{ledger}:{key}") }));
            }
        }
        Ok(None)
    }

    fn table_of(&self, cells: &[reading::Text]) -> Table {
        let mut table = Table::default();
        for cell in cells {
            let at = Position { line: cell.row, column: cell.number };
            let field = self.definition.field(&cell.column);
            let raw = match field {
                Some(Field { kind: FieldType::Table(_), .. }) => crate::cell::from_json_text(&cell.text, at),
                _ => None,
            };
            let read = raw.unwrap_or_else(|| Cell { at, raw: Raw::Text(cell.text.clone()) });
            table.insert(&cell.column, at, read);
        }
        table
    }
}

/// The row as a draft; what the check has made of it, so that it is written as it was checked.
fn draft_of(checked: &Checked) -> Draft {
    let mut fields = checked.content.as_draft();
    if checked.content.location.is_none() && checked.township.is_some() {
        fields.insert("location".to_owned(), Value::String("township".to_owned()));
    }
    Draft { fields, reason: String::new(), revision: None }
}
