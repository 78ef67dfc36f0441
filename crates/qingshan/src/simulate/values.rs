//! The numbers of a simulated station. Pure: seed, station, factor and time decide.

use super::plan::{FactorPlan, IncidentKind, StationPlan};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const OFFSET: i64 = 8 * HOUR;

/// Samples that a period is made of.
const SAMPLES: i64 = 24;

/// What a packet reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Period {
    Realtime,
    /// Minutes.
    Minute(u32),
    Hour,
    Day,
}

impl Period {
    pub const fn cn(self) -> &'static str {
        match self {
            Self::Realtime => "2011",
            Self::Minute(_) => "2051",
            Self::Hour => "2061",
            Self::Day => "2031",
        }
    }

    /// Milliseconds; of an instant 0.
    pub const fn millis(self) -> i64 {
        match self {
            Self::Realtime => 0,
            Self::Minute(minutes) => minutes as i64 * MINUTE,
            Self::Hour => HOUR,
            Self::Day => DAY,
        }
    }

    /// The start of the period that holds an instant, at +08:00.
    pub const fn start(self, millis: i64) -> i64 {
        let length = self.millis();
        if length == 0 { millis } else { (millis + OFFSET).div_euclid(length) * length - OFFSET }
    }
}

/// What makes a station and one of its factors differ from all others.
fn key(seed: u64, station: &str, factor: &str) -> u64 {
    let bytes = station.bytes().chain([0]).chain(factor.bytes());
    bytes.fold(seed ^ 0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3))
}

/// Kinds of chance, so that one does not follow another.
#[derive(Clone, Copy)]
enum Salt {
    Gap = 1,
    Fault,
    Days,
    Hours,
    Minutes,
}

/// A value between 0 and 1 that nothing but its arguments decides.
fn chance(key: u64, salt: Salt, number: i64) -> f64 {
    let mut mixed = key ^ (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (salt as u64) << 56;
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((mixed ^ mixed >> 31) >> 11) as f64 / (1u64 << 53) as f64
}

/// About normal, standard deviation 1.
fn normal(key: u64, salt: Salt, number: i64) -> f64 {
    let sum: f64 = (0..4).map(|part| chance(key, salt, number * 4 + part)).sum();
    (sum - 2.0) * 3f64.sqrt()
}

/// A value before rounding, and whether its instrument works.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    pub value: f64,
    pub faulty: bool,
}

/// Whether the station measures at all at this instant.
pub fn measures(seed: u64, plan: &StationPlan, millis: i64) -> bool {
    let is_gap = |kind: &IncidentKind| *kind == IncidentKind::Gap;
    let planned = plan.incidents.iter().any(|incident| is_gap(&incident.kind) && incident.covers(millis));
    let hour = millis.div_euclid(HOUR);
    !(planned || plan.disturbed && chance(key(seed, &plan.mn, ""), Salt::Gap, hour) < 0.006)
}

pub fn sample(seed: u64, plan: &StationPlan, factor: &FactorPlan, millis: i64) -> Sample {
    let of_day = (millis + OFFSET).rem_euclid(DAY) as f64 / HOUR as f64;
    let wave = ((of_day - factor.peak_hour) / 24.0 * std::f64::consts::TAU).cos();
    let key = key(seed, &plan.mn, &factor.code);
    // Weather changes over hours and days, an instrument from one minute to the next.
    let slow = |step: i64, salt: Salt| {
        let (place, within) = (millis.div_euclid(step), millis.rem_euclid(step) as f64 / step as f64);
        normal(key, salt, place) * (1.0 - within) + normal(key, salt, place + 1) * within
    };
    let quick = normal(key, Salt::Minutes, millis.div_euclid(MINUTE));
    let noise = 0.7 * slow(DAY, Salt::Days) + 0.6 * slow(2 * HOUR, Salt::Hours) + 0.3 * quick;
    let mut value = factor.base + factor.swing * wave + factor.noise * noise;
    let mut faulty = plan.disturbed && chance(key, Salt::Fault, millis.div_euclid(HOUR)) < 0.002;
    for incident in plan.incidents.iter().filter(|incident| incident.covers(millis)) {
        match &incident.kind {
            IncidentKind::Exceedance { factor: code, times } if *code == factor.code => value *= times,
            IncidentKind::Fault { factor: code } if *code == factor.code => faulty = true,
            _ => {}
        }
    }
    Sample { value: value.max(factor.least), faulty }
}

/// Minimum, mean and maximum of a period, and whether at least 75 % of it was normal.
struct Statistics {
    least: f64,
    mean: f64,
    most: f64,
    normal: bool,
}

fn statistics(seed: u64, plan: &StationPlan, factor: &FactorPlan, start: i64, length: i64) -> Option<Statistics> {
    let samples: Vec<Sample> = (0..SAMPLES)
        .map(|place| start + place * length / SAMPLES)
        .filter(|&at| measures(seed, plan, at))
        .map(|at| sample(seed, plan, factor, at))
        .collect();
    if samples.is_empty() {
        return None;
    }
    let good: Vec<f64> = samples.iter().filter(|sample| !sample.faulty).map(|sample| sample.value).collect();
    let normal = good.len() as i64 * 4 >= SAMPLES * 3;
    let used: Vec<f64> = if good.is_empty() { vec![0.0] } else { good };
    Some(Statistics {
        least: used.iter().copied().fold(f64::INFINITY, f64::min),
        mean: used.iter().sum::<f64>() / used.len() as f64,
        most: used.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        normal,
    })
}

/// The data area of a packet; `None` where the station measured nothing.
pub fn area(seed: u64, plan: &StationPlan, period: Period, start: i64) -> Option<String> {
    let time = hj212::time::CivilTime::from_unix_millis(start)?.to_data_time();
    let mut items = vec![format!("DataTime={time}")];
    if period == Period::Realtime {
        if !measures(seed, plan, start) {
            return None;
        }
        for factor in
            plan.factors.iter().filter(|factor| !is_level(&factor.code) || factor.code == "LA" || factor.code == "Leq")
        {
            let sample = sample(seed, plan, factor, start);
            let value = if sample.faulty { 0.0 } else { sample.value };
            let (code, flag) = (&factor.code, if sample.faulty { 'D' } else { 'N' });
            items.push(format!("{code}-Rtd={},{code}-Flag={flag}", show(value, factor)));
        }
    } else {
        let length = period.millis();
        let mean_of = |code: &str| {
            let factor = plan.factors.iter().find(|factor| factor.code == code)?;
            statistics(seed, plan, factor, start, length).map(|found| found.mean)
        };
        let water = mean_of("w00000").map(|flow| flow * length as f64 / 1e6);
        let gas = mean_of("a00000").map(|flow| flow * length as f64 / 1e3);
        let oxygen = plan
            .reference_oxygen
            .zip(mean_of("a19001"))
            .map(|(wanted, found)| (21.0 - wanted) / (21.0 - found.min(20.0)));
        for factor in &plan.factors {
            let found = statistics(seed, plan, factor, start, length)?;
            items.push(item(factor, &found, water, gas, oxygen));
        }
    }
    Some(items.join(";"))
}

fn item(factor: &FactorPlan, found: &Statistics, water: Option<f64>, gas: Option<f64>, oxygen: Option<f64>) -> String {
    let code = &factor.code;
    let flag = if found.normal { 'N' } else { 'D' };
    if is_level(code) {
        return format!("{code}-Data={},{code}-Flag={flag}", show(found.mean, factor));
    }
    let mut parts = Vec::new();
    // Totals: m³ of the flow itself, kilograms of what it carries.
    let total = match code.as_str() {
        "w00000" => water,
        "a00000" => gas,
        "w01018" | "w21003" | "w21011" | "w21001" => water.map(|volume| volume * found.mean / 1e3),
        "a34013" | "a21026" | "a21002" => gas.map(|volume| volume * found.mean / 1e6),
        _ => None,
    };
    if let Some(total) = total {
        parts.push(format!("{code}-Cou={total:.3}"));
    }
    let three = [("Min", found.least), ("Avg", found.mean), ("Max", found.most)];
    parts.extend(three.iter().map(|(name, value)| format!("{code}-{name}={}", show(*value, factor))));
    if let (Some(ratio), "a34013" | "a21026" | "a21002") = (oxygen, code.as_str()) {
        parts.extend(three.iter().map(|(name, value)| format!("{code}-Zs{name}={}", show(value * ratio, factor))));
    }
    parts.push(format!("{code}-Flag={flag}"));
    parts.join(",")
}

fn show(value: f64, factor: &FactorPlan) -> String {
    let decimals = factor.decimals.min(6) as usize;
    format!("{value:.decimals$}")
}

/// Sound levels have `-Data` instead of minimum, mean and maximum.
fn is_level(code: &str) -> bool {
    code.starts_with('L')
}
