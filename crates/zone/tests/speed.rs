//! Figures, not promises: `cargo nextest run -p zone --run-ignored only -E 'binary(speed)' --no-capture` on a quiet
//! machine.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
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

fn round(lon: f64, lat: f64, size: f64, corners: usize) -> Shape {
    let mut ring: Vec<[f64; 2]> = (0..corners)
        .map(|corner| {
            let angle = corner as f64 / corners as f64 * std::f64::consts::TAU;
            [lon + size * angle.cos(), lat + size * angle.sin()]
        })
        .collect();
    ring.push(ring[0]);
    Shape::from_geojson(&json!({ "type": "Polygon", "coordinates": [ring] }), Extent::WORLD).unwrap()
}

#[test]
#[ignore = "a measurement"]
fn a_hundred_thousand_polygons() {
    let mut state = 42;
    let zones = (0..POLYGONS)
        .map(|number| Zone {
            key: number.to_string(),
            name: Name::default(),
            shape: round(108.2 + 1.3 * random(&mut state), 28.2 + 1.3 * random(&mut state), 0.0015, 24),
            valid_from: None,
            valid_until: None,
        })
        .collect();
    let layers = Arc::new(LayerSet::new(vec![Layer::new("a", Name::default(), "random", true, zones)]));
    let rule = |id: &str, when: &str| {
        format!(
            "[[rule]]\nid='{id}'\nname_zh='规'\nname_en='r'\nverdict='prohibited'\nlayers=['a']\nbasis_zh='条'\nbasis_en='c'\nwhen=\"{when}\"\n"
        )
    };
    let text = rule("r1", "within('a')") + &rule("r2", "distance('a') <= 1000.0") + &rule("r3", "share('a') > 0.5");
    let book = RuleBook::load([("r.toml", text.as_str())]).unwrap();
    for drawn in [false, true] {
        let mut times: Vec<f64> = (0..CHECKS)
            .map(|_| {
                let (lon, lat) = (108.2 + 1.3 * random(&mut state), 28.2 + 1.3 * random(&mut state));
                let shape = if drawn { round(lon, lat, 0.002, 12) } else { Shape::point(lon, lat) };
                let site = Site {
                    shape,
                    industry: "26".into(),
                    attributes: BTreeMap::new(),
                    on: Day::from_civil(2026, 11, 25),
                };
                let start = Instant::now();
                let answer = check(&site, &layers, &book);
                assert_eq!(answer.rules.len(), 3);
                start.elapsed().as_secs_f64() * 1e3
            })
            .collect();
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
}
