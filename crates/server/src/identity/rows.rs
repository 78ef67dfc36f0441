//! SQL of users, sessions and the set-up link.

use kernel::{Division, Id, Role, Timestamp};
use store::{Migration, Reader, Row, StoreError, Transaction};

use super::ops::User;

pub const MIGRATIONS: &[Migration] = &[Migration {
    mechanism: "server",
    number: 1,
    sql: "CREATE TABLE user_account (
            division BIGINT NOT NULL, id BIGINT NOT NULL, name TEXT NOT NULL, display_name TEXT NOT NULL,
            roles TEXT NOT NULL, body TEXT, password TEXT NOT NULL, disabled BIGINT NOT NULL,
            created_at BIGINT NOT NULL, last_seen_at BIGINT,
            PRIMARY KEY (division, id));
          CREATE UNIQUE INDEX user_account_name ON user_account (division, name);
          CREATE TABLE user_session (
            division BIGINT NOT NULL, token_hash {BYTES} NOT NULL, user_id BIGINT NOT NULL, created_at BIGINT NOT NULL,
            seen_at BIGINT NOT NULL,
            PRIMARY KEY (division, token_hash));
          CREATE INDEX user_session_user ON user_session (division, user_id);
          CREATE TABLE setup_link (division BIGINT NOT NULL, token_hash {BYTES} NOT NULL, expires_at BIGINT NOT NULL,
            PRIMARY KEY (division))",
}];

const USER: &str = "id, name, display_name, roles, body, password, disabled, last_seen_at";

/// The password's hash stands beside the user.
fn user_of(row: &Row) -> Result<(User, String), StoreError> {
    let roles = row.text(3)?.split(' ').filter_map(Role::from_name).collect();
    let user = User {
        id: row.id(0)?,
        name: row.text(1)?.to_owned(),
        display_name: row.text(2)?.to_owned(),
        roles,
        body: row.optional_text(4)?.map(str::to_owned),
        disabled: row.integer(6)? != 0,
        last_seen_at: row.optional_integer(7)?.map(Timestamp),
    };
    Ok((user, row.text(5)?.to_owned()))
}

pub fn count(reader: &dyn Reader, division: Division) -> Result<i64, StoreError> {
    let row = reader.query_one("SELECT COUNT(*) FROM user_account WHERE division = $1", &[division.into()])?;
    row.map_or(Ok(0), |row| row.integer(0))
}

pub fn by_name(reader: &dyn Reader, division: Division, name: &str) -> Result<Option<(User, String)>, StoreError> {
    let sql = format!("SELECT {USER} FROM user_account WHERE division = $1 AND name = $2");
    reader.query_one(&sql, &[division.into(), name.into()])?.as_ref().map(user_of).transpose()
}

pub fn by_id(reader: &dyn Reader, division: Division, id: Id) -> Result<Option<(User, String)>, StoreError> {
    let sql = format!("SELECT {USER} FROM user_account WHERE division = $1 AND id = $2");
    reader.query_one(&sql, &[division.into(), id.into()])?.as_ref().map(user_of).transpose()
}

pub fn list(reader: &dyn Reader, division: Division, limit: i64) -> Result<Vec<User>, StoreError> {
    let sql = format!("SELECT {USER} FROM user_account WHERE division = $1 ORDER BY name LIMIT $2");
    reader.query(&sql, &[division.into(), limit.into()])?.iter().map(|row| user_of(row).map(|found| found.0)).collect()
}

pub fn save(
    transaction: &dyn Transaction,
    division: Division,
    user: &User,
    password: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let roles: Vec<&str> = user.roles.iter().map(|role| role.name()).collect();
    transaction.execute(
        "INSERT INTO user_account (division, id, name, display_name, roles, body, password, disabled, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (division, id) DO UPDATE SET display_name = excluded.display_name, roles = excluded.roles,
           body = excluded.body, password = excluded.password, disabled = excluded.disabled",
        &[
            division.into(),
            user.id.into(),
            (&user.name).into(),
            (&user.display_name).into(),
            roles.join(" ").into(),
            user.body.clone().into(),
            password.into(),
            user.disabled.into(),
            now.into(),
        ],
    )?;
    Ok(())
}

pub fn add_session(
    transaction: &dyn Transaction,
    division: Division,
    token: &[u8],
    user: Id,
    now: Timestamp,
) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO user_session (division, token_hash, user_id, created_at, seen_at) VALUES ($1, $2, $3, $4, $4)",
        &[division.into(), token.into(), user.into(), now.into()],
    )?;
    transaction.execute(
        "UPDATE user_account SET last_seen_at = $3 WHERE division = $1 AND id = $2",
        &[division.into(), user.into(), now.into()],
    )?;
    Ok(())
}

/// User id, when the session began and when it was last used.
pub fn session(
    reader: &dyn Reader,
    division: Division,
    token: &[u8],
) -> Result<Option<(Id, Timestamp, Timestamp)>, StoreError> {
    let row = reader.query_one(
        "SELECT user_id, created_at, seen_at FROM user_session WHERE division = $1 AND token_hash = $2",
        &[division.into(), token.into()],
    )?;
    row.map(|row| Ok((row.id(0)?, row.time(1)?, row.time(2)?))).transpose()
}

pub fn touch_session(
    transaction: &dyn Transaction,
    division: Division,
    token: &[u8],
    user: Id,
    now: Timestamp,
) -> Result<(), StoreError> {
    transaction.execute(
        "UPDATE user_session SET seen_at = $3 WHERE division = $1 AND token_hash = $2",
        &[division.into(), token.into(), now.into()],
    )?;
    transaction.execute(
        "UPDATE user_account SET last_seen_at = $3 WHERE division = $1 AND id = $2",
        &[division.into(), user.into(), now.into()],
    )?;
    Ok(())
}

pub fn end_session(transaction: &dyn Transaction, division: Division, token: &[u8]) -> Result<(), StoreError> {
    transaction.execute(
        "DELETE FROM user_session WHERE division = $1 AND token_hash = $2",
        &[division.into(), token.into()],
    )?;
    Ok(())
}

pub fn end_sessions_of(transaction: &dyn Transaction, division: Division, user: Id) -> Result<(), StoreError> {
    transaction
        .execute("DELETE FROM user_session WHERE division = $1 AND user_id = $2", &[division.into(), user.into()])?;
    Ok(())
}

pub fn end_sessions_before(
    transaction: &dyn Transaction,
    division: Division,
    seen_before: Timestamp,
) -> Result<(), StoreError> {
    transaction.execute(
        "DELETE FROM user_session WHERE division = $1 AND seen_at < $2",
        &[division.into(), seen_before.into()],
    )?;
    Ok(())
}

pub fn set_link(
    transaction: &dyn Transaction,
    division: Division,
    token: &[u8],
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    transaction.execute("DELETE FROM setup_link WHERE division = $1", &[division.into()])?;
    transaction.execute(
        "INSERT INTO setup_link (division, token_hash, expires_at) VALUES ($1, $2, $3)",
        &[division.into(), token.into(), expires_at.into()],
    )?;
    Ok(())
}

pub fn link_is_valid(
    reader: &dyn Reader,
    division: Division,
    token: &[u8],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let row = reader.query_one(
        "SELECT 1 FROM setup_link WHERE division = $1 AND token_hash = $2 AND expires_at > $3",
        &[division.into(), token.into(), now.into()],
    )?;
    Ok(row.is_some())
}

pub fn drop_link(transaction: &dyn Transaction, division: Division) -> Result<(), StoreError> {
    transaction.execute("DELETE FROM setup_link WHERE division = $1", &[division.into()])?;
    Ok(())
}
