//! Geometry from GeoJSON (RFC 7946), checked before it is used.

use geo::line_measures::LengthMeasurable;
use geo::orient::Direction;
use geo::{
    BooleanOps, BoundingRect, Contains, Coord, Distance, Geodesic, GeodesicArea, Geometry, Intersects, LineString,
    MultiLineString, MultiPolygon, Orient, Point, Polygon, Rect, Validation,
};
use serde_json::{Value, json};

/// Vertices of one geometry.
pub const MOST_VERTICES: usize = 200_000;

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ShapeError {
    #[error("不是 GeoJSON 几何 (not a GeoJSON geometry): {0}")]
    NotGeometry(String),
    /// It says that it has none.
    #[error("没有几何 (no geometry)")]
    Missing,
    #[error("顶点超过 {MOST_VERTICES} 个 (more vertices than that)")]
    TooLarge,
    #[error("坐标 {lon}, {lat} 不在本县范围内 (outside the county)")]
    OutsideExtent { lon: f64, lat: f64 },
    #[error("坐标 {lon}, {lat}：经度和纬度写反了 (longitude and latitude are swapped)")]
    Swapped { lon: f64, lat: f64 },
    #[error("多边形自相交 (the polygon crosses itself): {0}")]
    SelfCrossing(String),
    #[error("多边形不合法 (the polygon is not valid): {0}")]
    Invalid(String),
}

impl ShapeError {
    /// A word for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotGeometry(_) => "not_geometry",
            Self::Missing => "no_geometry",
            Self::TooLarge => "too_large",
            Self::OutsideExtent { .. } => "outside_county",
            Self::Swapped { .. } => "swapped",
            Self::SelfCrossing(_) => "self_crossing",
            Self::Invalid(_) => "invalid",
        }
    }
}

/// A checked geometry in WGS-84 degrees.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    Point(Point),
    Line(MultiLineString),
    Area(MultiPolygon),
}

/// West, south, east, north: where coordinates may lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent(pub [f64; 4]);

impl Extent {
    pub const WORLD: Extent = Extent([-180.0, -90.0, 180.0, 90.0]);

    /// The place itself, when it lies within.
    pub fn admit(&self, place: Coord) -> Result<Coord, ShapeError> {
        if self.contains(place) {
            return Ok(place);
        }
        let (lon, lat) = (place.x, place.y);
        let swapped = self.contains(Coord { x: lat, y: lon });
        Err(if swapped { ShapeError::Swapped { lon, lat } } else { ShapeError::OutsideExtent { lon, lat } })
    }

    pub fn contains(&self, coordinate: Coord) -> bool {
        let [west, south, east, north] = self.0;
        (west..=east).contains(&coordinate.x) && (south..=north).contains(&coordinate.y)
    }
}

impl Shape {
    /// Reads a geometry or a feature and checks it.
    pub fn from_geojson(value: &Value, extent: Extent) -> Result<Self, ShapeError> {
        let geometry = match value.get("type").and_then(Value::as_str) {
            Some("Feature") => value.get("geometry").unwrap_or(&Value::Null),
            _ => value,
        };
        let coordinates = geometry.get("coordinates").unwrap_or(&Value::Null);
        let mut reader = CoordinateReader { extent, left: MOST_VERTICES };
        let shape = match geometry.get("type").and_then(Value::as_str) {
            Some("Point") => Self::Point(reader.coordinate(coordinates)?.into()),
            Some("LineString") => Self::Line(MultiLineString(vec![reader.line(coordinates)?])),
            Some("MultiLineString") => {
                let lines = items(coordinates)?.iter().map(|line| reader.line(line)).collect::<Result<_, _>>()?;
                Self::Line(MultiLineString(lines))
            }
            Some("Polygon") => Self::Area(MultiPolygon(vec![reader.polygon(coordinates)?])),
            Some("MultiPolygon") => {
                let polygons = items(coordinates)?.iter().map(|one| reader.polygon(one)).collect::<Result<_, _>>()?;
                Self::Area(MultiPolygon(polygons))
            }
            other => return Err(ShapeError::NotGeometry(format!("type {other:?}"))),
        };
        shape.checked()
    }

    /// Refuses what is no area, and winds the rings as GeoJSON wants them: outer ring counter-clockwise. A ring
    /// wound the other way would have the area of the rest of the globe.
    pub fn checked(self) -> Result<Self, ShapeError> {
        let Self::Area(area) = &self else { return Ok(self) };
        if let Err(error) = area.check_validation() {
            let text = error.to_string();
            let crossing = text.contains("self-intersection");
            return Err(if crossing { ShapeError::SelfCrossing(text) } else { ShapeError::Invalid(text) });
        }
        if area.iter().flat_map(|one| std::iter::once(one.exterior()).chain(one.interiors())).any(is_flat) {
            return Err(ShapeError::Invalid("环没有面积 (a ring without area)".to_owned()));
        }
        Ok(Self::Area(area.orient(Direction::Default)))
    }

    /// The geometry as RFC 7946 writes it.
    pub fn to_geojson(&self) -> Value {
        let line = |line: &LineString| line.0.iter().map(|place| json!([place.x, place.y])).collect::<Vec<_>>();
        let polygon = |polygon: &Polygon| {
            std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(line).collect::<Vec<_>>()
        };
        match self {
            Self::Point(point) => json!({ "type": "Point", "coordinates": [point.x(), point.y()] }),
            Self::Line(lines) if lines.0.len() == 1 => {
                json!({ "type": "LineString", "coordinates": line(&lines.0[0]) })
            }
            Self::Line(lines) => {
                json!({ "type": "MultiLineString", "coordinates": lines.0.iter().map(line).collect::<Vec<_>>() })
            }
            Self::Area(area) if area.0.len() == 1 => {
                json!({ "type": "Polygon", "coordinates": polygon(&area.0[0]) })
            }
            Self::Area(area) => {
                json!({ "type": "MultiPolygon", "coordinates": area.0.iter().map(polygon).collect::<Vec<_>>() })
            }
        }
    }

    /// `point`, `line` or `polygon`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Point(_) => "point",
            Self::Line(_) => "line",
            Self::Area(_) => "polygon",
        }
    }

    pub fn vertices(&self) -> usize {
        use geo::CoordsIter;
        match self {
            Self::Point(_) => 1,
            Self::Line(lines) => lines.coords_count(),
            Self::Area(area) => area.coords_count(),
        }
    }

    /// Coarser, for a map: corners that stand out by less than about `degrees` are left out. What is smaller than that
    /// stays, as its box; not for measuring.
    pub fn coarser(&self, degrees: f64) -> Self {
        use geo::SimplifyVw;
        // The method drops corners by the area of their triangle.
        let thin = |line: &LineString| line.simplify_vw(degrees * degrees);
        let ring = |ring: &LineString| Some(thin(ring)).filter(|thinned| thinned.0.len() >= 4);
        match self {
            Self::Point(point) => Self::Point(*point),
            Self::Line(lines) => Self::Line(MultiLineString(lines.0.iter().map(thin).collect())),
            Self::Area(area) => {
                let part = |part: &Polygon| match (ring(part.exterior()), part.bounding_rect()) {
                    (Some(outer), _) => Polygon::new(outer, part.interiors().iter().filter_map(ring).collect()),
                    (None, Some(around)) => around.to_polygon(),
                    (None, None) => part.clone(),
                };
                Self::Area(MultiPolygon(area.0.iter().map(part).collect()))
            }
        }
    }

    /// A place on the shape to put its label: inside an area, on a line.
    pub fn label_place(&self) -> Option<(f64, f64)> {
        use geo::InteriorPoint;
        match self {
            Self::Point(point) => Some((point.x(), point.y())),
            Self::Line(lines) => lines.0.first().and_then(|line| line.0.get(line.0.len() / 2)).map(|c| (c.x, c.y)),
            Self::Area(area) => area.interior_point().map(|point| (point.x(), point.y())),
        }
    }

    pub fn point(lon: f64, lat: f64) -> Self {
        Self::Point(Point::new(lon, lat))
    }

    pub fn bounds(&self) -> Option<Rect> {
        match self {
            Self::Point(point) => Some(Rect::new(point.0, point.0)),
            Self::Line(lines) => lines.bounding_rect(),
            Self::Area(area) => area.bounding_rect(),
        }
    }

    /// Square metres on the ellipsoid; zero for points and lines.
    pub fn area(&self) -> f64 {
        match self {
            Self::Area(area) => area.geodesic_area_unsigned(),
            _ => 0.0,
        }
    }

    /// Metres on the ellipsoid; zero for points and areas.
    pub fn length(&self) -> f64 {
        match self {
            Self::Line(lines) => lines.0.iter().map(|line| line.length(&Geodesic)).sum(),
            _ => 0.0,
        }
    }

    /// Do the two share a point? A site on a boundary is inside.
    pub fn touches(&self, other: &Shape) -> bool {
        self.geometry().intersects(&other.geometry())
    }

    /// Does this area hold all of the other?
    pub fn holds(&self, other: &Shape) -> bool {
        match (self, other) {
            (Self::Area(area), Self::Point(point)) => area.contains(point) || area.intersects(point),
            (Self::Area(area), Self::Area(inner)) => {
                let outside = inner.difference(area).geodesic_area_unsigned();
                outside <= inner.geodesic_area_unsigned() * 1e-9
            }
            (Self::Area(area), Self::Line(line)) => area.contains(line),
            _ => false,
        }
    }

    /// Square metres that both cover.
    pub fn overlap(&self, other: &Shape) -> f64 {
        match (self, other) {
            (Self::Area(one), Self::Area(two)) => one.intersection(two).geodesic_area_unsigned(),
            _ => 0.0,
        }
    }

    /// Square metres that areas cover together; ground that several cover counts once.
    pub fn joint_area<'s>(shapes: impl Iterator<Item = &'s Shape>) -> f64 {
        let areas = shapes.filter_map(|shape| match shape {
            Self::Area(area) => Some(area),
            _ => None,
        });
        let areas: Vec<&MultiPolygon> = areas.collect();
        geo::unary_union(areas).geodesic_area_unsigned()
    }

    /// Square metres of this area that the others cover together; ground that several cover counts once.
    pub fn covered_by<'s>(&self, others: impl Iterator<Item = &'s Shape>) -> f64 {
        let Self::Area(area) = self else { return 0.0 };
        let mut covered: Option<MultiPolygon> = None;
        for other in others {
            if let Self::Area(other) = other {
                let part = area.intersection(other);
                covered = Some(match covered {
                    Some(before) => before.union(&part),
                    None => part,
                });
            }
        }
        covered.map_or(0.0, |covered| covered.geodesic_area_unsigned())
    }

    /// Shortest distance in metres; zero where they touch. The nearest place is found in a plane that is true to
    /// scale at the site; the error is below 0.1 % within 100 km.
    pub fn distance(&self, other: &Shape) -> f64 {
        if self.touches(other) {
            return 0.0;
        }
        let Some(centre) = self.bounds().map(|bounds| bounds.center()) else { return f64::INFINITY };
        let plane = LocalPlane::at(centre);
        geo::Euclidean.distance(&plane.project(self).geometry(), &plane.project(other).geometry())
    }

    fn geometry(&self) -> Geometry {
        match self {
            Self::Point(point) => Geometry::Point(*point),
            Self::Line(lines) => Geometry::MultiLineString(lines.clone()),
            Self::Area(area) => Geometry::MultiPolygon(area.clone()),
        }
    }
}

/// Metres east and north of a place, with the ellipsoid's two radii of curvature there.
#[derive(Clone, Copy, Debug)]
pub struct LocalPlane {
    origin: Coord,
    east_per_degree: f64,
    north_per_degree: f64,
}

impl LocalPlane {
    pub fn at(origin: Coord) -> Self {
        // WGS-84.
        const SEMI_MAJOR: f64 = 6_378_137.0;
        const ECCENTRICITY_SQUARED: f64 = 0.006_694_379_990_14;
        let sine = origin.y.to_radians().sin();
        let root = (1.0 - ECCENTRICITY_SQUARED * sine * sine).sqrt();
        let prime_vertical = SEMI_MAJOR / root;
        let meridian = SEMI_MAJOR * (1.0 - ECCENTRICITY_SQUARED) / (root * root * root);
        Self {
            origin,
            east_per_degree: prime_vertical * origin.y.to_radians().cos() * 1f64.to_radians(),
            north_per_degree: meridian * 1f64.to_radians(),
        }
    }

    fn coordinate(&self, place: Coord) -> Coord {
        Coord {
            x: (place.x - self.origin.x) * self.east_per_degree,
            y: (place.y - self.origin.y) * self.north_per_degree,
        }
    }

    pub fn project(&self, shape: &Shape) -> Shape {
        use geo::MapCoords;
        match shape {
            Shape::Point(point) => Shape::Point(Point(self.coordinate(point.0))),
            Shape::Line(lines) => Shape::Line(lines.map_coords(|place| self.coordinate(place))),
            Shape::Area(area) => Shape::Area(area.map_coords(|place| self.coordinate(place))),
        }
    }

    /// Degrees that hold `metres` in every direction.
    pub fn degrees(&self, metres: f64) -> (f64, f64) {
        (metres / self.east_per_degree, metres / self.north_per_degree)
    }
}

/// A ring whose corners lie on one line. On the ellipsoid it has an area all the same: a geodesic between two places of
/// one parallel does not run along it. A strip a metre wide and ten kilometres long has 25 millionths of its length's
/// square.
fn is_flat(ring: &LineString) -> bool {
    const LEAST: f64 = 1e-9;
    let corners = || ring.0.windows(2).map(|pair| (pair[0], pair[1]));
    let Some(origin) = ring.0.first().copied() else { return true };
    // From the first corner, so that small rings far from the origin of coordinates lose no digits.
    let cross =
        |one: Coord, two: Coord| (one.x - origin.x) * (two.y - origin.y) - (two.x - origin.x) * (one.y - origin.y);
    let area: f64 = corners().map(|(one, two)| cross(one, two)).sum::<f64>() / 2.0;
    let length: f64 = corners().map(|(one, two)| (two.x - one.x).hypot(two.y - one.y)).sum();
    area.abs() <= length * length * LEAST
}

fn items(value: &Value) -> Result<&Vec<Value>, ShapeError> {
    value.as_array().ok_or_else(|| ShapeError::NotGeometry("coordinates is not an array".into()))
}

struct CoordinateReader {
    extent: Extent,
    left: usize,
}

impl CoordinateReader {
    fn coordinate(&mut self, value: &Value) -> Result<Coord, ShapeError> {
        self.left = self.left.checked_sub(1).ok_or(ShapeError::TooLarge)?;
        let pair = items(value)?;
        let number = |place: usize| pair.get(place).and_then(Value::as_f64).filter(|number| number.is_finite());
        let (Some(x), Some(y)) = (number(0), number(1)) else {
            return Err(ShapeError::NotGeometry("a position is not two numbers".into()));
        };
        self.extent.admit(Coord { x, y })
    }

    fn line(&mut self, value: &Value) -> Result<LineString, ShapeError> {
        let line: Vec<Coord> =
            items(value)?.iter().map(|position| self.coordinate(position)).collect::<Result<_, _>>()?;
        if line.len() < 2 {
            return Err(ShapeError::Invalid("a line has at least two positions".into()));
        }
        Ok(LineString(line))
    }

    fn polygon(&mut self, value: &Value) -> Result<Polygon, ShapeError> {
        let mut rings = Vec::new();
        for ring in items(value)? {
            let ring = self.line(ring)?;
            if ring.0.len() < 4 || ring.0.first() != ring.0.last() {
                return Err(ShapeError::Invalid("a ring is closed and has at least four positions".into()));
            }
            rings.push(ring);
        }
        if rings.is_empty() {
            return Err(ShapeError::Invalid("a polygon has an outer ring".into()));
        }
        let holes = rings.split_off(1);
        Ok(Polygon::new(rings.remove(0), holes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn square(west: f64, south: f64, side: f64) -> Shape {
        let (east, north) = (west + side, south + side);
        let ring = json!([[west, south], [east, south], [east, north], [west, north], [west, south]]);
        Shape::from_geojson(&json!({"type": "Polygon", "coordinates": [ring]}), Extent::WORLD).unwrap()
    }

    fn refused(value: Value, expect: &str) {
        let extent = Extent([107.0, 27.0, 110.0, 31.0]);
        let error = Shape::from_geojson(&value, extent).unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
    }

    #[test]
    fn bad_geometry_is_named() {
        refused(json!({"type": "Point", "coordinates": [28.8, 108.7]}), "swapped");
        refused(json!({"type": "Circle"}), "not a GeoJSON geometry");
        refused(json!({"type": "Point", "coordinates": ["x", 1]}), "two numbers");
        refused(json!({"type": "Polygon", "coordinates": [[[108, 28], [109, 28], [108, 28]]]}), "four positions");
        let bow = json!([[108.0, 28.0], [109.0, 29.0], [109.0, 28.0], [108.0, 29.0], [108.0, 28.0]]);
        refused(json!({"type": "Polygon", "coordinates": [bow]}), "crosses itself");
        refused(json!({"type": "Point", "coordinates": [108.7, 35.0]}), "outside the county");
        for flat in [
            json!([[108.7, 28.8], [108.75, 28.8], [108.8, 28.8], [108.7, 28.8]]),
            json!([[108.7, 28.8], [108.7, 28.85], [108.7, 28.9], [108.7, 28.8]]),
        ] {
            refused(json!({"type": "Polygon", "coordinates": [flat]}), "without area");
        }
        // A strip a metre wide and ten kilometres long is one.
        let strip = json!([[108.7, 28.8], [108.8, 28.8], [108.8, 28.80001], [108.7, 28.80001], [108.7, 28.8]]);
        let strip = json!({"type": "Polygon", "coordinates": [strip]});
        assert!(Shape::from_geojson(&strip, Extent::WORLD).is_ok());
    }

    #[test]
    fn areas_and_distances_are_those_of_the_ellipsoid() {
        // A cell of one degree at the equator: 12 308.778 km² and 111.319 km by independent tables (Karney).
        let cell = square(0.0, 0.0, 1.0);
        assert!((cell.area() / 12_308_778_361.469 - 1.0).abs() < 1e-6, "{}", cell.area());
        let site = Shape::point(108.77, 28.84);
        let north = Shape::point(108.77, 28.94);
        let independent = Geodesic.distance(Point::new(108.77, 28.84), Point::new(108.77, 28.94));
        assert!((site.distance(&north) / independent - 1.0).abs() < 1e-3);
        let half = square(0.5, 0.0, 1.0);
        // Edges are geodesics between corners, so half a cell is not exactly half its area.
        assert!((cell.overlap(&half) / cell.area() - 0.5).abs() < 1e-4);
        assert!(cell.holds(&Shape::point(0.0, 0.5)), "a site on the boundary is inside");
    }

    proptest::proptest! {
        #[test]
        fn where_a_ring_starts_changes_nothing(shift in 0usize..8, lon in 108.0f64..109.0, lat in 28.0f64..29.0) {
            let ring: Vec<[f64; 2]> = (0..8)
                .map(|corner| {
                    let angle = f64::from(corner) * std::f64::consts::FRAC_PI_4;
                    [108.5 + 0.3 * angle.cos(), 28.5 + 0.2 * angle.sin()]
                })
                .collect();
            let build = |start: usize| {
                let mut turned: Vec<[f64; 2]> = (0..8).map(|place| ring[(place + start) % 8]).collect();
                turned.push(turned[0]);
                Shape::from_geojson(&json!({"type": "Polygon", "coordinates": [turned]}), Extent::WORLD).unwrap()
            };
            let (one, two, site) = (build(0), build(shift), Shape::point(lon, lat));
            proptest::prop_assert!((one.area() - two.area()).abs() < 1.0);
            proptest::prop_assert_eq!(one.holds(&site), two.holds(&site));
            proptest::prop_assert!((one.distance(&site) - two.distance(&site)).abs() < 1e-6);
        }
    }
}
