//! Air: today, the days of a year, the ranking.

use std::collections::BTreeSet;
use std::sync::Arc;

use api::{Access, ApiResult, Caller, Column, Format, Json, Query, Routes, Table, blocking, operation};
use axum::response::Response;
use kernel::{Action, Day, Hour, Name, Point, PointKind, Problem, Timestamp};
use serde::{Deserialize, Serialize};
use standards::Date;
use standards::air::{self as rules, AqiRules, DayIndex, Pollutant};
use store::contract::PeriodLevel;

use super::view::{item_value, shown};
use crate::model::{Finding, Stat, Verdict, name_of};
use crate::rule::air;
use crate::{Judge, period};

/// How far back "now" may lie before it is no longer shown as current.
const CURRENT_DAYS: i32 = 3;

/// An index as shown.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct AqiView {
    /// Start of the hour, or of the day.
    pub time: Timestamp,
    /// Of a day.
    pub date: Option<String>,
    /// `null` = NA.
    pub aqi: Option<u16>,
    pub aqi_of_available: Option<u16>,
    /// 1..=6.
    pub level: Option<u8>,
    pub category: Option<Name>,
    pub colour: Option<String>,
    pub primary: Vec<Name>,
    pub edition: String,
    pub verdict: String,
    pub valid: bool,
    pub exceeding: bool,
    pub notes: Vec<Name>,
}

#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct AirValue {
    pub factor: String,
    pub name: Name,
    pub value: String,
    pub unit: String,
    pub iaqi: Option<u16>,
    pub valid: bool,
    pub time: Timestamp,
}

#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct AirToday {
    pub point: String,
    pub name: Name,
    pub simulated: bool,
    pub hour: Option<AqiView>,
    pub day: Option<AqiView>,
    /// The pollutants of the newest hour.
    pub values: Vec<AirValue>,
}

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct DaysQuery {
    point: Option<String>,
    year: Option<i32>,
    /// `2012` or `2026`: recompute every day under one edition; without it: as judged then.
    edition: Option<String>,
    #[serde(default)]
    format: Format,
}

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct RankingQuery {
    /// First day; without it: 1 January.
    from: Option<String>,
    /// Day after the last; without it: tomorrow.
    until: Option<String>,
    edition: Option<String>,
    #[serde(default)]
    format: Format,
}

pub fn routes(judge: &Arc<Judge>) -> Routes {
    let (today, days, ranking) = (Arc::clone(judge), Arc::clone(judge), Arc::clone(judge));
    Routes::new("judge")
        .get(
            "/api/air/today",
            operation(
                "各空气站最新一小时和一天",
                "newest hour and day of each air station",
                Access::May(Action::ReadMonitoring),
            )
            .returns::<Vec<AirToday>>(),
            async move |caller: Caller| -> ApiResult<Json<Vec<AirToday>>> {
                let judge = Arc::clone(&today);
                let work = move || {
                    let points = super::readable(&judge, &caller, |point| point.kind == PointKind::AirStation);
                    points.iter().map(|point| judge.air_today(point, kernel::time::now())).collect()
                };
                Ok(Json(blocking(work).await?))
            },
        )
        .get(
            "/api/air/days",
            operation("一年的日空气质量", "days of a year", Access::May(Action::ReadMonitoring))
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
            "/api/air/ranking",
            operation("空气站排名", "ranking of air stations", Access::May(Action::ReadMonitoring))
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

fn index_label(pollutant: Pollutant, stat: Stat) -> Name {
    match (pollutant, stat) {
        (Pollutant::O3, Stat::Mda8 | Stat::Rolling8) => Name::new("O3 8 小时", "O3 8 h"),
        (Pollutant::O3, Stat::MaximumHour) => Name::new("O3 1 小时", "O3 1 h"),
        _ => Name::new(pollutant.label(), pollutant.label()),
    }
}

impl Judge {
    /// The newest hour and day of an air station; both `None` when nothing was judged in the last days.
    ///
    /// # Errors
    /// When the store fails.
    pub fn air_today(&self, point: &Point, now: Timestamp) -> Result<AirToday, Problem> {
        let super::today::Newest { hour: newest, day } = self.newest(point, now)?.within(CURRENT_DAYS, now.day());
        let values = newest.as_ref().map(|verdict| self.air_values(point, verdict)).unwrap_or_default();
        Ok(AirToday {
            point: point.id.to_string(),
            name: point.name.clone(),
            simulated: point.simulated,
            hour: newest.as_ref().map(|verdict| self.aqi_view(verdict)),
            day: day.as_ref().map(|verdict| self.aqi_view(verdict)),
            values,
        })
    }

    fn air_values(&self, point: &Point, verdict: &Verdict) -> Vec<AirValue> {
        let items = verdict.finding.items.iter().filter(|item| item.stat == Stat::Mean);
        items
            .filter_map(|item| {
                let pollutant = air::pollutant(item.factor)?;
                Some(AirValue {
                    factor: item.factor.to_string(),
                    name: Name::new(pollutant.label(), pollutant.label()),
                    value: item_value(point, item),
                    unit: pollutant.unit().to_owned(),
                    iaqi: item.index,
                    valid: item.valid(),
                    time: verdict.key.start(),
                })
            })
            .collect()
    }

    pub(crate) fn aqi_view(&self, verdict: &Verdict) -> AqiView {
        let finding = &verdict.finding;
        let start = verdict.key.start();
        let set = self.rules().air_at(start.day()).ok();
        let level = finding.index.and_then(|aqi| set.as_ref()?.rules.level(aqi).cloned());
        let primary = finding
            .items
            .iter()
            .filter(|item| item.primary())
            .filter_map(|item| air::pollutant(item.factor).map(|pollutant| index_label(pollutant, item.stat)))
            .collect();
        let mut notes = Vec::new();
        let missing: Vec<&str> = finding
            .items
            .iter()
            .filter(|item| matches!(item.stat, Stat::Mean | Stat::Mda8) && !item.valid())
            .filter_map(|item| air::pollutant(item.factor))
            .map(Pollutant::label)
            .collect();
        if !missing.is_empty() {
            let names = missing.join("、");
            notes.push(Name::new(format!("{names} 无有效值"), format!("no valid value: {}", missing.join(", "))));
        }
        AqiView {
            time: start,
            date: (verdict.key.level == PeriodLevel::Day).then(|| start.day().to_iso()),
            aqi: finding.index,
            aqi_of_available: finding.beside,
            level: level.as_ref().map(|level| level.level),
            category: level.as_ref().map(|level| name_of(&level.category)),
            colour: level.map(|level| format!("#{}", level.rgb.trim_start_matches('#'))),
            primary,
            edition: finding.standard.clone(),
            verdict: verdict.key.to_string(),
            valid: finding.valid,
            exceeding: finding.exceeding,
            notes,
        }
    }

    fn edition(&self, edition: Option<&str>) -> Result<Option<Arc<AqiRules>>, Problem> {
        match edition {
            None | Some("" | "as_judged") => Ok(None),
            Some(edition) => match self.rules().air.rules_of(edition) {
                Ok(rules) => Ok(Some(rules)),
                Err(error) => Err(Problem::invalid(error.text().zh)),
            },
        }
    }
}

const CONCENTRATIONS: [(Pollutant, Stat, &str); 7] = [
    (Pollutant::So2, Stat::Mean, "so2"),
    (Pollutant::No2, Stat::Mean, "no2"),
    (Pollutant::Co, Stat::Mean, "co"),
    (Pollutant::Pm10, Stat::Mean, "pm10"),
    (Pollutant::Pm25, Stat::Mean, "pm25"),
    (Pollutant::O3, Stat::Mda8, "o3_8h"),
    (Pollutant::O3, Stat::MaximumHour, "o3_1h"),
];

fn concentration(point: &Point, finding: &Finding, pollutant: Pollutant, stat: Stat) -> String {
    let item = air::code(pollutant).and_then(|factor| finding.item(factor, stat));
    item.filter(|item| item.valid()).map(|item| item_value(point, item)).unwrap_or_default()
}

/// Primary pollutants under an edition, in words.
fn primary_under(rules: &AqiRules, finding: &Finding) -> String {
    let result = rules::daily_aqi(rules, &air::daily_input(finding));
    let names: Vec<&str> = result.primary.iter().map(|item| item.key()).collect();
    names.join(" ")
}

fn days_of(judge: &Judge, caller: &Caller, query: &DaysQuery) -> Result<Table, Problem> {
    let now = kernel::time::now();
    let point = match &query.point {
        Some(id) => super::one(judge, caller, id)?,
        None => super::readable(judge, caller, |point| point.kind == PointKind::AirStation)
            .into_iter()
            .next()
            .ok_or_else(|| Problem::not_found("没有空气站 (no air station)"))?,
    };
    let year = query.year.unwrap_or(now.day().civil().0);
    let edition = judge.edition(query.edition.as_deref())?;
    let (from, until) = (Day::from_civil(year, 1, 1), Day::from_civil(year + 1, 1, 1));
    let verdicts = judge.verdicts(point.id, PeriodLevel::Day, from.start(), until.start())?;
    let mut columns = vec![
        Column::new("date", "日期", "date", ""),
        Column::new("aqi", "AQI", "AQI", ""),
        Column::new("level", "级别", "level", ""),
        Column::new("category", "类别", "category", ""),
        Column::new("primary", "首要污染物", "primary pollutant", ""),
        Column::new("valid", "有效", "valid", ""),
        Column::new("edition", "标准", "standard", ""),
        Column::new("verdict", "判定", "verdict", ""),
    ];
    for (pollutant, stat, key) in CONCENTRATIONS {
        let name = index_label(pollutant, stat);
        columns.push(Column::new(key, &name.zh, &name.en, pollutant.unit()));
    }
    columns.push(Column::new("dust", "沙尘天", "dust day", ""));
    let book = judge.dust();
    let (dust, waiting) = (book.days(point.id, from, until, true), book.days(point.id, from, until, false));
    let rows = verdicts
        .iter()
        .map(|verdict| {
            let finding = &verdict.finding;
            let day = verdict.key.start().day();
            let index = air::day_index(period::date(day), finding, edition.as_deref());
            let set = judge.rules().air_at(day).ok();
            let rules = edition.as_deref().or(set.as_ref().map(|set| &*set.rules));
            let level = index.aqi.and_then(|aqi| rules?.level(aqi));
            let mut row = vec![
                day.to_iso(),
                index.aqi.map(|aqi| aqi.to_string()).unwrap_or_default(),
                level.map(|level| level.level.to_string()).unwrap_or_default(),
                level.map(|level| level.category.zh.clone()).unwrap_or_default(),
                rules.map(|rules| primary_under(rules, finding)).unwrap_or_default(),
                if index.aqi.is_some() { "1" } else { "0" }.to_owned(),
                edition.as_deref().map_or_else(|| finding.standard.clone(), |rules| rules.standard.clone()),
                verdict.key.to_string(),
            ];
            row.extend(CONCENTRATIONS.map(|(pollutant, stat, _)| concentration(&point, finding, pollutant, stat)));
            let date = period::date(day);
            let word = match (dust.contains(&date), waiting.contains(&date)) {
                (true, _) => "confirmed",
                (false, true) => "unconfirmed",
                _ => "",
            };
            row.push(word.to_owned());
            row
        })
        .collect();
    let method = match &edition {
        None => Name::new("按数据日期有效的版本判定", "as judged under the edition in force at the date"),
        Some(rules) => Name::new(format!("按 {} 重算", rules.standard), format!("recomputed under {}", rules.standard)),
    };
    Ok(Table {
        title: Name::new(format!("{} {year} 年日空气质量", point.name.zh), format!("{} days of {year}", point.name.en)),
        method,
        source: source_of(&point),
        as_of: now,
        simulated: point.simulated,
        columns,
        rows,
    })
}

pub fn source_of(point: &Point) -> Name {
    if point.simulated {
        Name::new("模拟数据", "simulated data")
    } else {
        Name::new("自动监测数据", "automatic monitoring")
    }
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
    let edition = judge.edition(query.edition.as_deref())?;
    let book = judge.dust();
    let last = Day(until.0 - 1).min(today);
    let rule = judge.rules().dust_at(last).map_err(|error| Problem::invalid(error.zh))?;
    let points = super::readable(judge, caller, |point| point.kind == PointKind::AirStation);
    let mut found = Vec::new();
    for point in &points {
        let verdicts = judge.verdicts(point.id, PeriodLevel::Day, from.start(), until.start())?;
        let dust = book.days(point.id, from, until, true);
        let leave_out = rule.as_ref().is_some_and(|rule| rule.mean);
        found.push((point, judge.air_summary(&verdicts, edition.as_deref(), today, (&dust, leave_out))?));
    }
    found.sort_by(|left, right| right.1.ratio.cmp(&left.1.ratio).then(left.1.means[4].cmp(&right.1.means[4])));
    let mut columns = vec![
        Column::new("rank", "名次", "rank", ""),
        Column::new("point", "点位编号", "point id", ""),
        Column::new("name", "站点", "station", ""),
        Column::new("days", "天数", "days", "d"),
        Column::new("valid_days", "有效天数", "valid days", "d"),
        Column::new("good_days", "优良天数", "good days", "d"),
        Column::new("good_ratio", "优良天数比例", "good-day ratio", "%"),
        Column::new("heavy_days", "重污染天数", "heavily polluted days", "d"),
    ];
    for (place, pollutant) in Pollutant::ALL.into_iter().enumerate() {
        let name = if place == 5 {
            Name::new("O3 日最大 8 小时 90 百分位", "O3 90th percentile")
        } else {
            name_mean(pollutant)
        };
        columns.push(Column::new(&pollutant.key().to_ascii_lowercase(), &name.zh, &name.en, pollutant.unit()));
    }
    columns.extend([
        Column::new("days_dust", "沙尘天数", "dust days", "d"),
        Column::new("pm10_with_dust", "PM10 平均（含沙尘）", "PM10 mean with dust", "µg/m³"),
        Column::new("pm25_with_dust", "PM2.5 平均（含沙尘）", "PM2.5 mean with dust", "µg/m³"),
        Column::new("simulated", "模拟", "simulated", ""),
    ]);
    let rows = found
        .iter()
        .enumerate()
        .map(|(place, (point, summary))| {
            let mut row = vec![
                (place + 1).to_string(),
                point.id.to_string(),
                point.name.zh.clone(),
                (until.0.min(today.0 + 1) - from.0).max(0).to_string(),
                summary.valid_days.to_string(),
                summary.good_days.to_string(),
                summary.ratio.map(|ratio| ratio.to_string()).unwrap_or_default(),
                summary.heavy_days.to_string(),
            ];
            for (pollutant, value) in Pollutant::ALL.into_iter().zip(summary.means) {
                let places = if pollutant == Pollutant::Co { 1 } else { 0 };
                row.push(value.map(|value| shown(value, places)).unwrap_or_default());
            }
            row.push(summary.dust_days.to_string());
            row.extend(summary.with_dust.map(|value| value.map(|value| shown(value, 0)).unwrap_or_default()));
            row.push(if point.simulated { "1" } else { "0" }.to_owned());
            row
        })
        .collect();
    Ok(Table {
        title: Name::new("空气站排名", "ranking of air stations"),
        method: Name::new(
            format!(
                "优良天数比例 = 优良天数／有效天数；CO 为第 95 百分位，O3 为第 90 百分位，其余为日均值的平均{}",
                rule.as_ref().map(|rule| format!("，PM10、PM2.5 不含沙尘天（{}）", rule.standard)).unwrap_or_default()
            ),
            format!(
                "good days / valid days; CO 95th percentile, O3 90th percentile, means of daily values for the rest{}",
                rule.as_ref()
                    .map(|rule| format!(", PM10 and PM2.5 without dust days ({})", rule.standard))
                    .unwrap_or_default()
            ),
        ),
        source: Name::new("日判定", "daily verdicts"),
        as_of: now,
        simulated: found.iter().any(|(point, _)| point.simulated),
        columns,
        rows,
    })
}

fn name_mean(pollutant: Pollutant) -> Name {
    match pollutant {
        Pollutant::Co => Name::new("CO 日均值 95 百分位", "CO 95th percentile"),
        other => Name::new(format!("{} 平均", other.label()), format!("{} mean", other.label())),
    }
}

/// Days and concentrations of a period.
pub struct AirSummary {
    pub valid_days: u32,
    pub good_days: u32,
    pub heavy_days: u32,
    pub ratio: Option<rust_decimal::Decimal>,
    /// In the order of [`Pollutant::ALL`]: means; CO and O3 the percentile that is assessed.
    pub means: [Option<rust_decimal::Decimal>; 6],
    /// Days with a verdict that are dust days, and the means of PM10 and PM2.5 with them.
    pub dust_days: u32,
    pub with_dust: [Option<rust_decimal::Decimal>; 2],
}

impl Judge {
    /// Counts days and takes means over day verdicts; under one edition, or as judged. `dust`: the dust days, and
    /// whether the means leave them out.
    ///
    /// # Errors
    /// When no edition covers today.
    pub fn air_summary(
        &self,
        verdicts: &[Verdict],
        edition: Option<&AqiRules>,
        today: Day,
        (dust, leave_out): (&BTreeSet<Date>, bool),
    ) -> Result<AirSummary, Problem> {
        let set = self.rules().air_at(today).map_err(|error| Problem::invalid(error.zh))?;
        let day_of = |verdict: &Verdict| period::date(Hour(verdict.key.start().hour().0).day());
        let indices: Vec<DayIndex> =
            verdicts.iter().map(|verdict| air::day_index(day_of(verdict), &verdict.finding, edition)).collect();
        let method = &*set.method;
        let count = rules::count_days(&indices, edition.unwrap_or(&set.rules), &rules::DayCountRules::from(method));
        let days: Vec<_> = verdicts.iter().map(|verdict| air::daily_value(day_of(verdict), &verdict.finding)).collect();
        let mean_with = |pollutant: Pollutant| {
            standards::decimal::mean(days.iter().filter_map(|day| day.values[pollutant.index()]))
        };
        let with_dust = [Pollutant::Pm10, Pollutant::Pm25].map(mean_with);
        let dust_days = days.iter().filter(|day| dust.contains(&day.date)).count() as u32;
        let none = BTreeSet::new();
        let judged: Vec<_> =
            days.into_iter().map(|day| air::without_dust(day, if leave_out { dust } else { &none })).collect();
        let means = Pollutant::ALL.map(|pollutant| {
            let mut values: Vec<_> = judged.iter().filter_map(|day| day.values[pollutant.index()]).collect();
            values.sort_unstable();
            match (pollutant, method.percentiles[pollutant.index()]) {
                (Pollutant::Co | Pollutant::O3, Some(rank)) => rules::percentile_of(&values, rank),
                _ => standards::decimal::mean(values.iter().copied()),
            }
        });
        Ok(AirSummary {
            valid_days: count.valid_days,
            good_days: count.good_days,
            heavy_days: count.heavy_days,
            ratio: count.good_ratio,
            means,
            dust_days,
            with_dust,
        })
    }
}
