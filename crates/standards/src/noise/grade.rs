//! Grades of a city's area and road noise (声环境总体水平等级, HJ 640).

use super::Period;
use crate::decimal::round_half_even;
use crate::library::FigureError;
use crate::{Standard, Step, Text, clause};
use rust_decimal::Decimal;
use serde::Serialize;

/// One grade.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NoiseGrade {
    /// 1..=5.
    pub grade: u8,
    /// 一级 …
    pub name: Text,
    /// 好 …
    pub word: Text,
    pub step: Step,
}

struct Row {
    grade: u8,
    name: String,
    word: Text,
    upper: [Option<Decimal>; 2],
}

/// The grades of HJ 640, of area noise or road traffic noise.
pub struct NoiseGrades {
    rows: Vec<Row>,
}

impl NoiseGrades {
    /// `kind` is `region` or `traffic`.
    ///
    /// # Errors
    /// When the table is absent or not confirmed.
    pub fn from_standard(standard: &Standard, kind: &str) -> Result<Self, FigureError> {
        let table = standard.table(kind)?;
        let mut rows = Vec::new();
        for key in table.row_keys() {
            let bad = || FigureError::NotANumber { figure: table.path.clone(), text: key.clone() };
            rows.push(Row {
                grade: key.parse().map_err(|_| bad())?,
                name: table.text(&key, "grade_zh")?.to_owned(),
                word: Text::new(table.text(&key, "word_zh")?, table.text(&key, "word_en")?),
                upper: [table.decimal(&key, "day")?, table.decimal(&key, "night")?],
            });
        }
        Ok(Self { rows })
    }

    /// The grade of a mean level, rounded to one decimal; a level on the limit has the better grade.
    pub fn grade(&self, period: Period, level: Decimal) -> Option<NoiseGrade> {
        let level = round_half_even(level, 1);
        let row = self.rows.iter().find(|row| row.upper[period as usize].is_none_or(|upper| level <= upper))?;
        let step = Step::new(
            clause!("HJ 640-2012 等级表"),
            format!("{} {level} dB(A)：{}（{}）", period.name().zh, row.name, row.word.zh),
            format!("{} {level} dB(A): grade {} ({})", period.name().en, row.grade, row.word.en),
        );
        Some(NoiseGrade {
            grade: row.grade,
            name: Text::new(row.name.clone(), format!("Grade {}", row.grade)),
            word: row.word.clone(),
            step,
        })
    }
}
