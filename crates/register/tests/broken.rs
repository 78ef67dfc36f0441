//! Broken county packs: each is refused with file, line, column and number, and loads nothing.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;

use register::catalog::Files;
use register::{built_in, pack};

/// Files of a case, on top of `base`; and what it expects.
fn read(text: &str, base: &Files) -> (Files, Vec<String>) {
    let (packed, expected) = text.split_once("=== expect\n").unwrap_or((text, ""));
    let mut files = base.clone();
    for part in packed.split("--- ").filter(|part| !part.is_empty()) {
        let (name, content) = part.split_once('\n').unwrap_or((part, ""));
        match name.strip_prefix('-') {
            Some(gone) => drop(files.remove(gone)),
            None => drop(files.insert(name.to_owned(), content.to_owned())),
        }
    }
    (files, expected.lines().map(str::to_owned).collect())
}

#[test]
fn broken_packs_are_refused_at_their_place() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let catalog = built_in::catalog().unwrap();
    let (base, _) = read(&std::fs::read_to_string(folder.join("base.txt")).unwrap(), &Files::new());
    if let Err(problems) = pack::load(&base, &catalog) {
        panic!("the base loads: {problems:?}");
    }
    let mut cases = 0;
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if path.extension().is_none_or(|ending| ending != "txt") || name == "base" {
            continue;
        }
        let (files, expected) = read(&std::fs::read_to_string(&path).unwrap(), &base);
        let problems = pack::load(&files, &catalog).err().unwrap_or_default();
        let found: Vec<String> = problems
            .iter()
            .map(|problem| {
                format!("{}:{}:{} {}", problem.file, problem.at.line, problem.at.column, problem.code.number())
            })
            .collect();
        if found != expected {
            wrong.push(format!("{name}: found {found:?}, expected {expected:?}"));
        }
        for problem in &problems {
            assert!(!problem.hint.zh.is_empty() && !problem.hint.en.is_empty(), "{name}: says what to do");
        }
        cases += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases >= 20, "{cases} cases");
}
