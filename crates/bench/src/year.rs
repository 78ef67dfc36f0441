//! Cold start and memory of the whole program with a year of a county's data: 35 stations and outlets of the county
//! pack, a packet of twelve values a minute each and an hour packet that is judged. 模拟数据.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kernel::Timestamp;
use store::Store;
use store::contract::{IncomingFrame, NewObservation, ObservationKey, PacketBatch, Transport, Urgency};
use store::packed::Statistic;
use store::sqlite::{SqliteOptions, SqliteStore};
use store::{Mark, PackedValue, Scalar};

use crate::packets::{self, Random, START};
use crate::serve::{DIVISION, processor_time, resident};
use crate::{Figure, Folder, Result};

const POINTS: usize = 35;
const HOURS: usize = 8760;
const PATIENCE: Duration = Duration::from_secs(60);
const REST: Duration = Duration::from_secs(300);

pub fn measure() -> Result<Vec<Figure>> {
    let program = std::env::current_exe()?.with_file_name("qingshan");
    if !program.exists() {
        return Err(format!("{} is not built", program.display()).into());
    }
    let folder = Folder::new("year")?;
    // The program makes its schema and loads the county pack first; the year follows.
    Running::start(&program, &folder.0)?.end()?;
    let started = Instant::now();
    fill(&folder.0)?;
    let filled = started.elapsed();
    let size = std::fs::metadata(folder.0.join("qingshan.db"))?.len();
    forget_pages(&folder.0.join("qingshan.db"))?;
    // The year is judged once, as it would have been hour by hour.
    let judging = Running::start(&program, &folder.0)?;
    let judged_in = judging.comes_to_rest()?;
    let most_while_judging = peak(judging.child.id())?;
    judging.end()?;
    forget_pages(&folder.0.join("qingshan.db"))?;
    let running = Running::start(&program, &folder.0)?;
    let cold = running.ready_after;
    running.comes_to_rest()?;
    for _ in 0..20 {
        for path in ["/", "/healthz", "/api/public/air", "/api/public/water"] {
            ask(running.address, path)?;
        }
    }
    std::thread::sleep(Duration::from_secs(5));
    let memory = resident(running.child.id())?;
    running.end()?;
    eprintln!(
        "(a year of {POINTS} points written in {:.0} s, {:.2} GiB; judged in {:.0} s with at most {:.0} MiB resident)",
        filled.as_secs_f64(),
        size as f64 / f64::from(1 << 30),
        judged_in.as_secs_f64(),
        most_while_judging as f64 / f64::from(1 << 20)
    );
    Ok(vec![
        Figure {
            what: "cold start with a year of county data",
            goal: "≤ 2 s",
            measured: format!("{:.2} s ({:.2} GiB on disk)", cold.as_secs_f64(), size as f64 / f64::from(1 << 30)),
            met: Some(cold <= Duration::from_secs(2)),
            method: "`qingshan serve` from its start to the first 200 of /healthz; the database's pages dropped from the page cache before; 35 points, a packet of 12 values a minute and one of 6 an hour, judged, 18.7 M packets",
        },
        Figure {
            what: "the process serving it",
            goal: "≤ 200 MB",
            measured: format!("{:.0} MiB resident", memory as f64 / f64::from(1 << 20)),
            met: Some(memory <= 200_000_000),
            method: "resident memory after 80 requests of public pages and 5 s",
        },
    ])
}

fn fill(folder: &Path) -> Result<()> {
    let store = SqliteStore::open(folder, DIVISION, SqliteOptions::default(), &[])?;
    let store: &dyn Store = &*store;
    let mut random = Random(11);
    let points = points(store)?;
    let number = |codes: &[&str]| -> Result<Vec<u32>> {
        Ok(codes.iter().map(|code| store.factor_number(code)).collect::<std::result::Result<_, _>>()?)
    };
    let air = number(&["a34004", "a34002", "a21026", "a21004", "a21005", "a05024"])?;
    let outlet = number(&["w01018", "w21003", "w21011", "w00000", "w01001", "w21001"])?;
    for hour in 0..HOURS {
        let mut batch = PacketBatch::default();
        for minute in hour * 60..(hour + 1) * 60 {
            let at = Timestamp(START + minute as i64 * 60_000);
            for (place, &(point, is_air)) in points.iter().enumerate() {
                let factors = if is_air { &air[..4] } else { &outlet[..4] };
                batch.frames.push(IncomingFrame {
                    bytes: packets::minute(place, minute, &mut random),
                    received_at: at.plus(61_000 + place as i64),
                    transport: Transport::Hj212,
                    peer: "127.0.0.1:1".into(),
                });
                let values = factors
                    .iter()
                    .flat_map(|&factor| {
                        [Statistic::Minimum, Statistic::Average, Statistic::Maximum]
                            .map(|statistic| (factor, statistic))
                    })
                    .map(|(factor, statistic)| PackedValue {
                        factor,
                        statistic,
                        mark: Mark::NORMAL,
                        value: Scalar::Number { mantissa: random.below(900).into(), scale: 1 },
                    })
                    .collect();
                let key =
                    ObservationKey { point, system: if is_air { 22 } else { 32 }, kind: 2051, data_time: at, part: 0 };
                batch.observations.push(NewObservation {
                    key,
                    frame: batch.frames.len() - 1,
                    values,
                    judge: Urgency::Never,
                });
            }
        }
        let at = Timestamp(START + hour as i64 * 3_600_000);
        for &(point, is_air) in &points {
            batch.frames.push(IncomingFrame {
                bytes: format!("模拟 hour {hour} of {point}").into_bytes(),
                received_at: at.plus(3_660_000),
                transport: Transport::Hj212,
                peer: "127.0.0.1:1".into(),
            });
            let values = if is_air { &air } else { &outlet }.iter().map(|&factor| PackedValue {
                factor,
                statistic: Statistic::Average,
                mark: Mark::NORMAL,
                value: Scalar::Number { mantissa: 20 + i64::from(random.below(300)), scale: 1 },
            });
            let key =
                ObservationKey { point, system: if is_air { 22 } else { 32 }, kind: 2061, data_time: at, part: 0 };
            let frame = batch.frames.len() - 1;
            batch.observations.push(NewObservation { key, frame, values: values.collect(), judge: Urgency::Now });
        }
        store.commit_packets(&batch, Timestamp(START + (hour as i64 + 1) * 3_600_000))?;
        if hour % 20 == 0 {
            store.maintain()?;
        }
    }
    Ok(())
}

/// Stations and outlets of the county pack that the program has loaded: id, and whether it measures ambient air.
fn points(store: &dyn Store) -> Result<Vec<(i64, bool)>> {
    let rows = store.read(|reader| {
        reader.query(
            "SELECT id, ledger FROM record WHERE division = $1 AND deleted IS NULL
             AND ledger IN ('automatic_station', 'wastewater_outlet', 'monitoring_section') ORDER BY ledger, id",
            &[DIVISION.into()],
        )
    })?;
    let mut points = Vec::with_capacity(rows.len());
    for row in rows.iter().take(POINTS) {
        points.push((row.integer(0)?, row.text(1)? == "automatic_station"));
    }
    Ok(points)
}

/// The most memory a process has had resident.
fn peak(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).ok_or("no VmHWM")?;
    let kilobytes: u64 = line.split_whitespace().nth(1).ok_or("no VmHWM")?.parse()?;
    Ok(kilobytes << 10)
}

/// Drops a file from the page cache, as after a start of the machine.
fn forget_pages(path: &Path) -> Result<()> {
    let file = std::fs::File::open(path)?;
    file.sync_all()?;
    // SAFETY: advice about an open descriptor.
    let failed = unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) };
    if failed == 0 { Ok(()) } else { Err("the page cache could not be dropped".into()) }
}

struct Running {
    child: Child,
    address: SocketAddr,
    ready_after: Duration,
}

impl Running {
    fn start(program: &Path, data: &Path) -> Result<Self> {
        let free = || -> Result<SocketAddr> { Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?) };
        let (address, stations) = (free()?, free()?);
        let started = Instant::now();
        let child = Command::new(program)
            .arg("serve")
            .arg("--data")
            .arg(data)
            .args(["--listen", &address.to_string(), "--hj212-listen", &stations.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut running = Self { child, address, ready_after: Duration::ZERO };
        while started.elapsed() < PATIENCE {
            if ask(address, "/healthz").is_ok_and(|status| status == 200) {
                running.ready_after = started.elapsed();
                return Ok(running);
            }
            if let Some(status) = running.child.try_wait()? {
                return Err(format!("qingshan serve ended: {status}").into());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err("qingshan serve did not become ready".into())
    }

    /// Waits until it has used less than a tenth of a core for three seconds; says how long that took.
    fn comes_to_rest(&self) -> Result<Duration> {
        let started = Instant::now();
        let mut used = processor_time(self.child.id())?;
        while started.elapsed() < REST {
            std::thread::sleep(Duration::from_secs(3));
            let now = processor_time(self.child.id())?;
            if now.saturating_sub(used) < Duration::from_millis(300) {
                return Ok(started.elapsed());
            }
            used = now;
        }
        Err("qingshan serve does not come to rest".into())
    }

    /// Asks it to end, as an operator does, and waits.
    fn end(mut self) -> Result<()> {
        // SAFETY: a signal to a child that we started and have not waited for.
        unsafe { libc::kill(self.child.id() as libc::pid_t, libc::SIGTERM) };
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The status of a GET.
fn ask(address: SocketAddr, path: &str) -> Result<u16> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let text = String::from_utf8_lossy(&answer);
    Ok(text.split(' ').nth(1).ok_or("no answer")?.parse()?)
}
