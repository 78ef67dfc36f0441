//! Rules of the house as ordinary tests: floors between crates, no machine paths, no registry hosts, documents
//! that name what exists.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

fn root() -> PathBuf {
    // As the runner says, not as the compiler did: a target folder may serve clones at several places.
    let here = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    here.parent().expect("xtask lies in the repository").to_path_buf()
}

/// Crate → the crates of ours that its `[dependencies]` name (test dependencies may reach further).
fn our_dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let folder = root().join("crates");
    let names: BTreeSet<String> = std::fs::read_dir(&folder)
        .expect("crates/")
        .flatten()
        .filter(|entry| entry.path().join("Cargo.toml").exists())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let mut found = BTreeMap::new();
    for name in &names {
        let manifest = std::fs::read_to_string(folder.join(name).join("Cargo.toml")).expect("a manifest");
        let mut section = String::new();
        let mut uses = BTreeSet::new();
        for line in manifest.lines() {
            if line.starts_with('[') {
                section = line.to_owned();
            } else if section == "[dependencies]"
                && let Some(word) = line.split(['.', ' ', '=']).next()
                && names.contains(word)
            {
                uses.insert(word.to_owned());
            }
        }
        found.insert(name.clone(), uses);
    }
    found
}

const MECHANISMS: [&str; 8] = ["collect", "judge", "register", "zone", "act", "trace", "plan", "share"];
const PURE: [&str; 2] = ["hj212", "standards"];

/// What a crate may import, or `None` where there is no bound (the wiring, tools).
fn allowed(name: &str) -> Option<Vec<&'static str>> {
    match name {
        "kernel" | "faultdisk" | "document" | "geometry" => Some(vec![]),
        name if PURE.contains(&name) => Some(vec![]),
        "store" | "api" | "expression" => Some(vec!["kernel"]),
        name if MECHANISMS.contains(&name) => {
            Some(vec!["kernel", "api", "store", "expression", "document", "geometry", "hj212", "standards"])
        }
        _ => None,
    }
}

#[test]
fn every_crate_stays_on_its_floor() {
    for (name, uses) in our_dependencies() {
        let Some(allowed) = allowed(&name) else {
            continue;
        };
        let pure = uses.iter().filter(|used| PURE.contains(&used.as_str())).count();
        assert!(pure <= 1, "{name} uses {pure} pure libraries, at most one is allowed");
        for used in &uses {
            assert!(
                allowed.contains(&used.as_str()),
                "{name} must not import {used} (see docs/architecture.md, floors)"
            );
        }
    }
}

/// Text files that git tracks or would track.
fn text_files() -> Vec<PathBuf> {
    let output = std::process::Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git lists the files");
    let names = String::from_utf8(output.stdout).expect("UTF-8 names");
    let endings = ["rs", "toml", "md", "ts", "vue", "json", "js", "mjs", "html", "css", "sh", "lock"];
    names
        .lines()
        .map(|name| root().join(name))
        .filter(|path| {
            path.exists() && path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known))
        })
        .collect()
}

#[test]
fn nothing_names_a_machine_path_or_a_registry_host() {
    // Written in two halves, so that this file does not name them itself.
    let banned =
        [["/work", "/main"], ["/work", "/shared"], ["/home", "/"], ["registry.", "npmjs"], ["index.", "crates.io"]];
    let banned: Vec<String> = banned.iter().map(|halves| halves.concat()).collect();
    for path in text_files() {
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        if path.file_name().is_some_and(|name| name == "Cargo.lock") {
            continue; // cargo itself writes where crates come from
        }
        for word in &banned {
            assert!(!text.contains(word), "{} names `{word}`", path.display());
        }
    }
}

#[test]
fn markdown_links_lead_to_files() {
    for path in text_files().into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "md")) {
        let text = std::fs::read_to_string(&path).expect("readable");
        let folder = path.parent().expect("a folder");
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or("");
            if file.is_empty() || file.contains("://") || file.starts_with("mailto:") || file.contains(' ') {
                continue;
            }
            assert!(folder.join(file).exists(), "{} links to {file}, which does not exist", path.display());
        }
    }
}
