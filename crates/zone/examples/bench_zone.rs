//! Checks against 100,000 polygons: `cargo run --release -p zone --example bench_zone`.
//!
//! Polygons of 24 corners, about 300 m across, scattered over a county's extent (invented, 示意); three rules: within,
//! distance, share of area. Points and drawn areas of 12 corners.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use kernel::{Day, Name};
use serde_json::json;
use zone::shape::{Extent, Shape};
use zone::{Layer, LayerSet, RuleBook, Site, Zone, check};

const POLYGONS: usize = 100_000;
const CHECKS: usize = 5_000;

/// The same numbers on every machine.
fn random(state: &mut u64) -> f64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 11) as f64 / (1u64 << 53) as f64
}

fn round(lon: f64, lat: f64, size: f64, corners: usize) -> Result<Shape, Box<dyn std::error::Error>> {
    let mut ring: Vec<[f64; 2]> = (0..corners)
        .map(|corner| {
            let angle = corner as f64 / corners as f64 * std::f64::consts::TAU;
            [lon + size * angle.cos(), lat + size * angle.sin()]
        })
        .collect();
    ring.push(ring[0]);
    Ok(Shape::from_geojson(&json!({ "type": "Polygon", "coordinates": [ring] }), Extent::WORLD)?)
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench_zone: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let mut state = 42;
    let mut zones = Vec::with_capacity(POLYGONS);
    for number in 0..POLYGONS {
        zones.push(Zone {
            key: number.to_string(),
            name: Name::default(),
            shape: round(108.2 + 1.3 * random(&mut state), 28.2 + 1.3 * random(&mut state), 0.0015, 24)?,
            valid_from: None,
            valid_until: None,
        });
    }
    let layers = Arc::new(LayerSet::new(vec![Layer::new("a", Name::default(), "random", true, zones)]));
    let rule = |id: &str, when: &str| {
        format!(
            "[[rule]]\nid='{id}'\nname_zh='规'\nname_en='r'\nverdict='prohibited'\nlayers=['a']\nbasis_zh='条'\nbasis_en='c'\nwhen=\"{when}\"\n"
        )
    };
    let text = rule("r1", "within('a')") + &rule("r2", "distance('a') <= 1000.0") + &rule("r3", "share('a') > 0.5");
    let book = RuleBook::load([("r.toml", text.as_str())]).map_err(|error| format!("{error:?}"))?;
    for drawn in [false, true] {
        let mut times = Vec::with_capacity(CHECKS);
        for _ in 0..CHECKS {
            let (lon, lat) = (108.2 + 1.3 * random(&mut state), 28.2 + 1.3 * random(&mut state));
            let shape = if drawn { round(lon, lat, 0.002, 12)? } else { Shape::point(lon, lat) };
            let site =
                Site { shape, industry: "26".into(), attributes: BTreeMap::new(), on: Day::from_civil(2026, 11, 25) };
            let start = Instant::now();
            let answer = check(&site, &layers, &book);
            times.push(start.elapsed().as_secs_f64() * 1e3);
            if answer.rules.len() != 3 {
                return Err(format!("{} rules answered, not 3", answer.rules.len()).into());
            }
        }
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        println!(
            "{}: p50 {:.3} ms, p99 {:.3} ms, worst {:.3} ms",
            if drawn { "area" } else { "point" },
            at(0.5),
            at(0.99),
            at(1.0)
        );
    }
    Ok(())
}
