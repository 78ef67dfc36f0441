//! Units as plans write them, so that 20 万亩 and 133 平方公里 can be compared.

use rust_decimal::Decimal;

/// Dimension and factor to its base unit; `None` for a unit that is only compared with itself.
fn base(unit: &str) -> Option<(&'static str, Decimal)> {
    let number = Decimal::from;
    Some(match unit {
        "平方公里" | "km2" | "km²" => ("area_mu", number(1500)),
        "平方米" | "m²" => ("area_mu", Decimal::new(15, 4)),
        "公顷" => ("area_mu", number(15)),
        "亩" => ("area_mu", number(1)),
        "万亩" => ("area_mu", number(10_000)),
        "公里" | "千米" => ("length_m", number(1000)),
        "米" => ("length_m", number(1)),
        "吨" => ("mass_t", number(1)),
        "万吨" => ("mass_t", number(10_000)),
        "吨/天" => ("mass_rate_t_per_year", number(365)),
        "吨/年" => ("mass_rate_t_per_year", number(1)),
        "万吨/年" => ("mass_rate_t_per_year", number(10_000)),
        "元" => ("money_wan", Decimal::new(1, 4)),
        "千元" => ("money_wan", Decimal::new(1, 1)),
        "万元" => ("money_wan", number(1)),
        "百万元" => ("money_wan", number(100)),
        "亿元" => ("money_wan", number(10_000)),
        _ => return None,
    })
}

/// How many of its dimension's base unit one of it is; 1 for a unit that is only compared with itself.
pub fn factor(unit: &str) -> Decimal {
    base(unit).map_or(Decimal::ONE, |(_, factor)| factor)
}

/// Whether it can be converted into others.
pub fn converts(unit: &str) -> bool {
    base(unit).is_some()
}

/// The value in the base unit of its dimension, with the dimension's name.
pub fn normalise(value: Decimal, unit: &str) -> (String, Decimal) {
    match base(unit) {
        Some((dimension, factor)) => (dimension.to_owned(), value.checked_mul(factor).unwrap_or(value)),
        None => (unit.to_owned(), value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_of_different_units_compare() {
        let (dimension, mu) = normalise(Decimal::from(20), "万亩");
        let (other, kilometres) = normalise(Decimal::new(1333, 1), "平方公里");
        assert_eq!(dimension, other);
        assert!((mu - kilometres).abs() < Decimal::from(100), "{mu} {kilometres}");
        assert_eq!(normalise(Decimal::ONE, "座").0, "座");
    }
}
