//! `qingshan hj212` as a user runs it.

#![allow(clippy::unwrap_used)] // a test may

use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_qingshan"))
        .arg("hj212")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let bytes = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&bytes));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    output
}

fn decode(arguments: &[&str], input: &[u8]) -> Vec<Value> {
    let output = run(&[&["decode"], arguments].concat(), input);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn samples() -> Vec<Value> {
    include_str!("../../hj212/tests/fixtures/samples.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// All samples in one stream, with garbage between them, come out in order and whole.
#[test]
fn decode_finds_every_sample_in_one_dirty_stream() {
    let samples = samples();
    let mut stream = Vec::new();
    let mut expected = Vec::new();
    for (place, sample) in samples.iter().enumerate() {
        let Some(frame) = sample["frame"].as_str() else { continue };
        if sample["expect"]["len_ok"] != true {
            continue;
        }
        stream.extend_from_slice(frame.as_bytes());
        stream.extend_from_slice([&b"\r\n"[..], b"", b"\r\nnoise \xFF\x00 ##12", b"##0500QN=2024"][place % 4]);
        expected.push(&sample["expect"]);
    }
    let found = decode(&[], &stream);
    assert_eq!(found.len(), expected.len());
    for (found, expect) in found.iter().zip(expected) {
        assert_eq!(found["crc"]["ok"], expect["crc_ok"]);
        assert_eq!(found["mn"], expect["header"]["MN"]);
        assert_eq!(found["data_time"], expect["data_time"]);
        assert_eq!(found["need_ack"], expect["need_ack"]);
        assert_eq!(found["edition"], expect["version"]);
    }
}

#[test]
fn decode_reads_old_codes_marks_and_parameters() {
    let frame = samples().into_iter().find(|sample| sample["id"] == "hj-t212-parser-01").unwrap();
    let found = decode(&[], frame["frame"].as_str().unwrap().as_bytes()).remove(0);
    assert_eq!(found["ok"], true);
    let cod = &found["values"][1];
    assert_eq!(
        (&cod["factor"], &cod["mapped"], &cod["stat"], &cod["value"], &cod["flag"]),
        (&"011".into(), &"w01018".into(), &"Rtd".into(), &"231.0".into(), &"N".into())
    );
    assert_eq!(found["values"][0]["flag"], Value::Null);
    assert_eq!(found["params"]["DataTime"], "20160824003817000");
    assert_eq!(found["crc"]["field"], "4980");
}

#[test]
fn decode_opens_both_wire_forms_with_the_key_and_says_so_without() {
    for sample in samples().iter().filter(|sample| !sample["sm4_key_hex"].is_null()) {
        let bytes = match sample["frame_hex"].as_str() {
            Some(text) => hex::decode(text).unwrap(),
            None => sample["frame"].as_str().unwrap().as_bytes().to_vec(),
        };
        let key = sample["sm4_key_hex"].as_str().unwrap();
        let opened = decode(&["--sm4-key", key], &bytes).remove(0);
        assert_eq!(opened["ok"], true, "{}", sample["id"]);
        assert_eq!(opened["values"][0]["factor"], "a01011");
        for other in [decode(&[], &bytes), decode(&["--sm4-key", &"11".repeat(16)], &bytes)] {
            assert_eq!((&other[0]["ok"], other[0]["values"].as_array().map(Vec::len)), (&false.into(), Some(0)));
        }
    }
}

#[test]
fn encode_makes_what_decode_read() {
    for sample in samples() {
        let Some(frame) = sample["frame"].as_str().filter(|_| sample["expect"]["anomalies"] == Value::Array(vec![]))
        else {
            continue;
        };
        let Some(before) = decode(&[], frame.as_bytes()).pop().filter(|found| found["ok"] == true) else { continue };
        let mut message = before.clone();
        message["pw"] = sample["expect"]["header"]["PW"].clone();
        let encoded = run(&["encode"], message.to_string().as_bytes());
        assert!(encoded.status.success(), "{}", String::from_utf8_lossy(&encoded.stderr));
        let after = decode(&[], &encoded.stdout).pop().unwrap();
        for key in
            ["ok", "edition", "qn", "st", "cn", "mn", "flag", "rf", "pnum", "pno", "data_time", "values", "params"]
        {
            assert_eq!(before[key], after[key], "{} {key}", sample["id"]);
        }
    }
}

#[test]
fn encode_from_options_is_the_standards_own_example() {
    let arguments = [
        "encode",
        "--edition",
        "2017",
        "--qn",
        "20160801085857223",
        "--st",
        "32",
        "--cn",
        "1062",
        "--pw",
        "100000",
        "--mn",
        "010000A8900016F000169DC0",
        "--answer",
        "--cp",
        "RtdInterval=30",
    ];
    let output = run(&arguments, b"");
    let expect = "##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&1C80\r\n";
    assert_eq!(String::from_utf8_lossy(&output.stdout), expect);
}

#[test]
fn only_unreadable_input_is_a_failure() {
    assert_eq!(decode(&[], b"").len(), 0);
    assert_eq!(decode(&[], &[0xA5; 1 << 20]).len(), 0);
    assert_eq!(decode(&["-"], b"##9999########").len(), 0);
    let missing = run(&["decode", "/nowhere/at/all"], b"");
    assert!(!missing.status.success() && missing.stdout.is_empty());
    assert!(String::from_utf8_lossy(&missing.stderr).contains("/nowhere/at/all"));
    assert!(!run(&["decode", "--sm4-key", "12"], b"").status.success());
    assert!(!run(&["what"], b"").status.success());
}

#[test]
fn send_prints_the_answers() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let platform = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(10))).unwrap();
        let mut framer = hj212::Framer::new();
        let mut buffer = [0; 4096];
        loop {
            let count = stream.read(&mut buffer).unwrap();
            framer.push(&buffer[..count]);
            if let Some(hj212::Unit::Frame(frame)) = framer.next() {
                let packet = hj212::Packet::parse(frame.segment).unwrap();
                stream.write_all(&hj212::encode::answer(&packet, hj212::encode::Answer::Data)).unwrap();
                return;
            }
        }
    });
    let sample = samples().into_iter().find(|sample| sample["id"] == "std2025-A2-1").unwrap();
    let output = run(&["send", &address, "-", "--wait", "10"], sample["frame"].as_str().unwrap().as_bytes());
    platform.join().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&answer["cn"], &answer["qn"], &answer["flag"]),
        (&"9014".into(), &"20240520210700000".into(), &8.into())
    );
}
