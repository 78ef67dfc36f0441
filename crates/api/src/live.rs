//! The live stream: what just changed, told to everybody who may see it.

use std::sync::Arc;

use kernel::{Action, Timestamp};
use serde_json::Value;
use tokio::sync::broadcast;

/// Listeners that fall further behind than this are told to ask again for the whole state.
const BACKLOG: usize = 1024;

#[derive(Clone, Debug)]
pub struct LiveEvent {
    /// Name in the stream: `latest`, `verdict`, `case`, `point_state`, `collect`, `command`.
    pub kind: &'static str,
    pub at: Timestamp,
    /// Who may see it: those who may do `action` on a thing of `owner`.
    pub action: Action,
    pub owner: Option<String>,
    pub data: Value,
}

/// One bus per process; sending never waits.
#[derive(Clone)]
pub struct LiveBus(broadcast::Sender<Arc<LiveEvent>>);

impl Default for LiveBus {
    fn default() -> Self {
        Self(broadcast::channel(BACKLOG).0)
    }
}

impl LiveBus {
    pub fn send(&self, event: LiveEvent) {
        // No listener is no error.
        let _ = self.0.send(Arc::new(event));
    }

    pub fn subscribe(&self) -> broadcast::Receiver<Arc<LiveEvent>> {
        self.0.subscribe()
    }
}
