//! Cuts a byte stream into frames (分帧): `##` + length + data segment + CRC + CR LF.
//!
//! Driven by the length, because delimiters may stand inside encrypted data. Only where the length does not
//! lead to a CRC is the end looked for (`&&` + four hex digits), and the next frame looked for at `##` and a
//! length. Whatever way the stream is cut, the same frames come out. What is kept between calls is at most
//! one frame of the largest size; the caller hands in bounded chunks and takes frames until there is none.

use memchr::memmem;

use crate::anomaly::{Anomalies, Anomaly};
use crate::crc::{self, CrcKind};

/// Bytes of a data segment that the standard allows.
pub const STANDARD_SEGMENT: usize = 1024;
/// Bytes of a data segment that are accepted unless told otherwise. 1623 have been seen; the longest standard
/// segment with its ciphertext printed (`{0xE4,…}`) has 4,900.
pub const DEFAULT_LIMIT: usize = 5120;
/// `##`, four digits of length, four of CRC.
const ENVELOPE: usize = 10;

/// A frame as it came, borrowed from the framer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// From `##` to the CRC, verbatim; without CR LF, which may come later or not at all.
    pub whole: &'a [u8],
    /// The data segment (数据段), `QN=…` to `&&`.
    pub segment: &'a [u8],
    /// What the length field says.
    pub declared: usize,
    pub crc: CrcField<'a>,
    pub anomalies: Anomalies,
}

/// The CRC of a frame: as sent, and what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrcField<'a> {
    /// Four hex digits as sent.
    pub field: &'a [u8],
    /// HJ 212 checksum of the segment as received.
    pub computed: u16,
    /// Which algorithm agrees with the field.
    pub kind: CrcKind,
}

/// Why bytes were passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// Bytes that belong to no frame.
    Garbage,
    /// The length is beyond the limit.
    TooLong,
    /// Another frame began before this one ended.
    CutShort,
    /// No end was found within the limit, or the stream ended before.
    NoEnd,
}

impl RefusalKind {
    pub const ALL: [RefusalKind; 4] = [Self::Garbage, Self::TooLong, Self::CutShort, Self::NoEnd];

    /// Stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Garbage => "garbage",
            Self::TooLong => "too_long",
            Self::CutShort => "cut_short",
            Self::NoEnd => "no_end",
        }
    }

    pub const fn title_zh(self) -> &'static str {
        match self {
            Self::Garbage => "不属于任何帧的字节",
            Self::TooLong => "长度超过上限",
            Self::CutShort => "帧未完而另一帧已开始",
            Self::NoEnd => "帧没有结尾",
        }
    }

    pub const fn title_en(self) -> &'static str {
        match self {
            Self::Garbage => "bytes that belong to no frame",
            Self::TooLong => "length beyond the limit",
            Self::CutShort => "another frame began before this one ended",
            Self::NoEnd => "frame without an end",
        }
    }
}

/// Bytes that were passed over. Where exactly one refusal ends and the next begins depends on how the
/// stream was cut; frames do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal<'a> {
    pub kind: RefusalKind,
    pub bytes: &'a [u8],
}

/// What comes out of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit<'a> {
    Frame(Frame<'a>),
    Refused(Refusal<'a>),
}

/// Holds the bytes of one connection that are not taken yet.
#[derive(Debug)]
pub struct Framer {
    buffer: Vec<u8>,
    start: usize,
    limit: usize,
    ended: bool,
}

impl Default for Framer {
    fn default() -> Self {
        Self::new()
    }
}

impl Framer {
    pub const fn new() -> Self {
        Self::with_limit(DEFAULT_LIMIT)
    }

    /// `limit`: bytes of data segment that are accepted, at most 9999 make sense.
    pub const fn with_limit(limit: usize) -> Self {
        Self { buffer: Vec::new(), start: 0, limit, ended: false }
    }

    /// Appends what was received. Take all units before pushing again: then no more than one frame is kept.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Tells that nothing more will come, so that a last frame without its CR LF, or with a length too
    /// large, is taken now.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// Bytes held.
    pub fn buffered(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// Gives back memory that a burst has left; for idle connections.
    pub fn shrink(&mut self) {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.buffer.shrink_to_fit();
    }

    /// The next frame or refusal; `None`: more bytes are needed.
    #[allow(clippy::should_implement_trait)] // lends from the buffer, which an iterator cannot
    pub fn next(&mut self) -> Option<Unit<'_>> {
        loop {
            let from = self.start;
            match examine(self.buffer.get(from..).unwrap_or_default(), self.limit, self.ended) {
                Step::More => return None,
                Step::Blank(count) => self.start += count,
                Step::Refuse(kind, count) => {
                    self.start += count;
                    return Some(Unit::Refused(Refusal { kind, bytes: &self.buffer[from..from + count] }));
                }
                Step::Frame(found) => {
                    self.start += found.head + found.segment + 4;
                    return Some(Unit::Frame(found.lend(&self.buffer[from..])));
                }
            }
        }
    }
}

/// The one frame of a slice, as [`Framer`] would cut it; for stored raw frames.
pub fn single(bytes: &[u8]) -> Option<Frame<'_>> {
    let mut from = 0;
    loop {
        let rest = bytes.get(from..)?;
        match examine(rest, DEFAULT_LIMIT.max(bytes.len()), true) {
            Step::More => return None,
            Step::Blank(count) | Step::Refuse(_, count) => from += count,
            Step::Frame(found) => return Some(found.lend(rest)),
        }
    }
}

enum Step {
    More,
    /// Line ends and blanks between frames, nobody's concern.
    Blank(usize),
    Refuse(RefusalKind, usize),
    Frame(Found),
}

/// Where a frame lies in the bytes that begin with its `##`.
struct Found {
    head: usize,
    segment: usize,
    declared: usize,
    computed: u16,
    kind: CrcKind,
}

impl Found {
    fn lend(self, bytes: &[u8]) -> Frame<'_> {
        let end = self.head + self.segment;
        let field = &bytes[end..end + 4];
        let mut anomalies = Anomalies::NONE;
        // Printed ciphertext is five times as long as what it stands for; its declared length is the plain one.
        let is_long = self.declared > STANDARD_SEGMENT
            || self.segment > STANDARD_SEGMENT && memmem::find(&bytes[..end], b"CP=&&{0x").is_none();
        let marks = [
            (self.head < 6, Anomaly::ShortLengthField),
            (self.segment != self.declared, Anomaly::WrongLength),
            (is_long, Anomaly::LongSegment),
            (field.iter().any(u8::is_ascii_lowercase), Anomaly::LowerCaseCrc),
            (self.kind == CrcKind::Modbus, Anomaly::ModbusCrc),
        ];
        for (applies, anomaly) in marks {
            if applies {
                anomalies.add(anomaly);
            }
        }
        Frame {
            whole: &bytes[..end + 4],
            segment: &bytes[self.head..end],
            declared: self.declared,
            crc: CrcField { field, computed: self.computed, kind: self.kind },
            anomalies,
        }
    }
}

fn examine(bytes: &[u8], limit: usize, ended: bool) -> Step {
    let Some(&first) = bytes.first() else { return Step::More };
    if first != b'#' {
        let blanks = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n' | b' ' | b'\t' | 0)).count();
        if blanks > 0 {
            return Step::Blank(blanks);
        }
        return Step::Refuse(RefusalKind::Garbage, next_start(bytes, 0, ended));
    }
    let (head, declared) = match Head::read(bytes, ended) {
        Head::More => return Step::More,
        Head::No => return Step::Refuse(RefusalKind::Garbage, next_start(bytes, 1, ended)),
        Head::Yes { bytes, declared } => (bytes, declared),
    };
    if declared > limit {
        return Step::Refuse(RefusalKind::TooLong, next_start(bytes, 2, ended));
    }
    match by_length(bytes, head, declared) {
        Some(found) => Step::Frame(found),
        None if bytes.len() < head + declared + 4 && !ended => early(bytes, head, declared, limit),
        None => by_search(bytes, head, declared, limit, ended),
    }
}

enum Head {
    More,
    No,
    Yes { bytes: usize, declared: usize },
}

impl Head {
    /// `##` and four digits; two or three where a letter follows (a device without leading zeros).
    fn read(bytes: &[u8], ended: bool) -> Self {
        if bytes.len() < 2 {
            return if ended { Self::No } else { Self::More };
        }
        if bytes[1] != b'#' {
            return Self::No;
        }
        let digits = bytes[2..].iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
        let declared = bytes[2..2 + digits].iter().fold(0, |value, digit| value * 10 + usize::from(digit - b'0'));
        match bytes.get(2 + digits) {
            None if digits < 4 => {
                if ended {
                    Self::No
                } else {
                    Self::More
                }
            }
            _ if digits == 4 => Self::Yes { bytes: 6, declared },
            Some(next) if digits >= 2 && next.is_ascii_alphabetic() => Self::Yes { bytes: 2 + digits, declared },
            _ => Self::No,
        }
    }
}

/// The first place from `from` on where a frame may begin; the end of the bytes when there is none, less a
/// beginning that is not decided yet. Never 0.
fn next_start(bytes: &[u8], from: usize, ended: bool) -> usize {
    let mut from = from.max(1);
    while let Some(place) = bytes.get(from..).and_then(|rest| memchr::memchr(b'#', rest)) {
        let place = from + place;
        match Head::read(&bytes[place..], ended) {
            Head::No => from = place + 1,
            Head::More | Head::Yes { .. } => return place,
        }
    }
    bytes.len().max(1)
}

/// The frame that the length field announces, if a CRC stands at its end.
fn by_length(bytes: &[u8], head: usize, declared: usize) -> Option<Found> {
    let segment = bytes.get(head..head + declared)?;
    let field = crc::read_field(bytes.get(head + declared..head + declared + 4)?)?;
    let (kind, computed) = CrcKind::of(segment, field);
    // Wrong CRC but the right shape: a damaged or an encrypted frame of the right length.
    if kind == CrcKind::None && !segment.ends_with(b"&&") {
        return None;
    }
    // One that was cut has swallowed others; that its CRC fits all the same is a chance of 1 in 256.
    let swallowed = embedded(segment, 0).map(|place| place + head);
    (!holds_proven(&bytes[..head + declared + 4], swallowed)).then_some(Found {
        head,
        segment: declared,
        declared,
        computed,
        kind,
    })
}

/// Fewer bytes than announced are here. Is the length too large, so that the end is here already, or was
/// the frame cut and a whole one follows? Both only if a CRC proves it.
fn early(bytes: &[u8], head: usize, declared: usize, limit: usize) -> Step {
    let trimmed = bytes.strip_suffix(b"\r\n").unwrap_or(bytes);
    let next = embedded(bytes, head);
    if next.is_none()
        && let Some(end) = trimmed.len().checked_sub(6).filter(|&end| end > head && trimmed[end..].starts_with(b"&&"))
        && let Some(found) = ending_at(bytes, head, declared, end)
        && found.kind == CrcKind::Hj212
    {
        return Step::Frame(found);
    }
    if holds_proven(bytes, next) { by_search(bytes, head, declared, limit, false) } else { Step::More }
}

/// Beginnings inside a frame that are tried; bounds the work that a hostile stream can cause.
const MAX_TRIES: usize = 8;

/// Whether a whole frame with a right CRC begins at `next` or at a later `##dddd` of these bytes.
fn holds_proven(bytes: &[u8], mut next: Option<usize>) -> bool {
    for _ in 0..MAX_TRIES {
        let Some(place) = next else { return false };
        if let Head::Yes { bytes: head, declared } = Head::read(&bytes[place..], false)
            && proven_by_length(&bytes[place..], head, declared)
        {
            return true;
        }
        next = embedded(bytes, place + 2);
    }
    false
}

fn proven_by_length(bytes: &[u8], head: usize, declared: usize) -> bool {
    let field = bytes.get(head + declared..head + declared + 4).and_then(crc::read_field);
    bytes.get(head..head + declared).is_some_and(|segment| field == Some(crc::hj212(segment)))
}

/// The length leads nowhere: look for the end, and for the next beginning.
fn by_search(bytes: &[u8], head: usize, declared: usize, limit: usize, ended: bool) -> Step {
    let window = &bytes[..bytes.len().min(head + limit + ENVELOPE)];
    let restart = embedded(window, head);
    let stop = restart.unwrap_or(window.len());
    let after_cp = memmem::find(&window[head..], b"CP=&&").map_or(head, |place| head + place + 5);
    let mut from = after_cp;
    while let Some(place) = window.get(from..).and_then(|rest| memmem::find(rest, b"&&")) {
        let end = from + place;
        if end >= stop {
            break;
        }
        if let Some(found) = ending_at(bytes, head, declared, end) {
            let proven = found.kind == CrcKind::Hj212;
            match bytes.get(end + 6) {
                _ if proven => return Step::Frame(found),
                Some(b'#' | b'\r' | b'\n') => return Step::Frame(found),
                None if ended => return Step::Frame(found),
                None => return Step::More,
                Some(_) => {}
            }
        }
        from = end + 1;
    }
    match restart {
        Some(place) => Step::Refuse(RefusalKind::CutShort, place),
        None if ended || window.len() == head + limit + ENVELOPE => {
            Step::Refuse(RefusalKind::NoEnd, next_start(bytes, 2, ended))
        }
        None => Step::More,
    }
}

/// The frame whose data segment ends with the `&&` at `end`, if a CRC field follows.
fn ending_at(bytes: &[u8], head: usize, declared: usize, end: usize) -> Option<Found> {
    let segment = bytes.get(head..end + 2)?;
    // The `&&` that opens CP is not its end.
    let cp = memmem::find(segment, b"CP=&&")?;
    if cp + 5 > segment.len() - 2 {
        return None;
    }
    let field = crc::read_field(bytes.get(end + 2..end + 6)?)?;
    let (kind, computed) = CrcKind::of(segment, field);
    Some(Found { head, segment: segment.len(), declared, computed, kind })
}

/// `##` and four digits inside a frame. `#` is rare, so one byte is looked for.
fn embedded(bytes: &[u8], from: usize) -> Option<usize> {
    let mut from = from;
    loop {
        let place = from + memchr::memchr(b'#', bytes.get(from..)?)?;
        let rest = &bytes[place..];
        if rest.len() < 6 {
            return None;
        }
        if rest[1] == b'#' && rest[2..6].iter().all(u8::is_ascii_digit) {
            return Some(place);
        }
        from = place + 1;
    }
}
