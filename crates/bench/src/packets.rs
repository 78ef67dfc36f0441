//! Packets as stations send them, made beforehand so that making them is not measured. 模拟数据.

use kernel::Timestamp;

/// 2026-01-01T00:00:00+08:00.
pub const START: i64 = 1_767_196_800_000;
const FACTORS: [(&str, u32, u32); 4] =
    [("a34013", 120, 60), ("a21026", 350, 200), ("a21002", 800, 300), ("a19001", 90, 30)];

/// A small repeatable random source.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(bound)) as u32
    }
}

/// MN of the station of a number: 24 hex digits.
pub fn mn(number: i64) -> String {
    format!("010000A8900016F000{number:06X}")
}

/// A minute packet of twelve values, one decimal each, that wander as measured values do.
pub fn minute(device: usize, minute: usize, random: &mut Random) -> Vec<u8> {
    let at = Timestamp(START + minute as i64 * 60_000);
    let (time, qn) = (collect::wire::data_time(at), collect::wire::qn(at.plus(60_000 + device as i64 % 1000)));
    let mut area = format!("DataTime={time}");
    for (code, base, spread) in FACTORS {
        let low = base + random.below(spread);
        let (middle, high) = (low + random.below(20), low + 20 + random.below(20));
        let decimal = |value: u32| format!("{}.{}", value / 10, value % 10);
        area.push_str(&format!(
            ";{code}-Min={},{code}-Avg={},{code}-Max={},{code}-Flag=N",
            decimal(low),
            decimal(middle),
            decimal(high)
        ));
    }
    let segment = format!("QN={qn};ST=31;CN=2051;PW=123456;MN={};Flag=5;CP=&&{area}&&", mn(device as i64));
    hj212::encode::frame_of(segment.as_bytes())
}

/// A packet of about 236 bytes, the mean of the field: four real-time values with marks.
pub fn mean(number: usize, random: &mut Random) -> Vec<u8> {
    let at = Timestamp(START + number as i64 * 30_000);
    let mut area = format!("DataTime={}", collect::wire::data_time(at));
    for code in ["w01001", "w01018", "w21003", "w21011"] {
        let value = random.below(5000);
        area.push_str(&format!(";{code}-Rtd={}.{:02},{code}-Flag=N", value / 100, value % 100));
    }
    let qn = collect::wire::qn(at);
    let segment = format!("QN={qn};ST=32;CN=2011;PW=123456;MN=010000A8900016F000169DC0;Flag=5;CP=&&{area}&&");
    hj212::encode::frame_of(segment.as_bytes())
}
