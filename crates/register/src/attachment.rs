//! What may be attached to a record (附件): type by content, not by name; bounded; nothing that runs. Pure.

use kernel::Problem;
use kernel::upload;

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
    let drawing = || {
        let head: String = upload::text_of(bytes)?.chars().take(1_000).collect();
        (head.starts_with('<') && head.contains("<svg")).then_some("image/svg+xml")
    };
    upload::content_type(bytes).or_else(drawing)
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
    upload::check_size(bytes)?;
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
}
