//! A layer as a map draws it: within a bound of positions, coarser where it must be, and told. Pure.

use serde_json::{Value, json};

use crate::layer::{Layer, Zone};
use crate::shape::Shape;

/// Positions of one answer, as on the maps of ledgers.
pub const MOST_POSITIONS: usize = 20_000;
/// How coarse a drawing may become, in degrees: from about one metre to two kilometres.
const COARSER: [f64; 5] = [1e-5, 1e-4, 1e-3, 5e-3, 2e-2];
const METRES_IN_A_DEGREE: f64 = 111_320.0;

/// A FeatureCollection of the zones, dates of effect among their properties. Beside the features stand `zones` (how
/// many there are), `drawn` (how many of them are here) and `simplified_m` (how coarse the drawing is; null: it is not).
pub fn of(layer: &Layer) -> Value {
    within(layer, MOST_POSITIONS)
}

fn within(layer: &Layer, most: usize) -> Value {
    let zones = layer.zones();
    let whole = fitting(zones, most, |zone| zone.shape.clone());
    let mut coarseness = None;
    let mut drawn = whole;
    for degrees in COARSER {
        if drawn.len() == zones.len() {
            break;
        }
        coarseness = Some(degrees);
        drawn = fitting(zones, most, |zone| zone.shape.coarser(degrees));
    }
    let features: Vec<Value> = zones
        .iter()
        .zip(&drawn)
        .map(|(zone, shape)| {
            json!({
                "type": "Feature",
                "geometry": shape.to_geojson(),
                "properties": {
                    "key": zone.key, "name": zone.name, "schematic": layer.schematic,
                    "valid_from": zone.valid_from.map(|day| day.to_iso()),
                    "valid_until": zone.valid_until.map(|day| day.to_iso()),
                },
            })
        })
        .collect();
    json!({
        "type": "FeatureCollection",
        "features": features,
        "zones": zones.len(),
        "drawn": drawn.len(),
        "simplified_m": coarseness.map(|degrees| (degrees * METRES_IN_A_DEGREE).round()),
    })
}

/// The first shapes, as many as have no more than `most` positions together.
fn fitting(zones: &[Zone], most: usize, shape: impl Fn(&Zone) -> Shape) -> Vec<Shape> {
    let mut left = most;
    let mut fitting = Vec::new();
    for zone in zones {
        let shape = shape(zone);
        let Some(rest) = left.checked_sub(shape.vertices()) else { break };
        left = rest;
        fitting.push(shape);
    }
    fitting
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Name;

    /// A layer of circles with this many corners.
    fn circles(zones: usize, corners: u32) -> Layer {
        let circle = |place: usize| {
            let (west, turn) = (108.0 + place as f64 * 0.1, std::f64::consts::TAU / f64::from(corners));
            let corner = |at: u32| {
                let angle = f64::from(at % corners) * turn;
                [west + 0.04 * angle.cos(), 28.0 + 0.04 * angle.sin()]
            };
            let ring: Vec<[f64; 2]> = (0..=corners).map(corner).collect();
            let polygon = json!({ "type": "Polygon", "coordinates": [ring] });
            let shape = Shape::from_geojson(&polygon, crate::shape::Extent::WORLD).unwrap();
            Zone { key: format!("z{place}"), name: Name::default(), shape, valid_from: None, valid_until: None }
        };
        Layer::new("a", Name::default(), "s", false, (0..zones).map(circle).collect())
    }

    fn check(zones: usize, corners: u32, most: usize, drawn: usize, coarse: bool) {
        let picture = within(&circles(zones, corners), most);
        let features = picture["features"].as_array().unwrap();
        let positions: usize =
            features.iter().map(|one| one["geometry"]["coordinates"][0].as_array().unwrap().len()).sum();
        assert!(positions <= most && positions >= drawn * 4, "{positions} of {most}");
        assert_eq!(
            (features.len(), picture["drawn"].as_u64(), picture["zones"].as_u64()),
            (drawn, Some(drawn as u64), Some(zones as u64))
        );
        assert_eq!(picture["simplified_m"].is_number(), coarse, "{}", picture["simplified_m"]);
    }

    #[test]
    fn a_layer_is_drawn_within_its_bound_and_says_so() {
        check(3, 100, 1_000, 3, false);
        check(3, 1_500, 1_000, 3, true);
        // So many that even the coarsest are too much: the first of them, and how many there are.
        check(30, 200, 50, 7, true);
    }
}
