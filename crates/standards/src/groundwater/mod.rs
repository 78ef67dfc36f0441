//! Groundwater (地下水): GB/T 14848 class per item and overall.

use crate::library::FigureError;
use crate::measure::{Amount, Factors, MeasureError, Reading};
use crate::water::{Class, Ignored, read_range};
use crate::{Date, Library, Standard, Step, Table, Text, clause};
use rust_decimal::Decimal;
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// Upper bounds I–IV; `None` = 不得检出 (ND).
    Upper([Option<Decimal>; 4]),
    /// 无／有
    Presence,
    /// pH: ranges of I–III and of IV.
    Ranges((Decimal, Decimal), (Decimal, Decimal)),
    /// 总α、总β: bounds I–III; beyond them a nuclide analysis decides.
    Nuclide([Decimal; 3]),
}

/// An item of tables 1 and 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroundwaterItem {
    pub key: String,
    pub name: Text,
    pub factors: Vec<String>,
    pub unit: String,
    /// 常规指标
    pub routine: bool,
    kind: Kind,
}

/// One edition of the standard.
#[derive(Clone, Debug)]
pub struct Groundwater {
    pub standard: String,
    pub title: Text,
    pub items: Vec<GroundwaterItem>,
    factors: Factors,
}

/// The class of one item.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroundwaterClass {
    pub key: String,
    pub factor: String,
    pub name: Text,
    /// `None` for qualitative items and for "not detected".
    pub value: Option<Decimal>,
    pub unit: String,
    pub class: Class,
    pub class_iii_limit: Option<Decimal>,
    /// The class is the best it can be; a nuclide analysis must decide between IV and V.
    pub provisional: bool,
}

/// The evaluation of one well.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroundwaterResult {
    pub standard: String,
    /// The worst item; `None` of none.
    pub class: Option<Class>,
    /// The overall class rests on a provisional item.
    pub provisional: bool,
    pub items: Vec<GroundwaterClass>,
    pub deciding: Vec<String>,
    /// Routine items without a value.
    pub missing: Vec<String>,
    pub ignored: Vec<Ignored>,
    pub steps: Vec<Step>,
}

impl Groundwater {
    /// # Errors
    /// When no edition covers the date, or a table cannot be read.
    pub fn in_force(library: &Library, at: Date) -> Result<Self, MeasureError> {
        let standard = library.in_force("GB/T 14848", "", at)?;
        Ok(Self::from_standard(library, standard)?)
    }

    /// # Errors
    /// When a table is absent, unconfirmed or not numeric.
    pub fn from_standard(library: &Library, standard: &Standard) -> Result<Self, FigureError> {
        let mut items = read_items(standard.table("routine")?, true)?;
        items.extend(read_items(standard.table("other")?, false)?);
        Ok(Self {
            standard: standard.code.clone(),
            title: standard.title.clone(),
            items,
            factors: Factors::load(library)?,
        })
    }

    /// Class per item and overall (the worst item). Of equal limits the better class is taken; below a detection
    /// limit counts as half of it, and as "not detected" where the standard says so.
    ///
    /// # Errors
    /// A negative value, a factor given twice, a unit of another quantity, pH outside 0–14, a number for a
    /// qualitative item or the other way round.
    pub fn evaluate(&self, readings: &[Reading]) -> Result<GroundwaterResult, MeasureError> {
        let mut steps = Vec::new();
        let mut items: Vec<GroundwaterClass> = Vec::new();
        let mut ignored = Vec::new();
        for item in &self.items {
            let mut own = readings.iter().filter(|reading| item.is(&reading.factor));
            let Some(reading) = own.next() else { continue };
            if own.next().is_some() {
                return Err(MeasureError::Duplicate { factor: item.key.clone() });
            }
            match self.judge(item, reading, &mut steps)? {
                Ok(class) => items.push(class),
                Err(reason) => ignored.push(Ignored { factor: reading.factor.clone(), reason }),
            }
        }
        let known = |factor: &str| self.items.iter().any(|item| item.is(factor));
        ignored.extend(readings.iter().filter(|reading| !known(&reading.factor)).map(|reading| Ignored {
            factor: reading.factor.clone(),
            reason: Text::new("GB/T 14848 没有此项", "is not an item of GB/T 14848"),
        }));
        ignored.sort_by(|left, right| left.factor.cmp(&right.factor));
        let class = items.iter().map(|item| item.class).max();
        let worst: Vec<&GroundwaterClass> = items.iter().filter(|item| Some(item.class) == class).collect();
        let provisional = !worst.is_empty() && items.iter().any(|item| item.provisional && Some(item.class) == class);
        let deciding = worst.iter().map(|item| item.key.clone()).collect();
        if let Some(class) = class {
            steps.push(Step::new(
                clause!("GB/T 14848-2017 综合类别"),
                format!("综合类别取最差单项：{}", class.name().zh),
                format!("The overall class is that of the worst item: {}", class.name().en),
            ));
        }
        let missing = self.items.iter().filter(|item| item.routine && !items.iter().any(|found| found.key == item.key));
        Ok(GroundwaterResult {
            standard: self.standard.clone(),
            class,
            provisional,
            deciding,
            missing: missing.map(|item| item.key.clone()).collect(),
            items,
            ignored,
            steps,
        })
    }

    fn judge(
        &self,
        item: &GroundwaterItem,
        reading: &Reading,
        steps: &mut Vec<Step>,
    ) -> Result<Result<GroundwaterClass, Text>, MeasureError> {
        let amount = self.factors.amount_in(reading, &item.unit, steps)?;
        let (class, value) = match item.classify(amount, reading)? {
            Ok(found) => found,
            Err(reason) => return Ok(Err(reason)),
        };
        let provisional = matches!(item.kind, Kind::Nuclide(_)) && class > Class::III;
        if provisional {
            steps.push(Step::new(
                clause!("GB/T 14848-2017 放射性核素分析"),
                format!("{} 超过 III 类限值，需核素分析后再定 IV 或 V 类", item.name.zh),
                format!("{} is above the class III limit: a nuclide analysis must tell class IV from V", item.name.en),
            ));
        }
        let shown = value.map_or_else(|| "—".to_owned(), |value| value.normalize().to_string());
        let clause = if item.routine { clause!("GB/T 14848-2017 表 1") } else { clause!("GB/T 14848-2017 表 2") };
        steps.push(Step::new(
            clause,
            format!("{} {shown} {}：{}", item.name.zh, item.unit, class.name().zh),
            format!("{} {shown} {}: {}", item.name.en, item.unit, class.name().en),
        ));
        Ok(Ok(GroundwaterClass {
            key: item.key.clone(),
            factor: reading.factor.clone(),
            name: item.name.clone(),
            value,
            unit: item.unit.clone(),
            class,
            class_iii_limit: item.class_iii_limit(),
            provisional,
        }))
    }
}

impl GroundwaterItem {
    fn is(&self, factor: &str) -> bool {
        self.key == factor || self.factors.iter().any(|code| code == factor)
    }

    /// The upper bound of a class, where the item has one.
    pub fn bound(&self, class: Class) -> Option<Decimal> {
        let place = Class::LIMITED.iter().position(|known| *known == class)?;
        match &self.kind {
            Kind::Upper(limits) => limits.get(place).copied().flatten(),
            Kind::Nuclide(limits) => limits.get(place).copied(),
            Kind::Presence | Kind::Ranges(..) => None,
        }
    }

    fn class_iii_limit(&self) -> Option<Decimal> {
        match &self.kind {
            Kind::Upper(limits) => limits[2],
            Kind::Nuclide(limits) => Some(limits[2]),
            Kind::Presence | Kind::Ranges(..) => None,
        }
    }

    /// The inner error is a reason to leave the item out.
    #[allow(clippy::type_complexity)]
    fn classify(
        &self,
        amount: Amount,
        reading: &Reading,
    ) -> Result<Result<(Class, Option<Decimal>), Text>, MeasureError> {
        let kind =
            |zh: &str, en: &str| MeasureError::Kind { factor: reading.factor.clone(), expected: Text::new(zh, en) };
        if self.kind == Kind::Presence {
            return match amount {
                Amount::Present(true) => Ok(Ok((Class::V, None))),
                Amount::Present(false) => Ok(Ok((Class::I, None))),
                _ => Err(kind("“有”或“无”", "`有` (present) or `无` (absent)")),
            };
        }
        let (value, below) = match amount {
            Amount::Value(value) => (value, false),
            Amount::BelowDetection(limit) => (limit / Decimal::TWO, true),
            Amount::NotDetected => match &self.kind {
                Kind::Upper([None, ..]) => return Ok(Ok((Class::I, None))),
                _ => return Ok(Err(Text::new("未检出但未给检出限", "not detected, without the detection limit"))),
            },
            Amount::Present(_) => return Err(kind("数值", "a number")),
        };
        let class = match &self.kind {
            Kind::Upper(limits) => {
                let inside = |limit: &Option<Decimal>| limit.map_or(below, |limit| value <= limit);
                limits.iter().position(inside).and_then(|place| Class::LIMITED.get(place).copied()).unwrap_or(Class::V)
            }
            Kind::Nuclide(limits) => {
                let place = limits.iter().position(|limit| value <= *limit);
                place.and_then(|place| Class::LIMITED.get(place).copied()).unwrap_or(Class::IV)
            }
            Kind::Ranges((low, high), (wide_low, wide_high)) => {
                if value > Decimal::from(14) {
                    let expected = "0–14".to_owned();
                    return Err(MeasureError::Range { factor: reading.factor.clone(), value, expected });
                }
                if (*low..=*high).contains(&value) {
                    Class::I
                } else if (*wide_low..=*wide_high).contains(&value) {
                    Class::IV
                } else {
                    Class::V
                }
            }
            Kind::Presence => return Err(kind("“有”或“无”", "`有` (present) or `无` (absent)")),
        };
        Ok(Ok((class, Some(value))))
    }
}

fn read_items(table: &Table, routine: bool) -> Result<Vec<GroundwaterItem>, FigureError> {
    table
        .row_keys()
        .map(|key| {
            Ok(GroundwaterItem {
                name: Text::new(table.text(&key, "zh")?, table.text(&key, "en")?),
                factors: table.text(&key, "factors")?.split_whitespace().map(str::to_owned).collect(),
                unit: table.text(&key, "unit")?.to_owned(),
                routine,
                kind: read_kind(table, &key)?,
                key,
            })
        })
        .collect()
}

fn read_kind(table: &Table, key: &str) -> Result<Kind, FigureError> {
    let absent = |column: &str| FigureError::Absent { figure: format!("{}/{key}/{column}", table.path) };
    let range = |column: &str| read_range(table.text(key, column)?).ok_or_else(|| absent(column));
    let bound = |column: &str| -> Result<Option<Decimal>, FigureError> {
        if table.text(key, column)? == "ND" {
            Ok(None)
        } else {
            table.decimal(key, column)?.map(Some).ok_or_else(|| absent(column))
        }
    };
    match table.text(key, "kind")? {
        "upper" => Ok(Kind::Upper([bound("I")?, bound("II")?, bound("III")?, bound("IV")?])),
        "presence" => Ok(Kind::Presence),
        "ranges" => Ok(Kind::Ranges(range("III")?, range("IV")?)),
        "nuclide" => {
            let sure = |column: &str| bound(column)?.ok_or_else(|| absent(column));
            Ok(Kind::Nuclide([sure("I")?, sure("II")?, sure("III")?]))
        }
        _ => Err(absent("kind")),
    }
}
