//! Time variation (时间变化): means by hour of the day, weekday, month, and hour × weekday, each with its interval.

use std::collections::BTreeMap;

use kernel::Hour;

use super::Mean;

/// `facet` is `hour`, `weekday`, `month` or `weekday_hour`; `key` 0–23, 1–7 (Monday 1), 1–12, or `3-14`.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    pub facet: &'static str,
    pub key: String,
    pub mean: Mean,
}

/// Monday is 1.
pub fn weekday(hour: i64) -> u8 {
    // 1 January 1970 was a Thursday.
    ((i64::from(Hour(hour).day().0) + 3).rem_euclid(7) + 1) as u8
}

pub fn month_of(hour: i64) -> u8 {
    Hour(hour).day().civil().1 as u8
}

/// Name of a facet, and the group of an hour in it.
type Facet = (&'static str, fn(i64) -> u16);

/// The four facets of a series of `(hour, value)`; groups without a value are left out.
pub fn time_variation(series: &[(i64, f64)]) -> Vec<Cell> {
    let facets: [Facet; 4] = [
        ("hour", |hour| Hour(hour).of_day() as u16),
        ("weekday", |hour| weekday(hour).into()),
        ("month", |hour| month_of(hour).into()),
        ("weekday_hour", |hour| u16::from(weekday(hour)) * 100 + Hour(hour).of_day() as u16),
    ];
    let mut cells = Vec::new();
    for (facet, group) in facets {
        let mut groups: BTreeMap<u16, Vec<f64>> = BTreeMap::new();
        for (hour, value) in series {
            groups.entry(group(*hour)).or_default().push(*value);
        }
        cells.extend(groups.into_iter().map(|(key, values)| Cell {
            facet,
            key: if facet == "weekday_hour" { format!("{}-{}", key / 100, key % 100) } else { key.to_string() },
            mean: Mean::of(&values),
        }));
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Timestamp;

    fn hour(text: &str) -> i64 {
        Timestamp::parse(text).unwrap().hour().0
    }

    #[test]
    fn weekdays_and_months_are_civil() {
        assert_eq!(weekday(hour("2026-11-25T00:00:00+08:00")), 3);
        assert_eq!(weekday(hour("2026-11-22T23:00:00+08:00")), 7);
        assert_eq!(month_of(hour("2026-12-01T00:00:00+08:00")), 12);
    }

    #[test]
    fn every_hour_is_in_one_group_of_each_facet() {
        let start = hour("2026-11-02T00:00:00+08:00");
        let series: Vec<(i64, f64)> = (0..24 * 30).map(|step| (start + step, (step % 24) as f64)).collect();
        let cells = time_variation(&series);
        for facet in ["hour", "weekday", "month", "weekday_hour"] {
            let sum: usize = cells.iter().filter(|cell| cell.facet == facet).map(|cell| cell.mean.n).sum();
            assert_eq!(sum, series.len(), "{facet}");
        }
        let at = |facet: &str, key: &str| cells.iter().find(|cell| cell.facet == facet && cell.key == key).unwrap();
        assert_eq!(at("hour", "14").mean.mean, Some(14.0));
        assert_eq!(at("weekday", "1").mean.mean, Some(11.5));
        assert_eq!(at("weekday_hour", "1-5").mean.mean, Some(5.0));
    }
}
