//! Who is connected (在线会话): by which connection a device can be reached, and what is known of its clock.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, RwLock};

use hj212::Edition;
use kernel::Timestamp;
use tokio::sync::mpsc;

use crate::clock::ClockDrift;
use crate::relock;

/// Bytes on their way to a device, in order.
pub enum Outgoing {
    /// Acknowledgements of a group that is on disk; its place in the connection's window ends when they are
    /// written, and then what the group asked for is done.
    Acknowledge { bytes: Vec<u8>, window: tokio::sync::OwnedSemaphorePermit, effects: Vec<crate::intake::Effect> },
    /// A command.
    Command(Vec<u8>),
}

pub type Outbox = mpsc::Sender<Outgoing>;

/// One connected device. A connection may carry several devices (a relay), a device one connection.
#[derive(Debug)]
pub struct Session {
    pub connection: u64,
    pub peer: SocketAddr,
    pub since: Timestamp,
    pub outbox: Outbox,
    state: Mutex<SessionState>,
}

#[derive(Clone, Debug)]
struct SessionState {
    edition: Edition,
    /// As last sent; commands carry it back.
    password: String,
    system: u16,
    last_frame_at: Timestamp,
    drift: ClockDrift,
    drift_counted: bool,
}

/// What others see of a session.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionView {
    pub peer: SocketAddr,
    pub since: Timestamp,
    pub edition: Edition,
    pub password: String,
    pub system: u16,
    pub last_frame_at: Timestamp,
    pub clock_drift_millis: Option<i64>,
}

impl Session {
    pub fn view(&self) -> SessionView {
        let state = relock(self.state.lock());
        SessionView {
            peer: self.peer,
            since: self.since,
            edition: state.edition,
            password: state.password.clone(),
            system: state.system,
            last_frame_at: state.last_frame_at,
            clock_drift_millis: state.drift.median_millis(),
        }
    }

    /// Notes a frame of the device; `true` the first time its clock is found to be far off.
    pub fn heard(
        &self,
        edition: Edition,
        password: &str,
        system: u16,
        sent_at: Option<Timestamp>,
        now: Timestamp,
    ) -> bool {
        let mut state = relock(self.state.lock());
        state.edition = edition;
        if state.password != password {
            password.clone_into(&mut state.password);
        }
        // Answers come as ST=91; commands go to the system the data came from.
        if system != 91 {
            state.system = system;
        }
        state.last_frame_at = now;
        if let Some(sent_at) = sent_at {
            state.drift.observe(sent_at, now);
        }
        let off = state.drift.is_off();
        let first = off && !state.drift_counted;
        state.drift_counted = off;
        first
    }
}

/// All sessions by device.
#[derive(Default)]
pub struct Sessions(RwLock<HashMap<String, Arc<Session>>>);

impl Sessions {
    pub fn get(&self, mn: &str) -> Option<Arc<Session>> {
        relock(self.0.read()).get(mn).cloned()
    }

    /// The session of a device on this connection; replaces an older connection's, which is left to end by
    /// itself: a logger that lost its line connects anew long before the old connection is known to be dead.
    pub fn enter(&self, mn: &str, connection: u64, peer: SocketAddr, outbox: &Outbox, now: Timestamp) -> Arc<Session> {
        if let Some(session) = self.get(mn)
            && session.connection == connection
        {
            return session;
        }
        let session = Arc::new(Session {
            connection,
            peer,
            since: now,
            outbox: outbox.clone(),
            state: Mutex::new(SessionState {
                edition: Edition::V2017,
                password: String::new(),
                system: 0,
                last_frame_at: now,
                drift: ClockDrift::default(),
                drift_counted: false,
            }),
        });
        relock(self.0.write()).insert(mn.to_owned(), Arc::clone(&session));
        session
    }

    /// Forgets a device when its connection ends, unless it has a newer one.
    pub fn leave(&self, mn: &str, connection: u64) {
        let mut sessions = relock(self.0.write());
        if sessions.get(mn).is_some_and(|session| session.connection == connection) {
            sessions.remove(mn);
        }
    }

    pub fn devices(&self) -> Vec<String> {
        relock(self.0.read()).keys().cloned().collect()
    }
}
