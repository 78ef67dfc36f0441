//! Statistics of a month or year of the air stations (HJ 663), with and without dust days (沙尘扣除前后).

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Column, Format, Query, Routes, Table, blocking, operation};
use axum::response::Response;
use kernel::{Action, Day, Name, Point, PointKind, Problem};
use serde::Deserialize;
use standards::air::Pollutant;
use store::contract::PeriodLevel;

use super::air::source_of;
use super::view::{item_value, shown};
use crate::model::{Finding, Item, Key, Stat, Verdict};
use crate::rule::air;
use crate::{Judge, period, rows};

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct StatisticsQuery {
    /// Id of a station; without it: every one.
    point: Option<String>,
    /// `2026` or `2026-11`; without it: this year.
    period: Option<String>,
    #[serde(default)]
    format: Format,
}

pub fn routes(judge: &Arc<Judge>) -> Routes {
    let judge = Arc::clone(judge);
    Routes::new("judge").get(
        "/api/air/statistics",
        operation(
            "空气站年、月统计，沙尘扣除前后",
            "statistics of a year or month of air stations, with and without dust days",
            Access::May(Action::ReadMonitoring),
        )
        .query::<StatisticsQuery>()
        .returns::<Table>()
        .also("text/csv"),
        async move |caller: Caller, Query(query): Query<StatisticsQuery>| -> ApiResult<Response> {
            let judge = Arc::clone(&judge);
            let format = query.format;
            Ok(blocking(move || statistics_of(&judge, &caller, &query)).await?.respond(format))
        },
    )
}

/// A year or a month.
pub(super) fn period_of(text: Option<&str>, today: Day) -> Result<(PeriodLevel, i64), Problem> {
    let wrong = |text: &str| Problem::invalid(format!("period = {text}：应如 2026 或 2026-11 (not a year or month)"));
    let text = match text.map(str::trim).filter(|text| !text.is_empty()) {
        None => return Ok((PeriodLevel::Year, today.civil().0.into())),
        Some(text) => text,
    };
    if let Some(month) = Day::parse(&format!("{text}-01")).filter(|_| text.len() == 7) {
        return Ok((PeriodLevel::Month, month.month().0.into()));
    }
    let year = text.parse::<i64>().ok().filter(|year| (1970..2200).contains(year) && text.len() == 4);
    year.map(|year| (PeriodLevel::Year, year)).ok_or_else(|| wrong(text))
}

fn statistics_of(judge: &Judge, caller: &Caller, query: &StatisticsQuery) -> Result<Table, Problem> {
    let now = kernel::time::now();
    let (level, number) = period_of(query.period.as_deref(), now.day())?;
    let points = match query.point.as_deref().filter(|point| !point.is_empty()) {
        Some(id) => vec![super::one(judge, caller, id)?],
        None => super::readable(judge, caller, |point| point.kind == PointKind::AirStation),
    };
    let points: Vec<_> = points.into_iter().filter(|point| point.kind == PointKind::AirStation).collect();
    let (mut rows, mut waiting, mut simulated) = (Vec::new(), 0, None);
    let book = judge.dust();
    for point in &points {
        let key = Key::new(point.id, level, number);
        let verdict = judge.store.read(|reader| rows::current(reader, judge.division, key))?;
        let Some(verdict) = verdict else { continue };
        waiting = waiting.max(book.days(point.id, key.start().day(), key.end().day(), false).len());
        simulated = simulated.filter(|known: &&Arc<Point>| known.simulated).or(Some(point));
        rows.extend(rows_of(point, &verdict));
    }
    let of_last = period::start(level, number + 1).plus(-1).day().min(now.day());
    let rule = judge.rules().dust_at(of_last).map_err(|error| Problem::invalid(error.zh))?;
    let (zh, en) = match &rule {
        Some(rule) => (
            format!("{}：PM10、PM2.5 和综合指数按扣除沙尘天评价，优良天数不扣除", rule.standard),
            format!("{}: PM10, PM2.5 and the composite index are judged without dust days", rule.standard),
        ),
        None => ("当时没有沙尘扣除的规定，按不扣除评价".into(), "no rule on dust days then: judged with them".into()),
    };
    let label = period::label(level, number);
    Ok(Table {
        title: Name::new(format!("{label} 空气质量统计"), format!("air statistics of {label}")),
        method: Name::new(
            format!("HJ 663；{zh}；另有未确认的沙尘天 {waiting} 天，不扣除"),
            format!("HJ 663; {en}; {waiting} dust days are not confirmed and not left out"),
        ),
        source: simulated
            .map_or_else(|| Name::new("年、月判定", "verdicts of months and years"), |point| source_of(point)),
        as_of: now,
        simulated: simulated.is_some_and(|point| point.simulated),
        columns: vec![
            Column::new("point", "点位编号", "point id", ""),
            Column::new("name", "站点", "station", ""),
            Column::new("item", "项目", "item", ""),
            Column::new("statistic", "统计量", "statistic", ""),
            Column::new("unit", "单位", "unit", ""),
            Column::new("without_dust", "扣除沙尘", "without dust days", ""),
            Column::new("with_dust", "不扣除", "with dust days", ""),
            Column::new("judged_by", "评价口径", "which one judges", ""),
            Column::new("limit", "标准值", "limit", ""),
            Column::new("meets", "达标", "meets", ""),
            Column::new("valid_days", "参评天数", "days that take part", "d"),
            Column::new("valid", "有效", "valid", ""),
            Column::new("verdict", "判定", "verdict", ""),
        ],
        rows,
    })
}

/// The other view of an item, where dust days touch it, and whether the judged one is without dust.
fn beside<'f>(finding: &'f Finding, item: &Item) -> Option<(&'f Item, bool)> {
    let (with, without) = match item.stat {
        Stat::Percentile => (Stat::PercentileWithDust, Stat::PercentileWithoutDust),
        _ => (Stat::MeanWithDust, Stat::MeanWithoutDust),
    };
    let with = finding.item(item.factor, with).map(|item| (item, true));
    with.or_else(|| finding.item(item.factor, without).map(|item| (item, false)))
}

fn rows_of(point: &Point, verdict: &Verdict) -> Vec<Vec<String>> {
    let finding = &verdict.finding;
    let mut rows = Vec::new();
    let mut push = |item: &Item, name: String, statistic: &str, unit: &str, shown: &dyn Fn(&Item) -> String| {
        let own = shown(item);
        let (without, with, judged) = match beside(finding, item) {
            Some((other, true)) => (own, shown(other), "without_dust"),
            Some((other, false)) => (shown(other), own, "with_dust"),
            // No dust day touches it: both views are the same.
            None => (own.clone(), own, ""),
        };
        let meets = item.limit.filter(|_| item.valid()).map(|_| u8::from(!item.exceeding()).to_string());
        rows.push(vec![
            point.id.to_string(),
            point.name.zh.clone(),
            name,
            statistic.to_owned(),
            unit.to_owned(),
            without,
            with,
            judged.to_owned(),
            item.limit.map(|limit| limit.to_string()).unwrap_or_default(),
            meets.unwrap_or_default(),
            // A number of days is made of no days.
            if unit == "d" { String::new() } else { item.count.to_string() },
            u8::from(item.valid()).to_string(),
            verdict.key.to_string(),
        ]);
    };
    for pollutant in Pollutant::ALL {
        for (stat, name) in [(Stat::Mean, "mean"), (Stat::Percentile, "percentile")] {
            let item = air::code(pollutant).and_then(|factor| finding.item(factor, stat));
            if let Some(item) = item.filter(|item| item.value.is_some()) {
                push(item, pollutant.label().to_owned(), name, pollutant.unit(), &|item| item_value(point, item));
            }
        }
    }
    let plain = |item: &Item| item.value.map(|value| shown(value, 2)).unwrap_or_default();
    for (factor, unit) in
        [("composite", ""), ("good_ratio", "%"), ("days_good", "d"), ("days_heavy", "d"), ("days_dust", "d")]
    {
        let found = finding.items.iter().find(|item| {
            item.factor == *factor && matches!(item.stat, Stat::Mean | Stat::Total) && item.value.is_some()
        });
        if let Some(item) = found {
            let name = crate::names::factor_name(factor);
            push(item, name.zh, if factor == "composite" { "index" } else { "days" }, unit, &plain);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Item, without dust, with dust, which judges, meets.
    #[test]
    fn both_views_stand_beside_and_the_one_that_judges_is_named() {
        let pm10 = air::code(Pollutant::Pm10).unwrap();
        let item = |stat, value: i64| Item::new(pm10, stat, Some(value.into()), true, 300);
        let point = Point::simulated(1, PointKind::AirStation);
        let check = |beside: Option<Stat>, expect: [&str; 4]| {
            let mut mean = item(Stat::Mean, 60);
            mean.limit = Some(70.into());
            let mut finding = Finding { items: vec![mean], ..Finding::default() };
            finding.items.extend(beside.map(|stat| item(stat, 80)));
            let key = Key::new(1, PeriodLevel::Year, 2021);
            let rows =
                rows_of(&point, &Verdict { key, revision: 1, judged_at: kernel::Timestamp(0), horizon: 0, finding });
            assert_eq!(
                (rows.len(), [&rows[0][5], &rows[0][6], &rows[0][7], &rows[0][9]]),
                (1, expect.map(str::to_owned).each_ref())
            );
        };
        check(None, ["60", "60", "", "1"]);
        check(Some(Stat::MeanWithDust), ["60", "80", "without_dust", "1"]);
        check(Some(Stat::MeanWithoutDust), ["80", "60", "with_dust", "1"]);
    }

    #[test]
    fn a_period_is_a_year_or_a_month() {
        let today = Day::parse("2026-11-26").unwrap();
        let check = |text: Option<&str>, expect: Option<&str>| {
            let found = period_of(text, today).ok().map(|(level, number)| period::label(level, number));
            assert_eq!(found.as_deref(), expect, "{text:?}");
        };
        check(None, Some("2026"));
        check(Some("2021"), Some("2021"));
        check(Some("2021-03"), Some("2021-03"));
        for wrong in ["21", "2021-3", "2021-13", "2021-03-01", "x", "99999"] {
            check(Some(wrong), None);
        }
    }
}
