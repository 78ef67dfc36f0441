//! Safe-use rates (安全利用率).

use crate::library::FigureError;
use crate::measure::{MeasureError, percent};
use crate::{Date, Library, Step, clause};
use rust_decimal::Decimal;

/// Areas of farmland in any one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FarmlandAreas {
    /// 优先保护或轻度污染中已达标利用的面积
    pub protected: Decimal,
    /// 安全利用或治理修复且农产品达标的面积
    pub safely_used: Decimal,
    /// 严格管控的面积
    pub strictly_controlled: Decimal,
    /// 受污染耕地总面积
    pub contaminated: Decimal,
}

/// 受污染耕地安全利用率 (B + C + D)/E in percent to one decimal.
///
/// # Errors
/// A negative area, or parts that exceed the whole; `Ok(None)` without contaminated farmland.
pub fn farmland_safe_use(areas: &FarmlandAreas) -> Result<Option<(Decimal, Step)>, MeasureError> {
    let parts = [areas.protected, areas.safely_used, areas.strictly_controlled];
    for value in parts.into_iter().chain([areas.contaminated]) {
        if value.is_sign_negative() && !value.is_zero() {
            return Err(MeasureError::Negative { factor: "area".to_owned(), value });
        }
    }
    let done: Decimal = parts.into_iter().sum();
    if done > areas.contaminated {
        let expected = format!("0–{}", areas.contaminated);
        return Err(MeasureError::Range { factor: "area".to_owned(), value: done, expected });
    }
    let Some(rate) = percent(done, areas.contaminated, 1) else { return Ok(None) };
    let step = Step::new(
        clause!("受污染耕地安全利用率"),
        format!("({}+{}+{})/{} = {rate}%", parts[0], parts[1], parts[2], areas.contaminated),
        format!("({}+{}+{})/{} = {rate} %", parts[0], parts[1], parts[2], areas.contaminated),
    );
    Ok(Some((rate, step)))
}

/// 重点建设用地安全利用率. Its formula is not confirmed in the shipped data.
///
/// # Errors
/// While the formula is not confirmed; a negative area.
pub fn construction_safe_use(
    library: &Library,
    at: Date,
    compliant: Decimal,
    reused: Decimal,
) -> Result<Option<Decimal>, MeasureError> {
    let rule = library.in_force("SAFE USE", "", at)?;
    let formula = rule.figure("construction")?;
    if formula != "compliant/reused" {
        let figure = format!("{}/construction", rule.id());
        return Err(FigureError::NotANumber { figure, text: formula.to_owned() }.into());
    }
    for value in [compliant, reused] {
        if value.is_sign_negative() && !value.is_zero() {
            return Err(MeasureError::Negative { factor: "area".to_owned(), value });
        }
    }
    let _ = clause!("重点建设用地安全利用率");
    Ok(percent(compliant, reused, 1))
}
