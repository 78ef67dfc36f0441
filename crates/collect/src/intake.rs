//! What to do with one frame (报文处理): refuse it by name, quarantine it, or store its values for the point that
//! the dated binding names; and what to answer once it is durable. Decides from its inputs alone: no clock, no
//! disk beyond the factor dictionary, no network.

use std::net::IpAddr;
use std::sync::Arc;

use hj212::command::{self, Role};
use hj212::packet::PacketError;
use hj212::{Anomalies, Anomaly, Content as Area, CrcKind, Data, Edition, Frame, Packet, Strictness};
use kernel::{Timestamp, time};
use store::contract::{IncomingFrame, ObservationKey, Transport, Urgency};
use store::packed::Statistic;
use store::{Mark, PackedValue, Scalar, StoreError};

use crate::directory::{Device, Directory, Resolution};
use crate::pipeline::{Content, ReadyPacket};
use crate::quarantine::Quarantine;
use crate::{anomaly, wire};

/// Data stamped further ahead than this are stored and never judged.
const FUTURE_MILLIS: i64 = 2 * time::HOUR_MILLIS;
/// Minute and real-time values of an hour are judged this long after its end, so that the last ones are in.
const SETTLE_MILLIS: i64 = 2 * 60_000;
/// A state word longer than this stays in the raw frame only.
const MAX_WORD: usize = 64;
/// How a device without MN is called in quarantine: by its serial number.
pub const SERIAL: &str = "serial:";
/// An MN longer than this is none.
const MAX_MN: usize = 64;
/// A factor code longer than this is no code.
const MAX_FACTOR: usize = 24;

/// What is to happen after a packet is durable and answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// 9011, 9012, 9013, 9014 or an upload that may answer a command.
    CommandAnswer(CommandAnswer),
    /// 1013: the device asks for its clock to be set.
    SetClock { mn: String, system: u16 },
    /// 1001 of 2025: a device without MN shows its serial number.
    IssueMn { serial: String, system: u16, password: String },
    /// 1014 of 2025: the device asks for a new key.
    IssueKey { mn: String, system: u16 },
}

/// What a device said of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandAnswer {
    pub mn: String,
    /// QN of the command (of 2005: from CP).
    pub qn: String,
    pub cn: u16,
    /// QnRtn of 9011, ExeRtn of 9012.
    pub code: Option<i64>,
    /// The data area, for answers that carry something.
    pub text: String,
}

/// What is known of the device after a frame that was not refused.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'p> {
    pub mn: &'p str,
    pub edition: Edition,
    pub password: &'p str,
    pub system: u16,
    /// The device's own time stamp, where the packet is fresh enough to say something of its clock.
    pub sent_at: Option<Timestamp>,
    /// Point and data time, for data.
    pub data: Option<(i64, Timestamp)>,
}

/// A frame's treatment.
#[derive(Debug)]
pub struct Taken {
    pub packet: ReadyPacket,
    /// To be sent once durable.
    pub answer: Option<Vec<u8>>,
    pub effect: Option<Effect>,
}

/// A factor code's number in the store, and whether the code tables know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactorNumber {
    pub number: u32,
    pub known: bool,
}

/// Numbers factor codes; `None` when there are too many.
pub trait FactorNumbers {
    fn number(&self, code: &str) -> Result<Option<FactorNumber>, StoreError>;
}

/// What decisions rest on.
pub struct Context<'c> {
    pub directory: &'c Directory,
    pub quarantine: &'c Quarantine,
    pub factors: &'c dyn FactorNumbers,
    /// Keys issued by 1014, newest first, beside the directory's.
    pub issued_keys: &'c dyn Fn(&str) -> Vec<[u8; 16]>,
    pub peer: &'c Arc<str>,
    pub address: Option<IpAddr>,
    pub transport: Transport,
    pub now: Timestamp,
    /// Whether any command is open, so that data may be the answer to it.
    pub commands_open: bool,
}

pub(crate) fn refused(point: i64, name: &'static str) -> Taken {
    let packet = ReadyPacket { frame: None, content: Content::Refused, anomalies: vec![(point, name)] };
    Taken { packet, answer: None, effect: None }
}

/// A count without a frame: refused bytes, closed connections.
pub fn counted(point: i64, name: &'static str) -> ReadyPacket {
    refused(point, name).packet
}

/// `heard` is told of the device when its frame is not refused. `Err` only where the factor dictionary cannot
/// be written: then nothing may be acknowledged.
pub fn take(context: &Context<'_>, frame: &Frame<'_>, heard: &mut dyn FnMut(Heard<'_>)) -> Result<Taken, StoreError> {
    let packet = match Packet::parse(frame.segment) {
        Ok(packet) => packet,
        Err(error) => return Ok(refused(0, error.name())),
    };
    let device = context.directory.settings(packet.mn, packet.system().unwrap_or(0), context.now);
    let mut anomalies = frame.anomalies.with(packet.anomalies);
    let readable;
    let packet = match (&packet.data, frame.crc.kind) {
        (Data::Encrypted(_), _) => {
            let mut keys = (context.issued_keys)(packet.mn);
            keys.extend(context.directory.keys(packet.mn));
            match keys.iter().find_map(|key| hj212::cipher::open(frame, key).ok()) {
                Some(plain) => readable = plain,
                // Its header is in clear: kept as it came until somebody adopts it and gives its key.
                None if device.is_none() => return Ok(unknown(context, frame, &packet)),
                None => return Ok(refused(point_of(device), anomaly::NOT_DECRYPTED)),
            }
            match Packet::parse(&readable) {
                Ok(plain) => plain,
                Err(error) => return Ok(refused(point_of(device), error.name())),
            }
        }
        (_, CrcKind::None) => return Ok(refused(point_of(device), anomaly::BAD_CRC)),
        (_, CrcKind::Modbus) if !device.is_some_and(|device| device.modbus_crc) => {
            return Ok(refused(point_of(device), anomaly::MODBUS_CRC_REFUSED));
        }
        (Data::Foreign(_), _) => {
            readable = hj212::packet::to_utf8(frame.segment);
            anomalies.add(Anomaly::ForeignCharset);
            match Packet::parse(&readable) {
                Ok(plain) => plain,
                Err(error) => return Ok(refused(point_of(device), error.name())),
            }
        }
        _ => packet,
    };
    let Some(device) = device else { return Ok(unknown(context, frame, &packet)) };
    known(context, frame, &packet, device, anomalies, heard)
}

fn point_of(device: Option<&Arc<Device>>) -> i64 {
    device.map_or(0, |device| device.point)
}

fn raw(context: &Context<'_>, frame: &Frame<'_>) -> IncomingFrame {
    IncomingFrame {
        bytes: frame.whole.to_vec(),
        received_at: context.now,
        transport: context.transport,
        peer: Arc::clone(context.peer),
    }
}

fn answer_to(packet: &Packet<'_>) -> Option<Vec<u8>> {
    packet.needs_answer().then(|| wire::answer(packet)).flatten()
}

/// A device that nobody has adopted: kept as it came, answered so that it does not repeat itself for ever.
fn unknown(context: &Context<'_>, frame: &Frame<'_>, packet: &Packet<'_>) -> Taken {
    let system = packet.system().unwrap_or(0);
    let (mn, effect) = match serial_of(packet) {
        Some(serial) => {
            let password = packet.pw.unwrap_or_default().to_owned();
            (format!("{SERIAL}{serial}"), Some(Effect::IssueMn { serial, system, password }))
        }
        None => (packet.mn.to_owned(), None),
    };
    let answer = answer_to(packet);
    if packet.cn == "9015" {
        let packet =
            ReadyPacket { frame: None, content: Content::Other, anomalies: vec![(0, anomaly::UNKNOWN_DEVICE)] };
        return Taken { packet, answer, effect: None };
    }
    // What only a platform sends is nobody's data: not kept, and not answered as if it had been done.
    if packet.command().is_some_and(|cn| command::role(cn, packet.edition()) == Role::PlatformCommand) {
        return refused(0, anomaly::COMMAND_FROM_DEVICE);
    }
    // An MN that looks like our name for a serial number would be taken for it.
    if mn.is_empty() || mn.len() > MAX_MN || packet.mn.starts_with(SERIAL) {
        return refused(0, PacketError::NoMn.name());
    }
    if let Err(name) = context.quarantine.admit(&mn, system) {
        return Taken { effect, ..refused(0, name) };
    }
    let packet = ReadyPacket {
        frame: Some(raw(context, frame)),
        content: Content::Quarantine { device: mn, system },
        anomalies: vec![(0, anomaly::UNKNOWN_DEVICE)],
    };
    Taken { packet, answer, effect }
}

/// The serial number a device without MN shows in 1001.
fn serial_of(packet: &Packet<'_>) -> Option<String> {
    if packet.cn != "1001" || packet.edition() != Edition::V2025 {
        return None;
    }
    let serial = packet.pairs().find(|pair| pair.key == "i23005-Info")?.value;
    (!serial.is_empty() && serial.len() <= 48).then(|| serial.to_owned())
}

/// Why a known device's frame is refused, before its data are looked at.
fn refusal(context: &Context<'_>, packet: &Packet<'_>, device: &Device, anomalies: Anomalies) -> Option<&'static str> {
    if !device.addresses.is_empty() && !context.address.is_some_and(|address| device.allows(address)) {
        return Some(anomaly::ADDRESS_NOT_ALLOWED);
    }
    if device.password.as_deref().is_some_and(|password| packet.pw != Some(password)) {
        return Some(anomaly::WRONG_PASSWORD);
    }
    if device.strictness == Strictness::Strict && device.edition.is_some_and(|edition| edition != packet.edition()) {
        return Some(anomaly::EDITION_DIFFERS);
    }
    anomalies.intolerable(device.strictness).map(Anomaly::name)
}

fn known(
    context: &Context<'_>,
    frame: &Frame<'_>,
    packet: &Packet<'_>,
    device: &Arc<Device>,
    anomalies: Anomalies,
    tell: &mut dyn FnMut(Heard<'_>),
) -> Result<Taken, StoreError> {
    let area = Area::of(packet);
    let anomalies = anomalies.with(area.anomalies);
    if let Some(name) = refusal(context, packet, device, anomalies) {
        return Ok(refused(device.point, name));
    }
    let mut names: Vec<(i64, &'static str)> = anomalies
        .iter()
        .filter(|found| *found != Anomaly::Encrypted)
        .map(|found| (device.point, found.name()))
        .collect();
    if device.edition.is_some_and(|edition| edition != packet.edition()) {
        names.push((device.point, anomaly::EDITION_DIFFERS));
    }
    let system = packet.system().unwrap_or(0);
    let qn_time = packet.qn.and_then(|qn| hj212::time::parse(qn.as_bytes())).map(|time| Timestamp(time.unix_millis()));
    let mut heard = Heard {
        mn: packet.mn,
        edition: packet.edition(),
        password: packet.pw.unwrap_or_default(),
        system,
        sent_at: qn_time.filter(|_| !packet.is_catch_up()),
        data: None,
    };
    let cn = packet.command().unwrap_or(0);
    let mut taken = Taken {
        packet: ReadyPacket { frame: None, content: Content::Other, anomalies: Vec::new() },
        answer: answer_to(packet),
        effect: None,
    };
    match cn {
        9015 => {}
        9011..=9014 => {
            taken.packet.frame = Some(raw(context, frame));
            taken.answer = None;
            taken.effect = Some(Effect::CommandAnswer(command_answer(packet, &area, cn)));
        }
        1013 => {
            taken.packet.frame = Some(raw(context, frame));
            taken.effect = Some(Effect::SetClock { mn: packet.mn.to_owned(), system });
        }
        1014 => {
            taken.packet.frame = Some(raw(context, frame));
            taken.effect = Some(Effect::IssueKey { mn: packet.mn.to_owned(), system });
        }
        2000..=2999 => {
            let data_time = area.data_time.and_then(|text| period_start(cn, text));
            taken.packet.frame = Some(raw(context, frame));
            // Of a value at a moment the time of sending says enough. A value of a period that does not say which one
            // is kept as it came and counted; filed under a guess it would be judged as another hour's.
            if data_time.is_none() && of_a_period(cn) && !area.readings.is_empty() {
                names.push((device.point, anomaly::PERIOD_UNKNOWN));
                taken.packet.anomalies = names;
                tell(heard);
                return Ok(taken);
            }
            let at = data_time.or(qn_time).unwrap_or(context.now);
            match context.directory.resolve(packet.mn, system, at) {
                Resolution::Known(bound) => {
                    taken.packet.content = observation(context, &bound, packet, &area, cn, at, &mut names)?;
                    if !area.readings.is_empty() {
                        heard.data = Some((bound.point, at));
                    }
                }
                Resolution::NoBinding | Resolution::Unknown => {
                    if let Err(name) = context.quarantine.admit(packet.mn, system) {
                        return Ok(refused(device.point, name));
                    }
                    names.push((device.point, anomaly::NO_BINDING));
                    taken.packet.content = Content::Quarantine { device: packet.mn.to_owned(), system };
                }
            }
            // The answer to "sample once" or "start real-time data" carries the request's QN.
            if context.commands_open && packet.qn.is_some() && !packet.needs_answer() {
                taken.effect = Some(Effect::CommandAnswer(CommandAnswer {
                    text: String::new(),
                    ..command_answer(packet, &area, cn)
                }));
            }
        }
        _ => {
            taken.packet.frame = Some(raw(context, frame));
            match command::role(cn, packet.edition()) {
                Role::Upload | Role::Answer => {
                    taken.effect = Some(Effect::CommandAnswer(command_answer(packet, &area, cn)));
                }
                Role::Notify => {}
                // Never executed, and not answered as if it had been.
                Role::PlatformCommand => {
                    names.push((device.point, anomaly::COMMAND_FROM_DEVICE));
                    taken.answer = None;
                }
                Role::Unknown => names.push((device.point, anomaly::UNKNOWN_COMMAND)),
            }
        }
    }
    taken.packet.anomalies = names;
    tell(heard);
    Ok(taken)
}

/// Commands whose values belong to a period that only DataTime names: days, run times, minutes, hours.
const fn of_a_period(cn: u16) -> bool {
    matches!(cn, 2031 | 2041 | 2051 | 2061)
}

/// What DataTime says. Devices that leave out what is zero (`2026112608` of an hour) are read as what they say; what does
/// not name the period (a date, of an hour) is not.
fn period_start(cn: u16, text: &str) -> Option<Timestamp> {
    let least = match cn {
        2051 => 12,
        2061 => 10,
        _ => 8,
    };
    let mut digits = text.to_owned();
    if text.len() >= least && matches!(text.len(), 8 | 10 | 12) {
        digits.push_str(&"000000"[..14 - text.len()]);
    }
    hj212::time::parse(digits.as_bytes()).map(|time| Timestamp(time.unix_millis()))
}

fn command_answer(packet: &Packet<'_>, area: &Area<'_>, cn: u16) -> CommandAnswer {
    let code = match cn {
        9011 => area.param("QnRtn"),
        9012 => area.param("ExeRtn"),
        _ => None,
    };
    CommandAnswer {
        mn: packet.mn.to_owned(),
        qn: area.param("QN").or(packet.qn).unwrap_or_default().to_owned(),
        cn,
        code: code.and_then(|code| code.parse().ok()),
        text: packet.text().chars().take(500).collect(),
    }
}

/// The values of a packet and the period they belong to. Parts of a split packet share one key, so that the
/// store joins them whatever their order.
fn observation(
    context: &Context<'_>,
    device: &Device,
    packet: &Packet<'_>,
    area: &Area<'_>,
    cn: u16,
    at: Timestamp,
    names: &mut Vec<(i64, &'static str)>,
) -> Result<Content, StoreError> {
    // Nothing to tell two of these apart but their bytes: the raw frame is the record.
    if area.readings.is_empty() && packet.qn.is_none() && area.data_time.is_none() {
        return Ok(Content::Other);
    }
    let system = packet.system().unwrap_or(0);
    let (mut unknown, mut old_codes) = (false, false);
    let mut values: Vec<PackedValue> = Vec::with_capacity(area.readings.len());
    for reading in &area.readings {
        let code = match hj212::factor::current_code(reading.factor, packet.st) {
            Some(current) => {
                old_codes = true;
                current
            }
            None => reading.factor,
        };
        let (code, statistic) = match Statistic::from_name(reading.statistic) {
            Some(statistic) => (std::borrow::Cow::Borrowed(code), statistic),
            None => (format!("{code}-{}", reading.statistic).into(), Statistic::Other),
        };
        let number = if code.len() > MAX_FACTOR { None } else { context.factors.number(&code)? };
        let Some(FactorNumber { number: factor, known }) = number else {
            names.push((device.point, anomaly::TOO_MANY_FACTORS));
            continue;
        };
        unknown |= !known && cn != 2021 && cn != 2041;
        let value = scalar(reading.value, device.point, names);
        let value = PackedValue { factor, statistic, mark: mark(reading.mark()), value };
        // Twice in one packet (the standard's own C.29): the last counts, the frame holds both.
        match values.iter_mut().find(|known| known.factor == factor && known.statistic == statistic) {
            Some(known) => *known = value,
            None => values.push(value),
        }
    }
    if unknown {
        names.push((device.point, Anomaly::UnknownFactor.name()));
    }
    if old_codes && packet.edition() != Edition::V2005 {
        names.push((device.point, Anomaly::OldFactorCode.name()));
    }
    let future = at.millis() > context.now.millis() + FUTURE_MILLIS;
    if future {
        names.push((device.point, anomaly::FUTURE_DATA_TIME));
    }
    let judge = if values.is_empty() || future { Urgency::Never } else { urgency(cn, at, context.now) };
    let key = ObservationKey { point: device.point, system, kind: cn, data_time: at, part: 0 };
    Ok(Content::Observation { key, values, judge })
}

/// When the periods of an observation should be judged.
pub fn urgency(kind: u16, at: Timestamp, now: Timestamp) -> Urgency {
    match kind {
        2061 | 2031 => Urgency::Now,
        2011 | 2051 | 2111 | 2052 => {
            let settled = at.hour().end().plus(SETTLE_MILLIS);
            if settled <= now { Urgency::Now } else { Urgency::After(settled) }
        }
        _ => Urgency::Never,
    }
}

/// A number with its digits; a word as it is; missing for what devices write when they have nothing.
pub fn scalar(text: &str, point: i64, names: &mut Vec<(i64, &'static str)>) -> Scalar {
    // Digits beyond what is kept are counted by the packet's content (`rounded_number`).
    if let Some(number) = hj212::number::parse_rounded(text.as_bytes()) {
        return Scalar::Number { mantissa: number.mantissa, scale: number.scale };
    }
    if text.is_empty() {
        return Scalar::Empty;
    }
    let nothing =
        ["nan", "null", "none", "na", "n/a", "inf", "-inf", "+inf", "infinity", "-infinity", "-", "--", "---", "—"];
    if nothing.iter().any(|word| word.eq_ignore_ascii_case(text)) {
        names.push((point, Anomaly::NotANumber.name()));
        return Scalar::Empty;
    }
    // State words (ST=45) are letters by design; anything else that is no number is an oddity.
    if !text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        names.push((point, Anomaly::NotANumber.name()));
    }
    let mut end = text.len().min(MAX_WORD);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Scalar::Text(text[..end].into())
}

pub fn mark(text: Option<&str>) -> Mark {
    match text.map(str::as_bytes) {
        None | Some([]) => Mark::NONE,
        Some([letter]) if letter.is_ascii_graphic() => Mark(*letter),
        Some(_) => Mark::OTHER,
    }
}
