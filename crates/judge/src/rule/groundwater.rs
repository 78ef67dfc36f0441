//! Groundwater: class of a well by its worst item (GB/T 14848); wells that supply drinking water must meet class III.

use standards::Text;
use standards::groundwater::{Groundwater, GroundwaterResult};
use standards::measure::Reading;
use standards::water::Class;

use super::water::{WaterValue, class_number, culprit};
use crate::code::Code;
use crate::model::{Explain, Finding, Flags, Item, Stat, note};

/// `target`: the class that the well has to keep, where it has one.
pub fn judge(
    rules: &Groundwater,
    target: Option<Class>,
    values: &[WaterValue],
    explain: &mut Option<&mut Explain>,
) -> Result<Finding, Text> {
    let mut kept: Vec<&WaterValue> = values.iter().collect();
    let mut refused: Vec<&WaterValue> = Vec::new();
    let result = loop {
        let readings: Vec<Reading> = kept.iter().map(|value| value.reading()).collect();
        let error = match rules.evaluate(&readings) {
            Ok(result) => break result,
            Err(error) => error,
        };
        let text = error.text();
        let place = culprit(&error).and_then(|factor| kept.iter().position(|value| value.factor == *factor));
        let Some(place) = place else { return Err(text) };
        refused.push(kept.remove(place));
        note(explain, text.zh, text.en);
    };
    let mut finding = Finding {
        standard: result.standard.clone(),
        index: result.class.map(class_number),
        beside: target.map(class_number),
        valid: result.class.is_some(),
        exceeding: result.class.zip(target).is_some_and(|(class, target)| class > target),
        ..Finding::default()
    };
    finding.items.extend(kept.iter().map(|value| item(rules, value, &result, target)));
    for value in refused {
        let mut item = Item::new(value.factor, Stat::Mean, Some(value.value), false, value.count);
        item.flags.set(Flags::SET_ASIDE, true);
        finding.items.push(item);
    }
    if let Some(explain) = explain {
        if !result.missing.is_empty() {
            let count = result.missing.len();
            explain.notes.push(Text::new(
                format!("常规指标缺 {count} 项，类别只代表已测项目"),
                format!("{count} routine items are missing: the class speaks for those measured"),
            ));
        }
        explain.steps.extend(result.steps);
        explain.notes.extend(result.ignored.into_iter().map(|ignored| {
            let reason = ignored.reason;
            Text::new(format!("{}：{}", ignored.factor, reason.zh), format!("{}: {}", ignored.factor, reason.en))
        }));
    }
    Ok(finding)
}

fn item(rules: &Groundwater, value: &WaterValue, result: &GroundwaterResult, target: Option<Class>) -> Item {
    let mut item = Item::new(value.factor, Stat::Mean, Some(value.value), true, value.count);
    let Some(judged) = result.items.iter().find(|judged| value.factor == *judged.factor) else { return item };
    item.value = judged.value.or(item.value);
    item.index = Some(class_number(judged.class));
    item.flags.set(Flags::PRIMARY, result.deciding.contains(&judged.key) && judged.class > Class::III);
    if let Some(target) = target.filter(|target| judged.class > *target) {
        item.flags.set(Flags::EXCEEDING, true);
        // The standard prints multiples beside class III only; pH is a range and has none.
        if target == Class::III && value.factor != *"w01001" {
            item.limit = judged.class_iii_limit;
            item.times = item.value.zip(item.limit).and_then(|(value, limit)| {
                standards::air::exceedance_multiple(value, limit).filter(|times| !times.is_sign_negative())
            });
        }
    }
    let _ = rules;
    item
}

/// The unit in which an item of a finding is kept.
pub fn unit_of(rules: &Groundwater, factor: Code) -> String {
    let own = rules.items.iter().find(|item| item.factors.iter().any(|code| factor == **code));
    own.map(|item| item.unit.clone()).unwrap_or_default()
}
