//! Devices that nobody has adopted, and who is connected.

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Json, Path, Routes, blocking, operation};
use kernel::{Action, Problem, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::allowed_point;
use crate::ops::AdoptionReport;
use crate::rows;
use crate::service::Collect;

const LISTED: i64 = 1000;
/// Of the sample frame.
const MOST_LETTERS: usize = 2000;

#[derive(Debug, Serialize, JsonSchema)]
struct QuarantineRow {
    mn: String,
    st: String,
    first_at: Timestamp,
    last_at: Timestamp,
    packets: i64,
    peer: String,
    /// Its newest frame, without the password.
    sample: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Adopt {
    mn: String,
    /// System code ST.
    st: String,
    /// Id of the point.
    point: String,
}

/// A device of a point and its connection.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DeviceRow {
    pub mn: String,
    pub st: String,
    pub from: Timestamp,
    pub until: Option<Timestamp>,
    pub strictness: &'static str,
    pub addresses: Vec<String>,
    pub password_set: bool,
    pub sm4: bool,
    pub edition: Option<&'static str>,
    pub connected: bool,
    pub peer: Option<String>,
    pub connected_since: Option<Timestamp>,
    pub last_frame_at: Option<Timestamp>,
    pub clock_drift_millis: Option<i64>,
}

impl Collect {
    /// The devices of a point and their connections, for whoever shows the point as a whole.
    pub fn device_rows(&self, point: i64) -> Vec<DeviceRow> {
        let directory = self.directory.load();
        let mut rows: Vec<DeviceRow> = directory
            .devices()
            .filter(|device| device.point == point)
            .map(|device| {
                let session = self.sessions.get(&device.mn).map(|session| session.view());
                DeviceRow {
                    mn: device.mn.clone(),
                    st: crate::wire::system_text(device.system),
                    from: device.from,
                    until: device.until,
                    strictness: device.strictness.name(),
                    addresses: device.addresses.iter().map(ToString::to_string).collect(),
                    password_set: device.password.is_some(),
                    sm4: device.sm4_key.is_some() || !self.issued_keys(&device.mn).is_empty(),
                    edition: session.as_ref().map(|view| view.edition).or(device.edition).map(hj212::Edition::year),
                    connected: session.is_some(),
                    peer: session.as_ref().map(|view| view.peer.to_string()),
                    connected_since: session.as_ref().map(|view| view.since),
                    last_frame_at: session.as_ref().map(|view| view.last_frame_at),
                    clock_drift_millis: session.and_then(|view| view.clock_drift_millis),
                }
            })
            .collect();
        rows.sort_by(|left, right| (&left.mn, left.from).cmp(&(&right.mn, right.from)));
        rows
    }
}

pub fn routes(collect: &Arc<Collect>) -> Routes {
    let adopt = Access::May(Action::AdoptDevices);
    let (one, two, three) = (Arc::clone(collect), Arc::clone(collect), Arc::clone(collect));
    Routes::new("collect")
        .get(
            "/api/quarantine",
            operation("隔离设备", "devices in quarantine", adopt).returns::<Vec<QuarantineRow>>(),
            async move |_caller: Caller| -> ApiResult<Json<Vec<QuarantineRow>>> {
                let collect = Arc::clone(&one);
                Ok(Json(blocking(move || quarantine(&collect)).await?))
            },
        )
        .post(
            "/api/quarantine/adopt",
            operation("收编隔离设备及其数据", "adopt a device with its data", adopt)
                .body::<Adopt>()
                .returns::<AdoptionReport>(),
            async move |caller: Caller, Json(asked): Json<Adopt>| -> ApiResult<Json<AdoptionReport>> {
                let collect = Arc::clone(&two);
                let report = blocking(move || {
                    let point = asked.point.parse().map_err(|_| Problem::invalid("point：不是编号 (not an id)"))?;
                    let system = hj212::system::number(&asked.st).unwrap_or(0);
                    collect.adopt(&caller.0, &asked.mn, system, point, kernel::time::now())
                })
                .await?;
                Ok(Json(report))
            },
        )
        .get(
            "/api/points/{id}/devices",
            operation(
                "点位设备及连接",
                "devices of a point and their connections",
                Access::May(Action::ReadMonitoring),
            )
            .returns::<Vec<DeviceRow>>(),
            async move |caller: Caller, Path(id): Path<i64>| -> ApiResult<Json<Vec<DeviceRow>>> {
                allowed_point(&three, &caller, id, Action::ReadMonitoring)?;
                Ok(Json(three.device_rows(id)))
            },
        )
}

fn quarantine(collect: &Collect) -> Result<Vec<QuarantineRow>, Problem> {
    let devices = collect.store.read(|reader| rows::quarantined(reader, collect.division, LISTED))?;
    let mut shown = Vec::with_capacity(devices.len());
    for device in devices {
        let frame = match device.newest_frame {
            Some(number) => collect.store.frame(number)?,
            None => None,
        };
        let sample = frame.map(|frame| {
            let (text, _) = super::frames::cover(&super::frames::readable(&frame.bytes));
            text.chars().take(MOST_LETTERS).collect()
        });
        shown.push(QuarantineRow {
            mn: device.mn,
            st: crate::wire::system_text(device.system),
            first_at: device.first_at,
            last_at: device.last_at,
            packets: device.packets,
            peer: device.peer,
            sample,
        });
    }
    Ok(shown)
}
