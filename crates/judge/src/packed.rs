//! The packed form of a finding on disk, about eight bytes an item.

use kernel::Timestamp;
use rust_decimal::Decimal;
use store::packed::{get_varint, put_varint, unzigzag, zigzag};

use crate::code::Code;
use crate::model::{Finding, Flags, Item, Stat, Tier};

/// Numbers are kept to this many decimals; a mean of hours has no tie of rounding that this could make or break.
const PLACES: u32 = 9;

/// The form in which a number is stored and compared: at most nine decimals, fewer where nineteen digits would not
/// hold them, no trailing zeros.
pub fn canonical(value: Decimal) -> Decimal {
    let mut found = value.round_dp(PLACES).normalize();
    while i64::try_from(found.mantissa()).is_err() && found.scale() > 0 {
        found = found.round_dp(found.scale() - 1).normalize();
    }
    found
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    put_varint(text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

fn get_text<'b>(bytes: &mut &'b [u8]) -> Option<&'b str> {
    let length = usize::try_from(get_varint(bytes)?).ok()?;
    let (head, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    std::str::from_utf8(head).ok()
}

fn put_decimal(value: Decimal, out: &mut Vec<u8>) {
    let value = canonical(value);
    let mantissa = i64::try_from(value.mantissa()).unwrap_or(i64::MAX >> 4);
    out.push(value.scale() as u8);
    put_varint(zigzag(mantissa), out);
}

fn get_decimal(bytes: &mut &[u8]) -> Option<Decimal> {
    let (&scale, rest) = bytes.split_first()?;
    *bytes = rest;
    Decimal::try_from_i128_with_scale(i128::from(unzigzag(get_varint(bytes)?)), scale.into()).ok()
}

fn put_optional(value: Option<u16>, out: &mut Vec<u8>) {
    put_varint(value.map_or(0, |value| u64::from(value) + 1), out);
}

fn get_optional(bytes: &mut &[u8]) -> Option<Option<u16>> {
    let number = get_varint(bytes)?;
    Some(if number == 0 { None } else { Some(u16::try_from(number - 1).ok()?) })
}

pub fn pack(finding: &Finding) -> Vec<u8> {
    let mut out = Vec::with_capacity(16 + finding.items.len() * 16);
    let flags = u8::from(finding.valid) | u8::from(finding.exceeding) << 1 | u8::from(finding.running) << 2;
    out.push(flags | (finding.tier as u8) << 3);
    put_text(&finding.standard, &mut out);
    put_optional(finding.index, &mut out);
    put_optional(finding.beside, &mut out);
    for item in &finding.items {
        put_text(item.factor.as_str(), &mut out);
        let present = u8::from(item.value.is_some())
            | u8::from(item.limit.is_some()) << 1
            | u8::from(item.times.is_some()) << 2
            | u8::from(item.index.is_some()) << 3;
        out.extend_from_slice(&[item.stat as u8, item.flags.0, present]);
        put_varint(item.count.into(), &mut out);
        for number in [item.value, item.limit, item.times].into_iter().flatten() {
            put_decimal(number, &mut out);
        }
        if let Some(index) = item.index {
            put_varint(index.into(), &mut out);
        }
    }
    out
}

/// `None` where the bytes are not of this form.
pub fn unpack(mut bytes: &[u8]) -> Option<Finding> {
    let bytes = &mut bytes;
    let head = take(bytes)?;
    let tier = match head >> 3 {
        0 => Tier::Provisional,
        1 => Tier::Reviewed,
        _ => Tier::Final,
    };
    let mut finding = Finding {
        standard: get_text(bytes)?.to_owned(),
        index: get_optional(bytes)?,
        beside: get_optional(bytes)?,
        valid: head & 1 != 0,
        exceeding: head & 2 != 0,
        running: head & 4 != 0,
        tier,
        items: Vec::new(),
    };
    while !bytes.is_empty() {
        let factor = Code::new(get_text(bytes)?)?;
        let (stat, flags, present) = (Stat::from_number(take(bytes)?)?, Flags(take(bytes)?), take(bytes)?);
        let count = u16::try_from(get_varint(bytes)?).ok()?;
        let mut number = |flag: u8| -> Option<Option<Decimal>> {
            if present & flag == 0 { Some(None) } else { get_decimal(bytes).map(Some) }
        };
        let (value, limit, times) = (number(1)?, number(2)?, number(4)?);
        let index = if present & 8 == 0 { None } else { Some(u16::try_from(get_varint(bytes)?).ok()?) };
        finding.items.push(Item { factor, stat, value, limit, index, times, count, flags });
    }
    Some(finding)
}

fn take(bytes: &mut &[u8]) -> Option<u8> {
    let (&first, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(first)
}

/// One hour of a day's row.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    pub revision: u32,
    pub judged_at: Timestamp,
    pub horizon: i64,
    pub finding: Finding,
}

/// A day's hours: those that were judged.
pub type Slots = [Option<Slot>; 24];

pub fn pack_day(slots: &Slots) -> Vec<u8> {
    let mut out = Vec::with_capacity(24 * 96);
    for (hour, slot) in slots.iter().enumerate() {
        let Some(slot) = slot else { continue };
        out.push(hour as u8);
        put_varint(slot.revision.into(), &mut out);
        put_varint(zigzag(slot.judged_at.millis()), &mut out);
        put_varint(zigzag(slot.horizon), &mut out);
        let body = pack(&slot.finding);
        put_varint(body.len() as u64, &mut out);
        out.extend_from_slice(&body);
    }
    out
}

pub fn unpack_day(mut bytes: &[u8]) -> Option<Slots> {
    let bytes = &mut bytes;
    let mut slots: Slots = std::array::from_fn(|_| None);
    while !bytes.is_empty() {
        let hour = usize::from(take(bytes)?);
        let revision = u32::try_from(get_varint(bytes)?).ok()?;
        let judged_at = Timestamp(unzigzag(get_varint(bytes)?));
        let horizon = unzigzag(get_varint(bytes)?);
        let length = usize::try_from(get_varint(bytes)?).ok()?;
        let (body, rest) = bytes.split_at_checked(length)?;
        *bytes = rest;
        *slots.get_mut(hour)? = Some(Slot { revision, judged_at, horizon, finding: unpack(body)? });
    }
    Some(slots)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal() -> impl Strategy<Value = Option<Decimal>> {
        proptest::option::of(
            (-1_000_000_000i64..1_000_000_000, 0u32..9).prop_map(|(m, s)| Decimal::new(m, s).normalize()),
        )
    }

    fn any_item() -> impl Strategy<Value = Item> {
        ("[a-z][0-9]{5}", 0u8..13, decimal(), decimal(), decimal(), proptest::option::of(0u16..600), 0u16..400, 0u8..32)
            .prop_map(|(factor, stat, value, limit, times, index, count, flags)| Item {
                factor: Code::new(&factor).unwrap(),
                stat: Stat::from_number(stat).unwrap(),
                value,
                limit,
                index,
                times,
                count,
                flags: Flags(flags),
            })
    }

    fn any_finding() -> impl Strategy<Value = Finding> {
        (
            "[ -~]{0,20}",
            proptest::option::of(0u16..600),
            any::<[bool; 3]>(),
            0u8..3,
            proptest::collection::vec(any_item(), 0..9),
        )
            .prop_map(|(standard, index, [valid, exceeding, running], tier, items)| Finding {
                standard,
                index,
                beside: index.map(|index| index / 2),
                valid,
                exceeding,
                running,
                tier: [Tier::Provisional, Tier::Reviewed, Tier::Final][usize::from(tier)],
                items,
            })
    }

    proptest! {
        #[test]
        fn packing_loses_nothing(finding in any_finding(), hour in 0usize..24) {
            prop_assert_eq!(unpack(&pack(&finding)), Some(finding.clone()));
            let mut slots: Slots = std::array::from_fn(|_| None);
            slots[hour] = Some(Slot { revision: 3, judged_at: Timestamp(-5), horizon: 77, finding });
            prop_assert_eq!(unpack_day(&pack_day(&slots)), Some(slots));
        }

        #[test]
        fn any_bytes_unpack_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            unpack(&bytes);
            unpack_day(&bytes);
        }
    }
}
