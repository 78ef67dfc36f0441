//! The HTTP application: routes of all mechanisms behind one gate.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use api::{ApiProblem, Json, Operation, Routes};
use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use kernel::{ErrorCode, Problem};

use crate::access::{Gate, guard};
use crate::compress::compressed;
use crate::identity::Identity;
use crate::points::Points;
use crate::{assets, metrics, openapi};

/// Files that people bring: imports and evidence.
const MOST_FILE: usize = 64 << 20;
/// Everything else.
const MOST_BODY: usize = 1 << 20;
/// Of an answer that is turned into problem details.
const MOST_REASON: usize = 4096;
const LONGEST_ANSWER: Duration = Duration::from_secs(60);

/// Builds the application. Every route of `routes` is behind the gate; pages of the app are open, the data
/// behind them is not.
pub fn build(identity: Arc<Identity>, points: Points, routes: Routes, version: &'static str) -> Router {
    let Routes { router, operations, .. } = routes.merge(own_routes());
    let gate = Gate::new(Arc::clone(&identity), &operations);
    let document = Arc::new(openapi::document(&operations, version));
    let described = Router::new().route("/api/openapi.json", get(async move || Json((*document).clone())));
    router
        .merge(described)
        .route_layer(from_fn_with_state(gate, guard))
        .route(
            "/metrics",
            get(async move |peer: ConnectInfo<SocketAddr>, headers: HeaderMap| {
                metrics::respond(Arc::clone(&identity), points.clone(), peer, headers).await
            }),
        )
        .route("/app", get(async || Redirect::permanent("/app/")))
        .route("/app/", get(async |headers: HeaderMap| assets::respond("index.html", &headers)))
        .route(
            "/app/{*path}",
            get(async |Path(path): Path<String>, headers: HeaderMap| assets::respond(&path, &headers)),
        )
        .route(
            "/setup",
            get(async |request: Request| {
                let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
                Redirect::temporary(&format!("/app/setup{query}"))
            }),
        )
        .fallback(async || ApiProblem(Problem::not_found("没有这个地址 (no such address)")))
        .method_not_allowed_fallback(async || {
            (
                StatusCode::METHOD_NOT_ALLOWED,
                ApiProblem(Problem::new(ErrorCode::NotFound, "这个地址不支持这种方法 (method not allowed)")),
            )
                .into_response()
        })
        .layer(from_fn(time_out))
        .layer(from_fn(bound_body))
        .layer(from_fn(numbered))
        .layer(from_fn(headers))
        .layer(from_fn(compressed))
}

/// Routes of the server itself, in the registry like all others.
fn own_routes() -> Routes {
    let described = api::operation("接口说明", "the OpenAPI document", api::Access::Public).also("application/json");
    let mut routes = Routes::new("server");
    // Served by `build`, which holds the document; registered here so that the gate knows it.
    routes.operations.push(Operation { method: "get", path: "/api/openapi.json".into(), tag: "server", ..described });
    routes.get("/healthz", api::operation("存活", "alive", api::Access::Public), async || "ok")
}

/// What is open beside the registry: the pages of the app (no data in them), and where links lead.
/// `/metrics` decides by itself: this machine and system administrators.
pub const OPEN_PAGES: [&str; 5] = ["/app", "/app/", "/app/{*path}", "/metrics", "/setup"];

fn brings_a_file(path: &str) -> bool {
    path.starts_with("/api/import")
        || ["/import", "/evidence", "/attachments"].iter().any(|ending| path.ends_with(ending))
        || path == "/api/plan/files"
}

/// A body that says it is too long is refused before it is read; one that lies is cut off while it is read.
async fn bound_body(mut request: Request, next: Next) -> Response {
    let most = if brings_a_file(request.uri().path()) { MOST_FILE } else { MOST_BODY };
    let said =
        request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if said.is_some_and(|length| length > most as u64) {
        let problem = Problem::new(ErrorCode::TooLarge, format!("最多 {most} 字节 (at most {most} bytes)"));
        return ApiProblem(problem).into_response();
    }
    DefaultBodyLimit::max(most).apply(&mut request);
    next.run(request).await
}

/// Refusals of the framework itself get their number too.
async fn numbered(request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let response = next.run(request).await;
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !is_api || !(status.is_client_error() || status.is_server_error()) || kind.starts_with("application/problem") {
        return response;
    }
    let code = match status {
        StatusCode::PAYLOAD_TOO_LARGE => ErrorCode::TooLarge,
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => ErrorCode::NotFound,
        status if status.is_server_error() => ErrorCode::Internal,
        _ => ErrorCode::InvalidInput,
    };
    let reason = axum::body::to_bytes(response.into_body(), MOST_REASON).await.unwrap_or_default();
    let reason = String::from_utf8_lossy(&reason).into_owned();
    let mut numbered = ApiProblem(Problem::new(code, reason)).into_response();
    *numbered.status_mut() = status;
    numbered
}

async fn time_out(request: Request, next: Next) -> Response {
    if request.uri().path() == "/api/live" {
        return next.run(request).await;
    }
    match tokio::time::timeout(LONGEST_ANSWER, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiProblem(Problem::new(ErrorCode::Internal, "处理超时 (took too long)")).into_response(),
    }
}

/// Scripts only from here; styles also inline, because the component library sets them on elements.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
                      worker-src 'self' blob:; connect-src 'self'; font-src 'self' data:; object-src 'none'; base-uri 'none'; \
                      form-action 'self'; frame-ancestors 'none'";

async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let fixed: [(HeaderName, &'static str); 4] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    let is_api = response.headers().get(header::CACHE_CONTROL).is_none();
    if is_api {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}
