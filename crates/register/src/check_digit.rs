//! Codes with check digits or a fixed build (统一社会信用代码、排污许可证编号、放射源编码、CAS 号). Pure.

/// Alphabet of GB 32100-2015, without I, O, S, V, Z.
const USCC_ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// The check character of the first 17 characters of a unified social credit code (GB 32100-2015), or nothing when
/// a character is not of the alphabet.
pub fn uscc_check(first: &[u8]) -> Option<char> {
    let mut sum = 0;
    let mut weight = 1;
    for character in first {
        let value = USCC_ALPHABET.iter().position(|known| known == character)?;
        sum += value * weight % 31;
        weight = weight * 3 % 31;
    }
    USCC_ALPHABET.get((31 - sum % 31) % 31).map(|&byte| byte as char)
}

pub fn is_uscc(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 18 && uscc_check(&bytes[..17]) == Some(bytes[17] as char)
}

/// A permit number: the USCC, three digits of the site, one check character; a unit without USCC begins with `H9`.
/// How the last character is made is not published, so only its form is checked.
pub fn is_permit_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() != 22 || !text.is_ascii() {
        return false;
    }
    let unit = &text[..18];
    let unit_right = is_uscc(unit) || (unit.starts_with("H9") && unit.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    unit_right
        && bytes[18..21].iter().all(u8::is_ascii_digit)
        && (bytes[21].is_ascii_uppercase() || bytes[21].is_ascii_digit())
}

/// A radiation source code of 12 characters: maker, year of leaving works, nuclide, serial, category.
pub fn is_radiation_source(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() != 12 {
        return false;
    }
    let digits = |range: std::ops::Range<usize>| bytes[range].iter().all(u8::is_ascii_digit);
    let letters = |range: std::ops::Range<usize>| bytes[range].iter().all(u8::is_ascii_uppercase);
    let words = |range: std::ops::Range<usize>| {
        bytes[range].iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
    };
    (digits(0..2) || letters(0..2))
        && (digits(2..4) || &bytes[2..4] == b"NN")
        && words(4..11)
        && matches!(bytes[11], b'1'..=b'5' | b'N')
}

/// A CAS registry number: two to seven digits, two digits, one check digit.
pub fn is_cas(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [first, second, check] = parts[..] else { return false };
    let shaped = (2..=7).contains(&first.len()) && second.len() == 2 && check.len() == 1;
    let body = format!("{first}{second}");
    if !shaped || !body.bytes().chain(check.bytes()).all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let sum: usize = body.bytes().rev().enumerate().map(|(place, digit)| (place + 1) * usize::from(digit - b'0')).sum();
    check.parse() == Ok(sum % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(test: fn(&str) -> bool, text: &str, expect: bool) {
        assert_eq!(test(text), expect, "{text}");
    }

    #[test]
    fn social_credit_codes() {
        check(is_uscc, "91130200699229617X", true);
        check(is_uscc, "91130200699229618X", false);
        check(is_uscc, "9113020069922961X", false);
        check(is_uscc, "9113020069922961IX", false);
    }

    #[test]
    fn permit_numbers() {
        check(is_permit_number, "91130200699229617X001P", true);
        check(is_permit_number, "91130200699229618X001P", false);
        check(is_permit_number, "91130200699229617X00AP", false);
        check(is_permit_number, "H95002420000000001001W", true);
        check(is_permit_number, "二十二个字节不等于字符", false);
    }

    #[test]
    fn radiation_sources() {
        check(is_radiation_source, "0320CO000015", true);
        check(is_radiation_source, "RUNNCS00123N", true);
        check(is_radiation_source, "0320CO000016", false);
        check(is_radiation_source, "032OCO000015", false);
        check(is_radiation_source, "0320CO00015", false);
    }

    #[test]
    fn cas_numbers() {
        check(is_cas, "7732-18-5", true);
        check(is_cas, "7664-41-7", true);
        check(is_cas, "7732-18-4", false);
        check(is_cas, "7732-185", false);
    }
}
