//! The disk itself, sizes on it, and reads of what lies there.

use std::io::Write;
use std::time::{Duration, Instant};

use kernel::Timestamp;
use store::Store;
use store::contract::{
    IncomingFrame, NewObservation, ObservationKey, ObservationQuery, PacketBatch, Transport, Urgency,
};
use store::packed::Statistic;
use store::sqlite::{SqliteOptions, SqliteStore};
use store::{Mark, PackedValue, Scalar};

use crate::load::{Latencies, millis};
use crate::packets::{Random, START};
use crate::serve::DIVISION;
use crate::{Figure, Folder, Result};

pub fn sync_latency() -> Result<Vec<Figure>> {
    let folder = Folder::new("disk")?;
    let mut file = std::fs::File::create(folder.0.join("probe"))?;
    let mut latencies = Latencies::default();
    for number in 0..500u32 {
        file.write_all(&number.to_le_bytes().repeat(1024))?;
        let started = Instant::now();
        file.sync_data()?;
        latencies.add(started.elapsed());
    }
    Ok(vec![Figure {
        what: "the disk: fdatasync after 4 KiB appended",
        goal: "(context)",
        measured: format!("p50 {}, p99 {}", millis(latencies.percentile(50.0)), millis(latencies.percentile(99.0))),
        met: None,
        method: "500 times, nothing else running",
    }])
}

/// What a stored flood of packets takes.
pub fn sizes(folder: &Folder) -> Result<Vec<Figure>> {
    let store = SqliteStore::open(&folder.0, DIVISION, SqliteOptions::default(), collect::MIGRATIONS)?;
    let store: &dyn Store = &*store;
    let (frames, frame_bytes, rows) = store.read(|reader| {
        let frames = reader.query_one(
            "SELECT COALESCE(SUM(count), 0), COALESCE(SUM(LENGTH(bytes)), 0) FROM frame_batch WHERE sealed = 1",
            &[],
        )?;
        let rows = reader.query_one("SELECT COUNT(*) FROM observation", &[])?;
        let number = |row: &Option<store::Row>, column| row.as_ref().map_or(Ok(0), |row| row.integer(column));
        Ok((number(&frames, 0)?, number(&frames, 1)?, number(&rows, 0)?))
    })?;
    let values = rows * 12;
    let file = store.size_on_disk() as i64;
    let a_value = (file - frame_bytes) as f64 / values as f64;
    let a_frame = frame_bytes as f64 / frames as f64;
    Ok(vec![
        Figure {
            what: "bytes a value on disk",
            goal: "≤ 15",
            measured: format!("{a_value:.1} ({values} values)"),
            met: Some(a_value <= 15.0),
            method: "whole database file with indexes and event log, less sealed raw frames, by values; packets of 12 values",
        },
        Figure {
            what: "bytes a sealed raw frame",
            goal: "≤ 60",
            measured: format!("{a_frame:.1} ({frames} frames of about 330 B)"),
            met: Some(a_frame <= 60.0),
            method: "sealed segments of the storm",
        },
    ])
}

/// Processor time of this thread: what a read costs whoever else is busy.
fn thread_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: gets a valid pointer to a time.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Newest values of 5,000 series, and a year of hours of one, in a store that holds many.
pub fn reads() -> Result<Vec<Figure>> {
    const POINTS: i64 = 417;
    const YEAR_POINTS: i64 = 35;
    let folder = Folder::new("reads")?;
    let store = SqliteStore::open(&folder.0, DIVISION, SqliteOptions::default(), collect::MIGRATIONS)?;
    let store: &dyn Store = &*store;
    let mut random = Random(3);
    let factors: Vec<u32> =
        (0..4).map(|number| store.factor_number(&format!("a2100{number}"))).collect::<std::result::Result<_, _>>()?;
    for hour in 0..8760 {
        // In the order of time, as it comes in: a point's rows lie among everybody's.
        let points = if hour == 8759 { POINTS } else { YEAR_POINTS };
        let mut batch = PacketBatch::default();
        for point in 1..=points {
            let at = Timestamp(START + hour * 3_600_000);
            batch.frames.push(IncomingFrame {
                bytes: format!("{point}/{hour}").into_bytes(),
                received_at: at.plus(3_600_000),
                transport: Transport::Hj212,
                peer: "127.0.0.1:1".into(),
            });
            let frame = batch.frames.len() - 1;
            let values = factors
                .iter()
                .flat_map(|&factor| {
                    [Statistic::Minimum, Statistic::Average, Statistic::Maximum].map(|statistic| (factor, statistic))
                })
                .map(|(factor, statistic)| PackedValue {
                    factor,
                    statistic,
                    mark: Mark::NORMAL,
                    value: Scalar::Number { mantissa: random.below(900).into(), scale: 1 },
                })
                .collect();
            let key = ObservationKey { point, system: 31, kind: 2061, data_time: at, part: 0 };
            batch.observations.push(NewObservation { key, frame, values, judge: Urgency::Never });
        }
        store.commit_packets(&batch, Timestamp(START + (hour + 1) * 3_600_000))?;
        if hour % 200 == 0 {
            // As the running program does all the time.
            store.maintain()?;
        }
    }
    store.maintain()?;
    let mut latest = Latencies::default();
    let mut series = 0;
    for _ in 0..50 {
        let started = Instant::now();
        series = store.latest(&[]).len();
        latest.add(started.elapsed());
    }
    let mut year = Latencies::default();
    let mut year_processor = Latencies::default();
    for round in 0..50 {
        let query = ObservationQuery {
            point: round % YEAR_POINTS + 1,
            system: Some(31),
            kind: 2061,
            from: Timestamp(START),
            until: Timestamp(START + 8760 * 3_600_000),
            every_revision: false,
            limit: 10_000,
        };
        let started = Instant::now();
        let processor = thread_time();
        let found = store.observations_of_factor(query, factors[0])?;
        let wanted =
            found.iter().filter(|row| row.values.iter().any(|value| value.statistic == Statistic::Average)).count();
        year.add(started.elapsed());
        year_processor.add(thread_time().saturating_sub(processor));
        if wanted != 8760 {
            return Err(format!("{wanted} hours of 8760").into());
        }
    }
    let (newest, hours) = (latest.percentile(99.0), year.percentile(99.0));
    Ok(vec![
        Figure {
            what: "newest values of 5,000 series",
            goal: "≤ 20 ms",
            measured: format!("p50 {}, p99 {} ({series} series)", millis(latest.percentile(50.0)), millis(newest)),
            met: Some(newest <= Duration::from_millis(20)),
            method: "`Store::latest` of all points, 50 times",
        },
        Figure {
            what: "a year of hours of one series",
            goal: "≤ 5 ms",
            measured: format!(
                "p50 {}, p99 {}; processor p50 {}",
                millis(year.percentile(50.0)),
                millis(hours),
                millis(year_processor.percentile(50.0))
            ),
            met: Some(hours <= Duration::from_millis(5)),
            method: "`Store::observations_of_factor` over 8,760 rows of 12 values among 35 points, one value taken of each; 50 times, page cache warm",
        },
    ])
}
