//! One import: row by row against the definition, the file itself and the store.

use std::collections::{BTreeMap, HashMap, HashSet};

use kernel::{Action, Actor, Name, Problem};

use super::keep::{draft_of, is_unchanged, keep_note_of_place, table_of};
use super::order::{self, RowDraft, own_links};
use super::report::{ImportChange, ImportFix, ImportProblem, ImportReport};
use super::{fix, reading};
use crate::catalog::Catalog;
use crate::definition::{FieldType, LedgerDefinition};
use crate::link_rows;
use crate::ops::{Register, changes};
use crate::pack::township_location;
use crate::problem::{Findings, PackProblem, Position, ProblemCode};
use crate::record::{self, Checked, Content, Record};
use crate::retired;

/// Characters of a cell that a problem shows.
const LONGEST_SHOWN: usize = 200;

/// The state of one import.
pub(super) struct Run<'r> {
    register: &'r Register,
    actor: &'r Actor,
    catalog: &'r Catalog,
    definition: &'r LedgerDefinition,
    apply_fixes: bool,
    pub(super) drafts: Vec<RowDraft>,
    pub(super) report: ImportReport,
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
    pub(super) fn new(
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

    pub(super) fn look_ahead(&mut self, cells: &[reading::Text]) -> Result<(), Problem> {
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
    pub(super) fn row(&mut self, row: reading::Row, columns: Option<&[String]>) -> Result<(), Problem> {
        self.report.rows += 1;
        let mut cells = row.cells;
        self.fix_all(&mut cells)?;
        let at = Position { line: row.number, column: 0 };
        let old = match self.key_of(&cells) {
            Some(key) => self.register.any_by_key(&self.definition.id, &key)?,
            None => None,
        };
        if old.as_ref().is_some_and(|old| old.deleted.is_some()) {
            let key = self.definition.key.clone();
            let (zh, en) =
                ("这条记录已删除，先恢复它，或去掉这一行", "the record is deleted: restore it or leave out the row");
            return self.complain(&cells, at, &key, ProblemCode::Duplicate, zh, en);
        }
        // Of a record that somebody may not edit nothing else is told.
        if let Some(owner) = old.as_ref().map(|old| old.content.owner.as_deref())
            && !self.actor.may(Action::EditRegisters, owner)
        {
            self.report.revised += 1;
            return self.may(&cells, at, owner);
        }
        let table = table_of(self.definition, &cells, columns, old.as_ref(), at);
        let mut findings = Findings::new();
        let checked = record::check("", at, &table, self.definition, self.catalog, &mut findings);
        self.report.more_problems += findings.dropped;
        for found in findings.list {
            self.add_finding(&cells, found)?;
        }
        let Some(mut checked) = checked else { return Ok(()) };
        keep_note_of_place(&mut checked, old.as_ref());
        self.known(&cells, at, &checked, old.as_ref())?;
        match &old {
            Some(old) => {
                let after = self.placed(old, &checked)?;
                if is_unchanged(&old.content, &after) {
                    self.report.unchanged += 1;
                    return Ok(());
                }
                self.report.revised += 1;
                let found = changes(self.definition, &old.content, &after, true);
                if !found.is_empty() {
                    self.report.add_change(ImportChange { row: row.number, key: after.key, changes: found });
                }
            }
            None => self.report.created += 1,
        }
        let above = own_links(self.definition, &checked.content);
        let key = checked.content.key.clone();
        self.drafts.push(RowDraft { row: row.number, key, above, draft: draft_of(&checked, old.as_ref()) });
        Ok(())
    }

    /// Takes the proposals where fixes were asked for; the report lists each.
    fn fix_all(&mut self, cells: &mut [reading::Text]) -> Result<(), Problem> {
        if !self.apply_fixes {
            return Ok(());
        }
        for cell in cells {
            if let Some(fixed) = self.fix_of(&cell.column, &cell.text)? {
                let from = std::mem::replace(&mut cell.text, fixed.clone());
                let (row, column, field) = (cell.row, cell.number, cell.column.clone());
                self.report.add_fix(ImportFix { row, column, field, from, to: fixed });
            }
        }
        Ok(())
    }

    fn add_finding(&mut self, cells: &[reading::Text], found: PackProblem) -> Result<(), Problem> {
        let cell = cells.iter().find(|cell| cell.number == found.at.column);
        let fix = match cell.filter(|_| self.report.has_room()) {
            Some(cell) => self.fix_of(&cell.column, &cell.text)?,
            None => None,
        };
        self.report.add_problem(ImportProblem {
            row: found.at.line,
            column: found.at.column,
            field: cell.map(|cell| cell.column.clone()).unwrap_or_default(),
            code: found.code.number().to_owned(),
            what: found.what,
            hint: found.hint,
            fix,
        });
        Ok(())
    }

    /// What the record will say once it is written: in its township's centre where the row says so.
    fn placed(&self, old: &Record, checked: &Checked) -> Result<Content, Problem> {
        let mut content = checked.content.clone();
        if let Some((key, _)) = &checked.township {
            let body = self.register.any_by_key("body", key)?;
            content.location = body
                .and_then(|body| township_location(&body.content, &content.location_note))
                .or_else(|| old.content.location.clone());
        }
        Ok(content)
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
            )?;
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
                )?;
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
                )?;
            }
        }
        if let Some((field, code)) = retired::taken_anew(self.definition, self.catalog, content, old) {
            let what = format!("代码“{code}”已停用");
            let what_en = format!("code `{code}` is retired");
            self.complain(cells, at, &field.id, ProblemCode::UnknownCode, &what, &what_en)?;
        }
        for field in self.definition.fields.iter().filter(|field| field.retired) {
            let kept = old.and_then(|old| old.content.values.get(&field.id));
            if content.values.get(&field.id).is_some_and(|said| Some(said) != kept) {
                self.complain(cells, at, &field.id, ProblemCode::UnknownField, "字段已停用", "the field is retired")?;
            }
        }
        self.may(cells, at, content.owner.as_deref())
    }

    /// Brings rows that other rows link to before them, and complains of links that come back to their row.
    pub(super) fn in_order(&mut self) -> Result<(), Problem> {
        let drafts = std::mem::take(&mut self.drafts);
        let (register, definition) = (self.register, self.definition);
        let stored = |field: &str, key: &str| -> Result<Option<String>, Problem> {
            let record = register.any_by_key(&definition.id, key)?;
            Ok(record.and_then(|record| link_rows::own_link(definition, &record.content, field)))
        };
        let (drafts, circles) = order::in_order(drafts, stored)?;
        for circle in circles {
            self.report.add_problem(ImportProblem {
                row: circle.row,
                column: 0,
                field: circle.field,
                code: ProblemCode::BrokenLink.number().to_owned(),
                what: link_rows::circular(&circle.path),
                hint: Name::new("改正这一格", "correct this cell"),
                fix: None,
            });
        }
        self.drafts = drafts;
        Ok(())
    }

    fn may(&mut self, cells: &[reading::Text], at: Position, owner: Option<&str>) -> Result<(), Problem> {
        if self.actor.may(Action::EditRegisters, owner) {
            return Ok(());
        }
        let key = self.definition.key.clone();
        let (zh, en) = ("无权修改这条记录", "this record may not be edited");
        self.complain(cells, at, &key, ProblemCode::OutOfRange, zh, en)
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

    fn complain(
        &mut self,
        cells: &[reading::Text],
        at: Position,
        field: &str,
        code: ProblemCode,
        zh: &str,
        en: &str,
    ) -> Result<(), Problem> {
        let cell = cells.iter().find(|cell| cell.column == field);
        let shown: String = cell.map(|cell| cell.text.chars().take(LONGEST_SHOWN).collect()).unwrap_or_default();
        let fix = match cell.filter(|_| self.report.has_room()) {
            Some(cell) => self.fix_of(&cell.column, &cell.text)?,
            None => None,
        };
        self.report.add_problem(ImportProblem {
            row: at.line,
            column: cell.map_or(0, |cell| cell.number),
            field: field.to_owned(),
            code: code.number().to_owned(),
            what: Name::new(format!("{zh}：{shown}"), format!("{en}: {shown}")),
            hint: Name::new("改正这一格", "correct this cell"),
            fix,
        });
        Ok(())
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
}
