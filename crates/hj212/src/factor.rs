//! Factor codes (因子编码): Annex B of HJ 212-2017 with its 2005 column, and codes outside of it that are
//! seen in the field, each with how sure its meaning is.
//!
//! A unit here is only the standard's default. PM2.5 has ng/m³ in the table while everyone sends µg/m³: the
//! unit of a station's values belongs to the station.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::system::Medium;

/// How sure the meaning of a code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    Low,
    Medium,
    /// Seen in the 2025 edition by others, whose tables were not read here.
    SecondHand,
    High,
    /// Annex B.
    Standard,
}

impl Confidence {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::SecondHand => "second_hand",
            Self::High => "high",
            Self::Standard => "standard",
        }
    }
}

/// A factor. Empty text where the source has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factor {
    /// As the source prints it; `x` stands for a digit of the point (`e101xx`).
    pub code: String,
    pub zh: String,
    pub en: String,
    /// Code of the 2005 edition.
    pub old: String,
    /// Default unit of the concentration, and of the total (`-Cou`).
    pub unit: String,
    pub unit_total: String,
    /// Default number format, such as `N3.2`.
    pub format: String,
    pub confidence: Confidence,
}

impl Factor {
    /// Digits after the point of the default format.
    pub fn decimals(&self) -> Option<u8> {
        let digits = self.format.strip_prefix('N')?;
        digits.split_once('.').map_or(Some(0), |(_, decimals)| decimals.parse().ok())
    }
}

struct Table {
    factors: Vec<Factor>,
    by_code: HashMap<String, usize>,
    by_old: HashMap<String, usize>,
}

/// Every factor, Annex B first.
pub fn all() -> &'static [Factor] {
    &table().factors
}

/// A factor by its current code, or by the 2005 code that has none (B03). Point digits fit their `x`.
pub fn find(code: &str) -> Option<&'static Factor> {
    let table = table();
    if let Some(&place) = table.by_code.get(code) {
        return table.factors.get(place);
    }
    // e101xx and i3331x: the last one or two digits are the point.
    (1..=2).find_map(|digits| {
        let stem = code.get(..code.len().checked_sub(digits)?)?;
        if !code.bytes().rev().take(digits).all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let pattern = format!("{stem}{}", &"xx"[..digits]);
        table.by_code.get(&pattern).and_then(|&place| table.factors.get(place))
    })
}

/// The current code of a 2005 one (`011` → `w01018`), under a system code. Three-digit codes are water codes:
/// under an air system they are a maker's own and stay unmapped.
pub fn current_code(old: &str, st: &str) -> Option<&'static str> {
    // Current codes are longer: most packets end here.
    if old.len() > 3 {
        return None;
    }
    let factor = table().factors.get(*table().by_old.get(old)?)?;
    let medium = crate::system::find(st).map(|system| system.medium);
    let is_water_number = old.len() == 3 && old.bytes().all(|byte| byte.is_ascii_digit());
    (!(is_water_number && medium == Some(Medium::Air))).then_some(factor.code.as_str())
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut factors = Vec::new();
        for (text, confidence) in [
            (include_str!("../data/factors.csv"), Some(Confidence::Standard)),
            (include_str!("../data/factors_extra.csv"), None),
        ] {
            factors.extend(text.lines().skip(1).filter_map(|line| read_line(line, confidence)));
        }
        let mut by_code = HashMap::new();
        let mut by_old = HashMap::new();
        for (place, factor) in factors.iter().enumerate() {
            // Annex B prints e701xx and g119xx twice: the first keeps the code.
            by_code.entry(factor.code.clone()).or_insert(place);
            if !factor.old.is_empty() {
                by_old.entry(factor.old.clone()).or_insert(place);
            }
        }
        Table { factors, by_code, by_old }
    })
}

fn read_line(line: &str, confidence: Option<Confidence>) -> Option<Factor> {
    let mut cells = cells(line).into_iter();
    let mut next = || cells.next().unwrap_or_default();
    let factor = Factor {
        code: next(),
        zh: next(),
        en: next(),
        old: next(),
        unit: next(),
        unit_total: next(),
        format: next(),
        confidence: confidence.unwrap_or(Confidence::Low),
    };
    let confidence = match (confidence, next().as_str()) {
        (Some(confidence), _) => confidence,
        (None, "high") => Confidence::High,
        (None, "second_hand") => Confidence::SecondHand,
        (None, "medium") => Confidence::Medium,
        (None, _) => Confidence::Low,
    };
    (!factor.code.is_empty()).then_some(Factor { confidence, ..factor })
}

/// Cells of a CSV line; quoted ones may hold commas.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for letter in line.trim_end().chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            _ => {
                if let Some(cell) = cells.last_mut() {
                    cell.push(letter);
                }
            }
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: &str, expect: Option<(&str, &str)>) {
        let found = find(code).map(|factor| (factor.zh.as_str(), factor.unit.as_str()));
        assert_eq!(found, expect, "{code}");
    }

    #[test]
    fn codes_are_found() {
        check("w01018", Some(("化学需氧量", "mg/L")));
        check("a24020", Some(("1,1,2,2-四氯乙烷", "mg/m³")));
        check("e10103", Some(("进水口流量", "L/s")));
        check("i33312", Some(("炉膛内上部焚烧温度", "°C")));
        check("a05024", Some(("臭氧", "µg/m³")));
        check("Leq", Some(("等效声级", "dB")));
        check("zz", None);
        check("é1", None);
        assert_eq!(all().iter().filter(|factor| factor.confidence == Confidence::Standard).count(), 379);
        assert_eq!(find("w01018").unwrap().decimals(), Some(1));
        assert_eq!(find("w01003").unwrap().confidence, Confidence::High);
    }

    #[test]
    fn old_codes_are_mapped_where_they_belong() {
        for (old, st, expect) in [
            ("011", "32", Some("w01018")),
            ("060", "32", Some("w21003")),
            ("B01", "32", Some("w00000")),
            ("02", "31", Some("a21026")),
            ("02", "32", Some("a21026")),
            ("S01", "31", Some("a19001")),
            ("023", "31", None),
            ("023", "80", Some("w20116")),
            ("w01018", "32", None),
            ("831", "31", None),
        ] {
            assert_eq!(current_code(old, st), expect, "{old} {st}");
        }
    }
}
