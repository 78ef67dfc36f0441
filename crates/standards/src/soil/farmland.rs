//! Farmland (农用地): GB 15618, by pH and land use.

use super::{Risk, no_duplicates, value_of};
use crate::library::FigureError;
use crate::measure::{MeasureError, Reading};
use crate::water::Ignored;
use crate::{Date, Library, Standard, Step, Table, Text, clause};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// Use of farmland (土地利用).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FarmlandUse {
    /// 水田
    Paddy,
    /// 果园
    Orchard,
    /// 水旱轮作地: the stricter of paddy and other.
    Rotation,
    /// 其他
    Other,
}

impl FarmlandUse {
    /// The land columns that hold, strictest to be taken. `all` rows always hold.
    const fn rows(self) -> &'static [&'static str] {
        match self {
            Self::Paddy => &["paddy"],
            Self::Orchard => &["orchard"],
            Self::Rotation => &["paddy", "other"],
            Self::Other => &["other"],
        }
    }
}

impl FromStr for FarmlandUse {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "paddy" | "水田" => Ok(Self::Paddy),
            "orchard" | "果园" => Ok(Self::Orchard),
            "rotation" | "水旱轮作" => Ok(Self::Rotation),
            "other" | "其他" => Ok(Self::Other),
            other => Err(other.to_owned()),
        }
    }
}

/// GB 15618 of one edition.
#[derive(Clone, Debug)]
pub struct Farmland {
    pub standard: String,
    rows: Vec<Row>,
    /// Upper pH of the bins but the last.
    bins: [Decimal; 3],
}

#[derive(Clone, Debug)]
struct Row {
    key: String,
    /// `paddy`, `orchard`, `other` or `all`.
    land: String,
    name: Text,
    unit: String,
    screening: [Decimal; 4],
    intervention: Option<[Decimal; 4]>,
    /// 基本项目: table 1.
    basic: bool,
}

/// One item judged.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SoilItem {
    pub key: String,
    pub name: Text,
    pub value: Decimal,
    pub unit: String,
    pub screening: Decimal,
    pub intervention: Option<Decimal>,
    pub risk: Risk,
}

/// One sample judged.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SoilResult {
    pub standard: String,
    /// The worst item; `None` of none.
    pub risk: Option<Risk>,
    /// 优先保护／安全利用／严格管控 that follows from soil alone.
    pub management: Option<Text>,
    pub items: Vec<SoilItem>,
    pub ignored: Vec<Ignored>,
    pub steps: Vec<Step>,
}

impl Farmland {
    /// # Errors
    /// When no edition covers the date, or a table cannot be read.
    pub fn in_force(library: &Library, at: Date) -> Result<Self, MeasureError> {
        Ok(Self::from_standard(library.in_force("GB 15618", "", at)?)?)
    }

    /// # Errors
    /// When a table is absent, unconfirmed or not numeric.
    pub fn from_standard(standard: &Standard) -> Result<Self, FigureError> {
        let (screening, intervention) = (standard.table("screening")?, standard.table("intervention")?);
        let mut rows = Vec::new();
        for row in screening.row_keys() {
            let (key, land) = row.split_once(' ').unwrap_or((&row, "all"));
            let stricter = if intervention.has_row(key) { Some(four(intervention, key)?) } else { None };
            rows.push(Row {
                key: key.to_owned(),
                land: land.to_owned(),
                name: Text::new(screening.text(&row, "zh")?, screening.text(&row, "en")?),
                unit: screening.text(&row, "unit")?.to_owned(),
                screening: four(screening, &row)?,
                intervention: stricter,
                basic: true,
            });
        }
        let other = standard.table("screening_other")?;
        for key in other.row_keys() {
            let absent = || FigureError::Absent { figure: format!("{}/{key}/all", other.path) };
            rows.push(Row {
                land: "all".to_owned(),
                name: Text::new(other.text(&key, "zh")?, other.text(&key, "en")?),
                unit: other.text(&key, "unit")?.to_owned(),
                screening: [other.decimal(&key, "all")?.ok_or_else(absent)?; 4],
                intervention: None,
                basic: false,
                key,
            });
        }
        let bins = standard.table("ph_bins")?;
        let bound = |bin: &str| {
            let absent = || FigureError::Absent { figure: format!("{}/{bin}", bins.path) };
            bins.decimal(bin, "upper")?.ok_or_else(absent)
        };
        Ok(Self { standard: standard.code.clone(), rows, bins: [bound("a")?, bound("b")?, bound("c")?] })
    }

    /// Key and name of every item.
    pub fn names(&self) -> impl Iterator<Item = (&str, &Text)> {
        self.rows.iter().map(|row| (row.key.as_str(), &row.name))
    }

    /// Key and name of the items that every sample must have (表 1 基本项目).
    pub fn basic(&self) -> Vec<(&str, &Text)> {
        let mut found: Vec<(&str, &Text)> = Vec::new();
        for row in self.rows.iter().filter(|row| row.basic) {
            if !found.iter().any(|(key, _)| *key == row.key) {
                found.push((&row.key, &row.name));
            }
        }
        found
    }

    /// Judges one sample of soil. `ph` chooses the column (a bound belongs to the lower bin).
    ///
    /// # Errors
    /// pH outside 0–14, a negative value, an item given twice, a unit that does not convert to mg/kg.
    pub fn evaluate(&self, land: FarmlandUse, ph: Decimal, readings: &[Reading]) -> Result<SoilResult, MeasureError> {
        if ph.is_sign_negative() || ph > Decimal::from(14) {
            return Err(MeasureError::Range { factor: "pH".to_owned(), value: ph, expected: "0–14".to_owned() });
        }
        no_duplicates(readings)?;
        let bin = self.bins.iter().position(|upper| ph <= *upper).unwrap_or(3);
        let mut steps = vec![Step::new(
            clause!("GB 15618-2018 表 1 pH 分档"),
            format!("土壤 pH {ph}，取第 {} 档", bin + 1),
            format!("Soil pH {ph}: column {}", bin + 1),
        )];
        let mut items = Vec::new();
        let mut ignored = Vec::new();
        for reading in readings {
            let Some(row) = self.row(&reading.factor, land, bin) else {
                let reason = Text::new("GB 15618 没有此项", "is not an item of GB 15618");
                ignored.push(Ignored { factor: reading.factor.clone(), reason });
                continue;
            };
            let screening = row.screening.get(bin).copied().unwrap_or_default();
            match value_of(reading, &row.unit, screening, &mut steps)? {
                Ok(value) => items.push(judge(row, bin, value, &mut steps)),
                Err(reason) => ignored.push(Ignored { factor: reading.factor.clone(), reason }),
            }
        }
        items.sort_by_key(|item: &SoilItem| self.rows.iter().position(|row| row.key == item.key));
        ignored.sort_by(|left, right| left.factor.cmp(&right.factor));
        let risk = items.iter().map(|item| item.risk).max();
        let management = risk.map(management);
        if let Some(words) = &management {
            steps.push(Step::new(
                clause!("GB 15618-2018 6 风险筛选值和管制值的使用"),
                format!("按最差项目：{}", words.zh),
                format!("By the worst item: {}", words.en),
            ));
        }
        Ok(SoilResult { standard: self.standard.clone(), risk, management, items, ignored, steps })
    }

    /// The row that holds for an item: for rotation land the one with the lowest screening value, and a land use the
    /// standard does not single out for an item falls under "other".
    fn row(&self, key: &str, land: FarmlandUse, bin: usize) -> Option<&Row> {
        let of =
            |wanted: &str| self.rows.iter().filter(move |row| row.key == key && row.land == wanted).collect::<Vec<_>>();
        let mut rows: Vec<&Row> = of("all");
        rows.extend(land.rows().iter().flat_map(|wanted| of(wanted)));
        if rows.is_empty() {
            rows = of("other");
        }
        rows.into_iter().min_by_key(|row| row.screening.get(bin).copied())
    }
}

fn judge(row: &Row, bin: usize, value: Decimal, steps: &mut Vec<Step>) -> SoilItem {
    let screening = row.screening.get(bin).copied().unwrap_or_default();
    let intervention = row.intervention.and_then(|values| values.get(bin).copied());
    let risk = Risk::of(value, screening, intervention);
    let clause = match (risk, row.intervention) {
        (Risk::High, _) => clause!("GB 15618-2018 表 3"),
        (_, None) if row.land == "all" && row.key.len() == 3 => clause!("GB 15618-2018 表 2"),
        _ => clause!("GB 15618-2018 表 1"),
    };
    let bound = intervention.map_or_else(|| "—".to_owned(), |bound| bound.to_string());
    let words = management(risk);
    let shown = value.normalize();
    steps.push(Step::new(
        clause,
        format!("{} {shown} {}，筛选值 {screening}，管制值 {bound}：{}", row.name.zh, row.unit, words.zh),
        format!("{} {shown} {}, screening {screening}, intervention {bound}: {}", row.name.en, row.unit, words.en),
    ));
    SoilItem {
        key: row.key.clone(),
        name: row.name.clone(),
        value,
        unit: row.unit.clone(),
        screening,
        intervention,
        risk,
    }
}

fn management(risk: Risk) -> Text {
    match risk {
        Risk::Low => Text::new("风险低（优先保护）", "low risk (priority protection)"),
        Risk::Possible => Text::new("可能存在风险（安全利用）", "possible risk (safe use)"),
        Risk::High => Text::new("风险高（严格管控）", "high risk (strict control)"),
    }
}

fn four(table: &Table, row: &str) -> Result<[Decimal; 4], FigureError> {
    let mut values = [Decimal::ZERO; 4];
    for (column, value) in ["a", "b", "c", "d"].into_iter().zip(&mut values) {
        let absent = || FigureError::Absent { figure: format!("{}/{row}/{column}", table.path) };
        *value = table.decimal(row, column)?.ok_or_else(absent)?;
    }
    Ok(values)
}
