//! Amounts of money (数额) as people write them. Pure.

use rust_decimal::Decimal;

/// Unit, and what it is in 万元: number and decimal places.
const UNITS: [(&str, i64, u32); 3] = [("亿元", 10_000, 0), ("万元", 1, 0), ("元", 1, 4)];

/// Whether a text names amounts of money, and none of them is that of so many 万元. Numbers in words are not read.
pub fn contradicts(text: &str, value: Decimal) -> bool {
    let amounts = money_in(text);
    !amounts.is_empty() && !amounts.contains(&value.normalize())
}

/// Amounts in 万元 that a text writes in digits: numbers before 亿元, 万元 or 元 (万亩 is none); one that is all of the text is in 万元.
fn money_in(text: &str) -> Vec<Decimal> {
    let plain = text.replace([',', '，', ' '], "");
    if let Ok(bare) = plain.parse::<Decimal>() {
        return vec![bare.normalize()];
    }
    let mut found = Vec::new();
    let mut rest = plain.as_str();
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let tail = &rest[start..];
        let end = tail.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(tail.len());
        let (number, after) = tail.split_at(end);
        let unit = UNITS.iter().find(|(unit, ..)| after.starts_with(unit));
        let factor = unit.map(|(_, number, decimals)| Decimal::new(*number, *decimals));
        let amount = number.trim_matches('.').parse::<Decimal>().ok().zip(factor);
        found.extend(amount.and_then(|(number, factor)| number.checked_mul(factor)).map(|amount| amount.normalize()));
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_change_do_not_contradict_its_number() {
        let check = |after: &str, contradicted: bool| {
            assert_eq!(contradicts(after, Decimal::from(4000)), contradicted, "{after}");
        };
        for right in [
            "4000",
            "4,000 万元",
            "总投资调整为0.4亿元",
            "40000000元",
            "四千万元",
            "见〔2024〕18号批复",
            "由3000万元调整为4000万元",
            "面积由20万亩调整为30万亩",
        ] {
            check(right, false);
        }
        for wrong in ["400", "0.5亿元", "4000元", "调整为 16000 万元"] {
            check(wrong, true);
        }
    }
}
