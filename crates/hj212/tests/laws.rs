//! What must hold for every input.

#![allow(clippy::unwrap_used)] // a test may

use hj212::cipher::{self, WireForm};
use hj212::crc::CrcKind;
use hj212::encode::{Draft, encrypted_frame};
use hj212::join::{Joined, Joiner};
use hj212::{Content, Edition, Framer, Packet, Unit};
use proptest::prelude::*;

fn edition() -> impl Strategy<Value = Edition> {
    prop_oneof![Just(Edition::V2005), Just(Edition::V2017), Just(Edition::V2025)]
}

/// A data area as devices send it: DataTime and a few factors with values and marks.
fn area() -> impl Strategy<Value = String> {
    let factor = ("[a-z][0-9]{5}", -9999i32..9999, 0usize..4, "[NDFTB]").prop_map(|(code, value, decimals, mark)| {
        let value = f64::from(value) / 100.0;
        format!("{code}-Avg={value:.decimals$},{code}-Max={value:.decimals$},{code}-Flag={mark}")
    });
    proptest::collection::vec(factor, 0..20).prop_map(|factors| {
        let mut items = vec!["DataTime=20240601080000".to_owned()];
        items.extend(factors);
        items.join(";")
    })
}

prop_compose! {
    fn draft()(
        edition in edition(),
        millis in 0i64..4_000_000_000_000,
        st in "[1-9][0-9]",
        cn in "[1-9][0-9]{3}",
        pw in "[0-9a-zA-Z]{0,6}",
        mn in "[0-9A-F]{24}",
        answer in any::<bool>(),
        with_flag in any::<bool>(),
        part in proptest::option::of((1u16..10, 1u16..10)),
        catch_up in any::<bool>(),
        with_qn in any::<bool>(),
        cp in area(),
    ) -> Owned {
        let qn = hj212::time::CivilTime::from_unix_millis(millis).unwrap().to_qn();
        Owned { edition, qn: with_qn.then_some(qn), st, cn, pw, mn, answer, with_flag, part, catch_up, cp }
    }
}

#[derive(Clone, Debug)]
struct Owned {
    edition: Edition,
    qn: Option<String>,
    st: String,
    cn: String,
    pw: String,
    mn: String,
    answer: bool,
    with_flag: bool,
    part: Option<(u16, u16)>,
    catch_up: bool,
    cp: String,
}

impl Owned {
    fn draft(&self) -> Draft<'_> {
        Draft {
            edition: self.edition,
            qn: self.qn.as_deref(),
            st: &self.st,
            cn: &self.cn,
            pw: Some(&self.pw),
            mn: &self.mn,
            answer: self.answer,
            part: self.part,
            catch_up: self.catch_up,
            with_flag: self.with_flag,
            cp: self.cp.clone(),
        }
    }
}

/// Frames that come out when a stream arrives in these pieces; at every moment the framer holds a bounded
/// number of bytes.
fn frames<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Vec<u8>> {
    let mut framer = Framer::new();
    let mut found = Vec::new();
    let mut take = |framer: &mut Framer| {
        while let Some(unit) = framer.next() {
            if let Unit::Frame(frame) = unit {
                found.push(frame.whole.to_vec());
            }
        }
        assert!(framer.buffered() <= hj212::frame::DEFAULT_LIMIT + 16, "{} bytes held", framer.buffered());
    };
    for piece in pieces {
        framer.push(piece);
        take(&mut framer);
    }
    framer.end();
    take(&mut framer);
    assert_eq!(framer.buffered(), 0, "bytes left after the end");
    found
}

/// What stands between frames, or damages them, in a stream.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => Just(b"\r\n".to_vec()),
        1 => Just(Vec::new()),
        1 => Just(b"##".to_vec()),
        1 => Just(b"##0300QN=20240601".to_vec()),
        1 => Just(b"##9999".to_vec()),
        1 => Just(b"##0100ST=32;CN=2011;MN=1;CP=&&DataTime=1&&ABCD\r\n".to_vec()),
        1 => Just(b"##0010ST=32;CN=2011;MN=1;CP=&&DataTime=1&&ABCD\r\n".to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..40),
    ]
}

proptest! {
    #[test]
    fn parsing_undoes_building(owned in draft()) {
        let bytes = owned.draft().frame().unwrap();
        let mut framer = Framer::new();
        framer.push(&bytes);
        let Some(Unit::Frame(frame)) = framer.next() else { panic!("no frame") };
        prop_assert_eq!(frame.crc.kind, CrcKind::Hj212);
        prop_assert_eq!(frame.whole, &bytes[..bytes.len() - 2]);
        let packet = Packet::parse(frame.segment).unwrap();
        let rebuilt = Draft {
            edition: packet.edition(),
            qn: packet.qn,
            st: packet.st,
            cn: packet.cn,
            pw: packet.pw,
            mn: packet.mn,
            answer: packet.needs_answer(),
            part: packet.pnum.zip(packet.pno),
            catch_up: packet.is_catch_up(),
            with_flag: packet.flag.is_some(),
            cp: packet.text().to_owned(),
        };
        let mut expect = owned.draft();
        if !owned.with_flag {
            // Without a Flag nothing tells the edition, and nothing asks for an answer.
            expect.edition = Edition::V2005;
            expect.answer = false;
        }
        prop_assert_eq!(rebuilt, expect);
    }

    #[test]
    fn cutting_anywhere_changes_nothing(
        drafts in proptest::collection::vec((draft(), noise()), 1..4),
        step in 1usize..50,
    ) {
        let mut stream = Vec::new();
        for (owned, noise) in &drafts {
            stream.extend_from_slice(&owned.draft().frame().unwrap());
            stream.extend_from_slice(noise);
        }
        let whole = frames(std::iter::once(&stream[..]));
        prop_assert_eq!(&frames(stream.chunks(1)), &whole, "byte by byte");
        prop_assert_eq!(&frames(stream.chunks(step)), &whole, "{} bytes at a time", step);
        let middle = stream.len() / 2;
        prop_assert_eq!(&frames([&stream[..middle], &stream[middle..]].into_iter()), &whole);
        // Noise may hide nothing: every frame that was built comes out.
        for (owned, _) in &drafts {
            let mut bytes = owned.draft().frame().unwrap();
            bytes.truncate(bytes.len() - 2);
            prop_assert!(whole.contains(&bytes));
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        read_everything(&bytes);
    }

    #[test]
    fn any_text_of_the_alphabet_is_read_without_panic(text in "[#&=;,\\-0-9A-Za-z .]{0,300}") {
        read_everything(text.as_bytes());
        read_everything(format!("##{:04}{text}", text.len().saturating_sub(4)).as_bytes());
    }

    #[test]
    fn joining_undoes_splitting(owned in draft(), limit in 60usize..400) {
        let draft = Draft { part: None, ..owned.draft() };
        let parts = match draft.split(limit) {
            Ok(parts) => parts,
            // Nine parts are the most that 2025 can count.
            Err(_) => return Ok(()),
        };
        let mut joiner = Joiner::new(4);
        let mut joined = None;
        for part in parts.iter().rev() {
            let segment = part.segment().unwrap();
            let packet = Packet::parse(&segment).unwrap();
            match joiner.take(&packet, &Content::of(&packet)) {
                Joined::Complete(text) => joined = Some(text),
                Joined::Single => joined = Some(packet.text().to_owned()),
                Joined::Waiting(_) => {}
                other => panic!("{other:?}"),
            }
        }
        prop_assert_eq!(joined, Some(draft.cp));
        prop_assert_eq!(joiner.waiting(), 0);
    }

    #[test]
    fn decrypting_undoes_encrypting(owned in draft(), key in any::<[u8; 16]>(), printed in any::<bool>()) {
        let segment = owned.draft().segment().unwrap();
        let form = if printed { WireForm::Printed } else { WireForm::Binary };
        let bytes = encrypted_frame(&segment, &key, form).unwrap();
        let mut framer = Framer::new();
        framer.push(&bytes);
        framer.end();
        let Some(Unit::Frame(frame)) = framer.next() else { panic!("no frame") };
        prop_assert_eq!(cipher::open(&frame, &key).unwrap(), segment);
    }
}

fn read_everything(bytes: &[u8]) {
    let mut framer = Framer::new();
    framer.push(bytes);
    framer.end();
    while let Some(unit) = framer.next() {
        if let Unit::Frame(frame) = unit {
            let described = hj212::describe::describe(&frame, Some(&[0x30; 16]));
            let parsed: Result<serde_json::Value, _> = serde_json::from_str(&described.to_json());
            assert!(parsed.is_ok(), "{}", described.to_json());
        }
    }
    if let Ok(packet) = Packet::parse(bytes) {
        let content = Content::of(&packet);
        let _ = Joiner::new(1).take(&packet, &content);
        for cn in [hj212::encode::Answer::Data, hj212::encode::Answer::Request(1)] {
            let _ = hj212::encode::answer(&packet, cn);
        }
    }
    let _ = hj212::number::parse(bytes);
    let _ = hj212::time::parse(bytes);
    let _ = cipher::decrypt(bytes, &[7; 16]);
}

#[test]
fn a_flood_without_frames_holds_little() {
    let mut framer = Framer::new();
    for piece in [&b"##4000QN="[..], &[b'#'; 4096], &[0xFF; 4096], &[b'&'; 65536]] {
        for _ in 0..64 {
            framer.push(piece);
            while framer.next().is_some() {}
            assert!(framer.buffered() <= hj212::frame::DEFAULT_LIMIT + 16, "{} bytes held", framer.buffered());
        }
    }
}

#[test]
fn a_good_frame_after_damage_is_not_lost() {
    let good = b"##0087QN=20240601085857223;ST=32;CN=1011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&&&2200";
    for damage in
        [&b"##0500QN=2024"[..], b"##", b"#", b"##01", b"garbage ##12", b"##9999zzz", &[0xFF; 50], b"##0087QN=20240601"]
    {
        let mut stream = damage.to_vec();
        stream.extend_from_slice(good);
        for step in [1, 7, stream.len()] {
            let found = frames(stream.chunks(step));
            assert_eq!(
                found.last().map(Vec::as_slice),
                Some(&good[..]),
                "{:?} by {step}",
                String::from_utf8_lossy(damage)
            );
        }
    }
}

/// The shortcut for the usual header finds what the walk finds: the same header with one blank too many goes
/// the long way.
#[test]
fn the_usual_header_is_no_different() {
    for line in include_str!("fixtures/samples.jsonl").lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let Some(frame) = row["frame"].as_str().and_then(|text| hj212::frame::single(text.as_bytes())) else {
            continue;
        };
        let usual = Packet::parse(frame.segment).unwrap();
        let mut odd = b" ".to_vec();
        odd.extend_from_slice(frame.segment);
        let mut walked = Packet::parse(&odd).unwrap();
        assert!(walked.anomalies.contains(hj212::Anomaly::HeaderSeparator));
        if !usual.anomalies.contains(hj212::Anomaly::HeaderSeparator) {
            walked.anomalies = usual.anomalies;
        }
        assert_eq!(usual, walked);
    }
}
