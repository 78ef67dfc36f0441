//! What the plan does by itself: it listens, waits a moment, asks again what may have changed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, watch};

use crate::ops::Plan;

/// Many changes, one refresh.
const SETTLE: Duration = Duration::from_millis(1500);
/// Everything is asked again as often as that: facts that nobody announced, and the turn of a year.
const EVERYTHING: Duration = Duration::from_secs(1800);

enum Wake {
    Everything,
    Touched,
    Event(Result<Arc<api::LiveEvent>, broadcast::error::RecvError>),
}

impl Plan {
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut events = self.live.subscribe();
        Arc::clone(&self).refresh_once(true).await;
        let mut last = tokio::time::Instant::now();
        loop {
            // Nothing is awaited inside: what the watch lends may not be held while the plan works.
            let wake = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep_until(last + EVERYTHING) => Wake::Everything,
                () = self.touch.notified() => Wake::Touched,
                event = events.recv() => Wake::Event(event),
            };
            match wake {
                Wake::Everything => {
                    Arc::clone(&self).refresh_once(true).await;
                    last = tokio::time::Instant::now();
                }
                Wake::Touched => {
                    tokio::time::sleep(SETTLE).await;
                    Arc::clone(&self).refresh_once(false).await;
                }
                Wake::Event(Ok(event)) if event.kind == "record" => self.touch(&["register."], None),
                Wake::Event(Ok(event)) if event.kind == "case" => self.touch(&["act."], None),
                Wake::Event(Ok(_)) => {}
                Wake::Event(Err(broadcast::error::RecvError::Lagged(_))) => self.touch(&["register.", "act."], None),
                Wake::Event(Err(broadcast::error::RecvError::Closed)) => return,
            }
        }
    }

    async fn refresh_once(self: Arc<Self>, everything: bool) {
        let refreshed = tokio::task::spawn_blocking(move || self.refresh(everything, kernel::time::now())).await;
        match refreshed {
            Ok(Ok(done)) => tracing::debug!(asked = done.asked, cells = done.cells.len(), "plan refreshed"),
            Ok(Err(problem)) => tracing::error!("refreshing the plan: {problem}"),
            Err(error) => tracing::error!("refreshing the plan: {error}"),
        }
    }
}
