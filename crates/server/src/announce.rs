//! Tells the live stream when a point's state changes: it follows what the mechanisms announce, and looks at all
//! points from time to time, because silence announces itself to nobody.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use api::{LiveBus, LiveEvent};
use kernel::{Action, Timestamp};
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

use crate::points::{Points, State};

const GATHER: Duration = Duration::from_millis(300);
const LOOK_AT_ALL: Duration = Duration::from_secs(10);

type Told = HashMap<i64, State>;

/// What is told has a `state`; what collect announces of presence has none and is not passed on.
pub fn is_for_people(event: &LiveEvent) -> bool {
    event.kind != "point_state" || event.data.get("state").is_some()
}

/// The point of an announcement that may change a state.
fn touched(event: &LiveEvent) -> Option<i64> {
    let follows = match event.kind {
        "verdict" | "case" => true,
        "point_state" => event.data.get("state").is_none(),
        _ => false,
    };
    follows.then(|| event.data.get("point")?.as_str()?.parse().ok()).flatten()
}

pub async fn run(points: Points, bus: LiveBus, mut stop: watch::Receiver<bool>) {
    let mut heard = bus.subscribe();
    let mut told = Told::new();
    let mut waiting: HashSet<i64> = HashSet::new();
    let (mut gather, mut all) = (tokio::time::interval(GATHER), tokio::time::interval(LOOK_AT_ALL));
    gather.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    all.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let look_at_all = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            event = heard.recv() => {
                match event {
                    Ok(event) => waiting.extend(touched(&event)),
                    Err(RecvError::Lagged(_)) => all.reset_immediately(),
                    Err(RecvError::Closed) => return,
                }
                continue;
            }
            _ = gather.tick() => false,
            _ = all.tick() => true,
        };
        if !look_at_all && waiting.is_empty() {
            continue;
        }
        let these = std::mem::take(&mut waiting);
        let (own, bus) = (points.clone(), bus.clone());
        let work = tokio::task::spawn_blocking(move || {
            let wanted = |id: i64| look_at_all || these.contains(&id);
            tell(&own, &bus, &mut told, wanted, kernel::time::now());
            told
        });
        match work.await {
            Ok(kept) => told = kept,
            Err(error) => {
                tracing::error!("following the states of points: {error}");
                return;
            }
        }
    }
}

fn tell(points: &Points, bus: &LiveBus, told: &mut Told, wanted: impl Fn(i64) -> bool, now: Timestamp) {
    let standings = match points.standings(now, |point| wanted(point.id)) {
        Ok(standings) => standings,
        Err(problem) => return tracing::warn!("reading the states of points: {problem}"),
    };
    for standing in standings {
        let id = standing.point.id;
        let before = told.insert(id, standing.state.clone());
        // The reason of silence counts minutes; only what is different in kind is news.
        let is_news =
            before.is_some_and(|before| (before.code, before.since) != (standing.state.code, standing.state.since));
        if is_news {
            bus.send(LiveEvent {
                kind: "point_state",
                at: now,
                action: Action::ReadMonitoring,
                owner: standing.point.owner.clone(),
                data: json!({ "point": id.to_string(), "state": standing.state }),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_own_words_are_not_followed() {
        let event =
            |kind, data| LiveEvent { kind, at: Timestamp(0), action: Action::ReadMonitoring, owner: None, data };
        let presence = event("point_state", json!({ "point": "7", "presence": "offline" }));
        let state = event("point_state", json!({ "point": "7", "state": { "code": "offline" } }));
        assert_eq!((touched(&presence), is_for_people(&presence)), (Some(7), false));
        assert_eq!((touched(&state), is_for_people(&state)), (None, true));
        assert_eq!(touched(&event("latest", json!({ "point": "7" }))), None);
    }
}
