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
}

impl Format {
    pub const ALL: [(&'static str, Self); 8] = [
        ("device_number", Self::DeviceNumber),
        ("device_password", Self::DevicePassword),
        ("factor_code", Self::FactorCode),
        ("ip_network", Self::IpNetwork),
        ("uscc", Self::SocialCredit),
        ("permit_number", Self::PermitNumber),
        ("radiation_source", Self::RadiationSource),
        ("cas", Self::Cas),
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
        }
    }
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
