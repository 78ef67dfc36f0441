//! Coordinate systems met in the field: WGS-84 (taken as CGCS2000), CGCS2000 3° Gauss–Krüger, and the shifted
//! GCJ-02 of Chinese web maps. Pure; degrees in and out unless said.

/// Semi-major axis and flattening of the Krasovsky-based shift that GCJ-02 uses.
const SHIFT_AXIS: f64 = 6_378_245.0;
const SHIFT_ECCENTRICITY: f64 = 0.006_693_421_622_965_943;

fn wave(value: f64, periods: [(f64, f64); 3]) -> f64 {
    periods.iter().map(|(amplitude, divisor)| amplitude * (value / divisor * std::f64::consts::PI).sin()).sum()
}

/// WGS-84 → GCJ-02 as reverse-engineered in public; only meant for inverting.
pub fn to_gcj02(lon: f64, lat: f64) -> (f64, f64) {
    let (x, y) = (lon - 105.0, lat - 35.0);
    let common =
        (20.0 * (6.0 * x * std::f64::consts::PI).sin() + 20.0 * (2.0 * x * std::f64::consts::PI).sin()) * 2.0 / 3.0;
    let root = x.abs().sqrt();
    let mut north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + common;
    north += wave(y, [(20.0, 1.0), (40.0, 3.0), (0.0, 1.0)]) * 2.0 / 3.0;
    north += wave(y, [(160.0, 12.0), (320.0, 30.0), (0.0, 1.0)]) * 2.0 / 3.0;
    let mut east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + common;
    east += wave(x, [(20.0, 1.0), (40.0, 3.0), (0.0, 1.0)]) * 2.0 / 3.0;
    east += wave(x, [(150.0, 12.0), (300.0, 30.0), (0.0, 1.0)]) * 2.0 / 3.0;
    let radians = lat.to_radians();
    let magic = 1.0 - SHIFT_ECCENTRICITY * radians.sin().powi(2);
    let root = magic.sqrt();
    let north = north * 180.0 / (SHIFT_AXIS * (1.0 - SHIFT_ECCENTRICITY) / (magic * root) * std::f64::consts::PI);
    let east = east * 180.0 / (SHIFT_AXIS / root * radians.cos() * std::f64::consts::PI);
    (lon + east, lat + north)
}

/// GCJ-02 → WGS-84 by fixed-point iteration; below a millimetre after ten steps.
pub fn from_gcj02(lon: f64, lat: f64) -> (f64, f64) {
    let (mut x, mut y) = (lon, lat);
    for _ in 0..10 {
        let (shifted_x, shifted_y) = to_gcj02(x, y);
        x += lon - shifted_x;
        y += lat - shifted_y;
    }
    (x, y)
}

/// CGCS2000 3° Gauss–Krüger → degrees. `easting` carries the zone number in front (such as 36 500 000) or, with
/// `central_meridian` given, only the false easting of 500 km. Metres in.
pub fn from_gauss_kruger(easting: f64, northing: f64, central_meridian: Option<f64>) -> Option<(f64, f64)> {
    let (meridian, east) = match central_meridian {
        Some(meridian) => (meridian, easting - 500_000.0),
        None => {
            let zone = (easting / 1_000_000.0).floor();
            if !(25.0..=45.0).contains(&zone) {
                return None;
            }
            (zone * 3.0, easting - zone * 1_000_000.0 - 500_000.0)
        }
    };
    if !(0.0..=10_000_000.0).contains(&northing) || east.abs() > 400_000.0 {
        return None;
    }
    Some(inverse_transverse_mercator(east, northing, meridian))
}

/// Krüger series of order 4 on the CGCS2000 ellipsoid; below a millimetre within a zone.
fn inverse_transverse_mercator(east: f64, north: f64, meridian: f64) -> (f64, f64) {
    const AXIS: f64 = 6_378_137.0;
    const FLATTENING: f64 = 1.0 / 298.257_222_101;
    let n = FLATTENING / (2.0 - FLATTENING);
    let radius = AXIS / (1.0 + n) * (1.0 + n * n / 4.0 + n.powi(4) / 64.0);
    let beta = [
        n / 2.0 - 2.0 / 3.0 * n * n + 37.0 / 96.0 * n.powi(3) - n.powi(4) / 360.0,
        n * n / 48.0 + n.powi(3) / 15.0 - 437.0 / 1440.0 * n.powi(4),
        17.0 / 480.0 * n.powi(3) - 37.0 / 840.0 * n.powi(4),
        4397.0 / 161_280.0 * n.powi(4),
    ];
    let (xi, eta) = (north / radius, east / radius);
    let (mut conformal_xi, mut conformal_eta) = (xi, eta);
    for (order, coefficient) in beta.iter().enumerate() {
        let twice = 2.0 * (order as f64 + 1.0);
        conformal_xi -= coefficient * (twice * xi).sin() * (twice * eta).cosh();
        conformal_eta -= coefficient * (twice * xi).cos() * (twice * eta).sinh();
    }
    let conformal = (conformal_xi.sin() / conformal_eta.cosh()).asin();
    let eccentricity = (FLATTENING * (2.0 - FLATTENING)).sqrt();
    let isometric = conformal.sin().atanh();
    let mut latitude = conformal;
    for _ in 0..8 {
        latitude = (isometric + eccentricity * (eccentricity * latitude.sin()).atanh()).tanh().asin();
    }
    let longitude = conformal_eta.sinh().atan2(conformal_xi.cos());
    (meridian + longitude.to_degrees(), latitude.to_degrees())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shift_is_undone() {
        for (lon, lat) in [(108.77, 28.84), (116.397, 39.909), (109.3, 29.4)] {
            let (x, y) = to_gcj02(lon, lat);
            assert!((x - lon).hypot(y - lat) > 1e-3, "GCJ-02 lies hundreds of metres away");
            let (back_x, back_y) = from_gcj02(x, y);
            assert!((back_x - lon).abs() < 1e-9 && (back_y - lat).abs() < 1e-9);
        }
    }

    #[test]
    fn gauss_kruger_on_the_meridian_and_beside_it() {
        // On the central meridian the northing is the meridian arc: 28.84° ⇒ 3 191 508.7 m by the series of
        // the arc length, computed apart with geographiclib in the test below.
        use geo::{Distance, Geodesic, Point};
        let arc = Geodesic.distance(Point::new(108.0, 0.0), Point::new(108.0, 28.84));
        let (lon, lat) = from_gauss_kruger(36_500_000.0, arc, None).unwrap();
        assert!((lon - 108.0).abs() < 1e-9 && (lat - 28.84).abs() < 1e-6, "{lon} {lat}");
        // Beside it: true to scale near the meridian, 10 km east is 10 km on the ellipsoid within 2 cm.
        let (east_lon, east_lat) = from_gauss_kruger(510_000.0, arc, Some(108.0)).unwrap();
        let apart = Geodesic.distance(Point::new(lon, lat), Point::new(east_lon, east_lat));
        assert!((apart - 10_000.0).abs() < 0.02, "{apart}");
        assert_eq!(from_gauss_kruger(500_000.0, 3e6, None), None);
    }
}
