//! Layers of zones, with the index that finds them.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use kernel::{Day, Name};
use rstar::{AABB, RTree, RTreeObject};

use crate::shape::{LocalPlane, Shape};

/// One zone of a layer.
#[derive(Clone, Debug)]
pub struct Zone {
    pub key: String,
    pub name: Name,
    pub shape: Shape,
    pub valid_from: Option<Day>,
    /// Exclusive.
    pub valid_until: Option<Day>,
}

impl Zone {
    fn in_force(&self, on: Day) -> bool {
        self.valid_from.is_none_or(|from| from <= on) && self.valid_until.is_none_or(|until| on < until)
    }
}

/// What a layer of records must hold before what it misses counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    /// Zones and square kilometres that the plan states.
    pub stated: Option<u32>,
    pub stated_km2: Option<f64>,
    /// The county says that its records are all there are.
    pub complete: bool,
    /// Share of ground of its own that makes an area a zone of its own.
    pub own_ground: f64,
}

/// A layer may fall short of what the plan states by this share of its area: plans round, maps are generalised.
const AREA_TOLERANCE: f64 = 0.02;

impl Expected {
    /// What these zones, all in force on the day, fall short of. The same shape twice is one zone, ground that several
    /// cover counts once.
    fn lacking(&self, in_force: &[&Shape]) -> Vec<Name> {
        let mut short = Vec::new();
        if in_force.is_empty() && self.stated != Some(0) {
            short.push(Name::new("当天没有生效的分区", "no zone is in force on that day"));
        }
        if let Some(stated) = self.stated {
            let count = different(in_force, self.own_ground, stated as usize);
            if count < stated as usize {
                short.push(Name::new(
                    format!("规划写 {stated} 个，有图形 {count} 个"),
                    format!("{count} of {stated} stated are drawn"),
                ));
            }
        }
        if let Some(stated) = self.stated_km2 {
            let drawn = Shape::joint_area(in_force.iter().copied()) / 1e6;
            if drawn < stated * (1.0 - AREA_TOLERANCE) {
                short.push(Name::new(
                    format!("规划写 {stated} 平方公里，有图形 {drawn:.2} 平方公里"),
                    format!("{drawn:.2} of {stated} km² stated are drawn"),
                ));
            }
        }
        if self.stated.is_none() && self.stated_km2.is_none() && !self.complete {
            short.push(Name::new(
                "没有写明应有多少，图层也没有注明完整",
                "it is not stated how much there should be, nor that this is all",
            ));
        }
        short
    }
}

/// Shapes that are looked at one by one; more are counted by how they are written.
const MOST_COMPARED: usize = 300;

/// Shapes that differ from each other: areas by ground of their own, everything else by how it is written. Counts no
/// further than `enough`.
fn different(shapes: &[&Shape], own_ground: f64, enough: usize) -> usize {
    let mut texts = HashSet::new();
    let written: Vec<&Shape> =
        shapes.iter().copied().filter(|shape| texts.insert(shape.to_geojson().to_string())).collect();
    if written.len() > MOST_COMPARED || written.len() < enough {
        return written.len();
    }
    let mut counted: Vec<&Shape> = Vec::new();
    for shape in written {
        let area = Shape::joint_area(std::iter::once(shape));
        let own = area - shape.covered_by(counted.iter().copied());
        if area <= 0.0 || own >= area * own_ground {
            counted.push(shape);
        }
        if counted.len() >= enough {
            break;
        }
    }
    counted.len()
}

#[derive(Clone, Debug)]
struct Entry {
    zone: usize,
    envelope: AABB<[f64; 2]>,
}

impl RTreeObject for Entry {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        self.envelope
    }
}

/// Zones of one kind.
#[derive(Debug)]
pub struct Layer {
    pub id: String,
    pub name: Name,
    pub source: String,
    /// 示意: drawn by us, not surveyed.
    pub schematic: bool,
    /// Why the layer is empty, when the county has not published it.
    pub absent: Option<Name>,
    /// What of it is not drawn yet: what it touches counts, what it misses does not.
    pub incomplete: Option<Name>,
    /// What it must hold on the day that is asked of, for a layer of records.
    pub expected: Option<Expected>,
    /// What was found of some days; the union of large areas takes a while.
    told: Mutex<BTreeMap<Day, Option<Name>>>,
    zones: Vec<Zone>,
    index: RTree<Entry>,
}

impl Layer {
    pub fn new(id: &str, name: Name, source: &str, schematic: bool, zones: Vec<Zone>) -> Self {
        let entries = zones
            .iter()
            .enumerate()
            .filter_map(|(place, zone)| {
                let bounds = zone.shape.bounds()?;
                let corners = AABB::from_corners([bounds.min().x, bounds.min().y], [bounds.max().x, bounds.max().y]);
                Some(Entry { zone: place, envelope: corners })
            })
            .collect();
        Self {
            id: id.to_owned(),
            name,
            source: source.to_owned(),
            schematic,
            absent: None,
            incomplete: None,
            expected: None,
            told: Mutex::default(),
            zones,
            index: RTree::bulk_load(entries),
        }
    }

    /// A layer that is not there.
    pub fn absent(id: &str, name: Name, source: &str, why: Name) -> Self {
        Self { absent: Some(why), ..Self::new(id, name, source, false, Vec::new()) }
    }

    /// What the layer lacks on a day.
    pub fn incomplete_on(&self, on: Day) -> Option<Name> {
        const MOST_TOLD: usize = 32;
        let Some(expected) = &self.expected else { return self.incomplete.clone() };
        let told = || self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = told().get(&on).cloned() {
            return known;
        }
        let in_force: Vec<&Shape> =
            self.zones.iter().filter(|zone| zone.in_force(on)).map(|zone| &zone.shape).collect();
        let short: Vec<Name> = self.incomplete.iter().cloned().chain(expected.lacking(&in_force)).collect();
        let joined = |of: fn(&Name) -> &str, with: &str| short.iter().map(of).collect::<Vec<_>>().join(with);
        let found =
            (!short.is_empty()).then(|| Name::new(joined(|name| &name.zh, "；"), joined(|name| &name.en, "; ")));
        let mut told = told();
        if told.len() >= MOST_TOLD {
            told.pop_first();
        }
        told.insert(on, found.clone());
        found
    }

    pub fn zones(&self) -> &[Zone] {
        &self.zones
    }

    /// Zones in force on `on` whose box lies within `margin` metres of the site's.
    fn near(&self, site: &Shape, margin: f64, on: Day) -> Vec<&Zone> {
        let Some(bounds) = site.bounds() else { return Vec::new() };
        let (east, north) = LocalPlane::at(bounds.center()).degrees(margin);
        let corners = AABB::from_corners(
            [bounds.min().x - east, bounds.min().y - north],
            [bounds.max().x + east, bounds.max().y + north],
        );
        let found = self.index.locate_in_envelope_intersecting(&corners);
        found.map(|entry| &self.zones[entry.zone]).filter(|zone| zone.in_force(on)).collect()
    }

    /// Zones that the site touches, in the order of the layer.
    pub fn touching(&self, site: &Shape, on: Day) -> Vec<&Zone> {
        let mut found: Vec<&Zone> =
            self.near(site, 0.0, on).into_iter().filter(|zone| zone.shape.touches(site)).collect();
        found.sort_by(|one, other| one.key.cmp(&other.key));
        found
    }

    /// The nearest zone within `most` metres, and its distance.
    pub fn nearest(&self, site: &Shape, most: f64, on: Day) -> Option<(&Zone, f64)> {
        let mut margin = 500.0f64.min(most);
        loop {
            let nearest = self
                .near(site, margin, on)
                .into_iter()
                .map(|zone| (zone, site.distance(&zone.shape)))
                .min_by(|one, other| one.1.total_cmp(&other.1));
            match nearest {
                // A zone beyond the margin may be farther than one whose box was not looked at.
                Some(found) if found.1 <= margin || margin >= most => return (found.1 <= most).then_some(found),
                _ if margin >= most => return None,
                _ => margin = (margin * 4.0).min(most),
            }
        }
    }

    /// Square metres of the site that zones of this layer cover; where two zones overlap, the ground counts once.
    pub fn overlap(&self, site: &Shape, on: Day) -> f64 {
        site.covered_by(self.touching(site, on).into_iter().map(|zone| &zone.shape))
    }
}

/// All layers of a county.
#[derive(Debug, Default)]
pub struct LayerSet {
    layers: Vec<Arc<Layer>>,
}

impl LayerSet {
    pub fn new(layers: Vec<Layer>) -> Self {
        Self::of(layers.into_iter().map(Arc::new).collect())
    }

    pub fn of(layers: Vec<Arc<Layer>>) -> Self {
        Self { layers }
    }

    /// The layer, whether or not it has zones.
    pub fn get(&self, id: &str) -> Option<&Layer> {
        self.iter().find(|layer| layer.id == id)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Layer> {
        self.layers.iter().map(|layer| &**layer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(places: &[(f64, f64)]) -> Layer {
        let zones = places
            .iter()
            .enumerate()
            .map(|(number, &(lon, lat))| Zone {
                key: format!("{number:03}"),
                name: Name::default(),
                shape: Shape::point(lon, lat),
                valid_from: None,
                valid_until: (number == 0).then_some(Day::from_civil(2025, 1, 1)),
            })
            .collect();
        Layer::new("test", Name::default(), "", true, zones)
    }

    #[test]
    fn zones_out_of_force_are_not_found() {
        let layer = layer(&[(108.5, 28.5), (108.6, 28.5)]);
        let site = Shape::point(108.5, 28.5);
        assert_eq!(layer.touching(&site, Day::from_civil(2024, 12, 31)).len(), 1);
        assert_eq!(layer.touching(&site, Day::from_civil(2025, 1, 1)).len(), 0);
    }

    proptest::proptest! {
        #[test]
        fn the_nearest_is_the_nearest_of_all(
            places in proptest::collection::vec((108.0f64..109.0, 28.0f64..29.0), 1..60),
            lon in 108.0f64..109.0,
            lat in 28.0f64..29.0,
        ) {
            let layer = layer(&places);
            let site = Shape::point(lon, lat);
            let on = Day::from_civil(2024, 1, 1);
            let found = layer.nearest(&site, 500_000.0, on).map(|found| found.1);
            let all = layer.zones().iter().map(|zone| site.distance(&zone.shape)).min_by(f64::total_cmp);
            proptest::prop_assert_eq!(found, all);
        }
    }
}
