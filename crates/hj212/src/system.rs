//! System codes ST (系统编码, table 5).

/// A system: what a device observes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct System {
    pub code: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
    /// Whether water codes, air codes or neither belong there.
    pub medium: Medium,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Medium {
    Water,
    Air,
    Other,
}

const fn system(code: &'static str, zh: &'static str, en: &'static str, medium: Medium) -> System {
    System { code, zh, en, medium }
}

pub const SYSTEMS: [System; 21] = [
    system("21", "地表水质量监测", "surface water quality", Medium::Water),
    system("22", "空气质量监测", "ambient air quality", Medium::Air),
    system("23", "声环境质量监测", "ambient noise", Medium::Other),
    system("24", "地下水质量监测", "ground water quality", Medium::Water),
    system("25", "土壤质量监测", "soil quality", Medium::Other),
    system("26", "海水质量监测", "sea water quality", Medium::Water),
    system("27", "挥发性有机物监测", "volatile organic compounds", Medium::Air),
    system("31", "大气环境污染源", "waste gas source", Medium::Air),
    system("32", "地表水体环境污染源", "waste water source", Medium::Water),
    system("33", "地下水体环境污染源", "ground-water source", Medium::Water),
    system("34", "海洋环境污染源", "marine source", Medium::Water),
    system("35", "土壤环境污染源", "soil pollution source", Medium::Other),
    system("36", "声环境污染源", "noise source", Medium::Other),
    system("37", "振动环境污染源", "vibration source", Medium::Other),
    system("38", "放射性环境污染源", "radioactive source", Medium::Other),
    system("39", "工地扬尘污染源", "construction-site dust", Medium::Air),
    system("41", "电磁环境污染源", "electromagnetic source", Medium::Other),
    system("44", "用电监控", "electricity monitoring", Medium::Other),
    system("45", "生产工况监控", "key production conditions", Medium::Other),
    system("51", "烟气排放过程监控", "flue-gas treatment process", Medium::Air),
    system("52", "污水排放过程监控", "waste-water treatment process", Medium::Water),
];

/// The system of answers (系统交互).
pub const INTERACTION: &str = "91";

pub fn find(code: &str) -> Option<&'static System> {
    SYSTEMS.iter().find(|system| system.code == code)
}

/// ST as a number; letter codes A0–Z9 become 10000 (A0) to 10259 (Z9).
pub fn number(code: &str) -> Option<u16> {
    match code.as_bytes() {
        [letter @ b'A'..=b'Z', digit @ b'0'..=b'9'] => {
            Some(10_000 + u16::from(letter - b'A') * 10 + u16::from(digit - b'0'))
        }
        _ if (1..=4).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit()) => code.parse().ok(),
        _ => None,
    }
}

/// The code of a number of [`number`]; two digits at least, as devices send it.
pub fn code(number: u16) -> String {
    match number.checked_sub(10_000) {
        Some(letter) => format!("{}{}", char::from(b'A' + (letter / 10 % 26) as u8), letter % 10),
        None => format!("{number:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_its_number_and_back() {
        for text in ["21", "22", "31", "91", "A0", "B7", "Z9", "05"] {
            assert_eq!(number(text).map(code).as_deref(), Some(text));
        }
        assert!(SYSTEMS.iter().all(|system| number(system.code).map(code).as_deref() == Some(system.code)));
    }
}
