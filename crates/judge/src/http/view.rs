//! API types that several routes share.

use kernel::{FactorLimit, LimitPeriod, Name, Point, Timestamp};
use rust_decimal::Decimal;
use serde::Serialize;
use standards::measure::{Quantity, Unit};
use store::contract::PeriodLevel;

use crate::model::{Finding, Item, Key, Method, Stat, Tier, Verdict};
use crate::plan::{self, Rules, method_of};
use crate::rule::{air, electromagnetic, groundwater};
use crate::{names, period, summary};

/// A decimal as shown: at most `places` decimals, half to even, no trailing zeros.
pub fn shown(value: Decimal, places: u32) -> String {
    standards::decimal::round_half_even(value, places).normalize().to_string()
}

/// A number of an item as shown: air in whole µg/m³ (CO one decimal), others with four decimals at most.
pub fn item_value(point: &Point, item: &Item) -> String {
    let Some(value) = item.value else { return String::new() };
    let places = match (method_of(point.kind), air::pollutant(item.factor)) {
        (Method::Air, Some(standards::air::Pollutant::Co)) => 1,
        (Method::Air, Some(_)) => 0,
        (Method::Noise, _) => 1,
        _ => 4,
    };
    shown(value, places)
}

/// The unit that the items of a point's findings are in. An amount has one of its own: HJ 212 sends that of a flow in
/// m³ and that of a pollutant in kg.
pub fn unit_of(rules: &Rules, point: &Point, item: &Item, at: Timestamp) -> String {
    if item.stat == Stat::Total {
        return rules.factors.get(item.factor.as_str()).map_or("", |known| unit_of_amount(&known.unit)).to_owned();
    }
    match method_of(point.kind) {
        Method::Air => match air::pollutant(item.factor) {
            Some(pollutant) => pollutant.unit().to_owned(),
            None if item.factor == *"good_ratio" => "%".to_owned(),
            None => String::new(),
        },
        Method::Water { source } => match rules.surface_at(at.day()) {
            Ok(surface) => crate::rule::water::Water {
                surface: &surface,
                body: plan::water_body(point.kind),
                target: None,
                source,
            }
            .unit_of(item.factor),
            Err(_) => String::new(),
        },
        Method::Groundwater => {
            rules.groundwater_at(at.day()).map(|own| groundwater::unit_of(&own, item.factor)).unwrap_or_default()
        }
        Method::Electromagnetic => electromagnetic::unit_of(item.factor).to_owned(),
        Method::Noise => "dB(A)".to_owned(),
        Method::Limits => {
            let known = rules.factors.get(item.factor.as_str()).map(|known| known.unit.clone());
            let limit =
                || point.limits.iter().find(|limit| item.factor == *limit.factor).map(|limit| limit.unit.clone());
            known.or_else(limit).unwrap_or_default()
        }
    }
}

/// The unit of amounts of what is measured in a unit; empty where an amount of it makes no sense.
pub fn unit_of_amount(unit: &str) -> &'static str {
    match unit.parse::<Unit>().map(|unit| unit.quantity) {
        Ok(Quantity::Flow) => "m³",
        Ok(Quantity::MassPerVolume | Quantity::MassFlow) => "kg",
        _ => "",
    }
}

#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct ItemView {
    pub factor: String,
    pub name: Name,
    pub statistic: String,
    /// Decimal text; empty when missing.
    pub value: String,
    pub unit: String,
    pub limit: Option<String>,
    /// The limit is a lower bound.
    pub lower: bool,
    /// Both ends where the point's limit is a range (pH 6–9), in the unit of the value.
    pub range: Option<LimitRange>,
    /// Sub-index or class number 1..=6.
    pub index: Option<u16>,
    /// 超标倍数
    pub times: Option<String>,
    /// By how much it is over, in words: `超标 0.4 倍`, `超标 3.2 dB(A)`, `超出范围`.
    pub over: Option<Name>,
    pub valid: bool,
    pub exceeding: bool,
    pub primary: bool,
    /// Valid values behind it.
    pub count: u16,
}

#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct LimitRange {
    pub lower: String,
    pub upper: String,
}

/// Both ends of the limit of an item, where its point has one with two ends for this period.
fn range_of(point: &Point, item: &Item, unit: &str, key: Key) -> Option<LimitRange> {
    let period = match key.level {
        PeriodLevel::Hour => LimitPeriod::Hour,
        PeriodLevel::Day => LimitPeriod::Day,
        PeriodLevel::Month => LimitPeriod::Month,
        PeriodLevel::Year => LimitPeriod::Year,
    };
    let stat = |limit: &FactorLimit| match (limit.period, limit.converted) {
        (LimitPeriod::Instant, _) => Stat::Maximum,
        (_, true) => Stat::Converted,
        _ => Stat::Mean,
    };
    // `item.limit`: it has been compared.
    item.limit?;
    let limit = point.limits.iter().find(|limit| {
        item.factor == *limit.factor
            && (limit.period == period || (limit.period == LimitPeriod::Instant && key.level == PeriodLevel::Hour))
            && stat(limit) == item.stat
            && limit.in_force(key.start())
            && !limit.unconfirmed
    })?;
    let end = |bound: Decimal| {
        let same = limit.unit.trim() == unit.trim() || limit.unit.trim().is_empty() || unit.is_empty();
        let bound = if same { bound } else { limit.unit.parse::<Unit>().ok()?.convert(bound, unit.parse().ok()?)? };
        Some(bound.normalize().to_string())
    };
    Some(LimitRange { lower: end(limit.lower?)?, upper: end(limit.upper?)? })
}

pub fn items_of(rules: &Rules, point: &Point, finding: &Finding, key: Key) -> Vec<ItemView> {
    let at = key.start();
    finding
        .items
        .iter()
        .map(|item| (item, unit_of(rules, point, item, at)))
        .map(|(item, unit)| ItemView {
            factor: item.factor.to_string(),
            name: names::factor_name_at(point.kind, item.factor.as_str()),
            statistic: item.stat.key().to_owned(),
            value: item_value(point, item),
            range: range_of(point, item, &unit, key),
            unit,
            limit: item.limit.map(|limit| limit.to_string()),
            lower: item.flags.has(crate::model::Flags::LOWER),
            index: item.index,
            times: item.times.map(|times| times.to_string()),
            over: names::over(item),
            valid: item.valid(),
            exceeding: item.exceeding(),
            primary: item.primary(),
            count: item.count,
        })
        .collect()
}

#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct PointName {
    pub id: String,
    pub name: Name,
}

/// A verdict in a list.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct VerdictBrief {
    pub id: String,
    pub point: PointName,
    pub level: String,
    pub label: String,
    pub start: Timestamp,
    pub end: Timestamp,
    /// Id of the edition in the library, or the basis of the limits.
    pub standard: String,
    pub summary: Name,
    pub index: Option<u16>,
    pub valid: bool,
    pub exceeding: bool,
    pub running: bool,
    pub simulated: bool,
    pub tier: Tier,
    pub revision: u32,
    pub judged_at: Timestamp,
}

pub fn brief(point: &Point, verdict: &Verdict) -> VerdictBrief {
    let key = verdict.key;
    VerdictBrief {
        id: key.to_string(),
        point: PointName { id: point.id.to_string(), name: point.name.clone() },
        level: period::level_name(key.level).to_owned(),
        label: period::label(key.level, key.period),
        start: key.start(),
        end: key.end(),
        standard: verdict.finding.standard.clone(),
        summary: summary::of(point, &verdict.finding),
        index: verdict.finding.index,
        valid: verdict.finding.valid,
        exceeding: verdict.finding.exceeding,
        running: verdict.finding.running,
        simulated: point.simulated,
        tier: verdict.finding.tier,
        revision: verdict.revision,
        judged_at: verdict.judged_at,
    }
}

/// The standard that a verdict rests on.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct StandardView {
    pub code: String,
    pub title: Name,
    pub edition: String,
    /// Tables or clauses that were applied, as the steps name them.
    pub clause: String,
    pub in_force_from: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct StepView {
    pub text: Name,
    pub clause: String,
}

#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct InputView {
    pub factor: String,
    pub name: Name,
    pub statistic: String,
    /// HJ 212 CN: 2011, 2051, 2061, 2031; 0 for a value that is a verdict itself.
    pub kind: u16,
    pub data_time: Timestamp,
    pub value: String,
    pub unit: String,
    pub mark: String,
    pub mark_name: Name,
    pub used: bool,
    pub why: Option<Name>,
    /// Sequence number of the raw frame.
    pub frame: Option<String>,
    /// The verdict that the value comes from, where it is one.
    pub verdict: Option<String>,
    pub revision: u32,
}

#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct RevisionView {
    pub revision: u32,
    pub judged_at: Timestamp,
    pub summary: Name,
    pub cause: Name,
}

#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct OutcomeView {
    pub index: Option<u16>,
    pub index_of_available: Option<u16>,
    /// Level, class or state in words.
    pub level: Option<Name>,
    pub colour: Option<String>,
    pub valid: bool,
    pub items: Vec<ItemView>,
}

/// The why-page of a verdict.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct VerdictView {
    #[serde(flatten)]
    pub brief: VerdictBriefBase,
    pub standard: StandardView,
    pub outcome: OutcomeView,
    pub steps: Vec<StepView>,
    pub inputs: Vec<InputView>,
    pub notes: Vec<Name>,
    pub revisions: Vec<RevisionView>,
}

/// What the page and the list have in common.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct VerdictBriefBase {
    pub id: String,
    pub point: PointName,
    pub level: String,
    pub label: String,
    pub start: Timestamp,
    pub end: Timestamp,
    pub summary: Name,
    pub exceeding: bool,
    pub running: bool,
    pub simulated: bool,
    pub tier: Tier,
    pub revision: u32,
    pub judged_at: Timestamp,
}

/// Level or class of a finding in words, with its colour.
pub fn level_of(rules: &Rules, point: &Point, verdict: &Verdict) -> (Option<Name>, Option<String>) {
    let finding = &verdict.finding;
    let Some(index) = finding.index else { return (None, None) };
    let day = verdict.key.start().day();
    match method_of(point.kind) {
        Method::Air if matches!(verdict.key.level, PeriodLevel::Hour | PeriodLevel::Day) => {
            let Ok(set) = rules.air_at(day) else { return (None, None) };
            match set.rules.level(index) {
                Some(level) => (Some(crate::model::name_of(&level.category)), Some(level.rgb.clone())),
                None => (None, None),
            }
        }
        Method::Water { .. } | Method::Groundwater => {
            let Some(class) = crate::rule::water::class_of_number(index) else { return (None, None) };
            let Ok(surface) = rules.surface_at(day) else { return (None, None) };
            if method_of(point.kind) == Method::Groundwater {
                // GB/T 14848 has classes and no grades; the colours are those of surface water.
                let colour = surface.grade_of(class).map(|grade| grade.rgb.clone());
                return (Some(crate::model::name_of(&class.name())), colour);
            }
            match surface.grade_of(class) {
                Some(grade) => (Some(crate::model::name_of(&grade.name)), Some(grade.rgb.clone())),
                None => (None, None),
            }
        }
        _ => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;
    use kernel::PointKind;

    #[test]
    fn an_amount_is_in_cubic_metres_or_kilograms() {
        let rules = Rules::new(standards::Library::embedded().unwrap(), "500242".into()).unwrap();
        let check = |kind: PointKind, factor: &str, stat: Stat, expect: &str| {
            let item = Item::new(Code::new(factor).unwrap(), stat, Some(7.into()), true, 1);
            let point = Point::simulated(1, kind);
            assert_eq!(unit_of(&rules, &point, &item, Timestamp(1_780_000_000_000)), expect, "{kind:?} {factor}");
        };
        check(PointKind::WastewaterOutlet, "w00000", Stat::Mean, "L/s");
        check(PointKind::WastewaterOutlet, "w00000", Stat::Total, "m³");
        check(PointKind::WastewaterOutlet, "w01018", Stat::Total, "kg");
        check(PointKind::WasteGasOutlet, "a00000", Stat::Total, "m³");
        check(PointKind::WasteGasOutlet, "a34013", Stat::Total, "kg");
        check(PointKind::DrinkingWaterSource, "w00000", Stat::Total, "m³");
        check(PointKind::WastewaterOutlet, "days_over", Stat::Total, "");
    }

    #[test]
    fn a_limit_with_two_ends_is_a_range_in_the_unit_of_the_value() {
        let limit = |factor: &str, unit: &str, lower: Option<i64>, upper: i64, converted: bool| FactorLimit {
            factor: factor.into(),
            period: LimitPeriod::Hour,
            upper: Some(upper.into()),
            lower: lower.map(Decimal::from),
            unit: unit.into(),
            converted,
            basis: "GB".into(),
            valid_from: None,
            valid_until: None,
            when: None,
            unconfirmed: false,
        };
        let limits = vec![
            limit("w01001", "无量纲", Some(6), 9, false),
            limit("w21003", "mg/L", None, 5, false),
            limit("w01010", "℃", Some(5), 30, true),
            limit("w01018", "mg/L", Some(1), 2, false),
        ];
        let point = Point { limits, ..Point::simulated(1, PointKind::WastewaterOutlet) };
        let key = Key::new(1, PeriodLevel::Hour, 500_000);
        let check = |factor: &str, stat: Stat, unit: &str, expect: Option<(&str, &str)>| {
            let mut item = Item::new(Code::new(factor).unwrap(), stat, Some(7.into()), true, 1);
            assert_eq!(range_of(&point, &item, unit, key), None, "{factor}: not compared");
            item.limit = Some(Decimal::ONE);
            let expect = expect.map(|(lower, upper)| LimitRange { lower: lower.into(), upper: upper.into() });
            assert_eq!(range_of(&point, &item, unit, key), expect, "{factor}");
        };
        check("w01001", Stat::Mean, "", Some(("6", "9")));
        check("w01001", Stat::Total, "", None);
        check("w21003", Stat::Mean, "mg/L", None);
        check("w01010", Stat::Converted, "℃", Some(("5", "30")));
        check("w01018", Stat::Mean, "μg/L", Some(("1000", "2000")));
    }
}
