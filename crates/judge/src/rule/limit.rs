//! A point's own limits (排放限值、最小下泄流量…): hour and day means against what its permit or standard says.

use kernel::{FactorLimit, LimitPeriod, Timestamp};
use rust_decimal::Decimal;
use standards::Step;
use standards::measure::{Factors, Unit};

use crate::code::Code;
use crate::model::{Explain, Finding, Flags, Item, Stat, note, step};
use crate::unit::UnitProfiles;

/// What limits are compared with.
#[derive(Clone, Copy)]
pub struct Limits<'l> {
    pub point: i64,
    pub limits: &'l [FactorLimit],
    pub factors: &'l Factors,
    pub units: &'l UnitProfiles,
    /// `GB 18918-2002`, for limits without a basis of their own.
    pub standard: Option<&'l str>,
}

impl Limits<'_> {
    /// The unit that the point sends a factor in; empty where it is not known.
    pub fn sent_unit(&self, factor: Code) -> &str {
        self.factors.get(factor.as_str()).map_or("", |known| known.unit.as_str())
    }

    /// A limit in the unit that the point sends; `None` where the units do not convert.
    pub(crate) fn in_sent_unit(&self, limit: Decimal, unit: &str, factor: Code) -> Option<Decimal> {
        let sent = self.sent_unit(factor);
        if unit.trim() == sent.trim() || unit.trim().is_empty() {
            return Some(limit);
        }
        let to = match self.units.exception(self.point, factor) {
            Some(unit) => unit,
            None if sent.is_empty() => return Some(limit),
            None => sent.parse::<Unit>().ok()?,
        };
        unit.parse::<Unit>().ok()?.convert(limit, to)
    }

    /// Compares the items of a finding with the limits of `period` in force at `at`.
    pub fn compare(
        &self,
        finding: &mut Finding,
        period: LimitPeriod,
        at: Timestamp,
        explain: &mut Option<&mut Explain>,
    ) {
        let in_force: Vec<&FactorLimit> =
            self.limits.iter().filter(|limit| limit.period == period && limit.in_force(at)).collect();
        let mut uncompared = false;
        // The document of the limit shown of each item.
        let mut shown: Vec<(Code, Stat, &str)> = Vec::new();
        for limit in &in_force {
            let Some(factor) = Code::new(&limit.factor) else { continue };
            let name = &limit.factor;
            if limit.unconfirmed {
                note(
                    explain,
                    format!("{name} 的限值未经确认，不用于判定（{}）", limit.basis),
                    format!("the limit of {name} is not confirmed and does not judge ({})", limit.basis),
                );
                continue;
            }
            if !holds(limit, &in_force, finding, explain) {
                continue;
            }
            // A momentary value: the largest of the period against the upper bound, the least against the lower one.
            let sides = match (period, limit.converted) {
                (LimitPeriod::Instant, _) => {
                    vec![(Stat::Maximum, limit.upper, false), (Stat::Minimum, limit.lower, true)]
                }
                (_, true) => vec![(Stat::Converted, limit.upper, false), (Stat::Converted, limit.lower, true)],
                _ => vec![(Stat::Mean, limit.upper, false), (Stat::Mean, limit.lower, true)],
            };
            for (stat, bound, lower) in sides {
                let Some(bound) = bound else { continue };
                let Some(place) = finding.items.iter().position(|item| item.factor == factor && item.stat == stat)
                else {
                    if limit.converted && finding.items.iter().any(|item| item.factor == factor && item.valid()) {
                        uncompared = true;
                        note(
                            explain,
                            format!("{name} 没有折算值，不与折算限值比较"),
                            format!("{name} has no value at reference conditions and is not compared"),
                        );
                    }
                    continue;
                };
                let basis = self.basis_of(limit);
                if self.compare_one(&mut finding.items[place], limit, bound, lower, explain) {
                    shown.retain(|(known, of, _)| (*known, *of) != (factor, stat));
                    shown.push((factor, stat, basis));
                }
                if finding.standard.is_empty() {
                    finding.standard = basis.to_owned();
                }
            }
        }
        // The verdict rests on what its worst item is over, otherwise on the first that was compared.
        let worst = finding.worst().map(|item| (item.factor, item.stat));
        let named = match worst {
            Some(worst) => shown.iter().find(|(factor, stat, _)| (*factor, *stat) == worst),
            None => shown.first(),
        };
        if let Some((_, _, basis)) = named {
            finding.standard = (*basis).to_owned();
        }
        finding.exceeding = finding.items.iter().any(Item::exceeding);
        // A limit that could not be compared leaves the rest standing and the period without a good verdict.
        finding.valid &= finding.exceeding || !uncompared;
    }

    /// The document that a limit stands in.
    fn basis_of<'b>(&'b self, limit: &'b FactorLimit) -> &'b str {
        if limit.basis.trim().is_empty() { self.standard.unwrap_or_default() } else { &limit.basis }
    }

    /// Compares an item with one bound, and says whether that is the one shown from now on.
    fn compare_one(
        &self,
        item: &mut Item,
        limit: &FactorLimit,
        bound: Decimal,
        lower: bool,
        explain: &mut Option<&mut Explain>,
    ) -> bool {
        let (Some(value), true) = (item.value, item.valid()) else { return false };
        let Some(bound) = self.in_sent_unit(bound, &limit.unit, item.factor) else {
            let (factor, unit) = (item.factor, &limit.unit);
            note(
                explain,
                format!("{factor} 的限值单位 {unit} 与上报单位不能换算，未比较"),
                format!("the limit of {factor} in {unit} does not convert to the unit sent; not compared"),
            );
            return false;
        };
        // A value on a limit is inside.
        let outside = if lower { value < bound } else { value > bound };
        // Of several limits the one shown is the strictest of those that are broken, or of all.
        let strictest = item.limit.is_none_or(|known| {
            item.flags.has(Flags::LOWER) == lower && if lower { bound > known } else { bound < known }
        });
        let shown =
            item.limit.is_none() || (outside && !item.exceeding()) || (outside == item.exceeding() && strictest);
        if shown {
            item.limit = Some(bound);
            item.flags.set(Flags::LOWER, lower);
        }
        if outside {
            item.flags.set(Flags::EXCEEDING, true);
        }
        if outside && shown {
            // pH has no multiple; a shortfall is told as the share that is missing.
            item.times = match (item.factor.as_str(), lower) {
                ("w01001", _) => None,
                (_, false) => standards::air::exceedance_multiple(value, bound),
                (_, true) if bound > Decimal::ZERO => {
                    let missing = bound.checked_sub(value).and_then(|short| short.checked_div(bound));
                    missing.map(|share| standards::decimal::round_half_even(share, 2))
                }
                _ => None,
            };
        }
        let (factor, basis) = (item.factor, self.basis_of(limit));
        step(explain, || {
            let (zh, en) = match (outside, lower) {
                (false, _) => ("未超过", "is inside"),
                (true, false) => ("超过", "exceeds"),
                (true, true) => ("低于", "is below"),
            };
            let what = if limit.converted { "折算值 " } else { "" };
            Step::new(
                basis,
                format!("{factor} {what}{value} {zh}限值 {bound}"),
                format!("{factor} {value} {en} the limit {bound}"),
            )
        });
        shown
    }
}

/// Whether the condition of a limit is met. Where what it asks for was not measured, only the most lenient of the
/// limits that exclude each other judges: what is above that one is above any.
fn holds(limit: &FactorLimit, all: &[&FactorLimit], finding: &Finding, explain: &mut Option<&mut Explain>) -> bool {
    let Some(when) = &limit.when else { return true };
    let measured = Code::new(&when.factor).and_then(|factor| finding.item(factor, Stat::Mean));
    if let Some(value) = measured.filter(|item| item.valid()).and_then(|item| item.value) {
        return when.holds(value);
    }
    let rivals = all.iter().filter(|other| {
        other.when.is_some() && other.factor == limit.factor && other.basis == limit.basis && other.unit == limit.unit
    });
    let lenient = rivals.max_by_key(|other| other.upper).is_some_and(|most| most.upper == limit.upper);
    if lenient {
        let (name, asked) = (&limit.factor, &when.factor);
        note(
            explain,
            format!("{name} 的限值以 {asked} 为条件，{asked} 没有有效值：按最宽的一档比较"),
            format!(
                "the limit of {name} depends on {asked}, which has no valid value: the most lenient one is compared"
            ),
        );
    }
    lenient
}

/// The mean of a day from hours `(value, flow)`: weighted by flow where every hour has one (HJ 212-2017 annex D,
/// waste water), arithmetic otherwise. `None` of none, and where the numbers are too large to be added or multiplied.
pub fn day_mean(hours: &[(Decimal, Option<Decimal>)]) -> Option<(Decimal, bool)> {
    let flows: Option<Vec<Decimal>> = hours.iter().map(|(_, flow)| *flow).collect();
    match flows.as_deref().map(sum) {
        Some(None) => None,
        Some(Some(flow)) if flow > Decimal::ZERO => {
            let parts: Option<Vec<Decimal>> =
                hours.iter().map(|(value, flow)| value.checked_mul(flow.unwrap_or_default())).collect();
            Some((sum(&parts?)?.checked_div(flow)?, true))
        }
        _ => standards::decimal::mean(hours.iter().map(|(value, _)| *value)).map(|mean| (mean, false)),
    }
}

/// The sum; `None` where it does not fit.
pub fn sum(values: &[Decimal]) -> Option<Decimal> {
    values.iter().try_fold(Decimal::ZERO, |sum, value| sum.checked_add(*value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hours: &[(i64, Option<i64>)], expect: Option<(&str, bool)>) {
        let hours: Vec<(Decimal, Option<Decimal>)> =
            hours.iter().map(|(value, flow)| (Decimal::from(*value), flow.map(Decimal::from))).collect();
        let found = day_mean(&hours).map(|(mean, weighted)| (mean.normalize().to_string(), weighted));
        assert_eq!(found, expect.map(|(mean, weighted)| (mean.to_owned(), weighted)));
    }

    #[test]
    fn a_day_is_weighted_by_flow_where_every_hour_has_one() {
        check(&[(10, Some(1)), (40, Some(3))], Some(("32.5", true)));
        check(&[(10, Some(1)), (40, None)], Some(("25", false)));
        check(&[(10, Some(0)), (40, Some(0))], Some(("25", false)));
        check(&[], None);
    }

    #[test]
    fn numbers_that_cannot_be_multiplied_give_no_mean_and_no_panic() {
        check(&[(i64::MAX, Some(i64::MAX)), (1, Some(1))], None);
        let most = [(Decimal::MAX, Some(Decimal::MAX)), (Decimal::MAX, Some(Decimal::MAX))];
        assert_eq!(day_mean(&most), None);
        assert_eq!(sum(&[Decimal::MAX, Decimal::ONE]), None);
    }
}
