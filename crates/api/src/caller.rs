//! Extractors and errors of every handler. All refusals are problem details (RFC 9457) with a numbered code.

use std::sync::Arc;

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use kernel::{Action, Actor, ErrorCode, Problem};
use serde::Serialize;

/// Who asks: put into the request by `server` after it has recognised the session.
#[derive(Clone, Debug)]
pub struct Caller(pub Arc<Actor>);

impl Caller {
    /// Refuses unless the caller may do `action` on a thing of `owner_body`.
    pub fn need(&self, action: Action, owner_body: Option<&str>) -> Result<(), ApiProblem> {
        if self.0.may(action, owner_body) {
            return Ok(());
        }
        Err(Problem::new(ErrorCode::NotAllowed, format!("需要权限 {} (needs this right)", action.name())).into())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        parts
            .extensions
            .get::<Caller>()
            .cloned()
            .ok_or_else(|| Problem::new(ErrorCode::NotSignedIn, "请先登录 (sign in first)").into())
    }
}

/// A problem on its way out.
#[derive(Debug)]
pub struct ApiProblem(pub Problem);

pub type ApiResult<T> = Result<T, ApiProblem>;

impl<E: Into<Problem>> From<E> for ApiProblem {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

#[derive(Serialize)]
struct ProblemDetails<'p> {
    r#type: String,
    title: &'p str,
    title_zh: &'p str,
    status: u16,
    code: &'p str,
    detail: &'p str,
}

impl IntoResponse for ApiProblem {
    fn into_response(self) -> Response {
        let (code, status, title_zh, title) = self.0.code.describe();
        let details = ProblemDetails {
            r#type: format!("/docs/errors#{code}"),
            title,
            title_zh,
            status,
            code,
            detail: &self.0.detail,
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_string(&details).unwrap_or_default();
        (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
    }
}

/// JSON in and out.
pub struct Json<T>(pub T);

impl<S, T> FromRequest<S> for Json<T>
where
    S: Send + Sync,
    T: serde::de::DeserializeOwned,
{
    type Rejection = ApiProblem;

    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Self, Self::Rejection> {
        let read: Result<axum::Json<T>, JsonRejection> = axum::Json::from_request(request, state).await;
        match read {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(Problem::new(ErrorCode::TooLarge, rejection.body_text()).into())
            }
            Err(rejection) => Err(Problem::invalid(rejection.body_text()).into()),
        }
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// Query parameters; an unknown shape is a numbered problem.
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: serde::de::DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let read: Result<axum::extract::Query<T>, QueryRejection> =
            axum::extract::Query::from_request_parts(parts, state).await;
        read.map(|axum::extract::Query(value)| Self(value)).map_err(|error| Problem::invalid(error.body_text()).into())
    }
}

/// Path parameters.
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: serde::de::DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let read: Result<axum::extract::Path<T>, PathRejection> =
            axum::extract::Path::from_request_parts(parts, state).await;
        read.map(|axum::extract::Path(value)| Self(value)).map_err(|error| Problem::not_found(error.body_text()).into())
    }
}

/// Runs blocking work (the store) beside the async workers.
pub async fn blocking<T, W>(work: W) -> ApiResult<T>
where
    T: Send + 'static,
    W: FnOnce() -> Result<T, Problem> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(ApiProblem),
        Err(error) => Err(Problem::new(ErrorCode::Internal, error.to_string()).into()),
    }
}
