//! Numbers for Prometheus at `/metrics`: for the machine itself and for system administrators.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use api::ApiResult;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use kernel::{ErrorCode, Problem, Role};
use store::contract::PeriodLevel;
use store::event_log;

use crate::identity::Identity;
use crate::identity::http::token_of;
use crate::points::Points;

/// A proxy on the same machine speaks for somebody else.
fn is_local(peer: SocketAddr, headers: &HeaderMap) -> bool {
    peer.ip().to_canonical().is_loopback()
        && !headers.contains_key("x-forwarded-for")
        && !headers.contains_key(header::FORWARDED)
}

pub async fn respond(
    identity: Arc<Identity>,
    points: Points,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let token = token_of(&headers);
    let local = is_local(peer, &headers);
    let text = api::blocking(move || {
        if !local {
            let user = token.map(|token| identity.session(&token, kernel::time::now())).transpose()?.flatten();
            if !user.is_some_and(|(user, _)| user.roles.contains(&Role::SystemAdministrator)) {
                return Err(Problem::new(
                    ErrorCode::NotAllowed,
                    "只对本机和系统管理员开放 (this machine and system administrators only)",
                ));
            }
        }
        text(&points)
    })
    .await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}

fn text(points: &Points) -> Result<String, Problem> {
    let status = points.collect.status();
    let division = points.division;
    let (dirty, sequence) = points.store.read(|reader| {
        let rows = reader.query(
            "SELECT level, COUNT(*) FROM dirty_period WHERE division = $1 GROUP BY level ORDER BY level",
            &[division.into()],
        )?;
        let dirty = rows
            .iter()
            .map(|row| Ok((row.integer(0)?, row.integer(1)?)))
            .collect::<Result<Vec<_>, store::StoreError>>()?;
        Ok((dirty, event_log::last_sequence(reader, division)?))
    })?;
    let mut out = String::new();
    let mut number = |name: &str, kind: &str, help: &str, value: u64| {
        let _ = writeln!(out, "# HELP qingshan_{name} {help}\n# TYPE qingshan_{name} {kind}\nqingshan_{name} {value}");
    };
    number("packets_total", "counter", "Packets taken in since the start", status.packets);
    number("duplicate_packets_total", "counter", "Packets that were there already", status.duplicates);
    number("refused_frames_total", "counter", "Frames refused", status.refused);
    number("commits_total", "counter", "Group commits", status.commits);
    number("connections", "gauge", "Station connections", status.connections);
    number("quarantined_devices", "gauge", "Devices that nobody has adopted", status.quarantined);
    number("accepting", "gauge", "1 while packets can be stored", u64::from(status.accepting));
    number(
        "judging_put_off_total",
        "counter",
        "Periods that could not be judged and were put off, since the start",
        points.judge.times_put_off(),
    );
    number("store_bytes", "gauge", "Size of the store on disk", points.store.size_on_disk());
    number(
        "events_total",
        "counter",
        "Sequence number of the newest event",
        u64::try_from(sequence).unwrap_or_default(),
    );
    number("resident_bytes", "gauge", "Resident memory of the process", resident_bytes().unwrap_or_default());
    let _ = writeln!(
        out,
        "# HELP qingshan_dirty_periods Periods waiting to be judged\n# TYPE qingshan_dirty_periods gauge"
    );
    for (name, level) in [
        ("hour", PeriodLevel::Hour),
        ("day", PeriodLevel::Day),
        ("month", PeriodLevel::Month),
        ("year", PeriodLevel::Year),
    ] {
        let count = dirty.iter().find(|(known, _)| *known == i64::from(level as u8)).map_or(0, |(_, count)| *count);
        let _ = writeln!(out, "qingshan_dirty_periods{{level=\"{name}\"}} {count}");
    }
    Ok(out)
}

/// Of Linux; `None` elsewhere.
pub fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_proxy_is_not_this_machine() {
        let peer: SocketAddr = "127.0.0.1:4000".parse().unwrap();
        assert!(is_local(peer, &HeaderMap::new()));
        assert!(!is_local("10.0.0.9:4000".parse().unwrap(), &HeaderMap::new()));
        let forwarded =
            HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), HeaderValue::from_static("1.2.3.4"))]);
        assert!(!is_local(peer, &forwarded));
    }
}
