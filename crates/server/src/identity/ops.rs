//! Operations on users and sessions.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use kernel::{Actor, Division, ErrorCode, EventDraft, Id, IdSource, Problem, Role, Timestamp};
use serde_json::json;
use sha2::{Digest, Sha256};
use store::{Store, StoreError, Transaction, event_log};
use tokio::sync::broadcast;

use super::gate::HashingGate;
use super::rate::{Attempt, Failures};
use super::{password, rows};

const IDLE_MILLIS: i64 = 12 * 3_600_000;
const LONGEST_MILLIS: i64 = 7 * 86_400_000;
/// A session's last use is written at most this often.
const TOUCH_MILLIS: i64 = 60_000;
const SETUP_MILLIS: i64 = 24 * 3_600_000;
const MOST_USERS: i64 = 10_000;
/// Endings that a listener may lag behind; it looks for itself then.
const MOST_ENDED: usize = 64;

#[derive(Clone, Debug, PartialEq)]
pub struct User {
    pub id: Id,
    /// Sign-in name.
    pub name: String,
    pub display_name: String,
    pub roles: Vec<Role>,
    pub body: Option<String>,
    pub disabled: bool,
    pub last_seen_at: Option<Timestamp>,
}

impl User {
    pub fn actor(&self) -> Actor {
        Actor { id: self.id, name: self.display_name.clone(), roles: self.roles.clone(), body: self.body.clone() }
    }
}

#[derive(Clone, Debug)]
pub struct NewUser {
    pub name: String,
    pub display_name: String,
    pub password: String,
    pub roles: Vec<Role>,
    pub body: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub struct UserChange {
    pub display_name: Option<String>,
    pub roles: Option<Vec<Role>>,
    pub body: Option<Option<String>>,
    pub disabled: Option<bool>,
    pub password: Option<String>,
}

/// Sessions that somebody ended before their time.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// Signed out; by the hash of its token.
    Session(Vec<u8>),
    /// Every session of a user: disabled, other roles, another password.
    User(Id),
}

impl Ended {
    pub fn is(&self, token: &str, user: Id) -> bool {
        match self {
            Self::Session(hash) => *hash == token_hash(token),
            Self::User(id) => *id == user,
        }
    }
}

/// Users and sessions of a division.
pub struct Identity {
    store: Arc<dyn Store>,
    division: Division,
    ids: IdSource,
    failures: Mutex<Failures>,
    ended: broadcast::Sender<Ended>,
    /// What hashes passwords goes through here.
    pub(super) hashing: HashingGate,
}

fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

fn new_token() -> Result<String, Problem> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Problem::new(ErrorCode::Internal, format!("making a token: {error}")))?;
    Ok(hex::encode(bytes))
}

impl Identity {
    pub fn new(store: Arc<dyn Store>, division: Division) -> Arc<Self> {
        Arc::new(Self {
            store,
            division,
            ids: IdSource::new(),
            failures: Mutex::default(),
            ended: broadcast::Sender::new(MOST_ENDED),
            hashing: HashingGate::default(),
        })
    }

    /// Told of every session that is ended by somebody; sessions that run out tell nobody.
    pub fn ended(&self) -> broadcast::Receiver<Ended> {
        self.ended.subscribe()
    }

    fn tell_ended(&self, ended: Ended) {
        // Nobody listening is no failure.
        let _ = self.ended.send(ended);
    }

    fn failures(&self) -> std::sync::MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// A fresh one-time token while there is no user yet; it replaces an older one.
    pub fn setup_token(&self, now: Timestamp) -> Result<Option<String>, Problem> {
        let token = new_token()?;
        Ok(self.store.write(|transaction| {
            if rows::count(transaction.as_reader(), self.division)? > 0 {
                return Ok(None);
            }
            rows::set_link(transaction, self.division, &token_hash(&token), now.plus(SETUP_MILLIS))?;
            Ok(Some(token.clone()))
        })?)
    }

    pub fn setup_is_valid(&self, token: &str, now: Timestamp) -> Result<bool, Problem> {
        Ok(self.store.read(|reader| rows::link_is_valid(reader, self.division, &token_hash(token), now))?)
    }

    /// Makes the first account: system and security administrator (docs/adr/0006).
    pub fn set_up(
        &self,
        token: &str,
        name: &str,
        display_name: &str,
        secret: &str,
        now: Timestamp,
    ) -> Result<User, Problem> {
        let new = NewUser {
            name: name.to_owned(),
            display_name: display_name.to_owned(),
            password: secret.to_owned(),
            roles: vec![Role::SystemAdministrator, Role::SecurityAdministrator],
            body: None,
        };
        let closed =
            || Problem::new(ErrorCode::SetupClosed, "初始化链接无效、过期或已用过 (the link is not valid any more)");
        // Before the work of hashing, which anybody could ask for otherwise.
        if !self.setup_is_valid(token, now)? {
            return Err(closed());
        }
        let (user, hash) = self.build(&new, now)?;
        self.store.write(|transaction| {
            if !rows::link_is_valid(transaction.as_reader(), self.division, &token_hash(token), now)?
                || rows::count(transaction.as_reader(), self.division)? > 0
            {
                return Err(closed().into());
            }
            rows::drop_link(transaction, self.division)?;
            rows::save(transaction, self.division, &user, &hash, now)?;
            self.tell(transaction, &Actor::system("setup"), "server.user_created", &user, now)
        })?;
        Ok(user)
    }

    fn build(&self, new: &NewUser, now: Timestamp) -> Result<(User, String), Problem> {
        check_name(&new.name)?;
        check_roles(&new.roles, new.body.as_deref())?;
        password::check_new(&new.password, &new.name)?;
        if new.display_name.trim().is_empty() || new.display_name.chars().count() > 60 {
            return Err(Problem::invalid("姓名为 1–60 字 (a display name has 1 to 60 characters)"));
        }
        let user = User {
            id: self.ids.next(now),
            name: new.name.clone(),
            display_name: new.display_name.trim().to_owned(),
            roles: new.roles.clone(),
            body: new.body.clone(),
            disabled: false,
            last_seen_at: None,
        };
        Ok((user, password::hash(&new.password)?))
    }

    fn tell(
        &self,
        transaction: &dyn Transaction,
        actor: &Actor,
        kind: &'static str,
        user: &User,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let roles: Vec<&str> = user.roles.iter().map(|role| role.name()).collect();
        let event = EventDraft {
            kind,
            actor: if actor.is_system() { actor.name.clone() } else { actor.id.to_string() },
            subject: user.id.to_string(),
            payload: json!({ "name": user.name, "roles": roles, "body": user.body, "disabled": user.disabled }),
        };
        event_log::append(transaction, self.division, now, &[event])?;
        Ok(())
    }

    /// Counts an attempt to sign in, before any work is done for it.
    ///
    /// # Errors
    /// `TooMany` after too many wrong passwords for the name from this address, or from this address at all.
    pub fn attempt(&self, name: &str, address: IpAddr, now: Timestamp) -> Result<Attempt, Problem> {
        self.failures().attempt(name, address, now).ok_or_else(|| {
            Problem::new(
                ErrorCode::TooMany,
                "失败次数太多，五分钟后再试 (too many failures, try again in five minutes)",
            )
        })
    }

    /// Nobody looked at the password of an attempt.
    pub fn withdraw(&self, attempt: &Attempt) {
        self.failures().withdrawn(attempt);
    }

    /// Signs in; gives the session's token. A name that does not exist costs the same time as a wrong password.
    pub fn sign_in(
        &self,
        attempt: &Attempt,
        name: &str,
        secret: &str,
        now: Timestamp,
    ) -> Result<(User, String), Problem> {
        let found = self.store.read(|reader| rows::by_name(reader, self.division, name))?;
        // A hash that nothing matches, so that the work is the same.
        const NOBODY: &str = "argon2id$19456$2$1$00000000000000000000000000000000$0000000000000000000000000000000000000000000000000000000000000000";
        let stored = found.as_ref().map_or(NOBODY, |(_, hash)| hash.as_str());
        let good = password::matches(secret, stored);
        let user = found.as_ref().map(|(user, _)| user).filter(|user| good && !user.disabled);
        let Some(user) = user else {
            return Err(wrong_credentials());
        };
        self.failures().succeeded(attempt);
        let token = new_token()?;
        let user = self.store.write(|transaction| {
            let user = self.unchanged(transaction, user.id, stored)?;
            rows::end_sessions_before(transaction, self.division, now.plus(-IDLE_MILLIS))?;
            rows::add_session(transaction, self.division, &token_hash(&token), user.id, now)?;
            self.tell(transaction, &user.actor(), "server.signed_in", &user, now)?;
            Ok(user)
        })?;
        Ok((user, token))
    }

    /// The user as they are now: hashing takes long enough for somebody to be disabled, to lose a role or to get another
    /// password meanwhile. Whoever no longer has the hash that was looked at has given the wrong password.
    fn unchanged(&self, transaction: &dyn Transaction, id: Id, hash: &str) -> Result<User, StoreError> {
        let found = rows::by_id(transaction.as_reader(), self.division, id)?;
        let standing = found.filter(|(user, now)| !user.disabled && now == hash).map(|(user, _)| user);
        standing.ok_or_else(|| StoreError::Problem(wrong_credentials()))
    }

    /// The user of a session that is still good, when it ends at the latest, and when it was last used.
    fn standing(&self, hash: &[u8], now: Timestamp) -> Result<Option<(User, Timestamp, Timestamp)>, Problem> {
        let found = self.store.read(|reader| {
            let Some((id, created, seen)) = rows::session(reader, self.division, hash)? else { return Ok(None) };
            Ok(rows::by_id(reader, self.division, id)?.map(|(user, _)| (user, created, seen)))
        })?;
        Ok(found
            .map(|(user, created, seen)| (user, created.plus(LONGEST_MILLIS), seen))
            .filter(|(user, ends, seen)| !user.disabled && now < *ends && now.millis() - seen.millis() <= IDLE_MILLIS))
    }

    /// The user of a session that is still good, and when it ends at the latest. Asking counts as using it.
    pub fn session(&self, token: &str, now: Timestamp) -> Result<Option<(User, Timestamp)>, Problem> {
        let hash = token_hash(token);
        let Some((user, ends, seen)) = self.standing(&hash, now)? else { return Ok(None) };
        if now.millis() - seen.millis() > TOUCH_MILLIS {
            // A full disk must not sign people out.
            let touched =
                self.store.write(|transaction| rows::touch_session(transaction, self.division, &hash, user.id, now));
            if let Err(error) = touched {
                tracing::warn!(%error, "noting the use of a session");
            }
        }
        Ok(Some((user, ends)))
    }

    /// Is a session still good? Asking does not count as using it: an open window alone keeps nobody signed in.
    pub fn session_stands(&self, token: &str, now: Timestamp) -> Result<bool, Problem> {
        Ok(self.standing(&token_hash(token), now)?.is_some())
    }

    pub fn sign_out(&self, token: &str) -> Result<(), Problem> {
        let hash = token_hash(token);
        self.store.write(|transaction| rows::end_session(transaction, self.division, &hash))?;
        self.tell_ended(Ended::Session(hash));
        Ok(())
    }

    pub fn users(&self) -> Result<Vec<User>, Problem> {
        Ok(self.store.read(|reader| rows::list(reader, self.division, MOST_USERS))?)
    }

    /// Everybody who may sign in, as they act.
    pub fn people(&self) -> Result<Vec<Actor>, Problem> {
        Ok(self.users()?.iter().filter(|user| !user.disabled).map(User::actor).collect())
    }

    pub fn create(&self, actor: &Actor, new: &NewUser, now: Timestamp) -> Result<User, Problem> {
        let (user, hash) = self.build(new, now)?;
        self.store.write(|transaction| {
            if rows::by_name(transaction.as_reader(), self.division, &user.name)?.is_some() {
                return Err(Problem::invalid(format!("用户名“{}”已有人用 (the name is taken)", user.name)).into());
            }
            rows::save(transaction, self.division, &user, &hash, now)?;
            self.tell(transaction, actor, "server.user_created", &user, now)
        })?;
        Ok(user)
    }

    /// Changes somebody else; nobody changes their own roles or disables themselves.
    pub fn change(&self, actor: &Actor, id: Id, change: &UserChange, now: Timestamp) -> Result<User, Problem> {
        let rights = change.roles.is_some() || change.body.is_some() || change.disabled.is_some();
        if actor.id == id && rights {
            return Err(Problem::new(
                ErrorCode::NotAllowed,
                "不能改自己的角色和状态 (nobody changes their own rights)",
            ));
        }
        let new_hash = match &change.password {
            Some(secret) => {
                password::check_new(secret, "\u{0}")?;
                Some(password::hash(secret)?)
            }
            None => None,
        };
        let user = self.store.write(|transaction| {
            let found = rows::by_id(transaction.as_reader(), self.division, id)?;
            let (mut user, hash) = found.ok_or_else(|| Problem::not_found(format!("没有用户 {id} (no such user)")))?;
            if let Some(name) = &change.display_name {
                user.display_name.clone_from(name);
            }
            if let Some(roles) = &change.roles {
                user.roles.clone_from(roles);
            }
            if let Some(body) = &change.body {
                user.body.clone_from(body);
            }
            user.disabled = change.disabled.unwrap_or(user.disabled);
            check_roles(&user.roles, user.body.as_deref())?;
            rows::save(transaction, self.division, &user, new_hash.as_deref().unwrap_or(&hash), now)?;
            if rights || new_hash.is_some() {
                rows::end_sessions_of(transaction, self.division, id)?;
            }
            self.tell(transaction, actor, "server.user_changed", &user, now)?;
            Ok(user)
        })?;
        if rights || new_hash.is_some() {
            self.tell_ended(Ended::User(id));
        }
        Ok(user)
    }

    /// Changes one's own password; other sessions end.
    pub fn change_password(&self, actor: &Actor, old: &str, new: &str, now: Timestamp) -> Result<(), Problem> {
        let found = self.store.read(|reader| rows::by_id(reader, self.division, actor.id))?;
        let (user, hash) = found.ok_or_else(|| Problem::not_found("没有这个用户 (no such user)"))?;
        if !password::matches(old, &hash) {
            return Err(Problem::new(ErrorCode::WrongCredentials, "原密码不对 (the old password is wrong)"));
        }
        password::check_new(new, &user.name)?;
        let fresh = password::hash(new)?;
        let user = self.store.write(|transaction| {
            let user = self.unchanged(transaction, user.id, &hash)?;
            rows::save(transaction, self.division, &user, &fresh, now)?;
            rows::end_sessions_of(transaction, self.division, user.id)?;
            self.tell(transaction, actor, "server.password_changed", &user, now)?;
            Ok(user)
        })?;
        self.tell_ended(Ended::User(user.id));
        Ok(())
    }
}

fn wrong_credentials() -> Problem {
    Problem::new(ErrorCode::WrongCredentials, "用户名或密码不对 (wrong name or password)")
}

fn check_name(name: &str) -> Result<(), Problem> {
    let good = (2..=40).contains(&name.chars().count())
        && name.chars().all(|character| character.is_alphanumeric() || matches!(character, '.' | '-' | '_' | '@'));
    if good {
        Ok(())
    } else {
        Err(Problem::invalid("用户名为 2–40 个字母、数字、汉字或 . - _ @ (2 to 40 letters, digits or . - _ @)"))
    }
}

/// Audit stays apart from those it watches; roles that see only their body need one.
fn check_roles(roles: &[Role], body: Option<&str>) -> Result<(), Problem> {
    if roles.is_empty() {
        return Err(Problem::invalid("至少一个角色 (at least one role)"));
    }
    if roles.contains(&Role::AuditAdministrator) && roles.len() > 1 {
        return Err(Problem::invalid("审计管理员不能兼任其他角色 (an audit administrator has no other role)"));
    }
    if roles.iter().any(|role| matches!(role, Role::Body | Role::Enterprise)) && body.is_none() {
        return Err(Problem::invalid("部门、乡镇和企业用户要写所属单位 (these roles need a body)"));
    }
    Ok(())
}
