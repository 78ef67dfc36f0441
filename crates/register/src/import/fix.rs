//! What was probably meant by a cell. Pure; a proposal is only taken when somebody asks for it.

use crate::catalog::Catalog;
use crate::definition::{Field, FieldType};
use crate::unit::{self, narrow};
use crate::value::is_date;

/// A better wording of a cell, or nothing when none is near.
pub fn of(field: &Field, text: &str, catalog: &Catalog) -> Option<String> {
    let bare: String = text.trim().chars().map(narrow).collect();
    match &field.kind {
        FieldType::Date => date(&bare),
        FieldType::Integer | FieldType::Decimal => number(&bare, field.unit.as_deref()),
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

/// Without separators of thousands and without the field's own unit behind. Whatever else stands there (万, ×10^4,
/// another unit, a comma for a point) may change the number: nothing is proposed.
fn number(text: &str, unit: Option<&str>) -> Option<String> {
    let text = text.trim();
    let end = text
        .find(|character: char| !(character.is_ascii_digit() || matches!(character, '.' | '-' | ',')))
        .unwrap_or(text.len());
    let (digits, behind) = (&text[..end], text[end..].trim());
    if !behind.is_empty() && !unit.is_some_and(|unit| unit::same(unit, behind)) {
        return None;
    }
    let bare = without_thousands(digits)?;
    bare.parse::<rust_decimal::Decimal>().is_ok().then_some(bare)
}

/// Commas count as separators only where groups of three digits stand between them.
fn without_thousands(digits: &str) -> Option<String> {
    if !digits.contains(',') {
        return Some(digits.to_owned());
    }
    let whole = digits.split('.').next().unwrap_or_default();
    let mut groups = whole.trim_start_matches('-').split(',');
    let is_number = |group: &str| group.chars().all(|character| character.is_ascii_digit());
    let first = groups.next().is_some_and(|group| (1..=3).contains(&group.len()) && is_number(group));
    let right = first && groups.all(|group| group.len() == 3 && is_number(group));
    (right && !digits[whole.len()..].contains(',')).then(|| digits.replace(',', ""))
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
    }

    #[test]
    fn a_number_is_proposed_only_where_it_stays_the_same_number() {
        let check = |text: &str, unit: &str, expect: Option<&str>| {
            assert_eq!(number(text, Some(unit)).as_deref(), expect, "{text} {unit}");
        };
        check("1,200 吨", "t", Some("1200"));
        check("-1,234,567.5", "t", Some("-1234567.5"));
        check("3000 m2", "m²", Some("3000"));
        check("1.2万亩", "万亩", Some("1.2"));
        for (text, unit) in [
            ("1.2万亩", "hm²"),
            ("1.2万", "万亩"),
            ("3亿", "万元"),
            ("1.5×10^4", "t"),
            ("1.5e4", "t"),
            ("1,5", "t"),
            ("1,20,000", "t"),
            ("1.200,5", "t"),
            ("1 200", "t"),
            ("3000 kg", "t"),
            ("10-20", "t"),
            ("约 12", "t"),
        ] {
            check(text, unit, None);
        }
        assert_eq!(number("12 吨", None), None);
    }
}
