//! Lists the files of `model/ledgers` and `model/codes`, so that the binary carries them.

use std::path::{Path, PathBuf};

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../model");
    let mut lines = Vec::new();
    for folder in ["ledgers", "codes"] {
        let place = root.join(folder);
        println!("cargo::rerun-if-changed={}", place.display());
        let mut files: Vec<PathBuf> = std::fs::read_dir(&place)
            .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
            .unwrap_or_default();
        files.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
        files.sort();
        for path in files {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            lines.push(format!("    ({:?}, include_str!({:?})),", format!("{folder}/{name}"), path));
        }
    }
    let out = std::env::var("OUT_DIR").unwrap_or_default();
    let text = format!("pub const FILES: &[(&str, &str)] = &[\n{}\n];\n", lines.join("\n"));
    if let Err(error) = std::fs::write(Path::new(&out).join("built_in.rs"), text) {
        println!("cargo::error=writing built_in.rs: {error}");
    }
}
