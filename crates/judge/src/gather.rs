//! Gathering: the observations that a span of hours of a point rests on. Bounded by the span, at most a month.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use kernel::{Division, Hour, Point, Timestamp};
use store::contract::ObservationQuery;
use store::contract::StoredObservation;
use store::packed::Statistic;
use store::{Reader, Store, StoreError};

use crate::code::Code;
use crate::review::{self, Review, Stop};

pub const HOUR: u16 = 2061;
pub const MINUTE: u16 = 2051;
pub const REALTIME: u16 = 2011;
pub const DAY: u16 = 2031;

/// A device's clock may be ahead by so much; what is of a later time is stored and never judged (`collect` names it
/// `future_data_time`), also when that time has come.
pub const FUTURE_MILLIS: i64 = 2 * kernel::time::HOUR_MILLIS;

/// More packets than this in one read of a span are not looked at (a month of minutes of four systems).
const MOST_PACKETS: usize = 200_000;

/// Numbers of factors to codes, remembered.
#[derive(Default)]
pub struct Codes {
    known: RwLock<Vec<Option<Option<Code>>>>,
}

impl Codes {
    /// `None`: no code that could be judged.
    pub fn get(&self, store: &dyn Store, number: u32) -> Option<Code> {
        let place = number as usize;
        let known = self.known.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(place).copied().flatten();
        if let Some(code) = known {
            return code;
        }
        let code = store.factor_code(number).as_deref().and_then(Code::new);
        let mut known = self.known.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        // The dictionary is bounded by `collect`; a number beyond any sane size is not remembered.
        if place < 1 << 20 {
            if known.len() <= place {
                known.resize(place + 1, None);
            }
            known[place] = Some(code);
        }
        code
    }
}

/// The packets of one hour by kind.
#[derive(Clone, Debug, Default)]
pub struct HourPackets {
    pub hour: Vec<StoredObservation>,
    pub minute: Vec<StoredObservation>,
    pub realtime: Vec<StoredObservation>,
}

/// What was gathered for a span.
#[derive(Debug, Default)]
pub struct Gathered {
    pub hours: BTreeMap<i64, HourPackets>,
    pub reviews: Vec<Review>,
    pub stops: Vec<Stop>,
}

impl Gathered {
    /// Highest raw frame number among the packets of hours `from..=until`.
    pub fn horizon(&self, from: i64, until: i64) -> i64 {
        let packets = self
            .hours
            .range(from..=until)
            .flat_map(|(_, packets)| packets.hour.iter().chain(&packets.minute).chain(&packets.realtime));
        packets.map(|packet| packet.frame).max().unwrap_or(0)
    }
}

/// What was known at an earlier moment: frames up to a number, statements up to a time.
#[derive(Clone, Copy, Debug)]
pub struct AsOf {
    pub frame: i64,
    pub at: Timestamp,
}

/// Reads the hours `from..=until` of a point. Minute packets of an hour are read only where it is among `wanted`
/// (sorted) and its hour packets do not have every factor that the point is known for; real-time packets where the
/// minutes leave a gap too. Of a point whose ledger lists no factors all three are
/// read.
pub fn gather(
    store: &Arc<dyn Store>,
    codes: &Codes,
    point: &Point,
    from: i64,
    until: i64,
    wanted: &[i64],
    as_of: Option<AsOf>,
) -> Result<Gathered, StoreError> {
    let mut gathered = Gathered::default();
    let (start, end) = (Hour(from).start(), Hour(until).end());
    let expected = expected(point);
    for packet in packets(store, point.id, HOUR, start, end, as_of)? {
        gathered.hours.entry(packet.key.data_time.hour().0).or_default().hour.push(packet);
    }
    let mut lacking = wanted.to_vec();
    for kind in [MINUTE, REALTIME] {
        lacking
            .retain(|hour| gathered.hours.get(hour).is_none_or(|packets| !packets.has_all(&expected, &**store, codes)));
        for run in runs(&lacking) {
            let (start, end) = (Hour(run.0).start(), Hour(run.1).end());
            for packet in packets(store, point.id, kind, start, end, as_of)? {
                let hour = gathered.hours.entry(packet.key.data_time.hour().0).or_default();
                if kind == MINUTE { hour.minute.push(packet) } else { hour.realtime.push(packet) }
            }
        }
    }
    let division = store.division();
    (gathered.reviews, gathered.stops) = statements(store, division, point.id, start, end, as_of)?;
    Ok(gathered)
}

/// What people had said of `from..until` of a point.
pub fn statements(
    store: &Arc<dyn Store>,
    division: Division,
    point: i64,
    from: Timestamp,
    until: Timestamp,
    as_of: Option<AsOf>,
) -> Result<(Vec<Review>, Vec<Stop>), StoreError> {
    let mut found = (Vec::new(), Vec::new());
    store.read_with(&mut |reader: &dyn Reader| {
        found.0 = review::of_point(reader, division, point, from, until)?;
        found.1 = review::stops_of_point(reader, division, point, from, until)?;
        Ok(())
    })?;
    if let Some(as_of) = as_of {
        found.0.retain(|review| review.at <= as_of.at);
        found.1 = found.1.into_iter().filter_map(|stop| stop.as_of(as_of.at)).collect();
    }
    Ok(found)
}

/// The factors that a point is known to send; none where its ledger lists none.
fn expected(point: &Point) -> Vec<Code> {
    let mut codes: Vec<Code> = point.factors.iter().filter_map(|code| Code::new(code)).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

impl HourPackets {
    /// Whether hour and minute packets have every one of these factors; `false` of none.
    fn has_all(&self, factors: &[Code], store: &dyn Store, codes: &Codes) -> bool {
        let has = |code: &Code| {
            let values = self.hour.iter().chain(&self.minute).flat_map(|packet| &packet.values);
            // Only a mean speaks for a factor; an amount or an extreme alone leaves it to finer packets.
            let means = values
                .filter(|value| matches!(value.statistic, Statistic::Average | Statistic::Level | Statistic::Realtime));
            means.into_iter().any(|value| codes.get(store, value.factor) == Some(*code))
        };
        !factors.is_empty() && factors.iter().all(has)
    }
}

/// The packets of a time without their values, every revision: when they were for, and when they came.
pub fn packets_without_values(
    store: &Arc<dyn Store>,
    point: i64,
    kind: u16,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<StoredObservation>, StoreError> {
    let query = ObservationQuery { point, system: None, kind, from, until, every_revision: true, limit: MOST_PACKETS };
    // No factor has this number.
    store.observations_of_factor(query, u32::MAX)
}

/// Packets of one kind, each key once: the newest revision, or the newest that was known then.
pub fn packets(
    store: &Arc<dyn Store>,
    point: i64,
    kind: u16,
    from: Timestamp,
    until: Timestamp,
    as_of: Option<AsOf>,
) -> Result<Vec<StoredObservation>, StoreError> {
    let query = ObservationQuery {
        point,
        system: None,
        kind,
        from,
        until,
        every_revision: as_of.is_some(),
        limit: MOST_PACKETS,
    };
    let mut found = store.observations(query)?;
    found.retain(|packet| packet.key.data_time.millis() <= packet.received_at.millis() + FUTURE_MILLIS);
    let Some(as_of) = as_of else { return Ok(found) };
    let mut then: Vec<StoredObservation> = Vec::new();
    for packet in found.into_iter().filter(|packet| packet.frame <= as_of.frame) {
        match then.last_mut() {
            Some(last) if last.key == packet.key => *last = packet,
            _ => then.push(packet),
        }
    }
    Ok(then)
}

/// Unbroken runs of sorted hours, at most a day long each.
fn runs(hours: &[i64]) -> Vec<(i64, i64)> {
    let mut found: Vec<(i64, i64)> = Vec::new();
    for &hour in hours {
        match found.last_mut() {
            Some((first, last)) if hour <= *last + 1 && hour - *first < 24 => *last = hour,
            _ => found.push((hour, hour)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_join_neighbours_and_end_after_a_day() {
        assert_eq!(runs(&[3, 4, 5, 9]), [(3, 5), (9, 9)]);
        assert_eq!(runs(&(0..30).collect::<Vec<_>>()), [(0, 23), (24, 29)]);
        assert!(runs(&[]).is_empty());
    }
}
