//! Lines and areas as a map draws them: no finer than its pixels. Pure; takes GeoJSON that has been checked.

use serde_json::{Value, json};

use crate::clusters::{Frame, ten_millionths};

/// Width of a pixel at a zoom, in degrees of longitude: MapLibre draws the world 512 pixels wide at zoom 0.
pub fn pixel(zoom: u32) -> f64 {
    360.0 / (512.0 * f64::from(zoom.min(crate::clusters::DEEPEST_ZOOM)).exp2())
}

/// The smallest box around a geometry.
pub fn around(geometry: &Value) -> Option<Frame> {
    let mut around: Option<[f64; 4]> = None;
    stretch(geometry.get("coordinates")?, &mut around);
    let [west, south, east, north] = around?;
    Some(Frame {
        west: ten_millionths(west, 180.0)?,
        south: ten_millionths(south, 90.0)?,
        east: ten_millionths(east, 180.0)?,
        north: ten_millionths(north, 90.0)?,
    })
}

/// Positions, or lists of them, however deep; checked geometries are four deep at most.
fn stretch(coordinates: &Value, around: &mut Option<[f64; 4]>) {
    let Some(items) = coordinates.as_array() else { return };
    match position(coordinates) {
        Some([lon, lat]) => {
            let [west, south, east, north] = around.unwrap_or([lon, lat, lon, lat]);
            *around = Some([west.min(lon), south.min(lat), east.max(lon), north.max(lat)]);
        }
        None => items.iter().for_each(|item| stretch(item, around)),
    }
}

fn position(value: &Value) -> Option<[f64; 2]> {
    let items = value.as_array()?;
    Some([items.first()?.as_f64()?, items.get(1)?.as_f64()?])
}

/// A line or an area without the positions that lie within `tolerance` (degrees of longitude) of what remains, and how
/// many remain. None for a point, and for an area that is smaller than that.
pub fn simplified(geometry: &Value, tolerance: f64) -> Option<(Value, usize)> {
    let kind = geometry.get("type")?.as_str()?;
    let coordinates = geometry.get("coordinates")?;
    let mut count = 0;
    let mut line = |value: &Value, least: usize| -> Option<Value> {
        let line: Vec<[f64; 2]> = value.as_array()?.iter().filter_map(position).collect();
        let kept = thinned(&line, tolerance);
        if kept.len() < least {
            return None;
        }
        count += kept.len();
        Some(json!(kept))
    };
    let mut area = |value: &Value| -> Option<Value> {
        let mut rings = value.as_array()?.iter();
        // Without its outer ring there is no area; a hole that is too small is filled.
        let outer = line(rings.next()?, 4)?;
        Some(Value::Array(std::iter::once(outer).chain(rings.filter_map(|ring| line(ring, 4))).collect()))
    };
    let some = |parts: Vec<Value>| (!parts.is_empty()).then_some(Value::Array(parts));
    let drawn = match kind {
        "LineString" => line(coordinates, 2)?,
        "MultiLineString" => some(coordinates.as_array()?.iter().filter_map(|part| line(part, 2)).collect())?,
        "Polygon" => area(coordinates)?,
        "MultiPolygon" => some(coordinates.as_array()?.iter().filter_map(&mut area).collect())?,
        _ => return None,
    };
    Some((json!({ "type": kind, "coordinates": drawn }), count))
}

/// Douglas and Peucker's way, with a list instead of recursion.
fn thinned(line: &[[f64; 2]], tolerance: f64) -> Vec<[f64; 2]> {
    let (Some(first), true) = (line.first(), line.len() > 2) else { return line.to_vec() };
    // A map of Mercator's draws a degree of latitude longer than one of longitude.
    let stretched = 1.0 / first[1].to_radians().cos().max(0.01);
    let place = |[lon, lat]: [f64; 2]| [lon, lat * stretched];
    let mut keep = vec![false; line.len()];
    let last = line.len() - 1;
    (keep[0], keep[last]) = (true, true);
    let mut open = vec![(0, last)];
    while let Some((from, to)) = open.pop() {
        let (start, end) = (place(line[from]), place(line[to]));
        let between = (from + 1..to).map(|at| (at, distance(place(line[at]), start, end)));
        if let Some((at, far)) = between.max_by(|one, other| one.1.total_cmp(&other.1))
            && far > tolerance
        {
            keep[at] = true;
            open.extend([(from, at), (at, to)]);
        }
    }
    line.iter().zip(keep).filter(|(_, keep)| *keep).map(|(position, _)| *position).collect()
}

/// From a position to the nearest of a straight piece.
fn distance([x, y]: [f64; 2], [x0, y0]: [f64; 2], [x1, y1]: [f64; 2]) -> f64 {
    let (dx, dy) = (x1 - x0, y1 - y0);
    let length = dx * dx + dy * dy;
    let along = if length > 0.0 { (((x - x0) * dx + (y - y0) * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
    (x - x0 - along * dx).hypot(y - y0 - along * dy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(kind: &str, coordinates: Value, tolerance: f64, expect: Option<Value>) {
        let found = simplified(&json!({ "type": kind, "coordinates": coordinates }), tolerance);
        let found = found.map(|(geometry, _)| geometry["coordinates"].clone());
        assert_eq!(found, expect, "{kind} {coordinates} at {tolerance}");
    }

    #[test]
    fn what_a_pixel_hides_is_left_out() {
        let bent = json!([[108.0, 0.0], [108.5, 0.001], [109.0, 0.0], [109.0, 1.0]]);
        check("LineString", bent.clone(), 0.01, Some(json!([[108.0, 0.0], [109.0, 0.0], [109.0, 1.0]])));
        check("LineString", bent.clone(), 0.0001, Some(bent.clone()));
        check("MultiLineString", json!([bent]), 0.01, Some(json!([[[108.0, 0.0], [109.0, 0.0], [109.0, 1.0]]])));
        let square = |side: f64| json!([[0.0, 0.0], [side, 0.0], [side, side], [0.0, side], [0.0, 0.0]]);
        check("Polygon", json!([square(1.0), square(0.005)]), 0.01, Some(json!([square(1.0)])));
        check("Polygon", json!([square(0.005)]), 0.01, None);
        check("MultiPolygon", json!([[square(0.005)], [square(1.0)]]), 0.01, Some(json!([[square(1.0)]])));
        check("Point", json!([108.0, 28.0]), 0.01, None);
        check("Polygon", json!("x"), 0.01, None);
    }

    #[test]
    fn a_box_holds_all_parts() {
        let lines = json!({ "type": "MultiLineString", "coordinates": [[[108.0, 28.0], [108.1, 28.5]], [[107.5, 28.2], [108.0, 28.3]]] });
        let expect = Frame { west: 1_075_000_000, south: 280_000_000, east: 1_081_000_000, north: 285_000_000 };
        assert_eq!(around(&lines), Some(expect));
        assert_eq!(expect.middle(), (1_078_000_000, 282_500_000));
        let beside = Frame { west: 1_081_000_001, ..Frame { east: 1_090_000_000, ..expect } };
        assert!(!expect.meets(&beside) && expect.meets(&Frame { west: 1_081_000_000, ..beside }));
    }

    proptest! {
        #[test]
        fn nothing_left_out_lies_further_than_the_tolerance(
            line in proptest::collection::vec((108.0..109.0, -0.5..0.5).prop_map(|(lon, lat)| [lon, lat]), 2..60),
            tolerance in 0.0..0.3,
        ) {
            let kept = thinned(&line, tolerance);
            prop_assert_eq!((kept.first(), kept.last()), (line.first(), line.last()));
            for position in &line {
                let near = kept.windows(2).map(|piece| distance(*position, piece[0], piece[1])).fold(f64::MAX, f64::min);
                // Latitudes near the equator are stretched by next to nothing.
                prop_assert!(near <= tolerance + 1e-4, "{near} > {tolerance}");
            }
        }
    }
}
