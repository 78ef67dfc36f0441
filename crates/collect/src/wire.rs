//! The few places where this crate writes HJ 212, so that the rest only reads.

use hj212::command::{self, Kind};
use hj212::encode::{self, Answer, Draft};
use hj212::{Edition, Packet};
use kernel::Timestamp;

/// The answer an upload or notification asks for: 9013 to a notification, 9014 to data. `None` to what is
/// itself an answer or a platform's command.
pub fn answer(packet: &Packet<'_>) -> Option<Vec<u8>> {
    let cn = packet.command()?;
    if matches!(cn, 9011..=9014) {
        return None;
    }
    let kind = command::find(cn, packet.edition()).map(|command| command.kind);
    let answer = match (cn, kind) {
        (9000..=9999, _) | (_, Some(Kind::Notify)) => Answer::Notify,
        (_, Some(Kind::Upload | Kind::Request | Kind::Answer)) => Answer::Data,
        (2000..=2999, None) => Answer::Data,
        (_, None) => Answer::Notify,
    };
    Some(encode::answer(packet, answer))
}

/// A request to a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'r> {
    pub edition: Edition,
    pub qn: &'r str,
    pub system: u16,
    pub cn: u16,
    pub password: &'r str,
    pub mn: &'r str,
    pub arguments: &'r [(String, String)],
}

/// The frame of a request, which always wants an answer.
pub fn request(request: &Request<'_>) -> Result<Vec<u8>, encode::EncodeError> {
    let cp: Vec<String> = request.arguments.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let (system, cn) = (system_text(request.system), request.cn.to_string());
    let draft = Draft::new(request.edition, request.qn, &system, &cn, request.password, request.mn, cp.join(";"));
    Draft { answer: true, ..draft }.frame()
}

/// The same, with its data area encrypted where there is a key.
pub fn encrypted_request(request: &Request<'_>, key: Option<&[u8; 16]>) -> Result<Vec<u8>, encode::EncodeError> {
    let plain = self::request(request)?;
    let Some(key) = key else { return Ok(plain) };
    let Some(frame) = hj212::frame::single(&plain) else { return Ok(plain) };
    encode::encrypted_frame(frame.segment, key, hj212::cipher::WireForm::Binary)
        .map_err(|_| encode::EncodeError::BadArea)
}

/// ST as text; the inverse of [`hj212::system::number`].
pub fn system_text(system: u16) -> String {
    match system {
        10_000.. => {
            let letter = char::from(b'A' + ((system - 10_000) / 10).min(25) as u8);
            format!("{letter}{}", (system - 10_000) % 10)
        }
        _ => format!("{system:02}"),
    }
}

/// `yyyyMMddHHmmss` in Beijing time.
pub fn data_time(at: Timestamp) -> String {
    hj212::time::CivilTime::from_unix_millis(at.millis()).map_or_else(String::new, |time| time.to_data_time())
}

/// `yyyyMMddHHmmssSSS` in Beijing time.
pub fn qn(at: Timestamp) -> String {
    hj212::time::CivilTime::from_unix_millis(at.millis()).map_or_else(String::new, |time| time.to_qn())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_codes_round_trip() {
        for system in ["22", "91", "101", "A0", "Z9"] {
            assert_eq!(system_text(hj212::system::number(system).unwrap()), system);
        }
    }

    #[test]
    fn a_request_is_a_frame_that_wants_an_answer() {
        let arguments = [
            ("BeginTime".to_owned(), "20261124080000".to_owned()),
            ("EndTime".to_owned(), "20261124090000".to_owned()),
        ];
        let frame = request(&Request {
            edition: Edition::V2017,
            qn: "20261124100000001",
            system: 22,
            cn: 2061,
            password: "123456",
            mn: "010000A8900016F000169DC0",
            arguments: &arguments,
        });
        let text = String::from_utf8(frame.unwrap()).unwrap();
        assert!(text.contains("ST=22;CN=2061;PW=123456;MN=010000A8900016F000169DC0;Flag=5;CP=&&BeginTime=20261124080000;EndTime=20261124090000&&"), "{text}");
    }
}
