//! The live stream as Server-Sent Events, filtered for each caller.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use api::{Access, ApiResult, Caller, LiveBus, LiveEvent, Routes, operation};
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use kernel::{Action, ErrorCode, Problem};
use tokio::sync::watch;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;
use tokio_stream::wrappers::{BroadcastStream, WatchStream};

/// Open streams of all callers together.
const MOST_STREAMS: usize = 1_000;

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

/// Streams end when `closing` turns true: a server that stops waits for its connections.
pub fn routes(bus: &LiveBus, closing: watch::Receiver<bool>) -> Routes {
    let (bus, taken) = (bus.clone(), Arc::new(AtomicUsize::new(0)));
    Routes::new("live").get(
        "/api/live",
        operation("实时事件流", "live event stream", Access::May(Action::ReadMonitoring)).also("text/event-stream"),
        async move |caller: Caller| -> ApiResult<axum::response::Response> {
            let seat = take_seat(&taken)?;
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
            let end = WatchStream::new(closing.clone()).filter_map(|closing| closing.then_some(None));
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
