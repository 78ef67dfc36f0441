//! Pollution sources: reference oxygen of an hour, means and totals of a day, against the outlet's own limits.

use std::collections::BTreeMap;

use kernel::{Day, LimitPeriod, Point, PointKind};
use rust_decimal::Decimal;
use standards::sources::{Conversion, SourceKind};

use crate::code::Code;
use crate::hour::HourMean;
use crate::model::{Explain, Finding, Flags, Item, Stat};
use crate::packed::canonical;
use crate::rule::limit;
use crate::rules::Rules;

/// Valid hours that a day of waste gas needs where no edition of HJ 76 covers the day.
const GAS_DAY_HOURS: u32 = 20;
/// Oxygen content of waste gas.
pub(crate) const OXYGEN: &str = "a19001";
/// Waste gas at reference oxygen: computed from the oxygen of the same hour where the device sent no converted value
/// and a limit asks for one. An oxygen content that makes the formula meaningless gives no value, and a note.
pub fn converted(point: &Point, mut means: Vec<HourMean>, explain: &mut Option<&mut Explain>) -> Vec<HourMean> {
    let Some(reference) = point.reference_oxygen.filter(|_| point.kind == PointKind::WasteGasOutlet) else {
        return means;
    };
    let oxygen = means.iter().find(|mean| mean.factor == *OXYGEN && mean.valid).and_then(|mean| mean.mean);
    let Some(oxygen) = oxygen else { return means };
    for mean in &mut means {
        let asked = point.limits.iter().any(|limit| limit.converted && mean.factor == *limit.factor);
        let (true, Some(value), true) = (asked, mean.mean, mean.valid) else { continue };
        match Conversion::ReferenceOxygen(reference).apply(value, oxygen) {
            Ok((found, step)) => {
                let own = canonical(found);
                if let Some(sent) = mean.converted.filter(|sent| differs(*sent, own)) {
                    let factor = mean.factor;
                    crate::model::note(
                        explain,
                        format!("{factor} 设备上报的折算值 {sent} 与按含氧量复算的 {own} 相差超过 2%，按较大者判定"),
                        format!(
                            "{factor}: the converted value {sent} sent by the device and {own} computed from oxygen differ \
                             by more than 2 %; the larger one is judged"
                        ),
                    );
                }
                mean.converted = Some(match mean.converted {
                    Some(sent) if !differs(sent, own) => sent,
                    Some(sent) => sent.max(own),
                    None => own,
                });
                crate::model::step(explain, || step);
            }
            Err(error) => {
                let (text, factor) = (error.text(), mean.factor);
                crate::model::note(explain, format!("{factor}：{}", text.zh), format!("{factor}: {}", text.en));
            }
        }
    }
    means
}

/// Whether a converted value differs from the computed one by more than 2 % of it.
fn differs(sent: Decimal, computed: Decimal) -> bool {
    sent.checked_sub(computed).is_none_or(|difference| {
        difference.abs().checked_mul(Decimal::from(50)).is_none_or(|fifty| fifty > computed.abs())
    })
}

/// A day of what has limits of its own; `device`: day values that the device sent itself.
pub fn limit_day(
    rules: &Rules,
    point: &Point,
    day: Day,
    findings: &[(usize, &Finding)],
    device: &[HourMean],
    explain: &mut Option<&mut Explain>,
) -> Finding {
    let flow = match point.kind {
        PointKind::WastewaterOutlet => Code::new("w00000"),
        _ => None,
    };
    let (needed, clause) = match point.kind {
        PointKind::WasteGasOutlet => (
            rules.validity_at(SourceKind::Gas, day).map_or(GAS_DAY_HOURS, |validity| validity.per_day),
            "HJ 76-2017 有效日均值",
        ),
        PointKind::WastewaterOutlet => {
            (rules.validity_at(SourceKind::Water, day).map_or(1, |validity| validity.per_day), "HJ 356-2019 日均值")
        }
        _ => (1, "日均值"),
    };
    let mut finding = Finding::default();
    let mut series: BTreeMap<(Code, Stat), Vec<WithFlow>> = BTreeMap::new();
    let of = |hour: &Finding, stat| flow.and_then(|flow| hour.item(flow, stat)).filter(|item| item.valid())?.value;
    // Amounts (m³) and rates (L/s) are never weighed against each other: amounts where every hour has one.
    let amounts = findings.iter().all(|(_, hour)| of(hour, Stat::Total).is_some());
    for (_, hour) in findings {
        let flow = of(hour, if amounts { Stat::Total } else { Stat::Mean });
        for item in hour.items.iter().filter(|item| item.valid()) {
            if let Some(value) = item.value {
                series.entry((item.factor, item.stat)).or_default().push((value, flow));
            }
        }
    }
    for ((factor, stat), values) in &series {
        let count = values.len();
        let (value, valid) = match stat {
            Stat::Total => {
                let found = limit::sum(&values.iter().map(|(value, _)| *value).collect::<Vec<_>>());
                (found, found.is_some())
            }
            Stat::Maximum => (values.iter().map(|(value, _)| *value).max(), true),
            Stat::Minimum => (values.iter().map(|(value, _)| *value).min(), true),
            _ => {
                let found =
                    if Some(*factor) == flow { limit::day_mean(&arithmetic(values)) } else { limit::day_mean(values) };
                let enough = count >= needed as usize;
                let weighted = found.is_some_and(|(_, weighted)| weighted);
                crate::model::step(explain, || {
                    let how = if weighted { ("按流量加权", "weighted by flow") } else { ("算术", "arithmetic") };
                    let (zh, en) =
                        if enough { ("有效", "valid") } else { ("个数不足，无效", "too few: not valid") };
                    standards::Step::new(
                        clause,
                        format!("{factor} 日均值由 {count} 个有效小时{}平均：{zh}", how.0),
                        format!("{factor}: daily mean of {count} valid hours, {}: {en}", how.1),
                    )
                });
                (found.map(|(value, _)| value), enough && found.is_some())
            }
        };
        finding.items.push(Item::new(*factor, *stat, value, valid, count as u16));
    }
    for mean in device.iter().filter(|mean| mean.valid) {
        if came_by_hours(mean.factor, findings) {
            continue;
        }
        for (stat, value) in [(Stat::Mean, mean.mean), (Stat::Converted, mean.converted), (Stat::Total, mean.total)] {
            if value.is_some() {
                finding.items.push(Item::new(mean.factor, stat, value, true, 1));
            }
        }
    }
    finding.valid = finding.items.iter().any(Item::valid);
    let units = rules.units();
    rules.limits(point, &units).compare(&mut finding, LimitPeriod::Day, day.start(), explain);
    finding
}

/// Whether a day has hours of a factor, even such that do not count: what was set aside hour by hour does not come
/// back through the day value that the device computed of it.
pub fn came_by_hours(factor: Code, findings: &[(usize, &Finding)]) -> bool {
    let came = |item: &Item| item.factor == factor && (item.value.is_some() || item.flags.has(Flags::SET_ASIDE));
    findings.iter().any(|(_, hour)| hour.items.iter().any(came))
}

/// A value, and the flow of its hour where one was measured.
type WithFlow = (Decimal, Option<Decimal>);

fn arithmetic(values: &[WithFlow]) -> Vec<WithFlow> {
    values.iter().map(|(value, _)| (*value, None)).collect()
}
