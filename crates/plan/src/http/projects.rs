//! The portfolio and single projects.

use std::sync::Arc;

use api::table::Format;
use api::{ApiResult, Caller, Json, Path, Query, Routes, blocking, operation};
use axum::response::{IntoResponse, Response};
use kernel::{Action, Name, Problem, Timestamp};
use serde::Serialize;

use super::READ;
use super::indicators::YearQuery;
use super::table::project_table;
use super::tasks::item_table;
use crate::curve::{self, CurveYear};
use crate::item::{EntryKind, Item};
use crate::ops::Plan;
use crate::portfolio::ProjectState;

#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Portfolio {
    projects: Vec<ProjectState>,
    curve: Vec<CurveYear>,
    /// Words about the even spread.
    curve_method: Name,
    as_of: Timestamp,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct ProjectDetail {
    project: ProjectState,
    items: Vec<Item>,
    /// Stages that may come next.
    next: Vec<String>,
    /// The last approved stage, which a correction may take the place of.
    last_stage: Option<StageCorrection>,
    /// What the caller may enter.
    kinds: Vec<EntryKind>,
    may_approve: bool,
    findings: Vec<crate::Finding>,
}

/// A stage that may be corrected (更正阶段): earlier ones may not, because the life cycle went on from them.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct StageCorrection {
    item: kernel::Id,
    /// Stages that were possible when it was entered.
    next: Vec<String>,
}

pub fn routes(plan: &Arc<Plan>) -> Routes {
    let (all, one) = (Arc::clone(plan), Arc::clone(plan));
    Routes::new("plan")
        .get(
            "/api/plan/projects",
            operation("项目总览", "portfolio", READ).query::<YearQuery>().returns::<Portfolio>().also("text/csv"),
            async move |_: Caller, Query(query): Query<YearQuery>| -> ApiResult<Response> {
                let plan = Arc::clone(&all);
                let now = kernel::time::now();
                let projects = blocking(move || Ok(plan.projects(now))).await?;
                let projects: Vec<_> = projects.into_iter().map(|one| one.of_year(query.year)).collect();
                Ok(match query.format {
                    Format::Csv => project_table(&projects, now).respond(Format::Csv),
                    Format::Json => Json(Portfolio {
                        curve: curve::curve(&projects),
                        curve_method: Name::new(
                            "“均匀摊开”把估算按周期平均，是假设；原文没有分年投资",
                            "“spread evenly” divides the estimate over the period: an assumption, for the plan states no yearly money",
                        ),
                        projects,
                        as_of: now,
                    })
                    .into_response(),
                })
            },
        )
        .get(
            "/api/plan/projects/{number}",
            operation("一个项目", "one project", READ)
                .query::<YearQuery>()
                .returns::<ProjectDetail>()
                .also("text/csv"),
            async move |caller: Caller,
                        Path(number): Path<u32>,
                        Query(query): Query<YearQuery>|
                        -> ApiResult<Response> {
                let plan = Arc::clone(&one);
                let found = blocking(move || project_detail(&plan, &caller, number, query.year)).await?;
                Ok(match query.format {
                    Format::Json => Json(found).into_response(),
                    Format::Csv => {
                        let title = (found.project.name.as_str(), found.project.name.as_str());
                        item_table(title, &found.items, kernel::time::now()).respond(Format::Csv)
                    }
                })
            },
        )
}

fn project_detail(plan: &Plan, caller: &Caller, number: u32, year: Option<i32>) -> Result<ProjectDetail, Problem> {
    let subject = format!("project:{number}");
    let project = plan.project_state(&subject, kernel::time::now())?.of_year(year);
    let loaded = plan.loaded();
    let may_go = |to: &str| loaded.rules.may_go(project.stage.as_deref(), project.stage_before.as_deref(), to).is_ok();
    let stages = || loaded.rules.lifecycle.stages.iter().map(|stage| stage.code.clone());
    let items = plan.items_of(&subject);
    let last_stage = crate::item::newest_stage(&items.iter().collect::<Vec<_>>()).map(|(item, _)| item).map(|item| {
        let now = kernel::time::now();
        let possible = |code: &String| plan.may_go(&items, &subject, code, Some(item), now).is_ok();
        StageCorrection { item, next: stages().filter(possible).collect() }
    });
    Ok(ProjectDetail {
        next: stages().filter(|code| may_go(code)).collect(),
        last_stage,
        items,
        kinds: plan.offered(&caller.0, &subject),
        may_approve: caller.0.may(Action::ApprovePlan, None),
        findings: loaded
            .report
            .findings
            .iter()
            .filter(|finding| finding.subjects.contains(&subject))
            .cloned()
            .collect(),
        project,
    })
}
