//! An MP4 for those who only look: boxes (parts) that make the film keep their place, everything else becomes empty
//! space of the same size, so that no offset is wrong. Pure.

/// Boxes of a file, of a movie, of a track and of its media that make the film.
const FILE: [&[u8; 4]; 6] = [b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide"];
const MOVIE: [&[u8; 4]; 5] = [b"mvhd", b"trak", b"mvex", b"iods", b"free"];
const TRACK: [&[u8; 4]; 5] = [b"tkhd", b"edts", b"tref", b"mdia", b"free"];
const MEDIA: [&[u8; 4]; 5] = [b"mdhd", b"hdlr", b"minf", b"elng", b"free"];
/// What a track may be made of: pictures and sound. Others hold places and readings of the device.
const KINDS: [&[u8; 4]; 2] = [b"vide", b"soun"];

/// The film without what tells of place, device and time; nothing where that cannot be taken out.
pub fn stripped(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut kept = bytes.to_vec();
    clear(&mut kept, Level::File)?;
    Some(kept)
}

#[derive(Clone, Copy)]
enum Level {
    File,
    Movie,
    Track,
    Media,
}

impl Level {
    fn keeps(self, name: &[u8]) -> bool {
        let known: &[&[u8; 4]] = match self {
            Self::File => &FILE,
            Self::Movie => &MOVIE,
            Self::Track => &TRACK,
            Self::Media => &MEDIA,
        };
        known.iter().any(|known| known.as_slice() == name)
    }
}

/// Blanks what does not make the film; nothing when the boxes do not fill the bytes.
fn clear(bytes: &mut [u8], level: Level) -> Option<()> {
    let mut at = 0;
    while at < bytes.len() {
        let (head, end) = box_at(bytes, at)?;
        let name: [u8; 4] = bytes.get(at + 4..at + 8)?.try_into().ok()?;
        let body = bytes.get_mut(head..end)?;
        match (level, &name) {
            (Level::File, b"moov") => clear(body, Level::Movie)?,
            (Level::Movie, b"trak") => clear(body, Level::Track)?,
            (Level::Track, b"mdia") => clear(body, Level::Media)?,
            // A film in fragments says things in each of them.
            (Level::File, b"moof") => return None,
            // When it was made.
            (_, b"mvhd" | b"tkhd" | b"mdhd") => {
                let times = if *body.first()? == 1 { 16 } else { 8 };
                body.get_mut(4..4 + times)?.fill(0);
            }
            (Level::Media, b"hdlr") => {
                if !KINDS.iter().any(|kind| body.get(8..12) == Some(kind.as_slice())) {
                    return None;
                }
                // The name of the device's software.
                body.get_mut(24..).unwrap_or_default().fill(0);
            }
            (_, b"free" | b"skip") => body.fill(0),
            (level, name) if level.keeps(name) => {}
            _ => {
                body.fill(0);
                bytes.get_mut(at + 4..at + 8)?.copy_from_slice(b"free");
            }
        }
        at = end;
    }
    Some(())
}

/// Where the body of the box at `at` begins, and where it ends.
fn box_at(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let size = u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?);
    let (head, size) = match size {
        // Up to the end.
        0 => (at + 8, bytes.len() - at),
        1 => {
            let size = u64::from_be_bytes(bytes.get(at + 8..at + 16)?.try_into().ok()?);
            (at + 16, usize::try_from(size).ok()?)
        }
        size => (at + 8, usize::try_from(size).ok()?),
    };
    let end = at.checked_add(size)?;
    (head <= end && end <= bytes.len()).then_some((head, end))
}
