//! What the live stream is told (实时推送): newest values, bounded in rate; trouble of the way in; commands.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use kernel::{Action, Name, Timestamp};
use serde_json::json;
use tokio::sync::{broadcast, watch};

use crate::connection;
use crate::model::Command;
use crate::pipeline::Announcement;
use crate::service::Collect;

const EVERY: Duration = Duration::from_millis(400);
/// Values told at once; a page that misses some shows them with its next reading.
const MOST_VALUES: usize = 200;
/// Series that may wait to be told.
const MOST_SERIES: usize = 5000;

type Touched = HashMap<(i64, u16, u16), Timestamp>;

impl Collect {
    pub(crate) fn announce_command(&self, command: &Command, now: Timestamp) {
        let owner = self.points.points().get(command.point).and_then(|point| point.owner.clone());
        let data = serde_json::to_value(crate::http::commands::CommandAnswerBody::of(command)).unwrap_or_default();
        self.live.send(api::LiveEvent { kind: "command", at: now, action: Action::ReadMonitoring, owner, data });
    }

    /// Tells what is new until `stop` turns true.
    pub(crate) async fn announce(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut commits = self.state.subscribe();
        let mut touched = Touched::new();
        let mut told_trouble: Option<Name> = None;
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = connection::stopped(&mut stop) => return,
                commit = commits.recv() => match commit {
                    Ok(commit) => note(&mut touched, &commit),
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return,
                },
                _ = tick.tick() => {
                    self.tell_values(&mut touched);
                    self.tell_trouble(&mut told_trouble);
                }
            }
        }
    }

    fn tell_values(&self, touched: &mut Touched) {
        if touched.is_empty() {
            return;
        }
        let now = kernel::time::now();
        let mut numbers: Vec<i64> = touched.keys().map(|key| key.0).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let points = self.points.points();
        let mut told = 0;
        for latest in self.store.latest(&numbers) {
            // A caught-up packet of yesterday is news to the judge, not to a page of newest values.
            if touched.get(&(latest.point, latest.system, latest.kind)) != Some(&latest.data_time) {
                continue;
            }
            let (Some(point), Some(factor)) = (points.get(latest.point), self.store.factor_code(latest.value.factor))
            else {
                continue;
            };
            let data = json!({
                "point": latest.point.to_string(),
                "factor": &*factor,
                "statistic": latest.value.statistic.name(),
                "kind": latest.kind,
                "value": latest.value.value.to_string(),
                "mark": latest.value.mark.as_char(),
                "data_time": latest.data_time.to_iso(),
                "received_at": latest.received_at.to_iso(),
            });
            let owner = point.owner.clone();
            self.live.send(api::LiveEvent { kind: "latest", at: now, action: Action::ReadMonitoring, owner, data });
            told += 1;
            if told >= MOST_VALUES {
                break;
            }
        }
        touched.clear();
    }

    fn tell_trouble(&self, told: &mut Option<Name>) {
        let trouble = self.state.trouble().map(|trouble| trouble.name);
        if trouble == *told {
            return;
        }
        let data = json!({ "trouble": trouble });
        let at = kernel::time::now();
        self.live.send(api::LiveEvent { kind: "collect", at, action: Action::ReadMonitoring, owner: None, data });
        *told = trouble;
    }
}

fn note(touched: &mut Touched, commit: &Announcement) {
    for (key, _) in &commit.packets {
        if touched.len() >= MOST_SERIES {
            return;
        }
        let newest = touched.entry((key.point, key.system, key.kind)).or_insert(key.data_time);
        *newest = (*newest).max(key.data_time);
    }
}
