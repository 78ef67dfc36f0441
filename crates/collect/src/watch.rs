//! What runs by itself: presence, missing hours, commands, sealing and housekeeping.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use kernel::{Action, EventDraft, Hour, Timestamp, time};
use store::contract::ObservationQuery;
use store::event_log;
use tokio::sync::watch;

use crate::gap::{Gap, gaps};
use crate::model::{CommandKind, CommandReason};
use crate::presence::Presence;
use crate::service::Collect;
use crate::{connection, priority, rows, wire};

const COMMANDS_EVERY: Duration = Duration::from_millis(500);
const HOUSEKEEPING_EVERY: Duration = Duration::from_secs(1);
const PRESENCE_EVERY: Duration = Duration::from_secs(5);
const GAPS_EVERY: Duration = Duration::from_secs(60);
/// The hour that ended this long ago should be here.
const HOUR_GRACE_MILLIS: i64 = 15 * 60_000;
/// A gap is asked for again after an hour, at most so often.
const GAP_AGAIN_MILLIS: i64 = time::HOUR_MILLIS;
const GAP_TRIES: u32 = 3;
/// Of 19, the least that a thread can ask for.
const HOUSEKEEPING_NICENESS: i32 = 10;
/// Segments sealed in one round.
const SEAL_ROUNDS: usize = 16;

/// Which gaps were asked for, how often, and when last.
pub type Asked = HashMap<(String, Gap), (u32, Timestamp)>;

/// Point → announced state.
pub type Announced = HashMap<i64, String>;

impl Collect {
    /// What runs by itself beside the listeners: presence, missing hours, command time-outs, sealing of raw
    /// frames, housekeeping of the store, the live stream. Returns when `stop` turns true.
    pub async fn run(self: Arc<Self>, stop: watch::Receiver<bool>) {
        let loops = [
            tokio::spawn(Arc::clone(&self).announce(stop.clone())),
            tokio::spawn(Arc::clone(&self).run_commands(stop.clone())),
            tokio::spawn(Arc::clone(&self).keep_house_meanwhile(stop.clone())),
            tokio::spawn(Arc::clone(&self).every(PRESENCE_EVERY, stop.clone(), None, |collect, announced| {
                collect.watch_presence(announced, kernel::time::now());
            })),
            tokio::spawn(Arc::clone(&self).every(GAPS_EVERY, stop, Asked::new(), |collect, asked| {
                collect.ask_for_gaps(asked, kernel::time::now());
            })),
        ];
        for running in loops {
            if let Err(error) = running.await {
                tracing::error!("a loop of collect ended: {error}");
            }
        }
    }

    /// Blocking work again and again, with what it remembers.
    async fn every<M: Send + 'static>(
        self: Arc<Self>,
        pause: Duration,
        mut stop: watch::Receiver<bool>,
        mut memory: M,
        work: fn(&Arc<Self>, &mut M),
    ) {
        loop {
            tokio::select! {
                () = connection::stopped(&mut stop) => return,
                () = tokio::time::sleep(pause) => {}
            }
            let collect = Arc::clone(&self);
            let done = tokio::task::spawn_blocking(move || {
                work(&collect, &mut memory);
                memory
            });
            match done.await {
                Ok(kept) => memory = kept,
                Err(error) => {
                    tracing::error!("a loop of collect ended: {error}");
                    return;
                }
            }
        }
    }

    /// Housekeeping on a thread that takes only what the others leave of the processors: compressing what has
    /// been stored must not delay the acknowledgement of what comes in.
    async fn keep_house_meanwhile(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let runtime = tokio::runtime::Handle::current();
        let (ended, waiting) = tokio::sync::oneshot::channel::<()>();
        let work = move || {
            priority::lower(HOUSEKEEPING_NICENESS);
            let pause = async |stop: &mut watch::Receiver<bool>| {
                tokio::select! {
                    () = connection::stopped(stop) => false,
                    () = tokio::time::sleep(HOUSEKEEPING_EVERY) => true,
                }
            };
            while runtime.block_on(pause(&mut stop)) {
                self.keep_house();
            }
            drop(ended);
        };
        match std::thread::Builder::new().name("housekeeping".into()).spawn(work) {
            // The sender is dropped at the end; that is the message.
            Ok(_) => drop(waiting.await),
            Err(error) => tracing::error!("starting the thread of housekeeping: {error}"),
        }
    }

    async fn run_commands(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                () = connection::stopped(&mut stop) => return,
                () = tokio::time::sleep(COMMANDS_EVERY) => {}
                () = self.commands.changed.notified() => {}
            }
            let now = kernel::time::now();
            self.commands.advance(
                &self.sessions,
                &|command| self.password_of(&command.mn, command.system, now),
                &self.limits,
                now,
            );
            let collect = Arc::clone(&self);
            if tokio::task::spawn_blocking(move || collect.save_commands(now)).await.is_err() {
                return;
            }
        }
    }

    fn keep_house(&self) {
        let now = kernel::time::now();
        for _ in 0..SEAL_ROUNDS {
            match self.store.seal_frames(now) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!("sealing raw frames: {error}");
                    break;
                }
            }
        }
        if let Err(error) = self.store.maintain() {
            tracing::warn!("housekeeping of the store: {error}");
        }
        self.probe();
    }

    /// Tells who fell silent and who came back: one event a spell, written with the state it changes.
    pub fn watch_presence(&self, announced: &mut Option<Announced>, now: Timestamp) {
        let states = match announced {
            Some(states) => states,
            None => match self.store.read(|reader| rows::presences(reader, self.division)) {
                Ok(known) => announced.insert(known.into_iter().map(|(point, state, _)| (point, state)).collect()),
                Err(error) => return tracing::warn!("reading presence: {error}"),
            },
        };
        let directory = self.directory.load_full();
        for point in self.points.points().iter() {
            // Points that only files tell of are not expected to be heard.
            if directory.of_point(point.id, now).is_empty() {
                continue;
            }
            let Some(activity) = self.activity.get(point.id) else { continue };
            let Some(received) = activity.last_received() else { continue };
            let before = states.get(&point.id).map(String::as_str);
            let presence = self.presence(point.id, now);
            let state = match (presence, before) {
                // Silence while the program was down is not the station's: only what it has watched counts.
                (Presence::Offline, None | Some("online"))
                    if self.presence_since(received.max(self.started_at), point.id, now) == Presence::Offline =>
                {
                    "offline"
                }
                (Presence::Online, Some("offline") | None) => "online",
                _ => continue,
            };
            let since = if state == "offline" { received } else { now };
            let news = before.is_some() || state == "offline";
            let event = EventDraft {
                kind: if state == "offline" { "collect.offline" } else { "collect.online" },
                actor: "collect".into(),
                subject: point.id.to_string(),
                payload: serde_json::json!({
                    "point": point.id.to_string(),
                    "since": since.to_iso(),
                    "last_data_at": activity.last_data().map(Timestamp::to_iso),
                }),
            };
            let saved = self.store.write(|transaction| {
                rows::save_presence(transaction, self.division, point.id, state, since)?;
                if news {
                    event_log::append(transaction, self.division, now, std::slice::from_ref(&event))?;
                }
                Ok(())
            });
            if let Err(error) = saved {
                return tracing::warn!("saving presence: {error}");
            }
            states.insert(point.id, state.to_owned());
            let data = serde_json::json!({ "point": point.id.to_string(), "presence": state });
            let owner = point.owner.clone();
            self.live.send(api::LiveEvent {
                kind: "point_state",
                at: now,
                action: Action::ReadMonitoring,
                owner,
                data,
            });
        }
    }

    /// Asks connected devices for hours that are missing, newest first, a bounded number a round.
    pub fn ask_for_gaps(&self, asked: &mut Asked, now: Timestamp) {
        let from = now.plus(-self.limits.gap_hours * time::HOUR_MILLIS).hour();
        let until = now.plus(-HOUR_GRACE_MILLIS).hour();
        asked.retain(|_, (_, at)| now.millis() - at.millis() < 2 * self.limits.gap_hours * time::HOUR_MILLIS);
        let mut requests = 0;
        let directory = self.directory.load_full();
        for device in directory.devices().filter(|device| device.in_force(now)) {
            if requests >= self.limits.gap_requests {
                return;
            }
            let idle = self.sessions.get(&device.mn).is_some()
                && !self.commands.has_open(&device.mn, CommandKind::History, CommandReason::Gap);
            if !idle {
                continue;
            }
            let query = ObservationQuery {
                point: device.point,
                system: Some(device.system),
                kind: 2061,
                from: from.start(),
                until: now,
                every_revision: false,
                limit: 10_000,
            };
            let present: Vec<Hour> = match self.store.observations(query) {
                Ok(found) => found.iter().map(|observation| observation.key.data_time.hour()).collect(),
                Err(error) => return tracing::warn!("looking for missing hours: {error}"),
            };
            let due = gaps(&present, until, 100).into_iter().find(|gap| {
                asked
                    .get(&(device.mn.clone(), *gap))
                    .is_none_or(|&(tries, at)| tries < GAP_TRIES && now.millis() - at.millis() >= GAP_AGAIN_MILLIS)
            });
            let Some(gap) = due else { continue };
            let arguments = [
                ("BeginTime".to_owned(), wire::data_time(gap.first.start())),
                ("EndTime".to_owned(), wire::data_time(gap.last.start())),
            ];
            let queued = self.queue(
                &device.mn,
                device.system,
                device.point,
                CommandKind::History,
                &arguments,
                CommandReason::Gap,
                "collect",
                now,
            );
            match queued {
                Ok(_) => requests += 1,
                Err(error) => tracing::warn!("asking {} for missing hours: {error}", device.mn),
            }
            let entry = asked.entry((device.mn.clone(), gap)).or_insert((0, now));
            *entry = (entry.0 + 1, now);
        }
    }
}
