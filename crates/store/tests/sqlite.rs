//! The embedded store against the contract's suite, and what is particular to it.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::sync::Arc;

use kernel::{Division, Timestamp};
use store::contract::{
    IncomingFrame, NewObservation, ObservationKey, Outcome, PacketBatch, Store, StoreError, Transport, Urgency,
};
use store::packed::{Mark, PackedValue, Scalar, Statistic};
use store::sqlite::{SqliteOptions, SqliteStore};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("qingshan-store-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn open(&self, options: SqliteOptions) -> Arc<dyn Store> {
        SqliteStore::open(&self.0, Division(500_242), options, &[]).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn passes_the_contract() {
    let folder = Folder::new("contract");
    store::contract_tests::run(&|| folder.open(SqliteOptions::default()));
}

#[test]
fn a_look_from_beside_reads_and_writes_nothing_and_says_what_is_wrong() {
    const LATER: [store::Migration; 1] =
        [store::Migration { mechanism: "later", number: 1, sql: "CREATE TABLE later (x BIGINT)" }];
    let folder = Folder::new("beside");
    let look = |migrations: &[store::Migration]| SqliteStore::open_to_read(&folder.0, Division(500_242), migrations);
    let refused = |migrations: &[store::Migration]| look(migrations).err().unwrap().to_string();
    assert!(refused(&[]).contains("there is no store"), "{}", refused(&[]));
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 0, "nothing was made");
    let writer = folder.open(SqliteOptions::default());
    writer.commit_packets(&packet(writer.as_ref(), 1), Timestamp(1)).unwrap();
    // Beside a running server and after it has ended.
    for running in [Some(writer), None] {
        let beside: Arc<dyn Store> = look(&[]).unwrap();
        let frames = |reader: &dyn store::Reader| reader.query_one("SELECT COUNT(*) FROM frame_batch", &[]);
        assert_eq!(beside.read(frames).unwrap().unwrap().integer(0).unwrap(), 1);
        let write = |transaction: &dyn store::Transaction| transaction.execute("DELETE FROM frame_batch", &[]);
        assert!(beside.write(write).is_err(), "it is for reading only");
        drop(running);
    }
    assert!(refused(&LATER).contains("older than the program"), "{}", refused(&LATER));
    let holder = rusqlite::Connection::open(folder.0.join("qingshan.db")).unwrap();
    holder.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM quarantine; COMMIT;").unwrap();
    assert!(refused(&[]).contains("another program holds"), "{}", refused(&[]));
}

fn packet(store: &dyn Store, minute: i64) -> PacketBatch {
    let data_time = Timestamp(1_795_507_200_000 + minute * 60_000);
    let factor = store.factor_number("w01018").unwrap();
    PacketBatch {
        frames: vec![IncomingFrame {
            bytes: (0..400u32).map(|byte| (byte.wrapping_mul(minute as u32 + 7) >> 3) as u8).collect(),
            received_at: data_time,
            transport: Transport::Hj212,
            peer: "127.0.0.1:1".into(),
        }],
        observations: vec![NewObservation {
            key: ObservationKey { point: 1, system: 32, kind: 2051, data_time, part: 0 },
            frame: 0,
            values: vec![PackedValue {
                factor,
                statistic: Statistic::Average,
                mark: Mark::NORMAL,
                value: Scalar::Number { mantissa: minute, scale: 2 },
            }],
            judge: Urgency::Now,
        }],
        ..PacketBatch::default()
    }
}

#[test]
fn a_full_disk_refuses_and_recovers() {
    let folder = Folder::new("full");
    let bounded = folder.open(SqliteOptions { max_pages: Some(80), ..SqliteOptions::default() });
    let mut stored = 0;
    let refused =
        (0..10_000).find_map(|minute| match bounded.commit_packets(&packet(&*bounded, minute), Timestamp(0)) {
            Ok(receipt) => {
                assert_eq!(receipt.outcomes, [Outcome::Stored]);
                stored = minute;
                None
            }
            Err(error) => Some(error),
        });
    assert!(matches!(refused, Some(StoreError::Full)), "{refused:?}");
    drop(bounded);
    let roomy = folder.open(SqliteOptions::default());
    assert_eq!(roomy.commit_packets(&packet(&*roomy, stored), Timestamp(0)).unwrap().outcomes, [Outcome::Duplicate]);
    assert_eq!(roomy.commit_packets(&packet(&*roomy, stored + 1), Timestamp(0)).unwrap().outcomes, [Outcome::Stored]);
    assert!(roomy.verify_frames(1, i64::MAX).unwrap() > 0);
}
