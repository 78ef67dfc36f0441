//! One connection: bytes → frames → packets → group commit → acknowledgements.
//!
//! One task does all of it, so an idle station costs a few kilobytes: bytes are read into a buffer that the
//! worker threads share, and a connection holds memory of its own only while a frame is incomplete. At most
//! `window` groups of packets wait for their sync; no more is read until one has been answered, so that a
//! fast sender is slowed down by TCP itself.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use hj212::{Framer, Unit};
use kernel::Timestamp;
use store::contract::Transport;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, timeout};

use crate::activity::PointActivity;
use crate::anomaly;
use crate::intake::{self, Context, Effect, Heard};
use crate::pipeline::{Chunk, Done, ReadyPacket};
use crate::service::Collect;
use crate::sessions::{self, Acknowledgement, Inbox, Outbox, Outgoing, Session};

const READ: usize = 64 << 10;
/// Commands that may wait beside the acknowledgements.
const COMMANDS: usize = 16;
/// Devices that one connection (a relay) may speak for.
const MAX_DEVICES: usize = 4096;

thread_local! {
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ].into_boxed_slice());
}

/// Why a connection ended.
#[derive(Debug)]
enum End {
    /// By the peer, by an error of the line, or because the program stops.
    Closed,
    /// By us, for a counted reason.
    By(&'static str),
}

/// A device on this connection, and the point its newest data went to.
type Speaker = (Arc<Session>, Option<(i64, Arc<PointActivity>)>);

struct Connection<'c> {
    collect: &'c Arc<Collect>,
    stream: TcpStream,
    peer: SocketAddr,
    peer_text: Arc<str>,
    number: u64,
    framer: Framer,
    outbox: Outbox,
    devices: HashMap<String, Speaker>,
    /// Bytes passed over since the last whole frame.
    garbage: usize,
    any_frame: bool,
    /// Since when the frame that is being received has been incomplete.
    incomplete_since: Option<Instant>,
    last_heard: Instant,
}

pub async fn run(collect: &Arc<Collect>, stream: TcpStream, peer: SocketAddr, stop: watch::Receiver<bool>) {
    let (outbox, inbox) = sessions::outbox(collect.limits.window, COMMANDS);
    let mut connection = Connection {
        collect,
        stream,
        peer,
        peer_text: peer.to_string().into(),
        number: collect.next_connection.fetch_add(1, std::sync::atomic::Ordering::Relaxed),
        framer: Framer::with_limit(collect.limits.segment),
        outbox,
        devices: HashMap::new(),
        garbage: 0,
        any_frame: false,
        incomplete_since: None,
        last_heard: Instant::now(),
    };
    let end = connection.serve(inbox, stop).await;
    for mn in connection.devices.keys() {
        collect.sessions.leave(mn, connection.number);
    }
    if let End::By(name) = end {
        collect.count(intake::counted(connection.point(), name));
    }
}

pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error says that the sender is gone, which is an end as well.
    let _ = stop.wait_for(|stop| *stop).await;
}

impl Connection<'_> {
    /// A point this connection reports for, to count its end there.
    fn point(&self) -> i64 {
        self.devices.values().find_map(|(_, data)| data.as_ref().map(|data| data.0)).unwrap_or(0)
    }

    async fn serve(&mut self, mut inbox: Inbox, mut stop: watch::Receiver<bool>) -> End {
        let window = Arc::new(Semaphore::new(self.collect.limits.window));
        let mut permit: Option<OwnedSemaphorePermit> = None;
        loop {
            let deadline = self.deadline();
            tokio::select! {
                biased;
                () = stopped(&mut stop) => return End::Closed,
                outgoing = inbox.next() => {
                    let Some(outgoing) = outgoing else { return End::Closed };
                    if let Err(end) = self.write(outgoing, &mut inbox).await {
                        return end;
                    }
                }
                acquired = Arc::clone(&window).acquire_owned(), if permit.is_none() => permit = acquired.ok(),
                readable = self.stream.readable(), if permit.is_some() => {
                    if readable.is_err() {
                        return End::Closed;
                    }
                    match self.read() {
                        Ok(Some(closed)) => {
                            let end = self.take(&mut permit, closed).await;
                            if closed || end.is_some() {
                                return self.drain(inbox, window, permit, end).await;
                            }
                        }
                        Ok(None) => {}
                        Err(_) => return End::Closed,
                    }
                }
                () = tokio::time::sleep_until(deadline) => {
                    if let Some(end) = self.overdue(&mut permit).await {
                        return end;
                    }
                }
            }
        }
    }

    fn deadline(&self) -> Instant {
        let limits = &self.collect.limits;
        match self.incomplete_since {
            Some(since) => since + limits.frame,
            None if self.any_frame => self.last_heard + limits.idle,
            None => self.last_heard + limits.idle_before_first_frame,
        }
    }

    /// Reads what is there; `Some(true)`: the peer has closed its side.
    fn read(&mut self) -> std::io::Result<Option<bool>> {
        BUFFER.with_borrow_mut(|buffer| match self.stream.try_read(buffer) {
            Ok(0) => {
                self.framer.end();
                Ok(Some(true))
            }
            Ok(count) => {
                self.framer.push(&buffer[..count]);
                Ok(Some(false))
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        })
    }

    /// Takes every whole frame and hands them to the pipeline as one group. `Some`: close.
    async fn take(&mut self, permit: &mut Option<OwnedSemaphorePermit>, ended: bool) -> Option<End> {
        let collect = self.collect;
        // Until the group stands in the queue: an adoption waits for those that decided by older bindings.
        let deciding = collect.deciding.read().await;
        let group = self.gather();
        if !group.packets.is_empty() {
            let window = permit.take()?;
            let acknowledgement = Acknowledgement { bytes: group.answers, window, effects: group.effects };
            let done = Done::Acknowledge { acknowledgement, outbox: self.outbox.clone() };
            if collect.sender.send(Chunk { packets: group.packets, done }).await.is_err() {
                return Some(End::Closed);
            }
        }
        drop(deciding);
        (self.garbage > self.collect.limits.garbage && !ended).then_some(End::By(anomaly::TOO_MUCH_GARBAGE))
    }

    /// Every whole frame that has arrived, treated.
    fn gather(&mut self) -> Group {
        let now = kernel::time::now();
        let mut group = Group::default();
        let mut frames = 0;
        let mut unstored = false;
        let collect = Arc::clone(self.collect);
        let peer_text = Arc::clone(&self.peer_text);
        let directory = collect.directory.load();
        let issued = |mn: &str| collect.issued_keys(mn);
        let context = Context {
            directory: &directory,
            quarantine: &collect.quarantine,
            factors: &collect.factors,
            issued_keys: &issued,
            peer: &peer_text,
            address: Some(self.peer.ip()),
            transport: Transport::Hj212,
            now,
            commands_open: collect.commands.any_open(),
        };
        let mut framer = std::mem::take(&mut self.framer);
        while let Some(unit) = framer.next() {
            match unit {
                Unit::Frame(frame) => {
                    frames += 1;
                    let mut known = false;
                    let mut clock_off = None;
                    let taken = intake::take(&context, &frame, &mut |heard| {
                        known = true;
                        clock_off = self.heard(&heard, now);
                    });
                    match taken {
                        Ok(taken) => {
                            if taken.packet.frame.is_some() || known {
                                self.garbage = 0;
                                self.any_frame = true;
                            } else {
                                self.garbage += frame.whole.len();
                            }
                            group.packets.push(taken.packet);
                            group.packets.extend(clock_off);
                            group.answers.extend(taken.answer.into_iter().flatten());
                            group.effects.extend(taken.effect);
                        }
                        // A new factor code could not be written down: as if the packet had not come.
                        Err(error) => {
                            tracing::warn!("a packet of {} is not taken: {error}", self.peer_text);
                            unstored = true;
                        }
                    }
                }
                Unit::Refused(refusal) => {
                    self.garbage += refusal.bytes.len();
                    group.packets.push(intake::counted(0, refusal.kind.name()));
                }
            }
        }
        let rest = framer.buffered();
        if rest == 0 {
            framer.shrink();
        }
        self.framer = framer;
        self.last_heard = Instant::now();
        self.incomplete_since = match (rest, frames) {
            (0, _) => None,
            (_, 0) => self.incomplete_since.or(Some(self.last_heard)),
            _ => Some(self.last_heard),
        };
        if unstored {
            self.collect.state.counters.refuse(anomaly::NOT_STORED, 1);
        }
        group
    }

    /// Notes who spoke; a packet that counts a clock that is off, once.
    fn heard(&mut self, heard: &Heard<'_>, now: Timestamp) -> Option<ReadyPacket> {
        if !self.devices.contains_key(heard.mn) {
            if self.devices.len() >= MAX_DEVICES {
                return None;
            }
            let session = self.collect.sessions.enter(heard.mn, self.number, self.peer, &self.outbox, now);
            self.devices.insert(heard.mn.to_owned(), (session, None));
        }
        let (session, activity) = self.devices.get_mut(heard.mn)?;
        let clock_off = session.heard(heard.edition, heard.password, heard.system, heard.sent_at, now);
        let (point, data_time) = heard.data?;
        match activity {
            Some((known, activity)) if *known == point => activity.heard(now, data_time),
            other => {
                let found = self.collect.activity.of(point);
                found.heard(now, data_time);
                *other = Some((point, found));
            }
        }
        clock_off.then(|| intake::counted(point, anomaly::CLOCK_OFF))
    }

    /// Writes what waits, at once: one commit often answers several groups of a connection.
    async fn write(&mut self, outgoing: Outgoing, inbox: &mut Inbox) -> Result<(), End> {
        let mut bytes = Vec::new();
        let mut effects = Vec::new();
        let mut windows = Vec::new();
        let mut next = Some(outgoing);
        while let Some(outgoing) = next {
            let more = match outgoing {
                Outgoing::Acknowledge(acknowledgement) => {
                    windows.push(acknowledgement.window);
                    effects.extend(acknowledgement.effects);
                    acknowledgement.bytes
                }
                Outgoing::Command(bytes) => bytes,
            };
            if bytes.is_empty() {
                bytes = more;
            } else {
                bytes.extend_from_slice(&more);
            }
            next = inbox.waiting();
        }
        if !bytes.is_empty() {
            match timeout(self.collect.limits.write, self.stream.write_all(&bytes)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(End::Closed),
                Err(_) => return Err(End::By(anomaly::NOT_READING)),
            }
        }
        drop(windows);
        for effect in effects {
            self.collect.apply(effect, &self.outbox).await;
        }
        Ok(())
    }

    /// The peer sends no more, or is to be closed: what was taken is still answered once it is durable.
    async fn drain(
        &mut self,
        mut inbox: Inbox,
        window: Arc<Semaphore>,
        permit: Option<OwnedSemaphorePermit>,
        end: Option<End>,
    ) -> End {
        drop(permit);
        let all = self.collect.limits.window as u32;
        let limit = Instant::now() + self.collect.limits.write;
        loop {
            tokio::select! {
                biased;
                outgoing = inbox.next() => {
                    let Some(outgoing) = outgoing else { break };
                    if let Err(end) = self.write(outgoing, &mut inbox).await {
                        return end;
                    }
                }
                _ = window.acquire_many(all) => break,
                () = tokio::time::sleep_until(limit) => break,
            }
        }
        end.unwrap_or(End::Closed)
    }

    /// A deadline has passed: an incomplete frame is given its last chance, an idle connection is closed.
    async fn overdue(&mut self, permit: &mut Option<OwnedSemaphorePermit>) -> Option<End> {
        if self.incomplete_since.is_none() {
            return Some(End::By(anomaly::IDLE_TIMEOUT));
        }
        if permit.is_none() {
            // Waiting for the disk, not for the peer.
            self.incomplete_since = Some(Instant::now());
            return None;
        }
        // A last frame whose length field is too large is whole all the same; the framer takes it at the end.
        let framer = &mut self.framer;
        framer.end();
        let before = self.any_frame;
        self.any_frame = false;
        let end = self.take(permit, false).await;
        let found = self.any_frame;
        self.any_frame |= before;
        self.framer = Framer::with_limit(self.collect.limits.segment);
        self.incomplete_since = None;
        end.or_else(|| (!found).then_some(End::By(anomaly::FRAME_TIMEOUT)))
    }
}

/// Packets read at once, and what is to be said when they are durable.
#[derive(Default)]
struct Group {
    packets: Vec<ReadyPacket>,
    answers: Vec<u8>,
    effects: Vec<Effect>,
}
