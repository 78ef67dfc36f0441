//! `judge soil`: risk of farmland (by pH and use) or construction land (by type).

use super::Outcome;
use super::air::{library, steps_json};
use super::arguments::Arguments;
use super::readings::{Known, check_dates, date_of, factor_columns, label, problem_of, readings};
use super::table::{Problem, Problems, Row, Table};
use serde_json::{Value, json};
use standards::measure::{Amount, Reading};
use standards::soil::{ConstructionLand, Farmland, FarmlandUse, LandType};
use standards::{Decimal, Library, Text};
use std::collections::BTreeMap;

/// `judge soil --land paddy|orchard|rotation|other FILE.csv` (GB 15618, needs a pH column), or
/// `--land first|second` (GB 36600): one JSON line a sample. A column `land` overrides the option.
pub fn soil(arguments: &Arguments) -> Outcome {
    arguments.only(&["land", "date"])?;
    let (library, date) = (library(arguments)?, date_of(arguments)?);
    let table = Table::read(arguments)?;
    let rules = Rules::load(&library, date)?;
    check_dates(&table, arguments.today()?, |date| Rules::load(&library, date).is_ok())?;
    let mut known: Vec<Known> =
        rules.farmland.names().chain(rules.construction.names()).map(|(key, name)| item(key, name.clone())).collect();
    known.dedup_by(|left, right| left.key == right.key);
    known.push(item("PH", Text::new("pH值", "pH")));
    let mut problems = Problems::default();
    let columns = factor_columns(&table, &known, &mut problems);
    let land_column = table.column(&["land", "use", "土地利用", "用地"]);
    let missing = arguments.option("missing").unwrap_or_default();
    let mut output = String::new();
    for row in &table.rows {
        let land =
            land_column.map(|at| table.text(row, at)).filter(|text| !text.is_empty()).or(arguments.option("land"));
        let mut list = readings(&table, row, &columns, missing, &mut problems);
        let ph = take_ph(&mut list);
        let Some(mut line) = problems.keep(rules.judge(row, land, ph, &list, arguments.flag("explain"))) else {
            continue;
        };
        if let Some(object) = line.as_object_mut() {
            object.insert("id".into(), json!(label(&table, row)));
        }
        output.push_str(&line.to_string());
        output.push('\n');
    }
    problems.finish()?;
    Ok(output)
}

fn item(key: &str, name: Text) -> Known {
    Known { key: key.to_owned(), codes: Vec::new(), name }
}

fn take_ph(readings: &mut Vec<Reading>) -> Option<Decimal> {
    let at = readings.iter().position(|reading| reading.factor == "PH")?;
    match readings.remove(at).amount {
        Amount::Value(value) => Some(value),
        _ => None,
    }
}

struct Rules {
    farmland: Farmland,
    construction: ConstructionLand,
}

impl Rules {
    fn load(library: &Library, date: standards::Date) -> Result<Self, Vec<Problem>> {
        let wrong = |error| vec![problem_of(&error, 1)];
        Ok(Self {
            farmland: Farmland::in_force(library, date).map_err(wrong)?,
            construction: ConstructionLand::in_force(library, date).map_err(wrong)?,
        })
    }

    fn judge(
        &self,
        row: &Row,
        land: Option<&str>,
        ph: Option<Decimal>,
        readings: &[Reading],
        explain: bool,
    ) -> Result<Value, Problem> {
        let hint = "paddy, orchard, rotation, other (农用地 farmland); first, second (建设用地 construction)";
        let land = land
            .ok_or_else(|| Problem::at(row.line, "不知道土地利用 land use is not known", format!("--land {hint}")))?;
        if let Ok(kind) = land.parse::<LandType>() {
            let result = self.construction.evaluate(kind, readings, &BTreeMap::new());
            let result = result.map_err(|error| problem_of(&error, row.line))?;
            let mut value = json!(result);
            finish(&mut value, land, explain, &result.steps);
            return Ok(value);
        }
        let Ok(kind) = land.parse::<FarmlandUse>() else {
            return Err(Problem::at(row.line, format!("`{land}` 不是土地利用 is not a land use"), hint));
        };
        let ph = ph.ok_or_else(|| {
            Problem::at(
                row.line,
                "农用地缺 pH farmland needs pH",
                "加 pH 列，限值按 pH 分档 add a pH column: limits depend on it",
            )
        })?;
        let result = self.farmland.evaluate(kind, ph, readings).map_err(|error| problem_of(&error, row.line))?;
        let mut value = json!(result);
        finish(&mut value, land, explain, &result.steps);
        if let Some(object) = value.as_object_mut() {
            object.insert("ph".into(), json!(ph));
        }
        Ok(value)
    }
}

fn finish(value: &mut Value, land: &str, explain: bool, steps: &[standards::Step]) {
    let Some(object) = value.as_object_mut() else { return };
    object.insert("land".into(), json!(land));
    if explain {
        object.insert("steps".into(), steps_json(steps));
    } else {
        object.remove("steps");
    }
}
