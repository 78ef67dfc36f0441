//! `judge safe-use` and `judge noise-grade`: rates and grades of a whole county from a few numbers.

use super::Outcome;
use super::air::{library, steps_json};
use super::arguments::Arguments;
use super::readings::{date_of, label, problem_of};
use super::table::{Problem, Problems, Table};
use serde_json::json;
use standards::Decimal;
use standards::noise::{NoiseGrades, Period};
use standards::soil::{FarmlandAreas, construction_safe_use, farmland_safe_use};

/// `judge safe-use --land farmland|construction FILE.csv`: areas in any one unit → 安全利用率. Farmland: protected,
/// safely_used, strictly_controlled, contaminated; construction: compliant, reused.
pub fn safe_use(arguments: &Arguments) -> Outcome {
    arguments.only(&["land", "date"])?;
    let farmland = arguments.choice("land", &["farmland", "construction"], None)? == "farmland";
    let (library, date) = (library(arguments)?, date_of(arguments)?);
    let table = Table::read(arguments)?;
    let needed = match farmland {
        true => table.required(&[
            &["protected", "优先保护面积"],
            &["safely_used", "安全利用面积"],
            &["strictly_controlled", "严格管控面积"],
            &["contaminated", "受污染耕地面积"],
        ])?,
        false => table.required(&[&["compliant", "达标再利用面积"], &["reused", "再利用面积"]])?,
    };
    let mut problems = Problems::default();
    let mut output = String::new();
    for row in &table.rows {
        let areas: Option<Vec<Decimal>> =
            needed.iter().map(|at| problems.keep(table.decimal(row, *at)).flatten()).collect();
        let Some(areas) = areas else {
            let hint = "缺面积不计算 nothing is computed without every area";
            problems.push(Problem::at(row.line, "缺面积 an area is missing", hint));
            continue;
        };
        let found = match areas[..] {
            [protected, safely_used, strictly_controlled, contaminated] => {
                farmland_safe_use(&FarmlandAreas { protected, safely_used, strictly_controlled, contaminated })
            }
            [compliant, reused] => construction_safe_use(&library, date, compliant, reused)
                .map(|rate| rate.map(|rate| (rate, standards::Step::new("重点建设用地安全利用率", "", "")))),
            _ => continue,
        };
        let Some(found) = problems.keep(found.map_err(|error| problem_of(&error, row.line))) else { continue };
        let mut line = json!({ "id": label(&table, row), "rate": found.as_ref().map(|(rate, _)| rate), "unit": "%" });
        if arguments.flag("explain")
            && let Some((_, step)) = found
            && let Some(object) = line.as_object_mut()
        {
            object.insert("steps".into(), steps_json(&[step]));
        }
        output.push_str(&line.to_string());
        output.push('\n');
    }
    problems.finish()?;
    Ok(output)
}

/// `judge noise-grade --kind region|traffic --period day|night FILE.csv`: column level in dB(A) → the grade of HJ 640.
pub fn noise_grade(arguments: &Arguments) -> Outcome {
    arguments.only(&["kind", "period"])?;
    let kind = arguments.choice("kind", &["region", "traffic"], None)?;
    let period = match arguments.choice("period", &["day", "night"], Some("day"))? {
        "night" => Period::Night,
        _ => Period::Day,
    };
    let library = library(arguments)?;
    let broken = |error: String| vec![Problem::new(error)];
    let standard =
        library.find("HJ 640").last().ok_or_else(|| broken("没有 HJ 640 (not in the library)".to_owned()))?;
    let grades = NoiseGrades::from_standard(standard, kind).map_err(|error| broken(error.to_string()))?;
    let table = Table::read(arguments)?;
    let level = table.required(&[&["level", "leq", "L", "声级"]])?[0];
    let mut problems = Problems::default();
    let mut output = String::new();
    for row in &table.rows {
        let Some(Some(value)) = problems.keep(table.decimal(row, level)) else {
            problems.push(Problem::at(row.line, "缺声级 the level is missing", "dB(A)"));
            continue;
        };
        if value < Decimal::ZERO || value > Decimal::from(160) {
            problems.push(Problem::at(row.line, format!("{value} 不是声级 is no sound level"), "0～160 dB(A)"));
            continue;
        }
        let Some(found) = grades.grade(period, value) else { continue };
        let mut line = json!({
            "id": label(&table, row), "level": value, "grade": found.grade, "name": found.name.zh,
            "word": found.word.zh, "word_en": found.word.en,
        });
        if arguments.flag("explain")
            && let Some(object) = line.as_object_mut()
        {
            object.insert("steps".into(), steps_json(&[found.step]));
        }
        output.push_str(&line.to_string());
        output.push('\n');
    }
    problems.finish()?;
    Ok(output)
}
