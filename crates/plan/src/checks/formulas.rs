//! Formulas that cannot be computed: found before they are loaded. Which facts exist is told by whoever checks; without
//! that, facts are not looked at.

use kernel::{FactQuery, Name};

use crate::checks::Out;
use crate::evaluate::Book;
use crate::finding::{Finding, Severity};
use crate::formula::{FormulaError, Read};
use crate::portfolio::QUANTITY;
use crate::report::KnownFacts;
use crate::source::{INDICATORS, Source};

/// What is wrong with a question about what projects have done.
fn quantity(source: &Source<'_>, query: &FactQuery) -> Option<Name> {
    if query.name != QUANTITY {
        return None;
    }
    let kind = query.text("quantity").unwrap_or_default();
    let mut quantities = source.projects.projects.iter().flat_map(|project| &project.get_ref().quantities);
    let known = quantities.any(|quantity| quantity.kind == kind);
    (!known).then(|| Name::new(format!("没有项目有工程量“{kind}”"), format!("no project has the quantity `{kind}`")))
}

pub fn each(source: &Source<'_>, facts: Option<KnownFacts<'_>>, findings: &mut Vec<Finding>) {
    let indicators = &source.indicators.indicators;
    let book = Book::new(indicators.iter().map(|indicator| indicator.get_ref()), &|name| {
        !name.is_empty() && facts.is_none_or(|facts| facts.names.contains(&name))
    });
    for (place, indicator) in indicators.iter().enumerate() {
        let Some(error) = book.error(place) else {
            let formula = book.formula(place).zip(facts);
            let inputs =
                formula.iter().flat_map(|(formula, facts)| formula.inputs.iter().zip(std::iter::repeat(facts)));
            for (input, facts) in inputs {
                let Read::Fact { query, .. } = &input.read else { continue };
                let Some(what) = quantity(source, query).or_else(|| (facts.complaint)(query)) else { continue };
                let at = source.at_key(INDICATORS, indicator, "facts", 0);
                Out { file: INDICATORS, findings }.put(
                    "PL603",
                    Severity::Error,
                    at,
                    vec![format!("indicator:{}", indicator.get_ref().id)],
                    (format!("{}：{}", input.variable, what.zh), format!("{}: {}", input.variable, what.en)),
                    ("改正 facts 里的 arguments", "correct the arguments in facts"),
                );
            }
            continue;
        };
        let code = if matches!(error, FormulaError::Cycle(_)) { "PL602" } else { "PL601" };
        let key = match error {
            FormulaError::UnknownFact(_) => "facts",
            _ if indicator.get_ref().formula.is_empty() => "numerator",
            _ => "formula",
        };
        let (at, text) = (source.at_key(INDICATORS, indicator, key, 0), error.text());
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
