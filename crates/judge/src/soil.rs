//! Soil (土壤) of farmland blocks and plots: rows of measured values become samples, judged by GB 15618 or GB 36600 as
//! of the day they were taken. Pure.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Day, Name};
use rust_decimal::Decimal;
use serde::Serialize;
use standards::measure::{Amount, Reading};
use standards::soil::{
    ConstructionLand, Farmland, FarmlandAreas, FarmlandUse, LandType, Risk, SoilItem, SoilSiteItem,
    construction_safe_use, farmland_safe_use,
};
use standards::{Library, Step, Text};

use crate::Judge;
use crate::http::StepView;
use crate::model::name_of;
use crate::period;

/// Areas that a safe-use rate (安全利用率) is made of, each in any one unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SafeUse {
    /// 受污染耕地
    Farmland { protected: Decimal, safely_used: Decimal, strictly_controlled: Decimal, contaminated: Decimal },
    /// 重点建设用地
    Construction { compliant: Decimal, reused: Decimal },
}

impl Judge {
    /// Samples of a record, judged by the rules as confirmed until now.
    pub fn soil(&self, rows: &[SoilRow], land: Option<&str>, today: Day) -> Vec<SoilSampleView> {
        judge(&self.rules().library, rows, land, today)
    }

    /// A safe-use rate in percent; `None` without any area.
    ///
    /// # Errors
    /// While its formula is not confirmed; areas that cannot be.
    pub fn safe_use(&self, areas: &SafeUse, today: Day) -> Result<Option<Decimal>, Text> {
        let found = match *areas {
            SafeUse::Farmland { protected, safely_used, strictly_controlled, contaminated } => {
                farmland_safe_use(&FarmlandAreas { protected, safely_used, strictly_controlled, contaminated })
                    .map(|found| found.map(|(rate, _)| rate))
            }
            SafeUse::Construction { compliant, reused } => {
                construction_safe_use(&self.rules().library, period::date(today), compliant, reused)
            }
        };
        found.map_err(|error| error.text())
    }
}

/// One measured value as a ledger holds it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SoilRow {
    pub sample: String,
    pub date: Option<Day>,
    /// Land use of the row; else that of the record holds.
    pub land: Option<String>,
    pub ph: Option<Decimal>,
    /// Key (`CD`) or Chinese or English name (`镉`).
    pub factor: String,
    pub value: Option<Decimal>,
    /// The value is a detection limit that was not reached.
    pub below: bool,
    pub unit: Option<String>,
    pub laboratory: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct SoilItemView {
    pub factor: String,
    pub name: Name,
    pub value: String,
    pub unit: String,
    pub screening: String,
    pub intervention: Option<String>,
    /// `low`, `possible`, `high`.
    pub risk: String,
}

/// A sample, judged or with the reason why not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, schemars::JsonSchema)]
pub struct SoilSampleView {
    pub sample: String,
    pub date: Option<String>,
    pub land: Option<String>,
    pub ph: Option<String>,
    pub laboratories: Vec<String>,
    /// `GB 15618-2018`; empty where nothing was judged.
    pub standard: String,
    /// `low`, `possible`, `high`: that of the worst item.
    pub risk: Option<String>,
    /// What follows from it, in words.
    pub management: Option<Name>,
    pub items: Vec<SoilItemView>,
    /// Clause and reason, step by step.
    pub steps: Vec<StepView>,
    /// Items of the standard that must be measured and are not there.
    pub missing: Vec<Name>,
    /// Values that were not judged, and why.
    pub ignored: Vec<Name>,
    /// Why the sample is not judged.
    pub problem: Option<Name>,
}

const fn risk_key(risk: Risk) -> &'static str {
    match risk {
        Risk::Low => "low",
        Risk::Possible => "possible",
        Risk::High => "high",
    }
}

fn number(value: Decimal) -> String {
    value.normalize().to_string()
}

/// Judges every sample of a record, newest first; `land` is the land use of the record. Nothing is judged by guess: a
/// sample without a date, land use or (farmland) pH says so.
pub fn judge(library: &Library, rows: &[SoilRow], land: Option<&str>, today: Day) -> Vec<SoilSampleView> {
    let mut samples: BTreeMap<(Option<Day>, &str), Vec<&SoilRow>> = BTreeMap::new();
    for row in rows {
        samples.entry((row.date, row.sample.as_str())).or_default().push(row);
    }
    let judged = samples.into_iter().rev().map(|((date, sample), rows)| {
        let lands: BTreeSet<&str> = rows.iter().filter_map(|row| row.land.as_deref().or(land)).collect();
        let laboratories: BTreeSet<&str> = rows.iter().filter_map(|row| row.laboratory.as_deref()).collect();
        let phs: BTreeSet<Decimal> = rows.iter().filter_map(|row| row.ph).collect();
        let mut view = SoilSampleView {
            sample: sample.to_owned(),
            date: date.map(Day::to_iso),
            land: lands.first().map(|land| (*land).to_owned()),
            ph: phs.first().copied().map(number),
            laboratories: laboratories.into_iter().map(str::to_owned).collect(),
            ..SoilSampleView::default()
        };
        if let Err(why) = fill(&mut view, library, &rows, (date, today), &lands, &phs) {
            view.problem = Some(name_of(&why));
        }
        view
    });
    judged.collect()
}

fn one<T: Copy + Ord>(found: &BTreeSet<T>, none: Text, several: Text) -> Result<T, Text> {
    match (found.first(), found.len()) {
        (Some(only), 1) => Ok(*only),
        (None, _) => Err(none),
        _ => Err(several),
    }
}

fn fill(
    view: &mut SoilSampleView,
    library: &Library,
    rows: &[&SoilRow],
    (date, today): (Option<Day>, Day),
    lands: &BTreeSet<&str>,
    phs: &BTreeSet<Decimal>,
) -> Result<(), Text> {
    let date = date.ok_or_else(|| Text::new("没有采样日期，不知道适用哪一版标准", "no date of sampling"))?;
    if date > today {
        return Err(Text::new("采样日期在将来", "the date of sampling lies in the future"));
    }
    let land = one(
        lands,
        Text::new("不知道土地利用", "the land use is not known"),
        Text::new("同一样品有两种土地利用", "the sample has two land uses"),
    )?;
    let date = period::date(date);
    if let Ok(kind) = land.parse::<LandType>() {
        let rules = ConstructionLand::in_force(library, date).map_err(|error| error.text())?;
        let names: Vec<_> = rules.names().map(|(key, name)| (key.to_owned(), name.clone())).collect();
        let readings = readings_of(view, rows, &names);
        let found = rules.evaluate(kind, &readings, &BTreeMap::new()).map_err(|error| error.text())?;
        let item = |item: &SoilSiteItem| {
            let limits = (item.screening, Some(item.intervention));
            item_view((&item.key, &item.name, &item.unit), item.value, limits, item.risk)
        };
        view.items = found.items.iter().map(item).collect();
        let name = |key: &String| names.iter().find(|(known, _)| known == key).map(|(_, name)| name_of(name));
        view.missing = found.missing.iter().filter_map(name).collect();
        ignored_of(view, &found.ignored);
        finish(view, found.standard, (found.risk, found.management), &found.steps);
        return Ok(());
    }
    let kind: FarmlandUse = land
        .parse()
        .map_err(|other| Text::new(format!("“{other}”不是土地利用"), format!("`{other}` is no land use")))?;
    let ph = one(
        phs,
        Text::new("农用地样品缺 pH，限值按 pH 分档", "farmland needs pH: the limits depend on it"),
        Text::new("同一样品有两个 pH", "the sample has two values of pH"),
    )?;
    let rules = Farmland::in_force(library, date).map_err(|error| error.text())?;
    let names: Vec<_> = rules.names().map(|(key, name)| (key.to_owned(), name.clone())).collect();
    let readings = readings_of(view, rows, &names);
    let found = rules.evaluate(kind, ph, &readings).map_err(|error| error.text())?;
    let item = |item: &SoilItem| {
        let limits = (item.screening, item.intervention);
        item_view((&item.key, &item.name, &item.unit), item.value, limits, item.risk)
    };
    view.items = found.items.iter().map(item).collect();
    let measured = |key: &str| found.items.iter().any(|item| item.key == key);
    let basic = rules.basic();
    view.missing = basic.into_iter().filter(|(key, _)| !measured(key)).map(|(_, name)| name_of(name)).collect();
    ignored_of(view, &found.ignored);
    finish(view, found.standard, (found.risk, found.management), &found.steps);
    Ok(())
}

/// Key, name and unit, value, screening and intervention value, risk.
fn item_view(
    (key, name, unit): (&str, &Text, &str),
    value: Decimal,
    (screening, intervention): (Decimal, Option<Decimal>),
    risk: Risk,
) -> SoilItemView {
    SoilItemView {
        factor: key.to_owned(),
        name: name_of(name),
        value: number(value),
        unit: unit.to_owned(),
        screening: number(screening),
        intervention: intervention.map(number),
        risk: risk_key(risk).to_owned(),
    }
}

/// Rows as readings under the keys of the standard; what it does not know is named.
fn readings_of(view: &mut SoilSampleView, rows: &[&SoilRow], names: &[(String, Text)]) -> Vec<Reading> {
    let mut readings = Vec::with_capacity(rows.len());
    for row in rows {
        let wanted = row.factor.trim();
        let is = |(key, name): &&(String, Text)| {
            key.eq_ignore_ascii_case(wanted) || name.zh == wanted || name.en.eq_ignore_ascii_case(wanted)
        };
        let Some((key, _)) = names.iter().find(is) else {
            let text = Text::new(format!("{wanted}：标准没有此项"), format!("{wanted}: not an item of the standard"));
            view.ignored.push(name_of(&text));
            continue;
        };
        let Some(value) = row.value else {
            view.ignored.push(Name::new(format!("{wanted}：没有测定值"), format!("{wanted}: no value")));
            continue;
        };
        let amount = if row.below { Amount::BelowDetection(value) } else { Amount::Value(value) };
        let reading = Reading::of(key.as_str(), amount);
        let unit = row.unit.as_deref().map(str::trim).filter(|unit| !unit.is_empty());
        readings.push(match unit {
            Some(unit) => reading.with_unit(unit),
            None => reading,
        });
    }
    readings
}

/// What the standard could not judge, with its reason.
fn ignored_of(view: &mut SoilSampleView, ignored: &[standards::water::Ignored]) {
    view.ignored.extend(ignored.iter().map(|one| {
        Name::new(format!("{}：{}", one.factor, one.reason.zh), format!("{}: {}", one.factor, one.reason.en))
    }));
}

fn finish(view: &mut SoilSampleView, standard: String, found: (Option<Risk>, Option<Text>), steps: &[Step]) {
    let (risk, management) = found;
    view.standard = standard;
    view.risk = risk.map(|risk| risk_key(risk).to_owned());
    view.management = management.as_ref().map(name_of);
    view.steps = steps.iter().map(|step| StepView { text: name_of(&step.text), clause: step.clause.clone() }).collect();
    if risk == Some(Risk::Low) && !view.missing.is_empty() {
        // What was not measured may be worse; what was found to be worse stands.
        view.risk = None;
        view.management = None;
        view.problem = Some(Name::new(
            "已测项目都不高于筛选值；还缺基本项目，不能定为低风险",
            "nothing measured is above its screening value, but basic items are missing: the risk is not known to be low",
        ));
    }
    if risk.is_none() {
        view.problem = Some(Name::new("没有可以评价的项目", "no item that can be judged"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(factor: &str, value: &str, ph: Option<&str>) -> SoilRow {
        SoilRow {
            sample: "S1".into(),
            date: Day::parse("2024-05-01"),
            factor: factor.into(),
            value: value.parse().ok(),
            ph: ph.and_then(|ph| ph.parse().ok()),
            laboratory: Some("县监测站".into()),
            ..SoilRow::default()
        }
    }

    /// Standard, risk, first item's limits, and the start of the problem.
    fn check(rows: &[SoilRow], land: Option<&str>, expect: (&str, Option<&str>, Option<(&str, &str)>, &str)) {
        let library = Library::embedded().unwrap();
        let found = judge(&library, rows, land, Day::parse("2026-11-26").unwrap());
        let view = &found[0];
        let item = view.items.first();
        let limits = item.map(|item| (item.screening.as_str(), item.intervention.as_deref().unwrap_or_default()));
        let problem = view.problem.as_ref().map(|name| name.zh.as_str()).unwrap_or_default();
        assert_eq!((view.standard.as_str(), view.risk.as_deref(), limits), (expect.0, expect.1, expect.2));
        assert!(problem.contains(expect.3) && problem.is_empty() == expect.3.is_empty(), "{problem}");
    }

    #[test]
    fn farmland_is_judged_by_ph_and_use_and_plots_by_type() {
        let cadmium = |value: &str| [row("镉", value, Some("5.5"))];
        // One item does not make a soil clean; all eight do.
        check(&cadmium("0.3"), Some("paddy"), ("GB 15618-2018", None, Some(("0.3", "1.5")), "还缺基本项目"));
        let all: Vec<SoilRow> =
            ["CD", "HG", "AS", "PB", "CR", "CU", "NI", "ZN"].map(|key| row(key, "0.1", Some("5.5"))).into();
        check(&all, Some("paddy"), ("GB 15618-2018", Some("low"), Some(("0.3", "1.5")), ""));
        check(&cadmium("0.31"), Some("paddy"), ("GB 15618-2018", Some("possible"), Some(("0.3", "1.5")), ""));
        check(&cadmium("1.6"), Some("paddy"), ("GB 15618-2018", Some("high"), Some(("0.3", "1.5")), ""));
        check(&[row("CD", "21", None)], Some("first"), ("GB 36600-2018", Some("possible"), Some(("20", "47")), ""));
        check(&[row("CD", "21", None)], Some("second"), ("GB 36600-2018", None, Some(("65", "172")), "还缺基本项目"));
        // The unit of the laboratory is that of the row.
        let micro = SoilRow { unit: Some("μg/kg".into()), ..row("CD", "310", Some("5.5")) };
        check(&[micro], Some("paddy"), ("GB 15618-2018", Some("possible"), Some(("0.3", "1.5")), ""));
        // A method that does not see the screening value says nothing.
        let below = SoilRow { below: true, ..row("CD", "0.5", Some("5.5")) };
        check(&[below], Some("paddy"), ("GB 15618-2018", None, None, "没有可以评价的项目"));
    }

    #[test]
    fn nothing_is_judged_by_guess() {
        let cadmium = row("CD", "0.3", None);
        check(std::slice::from_ref(&cadmium), None, ("", None, None, "不知道土地利用"));
        check(std::slice::from_ref(&cadmium), Some("paddy"), ("", None, None, "缺 pH"));
        check(&[row("CD", "1", Some("5")), row("PB", "1", Some("6"))], Some("paddy"), ("", None, None, "两个 pH"));
        check(&[SoilRow { date: None, ..cadmium.clone() }], Some("first"), ("", None, None, "没有采样日期"));
        check(
            &[SoilRow { date: Day::parse("2027-01-01"), ..cadmium.clone() }],
            Some("first"),
            ("", None, None, "将来"),
        );
        check(
            &[SoilRow { date: Day::parse("2017-01-01"), ..cadmium.clone() }],
            Some("first"),
            ("", None, None, "GB 36600"),
        );
        check(&[cadmium.clone(), cadmium.clone()], Some("first"), ("", None, None, "两次"));
        check(&[SoilRow { unit: Some("mg/L".into()), ..cadmium }], Some("first"), ("", None, None, "单位"));
        check(&[row("钴粉", "1", None)], Some("first"), ("GB 36600-2018", None, None, "没有可以评价"));
    }
}
