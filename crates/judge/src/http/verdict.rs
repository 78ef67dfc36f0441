//! Verdicts: the list and the why-page.

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Json, Path, Query, Routes, blocking, operation};
use kernel::{Action, Day, Problem, Timestamp};
use serde::Deserialize;
use standards::{Library, Standard};
use store::contract::PeriodLevel;
use store::packed::Statistic;

use super::view::{
    self, InputView, OutcomeView, PointName, RevisionView, StandardView, StepView, VerdictBrief, VerdictBriefBase,
    VerdictView,
};
use crate::model::{Key, Verdict, name_of};
use crate::rate::check_days;
use crate::why::{self, Why};
use crate::{Judge, names, period, rows, summary};

const MOST_LISTED: usize = 1000;

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct ListQuery {
    point: Option<String>,
    /// `hour`, `day`, `month`, `year`; without it: day.
    level: Option<String>,
    /// Time or date; without it: 31 days before `until`.
    from: Option<String>,
    /// Exclusive; without it: now.
    until: Option<String>,
    exceeding: Option<bool>,
    limit: Option<usize>,
}

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct WhyQuery {
    revision: Option<u32>,
    /// The verdict as it was known at that time.
    as_of: Option<String>,
}

pub fn routes(judge: &Arc<Judge>) -> Routes {
    let (list, one) = (Arc::clone(judge), Arc::clone(judge));
    Routes::new("judge")
        .get(
            "/api/verdicts",
            operation("判定列表，新的在前", "verdicts, newest first", Access::May(Action::ReadMonitoring))
                .query::<ListQuery>()
                .returns::<Vec<VerdictBrief>>(),
            async move |caller: Caller, Query(query): Query<ListQuery>| -> ApiResult<Json<Vec<VerdictBrief>>> {
                let judge = Arc::clone(&list);
                Ok(Json(blocking(move || list_of(&judge, &caller, &query)).await?))
            },
        )
        .get(
            "/api/verdicts/{id}",
            operation("一个判定及其依据", "one verdict and why", Access::May(Action::ReadMonitoring))
                .query::<WhyQuery>()
                .returns::<VerdictView>(),
            async move |caller: Caller,
                        Path(id): Path<String>,
                        Query(query): Query<WhyQuery>|
                        -> ApiResult<Json<VerdictView>> {
                let judge = Arc::clone(&one);
                Ok(Json(blocking(move || why_of(&judge, &caller, &id, &query)).await?))
            },
        )
}

pub fn time_of(text: &str, name: &str) -> Result<Timestamp, Problem> {
    let found = Timestamp::parse(text).or_else(|| Day::parse(text).map(Day::start));
    found.ok_or_else(|| Problem::invalid(format!("{name} = {text} 不是时间 (not a time)")))
}

fn list_of(judge: &Judge, caller: &Caller, query: &ListQuery) -> Result<Vec<VerdictBrief>, Problem> {
    let level_name = query.level.as_deref().unwrap_or("day");
    let level = period::level_from_name(level_name)
        .ok_or_else(|| Problem::invalid(format!("level = {level_name}：应为 hour、day、month、year")))?;
    let until = query.until.as_deref().map_or_else(|| Ok(kernel::time::now()), |text| time_of(text, "until"))?;
    let from = match &query.from {
        Some(text) => time_of(text, "from")?,
        None if level == PeriodLevel::Year => until.plus(-3660 * kernel::time::DAY_MILLIS),
        None if level == PeriodLevel::Month => until.plus(-731 * kernel::time::DAY_MILLIS),
        None => until.plus(-31 * kernel::time::DAY_MILLIS),
    };
    let points = match &query.point {
        Some(id) => vec![super::one(judge, caller, id)?],
        None => super::readable(judge, caller, |_| true),
    };
    let limit = query.limit.unwrap_or(200).min(MOST_LISTED);
    let wanted = |verdict: &Verdict| {
        verdict.key.start() >= from
            && verdict.key.start() < until
            && query.exceeding.is_none_or(|exceeding| verdict.finding.exceeding == exceeding)
    };
    let mut found = Vec::new();
    for point in &points {
        let verdicts = judge.verdicts(point.id, level, from, until)?;
        let newest = verdicts.into_iter().rev().filter(wanted).take(limit);
        found.extend(newest.map(|verdict| view::brief(point, &verdict)));
    }
    found.sort_by_key(|brief| std::cmp::Reverse(brief.start));
    found.truncate(limit);
    Ok(found)
}

impl Judge {
    /// Verdicts of a level whose periods lie in `from..until`, oldest first.
    ///
    /// # Errors
    /// When hours of more than 400 days are asked for, or the store fails.
    pub fn verdicts(
        &self,
        point: i64,
        level: PeriodLevel,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Verdict>, Problem> {
        if level == PeriodLevel::Hour {
            check_days(from, until)?;
        }
        Ok(self.store.read(|reader| {
            if level != PeriodLevel::Hour {
                let (first, last) = (period::of(level, from), period::of(level, until.plus(-1)) + 1);
                return rows::between(reader, self.division, point, level, first, last);
            }
            let last = until.plus(-1).day();
            let days = rows::hours_between(reader, self.division, point, from.day(), Day(last.0 + 1))?;
            Ok(days
                .into_iter()
                .flat_map(|(day, slots)| {
                    slots.into_iter().enumerate().filter_map(move |(hour, slot)| {
                        slot.map(|slot| rows::of_slot(Key::new(point, PeriodLevel::Hour, day.hour(hour).0), slot))
                    })
                })
                .filter(|verdict| verdict.key.start() >= from && verdict.key.start() < until)
                .collect())
        })?)
    }
}

fn why_of(judge: &Judge, caller: &Caller, id: &str, query: &WhyQuery) -> Result<VerdictView, Problem> {
    let unknown = || Problem::not_found(format!("没有判定 {id} (no such verdict)"));
    let key: Key = id.parse().map_err(|()| unknown())?;
    super::one(judge, caller, &key.point.to_string()).map_err(|_| unknown())?;
    let as_of = query.as_of.as_deref().map(|text| time_of(text, "as_of")).transpose()?;
    Ok(view_of(judge, judge.why(key, query.revision, as_of)?))
}

/// The edition that a basis names: by its id or code, also with the table after it (`GB 18918-2002 表 1`). Of several
/// with one code (before and after an amendment) the one in force at the date.
fn standard_of<'l>(library: &'l Library, basis: &'l str, area: &str, at: standards::Date) -> Option<&'l Standard> {
    let named = |standard: &&Standard| {
        let rest = basis.trim().strip_prefix(standard.code.as_str());
        rest.is_some_and(|rest| rest.starts_with(char::is_whitespace))
    };
    let in_force = |standard: &Standard| standard.effects.iter().any(|effect| effect.covers(area, at).is_some());
    let found: Vec<&Standard> = library.find(basis).collect();
    let found = if found.is_empty() { library.all().iter().filter(named).collect() } else { found };
    found.into_iter().max_by_key(|known| (known.code.len(), in_force(known)))
}

fn view_of(judge: &Judge, why: Why) -> VerdictView {
    let Why { point, verdict, explain, input_verdicts, revisions } = why;
    let rules = &judge.rules();
    let key = verdict.key;
    let brief = view::brief(&point, &verdict);
    let (level, colour) = view::level_of(rules, &point, &verdict);
    let mut clauses: Vec<&str> = Vec::new();
    for step in &explain.steps {
        if !clauses.contains(&step.clause.as_str()) {
            clauses.push(&step.clause);
        }
    }
    let known = standard_of(
        &rules.library,
        &verdict.finding.standard,
        &judge.division.to_string(),
        crate::period::date(key.start().day()),
    );
    let standard = StandardView {
        code: known.map_or_else(|| verdict.finding.standard.clone(), |standard| standard.code.clone()),
        title: known.map(|standard| name_of(&standard.title)).unwrap_or_default(),
        edition: known.map(|standard| standard.edition.clone()).unwrap_or_default(),
        clause: clauses.join("；"),
        in_force_from: known
            .and_then(|standard| standard.effects.iter().map(|effect| effect.from).min())
            .map(|date| date.to_string()),
    };
    let outcome = OutcomeView {
        index: verdict.finding.index,
        index_of_available: verdict.finding.beside,
        level,
        colour,
        valid: verdict.finding.valid,
        items: view::items_of(rules, &point, &verdict.finding, key),
    };
    let steps = explain
        .steps
        .iter()
        .map(|step| StepView { text: names::in_words(&step.text), clause: step.clause.clone() })
        .collect();
    let sent_unit = |code: &str| rules.factors.get(code).map(|known| known.unit.clone()).unwrap_or_default();
    let air = crate::plan::method_of(point.kind) == crate::model::Method::Air;
    let inputs = explain
        .inputs
        .iter()
        .enumerate()
        .map(|(place, input)| InputView {
            factor: input.factor.to_string(),
            name: summary::factor_name(input.factor.as_str()),
            statistic: input.statistic.name().to_owned(),
            kind: if input.frame == 0 { 0 } else { input.kind },
            data_time: input.data_time,
            value: input.value.clone(),
            unit: match crate::rule::air::pollutant(input.factor) {
                Some(pollutant) if air => pollutant.unit().to_owned(),
                _ if input.statistic == Statistic::Total => {
                    view::unit_of_amount(&sent_unit(input.factor.as_str())).to_owned()
                }
                _ => sent_unit(input.factor.as_str()),
            },
            mark: input.mark.as_char().map(String::from).unwrap_or_default(),
            mark_name: why::mark_name(input.mark),
            used: input.used,
            why: input.why.clone(),
            frame: (input.frame > 0).then(|| input.frame.to_string()),
            verdict: input_verdicts.get(place).copied().flatten().map(|key| key.to_string()),
            revision: input.revision,
        })
        .collect();
    let revisions = revisions
        .iter()
        .enumerate()
        .map(|(place, revision)| RevisionView {
            revision: revision.revision,
            judged_at: revision.judged_at,
            summary: summary::of(&point, &revision.finding),
            cause: why::cause(place.checked_sub(1).and_then(|older| revisions.get(older)), revision),
        })
        .collect();
    VerdictView {
        brief: VerdictBriefBase {
            id: brief.id,
            point: PointName { id: point.id.to_string(), name: point.name.clone() },
            level: brief.level,
            label: brief.label,
            start: brief.start,
            end: brief.end,
            summary: brief.summary,
            exceeding: brief.exceeding,
            running: brief.running,
            simulated: brief.simulated,
            tier: brief.tier,
            revision: brief.revision,
            judged_at: brief.judged_at,
        },
        standard,
        outcome,
        steps,
        inputs,
        notes: explain.notes.iter().map(names::in_words).collect(),
        revisions,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_basis_names_its_standard_with_or_without_a_table() {
        let library = Library::embedded().unwrap();
        let check = |basis: &str, expect: Option<&str>| {
            let found = standard_of(&library, basis, "500242", "2020-06-01".parse().unwrap());
            let found = found.map(|standard| standard.code.as_str());
            assert_eq!(found, expect, "{basis}");
        };
        check("GB 18918-2002", Some("GB 18918-2002"));
        check("GB 18918-2002 表 1", Some("GB 18918-2002"));
        check("GB 3838-2002", Some("GB 3838-2002"));
        let edition = |at: &str| {
            standard_of(&library, "GB 18918-2002 表 1", "500242", at.parse().unwrap()).unwrap().edition.clone()
        };
        assert_eq!((edition("2020-06-01").as_str(), edition("2026-06-01").as_str()), ("2002", "2002-amended"));
        check("GB 18918-20021", None);
        check("排污许可证", None);
        check("", None);
    }
}
