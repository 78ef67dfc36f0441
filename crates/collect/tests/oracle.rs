//! The oracle (见证测试): whatever happens to process and disk, every acknowledged packet is there afterwards.
//!
//! A server process is killed without warning at random moments, over and over, while stations send. After
//! each kill the disk is put back to what had been synced (`faultdisk`), at times with the last write torn.
//! The oracle has written down what was acknowledged; at the end all of it must be on disk, the chain of raw
//! frames unbroken. The same test is seen to fail when the server leaves out its syncs.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{DIVISION, Folder, frame};
use kernel::Timestamp;
use store::Store;
use store::contract::ObservationQuery;
use store::sqlite::{SqliteOptions, SqliteStore};

const DEVICES: usize = 6;
/// 2026-01-01T00:00:00+08:00.
const START: i64 = 1_767_196_800_000;

/// Acknowledged packets: device and number → value.
type Acknowledged = HashMap<(usize, u32), u32>;

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// The shim, built beside this test because it depends on it.
fn shim() -> PathBuf {
    let folder = std::env::current_exe().unwrap().parent().unwrap().to_path_buf();
    let places = [folder.clone(), folder.parent().unwrap().to_path_buf()];
    let found =
        places.iter().flat_map(|place| std::fs::read_dir(place).unwrap()).map(|entry| entry.unwrap().path()).filter(
            |path| {
                let name = path.file_name().unwrap().to_string_lossy();
                name.starts_with("libfaultdisk") && name.ends_with(".so")
            },
        );
    found.max_by_key(|path| path.metadata().unwrap().modified().unwrap()).expect("libfaultdisk.so")
}

fn spawn(folder: &Path, mode: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_collect-oracle"))
        .arg(folder)
        .arg(DEVICES.to_string())
        .arg(mode)
        .env("LD_PRELOAD", shim())
        .env("FAULTDISK_DIR", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

fn start(folder: &Path, mode: &str) -> (Child, SocketAddr) {
    let mut child = spawn(folder, mode);
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let address =
        line.trim().strip_prefix("ready ").unwrap_or_else(|| panic!("the server said {line:?}")).parse().unwrap();
    (child, address)
}

fn data_time(number: u32) -> Timestamp {
    Timestamp(START + i64::from(number) * 60_000)
}

fn packet(device: usize, number: u32) -> Vec<u8> {
    let time = collect::wire::data_time(data_time(number));
    // The number in QN names the packet in its acknowledgement.
    frame(&format!(
        "QN={number:017};ST=31;CN=2051;PW=123456;MN=MN{device:05};Flag=5;CP=&&DataTime={time};a34013-Avg={number}.5,a34013-Flag=N&&"
    ))
}

/// Sends packets of one device from `next` on until the line breaks; returns those that were acknowledged and
/// the number to go on with. Up to twenty are on their way at once.
fn station(address: SocketAddr, device: usize, next: u32) -> (Vec<u32>, u32) {
    let mut acknowledged = Vec::new();
    let mut number = next;
    let Ok(mut stream) = TcpStream::connect(address) else { return (acknowledged, number) };
    let mut reader = stream.try_clone().unwrap();
    reader.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let (mut received, mut buffer) = (Vec::new(), [0; 8192]);
    loop {
        while number - next < acknowledged.len() as u32 + 20 {
            if stream.write_all(&packet(device, number)).is_err() {
                break;
            }
            number += 1;
        }
        match reader.read(&mut buffer) {
            Ok(0) | Err(_) => return (acknowledged, number),
            Ok(count) => received.extend_from_slice(&buffer[..count]),
        }
        let mut at = 0;
        while let Some(end) = received[at..].windows(2).position(|pair| pair == b"\r\n") {
            let text = String::from_utf8(received[at..at + end].to_vec()).unwrap();
            assert!(text.contains("CN=9014;"), "{text}");
            acknowledged.push(text.split_once("QN=").unwrap().1[..17].parse().unwrap());
            at += end + 2;
        }
        received.drain(..at);
    }
}

fn run(mode: &str, rounds: u32, seed: u64) -> (Folder, Acknowledged) {
    let folder = Folder::new(&format!("oracle-{mode}"));
    let mut random = Random(seed);
    let mut acknowledged = Acknowledged::new();
    let mut next = [0u32; DEVICES];
    for round in 0..rounds {
        // Killed in the middle of opening, too: recovery itself must survive a power cut.
        if round > 0 && random.below(3) == 0 {
            let mut early = spawn(&folder.0, mode);
            std::thread::sleep(Duration::from_millis(random.below(60)));
            early.kill().unwrap();
            early.wait().unwrap();
            faultdisk::forget(&folder.0, false).unwrap();
        }
        let (mut child, address) = start(&folder.0, mode);
        let stations: Vec<_> = (0..DEVICES)
            .map(|device| {
                let from = next[device];
                std::thread::spawn(move || station(address, device, from))
            })
            .collect();
        let started = Instant::now();
        std::thread::sleep(Duration::from_millis(40 + random.below(400)));
        child.kill().unwrap();
        child.wait().unwrap();
        for (device, station) in stations.into_iter().enumerate() {
            let (numbers, reached) = station.join().unwrap();
            acknowledged.extend(numbers.into_iter().map(|number| ((device, number), number)));
            next[device] = reached;
        }
        let torn = random.below(3) == 0 && mode == "full";
        let undone = faultdisk::forget(&folder.0, torn).unwrap();
        println!(
            "{mode} round {round}: {} ms, {} acknowledged so far, {undone} writes undone, torn: {torn}",
            started.elapsed().as_millis(),
            acknowledged.len()
        );
    }
    (folder, acknowledged)
}

/// How many acknowledged packets are not there; all of them when the store does not even open.
fn lost(folder: &Folder, acknowledged: &Acknowledged) -> usize {
    let Ok(store) = SqliteStore::open(&folder.0, DIVISION, SqliteOptions::default(), collect::MIGRATIONS) else {
        return acknowledged.len();
    };
    let mut found: HashMap<(usize, u32), String> = HashMap::new();
    let most = acknowledged.keys().map(|key| key.1).max().unwrap_or(0);
    for device in 0..DEVICES {
        let query = ObservationQuery {
            point: device as i64 + 1,
            system: Some(31),
            kind: 2051,
            from: Timestamp(START),
            until: data_time(most + 1),
            every_revision: false,
            limit: usize::MAX,
        };
        let Ok(rows) = store.observations(query) else { return acknowledged.len() };
        for row in rows {
            let number = ((row.key.data_time.millis() - START) / 60_000) as u32;
            // A row without its raw frame would be no evidence.
            let kept = store
                .frame(row.frame)
                .is_ok_and(|frame| frame.is_some_and(|frame| frame.bytes == packet(device, number).trim_ascii_end()));
            if kept {
                found.insert((device, number), row.values[0].value.to_string());
            }
        }
    }
    acknowledged.iter().filter(|(key, value)| found.get(key).is_none_or(|kept| *kept != format!("{value}.5"))).count()
}

#[test]
fn every_acknowledged_packet_is_there_after_power_cuts() {
    let seed = std::env::var("ORACLE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(2026);
    let rounds = std::env::var("ORACLE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(12);
    let (folder, acknowledged) = run("full", rounds, seed);
    assert!(acknowledged.len() > 100, "only {} packets were acknowledged", acknowledged.len());
    assert_eq!(lost(&folder, &acknowledged), 0, "lost, of {} acknowledged (seed {seed})", acknowledged.len());
    let store = SqliteStore::open(&folder.0, DIVISION, SqliteOptions::default(), collect::MIGRATIONS).unwrap();
    assert!(store.verify_frames(1, i64::MAX).unwrap() as usize >= acknowledged.len(), "the chain of raw frames holds");
}

#[test]
fn the_oracle_sees_a_server_that_does_not_sync() {
    let (folder, acknowledged) = run("off", 2, 7);
    assert!(acknowledged.len() > 20);
    assert!(lost(&folder, &acknowledged) > 0, "nothing was lost although nothing was synced: the test is blind");
}
