//! `simulate`: stations that are not there.

use std::net::ToSocketAddrs;
use std::time::Duration;

use hj212::Edition;

use super::arguments::Arguments;
use crate::simulate::plan::station_types;
use crate::simulate::{Simulation, StationPlan, script_demonstration, spawn};

const MAX_STATIONS: u32 = 20_000;

pub fn run(arguments: &[String]) -> Result<(), String> {
    let options =
        ["stations", "type", "edition", "seed", "backfill-days", "realtime", "minute", "seconds", "sm4-key", "first"];
    let arguments = Arguments::read(arguments, &options, &["demo"])?;
    let address = arguments.rest.first().ok_or("缺少 HOST:PORT (is missing)")?;
    let address = address
        .to_socket_addrs()
        .map_err(|error| format!("{address}：{error}"))?
        .next()
        .ok_or("没有这个地址 (no such address)")?;
    let mut stations = stations(&arguments)?;
    if arguments.has("demo") {
        script_demonstration(&mut stations, kernel::time::now().millis());
    }
    let simulation = Simulation {
        stations,
        address,
        seed: arguments.number("seed")?.unwrap_or(212),
        backfill_days: arguments.number::<u32>("backfill-days")?.unwrap_or(0).min(3660),
    };
    let seconds: Option<u64> = arguments.number("seconds")?;
    for plan in &simulation.stations {
        println!("{} ST={} HJ 212-{} 模拟 (simulated)", plan.mn, plan.st, plan.edition.year());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("无法启动 (cannot start): {error}"))?;
    runtime.block_on(async {
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let task = spawn(simulation, stopped);
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = async {
                match seconds {
                    Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
                    None => std::future::pending().await,
                }
            } => {}
        }
        let _ = stop.send(true);
        let _ = tokio::time::timeout(Duration::from_secs(5), task).await;
    });
    Ok(())
}

fn stations(arguments: &Arguments) -> Result<Vec<StationPlan>, String> {
    let types = station_types();
    let wanted = arguments.get("type").unwrap_or("mixed");
    let chosen: Vec<_> = types.iter().filter(|kind| wanted == "mixed" || kind.id == wanted).collect();
    if chosen.is_empty() {
        let known: Vec<&str> = types.iter().map(|kind| kind.id.as_str()).collect();
        return Err(format!("没有类型 {wanted} (no such type); mixed, {}", known.join(", ")));
    }
    let edition = match arguments.get("edition") {
        None => Edition::V2017,
        Some(year) => Edition::from_year(year)
            .filter(|&edition| edition != Edition::V2005)
            .ok_or_else(|| format!("--edition {year}：只有 2017 与 2025 (2017 or 2025)"))?,
    };
    let count = arguments.number::<u32>("stations")?.unwrap_or(1).min(MAX_STATIONS);
    let first = arguments.number::<u32>("first")?.unwrap_or(1);
    let (realtime, minute, key) = (arguments.number("realtime")?, arguments.number("minute")?, arguments.key()?);
    let plans = (0..count).zip(chosen.iter().cycle()).map(|(number, kind)| {
        let mut plan = kind.station(first.saturating_add(number), edition);
        plan.realtime_seconds = realtime.or(plan.realtime_seconds);
        plan.minute_minutes = minute.or(plan.minute_minutes);
        plan.sm4_key = key.filter(|_| edition == Edition::V2025);
        plan
    });
    Ok(plans.collect())
}
