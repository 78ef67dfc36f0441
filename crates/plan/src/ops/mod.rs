//! The service: what the plan says (a revision in force), what people entered, and the sheet that is computed from
//! both and from the facts of the other mechanisms.

mod admit;
mod assess;
mod author;
mod decide;
mod enter;
mod entry_rules;
mod evidence;
mod facts;
mod revise;
mod rollover;
mod sections;
mod tasks;
mod view;
mod what_if;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use kernel::{Division, Fact, Facts, IdSource, Problem, Timestamp};
use store::Store;

pub use assess::SavedView;
pub use enter::Draft;
pub use evidence::Trace;
pub use revise::{Loaded, RevisionView};
pub use tasks::TaskRow;
pub use view::{Home, IndicatorDetail, IndicatorRow, YearValue};
pub use what_if::{Assumption, WhatIf, WhatIfCell};

use crate::evaluate::Sheet;
use crate::item::Item;
use crate::rows;
use crate::source::Files;

const COUNTY: &str = "county.toml";

/// `extent` of `county.toml`; the register checks the file itself.
fn extent_of(files: &Files) -> Option<[f64; 4]> {
    let table: toml::Table = toml::from_str(files.get(COUNTY)?).ok()?;
    let degree = |value: &toml::Value| value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64));
    let found: Vec<f64> = table.get("extent")?.as_array()?.iter().filter_map(degree).collect();
    found.try_into().ok()
}

/// The plan service. Cheap to share as an `Arc`.
pub struct Plan {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) division: Division,
    pub(crate) live: api::LiveBus,
    /// West, south, east, north of the county: what is inspected lies in it.
    extent: Option<[f64; 4]>,
    /// `county.toml`; the register checks the file itself.
    county: Files,
    facts: Facts,
    ids: IdSource,
    loaded: RwLock<Arc<Loaded>>,
    items: RwLock<Arc<Vec<Item>>>,
    /// Held from reading the items to putting them in place, so that an older reading never replaces a newer one.
    reloading: Mutex<()>,
    sheet: RwLock<Sheet>,
    /// Newest answer to each question, with its evidence.
    answers: RwLock<HashMap<String, Fact>>,
    /// What may have changed since the last refresh: prefixes of facts, and years (none: all).
    touched: Mutex<Vec<(String, Option<Vec<i32>>)>>,
    pub(crate) touch: tokio::sync::Notify,
}

/// Reads a lock whose holder cannot have left half a change behind.
macro_rules! reading {
    ($lock:expr) => {
        $lock.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    };
}
macro_rules! writing {
    ($lock:expr) => {
        $lock.write().unwrap_or_else(std::sync::PoisonError::into_inner)
    };
}
pub(crate) use {reading, writing};

impl Plan {
    /// Opens the plan of a pack. The store must have been opened with [`rows::MIGRATIONS`]. Files that differ from
    /// an approved revision wait for approval; the approved one stays in force.
    pub fn new(
        store: Arc<dyn Store>,
        division: Division,
        live: api::LiveBus,
        facts: Facts,
        files: Files,
        now: Timestamp,
    ) -> Result<Arc<Self>, Problem> {
        let extent = extent_of(&files);
        let (county, files): (Files, Files) = files
            .into_iter()
            .filter(|(name, _)| name == COUNTY || name.starts_with("plan/") || name.starts_with("bodies/"))
            .partition(|(name, _)| name == COUNTY);
        let loaded = revise::load(&store, division, &facts, (files, &county), now)?;
        let items = store.read(|reader| rows::items(reader, division))?;
        let sheet = loaded.sheet(now);
        let plan = Self {
            store,
            division,
            live,
            extent,
            county,
            facts,
            ids: IdSource::new(),
            loaded: RwLock::new(Arc::new(loaded)),
            items: RwLock::new(Arc::new(items)),
            reloading: Mutex::default(),
            sheet: RwLock::new(sheet),
            answers: RwLock::default(),
            touched: Mutex::default(),
            touch: tokio::sync::Notify::new(),
        };
        plan.take_over_documents();
        Ok(Arc::new(plan))
    }

    pub fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(&reading!(self.loaded))
    }

    pub fn items(&self) -> Arc<Vec<Item>> {
        Arc::clone(&reading!(self.items))
    }

    pub fn items_of(&self, subject: &str) -> Vec<Item> {
        self.items().iter().filter(|item| item.subject == subject).cloned().collect()
    }

    fn reload_items(&self) -> Result<(), Problem> {
        let _held = self.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        let items = self.store.read(|reader| rows::items(reader, self.division))?;
        *writing!(self.items) = Arc::new(items);
        self.take_over_documents();
        Ok(())
    }

    /// Approved documented values into the sheet.
    fn take_over_documents(&self) {
        let items = self.items();
        let of = crate::item::ById::new(items.iter());
        let mut newest: HashMap<(&str, i32), (crate::item::Turn, f64)> = HashMap::new();
        for item in items.iter().filter(|item| item.approved()) {
            if let (crate::item::Content::Value { value }, Some(id)) =
                (&item.content, item.subject.strip_prefix("indicator:"))
                && let Some(value) = rust_decimal::prelude::ToPrimitive::to_f64(value)
            {
                let turn = of.turn(item);
                let held = newest.entry((id, item.year)).or_insert((turn, value));
                if held.0 <= turn {
                    *held = (turn, value);
                }
            }
        }
        let mut sheet = writing!(self.sheet);
        // One whose approval was reopened counts no more.
        for (id, year) in sheet.documented() {
            if !newest.contains_key(&(id.as_str(), year)) {
                sheet.document(&id, year, None);
            }
        }
        for ((id, year), (_, value)) in newest {
            sheet.document(id, year, Some(value));
        }
    }

    /// Tells that facts may have changed: those whose names begin so, in these years (none: every year).
    pub fn touch(&self, prefixes: &[&str], years: Option<Vec<i32>>) {
        let mut touched = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
        // More than that, and everything is asked again: the list stays small whatever storms.
        if touched.len() > 64 {
            touched.clear();
            touched.push((String::new(), None));
        } else {
            for prefix in prefixes {
                let wanted = ((*prefix).to_owned(), years.clone());
                if !touched.contains(&wanted) {
                    touched.push(wanted);
                }
            }
        }
        drop(touched);
        self.touch.notify_one();
    }
}
