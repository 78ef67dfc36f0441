//! Whether two wordings are the same unit. Nothing is converted: what is not plainly the same is another unit. Pure.

/// Wordings of one unit, the first being the one that others are read as.
const SAME: [&[&str]; 20] = [
    &["t", "吨"],
    &["kg", "千克", "公斤"],
    &["g", "克"],
    &["mg", "毫克"],
    &["µg", "ug", "微克"],
    &["hm²", "公顷", "ha"],
    &["km²", "平方公里", "平方千米"],
    &["m²", "平方米", "㎡"],
    &["m³", "立方米", "㎥"],
    &["L", "l", "升"],
    &["m", "米"],
    &["km", "公里", "千米"],
    &["a", "年"],
    &["d", "天", "日"],
    &["h", "小时", "时"],
    &["min", "分钟"],
    &["s", "秒"],
    &["℃", "°C", "摄氏度"],
    &["dB", "dB(A)", "分贝"],
    &["元", "人民币元"],
];

/// Both are the same unit; blanks, full-width letters, `2` for `²` and the usual names apart.
pub fn same(one: &str, other: &str) -> bool {
    one == other || canonical(one) == canonical(other)
}

fn canonical(text: &str) -> String {
    let plain: String = text.chars().map(narrow).filter(|character| !character.is_whitespace()).collect();
    let plain = plain.replace('^', "").replace('μ', "µ");
    let parts: Vec<String> = plain.split('/').map(part).collect();
    parts.join("/")
}

/// One side of a quotient; ten thousand of something stays ten thousand of it.
fn part(text: &str) -> String {
    let (before, bare) = match text.strip_prefix('万') {
        Some(bare) => ("万", bare),
        None => ("", text),
    };
    let raised = match (bare.strip_suffix('2'), bare.strip_suffix('3')) {
        (Some(bare), _) => format!("{bare}²"),
        (_, Some(bare)) => format!("{bare}³"),
        _ => bare.to_owned(),
    };
    let known = SAME.iter().find(|words| words.contains(&raised.as_str()));
    format!("{before}{}", known.map_or(raised.as_str(), |words| words[0]))
}

/// A full-width letter, digit or sign as the narrow one.
pub fn narrow(character: char) -> char {
    match character {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(character as u32 - 0xfee0).unwrap_or(character),
        '\u{3000}' => ' ',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(one: &str, other: &str, expect: bool) {
        assert_eq!(same(one, other), expect, "{one} {other}");
    }

    #[test]
    fn a_unit_has_many_names_and_is_no_other() {
        for (one, other) in [
            ("t", "吨"),
            ("hm²", "公顷"),
            ("km2", "平方公里"),
            ("m^3/s", "立方米/秒"),
            ("μg/m3", "µg/m³"),
            ("万m³", "万立方米"),
        ] {
            check(one, other, true);
        }
        check("吨／年", "t/a", true);
        for (one, other) in
            [("hm²", "亩"), ("万m³", "m³"), ("m²", "m³"), ("t", "kg"), ("mg/L", "µg/L"), ("", "t"), ("万", "")]
        {
            check(one, other, false);
        }
    }
}
