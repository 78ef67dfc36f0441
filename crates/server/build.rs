//! Lists the built web app for embedding. Without `web/dist` the binary still builds and says so on its pages.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() { collect(&path, found) } else { found.push(path) }
    }
}

fn main() {
    // Asked when it runs, and watched by a path relative to the package: a script that another checkout has built
    // in a shared target folder must not bring that one's pages.
    let package = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let dist = package.join("../../web/dist");
    println!("cargo::rerun-if-env-changed=QINGSHAN_CHECKOUT");
    println!("cargo::rerun-if-changed=../../web/dist");
    let mut files = Vec::new();
    collect(&dist, &mut files);
    files.sort();
    let mut text = String::from("pub const FILES: &[(&str, &[u8])] = &[\n");
    for file in &files {
        let name = file.strip_prefix(&dist).unwrap_or(file).to_string_lossy().replace('\\', "/");
        println!("cargo::rerun-if-changed=../../web/dist/{name}");
        let _ = writeln!(text, "    ({name:?}, include_bytes!({:?})),", file.display().to_string());
    }
    text.push_str("];\n");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default()).join("web.rs");
    if let Err(error) = std::fs::write(&out, text) {
        println!("cargo::error=writing {}: {error}", out.display());
    }
}
