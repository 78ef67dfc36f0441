//! The one line that a list shows of a point: its newest verdict as a number, a word and a colour.

use kernel::{Name, Point, Problem, Timestamp};
use serde::Serialize;

use super::view::{item_value, level_of, unit_of};
use crate::model::{Item, Method, Stat, Verdict};
use crate::rule::noise;
use crate::{Judge, names, plan};

/// An hour older than this is not preferred to the newest day.
const HOUR_DAYS: i32 = 2;

/// The newest verdict of a point in one line.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Headline {
    pub factor: String,
    pub name: Name,
    pub value: String,
    pub unit: String,
    pub time: Timestamp,
    pub level: Option<Name>,
    pub colour: Option<String>,
}

fn is_sound_level(item: &Item) -> bool {
    item.stat == Stat::Mean && noise::LEVELS.iter().any(|level| item.factor == **level)
}

impl Judge {
    /// The newest judged hour of a point, or its newest day where hours are older or missing.
    ///
    /// # Errors
    /// When the store fails.
    pub fn newest_verdict(&self, point: &Point, now: Timestamp) -> Result<Option<Verdict>, Problem> {
        let today = now.day();
        let super::today::Newest { hour, day } = self.newest(point, now)?;
        Ok(match (hour, day) {
            (Some(hour), _) if hour.key.start().day().0 > today.0 - HOUR_DAYS => Some(hour),
            (hour, day) => [hour, day].into_iter().flatten().max_by_key(|verdict| verdict.key.end()),
        })
    }

    /// A verdict in one line: the index of air, the class of water, the worst item of everything else.
    pub fn headline(&self, point: &Point, verdict: &Verdict) -> Option<Headline> {
        let (finding, time) = (&verdict.finding, verdict.key.start());
        let (level, colour) = level_of(&self.rules(), point, verdict);
        let colour = colour.map(|colour| format!("#{}", colour.trim_start_matches('#')));
        let line = |factor: &str, name: Name, value: String, unit: String| Headline {
            factor: factor.to_owned(),
            name,
            value,
            unit,
            time,
            level: level.clone(),
            colour: colour.clone(),
        };
        match (plan::method_of(point.kind), finding.index) {
            (Method::Air, Some(aqi)) => Some(line("aqi", Name::new("AQI", "AQI"), aqi.to_string(), String::new())),
            (Method::Water { .. } | Method::Groundwater, Some(class)) => {
                let class = crate::rule::water::class_of_number(class)?;
                Some(line("class", Name::new("类别", "class"), class.key().to_owned(), String::new()))
            }
            _ => {
                // Of a sound the equivalent level speaks, not the first of its percentiles.
                let level = || finding.items.iter().find(|item| is_sound_level(item) && item.value.is_some());
                let limited = || finding.items.iter().find(|item| item.limit.is_some() && item.value.is_some());
                let any = || finding.items.iter().find(|item| item.stat == Stat::Mean && item.value.is_some());
                let item = finding.worst().or_else(limited).or_else(level).or_else(any)?;
                let name = names::factor_name_at(point.kind, item.factor.as_str());
                Some(line(
                    item.factor.as_str(),
                    name,
                    item_value(point, item),
                    unit_of(&self.rules(), point, item, time),
                ))
            }
        }
    }
}
