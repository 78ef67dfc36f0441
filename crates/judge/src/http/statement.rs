//! What people say of data: reviews in batches, the sheet they work on, declared stops and maintenance windows.

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Json, Path, Query, Routes, blocking, operation};
use kernel::{Action, Name, Problem, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use standards::sources::Condition;

use super::quality::period;
use super::verdict::time_of;
use super::view::PointName;
use crate::model::name_of;
use crate::quality::NewReview;
use crate::review::{self, Review, ReviewAction, Stop, StopState};
use crate::sheet::Sheet;
use crate::stop::NewStop;
use crate::{Judge, summary};

const MOST_LISTED: u32 = 1000;

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct ListQuery {
    /// Without it: all points that the caller may read, newest statement first.
    point: Option<String>,
    from: Option<String>,
    until: Option<String>,
}

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct SheetQuery {
    point: String,
    factor: Option<String>,
    /// Without it: 24 hours before `until`.
    from: Option<String>,
    /// Exclusive; without it: now.
    until: Option<String>,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct ReviewItem {
    point: String,
    /// Without it: every factor.
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
    point_name: Name,
    simulated: bool,
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
    /// `stop`, `maintenance` or `condition`.
    kind: String,
    /// Of a condition mark: a condition of `/api/stops/conditions`.
    #[serde(default)]
    condition: Option<String>,
    from: Timestamp,
    until: Timestamp,
    reason: String,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct StopView {
    id: String,
    point: String,
    point_name: Name,
    enterprise: Option<String>,
    simulated: bool,
    kind: String,
    condition: Option<String>,
    /// Of a condition mark, in the words of the rules in force when it begins.
    condition_name: Option<Name>,
    /// Names of the factors that it sets aside; empty: all.
    factors: Vec<Name>,
    from: Timestamp,
    until: Timestamp,
    reason: String,
    by: String,
    at: Timestamp,
    /// Only one in force sets data aside.
    state: StopState,
    /// What the reviewer said last.
    decision: Option<DecisionView>,
    /// The caller may accept or refuse it.
    may_decide: bool,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct DecisionView {
    accepted: bool,
    reason: String,
    by: String,
    at: Timestamp,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct DecisionItem {
    accepted: bool,
    reason: String,
}

fn named(judge: &Judge, point: i64) -> PointName {
    let name = judge.points.points().get(point).map(|point| point.name.clone()).unwrap_or_default();
    PointName { id: point.to_string(), name }
}

fn review_view(judge: &Judge, review: Review) -> ReviewView {
    let point = named(judge, review.point);
    ReviewView {
        id: review.id.to_string(),
        point: point.id,
        point_name: point.name,
        simulated: judge.points.points().get(review.point).is_some_and(|point| point.simulated),
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

fn condition_name(judge: &Judge, id: &str, at: Timestamp) -> Name {
    let marking = judge.marking(at).ok().flatten();
    let found = marking.as_ref().and_then(|marking| marking.condition(id));
    found.map_or_else(|| Name::new(id, id), |condition| name_of(&condition.name))
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct ConditionView {
    id: String,
    name: Name,
    /// Longest window that holds without a reviewer.
    hours: u32,
    /// Names of the factors that do not judge within it; empty: all.
    factors: Vec<Name>,
    standard: String,
    /// Marks by hand are made before this hour of the next day.
    deadline_hour: u32,
    /// Its figures are confirmed; until they are, every mark of it waits for a reviewer.
    confirmed: bool,
    /// The emission standards of the facilities that it is of; a mark anywhere else waits.
    fits: Vec<String>,
}

fn conditions(judge: &Judge) -> Result<Vec<ConditionView>, Problem> {
    let Some(marking) = judge.marking(kernel::time::now())? else { return Ok(Vec::new()) };
    let view = |condition: &Condition| ConditionView {
        id: condition.id.clone(),
        name: name_of(&condition.name),
        hours: condition.hours,
        factors: condition.factors.iter().map(|factor| summary::factor_name(factor)).collect(),
        standard: marking.standard.clone(),
        deadline_hour: marking.deadline_hour,
        confirmed: marking.confirmed && condition.confirmed,
        fits: condition.fits.clone(),
    };
    Ok(marking.conditions.iter().map(view).collect())
}

fn stop_view(judge: &Judge, caller: &Caller, stop: Stop) -> StopView {
    let points = judge.points.points();
    let point = points.get(stop.point);
    let state = stop.state();
    StopView {
        state,
        may_decide: caller.0.may(Action::ReviewData, point.and_then(|point| point.owner.as_deref())),
        decision: stop.decisions.into_iter().next_back().map(|decision| DecisionView {
            accepted: decision.accepted,
            reason: decision.reason,
            by: decision.by_name,
            at: decision.at,
        }),
        id: stop.id.to_string(),
        point: stop.point.to_string(),
        point_name: point.map(|point| point.name.clone()).unwrap_or_default(),
        enterprise: point.and_then(|point| point.enterprise.clone()),
        simulated: point.is_some_and(|point| point.simulated),
        condition_name: stop.condition.as_deref().map(|id| condition_name(judge, id, stop.from)),
        factors: stop.factors.iter().map(|factor| summary::factor_name(factor.as_str())).collect(),
        condition: stop.condition,
        kind: stop.kind,
        from: stop.from,
        until: stop.until,
        reason: stop.reason,
        by: stop.by_name,
        at: stop.at,
    }
}

pub fn routes(judge: &Arc<Judge>) -> Routes {
    review_routes(judge).merge(stop_routes(judge))
}

fn review_routes(judge: &Arc<Judge>) -> Routes {
    let (list, make, sheet) = (Arc::clone(judge), Arc::clone(judge), Arc::clone(judge));
    Routes::new("judge")
        .get(
            "/api/reviews",
            operation("审核记录", "reviews of data", Access::May(Action::ReadMonitoring))
                .query::<ListQuery>()
                .returns::<Vec<ReviewView>>(),
            async move |caller: Caller, Query(query): Query<ListQuery>| -> ApiResult<Json<Vec<ReviewView>>> {
                let judge = Arc::clone(&list);
                Ok(Json(blocking(move || reviews_of(&judge, &caller, &query)).await?))
            },
        )
        .get(
            "/api/reviews/sheet",
            operation(
                "审核工作表：每小时的上报值、采用值、疑点与层级",
                "sheet of a reviewer, hour by hour",
                Access::May(Action::ReadMonitoring),
            )
            .query::<SheetQuery>()
            .returns::<Sheet>(),
            async move |caller: Caller, Query(query): Query<SheetQuery>| -> ApiResult<Json<Sheet>> {
                let judge = Arc::clone(&sheet);
                let work = move || {
                    let point = super::one(&judge, &caller, &query.point)?;
                    let (from, until) = period(query.from.as_deref(), query.until.as_deref(), 1)?;
                    judge.sheet(&point, query.factor.as_deref().filter(|code| !code.is_empty()), from, until)
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
                    Ok(kept.into_iter().map(|review| review_view(&judge, review)).collect())
                };
                Ok(Json(blocking(work).await?))
            },
        )
}

fn stop_routes(judge: &Arc<Judge>) -> Routes {
    let (stops, declare, decide, known) = (Arc::clone(judge), Arc::clone(judge), Arc::clone(judge), Arc::clone(judge));
    Routes::new("judge")
        .get(
            "/api/stops/conditions",
            operation("可标记的工况", "conditions that may be marked", Access::May(Action::ReadMonitoring))
                .returns::<Vec<ConditionView>>(),
            async move |_: Caller| -> ApiResult<Json<Vec<ConditionView>>> { Ok(Json(conditions(&known)?)) },
        )
        .get(
            "/api/stops",
            operation("停运和维护申报", "declared stops and maintenance", Access::May(Action::ReadMonitoring))
                .query::<ListQuery>()
                .returns::<Vec<StopView>>(),
            async move |caller: Caller, Query(query): Query<ListQuery>| -> ApiResult<Json<Vec<StopView>>> {
                let judge = Arc::clone(&stops);
                Ok(Json(blocking(move || stops_of(&judge, &caller, &query)).await?))
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
                        condition: item.condition,
                        from: item.from,
                        until: item.until,
                        reason: item.reason,
                    };
                    let stop = judge.declare_stop(&caller.0, &new, kernel::time::now())?;
                    Ok(stop_view(&judge, &caller, stop))
                };
                Ok(Json(blocking(work).await?))
            },
        )
        .post(
            "/api/stops/{id}/decision",
            operation("认可或不认可一项申报", "accept or refuse a declared stop", Access::May(Action::ReviewData))
                .body::<DecisionItem>()
                .returns::<StopView>(),
            async move |caller: Caller,
                        Path(id): Path<String>,
                        Json(item): Json<DecisionItem>|
                        -> ApiResult<Json<StopView>> {
                let judge = Arc::clone(&decide);
                let work = move || {
                    let id =
                        id.parse().map_err(|_| Problem::not_found(format!("没有申报 {id} (no such declaration)")))?;
                    let stop = judge.decide_stop(&caller.0, id, item.accepted, &item.reason, kernel::time::now())?;
                    Ok(stop_view(&judge, &caller, stop))
                };
                Ok(Json(blocking(work).await?))
            },
        )
}

fn reviews_of(judge: &Judge, caller: &Caller, query: &ListQuery) -> Result<Vec<ReviewView>, Problem> {
    let (from, until) = period(query.from.as_deref(), query.until.as_deref(), 366)?;
    let mut found = match &query.point {
        Some(id) => {
            let point = super::one(judge, caller, id)?;
            judge.store.read(|reader| review::of_point(reader, judge.division, point.id, from, until))?
        }
        None => judge.store.read(|reader| review::newest(reader, judge.division, from, until, MOST_LISTED))?,
    };
    found.retain(|review| may_read(judge, caller, review.point));
    Ok(found.into_iter().map(|review| review_view(judge, review)).collect())
}

fn stops_of(judge: &Judge, caller: &Caller, query: &ListQuery) -> Result<Vec<StopView>, Problem> {
    let year = 366 * kernel::time::DAY_MILLIS;
    let until =
        query.until.as_deref().map_or_else(|| Ok(kernel::time::now().plus(year)), |text| time_of(text, "until"))?;
    let from = match query.from.as_deref() {
        Some(text) => time_of(text, "from")?,
        None => until.plus(-2 * year),
    };
    let mut found = match &query.point {
        Some(id) => {
            let point = super::one(judge, caller, id)?;
            judge.store.read(|reader| review::stops_of_point(reader, judge.division, point.id, from, until))?
        }
        None => judge.store.read(|reader| review::newest_stops(reader, judge.division, from, until, MOST_LISTED))?,
    };
    found.retain(|stop| may_read(judge, caller, stop.point));
    Ok(found.into_iter().map(|stop| stop_view(judge, caller, stop)).collect())
}

fn may_read(judge: &Judge, caller: &Caller, point: i64) -> bool {
    let owner = judge.points.points().get(point).and_then(|point| point.owner.clone());
    caller.0.may(Action::ReadMonitoring, owner.as_deref())
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
