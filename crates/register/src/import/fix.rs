//! What was probably meant by a cell. Pure; a proposal is only taken when somebody asks for it.

use crate::catalog::Catalog;
use crate::definition::{Field, FieldType};
use crate::value::is_date;

/// A better wording of a cell, or nothing when none is near.
pub fn of(field: &Field, text: &str, catalog: &Catalog) -> Option<String> {
    let bare: String = text.trim().chars().map(narrow).collect();
    match &field.kind {
        FieldType::Date => date(&bare),
        FieldType::Integer | FieldType::Decimal => number(&bare),
        FieldType::Bool => match bare.to_lowercase().as_str() {
            "1" | "y" | "yes" | "有" | "√" | "true" | "是" => Some("true".to_owned()),
            "0" | "n" | "no" | "无" | "×" | "false" | "否" => Some("false".to_owned()),
            _ => None,
        },
        FieldType::Code(list) => {
            let codes = &catalog.code_list(list)?.codes;
            let matches = |code: &&crate::code::Code| {
                code.code.eq_ignore_ascii_case(&bare)
                    || code.name.zh == text.trim()
                    || code.name.zh.trim_end_matches('类') == text.trim()
                    || code.name.en.eq_ignore_ascii_case(&bare)
            };
            codes.iter().filter(|code| !code.retired).find(matches).map(|code| code.code.clone())
        }
        FieldType::Text if field.format.is_some() => {
            let joined: String = bare.chars().filter(|character| !character.is_whitespace()).collect();
            let upper = joined.to_uppercase();
            let right = |candidate: &String| field.format.is_some_and(|format| format.complaint(candidate).is_none());
            [joined, upper].into_iter().find(right)
        }
        _ => None,
    }
}

/// Full-width digits and signs as the narrow ones.
fn narrow(character: char) -> char {
    match character {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(character as u32 - 0xfee0).unwrap_or(character),
        '\u{3000}' => ' ',
        other => other,
    }
}

fn date(text: &str) -> Option<String> {
    let text = text.trim_end_matches('日');
    let parts: Vec<&str> = text.split(['-', '/', '.', '年', '月']).map(str::trim).collect();
    let (year, month, day) = match parts[..] {
        [year, month, day] => (year, month, day),
        [digits] if digits.len() == 8 && digits.is_ascii() => (&digits[..4], &digits[4..6], &digits[6..]),
        _ => return None,
    };
    let date = format!("{year:0>4}-{month:0>2}-{day:0>2}");
    is_date(&date).then_some(date)
}

/// Without thousands separators and a unit behind.
fn number(text: &str) -> Option<String> {
    let bare: String = text.chars().filter(|character| !matches!(character, ',' | ' ')).collect();
    let end = bare
        .find(|character: char| !(character.is_ascii_digit() || matches!(character, '.' | '-')))
        .unwrap_or(bare.len());
    let digits = &bare[..end];
    digits.parse::<rust_decimal::Decimal>().is_ok().then(|| digits.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_numbers_as_people_write_them() {
        for (text, expect) in [("2026/1/2", "2026-01-02"), ("2026年1月2日", "2026-01-02"), ("20260102", "2026-01-02")]
        {
            assert_eq!(date(text).as_deref(), Some(expect), "{text}");
        }
        assert_eq!(date("2026-13-01"), None);
        assert_eq!(number("1,200 吨").as_deref(), Some("1200"));
        assert_eq!(number("约 12"), None);
    }
}
