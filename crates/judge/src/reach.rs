//! Rivers and the county from their sections (河流、流域水质评价; 城市水质指数 CWQI): what was judged of each section in a
//! month or year, taken together by the 2011 method and the ranking regulation. Pure.

use std::sync::Arc;

use kernel::{Day, Point, PointKind};
use rust_decimal::Decimal;
use standards::Text;
use standards::measure::Reading;
use standards::water::{
    Body, CityIndexRules, Class, Grade, PartIndex, ReachResult, SectionClass, Surface, WaterResult, index_change,
    reach_by_means, reach_grade,
};

use crate::model::{Finding, Stat};
use crate::plan::{NotJudged, water_body};
use crate::rule::water::{Water, class_of_number, reading_of};
use crate::rules::Rules;

/// A section or lake with what was judged of it in a period.
pub struct Judged<'j> {
    pub point: &'j Arc<Point>,
    pub finding: &'j Finding,
}

/// How sections together were graded.
#[derive(Clone, Debug, PartialEq)]
pub enum Together {
    /// Enough sections: shares of their classes (断面类别比例法).
    Shares(ReachResult),
    /// Few sections: the means of each item over them (断面均值法).
    Means(WaterResult),
}

impl Together {
    pub fn grade(&self) -> Option<Grade> {
        match self {
            Self::Shares(shares) => Some(shares.grade),
            Self::Means(means) => means.grade,
        }
    }

    pub fn class(&self) -> Option<Class> {
        match self {
            Self::Shares(_) => None,
            Self::Means(means) => means.class,
        }
    }
}

/// Sections of each class I … V+; one without a class is in none.
pub fn by_class(sections: &[Judged<'_>]) -> [usize; 6] {
    let mut counts = [0; 6];
    for class in sections.iter().filter_map(|section| class_of_number(section.finding.index?)) {
        if let Some(slot) = counts.get_mut(class as usize) {
            *slot += 1;
        }
    }
    counts
}

/// The sections of a river or of the county, graded together; `None` where none of them has a class.
///
/// # Errors
/// When no edition covers the day, or readings of one item cannot be brought to one unit.
pub fn together(rules: &Rules, day: Day, sections: &[Judged<'_>]) -> Result<Option<Together>, NotJudged> {
    let surface = rules.surface_at(day)?;
    let classes: Vec<SectionClass> = sections.iter().filter_map(|section| class_of(&surface, section)).collect();
    if classes.is_empty() {
        return Ok(None);
    }
    if let Some(shares) = reach_grade(&surface, &classes) {
        return Ok(Some(Together::Shares(shares)));
    }
    let readings: Vec<Vec<Reading>> = sections.iter().map(|section| readings_of(&surface, section)).collect();
    let means = reach_by_means(&surface, Body::River, &readings).map_err(|error| error.text())?;
    Ok(Some(Together::Means(means)))
}

fn class_of(surface: &Surface, section: &Judged<'_>) -> Option<SectionClass> {
    let class = class_of_number(section.finding.index?)?;
    let body = water_body(section.point.kind);
    let over = section.finding.items.iter().filter(|item| {
        item.stat == Stat::Mean && item.valid() && item.index.and_then(class_of_number) > Some(Class::III)
    });
    let over = over.filter_map(|item| Some(surface.item(item.factor.as_str(), body)?.key.clone()));
    Some(SectionClass { class, over: over.collect() })
}

fn readings_of(surface: &Surface, section: &Judged<'_>) -> Vec<Reading> {
    let water = Water { surface, body: water_body(section.point.kind), target: None, source: false };
    let means = section.finding.items.iter().filter(|item| item.stat == Stat::Mean && item.valid());
    means.filter_map(|item| reading_of(&water, item)).collect()
}

/// The rivers or the lakes of the county in its index.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub index: PartIndex,
    pub sections: u32,
    /// Names of items without a mean: sums of different items are not compared.
    pub missing: Vec<Text>,
}

/// The city surface-water index of a period.
#[derive(Clone, Debug, PartialEq)]
pub struct CityIndex {
    pub standard: String,
    pub river: Option<Part>,
    pub lake: Option<Part>,
    /// `None` while an item of a part is missing.
    pub index: Option<Decimal>,
}

/// CWQI of the sections and lakes that have means of a period; the formulas have to be confirmed.
///
/// # Errors
/// When the formulas are not confirmed, no edition covers the day, or a mean has no index (no oxygen at all).
pub fn city_index(rules: &Rules, day: Day, all: &[Judged<'_>]) -> Result<CityIndex, Text> {
    let regulation =
        CityIndexRules::in_force(&rules.library, crate::period::date(day)).map_err(|error| error.text())?;
    let surface = rules.surface_at(day)?;
    let part = |kind: PointKind, body: Body| -> Result<Option<Part>, Text> {
        let of_kind = all.iter().filter(|one| one.point.kind == kind);
        let readings: Vec<Vec<Reading>> =
            of_kind.map(|one| readings_of(&surface, one)).filter(|readings| !readings.is_empty()).collect();
        if readings.is_empty() {
            return Ok(None);
        }
        let means = reach_by_means(&surface, body, &readings).map_err(|error| error.text())?;
        let index = regulation.part(&surface, &means).map_err(|error| error.text())?;
        let missing = means.missing.iter().filter_map(|key| Some(surface.item(key, body)?.name.clone())).collect();
        Ok(Some(Part { index, sections: u32::try_from(readings.len()).unwrap_or(u32::MAX), missing }))
    };
    let (river, lake) = (part(PointKind::WaterSection, Body::River)?, part(PointKind::LakePoint, Body::Lake)?);
    let weighted = |part: &Option<Part>| part.as_ref().map(|part| (part.index.index, part.sections));
    let whole = [&river, &lake].into_iter().flatten().all(|part| part.missing.is_empty());
    let index = if whole { regulation.city(weighted(&river), weighted(&lake)) } else { None };
    Ok(CityIndex { standard: regulation.standard, river, lake, index })
}

/// How the index moved against a base period, percent to two decimals; negative is better.
pub fn change(base: &CityIndex, now: &CityIndex) -> Option<Decimal> {
    index_change(base.index?, now.index?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;
    use crate::model::Item;
    use standards::Library;
    use standards::library::Confirmation;
    use standards::water::Kind;

    fn section(kind: PointKind, class: Option<u16>, values: &[(&str, &str, u16)]) -> (Arc<Point>, Finding) {
        let items = values.iter().map(|(factor, value, class)| {
            let mut item = Item::new(Code::new(factor).unwrap(), Stat::Mean, value.parse().ok(), true, 30);
            item.index = Some(*class);
            item
        });
        let finding = Finding { index: class, items: items.collect(), ..Finding::default() };
        (Arc::new(Point::simulated(1, kind)), finding)
    }

    fn rules(library: Arc<Library>) -> Rules {
        Rules::new(library, "500242".into()).unwrap()
    }

    fn judged(all: &[(Arc<Point>, Finding)]) -> Vec<Judged<'_>> {
        all.iter().map(|(point, finding)| Judged { point, finding }).collect()
    }

    const DAY: Day = Day(20_600);

    #[test]
    fn five_sections_are_graded_by_shares_and_fewer_by_their_means() {
        let rules = rules(Library::embedded().unwrap());
        let river = |phosphorus: &str, class: u16| {
            section(PointKind::WaterSection, Some(class), &[("w21011", phosphorus, class), ("w01018", "10", 1)])
        };
        let check = |all: &[(Arc<Point>, Finding)], expect: Option<(Grade, Option<Class>)>| {
            let found = together(&rules, DAY, &judged(all)).unwrap();
            assert_eq!(found.as_ref().map(|found| (found.grade().unwrap(), found.class())), expect);
            found
        };
        check(&[], None);
        check(&[section(PointKind::WaterSection, None, &[])], None);
        // The mean of 0.1 and 0.5 is IV, though one alone is II.
        check(&[river("0.1", 2), river("0.5", 6)], Some((Grade::Light, Some(Class::IV))));
        let five = [river("0.1", 2), river("0.1", 2), river("0.1", 2), river("0.1", 2), river("0.5", 6)];
        let found = check(&five, Some((Grade::Good, None)));
        assert_eq!(by_class(&judged(&five)), [0, 4, 0, 0, 0, 1]);
        assert!(matches!(found, Some(Together::Shares(shares)) if shares.good_share.to_string() == "80.0"));
        let worse = [river("0.1", 2), river("0.1", 2), river("0.1", 2), river("0.3", 4), river("0.3", 4)];
        let found = check(&worse, Some((Grade::Light, None)));
        let Some(Together::Shares(shares)) = found else { panic!("by shares") };
        assert_eq!(shares.main_pollutants[0].0, "TP");
    }

    #[test]
    fn the_city_index_waits_for_its_formulas() {
        let shipped = Library::embedded().unwrap();
        // Every item on the limit of class III and pH neutral; the lake at half of them.
        let surface = rules(Arc::clone(&shipped)).surface_at(DAY).unwrap();
        let whole = |kind: PointKind, share: Decimal| {
            let (point, mut finding) = section(kind, Some(3), &[]);
            let body = water_body(kind);
            for item in surface.items.iter().filter(|item| !item.apart && item.body.is_none_or(|only| only == body)) {
                let value = match item.kind {
                    Kind::Upper(_) => item.bound(Class::III).unwrap() * share,
                    Kind::Lower(_) => item.bound(Class::III).unwrap() / share,
                    _ => Decimal::from(7),
                };
                let factor = Code::new(&item.factors[0]).unwrap();
                finding.items.push(Item::new(factor, Stat::Mean, Some(value), true, 30));
            }
            (point, finding)
        };
        let all = [
            whole(PointKind::WaterSection, Decimal::ONE),
            whole(PointKind::WaterSection, Decimal::ONE),
            whole(PointKind::LakePoint, Decimal::new(5, 1)),
        ];
        let refused = city_index(&rules(Arc::clone(&shipped)), DAY, &judged(&all)).unwrap_err();
        assert!(refused.zh.contains("未经确认"), "{}", refused.zh);
        let open = shipped.unconfirmed().into_iter().filter(|figure| figure.figure.starts_with("环办监测〔2017〕51号"));
        let confirmed: Vec<Confirmation> =
            open.map(|figure| Confirmation { figure: figure.figure, value: None, source: "原文".into() }).collect();
        let rules = rules(Arc::new(shipped.confirmed(&confirmed).unwrap()));
        let found = city_index(&rules, DAY, &judged(&all)).unwrap();
        let part = |part: &Option<Part>| part.as_ref().map(|part| (part.index.index.to_string(), part.sections));
        // Twenty items besides pH.
        assert_eq!(part(&found.river), Some(("20.0000".into(), 2)));
        assert_eq!(part(&found.lake), Some(("10.0000".into(), 1)));
        assert_eq!(found.index.unwrap().to_string(), "16.6667");
        // One item less in the lake: its sum is not compared with anything.
        let mut lacking = all.clone();
        lacking[2].1.items.pop();
        let less = city_index(&rules, DAY, &judged(&lacking)).unwrap();
        assert_eq!((less.index, less.lake.unwrap().missing.len()), (None, 1));
        let base = CityIndex { index: Some(Decimal::from(20)), ..found.clone() };
        assert_eq!(change(&base, &found).unwrap().to_string(), "-16.67");
    }
}
