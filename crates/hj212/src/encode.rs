//! Builds packets of any edition in both directions.

use crate::cipher::{self, CipherError, Key, WireForm};
use crate::crc;
use crate::edition::{self, Edition};
use crate::frame::STANDARD_SEGMENT;
use crate::packet::Packet;

/// Most bytes of a data area (数据区) that the standard allows.
pub const STANDARD_AREA: usize = 950;

/// A packet to be built. Fields that are `None` are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft<'a> {
    pub edition: Edition,
    pub qn: Option<&'a str>,
    pub st: &'a str,
    pub cn: &'a str,
    pub pw: Option<&'a str>,
    pub mn: &'a str,
    /// Ask for an answer.
    pub answer: bool,
    /// Number of parts and this part's number.
    pub part: Option<(u16, u16)>,
    /// `RF=1`; 2025 only.
    pub catch_up: bool,
    /// Write a Flag. 2005 uploads often have none.
    pub with_flag: bool,
    /// What stands between `CP=&&` and `&&`.
    pub cp: String,
}

/// Why a packet cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncodeError {
    /// A header value holds `;`, `,`, `&` or a control character.
    BadHeader(&'static str),
    /// The data area holds `&&`, `##` or a control character.
    BadArea,
    /// The segment needs more than 9999 bytes, or more parts than the edition can count.
    TooLong,
}

impl std::fmt::Display for EncodeError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BadHeader(field) => write!(formatter, "header field {field} holds a character it may not"),
            Self::BadArea => formatter.write_str("data area holds `&&`, `##` or a control character"),
            Self::TooLong => formatter.write_str("packet is too long"),
        }
    }
}

impl std::error::Error for EncodeError {}

impl<'a> Draft<'a> {
    /// A packet with a QN and a Flag that asks for nothing.
    pub fn new(edition: Edition, qn: &'a str, st: &'a str, cn: &'a str, pw: &'a str, mn: &'a str, cp: String) -> Self {
        Self {
            edition,
            qn: Some(qn),
            st,
            cn,
            pw: Some(pw),
            mn,
            answer: false,
            part: None,
            catch_up: false,
            with_flag: true,
            cp,
        }
    }

    pub const fn flag(&self) -> u8 {
        let mut flag = self.edition.flag();
        if self.answer {
            flag |= edition::ANSWER_WANTED;
        }
        if self.part.is_some() {
            flag |= edition::SPLIT;
        }
        flag
    }

    /// The data segment.
    pub fn segment(&self) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::with_capacity(96 + self.cp.len());
        let texts =
            [("QN", self.qn), ("ST", Some(self.st)), ("CN", Some(self.cn)), ("PW", self.pw), ("MN", Some(self.mn))];
        for (name, value) in texts {
            if let Some(value) = value {
                if !value.bytes().all(|byte| byte > b' ' && !matches!(byte, b';' | b',' | b'&' | b'=' | 127)) {
                    return Err(EncodeError::BadHeader(name));
                }
                put(&mut out, name, value);
            }
        }
        if self.with_flag {
            put(&mut out, "Flag", &self.flag().to_string());
        }
        if let Some((parts, part)) = self.part {
            put(&mut out, "PNUM", &parts.to_string());
            put(&mut out, "PNO", &part.to_string());
        }
        if self.catch_up {
            put(&mut out, "RF", "1");
        }
        if self.cp.contains("&&") || self.cp.contains("##") || self.cp.bytes().any(|byte| byte < b' ') {
            return Err(EncodeError::BadArea);
        }
        out.extend_from_slice(b"CP=&&");
        out.extend_from_slice(self.cp.as_bytes());
        out.extend_from_slice(b"&&");
        if out.len() > 9999 { Err(EncodeError::TooLong) } else { Ok(out) }
    }

    /// The whole frame with CR LF.
    pub fn frame(&self) -> Result<Vec<u8>, EncodeError> {
        Ok(frame_of(&self.segment()?))
    }

    /// Cuts the data area at `;` into parts of at most `limit` bytes of data area each. One that fits stays
    /// one. DataTime, where the area opens with it, opens every part, so that each part can be stored alone.
    pub fn split(&self, limit: usize) -> Result<Vec<Draft<'a>>, EncodeError> {
        if self.cp.len() <= limit {
            return Ok(vec![self.clone()]);
        }
        let (time, rest) = match self.cp.split_once(';') {
            Some((time, rest)) if time.starts_with("DataTime=") => (time, rest),
            _ => ("", self.cp.as_str()),
        };
        let mut areas: Vec<String> = Vec::new();
        for item in rest.split(';') {
            match areas.last_mut() {
                Some(area) if area.len() + 1 + item.len() <= limit => {
                    area.push(';');
                    area.push_str(item);
                }
                _ => areas.push(if time.is_empty() { item.to_owned() } else { format!("{time};{item}") }),
            }
        }
        let most = if self.edition == Edition::V2025 { 9 } else { 9999 };
        let parts = u16::try_from(areas.len()).ok().filter(|&parts| parts <= most).ok_or(EncodeError::TooLong)?;
        Ok(areas
            .into_iter()
            .zip(1..)
            .map(|(cp, part)| Draft { cp, part: Some((parts, part)), ..self.clone() })
            .collect())
    }
}

fn put(out: &mut Vec<u8>, name: &str, value: &str) {
    out.extend_from_slice(name.as_bytes());
    out.push(b'=');
    out.extend_from_slice(value.as_bytes());
    out.push(b';');
}

/// Wraps a data segment of at most 9999 bytes: `##`, length, segment, CRC, CR LF.
pub fn frame_of(segment: &[u8]) -> Vec<u8> {
    wrap(segment, segment)
}

/// The frame of a plain segment with its data area encrypted; length and CRC are the plain segment's.
pub fn encrypted_frame(segment: &[u8], key: &Key, form: WireForm) -> Result<Vec<u8>, CipherError> {
    Ok(wrap(segment, &cipher::encrypt(segment, key, form)?))
}

fn wrap(plain: &[u8], wire: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(wire.len() + 12);
    out.extend_from_slice(format!("##{:04}", plain.len()).as_bytes());
    out.extend_from_slice(wire);
    out.extend_from_slice(format!("{:04X}\r\n", crc::hj212(plain)).as_bytes());
    out
}

/// An answer to a packet (交互命令).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 9011 with QnRtn.
    Request(u16),
    /// 9012 with ExeRtn.
    Execution(u16),
    /// 9013.
    Notify,
    /// 9014.
    Data,
}

impl Answer {
    pub const fn cn(self) -> &'static str {
        match self {
            Self::Request(_) => "9011",
            Self::Execution(_) => "9012",
            Self::Notify => "9013",
            Self::Data => "9014",
        }
    }
}

/// The frame that answers a packet: ST=91, the QN, PW and MN of the packet, Flag 0, 4 or 8. In 2005 the QN
/// (and the CN) being answered stand inside CP. Header values that came in are sent back as they came.
pub fn answer(packet: &Packet<'_>, answer: Answer) -> Vec<u8> {
    let edition = packet.edition();
    let code = match answer {
        Answer::Request(code) => format!("QnRtn={code}"),
        Answer::Execution(code) => format!("ExeRtn={code}"),
        Answer::Notify | Answer::Data => String::new(),
    };
    let mut segment = Vec::with_capacity(STANDARD_SEGMENT / 8);
    let mut cp = code;
    if edition == Edition::V2005 {
        let mut parts = Vec::new();
        if let Some(qn) = packet.qn {
            parts.push(format!("QN={qn}"));
        }
        if cp.is_empty() {
            parts.push(format!("CN={}", packet.cn));
        } else {
            parts.push(cp);
        }
        cp = parts.join(";");
    } else if let Some(qn) = packet.qn {
        put(&mut segment, "QN", qn);
    }
    put(&mut segment, "ST", crate::system::INTERACTION);
    put(&mut segment, "CN", answer.cn());
    if let Some(pw) = packet.pw {
        put(&mut segment, "PW", pw);
    }
    put(&mut segment, "MN", packet.mn);
    put(&mut segment, "Flag", &edition.flag().to_string());
    segment.extend_from_slice(b"CP=&&");
    segment.extend_from_slice(cp.as_bytes());
    segment.extend_from_slice(b"&&");
    // A header of odd length came in; the answer to it still has to fit its four digits of length.
    segment.truncate(9999);
    frame_of(&segment)
}
