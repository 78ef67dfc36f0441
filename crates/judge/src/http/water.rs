//! Surface water: today, the days of a year, the sections by compliance.

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Column, Format, Json, Query, Routes, Table, blocking, operation};
use axum::response::Response;
use kernel::{Action, Day, Name, Point, PointKind, Problem, Timestamp};
use serde::{Deserialize, Serialize};
use standards::water::Class;
use store::contract::PeriodLevel;

use super::air::source_of;
use super::view::{item_value, unit_of};
use crate::model::{Finding, Item, Stat, Verdict, name_of};
use crate::rule::water::class_of_number;
use crate::{Judge, summary};

/// Sections that report every four hours, and manual ones, are shown for longer than air.
const CURRENT_DAYS: i32 = 45;
/// The ledger of drinking-water sources (集中式饮用水水源地).
const SOURCES: &str = "drinking_water_source";

#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct MainPollutant {
    pub factor: String,
    pub name: Name,
    /// 超标倍数; pH and dissolved oxygen have none.
    pub multiple: Option<String>,
}

#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct WaterValue {
    pub factor: String,
    pub name: Name,
    pub value: String,
    pub unit: String,
    /// `III`, `V+`.
    pub class: Option<String>,
    pub exceeding: bool,
}

#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct WaterToday {
    pub point: String,
    pub name: Name,
    pub kind: String,
    pub simulated: bool,
    /// Key in its ledger.
    pub river: Option<String>,
    pub river_name: Option<Name>,
    pub target_class: Option<String>,
    pub class: Option<String>,
    pub class_name: Option<Name>,
    pub grade: Option<Name>,
    pub colour: Option<String>,
    pub compliant: Option<bool>,
    pub main_pollutants: Vec<MainPollutant>,
    /// Start of the hour or day that is shown.
    pub time: Option<Timestamp>,
    /// Its end: the values are not older.
    pub until: Option<Timestamp>,
    pub edition: String,
    pub verdict: Option<String>,
    pub values: Vec<WaterValue>,
}

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct DaysQuery {
    point: Option<String>,
    year: Option<i32>,
    #[serde(default)]
    format: Format,
}

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct RankingQuery {
    from: Option<String>,
    until: Option<String>,
    #[serde(default)]
    format: Format,
}

/// Sections, lakes, and sources of drinking water wherever their water comes from: a source that is a well is judged as
/// groundwater, and people look for it among the sources all the same.
pub fn is_water(point: &Point) -> bool {
    match point.kind {
        PointKind::WaterSection | PointKind::LakePoint | PointKind::DrinkingWaterSource => true,
        PointKind::GroundwaterWell => point.ledger == SOURCES,
        _ => false,
    }
}

/// The class that a place has to keep.
fn target_of(point: &Point) -> Option<Class> {
    match point.kind {
        PointKind::GroundwaterWell => crate::plan::groundwater_target(point),
        _ => crate::plan::target_class(point),
    }
}

/// Grade in words and colour; GB/T 14848 has classes and no grades.
fn grade_of(judge: &Judge, point: &Point, verdict: &Verdict) -> (Option<Name>, Option<String>) {
    let (grade, colour) = super::view::level_of(&judge.rules(), point, verdict);
    (grade.filter(|_| point.kind != PointKind::GroundwaterWell), colour)
}

pub fn routes(judge: &Arc<Judge>) -> Routes {
    let (today, days, ranking) = (Arc::clone(judge), Arc::clone(judge), Arc::clone(judge));
    Routes::new("judge")
        .get(
            "/api/water/today",
            operation(
                "各断面和水源地最新水质",
                "newest water quality of each section and source",
                Access::May(Action::ReadMonitoring),
            )
            .returns::<Vec<WaterToday>>(),
            async move |caller: Caller| -> ApiResult<Json<Vec<WaterToday>>> {
                let judge = Arc::clone(&today);
                let work = move || {
                    let points = super::readable(&judge, &caller, is_water);
                    points.iter().map(|point| judge.water_today(point, kernel::time::now())).collect()
                };
                Ok(Json(blocking(work).await?))
            },
        )
        .get(
            "/api/water/days",
            operation("一年的日水质", "days of a year", Access::May(Action::ReadMonitoring))
                .query::<DaysQuery>()
                .returns::<Table>()
                .also("text/csv"),
            async move |caller: Caller, Query(query): Query<DaysQuery>| -> ApiResult<Response> {
                let judge = Arc::clone(&days);
                let format = query.format;
                Ok(blocking(move || days_of(&judge, &caller, &query)).await?.respond(format))
            },
        )
        .get(
            "/api/water/ranking",
            operation("断面排名", "sections by compliance", Access::May(Action::ReadMonitoring))
                .query::<RankingQuery>()
                .returns::<Table>()
                .also("text/csv"),
            async move |caller: Caller, Query(query): Query<RankingQuery>| -> ApiResult<Response> {
                let judge = Arc::clone(&ranking);
                let format = query.format;
                Ok(blocking(move || ranking_of(&judge, &caller, &query)).await?.respond(format))
            },
        )
}

fn class_key(number: Option<u16>) -> Option<String> {
    number.and_then(class_of_number).map(|class| class.key().to_owned())
}

pub fn main_pollutants(finding: &Finding) -> Vec<MainPollutant> {
    let main = finding.items.iter().filter(|item| item.primary());
    main.map(|item| MainPollutant {
        factor: item.factor.to_string(),
        name: summary::factor_name(item.factor.as_str()),
        multiple: item.times.map(|times| times.to_string()),
    })
    .collect()
}

impl Judge {
    /// The newest judged hour of a section, or its newest day where there are no hours.
    ///
    /// # Errors
    /// When the store fails.
    pub fn water_today(&self, point: &Point, now: Timestamp) -> Result<WaterToday, Problem> {
        let newest = self.newest(point, now)?.within(CURRENT_DAYS, now.day());
        let newest = [newest.hour, newest.day].into_iter().flatten().max_by_key(|verdict| verdict.key.end());
        Ok(self.water_view(point, newest.as_ref()))
    }

    fn water_view(&self, point: &Point, verdict: Option<&Verdict>) -> WaterToday {
        let target = target_of(point);
        let mut view = WaterToday {
            point: point.id.to_string(),
            name: point.name.clone(),
            kind: point.kind.name().to_owned(),
            simulated: point.simulated,
            river: point.river.clone(),
            river_name: self.name_of(point.river.as_deref()),
            target_class: target.map(|class| class.key().to_owned()),
            class: None,
            class_name: None,
            grade: None,
            colour: None,
            compliant: None,
            main_pollutants: Vec::new(),
            time: None,
            until: None,
            edition: String::new(),
            verdict: None,
            values: Vec::new(),
        };
        let Some(verdict) = verdict else { return view };
        let finding = &verdict.finding;
        let start = verdict.key.start();
        let (grade, colour) = grade_of(self, point, verdict);
        view.class = class_key(finding.index);
        view.class_name = finding.index.and_then(class_of_number).map(|class| name_of(&class.name()));
        view.grade = grade;
        view.colour = colour.map(|colour| format!("#{}", colour.trim_start_matches('#')));
        view.compliant = finding.beside.and(finding.index).map(|_| !finding.exceeding);
        view.main_pollutants = main_pollutants(finding);
        view.time = Some(start);
        view.until = Some(verdict.key.end());
        view.edition = finding.standard.clone();
        view.verdict = Some(verdict.key.to_string());
        view.values = finding
            .items
            .iter()
            .filter(|item| item.stat == Stat::Mean)
            .map(|item| WaterValue {
                factor: item.factor.to_string(),
                name: summary::factor_name(item.factor.as_str()),
                value: item_value(point, item),
                unit: unit_of(&self.rules(), point, item, start),
                class: class_key(item.index),
                exceeding: item.exceeding(),
            })
            .collect();
        view
    }
}

fn days_of(judge: &Judge, caller: &Caller, query: &DaysQuery) -> Result<Table, Problem> {
    let now = kernel::time::now();
    let point = match &query.point {
        Some(id) => super::one(judge, caller, id)?,
        None => super::readable(judge, caller, is_water)
            .into_iter()
            .next()
            .ok_or_else(|| Problem::not_found("没有断面 (no section)"))?,
    };
    let year = query.year.unwrap_or(now.day().civil().0);
    let (from, until) = (Day::from_civil(year, 1, 1), Day::from_civil(year + 1, 1, 1));
    let verdicts = judge.verdicts(point.id, PeriodLevel::Day, from.start(), until.start())?;
    let mut factors: Vec<&Item> = Vec::new();
    for item in verdicts.iter().flat_map(|verdict| &verdict.finding.items).filter(|item| item.stat == Stat::Mean) {
        if !factors.iter().any(|known| known.factor == item.factor) {
            factors.push(item);
        }
    }
    factors.sort_by_key(|item| item.factor);
    let mut columns = vec![
        Column::new("date", "日期", "date", ""),
        Column::new("class", "类别", "class", ""),
        Column::new("grade", "水质状况", "grade", ""),
        Column::new("target", "目标", "target", ""),
        Column::new("compliant", "达标", "compliant", ""),
        Column::new("main_pollutants", "主要污染物", "main pollutants", ""),
        Column::new("standard", "标准", "standard", ""),
        Column::new("verdict", "判定", "verdict", ""),
    ];
    for item in &factors {
        let name = summary::factor_name(item.factor.as_str());
        let unit = unit_of(&judge.rules(), &point, item, from.start());
        columns.push(Column::new(item.factor.as_str(), &name.zh, &name.en, &unit));
    }
    let rows = verdicts
        .iter()
        .map(|verdict| {
            let finding = &verdict.finding;
            let (grade, _) = grade_of(judge, &point, verdict);
            let mut row = vec![
                verdict.key.start().day().to_iso(),
                class_key(finding.index).unwrap_or_default(),
                grade.map(|grade| grade.zh).unwrap_or_default(),
                class_key(finding.beside).unwrap_or_default(),
                finding.beside.and(finding.index).map(|_| u8::from(!finding.exceeding).to_string()).unwrap_or_default(),
                main_text(finding),
                finding.standard.clone(),
                verdict.key.to_string(),
            ];
            for wanted in &factors {
                let item = finding.item(wanted.factor, Stat::Mean).filter(|item| item.valid());
                row.push(item.map(|item| item_value(&point, item)).unwrap_or_default());
            }
            row
        })
        .collect();
    Ok(Table {
        title: Name::new(format!("{} {year} 年日水质", point.name.zh), format!("{} days of {year}", point.name.en)),
        method: match point.kind {
            PointKind::GroundwaterWell => {
                Name::new("日均值单指标评价（GB/T 14848）", "single-item evaluation of daily means (GB/T 14848)")
            }
            _ => Name::new("日均值单因子评价（环办〔2011〕22号）", "single-factor evaluation of daily means"),
        },
        source: source_of(&point),
        as_of: now,
        simulated: point.simulated,
        columns,
        rows,
    })
}

/// `总磷(0.4)`.
fn main_text(finding: &Finding) -> String {
    let parts: Vec<String> = main_pollutants(finding)
        .into_iter()
        .map(|main| match main.multiple {
            Some(multiple) => format!("{}({multiple})", main.name.zh),
            None => main.name.zh,
        })
        .collect();
    parts.join("、")
}

/// How a section's days of a period came out.
#[derive(Clone, Debug, Default)]
pub struct WaterSummary {
    /// Days with a class.
    pub judged: u32,
    /// Days with a class and a target.
    pub targeted: u32,
    pub compliant: u32,
    /// Days of class I–III.
    pub good: u32,
    pub worst: Option<Class>,
}

pub fn summarise<'v>(verdicts: impl IntoIterator<Item = &'v Verdict>) -> WaterSummary {
    let mut found = WaterSummary::default();
    for verdict in verdicts {
        let Some(class) = verdict.finding.index.and_then(class_of_number) else { continue };
        found.judged += 1;
        found.good += u32::from(class <= Class::III);
        found.worst = found.worst.max(Some(class));
        if verdict.finding.beside.is_some() {
            found.targeted += 1;
            found.compliant += u32::from(!verdict.finding.exceeding);
        }
    }
    found
}

fn ranking_of(judge: &Judge, caller: &Caller, query: &RankingQuery) -> Result<Table, Problem> {
    let now = kernel::time::now();
    let today = now.day();
    let from = match &query.from {
        Some(text) => super::verdict::time_of(text, "from")?.day(),
        None => Day::from_civil(today.civil().0, 1, 1),
    };
    let until = match &query.until {
        Some(text) => super::verdict::time_of(text, "until")?.day(),
        None => Day(today.0 + 1),
    };
    if until.0 - from.0 > 3700 {
        return Err(Problem::invalid("时段最长十年 (at most ten years)"));
    }
    let mut found = Vec::new();
    for point in super::readable(judge, caller, is_water) {
        let verdicts = judge.verdicts(point.id, PeriodLevel::Day, from.start(), until.start())?;
        let summary = summarise(&verdicts);
        let ratio = standards::measure::percent(summary.compliant.into(), summary.targeted.into(), 1);
        found.push((point, summary, ratio));
    }
    found.sort_by(|left, right| right.2.cmp(&left.2).then(left.1.worst.cmp(&right.1.worst)));
    let rows = found
        .iter()
        .enumerate()
        .map(|(place, (point, summary, ratio))| {
            vec![
                (place + 1).to_string(),
                point.id.to_string(),
                point.name.zh.clone(),
                judge
                    .name_of(point.river.as_deref())
                    .map_or_else(|| point.river.clone().unwrap_or_default(), |name| name.zh),
                target_of(point).map(|class| class.key().to_owned()).unwrap_or_default(),
                summary.judged.to_string(),
                summary.targeted.to_string(),
                summary.compliant.to_string(),
                ratio.map(|ratio| ratio.to_string()).unwrap_or_default(),
                summary.good.to_string(),
                summary.worst.map(|class| class.key().to_owned()).unwrap_or_default(),
                u8::from(point.simulated).to_string(),
            ]
        })
        .collect();
    Ok(Table {
        title: Name::new("断面排名", "sections by compliance"),
        method: Name::new("达标天数／有目标且已评价的天数", "compliant days / judged days with a target"),
        source: Name::new("日判定", "daily verdicts"),
        as_of: now,
        simulated: found.iter().any(|(point, ..)| point.simulated),
        columns: vec![
            Column::new("rank", "名次", "rank", ""),
            Column::new("point", "点位编号", "point id", ""),
            Column::new("name", "断面", "section", ""),
            Column::new("river", "河流", "river", ""),
            Column::new("target", "目标", "target", ""),
            Column::new("days", "评价天数", "judged days", "d"),
            Column::new("target_days", "有目标天数", "days with a target", "d"),
            Column::new("compliant_days", "达标天数", "compliant days", "d"),
            Column::new("ratio", "达标率", "compliance rate", "%"),
            Column::new("good_days", "Ⅰ～Ⅲ类天数", "days of class I–III", "d"),
            Column::new("worst", "最差类别", "worst class", ""),
            Column::new("simulated", "模拟", "simulated", ""),
        ],
        rows,
    })
}
