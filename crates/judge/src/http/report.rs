//! Reports: the list, and one on screen or as a file.

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Json, Path, Query, Routes, blocking, operation};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use kernel::{Action, Name, Problem};
use serde::{Deserialize, Serialize};

use crate::Judge;
use crate::report::{Kind, Period, Report, file};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum FileFormat {
    #[default]
    Json,
    Xlsx,
    Docx,
}

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct ReportQuery {
    /// `2026-11-24` for a daily report, `2026-11` for a monthly one; without it: the last that has ended.
    period: Option<String>,
    #[serde(default)]
    format: FileFormat,
}

#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
struct KindView {
    kind: &'static str,
    title: Name,
    daily: bool,
}

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

pub fn routes(judge: &Arc<Judge>) -> Routes {
    let one = Arc::clone(judge);
    Routes::new("judge")
        .get(
            "/api/reports",
            operation("报表目录", "reports", Access::May(Action::ReadMonitoring)).returns::<Vec<KindView>>(),
            async move || -> ApiResult<Json<Vec<KindView>>> {
                let all = Kind::ALL;
                Ok(Json(
                    all.map(|kind| KindView { kind: kind.key(), title: kind.title(), daily: kind.daily() }).to_vec(),
                ))
            },
        )
        .get(
            "/api/reports/{kind}",
            operation(
                "一份报表，每个数连到判定",
                "one report; every number leads to its verdict",
                Access::May(Action::ReadMonitoring),
            )
            .query::<ReportQuery>()
            .returns::<Report>()
            .also(XLSX)
            .also(DOCX),
            async move |caller: Caller,
                        Path(kind): Path<String>,
                        Query(query): Query<ReportQuery>,
                        headers: HeaderMap|
                        -> ApiResult<Response> {
                let judge = Arc::clone(&one);
                let base = base_of(&headers);
                blocking(move || answer(&judge, &caller, &kind, &query, &base)).await
            },
        )
}

/// Scheme and host as the reader sees them, for links in files.
fn base_of(headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    // A host is letters, digits, dots, colons and dashes; anything else is not put into a document.
    let clean = |host: &&str| {
        host.len() < 256 && host.chars().all(|letter| letter.is_ascii_alphanumeric() || ".:-[]".contains(letter))
    };
    let host = text("host").filter(clean).unwrap_or("localhost");
    let scheme = text("x-forwarded-proto").filter(|scheme| *scheme == "https").unwrap_or("http");
    format!("{scheme}://{host}")
}

fn answer(judge: &Judge, caller: &Caller, kind: &str, query: &ReportQuery, base: &str) -> Result<Response, Problem> {
    let unknown = || Problem::not_found(format!("没有报表“{kind}” (no such report)"));
    let kind = Kind::from_key(kind).ok_or_else(unknown)?;
    let now = kernel::time::now();
    let period = Period::parse(kind, query.period.as_deref(), now.day())?;
    let points = super::readable(judge, caller, |_| true);
    let report = judge.report(kind, period, &points, now)?;
    let (content_type, ending, bytes) = match query.format {
        FileFormat::Json => return Ok(axum::Json(report).into_response()),
        FileFormat::Xlsx => (XLSX, "xlsx", file::xlsx(&report, base)?),
        FileFormat::Docx => (DOCX, "docx", file::docx(&report, base)?),
    };
    let disposition = format!("attachment; filename=\"{}\"", file::name(&report, ending));
    Ok(([(header::CONTENT_TYPE, content_type.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes)
        .into_response())
}
