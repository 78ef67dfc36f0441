//! The plan at one glance and its indicators. Every list is also a table: the same address with `format=csv`.

use std::sync::Arc;

use api::table::{Format, Table};
use api::{ApiResult, Caller, Json, Path, Query, Routes, blocking, operation};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::READ;
use super::table::{indicator_table, years_table};
use crate::ops::{Home, IndicatorDetail, Plan};

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
pub struct YearQuery {
    pub year: Option<i32>,
    #[serde(default)]
    pub format: Format,
}

pub fn routes(plan: &Arc<Plan>) -> Routes {
    let (home, one, table) = (Arc::clone(plan), Arc::clone(plan), Arc::clone(plan));
    Routes::new("plan")
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
                    let kinds = plan.offered(&caller.0, &format!("indicator:{id}"));
                    Ok(IndicatorDetail { kinds, ..plan.indicator(&id, query.year, now)? })
                };
                let found = blocking(ask).await?;
                Ok(match query.format {
                    Format::Json => Json(found).into_response(),
                    Format::Csv => years_table(&found, now).respond(Format::Csv),
                })
            },
        )
}
