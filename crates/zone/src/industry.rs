//! Codes of industries (GB/T 4754): which there are is data, `[[section]]` of a rule file.

use kernel::Name;
use serde::Deserialize;

/// A section (门类): its letter, and the divisions (大类) that it holds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    pub letter: char,
    pub from: u8,
    /// Inclusive.
    pub to: u8,
    pub name_zh: String,
    pub name_en: String,
}

/// A code without the letter of its section (C2614): rules compare digits.
pub fn digits_of(code: &str) -> &str {
    code.strip_prefix(|letter: char| letter.is_ascii_uppercase()).unwrap_or(code)
}

/// What is wrong with a code. A code that does not exist would hit no rule, and so be "allowed". Where no section is
/// known, only the form is looked at.
pub fn complaint(code: &str, sections: &[Section]) -> Option<Name> {
    let digits = digits_of(code);
    let formed = (2..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let Some(division) = digits.get(..2).filter(|_| formed).and_then(|division| division.parse::<u8>().ok()) else {
        return Some(Name::new(
            format!("行业代码“{code}”不是 GB/T 4754 的 2–4 位代码"),
            format!("`{code}` is not an industry code of 2 to 4 digits"),
        ));
    };
    if sections.is_empty() {
        return None;
    }
    let Some(section) = sections.iter().find(|section| (section.from..=section.to).contains(&division)) else {
        return Some(Name::new(
            format!("行业代码“{code}”：GB/T 4754 没有大类 {division:02}"),
            format!("industry code `{code}`: there is no division {division:02}"),
        ));
    };
    let letter = code.chars().next().filter(char::is_ascii_uppercase).filter(|&letter| letter != section.letter)?;
    Some(Name::new(
        format!(
            "行业代码“{code}”：大类 {division:02} 属于门类 {}（{}），不是 {letter}",
            section.letter, section.name_zh
        ),
        format!(
            "industry code `{code}`: division {division:02} is of section {} ({}), not {letter}",
            section.letter, section.name_en
        ),
    ))
}
