//! `judge convert`: concentrations at reference oxygen or excess air.

use super::Outcome;
use super::arguments::Arguments;
use super::readings::label;
use super::table::{Problem, Problems, Table};
use serde_json::json;
use standards::Decimal;
use standards::decimal::round_half_even;
use standards::sources::Conversion;

/// `judge convert FILE.csv`: columns `c` (mg/m³), `o2` (%), and `o2_ref` (%) or `alpha_ref`, which may also be given
/// as `--reference-oxygen 9` or `--excess-air 1.7` for the whole file.
pub fn convert(arguments: &Arguments) -> Outcome {
    arguments.only(&["reference-oxygen", "excess-air", "decimals"])?;
    let table = Table::read(arguments)?;
    let needed =
        table.required(&[&["c", "concentration", "value", "实测浓度"], &["o2", "oxygen", "a19001", "含氧量"]])?;
    let reference = table.column(&["o2_ref", "reference_oxygen", "ref", "基准含氧量"]);
    let alpha = table.column(&["alpha_ref", "excess_air", "过量空气系数"]);
    let (file_reference, file_alpha) = (arguments.number("reference-oxygen")?, arguments.number("excess-air")?);
    let places: u32 = arguments.number("decimals")?.unwrap_or(3);
    if places > 20 {
        return Err(vec![Problem::new("选项 option --decimals: 0～20")]);
    }
    let mut problems = Problems::default();
    let mut output = String::new();
    for row in &table.rows {
        let number = |at: Option<usize>| at.map_or(Ok(None), |at| table.decimal(row, at));
        let cells = [number(needed.first().copied()), number(needed.get(1).copied()), number(reference), number(alpha)];
        let [concentration, oxygen, own_reference, own_alpha] = cells.map(|cell| problems.keep(cell).flatten());
        let Some((concentration, oxygen)) = concentration.zip(oxygen) else {
            let hint = "缺值不折算 nothing is converted without both";
            problems.push(Problem::at(row.line, "缺浓度或含氧量 concentration or oxygen is missing", hint));
            continue;
        };
        let chosen = conversion(row.line, own_reference.or(file_reference), own_alpha.or(file_alpha));
        let converted = chosen.and_then(|chosen| {
            chosen.apply(concentration, oxygen).map_err(|error| {
                let text = error.text();
                Problem::at(row.line, format!("{} / {}", text.zh, text.en), "含氧量 oxygen: 0 ≤ O2 < 21 %")
            })
        });
        let Some((converted, step)) = problems.keep(converted) else { continue };
        let mut line = json!({
            "id": label(&table, row),
            "measured": concentration,
            "oxygen": oxygen,
            "converted": round_half_even(converted, places),
        });
        if arguments.flag("explain")
            && let Some(object) = line.as_object_mut()
        {
            object.insert("steps".into(), super::air::steps_json(&[step]));
        }
        output.push_str(&line.to_string());
        output.push('\n');
    }
    problems.finish()?;
    Ok(output)
}

fn conversion(line: u64, reference: Option<Decimal>, alpha: Option<Decimal>) -> Result<Conversion, Problem> {
    match (reference, alpha) {
        (Some(reference), None) => Ok(Conversion::ReferenceOxygen(reference)),
        (None, Some(alpha)) => Ok(Conversion::ExcessAir(alpha)),
        (None, None) => Err(Problem::at(
            line,
            "没有基准含氧量或过量空气系数 no reference oxygen or excess air",
            "加 o2_ref 列，或 --reference-oxygen 9 add a column o2_ref, or --reference-oxygen 9",
        )),
        (Some(_), Some(_)) => Err(Problem::at(
            line,
            "同时给了基准含氧量和过量空气系数 both reference oxygen and excess air are given",
            "只留一个 keep one",
        )),
    }
}
