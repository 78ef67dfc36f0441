//! The packed form of an observation row: factor, statistic, value and mark, about five bytes a value.
//!
//! Per value: factor number as a variable-length integer; one head byte (statistic in bits 0–4, bit 5: a mark
//! byte other than `N` follows, bits 6–7: kind of value); the mark byte when announced; the value. A number is
//! `zigzag(mantissa) << 4 | scale` as one variable-length integer, so decimals are kept exactly as sent.

/// Data mark (数据标记) of HJ 212 table 8, or any other single letter that a device sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mark(pub u8);

impl Mark {
    /// Normal (正常).
    pub const NORMAL: Mark = Mark(b'N');
    /// The device sent no mark.
    pub const NONE: Mark = Mark(0);
    /// A mark longer than one letter or not ASCII; the raw frame holds it.
    pub const OTHER: Mark = Mark(b'?');

    pub fn as_char(self) -> Option<char> {
        (self.0 != 0).then_some(char::from(self.0))
    }
}

/// What kind of number about the period (统计类型). Fixed numbers: they are on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Statistic {
    Realtime = 0,
    Minimum = 1,
    Average = 2,
    Maximum = 3,
    Total = 4,
    ConvertedRealtime = 5,
    ConvertedMinimum = 6,
    ConvertedAverage = 7,
    ConvertedMaximum = 8,
    /// Noise: the level of the period, of the day part, of the night part.
    Level = 9,
    DayLevel = 10,
    NightLevel = 11,
    RunState = 12,
    RunTime = 13,
    /// Mean before the device's own correction (2025).
    RawAverage = 14,
    /// Standard-sample check: reading, standard value, result.
    CheckReading = 15,
    CheckStandard = 16,
    CheckResult = 17,
    ConvertedTotal = 18,
    Other = 31,
}

impl Statistic {
    const TABLE: [(Statistic, &'static str); 20] = [
        (Self::Realtime, "Rtd"),
        (Self::Minimum, "Min"),
        (Self::Average, "Avg"),
        (Self::Maximum, "Max"),
        (Self::Total, "Cou"),
        (Self::ConvertedRealtime, "ZsRtd"),
        (Self::ConvertedMinimum, "ZsMin"),
        (Self::ConvertedAverage, "ZsAvg"),
        (Self::ConvertedMaximum, "ZsMax"),
        (Self::Level, "Data"),
        (Self::DayLevel, "DayData"),
        (Self::NightLevel, "NightData"),
        (Self::RunState, "RS"),
        (Self::RunTime, "RT"),
        (Self::RawAverage, "RawAvg"),
        (Self::CheckReading, "SampleRd"),
        (Self::CheckStandard, "StandardValue"),
        (Self::CheckResult, "ResultType"),
        (Self::ConvertedTotal, "ZsCou"),
        (Self::Other, "Other"),
    ];

    /// The name after the hyphen in HJ 212, such as `Avg`.
    pub fn name(self) -> &'static str {
        Self::TABLE.iter().find(|entry| entry.0 == self).map_or("Other", |entry| entry.1)
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::TABLE.iter().find(|entry| entry.1 == name).map(|entry| entry.0)
    }

    fn from_number(number: u8) -> Self {
        // The numbers of the table are its places, but for the last: one look instead of a search for every value.
        match Self::TABLE.get(usize::from(number)) {
            Some(entry) if entry.0 as u8 == number => entry.0,
            _ => Self::Other,
        }
    }
}

/// A value exactly as sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scalar {
    /// `mantissa × 10^-scale`, scale at most 15.
    Number { mantissa: i64, scale: u8 },
    /// A state word, or a number too long for the packed form.
    Text(Box<str>),
    /// The field was there and empty: missing, not zero.
    Empty,
}

impl Scalar {
    pub fn as_number(&self) -> Option<(i64, u8)> {
        match self {
            Scalar::Number { mantissa, scale } => Some((*mantissa, *scale)),
            _ => None,
        }
    }

    pub fn as_f64(&self) -> Option<f64> {
        self.as_number().map(|(mantissa, scale)| mantissa as f64 / 10f64.powi(scale.into()))
    }
}

/// Decimal text with the digits as sent (`7.10` stays `7.10`); empty text for a missing value.
impl std::fmt::Display for Scalar {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Scalar::Text(text) => formatter.write_str(text),
            Scalar::Empty => Ok(()),
            Scalar::Number { mantissa, scale: 0 } => write!(formatter, "{mantissa}"),
            Scalar::Number { mantissa, scale } => {
                let unit = 10u64.pow((*scale).into());
                let magnitude = mantissa.unsigned_abs();
                let sign = if *mantissa < 0 { "-" } else { "" };
                let width = usize::from(*scale);
                write!(formatter, "{sign}{}.{:0width$}", magnitude / unit, magnitude % unit)
            }
        }
    }
}

/// One value of a packet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PackedValue {
    /// Number of the factor code in the store's dictionary.
    pub factor: u32,
    pub statistic: Statistic,
    pub mark: Mark,
    pub value: Scalar,
}

const MARK_FOLLOWS: u8 = 1 << 5;
const KIND_NUMBER: u8 = 0;
const KIND_TEXT: u8 = 1;
const KIND_EMPTY: u8 = 2;
/// Longest text kept in a row; the raw frame keeps the rest.
const MAX_TEXT: usize = 64;

pub fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Reads a variable-length integer; `None` at the end or when it is longer than 64 bits.
pub fn get_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

pub fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

pub fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// Appends one value.
pub fn pack_value(value: &PackedValue, out: &mut Vec<u8>) {
    put_varint(value.factor.into(), out);
    let mark = if value.mark == Mark::NORMAL { 0 } else { MARK_FOLLOWS };
    let packable = match &value.value {
        Scalar::Number { mantissa, scale } => *scale <= 15 && zigzag(*mantissa) < 1 << 60,
        _ => true,
    };
    let text = match &value.value {
        Scalar::Number { .. } if packable => None,
        Scalar::Empty => None,
        other => Some(other.to_string()),
    };
    let kind = match (&value.value, &text) {
        (_, Some(_)) => KIND_TEXT,
        (Scalar::Empty, None) => KIND_EMPTY,
        _ => KIND_NUMBER,
    };
    out.push(value.statistic as u8 | mark | kind << 6);
    if mark != 0 {
        out.push(value.mark.0);
    }
    match (&value.value, text) {
        (_, Some(text)) => {
            let mut length = text.len().min(MAX_TEXT);
            while !text.is_char_boundary(length) {
                length -= 1;
            }
            out.push(length as u8);
            out.extend_from_slice(&text.as_bytes()[..length]);
        }
        (Scalar::Number { mantissa, scale }, None) => {
            put_varint(zigzag(*mantissa) << 4 | u64::from(*scale), out);
        }
        _ => {}
    }
}

pub fn pack(values: &[PackedValue]) -> Vec<u8> {
    let mut out = Vec::with_capacity(values.len() * 6);
    for value in values {
        pack_value(value, &mut out);
    }
    out
}

/// Reads one value; `None` at the end or where the bytes are not of this form.
pub fn unpack_value(bytes: &mut &[u8]) -> Option<PackedValue> {
    let factor = u32::try_from(get_varint(bytes)?).ok()?;
    let head = take(bytes, 1)?[0];
    let mark = if head & MARK_FOLLOWS == 0 { Mark::NORMAL } else { Mark(take(bytes, 1)?[0]) };
    let value = match head >> 6 {
        KIND_NUMBER => {
            let number = get_varint(bytes)?;
            Scalar::Number { mantissa: unzigzag(number >> 4), scale: (number & 15) as u8 }
        }
        KIND_TEXT => {
            let length = take(bytes, 1)?[0];
            Scalar::Text(std::str::from_utf8(take(bytes, length.into())?).ok()?.into())
        }
        KIND_EMPTY => Scalar::Empty,
        _ => return None,
    };
    Some(PackedValue { factor, statistic: Statistic::from_number(head & 31), mark, value })
}

/// Reads all values; stops silently at bytes that are not of this form (they would be damage on disk).
pub fn unpack(mut bytes: &[u8]) -> Vec<PackedValue> {
    let mut values = Vec::with_capacity(bytes.len() / 5);
    while let Some(value) = unpack_value(&mut bytes) {
        values.push(value);
    }
    values
}

/// The values of one factor; allocates nothing for a row without it.
pub fn unpack_factor(mut bytes: &[u8], factor: u32) -> Vec<PackedValue> {
    let mut values = Vec::new();
    loop {
        let mut ahead = bytes;
        match get_varint(&mut ahead) {
            None => return values,
            Some(number) if number == u64::from(factor) => match unpack_value(&mut bytes) {
                Some(value) => values.push(value),
                None => return values,
            },
            Some(_) => match skip_value(&mut ahead) {
                Some(()) => bytes = ahead,
                None => return values,
            },
        }
    }
}

/// Steps over one value whose factor number has been read.
fn skip_value(bytes: &mut &[u8]) -> Option<()> {
    let head = take(bytes, 1)?[0];
    if head & MARK_FOLLOWS != 0 {
        take(bytes, 1)?;
    }
    match head >> 6 {
        KIND_NUMBER => {
            let length = bytes.iter().position(|byte| byte & 0x80 == 0)? + 1;
            take(bytes, length)?;
        }
        KIND_TEXT => {
            let length = take(bytes, 1)?[0];
            take(bytes, length.into())?;
        }
        KIND_EMPTY => {}
        _ => return None,
    }
    Some(())
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (head, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(head)
}

/// What a second packet with the same key means beside the newest stored one.
#[derive(Debug, PartialEq, Eq)]
pub enum Comparison {
    Same,
    /// New factors or statistics only; the union.
    Adds(Vec<PackedValue>),
    /// At least one value differs; the union with the new values winning.
    Changes(Vec<PackedValue>),
}

pub fn compare(stored: &[PackedValue], incoming: &[PackedValue]) -> Comparison {
    let mut union = stored.to_vec();
    let (mut adds, mut changes) = (false, false);
    for value in incoming {
        let place = union.iter().position(|old| old.factor == value.factor && old.statistic == value.statistic);
        match place {
            Some(place) if union[place] == *value => {}
            Some(place) => {
                union[place] = value.clone();
                changes = true;
            }
            None => {
                union.push(value.clone());
                adds = true;
            }
        }
    }
    match (changes, adds) {
        (true, _) => Comparison::Changes(union),
        (false, true) => Comparison::Adds(union),
        (false, false) => Comparison::Same,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(mantissa: i64, scale: u8) -> Scalar {
        Scalar::Number { mantissa, scale }
    }

    fn value(factor: u32, value: Scalar) -> PackedValue {
        PackedValue { factor, statistic: Statistic::Average, mark: Mark::NORMAL, value }
    }

    #[test]
    fn decimals_keep_their_digits() {
        assert_eq!(number(710, 2).to_string(), "7.10");
        assert_eq!(number(-5, 3).to_string(), "-0.005");
        assert_eq!(number(42, 0).to_string(), "42");
    }

    #[test]
    fn an_ordinary_value_takes_four_to_six_bytes() {
        for (scalar, bytes) in [(number(35, 0), 4), (number(352, 1), 4), (number(123_456, 2), 6)] {
            assert_eq!(pack(&[value(3, scalar)]).len(), bytes);
        }
    }

    #[test]
    fn a_second_packet_is_same_adds_or_changes() {
        let stored = [value(1, number(5, 0))];
        assert_eq!(compare(&stored, &stored), Comparison::Same);
        let two = [value(2, number(6, 0))];
        assert_eq!(compare(&stored, &two), Comparison::Adds(vec![stored[0].clone(), two[0].clone()]));
        let other = [value(1, number(7, 0))];
        assert_eq!(compare(&stored, &other), Comparison::Changes(other.to_vec()));
    }

    fn any_value() -> impl Strategy<Value = PackedValue> {
        let scalar = prop_oneof![
            (any::<i64>(), 0u8..=15).prop_map(|(mantissa, scale)| number(mantissa >> 5, scale)),
            "[a-zA-Z酉阳]{0,12}".prop_map(|text| Scalar::Text(text.into())),
            Just(Scalar::Empty),
        ];
        (any::<u32>(), 0u8..19, any::<u8>(), scalar).prop_map(|(factor, statistic, mark, value)| PackedValue {
            factor,
            statistic: Statistic::from_number(statistic),
            mark: Mark(mark),
            value,
        })
    }

    proptest! {
        #[test]
        fn packing_loses_nothing(values in proptest::collection::vec(any_value(), 0..20)) {
            prop_assert_eq!(unpack(&pack(&values)), values);
        }

        #[test]
        fn one_factor_is_what_all_values_say_of_it(mut values in proptest::collection::vec(any_value(), 0..20), factor in 0u32..4) {
            values.iter_mut().for_each(|value| value.factor %= 4);
            let packed = pack(&values);
            values.retain(|value| value.factor == factor);
            prop_assert_eq!(unpack_factor(&packed, factor), values);
        }

        #[test]
        fn any_bytes_unpack_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            unpack(&bytes);
            unpack_factor(&bytes, 1);
        }
    }
}
