//! The live stream as Server-Sent Events, filtered for each caller.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use api::{Access, ApiResult, Caller, LiveBus, LiveEvent, Routes, blocking, operation};
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use kernel::{Action, ErrorCode, Problem};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;
use tokio_stream::wrappers::{BroadcastStream, WatchStream};

use crate::identity::http::token_of;
use crate::identity::{Ended, Identity};

/// Open streams of all callers together.
const MOST_STREAMS: usize = 1_000;
/// A session that runs out tells nobody: every stream looks for itself this often.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

struct Seat(Arc<AtomicUsize>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn take_seat(taken: &Arc<AtomicUsize>) -> Result<Seat, Problem> {
    if taken.fetch_add(1, Ordering::Relaxed) >= MOST_STREAMS {
        taken.fetch_sub(1, Ordering::Relaxed);
        return Err(Problem::new(ErrorCode::TooMany, "实时连接太多 (too many live streams)"));
    }
    Ok(Seat(Arc::clone(taken)))
}

fn to_event(event: &LiveEvent) -> Event {
    Event::default().event(event.kind).data(event.data.to_string())
}

/// Waits for the end of the session behind a stream, then says so; goes when the stream is gone.
async fn watch_session<S: Future<Output = bool>>(
    mut told: broadcast::Receiver<Ended>,
    is_own: impl Fn(&Ended) -> bool,
    stands: impl Fn() -> S,
    every: Duration,
    over: watch::Sender<bool>,
) {
    // The first look is at once: the session may have ended while the stream was being opened.
    let mut look = tokio::time::interval(every);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let ended = tokio::select! {
            () = over.closed() => return,
            _ = look.tick() => !stands().await,
            ended = told.recv() => match ended {
                Ok(ended) => is_own(&ended),
                Err(RecvError::Lagged(_)) => !stands().await,
                Err(RecvError::Closed) => true,
            },
        };
        if ended {
            over.send_replace(true);
            return;
        }
    }
}

/// Ends of a stream: when the server stops, and when its session is over.
fn watch_caller(identity: &Arc<Identity>, caller: &Caller, token: String) -> watch::Receiver<bool> {
    let (over, session_over) = watch::channel(false);
    let (told, user) = (identity.ended(), caller.0.id);
    let (identity, own) = (Arc::clone(identity), token.clone());
    let stands = move || {
        let (identity, token) = (Arc::clone(&identity), token.clone());
        let look = blocking(move || identity.session_stands(&token, kernel::time::now()));
        async move {
            // A store that cannot be read just now ends no stream.
            look.await.unwrap_or_else(|problem| {
                tracing::warn!(problem = %problem.0, "looking at the session of a live stream");
                true
            })
        }
    };
    tokio::spawn(watch_session(told, move |ended| ended.is(&own, user), stands, LOOK_AGAIN, over));
    session_over
}

/// Streams end when `closing` turns true (a server that stops waits for its connections) and with their session.
pub fn routes(bus: &LiveBus, identity: &Arc<Identity>, closing: watch::Receiver<bool>) -> Routes {
    let (bus, identity, taken) = (bus.clone(), Arc::clone(identity), Arc::new(AtomicUsize::new(0)));
    Routes::new("live").get(
        "/api/live",
        operation("实时事件流", "live event stream", Access::May(Action::ReadMonitoring)).also("text/event-stream"),
        async move |caller: Caller, headers: HeaderMap| -> ApiResult<axum::response::Response> {
            let seat = take_seat(&taken)?;
            let session_over = watch_caller(&identity, &caller, token_of(&headers).unwrap_or_default());
            let stream = BroadcastStream::new(bus.subscribe()).filter_map(move |received| {
                let _held = &seat;
                match received {
                    Ok(event)
                        if crate::announce::is_for_people(&event)
                            && caller.0.may(event.action, event.owner.as_deref()) =>
                    {
                        Some(Some(to_event(&event)))
                    }
                    Ok(_) => None,
                    // What was missed cannot be told any more: ask for everything again.
                    Err(BroadcastStreamRecvError::Lagged(_)) => Some(Some(Event::default().event("reload").data("{}"))),
                }
            });
            // The first bytes at once, so that a browser knows it is connected.
            let hello = tokio_stream::once(Some(Event::default().event("hello").data("{}")));
            let end = WatchStream::new(closing.clone())
                .merge(WatchStream::new(session_over))
                .filter_map(|over| over.then_some(None));
            let events = hello
                .chain(stream)
                .merge(end)
                .take_while(Option::is_some)
                .filter_map(|event| event.map(Ok::<_, Infallible>));
            // An event, not a comment: pages see that the connection is alive, or that it is not (web/src/lib/freshness.ts).
            let ping = Event::default().event("ping").data("{}");
            let keep_alive = KeepAlive::new().interval(Duration::from_secs(15)).event(ping);
            Ok(Sse::new(events).keep_alive(keep_alive).into_response())
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Id;
    use std::sync::atomic::AtomicBool;

    /// Whether the stream is over soon after `happens`.
    async fn check(happens: impl FnOnce(&broadcast::Sender<Ended>, &AtomicBool), expect: bool) {
        let (told, stands) = (broadcast::Sender::new(2), Arc::new(AtomicBool::new(true)));
        let (over, mut session_over) = watch::channel(false);
        let looked = Arc::clone(&stands);
        let stands_still = move || std::future::ready(looked.load(Ordering::SeqCst));
        let is_own = |ended: &Ended| *ended == Ended::User(Id(7));
        let watching = watch_session(told.subscribe(), is_own, stands_still, Duration::from_millis(20), over);
        let watching = tokio::spawn(watching);
        tokio::time::sleep(Duration::from_millis(5)).await;
        happens(&told, &stands);
        let ended = tokio::time::timeout(Duration::from_millis(300), session_over.wait_for(|over| *over)).await.is_ok();
        assert_eq!(ended, expect);
        drop(session_over);
        tokio::time::timeout(Duration::from_secs(2), watching).await.expect("it goes with its stream").unwrap();
    }

    #[tokio::test]
    async fn a_stream_ends_with_its_session() {
        check(|_, _| {}, false).await;
        check(|_, stands| stands.store(false, Ordering::SeqCst), true).await;
        check(|told, _| drop(told.send(Ended::User(Id(7)))), true).await;
        check(|told, _| drop(told.send(Ended::User(Id(8)))), false).await;
        check(|told, _| (0..9).for_each(|_| drop(told.send(Ended::User(Id(8))))), false).await;
    }
}
