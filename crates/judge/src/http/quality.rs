//! Data quality: rates, reviews, declared stops, suspicions.

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Column, Format, Json, Path, Query, Routes, Table, blocking, operation};
use axum::response::Response;
use kernel::{Action, Day, Name, Problem, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::verdict::time_of;
use super::view::PointName;
use crate::quality::{NewReview, NewStop};
use crate::rate::Rates;
use crate::review::{self, Review, ReviewAction, Stop};
use crate::suspicion::Suspicion;
use crate::{Judge, summary};

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
struct PointPeriodQuery {
    point: String,
    from: Option<String>,
    until: Option<String>,
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

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct ReviewItem {
    point: String,
    factor: Option<String>,
    action: ReviewAction,
    from: Timestamp,
    /// Exclusive.
    until: Timestamp,
    /// Decimal text, in the unit that the device sends; for `correct` only.
    value: Option<String>,
    reason: String,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct ReviewBatch {
    items: Vec<ReviewItem>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct ReviewView {
    id: String,
    point: String,
    factor: Option<String>,
    factor_name: Option<Name>,
    action: ReviewAction,
    from: Timestamp,
    until: Timestamp,
    value: Option<String>,
    reason: String,
    by: String,
    at: Timestamp,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct StopItem {
    point: String,
    /// `stop` or `maintenance`.
    kind: String,
    from: Timestamp,
    until: Timestamp,
    reason: String,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct StopView {
    id: String,
    point: String,
    kind: String,
    from: Timestamp,
    until: Timestamp,
    reason: String,
    by: String,
    at: Timestamp,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct PointSuspicions {
    point: PointName,
    enterprise: Option<String>,
    enterprise_name: Option<Name>,
    simulated: bool,
    suspicions: Vec<Suspicion>,
}

fn review_view(review: Review) -> ReviewView {
    ReviewView {
        id: review.id.to_string(),
        point: review.point.to_string(),
        factor: review.factor.map(|factor| factor.to_string()),
        factor_name: review.factor.map(|factor| summary::factor_name(factor.as_str())),
        action: review.action,
        from: review.from,
        until: review.until,
        value: review.value.map(|value| value.to_string()),
        reason: review.reason,
        by: review.by_name,
        at: review.at,
    }
}

fn stop_view(stop: Stop) -> StopView {
    StopView {
        id: stop.id.to_string(),
        point: stop.point.to_string(),
        kind: stop.kind,
        from: stop.from,
        until: stop.until,
        reason: stop.reason,
        by: stop.by_name,
        at: stop.at,
    }
}

fn period(from: Option<&str>, until: Option<&str>, days: i64) -> Result<(Timestamp, Timestamp), Problem> {
    let until = until.map_or_else(|| Ok(kernel::time::now()), |text| time_of(text, "until"))?;
    let from = from.map_or_else(|| Ok(until.plus(-days * kernel::time::DAY_MILLIS)), |text| time_of(text, "from"))?;
    if until <= from {
        return Err(Problem::invalid("until 不晚于 from (until is not after from)"));
    }
    Ok((from, until))
}

pub fn routes(judge: &Arc<Judge>) -> Routes {
    rate_routes(judge).merge(statement_routes(judge))
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

fn statement_routes(judge: &Arc<Judge>) -> Routes {
    let (list, make, stops, declare) = (Arc::clone(judge), Arc::clone(judge), Arc::clone(judge), Arc::clone(judge));
    Routes::new("judge")
        .get(
            "/api/reviews",
            operation("点位的审核记录", "reviews of a point", Access::May(Action::ReadMonitoring))
                .query::<PointPeriodQuery>()
                .returns::<Vec<ReviewView>>(),
            async move |caller: Caller, Query(query): Query<PointPeriodQuery>| -> ApiResult<Json<Vec<ReviewView>>> {
                let judge = Arc::clone(&list);
                let work = move || {
                    let point = super::one(&judge, &caller, &query.point)?;
                    let (from, until) = period(query.from.as_deref(), query.until.as_deref(), 366)?;
                    let found =
                        judge.store.read(|reader| review::of_point(reader, judge.division, point.id, from, until))?;
                    Ok(found.into_iter().map(review_view).collect())
                };
                Ok(Json(blocking(work).await?))
            },
        )
        .post(
            "/api/reviews",
            operation("审核一批数据", "review a batch of data", Access::May(Action::ReviewData))
                .body::<ReviewBatch>()
                .returns::<Vec<ReviewView>>(),
            async move |caller: Caller, Json(batch): Json<ReviewBatch>| -> ApiResult<Json<Vec<ReviewView>>> {
                let judge = Arc::clone(&make);
                let work = move || {
                    let items = batch.items.into_iter().map(new_review).collect::<Result<Vec<_>, _>>()?;
                    let kept = judge.review(&caller.0, &items, kernel::time::now())?;
                    Ok(kept.into_iter().map(review_view).collect())
                };
                Ok(Json(blocking(work).await?))
            },
        )
        .get(
            "/api/stops",
            operation("点位的停运和维护申报", "declared stops of a point", Access::May(Action::ReadMonitoring))
                .query::<PointPeriodQuery>()
                .returns::<Vec<StopView>>(),
            async move |caller: Caller, Query(query): Query<PointPeriodQuery>| -> ApiResult<Json<Vec<StopView>>> {
                let judge = Arc::clone(&stops);
                let work = move || {
                    let point = super::one(&judge, &caller, &query.point)?;
                    let until = query.until.as_deref().map_or_else(
                        || Ok(kernel::time::now().plus(366 * kernel::time::DAY_MILLIS)),
                        |text| time_of(text, "until"),
                    )?;
                    let from = match query.from.as_deref() {
                        Some(text) => time_of(text, "from")?,
                        None => until.plus(-2 * 366 * kernel::time::DAY_MILLIS),
                    };
                    let found = judge
                        .store
                        .read(|reader| review::stops_of_point(reader, judge.division, point.id, from, until))?;
                    Ok(found.into_iter().map(stop_view).collect())
                };
                Ok(Json(blocking(work).await?))
            },
        )
        .post(
            "/api/stops",
            operation("申报停运或维护", "declare a stop or maintenance", Access::May(Action::WorkCases))
                .body::<StopItem>()
                .returns::<StopView>(),
            async move |caller: Caller, Json(item): Json<StopItem>| -> ApiResult<Json<StopView>> {
                let judge = Arc::clone(&declare);
                let work = move || {
                    let new = NewStop {
                        point: number(&item.point)?,
                        kind: item.kind,
                        from: item.from,
                        until: item.until,
                        reason: item.reason,
                    };
                    judge.declare_stop(&caller.0, &new, kernel::time::now()).map(stop_view)
                };
                Ok(Json(blocking(work).await?))
            },
        )
}

fn number(id: &str) -> Result<i64, Problem> {
    id.parse().map_err(|_| Problem::not_found(format!("没有点位 {id} (no such point)")))
}

fn new_review(item: ReviewItem) -> Result<NewReview, Problem> {
    let value = item
        .value
        .as_deref()
        .map(|text| text.trim().parse::<Decimal>().map_err(|_| Problem::invalid(format!("value = {text} 不是数"))))
        .transpose()?;
    Ok(NewReview {
        point: number(&item.point)?,
        factor: item.factor,
        action: item.action,
        from: item.from,
        until: item.until,
        value,
        reason: item.reason,
    })
}

fn rates_table(judge: &Judge, caller: &Caller, query: &PeriodQuery) -> Result<Table, Problem> {
    let now = kernel::time::now();
    let (from, until) = period(query.from.as_deref(), query.until.as_deref(), 1)?;
    let mut rows = Vec::new();
    let mut simulated = false;
    let mut formula = Name::default();
    for point in super::readable(judge, caller, |_| true) {
        let rates = judge.rates(&point, from, until, now)?;
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
