//! Routes and API types of the way in.

pub mod commands;
mod devices;
mod frames;
mod import;
mod values;

pub use devices::DeviceRow;

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Json, Routes, operation};
use kernel::{Action, Name, Point, PointKind, Problem, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use crate::service::Collect;

pub fn routes(collect: &Arc<Collect>) -> Routes {
    values::routes(collect)
        .merge(frames::routes(collect))
        .merge(commands::routes(collect))
        .merge(devices::routes(collect))
        .merge(import::routes(collect))
        .merge(status(collect))
}

/// Refused packets of one reason since start.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RefusalCount {
    name: &'static str,
    title: Name,
    packets: u64,
}

impl RefusalCount {
    pub fn of(&(name, packets): &(&'static str, u64)) -> Self {
        Self { name, title: crate::anomaly::title(name), packets }
    }
}

/// State of the way in.
#[derive(Debug, Serialize, JsonSchema)]
struct Status {
    trouble: Option<Name>,
    trouble_since: Option<Timestamp>,
    packets_today: u64,
    packets_per_second: f64,
    connections: u64,
    last_packet_at: Option<Timestamp>,
    packets: u64,
    duplicates: u64,
    refused: u64,
    /// By reason, most first.
    refusals: Vec<RefusalCount>,
    quarantined: u64,
}

fn status(collect: &Arc<Collect>) -> Routes {
    let collect = Arc::clone(collect);
    Routes::new("collect").get(
        "/api/collect/status",
        operation("采集状态", "state of the way in", Access::May(Action::ReadMonitoring)).returns::<Status>(),
        async move |_caller: Caller| -> ApiResult<Json<Status>> {
            let status = collect.status();
            let (trouble, trouble_since) =
                status.trouble.map_or((None, None), |(name, since)| (Some(name), Some(since)));
            Ok(Json(Status {
                trouble,
                trouble_since,
                packets_today: status.packets_today,
                packets_per_second: status.packets_per_second,
                connections: status.connections,
                last_packet_at: status.last_packet_at,
                packets: status.packets,
                duplicates: status.duplicates,
                refused: status.refused,
                refusals: status.refusals.iter().map(RefusalCount::of).collect(),
                quarantined: status.quarantined,
            }))
        },
    )
}

/// The point of a route, if the caller may do `action` on it.
fn allowed_point(collect: &Collect, caller: &Caller, id: i64, action: Action) -> Result<Arc<Point>, Problem> {
    let point = collect.point(id)?;
    caller.need(action, point.owner.as_deref()).map_err(|refused| refused.0)?;
    Ok(point)
}

/// Name of a factor and the unit in which a point of this kind sends it; an unknown code stands for itself.
/// The factor table has the units of emissions; ambient air is sent in µg/m³ and CO in mg/m³, whatever it says.
pub fn factor_at(kind: PointKind, code: &str) -> (Name, String) {
    let (name, unit) = hj212::factor::find(code).map_or_else(
        || (Name::new(code, code), String::new()),
        |factor| (Name::new(&factor.zh, &factor.en), factor.unit.clone()),
    );
    let ambient = matches!(kind, PointKind::AirStation | PointKind::MicroStation | PointKind::DustPoint);
    let unit = match code {
        "a34001" | "a34002" | "a34004" | "a21026" | "a21004" | "a05024" if ambient => "µg/m³".to_owned(),
        "a21005" if ambient => "mg/m³".to_owned(),
        _ => unit,
    };
    (name, unit)
}

/// ISO time of a query, or a problem that names the parameter.
fn time(name: &str, text: Option<&str>, otherwise: Timestamp) -> Result<Timestamp, Problem> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(otherwise) };
    let parsed = Timestamp::parse(text).or_else(|| kernel::Day::parse(text).map(|day| day.start()));
    parsed.ok_or_else(|| Problem::invalid(format!("{name}：“{text}”不是时间 (not a time)")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ambient_air_is_in_micrograms_and_emissions_are_not() {
        let unit = |kind, code| factor_at(kind, code).1;
        assert_eq!(unit(PointKind::AirStation, "a34004"), "µg/m³");
        assert_eq!(unit(PointKind::AirStation, "a21005"), "mg/m³");
        assert_eq!(unit(PointKind::WasteGasOutlet, "a21026"), "mg/m³");
        assert_eq!(factor_at(PointKind::AirStation, "zzz").0, Name::new("zzz", "zzz"));
    }
}
