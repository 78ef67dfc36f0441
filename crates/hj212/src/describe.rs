//! A printable form of a frame, for people and for the `decoded` field of stored frames.

use std::fmt::Write as _;

use crate::anomaly::{Anomalies, Anomaly};
use crate::cipher::{self, Key};
use crate::cp::Content;
use crate::crc::{self, CrcKind};
use crate::factor;
use crate::frame::{Frame, Refusal};
use crate::packet::{self, Data, Packet};

/// Everything a frame says. Texts as sent; empty lists where there is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Described {
    /// The CRC fits and the header could be read.
    pub ok: bool,
    /// `2005`, `2017` or `2025`.
    pub edition: Option<&'static str>,
    pub qn: Option<String>,
    pub st: Option<String>,
    pub cn: Option<String>,
    pub mn: Option<String>,
    pub flag: Option<u8>,
    pub need_ack: bool,
    pub rf: Option<String>,
    pub pnum: Option<u16>,
    pub pno: Option<u16>,
    pub data_time: Option<String>,
    pub crc: DescribedCrc,
    pub values: Vec<DescribedValue>,
    /// Name and text; the last one counts where a name stands twice.
    pub params: Vec<(String, String)>,
    pub anomalies: Vec<DescribedAnomaly>,
}

/// CRC field as sent, what it should be, whether they agree (for an encrypted frame: after decryption).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DescribedCrc {
    pub field: String,
    pub computed: String,
    pub ok: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedValue {
    /// As sent.
    pub factor: String,
    /// Current code of an old one.
    pub mapped: Option<&'static str>,
    pub stat: String,
    pub value: String,
    pub flag: Option<String>,
}

/// An oddity: its stable name and an English sentence with the details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedAnomaly {
    pub name: &'static str,
    pub text: String,
}

/// Reads a frame, decrypting it where a key is given and it is encrypted.
pub fn describe(frame: &Frame<'_>, key: Option<&Key>) -> Described {
    let mut crc_ok = frame.crc.kind == CrcKind::Hj212;
    let mut computed = frame.crc.computed;
    let parsed = Packet::parse(frame.segment);
    let mut anomalies = frame.anomalies;
    let mut trouble = Vec::new();
    let mut owned = None;
    match parsed {
        Ok(Packet { data: Data::Encrypted(_), anomalies: header, .. }) => {
            anomalies = anomalies.with(header);
            if let Some(key) = key {
                match cipher::decrypt(frame.segment, key) {
                    Ok(plain) => {
                        computed = crc::hj212(&plain);
                        crc_ok = crc::read_field(frame.crc.field) == Some(computed);
                        if crc_ok {
                            owned = Some(plain);
                        } else {
                            trouble.push(("not_decrypted", cipher::CipherError::WrongKey.to_string()));
                        }
                    }
                    Err(error) => trouble.push(("not_decrypted", error.to_string())),
                }
            }
        }
        Ok(Packet { data: Data::Foreign(_), .. }) => owned = Some(packet::to_utf8(frame.segment)),
        _ => {}
    }
    let segment = owned.as_deref().unwrap_or(frame.segment);
    let mut described = Described {
        crc: DescribedCrc {
            field: String::from_utf8_lossy(frame.crc.field).into_owned(),
            computed: format!("{computed:04X}"),
            ok: crc_ok,
        },
        ..Described::default()
    };
    match if owned.is_some() { Packet::parse(segment) } else { parsed } {
        Ok(packet) => {
            let content = Content::of(&packet);
            anomalies = anomalies.with(packet.anomalies).with(content.anomalies);
            described.ok = crc_ok && !matches!(packet.data, Data::Encrypted(_));
            described.fill(&packet, &content);
            described.anomalies = anomalies
                .iter()
                .map(|anomaly| DescribedAnomaly {
                    name: anomaly.name(),
                    text: sentence(anomaly, frame, segment, &content),
                })
                .collect();
        }
        Err(error) => {
            described.anomalies = plain_names(anomalies);
            trouble.push((error.name(), error.title_en().to_owned()));
        }
    }
    if !crc_ok && !anomalies.contains(Anomaly::ModbusCrc) && !anomalies.contains(Anomaly::Encrypted) {
        trouble.push(("wrong_crc", "CRC is wrong".to_owned()));
    }
    described.anomalies.extend(trouble.into_iter().map(|(name, text)| DescribedAnomaly { name, text }));
    described
}

/// A refusal in the same form: nothing but the oddity.
pub fn describe_refusal(refusal: &Refusal<'_>) -> Described {
    let text = format!("{} ({} bytes)", refusal.kind.title_en(), refusal.bytes.len());
    Described { anomalies: vec![DescribedAnomaly { name: refusal.kind.name(), text }], ..Described::default() }
}

fn plain_names(anomalies: Anomalies) -> Vec<DescribedAnomaly> {
    anomalies
        .iter()
        .map(|anomaly| DescribedAnomaly { name: anomaly.name(), text: anomaly.title_en().to_owned() })
        .collect()
}

/// The oddity with its details, as the project's sample file words them.
fn sentence(anomaly: Anomaly, frame: &Frame<'_>, segment: &[u8], content: &Content<'_>) -> String {
    match anomaly {
        Anomaly::WrongLength => {
            format!("declared length {} but data segment is {} bytes", frame.declared, frame.segment.len())
        }
        Anomaly::ShortLengthField => {
            format!("length field has {} digits", frame.whole.len() - frame.segment.len() - 6)
        }
        Anomaly::DuplicateKey => format!("duplicate key {}", content.duplicate.unwrap_or_default()),
        Anomaly::HeaderOrder => format!("header order {}", header_keys(segment).join(",")),
        Anomaly::HeaderCase => {
            let known = ["QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO", "RF", "CP"];
            let odd: Vec<String> =
                header_keys(segment).into_iter().filter(|key| !known.contains(&key.as_str())).collect();
            format!("header key case: {}", odd.join(","))
        }
        other => other.title_en().to_owned(),
    }
}

/// Names of the header fields in the order they stand.
fn header_keys(segment: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(segment);
    let header = text.split_once("CP=").map_or(&*text, |(header, _)| header);
    header.split([';', ',']).filter_map(|field| field.split_once('=')).map(|(key, _)| key.trim().to_owned()).collect()
}

impl Described {
    fn fill(&mut self, packet: &Packet<'_>, content: &Content<'_>) {
        let owned = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        self.edition = Some(packet.edition().year());
        self.qn = packet.qn.map(str::to_owned);
        self.st = owned(packet.st);
        self.cn = owned(packet.cn);
        self.mn = owned(packet.mn);
        self.flag = packet.flag;
        self.need_ack = packet.needs_answer();
        self.rf = packet.rf.map(str::to_owned);
        self.pnum = packet.pnum;
        self.pno = packet.pno;
        self.data_time = content.data_time.map(str::to_owned);
        self.values = content
            .readings
            .iter()
            .map(|reading| DescribedValue {
                factor: reading.factor.to_owned(),
                mapped: factor::current_code(reading.factor, packet.st),
                stat: reading.statistic.to_owned(),
                value: reading.value.to_owned(),
                flag: reading.flag.map(str::to_owned),
            })
            .collect();
        self.params = content.params.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    }

    /// One JSON object on one line. `anomalies` are the English sentences.
    pub fn to_json(&self) -> String {
        let mut out = String::with_capacity(256 + self.values.len() * 80);
        let _ = write!(out, "{{\"ok\":{}", self.ok);
        let texts = [
            ("edition", self.edition),
            ("qn", self.qn.as_deref()),
            ("st", self.st.as_deref()),
            ("cn", self.cn.as_deref()),
            ("mn", self.mn.as_deref()),
        ];
        for (name, text) in texts {
            field(&mut out, name, text);
        }
        number(&mut out, "flag", self.flag.map(u16::from));
        let _ = write!(out, ",\"need_ack\":{}", self.need_ack);
        field(&mut out, "rf", self.rf.as_deref());
        number(&mut out, "pnum", self.pnum);
        number(&mut out, "pno", self.pno);
        field(&mut out, "data_time", self.data_time.as_deref());
        out.push_str(",\"crc\":{\"field\":");
        text(&mut out, &self.crc.field);
        field(&mut out, "computed", Some(&self.crc.computed));
        let _ = write!(out, ",\"ok\":{}}},\"values\":[", self.crc.ok);
        for (place, value) in self.values.iter().enumerate() {
            out.push_str(if place == 0 { "{\"factor\":" } else { ",{\"factor\":" });
            text(&mut out, &value.factor);
            field(&mut out, "mapped", value.mapped);
            field(&mut out, "stat", Some(&value.stat));
            field(&mut out, "value", Some(&value.value));
            field(&mut out, "flag", value.flag.as_deref());
            out.push('}');
        }
        out.push_str("],\"params\":{");
        let mut first = true;
        for (place, (name, value)) in self.params.iter().enumerate() {
            if self.params[place + 1..].iter().any(|later| later.0 == *name) {
                continue;
            }
            if !first {
                out.push(',');
            }
            first = false;
            text(&mut out, name);
            out.push(':');
            text(&mut out, value);
        }
        out.push_str("},\"anomalies\":[");
        for (place, anomaly) in self.anomalies.iter().enumerate() {
            if place > 0 {
                out.push(',');
            }
            text(&mut out, &anomaly.text);
        }
        out.push_str("]}");
        out
    }
}

fn field(out: &mut String, name: &str, value: Option<&str>) {
    let _ = write!(out, ",\"{name}\":");
    match value {
        Some(value) => text(out, value),
        None => out.push_str("null"),
    }
}

fn number(out: &mut String, name: &str, value: Option<u16>) {
    match value {
        Some(value) => {
            let _ = write!(out, ",\"{name}\":{value}");
        }
        None => field(out, name, None),
    }
}

fn text(out: &mut String, value: &str) {
    out.push('"');
    for letter in value.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}
