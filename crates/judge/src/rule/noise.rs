//! Environmental noise of a civil day: Ld, Ln, Ldn against the limits of the function class (GB 3096).

use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use standards::Text;
use standards::decimal::round_float;
use standards::noise::{NoiseLimits, Period, day_levels};

use crate::code::Code;
use crate::model::{Explain, Finding, Flags, Item, Stat};

/// Equivalent levels that devices send, best first.
pub const LEVELS: [&str; 3] = ["Leq", "LA", "LAeq"];

fn level(value: Option<f64>) -> Option<Decimal> {
    value.and_then(|value| Decimal::from_f64(round_float(value, 1)))
}

/// `hours`: hour of the day and its valid equivalent level.
pub fn day(
    limits: &NoiseLimits,
    class: Option<&str>,
    hours: &[(u8, Decimal)],
    explain: &mut Option<&mut Explain>,
) -> Finding {
    let samples: Vec<(u8, f64)> =
        hours.iter().filter_map(|(hour, value)| value.to_f64().map(|value| (*hour, value))).collect();
    let levels = day_levels(&samples, &limits.periods);
    let mut finding = Finding { standard: limits.standard.clone(), ..Finding::default() };
    let counts = [levels.day_samples, levels.night_samples, samples.len()];
    if let Some(explain) = explain {
        explain.steps.extend(levels.steps.iter().cloned());
        explain.notes.push(Text::new(
            "HJ 906 的有效时数要求未经确认，未用于判定；样本数见上",
            "the minimum counts of HJ 906 are not confirmed and not applied; the counts are shown",
        ));
    }
    let parts = [
        (Stat::DayLevel, "Ld", levels.ld, Some(Period::Day)),
        (Stat::NightLevel, "Ln", levels.ln, Some(Period::Night)),
        (Stat::DayNightLevel, "Ldn", levels.ldn, None),
    ];
    for ((stat, name, value, period), count) in parts.into_iter().zip(counts) {
        let (Some(factor), Some(value)) = (Code::new(name), level(value)) else { continue };
        let mut item = Item::new(factor, stat, Some(value), true, count as u16);
        if let (Some(class), Some(period)) = (class, period) {
            match limits.check(class, period, value) {
                Ok(check) => {
                    item.limit = Some(check.limit);
                    item.flags.set(Flags::EXCEEDING, !check.complies);
                    if let Some(explain) = explain {
                        explain.steps.push(check.step);
                    }
                }
                Err(error) => {
                    if let Some(explain) = explain {
                        explain.notes.push(error.text());
                    }
                }
            }
        }
        finding.items.push(item);
    }
    finding.valid = levels.ld.is_some() && levels.ln.is_some();
    finding.exceeding = finding.items.iter().any(Item::exceeding);
    finding
}
