//! Named checks of text fields. Pure.

use crate::check_digit;

/// Named checks that a text must pass; codes with check digits are added here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// HJ 212 MN: 5 to 24 letters, digits or underscores (24 hexadecimal digits since 2017).
    DeviceNumber,
    /// Six characters, HJ 212 PW; 24 are met in the field.
    DevicePassword,
    /// HJ 212 factor code: letters and digits.
    FactorCode,
    /// An IP address, or a network in CIDR form.
    IpNetwork,
    /// 统一社会信用代码, with its check character.
    SocialCredit,
    /// 排污许可证编号, with the check character of its unit.
    PermitNumber,
    /// 放射源编码, 12 characters.
    RadiationSource,
    /// CAS registry number, with its check digit.
    Cas,
    /// 危险废物代码: industry 3, serial 3, class 2, as 900-214-08 (国家危险废物名录).
    WasteCode,
    /// 危险废物转移联单编号: year 4, province 2, city 2, serial 6 (危险废物转移管理办法); the second waste of one sheet
    /// has `-2` after it.
    ManifestNumber,
}

impl Format {
    pub const ALL: [(&'static str, Self); 10] = [
        ("device_number", Self::DeviceNumber),
        ("device_password", Self::DevicePassword),
        ("factor_code", Self::FactorCode),
        ("ip_network", Self::IpNetwork),
        ("uscc", Self::SocialCredit),
        ("permit_number", Self::PermitNumber),
        ("radiation_source", Self::RadiationSource),
        ("cas", Self::Cas),
        ("waste_code", Self::WasteCode),
        ("manifest_number", Self::ManifestNumber),
    ];

    /// What the format wants, or nothing when `text` has it.
    pub fn complaint(self, text: &str) -> Option<(&'static str, &'static str)> {
        let word =
            |most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let good = match self {
            Self::DeviceNumber => {
                (5..=24).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            }
            Self::DevicePassword => {
                text.len() <= 24 && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b';')
            }
            Self::FactorCode => word(10),
            Self::IpNetwork => is_ip_network(text),
            Self::SocialCredit => check_digit::is_uscc(text),
            Self::PermitNumber => check_digit::is_permit_number(text),
            Self::RadiationSource => check_digit::is_radiation_source(text),
            Self::Cas => check_digit::is_cas(text),
            Self::WasteCode => is_waste_code(text),
            Self::ManifestNumber => is_manifest_number(text),
        };
        match self {
            _ if good => None,
            Self::DeviceNumber => {
                Some(("MN 为 5–24 位字母、数字或下划线", "an MN has 5 to 24 letters, digits or underscores"))
            }
            Self::DevicePassword => {
                Some(("密码最多 24 个可见字符，不含分号", "a password has at most 24 visible characters, no semicolon"))
            }
            Self::FactorCode => Some(("因子编码由字母和数字组成", "a factor code is letters and digits")),
            Self::IpNetwork => Some(("写成 10.0.0.1 或 10.0.0.0/8", "write 10.0.0.1 or 10.0.0.0/8")),
            Self::SocialCredit => Some((
                "统一社会信用代码为 18 位，末位是校验码（GB 32100），请对照营业执照",
                "18 characters, the last a check character (GB 32100): compare with the business licence",
            )),
            Self::PermitNumber => Some((
                "许可证编号为 22 位：18 位信用代码 + 3 位数字 + 1 位，请对照许可证",
                "22 characters: credit code, 3 digits, 1 character: compare with the permit",
            )),
            Self::RadiationSource => Some((
                "放射源编码为 12 位：生产单位 2、出厂年 2、核素 2、序号 5、类别 1（1–5 或 N）",
                "12 characters: maker 2, year 2, nuclide 2, serial 5, category 1 (1 to 5 or N)",
            )),
            Self::Cas => {
                Some(("CAS 号如 7732-18-5，末位是校验码", "a CAS number such as 7732-18-5 ends with a check digit"))
            }
            Self::WasteCode => Some((
                "废物代码为 8 位，写成 900-214-08，末两位是类别（01–40、45–50）",
                "8 digits written as 900-214-08, the last two the category (01 to 40, 45 to 50)",
            )),
            Self::ManifestNumber => Some((
                "联单编号为 14 位数字：年 4、省 2、市 2、流水号 6；同一张联单的第二种废物起加 -2、-3",
                "14 digits: year 4, province 2, city 2, serial 6; further wastes of one sheet end with -2, -3",
            )),
        }
    }
}

/// Categories that the list of 2025 has (the numbers 41 to 44 are not given).
fn is_waste_code(text: &str) -> bool {
    let digits = |part: &str, count: usize| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = text.split('-').collect();
    let [industry, serial, class] = parts[..] else { return false };
    let class_known = class.parse::<u8>().is_ok_and(|class| matches!(class, 1..=40 | 45..=50));
    digits(industry, 3) && digits(serial, 3) && digits(class, 2) && class_known
}

fn is_manifest_number(text: &str) -> bool {
    let (number, line) = text.split_once('-').unwrap_or((text, "2"));
    let line_fits = line.len() <= 2 && !line.starts_with('0') && line.parse::<u8>().is_ok_and(|line| line >= 2);
    number.len() == 14 && number.bytes().all(|byte| byte.is_ascii_digit()) && number.starts_with("20") && line_fits
}

fn is_ip_network(text: &str) -> bool {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let Ok(address) = address.parse::<std::net::IpAddr>() else { return false };
    let most: u8 = if address.is_ipv4() { 32 } else { 128 };
    length.is_none_or(|length| length.parse::<u8>().is_ok_and(|length| length <= most))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: Format, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(format.complaint(text).is_none(), "{format:?} {text}");
        }
        for text in bad {
            assert!(format.complaint(text).is_some(), "{format:?} {text}");
        }
    }

    #[test]
    fn numbers_of_hazardous_waste() {
        check(
            Format::WasteCode,
            &["900-214-08", "841-001-01", "772-002-18"],
            &["90021408", "900-214-8", "900-214-41", "900-214-00", "HW08", "900-2a4-08", "900-214-08-1"],
        );
        check(
            Format::ManifestNumber,
            &["20265002000123", "20265002000123-2", "20265002000123-12"],
            &["2026500200012", "99265002000123", "20265002000123-1", "20265002000123-02", "20265002000123-", "x"],
        );
    }
}
