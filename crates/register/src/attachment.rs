//! What may be attached to a record (附件): type by content, not by name; bounded; nothing that runs. Pure.

use kernel::{ErrorCode, Problem};
use sha2::{Digest, Sha256};

/// Bytes of one file, and files on one record.
pub const MOST_BYTES: usize = 10 << 20;
pub const MOST_FILES: i64 = 50;

/// A file that may be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    /// SHA-256 in hexadecimal.
    pub hash: String,
    pub content_type: &'static str,
    /// Where a photo says it was taken, degrees in WGS-84.
    pub place: Option<(f64, f64)>,
}

/// The content type by signature; `None` for what is not taken.
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
        return Some("video/mp4");
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let control = text.chars().any(|character| character.is_control() && !matches!(character, '\n' | '\r' | '\t'));
    let body = text.trim_start_matches('\u{feff}').trim_start();
    if control || body.is_empty() {
        return None;
    }
    if !body.starts_with('<') {
        return Some("text/plain");
    }
    let head: String = body.chars().take(1_000).collect();
    head.contains("<svg").then_some("image/svg+xml")
}

/// What of an SVG could run or call out; nothing when it is only a drawing.
pub fn svg_complaint(text: &str) -> Option<&'static str> {
    let flat: String = text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    const BANNED: [(&str, &str); 10] = [
        ("<script", "script"),
        ("<foreignobject", "foreignObject"),
        ("<iframe", "iframe"),
        ("<embed", "embed"),
        ("<object", "object"),
        ("javascript:", "javascript:"),
        ("<!doctype", "DOCTYPE"),
        ("<!entity", "ENTITY"),
        ("@import", "@import"),
        ("<animate attributename=\"href", "animated link"),
    ];
    if let Some((_, what)) = BANNED.iter().find(|(word, _)| flat.contains(word)) {
        return Some(what);
    }
    // Character references could hide any of them; a drawing needs none in its tags.
    if flat.contains("&#") {
        return Some("character references");
    }
    let handler = flat.match_indices(" on").any(|(at, _)| {
        let name: String = flat[at + 3..].chars().take_while(char::is_ascii_alphanumeric).collect();
        !name.is_empty() && flat[at + 3 + name.len()..].trim_start().starts_with('=')
    });
    if handler {
        return Some("event handler");
    }
    let outside = flat.match_indices("href").any(|(at, _)| {
        let value = flat[at + 4..].trim_start().trim_start_matches('=').trim_start().trim_start_matches(['"', '\'']);
        !(value.starts_with('#') || value.starts_with("data:image/png") || value.starts_with("data:image/jpeg"))
    });
    outside.then_some("link to outside")
}

/// Hash, type and place of a file that may be kept.
pub fn accept(bytes: &[u8]) -> Result<Accepted, Problem> {
    if bytes.len() > MOST_BYTES {
        let what = format!("附件超过 {} MB (the file is larger)", MOST_BYTES >> 20);
        return Err(Problem::new(ErrorCode::TooLarge, what));
    }
    let Some(content_type) = content_type(bytes) else {
        return Err(Problem::invalid(
            "只收 PNG、JPEG、GIF、WebP、SVG、PDF、MP4、ZIP（含 Word、Excel）和纯文本 (only images, PDF, MP4, ZIP and plain text)",
        ));
    };
    if content_type == "image/svg+xml"
        && let Some(what) = std::str::from_utf8(bytes).ok().and_then(svg_complaint)
    {
        return Err(Problem::invalid(format!("SVG 里有 {what}，不收 (the SVG holds {what})")));
    }
    let place = if content_type == "image/jpeg" { crate::photo::place_of(bytes) } else { None };
    Ok(Accepted { hash: hex(&Sha256::digest(bytes)), content_type, place })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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

    fn check(bytes: &[u8], expect: Result<&str, &str>) {
        match (accept(bytes), expect) {
            (Ok(accepted), Ok(kind)) => assert_eq!(accepted.content_type, kind),
            (Err(problem), Err(what)) => assert!(problem.to_string().contains(what), "{problem}"),
            (found, expect) => panic!("{:?}: {found:?}, expected {expect:?}", String::from_utf8_lossy(bytes)),
        }
    }

    #[test]
    fn types_are_told_by_content() {
        check(b"\x89PNG\r\n\x1a\n....", Ok("image/png"));
        check(b"%PDF-1.7", Ok("application/pdf"));
        check(b"RIFF\0\0\0\0WEBPVP8 ", Ok("image/webp"));
        check("现场已停产".as_bytes(), Ok("text/plain"));
        check(b"\xef\xbb\xbf <html>", Err("only images"));
        check(b"MZ\x90\x00\x03", Err("only images"));
        check(b"", Err("only images"));
        check(&vec![b'a'; MOST_BYTES + 1], Err("larger"));
    }

    #[test]
    fn an_svg_is_a_drawing_and_nothing_more() {
        let svg = |inner: &str| format!("<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'>{inner}</svg>");
        check(svg("<path d='M0 0h1'/><use href='#a'/>").as_bytes(), Ok("image/svg+xml"));
        for (inner, what) in [
            ("<script>alert(1)</script>", "script"),
            ("<ScRiPt\n>x</ScRiPt>", "script"),
            ("<rect onclick='x()'/>", "event handler"),
            ("<rect onload = 'x()'/>", "event handler"),
            ("<a href='javascript:x()'>", "javascript:"),
            ("<image href='https://example.org/a.png'/>", "link to outside"),
            ("<a href='&#106;avascript:x()'>", "character references"),
            ("<foreignObject/>", "foreignObject"),
        ] {
            check(svg(inner).as_bytes(), Err(what));
        }
        check(b"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg/>", Err("DOCTYPE"));
    }

    #[test]
    fn names_lead_nowhere() {
        assert_eq!(clean_name("../../etc/pass\u{0}wd"), "passwd");
        assert_eq!(clean_name("\n"), "file");
    }
}
