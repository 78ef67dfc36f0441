//! The air quality index of one hour or one day (空气质量指数, HJ 633), both editions.
//!
//! [`AqiRules::combine`] is the whole rule on integers, without allocation; [`AqiRules::evaluate`] calls it and adds
//! names, notes and the steps that explain the result.

use super::rules::{Above, ItemTable, NO_INDEX, scale};
use super::{AqiRules, Item, Level, MISSING, Pollutant, Report};
use crate::decimal::round_half_even;
use crate::{Step, Text, clause};
use rust_decimal::Decimal;
use serde::Serialize;

/// Concentrations of one hour (1 小时平均) and, for the 2012 edition, the rolling means reported with it.
/// µg/m³, CO mg/m³; `None` = missing or invalid.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HourlyInput {
    pub so2: Option<Decimal>,
    pub no2: Option<Decimal>,
    pub co: Option<Decimal>,
    pub pm10: Option<Decimal>,
    pub pm25: Option<Decimal>,
    pub o3: Option<Decimal>,
    /// Mean of the 8 hours ending with this one (2012).
    pub o3_8h: Option<Decimal>,
    /// Rolling means of the 24 hours ending with this one (2012).
    pub so2_24h: Option<Decimal>,
    pub pm10_24h: Option<Decimal>,
    pub pm25_24h: Option<Decimal>,
    /// Pollutants not monitored by plan (2026: shown as "/", they do not hold the index back).
    pub not_monitored: Vec<Pollutant>,
}

/// Statistics of one day (日均值; O3: daily maximum 8-hour mean and, for 2012, daily maximum hour).
/// µg/m³, CO mg/m³; `None` = missing or invalid.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DailyInput {
    pub so2: Option<Decimal>,
    pub no2: Option<Decimal>,
    pub co: Option<Decimal>,
    pub pm10: Option<Decimal>,
    pub pm25: Option<Decimal>,
    pub o3_8h: Option<Decimal>,
    /// Daily maximum hourly mean: part of the daily report of 2012, not of 2026.
    pub o3_1h: Option<Decimal>,
    pub not_monitored: Vec<Pollutant>,
}

/// Concentrations by item, for callers that do not fit the two inputs above.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ItemValues {
    pub values: [Option<Decimal>; Item::COUNT],
    pub not_monitored: Vec<Pollutant>,
}

impl ItemValues {
    pub fn set(&mut self, item: Item, value: Option<Decimal>) {
        self.values[item.index()] = value;
    }

    pub fn get(&self, item: Item) -> Option<Decimal> {
        self.values[item.index()]
    }
}

impl From<&HourlyInput> for ItemValues {
    fn from(input: &HourlyInput) -> Self {
        let mut values = Self { not_monitored: input.not_monitored.clone(), ..Self::default() };
        values.set(Item::So2Hour, input.so2);
        values.set(Item::No2Hour, input.no2);
        values.set(Item::CoHour, input.co);
        values.set(Item::Pm10Hour, input.pm10);
        values.set(Item::Pm25Hour, input.pm25);
        values.set(Item::O3Hour, input.o3);
        values.set(Item::O3EightHours, input.o3_8h);
        values.set(Item::So2Day, input.so2_24h);
        values.set(Item::Pm10Day, input.pm10_24h);
        values.set(Item::Pm25Day, input.pm25_24h);
        values
    }
}

impl From<&DailyInput> for ItemValues {
    fn from(input: &DailyInput) -> Self {
        let mut values = Self { not_monitored: input.not_monitored.clone(), ..Self::default() };
        values.set(Item::So2Day, input.so2);
        values.set(Item::No2Day, input.no2);
        values.set(Item::CoDay, input.co);
        values.set(Item::Pm10Day, input.pm10);
        values.set(Item::Pm25Day, input.pm25);
        values.set(Item::O3EightHours, input.o3_8h);
        values.set(Item::O3Hour, input.o3_1h);
        values
    }
}

/// One item of a result.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SubIndex {
    pub item: Item,
    /// As rounded before the formula; `None` when missing or negative.
    pub concentration: Option<Decimal>,
    pub iaqi: Option<u16>,
    /// Whether it takes part in the largest sub-index (a 24-hour SO2 shown in place of the 1-hour one does).
    pub enters: bool,
    /// Why there is no index, or why it is not interpolated.
    pub note: Option<Text>,
}

/// The index of one hour or day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AqiResult {
    pub edition: String,
    pub standard: String,
    pub report: Report,
    pub sub_indices: Vec<SubIndex>,
    /// As published; `None` = NA.
    pub aqi: Option<u16>,
    /// Largest of the sub-indices that exist.
    pub aqi_of_available: Option<u16>,
    /// Level of `aqi`.
    pub level: Option<Level>,
    /// Primary pollutants (首要污染物), all that tie; empty when AQI ≤ 50 or NA.
    pub primary: Vec<Item>,
    /// Exceeding items (超标污染物); the 2026 edition has no such term and leaves it empty.
    pub exceeding: Vec<Item>,
    /// Items required by the report that have no valid value.
    pub missing: Vec<Item>,
    pub notes: Vec<Text>,
    pub steps: Vec<Step>,
}

impl AqiResult {
    pub fn iaqi(&self, item: Item) -> Option<u16> {
        self.sub_indices.iter().find(|sub| sub.item == item).and_then(|sub| sub.iaqi)
    }
}

/// The index of one hour or day as integers: the form of the fast path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackedAqi {
    /// Largest sub-index, [`PackedAqi::NA`] when there is none.
    pub available: u16,
    /// As published, [`PackedAqi::NA`] where the rule holds it back.
    pub published: u16,
    /// Bits of [`Item::bit`].
    pub primary: u16,
    pub exceeding: u16,
    pub missing: u16,
}

impl PackedAqi {
    pub const NA: u16 = NO_INDEX;
}

/// The AQI of an hour. See [`AqiRules::evaluate`].
pub fn hourly_aqi(rules: &AqiRules, input: &HourlyInput) -> AqiResult {
    rules.evaluate(Report::Hourly, &ItemValues::from(input))
}

/// The AQI of a day. See [`AqiRules::evaluate`].
pub fn daily_aqi(rules: &AqiRules, input: &DailyInput) -> AqiResult {
    rules.evaluate(Report::Daily, &ItemValues::from(input))
}

impl AqiRules {
    /// The index from concentrations already rounded and scaled to each item's place ([`MISSING`] = none), without
    /// allocation. `not_monitored` is a mask of items that are not measured by plan. `indices` receives the sub-index
    /// of each item that enters.
    pub fn combine(
        &self,
        report: Report,
        values: &[i32; Item::COUNT],
        not_monitored: u16,
        indices: &mut [u16; Item::COUNT],
    ) -> PackedAqi {
        let plan = self.plan(report);
        let mut largest = NO_INDEX;
        let mut missing = 0;
        let mut exceeding = 0;
        let mut entered = 0;
        for &item in &plan.items {
            let (item, index) = self.entering(plan.items.as_slice(), item, values);
            indices[item.index()] = index;
            if index == NO_INDEX {
                missing |= if values[item.index()] < 0 { item.bit() & plan.required } else { 0 };
                continue;
            }
            entered |= item.bit();
            if largest == NO_INDEX || index > largest {
                largest = index;
            }
            if self.exceeding_above.is_some_and(|limit| index > limit) {
                exceeding |= item.bit();
            }
        }
        missing &= !not_monitored;
        let held_back = missing != 0 && self.incomplete_published_above.is_some_and(|limit| largest <= limit);
        let published = if held_back { NO_INDEX } else { largest };
        let mut primary = 0;
        if published != NO_INDEX && published > self.primary_above {
            for item in Item::in_mask(entered) {
                if indices[item.index()] == published {
                    primary |= item.bit();
                }
            }
        }
        PackedAqi { available: largest, published, primary, exceeding, missing }
    }

    /// The item whose index enters for `item`, and that index: above a table that ends without an index, 2012 reports
    /// the index of another averaging time instead.
    fn entering(&self, items: &[Item], item: Item, values: &[i32; Item::COUNT]) -> (Item, u16) {
        let value = values[item.index()];
        let Some(table) = &self.tables[item.index()] else { return (item, NO_INDEX) };
        match table.above {
            Above::Use(other) if table.is_above(value) && !items.contains(&other) => {
                let index =
                    self.tables[other.index()].as_ref().map_or(NO_INDEX, |table| table.index(values[other.index()]));
                if index == NO_INDEX { (item, NO_INDEX) } else { (other, index) }
            }
            _ => (item, table.index(value)),
        }
    }

    /// The index of a report from concentrations in µg/m³ (CO mg/m³), with names, notes and steps.
    pub fn evaluate(&self, report: Report, input: &ItemValues) -> AqiResult {
        let mut scaled = [MISSING; Item::COUNT];
        for item in Item::ALL {
            if let (Some(value), Some(table)) = (input.get(item), &self.tables[item.index()]) {
                scaled[item.index()] = scale(value, table.places);
            }
        }
        let not_monitored = Item::ALL
            .into_iter()
            .filter(|item| input.not_monitored.contains(&item.pollutant()))
            .fold(0, |mask, item| mask | item.bit());
        let mut indices = [NO_INDEX; Item::COUNT];
        let packed = self.combine(report, &scaled, not_monitored, &mut indices);
        let mut result = AqiResult {
            edition: self.edition.clone(),
            standard: self.standard.clone(),
            report,
            sub_indices: Vec::new(),
            aqi: known(packed.published),
            aqi_of_available: known(packed.available),
            level: known(packed.published).and_then(|aqi| self.level(aqi)).cloned(),
            primary: Item::in_mask(packed.primary).collect(),
            exceeding: Item::in_mask(packed.exceeding).collect(),
            missing: Item::in_mask(packed.missing).collect(),
            notes: Vec::new(),
            steps: Vec::new(),
        };
        self.explain_items(report, input, &scaled, &indices, &mut result);
        self.explain_index(&packed, &mut result);
        result
    }

    fn explain_items(
        &self,
        report: Report,
        input: &ItemValues,
        scaled: &[i32; Item::COUNT],
        indices: &[u16; Item::COUNT],
        result: &mut AqiResult,
    ) {
        for &item in self.items(report) {
            let Some(table) = &self.tables[item.index()] else { continue };
            let value = input.get(item);
            let mut sub = SubIndex {
                item,
                concentration: None,
                iaqi: known(table.index(scaled[item.index()])),
                enters: indices[item.index()] != NO_INDEX,
                note: None,
            };
            match value {
                None => {}
                Some(value) if scaled[item.index()] == MISSING => {
                    sub.note = Some(Text::new(
                        format!("{item} = {value} 为负，无效"),
                        format!("{item} = {value} is negative and invalid"),
                    ));
                }
                Some(value) => {
                    let rounded = round_half_even(value, table.places);
                    sub.concentration = Some(rounded);
                    self.explain_value(table, value, rounded, scaled[item.index()], &mut sub, result);
                }
            }
            result.notes.extend(sub.note.clone());
            result.sub_indices.push(sub);
            self.explain_substitute(item, table, scaled, indices, result);
        }
    }

    fn explain_value(
        &self,
        table: &ItemTable,
        value: Decimal,
        rounded: Decimal,
        scaled: i32,
        sub: &mut SubIndex,
        result: &mut AqiResult,
    ) {
        let item = sub.item;
        if rounded != value {
            let clause = match (self.edition.as_str(), item.pollutant()) {
                ("2026", Pollutant::Co) => clause!("HJ 633-2026 4.2.3"),
                ("2026", _) => clause!("HJ 633-2026 4.2.2"),
                _ => clause!("GB/T 8170-2008 3.2"),
            };
            result.steps.push(Step::new(
                clause,
                format!("{item} 浓度 {value} 修约为 {rounded}"),
                format!("{item} concentration {value} is rounded to {rounded}"),
            ));
        }
        if table.is_above(scaled) {
            let (step, note) = self.above_table(item, table.above, rounded);
            result.steps.push(step);
            sub.note = Some(note);
            return;
        }
        let Some(index) = sub.iaqi else { return };
        let unit = Decimal::from(10_i64.pow(table.places));
        let segment = table.points.windows(2).find(|pair| pair.last().is_some_and(|high| scaled <= high.0));
        if let Some([low, high]) = segment {
            let (from, to) = (Decimal::from(low.0) / unit, Decimal::from(high.0) / unit);
            let clause = match self.edition.as_str() {
                "2026" => clause!("HJ 633-2026 4.2.6"),
                _ => clause!("HJ 633-2012 4.2"),
            };
            let formula = format!("({}−{})/({to}−{from})×({rounded}−{from})+{}", high.1, low.1, low.1);
            result.steps.push(Step::new(
                clause,
                format!("IAQI({item}) = {formula}，向上进位为 {index}"),
                format!("IAQI({item}) = {formula}, rounded up to {index}"),
            ));
        }
    }

    /// The step and note for a concentration above the last breakpoint.
    fn above_table(&self, item: Item, above: Above, value: Decimal) -> (Step, Text) {
        let zh_en =
            |zh: String, en: String, clause: &str| (Step::new(clause, zh.clone(), en.clone()), Text::new(zh, en));
        match (above, item) {
            (Above::Use(other), Item::So2Hour) => zh_en(
                format!("{item} = {value} 高于末点，不计算其分指数，按 {other} 的分指数报告"),
                format!("{item} = {value} is above the last breakpoint: no sub-index, that of {other} is reported"),
                clause!("HJ 633-2012 表 1 注 2"),
            ),
            (Above::Use(other), _) => zh_en(
                format!("{item} = {value} 高于末点，不计算其分指数，按 {other} 的分指数报告"),
                format!("{item} = {value} is above the last breakpoint: no sub-index, that of {other} is reported"),
                clause!("HJ 633-2012 表 1 注 3"),
            ),
            (Above::Index(index), Item::So2Hour) => zh_en(
                format!("{item} = {value} 高于 800，分指数取 {index}"),
                format!("{item} = {value} is above 800: the sub-index is {index}"),
                clause!("HJ 633-2026 表 1 注 b"),
            ),
            (Above::Index(index), Item::O3EightHours) => zh_en(
                format!("{item} = {value} 高于 800，分指数取 {index}"),
                format!("{item} = {value} is above 800: the sub-index is {index}"),
                clause!("HJ 633-2026 表 1 注 c"),
            ),
            (Above::Index(index), _) => zh_en(
                format!("{item} = {value} 高于末点，分指数取 {index}"),
                format!("{item} = {value} is above the last breakpoint: the sub-index is {index}"),
                match self.edition.as_str() {
                    "2026" => clause!("HJ 633-2026 AQI 范围 1～500"),
                    _ => clause!("HJ 633-2012 末点以上（本版未规定，按通行做法）"),
                },
            ),
        }
    }

    /// Shows the item reported instead of one above its table.
    fn explain_substitute(
        &self,
        item: Item,
        table: &ItemTable,
        scaled: &[i32; Item::COUNT],
        indices: &[u16; Item::COUNT],
        result: &mut AqiResult,
    ) {
        let Above::Use(other) = table.above else { return };
        if !table.is_above(scaled[item.index()]) || self.items(result.report).contains(&other) {
            return;
        }
        let place = self.tables[other.index()].as_ref().map_or(0, |table| table.places);
        let value = scaled[other.index()];
        result.sub_indices.push(SubIndex {
            item: other,
            concentration: (value != MISSING).then(|| Decimal::new(i64::from(value), place)),
            iaqi: known(indices[other.index()]),
            enters: indices[other.index()] != NO_INDEX,
            note: None,
        });
    }

    fn explain_index(&self, packed: &PackedAqi, result: &mut AqiResult) {
        let is_2026 = self.edition == "2026";
        let Some(available) = result.aqi_of_available else {
            let (zh, en) = ("没有任何有效项目，AQI 为 NA", "no item is valid: AQI is NA");
            result.notes.push(Text::new(zh, en));
            return;
        };
        let largest =
            if is_2026 { clause!("HJ 633-2026 AQI 取各 IAQI 最大值") } else { clause!("HJ 633-2012 4.4.1") };
        result.steps.push(Step::new(
            largest,
            format!("AQI = 各分指数最大值 = {available}"),
            format!("AQI = largest sub-index = {available}"),
        ));
        if packed.missing != 0 {
            self.explain_missing(available, result);
        }
        let Some(level) = result.level.clone() else { return };
        let clause = if is_2026 { clause!("HJ 633-2026 AQI 级别表") } else { clause!("HJ 633-2012 4.3 表 2") };
        result.steps.push(Step::new(
            clause,
            format!("{}（{}，{}）", level.name.zh, level.category.zh, level.colour.zh),
            format!("{} ({}, {})", level.name.en, level.category.en, level.colour.en),
        ));
        if !result.primary.is_empty() {
            let names = join(&result.primary);
            let clause = if is_2026 {
                clause!("HJ 633-2026 首要污染物")
            } else {
                clause!("HJ 633-2012 4.4.2 首要污染物")
            };
            let above = self.primary_above;
            result.steps.push(Step::new(
                clause,
                format!("AQI 大于 {above}，首要污染物：{names}"),
                format!("AQI is above {above}; primary pollutant: {names}"),
            ));
        }
        if let (Some(above), false) = (self.exceeding_above, result.exceeding.is_empty()) {
            let names = join(&result.exceeding);
            result.steps.push(Step::new(
                clause!("HJ 633-2012 4.4.2 超标污染物"),
                format!("分指数大于 {above} 的超标污染物：{names}"),
                format!("sub-index above {above}, exceeding: {names}"),
            ));
        }
    }

    fn explain_missing(&self, available: u16, result: &mut AqiResult) {
        let names = join(&result.missing);
        let (clause, zh, en) = match self.incomplete_published_above {
            Some(limit) if result.aqi.is_none() => (
                clause!("HJ 633-2026 缺项：不大于 100 记 NA"),
                format!("缺 {names}，其余项目 AQI {available} 不大于 {limit}，AQI、级别和首要污染物记 NA"),
                format!("{names} missing and the AQI of the rest, {available}, is not above {limit}: AQI is NA"),
            ),
            Some(limit) => (
                clause!("HJ 633-2026 缺项：大于 100 仍发布"),
                format!("缺 {names}，其余项目 AQI {available} 大于 {limit}，仍发布"),
                format!("{names} missing, but the AQI of the rest, {available}, is above {limit} and is published"),
            ),
            None => (
                clause!("HJ 633-2012 缺测项目记 NA"),
                format!("{names} 缺测记 NA，AQI 由其余项目计算"),
                format!("{names} missing (NA); the AQI is that of the remaining items"),
            ),
        };
        result.notes.push(Text::new(zh.clone(), en.clone()));
        result.steps.push(Step::new(clause, zh, en));
    }
}

fn known(index: u16) -> Option<u16> {
    (index != NO_INDEX).then_some(index)
}

fn join(items: &[Item]) -> String {
    items.iter().map(|item| item.key()).collect::<Vec<_>>().join(", ")
}
