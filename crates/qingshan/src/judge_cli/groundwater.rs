//! `judge groundwater`: class per item and overall.

use super::Outcome;
use super::air::{library, steps_json};
use super::arguments::Arguments;
use super::readings::{Known, check_dates, date_of, factor_columns, label, problem_of, readings};
use super::table::{Problems, Table};
use serde_json::json;
use standards::groundwater::Groundwater;

/// `judge groundwater FILE.csv`: one JSON line a well.
pub fn groundwater(arguments: &Arguments) -> Outcome {
    arguments.only(&["date"])?;
    let library = library(arguments)?;
    let rules = Groundwater::in_force(&library, date_of(arguments)?).map_err(|error| vec![problem_of(&error, 1)])?;
    let table = Table::read(arguments)?;
    check_dates(&table, arguments.today()?, |date| {
        Groundwater::in_force(&library, date).is_ok_and(|then| then.standard == rules.standard)
    })?;
    let known: Vec<Known> = rules
        .items
        .iter()
        .map(|item| Known { key: item.key.clone(), codes: item.factors.clone(), name: item.name.clone() })
        .collect();
    let mut problems = Problems::default();
    let columns = factor_columns(&table, &known, &mut problems);
    table.refuse_repeated(&mut problems);
    let missing = arguments.option("missing").unwrap_or_default();
    let mut output = String::new();
    for row in &table.rows {
        let list = readings(&table, row, &columns, missing, &mut problems);
        let judged = rules.evaluate(&list).map_err(|error| problem_of(&error, row.line));
        let Some(result) = problems.keep(judged) else { continue };
        let items: serde_json::Map<_, _> = result
            .items
            .iter()
            .map(|item| {
                let entry = json!({
                    "name": item.name.zh, "value": item.value.map(|value| value.normalize()), "unit": item.unit,
                    "class": item.class.key(), "provisional": item.provisional,
                });
                (item.key.clone(), entry)
            })
            .collect();
        let mut line = json!({
            "id": label(&table, row),
            "class": result.class.map(|class| class.key()),
            "class_name": result.class.map(|class| class.name().zh),
            "provisional": result.provisional,
            "deciding": result.deciding,
            "items": items,
            "missing": result.missing,
            "ignored": result.ignored,
            "standard": result.standard,
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
