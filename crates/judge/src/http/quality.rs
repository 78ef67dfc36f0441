//! Data quality: rates and suspicions.

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Column, Format, Json, Path, Query, Routes, Table, blocking, operation};
use axum::response::Response;
use kernel::{Action, Day, Name, Point, Problem, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::verdict::time_of;
use super::view::PointName;
use crate::Judge;
use crate::rate::Rates;
use crate::suspicion::Suspicion;

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct PeriodQuery {
    /// Time or date; without it: 24 hours before `until`.
    from: Option<String>,
    /// Exclusive; without it: now.
    until: Option<String>,
    #[serde(default)]
    format: Format,
}

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct SuspicionQuery {
    point: Option<String>,
    /// Key of an enterprise.
    enterprise: Option<String>,
    /// Without it: 90 days before `until`.
    from: Option<String>,
    until: Option<String>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct PointSuspicions {
    point: PointName,
    enterprise: Option<String>,
    enterprise_name: Option<Name>,
    simulated: bool,
    suspicions: Vec<Suspicion>,
}

pub fn period(from: Option<&str>, until: Option<&str>, days: i64) -> Result<(Timestamp, Timestamp), Problem> {
    let until = until.map_or_else(|| Ok(kernel::time::now()), |text| time_of(text, "until"))?;
    let from = from.map_or_else(|| Ok(until.plus(-days * kernel::time::DAY_MILLIS)), |text| time_of(text, "from"))?;
    if until <= from {
        return Err(Problem::invalid("until 不晚于 from (until is not after from)"));
    }
    Ok((from, until))
}

pub fn routes(judge: &Arc<Judge>) -> Routes {
    rate_routes(judge)
}

fn rate_routes(judge: &Arc<Judge>) -> Routes {
    let (one, all, odd) = (Arc::clone(judge), Arc::clone(judge), Arc::clone(judge));
    Routes::new("judge")
        .get(
            "/api/points/{id}/rates",
            operation("点位的传输率、有效率等", "rates of a point", Access::May(Action::ReadMonitoring))
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
            operation("全部点位的传输率、有效率等", "rates of all points", Access::May(Action::ReadMonitoring))
                .query::<PeriodQuery>()
                .returns::<Table>()
                .also("text/csv"),
            async move |caller: Caller, Query(query): Query<PeriodQuery>| -> ApiResult<Response> {
                let judge = Arc::clone(&all);
                let format = query.format;
                Ok(blocking(move || rates_table(&judge, &caller, &query)).await?.respond(format))
            },
        )
        .get(
            "/api/suspicions",
            operation("数据存疑清单", "suspicious data", Access::May(Action::ReadMonitoring))
                .query::<SuspicionQuery>()
                .returns::<Vec<PointSuspicions>>(),
            async move |caller: Caller, Query(query): Query<SuspicionQuery>| -> ApiResult<Json<Vec<PointSuspicions>>> {
                let judge = Arc::clone(&odd);
                Ok(Json(blocking(move || suspicions_of(&judge, &caller, &query)).await?))
            },
        )
}

fn rates_table(judge: &Judge, caller: &Caller, query: &PeriodQuery) -> Result<Table, Problem> {
    let now = kernel::time::now();
    let (from, until) = period(query.from.as_deref(), query.until.as_deref(), 1)?;
    let mut rows = Vec::new();
    let mut simulated = false;
    let mut formula = Name::default();
    let points = super::readable(judge, caller, |_| true);
    // Two halves at a time: a year of a county is some hundred milliseconds of one core.
    let of = |points: &[Arc<Point>]| -> Result<Vec<Rates>, Problem> {
        points.iter().map(|point| judge.rates(point, from, until, now)).collect()
    };
    let (first, second) = points.split_at(points.len() / 2);
    let all = std::thread::scope(|scope| {
        let other = scope.spawn(|| of(second));
        let mut all = of(first)?;
        let joined = other.join().map_err(|_| Problem::new(kernel::ErrorCode::Internal, "a thread broke off"))?;
        all.extend(joined?);
        Ok::<_, Problem>(all)
    })?;
    for (point, rates) in points.iter().zip(all) {
        simulated |= point.simulated;
        let text = |rate: Option<Decimal>| rate.map(|rate| rate.to_string()).unwrap_or_default();
        rows.push(vec![
            point.id.to_string(),
            point.name.zh.clone(),
            point.kind.name().to_owned(),
            point.owner.clone().unwrap_or_default(),
            u8::from(rates.networked).to_string(),
            rates.due.to_string(),
            rates.received.to_string(),
            rates.valid.to_string(),
            text(rates.transmission),
            text(rates.valid_rate),
            text(rates.effective),
            text(rates.catch_up),
            text(rates.running),
            u8::from(point.simulated).to_string(),
        ]);
        formula = rates.formula;
    }
    Ok(Table {
        title: Name::new("数据传输与有效情况", "transmission and validity"),
        method: formula,
        source: Name::new("小时数据", "hourly data"),
        as_of: now,
        simulated,
        columns: vec![
            Column::new("point", "点位编号", "point id", ""),
            Column::new("name", "点位", "point", ""),
            Column::new("kind", "类型", "kind", ""),
            Column::new("owner", "所属", "owner", ""),
            Column::new("networked", "联网", "networked", ""),
            Column::new("due", "应收", "due", ""),
            Column::new("received", "实收", "received", ""),
            Column::new("valid", "有效", "valid", ""),
            Column::new("transmission", "传输率", "transmission", ""),
            Column::new("valid_rate", "有效率", "valid rate", ""),
            Column::new("effective", "有效传输率", "effective", ""),
            Column::new("catch_up", "补传率", "catch-up", ""),
            Column::new("running", "运行率", "running", ""),
            Column::new("simulated", "模拟", "simulated", ""),
        ],
        rows,
    })
}

fn suspicions_of(judge: &Judge, caller: &Caller, query: &SuspicionQuery) -> Result<Vec<PointSuspicions>, Problem> {
    let (from, until) = period(query.from.as_deref(), query.until.as_deref(), 90)?;
    let points = match &query.point {
        Some(id) => vec![super::one(judge, caller, id)?],
        None => {
            super::readable(judge, caller, |point| query.enterprise.is_none() || point.enterprise == query.enterprise)
        }
    };
    let mut found = Vec::new();
    for point in points {
        let suspicions = judge.suspicions(&point, from.day(), Day(until.day().0 + 1))?;
        if suspicions.is_empty() {
            continue;
        }
        found.push(PointSuspicions {
            point: PointName { id: point.id.to_string(), name: point.name.clone() },
            enterprise: point.enterprise.clone(),
            enterprise_name: judge.name_of(point.enterprise.as_deref()),
            simulated: point.simulated,
            suspicions,
        });
    }
    found.sort_by_key(|point| std::cmp::Reverse(point.suspicions.len()));
    Ok(found)
}
