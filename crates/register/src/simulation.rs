//! `simulation.toml`: what simulated stations (模拟站点) send. Never measured data; everything made from it is
//! marked 模拟.

use crate::cell::Table;
use crate::definition::Format;
use crate::problem::{Findings, Position, ProblemCode};
use crate::reader::TableReader;

/// How one factor behaves over a day: `base + swing · cos(2π (hour − peak_hour) / 24) + noise`.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct SimulatedFactor {
    /// HJ 212 factor code.
    pub code: String,
    /// As the station sends it.
    pub unit: String,
    pub base: f64,
    pub swing: f64,
    /// Standard deviation of the noise.
    pub noise: f64,
    pub peak_hour: f64,
    /// Digits after the point that the instrument shows.
    pub decimals: u32,
    /// Never below; concentrations: 0.
    pub least: f64,
}

/// Factors of one kind of station.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct SimulatedProfile {
    pub id: String,
    pub factors: Vec<SimulatedFactor>,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct SimulatedPoint {
    /// Ledger and key of the point.
    pub ledger: String,
    pub key: String,
    pub profile: String,
    /// Multiplies every base, swing and noise except of pH, temperatures and the like (`decimals` keep).
    pub scale: f64,
    pub at: Position,
}

#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Simulation {
    pub note: String,
    pub profiles: Vec<SimulatedProfile>,
    pub points: Vec<SimulatedPoint>,
}

pub const SIMULATION_FILE: &str = "simulation.toml";

impl Simulation {
    pub fn profile(&self, id: &str) -> Option<&SimulatedProfile> {
        self.profiles.iter().find(|profile| profile.id == id)
    }

    /// Factors that a point sends, scaled.
    pub fn factors_of(&self, ledger: &str, key: &str) -> Vec<SimulatedFactor> {
        let Some(point) = self.points.iter().find(|point| point.ledger == ledger && point.key == key) else {
            return Vec::new();
        };
        let profile = self.profile(&point.profile);
        profile.map_or_else(Vec::new, |profile| {
            profile
                .factors
                .iter()
                .map(|factor| {
                    let scale = if KEEPS_SCALE.contains(&factor.code.as_str()) { 1.0 } else { point.scale };
                    SimulatedFactor {
                        base: factor.base * scale,
                        swing: factor.swing * scale,
                        noise: factor.noise * scale,
                        ..factor.clone()
                    }
                })
                .collect()
        })
    }

    pub fn parse(table: &Table, findings: &mut Findings) -> Self {
        let mut reader = TableReader::new(SIMULATION_FILE, Position::START, table);
        let note = reader.text("note", findings);
        let mut profiles = Vec::new();
        for mut item in reader.tables("profile", findings) {
            let id = item.text("id", findings);
            let factors =
                item.tables("factor", findings).into_iter().map(|factor| factor_of(factor, findings)).collect();
            item.finish(findings);
            profiles.push(SimulatedProfile { id, factors });
        }
        let mut points = Vec::new();
        for mut item in reader.tables("point", findings) {
            let at = item.at;
            let point = item.text("point", findings);
            let (ledger, key) = point.split_once(':').unwrap_or(("", &point));
            let profile = item.text("profile", findings);
            if !profiles.iter().any(|known: &SimulatedProfile| known.id == profile) {
                let known = profiles.iter().map(|known| known.id.as_str()).collect::<Vec<_>>().join(", ");
                findings.add(
                    SIMULATION_FILE,
                    item.position_of("profile"),
                    ProblemCode::BadSimulation,
                    (format!("没有模拟方案“{profile}”"), format!("there is no profile `{profile}`")),
                    (format!("可用：{known}"), format!("use one of: {known}")),
                );
            }
            let scale = item.number("scale", findings).unwrap_or(1.0);
            points.push(SimulatedPoint { ledger: ledger.to_owned(), key: key.to_owned(), profile, scale, at });
            item.finish(findings);
        }
        reader.finish(findings);
        Self { note, profiles, points }
    }
}

/// pH, temperature, dissolved oxygen, oxygen content, pressure, humidity, wind direction, sound: no more and no
/// less at a dirtier place.
const KEEPS_SCALE: [&str; 16] = [
    "w01001", "w01010", "w01009", "a19001", "a01001", "a01002", "a01006", "a01007", "a01008", "a01011", "a01012",
    "a01013", "a01014", "Leq", "LA", "L90",
];

fn factor_of(mut reader: TableReader<'_>, findings: &mut Findings) -> SimulatedFactor {
    let code = reader.text("code", findings);
    if let Some((zh, en)) = Format::FactorCode.complaint(&code) {
        let what = (format!("因子编码“{code}”格式不对"), format!("factor code `{code}` is not well formed"));
        findings.add(reader.file, reader.position_of("code"), ProblemCode::BadFormat, what, (zh.into(), en.into()));
    }
    let factor = SimulatedFactor {
        unit: reader.text("unit", findings),
        base: required(&mut reader, "base", findings),
        swing: reader.number("swing", findings).unwrap_or(0.0),
        noise: reader.number("noise", findings).unwrap_or(0.0),
        peak_hour: reader.number("peak_hour", findings).unwrap_or(14.0),
        decimals: reader.number("decimals", findings).unwrap_or(2),
        least: reader.number("least", findings).unwrap_or(0.0),
        code,
    };
    reader.finish(findings);
    factor
}

fn required(reader: &mut TableReader<'_>, key: &'static str, findings: &mut Findings) -> f64 {
    match reader.number(key, findings) {
        Some(number) => number,
        None => {
            reader.missing(key, findings);
            0.0
        }
    }
}
