//! Formulas that cannot be computed: found before they are loaded. Whether a fact exists only the server knows.

use crate::checks::Out;
use crate::evaluate::Book;
use crate::finding::{Finding, Severity};
use crate::formula::FormulaError;
use crate::source::{INDICATORS, Source};

pub fn each(source: &Source<'_>, findings: &mut Vec<Finding>) {
    let indicators = &source.indicators.indicators;
    let book = Book::new(indicators.iter().map(|indicator| indicator.get_ref()), &|name| !name.is_empty());
    for (place, indicator) in indicators.iter().enumerate() {
        let Some(error) = book.error(place) else { continue };
        let code = if matches!(error, FormulaError::Cycle(_)) { "PL602" } else { "PL601" };
        let (at, text) = (source.at(INDICATORS, indicator), error.text());
        let mut out = Out { file: INDICATORS, findings };
        out.put(
            code,
            Severity::Error,
            at,
            vec![format!("indicator:{}", indicator.get_ref().id)],
            (text.zh, text.en),
            ("改正 formula 与 facts", "correct formula and facts"),
        );
    }
}
