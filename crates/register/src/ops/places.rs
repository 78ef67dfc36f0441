//! The records of a list on the map, as few marks. Places are read once and kept until the ledger is written, so
//! that panning a map of tens of thousands asks the store for titles only.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use kernel::{Actor, Day, Id, Name, Problem};
use serde_json::Value;

use super::write::definition_of;
use super::{Question, Register};
use crate::clusters::{self, Frame, Mark, NO_STATE, Place};
use crate::colour::ColourBook;
use crate::definition::{Geometry, LedgerDefinition};
use crate::list_rows;
use crate::outline;
use crate::record::{Content, Record};
use crate::rows;

/// Marks of one answer.
pub const MOST_MARKS: usize = 1_000;
/// Places of one ledger that a map knows; 24 bytes each.
pub const MOST_PLACES: usize = 200_000;
/// Lists whose places are kept.
const MOST_KEPT: usize = 8;
/// Records that one answer names, and those at one spot.
const MOST_NAMED: usize = 1_000;
const MOST_AT_A_SPOT: usize = 20;
const PAGE: i64 = 5_000;

/// Lines and areas of one answer, and the positions of all of them together.
pub const MOST_SHAPES: usize = 300;
pub const MOST_POSITIONS: usize = 20_000;

/// A record that a mark names.
#[derive(Clone, Debug)]
pub struct NamedRecord {
    pub id: Id,
    pub key: String,
    pub title: Name,
    pub simulated: bool,
    pub schematic: bool,
}

/// What a box of the map shows.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// Each with its records where it is one or all are at one spot, as far as they are named.
    pub marks: Vec<(Mark, Vec<NamedRecord>)>,
    /// Lines and areas that reach into the box, where they are few.
    pub shapes: Vec<DrawnShape>,
    /// Lines and areas that reach into the box and are drawn as marks only.
    pub undrawn: usize,
    /// Matches of the list, and those of them that have a place.
    pub matched: usize,
    pub placed: usize,
    /// There are more than a map knows.
    pub more: bool,
}

/// A line or an area as it is drawn.
#[derive(Clone, Debug)]
pub struct DrawnShape {
    /// GeoJSON, as coarse as the zoom allows.
    pub geometry: Value,
    /// Place of its colour rule.
    pub state: u8,
    pub record: NamedRecord,
}

/// How far the line or area of a record reaches.
#[derive(Clone, Copy, Debug)]
struct Reach {
    record: Id,
    around: Frame,
    state: u8,
}

/// The places of a list, and the reach of those that are lines or areas.
#[derive(Clone, Debug)]
struct Shown {
    places: Arc<Vec<Place>>,
    reaches: Arc<Vec<Reach>>,
    matched: usize,
    more: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Key {
    ledger: String,
    /// How often the ledger had been written.
    written: u64,
    /// Colours depend on the day.
    day: Day,
    filters: BTreeMap<String, String>,
    text: String,
    owner: Option<String>,
}

/// Places that are kept, and how often each ledger was written.
#[derive(Debug, Default)]
pub(super) struct PlaceBook {
    written: Mutex<HashMap<String, u64>>,
    /// Least recently used first.
    kept: Mutex<Vec<(Key, Shown)>>,
    /// Held while places are read, so that many who open a map at once read them once.
    reading: Mutex<()>,
}

fn relock<T>(lock: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PlaceBook {
    /// Called after the transaction: whoever read before it kept under the older number.
    pub(super) fn was_written(&self, ledger: &str) {
        *relock(&self.written).entry(ledger.to_owned()).or_default() += 1;
        relock(&self.kept).retain(|(key, _)| key.ledger != ledger);
    }

    pub(super) fn all_were_written<'l>(&self, ledgers: impl Iterator<Item = &'l str>) {
        ledgers.for_each(|ledger| self.was_written(ledger));
    }

    pub(super) fn written(&self, ledger: &str) -> u64 {
        relock(&self.written).get(ledger).copied().unwrap_or_default()
    }

    fn find(&self, key: &Key) -> Option<Shown> {
        let mut kept = relock(&self.kept);
        let at = kept.iter().position(|(known, _)| known == key)?;
        let found = kept.remove(at);
        kept.push(found);
        kept.last().map(|(_, shown)| shown.clone())
    }

    fn keep(&self, key: Key, shown: &Shown) {
        let mut kept = relock(&self.kept);
        kept.push((key, shown.clone()));
        let most = kept.len().saturating_sub(MOST_KEPT);
        kept.drain(..most);
    }
}

impl Register {
    /// The marks of a list in a box. What the actor may not see is not counted.
    pub fn marks(
        &self,
        actor: &Actor,
        question: &Question,
        frame: Frame,
        zoom: u32,
        today: Day,
    ) -> Result<Drawing, Problem> {
        let catalog = self.catalog();
        let definition = definition_of(&catalog, &question.ledger)?;
        if definition.geometry == Geometry::None || question.deleted {
            let what = "这个台账没有位置，或看的是已删除的 (a ledger without places, or deleted records)";
            return Err(Problem::invalid(what));
        }
        let shown = self.shown(actor, definition, question, today)?;
        let marks = clusters::marks(&shown.places, frame, zoom, MOST_MARKS);
        let records = self.named(&shown.places, frame, &marks)?;
        let (shapes, undrawn) = self.shapes(&shown.reaches, frame, zoom)?;
        Ok(Drawing {
            shapes,
            undrawn,
            marks: marks.into_iter().zip(records).collect(),
            matched: shown.matched,
            placed: shown.places.len(),
            more: shown.more,
        })
    }

    fn shown(
        &self,
        actor: &Actor,
        definition: &LedgerDefinition,
        question: &Question,
        today: Day,
    ) -> Result<Shown, Problem> {
        let wanted = self.wanted(actor, definition, question)?;
        let all = Key {
            ledger: definition.id.clone(),
            written: self.places.written(&definition.id),
            day: today,
            filters: BTreeMap::new(),
            text: String::new(),
            owner: None,
        };
        let key = Key {
            filters: question.filters.clone(),
            text: wanted.text.clone().unwrap_or_default(),
            owner: wanted.owner.clone(),
            ..all.clone()
        };
        if let Some(found) = self.places.find(&key) {
            return Ok(found);
        }
        let _held = relock(&self.places.reading);
        let base = match self.places.find(&all) {
            Some(found) => found,
            None => {
                let read = self.read_places(definition, today)?;
                self.places.keep(all.clone(), &read);
                read
            }
        };
        if key == all {
            return Ok(base);
        }
        let most = i64::try_from(MOST_PLACES).unwrap_or(i64::MAX);
        let (ids, more) = self.store.read(|reader| list_rows::ids(reader, self.division, &wanted, most))?;
        let ids: HashSet<Id> = ids.into_iter().collect();
        let places: Vec<Place> = base.places.iter().filter(|place| ids.contains(&place.record)).copied().collect();
        let reaches: Vec<Reach> = base.reaches.iter().filter(|reach| ids.contains(&reach.record)).copied().collect();
        let shown =
            Shown { places: Arc::new(places), reaches: Arc::new(reaches), matched: ids.len(), more: more || base.more };
        self.places.keep(key, &shown);
        Ok(shown)
    }

    /// All places of a ledger, page by page.
    fn read_places(&self, definition: &LedgerDefinition, today: Day) -> Result<Shown, Problem> {
        let colours = self.colours();
        let (mut places, mut reaches, mut matched, mut after) = (Vec::new(), Vec::new(), 0, String::new());
        loop {
            let page =
                self.store.read(|reader| rows::by_key_after(reader, self.division, &definition.id, &after, PAGE))?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.content.key);
            matched += page.len();
            for record in &page {
                if let Some((lon, lat)) = place_of(&record.content) {
                    let state = state_of(&colours, definition, &record.content, today);
                    places.push(Place { record: record.id, lon, lat, state });
                    if let Some(around) = record.content.geometry.as_ref().and_then(outline::around) {
                        reaches.push(Reach { record: record.id, around, state });
                    }
                }
            }
            if places.len() > MOST_PLACES {
                places.truncate(MOST_PLACES);
                reaches.truncate(MOST_PLACES);
                return Ok(Shown { places: Arc::new(places), reaches: Arc::new(reaches), matched, more: true });
            }
        }
        Ok(Shown { places: Arc::new(places), reaches: Arc::new(reaches), matched, more: false })
    }

    /// The lines and areas in a box where they are few, and how many are not drawn.
    fn shapes(&self, reaches: &[Reach], frame: Frame, zoom: u32) -> Result<(Vec<DrawnShape>, usize), Problem> {
        let within: Vec<&Reach> = reaches.iter().filter(|reach| frame.meets(&reach.around)).collect();
        if within.is_empty() || within.len() > MOST_SHAPES {
            return Ok((Vec::new(), within.len()));
        }
        let mut left = MOST_POSITIONS;
        let drawn = self.store.read(|reader| {
            let mut drawn = Vec::with_capacity(within.len());
            for reach in &within {
                let Some(mut record) = rows::find(reader, self.division, reach.record)? else { continue };
                let Some(geometry) = record.content.geometry.take() else { continue };
                let Some((geometry, positions)) = outline::simplified(&geometry, outline::pixel(zoom)) else {
                    continue;
                };
                if positions <= left {
                    left -= positions;
                    drawn.push(DrawnShape { geometry, state: reach.state, record: named(record) });
                }
            }
            Ok(drawn)
        })?;
        let undrawn = within.len() - drawn.len();
        Ok((drawn, undrawn))
    }

    /// The records of each mark that can be named.
    fn named(&self, places: &[Place], frame: Frame, marks: &[Mark]) -> Result<Vec<Vec<NamedRecord>>, Problem> {
        let spots = marks.iter().filter(|mark| mark.count > 1 && mark.is_one_spot());
        let mut at_spots: HashMap<(i32, i32), Vec<Id>> = spots.map(|mark| ((mark.lon, mark.lat), Vec::new())).collect();
        if !at_spots.is_empty() {
            for place in places.iter().filter(|place| frame.holds(place)) {
                if let Some(ids) = at_spots.get_mut(&(place.lon, place.lat)).filter(|ids| ids.len() < MOST_AT_A_SPOT) {
                    ids.push(place.record);
                }
            }
        }
        let mut left = MOST_NAMED;
        let found = self.store.read(|reader| {
            let mut all = Vec::with_capacity(marks.len());
            for mark in marks {
                let ids = match mark.count {
                    1 => vec![mark.first],
                    _ => at_spots.remove(&(mark.lon, mark.lat)).unwrap_or_default(),
                };
                let mut of_mark = Vec::new();
                // All of a mark, or none: the rest of a spot is not to be taken for the whole.
                if ids.len() <= left {
                    left -= ids.len();
                    for id in ids {
                        of_mark.extend(rows::find(reader, self.division, id)?.map(named));
                    }
                }
                all.push(of_mark);
            }
            Ok(all)
        })?;
        Ok(found)
    }
}

fn named(record: Record) -> NamedRecord {
    let content = record.content;
    NamedRecord {
        id: record.id,
        key: content.key,
        title: content.title,
        simulated: content.simulated,
        schematic: content.schematic,
    }
}

fn state_of(colours: &ColourBook, definition: &LedgerDefinition, content: &Content, today: Day) -> u8 {
    colours.place_of(definition, content, today).and_then(|place| u8::try_from(place).ok()).unwrap_or(NO_STATE)
}

/// Where a record is drawn: its location, or the middle of its line's or area's box.
fn place_of(content: &Content) -> Option<(i32, i32)> {
    let (lon, lat) = match (&content.location, &content.geometry) {
        (Some(location), _) => (location.lon, location.lat),
        (None, Some(geometry)) => return outline::around(geometry).map(|around| around.middle()),
        (None, None) => return None,
    };
    Some((clusters::ten_millionths(lon, 180.0)?, clusters::ten_millionths(lat, 90.0)?))
}
