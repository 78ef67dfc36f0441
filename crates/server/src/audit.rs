//! The event log as the audit administrator reads it.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{Access, ApiResult, Json, Query, Routes, blocking, operation};
use kernel::{Action, Division, Event, Name, Problem};
use serde::{Deserialize, Serialize};
use store::{Store, event_log};

use crate::identity::Identity;
use crate::points::Points;

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
    /// Names of the people and points that the entries give by number, as they are called today.
    names: BTreeMap<String, Name>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Verified {
    from: i64,
    until: i64,
    good: bool,
    problem: Option<String>,
}

/// What numbers in these entries stand for. One that is gone keeps its number.
fn names_of(events: &[Event], identity: &Identity, points: &Points) -> Result<BTreeMap<String, Name>, Problem> {
    let people: BTreeMap<i64, String> =
        identity.users()?.iter().map(|user| user.actor()).map(|actor| (actor.id.0, actor.name)).collect();
    let known = points.judge.points().points();
    let name = |text: &str| {
        let number = text.parse::<i64>().ok()?;
        let person = people.get(&number).map(|name| Name::new(name.as_str(), name.as_str()));
        person.or_else(|| known.get(number).map(|point| point.name.clone()))
    };
    let texts = events.iter().flat_map(|event| [event.actor.as_str(), event.subject.as_str()]);
    Ok(texts.filter_map(|text| Some((text.to_owned(), name(text)?))).collect())
}

pub fn routes(store: &Arc<dyn Store>, division: Division, identity: &Arc<Identity>, points: &Points) -> Routes {
    let (list, verify) = (Arc::clone(store), Arc::clone(store));
    let (identity, points) = (Arc::clone(identity), points.clone());
    Routes::new("audit")
        .get(
            "/api/events",
            operation("审计日志", "audit log", Access::May(Action::ReadAudit))
                .query::<EventQuery>()
                .returns::<EventList>(),
            async move |Query(query): Query<EventQuery>| -> ApiResult<Json<EventList>> {
                let (store, identity, points) = (Arc::clone(&list), Arc::clone(&identity), points.clone());
                let read = move || {
                    let limit = query.limit.unwrap_or(100).clamp(1, MOST_EVENTS);
                    let (items, last_sequence) = store.read(|reader| {
                        let items = event_log::before(reader, division, query.before.unwrap_or(i64::MAX), limit)?;
                        Ok((items, event_log::last_sequence(reader, division)?))
                    })?;
                    let names = names_of(&items, &identity, &points)?;
                    Ok(EventList { items, last_sequence, names })
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
