//! Reads the files of a county pack from disk: the I/O edge of [`crate::pack`].

use std::path::Path;

use crate::catalog::{Catalog, Files};
use crate::pack::{MOST_FILE_BYTES, MOST_FILES, Pack};
use crate::problem::{Findings, PackProblem, Position, ProblemCode};

#[derive(Debug, thiserror::Error)]
pub enum PackError {
    #[error("{doing}: {source}")]
    Io { doing: String, source: std::io::Error },
    #[error("{}", listed(.0))]
    Problems(Vec<PackProblem>),
}

fn listed(problems: &[PackProblem]) -> String {
    let shown: Vec<String> = problems.iter().take(20).map(ToString::to_string).collect();
    format!(
        "{}\n\n{} 处错误，未加载任何内容 / {} problems, nothing was loaded",
        shown.join("\n\n"),
        problems.len(),
        problems.len()
    )
}

const DEEPEST: usize = 6;

/// All files below a folder, as text. Hidden files are passed over; links are not followed.
pub fn read_tree(folder: &Path) -> Result<Files, PackError> {
    let mut files = Files::new();
    let mut findings = Findings::new();
    read_folder(folder, "", 0, &mut files, &mut findings)?;
    if findings.is_empty() { Ok(files) } else { Err(PackError::Problems(findings.list)) }
}

/// Reads and loads a pack.
pub fn load(folder: &Path, base: &Catalog) -> Result<Pack, PackError> {
    crate::pack::load(&read_tree(folder)?, base).map_err(PackError::Problems)
}

fn read_folder(
    folder: &Path,
    prefix: &str,
    depth: usize,
    files: &mut Files,
    findings: &mut Findings,
) -> Result<(), PackError> {
    let failed = |source| PackError::Io { doing: format!("reading the folder {}", folder.display()), source };
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name.starts_with('.') {
            continue;
        }
        let path = format!("{prefix}{name}");
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() && depth < DEEPEST {
            read_folder(&entry.path(), &format!("{path}/"), depth + 1, files, findings)?;
        } else if kind.is_file() {
            read_file(&entry.path(), path, files, findings)?;
        }
    }
    Ok(())
}

fn read_file(place: &Path, path: String, files: &mut Files, findings: &mut Findings) -> Result<(), PackError> {
    let failed = |source| PackError::Io { doing: format!("reading {}", place.display()), source };
    let size = std::fs::metadata(place).map_err(failed)?.len();
    if files.len() >= MOST_FILES || size > MOST_FILE_BYTES as u64 {
        findings.add(
            &path,
            Position::START,
            ProblemCode::TooLarge,
            (format!("文件过大（{size} 字节）或文件过多"), format!("too large ({size} bytes) or too many files")),
            (
                format!("一个文件最多 {MOST_FILE_BYTES} 字节，最多 {MOST_FILES} 个"),
                format!("at most {MOST_FILE_BYTES} bytes a file and {MOST_FILES} files"),
            ),
        );
        return Ok(());
    }
    match String::from_utf8(std::fs::read(place).map_err(failed)?) {
        // Spreadsheets put a byte-order mark before CSV.
        Ok(text) => {
            files.insert(path, text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text));
        }
        Err(error) => {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let at = Position::of_offset(&String::from_utf8_lossy(valid), valid.len());
            findings.add(
                &path,
                at,
                ProblemCode::NotUtf8,
                ("文件不是 UTF-8 编码".into(), "the file is not UTF-8".into()),
                ("用 UTF-8 另存（Excel：CSV UTF-8）".into(), "save it as UTF-8 (Excel: CSV UTF-8)".into()),
            );
        }
    }
    Ok(())
}
