//! What a photo says beside its picture. Of a JPEG the place where it was taken is read; what tells of place, device
//! and time is taken out of JPEG, PNG and WebP for those who only look. Pure; a malformed file is a photo that says
//! nothing.

/// Bytes of a segment: marker, start of its marker, end.
struct Segment {
    marker: u8,
    start: usize,
    end: usize,
}

/// Segments up to the picture itself.
fn segments(bytes: &[u8]) -> Vec<Segment> {
    let mut found = Vec::new();
    let mut at = 2;
    while let (Some(0xff), Some(&marker)) = (bytes.get(at).copied(), bytes.get(at + 1)) {
        // Start of the picture, or a marker without a length.
        if marker == 0xda || marker == 0xd9 {
            break;
        }
        let Some(length) = bytes.get(at + 2..at + 4) else { break };
        let end = at + 2 + usize::from(u16::from_be_bytes([length[0], length[1]]));
        if end > bytes.len() || end < at + 4 {
            break;
        }
        found.push(Segment { marker, start: at, end });
        at = end;
    }
    found
}

/// The picture without what tells of place, device and time (Exif, XMP, IPTC, text).
pub fn stripped(bytes: &[u8]) -> Vec<u8> {
    if bytes.starts_with(PNG) {
        return stripped_png(bytes);
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return stripped_webp(bytes);
    }
    if !bytes.starts_with(b"\xFF\xD8") {
        return bytes.to_vec();
    }
    let mut kept = Vec::with_capacity(bytes.len());
    kept.extend_from_slice(&bytes[..2]);
    let mut last = 2;
    for segment in segments(bytes) {
        // APP1 (Exif, XMP), APP13 (IPTC), comments.
        if !matches!(segment.marker, 0xe1 | 0xed | 0xfe) {
            kept.extend_from_slice(&bytes[segment.start..segment.end]);
        }
        last = segment.end;
    }
    kept.extend_from_slice(&bytes[last..]);
    kept
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// A PNG without the chunks that tell of more than the picture; what follows the end or a broken chunk goes too.
fn stripped_png(bytes: &[u8]) -> Vec<u8> {
    let mut kept = PNG.to_vec();
    let mut at = PNG.len();
    while let (Some(length), Some(name)) = (number(bytes, at, u32::from_be_bytes), bytes.get(at + 4..at + 8)) {
        // Length, name and check sum are twelve bytes.
        let Some(chunk) = length.checked_add(12).and_then(|size| bytes.get(at..at.checked_add(size)?)) else { break };
        if !matches!(name, b"eXIf" | b"tEXt" | b"zTXt" | b"iTXt" | b"tIME" | b"caBX") {
            kept.extend_from_slice(chunk);
        }
        at += chunk.len();
        if name == b"IEND" {
            break;
        }
    }
    kept
}

/// Bits of a WebP's header that say there is Exif and XMP.
const WEBP_SAYS: u8 = 0b1100;

/// A WebP without Exif and XMP; its length and the header that announces them are put right.
fn stripped_webp(bytes: &[u8]) -> Vec<u8> {
    let mut kept = bytes[..12].to_vec();
    let mut at = 12;
    while let (Some(name), Some(length)) = (bytes.get(at..at + 4), number(bytes, at + 4, u32::from_le_bytes)) {
        // Chunks stand at even places.
        let Some(end) = length.checked_add(length % 2 + 8).and_then(|size| at.checked_add(size)) else { break };
        let Some(chunk) = bytes.get(at..end.min(bytes.len())).filter(|chunk| chunk.len() >= length + 8) else { break };
        if !matches!(name, b"EXIF" | b"XMP ") {
            let start = kept.len();
            kept.extend_from_slice(chunk);
            if let (b"VP8X", Some(says)) = (name, kept.get_mut(start + 8)) {
                *says &= !WEBP_SAYS;
            }
        }
        at = end;
    }
    let length = u32::try_from(kept.len() - 8).unwrap_or(u32::MAX);
    kept[4..8].copy_from_slice(&length.to_le_bytes());
    kept
}

fn number(bytes: &[u8], at: usize, of: fn([u8; 4]) -> u32) -> Option<usize> {
    let part: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(of(part)).ok()
}

/// Whether a JPEG is made of scans over the whole picture.
pub fn is_progressive(bytes: &[u8]) -> bool {
    // SOF2, and the rare ones (lossless, hierarchical, arithmetic) with it.
    let known = |marker| matches!(marker, 0xc2 | 0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf);
    segments(bytes).iter().any(|segment| known(segment.marker))
}

/// Starts of scans. Within a scan `FF` is followed by `00` or a restart, so none is missed; a preview inside Exif
/// counts too.
pub fn scans(bytes: &[u8]) -> usize {
    bytes.windows(2).filter(|pair| *pair == b"\xFF\xDA").count()
}

/// Longitude and latitude of a photo.
pub fn place_of(bytes: &[u8]) -> Option<(f64, f64)> {
    let exif = segments(bytes).into_iter().find_map(|segment| {
        let body = bytes.get(segment.start + 4..segment.end)?;
        (segment.marker == 0xe1).then(|| body.strip_prefix(b"Exif\0\0")).flatten()
    })?;
    let tiff = Tiff { bytes: exif, little: exif.starts_with(b"II") };
    let first = tiff.long(4)?;
    let gps = tiff.entry(first, 0x8825)?;
    let gps = tiff.long(gps + 8)?;
    let degrees = |reference: u16, value: u16, negative: u8| -> Option<f64> {
        let sign = *exif.get(tiff.entry(gps, reference)? + 8)?;
        let at = tiff.long(tiff.entry(gps, value)? + 8)?;
        let part = |place: usize| -> Option<f64> {
            let (over, under) = (tiff.long(at + place * 8)?, tiff.long(at + place * 8 + 4)?);
            (under != 0).then(|| over as f64 / under as f64)
        };
        let angle = part(0)? + part(1)? / 60.0 + part(2)? / 3600.0;
        Some(if sign == negative { -angle } else { angle })
    };
    let (lat, lon) = (degrees(1, 2, b'S')?, degrees(3, 4, b'W')?);
    (lon.abs() <= 180.0 && lat.abs() <= 90.0).then_some((lon, lat))
}

struct Tiff<'a> {
    bytes: &'a [u8],
    little: bool,
}

impl Tiff<'_> {
    fn short(&self, at: usize) -> Option<u16> {
        let bytes: [u8; 2] = self.bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    }

    fn long(&self, at: usize) -> Option<usize> {
        let bytes: [u8; 4] = self.bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) } as usize)
    }

    /// Where the entry of a tag stands in the directory at `at`.
    fn entry(&self, at: usize, tag: u16) -> Option<usize> {
        let count = usize::from(self.short(at)?);
        (0..count).map(|place| at + 2 + place * 12).find(|&entry| self.short(entry) == Some(tag))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A JPEG of nothing, taken at 28°50′24″ N, 108°46′12″ E.
    pub(crate) fn photo() -> Vec<u8> {
        let mut tiff: Vec<u8> = b"II*\0\x08\0\0\0".to_vec();
        let entry = |tag: u16, kind: u16, count: u32, value: u32| {
            let mut bytes = tag.to_le_bytes().to_vec();
            bytes.extend(kind.to_le_bytes());
            bytes.extend(count.to_le_bytes());
            bytes.extend(value.to_le_bytes());
            bytes
        };
        tiff.extend(1u16.to_le_bytes());
        tiff.extend(entry(0x8825, 4, 1, 26));
        tiff.extend(0u32.to_le_bytes());
        tiff.extend(4u16.to_le_bytes());
        tiff.extend(entry(1, 2, 2, u32::from(b'N')));
        tiff.extend(entry(2, 5, 3, 80));
        tiff.extend(entry(3, 2, 2, u32::from(b'E')));
        tiff.extend(entry(4, 5, 3, 104));
        tiff.extend(0u32.to_le_bytes());
        assert_eq!(tiff.len(), 80);
        for (over, under) in [(28u32, 1u32), (50, 1), (2400, 100), (108, 1), (46, 1), (1200, 100)] {
            tiff.extend(over.to_le_bytes());
            tiff.extend(under.to_le_bytes());
        }
        let mut photo = b"\xFF\xD8\xFF\xE0\0\x04JF\xFF\xE1".to_vec();
        photo.extend((tiff.len() as u16 + 8).to_be_bytes());
        photo.extend(b"Exif\0\0");
        photo.extend(tiff);
        photo.extend(b"\xFF\xDA\0\x02picture\xFF\xD9");
        photo
    }

    #[test]
    fn the_place_is_read_and_taken_out() {
        let photo = photo();
        let (lon, lat) = place_of(&photo).unwrap();
        assert!((lon - 108.77).abs() < 1e-9 && (lat - 28.84).abs() < 1e-9, "{lon} {lat}");
        let plain = stripped(&photo);
        assert_eq!(place_of(&plain), None);
        assert!(plain.ends_with(b"picture\xFF\xD9") && plain.starts_with(b"\xFF\xD8\xFF\xE0"));
        assert!(!plain.windows(4).any(|window| window == b"Exif"));
    }

    fn png(chunks: &[(&[u8], &[u8])]) -> Vec<u8> {
        let mut bytes = PNG.to_vec();
        for (name, body) in chunks {
            bytes.extend((body.len() as u32).to_be_bytes());
            bytes.extend([*name, body, b"sum_"].concat());
        }
        bytes
    }

    fn webp(chunks: &[(&[u8], &[u8])]) -> Vec<u8> {
        let mut body = b"WEBP".to_vec();
        for (name, part) in chunks {
            body.extend(*name);
            body.extend((part.len() as u32).to_le_bytes());
            body.extend(*part);
            body.extend(vec![0; part.len() % 2]);
        }
        [b"RIFF".as_slice(), &(body.len() as u32).to_le_bytes(), &body].concat()
    }

    #[test]
    fn other_pictures_say_nothing_of_place_either() {
        let check = |bytes: &[u8], expect: &[u8]| assert_eq!(stripped(bytes), expect, "{bytes:?}");
        let picture: [(&[u8], &[u8]); 3] = [(b"IHDR", b"head"), (b"IDAT", b"picture"), (b"IEND", b"")];
        let mut told = picture.to_vec();
        told.splice(1..1, [(b"eXIf".as_slice(), b"II*".as_slice()), (b"tEXt", b"GPS=1"), (b"tIME", b"now")]);
        check(&png(&told), &png(&picture));
        check(&[png(&told), b"tail with a place".to_vec()].concat(), &png(&picture));
        check(
            &webp(&[(b"VP8X", b"\x1c0123"), (b"VP8 ", b"odd"), (b"EXIF", b"II*"), (b"XMP ", b"<x>")]),
            &webp(&[(b"VP8X", b"\x100123"), (b"VP8 ", b"odd")]),
        );
        check(&webp(&[(b"VP8L", b"even")]), &webp(&[(b"VP8L", b"even")]));
        let (mut bytes, drawn) = (Vec::new(), image::DynamicImage::new_rgb8(9, 7));
        drawn.write_to(&mut std::io::Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
        assert!(image::load_from_memory(&stripped(&bytes)).unwrap() == drawn, "a real one is still a picture");
    }

    proptest::proptest! {
        #[test]
        fn a_broken_picture_of_another_kind_is_no_trouble(at in 0usize..60, byte in proptest::num::u8::ANY, cut in 0usize..60) {
            for mut bytes in [png(&[(b"IHDR", b"head"), (b"eXIf", b"II*")]), webp(&[(b"VP8X", b"\x1c0123"), (b"EXIF", b"II*")])] {
                if let Some(target) = bytes.get_mut(at) {
                    *target = byte;
                }
                bytes.truncate(cut);
                let _ = stripped(&bytes);
            }
        }

        #[test]
        fn a_broken_photo_says_nothing(at in 0usize..200, byte in proptest::num::u8::ANY, cut in 0usize..200) {
            let mut bytes = photo();
            if let Some(target) = bytes.get_mut(at) {
                *target = byte;
            }
            bytes.truncate(cut);
            let _ = (place_of(&bytes), stripped(&bytes));
        }
    }
}
