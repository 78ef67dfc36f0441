//! Simulated stations (模拟站点): they connect, send and answer as real loggers do, so that a county sees the
//! platform at work before its stations are there. Everything they send is invented and has to be shown as 模拟.
//!
//! Map: [`plan`] says what a station is and what happens to it · [`values`] makes its numbers (pure: the same
//! seed, station and time give the same value, so a history request gets what was sent) · [`station`] decides
//! what to send and how to answer (pure: time and packets in, bytes out) · [`session`] is its connection.

#[cfg(test)]
mod flow_tests;
pub mod plan;
mod session;
pub mod station;
#[cfg(test)]
mod tests;
pub mod values;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use plan::{Incident, IncidentKind, StationPlan};

/// What to simulate.
#[derive(Clone, Debug)]
pub struct Simulation {
    pub stations: Vec<StationPlan>,
    /// Where the platform listens.
    pub address: SocketAddr,
    pub seed: u64,
    /// Hour and day packets of so many days before the start are sent first.
    pub backfill_days: u32,
}

/// Starts every station; ends when `stop` becomes true (or its sender goes away).
pub fn spawn(simulation: Simulation, stop: watch::Receiver<bool>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let now = kernel::time::now().millis();
        let Simulation { stations, address, seed, backfill_days } = simulation;
        tracing::info!(stations = stations.len(), %address, seed, backfill_days, "simulated stations (模拟站点) start");
        let mut tasks = tokio::task::JoinSet::new();
        for plan in stations {
            let station = station::Station::new(Arc::new(plan), seed, now, backfill_days);
            tasks.spawn(session::run(station, address, stop.clone()));
        }
        while tasks.join_next().await.is_some() {}
    })
}

/// What shows in a demonstration: from two hours before `now` one station exceeds (the first waste-water, waste-gas
/// or other station, in this order); the last one loses its link for half an hour soon after the start and catches
/// up with what it kept; a third has had a faulty instrument for an hour, a fourth was off yesterday for three
/// hours. All others have small random gaps and faults only.
pub fn script_demonstration(stations: &mut [StationPlan], now: i64) {
    const HOUR: i64 = 3_600_000;
    let rank = |plan: &StationPlan| match plan.st.as_str() {
        "32" => 0,
        "31" => 1,
        "22" => 2,
        _ => 3,
    };
    let Some(exceeding) = (0..stations.len()).min_by_key(|&place| rank(&stations[place])) else { return };
    let factor = stations[exceeding].tell_tale();
    if let Some(factor) = factor {
        let kind = IncidentKind::Exceedance { factor, times: 4.0 };
        stations[exceeding].incidents.push(Incident { kind, from: now - 2 * HOUR, until: now + 3 * HOUR });
    }
    if let Some(place) = (0..stations.len()).rev().find(|&place| place != exceeding) {
        let (from, until) = (now + HOUR / 30, now + HOUR / 30 + HOUR / 2);
        stations[place].incidents.push(Incident { kind: IncidentKind::Outage, from, until });
    }
    let mut others = (0..stations.len().saturating_sub(1)).filter(|&place| place != exceeding);
    let (third, fourth) = (others.next(), others.next());
    if let Some(place) = third
        && let Some(factor) = stations[place].factors.last().map(|factor| factor.code.clone())
    {
        let kind = IncidentKind::Fault { factor };
        stations[place].incidents.push(Incident { kind, from: now - HOUR, until: now + 2 * HOUR });
    }
    if let Some(place) = fourth {
        let (from, until) = (now - 24 * HOUR, now - 21 * HOUR);
        stations[place].incidents.push(Incident { kind: IncidentKind::Gap, from, until });
    }
}
