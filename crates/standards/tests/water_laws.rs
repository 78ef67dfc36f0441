//! Laws: order never matters, a value on a limit is inside, worse water is never better.
#![allow(clippy::unwrap_used)]

mod support;

use proptest::prelude::*;
use standards::groundwater::Groundwater;
use standards::measure::{Factors, Reading};
use standards::soil::{Farmland, FarmlandUse};
use standards::sources::{Conversion, Limit, Measured, Period, judge_outlet};
use standards::water::{Body, Class, Grade, Kind, SectionClass, Surface, evaluate, reach_grade};
use standards::{Date, Decimal};
use std::sync::LazyLock;
use support::library;

fn date() -> Date {
    "2026-11-01".parse().unwrap()
}

static SURFACE: LazyLock<Surface> = LazyLock::new(|| Surface::in_force(&library(), "", date()).unwrap());
static GROUND: LazyLock<Groundwater> = LazyLock::new(|| Groundwater::in_force(&library(), date()).unwrap());
static FARM: LazyLock<Farmland> = LazyLock::new(|| Farmland::in_force(&library(), date()).unwrap());
static FACTORS: LazyLock<Factors> = LazyLock::new(|| Factors::load(&library()).unwrap());

const BODIES: [Body; 2] = [Body::River, Body::Lake];

fn class_of(body: Body, key: &str, value: Decimal) -> Option<Class> {
    evaluate(&SURFACE, body, &[Reading::new(key, value)], None).unwrap().class
}

#[test]
fn a_value_on_every_limit_of_table_1_is_inside_and_beyond_it_is_not() {
    let epsilon = Decimal::new(1, 12);
    let mut checked = 0;
    for body in BODIES {
        for item in SURFACE.items.iter().filter(|item| !item.apart && item.body.is_none_or(|only| only == body)) {
            for class in Class::LIMITED {
                let Some(bound) = item.bound(class) else { continue };
                let beyond = if matches!(item.kind, Kind::Lower(_)) { bound - epsilon } else { bound + epsilon };
                assert!(class_of(body, &item.key, bound).unwrap() <= class, "{} {class}", item.key);
                assert!(class_of(body, &item.key, beyond).unwrap() > class, "{} {class}", item.key);
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 2 * 20 * 5);
}

fn value() -> impl Strategy<Value = Decimal> {
    (0_i64..60_000_000, 0_u32..6).prop_map(|(digits, scale)| Decimal::new(digits, scale))
}

fn water() -> impl Strategy<Value = Vec<(String, Decimal)>> {
    let keys: Vec<String> =
        SURFACE.items.iter().filter(|item| !item.apart && item.key != "PH").map(|item| item.key.clone()).collect();
    prop::collection::btree_map(prop::sample::select(keys), value(), 1..12).prop_map(|map| map.into_iter().collect())
}

fn readings(list: &[(String, Decimal)]) -> Vec<Reading> {
    list.iter().map(|(key, value)| Reading::new(key, *value)).collect()
}

proptest! {
    #[test]
    fn order_of_items_never_matters(list in water(), seed in any::<u64>(), lake in any::<bool>()) {
        let body = BODIES[usize::from(lake)];
        let forward = evaluate(&SURFACE, body, &readings(&list), Some(Class::II)).unwrap();
        let mut shuffled = list.clone();
        let turn = (seed % list.len() as u64) as usize;
        shuffled.rotate_left(turn);
        shuffled.reverse();
        let other = evaluate(&SURFACE, body, &readings(&shuffled), Some(Class::II)).unwrap();
        prop_assert_eq!(forward, other);
    }

    #[test]
    fn more_of_a_pollutant_is_never_a_better_class(list in water(), place in any::<prop::sample::Index>(), more in value()) {
        let before = evaluate(&SURFACE, Body::River, &readings(&list), None).unwrap();
        let mut worse = list.clone();
        let at = place.index(worse.len());
        if worse[at].0 == "DO" {
            worse[at].1 = (worse[at].1 - more).max(Decimal::ZERO);
        } else {
            worse[at].1 += more;
        }
        let after = evaluate(&SURFACE, Body::River, &readings(&worse), None).unwrap();
        prop_assert!(after.class >= before.class);
        prop_assert!(after.grade >= before.grade);
    }

    #[test]
    fn the_class_is_the_worst_item_and_main_pollutants_are_over_iii(list in water()) {
        let result = evaluate(&SURFACE, Body::River, &readings(&list), Some(Class::III)).unwrap();
        prop_assert_eq!(result.class, result.items.iter().filter_map(|item| item.class).max());
        prop_assert!(result.main_pollutants.len() <= 3);
        prop_assert!(result.main_pollutants.iter().all(|found| found.class > Class::III));
        prop_assert_eq!(result.compliant == Some(false), !result.over_target.is_empty());
        prop_assert_eq!(result.main_pollutants.is_empty(), result.over_target.is_empty());
    }

    #[test]
    fn the_unit_of_a_packet_does_not_change_the_class(micrograms in 0_i64..2_000) {
        let coded = evaluate(&SURFACE, Body::River, &[Reading::new("w20117", Decimal::from(micrograms))], None).unwrap();
        let plain = evaluate(&SURFACE, Body::River, &[Reading::new("CR6", Decimal::new(micrograms, 3))], None).unwrap();
        prop_assert_eq!(coded.class, plain.class);
    }

    #[test]
    fn every_set_of_five_sections_has_one_grade_that_worsens_with_a_section(classes in prop::collection::vec(0_usize..6, 5..40), place in any::<prop::sample::Index>()) {
        let grade = |list: &[usize]| -> Grade {
            let sections: Vec<SectionClass> =
                list.iter().map(|class| SectionClass { class: Class::ALL[*class], over: Vec::new() }).collect();
            reach_grade(&SURFACE, &sections).unwrap().grade
        };
        let mut worse = classes.clone();
        let at = place.index(worse.len());
        worse[at] = 5;
        prop_assert!(grade(&worse) >= grade(&classes));
    }

    #[test]
    fn groundwater_is_monotone(value in value(), more in value(), place in any::<prop::sample::Index>()) {
        let items: Vec<&str> =
            GROUND.items.iter().map(|item| item.key.as_str()).filter(|key| !["PH", "SMELL", "VISIBLE"].contains(key)).collect();
        let key = items[place.index(items.len())];
        let class = |value: Decimal| GROUND.evaluate(&[Reading::new(key, value)]).unwrap().class;
        prop_assert!(class(value + more) >= class(value));
    }

    #[test]
    fn rotation_land_is_never_judged_milder_than_paddy_or_other(value in value(), ph in 0_i64..140, item in prop::sample::select(vec!["CD", "HG", "AS", "PB", "CR"])) {
        let risk = |land: FarmlandUse| {
            FARM.evaluate(land, Decimal::new(ph, 1), &[Reading::new(item, value)]).unwrap().risk
        };
        prop_assert!(risk(FarmlandUse::Rotation) >= risk(FarmlandUse::Paddy));
        prop_assert!(risk(FarmlandUse::Rotation) >= risk(FarmlandUse::Other));
    }

    #[test]
    fn conversion_grows_with_oxygen_and_is_the_identity_at_the_reference(c in 0_i64..100_000, o2 in 0_i64..2_090, step in 1_i64..10, reference in 0_i64..2_000) {
        let (c, reference) = (Decimal::new(c, 2), Decimal::new(reference, 2));
        let conversion = Conversion::ReferenceOxygen(reference);
        let at = |o2: Decimal| conversion.apply(c, o2).unwrap().0;
        prop_assert!(at(Decimal::new(o2 + step, 2)) >= at(Decimal::new(o2, 2)));
        prop_assert_eq!(at(reference), c);
    }

    #[test]
    fn an_outlet_exceeds_exactly_beyond_its_limit(upper in 1_i64..1_000_000, off in -1_000_i64..1_000) {
        let limit = Limit {
            factor: "w01018".into(), period: Period::Day, upper: Some(Decimal::new(upper, 3)), lower: None,
            unit: "mg/L".into(), converted: false, basis: String::new(), unconfirmed: false,
            when: None,
        };
        let value = Decimal::new((upper + off).max(0), 3);
        let result = judge_outlet(&FACTORS, &[limit], &[Measured::new("w01018", Period::Day, value)]).unwrap();
        prop_assert_eq!(result.exceeding, value > Decimal::new(upper, 3));
    }
}
