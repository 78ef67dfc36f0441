//! Judge (判): observations become verdicts under the standards in force at the data time.

use std::sync::Arc;

use kernel::{Division, PointSource, Problem};
use store::{Migration, Store};

pub const MIGRATIONS: &[Migration] = &[];

/// The judging service. Cheap to share.
pub struct Judge {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) division: Division,
    pub(crate) live: api::LiveBus,
    pub(crate) points: Arc<dyn PointSource>,
    pub(crate) standards: Arc<standards::Library>,
}

impl Judge {
    /// # Errors
    /// When a table of the standards cannot be read.
    pub fn new(
        store: Arc<dyn Store>,
        division: Division,
        live: api::LiveBus,
        points: Arc<dyn PointSource>,
        standards: Arc<standards::Library>,
    ) -> Result<Arc<Self>, Problem> {
        Ok(Arc::new(Self { store, division, live, points, standards }))
    }

    /// Judges what is due until told to stop.
    pub async fn run(self: Arc<Self>, mut stop: tokio::sync::watch::Receiver<bool>) {
        let _ = (&self.store, self.division, &self.live, &self.points, &self.standards);
        let _ = stop.changed().await;
    }

    pub fn routes(self: &Arc<Self>) -> api::Routes {
        api::Routes::new("judge")
    }
}

impl kernel::FactSource for Judge {
    fn describe(&self) -> Vec<kernel::fact::FactDescription> {
        Vec::new()
    }

    fn answer(&self, query: &kernel::FactQuery, _now: kernel::Timestamp) -> Result<kernel::Fact, Problem> {
        Err(Problem::not_found(&query.name))
    }
}
