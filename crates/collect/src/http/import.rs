//! Files in.

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Json, Query, Routes, operation};
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use kernel::{Action, Name};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::import::{self, ImportReport};
use crate::service::Collect;

#[derive(Debug, Deserialize, JsonSchema)]
struct ImportQuery {
    /// Id of a profile, such as `long` or `cnemc`.
    profile: String,
    /// Read and check only.
    #[serde(default)]
    dry_run: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ProfileRow {
    id: String,
    name: Name,
}

pub fn routes(collect: &Arc<Collect>) -> Routes {
    let may = Access::May(Action::ImportData);
    let collect = Arc::clone(collect);
    let mut routes = Routes::new("collect")
        .get(
            "/api/import/profiles",
            operation("导入格式", "import profiles", may).returns::<Vec<ProfileRow>>(),
            async move |_caller: Caller| -> ApiResult<Json<Vec<ProfileRow>>> {
                let profiles = import::built_in_profiles().into_iter();
                Ok(Json(profiles.map(|profile| ProfileRow { id: profile.id, name: profile.name }).collect()))
            },
        )
        .post(
            "/api/import",
            operation("导入CSV或xlsx", "import CSV or xlsx", may)
                .query::<ImportQuery>()
                .raw_body("application/octet-stream")
                .returns::<ImportReport>(),
            async move |caller: Caller,
                        Query(query): Query<ImportQuery>,
                        body: Bytes|
                        -> ApiResult<Json<ImportReport>> {
                Ok(Json(collect.import(&caller.0, &query.profile, body.to_vec(), query.dry_run).await?))
            },
        );
    routes.router = routes.router.layer(DefaultBodyLimit::max(import::MAX_BYTES));
    routes
}
