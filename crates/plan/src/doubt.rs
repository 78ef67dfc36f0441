//! Doubts (存疑) about a value that is computed from project quantities: what the linter found in the plan's own figures
//! reaches the value, not only the page of findings. Pure.

use kernel::{FactValue, Name};

use crate::evaluate::{Basis, Cell};
use crate::model::{Indicator, Project};
use crate::portfolio::QUANTITY;
use crate::report::Report;

/// Two projects with one amount; projects that add up to another amount than the target.
const RULES: [&str; 2] = ["PL402", "PL408"];

/// Kinds of quantities that a value is computed from.
fn kinds(indicator: &Indicator) -> Vec<&str> {
    let read = indicator.facts.values().filter(|binding| binding.fact == QUANTITY);
    read.filter_map(|binding| match binding.arguments.get("quantity") {
        Some(FactValue::Text(kind)) => Some(kind.as_str()),
        _ => None,
    })
    .collect()
}

/// Findings that nobody waived about the quantities behind a computed value.
pub fn of(indicator: &Indicator, cell: &Cell, projects: &[Project], report: &Report) -> Vec<Name> {
    if cell.value.is_none() || cell.basis != Basis::Formula {
        return Vec::new();
    }
    let kinds = kinds(indicator);
    if kinds.is_empty() {
        return Vec::new();
    }
    let own = format!("indicator:{}", indicator.id);
    let carries = |subject: &String| {
        let number = subject.strip_prefix("project:").and_then(|number| number.parse::<u32>().ok());
        projects
            .iter()
            .filter(|project| Some(project.number) == number)
            .any(|project| project.quantities.iter().any(|one| kinds.contains(&one.kind.as_str())))
    };
    report
        .findings
        .iter()
        .filter(|finding| finding.waived.is_none() && RULES.contains(&finding.code))
        .filter(|finding| finding.subjects.contains(&own) || finding.subjects.iter().all(carries))
        .map(|finding| {
            let code = finding.code;
            Name::new(format!("{code} {}", finding.what.zh), format!("{code} {}", finding.what.en))
        })
        .collect()
}
