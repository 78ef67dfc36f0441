//! What may be attached as evidence (证据): type by content, not by name; bounded. Pure.

use kernel::{ErrorCode, Problem};
use sha2::{Digest, Sha256};

/// Bytes of one file.
pub const MOST_BYTES: usize = 10 << 20;
/// Files on one case.
pub const MOST_FILES: usize = 50;

/// The content type by signature; `None` for what is not taken. SVG and HTML can carry scripts and are refused.
pub fn content_type(bytes: &[u8]) -> Option<&'static str> {
    const SIGNATURES: [(&[u8], &str); 6] = [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xFF\xD8\xFF", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"%PDF-", "application/pdf"),
        (b"PK\x03\x04", "application/zip"),
    ];
    if let Some((_, kind)) = SIGNATURES.iter().find(|(signature, _)| bytes.starts_with(signature)) {
        return Some(kind);
    }
    if bytes.len() > 12 && &bytes[4..8] == b"ftyp" {
        return Some("video/mp4");
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let markup = text.trim_start_matches('\u{feff}').trim_start().starts_with('<');
    let control = text.chars().any(|character| character.is_control() && !matches!(character, '\n' | '\r' | '\t'));
    (!markup && !control && !text.is_empty()).then_some("text/plain")
}

/// Hash and type of a file that may be kept.
pub fn accept(bytes: &[u8]) -> Result<(String, &'static str), Problem> {
    if bytes.len() > MOST_BYTES {
        return Err(Problem::new(
            ErrorCode::TooLarge,
            format!("文件超过 {} MB (the file is larger)", MOST_BYTES >> 20),
        ));
    }
    let Some(kind) = content_type(bytes) else {
        return Err(Problem::invalid(
            "只收 PNG、JPEG、GIF、PDF、MP4、ZIP（含 Word、Excel）和纯文本 (only images, PDF, MP4, ZIP and plain text)",
        ));
    };
    Ok((hex::encode(Sha256::digest(bytes)), kind))
}

/// A file name without paths and control characters, at most 120 characters.
pub fn clean_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let cleaned: String = last.chars().filter(|character| !character.is_control()).take(120).collect();
    if cleaned.trim().is_empty() { "file".to_owned() } else { cleaned }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expect: Option<&str>) {
        assert_eq!(content_type(bytes), expect, "{:?}", String::from_utf8_lossy(bytes));
    }

    #[test]
    fn types_are_told_by_content() {
        check(b"\x89PNG\r\n\x1a\n....", Some("image/png"));
        check(b"%PDF-1.7", Some("application/pdf"));
        check("现场已停产".as_bytes(), Some("text/plain"));
        check(b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", None);
        check(b"\xef\xbb\xbf <html>", None);
        check(b"MZ\x90\x00\x03", None);
        check(b"", None);
        assert!(accept(&vec![b'a'; MOST_BYTES + 1]).is_err());
        assert_eq!(clean_name("../../etc/pass\u{0}wd"), "passwd");
        assert_eq!(clean_name("\n"), "file");
    }
}
