//! The map of stations: all of them as few marks, by box and zoom, each coloured by the worst state it holds.

use std::sync::{Arc, Mutex, PoisonError};

use api::{Access, ApiResult, Caller, Json, Query, Routes, blocking, operation};
use kernel::{Action, Id, Name, Point, PointKind, Problem, Timestamp};
use register::clusters::{self, Frame, Mark, PER_DEGREE, Place, ten_millionths};
use register::http::{frame_of, zoom_of};
use serde::{Deserialize, Serialize};

use super::http::Wanted;
use super::{Points, State, StateCode};
use crate::overview::{PointCounts, counts};

/// Marks of one answer: each is an element of the page.
const MOST_MARKS: usize = 400;
/// Stations that one answer names, and those at one spot.
const MOST_NAMED: usize = 1_000;
const MOST_AT_A_SPOT: usize = 20;
/// The states of all stations are read once for everybody who pans within this time.
const KEPT_MILLIS: i64 = 2_000;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
struct StationMarksQuery {
    /// West, south, east, north in degrees.
    bbox: String,
    /// Zoom of the map, 0 to 20; the world is 512 pixels wide at 0.
    zoom: String,
    /// Kinds, separated by commas.
    kind: Option<String>,
    /// States, separated by commas.
    state: Option<String>,
    township: Option<String>,
    /// Text in name or key.
    q: Option<String>,
}

/// A station that a mark names.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
struct MarkedStation {
    id: String,
    name: Name,
    kind: PointKind,
    kind_name: Name,
    state: State,
    simulated: bool,
    schematic: bool,
}

/// One station on the map, or several that lie together.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct StationMark {
    lon: f64,
    lat: f64,
    count: u32,
    /// The smallest box around them; none when all are at one spot.
    around: Option<[f64; 4]>,
    /// The worst state of any of them, and how many have it.
    state: StateCode,
    state_name: Name,
    state_count: u32,
    /// The station; up to 20 of those at one spot. Empty where looking closer parts them, and when the answer names
    /// enough already: asked for alone a spot names its stations.
    stations: Vec<MarkedStation>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct StationMarks {
    marks: Vec<StationMark>,
    /// Stations that the question lets through, and those of them that have a place, in the box or not.
    matched: usize,
    placed: usize,
    /// All stations that one may see, whatever is asked.
    counts: PointCounts,
}

/// A station as it stood a moment ago.
#[derive(Clone, Debug)]
struct Seen {
    point: Arc<Point>,
    state: State,
}

/// The stations that were read last, and when.
#[derive(Debug, Default)]
struct Kept(Mutex<Option<(Timestamp, Arc<Vec<Seen>>)>>);

impl Kept {
    /// Held while they are read: many who look at once read them once.
    fn seen(&self, points: &Points, now: Timestamp) -> Result<Arc<Vec<Seen>>, Problem> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_young = |at: &Timestamp| (0..KEPT_MILLIS).contains(&(now.millis() - at.millis()));
        if let Some((_, seen)) = kept.as_ref().filter(|(at, _)| is_young(at)) {
            return Ok(Arc::clone(seen));
        }
        let standings = points.standings(now, |_| true)?;
        let seen = standings.into_iter().map(|standing| Seen { point: standing.point, state: standing.state });
        let seen = Arc::new(seen.collect::<Vec<_>>());
        *kept = Some((now, Arc::clone(&seen)));
        Ok(seen)
    }
}

pub fn routes(points: &Points) -> Routes {
    let (points, kept) = (points.clone(), Arc::new(Kept::default()));
    Routes::new("points").get(
        "/api/points/marks",
        operation("点位地图（聚合）", "points on the map, as few marks", Access::May(Action::ReadMonitoring))
            .query::<StationMarksQuery>()
            .returns::<StationMarks>(),
        async move |caller: Caller, Query(query): Query<StationMarksQuery>| -> ApiResult<Json<StationMarks>> {
            let (points, kept) = (points.clone(), Arc::clone(&kept));
            Ok(Json(blocking(move || answer(&points, &kept, &caller, &query)).await?))
        },
    )
}

fn answer(points: &Points, kept: &Kept, caller: &Caller, query: &StationMarksQuery) -> Result<StationMarks, Problem> {
    let (frame, zoom) = (frame_of(&query.bbox)?, zoom_of(&query.zoom)?);
    let [kind, state, township, q] =
        [&query.kind, &query.state, &query.township, &query.q].map(|part| part.as_deref().unwrap_or_default());
    let wanted = Wanted::of(kind, state, township, q)?;
    let all = kept.seen(points, kernel::time::now())?;
    let own: Vec<&Seen> =
        all.iter().filter(|seen| caller.0.may(Action::ReadMonitoring, seen.point.owner.as_deref())).collect();
    let counts = counts(own.iter().map(|seen| (seen.point.kind, seen.state.code)));
    let matching = own.into_iter().filter(|seen| wanted.takes(&seen.point) && wanted.takes_state(seen.state.code));
    let matching: Vec<&Seen> = matching.collect();
    let placed: Vec<(Place, &Seen)> = matching.iter().filter_map(|seen| Some((place_of(seen)?, *seen))).collect();
    Ok(StationMarks { marks: draw(&placed, frame, zoom), matched: matching.len(), placed: placed.len(), counts })
}

fn place_of(seen: &Seen) -> Option<Place> {
    let location = seen.point.location.as_ref()?;
    Some(Place {
        record: Id(seen.point.id),
        lon: ten_millionths(location.lon, 180.0)?,
        lat: ten_millionths(location.lat, 90.0)?,
        state: seen.state.code.place_on_map(),
    })
}

/// The marks of a box, each with the stations that can be named.
fn draw(placed: &[(Place, &Seen)], frame: Frame, zoom: u32) -> Vec<StationMark> {
    let places: Vec<Place> = placed.iter().map(|(place, _)| *place).collect();
    let degrees = |part: i32| f64::from(part) / PER_DEGREE;
    let mut left = MOST_NAMED;
    let view = |mark: Mark| {
        let named = named(placed, &mark);
        // All of a mark, or none: the rest of a spot is not to be taken for the whole.
        let stations = if named.len() <= left { named } else { Vec::new() };
        left -= stations.len();
        let state = StateCode::on_map(mark.state);
        StationMark {
            lon: degrees(mark.lon),
            lat: degrees(mark.lat),
            count: mark.count,
            around: (!mark.is_one_spot())
                .then(|| [mark.around.west, mark.around.south, mark.around.east, mark.around.north].map(degrees)),
            state,
            state_name: state.name(),
            state_count: mark.state_count,
            stations,
        }
    };
    clusters::marks(&places, frame, zoom, MOST_MARKS).into_iter().map(view).collect()
}

/// The station of a mark, or those at its spot, the worst first.
fn named(placed: &[(Place, &Seen)], mark: &Mark) -> Vec<MarkedStation> {
    if !mark.is_one_spot() {
        return Vec::new();
    }
    let here = placed.iter().filter(|(place, _)| (place.lon, place.lat) == (mark.lon, mark.lat));
    let mut here: Vec<_> = here.collect();
    here.sort_by_key(|(place, _)| (place.state, place.record));
    here.truncate(MOST_AT_A_SPOT);
    let station = |seen: &Seen| MarkedStation {
        id: seen.point.id.to_string(),
        name: seen.point.name.clone(),
        kind: seen.point.kind,
        kind_name: seen.point.kind.label(),
        state: seen.state.clone(),
        simulated: seen.point.simulated,
        schematic: seen.point.schematic,
    };
    here.into_iter().map(|(_, seen)| station(seen)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::point::PointLocation;

    const COUNTY: Frame = Frame { west: 1_083_000_000, south: 282_000_000, east: 1_094_000_000, north: 295_000_000 };

    fn seen(id: i64, lon: f64, lat: f64, code: StateCode) -> Seen {
        let location = PointLocation { lon, lat, accuracy: "schematic".into(), note: String::new() };
        let point = Point { location: Some(location), ..Point::simulated(id, PointKind::AirStation) };
        Seen { point: Arc::new(point), state: State { code, name: code.name(), since: None, reason: None } }
    }

    /// Stations, zoom → `count state×how many: named` of each mark from the south-west.
    fn check(all: &[Seen], zoom: u32, expect: &[&str]) {
        let placed: Vec<_> = all.iter().map(|seen| (place_of(seen).unwrap(), seen)).collect();
        let shown = |mark: &StationMark| {
            let named: Vec<&str> = mark.stations.iter().map(|one| one.id.as_str()).collect();
            let parts = if mark.around.is_some() { "parts" } else { "spot" };
            format!("{} {}×{} {parts} {}", mark.count, mark.state.code(), mark.state_count, named.join(","))
        };
        assert_eq!(draw(&placed, COUNTY, zoom).iter().map(shown).collect::<Vec<_>>(), expect, "zoom {zoom}");
    }

    #[test]
    fn the_worst_state_colours_and_silence_from_the_start_is_no_trouble() {
        let all = [
            seen(1, 108.77, 28.84, StateCode::Normal),
            seen(2, 108.771, 28.84, StateCode::Exceeding),
            seen(3, 108.772, 28.84, StateCode::NoData),
            seen(4, 109.2, 29.4, StateCode::NoData),
            seen(5, 109.2, 29.4, StateCode::Offline),
            seen(6, 120.0, 30.0, StateCode::Exceeding),
        ];
        check(&all, 8, &["3 exceeding×1 parts ", "2 offline×1 spot 5,4"]);
        check(&all[2..5], 20, &["1 no_data×1 spot 3", "2 offline×1 spot 5,4"]);
        check(&[all[0].clone(), all[2].clone()], 8, &["2 normal×1 parts "]);
    }

    #[test]
    fn a_spot_of_many_names_some_and_thousands_of_stations_are_few_marks() {
        let spot: Vec<Seen> = (1..=30).map(|id| seen(id, 108.77, 28.84, StateCode::Normal)).collect();
        let placed: Vec<_> = spot.iter().map(|seen| (place_of(seen).unwrap(), seen)).collect();
        let marks = draw(&placed, COUNTY, 12);
        assert_eq!((marks.len(), marks[0].count, marks[0].stations.len()), (1, 30, MOST_AT_A_SPOT));
        let many: Vec<Seen> = (0..5_000)
            .map(|id| seen(id, 108.4 + (id % 70) as f64 * 0.01, 28.3 + (id / 70) as f64 * 0.01, StateCode::Normal))
            .collect();
        let placed: Vec<_> = many.iter().map(|seen| (place_of(seen).unwrap(), seen)).collect();
        for zoom in [6, 12, 20] {
            let marks = draw(&placed, COUNTY, zoom);
            assert!(marks.len() <= MOST_MARKS, "{} marks at zoom {zoom}", marks.len());
            assert_eq!(marks.iter().map(|mark| mark.count).sum::<u32>(), 5_000);
        }
    }

    #[test]
    fn places_of_states_come_back() {
        for state in StateCode::ALL {
            assert_eq!(StateCode::on_map(state.place_on_map()), state);
        }
        assert!(StateCode::Normal.place_on_map() < StateCode::NoData.place_on_map());
    }
}
