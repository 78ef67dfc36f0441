//! Shapefiles (ESRI, 1998), read by hand: the counts inside are never believed before the bytes are there.

use geo::Coord;
use serde_json::Map;

use super::{Drawn, FileError, MOST_FEATURES, RawFeature, RawFile, attributes};
use crate::reference_system::ReferenceSystem;
use crate::shape::{MOST_VERTICES, ShapeError};

pub(super) fn read(files: Vec<(String, Vec<u8>)>) -> Result<RawFile, FileError> {
    let shapes: Vec<&(String, Vec<u8>)> = files.iter().filter(|(name, _)| name.ends_with(".shp")).collect();
    let (name, shp) = match shapes[..] {
        [] => return Err(FileError::Missing(".shp")),
        [only] => only,
        _ => return Err(FileError::Several(shapes.len())),
    };
    let stem = name.trim_end_matches(".shp");
    let beside = |ending: &str| {
        let wanted = format!("{stem}{ending}");
        files.iter().find(|(name, _)| *name == wanted).map(|(_, content)| content.as_slice())
    };
    let said = match beside(".prj") {
        Some(prj) => Some(ReferenceSystem::from_wkt(&String::from_utf8_lossy(prj)).map_err(FileError::System)?),
        None => None,
    };
    let drawn = records(shp)?;
    let rows = match beside(".dbf") {
        Some(dbf) => attributes::read(dbf, beside(".cpg"))?,
        None => Vec::new(),
    };
    if !rows.is_empty() && rows.len() != drawn.len() {
        let counts = format!(".shp {}, .dbf {}", drawn.len(), rows.len());
        return Err(FileError::Broken(format!("图形与属性条数不同 (counts differ): {counts}")));
    }
    let mut rows = rows.into_iter();
    let features = drawn
        .into_iter()
        .enumerate()
        .filter_map(|(place, drawn)| match rows.next() {
            // Deleted rows stay in the file with a mark.
            Some(None) => None,
            Some(Some(properties)) => Some(RawFeature { number: place + 1, drawn, properties }),
            None => Some(RawFeature { number: place + 1, drawn, properties: Map::new() }),
        })
        .collect();
    Ok(RawFile { format: "shapefile", said, features })
}

/// Reads numbers from the front; a short file is a broken file.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(front)
    }

    fn big(&mut self) -> Option<i32> {
        Some(i32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    fn little(&mut self) -> Option<i32> {
        Some(i32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn count(&mut self) -> Option<usize> {
        usize::try_from(self.little()?).ok()
    }

    fn place(&mut self) -> Option<Coord> {
        let mut number = || Some(f64::from_le_bytes(self.take(8)?.try_into().ok()?));
        let (x, y) = (number()?, number()?);
        Some(Coord { x, y })
    }
}

fn records(shp: &[u8]) -> Result<Vec<Result<Drawn, ShapeError>>, FileError> {
    let broken = || FileError::Broken(".shp".into());
    let mut bytes = Bytes(shp);
    let header = bytes.take(100).ok_or_else(broken)?;
    if header[..4] != [0, 0, 0x27, 0x0a] {
        return Err(FileError::Broken("不是 shapefile (not a shapefile)".into()));
    }
    let mut found = Vec::new();
    while !bytes.0.is_empty() {
        bytes.big().ok_or_else(broken)?;
        let words = usize::try_from(bytes.big().ok_or_else(broken)?).map_err(|_| broken())?;
        let content = bytes.take(words.checked_mul(2).ok_or_else(broken)?).ok_or_else(broken)?;
        if found.len() >= MOST_FEATURES {
            return Err(FileError::TooLarge(format!("> {MOST_FEATURES} features")));
        }
        found.push(record(Bytes(content)).unwrap_or_else(|| Err(ShapeError::NotGeometry("record is short".into()))));
    }
    Ok(found)
}

fn record(mut bytes: Bytes<'_>) -> Option<Result<Drawn, ShapeError>> {
    // Z and M variants begin as the plain ones do; what follows the places is not read.
    let kind = bytes.little()?;
    match kind {
        0 => Some(Err(ShapeError::Missing)),
        1 | 11 | 21 => finite(&[bytes.place()?]).map(|places| Ok(Drawn::Point(places[0]))),
        3 | 13 | 23 => Some(parts(&mut bytes)?.map(Drawn::Lines)),
        5 | 15 | 25 => Some(parts(&mut bytes)?.and_then(areas)),
        other => Some(Err(ShapeError::NotGeometry(format!("shape type {other}")))),
    }
}

fn finite(places: &[Coord]) -> Option<Vec<Coord>> {
    places.iter().all(|place| place.x.is_finite() && place.y.is_finite()).then(|| places.to_vec())
}

fn parts(bytes: &mut Bytes<'_>) -> Option<Result<Vec<Vec<Coord>>, ShapeError>> {
    bytes.take(32)?;
    let (part_count, place_count) = (bytes.count()?, bytes.count()?);
    if place_count > MOST_VERTICES || part_count > place_count {
        return Some(Err(ShapeError::TooLarge));
    }
    // The bytes are there before memory is asked for.
    let mut starts = Bytes(bytes.take(part_count.checked_mul(4)?)?);
    let mut places = Bytes(bytes.take(place_count.checked_mul(16)?)?);
    let mut starts: Vec<usize> = (0..part_count).map(|_| starts.count()).collect::<Option<_>>()?;
    starts.push(place_count);
    let places: Vec<Coord> = (0..place_count).map(|_| places.place()).collect::<Option<_>>()?;
    let places = finite(&places)?;
    let parts = starts.windows(2).map(|ends| places.get(ends[0]..ends[1]).map(<[Coord]>::to_vec));
    Some(Ok(parts.collect::<Option<Vec<_>>>()?))
}

/// Twice the signed area; negative: clockwise, which is how a shapefile winds outer rings.
fn winding(ring: &[Coord]) -> f64 {
    ring.windows(2).map(|edge| edge[0].x * edge[1].y - edge[1].x * edge[0].y).sum()
}

fn holds(ring: &[Coord], place: Coord) -> bool {
    let mut inside = false;
    for edge in ring.windows(2) {
        let (one, two) = (edge[0], edge[1]);
        let crosses = (one.y > place.y) != (two.y > place.y);
        if crosses && place.x < (two.x - one.x) * (place.y - one.y) / (two.y - one.y) + one.x {
            inside = !inside;
        }
    }
    inside
}

/// Outer rings with the holes that lie in them; a hole goes to the smallest ring around it.
fn areas(rings: Vec<Vec<Coord>>) -> Result<Drawn, ShapeError> {
    if rings.iter().any(|ring| ring.len() < 4 || ring.first() != ring.last()) {
        return Err(ShapeError::Invalid("a ring is closed and has at least four positions".into()));
    }
    // A ring far from the origin loses digits in its winding; it is moved there first.
    let size = |ring: &Vec<Coord>| {
        let origin = ring[0];
        let moved: Vec<Coord> =
            ring.iter().map(|place| Coord { x: place.x - origin.x, y: place.y - origin.y }).collect();
        winding(&moved)
    };
    let (outer, holes): (Vec<_>, Vec<_>) = rings.into_iter().partition(|ring| size(ring) <= 0.0);
    let mut found: Vec<(f64, Vec<Vec<Coord>>)> =
        outer.into_iter().map(|ring| (size(&ring).abs(), vec![ring])).collect();
    found.sort_by(|one, other| one.0.total_cmp(&other.0));
    for mut hole in holes {
        let place = hole[0];
        match found.iter_mut().find(|(_, rings)| holds(&rings[0], place)) {
            Some((_, rings)) => rings.push(hole),
            None => {
                // Some programs wind all rings alike: a ring in no other ring is an outer one.
                hole.reverse();
                found.push((f64::INFINITY, vec![hole]));
            }
        }
    }
    Ok(Drawn::Areas(found.into_iter().map(|(_, rings)| rings).collect()))
}
