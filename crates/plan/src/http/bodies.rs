//! What is asked of bodies, and how they are scored.

use std::sync::Arc;

use api::table::{Format, Table};
use api::{ApiResult, Caller, Json, Path, Query, Routes, blocking, operation};
use axum::response::{IntoResponse, Response};
use kernel::{Action, Problem, Timestamp};
use serde::Serialize;

use super::READ;
use super::indicators::YearQuery;
use super::table::{body_table, target_table};
use super::tasks::duty_table;
use crate::duty::{BodyScore, Duty};
use crate::item::Item;
use crate::ops::Plan;
use crate::scheme::Scheme;
use crate::target::BodyTarget;

#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Bodies {
    pub(super) year: i32,
    pub(super) bodies: Vec<BodyScore>,
    pub(super) scheme: Scheme,
    /// Tasks that the plan gives to nobody and that nobody has been given since.
    pub(super) unassigned_tasks: Vec<(String, String)>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct BodyDetail {
    body: String,
    key: Option<String>,
    year: i32,
    score: Option<BodyScore>,
    duties: Vec<Duty>,
    /// Of all years.
    targets: Vec<BodyTarget>,
    items: Vec<Item>,
    scheme: Scheme,
    may_enter: bool,
    may_approve: bool,
}

pub fn routes(plan: &Arc<Plan>) -> Routes {
    let (all, one, targets) = (Arc::clone(plan), Arc::clone(plan), Arc::clone(plan));
    Routes::new("plan")
        .get(
            "/api/plan/targets",
            operation("分解目标：指标、单位、年份", "targets of bodies by year, as a table", READ)
                .query::<YearQuery>()
                .returns::<Table>()
                .also("text/csv"),
            async move |_: Caller, Query(query): Query<YearQuery>| -> ApiResult<Response> {
                let plan = Arc::clone(&targets);
                let now = kernel::time::now();
                let found = blocking(move || Ok(target_table(&plan.body_targets(now), query.year, now))).await?;
                Ok(found.respond(query.format))
            },
        )
        .get(
            "/api/plan/bodies",
            operation("责任单位与得分", "bodies and their scores", READ)
                .query::<YearQuery>()
                .returns::<Bodies>()
                .also("text/csv"),
            async move |_: Caller, Query(query): Query<YearQuery>| -> ApiResult<Response> {
                let plan = Arc::clone(&all);
                let now = kernel::time::now();
                let found =
                    blocking(move || bodies_of(&plan, query.year.unwrap_or_else(|| this_year(now)), now)).await?;
                Ok(match query.format {
                    Format::Json => Json(found).into_response(),
                    Format::Csv => body_table(&found, now).respond(Format::Csv),
                })
            },
        )
        .get(
            "/api/plan/bodies/{body}",
            operation("一个单位的责任与得分", "duties and score of a body", READ)
                .query::<YearQuery>()
                .returns::<BodyDetail>()
                .also("text/csv"),
            async move |caller: Caller,
                        Path(body): Path<String>,
                        Query(query): Query<YearQuery>|
                        -> ApiResult<Response> {
                let plan = Arc::clone(&one);
                let now = kernel::time::now();
                let year = query.year.unwrap_or_else(|| this_year(now));
                let found = blocking(move || body_detail(&plan, &caller, &body, (year, now))).await?;
                Ok(match query.format {
                    Format::Json => Json(found).into_response(),
                    Format::Csv => duty_table(&found.body, &found.duties, now).respond(Format::Csv),
                })
            },
        )
}

fn this_year(now: Timestamp) -> i32 {
    now.to_iso().get(..4).and_then(|year| year.parse().ok()).unwrap_or(1970)
}

/// Years of the plan that have begun; nobody has duties in others.
fn scored_year(ground: &crate::duty::Ground<'_>, year: i32, now: Timestamp) -> Result<(), Problem> {
    match ground.has_year(year, now) {
        true => Ok(()),
        false => Err(Problem::invalid(format!(
            "{year} 年不在 {}～{} 内 (not a year of the plan that has begun)",
            ground.period[0],
            this_year(now)
        ))),
    }
}

fn bodies_of(plan: &Plan, year: i32, now: Timestamp) -> Result<Bodies, Problem> {
    let (loaded, items) = (plan.loaded(), plan.items());
    scored_year(&loaded.ground(&items), year, now)?;
    let given = |task: &str| {
        let subject = format!("task:{task}");
        items.iter().any(|item| {
            item.approved()
                && item.subject == subject
                && matches!(item.content, crate::item::Content::Assignment { .. })
        })
    };
    Ok(Bodies {
        year,
        bodies: loaded.ground(&items).ranking(year, now),
        scheme: loaded.rules.scheme.clone(),
        unassigned_tasks: loaded
            .tasks
            .iter()
            .filter(|task| task.owners.is_empty() && !given(&task.id))
            .map(|task| (task.id.clone(), task.text.clone()))
            .collect(),
    })
}

fn body_detail(plan: &Plan, caller: &Caller, body: &str, at: (i32, Timestamp)) -> Result<BodyDetail, Problem> {
    let ((year, now), loaded, items) = (at, plan.loaded(), plan.items());
    // `mine` is the body of the caller.
    let wanted = match body {
        "mine" => {
            caller.0.body.clone().ok_or_else(|| Problem::not_found("您不属于任何单位 (you belong to no body)"))?
        }
        other => other.to_owned(),
    };
    let name = loaded.body_name(&wanted).map_or(wanted.clone(), str::to_owned);
    let ground = loaded.ground(&items);
    scored_year(&ground, year, now)?;
    if !ground.bodies().contains(&name) && loaded.body_key(&name).is_none() {
        return Err(Problem::not_found(format!("“{name}”在规划里没有责任 (has no duty in the plan)")));
    }
    let key = loaded.body_key(&name).map(str::to_owned);
    let duties = ground.duties(&name, year, now);
    let of_duties = |item: &&Item| duties.iter().any(|duty| duty.subject == item.subject);
    Ok(BodyDetail {
        score: ground.ranking(year, now).into_iter().find(|score| score.body == name),
        items: items.iter().filter(|item| item.year == year).filter(of_duties).cloned().collect(),
        scheme: loaded.rules.scheme.clone(),
        may_enter: caller.0.may(Action::EditPlan, Some(key.as_deref().unwrap_or(&name))),
        may_approve: caller.0.may(Action::ApprovePlan, None),
        duties,
        targets: plan.body_targets(kernel::time::now()).into_iter().filter(|one| one.body == name).collect(),
        key,
        year,
        body: name,
    })
}
