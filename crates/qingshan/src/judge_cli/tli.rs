//! `judge tli`: trophic state of lakes.

use super::Outcome;
use super::air::{library, steps_json};
use super::arguments::Arguments;
use super::readings::{Known, date_of, factor_columns, label, problem_of, readings};
use super::table::{Problem, Problems, Table};
use serde_json::json;
use standards::water::Trophic;

/// `judge tli FILE.csv`: columns CHLA (mg/m³), TP, TN, SD (m), CODMN → TLI(j), TLI(Σ), state; one JSON line a lake.
pub fn tli(arguments: &Arguments) -> Outcome {
    arguments.only(&["date"])?;
    let rules =
        Trophic::in_force(&*library(arguments)?, date_of(arguments)?).map_err(|error| vec![problem_of(&error, 1)])?;
    let table = Table::read(arguments)?;
    let known: Vec<Known> = rules
        .parameters()
        .map(|(key, codes, name)| Known { key: key.to_owned(), codes: codes.to_vec(), name: name.clone() })
        .collect();
    let mut problems = Problems::default();
    let columns = factor_columns(&table, &known, &mut problems);
    let absent: Vec<&str> = known
        .iter()
        .filter(|item| !columns.iter().any(|column| column.factor == item.key || item.codes.contains(&column.factor)))
        .map(|item| item.key.as_str())
        .collect();
    if !absent.is_empty() {
        let hint = "TLI(Σ) 需要全部五项 the sum needs all five";
        problems.push(Problem::at(1, format!("缺少列 missing column: {}", absent.join(", ")), hint));
    }
    problems.finish()?;
    let mut problems = Problems::default();
    let missing = arguments.option("missing").unwrap_or_default();
    let mut output = String::new();
    for row in &table.rows {
        let list = readings(&table, row, &columns, missing, &mut problems);
        let judged = rules.evaluate(&list).map_err(|error| problem_of(&error, row.line));
        let Some(result) = problems.keep(judged) else { continue };
        let indices: serde_json::Map<_, _> = result
            .items
            .iter()
            .map(|item| (item.key.clone(), json!({"index": item.index, "weight": item.weight})))
            .collect();
        let mut line = json!({
            "id": label(&table, row),
            "tli": result.index,
            "state": result.state.as_ref().map(|state| &state.name.zh),
            "state_en": result.state.as_ref().map(|state| &state.name.en),
            "items": indices,
            "missing": result.missing,
            "method": rules.method,
        });
        if arguments.flag("explain")
            && let Some(object) = line.as_object_mut()
        {
            object.insert("steps".into(), steps_json(&result.steps));
        }
        output.push_str(&line.to_string());
        output.push('\n');
    }
    problems.finish()?;
    Ok(output)
}
