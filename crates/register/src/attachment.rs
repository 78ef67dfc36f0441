//! What may be attached to a record (附件): type by content, not by name; bounded; nothing that runs. Pure.

use kernel::Problem;
use kernel::upload;

use crate::drawing;

/// Files on one record.
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

/// The content type: of what is known by itself, and of drawings.
fn content_type(bytes: &[u8]) -> Option<&'static str> {
    let svg = || {
        let head: String = upload::text_of(bytes)?.chars().take(1_000).collect();
        (head.starts_with('<') && head.contains("<svg")).then_some("image/svg+xml")
    };
    upload::content_type(bytes).or_else(svg)
}

/// Hash, type and place of a file that may be kept.
pub fn accept(bytes: &[u8]) -> Result<Accepted, Problem> {
    upload::check_size(bytes)?;
    let Some(content_type) = content_type(bytes) else {
        return Err(Problem::invalid(
            "只收 PNG、JPEG、GIF、WebP、HEIF、SVG、PDF、MP4、ZIP（含 Word、Excel）和纯文本 (only images, PDF, MP4, ZIP and plain text)",
        ));
    };
    if content_type == "image/svg+xml"
        && let Some(what) = std::str::from_utf8(bytes).ok().and_then(drawing::complaint)
    {
        return Err(Problem::invalid(format!("SVG 里有 {what}，不收 (the SVG holds {what})")));
    }
    let place = if content_type == "image/jpeg" { crate::photo::place_of(bytes) } else { None };
    Ok(Accepted { hash: upload::hash_of(bytes), content_type, place })
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
        check("现场已停产".as_bytes(), Ok("text/plain"));
        check(b"\xef\xbb\xbf <html>", Err("only images"));
        check(b"MZ\x90\x00\x03", Err("only images"));
        check(b"", Err("only images"));
        check(&vec![b'a'; upload::MOST_BYTES + 1], Err("larger"));
    }

    #[test]
    fn an_svg_is_a_drawing_and_nothing_more() {
        let svg = |inner: &str| format!("<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'>{inner}</svg>");
        check(svg("<path d='M0 0h1'/>").as_bytes(), Ok("image/svg+xml"));
        check(svg("<script>alert(1)</script>").as_bytes(), Err("script"));
        check(b"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg/>", Err("DOCTYPE"));
    }
}
