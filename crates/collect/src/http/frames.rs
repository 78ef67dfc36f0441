//! Raw frames, verbatim and decoded, with their place in the hash chain.

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Json, Path, Query, Routes, blocking, operation};
use hj212::frame::single;
use kernel::{Action, Problem, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::contract::{StoredFrame, Transport};

use super::{allowed_point, time};
use crate::directory::Resolution;
use crate::service::Collect;

const DEFAULT_FRAMES: usize = 50;
const MOST_FRAMES: usize = 500;

#[derive(Debug, Deserialize, JsonSchema)]
struct FramesQuery {
    /// Received before this time.
    before: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct RawFrame {
    sequence: String,
    received_at: Timestamp,
    transport: &'static str,
    peer: String,
    /// Text with the password covered; bytes that are no text are shown as `\xNN`.
    text: String,
    /// Whether the password was covered, so that `hash` is not that of `text`.
    covered: bool,
    /// SHA-256 chain, lower-case hexadecimal.
    hash: String,
    previous_hash: String,
    /// As `qingshan hj212 decode` prints it; null for other transports.
    #[schemars(with = "Option<serde_json::Value>")]
    decoded: Option<serde_json::Value>,
}

pub fn routes(collect: &Arc<Collect>) -> Routes {
    let read = Access::May(Action::ReadFrames);
    let (one, two) = (Arc::clone(collect), Arc::clone(collect));
    Routes::new("collect")
        .get(
            "/api/points/{id}/frames",
            operation("点位原始报文", "raw frames of a point", read).query::<FramesQuery>().returns::<Vec<RawFrame>>(),
            async move |caller: Caller,
                        Path(id): Path<i64>,
                        Query(query): Query<FramesQuery>|
                        -> ApiResult<Json<Vec<RawFrame>>> {
                allowed_point(&one, &caller, id, Action::ReadFrames)?;
                let before = time("before", query.before.as_deref(), kernel::time::now().plus(60_000))?;
                let limit = query.limit.unwrap_or(DEFAULT_FRAMES).min(MOST_FRAMES);
                let collect = Arc::clone(&one);
                let frames = blocking(move || {
                    let frames = collect.store.frames_of_point(id, before, limit)?;
                    Ok(frames.iter().map(|frame| shown(&collect, frame)).collect())
                })
                .await?;
                Ok(Json(frames))
            },
        )
        .get(
            "/api/frames/{sequence}",
            operation("一条原始报文", "one raw frame", read).returns::<RawFrame>(),
            async move |caller: Caller, Path(sequence): Path<i64>| -> ApiResult<Json<RawFrame>> {
                let collect = Arc::clone(&two);
                let frame = blocking(move || {
                    let frame = collect.store.frame(sequence)?;
                    let frame =
                        frame.ok_or_else(|| Problem::not_found(format!("没有原始报文 {sequence} (no such frame)")))?;
                    let owner = owner(&collect, &frame);
                    caller.need(Action::ReadFrames, owner.as_deref()).map_err(|refused| refused.0)?;
                    Ok(shown(&collect, &frame))
                })
                .await?;
                Ok(Json(frame))
            },
        )
}

/// Owner of the point a frame's data belong to; none for what belongs to no point.
fn owner(collect: &Collect, frame: &StoredFrame) -> Option<String> {
    let cut = single(&frame.bytes)?;
    let packet = hj212::Packet::parse(cut.segment).ok()?;
    let data_time =
        packet.pairs().find(|pair| pair.key == "DataTime").and_then(|pair| hj212::time::parse(pair.value.as_bytes()));
    let at = data_time.map_or(frame.meta.received_at, |time| Timestamp(time.unix_millis()));
    let point = match collect.directory.load().resolve(packet.mn, packet.system().unwrap_or(0), at) {
        Resolution::Known(device) => device.point,
        Resolution::NoBinding | Resolution::Unknown => return None,
    };
    collect.points.points().get(point)?.owner.clone()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn shown(collect: &Collect, frame: &StoredFrame) -> RawFrame {
    let (text, covered) = cover(&readable(&frame.bytes));
    let decoded = (frame.meta.transport == Transport::Hj212).then(|| single(&frame.bytes)).flatten().and_then(|cut| {
        let mn = hj212::Packet::parse(cut.segment).map_or_else(|_| String::new(), |packet| packet.mn.to_owned());
        let key = collect.opening_key(&mn, &cut);
        serde_json::from_str(&hj212::describe::describe(&cut, key.as_ref()).to_json()).ok().map(cover_decoded)
    });
    RawFrame {
        sequence: frame.sequence.to_string(),
        received_at: frame.meta.received_at,
        transport: match frame.meta.transport {
            Transport::Hj212 => "hj212",
            Transport::Mqtt => "mqtt",
            Transport::Import => "import",
        },
        peer: frame.meta.peer.to_string(),
        text,
        covered,
        hash: hexadecimal(&frame.hash),
        previous_hash: hexadecimal(&frame.previous_hash),
        decoded,
    }
}

pub(super) fn readable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '\n' => text.push('\n'),
                control if control.is_control() => text.push_str(&format!("\\x{:02X}", control as u32)),
                other => text.push(other),
            }
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02X}"));
        }
    }
    text
}

/// The station's password is a secret even from those who may read its frames: `PW=…` of HJ 212 and `"pw": "…"`
/// of MQTT, in whatever case and with blanks, `NewPW=` too. What has no end is covered to the end.
pub(super) fn cover(text: &str) -> (String, bool) {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let (mut covered, mut copied, mut at) = (false, 0, 0);
    while let Some(place) = next_name(bytes, at) {
        at = place + 2;
        let Some((start, end)) = secret(bytes, at) else { continue };
        if end > start {
            out.push_str(&text[copied..start]);
            out.push_str(COVER);
            covered = true;
        } else {
            out.push_str(&text[copied..end]);
        }
        copied = end;
        at = end;
    }
    out.push_str(&text[copied..]);
    (out, covered)
}

const COVER: &str = "******";

/// Where the letters `pw` stand next, in any case.
fn next_name(bytes: &[u8], from: usize) -> Option<usize> {
    let found = bytes.get(from..)?.windows(2).position(|pair| pair.eq_ignore_ascii_case(b"pw"))?;
    Some(from + found)
}

/// The value that belongs to a name which ends at `at`; both ends lie at ASCII bytes or the end of the text.
fn secret(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let past_blanks = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        at
    };
    let until = |start: usize, is_end: &dyn Fn(usize) -> bool| {
        (start..bytes.len()).find(|&place| is_end(place)).unwrap_or(bytes.len())
    };
    if bytes.get(at) == Some(&b'"') {
        let colon = past_blanks(at + 1);
        let start = past_blanks(colon + 1);
        if bytes.get(colon) != Some(&b':') {
            return None;
        }
        if bytes.get(start) != Some(&b'"') {
            return Some((start, until(start, &|place| matches!(bytes[place], b',' | b'}'))));
        }
        let mut end = start + 1;
        while end < bytes.len() && bytes[end] != b'"' {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        return Some((start + 1, boundary(bytes, end.min(bytes.len()))));
    }
    let equals = past_blanks(at);
    if bytes.get(equals) != Some(&b'=') {
        return None;
    }
    let start = past_blanks(equals + 1);
    Some((
        start,
        until(start, &|place| matches!(bytes[place], b';' | b',' | b'\n') || bytes[place..].starts_with(b"&&")),
    ))
}

/// The next place that is no middle of a letter.
fn boundary(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at] & 0xC0 == 0x80 {
        at += 1;
    }
    at
}

/// Passwords among the parameters of a decoded frame.
fn cover_decoded(mut decoded: serde_json::Value) -> serde_json::Value {
    if let Some(params) = decoded.get_mut("params").and_then(|params| params.as_object_mut()) {
        for (name, value) in params {
            if name.to_ascii_lowercase().ends_with("pw") {
                *value = COVER.into();
            }
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_covered_wherever_they_stand() {
        let check = |text: &str, expect: &str| assert_eq!(cover(text).0, expect);
        check("##0087QN=1;PW=123456;MN=A;CP=&&NewPW=654321;X=1&&", "##0087QN=1;PW=******;MN=A;CP=&&NewPW=******;X=1&&");
        check("PW=;MN=A", "PW=;MN=A");
        for name in ["pw", "Pw", "pW", "PW"] {
            check(&format!("QN=1;{name}=geheim;MN=A"), &format!("QN=1;{name}=******;MN=A"));
            check(&format!("QN=1;{name} = geheim,MN=A"), &format!("QN=1;{name} = ******,MN=A"));
            check(&format!("QN=1;{name}=geheim"), &format!("QN=1;{name}=******"));
            check(&format!("CP=&&new{name}=geheim&&"), &format!("CP=&&new{name}=******&&"));
            check(
                &format!("{{\"{name}\" : \"ge\\\"heim\",\"st\":22}}"),
                &format!("{{\"{name}\" : \"******\",\"st\":22}}"),
            );
            check(&format!("{{\"{name}\":123456}}"), &format!("{{\"{name}\":******}}"));
        }
        check("pw密=;PW=密码;pw", "pw密=;PW=******;pw");
        check("{\"pw\": \"geheim\"}", "{\"pw\": \"******\"}");
        let decoded = cover_decoded(serde_json::json!({"params": {"NewPw": "654321", "PolId": "a"}}));
        assert_eq!(decoded, serde_json::json!({"params": {"NewPw": "******", "PolId": "a"}}));
        assert_eq!(readable(b"a\xff\x01\n"), "a\\xFF\\x01\n");
    }
}
