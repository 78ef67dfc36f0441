//! Devices that nobody has adopted, and who is connected.

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Json, Path, Routes, blocking, operation};
use kernel::{Action, Actor, Problem, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::allowed_point;
use crate::adopt::{AdoptionReport, DiscardReport};
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
    /// Packets turned away since the program started, because the device's places in quarantine were taken.
    refused: u64,
    /// Its newest frame is ciphertext: data come of it only when the device's binding has its SM4 key.
    encrypted: bool,
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

#[derive(Debug, Deserialize, JsonSchema)]
struct Discard {
    mn: String,
    /// System code ST.
    st: String,
}

/// A device of a point and its connection. What would help to pass oneself off as the device (MN, addresses,
/// whether there is a password) is null for those who may neither read frames nor command stations.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DeviceRow {
    pub mn: Option<String>,
    pub st: String,
    pub from: Timestamp,
    pub until: Option<Timestamp>,
    pub strictness: &'static str,
    pub addresses: Option<Vec<String>>,
    pub password_set: Option<bool>,
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
    pub fn device_rows(&self, point: i64, actor: &Actor, owner: Option<&str>) -> Vec<DeviceRow> {
        let trusted = actor.may(Action::ReadFrames, owner) || actor.may(Action::CommandStations, owner);
        let directory = self.directory.load();
        let mut devices: Vec<_> = directory.devices().filter(|device| device.point == point).collect();
        devices.sort_by(|left, right| (&left.mn, left.from).cmp(&(&right.mn, right.from)));
        devices
            .into_iter()
            .map(|device| {
                let session = self.sessions.get(&device.mn).map(|session| session.view());
                DeviceRow {
                    mn: trusted.then(|| device.mn.clone()),
                    st: crate::wire::system_text(device.system),
                    from: device.from,
                    until: device.until,
                    strictness: device.strictness.name(),
                    addresses: trusted.then(|| device.addresses.iter().map(ToString::to_string).collect()),
                    password_set: trusted.then_some(device.password.is_some()),
                    sm4: device.sm4_key.is_some() || !self.issued_keys(&device.mn).is_empty(),
                    edition: session.as_ref().map(|view| view.edition).or(device.edition).map(hj212::Edition::year),
                    connected: session.is_some(),
                    peer: session.as_ref().filter(|_| trusted).map(|view| view.peer.to_string()),
                    connected_since: session.as_ref().map(|view| view.since),
                    last_frame_at: session.as_ref().map(|view| view.last_frame_at),
                    clock_drift_millis: session.and_then(|view| view.clock_drift_millis),
                }
            })
            .collect()
    }
}

pub fn routes(collect: &Arc<Collect>) -> Routes {
    let adopt = Access::May(Action::AdoptDevices);
    let (one, two, three, four) = (Arc::clone(collect), Arc::clone(collect), Arc::clone(collect), Arc::clone(collect));
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
                let point = asked.point.parse().map_err(|_| Problem::invalid("point：不是编号 (not an id)"))?;
                let system = hj212::system::number(&asked.st).unwrap_or(0);
                let now = kernel::time::now();
                let work = async move { collect.adopt(&caller.0, &asked.mn, system, point, now).await };
                Ok(Json(to_its_end(work).await?))
            },
        )
        .post(
            "/api/quarantine/discard",
            operation("舍弃隔离设备", "discard a device in quarantine", adopt)
                .body::<Discard>()
                .returns::<DiscardReport>(),
            async move |caller: Caller, Json(asked): Json<Discard>| -> ApiResult<Json<DiscardReport>> {
                let collect = Arc::clone(&four);
                let system = hj212::system::number(&asked.st).unwrap_or(0);
                let now = kernel::time::now();
                let work = async move { collect.discard(&caller.0, &asked.mn, system, now).await };
                Ok(Json(to_its_end(work).await?))
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
                let point = allowed_point(&three, &caller, id, Action::ReadMonitoring)?;
                Ok(Json(three.device_rows(id, &caller.0, point.owner.as_deref())))
            },
        )
}

/// Work that is not to stop half-way when the one who asked for it hangs up.
async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Problem>> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::spawn(work).await;
    done.unwrap_or_else(|error| Err(Problem::new(kernel::ErrorCode::Internal, error.to_string())))
}

fn quarantine(collect: &Collect) -> Result<Vec<QuarantineRow>, Problem> {
    let devices = collect.store.read(|reader| rows::quarantined(reader, collect.division, LISTED))?;
    let mut shown = Vec::with_capacity(devices.len());
    for device in devices {
        let frame = match device.newest_frame {
            Some(number) => collect.store.frame(number)?,
            None => None,
        };
        let encrypted = frame.as_ref().is_some_and(|frame| is_encrypted(&frame.bytes));
        let sample = frame.map(|frame| {
            let (text, _) = super::frames::cover(&super::frames::readable(&frame.bytes));
            text.chars().take(MOST_LETTERS).collect()
        });
        shown.push(QuarantineRow {
            refused: collect.quarantine.refused(&device.mn, device.system),
            encrypted,
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

fn is_encrypted(bytes: &[u8]) -> bool {
    let Some(cut) = hj212::frame::single(bytes) else { return false };
    hj212::Packet::parse(cut.segment).is_ok_and(|packet| matches!(packet.data, hj212::Data::Encrypted(_)))
}
