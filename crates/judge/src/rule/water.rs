//! Surface water: class, grade, main pollutants and compliance of a section or source (GB 3838, 2011 method).

use rust_decimal::Decimal;
use standards::measure::{MeasureError, Reading};
use standards::water::{Body, Class, Surface, WaterResult, evaluate};
use standards::{Step, Text};

use crate::code::Code;
use crate::model::{Explain, Finding, Flags, Item, Stat, note, step};

/// A mean to judge: factor, value, unit where it is not that of the code table, values behind it.
#[derive(Clone, Debug)]
pub struct WaterValue {
    pub factor: Code,
    pub value: Decimal,
    pub unit: Option<String>,
    pub count: u16,
}

impl WaterValue {
    pub fn reading(&self) -> Reading {
        let reading = Reading::new(self.factor.as_str(), self.value);
        match &self.unit {
            Some(unit) => reading.with_unit(unit.as_str()),
            None => reading,
        }
    }
}

/// The factor whose value cannot be judged.
pub fn culprit(error: &MeasureError) -> Option<&str> {
    match error {
        MeasureError::Negative { factor, .. }
        | MeasureError::Duplicate { factor }
        | MeasureError::Unit { factor, .. }
        | MeasureError::Kind { factor, .. }
        | MeasureError::Range { factor, .. } => Some(factor),
        MeasureError::NotCovered(_) | MeasureError::Figure(_) => None,
    }
}

pub fn class_number(class: Class) -> u16 {
    Class::ALL.iter().position(|known| *known == class).map_or(0, |place| place as u16 + 1)
}

pub fn class_of_number(number: u16) -> Option<Class> {
    Class::ALL.get(usize::from(number).checked_sub(1)?).copied()
}

/// What is judged against.
#[derive(Clone, Copy)]
pub struct Water<'w> {
    pub surface: &'w Surface,
    pub body: Body,
    pub target: Option<Class>,
    /// Tables 2 and 3 bind as well (集中式饮用水水源地).
    pub source: bool,
}

/// An item of a finding as a reading, in the unit that it is kept in.
pub(crate) fn reading_of(water: &Water<'_>, item: &Item) -> Option<Reading> {
    let reading = Reading::new(item.factor.as_str(), item.value?);
    let unit = water.unit_of(item.factor);
    Some(if unit.is_empty() { reading } else { reading.with_unit(unit) })
}

impl Water<'_> {
    pub fn judge(&self, values: &[WaterValue], explain: &mut Option<&mut Explain>) -> Result<Finding, Text> {
        let target = if self.source { Some(self.target.unwrap_or(Class::III)) } else { self.target };
        // A value that cannot be (pH 15) is set aside by itself; the others are judged without it.
        let mut kept: Vec<WaterValue> = values.to_vec();
        let mut refused: Vec<WaterValue> = Vec::new();
        let result = loop {
            let readings: Vec<Reading> = kept.iter().map(WaterValue::reading).collect();
            let error = match evaluate(self.surface, self.body, &readings, target) {
                Ok(result) => break result,
                Err(error) => error,
            };
            let text = error.text();
            let place = culprit(&error).and_then(|factor| kept.iter().position(|value| value.factor == *factor));
            let Some(place) = place else { return Err(text) };
            refused.push(kept.remove(place));
            note(explain, text.zh, text.en);
        };
        let values = kept.as_slice();
        let mut finding = Finding {
            standard: self.surface.standard.clone(),
            index: result.class.map(class_number),
            beside: target.map(class_number),
            valid: result.class.is_some(),
            exceeding: result.compliant == Some(false),
            ..Finding::default()
        };
        for value in values {
            finding.items.push(self.item(value, &result));
        }
        for value in &refused {
            let mut item = Item::new(value.factor, Stat::Mean, Some(value.value), false, value.count);
            item.flags.set(Flags::SET_ASIDE, true);
            finding.items.push(item);
        }
        if self.source {
            self.judge_source(values, &mut finding, explain);
        }
        if let Some(explain) = explain {
            explain.steps.extend(result.steps);
            explain.notes.extend(result.notes);
            explain.notes.extend(result.ignored.into_iter().map(|ignored| {
                let reason = ignored.reason;
                Text::new(format!("{}：{}", ignored.factor, reason.zh), format!("{}: {}", ignored.factor, reason.en))
            }));
        }
        Ok(finding)
    }

    fn item(&self, value: &WaterValue, result: &WaterResult) -> Item {
        let mut item = Item::new(value.factor, Stat::Mean, Some(value.value), true, value.count);
        let judged = result.items.iter().chain(&result.apart).find(|judged| value.factor == *judged.factor);
        if let Some(judged) = judged {
            item.value = Some(judged.value);
            item.index = judged.class.map(class_number);
        }
        if let Some(over) = result.over_target.iter().find(|over| value.factor == *over.factor) {
            item.flags.set(Flags::EXCEEDING, true);
            item.limit = over.limit;
            item.times = over.multiple;
        }
        if let Some(main) = result.main_pollutants.iter().find(|main| value.factor == *main.factor) {
            item.flags.set(Flags::PRIMARY, true);
            item.times = item.times.or(main.multiple);
            item.limit = item.limit.or(main.limit);
        }
        item
    }

    fn judge_source(&self, values: &[WaterValue], finding: &mut Finding, explain: &mut Option<&mut Explain>) {
        for (value, item) in values.iter().zip(finding.items.iter_mut()) {
            let limit = self
                .surface
                .supplementary
                .iter()
                .chain(&self.surface.specific)
                .find(|limit| limit.factors.iter().any(|code| value.factor == **code));
            let Some(limit) = limit else { continue };
            let converted =
                self.surface.factors.convert(value.factor.as_str(), value.value, value.unit.as_deref(), &limit.unit);
            let Ok(measured) = converted else { continue };
            item.value = Some(measured);
            item.limit = Some(limit.limit);
            let outside = measured > limit.limit;
            if outside {
                item.flags.set(Flags::EXCEEDING, true);
                item.times = standards::air::exceedance_multiple(measured, limit.limit);
                finding.exceeding = true;
            }
            step(explain, || {
                let (zh, en) = if outside { ("超过", "exceeds") } else { ("未超过", "is inside") };
                let (name, bound) = (&limit.name, limit.limit);
                Step::new(
                    "GB 3838-2002 表 2、表 3",
                    format!("{} {measured} {zh}水源地限值 {bound} {}", name.zh, limit.unit),
                    format!("{} {measured} {en} the limit of sources {bound} {}", name.en, limit.unit),
                )
            });
        }
    }

    /// The unit in which an item of a finding is kept.
    pub fn unit_of(&self, factor: Code) -> String {
        if let Some(item) = self.surface.item(factor.as_str(), self.body) {
            return item.unit.clone();
        }
        let source = self.surface.supplementary.iter().chain(&self.surface.specific);
        if let Some(item) = source.filter(|_| self.source).find(|item| item.factors.iter().any(|code| factor == **code))
        {
            return item.unit.clone();
        }
        self.surface.factors.get(factor.as_str()).map_or_else(String::new, |known| known.unit.clone())
    }
}
