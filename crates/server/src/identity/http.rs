//! Routes of sign-in, set-up and users.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use api::{Access, ApiResult, Caller, Json, Path, Query, Routes, blocking, operation};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kernel::{Action, ErrorCode, Id, Problem, Role, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Identity, NewUser, User, UserChange};

pub const COOKIE: &str = "qingshan_session";

#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct UserView {
    id: Id,
    name: String,
    display_name: String,
    roles: Vec<Role>,
    body: Option<String>,
    disabled: bool,
    last_seen_at: Option<Timestamp>,
    /// What this user may do somewhere.
    actions: Vec<Action>,
}

impl From<&User> for UserView {
    fn from(user: &User) -> Self {
        let actor = user.actor();
        Self {
            id: user.id,
            name: user.name.clone(),
            display_name: user.display_name.clone(),
            roles: user.roles.clone(),
            body: user.body.clone(),
            disabled: user.disabled,
            last_seen_at: user.last_seen_at,
            actions: Action::ALL.into_iter().filter(|&action| actor.may_somewhere(action)).collect(),
        }
    }
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct SessionView {
    user: UserView,
    expires_at: Timestamp,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct UserList {
    items: Vec<UserView>,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    name: String,
    password: String,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct SetupQuery {
    token: String,
}

#[derive(Serialize, schemars::JsonSchema)]
struct SetupState {
    valid: bool,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct SetupRequest {
    token: String,
    name: String,
    display_name: String,
    password: String,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct PasswordRequest {
    old: String,
    new: String,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewUserRequest {
    name: String,
    display_name: String,
    password: String,
    roles: Vec<Role>,
    body: Option<String>,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct UserChangeRequest {
    display_name: Option<String>,
    roles: Option<Vec<Role>>,
    /// Empty text: no body any more.
    body: Option<String>,
    disabled: Option<bool>,
    password: Option<String>,
}

/// The session token of a request.
pub fn token_of(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value.to_owned())
}

/// The address that attempts are counted by. A proxy on this machine says whom it speaks for, in the last entry; from
/// anywhere else the header is whatever the caller likes.
fn client(peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
    let peer = peer.ip().to_canonical();
    let said = headers.get_all("x-forwarded-for").iter().next_back().and_then(|value| value.to_str().ok());
    let last = said.and_then(|text| text.rsplit(',').next()?.trim().parse::<IpAddr>().ok());
    last.filter(|_| peer.is_loopback()).unwrap_or(peer)
}

/// `secure` is set when the request came over TLS through a proxy.
fn cookie(token: &str, seconds: i64, headers: &HeaderMap) -> String {
    let tls = headers.get("x-forwarded-proto").is_some_and(|value| value == "https");
    let secure = if tls { "; Secure" } else { "" };
    format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}")
}

pub fn routes(identity: &Arc<Identity>) -> Routes {
    session_routes(identity).merge(setup_routes(identity)).merge(user_routes(identity))
}

fn session_routes(identity: &Arc<Identity>) -> Routes {
    let (enter, look, leave, change) =
        (Arc::clone(identity), Arc::clone(identity), Arc::clone(identity), Arc::clone(identity));
    Routes::new("session")
        .post(
            "/api/session",
            operation("登录", "sign in", Access::Public).body::<SignIn>().returns::<SessionView>(),
            async move |ConnectInfo(peer): ConnectInfo<SocketAddr>,
                        headers: HeaderMap,
                        Json(body): Json<SignIn>|
                        -> ApiResult<Response> {
                let attempt = Arc::new(enter.attempt(&body.name, client(peer, &headers), kernel::time::now())?);
                let (identity, own) = (Arc::clone(&enter), Arc::clone(&attempt));
                let entered = enter.hashing.run(move || {
                    let now = kernel::time::now();
                    let (user, token) = identity.sign_in(&own, &body.name, &body.password, now)?;
                    let expires_at = identity.session(&token, now)?.map_or(now, |(_, ends)| ends);
                    Ok((SessionView { user: UserView::from(&user), expires_at }, token))
                });
                let (session, token) = entered.await.inspect_err(|problem| {
                    if problem.0.code == ErrorCode::Busy {
                        enter.withdraw(&attempt);
                    }
                })?;
                Ok(([(header::SET_COOKIE, cookie(&token, 7 * 86_400, &headers))], Json(session)).into_response())
            },
        )
        .get(
            "/api/session",
            operation("当前登录", "who is signed in", Access::SignedIn).returns::<SessionView>(),
            async move |headers: HeaderMap| -> ApiResult<Json<SessionView>> {
                let identity = Arc::clone(&look);
                let token = token_of(&headers).unwrap_or_default();
                let found = blocking(move || identity.session(&token, kernel::time::now())).await?;
                let (user, expires_at) =
                    found.ok_or_else(|| Problem::new(ErrorCode::NotSignedIn, "请先登录 (sign in first)"))?;
                Ok(Json(SessionView { user: UserView::from(&user), expires_at }))
            },
        )
        .delete(
            "/api/session",
            operation("退出", "sign out", Access::SignedIn),
            async move |headers: HeaderMap| -> ApiResult<Response> {
                let identity = Arc::clone(&leave);
                let token = token_of(&headers).unwrap_or_default();
                blocking(move || identity.sign_out(&token)).await?;
                Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie("", 0, &headers))]).into_response())
            },
        )
        .put(
            "/api/session/password",
            operation("改密码", "change one's password", Access::SignedIn).body::<PasswordRequest>(),
            async move |caller: Caller, Json(body): Json<PasswordRequest>| -> ApiResult<StatusCode> {
                let identity = Arc::clone(&change);
                let work = move || identity.change_password(&caller.0, &body.old, &body.new, kernel::time::now());
                change.hashing.run(work).await?;
                Ok(StatusCode::NO_CONTENT)
            },
        )
}

fn setup_routes(identity: &Arc<Identity>) -> Routes {
    let (look, make) = (Arc::clone(identity), Arc::clone(identity));
    Routes::new("setup")
        .get(
            "/api/setup",
            operation("初始化链接是否有效", "is the set-up link valid", Access::Public)
                .query::<SetupQuery>()
                .returns::<SetupState>(),
            async move |Query(query): Query<SetupQuery>| -> ApiResult<Json<SetupState>> {
                let identity = Arc::clone(&look);
                let valid = blocking(move || identity.setup_is_valid(&query.token, kernel::time::now())).await?;
                Ok(Json(SetupState { valid }))
            },
        )
        .post(
            "/api/setup",
            operation("建立第一个管理员", "make the first administrator", Access::Public)
                .body::<SetupRequest>()
                .returns::<UserView>(),
            async move |Json(body): Json<SetupRequest>| -> ApiResult<Json<UserView>> {
                let identity = Arc::clone(&make);
                let set_up = move || {
                    identity.set_up(&body.token, &body.name, &body.display_name, &body.password, kernel::time::now())
                };
                let user = make.hashing.run(set_up).await?;
                Ok(Json(UserView::from(&user)))
            },
        )
}

fn user_routes(identity: &Arc<Identity>) -> Routes {
    let (list, make, change) = (Arc::clone(identity), Arc::clone(identity), Arc::clone(identity));
    let access = Access::May(Action::ManageUsers);
    Routes::new("users")
        .get(
            "/api/users",
            operation("用户", "users", access).returns::<UserList>(),
            async move || -> ApiResult<Json<UserList>> {
                let identity = Arc::clone(&list);
                let users = blocking(move || identity.users()).await?;
                Ok(Json(UserList { items: users.iter().map(UserView::from).collect() }))
            },
        )
        .post(
            "/api/users",
            operation("新建用户", "make a user", access).body::<NewUserRequest>().returns::<UserView>(),
            async move |caller: Caller, Json(body): Json<NewUserRequest>| -> ApiResult<Json<UserView>> {
                let identity = Arc::clone(&make);
                let new = NewUser {
                    name: body.name,
                    display_name: body.display_name,
                    password: body.password,
                    roles: body.roles,
                    body: body.body.filter(|body| !body.is_empty()),
                };
                let user = make.hashing.run(move || identity.create(&caller.0, &new, kernel::time::now())).await?;
                Ok(Json(UserView::from(&user)))
            },
        )
        .patch(
            "/api/users/{id}",
            operation("改用户", "change a user", access).body::<UserChangeRequest>().returns::<UserView>(),
            async move |caller: Caller,
                        Path(id): Path<Id>,
                        Json(body): Json<UserChangeRequest>|
                        -> ApiResult<Json<UserView>> {
                let identity = Arc::clone(&change);
                let wanted = UserChange {
                    display_name: body.display_name,
                    roles: body.roles,
                    body: body.body.map(|body| Some(body).filter(|body| !body.is_empty())),
                    disabled: body.disabled,
                    password: body.password,
                };
                let hashes = wanted.password.is_some();
                let work = move || identity.change(&caller.0, id, &wanted, kernel::time::now());
                // Whoever must be shut out is shut out also while many sign in.
                let user = if hashes { change.hashing.run(work).await? } else { blocking(work).await? };
                Ok(Json(UserView::from(&user)))
            },
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn only_a_proxy_on_this_machine_is_believed() {
        let check = |peer: &str, said: &[&'static str], expect: &str| {
            let headers = said.iter().map(|text| ("x-forwarded-for".parse().unwrap(), HeaderValue::from_static(text)));
            let found = client(SocketAddr::new(peer.parse().unwrap(), 1), &headers.collect());
            assert_eq!(found.to_string(), expect, "{peer} {said:?}");
        };
        check("127.0.0.1", &[], "127.0.0.1");
        check("127.0.0.1", &["1.2.3.4, 10.9.8.7"], "10.9.8.7");
        check("::ffff:127.0.0.1", &["10.9.8.7"], "10.9.8.7");
        check("127.0.0.1", &["1.2.3.4", "10.9.8.7"], "10.9.8.7");
        check("127.0.0.1", &["nobody"], "127.0.0.1");
        check("10.0.0.5", &["1.2.3.4"], "10.0.0.5");
    }
}
