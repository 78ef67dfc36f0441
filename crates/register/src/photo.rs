//! What a photo says beside its picture. Of a JPEG the place where it was taken is read; for those who only look, of
//! JPEG, PNG, WebP, GIF and MP4 is kept what makes the picture and nothing else (lists of what is kept, not of what
//! tells). What cannot be walked from its beginning to its end is not for them. Pure; a malformed file is a photo that
//! says nothing.

/// Bytes of a segment: marker, start of its marker, end.
struct Segment {
    marker: u8,
    start: usize,
    end: usize,
}

const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;

/// A marker and where it stands, at `at` or after fill bytes (`FF`) there.
fn marker_at(bytes: &[u8], mut at: usize) -> Option<(u8, usize)> {
    if bytes.get(at) != Some(&0xff) {
        return None;
    }
    while bytes.get(at + 1) == Some(&0xff) {
        at += 1;
    }
    Some((*bytes.get(at + 1)?, at))
}

/// The segment with a length that begins at a marker.
fn segment_at(bytes: &[u8], (marker, start): (u8, usize)) -> Option<Segment> {
    let length = bytes.get(start + 2..start + 4)?;
    let end = start + 2 + usize::from(u16::from_be_bytes([length[0], length[1]]));
    (end <= bytes.len() && end >= start + 4).then_some(Segment { marker, start, end })
}

/// Segments up to the picture itself.
fn segments(bytes: &[u8]) -> Vec<Segment> {
    let mut found = Vec::new();
    let mut at = 2;
    while let Some(place) = marker_at(bytes, at).filter(|(marker, _)| !matches!(*marker, SOS | EOI)) {
        let Some(segment) = segment_at(bytes, place) else { break };
        at = segment.end;
        found.push(segment);
    }
    found
}

/// The picture, or film, without what tells of place, device and time; nothing where that cannot be taken out. What is
/// neither stays as it is.
pub fn stripped(bytes: &[u8]) -> Option<Vec<u8>> {
    match kernel::upload::content_type(bytes) {
        Some("image/png") => stripped_png(bytes),
        Some("image/webp") => stripped_webp(bytes),
        Some("image/jpeg") => stripped_jpeg(bytes),
        Some("image/gif") => stripped_gif(bytes),
        Some("video/mp4") => crate::film::stripped(bytes),
        // Its parts lie about the file by offsets; it is not rewritten here.
        Some("image/heif") => None,
        // Documents, text, drawings.
        Some(_) => Some(bytes.to_vec()),
        None => kernel::upload::text_of(bytes).map(|_| bytes.to_vec()),
    }
}

/// That a segment of a JPEG makes the picture: tables, frames and scans; of the application's own JFIF, colour profile
/// and Adobe's colour transform. Other pictures (APP2 of several), Exif, XMP, IPTC, makers' own and comments do not.
fn makes_jpeg(marker: u8, body: &[u8]) -> bool {
    match marker {
        0xe0 => body.starts_with(b"JFIF\0"),
        0xe2 => body.starts_with(b"ICC_PROFILE\0"),
        0xee => body.starts_with(b"Adobe"),
        // Frames with their tables, and DQT, DNL, DRI, DHP, EXP.
        0xc0..=0xcf | 0xdb..=0xdf => true,
        _ => false,
    }
}

/// A JPEG up to its end; what follows it (other pictures, trailers) goes.
fn stripped_jpeg(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut kept = bytes.get(..2)?.to_vec();
    let mut at = 2;
    loop {
        let (marker, start) = marker_at(bytes, at)?;
        if marker == EOI {
            break;
        }
        let segment = segment_at(bytes, (marker, start))?;
        let whole = &bytes[segment.start..segment.end];
        if marker == SOS {
            // The scan goes on to the next marker that is none of its own (stuffing, restarts).
            let own = |next: u8| matches!(next, 0x00 | 0xd0..=0xd7 | 0xff);
            let scan = &bytes[segment.end..];
            let length = scan.windows(2).position(|pair| pair[0] == 0xff && !own(pair[1])).unwrap_or(scan.len());
            kept.extend_from_slice(whole);
            kept.extend_from_slice(&scan[..length]);
            at = segment.end + length;
            if at == bytes.len() {
                // Cut off in the picture: it says nothing more.
                break;
            }
            continue;
        }
        if makes_jpeg(marker, &whole[4..]) {
            kept.extend_from_slice(whole);
        }
        at = segment.end;
    }
    kept.extend_from_slice(&[0xff, EOI]);
    Some(kept)
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Chunks of a PNG that make the picture: its data, colours, density and, where it moves, its frames.
const PNG_KEPT: [&[u8; 4]; 18] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs",
    b"cICP", b"mDCV", b"cLLI", b"acTL", b"fcTL", b"fdAT",
];

/// A PNG up to its end.
fn stripped_png(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut kept = PNG.to_vec();
    let mut at = PNG.len();
    loop {
        let (length, name) = (number(bytes, at, u32::from_be_bytes)?, bytes.get(at + 4..at + 8)?);
        // Length, name and check sum are twelve bytes.
        let chunk = length.checked_add(12).and_then(|size| bytes.get(at..at.checked_add(size)?))?;
        if PNG_KEPT.iter().any(|known| known.as_slice() == name) {
            kept.extend_from_slice(chunk);
        }
        if name == b"IEND" {
            return Some(kept);
        }
        at += chunk.len();
    }
}

/// Bits of a WebP's header that say there is Exif and XMP.
const WEBP_SAYS: u8 = 0b1100;
/// Chunks of a WebP that make the picture, and those of a frame of a moving one.
const WEBP_KEPT: [&[u8; 4]; 7] = [b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];
const FRAME_KEPT: [&[u8; 4]; 3] = [b"VP8 ", b"VP8L", b"ALPH"];
/// Bytes of a frame before its chunks.
const FRAME_HEAD: usize = 16;

/// A WebP of the chunks that make the picture; its length and the header that announces others are put right.
fn stripped_webp(bytes: &[u8]) -> Option<Vec<u8>> {
    let end = number(bytes, 4, u32::from_le_bytes)?.checked_add(8)?;
    let mut kept = bytes.get(..12)?.to_vec();
    for (name, chunk) in chunks(bytes.get(12..end.min(bytes.len()))?)? {
        if !WEBP_KEPT.iter().any(|known| known.as_slice() == name) {
            continue;
        }
        if name == b"ANMF" {
            let frame = chunks(chunk.get(8 + FRAME_HEAD..)?)?;
            if frame.iter().any(|(name, _)| !FRAME_KEPT.iter().any(|known| known.as_slice() == *name)) {
                return None;
            }
        }
        let start = kept.len();
        kept.extend_from_slice(chunk);
        if let (b"VP8X", Some(says)) = (name, kept.get_mut(start + 8)) {
            *says &= !WEBP_SAYS;
        }
    }
    let length = u32::try_from(kept.len() - 8).ok()?;
    kept[4..8].copy_from_slice(&length.to_le_bytes());
    Some(kept)
}

/// Chunks of RIFF, each whole with its name; nothing where they do not fill the bytes.
fn chunks(bytes: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let (name, length) = (bytes.get(at..at + 4)?, number(bytes, at + 4, u32::from_le_bytes)?);
        // Chunks stand at even places; the last may lack its filling.
        let end = length.checked_add(8).and_then(|size| at.checked_add(size)).filter(|end| *end <= bytes.len())?;
        let filled = (end + length % 2).min(bytes.len());
        found.push((name, &bytes[at..filled]));
        at = filled;
    }
    Some(found)
}

/// A GIF of its frames; of extensions what moves them stays, comments and XMP do not.
fn stripped_gif(bytes: &[u8]) -> Option<Vec<u8>> {
    let table = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    let mut at = 13 + table(*bytes.get(10)?);
    let mut kept = bytes.get(..at)?.to_vec();
    // Blocks of a length each, up to one of none.
    let past_blocks = |mut at: usize| loop {
        let length = usize::from(*bytes.get(at)?);
        at += 1 + length;
        if length == 0 {
            return Some(at);
        }
    };
    loop {
        let (end, keeps) = match bytes.get(at)? {
            0x3b => {
                kept.push(0x3b);
                return Some(kept);
            }
            // A frame: its head, its colours, the size of its codes, its blocks.
            0x2c => (past_blocks(at + 11 + table(*bytes.get(at + 9)?))?, true),
            0x21 => {
                let (label, body) = (*bytes.get(at + 1)?, bytes.get(at + 3..at + 14));
                let moves = label == 0xf9 || (label == 0xff && body == Some(b"NETSCAPE2.0".as_slice()));
                (past_blocks(at + 2)?, moves)
            }
            _ => return None,
        };
        let block = bytes.get(at..end)?;
        if keeps {
            kept.extend_from_slice(block);
        }
        at = end;
    }
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
        let mut photo = b"\xFF\xD8\xFF\xE0\0\x07JFIF\0\xFF\xE1".to_vec();
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
        let plain = stripped(&photo).unwrap();
        assert_eq!(place_of(&plain), None);
        assert!(plain.ends_with(b"picture\xFF\xD9") && plain.starts_with(b"\xFF\xD8\xFF\xE0"));
        assert!(!plain.windows(4).any(|window| window == b"Exif"));
    }

    /// A JPEG of these segments before its scan, and of what follows the scan.
    fn jpeg(before: &[&[u8]], after: &[u8]) -> Vec<u8> {
        [b"\xFF\xD8".as_slice(), &before.concat(), b"\xFF\xDA\0\x02pic\xFF\0t\xFF\xD0ure", after].concat()
    }

    fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
        [&[0xff, marker], (body.len() as u16 + 2).to_be_bytes().as_slice(), body].concat()
    }

    #[test]
    fn of_a_jpeg_only_the_picture_stays() {
        const END: &[u8] = b"\xFF\xD9";
        let plain = jpeg(&[], END);
        let check = |bytes: &[u8], expect: Option<&[u8]>| assert_eq!(stripped(bytes).as_deref(), expect, "{bytes:?}");
        check(&plain, Some(&plain));
        // Makers' segments, pictures of several, comments; what stands behind the end.
        for (marker, body) in
            [(0xe1, b"Exif".as_slice()), (0xe2, b"MPF\0"), (0xe3, b"META"), (0xec, b"Ducky"), (0xfe, b"here")]
        {
            check(&jpeg(&[&segment(marker, body)], END), Some(&plain));
        }
        check(&jpeg(&[], &[END, &photo(), b"trailer"].concat()), Some(&plain));
        // Colours stay.
        for (marker, body) in
            [(0xe2, b"ICC_PROFILE\0x".as_slice()), (0xee, b"Adobe"), (0xdb, b"table"), (0xc2, b"frame")]
        {
            let kept = jpeg(&[&segment(marker, body)], END);
            check(&kept, Some(&kept));
        }
        // Fill bytes before a marker hide nothing; between scans neither.
        let hidden = [b"\xFF\xFF".as_slice(), &segment(0xe1, b"Exif")].concat();
        check(&jpeg(&[&hidden], END), Some(&plain));
        let twice = |between: &[u8]| jpeg(&[], &[between, b"\xFF\xDA\0\x02more", END].concat());
        check(&twice(&segment(0xe1, b"Exif")), Some(&twice(b"")));
        // What cannot be walked is not for everybody.
        check(&jpeg(&[b"\xFF\xE1\xFF\xFFExif"], END), None);
        check(&jpeg(&[b"Exif"], END), None);
        // Cut off in the picture.
        check(&jpeg(&[], b""), Some(&plain));
    }

    fn parts(name: &[u8], body: &[u8]) -> Vec<u8> {
        [(body.len() as u32 + 8).to_be_bytes().as_slice(), name, body].concat()
    }

    #[test]
    fn films_and_moving_pictures_say_nothing_of_place_either() {
        let gif = |extensions: &[&[u8]]| {
            let head = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff";
            [head.as_slice(), &extensions.concat(), b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0\x3b"].concat()
        };
        let moves: [&[u8]; 2] = [b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0", b"\x21\xf9\x04\0\0\0\0\0"];
        let told = [moves[0], b"\x21\xfe\x04here\0", b"\x21\xff\x0bXMP DataXMP<x>\0", moves[1]];
        assert_eq!(stripped(&gif(&told[..2])), Some(gif(&moves[..1])));
        assert_eq!(stripped(&[gif(&moves), b"tail".to_vec()].concat()), Some(gif(&moves)));
        assert_eq!(stripped(&gif(&told)[..40]), None);
        // A film: its own parts keep their places, the others are blank.
        let film = |kind: &[u8], about: &[u8]| {
            let track = parts(b"mdia", &parts(b"hdlr", &[&[0; 8], kind, &[0; 12]].concat()));
            let movie = [parts(b"trak", &track), parts(b"udta", about)].concat();
            [parts(b"ftyp", b"mp42...."), parts(b"moov", &movie), parts(b"mdat", b"pictures")].concat()
        };
        let plain = stripped(&film(b"vide", b"+28.84+108.77")).unwrap();
        assert_eq!(plain.len(), film(b"vide", b"+28.84+108.77").len());
        assert!(plain.ends_with(b"mdatpictures") && !plain.windows(5).any(|window| window == b"28.84"));
        // A track of places; a photo of that kind; torn ones.
        assert_eq!(stripped(&film(b"meta", b"")), None);
        assert_eq!(stripped(&[film(b"vide", b""), parts(b"moof", b"")].concat()), None);
        assert_eq!(stripped(&parts(b"ftyp", b"heic....")), None);
        assert_eq!(stripped(&film(b"vide", b"")[..60]), None);
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
        let check = |bytes: &[u8], expect: &[u8]| assert_eq!(stripped(bytes).as_deref(), Some(expect), "{bytes:?}");
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
        assert!(image::load_from_memory(&stripped(&bytes).unwrap()).unwrap() == drawn, "a real one is still a picture");
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
