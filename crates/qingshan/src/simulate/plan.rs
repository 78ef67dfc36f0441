//! What a simulated station is, and what happens to it.

use hj212::Edition;
use serde::Deserialize;

/// How one factor behaves over a day: `base + swing · cos(2π (hour − peak_hour) / 24) + noise`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct FactorPlan {
    /// Current HJ 212 code.
    pub code: String,
    pub base: f64,
    pub swing: f64,
    /// Standard deviation of the noise.
    pub noise: f64,
    pub peak_hour: f64,
    /// Digits after the point.
    pub decimals: u32,
    /// Never below.
    pub least: f64,
}

/// A simulated station.
#[derive(Clone, Debug, PartialEq)]
pub struct StationPlan {
    pub mn: String,
    /// System code, `22`.
    pub st: String,
    pub password: String,
    /// 2017 or 2025.
    pub edition: Edition,
    pub factors: Vec<FactorPlan>,
    /// Seconds between real-time packets; `None`: none.
    pub realtime_seconds: Option<u32>,
    /// Minutes of a minute packet; `None`: none.
    pub minute_minutes: Option<u32>,
    /// Hour packets, and a day packet behind the last hour.
    pub hour: bool,
    /// Converts particulates, SO2 and NOx to this oxygen content (折算), where a19001 is measured.
    pub reference_oxygen: Option<f64>,
    /// Encrypts uploads (2025).
    pub sm4_key: Option<[u8; 16]>,
    pub incidents: Vec<Incident>,
    /// Random gaps and instrument faults, a few in a hundred hours.
    pub disturbed: bool,
}

/// Something that happens from one instant to another (Unix milliseconds).
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    pub kind: IncidentKind,
    pub from: i64,
    pub until: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub enum IncidentKind {
    /// The link is down; the station keeps what it measures and catches up (断线补传).
    Outage,
    /// The station is off: nothing is measured (缺数).
    Gap,
    /// An instrument's fault, mark D (故障).
    Fault { factor: String },
    /// The value times so much (超标).
    Exceedance { factor: String, times: f64 },
}

impl Incident {
    pub const fn covers(&self, millis: i64) -> bool {
        self.from <= millis && millis < self.until
    }
}

impl StationPlan {
    /// Whether the link is down by plan.
    pub fn is_cut_off(&self, millis: i64) -> bool {
        self.incidents.iter().any(|incident| incident.kind == IncidentKind::Outage && incident.covers(millis))
    }

    /// The factor whose exceedance is plain to see.
    pub fn tell_tale(&self) -> Option<String> {
        ["w01018", "a21026", "a34013", "a34004", "w21003", "a34001", "Leq"]
            .into_iter()
            .find(|code| self.factors.iter().any(|factor| factor.code == *code))
            .or_else(|| self.factors.first().map(|factor| factor.code.as_str()))
            .map(str::to_owned)
    }
}

/// A kind of station that ships with the program.
#[derive(Clone, Debug, Deserialize)]
pub struct StationType {
    pub id: String,
    pub st: String,
    pub realtime_seconds: Option<u32>,
    pub minute_minutes: Option<u32>,
    pub hour: bool,
    pub reference_oxygen: Option<f64>,
    pub factors: Vec<FactorPlan>,
}

#[derive(Deserialize)]
struct Types {
    types: Vec<StationType>,
}

/// The built-in kinds.
pub fn station_types() -> Vec<StationType> {
    // The file is part of the program; a test reads it.
    serde_json::from_str::<Types>(include_str!("types.json")).map(|file| file.types).unwrap_or_default()
}

impl StationType {
    /// A station of this kind. `number` makes its MN, which begins with 5A4D ("ZM") in all simulated stations.
    pub fn station(&self, number: u32, edition: Edition) -> StationPlan {
        StationPlan {
            mn: format!("5A4D000000000000{number:08X}"),
            st: self.st.clone(),
            password: "123456".to_owned(),
            edition,
            factors: self.factors.clone(),
            realtime_seconds: self.realtime_seconds,
            minute_minutes: self.minute_minutes,
            hour: self.hour,
            reference_oxygen: self.reference_oxygen,
            sm4_key: None,
            incidents: Vec::new(),
            disturbed: true,
        }
    }
}
