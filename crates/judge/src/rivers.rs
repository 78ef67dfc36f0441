//! What a river or the county is graded by in words (河流水质评价的一行): for the table of the water page and the monthly
//! report alike.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::{Day, Point, Problem};
use standards::water::{Class, ReachResult, Surface, WaterResult};
use store::contract::PeriodLevel;

use crate::Judge;
use crate::model::Verdict;
use crate::reach::{Judged, Together, by_class, together};

/// Sections or lakes of a period, with their verdicts where there are any.
pub(crate) type Seen = Vec<(Arc<Point>, Option<Verdict>)>;

impl Judge {
    /// What was judged of points in a period.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn seen(
        &self,
        points: impl IntoIterator<Item = Arc<Point>>,
        level: PeriodLevel,
        number: i64,
    ) -> Result<Seen, Problem> {
        let verdict = |point: Arc<Point>| Ok((Arc::clone(&point), self.verdict_of(point.id, level, number)?));
        points.into_iter().map(verdict).collect()
    }

    /// Rivers by key with their sections, in the order of their keys; sections of no river come last, together.
    pub(crate) fn rivers(&self, seen: &Seen) -> Vec<(Option<String>, Seen)> {
        let mut rivers: BTreeMap<(bool, Option<String>), Seen> = BTreeMap::new();
        for (point, verdict) in seen {
            let key = (point.river.is_none(), point.river.clone());
            rivers.entry(key).or_default().push((Arc::clone(point), verdict.clone()));
        }
        rivers.into_iter().map(|((_, river), seen)| (river, seen)).collect()
    }
}

/// One river, or the county, in words: what the table and the monthly report print.
pub(crate) struct RiverRow {
    pub sections: usize,
    pub judged: usize,
    pub by_class: [usize; 6],
    pub good_share: String,
    pub inferior_share: String,
    /// Of the means, where there were few sections.
    pub class: Option<Class>,
    pub grade: String,
    pub heavy: bool,
    pub method: &'static str,
    pub main: String,
    pub missing: String,
}

impl RiverRow {
    /// # Errors
    /// When the library has no method for the day.
    pub fn of(judge: &Judge, day: Day, seen: &Seen) -> Result<Self, Problem> {
        let rules = judge.rules();
        let judged = judged(seen);
        let counts = by_class(&judged);
        let count: usize = counts.iter().sum();
        let share = |part: usize| {
            let percent = standards::measure::percent(part.into(), count.into(), 1);
            percent.map(|share| share.to_string()).unwrap_or_default()
        };
        let missing: Vec<&str> = seen
            .iter()
            .filter(|(_, verdict)| verdict.as_ref().is_none_or(|verdict| verdict.finding.index.is_none()))
            .map(|(point, _)| point.name.zh.as_str())
            .collect();
        let mut row = Self {
            sections: seen.len(),
            judged: count,
            by_class: counts,
            good_share: share(counts[..3].iter().sum()),
            inferior_share: share(counts[5]),
            class: None,
            grade: String::new(),
            heavy: false,
            method: "",
            main: String::new(),
            missing: missing.join("、"),
        };
        let surface = rules.surface_at(day).map_err(|why| Problem::invalid(why.zh))?;
        match together(&rules, day, &judged) {
            Ok(Some(found)) => {
                row.grade = found.grade().map(|grade| grade.name().zh).unwrap_or_default();
                row.class = found.class();
                row.heavy = found.grade() > Some(standards::water::Grade::Good);
                (row.method, row.main) = match &found {
                    Together::Shares(shares) => ("断面类别比例法", shares_main(&surface, shares)),
                    Together::Means(means) => ("断面均值法", means_main(means)),
                };
            }
            Ok(None) => {}
            // What cannot be read of one river does not end the table.
            Err(why) => row.missing = [row.missing.as_str(), &why.zh].join(" ").trim().to_owned(),
        }
        Ok(row)
    }
}

/// Those that were judged.
pub(crate) fn judged(seen: &Seen) -> Vec<Judged<'_>> {
    seen.iter().filter_map(|(point, verdict)| Some(Judged { point, finding: &verdict.as_ref()?.finding })).collect()
}

/// 主要污染指标（断面超标率）.
fn shares_main(surface: &Surface, shares: &ReachResult) -> String {
    let name = |key: &str| {
        surface.item(key, standards::water::Body::River).map_or(key.to_owned(), |item| item.name.zh.clone())
    };
    let parts: Vec<String> =
        shares.main_pollutants.iter().map(|(key, rate)| format!("{}({rate}%)", name(key))).collect();
    parts.join("、")
}

/// 主要污染指标（超标倍数）.
fn means_main(means: &WaterResult) -> String {
    let of = |main: &standards::water::Exceedance| match main.multiple {
        Some(multiple) => format!("{}({multiple})", main.name.zh),
        None => main.name.zh.clone(),
    };
    means.main_pollutants.iter().map(of).collect::<Vec<_>>().join("、")
}
