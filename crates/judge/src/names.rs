//! Names of factors, and by how much a value is over its limit, in words (因子名称、超标程度).

use std::sync::OnceLock;

use kernel::Name;
use rust_decimal::Decimal;
use standards::air::Pollutant;

use crate::model::{Flags, Item, Stat};

/// Gives the name of a factor of the wire protocol. The judge knows no protocol; who wires it does.
pub type Namer = fn(&str) -> Option<Name>;

static NAMER: OnceLock<Namer> = OnceLock::new();

/// Tells where the names of factors come from that no standard here names; the first word counts.
pub fn set_namer(namer: Namer) {
    let _ = NAMER.set(namer);
}

/// Chinese and English name of a factor code; the code itself where nobody knows it.
pub fn factor_name(code: &str) -> Name {
    if let Some(pollutant) = Pollutant::ALL.into_iter().find(|pollutant| pollutant.hj212() == code) {
        return Name::new(pollutant.label(), pollutant.label());
    }
    let (zh, en) = match code {
        // Short names, as people write them in bulletins.
        "w00000" => ("流量", "flow"),
        "a00000" => ("废气流量", "waste-gas flow"),
        "w01001" => ("pH", "pH"),
        "w01009" => ("溶解氧", "dissolved oxygen"),
        "w01010" => ("水温", "water temperature"),
        "w01012" => ("悬浮物", "suspended solids"),
        "w01018" => ("化学需氧量", "COD"),
        "w01019" => ("高锰酸盐指数", "CODMn"),
        "w21001" => ("总氮", "total nitrogen"),
        "w21003" => ("氨氮", "ammonia nitrogen"),
        "w21011" => ("总磷", "total phosphorus"),
        "a34013" => ("颗粒物（烟尘）", "particulates"),
        "a21002" => ("氮氧化物", "NOx"),
        "a19001" => ("氧含量", "O2"),
        "Ld" => ("昼间等效声级", "Ld"),
        "Ln" => ("夜间等效声级", "Ln"),
        "Ldn" => ("昼夜等效声级", "Ldn"),
        "Leq" | "LA" | "LAeq" => ("等效声级", "Leq"),
        "E50" => ("工频电场强度", "electric field, 50 Hz"),
        "B50" => ("工频磁感应强度", "magnetic induction, 50 Hz"),
        "Erf" => ("射频电场强度", "electric field, radio frequency"),
        "Srf" => ("射频功率密度", "power density, radio frequency"),
        // Numbers of a period that are no factors.
        "good_ratio" => ("优良天数比例", "good-day ratio"),
        "days_valid" => ("有效天数", "valid days"),
        "days_good" => ("优良天数", "good days"),
        "days_heavy" => ("重污染天数", "heavily polluted days"),
        "days_over" => ("超标天数", "days over the limit"),
        "tli" => ("综合营养状态指数", "trophic level index"),
        "days_dust" => ("沙尘天数", "dust days"),
        "composite" => ("综合指数", "composite index"),
        other => return NAMER.get().and_then(|namer| namer(other)).unwrap_or_else(|| Name::new(other, other)),
    };
    Name::new(zh, en)
}

/// The name of a factor at a point: flow has one code, whether of waste water or of a river behind a dam.
pub fn factor_name_at(kind: kernel::PointKind, code: &str) -> Name {
    match (code, kind) {
        ("w00000", kernel::PointKind::WastewaterOutlet) => Name::new("污水流量", "waste-water flow"),
        _ => factor_name(code),
    }
}

/// A text about factors as people read it: names where it has codes of the wire protocol (a letter and five digits).
pub fn in_words(text: &standards::Text) -> Name {
    let replaced = |text: &str, chosen: fn(Name) -> String| {
        let mut out = String::with_capacity(text.len() + 16);
        let mut rest = text;
        while let Some(start) = rest.find(|letter: char| letter.is_ascii_alphanumeric()) {
            let (before, from) = rest.split_at(start);
            let end = from.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(from.len());
            let (word, after) = from.split_at(end);
            out.push_str(before);
            let is_code = word.len() == 6
                && word.starts_with(|letter: char| letter.is_ascii_lowercase())
                && word[1..].bytes().all(|byte| byte.is_ascii_digit());
            out.push_str(&if is_code { chosen(factor_name(word)) } else { word.to_owned() });
            rest = after;
        }
        out.push_str(rest);
        out
    };
    Name::new(shortened(&replaced(&text.zh, |name| name.zh)), shortened(&replaced(&text.en, |name| name.en)))
}

/// Fractions of more digits than anybody reads are cut, and it is said: nothing was rounded there.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 6;
    const LONG: usize = 10;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(point) = rest.find('.') {
        let (before, from) = rest.split_at(point + 1);
        out.push_str(before);
        let digits = from.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(from.len());
        let whole = before.len() > 1 && before.as_bytes()[before.len() - 2].is_ascii_digit();
        let (shown, after) = from.split_at(digits);
        match whole && digits > LONG {
            true => {
                out.push_str(&shown[..SHOWN]);
                out.push('…');
            }
            false => out.push_str(shown),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// By how much an item is over its limit: noise in dB(A), pH as out of its range, a shortfall as the share that is
/// missing, everything else as the multiple (超标倍数). `None` when it is not over.
pub fn over(item: &Item) -> Option<Name> {
    if !item.exceeding() {
        return None;
    }
    if let Some(excess) = noise_excess(item) {
        return Some(Name::new(format!("超标 {excess} dB(A)"), format!("over by {excess} dB(A)")));
    }
    if item.factor == *"w01001" {
        return Some(Name::new("超出范围", "out of range"));
    }
    Some(match (item.times, item.flags.has(Flags::LOWER)) {
        (Some(times), true) => {
            let percent = (times * Decimal::ONE_HUNDRED).normalize();
            Name::new(format!("低 {percent}%"), format!("{percent} % short"))
        }
        (Some(times), false) => Name::new(format!("超标 {times} 倍"), format!("over by {times} times")),
        (None, true) => Name::new("低于限值", "below the limit"),
        (None, false) => Name::new("超标", "over the limit"),
    })
}

/// Decibels above the limit; `None` for what is no sound level.
pub fn noise_excess(item: &Item) -> Option<Decimal> {
    let sound = matches!(item.stat, Stat::DayLevel | Stat::NightLevel | Stat::DayNightLevel);
    item.value.zip(item.limit).filter(|_| sound).map(|(value, limit)| (value - limit).normalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_fractions_are_cut_and_say_so() {
        let check = |text: &str, expect: &str| assert_eq!(shortened(text), expect);
        check("均值 0.1333333333333333333333333333 mg/L", "均值 0.133333… mg/L");
        check("12.345 到 0.05，第 3.2 条", "12.345 到 0.05，第 3.2 条");
        check("1.5000000000", "1.5000000000");
        check("见 a.b1234567890123. 完", "见 a.b1234567890123. 完");
    }
    use crate::code::Code;

    fn check(
        factor: &str,
        stat: Stat,
        value: &str,
        limit: &str,
        times: Option<&str>,
        lower: bool,
        expect: (&str, &str),
    ) {
        let decimal = |text: &str| text.parse::<Decimal>().unwrap();
        let mut item = Item::new(Code::new(factor).unwrap(), stat, Some(decimal(value)), true, 1);
        assert_eq!(over(&item), None);
        item.limit = Some(decimal(limit));
        item.times = times.map(decimal);
        item.flags.set(Flags::EXCEEDING, true);
        item.flags.set(Flags::LOWER, lower);
        assert_eq!(over(&item), Some(Name::new(expect.0, expect.1)));
    }

    #[test]
    fn a_river_behind_a_dam_is_no_waste_water() {
        let name = |kind| factor_name_at(kind, "w00000").zh;
        assert_eq!(name(kernel::PointKind::EcologicalFlow), "流量");
        assert_eq!(name(kernel::PointKind::WastewaterOutlet), "污水流量");
    }

    #[test]
    fn codes_in_a_text_become_names_and_everything_else_stays() {
        let check = |zh: &str, en: &str, expect: (&str, &str)| {
            assert_eq!(in_words(&standards::Text::new(zh, en)), Name::new(expect.0, expect.1));
        };
        check(
            "a21002 折算值 120.5 超过限值 100（GB 4915-2013）",
            "w01001: not judged, w99999",
            ("氮氧化物 折算值 120.5 超过限值 100（GB 4915-2013）", "pH: not judged, w99999"),
        );
        check("w21003氨氮，A21002", "", ("氨氮氨氮，A21002", ""));
        check("", "", ("", ""));
    }

    #[test]
    fn noise_is_over_by_decibels_and_ph_has_no_multiple() {
        check("Ld", Stat::DayLevel, "63.2", "60", None, false, ("超标 3.2 dB(A)", "over by 3.2 dB(A)"));
        check("w01001", Stat::Mean, "9.6", "9", None, false, ("超出范围", "out of range"));
        check("w01001", Stat::Mean, "5.6", "6", None, true, ("超出范围", "out of range"));
        check("w01018", Stat::Mean, "70", "50", Some("0.40"), false, ("超标 0.40 倍", "over by 0.40 times"));
        check("w00000", Stat::Mean, "0.6", "0.8", Some("0.25"), true, ("低 25%", "25 % short"));
        check("w01009", Stat::Mean, "4", "5", None, true, ("低于限值", "below the limit"));
    }

    #[test]
    fn nobody_invents_a_name() {
        assert_eq!(factor_name("q99999"), Name::new("q99999", "q99999"));
        assert_eq!(factor_name("days_over").zh, "超标天数");
    }
}
