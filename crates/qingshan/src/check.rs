//! `qingshan check [DIR] [--json]`: what is wrong with a county pack, and where its plan contradicts itself.
//! Exit code 1 while an error stands that nobody has waived.

use std::path::PathBuf;
use std::process::ExitCode;

use kernel::Name;
use kernel::fact::FactDescription;
use register::pack::Pack;
use register::pack_files;
use register::problem::{PackProblem, ProblemCode};

pub const USAGE: &str = "用法 usage: qingshan check [DIR] [--json]      DIR: counties/500242-youyang";

pub const DEFAULT_PACK: &str = "counties/500242-youyang";

pub fn run(arguments: &[String]) -> ExitCode {
    let json = arguments.iter().any(|argument| argument == "--json");
    let unknown = arguments.iter().find(|argument| argument.starts_with("--") && *argument != "--json");
    if let Some(unknown) = unknown {
        eprintln!("不认识 {unknown} (unknown option)；{USAGE}");
        return ExitCode::from(2);
    }
    let folder = arguments.iter().find(|argument| !argument.starts_with("--")).map_or(DEFAULT_PACK, String::as_str);
    let path = PathBuf::from(folder);
    let files = match pack_files::read_tree(&path) {
        Ok(files) => files,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let base = register::built_in::catalog();
    let loaded = base.as_ref().map_err(Clone::clone).and_then(|base| register::pack::load(&files, base));
    // A pack that cannot be loaded is held against the built-in ledgers.
    let catalog = loaded.as_ref().ok().map(|pack| &*pack.catalog).or(base.as_ref().ok());
    let complaint = |description: &FactDescription, query: &kernel::FactQuery| {
        register::unknown_code(catalog?, description, query).or_else(|| register::complaint_about(catalog?, query))
    };
    let unit = |query: &kernel::FactQuery| register::unit_of(catalog?, query);
    let known = plan::KnownFacts { descriptions: &facts(), complaint: &complaint, unit: &unit };
    let report = plan::check_with(&files, Some(known), Some(kernel::time::now().day()));
    let (pack_errors, notes) = match &loaded {
        Ok(pack) => standards_findings(pack),
        Err(problems) => (problems.clone(), Vec::new()),
    };
    if json {
        let listed: Vec<serde_json::Value> = pack_errors
            .iter()
            .map(|problem| {
                serde_json::json!({
                    "file": problem.file, "line": problem.at.line, "column": problem.at.column,
                    "what": problem.what, "hint": problem.hint,
                })
            })
            .collect();
        let findings: Vec<serde_json::Value> = report
            .findings
            .iter()
            .map(|finding| {
                let mut one = serde_json::json!(finding);
                one["holds"] = finding.mark().into();
                one
            })
            .collect();
        crate::say(
            &serde_json::json!({
                "folder": folder, "pack": listed, "notes": notes, "findings": findings, "errors": report.errors + listed.len(),
                "warnings": report.warnings, "waived": report.waived,
            })
            .to_string(),
        );
    } else {
        for problem in &pack_errors {
            crate::say(&format!("{folder}/{problem}\n"));
        }
        for note in &notes {
            crate::say(&format!("note: {folder}/{note}\n"));
        }
        crate::say(report.to_text(folder).trim_end());
        if !pack_errors.is_empty() {
            crate::say(&format!("数据包：{} 处错误 (errors in the pack)", pack_errors.len()));
        }
    }
    if report.errors + pack_errors.len() > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The facts that the mechanisms of this program answer.
fn facts() -> Vec<FactDescription> {
    [judge::fact_descriptions(), register::fact_descriptions(), act::fact_descriptions(), plan::fact_descriptions()]
        .concat()
}

/// Standards named by outlets that the library cannot turn into limits, and what they leave without one today.
fn standards_findings(pack: &Pack) -> (Vec<PackProblem>, Vec<String>) {
    let Ok(library) = standards::Library::embedded() else { return Default::default() };
    let area = pack.county.division.to_string();
    let now = kernel::time::now();
    let today = standards::Date::from_days_since_epoch(now.day().0);
    let (mut found, mut notes) = (Vec::new(), Vec::new());
    for record in &pack.records {
        let Some(definition) = pack.catalog.ledger(&record.ledger) else { continue };
        for basis in register::points::emission_of(&record.content, definition) {
            let key = &record.content.key;
            let Err(why) = judge::emission::limits_of(&library, &area, &basis) else {
                // What has ended or not begun yet leaves nothing open today.
                let gaps = match basis.in_force(now) {
                    true => judge::emission::gaps_of(&library, &area, &basis, today),
                    false => Vec::new(),
                };
                for gap in gaps {
                    let (file, line) = (&record.file, record.at.line);
                    notes.push(format!("{file}:{line}: {key}：{} / {key}: {}", gap.zh, gap.en));
                }
                continue;
            };
            found.push(PackProblem {
                file: record.file.clone(),
                at: record.at,
                code: ProblemCode::BadStandard,
                what: Name::new(format!("{key} 的执行标准：{}", why.zh), format!("standard of {key}: {}", why.en)),
                hint: Name::new(
                    "用 qingshan standards show 查看标准有哪些表、级别列和条件",
                    "`qingshan standards show` lists the tables, grades and conditions of a standard",
                ),
                excerpt: String::new(),
            });
        }
    }
    (found, notes)
}
