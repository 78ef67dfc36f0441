//! Projects (项目): what the plan says of each, and what approved entries say since. Pure. Figures that nobody
//! entered are absent, never zero.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Id, Name};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::item::{Attached, ById, Content, Item, MoneySource, MoneyStep};
use crate::model::Project;
use crate::money;
use crate::performance::{self, YearPerformance};
use crate::scheme::{Rules, Scored, share_of};
use crate::site::{self, Site, Township};
use crate::unit::normalise;

/// Fact: done quantities of all projects of a kind, from the beginning of the period to the end of the year.
pub const QUANTITY: &str = "project.quantity";

/// Sums in 万元; `None`: not entered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Sums {
    #[schemars(with = "Option<String>")]
    pub planned: Option<Decimal>,
    #[schemars(with = "Option<String>")]
    pub arranged: Option<Decimal>,
    #[schemars(with = "Option<String>")]
    pub arrived: Option<Decimal>,
    #[schemars(with = "Option<String>")]
    pub paid: Option<Decimal>,
}

impl Sums {
    fn of(&mut self, step: MoneyStep) -> &mut Option<Decimal> {
        match step {
            MoneyStep::Planned => &mut self.planned,
            MoneyStep::Arranged => &mut self.arranged,
            MoneyStep::Arrived => &mut self.arrived,
            MoneyStep::Paid => &mut self.paid,
        }
    }

    pub const fn get(&self, step: MoneyStep) -> Option<Decimal> {
        match step {
            MoneyStep::Planned => self.planned,
            MoneyStep::Arranged => self.arranged,
            MoneyStep::Arrived => self.arrived,
            MoneyStep::Paid => self.paid,
        }
    }

    pub fn add(&mut self, step: MoneyStep, amount: Decimal) {
        let sum = self.of(step);
        *sum = Some(sum.unwrap_or_default() + amount);
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MoneyRow {
    pub year: i32,
    pub source: MoneySource,
    pub sums: Sums,
    /// Items that it is the sum of.
    pub items: Vec<Id>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct QuantityRow {
    pub kind: String,
    pub what: String,
    #[schemars(with = "String")]
    pub planned: Decimal,
    pub unit: String,
    /// In the unit of the plan.
    #[schemars(with = "Option<String>")]
    pub done: Option<Decimal>,
    pub items: Vec<Id>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MilestoneRow {
    pub name: String,
    pub due: String,
    pub done: Option<String>,
    pub overdue: bool,
    pub item: Id,
    pub proof: Vec<Attached>,
}

/// Something that a plan office should look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Warning {
    pub code: String,
    pub zh: String,
    pub en: String,
}

impl Warning {
    pub(crate) fn new(code: &str, zh: String, en: String) -> Self {
        Self { code: code.to_owned(), zh, en }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ProjectState {
    pub number: u32,
    pub name: String,
    pub group: String,
    pub content: String,
    #[schemars(with = "String")]
    pub estimate: Decimal,
    /// After approved changes; money is checked against it.
    #[schemars(with = "String")]
    pub estimate_now: Decimal,
    /// All contracts together, 万元; `None`: none entered.
    #[schemars(with = "Option<String>")]
    pub contracts: Option<Decimal>,
    pub years: [i32; 2],
    pub lead: Vec<String>,
    pub cooperating: Vec<String>,
    pub place: String,
    pub indicators: Vec<String>,
    pub tasks: Vec<String>,
    /// `None`: nobody has declared it.
    pub stage: Option<String>,
    pub stage_name: Option<Name>,
    /// Stage before it was suspended.
    pub stage_before: Option<String>,
    /// Given up (取消): its estimate is in no curve any more.
    pub given_up: bool,
    pub money: Vec<MoneyRow>,
    pub sums: Sums,
    pub quantities: Vec<QuantityRow>,
    pub milestones: Vec<MilestoneRow>,
    pub warnings: Vec<Warning>,
    /// Final: as things stand now against the whole plan; or of `performance_year`, where one was asked for.
    pub performance: Vec<Scored>,
    pub performance_score: Option<f64>,
    pub performance_year: Option<i32>,
    pub performance_by_year: Vec<YearPerformance>,
    /// Items that wait for a decision.
    pub waiting: usize,
    /// Where it is drawn.
    pub sites: Vec<Site>,
    /// Why it, or a part of it, is not drawn.
    pub unplaced: Vec<Name>,
}

impl ProjectState {
    /// Whether more of a quantity is to be done: not all of it is, and the project has not ended.
    pub(crate) fn still_owes(&self, kind: &str, rules: &Rules) -> bool {
        let ended = self.stage.as_deref().is_some_and(|code| rules.is_finished(code));
        !ended && self.quantities.iter().any(|row| row.kind == kind && row.done.is_none_or(|done| done < row.planned))
    }

    /// Given up (取消): it will not come to anything.
    pub(crate) fn is_given_up(&self, rules: &Rules) -> bool {
        self.stage.as_deref().and_then(|code| rules.stage(code)).is_some_and(|stage| stage.aside && stage.ends)
    }

    /// With the performance of a year in place of the final one.
    #[must_use]
    pub fn of_year(mut self, year: Option<i32>) -> Self {
        let Some(year) = year else { return self };
        self.performance_year = Some(year);
        match self.performance_by_year.iter().find(|one| one.year == year) {
            Some(found) => (self.performance, self.performance_score) = (found.criteria.clone(), found.score),
            // Before it began, or not yet come.
            None => {
                self.performance_score = None;
                for scored in &mut self.performance {
                    scored.got = None;
                    scored.from.clear();
                }
            }
        }
        self
    }
}

/// Money of a project (资金台账), from its approved items.
pub(crate) struct Ledger {
    pub rows: BTreeMap<(i32, MoneySource), MoneyRow>,
    pub sums: Sums,
    pub contracts: Option<Decimal>,
    pub estimate: Decimal,
}

impl Ledger {
    /// `approved` in the order of their decisions: the last change of the estimate counts.
    pub fn of(project: &Project, approved: &[&Item]) -> Self {
        let mut found =
            Self { rows: BTreeMap::new(), sums: Sums::default(), contracts: None, estimate: project.estimate };
        for item in approved {
            match &item.content {
                Content::Money { step, source, amount } => {
                    let row = found.rows.entry((item.year, *source)).or_insert_with(|| MoneyRow {
                        year: item.year,
                        source: *source,
                        sums: Sums::default(),
                        items: Vec::new(),
                    });
                    row.sums.add(*step, *amount);
                    row.items.push(item.id);
                    found.sums.add(*step, *amount);
                }
                Content::Contract { amount, .. } => {
                    found.contracts = Some(found.contracts.unwrap_or_default() + amount);
                }
                Content::Change { estimate: Some(estimate), .. } => found.estimate = *estimate,
                _ => {}
            }
        }
        found
    }
}

/// State of a project on a day (`2026-11-25`), from its items in the order in which they were decided.
pub fn state(project: &Project, items: &[&Item], rules: &Rules, townships: &[Township], today: &str) -> ProjectState {
    let by_id = ById::new(items.iter().copied());
    let mut approved: Vec<&Item> = items.iter().copied().filter(|item| item.approved()).collect();
    // A correction stands in the place of what it corrects.
    approved.sort_by_cached_key(|item| (by_id.turn(item), item.id));
    let (mut stage, mut stage_before): (Option<String>, Option<String>) = (None, None);
    // The newest word on a milestone counts.
    let mut milestones: BTreeMap<String, MilestoneRow> = BTreeMap::new();
    for item in &approved {
        match &item.content {
            Content::Stage { to } => {
                if rules.stage(to).is_some_and(|stage| stage.aside) {
                    stage_before = stage.take();
                }
                stage = Some(to.clone());
            }
            Content::Milestone { name, due, done } => {
                let row = MilestoneRow {
                    name: name.clone(),
                    due: due.clone(),
                    done: done.clone(),
                    overdue: done.is_none() && due.as_str() < today,
                    item: item.id,
                    proof: item.evidence.clone(),
                };
                milestones.insert(name.clone(), row);
            }
            _ => {}
        }
    }
    let mut milestones: Vec<MilestoneRow> = milestones.into_values().collect();
    milestones.sort_by(|one, other| one.due.cmp(&other.due));
    let quantities: Vec<QuantityRow> = project.quantities.iter().map(|planned| quantity(planned, &approved)).collect();
    let (sites, unplaced) = site::of(project, &approved, townships);
    let ledger = Ledger::of(project, &approved);
    let performance = performance::last(project, &approved, rules, today);
    let mut state = ProjectState {
        number: project.number,
        name: project.name.clone(),
        group: project.group.clone(),
        content: project.content.clone(),
        estimate: project.estimate,
        estimate_now: ledger.estimate,
        contracts: ledger.contracts,
        years: project.years,
        lead: project.lead.clone(),
        cooperating: project.cooperating.clone(),
        place: project.place.clone(),
        indicators: project.indicators.clone(),
        tasks: project.tasks.clone(),
        stage_name: stage.as_ref().and_then(|code| rules.stage(code)).map(|stage| stage.name.clone()),
        stage,
        stage_before,
        given_up: false,
        money: ledger.rows.into_values().collect(),
        sums: ledger.sums,
        quantities,
        milestones,
        warnings: Vec::new(),
        performance_score: share_of(&performance),
        performance,
        performance_year: None,
        performance_by_year: performance::by_year(project, &approved, rules, today),
        waiting: items.iter().filter(|item| item.state == crate::item::State::Entered).count(),
        sites,
        unplaced,
    };
    state.given_up = state.is_given_up(rules);
    state.warnings = warnings(&state, rules, today);
    state
}

pub(crate) fn quantity(planned: &crate::model::Quantity, approved: &[&Item]) -> QuantityRow {
    let (dimension, whole) = normalise(planned.value, &planned.unit);
    let (mut done, mut items) = (None, Vec::new());
    for item in approved {
        if let Content::Quantity { quantity, amount, unit } = &item.content
            && *quantity == planned.kind
        {
            let (other, amount) = normalise(*amount, unit);
            if other == dimension && !whole.is_zero() {
                done = Some(done.unwrap_or(Decimal::ZERO) + amount * planned.value / whole);
                items.push(item.id);
            }
        }
    }
    QuantityRow {
        kind: planned.kind.clone(),
        what: planned.what.clone(),
        planned: planned.value,
        unit: planned.unit.clone(),
        done: done.map(|done| done.round_dp(4).normalize()),
        items,
    }
}

/// Money checks and risks.
fn warnings(state: &ProjectState, rules: &Rules, today: &str) -> Vec<Warning> {
    let mut found = money::checks(&state.money, &state.sums, state.contracts, state.estimate_now);
    for row in state.milestones.iter().filter(|row| row.overdue) {
        found.push(Warning::new(
            "PR201",
            format!("里程碑“{}”{} 到期，没有证明", row.name, row.due),
            format!("milestone {} was due {} and has no proof", row.name, row.due),
        ));
    }
    let year: i32 = today.get(..4).and_then(|year| year.parse().ok()).unwrap_or_default();
    let finished = state.stage.as_deref().is_some_and(|code| rules.is_finished(code));
    if state.years[1] < year && !finished {
        let now = state.stage_name.clone().unwrap_or_else(|| Name::new("未填报", "not entered"));
        found.push(Warning::new(
            "PR202",
            format!("周期到 {} 年已过，阶段：{}", state.years[1], now.zh),
            format!("its period ended in {}; stage: {}", state.years[1], now.en),
        ));
    } else if state.stage.is_none() && state.years[0] <= year {
        found.push(Warning::new("PR203", "应已开工，阶段未填报".into(), "should have begun; no stage entered".into()));
    }
    let paid = state.sums.paid.filter(|paid| !paid.is_zero());
    if let Some(paid) = paid.filter(|_| state.given_up) {
        found.push(Warning::new(
            "PM107",
            format!("项目已取消，已支付 {paid} 万元"),
            format!("the project is cancelled and {paid} was paid (10,000 yuan)"),
        ));
    }
    for row in &state.quantities {
        if let Some(done) = row.done.filter(|done| *done > row.planned) {
            found.push(Warning::new(
                "PR205",
                format!("“{}”完成 {done} {}，大于计划 {}", row.what, row.unit, row.planned),
                format!("{}: {done} {} done, more than the {} planned", row.kind, row.unit, row.planned),
            ));
        }
    }
    if state.stage.as_deref().and_then(|code| rules.stage(code)).is_some_and(|stage| stage.aside && !stage.ends) {
        found.push(Warning::new("PR204", "项目暂停".into(), "the project is suspended".into()));
    }
    found
}

/// Warns where a project was given up and no other one serves an indicator that it was for.
pub fn warn_of_the_uncarried(projects: &mut [ProjectState]) {
    let carried: BTreeSet<String> =
        projects.iter().filter(|project| !project.given_up).flat_map(|project| project.indicators.clone()).collect();
    for project in projects.iter_mut().filter(|project| project.given_up) {
        for lost in project.indicators.iter().filter(|one| !carried.contains(*one)) {
            project.warnings.push(Warning::new(
                "PR206",
                format!("项目已取消，指标 {lost} 没有别的项目承担"),
                format!("the project was given up, and no other one serves the indicator {lost}"),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::Timestamp;

    use super::*;
    use crate::item::State;

    fn project() -> Project {
        toml::from_str(
            "number = 4\nname = \"湿地\"\ngroup = \"一\"\ncontent = \"c\"\nestimate = 100\nyears = [2021, 2025]\nlead = [\"县林业局\"]\n\
             quantity = [{kind=\"wetland_restoration\", what=\"湿地\", value=4000, unit=\"亩\"}]\nplace = \"附表\"\n",
        )
        .unwrap()
    }

    fn item(id: i64, content: Content) -> Item {
        Item {
            id: Id(id),
            subject: "project:4".into(),
            year: 2024,
            content,
            note: String::new(),
            evidence: Vec::new(),
            replaces: None,
            state: State::Approved,
            entered_by: Id(1),
            entered_name: "a".into(),
            body: None,
            entered_at: Timestamp(id),
            decided_by: Some(Id(2)),
            decided_name: Some("b".into()),
            decided_at: Some(Timestamp(id)),
            decision_note: String::new(),
        }
    }

    fn money(id: i64, step: MoneyStep, amount: i64) -> Item {
        item(id, Content::Money { step, source: MoneySource::County, amount: Decimal::from(amount) })
    }

    fn check(items: &[Item], codes: &[&str]) -> ProjectState {
        let rules = Rules::built_in().unwrap();
        let state = state(&project(), &items.iter().collect::<Vec<_>>(), &rules, &[], "2024-07-01");
        let found: Vec<&str> = state.warnings.iter().map(|warning| warning.code.as_str()).collect();
        assert_eq!(found, codes, "{:?}", state.warnings);
        state
    }

    #[test]
    fn money_that_cannot_be_is_seen_and_money_not_entered_is_absent() {
        let state = check(&[], &["PR203"]);
        assert_eq!((state.sums.paid, state.quantities[0].done), (None, None));
        assert!(state.performance.iter().all(|scored| scored.got.is_none()));
        let stage = item(1, Content::Stage { to: "building".into() });
        check(&[stage.clone(), money(2, MoneyStep::Arranged, 50), money(3, MoneyStep::Paid, 50)], &[]);
        check(&[stage.clone(), money(2, MoneyStep::Arranged, 50), money(3, MoneyStep::Paid, 51)], &["PM101"]);
        check(&[stage, money(2, MoneyStep::Arranged, 101)], &["PM104"]);
    }

    #[test]
    fn what_is_not_approved_does_not_count() {
        let mut waiting = money(2, MoneyStep::Paid, 50);
        waiting.state = State::Entered;
        let state = check(&[waiting], &["PR203"]);
        assert_eq!((state.sums.paid, state.waiting), (None, 1));
    }

    #[test]
    fn quantities_in_other_units_count() {
        let area =
            Content::Quantity {
                quantity: "wetland_restoration".into(), amount: Decimal::ONE, unit: "平方公里".into()
            };
        let state = check(&[item(1, area), item(2, Content::Stage { to: "building".into() })], &[]);
        assert_eq!(state.quantities[0].done, Some(Decimal::from(1500)));
        assert_eq!(state.performance[0].got, Some(18.75));
    }

    #[test]
    fn more_done_than_planned_is_said() {
        let done = |id, amount: i64| {
            let amount = Decimal::from(amount);
            item(id, Content::Quantity { quantity: "wetland_restoration".into(), amount, unit: "亩".into() })
        };
        let stage = item(9, Content::Stage { to: "building".into() });
        check(&[done(1, 3000), done(2, 1000), stage.clone()], &[]);
        check(&[done(1, 3000), done(2, 1001), stage], &["PR205"]);
    }

    #[test]
    fn the_even_curve_ends_at_the_estimate() {
        let state = check(&[], &["PR203"]);
        let curve = crate::curve::curve(&[state]);
        assert_eq!(curve.len(), 5);
        assert_eq!((curve[0].even, curve[4].even), (Decimal::from(20), Decimal::from(100)));
        assert_eq!(curve[4].paid, None);
    }
}
