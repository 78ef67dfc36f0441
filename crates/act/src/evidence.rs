//! What may be attached as evidence (证据): what [`kernel::upload`] knows by content, and nothing else. Pure.

use kernel::{Problem, upload};

/// Files on one case.
pub const MOST_FILES: usize = 50;

/// Hash and type of a file that may be kept.
pub fn accept(bytes: &[u8]) -> Result<(String, &'static str), Problem> {
    upload::check_size(bytes)?;
    let Some(kind) = upload::content_type(bytes) else {
        return Err(Problem::invalid(
            "只收 PNG、JPEG、GIF、WebP、HEIF、PDF、MP4、ZIP（含 Word、Excel）和纯文本 (only images, PDF, MP4, ZIP and plain text)",
        ));
    };
    Ok((upload::hash_of(bytes), kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_is_no_evidence() {
        assert_eq!(accept(b"%PDF-1.7").unwrap().1, "application/pdf");
        for refused in [b"<svg xmlns='http://www.w3.org/2000/svg'/>".as_slice(), b"MZ\x90", b""] {
            assert!(accept(refused).is_err(), "{:?}", String::from_utf8_lossy(refused));
        }
        assert!(accept(&vec![b'a'; upload::MOST_BYTES + 1]).is_err());
    }
}
