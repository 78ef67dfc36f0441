//! Act (办): alarms become cases with an owner, a due time and evidence.

use std::sync::Arc;

use kernel::{Division, PointSource, Problem};
use store::{Migration, Store};

pub const MIGRATIONS: &[Migration] = &[];

/// The built-in workflow definitions.
pub struct Workflows;

impl Workflows {
    /// # Errors
    /// When a definition is broken.
    pub fn built_in() -> Result<Arc<Self>, Problem> {
        Ok(Arc::new(Self))
    }
}

/// The case service. Cheap to share.
pub struct Act {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) division: Division,
    pub(crate) live: api::LiveBus,
    pub(crate) points: Arc<dyn PointSource>,
    pub(crate) workflows: Arc<Workflows>,
}

impl Act {
    pub fn new(
        store: Arc<dyn Store>,
        division: Division,
        live: api::LiveBus,
        points: Arc<dyn PointSource>,
        workflows: Arc<Workflows>,
    ) -> Arc<Self> {
        Arc::new(Self { store, division, live, points, workflows })
    }

    /// Consumes the event log until told to stop.
    pub async fn run(self: Arc<Self>, mut stop: tokio::sync::watch::Receiver<bool>) {
        let _ = (&self.store, self.division, &self.live, &self.points, &self.workflows);
        let _ = stop.changed().await;
    }

    pub fn routes(self: &Arc<Self>) -> api::Routes {
        api::Routes::new("act")
    }
}

impl kernel::FactSource for Act {
    fn describe(&self) -> Vec<kernel::fact::FactDescription> {
        Vec::new()
    }

    fn answer(&self, query: &kernel::FactQuery, _now: kernel::Timestamp) -> Result<kernel::Fact, Problem> {
        Err(Problem::not_found(&query.name))
    }
}
