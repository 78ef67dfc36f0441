//! Files in: CSV and xlsx through the same pipe as packets, so that rows are stored once, re-judged and
//! traceable to the line they came from.
//!
//! A profile (`long`, `cnemc`, …) says how a table is read: which columns, which factor codes and units, what
//! stands for "missing", and whether the hour label names the start or the end of the hour. Profiles are data
//! (`profiles.json`).

mod profile;
mod table;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use kernel::{Name, Timestamp};
use store::contract::{IncomingFrame, ObservationKey, Outcome, Transport, Urgency};
use store::packed::Statistic;
use store::{Mark, PackedValue, Scalar, Store};

use crate::pipeline::{ChunkResult, Content, PipelineSender, ReadyPacket};
pub use profile::{Profile, built_in_profiles};
pub use table::{Table, TableError};

/// Largest file and table that are taken.
pub const MAX_BYTES: usize = 64 << 20;
pub const MAX_ROWS: usize = 1_000_000;
/// Problems listed; the rest are counted.
const MAX_PROBLEMS: usize = 200;
const PACKETS_PER_CHUNK: usize = 500;

/// One finding about a cell.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct ImportProblem {
    /// Line of the file, from 1; the header is line 1.
    pub row: usize,
    pub column: String,
    pub problem: Name,
}

/// What an import did, or (dry run) would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct ImportReport {
    pub rows: usize,
    pub values: usize,
    /// Cells that say "missing" in the profile's words.
    pub missing: usize,
    pub accepted: usize,
    pub duplicates: usize,
    pub rejected: usize,
    pub problems: Vec<ImportProblem>,
    pub problems_not_listed: usize,
}

/// One value read from a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub row: usize,
    pub station: String,
    /// Start of the period.
    pub time: Timestamp,
    pub kind: u16,
    pub factor: String,
    pub statistic: Statistic,
    pub mark: Mark,
    pub value: Scalar,
}

/// Reads a table by a profile; pure.
pub fn read(table: &Table, profile: &Profile) -> (Vec<Reading>, ImportReport) {
    let mut report = ImportReport { rows: table.rows.len(), ..ImportReport::default() };
    let mut readings = Vec::new();
    match profile.columns(table) {
        Ok(columns) => {
            for (place, row) in table.rows.iter().enumerate() {
                profile.read_row(&columns, place + 2, row, &mut readings, &mut report);
            }
        }
        Err(problems) => {
            report.rejected = report.rows;
            report.problems = problems;
        }
    }
    report.values = readings.len();
    (readings, report)
}

impl ImportReport {
    fn problem(&mut self, row: usize, column: &str, zh: impl Into<String>, en: impl Into<String>) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(ImportProblem { row, column: column.to_owned(), problem: Name::new(zh, en) });
        } else {
            self.problems_not_listed += 1;
        }
    }
}

/// Where a station name of the file belongs: point and system code.
pub type Stations = HashMap<String, (i64, u16)>;

/// Groups readings into packets: one per station, period and kind, whose "raw frame" is the file's own lines.
pub fn packets(
    store: &dyn Store,
    table: &Table,
    readings: Vec<Reading>,
    stations: &Stations,
    source: &str,
    now: Timestamp,
    report: &mut ImportReport,
) -> Result<Vec<ReadyPacket>, store::StoreError> {
    let peer: Arc<str> = format!("import:{source}").into();
    let mut grouped: BTreeMap<(i64, u16, Timestamp, u16), Vec<Reading>> = BTreeMap::new();
    for reading in readings {
        match stations.get(&reading.station) {
            Some(&(point, system)) => {
                grouped.entry((point, system, reading.time, reading.kind)).or_default().push(reading);
            }
            None => {
                report.rejected += 1;
                let zh = format!("没有站点“{}”", reading.station);
                let en = format!("no station `{}`", reading.station);
                if report.problems.last().is_none_or(|last| last.row != reading.row) {
                    report.problem(reading.row, "station", zh, en);
                }
            }
        }
    }
    let mut packets = Vec::with_capacity(grouped.len());
    for ((point, system, data_time, kind), readings) in grouped {
        let mut lines: Vec<usize> = readings.iter().map(|reading| reading.row).collect();
        lines.dedup();
        let text: Vec<&str> = lines.iter().filter_map(|&line| table.line(line)).collect();
        let values = readings
            .into_iter()
            .map(|reading| {
                Ok(PackedValue {
                    factor: store.factor_number(&reading.factor)?,
                    statistic: reading.statistic,
                    mark: reading.mark,
                    value: reading.value,
                })
            })
            .collect::<Result<Vec<_>, store::StoreError>>()?;
        packets.push(ReadyPacket {
            frame: Some(IncomingFrame {
                bytes: text.join("\n").into_bytes(),
                received_at: now,
                transport: Transport::Import,
                peer: Arc::clone(&peer),
            }),
            content: Content::Observation {
                key: ObservationKey { point, system, kind, data_time, part: 0 },
                values,
                judge: Urgency::Now,
            },
            anomalies: Vec::new(),
        });
    }
    Ok(packets)
}

/// Commits packets in bounded chunks and counts what became of them.
pub async fn commit(
    sender: &PipelineSender,
    packets: Vec<ReadyPacket>,
    report: &mut ImportReport,
) -> Result<(), kernel::Problem> {
    let mut packets = packets.into_iter().peekable();
    while packets.peek().is_some() {
        let chunk: Vec<ReadyPacket> = packets.by_ref().take(PACKETS_PER_CHUNK).collect();
        let result = sender
            .commit(chunk)
            .await
            .map_err(|stopped| kernel::Problem::new(kernel::ErrorCode::Internal, stopped.to_string()))?;
        match result {
            ChunkResult::Committed(outcomes) => {
                let duplicates = outcomes.iter().filter(|outcome| **outcome == Outcome::Duplicate).count();
                report.duplicates += duplicates;
                report.accepted += outcomes.len() - duplicates;
            }
            ChunkResult::Refused => {
                return Err(kernel::Problem::new(
                    kernel::ErrorCode::StoreFull,
                    "导入中断：数据无法入库，已入库的部分保留，可重新导入 (import stopped: data cannot be stored; what is in stays, import again later)",
                ));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(profile: &str, text: &str, expect: &[&str], problems: &[&str]) {
        let profile = built_in_profiles().into_iter().find(|known| known.id == profile).unwrap();
        let table = Table::from_csv(text.as_bytes()).unwrap();
        let (readings, report) = read(&table, &profile);
        let shown: Vec<String> = readings
            .iter()
            .map(|reading| {
                format!(
                    "{} {} {} {} {}={} {}",
                    reading.row,
                    reading.station,
                    reading.time.to_iso(),
                    reading.kind,
                    reading.factor,
                    reading.value,
                    reading.mark.as_char().unwrap_or('-')
                )
            })
            .collect();
        assert_eq!(shown, expect);
        let found: Vec<String> = report
            .problems
            .iter()
            .map(|problem| format!("{} {}: {}", problem.row, problem.column, problem.problem.en))
            .collect();
        assert_eq!(found, problems);
    }

    #[test]
    fn long_form_is_read_as_written() {
        check(
            "long",
            "station,time,factor,stat,value,flag\nA1,2026-11-24T08:00:00,a34004,Avg,35.20,N\nA1,2026-11-24 09:00,a34004,,,\nA1,never,a34004,Avg,1,N\n",
            &["2 A1 2026-11-24T08:00:00+08:00 2061 a34004=35.20 N"],
            &["4 time: `never` is not a time"],
        );
    }

    #[test]
    fn digits_beyond_those_kept_are_rounded_and_said_so() {
        check(
            "long",
            "station,time,factor,stat,value,flag\nA1,2026-11-24T08:00:00,a34004,Avg,7.1000000000000005,N\n",
            &["2 A1 2026-11-24T08:00:00+08:00 2061 a34004=7.100000000000000 N"],
            &["2 value: `7.1000000000000005` has too many digits, rounded to 7.100000000000000"],
        );
    }

    #[test]
    fn national_network_snapshot_has_dashes_zeros_and_end_labels() {
        check(
            "cnemc",
            "TimePoint,StationCode,PM2_5,PM10,SO2,NO2,O3,CO,AQI\n2019-07-18T12:00:00,1414A,—,0,5,12,95,0.7,0\n",
            &[
                "2 1414A 2019-07-18T11:00:00+08:00 2061 a21026=5 N",
                "2 1414A 2019-07-18T11:00:00+08:00 2061 a21004=12 N",
                "2 1414A 2019-07-18T11:00:00+08:00 2061 a05024=95 N",
                "2 1414A 2019-07-18T11:00:00+08:00 2061 a21005=0.7 N",
            ],
            &[],
        );
    }

    #[test]
    fn a_table_without_its_columns_is_refused_whole() {
        check(
            "long",
            "a,b\n1,2\n",
            &[],
            &[
                "1 station: the column is missing",
                "1 time: the column is missing",
                "1 factor: the column is missing",
                "1 value: the column is missing",
            ],
        );
    }
}
