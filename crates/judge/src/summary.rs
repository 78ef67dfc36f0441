//! A verdict in one line, in both languages.

use kernel::{Name, Point};
use standards::air::Pollutant;

use crate::model::{Finding, Item, Method, Stat};
use crate::names;
pub use crate::names::factor_name;
use crate::plan::method_of;
use crate::rule::{air, water};

/// The name of a factor as people write it.
pub fn factor_label(item: &Item) -> String {
    factor_name(item.factor.as_str()).zh
}

pub fn of(point: &Point, finding: &Finding) -> Name {
    let base = match method_of(point.kind) {
        Method::Air => of_air(finding),
        Method::Water { .. } | Method::Groundwater => of_lake(finding),
        Method::Noise => of_noise(finding),
        Method::Limits | Method::Electromagnetic => Name::default(),
    };
    let over: Vec<&Item> = finding.items.iter().filter(|item| item.exceeding()).collect();
    if over.is_empty() {
        if !base.zh.is_empty() {
            return base;
        }
        return match (finding.valid, finding.standard.is_empty()) {
            (false, _) => Name::new("数据无效，未评价", "no valid data, not judged"),
            (true, true) => Name::new("无限值，未评价", "no limits, not judged"),
            (true, false) => Name::new("达标", "inside the limits"),
        };
    }
    let part = |item: &&Item, english: bool| {
        let name = factor_name(item.factor.as_str());
        let name = if english { name.en } else { name.zh };
        let value = item.value.map(|value| value.round_dp(3).normalize().to_string()).unwrap_or_default();
        let limit = item.limit.map(|limit| limit.to_string()).unwrap_or_default();
        let over = names::over(item).unwrap_or_default();
        match english {
            false => format!("{name} {value}（限值 {limit}，{}）", over.zh),
            true => format!("{name} {value} (limit {limit}, {})", over.en),
        }
    };
    let zh: Vec<String> = over.iter().map(|item| part(item, false)).collect();
    let en: Vec<String> = over.iter().map(|item| part(item, true)).collect();
    let separator = if base.zh.is_empty() { ("", "") } else { ("；", "; ") };
    Name::new(
        format!("{}{}超标：{}", base.zh, separator.0, zh.join("、")),
        format!("{}{}exceeding: {}", base.en, separator.1, en.join(", ")),
    )
}

fn of_air(finding: &Finding) -> Name {
    let ratio = finding.items.iter().find(|item| item.factor == *"good_ratio").and_then(|item| item.value);
    if let Some(ratio) = ratio {
        return Name::new(format!("优良天数比例 {ratio}%"), format!("good days {ratio}%"));
    }
    let primary: Vec<&str> = finding
        .items
        .iter()
        .filter(|item| item.primary())
        .filter_map(|item| air::pollutant(item.factor))
        .map(Pollutant::label)
        .collect();
    match (finding.index, primary.is_empty()) {
        (Some(aqi), true) => Name::new(format!("AQI {aqi}"), format!("AQI {aqi}")),
        (Some(aqi), false) => {
            let names = primary.join("、");
            Name::new(format!("AQI {aqi}，首要污染物 {names}"), format!("AQI {aqi}, primary {}", primary.join(", ")))
        }
        (None, _) => Name::new("AQI NA（数据不足）", "AQI NA (not enough data)"),
    }
}

fn of_water(finding: &Finding) -> Name {
    match finding.index.and_then(water::class_of_number) {
        Some(class) => {
            let name = class.name();
            Name::new(name.zh, name.en)
        }
        None => Name::new("未评价类别", "no class"),
    }
}

/// Class, and of a lake's month or year the trophic index.
fn of_lake(finding: &Finding) -> Name {
    let class = of_water(finding);
    match finding.items.iter().find(|item| item.factor == *"tli").and_then(|item| item.value) {
        Some(index) => Name::new(format!("{}，TLI {index}", class.zh), format!("{}, TLI {index}", class.en)),
        None => class,
    }
}

fn of_noise(finding: &Finding) -> Name {
    let level = |stat: Stat| {
        finding.items.iter().find(|item| item.stat == stat).and_then(|item| item.value).map(|value| value.to_string())
    };
    match (level(Stat::DayLevel), level(Stat::NightLevel)) {
        (None, None) => Name::default(),
        (day, night) => {
            let (day, night) = (day.unwrap_or_else(|| "—".into()), night.unwrap_or_else(|| "—".into()));
            Name::new(format!("昼间 {day} dB(A)，夜间 {night} dB(A)"), format!("day {day} dB(A), night {night} dB(A)"))
        }
    }
}
