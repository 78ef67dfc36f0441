//! Names of factors, for pages that show what people and devices wrote as codes.

use api::{Access, Json, Routes, operation};
use kernel::Name;
use serde::Serialize;

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct FactorName {
    code: String,
    name: Name,
}

pub fn routes() -> Routes {
    Routes::new("points").get(
        "/api/factors",
        operation("因子名称", "names of factors", Access::SignedIn).returns::<Vec<FactorName>>(),
        async || {
            let name = |factor: &hj212::factor::Factor| FactorName {
                code: factor.code.clone(),
                name: judge::names::factor_name(&factor.code),
            };
            Json(hj212::factor::all().iter().map(name).collect::<Vec<_>>())
        },
    )
}
