//! All rules over all files, waivers applied, in the order of the files.

use std::fmt::Write as _;

use kernel::fact::FactDescription;
use kernel::{Day, FactQuery, Name};

use crate::checks;
use crate::finding::{Finding, Severity};
use crate::source::{Files, Source};

#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Report {
    pub findings: Vec<Finding>,
    pub errors: usize,
    pub warnings: usize,
    pub waived: usize,
}

/// Checks the plan of a pack. Pure; bounded by the size of the files.
pub fn check(files: &Files) -> Report {
    check_with(files, None, None)
}

/// What the mechanisms that answer facts know of them.
#[derive(Clone, Copy)]
pub struct KnownFacts<'k> {
    /// All facts, with the arguments that each takes.
    pub descriptions: &'k [FactDescription],
    /// What else is wrong with a question, such as a ledger that there is not.
    pub complaint: &'k dyn Fn(&FactDescription, &FactQuery) -> Option<Name>,
    /// Unit of the answer, where it follows from the arguments.
    pub unit: &'k dyn Fn(&FactQuery) -> Option<String>,
}

/// The same, with the facts that formulas may ask for, and the day after which no waiver may be dated.
pub fn check_with(files: &Files, facts: Option<KnownFacts<'_>>, today: Option<Day>) -> Report {
    let mut findings = Vec::new();
    let source = Source::read(files, &mut findings);
    checks::run_all(&source, facts, &mut findings);
    crate::waiver::apply(&source, today, &mut findings);
    findings.sort_by(|one, other| {
        (&one.file, one.at, one.code, &one.subjects).cmp(&(&other.file, other.at, other.code, &other.subjects))
    });
    let count =
        |severity| findings.iter().filter(|finding| finding.waived.is_none() && finding.severity == severity).count();
    Report {
        errors: count(Severity::Error),
        warnings: count(Severity::Warning),
        waived: findings.iter().filter(|finding| finding.waived.is_some()).count(),
        findings,
    }
}

impl Report {
    /// As a compiler prints it; Chinese first.
    pub fn to_text(&self, folder: &str) -> String {
        let mut out = String::new();
        for finding in &self.findings {
            let level = match (&finding.waived, finding.severity) {
                (Some(_), _) => "已豁免 waived",
                (None, Severity::Error) => "错误 error",
                (None, Severity::Warning) => "提示 warning",
            };
            let _ = writeln!(
                out,
                "{folder}/{}:{}:{}: {level} {} [{}]\n  {}\n  {}\n  {} {}\n  → {}\n  → {}",
                finding.file,
                finding.at.line,
                finding.at.column,
                finding.code,
                finding.subjects.join(", "),
                finding.what.zh,
                finding.what.en,
                finding.why.zh,
                finding.why.en,
                finding.hint.zh,
                finding.hint.en,
            );
            let _ = match &finding.waived {
                Some(reason) => writeln!(out, "  豁免理由 waived because: {reason}"),
                None => writeln!(out, "  豁免用 to waive: holds = \"{}\"", finding.mark()),
            };
        }
        let _ = writeln!(
            out,
            "规划检查：{} 个错误，{} 个提示，{} 个已豁免 (errors, warnings, waived)",
            self.errors, self.warnings, self.waived
        );
        out
    }
}
