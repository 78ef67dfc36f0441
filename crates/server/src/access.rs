//! The one place that decides who may call a route at all, from the registry of routes.

use std::collections::HashMap;
use std::sync::Arc;

use api::{Access, ApiProblem, Caller, Operation};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kernel::{Actor, ErrorCode, Problem};

use crate::identity::Identity;
use crate::identity::http::token_of;

/// Access of every route, and who knows the sessions.
pub struct Gate {
    identity: Arc<Identity>,
    access: HashMap<(String, String), Access>,
}

impl Gate {
    pub fn new(identity: Arc<Identity>, operations: &[Operation]) -> Arc<Self> {
        let access = operations
            .iter()
            .map(|operation| ((operation.method.to_uppercase(), operation.path.clone()), operation.access))
            .collect();
        Arc::new(Self { identity, access })
    }
}

/// May a caller (none: not signed in) use a route with this access? Pure.
pub fn decide(access: Option<Access>, caller: Option<&Actor>) -> Result<(), Problem> {
    let sign_in = || Problem::new(ErrorCode::NotSignedIn, "请先登录 (sign in first)");
    match access {
        // A route that nobody registered is open to nobody.
        None => Err(Problem::new(ErrorCode::NotAllowed, "此路由没有登记访问权限 (the route has no access rule)")),
        Some(Access::Public) => Ok(()),
        Some(Access::SignedIn) => caller.map(|_| ()).ok_or_else(sign_in),
        Some(Access::May(action)) => {
            let caller = caller.ok_or_else(sign_in)?;
            if caller.may_somewhere(action) {
                return Ok(());
            }
            Err(Problem::new(ErrorCode::NotAllowed, format!("需要权限 {} (needs this right)", action.name())))
        }
    }
}

/// A request that changes something must come from our own pages or a program that says so: browsers send
/// neither this header nor a foreign `Origin` with a forged form.
fn is_forged(method: &Method, headers: &HeaderMap) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return false;
    }
    if headers.get("x-qingshan").is_none() {
        return true;
    }
    let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => origin.split_once("://").is_none_or(|(_, from)| from != host),
        _ => false,
    }
}

pub async fn guard(State(gate): State<Arc<Gate>>, mut request: Request, next: Next) -> Response {
    if is_forged(request.method(), request.headers()) {
        let problem = Problem::new(
            ErrorCode::NotAllowed,
            "缺少请求头 X-Qingshan，或来自别的网站 (header X-Qingshan is missing, or another site asks)",
        );
        return ApiProblem(problem).into_response();
    }
    let method = if request.method() == Method::HEAD { "GET" } else { request.method().as_str() }.to_owned();
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
    let access = gate.access.get(&(method, path)).copied();
    let mut caller = None;
    if access != Some(Access::Public)
        && let Some(token) = token_of(request.headers())
    {
        let identity = Arc::clone(&gate.identity);
        match api::blocking(move || identity.session(&token, kernel::time::now())).await {
            Ok(found) => caller = found.map(|(user, _)| Arc::new(user.actor())),
            Err(problem) => return problem.into_response(),
        }
    }
    if let Err(problem) = decide(access, caller.as_deref()) {
        return ApiProblem(problem).into_response();
    }
    if let Some(actor) = caller {
        request.extensions_mut().insert(Caller(actor));
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use kernel::{Action, Id, Role};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn forged_requests_are_seen() {
        let check = |method: Method, pairs: &[(&'static str, &'static str)], forged: bool| {
            assert_eq!(is_forged(&method, &headers(pairs)), forged, "{method} {pairs:?}");
        };
        check(Method::GET, &[], false);
        check(Method::POST, &[("origin", "http://a")], true);
        check(Method::POST, &[("x-qingshan", "1"), ("origin", "http://evil"), ("host", "good:8080")], true);
        check(Method::POST, &[("x-qingshan", "1"), ("origin", "http://good:8080"), ("host", "good:8080")], false);
        check(Method::POST, &[("x-qingshan", "1")], false);
    }

    #[test]
    fn a_route_without_access_is_open_to_nobody() {
        let leader = Actor { id: Id(1), name: "l".into(), roles: vec![Role::Leader], body: None };
        let code = |access, caller| decide(access, caller).map_err(|problem| problem.code);
        assert_eq!(code(None, Some(&leader)), Err(ErrorCode::NotAllowed));
        assert_eq!(code(Some(Access::Public), None), Ok(()));
        assert_eq!(code(Some(Access::SignedIn), None), Err(ErrorCode::NotSignedIn));
        assert_eq!(code(Some(Access::May(Action::CommandStations)), Some(&leader)), Err(ErrorCode::NotAllowed));
        assert_eq!(code(Some(Access::May(Action::ReadCases)), Some(&leader)), Ok(()));
    }
}
