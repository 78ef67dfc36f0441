//! Routes of ledgers, records, map layers and townships.

mod care;
mod design;
mod marks;
mod saved;
mod transfer;
mod view;

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{Access, ApiResult, Caller, Json, Path, Query, Routes, blocking, operation};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use kernel::{Action, Id, Problem, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::Township;
use crate::ops::{Change, Draft, ListedRevision, Question, Register, Target};
use view::{LedgerView, ledger_summary};

pub use marks::{frame_of, zoom_of};
pub use view::{FieldView, LedgerForm, LedgerSummary, RecordView, ledger_form, record as record_view};

/// Query of a list of records. Every other parameter is a filter `field=value`.
#[derive(Deserialize, schemars::JsonSchema)]
// For the OpenAPI document alone: the handler reads the pairs, of which the others are filters.
#[allow(dead_code)]
struct RecordsQuery {
    /// Text that the record contains.
    q: Option<String>,
    /// `true`: the records that have been marked as deleted.
    deleted: Option<bool>,
    page: Option<i64>,
    page_size: Option<i64>,
    /// `json`, `csv`, `xlsx`, `geojson` or `kml`.
    format: Option<String>,
    /// Fields of a CSV or xlsx, with commas between them; the key, the source and the marks are always there.
    columns: Option<String>,
}

#[derive(Serialize, schemars::JsonSchema)]
struct RecordsPage {
    items: Vec<RecordView>,
    /// How many there are; when there are `more`, at least so many: matches are counted up to 10,000.
    total: i64,
    more: bool,
    page: i64,
    page_size: i64,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct RecordQuery {
    /// The record as it was at this time.
    as_of: Option<String>,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct DeleteQuery {
    revision: i64,
    reason: String,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct Restore {
    revision: i64,
    reason: String,
}

pub fn question_of(ledger: String, mut query: BTreeMap<String, String>) -> Result<(Question, Form), Problem> {
    let mut number = |name: &str, default: i64| match query.remove(name) {
        // A form sends empty fields.
        None => Ok(default),
        Some(text) if text.is_empty() => Ok(default),
        Some(text) => text.parse().map_err(|_| Problem::invalid(format!("{name}=“{text}”不是整数 (not a number)"))),
    };
    let (page, page_size) = (number("page", 1)?, number("page_size", 50)?);
    let format = query.remove("format").filter(|format| !format.is_empty()).unwrap_or_else(|| "json".to_owned());
    let columns = query.remove("columns").unwrap_or_default();
    let columns = columns.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let question = Question {
        ledger,
        text: query.remove("q").unwrap_or_default(),
        deleted: query.remove("deleted").is_some_and(|flag| flag == "true"),
        page,
        page_size,
        filters: query.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
    };
    Ok((question, Form { format, columns }))
}

/// In what form records are asked for.
pub struct Form {
    /// `json`, `csv`, …
    pub format: String,
    /// Fields of a CSV or xlsx; none: all.
    pub columns: Vec<String>,
}

impl Register {
    pub fn routes(self: &Arc<Self>) -> Routes {
        self.ledger_routes()
            .merge(self.record_routes())
            .merge(self.map_routes())
            .merge(transfer::routes(self))
            .merge(care::routes(self))
            .merge(design::routes(self))
            .merge(saved::routes(self))
            .merge(marks::routes(self))
    }

    fn ledger_routes(self: &Arc<Self>) -> Routes {
        let read = Access::May(Action::ReadMonitoring);
        let (all, one, list, create) = (Arc::clone(self), Arc::clone(self), Arc::clone(self), Arc::clone(self));
        Routes::new("register")
            .get(
                "/api/ledgers",
                operation("台账目录", "all ledgers", read).returns::<Vec<LedgerSummary>>(),
                async move |caller: Caller| -> ApiResult<Json<Vec<LedgerSummary>>> {
                    let register = Arc::clone(&all);
                    let work = move || {
                        let counts = register.counts(&caller.0)?;
                        let catalog = register.catalog();
                        Ok(catalog.ledgers().map(|ledger| ledger_summary(&catalog, ledger, &counts)).collect())
                    };
                    Ok(Json(blocking(work).await?))
                },
            )
            .get(
                "/api/ledgers/{id}",
                operation("台账定义", "definition of a ledger", read).returns::<LedgerView>(),
                async move |caller: Caller, Path(id): Path<String>| -> ApiResult<Json<LedgerView>> {
                    let register = Arc::clone(&one);
                    let work = move || view::ledger(&register, &caller.0, &id);
                    Ok(Json(blocking(work).await?))
                },
            )
            .get(
                "/api/ledgers/{id}/records",
                operation("台账记录", "records of a ledger", read)
                    .query::<RecordsQuery>()
                    .returns::<RecordsPage>()
                    .also("text/csv")
                    .also("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
                    .also("application/geo+json")
                    .also("application/vnd.google-earth.kml+xml"),
                async move |caller: Caller,
                            Path(id): Path<String>,
                            Query(query): Query<BTreeMap<String, String>>|
                            -> ApiResult<Response> {
                    records(Arc::clone(&list), caller, id, query).await
                },
            )
            .post(
                "/api/ledgers/{id}/records",
                operation("新建记录", "create a record", Access::May(Action::EditRegisters))
                    .body::<Draft>()
                    .returns::<RecordView>(),
                async move |caller: Caller,
                            Path(id): Path<String>,
                            Json(draft): Json<Draft>|
                            -> ApiResult<Json<RecordView>> {
                    let register = Arc::clone(&create);
                    let work = move || {
                        let now = kernel::time::now();
                        let record = register.write(&caller.0, Target::New { ledger: &id }, &draft, now)?;
                        view::record(&register, &caller.0, record)
                    };
                    Ok(Json(blocking(work).await?))
                },
            )
    }

    fn record_routes(self: &Arc<Self>) -> Routes {
        let read = Access::May(Action::ReadMonitoring);
        let edit = Access::May(Action::EditRegisters);
        let (one, revisions, offer) = (Arc::clone(self), Arc::clone(self), Arc::clone(self));
        let (revise, remove, restore) = (Arc::clone(self), Arc::clone(self), Arc::clone(self));
        Routes::new("register")
            .get(
                "/api/records/{id}",
                operation("一条记录", "one record", read).query::<RecordQuery>().returns::<RecordView>(),
                async move |caller: Caller,
                            Path(id): Path<String>,
                            Query(query): Query<RecordQuery>|
                            -> ApiResult<Json<RecordView>> {
                    let register = Arc::clone(&one);
                    let work = move || {
                        let id = id_of(&id)?;
                        match query.as_of.as_deref().map(time_of).transpose()? {
                            Some(at) => {
                                let (record, then) = register.as_of_with_definition(&caller.0, id, at)?;
                                view::record_under(&register, &caller.0, record, Some(&then))
                            }
                            None => view::record(&register, &caller.0, register.record(&caller.0, id)?),
                        }
                    };
                    Ok(Json(blocking(work).await?))
                },
            )
            .get(
                "/api/records/{id}/revisions",
                operation("修订历史与差异", "revisions and what each changed", read).returns::<Vec<ListedRevision>>(),
                async move |caller: Caller, Path(id): Path<String>| -> ApiResult<Json<Vec<ListedRevision>>> {
                    let register = Arc::clone(&revisions);
                    Ok(Json(blocking(move || register.revisions(&caller.0, id_of(&id)?)).await?))
                },
            )
            .get(
                "/api/records/{id}/offer",
                operation("数据包的新说法", "what a newer county pack says instead", read).returns::<Vec<Change>>(),
                async move |caller: Caller, Path(id): Path<String>| -> ApiResult<Json<Vec<Change>>> {
                    let register = Arc::clone(&offer);
                    Ok(Json(blocking(move || register.offered(&caller.0, id_of(&id)?)).await?))
                },
            )
            .put(
                "/api/records/{id}",
                operation("修订记录", "revise a record", edit).body::<Draft>().returns::<RecordView>(),
                async move |caller: Caller,
                            Path(id): Path<String>,
                            Json(draft): Json<Draft>|
                            -> ApiResult<Json<RecordView>> {
                    let register = Arc::clone(&revise);
                    let work = move || {
                        let target = Target::Existing(id_of(&id)?);
                        let record = register.write(&caller.0, target, &draft, kernel::time::now())?;
                        view::record(&register, &caller.0, record)
                    };
                    Ok(Json(blocking(work).await?))
                },
            )
            .delete(
                "/api/records/{id}",
                operation("删除记录（保留历史）", "mark a record as deleted", edit)
                    .query::<DeleteQuery>()
                    .returns::<RecordView>(),
                async move |caller: Caller,
                            Path(id): Path<String>,
                            Query(query): Query<DeleteQuery>|
                            -> ApiResult<Json<RecordView>> {
                    let register = Arc::clone(&remove);
                    set_deleted(register, caller, id, true, query.revision, query.reason).await
                },
            )
            .post(
                "/api/records/{id}/restore",
                operation("恢复已删除的记录", "take the deletion back", edit).body::<Restore>().returns::<RecordView>(),
                async move |caller: Caller,
                            Path(id): Path<String>,
                            Json(body): Json<Restore>|
                            -> ApiResult<Json<RecordView>> {
                    let register = Arc::clone(&restore);
                    set_deleted(register, caller, id, false, body.revision, body.reason).await
                },
            )
    }

    fn map_routes(self: &Arc<Self>) -> Routes {
        let (layer, townships) = (Arc::clone(self), Arc::clone(self));
        Routes::new("register")
            .get(
                "/api/map/layers/{id}",
                operation("地图图层", "a layer of the map", Access::SignedIn)
                    .returns::<Map<String, Value>>()
                    .also("application/geo+json"),
                async move |Path(id): Path<String>| -> ApiResult<Response> {
                    let county = layer.county();
                    let found = county.as_ref().and_then(|view| view.layers.iter().find(|known| known.id == id));
                    let found = found.ok_or_else(|| Problem::not_found(format!("没有图层“{id}” (no such layer)")))?;
                    Ok(([(header::CONTENT_TYPE, "application/geo+json")], found.geojson.to_string()).into_response())
                },
            )
            .get(
                "/api/townships",
                operation("乡镇（街道）", "townships and streets", Access::SignedIn).returns::<Vec<Township>>(),
                async move || -> ApiResult<Json<Vec<Township>>> {
                    let register = Arc::clone(&townships);
                    Ok(Json(blocking(move || register.townships()).await?))
                },
            )
    }
}

async fn records(
    register: Arc<Register>,
    caller: Caller,
    ledger: String,
    query: BTreeMap<String, String>,
) -> ApiResult<Response> {
    let (question, form) = question_of(ledger, query)?;
    if form.format != "json" {
        return blocking(move || transfer::export(&register, &caller.0, &question, &form)).await;
    }
    let work = move || {
        let listed = register.list(&caller.0, &question)?;
        let items = view::records(&register, &caller.0, listed.records)?;
        let (total, more) = (listed.total, listed.more);
        Ok(RecordsPage { items, total, more, page: listed.page, page_size: listed.page_size })
    };
    Ok(Json(blocking(work).await?).into_response())
}

async fn set_deleted(
    register: Arc<Register>,
    caller: Caller,
    id: String,
    deleted: bool,
    revision: i64,
    reason: String,
) -> ApiResult<Json<RecordView>> {
    let work = move || {
        let now = kernel::time::now();
        let record = register.set_deleted(&caller.0, id_of(&id)?, revision, deleted, &reason, now)?;
        view::record(&register, &caller.0, record)
    };
    Ok(Json(blocking(work).await?))
}

fn id_of(text: &str) -> Result<Id, Problem> {
    text.parse().map_err(|_| Problem::not_found(format!("没有记录 {text} (no such record)")))
}

fn time_of(text: &str) -> Result<Timestamp, Problem> {
    let date = || kernel::Day::parse(text).map(|day| day.end().plus(-1));
    Timestamp::parse(text).or_else(date).ok_or_else(|| Problem::invalid(format!("“{text}”不是时间 (not a time)")))
}
