//! MQTT in: subscribed to `qingshan/{MN}/{CN}`, JSON payload, QoS 1, acknowledged to the broker only when
//! durable (a broker that gets no acknowledgement sends again).
//!
//! ```json
//! {"st": "22", "data_time": "2026-11-24T08:00:00+08:00", "pw": "123456",
//!  "values": [{"factor": "a34004", "stat": "Avg", "value": 35.20, "flag": "N"}]}
//! ```
//! A message is read as the HJ 212 packet that says the same, so that bindings, tolerance, quarantine and
//! duplicates are the same; the raw frame on disk is topic, line end, payload, verbatim.

use std::sync::Arc;
use std::time::Duration;

use hj212::frame::CrcField;
use hj212::{Anomalies, CrcKind, Frame};
use kernel::Timestamp;
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, Publish, QoS};
use serde::Deserialize;
use serde_json::value::RawValue;
use store::StoreError;
use store::contract::Transport;
use tokio::sync::{Semaphore, watch};

use crate::intake::{self, Context, Heard, Taken};
use crate::pipeline::ChunkResult;
use crate::service::Collect;
use crate::{anomaly, connection, wire};

const ROOT: &str = "qingshan";
/// Messages that wait for their sync.
const IN_FLIGHT: usize = 256;
const MAX_VALUES: usize = 2000;
const LARGEST_MESSAGE: usize = 256 << 10;
const RETRY: Duration = Duration::from_secs(3);

/// Where the broker is.
#[derive(Clone, Debug)]
pub struct MqttSettings {
    pub host: String,
    pub port: u16,
    pub user: Option<(String, String)>,
    /// Stays the same over restarts: the broker keeps what came in between.
    pub client_id: String,
}

#[derive(Deserialize)]
struct Message<'m> {
    #[serde(borrow, default)]
    st: Option<&'m RawValue>,
    data_time: &'m str,
    #[serde(default)]
    qn: Option<&'m str>,
    #[serde(default)]
    pw: Option<&'m str>,
    #[serde(borrow)]
    values: Vec<MessageValue<'m>>,
}

#[derive(Deserialize)]
struct MessageValue<'m> {
    factor: &'m str,
    #[serde(default)]
    stat: Option<&'m str>,
    /// Number or text; the digits are kept as written.
    #[serde(borrow)]
    value: &'m RawValue,
    #[serde(default)]
    flag: Option<&'m str>,
}

/// The text of a JSON number or of a string without escapes; `null` is missing.
fn plain(value: &RawValue) -> Option<&str> {
    let text = value.get();
    let text = match text.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None if text == "null" => "",
        None => text,
    };
    (!text.contains(|letter: char| {
        matches!(letter, '\\' | '{' | '[' | ',' | ';' | '&' | '=' | '#') || letter.is_control()
    }))
    .then_some(text)
}

fn safe(text: &str) -> bool {
    !text.bytes().any(|byte| byte <= b' ' || matches!(byte, b'&' | b';' | b',' | b'=' | b'#' | 127))
}

fn hj212_time(text: &str) -> Option<String> {
    if hj212::time::parse(text.as_bytes()).is_some() {
        return Some(text.to_owned());
    }
    Timestamp::parse(text).map(wire::data_time)
}

/// MN and CN of a topic.
fn topic_parts(topic: &str) -> Option<(&str, &str)> {
    let mut parts = topic.split('/');
    let (root, mn, cn) = (parts.next()?, parts.next()?, parts.next()?);
    let right = root == ROOT && parts.next().is_none() && safe(mn) && !mn.is_empty() && cn.len() == 4;
    (right && cn.bytes().all(|byte| byte.is_ascii_digit())).then_some((mn, cn))
}

/// The HJ 212 data segment that says what a message says.
fn segment(topic: &str, payload: &[u8], now: Timestamp) -> Result<Vec<u8>, &'static str> {
    let (mn, cn) = topic_parts(topic).ok_or(anomaly::BAD_TOPIC)?;
    let bad = anomaly::BAD_JSON;
    if payload.len() > LARGEST_MESSAGE {
        return Err(bad);
    }
    let message: Message<'_> = serde_json::from_slice(payload).map_err(|_| bad)?;
    let data_time = hj212_time(message.data_time).ok_or(bad)?;
    let st = message.st.map_or(Some("22"), plain).ok_or(bad)?;
    let pw = message.pw.unwrap_or_default();
    let qn = message.qn.map_or_else(|| wire::qn(now), str::to_owned);
    if message.values.len() > MAX_VALUES || ![st, pw, qn.as_str()].into_iter().all(safe) {
        return Err(bad);
    }
    let mut text = format!("QN={qn};ST={st};CN={cn};PW={pw};MN={mn};Flag=4;CP=&&DataTime={data_time}");
    for value in &message.values {
        let stat = value.stat.unwrap_or(if cn == "2011" { "Rtd" } else { "Avg" });
        let number = plain(value.value).ok_or(bad)?;
        if !safe(value.factor) || value.factor.is_empty() || !safe(stat) || stat.is_empty() {
            return Err(bad);
        }
        text.push_str(&format!(";{}-{stat}={number}", value.factor));
        if let Some(flag) = value.flag {
            if !safe(flag) {
                return Err(bad);
            }
            text.push_str(&format!(",{}-Flag={flag}", value.factor));
        }
    }
    text.push_str("&&");
    Ok(text.into_bytes())
}

fn take(
    context: &Context<'_>,
    raw: &[u8],
    topic: &str,
    payload: &[u8],
    heard: &mut dyn FnMut(Heard<'_>),
) -> Result<Taken, StoreError> {
    let segment = match segment(topic, payload, context.now) {
        Ok(segment) => segment,
        Err(name) => return Ok(intake::refused(0, name)),
    };
    let crc = CrcField { field: b"", computed: 0, kind: CrcKind::Hj212 };
    let frame = Frame { whole: raw, segment: &segment, declared: segment.len(), crc, anomalies: Anomalies::NONE };
    intake::take(context, &frame, heard)
}

fn split(raw: &[u8]) -> Option<(&str, &[u8])> {
    let end = raw.iter().position(|&byte| byte == b'\n')?;
    Some((std::str::from_utf8(&raw[..end]).ok()?, &raw[end + 1..]))
}

/// A message as it stands in the raw frames, treated once more.
pub fn take_stored(context: &Context<'_>, raw: &[u8]) -> Result<Option<Taken>, StoreError> {
    split(raw).map(|(topic, payload)| take(context, raw, topic, payload, &mut |_| {})).transpose()
}

/// The time a stored message tells of.
pub fn data_time(raw: &[u8]) -> Option<Timestamp> {
    let message: Message<'_> = serde_json::from_slice(split(raw)?.1).ok()?;
    Some(Timestamp(hj212::time::parse(hj212_time(message.data_time)?.as_bytes())?.unix_millis()))
}

impl Collect {
    /// Takes data from a broker until `stop` turns true; connects again when the line breaks.
    pub async fn run_mqtt(self: Arc<Self>, settings: MqttSettings, mut stop: watch::Receiver<bool>) {
        let mut options = MqttOptions::new(&settings.client_id, &settings.host, settings.port);
        options.set_keep_alive(Duration::from_secs(30)).set_clean_session(false).set_manual_acks(true);
        options.set_max_packet_size(LARGEST_MESSAGE + 1024, 64 << 10);
        if let Some((user, password)) = &settings.user {
            options.set_credentials(user, password);
        }
        let peer: Arc<str> = format!("mqtt:{}:{}", settings.host, settings.port).into();
        let (client, mut events) = AsyncClient::new(options, IN_FLIGHT);
        let window = Arc::new(Semaphore::new(IN_FLIGHT));
        loop {
            let event = tokio::select! {
                event = events.poll() => event,
                () = connection::stopped(&mut stop) => return,
            };
            match event {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    if let Err(error) = client.try_subscribe(format!("{ROOT}/+/+"), QoS::AtLeastOnce) {
                        tracing::warn!("subscribing at {peer}: {error}");
                    }
                }
                Ok(Event::Incoming(Packet::Publish(publish))) => {
                    let Ok(place) = Arc::clone(&window).acquire_owned().await else { return };
                    let (collect, client, peer) = (Arc::clone(&self), client.clone(), Arc::clone(&peer));
                    let stop = stop.clone();
                    tokio::spawn(async move {
                        if collect.take_until_durable(&publish, &peer, stop).await
                            && let Err(error) = client.ack(&publish).await
                        {
                            tracing::warn!("acknowledging to {peer}: {error}");
                        }
                        drop(place);
                    });
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!("MQTT broker {peer}: {error}");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    /// Takes a message again and again until it is durable: a broker repeats what was not acknowledged only when
    /// the line breaks, and sends no more once enough is not. `false`: the program stops.
    async fn take_until_durable(&self, publish: &Publish, peer: &Arc<str>, mut stop: watch::Receiver<bool>) -> bool {
        loop {
            if self.take_message(publish, peer).await {
                return true;
            }
            tokio::select! {
                () = connection::stopped(&mut stop) => return false,
                () = tokio::time::sleep(RETRY) => {}
            }
        }
    }

    /// `true`: durable, or refused for good; the broker may forget it.
    async fn take_message(&self, publish: &Publish, peer: &Arc<str>) -> bool {
        let mut raw = publish.topic.as_bytes().to_vec();
        raw.push(b'\n');
        raw.extend_from_slice(&publish.payload);
        let deciding = self.deciding.read().await;
        let taken = {
            let directory = self.directory.load();
            let issued = |mn: &str| self.issued_keys(mn);
            let context = Context {
                directory: &directory,
                quarantine: &self.quarantine,
                factors: &self.factors,
                issued_keys: &issued,
                peer,
                address: None,
                transport: Transport::Mqtt,
                now: kernel::time::now(),
                commands_open: false,
            };
            take(&context, &raw, &publish.topic, &publish.payload, &mut |heard| {
                if let Some((point, data_time)) = heard.data {
                    self.activity.of(point).heard(context.now, data_time);
                }
            })
        };
        match taken {
            Ok(taken) => {
                let Ok(result) = self.sender.begin(vec![taken.packet]).await else { return false };
                drop(deciding);
                matches!(result.await, Ok(ChunkResult::Committed(_)))
            }
            Err(error) => {
                tracing::warn!("a message from {peer} is not taken: {error}");
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(topic: &str, payload: &str, expect: Result<&str, &str>) {
        let found = segment(topic, payload.as_bytes(), Timestamp(1_795_480_000_000));
        assert_eq!(found.map(|bytes| String::from_utf8(bytes).unwrap()), expect.map(str::to_owned));
    }

    #[test]
    fn a_message_says_what_a_packet_says() {
        check(
            "qingshan/A1/2061",
            r#"{"st":22,"data_time":"2026-11-24T08:00:00+08:00","qn":"20261124090000000","pw":"1","values":[{"factor":"a34004","value":35.20,"flag":"N"},{"factor":"a21026","stat":"Max","value":null}]}"#,
            Ok(
                "QN=20261124090000000;ST=22;CN=2061;PW=1;MN=A1;Flag=4;CP=&&DataTime=20261124080000;a34004-Avg=35.20,a34004-Flag=N;a21026-Max=&&",
            ),
        );
        for (topic, payload, name) in [
            ("other/A1/2061", "{}", anomaly::BAD_TOPIC),
            ("qingshan/A1/2061/x", "{}", anomaly::BAD_TOPIC),
            ("qingshan/A1;MN=B/2061", "{}", anomaly::BAD_TOPIC),
            ("qingshan/A1/2061", "{", anomaly::BAD_JSON),
            ("qingshan/A1/2061", r#"{"data_time":"never","values":[]}"#, anomaly::BAD_JSON),
            (
                "qingshan/A1/2061",
                r#"{"data_time":"20261124080000","values":[{"factor":"a","value":"1&&"}]}"#,
                anomaly::BAD_JSON,
            ),
            (
                "qingshan/A1/2061",
                r#"{"data_time":"20261124080000","values":[{"factor":"a=b","value":"1"}]}"#,
                anomaly::BAD_JSON,
            ),
        ] {
            check(topic, payload, Err(name));
        }
    }
}
