//! What the register hands to others.

use kernel::{Name, Timestamp};
use serde::Serialize;

/// Which point a device reports for, as a record of the ledger `device_binding` says (数采仪绑定).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceBinding {
    /// Id of the binding record.
    pub record: i64,
    pub mn: String,
    /// HJ 212 ST, such as `22`.
    pub st: String,
    /// Id of the point; an instrument at a section resolves to the section.
    pub point: i64,
    pub from: Timestamp,
    /// Exclusive; `None`: still valid.
    pub until: Option<Timestamp>,
    /// `None`: any password is accepted.
    pub password: Option<String>,
    /// `strict`, `standard` or `lenient`.
    pub strictness: String,
    /// Accept CRC-16/MODBUS beside the HJ 212 one.
    pub modbus_crc: bool,
    /// Addresses it may come from; empty: any.
    pub addresses: Vec<String>,
    /// 32 hexadecimal digits.
    pub sm4_key: Option<String>,
    /// `2005`, `2017`, `2025`; `None`: whatever its packets say.
    pub edition: Option<String>,
    /// Expected interval of real-time data in seconds, of minute data in minutes, and whether hours are sent.
    pub realtime_seconds: Option<u32>,
    pub minute_minutes: Option<u32>,
    pub hourly: bool,
    /// 模拟
    pub simulated: bool,
}

/// What loading a county pack did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct LoadReport {
    pub records: usize,
    pub created: usize,
    pub revised: usize,
    pub unchanged: usize,
    /// Taken out of the pack: now marked as deleted.
    pub retired: usize,
    /// `ledger:key` of records that a person has edited and the pack wants otherwise: left as they are, with
    /// the pack's wording kept beside them as an offer.
    pub kept: Vec<String>,
    /// `ledger:key: why` of records that the designed definition of their ledger does not take: not written, and tried
    /// again at the next start.
    pub refused: Vec<String>,
}

impl LoadReport {
    pub fn wrote(&self) -> bool {
        self.created + self.revised + self.retired + self.kept.len() > 0
    }
}

/// A row of a list of townships.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Township {
    /// Key of its record in the ledger `body`.
    pub key: String,
    pub name: Name,
    pub code: Option<String>,
    pub lon: Option<f64>,
    pub lat: Option<f64>,
}
