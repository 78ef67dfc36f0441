//! Open commands in memory, and the changes that wait to be written down.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use kernel::{Id, Timestamp};
use tokio::sync::Notify;

use crate::command::{self, Step};
use crate::intake::CommandAnswer;
use crate::limits::Limits;
use crate::model::{Command, CommandKind, CommandReason, CommandState};
use crate::sessions::{Session, Sessions};
use crate::{relock, wire};

#[derive(Default)]
struct Book {
    open: HashMap<Id, Command>,
    /// Changed and not yet on disk, in order.
    changed: Vec<Command>,
}

/// Commands that are not over. What is over leaves; the table on disk keeps it.
#[derive(Default)]
pub struct CommandBook {
    book: Mutex<Book>,
    /// Rung when something changed.
    pub changed: Notify,
    last_qn: AtomicI64,
    open: AtomicUsize,
}

impl CommandBook {
    pub fn load(open: Vec<Command>) -> Self {
        let book = Book { open: open.into_iter().map(|command| (command.id, command)).collect(), changed: Vec::new() };
        Self { open: AtomicUsize::new(book.open.len()), book: Mutex::new(book), ..Self::default() }
    }

    /// A QN that no other command of this process has.
    pub fn next_qn(&self, now: Timestamp) -> String {
        let mut last = self.last_qn.load(Ordering::Relaxed);
        loop {
            let next = now.millis().max(last + 1);
            match self.last_qn.compare_exchange_weak(last, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return wire::qn(Timestamp(next)),
                Err(current) => last = current,
            }
        }
    }

    /// Takes in a command that is on disk.
    pub fn add(&self, command: Command) {
        let mut book = relock(self.book.lock());
        book.open.insert(command.id, command);
        self.open.store(book.open.len(), Ordering::Relaxed);
        drop(book);
        self.changed.notify_one();
    }

    pub fn open_of_point(&self, point: i64) -> usize {
        relock(self.book.lock()).open.values().filter(|command| command.point == point).count()
    }

    /// A quick look, without the lock.
    pub fn any_open(&self) -> bool {
        self.open.load(Ordering::Relaxed) > 0
    }

    /// Is a command of this kind and reason to this device open?
    pub fn has_open(&self, mn: &str, kind: CommandKind, reason: CommandReason) -> bool {
        let book = relock(self.book.lock());
        book.open.values().any(|command| command.mn == mn && command.kind == kind && command.reason == reason)
    }

    /// Applies a device's answer; `false`: it answers nothing of ours.
    pub fn answer(&self, answer: &CommandAnswer, now: Timestamp) -> bool {
        let mut book = relock(self.book.lock());
        let Some(command) = book.open.values_mut().find(|command| command.mn == answer.mn && command.qn == answer.qn)
        else {
            return false;
        };
        if command::answered(command, answer, now) {
            let changed = command.clone();
            if changed.state.is_final() {
                book.open.remove(&changed.id);
                self.open.store(book.open.len(), Ordering::Relaxed);
            }
            book.changed.push(changed);
            self.changed.notify_one();
        }
        true
    }

    /// Sends, sends again and gives up whatever is due.
    pub fn advance(
        &self,
        sessions: &Sessions,
        passwords: &dyn Fn(&Command) -> Option<String>,
        limits: &Limits,
        now: Timestamp,
    ) {
        let mut book = relock(self.book.lock());
        let mut ids: Vec<Id> = book.open.keys().copied().collect();
        ids.sort_unstable();
        for id in ids {
            let Some(command) = book.open.get(&id) else { continue };
            let session = sessions.get(&command.mn);
            let busy = book
                .open
                .values()
                .any(|other| other.id != id && other.mn == command.mn && !matches!(other.state, CommandState::Queued));
            let heard = session.as_ref().map(|session| session.view().last_frame_at);
            let changed = match (command::step(command, heard, busy, limits, now), session) {
                (Step::Wait, _) | (Step::Send, None) => continue,
                (Step::End(state), _) => Command { state, finished_at: Some(now), ..command.clone() },
                (Step::Send, Some(session)) => {
                    let password = passwords(command);
                    match transmit(command, &session, password, now) {
                        Some(sent) => sent,
                        None => continue,
                    }
                }
            };
            if changed.state.is_final() {
                book.open.remove(&id);
                self.open.store(book.open.len(), Ordering::Relaxed);
            } else {
                book.open.insert(id, changed.clone());
            }
            book.changed.push(changed);
            self.changed.notify_one();
        }
    }

    /// What changed since the last call, in order.
    pub fn take_changed(&self) -> Vec<Command> {
        std::mem::take(&mut relock(self.book.lock()).changed)
    }

    /// Could not be written: to be tried again before anything newer.
    pub fn put_back(&self, mut commands: Vec<Command>) {
        let mut book = relock(self.book.lock());
        commands.append(&mut book.changed);
        book.changed = commands;
    }
}

/// Hands a command to its device's connection; `None` when that has no room now.
fn transmit(command: &Command, session: &Session, password: Option<String>, now: Timestamp) -> Option<Command> {
    let view = session.view();
    let mut arguments = command.arguments.clone();
    if command.kind == CommandKind::SetTime && arguments.iter().all(|argument| argument.0 != "SystemTime") {
        arguments.push(("SystemTime".to_owned(), wire::data_time(now)));
    }
    let request = wire::Request {
        edition: view.edition,
        qn: &command.qn,
        system: command.system,
        cn: command.cn,
        password: password.as_deref().unwrap_or(&view.password),
        mn: &command.mn,
        arguments: &arguments,
    };
    let bytes = match wire::request(&request) {
        Ok(bytes) => bytes,
        Err(error) => {
            tracing::warn!("command {} cannot be written: {error}", command.id);
            return Some(Command {
                state: CommandState::Failed,
                finished_at: Some(now),
                answer: Some(error.to_string()),
                ..command.clone()
            });
        }
    };
    if !session.outbox.command(bytes) {
        return None;
    }
    Some(Command { state: CommandState::Sent, sent_at: Some(now), tries: command.tries + 1, ..command.clone() })
}
