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
use serde_json::{Map, Value};

use crate::catalog::Catalog;
use crate::cell::{self, Cell, Raw, Table};
use crate::definition::{Field, FieldType, LedgerDefinition};
use crate::export::cell_text;
use crate::link_rows;
use crate::ops::{Change, Draft, Register, changes, definition_of};
use crate::problem::{Findings, Position, ProblemCode};
use crate::record::{self, Checked, Content, Record};
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

/// Most problems, and most rows with changes, that one report lists.
const MOST_PROBLEMS: usize = 500;
const MOST_CHANGED: usize = 500;

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
        for row in &sheet.rows {
            run.look_ahead(&row.cells)?;
        }
        for row in sheet.rows {
            run.row(row, sheet.columns.as_deref())?;
        }
        run.in_order()?;
        let Run { drafts, mut report, problems, .. } = run;
        report.more_problems = problems.len().saturating_sub(MOST_PROBLEMS);
        report.problems = problems;
        report.problems.truncate(MOST_PROBLEMS);
        if !options.dry_run && report.problems.is_empty() && !drafts.is_empty() {
            let reason = if options.reason.trim().is_empty() { "导入" } else { &options.reason };
            let drafts: Vec<Draft> = drafts.into_iter().map(|one| one.draft).collect();
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
    drafts: Vec<RowDraft>,
    report: ImportReport,
    problems: Vec<ImportProblem>,
    keys: HashSet<String>,
    /// Keys of all rows, so that a row may link to a later one.
    keys_ahead: HashSet<String>,
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
            keys_ahead: HashSet::new(),
            unique: HashSet::new(),
            links: HashMap::new(),
            titles: BTreeMap::new(),
        }
    }

    /// Key of a row as it is written.
    fn key_of(&self, cells: &[reading::Text]) -> Option<String> {
        cells.iter().find(|cell| cell.column == self.definition.key).map(|cell| cell.text.trim().to_owned())
    }

    fn look_ahead(&mut self, cells: &[reading::Text]) -> Result<(), Problem> {
        let Some(key) = self.key_of(cells) else { return Ok(()) };
        if self.apply_fixes {
            let column = self.definition.key.clone();
            let fixed = self.fix_of(&column, &key)?;
            self.keys_ahead.extend(fixed);
        }
        self.keys_ahead.insert(key);
        Ok(())
    }

    /// `columns`: what the file speaks of; what it does not stays as it is on a record that is there.
    fn row(&mut self, row: reading::Row, columns: Option<&[String]>) -> Result<(), Problem> {
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
        let at = Position { line: row.number, column: 0 };
        let old = match self.key_of(&cells) {
            Some(key) => self.register.any_by_key(&self.definition.id, &key)?,
            None => None,
        };
        if old.as_ref().is_some_and(|old| old.deleted.is_some()) {
            let key = self.definition.key.clone();
            let (zh, en) =
                ("这条记录已删除，先恢复它，或去掉这一行", "the record is deleted: restore it or leave out the row");
            self.complain(&cells, at, &key, ProblemCode::Duplicate, zh, en);
            return Ok(());
        }
        // Of a record that somebody may not edit nothing else is told.
        if let Some(owner) = old.as_ref().map(|old| old.content.owner.as_deref())
            && !self.actor.may(Action::EditRegisters, owner)
        {
            self.report.revised += 1;
            self.may(&cells, at, owner);
            return Ok(());
        }
        let table = self.table_of(&cells, columns, old.as_ref(), at);
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
        if let Some(mut checked) = checked {
            keep_note_of_place(&mut checked, old.as_ref());
            self.known(&cells, at, &checked, old.as_ref())?;
            if let Some(old) = &old {
                self.note_changes(row.number, old, &checked);
            }
            let above = own_links(self.definition, &checked.content);
            let key = checked.content.key.clone();
            self.drafts.push(RowDraft { row: row.number, key, above, draft: draft_of(&checked, old.as_ref()) });
        }
        Ok(())
    }

    /// Key, unique fields and links against the file itself and against the store.
    fn known(
        &mut self,
        cells: &[reading::Text],
        at: Position,
        checked: &Checked,
        old: Option<&Record>,
    ) -> Result<(), Problem> {
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
            let own = link.ledger == self.definition.id && self.keys_ahead.contains(&link.key);
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
        if let Some((field, code)) = retired::taken_anew(self.definition, self.catalog, content, old) {
            let what = format!("代码“{code}”已停用");
            let what_en = format!("code `{code}` is retired");
            self.complain(cells, at, &field.id, ProblemCode::UnknownCode, &what, &what_en);
        }
        for field in self.definition.fields.iter().filter(|field| field.retired) {
            let kept = old.and_then(|old| old.content.values.get(&field.id));
            if content.values.get(&field.id).is_some_and(|said| Some(said) != kept) {
                self.complain(cells, at, &field.id, ProblemCode::UnknownField, "字段已停用", "the field is retired");
            }
        }
        match old {
            Some(_) => self.report.revised += 1,
            None => self.report.created += 1,
        }
        self.may(cells, at, content.owner.as_deref());
        Ok(())
    }

    fn note_changes(&mut self, row: u32, old: &Record, checked: &Checked) {
        let mut content = checked.content.clone();
        if checked.township.is_some() {
            // Where the township's centre is shows when it is written.
            content.location.clone_from(&old.content.location);
        }
        let found = changes(self.definition, &old.content, &content, true);
        if found.is_empty() {
            return;
        }
        if self.report.changes.len() >= MOST_CHANGED {
            self.report.more_changes += 1;
            return;
        }
        self.report.changes.push(ImportChange { row, key: content.key, changes: found });
    }

    /// Brings rows that other rows link to before them, and complains of links that come back to their row.
    fn in_order(&mut self) -> Result<(), Problem> {
        let drafts = std::mem::take(&mut self.drafts);
        let places: HashMap<&str, usize> =
            drafts.iter().enumerate().map(|(place, one)| (one.key.as_str(), place)).collect();
        let mut stored: HashMap<(String, String), Option<String>> = HashMap::new();
        for one in &drafts {
            for (field, above) in &one.above {
                let circle = link_rows::circle(&one.key, above, |key| -> Result<Option<String>, Problem> {
                    if let Some(&place) = places.get(key) {
                        let further = drafts[place].above.iter().find(|(known, _)| known == field);
                        return Ok(further.map(|(_, key)| key.clone()));
                    }
                    let name = (field.clone(), key.to_owned());
                    if let Some(known) = stored.get(&name) {
                        return Ok(known.clone());
                    }
                    let record = self.register.any_by_key(&self.definition.id, key)?;
                    let further =
                        record.and_then(|record| link_rows::own_link(self.definition, &record.content, field));
                    stored.insert(name, further.clone());
                    Ok(further)
                });
                if let Some(path) = circle? {
                    self.problems.push(ImportProblem {
                        row: one.row,
                        column: 0,
                        field: field.clone(),
                        code: ProblemCode::BrokenLink.number().to_owned(),
                        what: link_rows::circular(&path),
                        hint: Name::new("改正这一格", "correct this cell"),
                        fix: None,
                    });
                }
            }
        }
        // A row comes after the rows above it, also where records that are not in the file lie between.
        let mut above: Vec<Vec<usize>> = Vec::with_capacity(drafts.len());
        for one in &drafts {
            let mut rows = Vec::new();
            for (field, first) in &one.above {
                let (mut key, mut steps) = (Some(first.clone()), 0);
                while let Some(at) = key.take().filter(|_| steps < link_rows::MOST_ABOVE) {
                    steps += 1;
                    match places.get(at.as_str()) {
                        Some(&place) => rows.push(place),
                        None => key = stored.get(&(field.clone(), at)).cloned().flatten(),
                    }
                }
            }
            above.push(rows);
        }
        let order = order_of(&above);
        drop(places);
        let mut drafts: Vec<Option<RowDraft>> = drafts.into_iter().map(Some).collect();
        self.drafts = order.into_iter().filter_map(|place| drafts.get_mut(place)?.take()).collect();
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

    /// What a row says, over what the record of its key says in columns that the file does not have.
    fn table_of(
        &self,
        cells: &[reading::Text],
        columns: Option<&[String]>,
        old: Option<&Record>,
        at: Position,
    ) -> Table {
        let says = |column: &str| match columns {
            Some(columns) => columns.iter().any(|known| known == column),
            None => cells.iter().any(|cell| cell.column == column),
        };
        let mut table = old.map(|old| cell::from_json_at(&kept_of(old, says), at)).unwrap_or_default();
        for cell in cells {
            let at = Position { line: cell.row, column: cell.number };
            let field = self.definition.field(&cell.column);
            let raw = match field {
                Some(Field { kind: FieldType::Table(_), .. }) => cell::from_json_text(&cell.text, at),
                _ => None,
            };
            let read = raw.unwrap_or_else(|| Cell { at, raw: Raw::Text(cell.text.clone()) });
            table.insert(&cell.column, at, read);
        }
        table
    }
}

/// Columns that say together where a record is.
const PLACE: [&str; 3] = ["lon", "lat", "accuracy"];

/// What a record says beside the columns that a file has.
fn kept_of(old: &Record, says: impl Fn(&str) -> bool) -> Map<String, Value> {
    let mut kept = old.content.as_draft();
    kept.retain(|field, _| !says(field));
    if PLACE.iter().any(|column| says(column)) && kept.remove("location").is_some() {
        for column in PLACE.iter().filter(|column| !says(column)) {
            kept.insert((*column).to_owned(), Value::String(cell_text(old, column)));
        }
    }
    if let Some(geometry) = kept.get_mut("geometry") {
        *geometry = Value::String(geometry.to_string());
    }
    kept
}

/// What was written of a place stays as long as the place does: no column of a sheet speaks of it.
fn keep_note_of_place(checked: &mut Checked, old: Option<&Record>) {
    let Some(before) = old.and_then(|old| old.content.location.as_ref()) else { return };
    let said = &checked.content.location_note;
    if let Some(place) = &mut checked.content.location
        && (place.lon, place.lat) == (before.lon, before.lat)
        && (place.note.is_empty() || place.note == *said)
    {
        place.note.clone_from(&before.note);
    }
}

/// A row that passed, and the records of the same ledger that it links to.
struct RowDraft {
    row: u32,
    key: String,
    above: Vec<(String, String)>,
    draft: Draft,
}

/// Places of the drafts, each after those that it links to; where links run in a circle, as they come.
fn order_of(rows: &[Vec<usize>]) -> Vec<usize> {
    let mut order = Vec::with_capacity(rows.len());
    let (mut seen, mut done) = (vec![false; rows.len()], vec![false; rows.len()]);
    for first in 0..rows.len() {
        let mut open = vec![first];
        while let Some(&place) = open.last() {
            seen[place] = true;
            let mut above = rows[place].iter();
            match above.find(|above| !seen[**above]) {
                Some(&above) if !done[place] => open.push(above),
                _ => {
                    open.pop();
                    if !std::mem::replace(&mut done[place], true) {
                        order.push(place);
                    }
                }
            }
        }
    }
    order
}

fn own_links(definition: &LedgerDefinition, content: &Content) -> Vec<(String, String)> {
    let above = link_rows::own_links(definition, content);
    above.into_iter().map(|(field, key)| (field.id.clone(), key.to_owned())).collect()
}

/// The row as a draft; what the check has made of it, so that it is written as it was checked, on the revision that was
/// checked.
fn draft_of(checked: &Checked, old: Option<&Record>) -> Draft {
    let mut fields = checked.content.as_draft();
    if checked.content.location.is_none() && checked.township.is_some() {
        fields.insert("location".to_owned(), Value::String("township".to_owned()));
    }
    // Otherwise a draft that does not speak of them leaves them as they are.
    for emptied in ["geometry", "tags"] {
        fields.entry(emptied).or_insert(Value::Null);
    }
    Draft { fields, reason: String::new(), revision: old.map(|old| old.revision) }
}
