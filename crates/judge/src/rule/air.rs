//! Ambient air: hourly and daily index, months and years (HJ 633, GB 3095, HJ 663).

use std::collections::BTreeSet;
use std::sync::Arc;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use standards::air::{
    self, AirLimits, AqiRules, Averaging, DailyInput, DailyValue, DayIndex, Dust, DustRule, Grade, HourValues,
    HourlyInput, Item as IndexItem, ItemValues, MISSING, PackedAqi, PeriodStatistics, Pollutant, Report,
};
use standards::decimal::round_half_even;
use standards::{Date, Step};

use crate::code::Code;
use crate::dust::DustDays;
use crate::model::{Explain, Finding, Flags, Item, Stat, name_of, step};

/// The editions in force at a date.
#[derive(Clone)]
pub struct AirSet {
    pub rules: Arc<AqiRules>,
    pub limits: Arc<AirLimits>,
    pub method: Arc<air::Method>,
}

impl AirSet {
    /// Whether the hourly report shows rolling means (2012), so that an hour depends on the 23 before it.
    pub fn rolling(&self) -> bool {
        self.rules.items(Report::Hourly).contains(&IndexItem::Pm25Day)
    }
}

pub fn code(pollutant: Pollutant) -> Option<Code> {
    Code::new(pollutant.hj212())
}

pub fn pollutant(factor: Code) -> Option<Pollutant> {
    Pollutant::ALL.into_iter().find(|pollutant| factor == *pollutant.hj212())
}

/// The grade of limits of a function class: 1 → grade I, otherwise grade II.
pub fn grade(function_class: Option<&str>) -> Grade {
    match function_class.map(str::trim) {
        Some("1" | "I" | "一" | "一类" | "一类区") => Grade::I,
        _ => Grade::II,
    }
}

fn scale(value: Decimal, places: u32) -> i32 {
    if value.is_sign_negative() && !value.is_zero() {
        return MISSING;
    }
    let rounded = value.round_dp_with_strategy(places, RoundingStrategy::MidpointNearestEven);
    rounded.checked_mul(Decimal::from(10_i64.pow(places))).and_then(|scaled| scaled.to_i32()).unwrap_or(i32::MAX)
}

/// The index without words; `indices` by item.
fn index(rules: &AqiRules, report: Report, input: &ItemValues) -> (PackedAqi, [u16; IndexItem::COUNT]) {
    let mut scaled = [MISSING; IndexItem::COUNT];
    for item in IndexItem::ALL {
        if let (Some(value), Some(places)) = (input.get(item), rules.places(item)) {
            scaled[item.index()] = scale(value, places);
        }
    }
    let mut indices = [PackedAqi::NA; IndexItem::COUNT];
    let packed = rules.combine(report, &scaled, 0, &mut indices);
    (packed, indices)
}

fn known(index: u16) -> Option<u16> {
    (index != PackedAqi::NA).then_some(index)
}

/// The place where an index item is kept in a finding.
fn place_of(item: IndexItem, report: Report) -> Stat {
    match (item, report) {
        (IndexItem::O3EightHours, Report::Daily) => Stat::Mda8,
        (IndexItem::O3Hour, Report::Daily) => Stat::MaximumHour,
        (IndexItem::O3EightHours, Report::Hourly) => Stat::Rolling8,
        (IndexItem::So2Day | IndexItem::Pm10Day | IndexItem::Pm25Day, Report::Hourly) => Stat::Rolling24,
        _ => Stat::Mean,
    }
}

fn apply_index(
    finding: &mut Finding,
    rules: &AqiRules,
    report: Report,
    input: &ItemValues,
    explain: &mut Option<&mut Explain>,
) {
    let (packed, indices) = index(rules, report, input);
    finding.index = known(packed.published);
    finding.beside = known(packed.available);
    finding.valid = finding.index.is_some();
    for &item in rules.items(report) {
        let Some(factor) = code(item.pollutant()) else { continue };
        let stat = place_of(item, report);
        let Some(found) = finding.items.iter_mut().find(|found| found.factor == factor && found.stat == stat) else {
            continue;
        };
        found.index = known(indices[item.index()]);
        found.flags.set(Flags::PRIMARY, packed.primary & item.bit() != 0);
    }
    if let Some(explain) = explain {
        let result = rules.evaluate(report, input);
        explain.steps.extend(result.steps);
        explain.notes.extend(result.notes);
    }
}

/// Compares an item with its limit, rounded first to the place the limit is printed in.
fn compare(
    item: &mut Item,
    limits: &AirLimits,
    averaging: Averaging,
    grade: Grade,
    explain: &mut Option<&mut Explain>,
) {
    let Some(pollutant) = pollutant(item.factor) else { return };
    item.limit = limits.limit(pollutant, averaging, grade);
    let (Some(limit), Some(value), true) = (item.limit, item.value, item.valid()) else { return };
    let rounded = round_half_even(value, if pollutant == Pollutant::Co { 1 } else { 0 });
    if rounded > limit {
        item.flags.set(Flags::EXCEEDING, true);
        item.times = air::exceedance_multiple(rounded, limit);
    }
    if let (Some(explain), Some(check)) = (explain, limits.check(pollutant, averaging, grade, value)) {
        explain.steps.push(check.step);
    }
}

/// One hour: `values` are the valid means in the unit of the standards; `before` the 23 hours before it, oldest
/// first, where the edition needs them.
pub fn hour(
    set: &AirSet,
    grade: Grade,
    values: &HourValues,
    set_aside: &[Code],
    before: &[Option<HourValues>],
    explain: &mut Option<&mut Explain>,
) -> Finding {
    let mut finding = Finding { standard: set.rules.standard.clone(), ..Finding::default() };
    let mut input = HourlyInput {
        so2: values.so2,
        no2: values.no2,
        co: values.co,
        pm10: values.pm10,
        pm25: values.pm25,
        o3: values.o3,
        ..HourlyInput::default()
    };
    for pollutant in Pollutant::ALL {
        let Some(factor) = code(pollutant) else { continue };
        let value = values.get(pollutant);
        let mut item = Item::new(factor, Stat::Mean, value, value.is_some(), u16::from(value.is_some()));
        item.flags.set(Flags::SET_ASIDE, set_aside.contains(&factor));
        compare(&mut item, &set.limits, Averaging::Hour, grade, explain);
        finding.items.push(item);
    }
    if set.rolling() {
        rolling(set, values, before, &mut input, &mut finding);
    }
    finding.exceeding = finding.items.iter().any(Item::exceeding);
    apply_index(&mut finding, &set.rules, Report::Hourly, &ItemValues::from(&input), explain);
    finding
}

fn rolling(
    set: &AirSet,
    values: &HourValues,
    before: &[Option<HourValues>],
    input: &mut HourlyInput,
    finding: &mut Finding,
) {
    let validity = &set.limits.validity;
    let series = |pollutant: Pollutant, span: usize| -> Vec<Option<Decimal>> {
        let skip = before.len().saturating_sub(span - 1);
        let earlier = before[skip..].iter().map(|hour| hour.and_then(|hour| hour.get(pollutant)));
        earlier.chain([values.get(pollutant)]).collect()
    };
    let mut add = |pollutant: Pollutant, stat: Stat, span: usize, needed: u8| {
        let value = air::rolling_mean(&series(pollutant, span), needed);
        if let (Some(factor), Some(_)) = (code(pollutant), value) {
            finding.items.push(Item::new(factor, stat, value, true, u16::from(needed)));
        }
        value
    };
    input.o3_8h = add(Pollutant::O3, Stat::Rolling8, 8, validity.eight_hours);
    input.so2_24h = add(Pollutant::So2, Stat::Rolling24, 24, validity.day_hours);
    input.pm10_24h = add(Pollutant::Pm10, Stat::Rolling24, 24, validity.day_hours);
    input.pm25_24h = add(Pollutant::Pm25, Stat::Rolling24, 24, validity.day_hours);
}

/// The valid hourly means that a stored hour holds.
pub fn values_of_hour(finding: &Finding) -> HourValues {
    let mut values = HourValues::default();
    for item in finding.items.iter().filter(|item| item.stat == Stat::Mean && item.valid()) {
        if let Some(pollutant) = pollutant(item.factor) {
            values.set(pollutant, item.value);
        }
    }
    values
}

/// One civil day from its hours; `device` are the device's own daily means, used for a pollutant without any hour.
pub fn day(
    set: &AirSet,
    grade: Grade,
    hours: &[Option<HourValues>; 24],
    device: &HourValues,
    explain: &mut Option<&mut Explain>,
) -> Finding {
    let mut finding = Finding { standard: set.rules.standard.clone(), ..Finding::default() };
    let mut day = air::day_from_hours(hours, &set.limits, &set.method);
    if let Some(explain) = explain {
        explain.steps.append(&mut day.steps);
        explain.notes.extend(day.items.iter().filter_map(|item| {
            let reason = item.reason.clone()?;
            let label = item.pollutant.label();
            Some(standards::Text::new(format!("{label}：{}", reason.zh), format!("{label}: {}", reason.en)))
        }));
    }
    for found in &day.items {
        let Some(factor) = code(found.pollutant) else { continue };
        let ozone = found.pollutant == Pollutant::O3;
        let stat = if ozone { Stat::Mda8 } else { Stat::Mean };
        let mut item = Item::new(factor, stat, found.value, found.valid, u16::from(found.count));
        if found.count == 0
            && !ozone
            && let Some(value) = device.get(found.pollutant)
        {
            item = Item::new(factor, stat, Some(value), true, 0);
            set_daily(&mut day.input, found.pollutant, value);
            step(explain, || {
                let label = found.pollutant.label();
                Step::new(
                    "日数据 2031",
                    format!("{label} 没有小时值，采用设备上报的日均值 {value}"),
                    format!("{label} has no hours; the daily mean {value} sent by the device is used"),
                )
            });
        }
        let averaging = if ozone { Averaging::EightHours } else { Averaging::Day };
        compare(&mut item, &set.limits, averaging, grade, explain);
        finding.items.push(item);
    }
    if let (Some(factor), Some(value)) = (code(Pollutant::O3), day.input.o3_1h) {
        finding.items.push(Item::new(factor, Stat::MaximumHour, Some(value), true, 1));
    }
    finding.exceeding = finding.items.iter().any(Item::exceeding);
    apply_index(&mut finding, &set.rules, Report::Daily, &ItemValues::from(&day.input), explain);
    finding
}

fn set_daily(input: &mut DailyInput, pollutant: Pollutant, value: Decimal) {
    match pollutant {
        Pollutant::So2 => input.so2 = Some(value),
        Pollutant::No2 => input.no2 = Some(value),
        Pollutant::Co => input.co = Some(value),
        Pollutant::Pm10 => input.pm10 = Some(value),
        Pollutant::Pm25 => input.pm25 = Some(value),
        Pollutant::O3 => {}
    }
}

/// The valid daily values that a stored day holds, for the index under another edition and for periods.
pub fn daily_input(finding: &Finding) -> DailyInput {
    let mut input = DailyInput::default();
    for item in finding.items.iter().filter(|item| item.valid()) {
        match (pollutant(item.factor), item.stat) {
            (Some(Pollutant::O3), Stat::Mda8) => input.o3_8h = item.value,
            (Some(Pollutant::O3), Stat::MaximumHour) => input.o3_1h = item.value,
            (Some(pollutant), Stat::Mean) => {
                if let Some(value) = item.value {
                    set_daily(&mut input, pollutant, value);
                }
            }
            _ => {}
        }
    }
    input
}

pub fn daily_value(date: Date, finding: &Finding) -> DailyValue {
    let input = daily_input(finding);
    DailyValue { date, values: [input.so2, input.no2, input.co, input.pm10, input.pm25, input.o3_8h] }
}

/// A day without the particles that dust days leave out.
pub fn without_dust(mut day: DailyValue, dust: &BTreeSet<Date>) -> DailyValue {
    if dust.contains(&day.date) {
        for pollutant in [Pollutant::Pm10, Pollutant::Pm25] {
            day.values[pollutant.index()] = None;
        }
    }
    day
}

/// The index of a stored day: as judged then, or recomputed under `rules`.
pub fn day_index(date: Date, finding: &Finding, rules: Option<&AqiRules>) -> DayIndex {
    let (aqi, available) = match rules {
        None => (finding.index, finding.beside),
        Some(rules) => {
            let (packed, _) = index(rules, Report::Daily, &ItemValues::from(&daily_input(finding)));
            (known(packed.published), known(packed.available))
        }
    };
    let input = daily_input(finding);
    let all = [input.so2, input.no2, input.co, input.pm10, input.pm25, input.o3_8h];
    DayIndex { date, aqi, aqi_of_available: available, complete: all.iter().all(Option::is_some) }
}

/// Which part of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Month(i16, u8),
    Year(i16),
}

pub fn statistics(set: &AirSet, part: Part, days: &[DailyValue], dust: Dust) -> PeriodStatistics {
    let validity = &set.limits.validity;
    match part {
        Part::Month(year, month) => air::assess_month(year, month, days, validity, &set.method, dust),
        Part::Year(year) => air::assess_year(year, days, validity, &set.method, dust),
    }
}

/// The statistics of a period both ways; equal where no dust day has a value.
struct BothWays {
    with: PeriodStatistics,
    without: PeriodStatistics,
    /// Days with a verdict that are dust days.
    days: u32,
}

impl BothWays {
    fn of(set: &AirSet, part: Part, daily: &[DailyValue], dust: &DustDays) -> Self {
        let with = statistics(set, part, daily, Dust::Keep);
        let days = daily.iter().filter(|day| dust.days.contains(&day.date)).count() as u32;
        let without = match days {
            0 => with.clone(),
            _ => statistics(set, part, daily, Dust::LeaveOut(&dust.days)),
        };
        Self { with, without, days }
    }

    /// The view that judges, and the other one.
    fn chosen(&self, leave_out: bool) -> (&PeriodStatistics, &PeriodStatistics) {
        if leave_out { (&self.without, &self.with) } else { (&self.with, &self.without) }
    }

    /// How the other view is named.
    const fn beside(leave_out: bool, percentile: bool) -> Stat {
        match (leave_out, percentile) {
            (true, false) => Stat::MeanWithDust,
            (true, true) => Stat::PercentileWithDust,
            (false, false) => Stat::MeanWithoutDust,
            (false, true) => Stat::PercentileWithoutDust,
        }
    }
}

/// A month or year from its days. Where dust days touch it, the view that does not judge stands beside.
pub fn period(
    set: &AirSet,
    grade: Grade,
    part: Part,
    days: &[(Date, &Finding)],
    running: bool,
    dust: &DustDays,
    explain: &mut Option<&mut Explain>,
) -> Finding {
    let daily: Vec<DailyValue> = days.iter().map(|(date, finding)| daily_value(*date, finding)).collect();
    let ways = BothWays::of(set, part, &daily, dust);
    let leaves_out = |of: fn(&DustRule) -> bool| dust.rule.as_ref().is_some_and(of);
    let mean_out = leaves_out(|rule| rule.mean);
    let percentile_out = leaves_out(|rule| rule.percentile);
    let composite_out = leaves_out(|rule| rule.composite);
    let mut finding = Finding { standard: set.method.standard.clone(), running, ..Finding::default() };
    let assessed = matches!(part, Part::Year(_)) && !running;
    let mut valid = true;
    for pollutant in Pollutant::ALL {
        let Some(factor) = code(pollutant) else { continue };
        let place = pollutant.index();
        let (judged, beside) = ways.chosen(mean_out);
        let (found, other) = (&judged.items[place], &beside.items[place]);
        let mut mean = Item::new(factor, Stat::Mean, found.mean, found.valid, found.valid_days);
        if assessed && set.method.annual_mean[place] {
            compare(&mut mean, &set.limits, Averaging::Year, grade, explain);
        }
        let touched = found.valid_days != other.valid_days;
        if touched {
            let stat = BothWays::beside(mean_out, false);
            finding.items.push(Item::new(factor, stat, other.mean, other.valid, other.valid_days));
        }
        let (judged, beside) = ways.chosen(percentile_out);
        let (found, other) = (&judged.items[place], &beside.items[place]);
        let mut percentile = Item::new(factor, Stat::Percentile, found.percentile, found.valid, found.valid_days);
        if assessed {
            let averaging = if pollutant == Pollutant::O3 { Averaging::EightHours } else { Averaging::Day };
            compare(&mut percentile, &set.limits, averaging, grade, explain);
        }
        if touched {
            let stat = BothWays::beside(percentile_out, true);
            finding.items.push(Item::new(factor, stat, other.percentile, other.valid, other.valid_days));
        }
        valid &= mean.valid() && percentile.valid();
        finding.items.extend([mean, percentile]);
    }
    // Days are counted with their dust, whatever leaves the means.
    let indices: Vec<DayIndex> = days.iter().map(|(date, finding)| day_index(*date, finding, None)).collect();
    let count = air::count_days(&indices, &set.rules, &air::DayCountRules::from(&*set.method));
    add_count(&mut finding, "days_valid", count.valid_days);
    add_count(&mut finding, "days_good", count.good_days);
    add_count(&mut finding, "days_heavy", count.heavy_days);
    if ways.days > 0 {
        add_count(&mut finding, "days_dust", ways.days);
    }
    if let Some(ratio) = count.good_ratio
        && let Some(factor) = Code::new("good_ratio")
    {
        finding.items.push(Item::new(factor, Stat::Mean, Some(ratio), true, count.valid_days as u16));
    }
    let (judged, beside) = ways.chosen(composite_out);
    let composite = set.method.composite_index(judged);
    match (&composite, Code::new("composite")) {
        (Ok(Some(index)), Some(factor)) => {
            finding.items.push(Item::new(factor, Stat::Mean, Some(index.printed()), true, 6));
            if let Ok(Some(other)) = set.method.composite_index(beside)
                && ways.days > 0
            {
                let stat = BothWays::beside(composite_out, false);
                finding.items.push(Item::new(factor, stat, Some(other.printed()), true, 6));
            }
        }
        (Err(error), _) => {
            let text = error.text();
            crate::model::note(explain, name_of(&text).zh, text.en);
        }
        _ => {}
    }
    if ways.days > 0 {
        step(explain, || dust_step(&ways, dust));
    }
    if let Some(explain) = explain {
        let judged = ways.chosen(mean_out).0;
        explain.steps.extend(judged.steps.iter().cloned());
        explain.steps.extend(count.steps);
        if let Ok(Some(index)) = composite {
            explain.steps.extend(index.steps);
        }
        explain.notes.extend(judged.items.iter().filter_map(|item| item.reason.clone()));
    }
    finding.valid = valid;
    finding.exceeding = finding.items.iter().any(Item::exceeding);
    finding
}

fn dust_step(ways: &BothWays, dust: &DustDays) -> Step {
    let days = ways.days;
    match &dust.rule {
        Some(rule) => {
            let parts = [
                (rule.mean, "平均", "means"),
                (rule.percentile, "百分位数", "percentiles"),
                (rule.composite, "综合指数", "the composite index"),
            ];
            let left: Vec<_> = parts.into_iter().filter(|(out, ..)| *out).collect();
            let zh: Vec<&str> = left.iter().map(|(_, zh, _)| *zh).collect();
            let en: Vec<&str> = left.iter().map(|(.., en)| *en).collect();
            Step::new(
                rule.clause,
                format!("沙尘天 {days} 天：PM10、PM2.5 的{}扣除，天数统计不扣除；另一口径并列", zh.join("、")),
                format!(
                    "{days} dust days leave {} of PM10 and PM2.5, counts of days keep them; the other view beside",
                    en.join(", ")
                ),
            )
        }
        None => Step::new(
            "沙尘天",
            format!("沙尘天 {days} 天：当时没有扣除的规定，不扣除；扣除的口径并列"),
            format!("{days} dust days: no rule left them out then; the view without them stands beside"),
        ),
    }
}

fn add_count(finding: &mut Finding, name: &str, count: u32) {
    if let Some(factor) = Code::new(name) {
        finding.items.push(Item::new(factor, Stat::Total, Some(Decimal::from(count)), true, 1));
    }
}
