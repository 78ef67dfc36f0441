//! Units: a concentration in the wrong unit is refused, never converted by guess.

use super::table::{Problem, Problems, Table};
use standards::Decimal;
use standards::air::Pollutant;

/// Checks the units written in the header against the ones the command reads (µg/m³; CO mg/m³).
pub fn check_header_units(table: &Table, columns: &[(Pollutant, usize)], problems: &mut Problems) {
    for (pollutant, column) in columns {
        let Some(unit) = table.units.get(*column).and_then(Option::as_ref) else { continue };
        let plain: String =
            unit.to_lowercase().replace(['µ', 'μ'], "u").replace('³', "3").replace("^3", "3").replace(' ', "");
        let wanted = if *pollutant == Pollutant::Co { "mg/m3" } else { "ug/m3" };
        if plain != wanted {
            problems.push(Problem::at(
                1,
                format!("列 column {pollutant}: 单位 unit `{unit}`，应为 should be {}", pollutant.unit()),
                "先换算再判定 convert first (CO: 1000 µg/m³ = 1 mg/m³)",
            ));
        }
    }
}

/// Concentrations of one line: CO of 300 or more is µg/m³ (the table ends at 150 mg/m³), and several particles and
/// gases all below 1 are mg/m³.
pub fn check_row(line: u64, values: &[(Pollutant, Option<Decimal>)], problems: &mut Problems) {
    let co = values.iter().find(|(pollutant, _)| *pollutant == Pollutant::Co).and_then(|(_, value)| *value);
    if let Some(co) = co.filter(|co| *co >= Decimal::from(300)) {
        problems.push(Problem::at(
            line,
            format!("CO = {co} mg/m³ 不可能，像是 µg/m³ is impossible and looks like µg/m³"),
            "CO 用 mg/m³（除以 1000） give CO in mg/m³ (divide by 1000)",
        ));
    }
    let others: Vec<Decimal> =
        values.iter().filter(|(pollutant, _)| *pollutant != Pollutant::Co).filter_map(|(_, value)| *value).collect();
    let positive = others.iter().filter(|value| **value > Decimal::ZERO).count();
    if positive >= 3 && others.iter().all(|value| *value < Decimal::ONE) {
        problems.push(Problem::at(
            line,
            "除 CO 外的浓度都小于 1 µg/m³，像是 mg/m³ all but CO are below 1 µg/m³ and look like mg/m³",
            "用 µg/m³（乘以 1000） give µg/m³ (multiply by 1000)",
        ));
    }
}

/// The CO column as a whole: a median of 100 or more over at least five lines is µg/m³.
pub fn check_co_column(values: &mut [Decimal], problems: &mut Problems) {
    values.sort_unstable();
    let Some(median) = values.get(values.len() / 2).filter(|_| values.len() >= 5) else { return };
    if *median >= Decimal::ONE_HUNDRED {
        problems.push(
            Problem::new(format!("CO 列中位数 {median}，像是 µg/m³ the CO column's median {median} looks like µg/m³"))
                .hint("CO 用 mg/m³（除以 1000） give CO in mg/m³ (divide by 1000)"),
        );
    }
}
