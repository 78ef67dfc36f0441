//! GB 3838 and the 2011 method as typed views of the library.

use super::{Body, Class, Grade};
use crate::library::{Confidence, FigureError, Unconfirmed};
use crate::measure::{Factors, MeasureError};
use crate::{Date, Library, Standard, Table, Text};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// Form of the limits of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Upper bounds by class; a value on a bound is inside.
    Upper([Decimal; 5]),
    /// Lower bounds by class (溶解氧).
    Lower([Decimal; 5]),
    /// One range for every class (pH).
    Range(Decimal, Decimal),
    /// Change of the weekly mean (水温): takes no part in the class.
    Change,
}

/// An item of table 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurfaceItem {
    pub key: String,
    pub name: Text,
    /// HJ 212 codes.
    pub factors: Vec<String>,
    pub unit: String,
    /// `None`: both bodies.
    pub body: Option<Body>,
    pub kind: Kind,
    /// Reported apart from the 21 items (单独报告).
    pub apart: bool,
    /// Ranked first among main pollutants when over the limit.
    pub first: bool,
}

impl SurfaceItem {
    /// The upper or lower bound of a class, for limit lines; `None` for ranges and for 劣V.
    pub fn bound(&self, class: Class) -> Option<Decimal> {
        match &self.kind {
            Kind::Upper(limits) | Kind::Lower(limits) => limits.get(class as usize).copied(),
            Kind::Range(..) | Kind::Change => None,
        }
    }

    pub(crate) fn matches(&self, factor: &str) -> bool {
        self.key == factor || self.factors.iter().any(|code| code == factor)
    }
}

/// An item of table 2 or 3: one limit, at drinking-water sources only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceItem {
    pub key: String,
    pub name: Text,
    pub factors: Vec<String>,
    pub unit: String,
    pub limit: Decimal,
}

/// How a grade is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GradeName {
    pub class: Class,
    pub grade: Grade,
    pub name: Text,
    pub colour: Text,
    pub rgb: String,
    pub suits: Text,
}

/// A row of the share table of rivers and basins; shares in percent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShareRow {
    pub grade: Grade,
    pub good_min: Option<Decimal>,
    pub good_below: Option<Decimal>,
    pub inferior_min: Option<Decimal>,
    pub inferior_below: Option<Decimal>,
}

/// GB 3838 with the evaluation method, as in force at one date.
#[derive(Clone, Debug)]
pub struct Surface {
    /// `GB 3838-2002`.
    pub standard: String,
    pub edition: String,
    pub title: Text,
    /// `环办〔2011〕22号`.
    pub method: String,
    pub in_force_from: Option<Date>,
    pub items: Vec<SurfaceItem>,
    pub supplementary: Vec<SourceItem>,
    pub specific: Vec<SourceItem>,
    pub grades: Vec<GradeName>,
    pub factors: Factors,
    pub(crate) shares: Vec<ShareRow>,
    pub(crate) share_sections: usize,
    pub(crate) main_pollutants: usize,
    pub(crate) multiple_class: Class,
    /// Saturation in percent that also makes DO class I.
    pub(crate) do_saturation: Decimal,
    /// Figures of either document that are shown and not judged by.
    pub unconfirmed: Vec<Unconfirmed>,
}

impl Surface {
    /// The editions in force in `area` (division code, empty for the nation) at `at`.
    ///
    /// # Errors
    /// When no edition covers the date, or a table cannot be read.
    pub fn in_force(library: &Library, area: &str, at: Date) -> Result<Self, MeasureError> {
        let standard = library.in_force("GB 3838", area, at)?;
        let method = library.in_force("地表水环境质量评价办法", area, at)?;
        Ok(Self::from_standards(library, standard, method)?)
    }

    /// # Errors
    /// When a table is absent, unconfirmed or not numeric.
    pub fn from_standards(library: &Library, standard: &Standard, method: &Standard) -> Result<Self, FigureError> {
        let roles = method.table("items")?;
        let ids = [standard.id(), method.id()];
        let mut unconfirmed = library.unconfirmed();
        unconfirmed.retain(|figure| ids.iter().any(|id| figure.figure.starts_with(&format!("{id}/"))));
        Ok(Self {
            standard: standard.code.clone(),
            edition: standard.edition.clone(),
            title: standard.title.clone(),
            method: method.code.clone(),
            in_force_from: standard.effects.iter().map(|effect| effect.from).min(),
            items: read_items(standard.table("basic")?, roles)?,
            supplementary: read_source_items(standard.table("supplementary")?)?,
            specific: read_source_items(standard.table("specific")?)?,
            grades: read_grades(method.table("grades")?)?,
            factors: Factors::load(library)?,
            shares: read_shares(method.table("shares")?)?,
            share_sections: method.count("section_count")? as usize,
            main_pollutants: method.count("main_pollutants")? as usize,
            multiple_class: method
                .figure("multiple_class")?
                .parse()
                .map_err(|_| not_a_number(method, "multiple_class"))?,
            do_saturation: standard.decimal("do_saturation")?,
            unconfirmed,
        })
    }

    /// The item of table 1 that a factor code or item key means in a body.
    pub fn item(&self, factor: &str, body: Body) -> Option<&SurfaceItem> {
        self.items.iter().find(|item| item.matches(factor) && item.body.is_none_or(|only| only == body))
    }

    /// How a class is named and coloured.
    pub fn grade_of(&self, class: Class) -> Option<&GradeName> {
        self.grades.iter().find(|row| row.class == class)
    }
}

fn not_a_number(standard: &Standard, id: &str) -> FigureError {
    FigureError::NotANumber { figure: format!("{}/{id}", standard.id()), text: String::new() }
}

fn read_items(table: &Table, roles: &Table) -> Result<Vec<SurfaceItem>, FigureError> {
    let mut items = Vec::with_capacity(table.rows.len());
    for row in table.row_keys() {
        let (key, body) = row.split_once(' ').unwrap_or((&row, "all"));
        let role = if roles.has_row(key) { roles.text(key, "role")? } else { "" };
        let kind = read_kind(table, &row)?;
        items.push(SurfaceItem {
            key: key.to_owned(),
            name: Text::new(table.text(&row, "zh")?, table.text(&row, "en")?),
            factors: codes(table.text(&row, "factors")?),
            unit: table.text(&row, "unit")?.to_owned(),
            body: body.parse().ok(),
            kind,
            apart: role == "apart",
            first: role == "first",
        });
    }
    Ok(items)
}

fn read_kind(table: &Table, row: &str) -> Result<Kind, FigureError> {
    let absent = |column: &str| FigureError::Absent { figure: format!("{}/{row}/{column}", table.path) };
    let limits = || -> Result<[Decimal; 5], FigureError> {
        let mut limits = [Decimal::ZERO; 5];
        for (class, limit) in Class::LIMITED.into_iter().zip(&mut limits) {
            *limit = table.decimal(row, class.key())?.ok_or_else(|| absent(class.key()))?;
        }
        Ok(limits)
    };
    match table.text(row, "kind")? {
        "upper" => limits().map(Kind::Upper),
        "lower" => limits().map(Kind::Lower),
        "range" => {
            let text = table.text(row, "III")?;
            read_range(text).map(|(low, high)| Kind::Range(low, high)).ok_or_else(|| FigureError::NotANumber {
                figure: format!("{}/{row}/III", table.path),
                text: text.to_owned(),
            })
        }
        "weekly_change" => Ok(Kind::Change),
        _ => Err(absent("kind")),
    }
}

/// `6-9` → (6, 9).
pub(crate) fn read_range(text: &str) -> Option<(Decimal, Decimal)> {
    let (low, high) = text.split_once(['-', '–'])?;
    Some((low.trim().parse().ok()?, high.trim().parse().ok()?))
}

pub(crate) fn codes(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Rows of table 2 or 3 whose limits are confirmed; the rest is in [`Surface::unconfirmed`].
fn read_source_items(table: &Table) -> Result<Vec<SourceItem>, FigureError> {
    let mut items = Vec::with_capacity(table.rows.len());
    for row in table.row_keys() {
        if table.cell(&row, "limit").is_some_and(|cell| cell.confidence == Confidence::Unsure) {
            continue;
        }
        let Some(limit) = table.decimal(&row, "limit")? else { continue };
        items.push(SourceItem {
            name: Text::new(table.text(&row, "zh")?, table.text(&row, "en")?),
            factors: codes(table.text(&row, "factors")?),
            unit: table.text(&row, "unit")?.to_owned(),
            limit,
            key: row,
        });
    }
    Ok(items)
}

fn read_grades(table: &Table) -> Result<Vec<GradeName>, FigureError> {
    table
        .row_keys()
        .map(|row| {
            let absent = || FigureError::Absent { figure: format!("{}/{row}", table.path) };
            let text = |column: &str| table.text(&row, column);
            Ok(GradeName {
                class: row.parse().map_err(|_| absent())?,
                grade: Grade::from_key(text("grade")?).ok_or_else(absent)?,
                name: Text::new(text("zh")?, text("en")?),
                colour: Text::new(text("colour_zh")?, text("colour_en")?),
                rgb: text("rgb")?.to_owned(),
                suits: Text::new(text("use_zh")?, text("use_en")?),
            })
        })
        .collect()
}

fn read_shares(table: &Table) -> Result<Vec<ShareRow>, FigureError> {
    table
        .row_keys()
        .map(|row| {
            let grade =
                Grade::from_key(&row).ok_or_else(|| FigureError::Absent { figure: format!("{}/{row}", table.path) })?;
            Ok(ShareRow {
                grade,
                good_min: table.decimal(&row, "good_min")?,
                good_below: table.decimal(&row, "good_below")?,
                inferior_min: table.decimal(&row, "inferior_min")?,
                inferior_below: table.decimal(&row, "inferior_below")?,
            })
        })
        .collect()
}

/// A count as a decimal.
pub(crate) fn count(number: usize) -> Decimal {
    Decimal::from(number.to_u64().unwrap_or(u64::MAX))
}
