//! What the public pages may show, from register and judge. Only records of ledgers that are public count.

use std::sync::Arc;

use judge::Judge;
use kernel::time::HOUR_MILLIS;
use kernel::{Actor, Name, Point, PointKind, Problem, Timestamp};
use register::Register;
use share::{AirRow, PublicFactor, PublicSource, Situation, WaterRow};

/// Air is stale this long after the start of its hour.
const AIR_FRESH_MILLIS: i64 = 4 * HOUR_MILLIS;
/// Water is stale this long after the end of the hour or day that is shown; its stations measure every four hours.
const WATER_FRESH_MILLIS: i64 = 10 * HOUR_MILLIS;

pub struct PublicView {
    pub register: Arc<Register>,
    pub judge: Arc<Judge>,
}

impl PublicView {
    fn points(&self, wanted: impl Fn(&Point) -> bool) -> Vec<Arc<Point>> {
        let (points, catalog) = (self.judge.points().points(), self.register.catalog());
        let public = |point: &Point| catalog.ledger(&point.ledger).is_some_and(|ledger| ledger.public);
        points.iter().filter(|point| wanted(point) && public(point)).cloned().collect()
    }

    /// Name of a record that a point links to; its key where there is none.
    fn name_of(&self, ledger: &str, key: &str) -> Name {
        let found = self.register.record_by_key(&Actor::system("public"), ledger, key);
        found.map_or_else(|_| Name::new(key, key), |record| record.content.title)
    }
}

/// State before number. Pure.
fn situation(judged: Option<(Timestamp, bool)>, fresh_millis: i64, now: Timestamp) -> Situation {
    match judged {
        None => Situation::NoData,
        Some((time, _)) if now.millis() - time.millis() > fresh_millis => Situation::Stale,
        Some((_, false)) => Situation::Incomplete,
        Some((_, true)) => Situation::Current,
    }
}

impl PublicSource for PublicView {
    fn county(&self) -> Name {
        self.register.county().map_or_else(|| Name::new("青山", "Qingshan"), |view| view.county.name.clone())
    }

    fn air(&self, now: Timestamp) -> Result<Vec<AirRow>, Problem> {
        let points = self.points(|point| point.kind == PointKind::AirStation);
        let row = |point: &Arc<Point>| {
            let today = self.judge.air_today(point, now)?;
            let hour = today.hour.as_ref();
            Ok(AirRow {
                station: point.name.clone(),
                simulated: point.simulated,
                schematic: point.schematic,
                situation: situation(hour.map(|hour| (hour.time, hour.aqi.is_some())), AIR_FRESH_MILLIS, now),
                time: hour.map(|hour| hour.time),
                aqi: hour.and_then(|hour| hour.aqi).map(u32::from),
                category: hour.and_then(|hour| hour.category.clone()),
                colour: hour.and_then(|hour| hour.colour.clone()),
                primary: hour.map(|hour| hour.primary.clone()).unwrap_or_default(),
                edition: hour.map(|hour| hour.edition.clone()).unwrap_or_default(),
                factors: today
                    .values
                    .iter()
                    .filter(|value| value.valid)
                    .map(|value| PublicFactor {
                        name: value.name.clone(),
                        value: value.value.clone(),
                        unit: value.unit.clone(),
                    })
                    .collect(),
            })
        };
        points.iter().map(row).collect()
    }

    fn water(&self, now: Timestamp) -> Result<Vec<WaterRow>, Problem> {
        let points = self.points(judge::http::is_water);
        let row = |point: &Arc<Point>| {
            let today = self.judge.water_today(point, now)?;
            let judged = today.until.map(|until| (until, today.class.is_some()));
            Ok(WaterRow {
                point: point.name.clone(),
                river: point.river.as_deref().map(|key| self.name_of("river", key)).unwrap_or_default(),
                simulated: point.simulated,
                schematic: point.schematic,
                situation: situation(judged, WATER_FRESH_MILLIS, now),
                time: today.time,
                target: today.target_class.unwrap_or_default(),
                class: today.class,
                grade: today.grade,
                colour: today.colour,
                compliant: today.compliant,
                main_pollutants: today.main_pollutants.into_iter().map(|main| main.name).collect(),
                edition: today.edition,
            })
        };
        let mut rows = points.iter().map(row).collect::<Result<Vec<_>, Problem>>()?;
        // What is known first: most sections are sampled by hand and have nothing to say today.
        rows.sort_by_key(|row: &WaterRow| row.class.is_none());
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_is_told_before_the_number() {
        let now = Timestamp(1_800_000_000_000);
        let ago = |hours: i64| now.plus(-hours * HOUR_MILLIS);
        for (judged, expect) in [
            (None, Situation::NoData),
            (Some((ago(1), true)), Situation::Current),
            (Some((ago(1), false)), Situation::Incomplete),
            (Some((ago(5), true)), Situation::Stale),
        ] {
            assert_eq!(situation(judged, AIR_FRESH_MILLIS, now), expect, "{judged:?}");
        }
    }
}
