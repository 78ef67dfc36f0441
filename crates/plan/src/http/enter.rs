//! What people do: enter, decide, approve, ask what-if.

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Json, Path, Query, Routes, blocking, operation};
use axum::body::Bytes;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use kernel::{Action, Id};
use serde::Deserialize;

use super::READ;
use crate::assessment::Kind;
use crate::item::{Attached, Item, State};
use crate::ops::{Assumption, Draft, Plan, RevisionView, SavedView, WhatIf};

const EDIT: Access = Access::May(Action::EditPlan);
const APPROVE: Access = Access::May(Action::ApprovePlan);

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct WhatIfRequest {
    /// Year whose rows are answered.
    year: i32,
    assumptions: Vec<Assumption>,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct DecisionRequest {
    /// `approved`, `returned`; `withdrawn` by the author.
    to: State,
    #[serde(default)]
    note: String,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct NoteRequest {
    note: String,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct AssessmentRequest {
    kind: Kind,
    year: Option<i32>,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
struct FileQuery {
    #[serde(default)]
    file_name: String,
}

pub fn routes(plan: &Arc<Plan>) -> Routes {
    let (what_if, enter, decide) = (Arc::clone(plan), Arc::clone(plan), Arc::clone(plan));
    let routes = Routes::new("plan")
        .post(
            "/api/plan/what-if",
            operation("假设推演（不保存）", "what-if, nothing is saved", READ)
                .body::<WhatIfRequest>()
                .returns::<WhatIf>(),
            async move |_: Caller, Json(body): Json<WhatIfRequest>| -> ApiResult<Json<WhatIf>> {
                let plan = Arc::clone(&what_if);
                Ok(Json(blocking(move || plan.what_if(&body.assumptions, body.year, kernel::time::now())).await?))
            },
        )
        .post(
            "/api/plan/items",
            // Who may enter what is said by the plan itself: inspectors enter inspections only.
            operation("填报", "enter", READ).body::<Draft>().returns::<Item>(),
            async move |caller: Caller, Json(body): Json<Draft>| -> ApiResult<Json<Item>> {
                let plan = Arc::clone(&enter);
                Ok(Json(blocking(move || plan.enter(&caller.0, body, kernel::time::now())).await?))
            },
        )
        .post(
            "/api/plan/items/{id}/decision",
            operation("审核、退回、撤回", "approve, return, withdraw", READ)
                .body::<DecisionRequest>()
                .returns::<Item>(),
            async move |caller: Caller,
                        Path(id): Path<Id>,
                        Json(body): Json<DecisionRequest>|
                        -> ApiResult<Json<Item>> {
                let plan = Arc::clone(&decide);
                let now = kernel::time::now();
                Ok(Json(blocking(move || plan.decide(&caller.0, id, body.to, &body.note, now)).await?))
            },
        );
    papers(files(routes, plan), plan)
}

fn files(routes: Routes, plan: &Arc<Plan>) -> Routes {
    let (keep, fetch) = (Arc::clone(plan), Arc::clone(plan));
    routes
        .post(
            "/api/plan/files",
            operation("上传材料", "upload a document", READ)
                .query::<FileQuery>()
                .raw_body("application/octet-stream")
                .returns::<Attached>(),
            async move |caller: Caller, Query(query): Query<FileQuery>, bytes: Bytes| -> ApiResult<Json<Attached>> {
                let plan = Arc::clone(&keep);
                Ok(Json(blocking(move || plan.keep_file(&caller.0, &query.file_name, &bytes)).await?))
            },
        )
        .get(
            "/api/plan/files/{hash}",
            operation("一份材料", "one document", READ).also("application/octet-stream"),
            async move |_: Caller, Path(hash): Path<String>| -> ApiResult<Response> {
                let plan = Arc::clone(&fetch);
                let (content_type, bytes) = blocking(move || plan.file(&hash)).await?;
                // Shown as a download, never run: what was uploaded is not ours.
                let headers = [
                    (header::CONTENT_TYPE, content_type),
                    (header::CONTENT_DISPOSITION, "attachment".to_owned()),
                    (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'".to_owned()),
                ];
                Ok((headers, bytes).into_response())
            },
        )
}

fn papers(routes: Routes, plan: &Arc<Plan>) -> Routes {
    let (revision, save, approve) = (Arc::clone(plan), Arc::clone(plan), Arc::clone(plan));
    routes
        .post(
            "/api/plan/revisions/{number}/approval",
            operation("批准规划修订", "approve a revision of the plan", APPROVE)
                .body::<NoteRequest>()
                .returns::<Vec<RevisionView>>(),
            async move |caller: Caller,
                        Path(number): Path<i64>,
                        Json(body): Json<NoteRequest>|
                        -> ApiResult<Json<Vec<RevisionView>>> {
                let plan = Arc::clone(&revision);
                let done = move || {
                    plan.approve_revision(&caller.0, number, &body.note, kernel::time::now())?;
                    plan.revisions()
                };
                Ok(Json(blocking(done).await?))
            },
        )
        .post(
            "/api/plan/assessments",
            operation("生成并保存评估", "write and save an assessment", EDIT)
                .body::<AssessmentRequest>()
                .returns::<SavedView>(),
            async move |caller: Caller, Json(body): Json<AssessmentRequest>| -> ApiResult<Json<SavedView>> {
                let plan = Arc::clone(&save);
                let now = kernel::time::now();
                Ok(Json(blocking(move || plan.save_assessment(&caller.0, body.kind, body.year, now)).await?))
            },
        )
        .post(
            "/api/plan/assessments/{id}/approval",
            operation("审批评估", "approve an assessment", APPROVE).returns::<SavedView>(),
            async move |caller: Caller, Path(id): Path<Id>| -> ApiResult<Json<SavedView>> {
                let plan = Arc::clone(&approve);
                Ok(Json(blocking(move || plan.approve_assessment(&caller.0, id, kernel::time::now())).await?))
            },
        )
}
