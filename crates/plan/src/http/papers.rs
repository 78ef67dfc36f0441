//! What the plan is judged by, what the linter found, revisions, assessments and the files of the next plan.

use std::sync::Arc;

use api::table::Format;
use api::{ApiResult, Caller, Json, Path, Query, Routes, blocking, operation};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use kernel::{Id, Name, Problem};
use serde::{Deserialize, Serialize};

use super::READ;
use super::indicators::YearQuery;
use super::table::findings_table;
use super::tasks::assessment_table;
use crate::assessment::{Assessment, Kind};
use crate::ops::{Plan, RevisionView, SavedView};
use crate::scheme::{Lifecycle, Scheme};

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
    let (findings, scheme, revisions, rollover) =
        (Arc::clone(plan), Arc::clone(plan), Arc::clone(plan), Arc::clone(plan));
    let (preview, list, one, file) = (Arc::clone(plan), Arc::clone(plan), Arc::clone(plan), Arc::clone(plan));
    Routes::new("plan")
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
