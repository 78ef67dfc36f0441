//! Decimal numbers as the protocol writes them (N14.2 and the like), kept exactly.

/// Most digits that are kept; the packed form of an observation holds as many.
const MAX_DIGITS: u32 = 17;
/// Text of at most so many bytes has no digit too many.
pub const SHORTEST_TOO_LONG: usize = 16;
/// Digits are read into a number until it is as large as this; more only tell a half from more than a half.
const MOST_READ: u128 = 10u128.pow(30);
/// Most digits after the point.
pub const MAX_SCALE: u8 = 15;

/// `7.10` → `(710, 2)`: the value is `mantissa × 10^-scale`, with the digits as sent. Blanks around are
/// allowed, a sign, a missing digit before or after the point, and an exponent that leaves a scale from 0
/// to 15. `None`: not a number, or too long to keep exactly.
pub fn parse(text: &[u8]) -> Option<(i64, u8)> {
    let text = text.trim_ascii();
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let mut mantissa = 0i64;
    let (mut count, mut significant, mut scale) = (0u32, 0u32, 0i32);
    let mut point = false;
    let mut exponent = 0i32;
    for (place, &byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                count += 1;
                significant += u32::from(significant > 0 || byte != b'0');
                if significant > MAX_DIGITS {
                    return None;
                }
                mantissa = mantissa * 10 + i64::from(byte - b'0');
                scale += i32::from(point);
            }
            b'.' if !point => point = true,
            b'e' | b'E' if count > 0 => {
                exponent = read_exponent(digits.get(place + 1..)?)?;
                break;
            }
            _ => return None,
        }
    }
    if count == 0 {
        return None;
    }
    if exponent != 0 {
        scale -= exponent;
        while scale < 0 {
            mantissa = mantissa.checked_mul(10).filter(|&value| value < 10i64.pow(MAX_DIGITS))?;
            scale += 1;
        }
    }
    let scale = u8::try_from(scale).ok().filter(|&scale| scale <= MAX_SCALE)?;
    Some((if negative { -mantissa } else { mantissa }, scale))
}

/// A number that may have had more digits than are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    pub mantissa: i64,
    pub scale: u8,
    /// Digits behind those kept were rounded away, half to even; the frame holds them.
    pub rounded: bool,
}

/// As [`parse`], but of a number with too many digits after the point (floating-point numbers printed in full:
/// `7.1000000000000005`) the first 17 digits are kept, at most 15 of them after the point. `None`: not a number,
/// too many digits before the point, or so small that nothing would be left of it.
pub fn parse_rounded(text: &[u8]) -> Option<Number> {
    if let Some((mantissa, scale)) = parse(text) {
        return Some(Number { mantissa, scale, rounded: false });
    }
    let text = text.trim_ascii();
    if text.len() <= SHORTEST_TOO_LONG {
        return None;
    }
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let (mut mantissa, mut scale, mut exponent) = (0u128, 0i32, 0i32);
    let (mut point, mut beyond) = (false, false);
    for (place, &byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' if mantissa < MOST_READ => {
                mantissa = mantissa * 10 + u128::from(byte - b'0');
                scale += i32::from(point);
            }
            // Too far behind to be kept; it only tells a half from more than a half.
            b'0'..=b'9' if point => beyond |= byte != b'0',
            b'.' if !point => point = true,
            b'e' | b'E' if place > 0 => {
                exponent = read_exponent(digits.get(place + 1..)?)?;
                break;
            }
            _ => return None,
        }
    }
    scale -= exponent;
    let length = mantissa.checked_ilog10()? as i32 + 1;
    let dropped = (length - MAX_DIGITS as i32).max(scale - i32::from(MAX_SCALE));
    scale -= dropped;
    if scale < 0 || dropped < 0 || dropped > length {
        return None;
    }
    let unit = 10u128.pow(dropped as u32);
    let (mut kept, rest) = (mantissa / unit, mantissa % unit);
    let up = match (rest * 2).cmp(&unit) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => beyond || kept % 2 == 1,
    };
    kept += u128::from(up);
    let kept = i64::try_from(kept).ok().filter(|&kept| kept > 0 && kept < 10i64.pow(MAX_DIGITS))?;
    Some(Number { mantissa: if negative { -kept } else { kept }, scale: u8::try_from(scale).ok()?, rounded: true })
}

fn read_exponent(text: &[u8]) -> Option<i32> {
    let digits = text.strip_prefix(b"+").or_else(|| text.strip_prefix(b"-")).unwrap_or(text);
    if digits.is_empty() || digits.len() > 3 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits.iter().fold(0, |value, digit| value * 10 + i32::from(digit - b'0'));
    Some(if text.first() == Some(&b'-') { -value } else { value })
}

#[cfg(test)]
mod tests {
    fn check(text: &str, expect: Option<(i64, u8)>) {
        assert_eq!(super::parse(text.as_bytes()), expect, "{text:?}");
    }

    #[test]
    fn digits_are_kept_as_sent() {
        check("7.10", Some((710, 2)));
        check("-0.052", Some((-52, 3)));
        check("156720160.000", Some((156_720_160_000, 3)));
        check("+5", Some((5, 0)));
        check(" 5 ", Some((5, 0)));
        check(".5", Some((5, 1)));
        check("5.", Some((5, 0)));
        check("000.0", Some((0, 1)));
        check("1e-05", Some((1, 5)));
        check("1.5E+2", Some((150, 0)));
        check("99999999999999.99", Some((9_999_999_999_999_999, 2)));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "-", ".", "NaN", "NULL", "--", "1.2.3", "St", "1,5", "1e", "e5", "1e-99", "１", "0x10", "inf"]
        {
            check(text, None);
        }
        check("123456789012345678", None);
        check("0.0000000000000001", None);
    }

    #[test]
    fn digits_beyond_those_kept_are_rounded_half_to_even_and_said_so() {
        let check = |text: &str, expect: Option<(i64, u8)>| {
            let found = super::parse_rounded(text.as_bytes());
            assert_eq!(found.map(|number| (number.mantissa, number.scale)), expect, "{text:?}");
            assert!(found.is_none_or(|number| number.rounded), "{text:?}");
        };
        check("7.1000000000000005", Some((7_100_000_000_000_000, 15)));
        check("7.1000000000000015", Some((7_100_000_000_000_002, 15)));
        check("7.10000000000000050000000000000000000000001", Some((7_100_000_000_000_001, 15)));
        check("-0.30000000000000004", Some((-300_000_000_000_000, 15)));
        check("35.123456789012345678", Some((35_123_456_789_012_346, 15)));
        check("1234567890.1234567890", Some((12_345_678_901_234_568, 7)));
        check("1.2345678901234567e-05", Some((12_345_678_901, 15)));
        check("0.00000000000000051", Some((1, 15)));
        check("99.99999999999999999", None);
        for text in
            ["123456789012345678", "0.0000000000000001", "1e-99", "12345678901234567.8x", "1.2.3456789012345678"]
        {
            check(text, None);
        }
        let exact = super::parse_rounded(b"7.10").unwrap();
        assert_eq!((exact.mantissa, exact.scale, exact.rounded), (710, 2, false));
    }
}
