//! Routes of what a user keeps of a list.

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Json, Path, Query, Routes, blocking, operation};
use kernel::Action;
use serde::Deserialize;

use crate::ops::Register;
use crate::saved::{OwnViews, SavedView};

#[derive(Deserialize, schemars::JsonSchema)]
struct ViewName {
    name: String,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Columns {
    columns: Vec<String>,
}

pub fn routes(register: &Arc<Register>) -> Routes {
    let own = Access::May(Action::ReadMonitoring);
    let (list, save, remove, columns) =
        (Arc::clone(register), Arc::clone(register), Arc::clone(register), Arc::clone(register));
    Routes::new("register")
        .get(
            "/api/ledgers/{id}/views",
            operation("我保存的视图和列", "views and columns that I keep of a list", own).returns::<OwnViews>(),
            async move |caller: Caller, Path(id): Path<String>| -> ApiResult<Json<OwnViews>> {
                let register = Arc::clone(&list);
                Ok(Json(blocking(move || register.own_views(&caller.0, &id)).await?))
            },
        )
        .put(
            "/api/ledgers/{id}/views",
            operation("保存视图（同名则替换）", "keep a view; one of the same name is replaced", own)
                .body::<SavedView>()
                .returns::<OwnViews>(),
            async move |caller: Caller,
                        Path(id): Path<String>,
                        Json(view): Json<SavedView>|
                        -> ApiResult<Json<OwnViews>> {
                let register = Arc::clone(&save);
                Ok(Json(blocking(move || register.save_view(&caller.0, &id, &view)).await?))
            },
        )
        .delete(
            "/api/ledgers/{id}/views",
            operation("删除视图", "remove a view", own).query::<ViewName>().returns::<OwnViews>(),
            async move |caller: Caller,
                        Path(id): Path<String>,
                        Query(query): Query<ViewName>|
                        -> ApiResult<Json<OwnViews>> {
                let register = Arc::clone(&remove);
                Ok(Json(blocking(move || register.remove_view(&caller.0, &id, &query.name)).await?))
            },
        )
        .put(
            "/api/ledgers/{id}/columns",
            operation("我选的列（空则恢复）", "columns that the list opens with; none: the usual ones", own)
                .body::<Columns>()
                .returns::<OwnViews>(),
            async move |caller: Caller,
                        Path(id): Path<String>,
                        Json(body): Json<Columns>|
                        -> ApiResult<Json<OwnViews>> {
                let register = Arc::clone(&columns);
                Ok(Json(blocking(move || register.save_columns(&caller.0, &id, &body.columns)).await?))
            },
        )
}
