//! The data area (数据区): `key=value`, `,` between the values of one item, `;` between items; borrowed.

use crate::anomaly::{Anomalies, Anomaly};
use crate::packet::Packet;

/// One `key=value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair<'a> {
    /// Which `;` item it belongs to, from 0.
    pub item: u16,
    pub key: &'a str,
    pub value: &'a str,
}

impl<'a> Pair<'a> {
    /// `w01018-Rtd` → factor code and statistic; `None` for a plain field such as `PolId`.
    pub fn factor(&self) -> Option<(&'a str, &'a str)> {
        self.key.rsplit_once('-').filter(|(factor, statistic)| !factor.is_empty() && !statistic.is_empty())
    }
}

/// Iterates over the pairs of a data area and notes oddities of its grammar.
#[derive(Clone, Debug)]
pub struct Pairs<'a> {
    text: &'a str,
    at: usize,
    item: u16,
    /// Grammar oddities of what was read so far.
    pub anomalies: Anomalies,
}

impl<'a> Pairs<'a> {
    pub const fn new(text: &'a str) -> Self {
        Self { text, at: 0, item: 0, anomalies: Anomalies::NONE }
    }

    fn blank(&mut self, text: &'a str, anomaly: Anomaly) -> &'a str {
        if has_blank_edge(text) {
            self.anomalies.add(anomaly);
            text.trim_ascii()
        } else {
            text
        }
    }
}

const IS_DELIMITER: [bool; 256] = {
    let mut table = [false; 256];
    table[b'=' as usize] = true;
    table[b',' as usize] = true;
    table[b';' as usize] = true;
    table
};

fn has_blank_edge(text: &str) -> bool {
    match text.as_bytes() {
        [] => false,
        [first, .., last] => *first <= b' ' || *last <= b' ',
        [only] => *only <= b' ',
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Pair<'a>;

    fn next(&mut self) -> Option<Pair<'a>> {
        let bytes = self.text.as_bytes();
        loop {
            if self.at >= bytes.len() {
                return None;
            }
            let from = self.at;
            let mut end = from;
            while end < bytes.len() && !IS_DELIMITER[usize::from(bytes[end])] {
                end += 1;
            }
            let mut equals = None;
            if bytes.get(end) == Some(&b'=') {
                equals = Some(end);
                end += 1;
                while end < bytes.len() && !matches!(bytes[end], b',' | b';') {
                    end += 1;
                }
            }
            self.at = end + 1;
            let item = self.item;
            if bytes.get(end) == Some(&b';') {
                self.item = self.item.saturating_add(1);
                // A `;` that nothing follows opens an item that is empty.
                if end + 1 == bytes.len() {
                    self.anomalies.add(Anomaly::EmptyItem);
                }
            }
            match equals {
                Some(equals) => {
                    // All three places are ASCII bytes, so they are boundaries of the text.
                    let (key, value) = (&self.text[from..equals], &self.text[equals + 1..end]);
                    let (key, value) = if has_blank_edge(key) || has_blank_edge(value) {
                        (self.key(key), self.value(value))
                    } else {
                        (key, value)
                    };
                    return Some(Pair { item, key, value });
                }
                None => {
                    let piece = &self.text[from..end];
                    let anomaly = match (piece.is_empty(), piece.trim_ascii().is_empty()) {
                        (true, _) => Anomaly::EmptyItem,
                        (_, true) => Anomaly::BlankAroundItem,
                        _ => Anomaly::NoEquals,
                    };
                    self.anomalies.add(anomaly);
                }
            }
        }
    }
}

impl<'a> Pairs<'a> {
    fn key(&mut self, key: &'a str) -> &'a str {
        if key.ends_with(' ') {
            self.anomalies.add(Anomaly::BlankAroundEquals);
            self.blank(key.trim_ascii_end(), Anomaly::BlankAroundItem)
        } else {
            self.blank(key, Anomaly::BlankAroundItem)
        }
    }

    fn value(&mut self, value: &'a str) -> &'a str {
        if value.starts_with(' ') {
            self.anomalies.add(Anomaly::BlankAroundEquals);
            self.blank(value.trim_ascii_start(), Anomaly::BlankAroundItem)
        } else {
            self.blank(value, Anomaly::BlankAroundItem)
        }
    }
}

/// One value of one factor (一个因子值).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading<'a> {
    pub item: u16,
    /// Factor code as sent.
    pub factor: &'a str,
    /// Statistic as sent: `Rtd`, `Avg`, `ZsMax`, `Cou`, …
    pub statistic: &'a str,
    /// As sent; a decimal number as a rule, a state word for conditions, empty when missing.
    pub value: &'a str,
    /// The factor's own mark (`xxx-Flag`).
    pub flag: Option<&'a str>,
    /// A `Flag=…` that stood alone behind the item.
    pub lone_flag: Option<&'a str>,
}

impl<'a> Reading<'a> {
    /// The mark that counts: the factor's own, else the lone one.
    pub fn mark(&self) -> Option<&'a str> {
        self.flag.or(self.lone_flag)
    }

    /// Mantissa and scale; `None` for state words, placeholders, missing values and numbers too long to keep exactly.
    pub fn number(&self) -> Option<(i64, u8)> {
        crate::number::parse(self.value.as_bytes())
    }
}

/// Suffixes that say something about a factor without being a value of it.
const NOT_VALUES: [&str; 10] = [
    "Flag",
    "EFlag",
    "SampleTime",
    "CompleteTime",
    "SampleType",
    "Info",
    "SN",
    "CalibrationType",
    "UpValue",
    "LowValue",
];

/// Suffixes of values that some edition or many devices know.
pub const STATISTICS: [&str; 20] = [
    "Rtd",
    "Min",
    "Avg",
    "Max",
    "Cou",
    "ZsRtd",
    "ZsMin",
    "ZsAvg",
    "ZsMax",
    "ZsCou",
    "Data",
    "DayData",
    "NightData",
    "RS",
    "RT",
    "RawAvg",
    "SampleRd",
    "StandardValue",
    "ResultType",
    "Ala",
];

/// A data area, sorted into values and the rest. Reusable, so that a connection allocates once.
#[derive(Clone, Debug, Default)]
pub struct Content<'a> {
    /// DataTime as sent.
    pub data_time: Option<&'a str>,
    pub readings: Vec<Reading<'a>>,
    /// Everything that is not a value or a value's mark, in order: `PolId`, `w01018-SampleTime`, DataTime too.
    pub params: Vec<(&'a str, &'a str)>,
    /// The first key that stands twice.
    pub duplicate: Option<&'a str>,
    pub anomalies: Anomalies,
    /// Marks whose factor has no value in their item.
    stray_flags: Vec<(&'a str, &'a str, &'a str)>,
}

impl<'a> Content<'a> {
    pub fn of(packet: &Packet<'a>) -> Self {
        let mut content = Self::default();
        content.read(packet);
        content
    }

    /// Reads a packet's data area, in place of what was held.
    pub fn read(&mut self, packet: &Packet<'a>) {
        self.data_time = None;
        self.readings.clear();
        self.params.clear();
        self.stray_flags.clear();
        self.duplicate = None;
        self.anomalies = Anomalies::NONE;
        let mut seen = Seen::default();
        let mut pairs = packet.pairs();
        for pair in &mut pairs {
            if seen.maybe(pair.key.as_bytes()) && self.holds(pair) {
                self.duplicate = self.duplicate.or(Some(pair.key));
                self.anomalies.add(Anomaly::DuplicateKey);
            }
            self.sort(pair);
        }
        self.anomalies = self.anomalies.with(pairs.anomalies);
        self.place_stray_flags();
        self.judge(packet);
    }

    fn sort(&mut self, pair: Pair<'a>) {
        let Some((factor, statistic)) = pair.factor() else {
            match pair.key {
                "DataTime" => self.data_time = Some(pair.value),
                "Flag" => self.lone_flag(pair),
                _ => {}
            }
            self.params.push((pair.key, pair.value));
            return;
        };
        if statistic == "Flag" {
            let mut found = false;
            for reading in self.readings.iter_mut().rev().take_while(|reading| reading.item == pair.item) {
                if reading.factor == factor {
                    reading.flag = Some(pair.value);
                    found = true;
                }
            }
            if !found {
                self.stray_flags.push((pair.key, factor, pair.value));
            }
        } else if NOT_VALUES.contains(&statistic) {
            self.params.push((pair.key, pair.value));
        } else {
            let reading =
                Reading { item: pair.item, factor, statistic, value: pair.value, flag: None, lone_flag: None };
            self.readings.push(reading);
        }
    }

    /// `a34001-Rtd=92;Flag=N`: the mark of the item before it (or of its own item).
    fn lone_flag(&mut self, pair: Pair<'a>) {
        self.anomalies.add(Anomaly::LoneFlag);
        let Some(item) = self.readings.last().map(|reading| reading.item) else { return };
        for reading in self.readings.iter_mut().rev().take_while(|reading| reading.item == item) {
            reading.lone_flag = Some(pair.value);
        }
    }

    /// A mark before its value, or in another item (`a-Rtd=1;a-Flag=N`); of no value at all: a parameter.
    fn place_stray_flags(&mut self) {
        for &(key, factor, value) in &self.stray_flags {
            let mut found = false;
            for reading in self.readings.iter_mut().filter(|reading| reading.factor == factor) {
                reading.flag.get_or_insert(value);
                found = true;
            }
            if !found {
                self.params.push((key, value));
            }
        }
    }

    fn judge(&mut self, packet: &Packet<'a>) {
        for reading in &self.readings {
            if reading.value.is_empty() {
                self.anomalies.add(Anomaly::EmptyValue);
            }
            if reading.value.len() > crate::number::SHORTEST_TOO_LONG
                && crate::number::parse_rounded(reading.value.as_bytes()).is_some_and(|number| number.rounded)
            {
                self.anomalies.add(Anomaly::RoundedNumber);
            }
            if !STATISTICS.contains(&reading.statistic) {
                self.anomalies.add(Anomaly::UnknownStatistic);
            }
        }
        match self.data_time {
            Some(time) if time.len() != 14 || !time.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.anomalies.add(Anomaly::BadDataTime);
            }
            Some(time) if crate::time::parse(time.as_bytes()).is_none() => {
                self.anomalies.add(Anomaly::ImpossibleDataTime);
            }
            None if !self.readings.is_empty() && crate::command::is_data_upload(packet.cn) => {
                self.anomalies.add(Anomaly::NoDataTime);
            }
            _ => {}
        }
    }

    fn holds(&self, pair: Pair<'a>) -> bool {
        match pair.factor() {
            Some((factor, "Flag")) => {
                self.stray_flags.iter().any(|flag| flag.0 == pair.key)
                    || self.readings.iter().any(|reading| reading.factor == factor && reading.flag.is_some())
            }
            Some((factor, statistic)) if !NOT_VALUES.contains(&statistic) => {
                self.readings.iter().any(|reading| reading.factor == factor && reading.statistic == statistic)
            }
            _ => self.params.iter().any(|param| param.0 == pair.key),
        }
    }

    /// The last parameter of this name.
    pub fn param(&self, key: &str) -> Option<&'a str> {
        self.params.iter().rev().find(|param| param.0 == key).map(|param| param.1)
    }
}

/// A small filter in front of the search for duplicate keys.
#[derive(Default)]
struct Seen([u64; 8]);

impl Seen {
    /// Whether the key may have come before; remembers it.
    fn maybe(&mut self, key: &[u8]) -> bool {
        let hash = key.iter().fold(0x811C_9DC5u32, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        let (word, bit) = ((hash >> 26 & 7) as usize, 1u64 << (hash >> 20 & 63));
        let before = self.0[word] & bit != 0;
        self.0[word] |= bit;
        before
    }
}
