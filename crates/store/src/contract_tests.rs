//! The suite that every store must pass. A store's own tests call [`run`] with a way to make an empty store
//! and to open the same one again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::missing_panics_doc)]

use std::sync::Arc;

use kernel::{Division, EventDraft, Timestamp};

use crate::contract::{
    AnomalyCount, IncomingFrame, NewObservation, ObservationKey, ObservationQuery, Outcome, PacketBatch, PeriodLevel,
    Quarantined, Store, StoreError, Transport, Urgency,
};
use crate::event_log;
use crate::packed::{Mark, PackedValue, Scalar, Statistic};

const HOUR: i64 = 3_600_000;
/// 2026-11-24T00:00:00+08:00.
const START: i64 = 1_795_536_000_000 - 8 * HOUR;

/// Opens the store under test; called twice on the same place to look at what is durable.
pub type Open<'a> = &'a dyn Fn() -> Arc<dyn Store>;

pub fn run(open: Open<'_>) {
    let store = open();
    same_packet_again_writes_nothing(&*store);
    new_factors_merge_and_changes_revise(&*store);
    an_old_packet_again_changes_nothing(&*store);
    frames_on_disk_are_not_stored_again(&*store);
    newest_value_is_kept(&*store);
    dirty_marks_survive_a_race(&*store);
    frames_are_chained_sealed_and_verified(&*store);
    a_failed_write_leaves_nothing(&*store);
    events_are_chained(&*store);
    quarantine_and_anomalies_are_counted(&*store);
    let before = everything(&*store);
    drop(store);
    assert_eq!(everything(&*open()), before, "what was committed is there after opening again");
}

fn value(store: &dyn Store, code: &str, mantissa: i64) -> PackedValue {
    PackedValue {
        factor: store.factor_number(code).unwrap(),
        statistic: Statistic::Average,
        mark: Mark::NORMAL,
        value: Scalar::Number { mantissa, scale: 1 },
    }
}

fn frame(text: &str, at: i64) -> IncomingFrame {
    IncomingFrame {
        bytes: text.as_bytes().to_vec(),
        received_at: Timestamp(at),
        transport: Transport::Hj212,
        peer: "127.0.0.1:1".into(),
    }
}

/// One packet of one point with one hour value per entry of `values`.
fn packet(point: i64, hour: i64, values: Vec<PackedValue>) -> PacketBatch {
    let data_time = Timestamp(START + hour * HOUR);
    let key = ObservationKey { point, system: 22, kind: 2061, data_time, part: 0 };
    PacketBatch {
        frames: vec![frame(&format!("##{point}/{hour}/{values:?}"), data_time.millis() + HOUR)],
        observations: vec![NewObservation { key, frame: 0, values, judge: Urgency::Now }],
        ..PacketBatch::default()
    }
}

fn commit(store: &dyn Store, batch: &PacketBatch) -> Vec<Outcome> {
    store.commit_packets(batch, Timestamp(START + 100 * HOUR)).unwrap().outcomes
}

fn read(store: &dyn Store, point: i64, every_revision: bool) -> Vec<(u32, Vec<i64>)> {
    let query = ObservationQuery {
        point,
        system: Some(22),
        kind: 2061,
        from: Timestamp(START),
        until: Timestamp(START + 1000 * HOUR),
        every_revision,
        limit: 10_000,
    };
    let rows = store.observations(query).unwrap();
    let mantissas =
        |values: &[PackedValue]| values.iter().filter_map(|value| value.value.as_number()).map(|n| n.0).collect();
    rows.iter().map(|row| (row.revision, mantissas(&row.values))).collect()
}

fn same_packet_again_writes_nothing(store: &dyn Store) {
    let batch = packet(1, 0, vec![value(store, "a34004", 351)]);
    assert_eq!(commit(store, &batch), [Outcome::Stored]);
    let receipt = store.commit_packets(&batch, Timestamp(START)).unwrap();
    assert_eq!((receipt.outcomes, receipt.frames), (vec![Outcome::Duplicate], vec![None]));
    assert_eq!(read(store, 1, true), [(0, vec![351])]);
}

fn new_factors_merge_and_changes_revise(store: &dyn Store) {
    let (fine, coarse) = (value(store, "a34004", 351), value(store, "a34002", 702));
    assert_eq!(commit(store, &packet(2, 0, vec![fine.clone()])), [Outcome::Stored]);
    assert_eq!(commit(store, &packet(2, 0, vec![coarse.clone()])), [Outcome::Merged]);
    assert_eq!(commit(store, &packet(2, 0, vec![fine])), [Outcome::Duplicate]);
    assert_eq!(commit(store, &packet(2, 0, vec![value(store, "a34004", 999)])), [Outcome::Revised]);
    assert_eq!(read(store, 2, false), [(2, vec![999, 702])]);
    assert_eq!(read(store, 2, true).len(), 3, "older revisions stay");
}

fn an_old_packet_again_changes_nothing(store: &dyn Store) {
    let first = packet(20, 0, vec![value(store, "a34004", 351)]);
    let corrected = packet(20, 0, vec![value(store, "a34004", 355)]);
    assert_eq!(commit(store, &first), [Outcome::Stored]);
    assert_eq!(commit(store, &corrected), [Outcome::Revised]);
    assert_eq!(commit(store, &first), [Outcome::Duplicate], "a replay of the packet that was corrected");
    assert_eq!(commit(store, &corrected), [Outcome::Duplicate]);
    assert_eq!(read(store, 20, false), [(1, vec![355])]);
    let mut back = first;
    back.frames[0].bytes.extend_from_slice(b" said anew");
    assert_eq!(commit(store, &back), [Outcome::Revised], "corrected back in a new packet");
    assert_eq!(read(store, 20, false), [(2, vec![351])]);
}

fn frames_on_disk_are_not_stored_again(store: &dyn Store) {
    let mut batch = packet(21, 0, vec![value(store, "a34004", 351)]);
    let observations = std::mem::take(&mut batch.observations);
    let number = store.commit_packets(&batch, Timestamp(START)).unwrap().frames[0].unwrap();
    batch.observations = observations;
    let receipt = store.commit_stored(&batch, &[number], Timestamp(START)).unwrap();
    assert_eq!(receipt.outcomes, [Outcome::Stored]);
    let next = store.commit_packets(&packet(21, 1, vec![value(store, "a34004", 1)]), Timestamp(START)).unwrap();
    assert_eq!(next.frames, [Some(number + 1)], "no frame was added");
    assert_eq!(store.frames_of_point(21, Timestamp(START + 10 * HOUR), 10).unwrap().len(), 2);
    assert!(store.commit_stored(&batch, &[], Timestamp(START)).is_err());
}

fn newest_value_is_kept(store: &dyn Store) {
    commit(store, &packet(3, 5, vec![value(store, "a34004", 50)]));
    commit(store, &packet(3, 4, vec![value(store, "a34004", 40)]));
    let latest = store.latest(&[3]);
    assert_eq!(latest.len(), 1);
    assert_eq!(latest[0].value.value, Scalar::Number { mantissa: 50, scale: 1 });
    let mut absurd = packet(3, 900, vec![value(store, "a34004", 1)]);
    absurd.frames[0].received_at = Timestamp(START);
    commit(store, &absurd);
    assert_eq!(store.latest(&[3])[0].data_time, Timestamp(START + 5 * HOUR), "the far future is not the newest");
}

fn dirty_marks_survive_a_race(store: &dyn Store) {
    let now = Timestamp(START + 100 * HOUR);
    let settle = || {
        let dirty = store.take_dirty(PeriodLevel::Hour, now, 1000).unwrap();
        store.write(|transaction| store.clear_dirty(transaction, &dirty)).unwrap();
        dirty
    };
    settle();
    commit(store, &packet(4, 0, vec![value(store, "a34004", 1)]));
    let taken = store.take_dirty(PeriodLevel::Hour, now, 1000).unwrap();
    assert_eq!(taken.len(), 1);
    commit(store, &packet(4, 0, vec![value(store, "a34004", 2)]));
    store.write(|transaction| store.clear_dirty(transaction, &taken)).unwrap();
    assert_eq!(settle().len(), 1, "a packet that came while judging is judged again");
    assert!(settle().is_empty());
    let mut later = packet(4, 1, vec![value(store, "a34004", 3)]);
    later.observations[0].judge = Urgency::After(now.plus(1));
    commit(store, &later);
    assert!(store.take_dirty(PeriodLevel::Hour, now, 1000).unwrap().is_empty(), "not due yet");
    assert_eq!(store.take_dirty(PeriodLevel::Hour, now.plus(1), 1000).unwrap().len(), 1);
}

fn frames_are_chained_sealed_and_verified(store: &dyn Store) {
    let first = store.commit_packets(&packet(5, 0, vec![value(store, "a34004", 1)]), Timestamp(START)).unwrap();
    let number = first.frames[0].unwrap();
    for hour in 1..20 {
        commit(store, &packet(5, hour, vec![value(store, "a34004", hour)]));
    }
    let before = store.frame(number).unwrap().unwrap();
    let looked_at = store.verify_frames(1, i64::MAX).unwrap();
    assert!(looked_at >= 20);
    let sealed = store.seal_frames(Timestamp(START + 10_000 * HOUR)).unwrap();
    assert_eq!(sealed as u64, looked_at);
    let after = store.frame(number).unwrap().unwrap();
    assert_eq!((after.bytes, after.hash), (before.bytes, before.hash), "sealing changes nothing that was proven");
    assert_eq!(store.verify_frames(1, i64::MAX).unwrap(), looked_at);
    let listed = store.frames_of_point(5, Timestamp(START + 30 * HOUR), 5).unwrap();
    assert_eq!(listed.len(), 5);
    assert!(listed.windows(2).all(|pair| pair[0].sequence > pair[1].sequence));
}

fn a_failed_write_leaves_nothing(store: &dyn Store) {
    let division = store.division();
    let count = || store.read(|reader| event_log::last_sequence(reader, division)).unwrap();
    let before = count();
    let result: Result<(), StoreError> = store.write(|transaction| {
        event_log::append(transaction, division, Timestamp(START), &[draft("test.failed")])?;
        Err(StoreError::Shape("refused".into()))
    });
    assert!(result.is_err());
    assert_eq!(count(), before);
}

fn draft(kind: &'static str) -> EventDraft {
    EventDraft { kind, actor: "test".into(), subject: "1".into(), payload: serde_json::json!({"a": 1}) }
}

fn events_are_chained(store: &dyn Store) {
    let division = store.division();
    let last = store
        .write(|transaction| {
            event_log::append(transaction, division, Timestamp(START), &[draft("test.one"), draft("test.two")])
        })
        .unwrap();
    let events = store.read(|reader| event_log::after(reader, division, last - 2, 10)).unwrap();
    assert_eq!(events.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["test.one", "test.two"]);
    assert_eq!(events[1].previous_hash, events[0].hash);
    assert_eq!(store.read(|reader| event_log::verify(reader, division, 0, 100_000)).unwrap(), last);
    store
        .write(|transaction| {
            transaction.execute("UPDATE event SET payload = '{}' WHERE sequence = $1", &[last.into()])?;
            Ok(())
        })
        .unwrap();
    assert!(store.read(|reader| event_log::verify(reader, division, 0, 100_000)).is_err(), "a changed event shows");
    store
        .write(|transaction| {
            transaction.execute("UPDATE event SET payload = '{\"a\":1}' WHERE sequence = $1", &[last.into()])?;
            Ok(())
        })
        .unwrap();
}

fn quarantine_and_anomalies_are_counted(store: &dyn Store) {
    let batch = || PacketBatch {
        frames: vec![frame("##unknown", START)],
        quarantined: vec![Quarantined { device: "UNKNOWN01".into(), system: 22, frame: 0 }],
        anomalies: vec![AnomalyCount { point: 0, name: "crc_wrong", count: 2, last_at: Timestamp(START) }],
        ..PacketBatch::default()
    };
    for _ in 0..2 {
        let receipt = store.commit_packets(&batch(), Timestamp(START)).unwrap();
        assert!(receipt.frames[0].is_some(), "frames of unknown devices are kept");
    }
    let one = |sql: &str| {
        store.read(|reader| reader.query_one(sql, &[]).map(|row| row.unwrap().integer(0).unwrap())).unwrap()
    };
    assert_eq!(one("SELECT packets FROM quarantine WHERE device = 'UNKNOWN01'"), 2);
    assert_eq!(one("SELECT COUNT(*) FROM quarantine_frame WHERE device = 'UNKNOWN01'"), 2);
    assert_eq!(one("SELECT count FROM anomaly WHERE name = 'crc_wrong'"), 4);
}

/// All that the suite wrote, in a form that can be compared.
fn everything(store: &dyn Store) -> Vec<String> {
    let mut lines: Vec<String> =
        (1..=5).flat_map(|point| read(store, point, true)).map(|row| format!("{row:?}")).collect();
    let mut latest = store.latest(&[]);
    latest.sort_by_key(|value| (value.point, value.kind, value.value.factor));
    lines.extend(latest.iter().map(|value| format!("{value:?}")));
    let division: Division = store.division();
    lines.extend(
        store
            .read(|reader| event_log::after(reader, division, 0, 100_000))
            .unwrap()
            .iter()
            .map(|event| event.hash.clone()),
    );
    lines
}
