//! Grades of area and road traffic noise (HJ 640) from the points of a county. Pure.

use rust_decimal::Decimal;
use standards::decimal::round_half_even;
use standards::library::Standard;
use standards::noise::{NoiseGrade, NoiseGrades, Period};

/// 监测类别, as the ledger of noise points names it; a point without one stands in a functional zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Survey {
    /// 功能区
    Zone,
    /// 区域（网格）
    Region,
    /// 道路交通
    Traffic,
}

impl Survey {
    pub fn of(code: Option<&str>) -> Self {
        match code {
            Some("region") => Self::Region,
            Some("traffic") => Self::Traffic,
            _ => Self::Zone,
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Zone => "功能区",
            Self::Region => "区域（网格）",
            Self::Traffic => "道路交通",
        }
    }

    /// Table of HJ 640 and the figure that says how its points are averaged; functional zones have no grade.
    const fn rules(self) -> Option<(&'static str, &'static str, &'static str)> {
        match self {
            Self::Zone => None,
            Self::Region => Some(("region", "area_mean", "arithmetic")),
            Self::Traffic => Some(("traffic", "road_mean", "length-weighted")),
        }
    }
}

/// A point's level of one period of the day, and the length of its road.
#[derive(Clone, Debug)]
pub struct PointLevel {
    pub name: String,
    pub level: Decimal,
    pub road_length: Option<Decimal>,
}

/// What was found for one kind and period.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overall {
    /// Mean level, one decimal.
    pub mean: Option<Decimal>,
    pub grade: Option<NoiseGrade>,
    /// What is missing, or why there is no grade.
    pub note: String,
}

/// Mean and grade of all points of a kind. A way of averaging that is not confirmed gives a mean and no grade.
pub fn overall(standard: &Standard, survey: Survey, period: Period, points: &[PointLevel]) -> Overall {
    let Some((table, figure, method)) = survey.rules() else { return Overall::default() };
    let none = |note: String| Overall { note, ..Overall::default() };
    if points.is_empty() {
        return none(format!("没有{}监测点的声级", survey.label()));
    }
    let weighted = survey == Survey::Traffic;
    let lacking: Vec<&str> = points
        .iter()
        .filter(|point| weighted && point.road_length.is_none_or(|length| length <= Decimal::ZERO))
        .map(|point| point.name.as_str())
        .collect();
    if !lacking.is_empty() {
        return none(format!("缺路段长度：{}", lacking.join("、")));
    }
    let weight = |point: &PointLevel| point.road_length.filter(|_| weighted).unwrap_or(Decimal::ONE);
    let total: Option<Decimal> = points.iter().try_fold(Decimal::ZERO, |sum, point| sum.checked_add(weight(point)));
    let sum = points
        .iter()
        .try_fold(Decimal::ZERO, |sum: Decimal, point| sum.checked_add(point.level.checked_mul(weight(point))?));
    let mean = sum.zip(total).and_then(|(sum, total)| sum.checked_div(total)).map(|mean| round_half_even(mean, 1));
    let Some(mean) = mean else { return none("路段长度超出范围".to_owned()) };
    let confirmed = match standard.figure(figure) {
        Ok(known) if known == method => NoiseGrades::from_standard(standard, table).map_err(|error| error.text().zh),
        Ok(other) => Err(format!("标准确认的平均方法“{other}”没有实现")),
        Err(error) => Err(error.text().zh),
    };
    match confirmed {
        Ok(grades) => Overall { mean: Some(mean), grade: grades.grade(period, mean), note: String::new() },
        Err(why) => Overall { mean: Some(mean), grade: None, note: why },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use standards::Library;
    use standards::library::Confirmation;

    fn points(levels: &[(&str, Option<&str>)]) -> Vec<PointLevel> {
        let decimal = |text: &str| text.parse::<Decimal>().unwrap();
        let point = |(level, length): &(&str, Option<&str>)| PointLevel {
            name: "路段".into(),
            level: decimal(level),
            road_length: length.map(decimal),
        };
        levels.iter().map(point).collect()
    }

    /// Mean, grade and the start of the note.
    fn check(library: &Library, survey: Survey, levels: &[(&str, Option<&str>)], expect: (&str, Option<u8>, &str)) {
        let standard = library.find("HJ 640").last().unwrap();
        let found = overall(standard, survey, Period::Day, &points(levels));
        let mean = found.mean.map(|mean| mean.to_string()).unwrap_or_default();
        assert_eq!((mean.as_str(), found.grade.map(|grade| grade.grade)), (expect.0, expect.1), "{}", found.note);
        assert!(found.note.contains(expect.2) && found.note.is_empty() == expect.2.is_empty(), "{}", found.note);
    }

    #[test]
    fn a_way_of_averaging_that_is_not_confirmed_gives_no_grade() {
        let library = Library::embedded().unwrap();
        let two = [("54.0", None), ("57.0", None)];
        check(&library, Survey::Region, &two, ("55.5", None, "未经确认"));
        check(&library, Survey::Region, &[], ("", None, "没有区域"));
        check(&library, Survey::Zone, &two, ("", None, ""));
        let confirm = |figure: &str| Confirmation {
            figure: format!("HJ 640-2012/{figure}"),
            value: None,
            source: "HJ 640-2012 正文".into(),
        };
        let library = library.confirmed(&[confirm("area_mean"), confirm("road_mean")]).unwrap();
        check(&library, Survey::Region, &two, ("55.5", Some(3), ""));
        check(&library, Survey::Region, &[("55.0", None)], ("55.0", Some(2), ""));
        // Weighted by length: (68·3 + 72·1) / 4 = 69.
        let roads = [("68.0", Some("3000")), ("72.0", Some("1000"))];
        check(&library, Survey::Traffic, &roads, ("69.0", Some(2), ""));
        check(&library, Survey::Traffic, &[("68.0", Some("0")), ("72.0", None)], ("", None, "缺路段长度"));
    }
}
