//! The wiring: one store, four mechanisms, who tells whom what. Nothing here decides for a mechanism.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use act::{Act, Workflows};
use api::{LiveBus, LiveEvent, Routes};
use axum::Router;
use collect::Collect;
use judge::Judge;
use kernel::{Actor, Division, ErrorCode, Facts, Name, PointSource, Problem};
use plan::Plan;
use register::{Pack, Register};
use share::PublicSource;
use store::sqlite::{SqliteOptions, SqliteStore};
use store::{Migration, Store};
use tokio::net::TcpListener;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::task::JoinSet;
use zone::{LayerPlan, RuleBook, Zones};

use crate::bindings::{self, LedgerBindings};
use crate::identity::{self, Identity};
use crate::points::{self, Points};
use crate::public::PublicView;
use crate::{
    announce, app, audit, county, dust, duties, enterprise, factors, live, overview, soil, step_records, zones,
};

/// After layers could not be read.
const LAYERS_AGAIN: Duration = Duration::from_secs(5);

/// How to start.
pub struct Settings {
    /// Folder of the store.
    pub data: PathBuf,
    /// The county, checked.
    pub pack: Pack,
    /// Files of the pack by path, for the plan.
    pub files: BTreeMap<String, String>,
    /// Zone layers of the county (`map/zones.toml`).
    pub zones: LayerPlan,
    /// Simulated (模拟) stations are started beside the server.
    pub simulating: bool,
    pub store: SqliteOptions,
    pub version: &'static str,
}

/// Everything that runs in one process.
pub struct Platform {
    pub division: Division,
    pub store: Arc<dyn Store>,
    pub live: LiveBus,
    pub points: Points,
    pub identity: Arc<Identity>,
    /// A pack without a plan has none.
    pub plan: Option<Arc<Plan>>,
    pub zones: Arc<Zones>,
    simulating: bool,
    version: &'static str,
    /// Ends what would keep a connection open for ever.
    closing: watch::Sender<bool>,
    /// Names of bodies and enterprises by key, filled as they are asked for.
    names: Arc<Names>,
}

/// Migrations of all mechanisms, in the order of their floors.
pub fn migrations() -> Vec<Migration> {
    [
        register::MIGRATIONS,
        collect::MIGRATIONS,
        judge::MIGRATIONS,
        act::MIGRATIONS,
        zone::MIGRATIONS,
        identity::MIGRATIONS,
        plan::MIGRATIONS,
    ]
    .concat()
}

/// Opens the store of a county as it is, for those who only look: verification, backup.
pub fn open_store(
    data: &std::path::Path,
    division: Division,
    options: SqliteOptions,
) -> Result<Arc<dyn Store>, Problem> {
    Ok(SqliteStore::open(data, division, options, &migrations())?)
}

impl Platform {
    /// Opens the store, brings it to what the pack says, and makes the mechanisms. Nothing listens or runs yet.
    pub fn open(settings: Settings) -> Result<Arc<Self>, Problem> {
        let Settings { data, pack, files, zones: layers, simulating, store: options, version } = settings;
        let division = pack.county.division;
        let store = open_store(&data, division, options)?;
        let live = LiveBus::default();
        let register = Register::new(Arc::clone(&store), division, live.clone(), (*pack.catalog).clone())?;
        let report = register.load_pack(&pack, kernel::time::now())?;
        tracing::info!(
            records = report.records,
            created = report.created,
            revised = report.revised,
            retired = report.retired,
            kept = report.kept.len(),
            refused = report.refused.len(),
            "county pack"
        );
        let extent = zone::shape::Extent(pack.county.extent.0);
        drop(pack);
        let points: Arc<dyn PointSource> = Arc::clone(&register) as Arc<dyn PointSource>;
        let library = standards::Library::embedded()
            .map_err(|error| Problem::new(ErrorCode::Internal, format!("reading the standards: {error}")))?;
        let collect = Collect::new(Arc::clone(&store), division, live.clone(), Arc::clone(&points))?;
        collect.set_directory(bindings::directory_of(&register.devices()));
        collect.set_binding_keeper(Arc::new(LedgerBindings(Arc::clone(&register))));
        judge::names::set_namer(|code| {
            hj212::factor::find(code).map(|factor| Name::new(factor.zh.as_str(), factor.en.as_str()))
        });
        let judge = Judge::new(Arc::clone(&store), division, live.clone(), points, library)?;
        let act = Act::new(Arc::clone(&store), division, live.clone(), judge.points(), Workflows::built_in()?);
        let names = Arc::new(Names { register: Arc::clone(&register), known: RwLock::default() });
        let naming = Arc::clone(&names);
        act.set_body_names(move |key| naming.of(key));
        let counties = Arc::clone(&register);
        act.set_competent_body(move || counties.county().and_then(|view| view.county.competent_body.clone()));
        act.set_ledgers(Arc::new(step_records::StepLedgers(Arc::clone(&register))));
        act.set_duties(Arc::new(duties::LedgerDuties(Arc::clone(&register))));
        let naming = Arc::clone(&names);
        judge.set_names(move |key| naming.of(key));
        let bound = Arc::clone(&collect);
        judge.set_devices(move |point| {
            let directory = bound.directory();
            directory
                .devices()
                .filter(|device| device.point == point)
                .map(|device| (device.from, device.until))
                .collect()
        });
        judge.set_dust(dust::book_of(&register)?);
        let rules = RuleBook::built_in()
            .map_err(|error| Problem::new(ErrorCode::Internal, format!("reading the admission rules: {error}")))?;
        let (drawn, ledgers) = (Arc::clone(&register), layers.ledgers());
        let written = move || drawn.writes_to(ledgers.iter().map(String::as_str));
        let generation = written();
        let zones = Zones::new(Arc::clone(&store), division, extent, layers, rules);
        let zones = Arc::new(zones.after_writes(written));
        zones.set_layers(zones::layers_of(zones.plan(), &register)?, generation);
        let identity = Identity::new(Arc::clone(&store), division);
        let accounts = Arc::clone(&identity);
        act.set_people(move || accounts.people());
        let mut facts = Facts::default();
        facts.add(Arc::clone(&judge) as Arc<dyn kernel::FactSource>);
        facts.add(Arc::clone(&register) as Arc<dyn kernel::FactSource>);
        facts.add(Arc::clone(&act) as Arc<dyn kernel::FactSource>);
        let plan = match files.contains_key("plan/plan.toml") {
            true => Some(Plan::new(Arc::clone(&store), division, live.clone(), facts, files, kernel::time::now())?),
            false => None,
        };
        let points = Points { store: Arc::clone(&store), division, register, collect, judge, act };
        Ok(Arc::new(Self {
            division,
            store,
            live,
            points,
            identity,
            plan,
            zones,
            simulating,
            version,
            closing: watch::Sender::new(false),
            names,
        }))
    }

    /// Routes of everything, with their access: the one registry.
    pub fn routes(&self) -> Routes {
        let points = &self.points;
        let public: Arc<dyn PublicSource> =
            Arc::new(PublicView { register: Arc::clone(&points.register), judge: Arc::clone(&points.judge) });
        let routes = share::routes(&public)
            .merge(identity::http::routes(&self.identity))
            .merge(overview::routes(points))
            .merge(points::http::routes(points))
            .merge(points::marks::routes(points))
            .merge(enterprise::routes(points))
            .merge(duties::routes(points))
            .merge(soil::routes(points))
            .merge(county::routes(&points.register, self.simulating, self.version))
            .merge(points.collect.routes())
            .merge(points.judge.routes())
            .merge(points.act.routes())
            .merge(points.register.routes())
            .merge(zone::http::routes(&self.zones))
            .merge(audit::routes(&self.store, self.division, &self.identity, points))
            .merge(factors::routes())
            .merge(live::routes(&self.live, &self.identity, self.closing.subscribe()));
        match &self.plan {
            Some(plan) => routes.merge(plan.routes()),
            None => routes,
        }
    }

    pub fn router(&self) -> Router {
        app::build(Arc::clone(&self.identity), self.points.clone(), self.routes(), self.version)
    }

    /// Starts what runs by itself: presence and commands, judging, cases, states of points, bindings.
    pub fn start(self: &Arc<Self>, stop: &watch::Receiver<bool>) -> JoinSet<()> {
        let mut running = JoinSet::new();
        running.spawn(Arc::clone(&self.points.collect).run(stop.clone()));
        running.spawn(Arc::clone(&self.points.judge).run(stop.clone()));
        running.spawn(Arc::clone(&self.points.act).run(stop.clone()));
        running.spawn(announce::run(self.points.clone(), self.live.clone(), stop.clone()));
        running.spawn(Arc::clone(self).follow_register(stop.clone()));
        if let Some(plan) = &self.plan {
            running.spawn(Arc::clone(plan).run(stop.clone()));
            running.spawn(follow_verdicts(Arc::clone(&self.points.judge), Arc::clone(plan), stop.clone()));
        }
        running
    }

    /// Serves people and stations until `stop` turns true.
    pub fn serve(
        self: &Arc<Self>,
        running: &mut JoinSet<()>,
        http: TcpListener,
        hj212: TcpListener,
        stop: &watch::Receiver<bool>,
    ) {
        running.spawn(Arc::clone(&self.points.collect).serve_tcp(hj212, stop.clone()));
        let service = self.router().into_make_service_with_connect_info::<SocketAddr>();
        let (mut ended, platform) = (stop.clone(), Arc::clone(self));
        running.spawn(async move {
            let until = async move {
                let _ = ended.wait_for(|stop| *stop).await;
                platform.closing.send_replace(true);
            };
            if let Err(error) = axum::serve(http, service).with_graceful_shutdown(until).await {
                tracing::error!("serving HTTP: {error}");
            }
        });
    }

    /// Bindings, names and dust days that people change hold at once.
    async fn follow_register(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut changes = self.points.register.changes();
        // What was written between opening and now waits as well.
        changes.mark_changed();
        let mut heard = self.live.subscribe();
        loop {
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                event = heard.recv() => match event {
                    Ok(event) => {
                        if Names::are_told_by(&event) {
                            self.names.forget();
                        }
                        if !self.zones.are_behind() {
                            continue;
                        }
                    }
                    Err(RecvError::Lagged(_)) => self.names.forget(),
                    Err(RecvError::Closed) => return,
                },
                // Reading the layers failed before.
                () = tokio::time::sleep(LAYERS_AGAIN), if self.zones.are_behind() => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            let platform = Arc::clone(&self);
            let exchanged = tokio::task::spawn_blocking(move || {
                platform.names.forget();
                platform.points.collect.set_directory(bindings::directory_of(&platform.points.register.devices()));
                match dust::book_of(&platform.points.register) {
                    Ok(book) => platform.points.judge.set_dust(book),
                    Err(problem) => tracing::error!(%problem, "reading the dust days"),
                }
                if !platform.zones.are_behind() {
                    return;
                }
                // Read before the layers are: what is written while they are read is looked at once more.
                let generation = platform.zones.written();
                match zones::layers_of(platform.zones.plan(), &platform.points.register) {
                    Ok(layers) => platform.zones.set_layers(layers, generation),
                    Err(problem) => tracing::error!("exchanging zone layers: {problem}"),
                }
            });
            if let Err(error) = exchanged.await {
                tracing::error!("exchanging device bindings: {error}");
            }
        }
    }
}

/// Verdicts that changed are facts that changed, in their years.
async fn follow_verdicts(judge: Arc<Judge>, plan: Arc<Plan>, mut stop: watch::Receiver<bool>) {
    let mut changes = judge.changes();
    loop {
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            _ = stop.wait_for(|stop| *stop) => return,
        }
        let prefixes = ["air.", "water.", "source.", "outlet.", "flow.", "noise.", "data."];
        plan.touch(&prefixes, Some(judge.take_changed_years()));
    }
}

/// Names of bodies, enterprises and rivers.
struct Names {
    register: Arc<Register>,
    known: RwLock<HashMap<String, Option<Name>>>,
}

impl Names {
    const MOST: usize = 10_000;
    const LEDGERS: [&str; 3] = ["body", "enterprise", "river"];

    /// A record that has a name here was written.
    fn are_told_by(event: &LiveEvent) -> bool {
        let ledger = event.data.get("ledger").and_then(serde_json::Value::as_str);
        event.kind == "record" && ledger.is_some_and(|ledger| Self::LEDGERS.contains(&ledger))
    }

    fn of(&self, key: &str) -> Option<Name> {
        if let Some(known) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(key) {
            return known.clone();
        }
        let reader = Actor::system("names");
        let found = Self::LEDGERS
            .iter()
            .find_map(|ledger| self.register.record_by_key(&reader, ledger, key).ok())
            .map(|record| record.content.title);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() < Self::MOST {
            known.insert(key.to_owned(), found.clone());
        }
        found
    }

    fn forget(&self) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_what_is_written_of_their_ledgers() {
        let check = |kind: &'static str, data: serde_json::Value, expect: bool| {
            let (action, at) = (kernel::Action::ReadMonitoring, kernel::Timestamp(0));
            let event = LiveEvent { kind, at, action, owner: None, data };
            assert_eq!(Names::are_told_by(&event), expect, "{kind}");
        };
        check("record", serde_json::json!({ "id": "1", "ledger": "enterprise", "revision": 2 }), true);
        check("record", serde_json::json!({ "id": null, "ledger": "body", "records": 3 }), true);
        check("record", serde_json::json!({ "id": null, "ledger": "boiler", "records": 3 }), false);
        check("case", serde_json::json!({ "ledger": "enterprise" }), false);
    }
}
