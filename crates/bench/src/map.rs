//! The map of a ledger's list with 50,000 records: marks for the box that a screen shows, at several zooms.
//! Records are invented (示意).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kernel::{Actor, Division, Timestamp};
use register::clusters::{self, Frame, NO_STATE, Place};
use register::import::Options;
use register::ops::{MOST_MARKS, Question};
use register::{Register, built_in};
use store::Store;
use store::sqlite::{SqliteOptions, SqliteStore};

use crate::packets::Random;
use crate::{Figure, Folder, Result};

const POINTS: usize = 50_000;
const DIVISION: Division = Division(500_242);
const LEDGER: &str = "boiler";
const NOW: Timestamp = Timestamp(1_795_536_000_000);
/// The county in the middle of a screen of 1440 × 900, half a screen more on each side, as the page asks for it.
const MIDDLE: (f64, f64) = (108.8, 28.84);
const ZOOMS: [u32; 5] = [7, 9, 11, 13, 15];
const PANS: usize = 40;
/// A frame of a screen that shows sixty a second.
const SMOOTH: Duration = Duration::from_millis(16);
const ANSWER: Duration = Duration::from_millis(50);

pub fn measure() -> Result<Vec<Figure>> {
    let places = places();
    let mut pure = Vec::new();
    for zoom in ZOOMS {
        let mut took = timed(|pan| Ok(clusters::marks(&places, frame(zoom, pan)?, zoom, MOST_MARKS).len()))?;
        pure.push((zoom, p95(&mut took)));
    }
    let folder = Folder::new("map")?;
    let store: Arc<dyn Store> = SqliteStore::open(&folder.0, DIVISION, SqliteOptions::default(), register::MIGRATIONS)?;
    let catalog = built_in::catalog().map_err(|problems| format!("{problems:?}"))?;
    let register = Register::new(store, DIVISION, api::LiveBus::default(), catalog)?;
    let actor = Actor::system("bench");
    fill(&register, &actor, &places)?;
    let all = Question { ledger: LEDGER.into(), ..Question::default() };
    let filters: BTreeMap<String, String> = [("fuel".to_owned(), "coal".to_owned())].into();
    let some = Question { filters, ..all.clone() };
    let ask = |question: &Question, zoom: u32, pan: usize| -> Result<usize> {
        Ok(register.marks(&actor, question, frame(zoom, pan)?, zoom, NOW.day())?.marks.len())
    };
    let first = Instant::now();
    ask(&all, ZOOMS[0], 0)?;
    let first = first.elapsed();
    let filtered_first = Instant::now();
    ask(&some, ZOOMS[0], 0)?;
    let filtered_first = filtered_first.elapsed();
    let (mut whole, mut filtered) = (Vec::new(), Vec::new());
    for zoom in ZOOMS {
        let mut took = timed(|pan| ask(&all, zoom, pan))?;
        whole.push((zoom, p95(&mut took)));
        let mut took = timed(|pan| ask(&some, zoom, pan))?;
        filtered.push((zoom, p95(&mut took)));
    }
    Ok(vec![
        figure(
            "map of 50,000 points, marks alone",
            "p95 ≤ 16 ms at each zoom",
            &pure,
            SMOOTH,
            "the pure function over places in memory, 40 boxes a zoom, each 2 × 2 screens of 1440 × 900",
        ),
        figure(
            "map of 50,000 records, whole list",
            "p95 ≤ 50 ms at each zoom",
            &whole,
            ANSWER,
            "`Register::marks` with titles from the store (SQLite), the same boxes; no HTTP",
        ),
        figure(
            "map of 50,000 records, filtered to a fifth",
            "p95 ≤ 50 ms at each zoom",
            &filtered,
            ANSWER,
            "the same with `fuel=coal`",
        ),
        Figure {
            what: "map of 50,000 records, first look after a write",
            goal: "≤ 2 s",
            measured: format!("{:.2} s; a filter more {:.2} s", first.as_secs_f64(), filtered_first.as_secs_f64()),
            met: Some(first <= Duration::from_secs(2) && filtered_first <= Duration::from_secs(2)),
            method: "all places of the ledger are read and coloured once, then kept until the ledger is written",
        },
    ])
}

/// Thick around some towns, thin between them, and each tenth where others are already.
fn places() -> Vec<Place> {
    let mut random = Random(7);
    let mut part = |most: u32| random.below(most) as i32;
    let mut places: Vec<Place> = Vec::with_capacity(POINTS);
    for number in 0..POINTS {
        let (lon, lat) = match number {
            _ if number % 10 == 9 => (places[number / 2].lon, places[number / 2].lat),
            _ if number % 2 == 0 => {
                let town = part(40);
                let (east, north) = (town * 31 % 40, town * 17 % 40);
                (1_083_500_000 + east * 250_000 + part(200_000), 283_500_000 + north * 250_000 + part(200_000))
            }
            _ => (1_083_000_000 + part(11_000_000), 283_000_000 + part(11_000_000)),
        };
        places.push(Place { record: kernel::Id(number as i64 + 1), lon, lat, state: NO_STATE });
    }
    places
}

fn fill(register: &Register, actor: &Actor, places: &[Place]) -> Result<()> {
    for (part, chunk) in places.chunks(10_000).enumerate() {
        let mut file = "number,name,fuel,lon,lat,accuracy,source\n".to_owned();
        for (row, place) in chunk.iter().enumerate() {
            let number = part * 10_000 + row;
            let fuel = if number % 5 == 0 { "coal" } else { "gas" };
            let degrees = |part: i32| f64::from(part) / clusters::PER_DEGREE;
            file.push_str(&format!(
                "B{number:06},锅炉{number},{fuel},{},{},schematic,试验\n",
                degrees(place.lon),
                degrees(place.lat)
            ));
        }
        let options = Options { dry_run: false, ..Options::default() };
        let report = register.import(actor, LEDGER, file.as_bytes(), &options, NOW)?;
        if !report.written {
            return Err(
                format!("made to have no problems: {:?}", report.problems.first().map(|one| &one.what.en)).into()
            );
        }
    }
    Ok(())
}

/// The box that the page asks for when the map has been panned a little, by turns in four directions.
fn frame(zoom: u32, pan: usize) -> Result<Frame> {
    let per_pixel = 360.0 / (512.0 * f64::from(1u32 << zoom));
    let (wide, high) = (1440.0 * per_pixel, 900.0 * per_pixel * MIDDLE.1.to_radians().cos());
    let step = (pan / 4) as f64 * 0.1;
    let (east, north) = [(step, 0.0), (-step, 0.0), (0.0, step), (0.0, -step)][pan % 4];
    let (lon, lat) = (MIDDLE.0 + east * wide, MIDDLE.1 + north * high);
    Frame::of(lon - wide, lat - high, lon + wide, lat + high).ok_or_else(|| "a box off the earth".into())
}

fn timed(mut ask: impl FnMut(usize) -> Result<usize>) -> Result<Vec<Duration>> {
    (0..PANS)
        .map(|pan| {
            let started = Instant::now();
            std::hint::black_box(ask(pan)?);
            Ok(started.elapsed())
        })
        .collect()
}

fn p95(took: &mut [Duration]) -> Duration {
    took.sort_unstable();
    took[took.len() * 95 / 100]
}

fn figure(
    what: &'static str,
    goal: &'static str,
    found: &[(u32, Duration)],
    bound: Duration,
    method: &'static str,
) -> Figure {
    let text: Vec<String> =
        found.iter().map(|(zoom, took)| format!("z{zoom} {:.1} ms", took.as_secs_f64() * 1e3)).collect();
    let met = Some(found.iter().all(|(_, took)| *took <= bound));
    Figure { what, goal, measured: text.join(", "), met, method }
}
