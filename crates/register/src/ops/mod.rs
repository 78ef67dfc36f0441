//! The register as others see it: points, devices and records, kept in the store and exchanged as a whole when
//! records change.

mod adopt;
mod announce;
mod attach;
mod bulk;
mod check;
mod design;
mod duties;
mod fit;
mod load;
mod merge;
mod places;
mod read;
mod saved;
mod standing;
mod steps;
mod write;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use api::LiveBus;
use arc_swap::ArcSwap;
use kernel::{Action, Actor, Division, ErrorCode, IdSource, PointSet, PointSource, Problem, WorkingCalendar};
use store::{Store, StoreError};
use tokio::sync::watch;

use crate::catalog::{Catalog, Part};
use crate::colour::ColourBook;
use crate::county::{County, MapLayer};
use crate::derived::DerivedBook;
use crate::design::rows as design_rows;
use crate::model::DeviceBinding;
use crate::points::{self, BINDINGS, Observable};
use crate::problem::PackProblem;
use crate::rows;
use crate::simulation::Simulation;

pub use attach::File;
pub use bulk::{BulkEdit, BulkLine, BulkReport};
pub use design::{DesignBack, DesignCheck, DesignDraft, DesignSave, Designed};
pub use duties::{DutyLine, DutyQuestion, RecordDuties};
pub use fit::{FitReport, Unfit};
pub use merge::{Merge, MergeReport};
pub use places::{Drawing, DrawnShape, MOST_MARKS, MOST_SHAPES, NamedRecord};
pub(crate) use read::changes;
pub use read::{Change, DrawnRecord, Listed, ListedRevision, Question};
use standing::Standing;
pub use steps::OpenRegister;
pub(crate) use write::definition_of;
pub use write::{Draft, Target};

/// What a county pack says beside its records.
#[derive(Clone, Debug)]
pub struct CountyView {
    pub county: County,
    pub layers: Vec<MapLayer>,
    pub simulation: Simulation,
}

/// Everything that is kept in memory; exchanged as a whole.
#[derive(Clone, Debug)]
struct State {
    /// What the release and the pack say.
    base: Arc<Catalog>,
    /// With what the designer says over it.
    catalog: Arc<Catalog>,
    /// Definitions of the designer that do not hold under this release.
    broken: Arc<Vec<(Part, Vec<PackProblem>)>>,
    colours: Arc<ColourBook>,
    derived: Arc<DerivedBook>,
    county: Option<Arc<CountyView>>,
    points: Arc<PointSet>,
    devices: Arc<Vec<DeviceBinding>>,
}

/// The service. Cheap to share as an `Arc`.
pub struct Register {
    store: Arc<dyn Store>,
    division: Division,
    live: LiveBus,
    state: ArcSwap<State>,
    /// Held while the state is rebuilt, so that an older reading never replaces a newer one.
    rebuilding: Mutex<()>,
    /// Held for reading while records are checked and written, for writing while definitions are.
    schema: RwLock<()>,
    changed: watch::Sender<u64>,
    places: places::PlaceBook,
    /// Working days, for duties.
    pub(crate) calendar: WorkingCalendar,
    ids: IdSource,
}

impl Register {
    /// Opens the register on what the store holds. The store must have been opened with [`rows::MIGRATIONS`].
    pub fn new(
        store: Arc<dyn Store>,
        division: Division,
        live: LiveBus,
        catalog: Catalog,
    ) -> Result<Arc<Self>, Problem> {
        let newest = store.read(|reader| design_rows::newest(reader, division))?;
        let standing = Standing::of(&catalog, &newest);
        let state = State {
            colours: Arc::new(ColourBook::new(&standing.catalog)),
            derived: Arc::new(DerivedBook::new(&standing.catalog)),
            catalog: Arc::new(standing.catalog),
            broken: Arc::new(standing.broken),
            base: Arc::new(catalog),
            county: None,
            points: Arc::default(),
            devices: Arc::default(),
        };
        let calendar = WorkingCalendar::built_in().map_err(Problem::invalid)?;
        let register = Self {
            calendar,
            store,
            division,
            live,
            state: ArcSwap::from_pointee(state),
            rebuilding: Mutex::new(()),
            schema: RwLock::new(()),
            changed: watch::Sender::new(0),
            places: places::PlaceBook::default(),
            ids: IdSource::new(),
        };
        register.rebuild()?;
        Ok(Arc::new(register))
    }

    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.state.load().catalog)
    }

    pub fn colours(&self) -> Arc<ColourBook> {
        Arc::clone(&self.state.load().colours)
    }

    pub fn derived(&self) -> Arc<DerivedBook> {
        Arc::clone(&self.state.load().derived)
    }

    /// County, layers and simulation of the pack that was loaded; none before.
    pub fn county(&self) -> Option<Arc<CountyView>> {
        self.state.load().county.clone()
    }

    /// Which device reports for which point. A device's point is already the one that it is an instrument of.
    pub fn devices(&self) -> Arc<Vec<DeviceBinding>> {
        Arc::clone(&self.state.load().devices)
    }

    /// Counts up when points or devices may have changed.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Counts what was written to these ledgers since the start, definitions included: for whoever keeps something of
    /// them and must know whether it is of now. Counted before anybody is told.
    pub fn writes_to<'l>(&self, ledgers: impl IntoIterator<Item = &'l str>) -> u64 {
        ledgers.into_iter().map(|ledger| self.places.written(ledger)).sum()
    }

    /// The catalog, and the promise that no definition changes while the guard lives.
    fn writing(&self) -> (RwLockReadGuard<'_, ()>, Arc<Catalog>) {
        let held = self.schema.read().unwrap_or_else(PoisonError::into_inner);
        (held, self.catalog())
    }

    /// Reads points and bindings from the store again and tells those who wait for it.
    fn rebuild(&self) -> Result<(), Problem> {
        self.rebuild_with(|_| {})
    }

    /// Exchanges the definitions.
    fn exchange(&self, base: &Arc<Catalog>, standing: Standing) -> Result<(), Problem> {
        let catalog = Arc::new(standing.catalog);
        let (colours, derived) = (Arc::new(ColourBook::new(&catalog)), Arc::new(DerivedBook::new(&catalog)));
        let broken = Arc::new(standing.broken);
        self.rebuild_with(|state| {
            state.base = Arc::clone(base);
            state.catalog = Arc::clone(&catalog);
            (state.colours, state.derived) = (Arc::clone(&colours), Arc::clone(&derived));
            state.broken = Arc::clone(&broken);
        })?;
        self.places.all_were_written(catalog.ledgers().map(|ledger| ledger.id.as_str()));
        // Told once more: whoever was told before may have looked before this was counted.
        self.changed.send_modify(|count| *count += 1);
        Ok(())
    }

    fn rebuild_with(&self, change: impl FnOnce(&mut State)) -> Result<(), Problem> {
        let _held = self.rebuilding.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = State::clone(&self.state.load());
        change(&mut state);
        let catalog = Arc::clone(&state.catalog);
        let records = self.store.read(|reader| {
            let mut records: Observable<'_> = BTreeMap::new();
            for definition in catalog.ledgers() {
                if definition.observed.is_some() || definition.id == BINDINGS {
                    records.insert(&definition.id, rows::all_of(reader, self.division, &definition.id)?);
                }
            }
            Ok(records)
        })?;
        state.points = Arc::new(points::points_of(&records, &catalog));
        state.devices = Arc::new(points::devices_of(&records, &catalog));
        drop(records);
        self.state.store(Arc::new(state));
        self.changed.send_modify(|count| *count += 1);
        Ok(())
    }

    /// Owner that the actor's reading is restricted to: `None` for everybody's records.
    fn reading_scope(&self, actor: &Actor) -> Result<Option<String>, Problem> {
        if actor.may(Action::ReadMonitoring, None) {
            return Ok(None);
        }
        match &actor.body {
            Some(body) if actor.may(Action::ReadMonitoring, Some(body)) => Ok(Some(body.clone())),
            _ => Err(Problem::new(ErrorCode::NotAllowed, "无权查看台账 (ledgers may not be read)")),
        }
    }
}

impl PointSource for Register {
    fn points(&self) -> Arc<PointSet> {
        Arc::clone(&self.state.load().points)
    }
}

/// A refusal inside a transaction, which is then rolled back.
fn refuse(problem: Problem) -> StoreError {
    StoreError::Problem(problem)
}
