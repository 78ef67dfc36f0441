//! The data segment (数据段): header fields and the data area, borrowed.

use crate::anomaly::{Anomalies, Anomaly};
use crate::edition::{self, Edition};

/// More header fields than any edition has; the rest is not looked at.
const MAX_FIELDS: usize = 24;

/// A parsed data segment. All text is as sent, less blanks around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Request number (请求编码), normally `yyyyMMddHHmmssSSS`; in 2005 uploads often absent.
    pub qn: Option<&'a str>,
    /// System code (系统编码); empty when absent.
    pub st: &'a str,
    /// Command code (命令编码).
    pub cn: &'a str,
    /// Password (访问密码). Not to be logged.
    pub pw: Option<&'a str>,
    /// Device id (设备唯一标识); empty in 1001 of 2025.
    pub mn: &'a str,
    pub flag: Option<u8>,
    /// Number of parts, and this part's number from 1 (总包数、包号).
    pub pnum: Option<u16>,
    pub pno: Option<u16>,
    /// Catch-up mark of 2025 (补传标志) as sent.
    pub rf: Option<&'a str>,
    pub data: Data<'a>,
    /// Oddities of the header.
    pub anomalies: Anomalies,
}

/// What stands between `CP=&&` and `&&`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data<'a> {
    Plain(&'a str),
    /// SM4 ciphertext, raw or printed; see [`crate::cipher`].
    Encrypted(&'a [u8]),
    /// Text in another charset, GBK most likely. [`to_utf8`] makes it readable where it is ASCII.
    Foreign(&'a [u8]),
}

/// Why a data segment cannot be used at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PacketError {
    /// The header is not text.
    NotText,
    /// No CN.
    NoCn,
    /// No MN (an empty one is allowed: 1001 of 2025).
    NoMn,
    /// No CP.
    NoCp,
}

impl PacketError {
    pub const ALL: [PacketError; 4] = [Self::NotText, Self::NoCn, Self::NoMn, Self::NoCp];

    /// Stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotText => "header_not_text",
            Self::NoCn => "no_cn",
            Self::NoMn => "no_mn",
            Self::NoCp => "no_cp",
        }
    }

    pub const fn title_zh(self) -> &'static str {
        match self {
            Self::NotText => "报文头不是文本",
            Self::NoCn => "没有命令编码CN",
            Self::NoMn => "没有设备标识MN",
            Self::NoCp => "没有数据区CP",
        }
    }

    pub const fn title_en(self) -> &'static str {
        match self {
            Self::NotText => "header is not text",
            Self::NoCn => "no CN",
            Self::NoMn => "no MN",
            Self::NoCp => "no CP",
        }
    }
}

impl std::fmt::Display for PacketError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.title_en())
    }
}

impl std::error::Error for PacketError {}

/// Header fields in the order of the standard.
const FIELDS: [&str; 9] = ["QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO", "RF"];

impl<'a> Packet<'a> {
    pub fn parse(segment: &'a [u8]) -> Result<Self, PacketError> {
        let text = leading_text(segment);
        let mut fields = [None::<&str>; FIELDS.len()];
        let mut anomalies = Anomalies::NONE;
        let mut last = 0;
        let mut header = Header { text, at: usual_layout(text, &mut fields) };
        let mut data = None;
        for _ in 0..MAX_FIELDS {
            match header.next(&mut anomalies) {
                None => break,
                Some(Field::Data(at)) => {
                    data = Some(at);
                    break;
                }
                Some(Field::Pair(key, value)) => {
                    let Some(place) = place_of(key, &mut anomalies) else { continue };
                    if place < last {
                        anomalies.add(Anomaly::HeaderOrder);
                    }
                    last = place;
                    if fields[place].replace(value).is_some() {
                        anomalies.add(Anomaly::DuplicateHeaderField);
                    }
                }
            }
        }
        let area = match data {
            Some(at) => &segment[at..],
            None if header.text.len() < segment.len() => return Err(PacketError::NotText),
            None => return Err(PacketError::NoCp),
        };
        let [qn, st, cn, pw, mn, flag, pnum, pno, rf] = fields;
        let mut packet = Packet {
            qn: qn.filter(|qn| !qn.is_empty()),
            st: st.unwrap_or_default(),
            cn: cn.filter(|cn| !cn.is_empty()).ok_or(PacketError::NoCn)?,
            pw,
            mn: mn.ok_or(PacketError::NoMn)?,
            flag: flag.and_then(|flag| flag.parse().ok()),
            pnum: pnum.and_then(|number| number.parse().ok()),
            pno: pno.and_then(|number| number.parse().ok()),
            rf,
            data: Data::Plain(""),
            anomalies,
        };
        packet.judge_header(flag, pnum.is_some() || pno.is_some());
        packet.data = packet.read_area(area);
        Ok(packet)
    }

    fn judge_header(&mut self, flag: Option<&str>, parted: bool) {
        let is_hex_mn = self.mn.len() == 24 && self.mn.bytes().all(|byte| byte.is_ascii_hexdigit());
        let split_bit = self.flag.is_some_and(|flag| flag & edition::SPLIT != 0);
        let part_ok =
            !parted || matches!((self.pnum, self.pno), (Some(parts), Some(part)) if part >= 1 && part <= parts);
        let marks = [
            (self.qn.is_none(), Anomaly::NoQn),
            (self.qn.is_some_and(|qn| qn.len() != 17 || !qn.bytes().all(|byte| byte.is_ascii_digit())), Anomaly::BadQn),
            (flag.is_none(), Anomaly::NoFlag),
            (flag.is_some() && self.flag.is_none(), Anomaly::BadFlag),
            (self.flag.is_some_and(|flag| flag >> 2 > 2), Anomaly::UnknownVersion),
            (split_bit != parted, Anomaly::SplitMismatch),
            (!part_ok, Anomaly::BadPart),
            (!(is_hex_mn || self.mn.is_empty() && self.cn == "1001"), Anomaly::NonHexMn),
            (self.pw.is_none(), Anomaly::NoPassword),
            (self.pw == Some(""), Anomaly::EmptyPassword),
        ];
        for (applies, anomaly) in marks {
            if applies {
                self.anomalies.add(anomaly);
            }
        }
    }

    fn read_area(&mut self, area: &'a [u8]) -> Data<'a> {
        let inner = match area.strip_prefix(b"&&") {
            Some(rest) => rest.strip_suffix(b"&&").unwrap_or_else(|| {
                self.anomalies.add(Anomaly::NoCpDelimiters);
                rest
            }),
            None => {
                self.anomalies.add(Anomaly::NoCpDelimiters);
                area.strip_suffix(b"&&").unwrap_or(area)
            }
        };
        if inner.starts_with(b"{0x") {
            self.anomalies.add(Anomaly::Encrypted);
            self.anomalies.add(Anomaly::PrintedCiphertext);
            return Data::Encrypted(inner);
        }
        let printable = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n');
        match std::str::from_utf8(inner) {
            Ok(text) if !has_controls(inner) || inner.iter().all(|byte| *byte >= 0x80 || printable(byte)) => {
                Data::Plain(text)
            }
            // A data area opens with a field name; the first block of ciphertext does not.
            _ if !inner.is_empty() && inner.iter().take(16).all(printable) => {
                self.anomalies.add(Anomaly::ForeignCharset);
                Data::Foreign(inner)
            }
            _ => {
                self.anomalies.add(Anomaly::Encrypted);
                Data::Encrypted(inner)
            }
        }
    }

    pub const fn edition(&self) -> Edition {
        Edition::of_flag(self.flag)
    }

    /// Whether the sender wants an answer (Flag bit 0).
    pub fn needs_answer(&self) -> bool {
        self.flag.is_some_and(|flag| flag & edition::ANSWER_WANTED != 0)
    }

    /// Whether the split bit is set (Flag bit 1).
    pub fn is_split(&self) -> bool {
        self.flag.is_some_and(|flag| flag & edition::SPLIT != 0)
    }

    /// Whether the device marks it as caught up after an outage (`RF=1`).
    pub fn is_catch_up(&self) -> bool {
        self.rf == Some("1")
    }

    /// CN as a number.
    pub fn command(&self) -> Option<u16> {
        (self.cn.len() == 4).then(|| self.cn.parse().ok()).flatten()
    }

    /// ST as a number; the letter codes A0–Z9 become 10000 and on; `None` when it is neither.
    pub fn system(&self) -> Option<u16> {
        crate::system::number(self.st)
    }

    /// The data area as text; empty when it is encrypted or in another charset.
    pub fn text(&self) -> &'a str {
        match self.data {
            Data::Plain(text) => text,
            Data::Encrypted(_) | Data::Foreign(_) => "",
        }
    }

    /// `key=value` pairs of the data area, in order.
    pub fn pairs(&self) -> crate::cp::Pairs<'a> {
        crate::cp::Pairs::new(self.text())
    }
}

/// A copy of a segment whose bytes outside ASCII that are not UTF-8 are replaced by `�`, for packets with
/// [`Data::Foreign`]: parse the copy.
pub fn to_utf8(segment: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(segment).into_owned().into_bytes()
}

/// Without an early end, so that it runs over many bytes at once.
fn has_controls(bytes: &[u8]) -> bool {
    bytes.iter().fold(false, |found, &byte| found | (byte < b' ') | (byte == 127))
}

/// The text a segment begins with: all of it, or what stands before ciphertext or another charset.
fn leading_text(segment: &[u8]) -> &str {
    match std::str::from_utf8(segment) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&segment[..error.valid_up_to()]).unwrap_or_default(),
    }
}

/// Reads QN to MN where they stand as in the 2017 and 2025 text, at fixed places and of full length, and tells
/// where to go on; 0 when they stand otherwise. Only a shortcut: the walk finds the same.
fn usual_layout<'a>(text: &'a str, fields: &mut [Option<&'a str>; FIELDS.len()]) -> usize {
    const LAYOUT: [(usize, &[u8], usize); 5] =
        [(0, b"QN=", 17), (21, b"ST=", 2), (27, b"CN=", 4), (35, b"PW=", 6), (45, b"MN=", 24)];
    const END: usize = 73;
    let Some(head) = text.as_bytes().first_chunk::<END>() else { return 0 };
    let plain = |(at, name, length): (usize, &[u8], usize)| {
        let value = at + 3;
        head[at..value] == *name
            && head[value + length] == b';'
            && head[value..value + length].iter().fold(true, |plain, byte| plain & byte.is_ascii_alphanumeric())
    };
    if !LAYOUT.into_iter().all(plain) {
        return 0;
    }
    for (field, (at, _, length)) in fields.iter_mut().zip(LAYOUT) {
        *field = text.get(at + 3..at + 3 + length);
    }
    END
}

/// Where a field stands in [`FIELDS`].
fn place_of(key: &str, anomalies: &mut Anomalies) -> Option<usize> {
    let exact = match key.as_bytes() {
        b"QN" => 0,
        b"ST" => 1,
        b"CN" => 2,
        b"PW" => 3,
        b"MN" => 4,
        b"Flag" => 5,
        b"PNUM" => 6,
        b"PNO" => 7,
        b"RF" => 8,
        _ => {
            let place = FIELDS.iter().position(|name| name.eq_ignore_ascii_case(key));
            anomalies.add(if place.is_some() { Anomaly::HeaderCase } else { Anomaly::UnknownHeaderField });
            return place;
        }
    };
    Some(exact)
}

enum Field<'a> {
    Pair(&'a str, &'a str),
    /// Where the bytes after `CP=` begin.
    Data(usize),
}

struct Header<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Header<'a> {
    /// Fields end with `;`; a comma is tolerated (the standard's own C.22 and C.48), and so are stray ones.
    fn next(&mut self, anomalies: &mut Anomalies) -> Option<Field<'a>> {
        let bytes = self.text.as_bytes();
        loop {
            let from = self.at;
            let first = *bytes.get(from)?;
            if matches!(first, b';' | b',' | b' ' | b'\r' | b'\n') {
                anomalies.add(Anomaly::HeaderSeparator);
                self.at += 1;
                continue;
            }
            let end = end_of(bytes, from, |byte| matches!(byte, b'=' | b';' | b','));
            let key = trimmed(&self.text[from..end]);
            if bytes.get(end) != Some(&b'=') {
                anomalies.add(Anomaly::UnknownHeaderField);
                self.at = end + 1;
                continue;
            }
            if key.len() == 2 && key.eq_ignore_ascii_case("CP") {
                if key != "CP" {
                    anomalies.add(Anomaly::HeaderCase);
                }
                return Some(Field::Data(end + 1));
            }
            let stop = end_of(bytes, end + 1, |byte| matches!(byte, b';' | b','));
            let value = &self.text[end + 1..stop];
            // The standard's C.19 forgets the `;` before CP.
            let glued = if key.len() == 4 && value.len() > 3 { value.find("CP=") } else { None };
            if bytes.get(stop) == Some(&b',') || glued.is_some() {
                anomalies.add(Anomaly::HeaderSeparator);
            }
            self.at = glued.map_or(stop + 1, |place| end + 1 + place);
            let value = glued.map_or(value, |place| &value[..place]);
            return Some(Field::Pair(key, trimmed(value)));
        }
    }
}

/// Trimming is rarely needed; looking at both ends first is cheaper.
fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if *first > b' ' && *last > b' ' => text,
        _ => text.trim_ascii(),
    }
}

fn end_of(bytes: &[u8], from: usize, is_end: impl Fn(u8) -> bool) -> usize {
    let mut at = from;
    while at < bytes.len() && !is_end(bytes[at]) {
        at += 1;
    }
    at
}
