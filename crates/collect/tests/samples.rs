//! Every sample frame over real TCP, treated as its `receive` says (Proof 1).
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{Rig, device};
use serde_json::Value;

/// The project's own samples, and those beside the project where it is checked out with its shared folder.
fn samples() -> Vec<Value> {
    let manifest = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = manifest.join("../hj212/tests/fixtures/samples.jsonl");
    let shared = manifest.join("../../../shared/data/hj212/samples.jsonl");
    let text = std::fs::read_to_string(shared).or_else(|_| std::fs::read_to_string(&own)).unwrap();
    let samples: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(samples.len() >= 50, "{} samples", samples.len());
    samples
}

fn bytes(sample: &Value) -> Vec<u8> {
    if let Some(hexadecimal) = sample["frame_hex"].as_str() {
        return (0..hexadecimal.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hexadecimal[at..at + 2], 16).unwrap())
            .collect();
    }
    let text = sample["frame"].as_str().or(sample["stream"].as_str()).unwrap();
    let mut bytes = text.as_bytes().to_vec();
    if sample["stream"].is_null() {
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

struct Sent {
    rig: Rig,
    answers: Vec<String>,
}

async fn send(sample: &Value, modbus_crc: bool) -> Sent {
    let header = &sample["expect"]["header"];
    let stream = sample["stream"].as_str().unwrap_or_default();
    let in_stream = stream.split_once("MN=").and_then(|rest| rest.1.split_once(';')).map_or("", |rest| rest.0);
    let mn = header["MN"].as_str().unwrap_or(in_stream);
    let system = hj212::system::number(header["ST"].as_str().unwrap_or("31")).unwrap_or(0);
    let mut station = device(mn, system, 1);
    station.modbus_crc = modbus_crc;
    station.sm4_key = sample["sm4_key_hex"].as_str().map(|key| {
        let bytes: Vec<u8> = (0..32).step_by(2).map(|at| u8::from_str_radix(&key[at..at + 2], 16).unwrap()).collect();
        bytes.try_into().unwrap()
    });
    let rig = Rig::start(vec![station]).await;
    let mut connection = rig.connect().await;
    connection.send(bytes(sample)).await;
    let answers = connection.answers().await;
    Sent { rig, answers }
}

/// `factor-statistic=value` as the sample expects them, under current codes.
fn expected_values(sample: &Value, st: &str) -> Vec<String> {
    let Some(factors) = sample["expect"]["factors"].as_object() else { return Vec::new() };
    let mut shown = Vec::new();
    for (factor, values) in factors {
        let code = hj212::factor::current_code(factor, st).unwrap_or(factor);
        for (statistic, value) in values.as_object().unwrap() {
            if store::packed::Statistic::from_name(statistic).is_some() {
                let value = value.as_str().unwrap();
                let canonical = hj212::number::parse(value.as_bytes()).map_or_else(
                    || value.to_owned(),
                    |(mantissa, scale)| store::Scalar::Number { mantissa, scale }.to_string(),
                );
                shown.push(format!("{code}-{statistic}={canonical}"));
            }
        }
    }
    shown.sort();
    shown
}

fn check_stored(sample: &Value, sent: &Sent) {
    let id = sample["id"].as_str().unwrap();
    let frames = sent.rig.frames();
    assert_eq!(frames.len(), 1, "{id}: {:?}", sent.rig.anomalies());
    let original = bytes(sample);
    assert_eq!(frames[0].bytes, original.trim_ascii_end(), "{id}: verbatim");
    let needs_answer = sample["expect"]["need_ack"].as_bool().unwrap();
    assert_eq!(sent.answers.len(), usize::from(needs_answer), "{id}: {:?}", sent.answers);
    for answer in &sent.answers {
        assert!(answer.contains("CN=9014") || answer.contains("CN=9013"), "{id}: {answer}");
        let qn = sample["expect"]["header"]["QN"].as_str().unwrap();
        assert!(answer.contains(&format!("QN={qn};")), "{id}: {answer}");
    }
    let header = &sample["expect"]["header"];
    let cn: u16 = header["CN"].as_str().unwrap().parse().unwrap();
    let expected = expected_values(sample, header["ST"].as_str().unwrap());
    if !expected.is_empty() {
        let observations = sent.rig.observations(1, cn);
        assert_eq!(observations.len(), 1, "{id}");
        let stored = sent.rig.values(&observations[0]);
        for value in expected {
            assert!(stored.contains(&value), "{id}: {value} is not in {stored:?}");
        }
    }
}

fn check_dropped(sample: &Value, sent: &Sent) {
    let id = sample["id"].as_str().unwrap();
    assert_eq!(sent.rig.frames().len(), 0, "{id}: nothing is kept");
    assert!(sent.answers.is_empty(), "{id}: {:?}", sent.answers);
    assert!(!sent.rig.anomalies().is_empty(), "{id}: counted");
}

/// Kept as evidence, at most acknowledged; nothing that it asks for is done, except that a device which asks
/// for its clock to be set gets 1012.
fn check_not_executed(sample: &Value, sent: &Sent) {
    let id = sample["id"].as_str().unwrap();
    assert_eq!(sent.rig.frames().len(), 1, "{id}: {:?}", sent.rig.anomalies());
    let asks_for_its_clock = sample["frame"].as_str().unwrap().contains("CN=1013;");
    for answer in sent.answers.iter().filter(|answer| !(asks_for_its_clock && answer.contains("CN=1012;"))) {
        assert!(answer.contains("ST=91;CN=9013;") || answer.contains("ST=91;CN=9014;"), "{id}: {answer}");
    }
    let wants_notify_answer = ["CN=1013;", "CN=9021;"].iter().any(|cn| sample["frame"].as_str().unwrap().contains(cn))
        && sample["expect"]["need_ack"] == true;
    assert!(
        !wants_notify_answer || sent.answers.iter().any(|answer| answer.contains("CN=9013")),
        "{id}: {:?}",
        sent.answers
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_sample_is_treated_as_it_says() {
    for sample in samples() {
        let id = sample["id"].as_str().unwrap();
        match sample["receive"].as_str().unwrap() {
            "store, answer as Flag asks" | "decrypt with the key of the note, then store" => {
                check_stored(&sample, &send(&sample, false).await);
            }
            "handle as command or answer; never execute a platform-to-device command" => {
                check_not_executed(&sample, &send(&sample, false).await);
            }
            "drop and count" => check_dropped(&sample, &send(&sample, false).await),
            "store only where the station allows the MODBUS CRC; else drop and count" => {
                check_dropped(&sample, &send(&sample, false).await);
                let sent = send(&sample, true).await;
                assert_eq!(sent.rig.frames().len(), 1, "{id}: {:?}", sent.rig.anomalies());
            }
            "see note" if sample["stream"].is_string() => {
                let sent = send(&sample, false).await;
                let frames = sample["expect"]["frames"].as_u64().unwrap();
                let status = sent.rig.collect.status();
                // One more for the heartbeat that ends the test; the streams glue copies of one packet.
                assert_eq!((status.packets, status.duplicates), (frames + 1, frames - 1), "{id}");
                assert_eq!(sent.rig.frames().len(), 1, "{id}: {:?}", sent.rig.anomalies());
            }
            "see note" if sample["expect"]["crc_ok"] == true => check_stored(&sample, &send(&sample, false).await),
            "see note" => check_dropped(&sample, &send(&sample, false).await),
            other => panic!("{id}: nobody knows what `{other}` means"),
        }
    }
}
