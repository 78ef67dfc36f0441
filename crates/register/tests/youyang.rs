//! The county pack of Youyang: it loads, says what the plan says, and a second load writes nothing.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use api::LiveBus;
use kernel::{Division, PointKind, PointSource, Timestamp};
use register::{Catalog, Pack, Register, built_in, pack_files};
use store::Store;
use store::sqlite::{SqliteOptions, SqliteStore};

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../counties/500242-youyang")
}

fn catalog() -> Catalog {
    built_in::catalog().unwrap()
}

fn youyang() -> Pack {
    pack_files::load(&folder(), &catalog()).unwrap_or_else(|error| panic!("{error}"))
}

struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("qingshan-register-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }

    fn open(&self) -> Arc<Register> {
        let store: Arc<dyn Store> =
            SqliteStore::open(&self.0, Division(500_242), SqliteOptions::default(), register::MIGRATIONS).unwrap();
        Register::new(store, Division(500_242), LiveBus::default(), catalog()).unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_pack_says_what_the_plan_says() {
    let pack = youyang();
    let count = |ledger| pack.records_of(ledger).count();
    assert_eq!(count("monitoring_section"), 13);
    assert_eq!(count("drinking_water_source"), 10 + 7 + 25);
    assert_eq!(count("automatic_station"), 15);
    let townships = pack.records_of("body").filter(|body| body.content.text("code").is_some()).count();
    assert_eq!(townships, 39);
    let twice = "小河板溪镇山羊村河流型水源地";
    let named = pack.records_of("drinking_water_source").filter(|source| source.content.title.zh == twice).count();
    assert_eq!(named, 2, "a name that box 4 has twice stays twice");
    for record in &pack.records {
        let content = &record.content;
        let invented =
            content.location.as_ref().is_some_and(|place| place.accuracy == register::location::Accuracy::Schematic);
        assert!(!invented || content.schematic || content.simulated, "{} {}", record.ledger, content.key);
        assert!(!content.source.is_empty());
    }
}

#[test]
fn the_second_load_writes_nothing_and_points_are_there() {
    let place = Place::new("twice");
    let register = place.open();
    let pack = youyang();
    let now = Timestamp::parse("2026-11-25T08:00:00").unwrap();
    let mut changes = register.changes();
    changes.mark_unchanged();
    let first = register.load_pack(&pack, now).unwrap();
    assert_eq!((first.created, first.unchanged), (pack.records.len(), 0));
    assert!(changes.has_changed().unwrap());
    let points = register.points();
    let of_kind = |kind| points.of_kind(kind).count();
    assert_eq!(of_kind(PointKind::AirStation), 4);
    assert_eq!(of_kind(PointKind::WaterSection), 13, "a station at a section is no point of its own");
    assert_eq!(of_kind(PointKind::DrinkingWaterSource), 17);
    assert_eq!(of_kind(PointKind::NoisePoint), 3);
    let outlet = points.find("wastewater_outlet", "FS01").unwrap();
    let basis = &outlet.emission[0];
    assert_eq!((basis.family.as_str(), basis.table.as_str(), basis.grade.as_str()), ("GB 18918", "basic", "1A"));
    assert_eq!(basis.conditions, ["built_from_2006"]);
    let devices = register.devices();
    assert_eq!(devices.len(), pack.records_of("device_binding").count());
    let section = points.find("monitoring_section", "DM02").unwrap();
    assert!(devices.iter().any(|device| device.point == section.id && device.st == "21"), "resolved to the section");
    // Marked 模拟: what a simulated device or station feeds, though the place itself is real; nothing else.
    for point in points.iter() {
        let fed = devices.iter().any(|device| device.simulated && device.point == point.id);
        assert_eq!(point.simulated, fed, "{}:{}", point.ledger, point.key);
    }
    assert!(section.simulated && outlet.simulated, "fed by a station, by a device");
    assert!(!points.find("drinking_water_source", "SY01").unwrap().simulated, "nothing feeds it");
    // A simulated device that sends nothing looks like an outage.
    for device in devices.iter().filter(|device| device.simulated) {
        let point = points.get(device.point).unwrap();
        assert!(!pack.simulation.factors_of(&point.ledger, &point.key).is_empty(), "{} is silent", device.mn);
    }
    assert!(
        pack.simulation.points.iter().all(|point| !pack.simulation.factors_of(&point.ledger, &point.key).is_empty())
    );

    let again = place.open();
    let second = again.load_pack(&youyang(), now.plus(1000)).unwrap();
    assert!(!second.wrote(), "{second:?}");
    assert_eq!(second.unchanged, pack.records.len());
    assert_eq!(again.townships().unwrap().len(), 39);
}
