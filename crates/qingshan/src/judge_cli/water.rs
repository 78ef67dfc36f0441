//! `judge water`: class per item, class, grade, main pollutants with multiples, compliance.

use super::Outcome;
use super::air::{library, past_date, steps_json};
use super::arguments::Arguments;
use super::readings::{Known, date_of, factor_columns, label, problem_of, readings};
use super::table::{Problem, Problems, Row, Table, parse_time};
use serde_json::{Map, Value, json};
use standards::measure::{Amount, Reading};
use standards::water::{Body, Class, ItemResult, Kind, Surface, WaterResult, evaluate};
use standards::{Date, Decimal, Text};
use std::str::FromStr;

/// `judge water --body river|lake [--target III] [--date 2026-11-01] FILE.csv`: one JSON line a section.
pub fn water(arguments: &Arguments) -> Outcome {
    arguments.only(&["body", "target", "date", "area"])?;
    let library = library(arguments)?;
    let table = Table::read(arguments)?;
    let body = arguments.option("body").map(|text| option::<Body>("body", text, "river, lake")).transpose()?;
    let target =
        arguments.option("target").map(|text| option::<Class>("target", text, "I, II, III, IV, V")).transpose()?;
    let (default_date, today) = (date_of(arguments)?, arguments.today()?);
    let area = arguments.option("area").unwrap_or_default();
    let mut problems = Problems::default();
    let surface_at = |date: Date| Surface::in_force(&library, area, date).map_err(|error| vec![problem_of(&error, 1)]);
    let reference = surface_at(default_date)?;
    let columns = factor_columns(&table, &known(&reference), &mut problems);
    table.refuse_repeated(&mut problems);
    let missing = arguments.option("missing").unwrap_or_default();
    let own = OwnColumns::find(&table);
    let mut output = String::new();
    for row in &table.rows {
        let list = readings(&table, row, &columns, missing, &mut problems);
        check_units(&reference, &list, row.line, &mut problems);
        let row_body = problems.keep(own.body(&table, row, body));
        let row_target = problems.keep(own.target(&table, row, target));
        let date = problems.keep(own.date(&table, row, default_date).and_then(|date| past_date(date, today, row.line)));
        let (Some(body), Some(target), Some(date)) = (row_body, row_target, date) else { continue };
        let result = Surface::in_force(&library, area, date)
            .and_then(|surface| evaluate(&surface, body, &list, target).map(|result| (surface, result)));
        let judged = result.map_err(|error| problem_of(&error, row.line));
        let Some((surface, result)) = problems.keep(judged) else { continue };
        output.push_str(&line(arguments, &label(&table, row), date, &surface, &result).to_string());
        output.push('\n');
    }
    problems.finish()?;
    Ok(output)
}

/// Columns that say per line what the options say for the file.
struct OwnColumns {
    body: Option<usize>,
    target: Option<usize>,
    date: Option<usize>,
}

impl OwnColumns {
    fn find(table: &Table) -> Self {
        Self {
            body: table.column(&["body", "水体"]),
            target: table.column(&["target", "target_class", "目标", "水质目标"]),
            date: table.column(&["date", "time", "日期", "时间"]),
        }
    }

    fn cell<'a>(table: &'a Table, row: &'a Row, column: Option<usize>) -> Option<&'a str> {
        column.map(|at| table.text(row, at)).filter(|text| !text.is_empty())
    }

    fn body(&self, table: &Table, row: &Row, default: Option<Body>) -> Result<Body, Problem> {
        match Self::cell(table, row, self.body) {
            Some(text) => text.parse().map_err(|error| Problem::at(row.line, format!("{error}"), "river, lake")),
            None => default.ok_or_else(|| {
                let message = "不知道是河流还是湖库 river or lake is not known";
                Problem::at(
                    row.line,
                    message,
                    "用 --body river|lake，或加 body 列 give --body river|lake or a body column",
                )
            }),
        }
    }

    fn target(&self, table: &Table, row: &Row, default: Option<Class>) -> Result<Option<Class>, Problem> {
        match Self::cell(table, row, self.target) {
            Some(text) => {
                text.parse().map(Some).map_err(|error| Problem::at(row.line, format!("{error}"), "I, II, III, IV, V"))
            }
            None => Ok(default),
        }
    }

    fn date(&self, table: &Table, row: &Row, default: Date) -> Result<Date, Problem> {
        match Self::cell(table, row, self.date) {
            Some(text) => parse_time(text, row.line).map(|(date, _)| date),
            None => Ok(default),
        }
    }
}

fn option<T: FromStr>(name: &str, text: &str, allowed: &str) -> Result<T, Vec<Problem>> {
    text.parse().map_err(|_| {
        let message = format!("选项 option --{name}：不能是 `{text}` / cannot be `{text}`");
        vec![Problem::new(message).hint(allowed.to_owned())]
    })
}

/// A column that states no unit and holds values far beyond class V is more likely in another unit than that polluted;
/// it is refused until the unit is written, never converted by guess.
fn check_units(surface: &Surface, readings: &[Reading], line: u64, problems: &mut Problems) {
    const TIMES_CLASS_V: i64 = 50;
    const MOST_OXYGEN: i64 = 40;
    for reading in readings.iter().filter(|reading| reading.unit.is_none()) {
        // A code of HJ 212 has the unit of its table.
        if surface.factors.get(&reading.factor).is_some() {
            continue;
        }
        let (Amount::Value(value), Some(item)) =
            (reading.amount, surface.items.iter().find(|item| item.key == reading.factor))
        else {
            continue;
        };
        let suspect = match &item.kind {
            Kind::Upper(limits) => !item.apart && value > limits[4] * Decimal::from(TIMES_CLASS_V),
            Kind::Lower(_) => value > Decimal::from(MOST_OXYGEN),
            Kind::Range(..) | Kind::Change => false,
        };
        if suspect {
            problems.push(Problem::at(
                line,
                format!(
                    "列 column {}: {value} 远超 V 类，像是用了别的单位 far beyond class V, looks like another unit",
                    item.key
                ),
                format!("在表头写明单位 write the unit in the header: {} (mg/L) 或 or {} (µg/L)", item.key, item.key),
            ));
        }
    }
}

/// Everything of tables 1 to 3, and the saturation of oxygen.
fn known(surface: &Surface) -> Vec<Known> {
    let basic = surface.items.iter().map(|item| Known {
        key: item.key.clone(),
        codes: item.factors.clone(),
        name: item.name.clone(),
    });
    let source = surface.supplementary.iter().chain(&surface.specific).map(|item| Known {
        key: item.key.clone(),
        codes: item.factors.clone(),
        name: item.name.clone(),
    });
    let saturation =
        Known {
            key: "DO_SAT".to_owned(), codes: Vec::new(), name: Text::new("溶解氧饱和率", "oxygen saturation")
        };
    basic.chain(source).chain([saturation]).collect()
}

fn items_json(items: &[ItemResult]) -> Value {
    let mut map = Map::new();
    for item in items {
        let mut entry = json!({
            "factor": item.factor, "name": item.name.zh, "value": item.value.normalize(), "unit": item.unit,
            "class": item.class.map(Class::key),
        });
        if item.below_detection
            && let Some(object) = entry.as_object_mut()
        {
            object.insert("below_detection".into(), json!(true));
        }
        map.insert(item.key.clone(), entry);
    }
    Value::Object(map)
}

fn line(arguments: &Arguments, id: &str, date: Date, surface: &Surface, result: &WaterResult) -> Value {
    let colour = result.class.and_then(|class| surface.grade_of(class)).map(|row| row.colour.zh.clone());
    let mut line = json!({
        "id": id,
        "date": date,
        "body": result.body.key(),
        "class": result.class.map(Class::key),
        "class_name": result.class.map(|class| class.name().zh),
        "grade": result.grade.map(|grade| grade.name().zh),
        "grade_en": result.grade.map(|grade| grade.name().en),
        "colour": colour,
        "deciding": result.deciding,
        "main_pollutants": result.main_pollutants,
        "items": items_json(&result.items),
        "apart": items_json(&result.apart),
        "target": result.target.map(Class::key),
        "compliant": result.compliant,
        "over_target": result.over_target,
        "missing": result.missing,
        "ignored": result.ignored,
        "standard": result.standard,
        "method": result.method,
        "notes": result.notes,
    });
    if arguments.flag("explain")
        && let Some(object) = line.as_object_mut()
    {
        object.insert("steps".into(), steps_json(&result.steps));
    }
    line
}
