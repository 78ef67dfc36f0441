//! Marks in odd places, and lengths that lie.

#![allow(clippy::unwrap_used)] // a test may

use hj212::{Anomaly, Content, CrcKind, Framer, Packet, Unit};

/// `factor-statistic=value/own mark/mark that counts` of every reading, then the parameters.
fn check_area(area: &str, expect: &[&str]) {
    let segment = format!("ST=22;CN=2011;PW=1;MN=1;CP=&&{area}&&");
    let packet = Packet::parse(segment.as_bytes()).unwrap();
    let content = Content::of(&packet);
    let mut found: Vec<String> = content
        .readings
        .iter()
        .map(|reading| {
            let (own, counts) = (reading.flag.unwrap_or("-"), reading.mark().unwrap_or("-"));
            format!("{}-{}={}/{own}/{counts}", reading.factor, reading.statistic, reading.value)
        })
        .collect();
    found.extend(content.params.iter().map(|(name, value)| format!("{name}={value}")));
    assert_eq!(found, expect, "{area}");
}

#[test]
fn marks_find_their_values() {
    check_area("a1-Rtd=1,a1-Flag=N", &["a1-Rtd=1/N/N"]);
    check_area("a1-Flag=D,a1-Rtd=1", &["a1-Rtd=1/D/D"]);
    check_area("a1-Rtd=1;a1-Flag=D;a2-Rtd=2", &["a1-Rtd=1/D/D", "a2-Rtd=2/-/-"]);
    check_area("a1-Min=1,a1-Avg=2,a1-Flag=T", &["a1-Min=1/T/T", "a1-Avg=2/T/T"]);
    check_area("a1-Rtd=1;Flag=D", &["a1-Rtd=1/-/D", "Flag=D"]);
    check_area("a1-Flag=D;PolId=a1", &["PolId=a1", "a1-Flag=D"]);
    check_area("a1-Rtd=,a1-Flag=B", &["a1-Rtd=/B/B"]);
    check_area(" a1-Rtd = 1 ; ;,a1-Flag=N;", &["a1-Rtd=1/N/N"]);
    check_area("a1-SampleTime=20240601080000,a1-EFlag=A01", &["a1-SampleTime=20240601080000", "a1-EFlag=A01"]);
}

const SEGMENT: &str =
    "QN=20240601085857223;ST=32;CN=1011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&PolId=w01018&&";

/// What comes out of a stream at once, without its end being told: length right, CRC right.
fn check_stream(length: usize, tail: &str, rest: &str, expect: Option<(bool, CrcKind)>) {
    let mut framer = Framer::new();
    framer.push(format!("##{length:04}{SEGMENT}{tail}{rest}").as_bytes());
    let found = framer.next().map(|unit| match unit {
        Unit::Frame(frame) => {
            assert_eq!(frame.segment, SEGMENT.as_bytes());
            (!frame.anomalies.contains(Anomaly::WrongLength), frame.crc.kind)
        }
        Unit::Refused(refusal) => panic!("{refusal:?}"),
    });
    assert_eq!(found, expect, "{length} {tail} {rest}");
}

#[test]
fn a_right_checksum_outweighs_a_wrong_length() {
    let right = format!("{:04X}", hj212::crc::hj212(SEGMENT.as_bytes()));
    let modbus = format!("{:04X}", hj212::crc::modbus(SEGMENT.as_bytes()));
    let length = SEGMENT.len();
    check_stream(length, &right, "", Some((true, CrcKind::Hj212)));
    check_stream(length, &modbus, "", Some((true, CrcKind::Modbus)));
    check_stream(length, "0000", "", Some((true, CrcKind::None)));
    for wrong in [length - 20, length - 2, length + 2, length + 900] {
        check_stream(wrong, &right, "\r\n", Some((false, CrcKind::Hj212)));
    }
    // The end is proven by its checksum, whatever follows it.
    check_stream(length - 20, &right, "noise", Some((false, CrcKind::Hj212)));
    // A wrong one needs a line end or another frame behind it.
    check_stream(length - 20, "0000", "\r\n", Some((false, CrcKind::None)));
    check_stream(length - 20, "0000", "##0001", Some((false, CrcKind::None)));
    check_stream(length - 20, "0000", "noise", None);
}
