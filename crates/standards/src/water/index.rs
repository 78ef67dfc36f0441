//! City surface-water index (城市水质指数 CWQI) and comparison of periods.

use super::standard::Kind;
use super::{Body, Class, Surface, WaterResult};
use crate::decimal::round_half_even;
use crate::library::FigureError;
use crate::measure::MeasureError;
use crate::{Date, Library, Step, Text, clause};
use rust_decimal::Decimal;
use serde::Serialize;

/// The rules of the ranking regulation. Its item formula and city weights are not confirmed in the shipped data:
/// [`CityIndexRules::in_force`] then answers [`FigureError::Unconfirmed`] and nothing is computed.
#[derive(Clone, Debug)]
pub struct CityIndexRules {
    pub standard: String,
}

/// The index of one water part of a city (河流或湖库的水质指数).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartIndex {
    /// Item key and index.
    pub items: Vec<(String, Decimal)>,
    pub index: Decimal,
    pub steps: Vec<Step>,
}

impl CityIndexRules {
    /// # Errors
    /// When no edition covers the date, or the formulas are not confirmed.
    pub fn in_force(library: &Library, at: Date) -> Result<Self, MeasureError> {
        let standard = library.in_force("城市地表水环境质量排名", "", at)?;
        for figure in ["item_index", "city_weight"] {
            standard.figure(figure)?;
        }
        Ok(Self { standard: standard.code.clone() })
    }

    /// Sum of the item indices of the means in an evaluated result: C/Cs of class III; DO Cs/C; pH by its range.
    ///
    /// # Errors
    /// Dissolved oxygen of zero has no index.
    pub fn part(&self, surface: &Surface, means: &WaterResult) -> Result<PartIndex, MeasureError> {
        let mut items = Vec::new();
        let mut steps = Vec::new();
        let mut sum = Decimal::ZERO;
        for result in &means.items {
            let Some(item) = surface.item(&result.key, means.body) else { continue };
            let outside = || MeasureError::Range {
                factor: result.factor.clone(),
                value: result.value,
                expected: "> 0".to_owned(),
            };
            let index = match &item.kind {
                Kind::Upper(_) => item.bound(Class::III).and_then(|limit| result.value.checked_div(limit)),
                Kind::Lower(_) => item.bound(Class::III).and_then(|limit| limit.checked_div(result.value)),
                Kind::Range(low, high) => ph_index(result.value, *low, *high),
                Kind::Change => continue,
            }
            .ok_or_else(outside)?;
            sum += index;
            steps.push(Step::new(
                clause!("环办监测〔2017〕51号 单项指数"),
                format!("CWQI({}) = {}", item.name.zh, round_half_even(index, 4)),
                format!("CWQI({}) = {}", item.name.en, round_half_even(index, 4)),
            ));
            items.push((item.key.clone(), round_half_even(index, 4)));
        }
        Ok(PartIndex { items, index: round_half_even(sum, 4), steps })
    }

    /// (CWQI river·M + CWQI lake·N)/(M+N), with the counts of sections; `None` of no section.
    pub fn city(&self, river: Option<(Decimal, u32)>, lake: Option<(Decimal, u32)>) -> Option<Decimal> {
        let parts: Vec<(Decimal, u32)> = [river, lake].into_iter().flatten().collect();
        let sections: u32 = parts.iter().map(|(_, sections)| *sections).sum();
        let weighted: Decimal = parts.iter().map(|(index, sections)| *index * Decimal::from(*sections)).sum();
        let _ = clause!("环办监测〔2017〕51号 城市指数");
        weighted.checked_div(Decimal::from(sections)).map(|index| round_half_even(index, 4))
    }
}

fn ph_index(value: Decimal, low: Decimal, high: Decimal) -> Option<Decimal> {
    let neutral = Decimal::from(7);
    if value > neutral {
        (value - neutral).checked_div(high - neutral)
    } else {
        (neutral - value).checked_div(neutral - low)
    }
}

/// ΔCWQI in percent to two decimals, negative when better; `None` for a base that is not positive.
pub fn index_change(base: Decimal, now: Decimal) -> Option<Decimal> {
    let _ = clause!("环办监测〔2017〕51号 变化程度");
    crate::measure::percent(now - base, base, 2)
}

/// How a class moved between two periods (类别变化).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassChange {
    pub base: Class,
    pub now: Class,
    /// Classes gained (positive: better).
    pub better_by: i8,
    /// 只能更好、不能变坏: the class is not worse than the base.
    pub not_worse: bool,
    pub step: Step,
}

/// Compares a class with that of a base period under "only better, never worse" (只能更好、不能变坏).
pub fn compare_classes(base: Class, now: Class) -> ClassChange {
    let better_by = base as i8 - now as i8;
    let (zh, en) = match better_by {
        0 => ("持平", "unchanged"),
        1.. => ("变好", "better"),
        _ => ("变坏", "worse"),
    };
    let step = Step::new(
        clause!("水质只能更好、不能变坏"),
        format!("基期{}，本期{}：{zh}", base.name().zh, now.name().zh),
        format!("Base {}, now {}: {en}", base.name().en, now.name().en),
    );
    ClassChange { base, now, better_by, not_worse: better_by >= 0, step }
}

/// Words for a change of class (有所／明显好转、下降). Their bounds are not confirmed in the shipped data.
///
/// # Errors
/// While the bounds are not confirmed.
pub fn change_word(library: &Library, at: Date, change: &ClassChange) -> Result<Text, MeasureError> {
    let method = library.in_force("地表水环境质量评价办法", "", at)?;
    let bound = |id: &str| -> Result<u32, FigureError> { method.count(id) };
    let (some, marked) = (bound("class_shift_some")?, bound("class_shift_marked")?);
    let size = u32::from(change.better_by.unsigned_abs());
    let _ = clause!("环办〔2011〕22号 水质变化趋势");
    Ok(match (size, change.better_by > 0) {
        (size, _) if size < some => Text::new("无明显变化", "no marked change"),
        (size, true) if size < marked => Text::new("有所好转", "somewhat better"),
        (size, false) if size < marked => Text::new("有所下降", "somewhat worse"),
        (_, true) => Text::new("明显好转", "markedly better"),
        (_, false) => Text::new("明显下降", "markedly worse"),
    })
}

/// Single-factor index of pH or dissolved oxygen for charts (HJ 2.3 style), never for a class: pH by its range,
/// DO with the saturation concentration DOf = 468/(31.6+T).
pub fn chart_index(
    surface: &Surface,
    body: Body,
    key: &str,
    value: Decimal,
    against: Class,
    celsius: Decimal,
) -> Option<Decimal> {
    let item = surface.item(key, body)?;
    let index = match &item.kind {
        Kind::Range(low, high) => ph_index(value, *low, *high)?,
        Kind::Upper(_) => value.checked_div(item.bound(against)?)?,
        Kind::Lower(_) => {
            let limit = item.bound(against)?;
            let saturation = Decimal::from(468).checked_div(Decimal::new(316, 1) + celsius)?;
            if value <= saturation {
                limit.checked_div(value)?
            } else {
                (value - saturation).checked_div(saturation - limit)?
            }
        }
        Kind::Change => return None,
    };
    Some(round_half_even(index, 3))
}
