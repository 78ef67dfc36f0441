//! Routes for the care of records: attachments, bulk edits, merging duplicates.

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Json, Path, Query, Routes, blocking, operation};
use axum::body::Body;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use kernel::upload::MOST_BYTES;
use kernel::{Action, ErrorCode, Problem};
use serde::Deserialize;

use super::id_of;
use crate::attachment_rows::Attachment;
use crate::ops::{BulkEdit, BulkReport, FitReport, Merge, MergeReport, Register};

#[derive(Deserialize, schemars::JsonSchema)]
struct AttachQuery {
    file_name: String,
    note: Option<String>,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct FileQuery {
    /// `true`: the small picture where there is one.
    thumbnail: Option<bool>,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct TakeOffQuery {
    reason: String,
}

pub fn routes(register: &Arc<Register>) -> Routes {
    attachment_routes(register).merge(change_routes(register))
}

fn attachment_routes(register: &Arc<Register>) -> Routes {
    let read = Access::May(Action::ReadMonitoring);
    let edit = Access::May(Action::EditRegisters);
    let (list, add, off, file) =
        (Arc::clone(register), Arc::clone(register), Arc::clone(register), Arc::clone(register));
    Routes::new("register")
        .get(
            "/api/records/{id}/attachments",
            operation("记录的附件", "attachments of a record", read).returns::<Vec<Attachment>>(),
            async move |caller: Caller, Path(id): Path<String>| -> ApiResult<Json<Vec<Attachment>>> {
                let register = Arc::clone(&list);
                Ok(Json(blocking(move || register.attachments(&caller.0, id_of(&id)?)).await?))
            },
        )
        .post(
            "/api/records/{id}/attachments",
            operation("上传附件", "attach a file", edit)
                .query::<AttachQuery>()
                .raw_body("application/octet-stream")
                .returns::<Attachment>(),
            async move |caller: Caller,
                        Path(id): Path<String>,
                        Query(query): Query<AttachQuery>,
                        body: Body|
                        -> ApiResult<Json<Attachment>> {
                let too_large = |_| Problem::new(ErrorCode::TooLarge, "附件过大 (the file is too large)");
                let bytes = axum::body::to_bytes(body, MOST_BYTES + 1).await.map_err(too_large)?;
                let register = Arc::clone(&add);
                let work = move || {
                    let note = query.note.unwrap_or_default();
                    register.attach(&caller.0, id_of(&id)?, &query.file_name, &note, &bytes, kernel::time::now())
                };
                Ok(Json(blocking(work).await?))
            },
        )
        .delete(
            "/api/records/{id}/attachments/{hash}",
            operation("取下附件（保留历史）", "take an attachment off", edit).query::<TakeOffQuery>(),
            async move |caller: Caller,
                        Path((id, hash)): Path<(String, String)>,
                        Query(query): Query<TakeOffQuery>|
                        -> ApiResult<Response> {
                let register = Arc::clone(&off);
                let work = move || register.take_off(&caller.0, id_of(&id)?, &hash, &query.reason, kernel::time::now());
                blocking(work).await?;
                Ok(axum::http::StatusCode::NO_CONTENT.into_response())
            },
        )
        .get(
            "/api/records/{id}/attachments/{hash}",
            operation("一个附件", "one attachment", read).query::<FileQuery>().also("application/octet-stream"),
            async move |caller: Caller,
                        Path((id, hash)): Path<(String, String)>,
                        Query(query): Query<FileQuery>|
                        -> ApiResult<Response> {
                let register = Arc::clone(&file);
                let work = move || match query.thumbnail {
                    Some(true) => register.attached_thumbnail(&caller.0, id_of(&id)?, &hash),
                    _ => register.attached_file(&caller.0, id_of(&id)?, &hash),
                };
                let found = blocking(work).await?;
                // Pictures are shown; everything else is saved. Nothing of it runs here.
                let shown = ["image/png", "image/jpeg", "image/gif", "image/webp"];
                let kind = found.attachment.content_type;
                let disposition = if shown.contains(&kind.as_str()) { "inline" } else { "attachment" };
                let headers = [
                    (header::CONTENT_TYPE, kind),
                    (header::CONTENT_DISPOSITION, disposition.to_owned()),
                    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
                    (HeaderName::from_static("x-content-type-options"), "nosniff".to_owned()),
                ];
                Ok((headers, found.bytes).into_response())
            },
        )
}

fn change_routes(register: &Arc<Register>) -> Routes {
    let edit = Access::May(Action::EditRegisters);
    let (bulk, merge, fit) = (Arc::clone(register), Arc::clone(register), Arc::clone(register));
    Routes::new("register")
        .post(
            "/api/ledgers/{id}/bulk",
            operation("批量修改（可先预览）", "change many records, with a preview", edit)
                .body::<BulkEdit>()
                .returns::<BulkReport>(),
            async move |caller: Caller,
                        Path(id): Path<String>,
                        Json(edit): Json<BulkEdit>|
                        -> ApiResult<Json<BulkReport>> {
                let register = Arc::clone(&bulk);
                let work = move || register.bulk_edit(&caller.0, &id, &edit, kernel::time::now());
                Ok(Json(blocking(work).await?))
            },
        )
        .get(
            "/api/ledgers/{id}/unfit",
            operation("不合现行定义的记录", "records that today's definition would refuse", edit)
                .returns::<FitReport>(),
            async move |caller: Caller, Path(id): Path<String>| -> ApiResult<Json<FitReport>> {
                let register = Arc::clone(&fit);
                Ok(Json(blocking(move || register.fit_of(&caller.0, &id)).await?))
            },
        )
        .post(
            "/api/records/{id}/merge",
            operation("合并重复的记录（可先预览）", "merge a duplicate, with a preview", edit)
                .body::<Merge>()
                .returns::<MergeReport>(),
            async move |caller: Caller,
                        Path(id): Path<String>,
                        Json(body): Json<Merge>|
                        -> ApiResult<Json<MergeReport>> {
                let register = Arc::clone(&merge);
                let work = move || register.merge(&caller.0, id_of(&id)?, &body, kernel::time::now());
                Ok(Json(blocking(work).await?))
            },
        )
}
