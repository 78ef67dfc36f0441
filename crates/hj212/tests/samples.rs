//! Every row of the sample file, against what it expects. `tests/fixtures` holds the rows that may be passed
//! on; the whole file is tested too where the project's neighbour folder is there.

#![allow(clippy::unwrap_used)] // a test may

use hj212::crc::CrcKind;
use hj212::describe::{Described, describe};
use hj212::{Anomaly, Data, Framer, Packet, Strictness, Unit};
use serde_json::Value;

/// What a sample calls an oddity is the English sentence of ours. These are named by us alone: samples pass
/// over them in silence.
const OURS_ALONE: [Anomaly; 8] = [
    Anomaly::HeaderSeparator,
    Anomaly::BlankAroundEquals,
    Anomaly::LoneFlag,
    Anomaly::EmptyValue,
    Anomaly::UnknownStatistic,
    Anomaly::ModbusCrc,
    Anomaly::PrintedCiphertext,
    Anomaly::BadPart,
];

fn bytes_of(row: &Value) -> Vec<u8> {
    match (row["frame"].as_str(), row["frame_hex"].as_str(), row["stream"].as_str()) {
        (Some(text), _, _) | (_, _, Some(text)) => text.as_bytes().to_vec(),
        (_, Some(hex), _) => {
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
        }
        _ => panic!("row {} has no bytes", row["id"]),
    }
}

fn key_of(row: &Value) -> Option<[u8; 16]> {
    let hex = row["sm4_key_hex"].as_str()?;
    let bytes: Vec<u8> =
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    Some(bytes.try_into().unwrap())
}

fn check(row: &Value) {
    let id = row["id"].as_str().unwrap();
    let bytes = bytes_of(row);
    let mut framer = Framer::new();
    framer.push(&bytes);
    framer.end();
    let expect = &row["expect"];
    let mut frames = 0;
    while let Some(unit) = framer.next() {
        let Unit::Frame(frame) = unit else { panic!("{id}: {unit:?}") };
        frames += 1;
        if row["stream"].is_null() {
            check_frame(id, row, &frame);
        } else {
            assert_eq!(frame.crc.kind, CrcKind::Hj212, "{id}");
        }
    }
    assert_eq!(frames, expect["frames"].as_u64().unwrap_or(1), "{id}: frames");
}

fn check_frame(id: &str, row: &Value, frame: &hj212::Frame<'_>) {
    let expect = &row["expect"];
    assert_eq!(frame.declared as u64, expect["declared_len"].as_u64().unwrap(), "{id}");
    assert_eq!(frame.segment.len() == frame.declared, expect["len_ok"].as_bool().unwrap(), "{id}: length");
    assert_eq!(std::str::from_utf8(frame.crc.field).unwrap(), expect["crc_field"].as_str().unwrap(), "{id}");
    if let Some(computed) = expect["crc_hj212"].as_str() {
        assert_eq!(format!("{:04X}", frame.crc.computed), computed, "{id}");
        if let Some(agrees) = expect["crc_ok"].as_bool() {
            assert_eq!(frame.crc.kind == CrcKind::Hj212, agrees, "{id}");
        }
    }
    let variant = match frame.crc.kind {
        CrcKind::Hj212 => "hj212",
        CrcKind::Modbus => "modbus",
        CrcKind::None => "none",
    };
    assert_eq!(variant, expect["crc_variant"].as_str().unwrap(), "{id}");
    if let Some(agrees) = expect["crc_ok_on_received_bytes"].as_bool() {
        assert_eq!(frame.crc.kind == CrcKind::Hj212, agrees, "{id}");
    }
    check_header(id, expect, frame);
    let described = describe(frame, key_of(row).as_ref());
    check_described(id, row, &described);
    check_receive(id, row, frame, &described);
}

fn check_header(id: &str, expect: &Value, frame: &hj212::Frame<'_>) {
    let packet = Packet::parse(frame.segment).unwrap_or_else(|error| panic!("{id}: {error}"));
    let header = &expect["header"];
    let text = |name: &str| header[name].as_str();
    assert_eq!(packet.qn, text("QN"), "{id}");
    assert_eq!(Some(packet.st), text("ST"), "{id}");
    assert_eq!(Some(packet.cn), text("CN"), "{id}");
    assert_eq!(packet.pw, text("PW"), "{id}");
    assert_eq!(Some(packet.mn), text("MN"), "{id}");
    assert_eq!(packet.flag.map(|flag| flag.to_string()).as_deref(), text("Flag"), "{id}");
    assert_eq!(packet.pnum, text("PNUM").map(|number| number.parse().unwrap()), "{id}");
    assert_eq!(packet.pno, text("PNO").map(|number| number.parse().unwrap()), "{id}");
    assert_eq!(packet.rf, text("RF"), "{id}");
    assert_eq!(packet.edition().year(), expect["version"].as_str().unwrap(), "{id}");
    assert_eq!(packet.needs_answer(), expect["need_ack"].as_bool().unwrap(), "{id}");
    assert_eq!(packet.is_split(), expect["split"].as_bool().unwrap(), "{id}");
    let is_encrypted = matches!(packet.data, Data::Encrypted(_));
    assert_eq!(is_encrypted, expect["crc_ok_after_decrypt"].is_boolean(), "{id}: encrypted");
    let Some(items) = expect["cp"].as_array() else { return };
    let mut found: Vec<serde_json::Map<String, Value>> = Vec::new();
    let mut item = None;
    for pair in packet.pairs() {
        if item.replace(pair.item) != Some(pair.item) {
            found.push(serde_json::Map::new());
        }
        found.last_mut().unwrap().insert(pair.key.to_owned(), pair.value.into());
    }
    let expected: Vec<_> = items.iter().filter_map(Value::as_object).filter(|item| !item.is_empty()).cloned().collect();
    assert_eq!(found, expected, "{id}: items");
}

fn check_described(id: &str, row: &Value, described: &Described) {
    let expect = &row["expect"];
    if row["kind"] != "standard" {
        assert_eq!(described.data_time.as_deref(), expect["data_time"].as_str(), "{id}");
    }
    let mut sentences: Vec<&str> = described
        .anomalies
        .iter()
        .filter(|anomaly| anomaly.name != "wrong_crc" && !OURS_ALONE.iter().any(|ours| ours.name() == anomaly.name))
        .map(|anomaly| anomaly.text.as_str())
        .collect();
    sentences.sort_unstable();
    let mut expected: Vec<&str> =
        expect["anomalies"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    expected.sort_unstable();
    assert_eq!(sentences, expected, "{id}: anomalies");
    // Values and parameters together hold exactly what the sample's factors hold.
    let mut found = serde_json::Map::new();
    let mut put = |factor: &str, statistic: &str, value: &str| {
        let entry = found.entry(factor.to_owned()).or_insert_with(|| Value::Object(serde_json::Map::new()));
        entry.as_object_mut().unwrap().insert(statistic.to_owned(), value.into());
    };
    for value in &described.values {
        put(&value.factor, &value.stat, &value.value);
        if let Some(flag) = &value.flag {
            put(&value.factor, "Flag", flag);
        }
    }
    for (name, value) in &described.params {
        if let Some((factor, statistic)) = name.split_once('-') {
            put(factor, statistic, value);
        }
    }
    let sorted = |map: &serde_json::Map<String, Value>| {
        let mut flat: Vec<String> = map
            .iter()
            .flat_map(|(factor, entry)| {
                entry.as_object().unwrap().iter().map(move |(name, value)| format!("{factor}-{name}={value}"))
            })
            .collect();
        flat.sort();
        flat
    };
    if let Some(factors) = expect["factors"].as_object() {
        assert_eq!(sorted(&found), sorted(factors), "{id}: factors");
    } else if expect["crc_ok_after_decrypt"].is_null() {
        assert!(found.is_empty(), "{id}: {found:?}");
    }
    if expect["crc_ok_after_decrypt"] == true {
        let plain = row["plain_frame"].as_str().unwrap();
        let frame = hj212::frame::single(plain.as_bytes()).unwrap();
        let twin = describe(&frame, None);
        assert_eq!((&described.values, &described.params), (&twin.values, &twin.params), "{id}");
        assert!(described.ok && described.crc.ok && !described.values.is_empty(), "{id}");
    }
    let json: Value = serde_json::from_str(&described.to_json()).unwrap_or_else(|error| panic!("{id}: {error}"));
    let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = vec![
        "ok",
        "edition",
        "qn",
        "st",
        "cn",
        "mn",
        "flag",
        "need_ack",
        "rf",
        "pnum",
        "pno",
        "data_time",
        "crc",
        "values",
        "params",
        "anomalies",
    ];
    let mut keys = keys;
    keys.sort_unstable();
    expected.sort_unstable();
    assert_eq!(keys, expected, "{id}");
}

/// What the server is told to do with it follows from the checksum, the role and the station's tolerance.
fn check_receive(id: &str, row: &Value, frame: &hj212::Frame<'_>, described: &Described) {
    let receive = row["receive"].as_str().unwrap();
    let packet = Packet::parse(frame.segment).unwrap();
    let role = packet.command().map(|cn| hj212::command::role(cn, packet.edition()));
    let stored = packet.cn.starts_with('2');
    let content = hj212::Content::of(&packet);
    let anomalies = frame.anomalies.with(packet.anomalies).with(content.anomalies);
    let decision = match (described.crc.ok, frame.crc.kind) {
        (false, CrcKind::Modbus) => "store only where the station allows the MODBUS CRC; else drop and count",
        (false, _) => "drop and count",
        (true, _) if matches!(packet.data, Data::Encrypted(_)) => "decrypt with the key of the note, then store",
        (true, _) if stored => "store, answer as Flag asks",
        (true, _) => "handle as command or answer; never execute a platform-to-device command",
    };
    if receive != "see note" {
        assert_eq!(decision, receive, "{id}");
    }
    if described.crc.ok {
        assert_eq!(anomalies.intolerable(Strictness::Standard), None, "{id}: tolerated by a standard station");
    }
    assert!(role.is_some(), "{id}");
}

fn check_file(text: &str, least: usize) {
    let mut rows = 0;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        check(&serde_json::from_str(line).unwrap());
        rows += 1;
    }
    assert!(rows >= least, "only {rows} rows");
}

#[test]
fn redistributable_samples() {
    check_file(include_str!("fixtures/samples.jsonl"), 51);
}

#[test]
fn all_samples_where_present() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/hj212/samples.jsonl");
    match std::fs::read_to_string(path) {
        Ok(text) => check_file(&text, 90),
        Err(error) => eprintln!("skipped: {path}: {error}"),
    }
}
