//! Who is connected (在线会话): by which connection a device can be reached, and what is known of its clock.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, RwLock};

use hj212::Edition;
use kernel::Timestamp;
use tokio::sync::mpsc;

use crate::clock::ClockDrift;
use crate::relock;

/// Answers to a group that is on disk; its place in the connection's window ends when they are written, and
/// then what the group asked for is done.
pub struct Acknowledgement {
    pub bytes: Vec<u8>,
    pub window: tokio::sync::OwnedSemaphorePermit,
    pub effects: Vec<crate::intake::Effect>,
}

/// What waits to be written to a device.
pub enum Outgoing {
    Acknowledge(Acknowledgement),
    Command(Vec<u8>),
}

/// Where a connection's outgoing bytes are put. Acknowledgements have places of their own, one for each place
/// of the window, so that no number of commands can crowd one out.
#[derive(Clone, Debug)]
pub struct Outbox {
    acknowledgements: mpsc::Sender<Acknowledgement>,
    commands: mpsc::Sender<Vec<u8>>,
}

/// The connection's end of an [`Outbox`].
pub struct Inbox {
    acknowledgements: mpsc::Receiver<Acknowledgement>,
    commands: mpsc::Receiver<Vec<u8>>,
}

/// An outbox for a window of so many groups, and so many commands beside.
pub fn outbox(window: usize, commands: usize) -> (Outbox, Inbox) {
    let (acknowledgements, waiting) = mpsc::channel(window.max(1));
    let (commands, asked) = mpsc::channel(commands.max(1));
    (Outbox { acknowledgements, commands }, Inbox { acknowledgements: waiting, commands: asked })
}

impl Outbox {
    /// `false` only when the connection is closed: whoever acknowledges holds a place of the window.
    pub fn acknowledge(&self, acknowledgement: Acknowledgement) -> bool {
        self.acknowledgements.try_send(acknowledgement).is_ok()
    }

    /// `false`: no room for another command now, or closed.
    pub fn command(&self, bytes: Vec<u8>) -> bool {
        self.commands.try_send(bytes).is_ok()
    }
}

impl Inbox {
    /// The next, acknowledgements first; `None`: nothing can come any more. May be dropped while it waits.
    pub async fn next(&mut self) -> Option<Outgoing> {
        tokio::select! {
            biased;
            next = self.acknowledgements.recv() => next.map(Outgoing::Acknowledge),
            next = self.commands.recv() => next.map(Outgoing::Command),
        }
    }

    /// What is there already.
    pub fn waiting(&mut self) -> Option<Outgoing> {
        let acknowledgement = self.acknowledgements.try_recv().ok().map(Outgoing::Acknowledge);
        acknowledgement.or_else(|| self.commands.try_recv().ok().map(Outgoing::Command))
    }
}

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

#[cfg(test)]
mod tests {
    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn commands_never_crowd_out_acknowledgements() {
        let (outbox, mut inbox) = outbox(2, 3);
        let window = Arc::new(Semaphore::new(2));
        let commands = (0..10u8).filter(|&number| outbox.command(vec![number])).count();
        assert_eq!(commands, 3, "commands are bounded");
        let mut acknowledged = 0;
        while let Ok(place) = Arc::clone(&window).try_acquire_owned() {
            let acknowledgement = Acknowledgement { bytes: vec![b'a'], window: place, effects: Vec::new() };
            assert!(outbox.acknowledge(acknowledgement), "a place for each place of the window");
            acknowledged += 1;
        }
        assert_eq!(acknowledged, 2);
        let mut order = String::new();
        if let Some(first) = inbox.next().await {
            order.push(if matches!(first, Outgoing::Acknowledge(_)) { 'a' } else { 'c' });
        }
        while let Some(next) = inbox.waiting() {
            order.push(if matches!(next, Outgoing::Acknowledge(_)) { 'a' } else { 'c' });
        }
        assert_eq!(order, "aaccc");
    }
}
