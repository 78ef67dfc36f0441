//! Construction land (建设用地): GB 36600, by land type.

use super::{Risk, no_duplicates, value_of};
use crate::library::FigureError;
use crate::measure::{MeasureError, Reading};
use crate::water::Ignored;
use crate::{Date, Library, Standard, Step, Table, Text, clause};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::str::FromStr;

/// Type of construction land (第一类、第二类用地).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LandType {
    /// Homes, schools, hospitals, parks for children.
    First,
    /// Industry, storage, business, roads.
    Second,
}

impl FromStr for LandType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "1" | "first" | "第一类" => Ok(Self::First),
            "2" | "second" | "第二类" => Ok(Self::Second),
            other => Err(other.to_owned()),
        }
    }
}

#[derive(Clone, Debug)]
struct Row {
    key: String,
    name: Text,
    unit: String,
    basic: bool,
    /// Above screening but not above natural background is not contaminated land.
    background: bool,
    screening: [Decimal; 2],
    intervention: [Decimal; 2],
}

/// GB 36600 of one edition.
#[derive(Clone, Debug)]
pub struct ConstructionLand {
    pub standard: String,
    rows: Vec<Row>,
}

/// One item judged.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SoilSiteItem {
    pub key: String,
    pub name: Text,
    pub value: Decimal,
    pub unit: String,
    pub screening: Decimal,
    pub intervention: Decimal,
    pub risk: Risk,
    /// Above screening, but not above the natural background given.
    pub within_background: bool,
}

/// One sample judged.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SoilSite {
    pub standard: String,
    pub risk: Option<Risk>,
    pub management: Option<Text>,
    pub items: Vec<SoilSiteItem>,
    /// Basic items without a value (必测项目).
    pub missing: Vec<String>,
    pub ignored: Vec<Ignored>,
    pub steps: Vec<Step>,
}

impl ConstructionLand {
    /// # Errors
    /// When no edition covers the date, or a table cannot be read.
    pub fn in_force(library: &Library, at: Date) -> Result<Self, MeasureError> {
        Ok(Self::from_standard(library.in_force("GB 36600", "", at)?)?)
    }

    /// # Errors
    /// When a table is absent, unconfirmed or not numeric.
    pub fn from_standard(standard: &Standard) -> Result<Self, FigureError> {
        let mut rows = read(standard.table("basic")?, true)?;
        rows.extend(read(standard.table("other")?, false)?);
        Ok(Self { standard: standard.code.clone(), rows })
    }

    /// Key and name of every item.
    pub fn names(&self) -> impl Iterator<Item = (&str, &Text)> {
        self.rows.iter().map(|row| (row.key.as_str(), &row.name))
    }

    /// Judges one sample. `background` gives natural background in mg/kg for the items that may be exempted by it.
    ///
    /// # Errors
    /// A negative value, an item given twice, a unit that does not convert to mg/kg.
    pub fn evaluate(
        &self,
        land: LandType,
        readings: &[Reading],
        background: &BTreeMap<String, Decimal>,
    ) -> Result<SoilSite, MeasureError> {
        no_duplicates(readings)?;
        let mut steps = Vec::new();
        let (mut items, mut ignored) = (Vec::new(), Vec::new());
        for reading in readings {
            let Some(row) = self.rows.iter().find(|row| row.key == reading.factor) else {
                let reason = Text::new("GB 36600 没有此项", "is not an item of GB 36600");
                ignored.push(Ignored { factor: reading.factor.clone(), reason });
                continue;
            };
            let screening = row.screening.get(land as usize).copied().unwrap_or_default();
            match value_of(reading, &row.unit, screening, &mut steps)? {
                Ok(value) => items.push(judge(row, land, value, background.get(&row.key).copied(), &mut steps)),
                Err(reason) => ignored.push(Ignored { factor: reading.factor.clone(), reason }),
            }
        }
        items.sort_by_key(|item: &SoilSiteItem| self.rows.iter().position(|row| row.key == item.key));
        ignored.sort_by(|left, right| left.factor.cmp(&right.factor));
        let risk = items.iter().map(|item| if item.within_background { Risk::Low } else { item.risk }).max();
        let management = risk.map(management);
        if let Some(words) = &management {
            steps.push(Step::new(
                clause!("GB 36600-2018 5 风险筛选值和管制值的使用"),
                format!("按最差项目：{}", words.zh),
                format!("By the worst item: {}", words.en),
            ));
        }
        let missing = self.rows.iter().filter(|row| row.basic && !items.iter().any(|item| item.key == row.key));
        let missing = missing.map(|row| row.key.clone()).collect();
        Ok(SoilSite { standard: self.standard.clone(), risk, management, items, missing, ignored, steps })
    }
}

fn judge(
    row: &Row,
    land: LandType,
    value: Decimal,
    background: Option<Decimal>,
    steps: &mut Vec<Step>,
) -> SoilSiteItem {
    let place = land as usize;
    let screening = row.screening.get(place).copied().unwrap_or_default();
    let intervention = row.intervention.get(place).copied().unwrap_or_default();
    let risk = Risk::of(value, screening, Some(intervention));
    let within_background = risk != Risk::Low && row.background && background.is_some_and(|natural| value <= natural);
    let clause = if row.basic { clause!("GB 36600-2018 表 1") } else { clause!("GB 36600-2018 表 2") };
    let words = management(risk);
    let shown = value.normalize();
    steps.push(Step::new(
        clause,
        format!("{} {shown} {}，筛选值 {screening}，管制值 {intervention}：{}", row.name.zh, row.unit, words.zh),
        format!(
            "{} {shown} {}, screening {screening}, intervention {intervention}: {}",
            row.name.en, row.unit, words.en
        ),
    ));
    if within_background {
        steps.push(Step::new(
            clause!("GB 36600-2018 表 1 注 环境背景值"),
            format!("{} 不高于土壤环境背景值，不纳入污染地块管理", row.name.zh),
            format!("{} is not above natural background: not contaminated land", row.name.en),
        ));
    }
    SoilSiteItem {
        key: row.key.clone(),
        name: row.name.clone(),
        value,
        unit: row.unit.clone(),
        screening,
        intervention,
        risk,
        within_background,
    }
}

fn management(risk: Risk) -> Text {
    match risk {
        Risk::Low => Text::new("风险一般可以忽略", "the risk can in general be neglected"),
        Risk::Possible => {
            Text::new("可能存在风险，应开展详细调查和风险评估", "possible risk: detailed survey and risk assessment")
        }
        Risk::High => {
            Text::new("通常存在不可接受风险，应采取风险管控或修复", "usually unacceptable risk: control or remediation")
        }
    }
}

fn read(table: &Table, basic: bool) -> Result<Vec<Row>, FigureError> {
    table
        .row_keys()
        .map(|key| {
            let number = |column: &str| {
                let absent = || FigureError::Absent { figure: format!("{}/{key}/{column}", table.path) };
                table.decimal(&key, column)?.ok_or_else(absent)
            };
            Ok(Row {
                name: Text::new(table.text(&key, "zh")?, table.text(&key, "en")?),
                unit: table.text(&key, "unit")?.to_owned(),
                basic,
                background: table.text(&key, "background")? == "yes",
                screening: [number("S1")?, number("S2")?],
                intervention: [number("I1")?, number("I2")?],
                key,
            })
        })
        .collect()
}
