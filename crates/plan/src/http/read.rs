//! What can be read. Every list is also a table: the same address with `format=csv`.

use std::sync::Arc;

use api::table::{Format, Table};
use api::{Access, ApiResult, Caller, Json, Path, Query, Routes, blocking, operation};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use kernel::{Action, Id, Name, Problem, Timestamp};
use serde::{Deserialize, Serialize};

use super::table::{body_table, findings_table, indicator_table, project_table, target_table, years_table};
use super::tasks::{assessment_table, duty_table, item_table};
use crate::assessment::{Assessment, Kind};
use crate::duty::{BodyScore, Duty};
use crate::item::{Item, State};
use crate::ops::{Home, IndicatorDetail, Plan, RevisionView, SavedView};
use crate::portfolio::{self, CurveYear, ProjectState};
use crate::scheme::{Lifecycle, Scheme};
use crate::target::BodyTarget;

const READ: Access = Access::May(Action::ReadPlan);

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
pub struct YearQuery {
    pub year: Option<i32>,
    #[serde(default)]
    pub format: Format,
}

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
pub struct ItemQuery {
    subject: Option<String>,
    /// From 1.
    page: Option<usize>,
    /// `entered`: those that wait for a decision.
    state: Option<State>,
    #[serde(default)]
    mine: bool,
}

/// Entries on one page.
const PAGE: usize = 50;

#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct ItemsPage {
    items: Vec<Item>,
    /// Entries that are corrected, retracted or appealed against by those shown.
    about: Vec<Item>,
    /// What the subjects are called.
    names: std::collections::BTreeMap<String, String>,
    total: usize,
    page: usize,
    page_size: usize,
    may_approve: bool,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub struct PreviewQuery {
    kind: Kind,
    year: Option<i32>,
}

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
pub struct RolloverQuery {
    /// `plan`, `indicators` (where nothing is said), `projects`, `tasks`, `lists`, `figures`, `waivers`; `all`: every
    /// file in a zip, with the folders of a county pack.
    file: Option<String>,
}

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
    may_enter: bool,
    /// What the caller may enter.
    kinds: Vec<&'static str>,
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

#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Findings {
    findings: Vec<crate::Finding>,
    errors: usize,
    warnings: usize,
    waived: usize,
    rules: Vec<(String, Name)>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Published {
    scheme: Scheme,
    lifecycle: Lifecycle,
    /// Names of the bodies that things are assigned to.
    bodies: Vec<String>,
}

pub fn routes(plan: &Arc<Plan>) -> Routes {
    let routes = Routes::new("plan");
    let (home, one, table) = (Arc::clone(plan), Arc::clone(plan), Arc::clone(plan));
    let routes = routes
        .get(
            "/api/plan",
            operation("规划一页", "the plan at one glance", READ).query::<YearQuery>().returns::<Home>(),
            async move |_: Caller, Query(query): Query<YearQuery>| -> ApiResult<Json<Home>> {
                let plan = Arc::clone(&home);
                Ok(Json(blocking(move || plan.home(query.year, kernel::time::now())).await?))
            },
        )
        .get(
            "/api/plan/indicators",
            operation("指标表", "indicators as a table", READ).query::<YearQuery>().returns::<Table>().also("text/csv"),
            async move |_: Caller, Query(query): Query<YearQuery>| -> ApiResult<Response> {
                let plan = Arc::clone(&table);
                let found = blocking(move || indicator_table(&plan, query.year)).await?;
                Ok(found.respond(query.format))
            },
        )
        .get(
            "/api/plan/indicators/{id}",
            operation("一个指标及其依据", "one indicator with its evidence", READ)
                .query::<YearQuery>()
                .returns::<IndicatorDetail>()
                .also("text/csv"),
            async move |caller: Caller,
                        Path(id): Path<String>,
                        Query(query): Query<YearQuery>|
                        -> ApiResult<Response> {
                let plan = Arc::clone(&one);
                let now = kernel::time::now();
                let ask = move || {
                    let kinds = plan.indicator_kinds(&caller.0, &id);
                    Ok(IndicatorDetail { kinds, ..plan.indicator(&id, query.year, now)? })
                };
                let found = blocking(ask).await?;
                Ok(match query.format {
                    Format::Json => Json(found).into_response(),
                    Format::Csv => years_table(&found, now).respond(Format::Csv),
                })
            },
        );
    projects(bodies(papers(routes, plan), plan), plan)
}

fn projects(routes: Routes, plan: &Arc<Plan>) -> Routes {
    let (all, one, items) = (Arc::clone(plan), Arc::clone(plan), Arc::clone(plan));
    routes
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
                        curve: portfolio::curve(&projects),
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
        .get(
            "/api/plan/items",
            operation("填报与审核", "entries and decisions, the newest first", READ)
                .query::<ItemQuery>()
                .returns::<ItemsPage>(),
            async move |caller: Caller, Query(query): Query<ItemQuery>| -> ApiResult<Json<ItemsPage>> {
                Ok(Json(items_page(&items, &caller, &query)))
            },
        )
}

fn items_page(plan: &Plan, caller: &Caller, query: &ItemQuery) -> ItemsPage {
    let (loaded, items) = (plan.loaded(), plan.items());
    let mut found: Vec<&Item> = items
        .iter()
        .filter(|item| query.subject.as_ref().is_none_or(|subject| item.subject == *subject))
        .filter(|item| query.state.is_none_or(|state| item.state == state))
        .filter(|item| !query.mine || item.entered_by == caller.0.id)
        .collect();
    found.sort_by_key(|item| std::cmp::Reverse(item.id));
    let (total, page) = (found.len(), query.page.unwrap_or(1).max(1));
    let shown: Vec<Item> = found.into_iter().skip((page - 1).saturating_mul(PAGE)).take(PAGE).cloned().collect();
    let mut names = std::collections::BTreeMap::new();
    for item in &shown {
        names.entry(item.subject.clone()).or_insert_with(|| loaded.name_of(&item.subject));
    }
    let wanted: std::collections::BTreeSet<Id> = shown.iter().flat_map(Item::names).collect();
    ItemsPage {
        about: items.iter().filter(|item| wanted.contains(&item.id)).cloned().collect(),
        items: shown,
        names,
        total,
        page,
        page_size: PAGE,
        may_approve: caller.0.may(Action::ApprovePlan, None),
    }
}

/// Files in an archive.
fn zipped(files: &crate::source::Files) -> Result<Vec<u8>, Problem> {
    let failed = |error: String| Problem::new(kernel::ErrorCode::Internal, format!("packing the archive: {error}"));
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        archive
            .start_file(name.as_str(), zip::write::SimpleFileOptions::default())
            .map_err(|error| failed(error.to_string()))?;
        std::io::Write::write_all(&mut archive, text.as_bytes()).map_err(|error| failed(error.to_string()))?;
    }
    Ok(archive.finish().map_err(|error| failed(error.to_string()))?.into_inner())
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
        may_enter: plan.may_enter(&caller.0, &subject),
        kinds: plan.kinds_for(&caller.0, number),
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

fn bodies(routes: Routes, plan: &Arc<Plan>) -> Routes {
    let (all, one, targets) = (Arc::clone(plan), Arc::clone(plan), Arc::clone(plan));
    routes
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

fn papers(routes: Routes, plan: &Arc<Plan>) -> Routes {
    let (findings, scheme, revisions, rollover) =
        (Arc::clone(plan), Arc::clone(plan), Arc::clone(plan), Arc::clone(plan));
    let (preview, list, one, file) = (Arc::clone(plan), Arc::clone(plan), Arc::clone(plan), Arc::clone(plan));
    routes
        .get(
            "/api/plan/findings",
            operation("规划检查", "findings of the linter", READ)
                .query::<YearQuery>()
                .returns::<Findings>()
                .also("text/csv"),
            async move |_: Caller, Query(query): Query<YearQuery>| -> ApiResult<Response> {
                let loaded = findings.loaded();
                Ok(match query.format {
                    Format::Csv => findings_table(&loaded.report, kernel::time::now()).respond(Format::Csv),
                    Format::Json => Json(Findings {
                        findings: loaded.report.findings.clone(),
                        errors: loaded.report.errors,
                        warnings: loaded.report.warnings,
                        waived: loaded.report.waived,
                        rules: crate::finding::RULES
                            .iter()
                            .map(|(code, zh, en)| ((*code).to_owned(), Name::new(*zh, *en)))
                            .collect(),
                    })
                    .into_response(),
                })
            },
        )
        .get(
            "/api/plan/scheme",
            operation("评判办法", "lights, scores and life cycle as published", READ).returns::<Published>(),
            async move |_: Caller| -> ApiResult<Json<Published>> {
                let loaded = scheme.loaded();
                Ok(Json(Published {
                    scheme: loaded.rules.scheme.clone(),
                    lifecycle: loaded.rules.lifecycle.clone(),
                    bodies: loaded.bodies.iter().map(|(_, name)| name.clone()).collect(),
                }))
            },
        )
        .get(
            "/api/plan/revisions",
            operation("规划修订", "revisions of the plan", READ).returns::<Vec<RevisionView>>(),
            async move |_: Caller| -> ApiResult<Json<Vec<RevisionView>>> {
                let plan = Arc::clone(&revisions);
                Ok(Json(blocking(move || plan.revisions()).await?))
            },
        )
        .get(
            "/api/plan/rollover",
            operation("结转为下一轮规划的文件", "a file of the next plan", READ)
                .query::<RolloverQuery>()
                .also("application/toml")
                .also("application/zip"),
            async move |_: Caller, Query(query): Query<RolloverQuery>| -> ApiResult<Response> {
                let plan = Arc::clone(&rollover);
                let files = blocking(move || plan.rollover()).await?;
                if query.file.as_deref() == Some("all") {
                    let bytes = blocking(move || zipped(&files)).await?;
                    let name = "attachment; filename=\"plan.zip\"";
                    let head = [(header::CONTENT_TYPE, "application/zip"), (header::CONTENT_DISPOSITION, name)];
                    return Ok((head, bytes).into_response());
                }
                let name = format!("plan/{}.toml", query.file.as_deref().unwrap_or("indicators"));
                let text = files.get(&name).cloned();
                let text = text.ok_or_else(|| Problem::not_found(format!("没有 {name} (no such file)")))?;
                Ok(([(header::CONTENT_TYPE, "application/toml; charset=utf-8")], text).into_response())
            },
        )
        .get(
            "/api/plan/preview",
            operation("评估预览", "an assessment as it would be now", READ)
                .query::<PreviewQuery>()
                .returns::<Assessment>(),
            async move |_: Caller, Query(query): Query<PreviewQuery>| -> ApiResult<Json<Assessment>> {
                let plan = Arc::clone(&preview);
                Ok(Json(blocking(move || plan.assess(query.kind, query.year, kernel::time::now())).await?))
            },
        )
        .get(
            "/api/plan/assessments",
            operation("已存评估", "saved assessments", READ).returns::<Vec<SavedView>>(),
            async move |_: Caller| -> ApiResult<Json<Vec<SavedView>>> {
                let plan = Arc::clone(&list);
                Ok(Json(blocking(move || plan.assessments()).await?))
            },
        )
        .get(
            "/api/plan/assessments/{id}",
            operation("一份评估", "one assessment", READ).query::<YearQuery>().returns::<SavedView>().also("text/csv"),
            async move |_: Caller, Path(id): Path<Id>, Query(query): Query<YearQuery>| -> ApiResult<Response> {
                let plan = Arc::clone(&one);
                let found = blocking(move || plan.assessment(id)).await?;
                Ok(match (query.format, &found.content) {
                    (Format::Csv, Some(content)) => assessment_table(content).respond(Format::Csv),
                    _ => Json(found).into_response(),
                })
            },
        )
        .get(
            "/api/plan/assessments/{id}/{form}",
            operation("评估文件（docx、xlsx）", "an assessment as docx or xlsx", READ)
                .also("application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
            async move |_: Caller,
                        headers: axum::http::HeaderMap,
                        Path((id, form)): Path<(Id, String)>|
                        -> ApiResult<Response> {
                let plan = Arc::clone(&file);
                let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
                // Behind a proxy that ends TLS the proxy says so.
                let forwarded = headers.get("x-forwarded-proto").and_then(|scheme| scheme.to_str().ok());
                let scheme = if forwarded == Some("https") { "https" } else { "http" };
                let base = format!("{scheme}://{host}");
                let (kind, bytes, name) = blocking(move || office_file(&plan, id, &form, &base)).await?;
                let disposition = format!("attachment; filename=\"{name}\"");
                Ok(([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes)
                    .into_response())
            },
        )
}

fn office_file(plan: &Plan, id: Id, form: &str, base: &str) -> Result<(&'static str, Vec<u8>, String), Problem> {
    let saved = plan.assessment(id)?;
    let content = saved.content.ok_or_else(|| Problem::not_found("没有内容 (no content)"))?;
    let approved = saved
        .approved_at
        .map(|at| format!("已由{}于 {} 审批", saved.approved_by.clone().unwrap_or_default(), &at.to_iso()[..10]));
    let name = format!("plan-{}-{}-r{}.{form}", content.kind.code(), content.year, saved.revision);
    match form {
        "docx" => Ok((
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            content.to_docx(base, approved.as_deref())?,
            name,
        )),
        "xlsx" => Ok((
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            content.to_xlsx(base, approved.as_deref())?,
            name,
        )),
        other => Err(Problem::not_found(format!("没有 {other} 形式，只有 docx、xlsx (only docx and xlsx)"))),
    }
}
