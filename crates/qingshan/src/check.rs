//! `qingshan check [DIR] [--json]`: what is wrong with a county pack, and where its plan contradicts itself.
//! Exit code 1 while an error stands that nobody has waived.

use std::path::PathBuf;
use std::process::ExitCode;

use register::catalog::Files;
use register::pack_files;
use register::problem::PackProblem;

pub const DEFAULT_PACK: &str = "counties/500242-youyang";

pub fn run(arguments: &[String]) -> ExitCode {
    let json = arguments.iter().any(|argument| argument == "--json");
    let unknown = arguments.iter().find(|argument| argument.starts_with("--") && *argument != "--json");
    if let Some(unknown) = unknown {
        eprintln!("不认识 {unknown} (unknown option)；用法 usage: qingshan check [DIR] [--json]");
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
    let pack_errors = pack_findings(&files);
    let report = plan::check(&files);
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
        crate::say(
            &serde_json::json!({
                "folder": folder, "pack": listed, "findings": report.findings, "errors": report.errors + listed.len(),
                "warnings": report.warnings, "waived": report.waived,
            })
            .to_string(),
        );
    } else {
        for problem in &pack_errors {
            crate::say(&format!("{folder}/{problem}\n"));
        }
        crate::say(report.to_text(folder).trim_end());
        if !pack_errors.is_empty() {
            crate::say(&format!("数据包：{} 处错误 (errors in the pack)", pack_errors.len()));
        }
    }
    if report.errors + pack_errors.len() > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// What keeps the pack from being loaded.
fn pack_findings(files: &Files) -> Vec<PackProblem> {
    let loaded = register::built_in::catalog().and_then(|base| register::pack::load(files, &base));
    loaded.err().unwrap_or_default()
}
