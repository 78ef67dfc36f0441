//! The event log as the audit administrator reads it.

use std::sync::Arc;

use api::{Access, ApiResult, Json, Query, Routes, blocking, operation};
use kernel::{Action, Division, Event};
use serde::{Deserialize, Serialize};
use store::{Store, event_log};

const MOST_EVENTS: i64 = 500;
const MOST_VERIFIED: i64 = 20_000;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
struct EventQuery {
    /// Events before this sequence number; the newest when left out.
    before: Option<i64>,
    limit: Option<i64>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct EventList {
    items: Vec<Event>,
    last_sequence: i64,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Verified {
    from: i64,
    until: i64,
    good: bool,
    problem: Option<String>,
}

pub fn routes(store: &Arc<dyn Store>, division: Division) -> Routes {
    let (list, verify) = (Arc::clone(store), Arc::clone(store));
    Routes::new("audit")
        .get(
            "/api/events",
            operation("审计日志", "audit log", Access::May(Action::ReadAudit))
                .query::<EventQuery>()
                .returns::<EventList>(),
            async move |Query(query): Query<EventQuery>| -> ApiResult<Json<EventList>> {
                let store = Arc::clone(&list);
                let read = move || {
                    let limit = query.limit.unwrap_or(100).clamp(1, MOST_EVENTS);
                    Ok(store.read(|reader| {
                        let items = event_log::before(reader, division, query.before.unwrap_or(i64::MAX), limit)?;
                        Ok(EventList { items, last_sequence: event_log::last_sequence(reader, division)? })
                    })?)
                };
                Ok(Json(blocking(read).await?))
            },
        )
        .get(
            "/api/events/verification",
            operation("校验最近的审计链", "verify the newest part of the audit chain", Access::May(Action::ReadAudit))
                .returns::<Verified>(),
            async move || -> ApiResult<Json<Verified>> {
                let store = Arc::clone(&verify);
                let check = move || {
                    let last = store.read(|reader| event_log::last_sequence(reader, division))?;
                    let from = (last - MOST_VERIFIED).max(0);
                    let result = store.read(|reader| event_log::verify(reader, division, from, MOST_VERIFIED));
                    let problem = result.as_ref().err().map(ToString::to_string);
                    Ok(Verified { from, until: last, good: problem.is_none(), problem })
                };
                Ok(Json(blocking(check).await?))
            },
        )
}
