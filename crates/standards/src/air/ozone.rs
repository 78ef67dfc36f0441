//! Daily maximum 8-hour mean of ozone (臭氧日最大 8 小时滑动平均, MDA8).

use super::{Method, Validity};
use crate::{Step, Text, clause};
use rust_decimal::Decimal;
use serde::Serialize;

/// The largest 8-hour mean of one day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mda8 {
    /// Windows of the day that have enough hours.
    pub valid_windows: u8,
    /// Unrounded largest window mean; `None` when no window is valid.
    pub max: Option<Decimal>,
    /// Hour at which that window ends, 8..=24.
    pub end_hour: Option<u8>,
    /// Whether the day counts.
    pub valid: bool,
    pub steps: Vec<Step>,
}

impl Mda8 {
    /// The maximum, when the day counts.
    pub fn value(&self) -> Option<Decimal> {
        self.max.filter(|_| self.valid)
    }
}

/// Missing in [`best_window`].
pub(super) const NO_VALUE: i64 = i64::MIN;

/// The best window as integers: mean = sum / count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Best {
    pub(super) sum: i64,
    pub(super) count: i64,
    pub(super) end: u8,
    pub(super) windows: u8,
}

/// The largest mean over the 8-hour windows ending at `first_end..=24`, of those with at least `needed` hours. Running
/// sums: each hour enters and leaves once. Of equal means the earliest wins.
pub(super) fn best_window(hours: &[i64; 24], first_end: u8, needed: u8) -> Best {
    let mut best = Best { sum: 0, count: 0, end: 0, windows: 0 };
    let (mut sum, mut count) = (0_i64, 0_i64);
    for (hour, &value) in hours.iter().enumerate() {
        if value != NO_VALUE {
            sum += value;
            count += 1;
        }
        if let Some(left) = hour.checked_sub(8)
            && hours[left] != NO_VALUE
        {
            sum -= hours[left];
            count -= 1;
        }
        let end = hour as u8 + 1;
        if end < first_end || count < i64::from(needed) {
            continue;
        }
        best.windows += 1;
        // sum/count > best.sum/best.count, without division.
        if best.count == 0 || sum * best.count > best.sum * count {
            (best.sum, best.count, best.end) = (sum, count, end);
        }
    }
    best
}

/// The daily maximum 8-hour mean of the 24 hourly means of one civil day (index 0 = 00:00–01:00), `None` = missing.
/// `limit` is the 8-hour limit: with too few windows the day still counts when its maximum, rounded to whole µg/m³,
/// exceeds it. Negative hours are missing. Values keep nine decimals.
pub fn mda8(hours: &[Option<Decimal>; 24], validity: &Validity, method: &Method, limit: Decimal) -> Mda8 {
    let scaled = hours.map(|hour| hour.and_then(to_nano).unwrap_or(NO_VALUE));
    let best = best_window(&scaled, method.mda8_first_end, validity.eight_hours);
    let max =
        (best.count > 0).then(|| Decimal::from_i128_with_scale(i128::from(best.sum), 9) / Decimal::from(best.count));
    let enough = best.windows >= method.mda8_windows;
    let over = max.is_some_and(|max| crate::decimal::round_half_even(max, 0) > limit);
    let mut steps = vec![Step::new(
        clause!("GB 3095 表 4：8 小时平均至少 6 个小时值"),
        format!("日内 {} 个 8 小时窗口有效", best.windows),
        format!("{} windows of 8 hours are valid", best.windows),
    )];
    if let Some(max) = max {
        steps.push(Step::new(
            clause!("HJ 663 O3 日最大 8 小时：08～24 时窗口"),
            format!("最大为 {}～{} 时的 {}", best.end - 8, best.end, max.round_dp(3)),
            format!("the largest, hours {}–{}, is {}", best.end - 8, best.end, max.round_dp(3)),
        ));
    }
    if !enough {
        let needed = method.mda8_windows;
        let (zh, en) = if over {
            ("但最大值超过限值，仍为有效日", "but the maximum exceeds the limit, so the day counts")
        } else {
            ("且最大值未超过限值，无效", "and the maximum does not exceed the limit: not valid")
        };
        steps.push(Step::new(
            clause!("HJ 663 O3 日评价：不足 14 个窗口"),
            format!("有效窗口不足 {needed} 个，{zh}"),
            format!("fewer than {needed} windows, {en}"),
        ));
    }
    Mda8 {
        valid_windows: best.windows,
        max,
        end_hour: (best.count > 0).then_some(best.end),
        valid: max.is_some() && (enough || over),
        steps,
    }
}

impl Mda8 {
    /// Why the day does not count.
    pub fn reason(&self) -> Option<Text> {
        (!self.valid).then(|| {
            Text::new(
                format!("有效 8 小时窗口只有 {} 个", self.valid_windows),
                format!("only {} valid 8-hour windows", self.valid_windows),
            )
        })
    }
}

/// A non-negative concentration in billionths of its unit.
fn to_nano(value: Decimal) -> Option<i64> {
    if value.is_sign_negative() && !value.is_zero() {
        return None;
    }
    let mut value = value.round_dp(9);
    value.rescale(9);
    i64::try_from(value.mantissa()).ok()
}
