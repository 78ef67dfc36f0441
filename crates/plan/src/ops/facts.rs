//! Asking the other mechanisms, and the facts that the plan has itself.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use kernel::fact::Evidence;
use kernel::{Action, EventDraft, Fact, FactQuery, FactValue, Name, Problem, Timestamp};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::json;
use store::event_log;

use super::{Loaded, Plan, reading, writing};
use crate::duty::Entries;
use crate::evaluate::{Known, key_of};
use crate::item::{Content, Item};
use crate::portfolio::QUANTITY;
use crate::trajectory::Standing;
use crate::unit::normalise;

/// Entries behind a fact that are linked; all of them are counted.
const MOST_EVIDENCE: usize = 50;

/// What one refresh did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refreshed {
    pub asked: usize,
    /// Indicator and year of every cell that changed.
    pub cells: Vec<(String, i32)>,
}

impl Plan {
    /// Asks again what was touched, or everything. Years after this one have no facts yet.
    pub fn refresh(&self, everything: bool, now: Timestamp) -> Result<Refreshed, Problem> {
        let touched = std::mem::take(&mut *self.touched.lock().unwrap_or_else(PoisonError::into_inner));
        let this_year = year_of(now);
        let wanted = |query: &FactQuery| {
            let Ok(year) = query.integer("year") else { return false };
            let hit = |(prefix, years): &(String, Option<Vec<i32>>)| {
                query.name.starts_with(prefix.as_str())
                    && years.as_ref().is_none_or(|years| years.iter().any(|one| i64::from(*one) == year))
            };
            year <= i64::from(this_year) && (everything || touched.iter().any(hit))
        };
        let queries: Vec<FactQuery> =
            reading!(self.sheet).queries().iter().filter(|query| wanted(query)).cloned().collect();
        let mut refreshed = Refreshed { asked: queries.len(), cells: Vec::new() };
        let before = self.lights(now);
        let mut changed: BTreeSet<(usize, i32)> = BTreeSet::new();
        for query in queries {
            let key = key_of(&query);
            let (known, fact) = match self.ask(&query, now) {
                Ok(fact) => (
                    Known {
                        value: fact.value.clone(),
                        unit: fact.unit.clone(),
                        missing: fact.missing.clone(),
                        simulated: fact.simulated,
                        failed: None,
                    },
                    Some(fact),
                ),
                Err(problem) => (Known { failed: Some(problem.detail), ..Known::default() }, None),
            };
            if let Some(fact) = fact {
                writing!(self.answers).insert(key.clone(), fact);
            }
            changed.extend(writing!(self.sheet).learn(&key, known));
        }
        let sheet = reading!(self.sheet);
        refreshed.cells = changed.into_iter().map(|(at, year)| (sheet.book().ids[at].clone(), year)).collect();
        drop(sheet);
        self.tell(&before, &refreshed, this_year, now)?;
        Ok(refreshed)
    }

    /// A light that changed is an event; every change is announced.
    fn tell(
        &self,
        before: &[(String, Standing)],
        refreshed: &Refreshed,
        year: i32,
        now: Timestamp,
    ) -> Result<(), Problem> {
        if refreshed.cells.is_empty() {
            return Ok(());
        }
        self.tell_lights(before, year, now)?;
        let indicators: BTreeSet<&String> = refreshed.cells.iter().map(|(id, _)| id).collect();
        self.announce(json!({ "indicators": indicators }), now);
        Ok(())
    }

    /// A light that changed is an event.
    pub(super) fn tell_lights(&self, before: &[(String, Standing)], year: i32, now: Timestamp) -> Result<(), Problem> {
        let after = self.lights(now);
        let drafts: Vec<EventDraft> = before
            .iter()
            .zip(&after)
            .filter(|(old, new)| old.1.light != new.1.light)
            .map(|((id, old), (_, new))| EventDraft {
                kind: "plan.light_changed",
                actor: "plan".into(),
                subject: format!("indicator:{id}"),
                payload: json!({ "indicator": id, "year": year, "old": old.light, "new": new.light, "lag": new.lag }),
            })
            .collect();
        if !drafts.is_empty() {
            self.store.write(|transaction| event_log::append(transaction, self.division, now, &drafts))?;
        }
        Ok(())
    }

    pub(crate) fn announce(&self, data: serde_json::Value, now: Timestamp) {
        self.live.send(api::LiveEvent { kind: "plan", at: now, action: Action::ReadPlan, owner: None, data });
    }

    fn ask(&self, query: &FactQuery, now: Timestamp) -> Result<Fact, Problem> {
        match query.name.as_str() {
            QUANTITY => {
                crate::fact::quantity().hold(query)?;
                self.quantity_fact(query, now)
            }
            _ => self.facts.answer(query, now),
        }
    }

    /// Newest answer to a question.
    pub fn answer(&self, key: &str) -> Option<Fact> {
        reading!(self.answers).get(key).cloned()
    }

    fn quantity_fact(&self, query: &FactQuery, now: Timestamp) -> Result<Fact, Problem> {
        let (kind, unit) = (query.text("quantity")?, query.text("unit")?);
        let year = query.integer("year")?;
        let (dimension, one) = normalise(Decimal::ONE, unit);
        let loaded = self.loaded();
        let first = i64::from(loaded.plan.period[0]);
        let (mut sum, mut evidence) = (None::<Decimal>, Vec::new());
        for item in self.items().iter().filter(|item| item.approved()) {
            let Content::Quantity { quantity, amount, unit } = &item.content else { continue };
            let (other, amount) = normalise(*amount, unit);
            if quantity != kind || other != dimension || !(first..=year).contains(&i64::from(item.year)) {
                continue;
            }
            sum = Some(sum.unwrap_or_default() + amount / one);
            let number = item.subject.trim_start_matches("project:");
            evidence.push(Evidence {
                label: Name::new(
                    format!("项目 {number}，{} 年完成量", item.year),
                    format!("project {number}, done in {}", item.year),
                ),
                href: format!("/app/plan/projects/{number}#item-{}", item.id),
            });
        }
        let parts = evidence.len();
        evidence.truncate(MOST_EVIDENCE);
        let missing = match sum {
            None => vec![Name::new("没有已审核的完成量", "no approved quantity")],
            Some(_) => self.unreported(&loaded, (kind, &dimension), year as i32, now),
        };
        Ok(Fact {
            value: sum.and_then(|sum| sum.to_f64()).map_or(FactValue::Missing, FactValue::Number),
            unit: unit.to_owned(),
            as_of: now,
            method: Name::new(
                format!("{first} 年至 {year} 年各项目已审核完成量之和（{parts} 笔）"),
                format!("sum of the approved quantities of all projects, {first} to {year} ({parts} entries)"),
            ),
            evidence,
            missing,
            simulated: false,
        })
    }
}

impl Plan {
    /// Years of the projects that plan a quantity in which nobody entered any: without an entry, nothing done is not
    /// known (an entry of zero says so). A project that has done all of it, or has ended, owes nothing more.
    fn unreported(&self, loaded: &Loaded, (kind, dimension): (&str, &str), year: i32, now: Timestamp) -> Vec<Name> {
        let items = self.items();
        let today = now.day().to_iso();
        let planned = loaded.projects.iter().filter(|project| {
            let of = |one: &crate::model::Quantity| one.kind == kind && normalise(one.value, &one.unit).0 == dimension;
            project.quantities.iter().any(of)
        });
        let entries = Entries::new(&items);
        let amount_of = |item: &Item, year: i32| match &item.content {
            Content::Quantity { quantity, unit, .. } => {
                item.approved() && item.year == year && quantity == kind && normalise(Decimal::ONE, unit).0 == dimension
            }
            _ => false,
        };
        planned
            .filter_map(|project| {
                let own = entries.of(&format!("project:{}", project.number)).to_vec();
                let owes = |year: i32| {
                    let known: Vec<&Item> = own.iter().copied().filter(|item| item.year <= year).collect();
                    let state = loaded.state_of(project, &known, &today);
                    state.still_owes(kind, &loaded.rules)
                };
                let silent: Vec<i32> = (project.years[0]..=project.years[1].min(year))
                    .filter(|year| !own.iter().any(|item| amount_of(item, *year)) && owes(*year))
                    .collect();
                (!silent.is_empty()).then(|| {
                    let years: Vec<String> = silent.iter().map(i32::to_string).collect();
                    Name::new(
                        format!("项目 {} 没有填 {} 年的完成量", project.number, years.join("、")),
                        format!("project {} has no quantity entered for {}", project.number, years.join(", ")),
                    )
                })
            })
            .collect()
    }
}

/// Share of the year that has gone.
pub fn elapsed_of(now: Timestamp) -> f64 {
    let year = now.day().civil().0;
    let day = |year| kernel::Day::from_civil(year, 1, 1).start().millis();
    (now.millis() - day(year)) as f64 / (day(year + 1) - day(year)) as f64
}

pub fn year_of(now: Timestamp) -> i32 {
    now.day().civil().0
}
