//! The definitions that hold: release, pack and designer laid over each other, what came into force kept, records
//! indexed as they now say.

use std::sync::Arc;

use kernel::{Problem, Timestamp};

use super::Register;
use super::design::MOST_REVISIONS;
use crate::block_rows;
use crate::catalog::{Catalog, Origin, Part, PartKind};
use crate::cell;
use crate::definition::{FieldType, LedgerDefinition};
use crate::design::rows::{self as design_rows, DefinitionRevision};
use crate::index_rows;
use crate::problem::{Findings, PackProblem};
use crate::record::{self, Content};
use crate::rows;
use crate::search;

/// Definitions as release, pack and designer together make them.
pub(super) struct Standing {
    pub catalog: Catalog,
    /// Definitions of the designer that do not hold, with what is wrong.
    pub broken: Vec<(Part, Vec<PackProblem>)>,
}

/// Records that one transaction indexes: some hundredths of a second.
const INDEX_PAGE: i64 = 500;

impl Standing {
    /// Lays the designer's definitions over the others. Those that no longer fit are left out and named.
    pub fn of(base: &Catalog, newest: &[DefinitionRevision]) -> Self {
        let designed = newest.iter().filter(|row| row.origin == Origin::Designer);
        let mut overlay: Vec<(Part, Option<Arc<str>>)> =
            designed.filter_map(|row| Some((row.part.clone(), Some(Arc::from(row.text.as_deref()?))))).collect();
        let mut broken: Vec<(Part, Vec<PackProblem>)> = Vec::new();
        loop {
            match base.with(&overlay) {
                Ok(catalog) => return Self { catalog, broken },
                Err(problems) => {
                    let named = |part: &Part| problems.iter().any(|problem| problem.file == part.file());
                    let some = overlay.iter().any(|(part, _)| named(part));
                    // When only others are named (a release counts on a code that a designed list does not have), one
                    // goes at a time, code lists first.
                    let one = (!some)
                        .then(|| {
                            let lists = overlay.iter().find(|(part, _)| part.kind == PartKind::Codes);
                            lists.or(overlay.first()).map(|(part, _)| part.clone())
                        })
                        .flatten();
                    let (out, kept) =
                        overlay.into_iter().partition(|(part, _)| named(part) || one.as_ref() == Some(part));
                    overlay = kept;
                    let out: Vec<(Part, Option<Arc<str>>)> = out;
                    if out.is_empty() {
                        // The base alone does not fit, which loading it has excluded.
                        return Self { catalog: base.clone(), broken };
                    }
                    broken.extend(out.into_iter().map(|(part, _)| {
                        let of_it = problems.iter().filter(|problem| !some || problem.file == part.file());
                        let of_it = of_it.cloned().collect();
                        (part, of_it)
                    }));
                }
            }
        }
    }
}

/// Fields whose values stand in the index, those whose text is not searched, and the one that says whose a record is: a
/// change of any means that records are indexed again.
pub(super) fn indexed(ledger: &LedgerDefinition) -> (Vec<&str>, Vec<&str>, Option<&str>) {
    let mut fields = Vec::new();
    let mut hidden = Vec::new();
    for field in &ledger.fields {
        if field.unique || ledger.filters.contains(&field.id) || matches!(field.kind, FieldType::Link(_)) {
            fields.push(field.id.as_str());
        }
        if field.sensitive {
            hidden.push(field.id.as_str());
        }
    }
    fields.sort_unstable();
    hidden.sort_unstable();
    (fields, hidden, ledger.owner.as_deref())
}

fn parsed(text: &str) -> Option<LedgerDefinition> {
    let table = cell::from_toml(text).ok()?;
    let mut findings = Findings::new();
    let definition = LedgerDefinition::parse("", &table, &mut findings);
    findings.is_empty().then_some(definition)
}

impl Register {
    /// Filter fields, links, owners and the text to be searched of the ledgers that were noted, as their definitions now say;
    /// some records at a time, so that no other writer of the store waits long. Then the blocks of filters that have
    /// none: a link that becomes a filter was indexed before, but not in blocks. What breaks off goes on at the next start.
    pub(super) fn index_noted(&self, catalog: &Catalog) -> Result<(), Problem> {
        for ledger in self.store.read(|reader| design_rows::to_index(reader, self.division))? {
            if let Some(definition) = catalog.ledger(&ledger) {
                let mut after = String::new();
                loop {
                    let page = self
                        .store
                        .read(|reader| rows::page_of_all(reader, self.division, &ledger, &after, INDEX_PAGE))?;
                    let Some(last) = page.last() else { break };
                    after.clone_from(&last.content.key);
                    self.store.write(|transaction| {
                        page.iter().try_for_each(|record| {
                            let text = search::text_of(&record.content, definition);
                            let fields = search::fields_of(&record.content, definition);
                            let grams = search::grams(&text);
                            let owner = record::owner_of(definition, &record.content.values);
                            if owner != record.content.owner {
                                let content = Content { owner, ..record.content.clone() };
                                index_rows::own_again(transaction, self.division, record.id, &content)?;
                            }
                            index_rows::index_again(transaction, self.division, record, &fields, &text, &grams)
                        })
                    })?;
                }
            }
            self.store.write(|transaction| design_rows::indexed(transaction, self.division, &ledger))?;
        }
        let filters: Vec<(&str, Vec<&str>)> =
            catalog.ledgers().map(|definition| (definition.id.as_str(), search::filters_of(definition))).collect();
        block_rows::keep_complete(self.store.as_ref(), self.division, &filters)?;
        Ok(())
    }

    /// Keeps what holds from now on, after a release or a pack has changed it.
    pub(super) fn keep_definitions(
        &self,
        standing: &Standing,
        newest: &[DefinitionRevision],
        now: Timestamp,
    ) -> Result<(), Problem> {
        let broken = |part: &Part| standing.broken.iter().any(|(known, _)| known == part);
        let row_of = |part: &Part| newest.iter().find(|row| row.part == *part);
        let changed = standing.catalog.sources().filter(|(part, source)| {
            !broken(part) && row_of(part).is_none_or(|row| row.text.as_deref() != Some(&*source.text))
        });
        let mut added: Vec<(DefinitionRevision, Option<&str>)> = changed
            .map(|(part, source)| {
                let before = row_of(part);
                let row = DefinitionRevision {
                    part: part.clone(),
                    revision: before.map_or(0, |row| row.revision) + 1,
                    at: now,
                    actor: source.origin.name().to_owned(),
                    actor_name: source.origin.name().to_owned(),
                    reason: match source.origin {
                        Origin::Pack => "县域数据包载入".to_owned(),
                        _ => "随程序发布".to_owned(),
                    },
                    origin: source.origin,
                    text: Some(source.text.to_string()),
                    base: None,
                };
                (row, before.and_then(|row| row.text.as_deref()))
            })
            .collect();
        let gone = newest
            .iter()
            .filter(|row| row.text.is_some() && !broken(&row.part) && standing.catalog.source(&row.part).is_none());
        added.extend(gone.map(|row| {
            let left = DefinitionRevision {
                revision: row.revision + 1,
                at: now,
                actor: "built_in".to_owned(),
                actor_name: "built_in".to_owned(),
                reason: "程序和数据包中已没有".to_owned(),
                text: None,
                base: None,
                ..row.clone()
            };
            (left, None)
        }));
        if added.is_empty() {
            // Something may have broken off.
            return self.index_noted(&standing.catalog);
        }
        self.store.write(|transaction| {
            for (row, before) in &added {
                design_rows::add(transaction, self.division, row)?;
                let after = standing.catalog.ledger(&row.part.id).filter(|_| row.part.kind == PartKind::Ledger);
                if let (Some(before), Some(after)) = (before, after)
                    && parsed(before).is_none_or(|before| indexed(&before) != indexed(after))
                {
                    design_rows::note_indexing(transaction, self.division, &row.part.id)?;
                }
            }
            Ok(())
        })?;
        self.index_noted(&standing.catalog)
    }

    /// What a ledger was made of at a moment; the oldest that is known for moments before it.
    pub(super) fn definitions_of(&self, ledger: &str) -> Result<DefinitionsOf, Problem> {
        let part = Part { kind: PartKind::Ledger, id: ledger.to_owned() };
        let rows = self.store.read(|reader| design_rows::of(reader, self.division, &part, MOST_REVISIONS))?;
        let texts = rows.into_iter().filter_map(|row| Some((row.at, row.text?)));
        Ok(DefinitionsOf { past: texts.collect(), read: Vec::new() })
    }
}

/// The definitions that a ledger had, each read when it is asked for.
pub(super) struct DefinitionsOf {
    /// Newest first.
    past: Vec<(Timestamp, String)>,
    read: Vec<(usize, Arc<LedgerDefinition>)>,
}

impl DefinitionsOf {
    pub fn at(&mut self, at: Timestamp, now: &Arc<LedgerDefinition>) -> Arc<LedgerDefinition> {
        let place = self.past.iter().position(|(from, _)| *from <= at).unwrap_or(self.past.len().saturating_sub(1));
        if place == 0 {
            return Arc::clone(now);
        }
        if let Some((_, known)) = self.read.iter().find(|(known, _)| *known == place) {
            return Arc::clone(known);
        }
        // A text that this release cannot read any more is shown as far as the present definition knows its fields.
        let found = self.past.get(place).and_then(|(_, text)| parsed(text)).map_or_else(|| Arc::clone(now), Arc::new);
        self.read.push((place, Arc::clone(&found)));
        found
    }
}
