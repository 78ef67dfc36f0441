//! Electromagnetic environment of the public (GB 8702): one station's electric and magnetic components together.
//!
//! HJ 212 has no codes for them; the codes here are ours and stand in `docs/glossary.md`.

use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use standards::electromagnetic::{Component, EmLimits, Quantity};

use crate::code::Code;
use crate::model::{Explain, Finding, Flags, Item, Stat};

/// Code, frequency it is judged at, quantity, unit. A broadband radio-frequency field is judged by the strictest band,
/// 30 MHz–3 GHz.
pub const COMPONENTS: [(&str, f64, Quantity, &str); 4] = [
    ("E50", 50.0, Quantity::ElectricField, "V/m"),
    ("B50", 50.0, Quantity::MagneticInduction, "µT"),
    ("Erf", 1e9, Quantity::ElectricField, "V/m"),
    ("Srf", 1e9, Quantity::PowerDensity, "W/m²"),
];

pub fn unit_of(factor: Code) -> &'static str {
    COMPONENTS.iter().find(|component| factor == *component.0).map_or("", |component| component.3)
}

/// Judges the valid items of a finding in place.
pub fn judge(limits: &EmLimits, standard: &str, finding: &mut Finding, explain: &mut Option<&mut Explain>) {
    let mut components = Vec::new();
    for item in finding.items.iter_mut().filter(|item| item.stat == Stat::Mean && item.valid()) {
        let Some((_, frequency, quantity, _)) = COMPONENTS.iter().find(|known| item.factor == *known.0) else {
            continue;
        };
        let Some(value) = item.value else { continue };
        let limit = limits.limit(*quantity, *frequency).and_then(Decimal::from_f64).map(|limit| limit.round_dp(4));
        item.limit = limit;
        if limit.is_some_and(|limit| value > limit) {
            item.flags.set(Flags::EXCEEDING, true);
            item.times = limit.and_then(|limit| standards::air::exceedance_multiple(value, limit));
        }
        if let Some(value) = value.to_f64() {
            components.push(Component { frequency_hz: *frequency, quantity: *quantity, value });
        }
    }
    if components.is_empty() {
        return;
    }
    let exposure = limits.exposure(&components);
    finding.standard = standard.to_owned();
    // Several components inside their own limits may exceed together: then each of them is part of it.
    if !exposure.complies && !finding.items.iter().any(Item::exceeding) {
        for item in finding.items.iter_mut().filter(|item| item.limit.is_some() && item.valid()) {
            item.flags.set(Flags::EXCEEDING, true);
        }
    }
    finding.exceeding = finding.items.iter().any(Item::exceeding);
    if let Some(explain) = explain {
        explain.steps.extend(exposure.steps);
    }
}
