//! Single-factor evaluation of one section (断面水质评价): class, grade, main pollutants, compliance.

use super::standard::{Kind, Surface, SurfaceItem};
use super::{Body, Class, Grade};
use crate::decimal::round_half_even;
use crate::library::Unconfirmed;
use crate::measure::{Amount, MeasureError, Reading, multiple_of};
use crate::{Step, Text, clause};
use rust_decimal::Decimal;
use serde::Serialize;
use std::cmp::{Ordering, Reverse};

/// Key of a measured saturation of dissolved oxygen in percent (溶解氧饱和率), which has no HJ 212 code.
pub(super) const DO_SATURATION: &str = "DO_SAT";

/// One item of table 1, judged.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ItemResult {
    /// Item key of the table: `NH3N`.
    pub key: String,
    /// As the reading named it: `w21003`.
    pub factor: String,
    pub name: Text,
    /// In `unit`; half the detection limit when below it.
    pub value: Decimal,
    pub below_detection: bool,
    pub unit: String,
    /// `None` for an item that has no class in this body.
    pub class: Option<Class>,
}

/// An item over a limit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exceedance {
    pub key: String,
    pub factor: String,
    pub name: Text,
    pub value: Decimal,
    pub unit: String,
    pub class: Class,
    /// The class whose limit is exceeded.
    pub against: Class,
    pub limit: Option<Decimal>,
    /// 超标倍数 (C−S)/S to two decimals; pH and dissolved oxygen have none.
    pub multiple: Option<Decimal>,
    /// As printed in bulletins: `总磷(0.4)`.
    pub text: Text,
}

/// A reading that took no part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ignored {
    pub factor: String,
    pub reason: Text,
}

/// The evaluation of one section.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WaterResult {
    pub standard: String,
    pub method: String,
    pub body: Body,
    /// `None` when no item of the method was measured.
    pub class: Option<Class>,
    pub grade: Option<Grade>,
    /// The items of the method that were measured, in table order.
    pub items: Vec<ItemResult>,
    /// Reported apart: water temperature, total nitrogen, faecal coliforms.
    pub apart: Vec<ItemResult>,
    /// Items that decide the class (定类项目), in table order.
    pub deciding: Vec<String>,
    /// At most three; empty unless the class is worse than III.
    pub main_pollutants: Vec<Exceedance>,
    pub target: Option<Class>,
    pub compliant: Option<bool>,
    /// Items worse than the target class, with multiples of its limits.
    pub over_target: Vec<Exceedance>,
    /// Items of the method without a value.
    pub missing: Vec<String>,
    pub ignored: Vec<Ignored>,
    /// Figures of the documents that are not confirmed; none of them was used.
    pub unconfirmed: Vec<Unconfirmed>,
    pub notes: Vec<Text>,
    pub steps: Vec<Step>,
}

/// Evaluates one section from its readings, in any order, against an optional target class (水质目标).
///
/// # Errors
/// A negative value, a factor given twice, a unit of another quantity, pH outside 0–14.
pub fn evaluate(
    surface: &Surface,
    body: Body,
    readings: &[Reading],
    target: Option<Class>,
) -> Result<WaterResult, MeasureError> {
    let mut steps = Vec::new();
    let sorted = sort_readings(surface, body, readings)?;
    let saturation = measured_saturation(readings)?;
    let (mut judged, mut apart, mut ignored) = (Vec::new(), Vec::new(), sorted.ignored);
    for (item, reading) in sorted.matched {
        match judge_item(surface, body, item, reading, saturation, &mut steps)? {
            Ok(result) if item.apart => apart.push((item, result)),
            Ok(result) => judged.push((item, result)),
            Err(reason) => ignored.push(Ignored { factor: reading.factor.clone(), reason }),
        }
    }
    if !apart.is_empty() {
        steps.push(Step::new(
            clause!("环办〔2011〕22号 评价指标"),
            "水温、总氮、粪大肠菌群单独报告，不参与类别",
            "Water temperature, total nitrogen and faecal coliforms are reported apart and do not enter the class",
        ));
    }
    let class = judged.iter().filter_map(|(_, result)| result.class).max();
    let deciding = section_class(class, &judged, &mut steps);
    let grade = class.and_then(|class| section_grade(surface, class, &mut steps));
    let main_pollutants = match class {
        Some(class) if class > surface.multiple_class => main_pollutants(surface, &judged, &mut steps),
        _ => Vec::new(),
    };
    let over_target = target.map_or_else(Vec::new, |target| over(&judged, target));
    let compliant = compliance(class, target, &over_target, &mut steps);
    let missing = missing_items(surface, body, &judged);
    let notes = notes(class, judged.len(), missing.len());
    let strip = |list: Vec<(&SurfaceItem, ItemResult)>| list.into_iter().map(|(_, result)| result).collect();
    Ok(WaterResult {
        standard: surface.standard.clone(),
        method: surface.method.clone(),
        body,
        class,
        grade,
        items: strip(judged),
        apart: strip(apart),
        deciding,
        main_pollutants,
        target,
        compliant,
        over_target,
        missing,
        ignored,
        unconfirmed: surface.unconfirmed.clone(),
        notes,
        steps,
    })
}

struct Sorted<'a> {
    /// In table order.
    matched: Vec<(&'a SurfaceItem, &'a Reading)>,
    ignored: Vec<Ignored>,
}

fn sort_readings<'a>(surface: &'a Surface, body: Body, readings: &'a [Reading]) -> Result<Sorted<'a>, MeasureError> {
    let mut matched: Vec<(usize, &SurfaceItem, &Reading)> = Vec::new();
    let mut ignored = Vec::new();
    for reading in readings.iter().filter(|reading| reading.factor != DO_SATURATION) {
        let place = surface.items.iter().position(|item| {
            item.matches(&reading.factor) && (item.apart || item.body.is_none_or(|only| only == body))
        });
        let Some((place, item)) = place.and_then(|place| surface.items.get(place).map(|item| (place, item))) else {
            ignored.push(Ignored { factor: reading.factor.clone(), reason: why_ignored(surface, &reading.factor) });
            continue;
        };
        if matched.iter().any(|(other, _, _)| *other == place) {
            return Err(MeasureError::Duplicate { factor: reading.factor.clone() });
        }
        matched.push((place, item, reading));
    }
    matched.sort_by_key(|(place, _, _)| *place);
    ignored.sort_by(|left, right| left.factor.cmp(&right.factor));
    Ok(Sorted { matched: matched.into_iter().map(|(_, item, reading)| (item, reading)).collect(), ignored })
}

fn why_ignored(surface: &Surface, factor: &str) -> Text {
    let source_only = surface
        .supplementary
        .iter()
        .chain(&surface.specific)
        .any(|item| item.key == factor || item.factors.iter().any(|code| code == factor));
    if source_only {
        Text::new(
            "仅在集中式饮用水水源地有限值（表 2、表 3）",
            "has a limit at drinking-water sources only (tables 2 and 3)",
        )
    } else {
        Text::new("GB 3838 表 1 没有此项", "is not an item of GB 3838 table 1")
    }
}

fn measured_saturation(readings: &[Reading]) -> Result<Option<Decimal>, MeasureError> {
    let Some(reading) = readings.iter().find(|reading| reading.factor == DO_SATURATION) else { return Ok(None) };
    match reading.amount {
        Amount::Value(value) if value.is_sign_negative() => {
            Err(MeasureError::Negative { factor: reading.factor.clone(), value })
        }
        Amount::Value(value) => Ok(Some(value)),
        _ => {
            Err(MeasureError::Kind { factor: reading.factor.clone(), expected: Text::new("百分数", "a percentage") })
        }
    }
}

/// The inner error is a reason to leave the item out, not a fault of the input.
fn judge_item(
    surface: &Surface,
    body: Body,
    item: &SurfaceItem,
    reading: &Reading,
    saturation: Option<Decimal>,
    steps: &mut Vec<Step>,
) -> Result<Result<ItemResult, Text>, MeasureError> {
    let amount = surface.factors.amount_in(reading, &item.unit, steps)?;
    let (value, below_detection) = match amount {
        Amount::Value(value) => (value, false),
        Amount::BelowDetection(limit) => (half(limit, item, steps), true),
        Amount::NotDetected => {
            return Ok(Err(Text::new(
                "未检出但未给检出限，无法与限值比较",
                "not detected, but without the detection limit it cannot be compared",
            )));
        }
        Amount::Present(_) => {
            let expected = Text::new("数值", "a number");
            return Err(MeasureError::Kind { factor: reading.factor.clone(), expected });
        }
    };
    if matches!(item.kind, Kind::Range(..)) && value > Decimal::from(14) {
        return Err(MeasureError::Range { factor: reading.factor.clone(), value, expected: "0–14".to_owned() });
    }
    // Limits of another body (总氮 of a river): shown without a class.
    let class = match item.body {
        Some(only) if only != body => None,
        _ => item_class(surface, item, value, saturation, steps),
    };
    Ok(Ok(ItemResult {
        key: item.key.clone(),
        factor: reading.factor.clone(),
        name: item.name.clone(),
        value,
        below_detection,
        unit: item.unit.clone(),
        class,
    }))
}

fn half(limit: Decimal, item: &SurfaceItem, steps: &mut Vec<Step>) -> Decimal {
    let value = limit / Decimal::TWO;
    steps.push(Step::new(
        clause!("通行做法 低于检出限取一半"),
        format!("{} 低于检出限 {limit}，评价办法无规定，按一半 {value} 评价", item.name.zh),
        format!(
            "{} is below its detection limit {limit}; the method has no rule, half of it ({value}) is judged",
            item.name.en
        ),
    ));
    value
}

fn item_class(
    surface: &Surface,
    item: &SurfaceItem,
    value: Decimal,
    saturation: Option<Decimal>,
    steps: &mut Vec<Step>,
) -> Option<Class> {
    let first = |limits: &[Decimal; 5], inside: fn(Decimal, Decimal) -> bool| {
        let found = Class::LIMITED.into_iter().zip(limits).find(|(_, limit)| inside(value, **limit));
        found.map_or(Class::InferiorV, |(class, _)| class)
    };
    let class = match &item.kind {
        Kind::Upper(limits) => first(limits, |value, limit| value <= limit),
        Kind::Lower(limits) => match saturation {
            Some(share) if share >= surface.do_saturation && value < limits[0] => {
                steps.push(Step::new(
                    clause!("GB 3838-2002 表 1 溶解氧饱和率"),
                    format!("溶解氧饱和率 {share}% 不低于 {}%，为 I 类", surface.do_saturation),
                    format!("Oxygen saturation {share} % is at least {} %: class I", surface.do_saturation),
                ));
                Class::I
            }
            _ => first(limits, |value, limit| value >= limit),
        },
        Kind::Range(low, high) if *low <= value && value <= *high => Class::I,
        Kind::Range(..) => Class::InferiorV,
        Kind::Change => return None,
    };
    let (zh, en) = (class.name().zh, class.name().en);
    steps.push(Step::new(
        clause!("GB 3838-2002 表 1"),
        format!("{} {} {}：{zh}", item.name.zh, value.normalize(), item.unit),
        format!("{} {} {}: {en}", item.name.en, value.normalize(), item.unit),
    ));
    Some(class)
}

fn section_class(class: Option<Class>, judged: &[(&SurfaceItem, ItemResult)], steps: &mut Vec<Step>) -> Vec<String> {
    let Some(class) = class else { return Vec::new() };
    let deciding: Vec<&(&SurfaceItem, ItemResult)> =
        judged.iter().filter(|(_, result)| result.class == Some(class)).collect();
    let names =
        |pick: fn(&Text) -> &str| deciding.iter().map(|(item, _)| pick(&item.name)).collect::<Vec<_>>().join("、");
    steps.push(Step::new(
        clause!("环办〔2011〕22号 断面水质评价"),
        format!("单因子评价，取最差类别：{}（{}）", class.name().zh, names(|name| &name.zh)),
        format!("Single-factor evaluation, the worst class: {} ({})", class.name().en, names(|name| &name.en)),
    ));
    deciding.into_iter().map(|(item, _)| item.key.clone()).collect()
}

fn section_grade(surface: &Surface, class: Class, steps: &mut Vec<Step>) -> Option<Grade> {
    let row = surface.grade_of(class)?;
    steps.push(Step::new(
        clause!("环办〔2011〕22号 断面水质定性评价"),
        format!("{}对应“{}”", class.name().zh, row.name.zh),
        format!("{} is called \"{}\"", class.name().en, row.name.en),
    ));
    Some(row.grade)
}

/// Everything worse than `against`, in table order.
fn over(judged: &[(&SurfaceItem, ItemResult)], against: Class) -> Vec<Exceedance> {
    judged.iter().filter_map(|(item, result)| exceedance(item, result, against)).collect()
}

fn exceedance(item: &SurfaceItem, result: &ItemResult, against: Class) -> Option<Exceedance> {
    let class = result.class.filter(|class| *class > against)?;
    let limit = item.bound(against);
    let exact = exact_multiple(item, result, against);
    let multiple = exact.map(|multiple| {
        let _ = clause!("GB 3838-2002 5.1 超标倍数");
        round_half_even(multiple, 2)
    });
    Some(Exceedance {
        key: item.key.clone(),
        factor: result.factor.clone(),
        name: item.name.clone(),
        value: result.value,
        unit: item.unit.clone(),
        class,
        against,
        limit,
        multiple,
        text: with_multiple(&item.name, exact),
    })
}

fn exact_multiple(item: &SurfaceItem, result: &ItemResult, against: Class) -> Option<Decimal> {
    match item.kind {
        Kind::Upper(_) => multiple_of(result.value, item.bound(against)?),
        // pH, dissolved oxygen and water temperature have no multiple.
        Kind::Lower(_) | Kind::Range(..) | Kind::Change => None,
    }
}

/// `总磷(0.4)`: one decimal as in bulletins, two where one would print zero; rounded once, from the exact multiple.
fn with_multiple(name: &Text, multiple: Option<Decimal>) -> Text {
    let Some(multiple) = multiple else { return name.clone() };
    let one = round_half_even(multiple, 1);
    let shown = if one.is_zero() { round_half_even(multiple, 2) } else { one };
    Text::new(format!("{}({shown})", name.zh), format!("{} ({shown})", name.en))
}

fn main_pollutants(surface: &Surface, judged: &[(&SurfaceItem, ItemResult)], steps: &mut Vec<Step>) -> Vec<Exceedance> {
    let against = surface.multiple_class;
    let mut candidates: Vec<(bool, Class, Option<Decimal>, Exceedance)> = judged
        .iter()
        .filter_map(|(item, result)| {
            let found = exceedance(item, result, against)?;
            Some((item.first, found.class, exact_multiple(item, result, against), found))
        })
        .collect();
    // Stable: equal ranks keep the order of the table.
    candidates.sort_by(rank);
    if candidates.iter().any(|candidate| candidate.0) {
        let _ = clause!("环办〔2011〕22号 氰化物与重金属优先");
    }
    let chosen: Vec<Exceedance> =
        candidates.into_iter().take(surface.main_pollutants).map(|(_, _, _, found)| found).collect();
    let list = |pick: fn(&Text) -> &str| chosen.iter().map(|found| pick(&found.text)).collect::<Vec<_>>().join("、");
    steps.push(Step::new(
        clause!("环办〔2011〕22号 主要污染指标的确定"),
        format!(
            "劣于{}的指标按氰化物与重金属优先、类别、超标倍数排列，取前 {}：{}",
            against.name().zh,
            surface.main_pollutants,
            list(|text| &text.zh)
        ),
        format!(
            "Items worse than {}, cyanide and heavy metals first, then by class and multiple, the first {}: {}",
            against.name().en,
            surface.main_pollutants,
            list(|text| &text.en)
        ),
    ));
    chosen
}

type Candidate = (bool, Class, Option<Decimal>, Exceedance);

fn rank(left: &Candidate, right: &Candidate) -> Ordering {
    (Reverse(left.0), Reverse(left.1), Reverse(left.2)).cmp(&(Reverse(right.0), Reverse(right.1), Reverse(right.2)))
}

fn compliance(
    class: Option<Class>,
    target: Option<Class>,
    over_target: &[Exceedance],
    steps: &mut Vec<Step>,
) -> Option<bool> {
    let (class, target) = (class?, target?);
    let compliant = class <= target;
    let list =
        |pick: fn(&Text) -> &str| over_target.iter().map(|found| pick(&found.text)).collect::<Vec<_>>().join("、");
    let (zh, en) = if compliant {
        ("达标".to_owned(), "compliant".to_owned())
    } else {
        (format!("不达标：{}", list(|text| &text.zh)), format!("not compliant: {}", list(|text| &text.en)))
    };
    steps.push(Step::new(
        clause!("GB 3838-2002 5.1"),
        format!("水质目标{}，现状{}：{zh}", target.name().zh, class.name().zh),
        format!("Target {}, present {}: {en}", target.name().en, class.name().en),
    ));
    Some(compliant)
}

fn missing_items(surface: &Surface, body: Body, judged: &[(&SurfaceItem, ItemResult)]) -> Vec<String> {
    surface
        .items
        .iter()
        .filter(|item| !item.apart && item.body.is_none_or(|only| only == body))
        .filter(|item| !judged.iter().any(|(other, _)| other.key == item.key))
        .map(|item| item.key.clone())
        .collect()
}

fn notes(class: Option<Class>, judged: usize, missing: usize) -> Vec<Text> {
    if class.is_none() || missing == 0 {
        return Vec::new();
    }
    let total = judged + missing;
    vec![Text::new(
        format!("类别仅依据 {total} 项中的 {judged} 项，缺 {missing} 项，不等同于全项评价"),
        format!("The class rests on {judged} of {total} items; {missing} are missing, so it is not a full evaluation"),
    )]
}
