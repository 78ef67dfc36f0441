//! Laws of geometry: what a polygon is does not depend on how it is written down.

#![allow(clippy::unwrap_used)]

use geometry::{Extent, Shape};
use proptest::prelude::*;
use serde_json::json;

fn area(rings: &[Vec<[f64; 2]>]) -> Shape {
    Shape::from_geojson(&json!({ "type": "Polygon", "coordinates": rings }), Extent::WORLD).unwrap()
}

fn closed(mut ring: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    ring.push(ring[0]);
    ring
}

/// Corners on an ellipse, counter-clockwise.
fn round(lon: f64, lat: f64, size: f64, corners: usize, start: usize) -> Vec<[f64; 2]> {
    (0..corners)
        .map(|corner| {
            let angle = ((corner + start) % corners) as f64 / corners as f64 * std::f64::consts::TAU;
            [lon + size * angle.cos(), lat + 0.7 * size * angle.sin()]
        })
        .collect()
}

/// Area of a cell between two parallels and two meridians by the closed form on the ellipsoid (Snyder 1987, 3-12).
fn cell_by_closed_form(west: f64, south: f64, east: f64, north: f64) -> f64 {
    let axis = 6_378_137.0f64;
    let e = 0.081_819_190_842_6f64;
    let q = |lat: f64| {
        let sine = lat.to_radians().sin();
        (1.0 - e * e) * (sine / (1.0 - e * e * sine * sine) - ((1.0 - e * sine) / (1.0 + e * sine)).ln() / (2.0 * e))
    };
    axis * axis / 2.0 * (east - west).to_radians() * (q(north) - q(south))
}

#[test]
fn areas_are_within_a_thousandth_of_the_closed_form() {
    for (west, south, side) in [(108.77, 28.84, 0.001), (108.2, 28.2, 0.01), (109.0, 29.0, 0.1), (108.5, 28.5, 0.5)] {
        // Parallels are no geodesics: the edges get corners on the way.
        let steps = 50;
        let along = |from: [f64; 2], to: [f64; 2]| {
            (0..steps).map(move |step| {
                let part = f64::from(step) / f64::from(steps);
                [from[0] + (to[0] - from[0]) * part, from[1] + (to[1] - from[1]) * part]
            })
        };
        let (east, north) = (west + side, south + side);
        let corners = [[west, south], [east, south], [east, north], [west, north]];
        let ring: Vec<[f64; 2]> = (0..4).flat_map(|edge| along(corners[edge], corners[(edge + 1) % 4])).collect();
        let found = area(&[closed(ring)]).area();
        let expect = cell_by_closed_form(west, south, east, north);
        assert!((found / expect - 1.0).abs() < 1e-5, "{west} {south} {side}: {found} {expect}");
    }
}

proptest! {
    #[test]
    fn start_and_winding_of_a_ring_change_nothing(
        corners in 3usize..20, start in 0usize..20, size in 0.001f64..0.3,
        lon in 108.0f64..109.0, lat in 28.0f64..29.0,
    ) {
        let one = area(&[closed(round(108.5, 28.5, size, corners, 0))]);
        let mut turned = closed(round(108.5, 28.5, size, corners, start));
        turned.reverse();
        let two = area(&[turned]);
        let site = Shape::point(lon, lat);
        prop_assert!((one.area() / two.area() - 1.0).abs() < 1e-9, "{} {}", one.area(), two.area());
        prop_assert!(one.area() < 1e10, "a ring is never the rest of the globe");
        prop_assert_eq!(one.holds(&site), two.holds(&site));
        prop_assert!((one.distance(&site) - two.distance(&site)).abs() < 1e-6);
        prop_assert!((one.overlap(&two) / one.area() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_hole_takes_away_its_area_and_what_lies_in_it(size in 0.05f64..0.3, share in 0.1f64..0.8, corners in 4usize..16) {
        let outer = closed(round(108.5, 28.5, size, corners, 0));
        let hole = closed(round(108.5, 28.5, size * share, corners, 0));
        let (whole, inner) = (area(std::slice::from_ref(&outer)), area(std::slice::from_ref(&hole)));
        let ring = area(&[outer, hole]);
        prop_assert!((ring.area() / (whole.area() - inner.area()) - 1.0).abs() < 1e-9);
        let centre = Shape::point(108.5, 28.5);
        prop_assert!(whole.holds(&centre) && !ring.holds(&centre) && ring.distance(&centre) > 0.0);
        // The seam belongs to both; nothing else does.
        prop_assert!(ring.overlap(&inner) < 1e-6 * inner.area());
        prop_assert!(whole.holds(&ring) && !ring.holds(&whole));
    }

    #[test]
    fn slivers_neither_vanish_nor_grow(width in 1e-7f64..1e-4, length in 0.001f64..0.5) {
        // A strip one centimetre to ten metres wide.
        let strip = closed(vec![
            [108.5, 28.5], [108.5 + length, 28.5], [108.5 + length, 28.5 + width], [108.5, 28.5 + width],
        ]);
        let strip = area(&[strip]);
        let expect = cell_by_closed_form(108.5, 28.5, 108.5 + length, 28.5 + width);
        // The long edges are geodesics and bend alike: the area stays within a thousandth.
        prop_assert!((strip.area() / expect - 1.0).abs() < 1e-3, "{} {}", strip.area(), expect);
        let over = area(&[closed(round(108.5, 28.5, 1.0, 4, 0))]);
        // Overlaps are cut on a grid of about a billionth of what is cut (0.1 mm in a degree): along the edges of a
        // strip of centimetres that is more than a thousandth of it.
        let edge = 2.0 * length * 111_000.0 * 1e-4;
        prop_assert!((strip.overlap(&over) - strip.area()).abs() < strip.area() * 1e-3 + edge, "{}", strip.overlap(&over));
        prop_assert!(strip.touches(&Shape::point(108.5, 28.5)));
    }

    #[test]
    fn geojson_out_is_geojson_in(size in 0.001f64..0.3, corners in 3usize..12) {
        let shape = area(&[closed(round(108.5, 28.5, size, corners, 0))]);
        prop_assert_eq!(&Shape::from_geojson(&shape.to_geojson(), Extent::WORLD).unwrap(), &shape);
        let (lon, lat) = shape.label_place().unwrap();
        prop_assert!(shape.holds(&Shape::point(lon, lat)));
    }
}
