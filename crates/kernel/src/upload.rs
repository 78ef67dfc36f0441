//! What people upload (上传的文件): told by content, not by name; bounded; kept by hash. Pure. What a mechanism takes
//! beyond this (drawings, say) it decides itself.

use sha2::{Digest, Sha256};

use crate::error::{ErrorCode, Problem};

/// Bytes of one file.
pub const MOST_BYTES: usize = 10 << 20;
const LONGEST_NAME: usize = 120;

/// The content type by signature; `None` for what is not known. Markup can carry scripts and is not told here.
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
    if bytes.len() > 12 && bytes.starts_with(b"RIFF") && &bytes[8..12] == b"WEBP" {
        return Some("image/webp");
    }
    if bytes.len() > 12 && &bytes[4..8] == b"ftyp" {
        // Photos of telephones come in the same container as their films.
        const PHOTOS: [&[u8]; 10] =
            [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"];
        return Some(if PHOTOS.contains(&&bytes[8..12]) { "image/heif" } else { "video/mp4" });
    }
    let body = text_of(bytes)?;
    (!body.starts_with('<')).then_some("text/plain")
}

/// The text of a file that is one, from its first character that is not blank.
pub fn text_of(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let control = text.chars().any(|character| character.is_control() && !matches!(character, '\n' | '\r' | '\t'));
    let body = text.trim_start_matches('\u{feff}').trim_start();
    (!control && !body.is_empty()).then_some(body)
}

/// Refuses what is larger than [`MOST_BYTES`].
pub fn check_size(bytes: &[u8]) -> Result<(), Problem> {
    if bytes.len() <= MOST_BYTES {
        return Ok(());
    }
    let what = format!("文件超过 {} MB (the file is larger)", MOST_BYTES >> 20);
    Err(Problem::new(ErrorCode::TooLarge, what))
}

/// SHA-256 in hexadecimal, by which a file is kept.
pub fn hash_of(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A file name without paths and control characters, at most 120 characters.
pub fn clean_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let cleaned: String = last.chars().filter(|character| !character.is_control()).take(LONGEST_NAME).collect();
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
        check(b"RIFF\0\0\0\0WEBPVP8 ", Some("image/webp"));
        check(b"\0\0\0\x18ftypmp42....", Some("video/mp4"));
        check(b"\0\0\0\x18ftypheic....", Some("image/heif"));
        check(b"\0\0\0\x18ftypavif....", Some("image/heif"));
        check("现场已停产".as_bytes(), Some("text/plain"));
        check(b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", None);
        check(b"\xef\xbb\xbf <html>", None);
        check(b"MZ\x90\x00\x03", None);
        check(b"", None);
        assert!(check_size(&vec![b'a'; MOST_BYTES]).is_ok() && check_size(&vec![b'a'; MOST_BYTES + 1]).is_err());
    }

    #[test]
    fn names_lead_nowhere() {
        for (name, expect) in [("../../etc/pass\u{0}wd", "passwd"), ("C:\\照片\\门口.jpg", "门口.jpg"), ("\n", "file")]
        {
            assert_eq!(clean_name(name), expect);
        }
        assert_eq!(clean_name(&"长".repeat(200)).chars().count(), LONGEST_NAME);
    }
}
