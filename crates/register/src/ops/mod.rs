//! The register as others see it: points, devices and records, kept in the store and exchanged as a whole when
//! records change.

mod attach;
mod bulk;
mod duties;
mod load;
mod merge;
mod places;
mod read;
mod saved;
mod write;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use api::LiveBus;
use arc_swap::ArcSwap;
use kernel::{Action, Actor, Division, ErrorCode, IdSource, PointSet, PointSource, Problem};
use store::{Store, StoreError};
use tokio::sync::watch;

use crate::catalog::Catalog;
use crate::colour::ColourBook;
use crate::county::{County, MapLayer};
use crate::derived::DerivedBook;
use crate::model::DeviceBinding;
use crate::pack::Pack;
use crate::points::{self, BINDINGS, Observable};
use crate::rows;
use crate::simulation::Simulation;

pub use attach::File;
pub use bulk::{BulkEdit, BulkLine, BulkReport};
pub use duties::{DutyLine, DutyQuestion, RecordDuties};
pub use merge::{Merge, MergeReport};
pub use places::{Drawing, MOST_MARKS, NamedRecord};
pub use read::{Change, DrawnRecord, Listed, ListedRevision, Question};
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
#[derive(Debug)]
struct State {
    catalog: Arc<Catalog>,
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
    changed: watch::Sender<u64>,
    places: places::PlaceBook,
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
        let state = State {
            colours: Arc::new(ColourBook::new(&catalog)),
            derived: Arc::new(DerivedBook::new(&catalog)),
            catalog: Arc::new(catalog),
            county: None,
            points: Arc::default(),
            devices: Arc::default(),
        };
        let register = Self {
            store,
            division,
            live,
            state: ArcSwap::from_pointee(state),
            rebuilding: Mutex::new(()),
            changed: watch::Sender::new(0),
            places: places::PlaceBook::default(),
            ids: IdSource::new(),
        };
        register.rebuild(None)?;
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

    /// Reads points and bindings from the store again and tells those who wait for it.
    fn rebuild(&self, pack: Option<&Pack>) -> Result<(), Problem> {
        let _held = self.rebuilding.lock().unwrap_or_else(PoisonError::into_inner);
        let current = self.state.load_full();
        let (catalog, county) = match pack {
            Some(pack) => {
                let view = CountyView {
                    county: pack.county.clone(),
                    layers: pack.layers.clone(),
                    simulation: pack.simulation.clone(),
                };
                (Arc::clone(&pack.catalog), Some(Arc::new(view)))
            }
            None => (Arc::clone(&current.catalog), current.county.clone()),
        };
        let records = self.store.read(|reader| {
            let mut records: Observable<'_> = BTreeMap::new();
            for definition in catalog.ledgers() {
                if definition.observed.is_some() || definition.id == BINDINGS {
                    records.insert(&definition.id, rows::all_of(reader, self.division, &definition.id)?);
                }
            }
            Ok(records)
        })?;
        let points = Arc::new(points::points_of(&records, &catalog));
        let devices = Arc::new(points::devices_of(&records, &catalog));
        drop(records);
        let (colours, derived) = match pack {
            Some(pack) => (Arc::new(ColourBook::new(&pack.catalog)), Arc::new(DerivedBook::new(&pack.catalog))),
            None => (Arc::clone(&current.colours), Arc::clone(&current.derived)),
        };
        if pack.is_some() {
            self.places.all_were_written(catalog.ledgers().map(|ledger| ledger.id.as_str()));
        }
        self.state.store(Arc::new(State { catalog, colours, derived, county, points, devices }));
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
