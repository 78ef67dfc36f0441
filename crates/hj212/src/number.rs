//! Decimal numbers as the protocol writes them (N14.2 and the like), kept exactly.

/// Most digits that are kept; the packed form of an observation holds as many.
const MAX_DIGITS: u32 = 17;
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
}
