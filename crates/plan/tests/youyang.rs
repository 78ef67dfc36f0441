//! What the linter finds in Youyang's plan, kept as a golden file: `UPDATE=1 cargo test -p plan` writes it anew.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

fn pack() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../counties/500242-youyang")
}

fn files() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for folder in ["plan", "bodies"] {
        let Ok(entries) = std::fs::read_dir(pack().join(folder)) else {
            continue;
        };
        for entry in entries.flatten() {
            let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if let Ok(text) = std::fs::read_to_string(entry.path()) {
                files.insert(name, text);
            }
        }
    }
    files
}

#[test]
fn findings_of_youyang_are_the_known_ones() {
    let files = files();
    let report = plan::check(&files);
    let found: String = report
        .findings
        .iter()
        .filter(|finding| finding.severity == plan::Severity::Error)
        .map(|finding| format!("{} {} {}\n", finding.code, finding.subjects.join(" "), finding.what.zh))
        .collect();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/youyang.findings.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&golden, &found).unwrap();
    }
    assert_eq!(found, std::fs::read_to_string(&golden).unwrap_or_default());
}

#[test]
fn a_waiver_silences_one_finding_and_keeps_it_listed() {
    let mut files = files();
    let before = plan::check(&files);
    let waiver = "[[waiver]]\ncode = \"PL301\"\nsubject = \"project:5\"\nreason = \"跨期\"\nby = \"规划科\"\ndate = \"2026-01-05\"\n";
    files.insert("plan/waivers.toml".into(), waiver.into());
    let after = plan::check(&files);
    assert_eq!(after.errors, before.errors - 1);
    assert_eq!(after.waived, 1);
    assert_eq!(after.findings.len(), before.findings.len());
    // A waiver without a reason silences nothing and is itself a finding.
    files.insert("plan/waivers.toml".into(), waiver.replace("跨期", " "));
    let unreasoned = plan::check(&files);
    assert_eq!((unreasoned.errors, unreasoned.waived), (before.errors, 0));
    assert_eq!(unreasoned.findings.len(), before.findings.len() + 1);
}

#[test]
fn a_corrected_figure_is_no_finding_any_more() {
    let mut files = files();
    let projects = files["plan/projects.toml"].clone();
    let about = |files: &BTreeMap<String, String>, code: &str, subject: &str| {
        plan::check(files)
            .findings
            .iter()
            .any(|finding| finding.code == code && finding.subjects.iter().any(|one| one == subject))
    };
    assert!(about(&files, "PL401", "project:30"));
    files.insert(
        "plan/projects.toml".into(),
        projects.replace("per_year=\"7.3\", year_unit=\"吨/年\"", "per_year=\"7.3\", year_unit=\"万吨/年\""),
    );
    assert!(!about(&files, "PL401", "project:30"));
    assert!(!about(&files, "PL101", "projects:total"));
    files.insert("plan/projects.toml".into(), projects.replace("estimate = 3000\n", "estimate = 3001\n"));
    assert!(about(&files, "PL101", "projects:total"));
}

#[test]
fn broken_files_are_findings_with_their_line() {
    let mut files = files();
    files.insert("plan/tasks.toml".into(), "[[task]]\nid = \"T\"\ntext = 3\n".into());
    files.remove("plan/lists.toml");
    let report = plan::check(&files);
    let codes: Vec<(&str, usize)> = report
        .findings
        .iter()
        .filter(|finding| finding.code < "PL003")
        .map(|finding| (finding.code, finding.at.line))
        .collect();
    assert_eq!(codes, [("PL001", 1), ("PL002", 3)]);
}

#[test]
fn checking_is_quick() {
    // Not a measurement: a guard against something quadratic. `docs/benchmarks.md` has the figure.
    let files = files();
    let started = Instant::now();
    plan::check(&files);
    assert!(started.elapsed().as_secs() < 5);
}

#[test]
fn a_formula_that_cannot_be_computed_is_found_at_its_line() {
    let check = |formula: &str, code: &str| {
        let mut files = files();
        let text = files.get_mut("plan/indicators.toml").unwrap();
        *text = text.replacen("formula = \"ratio\"", formula, 1);
        let report = plan::check(&files);
        let found: Vec<_> = report.findings.iter().filter(|finding| finding.code.starts_with("PL6")).collect();
        assert_eq!(found.len(), 1, "{formula}: {found:?}");
        assert_eq!((found[0].code, found[0].subjects[0].as_str()), (code, "indicator:good-days"));
    };
    check("formula = \"ratio +\"", "PL601");
    check("formula = \"ratio + nobody\"", "PL601");
    let around = "formula = \"me\"\nfacts.me = { indicator = \"good-days\" }\n#";
    let mut files = files();
    let text = files.get_mut("plan/indicators.toml").unwrap();
    *text = text.replacen("formula = \"ratio\"\nfacts", &format!("{around}facts"), 1);
    let report = plan::check(&files);
    assert!(report.findings.iter().any(|finding| finding.code == "PL602"), "{:?}", report.errors);
}
