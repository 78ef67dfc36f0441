//! Judge (判): observations become verdicts (判定) under the standards in force at the data time.
//!
//! ```text
//! dirty periods → gather (observations, reviews, stops) → plan (pure) → apply (verdicts, events, next level dirty)
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `model.rs`, `code.rs`, `period.rs` | the nouns |
//! | `mark.rs`, `unit.rs`, `emission.rs`, `settings.rs`, `hour.rs`, `rules.rs`, `rule/*`, `plan.rs`, `suspicion.rs`, `rate.rs` | pure decisions |
//! | `reach.rs`, `rivers.rs`, `trophic.rs`, `soil.rs` | rivers and the county from their sections; lakes; soil samples |
//! | `gather.rs`, `rows.rs`, `review.rs`, `packed.rs` | what is read and how it is kept |
//! | `ops.rs`, `event.rs`, `quality.rs`, `stop.rs` | judging what is due, from hour to year; what people say of data |
//! | `basis.rs`, `again.rs` | what the register changed is judged again; what broke off, later |
//! | `dust.rs` | dust days, which leave statistics |
//! | `release.rs` | what a new release of the program says otherwise is judged again |
//! | `why.rs` | steps and inputs of any revision, on demand |
//! | `facts.rs` | what others may ask; `http/` the routes |
//!
//! Invariants: an unchanged finding writes nothing; a changed one is a new revision, and the old one stays readable;
//! arrival order never matters; nothing is judged by a figure that is not confirmed, nor where no edition covers the
//! date; raw observations are never touched.

mod again;
pub mod basis;
mod change;
pub mod chart;
pub mod code;
pub mod confirmation;
mod confirmation_value;
pub mod dust;
mod dust_rows;
pub mod emission;
mod event;
pub mod facts;
pub mod gather;
pub mod hour;
pub mod http;
pub mod mark;
pub mod model;
pub mod names;
mod ops;
pub mod packed;
pub mod period;
pub mod plan;
pub mod quality;
pub mod rate;
pub mod reach;
mod release;
mod release_rows;
pub mod report;
pub mod review;
mod rivers;
pub mod rows;
pub mod rule;
pub mod rules;
mod settings;
pub mod sheet;
pub mod soil;
pub mod source;
pub mod stop;
pub mod summary;
pub mod suspicion;
pub mod trophic;
pub mod unit;
pub mod waters;
pub mod why;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use kernel::{Division, IdSource, Name, PointSource, Problem};
use store::Store;

pub use facts::fact_descriptions;
pub use ops::Worked;
pub use rate::Rates;
pub use rows::MIGRATIONS;

/// The judging service. Cheap to share.
pub struct Judge {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) division: Division,
    pub(crate) live: api::LiveBus,
    /// With the limits of their standards.
    pub(crate) points: Arc<dyn PointSource>,
    pub(crate) standard_points: Arc<emission::StandardPoints>,
    pub(crate) current_rules: ArcSwap<plan::Rules>,
    pub(crate) ids: IdSource,
    names: OnceLock<Box<Names>>,
    pub(crate) devices: OnceLock<Box<Devices>>,
    /// The library as shipped, before anything was confirmed.
    pub(crate) shipped: Arc<standards::Library>,
    /// Confirmations may wait for what rests on them to be judged again.
    pub(crate) confirmations_wait: AtomicBool,
    /// Held while figures are confirmed: each takes up what the one before said.
    pub(crate) confirming: std::sync::Mutex<()>,
    /// The points whose basis was compared last.
    pub(crate) points_seen: std::sync::Mutex<Option<Arc<kernel::PointSet>>>,
    pub(crate) changes: change::Changes,
    /// When points, and confirmed figures, are looked at again of which a part could not be judged.
    pub(crate) points_again: again::Again,
    pub(crate) confirmations_again: again::Again,
    /// What of a new release is still to be judged again; `None`: not compared yet.
    pub(crate) release_rest: std::sync::Mutex<Option<release::Rest>>,
    pub(crate) release_again: again::Again,
    /// The dust days that verdicts rest on, those that the ledger says now, and whether they were compared.
    pub(crate) current_dust: ArcSwap<dust::DustBook>,
    pub(crate) dust_wanted: std::sync::Mutex<Option<dust::DustBook>>,
    pub(crate) dust_waits: AtomicBool,
    /// Periods that could not be judged and were put off, since the start.
    pub(crate) put_off: std::sync::atomic::AtomicU64,
}

/// Names of enterprises and rivers by key.
type Names = dyn Fn(&str) -> Option<Name> + Send + Sync;

/// When devices were bound to a point, by its id.
type Devices = dyn Fn(i64) -> Vec<rate::Bound> + Send + Sync;

impl Judge {
    /// The area whose dates of effect count is the division.
    ///
    /// # Errors
    /// When a table of the standards cannot be read.
    pub fn new(
        store: Arc<dyn Store>,
        division: Division,
        live: api::LiveBus,
        points: Arc<dyn PointSource>,
        standards: Arc<standards::Library>,
    ) -> Result<Arc<Self>, Problem> {
        let confirmed = store.read(|reader| confirmation::all(reader, division))?;
        let library = confirmation::library_with(&standards, &confirmed, None)?;
        let dust = store.read(|reader| dust_rows::current(reader, division))?;
        let rules = plan::Rules::new(Arc::clone(&library), division.to_string())?;
        let points = Arc::new(emission::StandardPoints::new(points, division.to_string(), library));
        Ok(Arc::new(Self {
            store,
            division,
            live,
            points: Arc::clone(&points) as Arc<dyn PointSource>,
            standard_points: points,
            current_rules: ArcSwap::from_pointee(rules),
            ids: IdSource::new(),
            names: OnceLock::new(),
            devices: OnceLock::new(),
            confirming: std::sync::Mutex::new(()),
            points_seen: std::sync::Mutex::new(None),
            changes: change::Changes::default(),
            points_again: again::Again::default(),
            confirmations_again: again::Again::default(),
            release_rest: std::sync::Mutex::new(None),
            release_again: again::Again::default(),
            current_dust: ArcSwap::from_pointee(dust),
            dust_wanted: std::sync::Mutex::new(None),
            // A change may have been broken off.
            dust_waits: AtomicBool::new(true),
            shipped: standards,
            confirmations_wait: AtomicBool::new(true),
            put_off: std::sync::atomic::AtomicU64::new(0),
        }))
    }

    /// The rules now; hold them for as long as one decision takes.
    pub(crate) fn rules(&self) -> Arc<plan::Rules> {
        self.current_rules.load_full()
    }

    /// The points with the limits that their standards give them.
    pub fn points(&self) -> Arc<dyn PointSource> {
        Arc::clone(&self.points)
    }

    /// How often a period could not be judged and was put off, since the start.
    pub fn times_put_off(&self) -> u64 {
        self.put_off.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Exceptions to the default units of devices.
    pub fn set_units(&self, units: unit::UnitProfiles) {
        self.rules().set_units(units);
    }

    /// How the keys of enterprises and rivers are named; the wiring knows.
    pub fn set_names(&self, names: impl Fn(&str) -> Option<Name> + Send + Sync + 'static) {
        // Only the first call counts; there is one wiring.
        let _ = self.names.set(Box::new(names));
    }

    /// When devices were bound to a point; the wiring knows. Hours without one are due in no rate.
    pub fn set_devices(&self, devices: impl Fn(i64) -> Vec<rate::Bound> + Send + Sync + 'static) {
        // Only the first call counts; there is one wiring.
        let _ = self.devices.set(Box::new(devices));
    }

    /// The name of an enterprise or river.
    pub fn name_of(&self, key: Option<&str>) -> Option<Name> {
        self.names.get()?(key?)
    }

    /// Counts up when verdicts of days and above changed; [`Judge::take_changed_years`] says of which years.
    pub fn changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub fn take_changed_years(&self) -> Vec<i32> {
        self.changes.take()
    }

    pub fn routes(self: &Arc<Self>) -> api::Routes {
        http::routes(self)
    }
}
