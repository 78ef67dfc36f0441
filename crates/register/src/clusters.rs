//! Many places on a map as few marks (聚合点). Pure, and whole numbers throughout: the same places in whatever order
//! give the same marks.
//!
//! The world is cut into cells that are about as wide as 64 pixels at the zoom asked for; what lies in a cell of the
//! box is one mark. When that gives too many, the cells are doubled until it does not.

use std::collections::HashMap;

use kernel::Id;

/// Ten-millionths of a degree: about a centimetre.
pub const PER_DEGREE: f64 = 1e7;
/// Cells around the world at zoom 0: MapLibre draws it 512 pixels wide.
const CELLS: i64 = 8;
const WORLD: i64 = 3_600_000_000;
pub const DEEPEST_ZOOM: u32 = 20;
/// No rule of colour holds for the record.
pub const NO_STATE: u8 = u8::MAX;

/// A record on the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub record: Id,
    pub lon: i32,
    pub lat: i32,
    /// Place of its colour rule; the first rules are the worst.
    pub state: u8,
}

/// West, south, east, north, all included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    pub west: i32,
    pub south: i32,
    pub east: i32,
    pub north: i32,
}

impl Frame {
    /// None for what is not on earth or upside down.
    pub fn of(west: f64, south: f64, east: f64, north: f64) -> Option<Self> {
        let (west, south) = (ten_millionths(west, 180.0)?, ten_millionths(south, 90.0)?);
        let (east, north) = (ten_millionths(east, 180.0)?, ten_millionths(north, 90.0)?);
        (west <= east && south <= north).then_some(Self { west, south, east, north })
    }

    /// The two boxes have a spot in common.
    pub fn meets(&self, other: &Self) -> bool {
        self.west <= other.east && other.west <= self.east && self.south <= other.north && other.south <= self.north
    }

    pub fn middle(&self) -> (i32, i32) {
        (i32::midpoint(self.west, self.east), i32::midpoint(self.south, self.north))
    }

    pub fn holds(&self, place: &Place) -> bool {
        (self.west..=self.east).contains(&place.lon) && (self.south..=self.north).contains(&place.lat)
    }
}

/// A coordinate in ten-millionths of a degree; none when it is none.
pub fn ten_millionths(degrees: f64, most: f64) -> Option<i32> {
    (degrees.abs() <= most).then(|| (degrees * PER_DEGREE).round() as i32)
}

/// One mark: a record, or several that lie together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub count: u32,
    /// Mean of the places.
    pub lon: i32,
    pub lat: i32,
    /// The smallest box around them.
    pub around: Frame,
    /// The record with the least id: the record itself where there is one.
    pub first: Id,
    /// The worst state of any of them, and how many have it.
    pub state: u8,
    pub state_count: u32,
}

impl Mark {
    /// All records lie at the same spot: looking closer will not part them.
    pub fn is_one_spot(&self) -> bool {
        self.around.west == self.around.east && self.around.south == self.around.north
    }
}

#[derive(Clone, Copy)]
struct Gathered {
    count: i64,
    lon: i64,
    lat: i64,
    around: Frame,
    first: Id,
    state: u8,
    state_count: u32,
}

impl Gathered {
    fn of(place: &Place) -> Self {
        let Place { lon, lat, .. } = *place;
        Self {
            count: 1,
            lon: lon.into(),
            lat: lat.into(),
            around: Frame { west: lon, south: lat, east: lon, north: lat },
            first: place.record,
            state: place.state,
            state_count: 1,
        }
    }

    fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.lon += other.lon;
        self.lat += other.lat;
        self.around = Frame {
            west: self.around.west.min(other.around.west),
            south: self.around.south.min(other.around.south),
            east: self.around.east.max(other.around.east),
            north: self.around.north.max(other.around.north),
        };
        self.first = self.first.min(other.first);
        self.state_count = match self.state.cmp(&other.state) {
            std::cmp::Ordering::Less => self.state_count,
            std::cmp::Ordering::Equal => self.state_count + other.state_count,
            std::cmp::Ordering::Greater => other.state_count,
        };
        self.state = self.state.min(other.state);
    }

    fn mark(&self) -> Mark {
        let mean = |sum: i64| i32::try_from(sum.div_euclid(self.count)).unwrap_or_default();
        Mark {
            count: u32::try_from(self.count).unwrap_or(u32::MAX),
            lon: mean(self.lon),
            lat: mean(self.lat),
            around: self.around,
            first: self.first,
            state: self.state,
            state_count: self.state_count,
        }
    }
}

/// The marks of the places in a box, by cell from south-west; at most `most`, which is at least 64.
pub fn marks(places: &[Place], frame: Frame, zoom: u32, most: usize) -> Vec<Mark> {
    let across = CELLS << zoom.min(DEEPEST_ZOOM);
    let cell = |degrees: i32, half: i64| (i64::from(degrees) + half) * across / WORLD;
    let mut cells: HashMap<(i64, i64), Gathered> = HashMap::new();
    for place in places.iter().filter(|place| frame.holds(place)) {
        gather(&mut cells, (cell(place.lat, WORLD / 4), cell(place.lon, WORLD / 2)), &Gathered::of(place));
    }
    // At zoom 0 there are 9 × 5 cells, so that this ends.
    let mut width = across;
    while cells.len() > most && width > CELLS {
        let mut wider = HashMap::with_capacity(cells.len() / 2);
        for ((row, column), gathered) in &cells {
            gather(&mut wider, (row >> 1, column >> 1), gathered);
        }
        cells = wider;
        width >>= 1;
    }
    let mut cells: Vec<_> = cells.into_iter().collect();
    cells.sort_unstable_by_key(|(cell, _)| *cell);
    cells.iter().map(|(_, gathered)| gathered.mark()).collect()
}

fn gather(cells: &mut HashMap<(i64, i64), Gathered>, cell: (i64, i64), more: &Gathered) {
    cells.entry(cell).and_modify(|known| known.add(more)).or_insert(*more);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const COUNTY: Frame = Frame { west: 1_083_000_000, south: 282_000_000, east: 1_094_000_000, north: 295_000_000 };

    fn place(record: i64, lon: i32, lat: i32, state: u8) -> Place {
        Place { record: Id(record), lon, lat, state }
    }

    /// Places, zoom → how many records the marks hold, from the south-west.
    fn check(places: &[Place], zoom: u32, most: usize, expect: &[u32]) {
        let found: Vec<u32> = marks(places, COUNTY, zoom, most).iter().map(|mark| mark.count).collect();
        assert_eq!(found, expect, "zoom {zoom}, at most {most}");
    }

    #[test]
    fn neighbours_part_as_one_looks_closer() {
        let near = place(1, 1_087_700_000, 288_400_000, 2);
        let beside = place(2, 1_087_710_000, 288_400_000, 1);
        let far = place(3, 1_093_000_000, 294_000_000, NO_STATE);
        let outside = place(4, 1_100_000_000, 288_400_000, 0);
        let all = [near, beside, far, outside];
        check(&all, 5, 100, &[3]);
        check(&all, 9, 100, &[2, 1]);
        check(&all, 16, 100, &[1, 1, 1]);
        check(&all, 99, 100, &[1, 1, 1]);
        let together = marks(&all, COUNTY, 9, 100)[0];
        assert_eq!((together.lon, together.lat), (1_087_705_000, 288_400_000));
        assert_eq!((together.first, together.state, together.state_count), (Id(1), 1, 1));
        assert!(!together.is_one_spot());
        let spot = marks(&[near, Place { record: Id(9), ..near }], COUNTY, 20, 100);
        assert!(spot.len() == 1 && spot[0].count == 2 && spot[0].is_one_spot(), "one spot never parts");
        assert_eq!((spot[0].state, spot[0].state_count), (2, 2));
    }

    #[test]
    fn boxes_that_are_none_are_refused() {
        assert!(Frame::of(108.0, 28.0, 109.0, 29.0).is_some());
        assert!(Frame::of(-180.0, -90.0, 180.0, 90.0).is_some());
        for (west, south, east, north) in
            [(109.0, 28.0, 108.0, 29.0), (108.0, 29.0, 109.0, 28.0), (f64::NAN, 0.0, 1.0, 1.0), (0.0, 0.0, 181.0, 1.0)]
        {
            assert!(Frame::of(west, south, east, north).is_none(), "{west} {south} {east} {north}");
        }
    }

    fn places() -> impl Strategy<Value = Vec<Place>> {
        let one = (1_080_000_000..1_097_000_000i32, 279_000_000..298_000_000i32, 0..4u8);
        proptest::collection::vec(one, 0..600).prop_map(|all| {
            let numbered = all.into_iter().enumerate();
            numbered.map(|(at, (lon, lat, state))| place(at as i64 + 1, lon, lat, state)).collect()
        })
    }

    proptest! {
        #[test]
        fn counts_add_up_nothing_is_outside_and_the_answer_is_bounded(
            places in places(), zoom in 0..22u32, most in 64..400usize, turn in any::<prop::sample::Index>()
        ) {
            let found = marks(&places, COUNTY, zoom, most);
            let inside: Vec<&Place> = places.iter().filter(|place| COUNTY.holds(place)).collect();
            prop_assert!(found.len() <= most);
            prop_assert_eq!(found.iter().map(|mark| mark.count as usize).sum::<usize>(), inside.len());
            for mark in &found {
                let within = |outer: &Frame, lon: i32, lat: i32| outer.holds(&place(0, lon, lat, 0));
                prop_assert!(within(&mark.around, mark.lon, mark.lat));
                prop_assert!(within(&COUNTY, mark.around.west, mark.around.south));
                prop_assert!(within(&COUNTY, mark.around.east, mark.around.north));
                let held: Vec<_> = inside.iter().filter(|place| mark.around.holds(place)).collect();
                prop_assert!(held.len() >= mark.count as usize);
                prop_assert!(held.iter().any(|place| place.record == mark.first));
                prop_assert!(mark.state_count <= mark.count && held.iter().any(|place| place.state == mark.state));
            }
            // Whatever the order.
            let mut other = places.clone();
            if !other.is_empty() {
                let at = turn.index(other.len());
                other.rotate_left(at);
                other.reverse();
            }
            prop_assert_eq!(&found, &marks(&other, COUNTY, zoom, most));
            // Looking closer parts, and never joins.
            prop_assert!(marks(&places, COUNTY, zoom + 1, usize::MAX).len() >= marks(&places, COUNTY, zoom, usize::MAX).len());
        }
    }
}
