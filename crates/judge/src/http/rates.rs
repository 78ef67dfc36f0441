//! Rates of data: of one point with what is missing, and as a table by point, enterprise, body or kind and by period.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{Access, ApiResult, Caller, Column, Format, Json, Path, Query, Routes, Table, blocking, operation};
use axum::response::Response;
use kernel::{Action, ErrorCode, Hour, Name, Point, Problem};
use rust_decimal::Decimal;
use serde::Deserialize;

use super::quality::period;
use crate::Judge;
use crate::rate::{self, Counts, Course, Rates, ended_hours};

/// Rows of one table.
const MOST_ROWS: usize = 5_000;

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct PeriodQuery {
    /// Time or date; without it: 24 hours before `until`.
    from: Option<String>,
    /// Exclusive; without it: now.
    until: Option<String>,
}

/// What makes one row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum By {
    #[default]
    Point,
    /// Points without an enterprise together.
    Enterprise,
    /// The body or enterprise that a point belongs to.
    Body,
    /// Kind of point.
    Kind,
    /// All in one.
    All,
}

/// Periods that the time is cut into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Each {
    /// Not cut.
    #[default]
    Whole,
    Day,
    Month,
    Year,
}

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct TableQuery {
    /// Time or date; without it: 24 hours before `until`.
    from: Option<String>,
    /// Exclusive; without it: now.
    until: Option<String>,
    #[serde(default)]
    by: By,
    #[serde(default)]
    each: Each,
    #[serde(default)]
    format: Format,
}

pub fn routes(judge: &Arc<Judge>) -> Routes {
    let (one, all) = (Arc::clone(judge), Arc::clone(judge));
    Routes::new("judge")
        .get(
            "/api/points/{id}/rates",
            operation("点位的传输率、有效率、超标率等", "rates of a point", Access::May(Action::ReadMonitoring))
                .query::<PeriodQuery>()
                .returns::<Rates>(),
            async move |caller: Caller,
                        Path(id): Path<String>,
                        Query(query): Query<PeriodQuery>|
                        -> ApiResult<Json<Rates>> {
                let judge = Arc::clone(&one);
                let work = move || {
                    let point = super::one(&judge, &caller, &id)?;
                    let (from, until) = period(query.from.as_deref(), query.until.as_deref(), 1)?;
                    judge.rates(&point, from, until, kernel::time::now())
                };
                Ok(Json(blocking(work).await?))
            },
        )
        .get(
            "/api/rates",
            operation(
                "传输率、有效率、超标率等，按点位、企业、单位或类型，按日、月、年",
                "rates by point, enterprise, body or kind, and by day, month or year",
                Access::May(Action::ReadMonitoring),
            )
            .query::<TableQuery>()
            .returns::<Table>()
            .also("text/csv"),
            async move |caller: Caller, Query(query): Query<TableQuery>| -> ApiResult<Response> {
                let judge = Arc::clone(&all);
                let format = query.format;
                Ok(blocking(move || rates_table(&judge, &caller, &query)).await?.respond(format))
            },
        )
}

/// The periods that `from..until` is cut into, each with its name. Pure.
fn cut(from: Hour, until: Hour, each: Each) -> Vec<(String, Hour, Hour)> {
    let name = |hour: Hour| match each {
        Each::Whole => String::new(),
        Each::Day => hour.day().to_iso(),
        Each::Month => hour.day().to_iso()[..7].to_owned(),
        Each::Year => hour.day().to_iso()[..4].to_owned(),
    };
    let mut parts: Vec<(String, Hour, Hour)> = Vec::new();
    let mut start = from;
    while start.0 < until.0 {
        let day_end = Hour((i64::from(start.day().0) + 1) * 24);
        let end = if each == Each::Whole { until } else { Hour(day_end.0.min(until.0)) };
        let named = name(start);
        match parts.last_mut() {
            Some((last, _, last_end)) if *last == named => *last_end = end,
            _ => parts.push((named, start, end)),
        }
        start = end;
    }
    parts
}

/// The key and name of the row that a point counts to. Pure but for names.
fn group_of(judge: &Judge, point: &Point, by: By) -> (String, Name) {
    let named = |key: &Option<String>| match key {
        Some(key) => (key.clone(), judge.name_of(Some(key)).unwrap_or_else(|| Name::new(key.as_str(), key.as_str()))),
        None => (String::new(), Name::new("（未登记）", "(not stated)")),
    };
    match by {
        By::Point => (point.id.to_string(), point.name.clone()),
        By::Enterprise => named(&point.enterprise),
        By::Body => named(&point.owner),
        By::Kind => (point.kind.name().to_owned(), point.kind.label()),
        By::All => ("all".to_owned(), Name::new("全部点位", "all points")),
    }
}

struct Row {
    name: Name,
    kind: String,
    owner: String,
    points: u32,
    networked: u32,
    simulated: bool,
    counts: Counts,
}

/// The courses of all points: two halves at a time, because a year of a county is some hundred milliseconds of one core.
fn courses(judge: &Judge, points: &[Arc<Point>], from: Hour, until: Hour) -> Result<Vec<Course>, Problem> {
    let of = |points: &[Arc<Point>]| -> Result<Vec<Course>, Problem> {
        points.iter().map(|point| judge.course(point, from, until)).collect()
    };
    let (first, second) = points.split_at(points.len() / 2);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| of(second));
        let mut all = of(first)?;
        let joined = other.join().map_err(|_| Problem::new(ErrorCode::Internal, "a thread broke off"))?;
        all.extend(joined?);
        Ok(all)
    })
}

fn rates_table(judge: &Judge, caller: &Caller, query: &TableQuery) -> Result<Table, Problem> {
    let now = kernel::time::now();
    let (from, until) = period(query.from.as_deref(), query.until.as_deref(), 1)?;
    let (from, until) = ended_hours(from, until, now)?;
    let points = super::readable(judge, caller, |_| true);
    let parts = cut(from, until, query.each);
    let groups: Vec<(String, Name)> = points.iter().map(|point| group_of(judge, point, query.by)).collect();
    let mut keys: Vec<&str> = groups.iter().map(|(key, _)| key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    if keys.len().saturating_mul(parts.len()) > MOST_ROWS {
        return Err(Problem::new(
            ErrorCode::TooLarge,
            format!(
                "超过 {MOST_ROWS} 行：缩短时间或按月、按年 (more than {MOST_ROWS} rows: a shorter time, or months or years)"
            ),
        ));
    }
    let mut order: Vec<(&str, usize)> = Vec::new();
    let mut rows: BTreeMap<(usize, usize), Row> = BTreeMap::new();
    for ((point, course), (key, name)) in points.iter().zip(courses(judge, &points, from, until)?).zip(&groups) {
        let place = match order.iter().find(|(known, _)| known == key) {
            Some((_, place)) => *place,
            None => {
                order.push((key, order.len()));
                order.len() - 1
            }
        };
        for (part, (_, start, end)) in parts.iter().enumerate() {
            let rates = course.rates(*start, *end);
            let one = query.by == By::Point;
            let row = rows.entry((place, part)).or_insert_with(|| Row {
                name: name.clone(),
                kind: if one { point.kind.name().to_owned() } else { String::new() },
                owner: point.owner.clone().filter(|_| one).unwrap_or_default(),
                points: 0,
                networked: 0,
                simulated: false,
                counts: Counts::default(),
            });
            row.points += 1;
            row.networked += u32::from(rates.networked);
            row.simulated |= point.simulated;
            row.counts += rates.counts;
        }
    }
    let cells = rows.iter().map(|((place, part), row)| cells_of(order[*place].0, &parts[*part].0, row)).collect();
    Ok(Table {
        title: Name::new("数据传输与有效情况", "transmission and validity"),
        method: rate::formula(),
        source: Name::new("小时数据及其评价", "hourly data and their verdicts"),
        as_of: now,
        simulated: rows.values().any(|row| row.simulated),
        columns: columns(query.by),
        rows: cells,
    })
}

fn cells_of(key: &str, part: &str, row: &Row) -> Vec<String> {
    let text = |rate: Option<Decimal>| rate.map(|rate| rate.to_string()).unwrap_or_default();
    let (counts, shares) = (&row.counts, row.counts.shares());
    let networked = Decimal::from(row.networked) / Decimal::from(row.points.max(1));
    vec![
        key.to_owned(),
        row.name.zh.clone(),
        row.name.en.clone(),
        row.kind.clone(),
        row.owner.clone(),
        part.to_owned(),
        row.points.to_string(),
        standards::decimal::round_half_even(networked, 4).normalize().to_string(),
        counts.due.to_string(),
        counts.received.to_string(),
        counts.valid.to_string(),
        text(shares.transmission),
        text(shares.valid_rate),
        text(shares.effective),
        text(shares.catch_up),
        text(shares.running),
        counts.hours_compared.to_string(),
        counts.hours_exceeding.to_string(),
        text(shares.hour_exceedance),
        counts.days_compared.to_string(),
        counts.days_exceeding.to_string(),
        text(shares.day_exceedance),
        u8::from(row.simulated).to_string(),
    ]
}

fn columns(by: By) -> Vec<Column> {
    vec![
        Column::new(if by == By::Point { "point" } else { "group" }, "编号", "id", ""),
        Column::new("name", "名称", "name", ""),
        Column::new("name_en", "英文名称", "name in English", ""),
        Column::new("kind", "类型", "kind", ""),
        Column::new("owner", "所属", "owner", ""),
        Column::new("period", "时段", "period", ""),
        Column::new("points", "点位数", "points", ""),
        Column::new("networked", "联网率", "networked", ""),
        Column::new("due", "应收", "due", ""),
        Column::new("received", "实收", "received", ""),
        Column::new("valid", "有效", "valid", ""),
        Column::new("transmission", "传输率", "transmission", ""),
        Column::new("valid_rate", "有效率", "valid rate", ""),
        Column::new("effective", "有效传输率", "effective", ""),
        Column::new("catch_up", "补传率", "catch-up", ""),
        Column::new("running", "运行率", "running", ""),
        Column::new("hours_compared", "评价小时", "hours compared", ""),
        Column::new("hours_exceeding", "超标小时", "hours over", ""),
        Column::new("hour_exceedance", "小时超标率", "hours over, share", ""),
        Column::new("days_compared", "评价日", "days compared", ""),
        Column::new("days_exceeding", "超标日", "days over", ""),
        Column::new("day_exceedance", "日超标率", "days over, share", ""),
        Column::new("simulated", "模拟", "simulated", ""),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Timestamp;

    #[test]
    fn a_time_is_cut_at_midnights_and_keeps_every_hour_once() {
        let hour = |text: &str| Timestamp::parse(text).unwrap().hour();
        let check = |from: &str, until: &str, each: Each, expect: &[(&str, i64)]| {
            let (from, until) = (hour(from), hour(until));
            let parts = cut(from, until, each);
            let found: Vec<(&str, i64)> =
                parts.iter().map(|(name, start, end)| (name.as_str(), end.0 - start.0)).collect();
            assert_eq!(found, expect);
            assert!(parts.windows(2).all(|pair| pair[0].2 == pair[1].1));
        };
        let (from, until) = ("2025-12-30T05:00:00", "2026-02-01T03:00:00");
        check(from, until, Each::Whole, &[("", 790)]);
        check(from, until, Each::Year, &[("2025", 43), ("2026", 747)]);
        check(from, until, Each::Month, &[("2025-12", 43), ("2026-01", 744), ("2026-02", 3)]);
        check(from, "2025-12-31T01:00:00", Each::Day, &[("2025-12-30", 19), ("2025-12-31", 1)]);
        check(from, from, Each::Day, &[]);
    }
}
