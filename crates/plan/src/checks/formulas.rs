//! Formulas that cannot be computed: found before they are loaded. Which facts exist, and what each takes, is told by
//! whoever checks; without that, facts are not looked at.

use kernel::{FactQuery, Name};

use crate::checks::Out;
use crate::evaluate::Book;
use crate::finding::{Finding, Severity};
use crate::formula::{FormulaError, Input, Read};
use crate::model::Indicator;
use crate::portfolio::QUANTITY;
use crate::report::KnownFacts;
use crate::source::{INDICATORS, PROJECTS, Source};

/// What is wrong with a question about what projects have done.
fn quantity(source: &Source<'_>, query: &FactQuery) -> Option<Name> {
    if query.name != QUANTITY || !source.has(&[PROJECTS]) {
        return None;
    }
    let kind = query.text("quantity").unwrap_or_default();
    let mut quantities = source.projects.projects.iter().flat_map(|project| &project.get_ref().quantities);
    let known = quantities.any(|quantity| quantity.kind == kind);
    (!known).then(|| Name::new(format!("没有项目有工程量“{kind}”"), format!("no project has the quantity `{kind}`")))
}

/// What is wrong with the arguments of a question.
fn arguments(source: &Source<'_>, facts: KnownFacts<'_>, query: &FactQuery) -> Option<Name> {
    let description = facts.descriptions.iter().find(|description| description.name == query.name)?;
    if query.arguments.contains_key("year") {
        return Some(Name::new(
            "year 由平台逐年填写，往年的用 years_back",
            "`year` is filled in by the platform; `years_back` asks for years before",
        ));
    }
    let unfit = description.complaint(query).or_else(|| (facts.complaint)(description, query));
    unfit.or_else(|| quantity(source, query))
}

/// A unit that the answer will not have: the one that the formula was written for, or the indicator's own where the
/// formula is the fact alone.
fn unit(facts: KnownFacts<'_>, indicator: &Indicator, input: &Input) -> Option<Name> {
    let Read::Fact { query, unit } = &input.read else { return None };
    let description = facts.descriptions.iter().find(|description| description.name == query.name)?;
    let stated = (!description.unit.is_empty()).then(|| description.unit.clone());
    // Projects answer in the unit that they are asked for.
    let asked = (query.name == QUANTITY).then(|| query.text("unit").ok().map(str::to_owned)).flatten();
    let answer = stated.or(asked).or_else(|| (facts.unit)(query))?;
    let alone = indicator.formula.trim() == input.variable;
    let wanted = unit.iter().map(String::as_str).chain(alone.then_some(indicator.unit.as_str()));
    wanted
        .filter(|wanted| *wanted != answer)
        .map(|wanted| {
            Name::new(
                format!("{} 的答案以“{answer}”计，这里按“{wanted}”写", query.name),
                format!("{} answers in `{answer}`, this is written for `{wanted}`", query.name),
            )
        })
        .next()
}

pub fn each(source: &Source<'_>, facts: Option<KnownFacts<'_>>, findings: &mut Vec<Finding>) {
    let indicators = &source.indicators.indicators;
    let book = Book::new(indicators.iter().map(|indicator| indicator.get_ref()), &|name| {
        !name.is_empty() && facts.is_none_or(|facts| facts.descriptions.iter().any(|fact| fact.name == name))
    });
    for (place, indicator) in indicators.iter().enumerate() {
        let item = indicator.get_ref();
        let subject = || vec![format!("indicator:{}", item.id)];
        let mut out = Out { file: INDICATORS, findings };
        let Some(error) = book.error(place) else {
            let formula = book.formula(place).zip(facts);
            let inputs =
                formula.iter().flat_map(|(formula, facts)| formula.inputs.iter().zip(std::iter::repeat(*facts)));
            let at = source.at_key(INDICATORS, indicator, "facts", 0);
            for (input, facts) in inputs {
                let Read::Fact { query, .. } = &input.read else { continue };
                let told = |what: Name| {
                    (format!("{}：{}", input.variable, what.zh), format!("{}: {}", input.variable, what.en))
                };
                if let Some(what) = arguments(source, facts, query) {
                    let hint = ("改正 facts 里的 arguments", "correct the arguments in facts");
                    out.put("PL603", Severity::Error, at, subject(), told(what), hint);
                } else if let Some(what) = unit(facts, item, input) {
                    let hint = ("改正 facts 里的 unit，或指标的 unit", "correct the unit in facts, or the indicator's");
                    out.put("PL416", Severity::Error, at, subject(), told(what), hint);
                }
            }
            continue;
        };
        let code = if matches!(error, FormulaError::Cycle(_)) { "PL602" } else { "PL601" };
        let key = match error {
            FormulaError::UnknownFact(_) => "facts",
            _ if item.formula.is_empty() => "numerator",
            _ => "formula",
        };
        let (at, text) = (source.at_key(INDICATORS, indicator, key, 0), error.text());
        let hint = ("改正 formula 与 facts", "correct formula and facts");
        out.put(code, Severity::Error, at, subject(), (text.zh, text.en), hint);
    }
}
