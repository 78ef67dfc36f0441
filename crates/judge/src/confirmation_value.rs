//! What a figure may be confirmed as (确认的数值): a number where the table holds one, a word only where the program knows
//! what it means. A word that no code reads would stand there and never be used. Pure.

use rust_decimal::Decimal;
use standards::Text;
use standards::library::Unconfirmed;
use standards::measure::Unit;

use crate::code::Code;

/// No figure of a standard is larger.
const MOST: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);
const LONGEST_NAME: usize = 200;
/// What stands where the figure is not known.
const UNKNOWN: [&str; 2] = ["", "?"];

/// Words that stand for each other, by the column or figure that they stand in.
const CHOICES: [(&str, &[&str]); 4] = [
    ("dust", &["leave_out", "keep"]),
    ("statistic", &["mean", "percentile"]),
    ("period", &["instant", "hour", "day", "month", "year"]),
    ("converted", &["yes", "no"]),
];

fn refuse(zh: impl Into<String>, en: impl Into<String>) -> Result<(), Text> {
    Err(Text::new(zh.into(), en.into()))
}

/// Whether an unconfirmed figure may be confirmed as a value; `None` confirms what the library says.
///
/// # Errors
/// Why not.
pub fn check(known: &Unconfirmed, value: Option<&str>) -> Result<(), Text> {
    let ours = known.text.trim();
    let column = known.figure.rsplit('/').next().unwrap_or_default().trim();
    let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) else {
        return match UNKNOWN.contains(&ours) {
            true => refuse("数值未知，要写出读到的数值", "the figure is not known: say what was read"),
            false => Ok(()),
        };
    };
    if value == ours {
        return match UNKNOWN.contains(&ours) {
            true => refuse("要写出读到的数值", "say what was read"),
            false => Ok(()),
        };
    }
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    let number = |text: &str| text.parse::<Decimal>().ok().filter(|_| plain(text));
    if UNKNOWN.contains(&ours) || number(ours).is_some() {
        let Some(found) = number(value) else {
            return refuse(format!("{value} 不是数"), format!("{value} is not a number"));
        };
        let least = number(ours).map_or(Decimal::ZERO, |ours| ours.min(Decimal::ZERO));
        let nothing = found.is_zero() && number(ours).is_some_and(|ours| !ours.is_zero());
        if nothing || (found < Decimal::ZERO && least.is_zero()) || found.abs() > MOST {
            return refuse(format!("{value} 不可能"), format!("{value} cannot be"));
        }
        return Ok(());
    }
    let words = || value.split_whitespace();
    let fits = match column {
        "zh" | "en" => value.chars().count() <= LONGEST_NAME,
        "unit" => value.parse::<Unit>().is_ok(),
        "factors" => value == "all" || words().all(|word| Code::new(word).is_some_and(|_| word.len() > 2)),
        "selected_33" => words().all(|word| word.strip_prefix("T3-").is_some_and(|rest| rest.parse::<u8>().is_ok())),
        _ => CHOICES.iter().any(|(known, choices)| *known == column && choices.contains(&value)),
    };
    match fits {
        true => Ok(()),
        false => refuse(
            format!("程序在这里不懂“{value}”，只有 {ours} 有对应的算法；另一种算法要先写进程序"),
            format!("the program knows no `{value}` here, only {ours}: another method has to be written first"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use standards::Library;

    #[test]
    fn a_figure_is_confirmed_as_what_its_table_can_hold() {
        let open = Library::embedded().unwrap().unconfirmed();
        let check = |figure: &str, value: Option<&str>, expect: bool| {
            let known = open.iter().find(|known| known.figure == figure).unwrap_or_else(|| panic!("no {figure}"));
            assert_eq!(super::check(known, value).is_ok(), expect, "{figure} = {} as {value:?}", known.text);
        };
        let weight = "HJ 663-2026/composite/SO2/weight";
        for (value, expect) in [(None, true), (Some("0.5"), true), (Some("-3"), false), (Some("0"), false)] {
            check(weight, value, expect);
        }
        for wrong in ["abc", "1e3", "99999999999999999999", "NaN"] {
            check(weight, Some(wrong), false);
        }
        let statistic = "HJ 663-2026/composite/SO2/statistic";
        check(statistic, Some("percentile"), true);
        check(statistic, Some("median"), false);
        let blank = "GB 18918-2002 (amended)/instant/COD /1A";
        check(blank, None, false);
        check(blank, Some("?"), false);
        check(blank, Some("75"), true);
        check(blank, Some("高"), false);
        check("GB 16889-2024/leachate/COD /unit", Some("μg/L"), true);
        check("GB 16889-2024/leachate/COD /unit", Some("furlong"), false);
        check("GB 16889-2024/leachate/COD /period", Some("month"), true);
        check("GB 16889-2024/leachate/COD /period", Some("fortnight"), false);
        check("环办监测〔2017〕51号/item_index", None, true);
        check("环办监测〔2017〕51号/item_index", Some("sum_of_squares"), false);
    }
}
