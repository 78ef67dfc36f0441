//! Load over TCP, open loop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use crate::packets::{self, Random};
use crate::serve::Server;
use crate::{Figure, Folder, Result, disk};

const CONNECTIONS: usize = 500;
/// A stream that gets nothing acknowledged for this long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

fn runtime() -> Result<tokio::runtime::Runtime> {
    // One thread: the server shares these two cores.
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// Latencies in microseconds.
#[derive(Default)]
pub struct Latencies(Vec<u32>);

impl Latencies {
    pub fn add(&mut self, latency: Duration) {
        self.0.push(u32::try_from(latency.as_micros()).unwrap_or(u32::MAX));
    }

    fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn percentile(&mut self, percent: f64) -> Duration {
        self.0.sort_unstable();
        let place = (self.0.len() as f64 * percent / 100.0) as usize;
        Duration::from_micros(self.0.get(place.min(self.0.len().saturating_sub(1))).copied().unwrap_or(0).into())
    }
}

pub fn millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}

/// One connection's packets and the times they are due, counted from the start.
struct Plan {
    packets: Vec<Vec<u8>>,
    due: Vec<Duration>,
}

/// Every connection sends `per_connection` packets, `burst` of them at a time and at an even pace; `rate` packets
/// a second all together.
fn plans(connections: usize, per_connection: usize, burst: usize, rate: f64, first_minute: usize) -> Vec<Plan> {
    let mut random = Random(7);
    (0..connections)
        .map(|connection| Plan {
            packets: (0..per_connection)
                .map(|number| packets::minute(connection, first_minute + number, &mut random))
                .collect(),
            due: (0..per_connection)
                .map(|number| {
                    Duration::from_secs_f64(((number / burst * connections + connection) * burst) as f64 / rate)
                })
                .collect(),
        })
        .collect()
}

async fn write(mut stream: OwnedWriteHalf, plan: Arc<Plan>, start: Instant) -> Result<()> {
    let mut next = 0;
    let mut batch = Vec::new();
    while next < plan.packets.len() {
        let now = start.elapsed();
        if plan.due[next] > now {
            tokio::time::sleep_until((start + plan.due[next]).into()).await;
            continue;
        }
        batch.clear();
        while next < plan.packets.len() && plan.due[next] <= now && batch.len() < 64 << 10 {
            batch.extend_from_slice(&plan.packets[next]);
            next += 1;
        }
        stream.write_all(&batch).await?;
    }
    // Kept open until every answer is there.
    tokio::time::sleep(PATIENCE).await;
    drop(stream);
    Ok(())
}

/// Counts acknowledgements, which come in the order of the packets.
async fn read(mut stream: OwnedReadHalf, plan: Arc<Plan>, start: Instant) -> Result<Latencies> {
    let mut latencies = Latencies::default();
    let mut buffer = vec![0; 16 << 10];
    while latencies.len() < plan.packets.len() {
        let count = tokio::time::timeout(PATIENCE, stream.read(&mut buffer))
            .await
            .map_err(|_| "no acknowledgement for long")??;
        if count == 0 {
            return Err("the server closed a connection".into());
        }
        let now = start.elapsed();
        for _ in buffer[..count].iter().filter(|&&byte| byte == b'\n') {
            let due = *plan.due.get(latencies.len()).ok_or("more answers than packets")?;
            latencies.add(now.saturating_sub(due));
        }
    }
    Ok(latencies)
}

struct Outcome {
    latencies: Latencies,
    took: Duration,
}

async fn drive(stations: SocketAddr, plans: Vec<Plan>) -> Result<Outcome> {
    let mut streams = Vec::with_capacity(plans.len());
    for _ in &plans {
        let stream = TcpStream::connect(stations).await?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let start = Instant::now() + Duration::from_millis(200);
    let mut readers = Vec::new();
    let mut writers = Vec::new();
    for (stream, plan) in streams.into_iter().zip(plans) {
        let plan = Arc::new(plan);
        let (reading, writing) = stream.into_split();
        readers.push(tokio::spawn(read(reading, Arc::clone(&plan), start)));
        writers.push(tokio::spawn(write(writing, plan, start)));
    }
    let mut latencies = Latencies::default();
    for reader in readers {
        latencies.merge(reader.await??);
    }
    let took = start.elapsed();
    for writer in writers {
        writer.abort();
    }
    Ok(Outcome { latencies, took })
}

/// The whole nation's rate.
pub fn nation() -> Result<Vec<Figure>> {
    let folder = Folder::new("nation")?;
    let server = Server::start(&folder.0, CONNECTIONS)?;
    let mut outcome = runtime()?.block_on(drive(server.stations, plans(CONNECTIONS, 35, 1, 1700.0, 0)))?;
    server.stop()?;
    let (middle, high) = (outcome.latencies.percentile(50.0), outcome.latencies.percentile(99.0));
    Ok(vec![Figure {
        what: "acknowledgement at 1,700 packets/s",
        goal: "p99 ≤ 30 ms",
        measured: format!("p50 {}, p99 {}", millis(middle), millis(high)),
        met: Some(high <= Duration::from_millis(30)),
        method: "500 connections, 17,500 packets of 12 values, open loop; durable before the answer",
    }])
}

/// As much as there is.
pub fn flood() -> Result<Vec<Figure>> {
    const PER_CONNECTION: usize = 1000;
    const RATE: f64 = 50_000.0;
    const BURST: usize = 10;
    let folder = Folder::new("flood")?;
    let server = Server::start(&folder.0, CONNECTIONS)?;
    let runtime = runtime()?;
    let total = (CONNECTIONS * PER_CONNECTION) as f64;
    let mut paced = runtime.block_on(drive(server.stations, plans(CONNECTIONS, PER_CONNECTION, BURST, RATE, 0)))?;
    let paced_rate = total / paced.took.as_secs_f64();
    // Everything due at once: what the machine can do, load generator included.
    let most = runtime.block_on(drive(server.stations, plans(CONNECTIONS, PER_CONNECTION, 1, 1e9, PER_CONNECTION)))?;
    let most_rate = total / most.took.as_secs_f64();
    let processor = server.processor_time()?.as_secs_f64() * 1e6 / (2.0 * total);
    server.stop()?;
    let high = paced.latencies.percentile(99.0);
    Ok(vec![
        Figure {
            what: "durable, acknowledged packets/s over TCP",
            goal: "≥ 50,000/s",
            measured: format!("{most_rate:.0}/s; the server used {processor:.1} µs of processor a packet"),
            met: Some(most_rate >= 50_000.0),
            method: "500 pipelining connections, 500,000 packets of 12 values (about 330 B), all due at once; load generator on the same cores",
        },
        Figure {
            what: "acknowledgement at 50,000 packets/s offered",
            goal: "p99 ≤ 100 ms",
            measured: format!(
                "{paced_rate:.0}/s reached, p50 {}, p99 {}",
                millis(paced.latencies.percentile(50.0)),
                millis(high)
            ),
            met: Some(high <= Duration::from_millis(100)),
            method: "500 pipelining connections, ten packets of each at a time, ten times a second, 10 s, open loop, latency from the time a packet was due",
        },
    ])
}

/// Reads a series over and over; latencies of the whole HTTP exchange.
async fn read_meanwhile(http: SocketAddr, stop: Arc<AtomicBool>) -> Result<Latencies> {
    let mut latencies = Latencies::default();
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        number += 1;
        let point = number % 300 + 1;
        let path = if number % 2 == 0 {
            format!("/api/points/{point}/latest")
        } else {
            format!("/api/points/{point}/series?factor=a34013&kind=minute&from=2026-01-01&until=2026-01-02")
        };
        let started = Instant::now();
        let mut stream = TcpStream::connect(http).await?;
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n").as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        if !answer.starts_with(b"HTTP/1.1 200") {
            return Err(format!("{path}: {}", String::from_utf8_lossy(&answer[..answer.len().min(60)])).into());
        }
        latencies.add(started.elapsed());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(latencies)
}

/// A day's outage of 300 stations is caught up at once.
pub fn storm() -> Result<Vec<Figure>> {
    const STATIONS: usize = 300;
    const MINUTES: usize = 1440;
    let folder = Folder::new("storm")?;
    let server = Server::start(&folder.0, STATIONS)?;
    // Made before anything is measured: making them on the client's only thread would count as waiting.
    let plans = plans(STATIONS, MINUTES, 1, 1e9, 0);
    let stop = Arc::new(AtomicBool::new(false));
    let (http, stopping) = (server.http, Arc::clone(&stop));
    // A thread of its own: behind the load generator's 300 connections a read would wait for the generator.
    let reading = std::thread::spawn(move || runtime()?.block_on(read_meanwhile(http, stopping)));
    let outcome = runtime()?.block_on(drive(server.stations, plans));
    stop.store(true, Ordering::Relaxed);
    let mut reads = reading.join().map_err(|_| "the reader broke")??;
    let outcome = outcome?;
    // Sealing and folding back go on for a moment.
    std::thread::sleep(Duration::from_secs(3));
    server.stop()?;
    let high = reads.percentile(99.0);
    let mut figures = vec![
        Figure {
            what: "replay storm: 24 h × 300 stations (432,000 packets) drained",
            goal: "≤ 15 s",
            measured: format!(
                "{:.1} s ({:.0}/s)",
                outcome.took.as_secs_f64(),
                (STATIONS * MINUTES) as f64 / outcome.took.as_secs_f64()
            ),
            met: Some(outcome.took <= Duration::from_secs(15)),
            method: "300 connections, everything due at once",
        },
        Figure {
            what: "reads meanwhile",
            goal: "p99 ≤ 100 ms",
            measured: format!("p50 {}, p99 {} of {}", millis(reads.percentile(50.0)), millis(high), reads.len()),
            met: Some(high <= Duration::from_millis(100)),
            method: "newest values and a day's minutes in turn over HTTP, a new connection each, through the collect routes; the client is a thread of its own on the same two cores",
        },
    ];
    figures.extend(disk::sizes(&folder)?);
    Ok(figures)
}

/// Ten thousand stations that say nothing.
pub fn idle() -> Result<Vec<Figure>> {
    const STATIONS: usize = 10_000;
    let folder = Folder::new("idle")?;
    let server = Server::start(&folder.0, STATIONS)?;
    let before = server.resident()?;
    let after = runtime()?.block_on(async {
        let mut streams = Vec::with_capacity(STATIONS);
        for device in 0..STATIONS {
            let mut stream = TcpStream::connect(server.stations).await?;
            let mn = packets::mn(device as i64);
            let heartbeat = format!("QN=20260101000000000;ST=31;CN=9015;PW=123456;MN={mn};Flag=9;CP=&&&&");
            stream.write_all(&hj212::encode::frame_of(heartbeat.as_bytes())).await?;
            streams.push(stream);
        }
        let mut buffer = [0; 256];
        for stream in &mut streams {
            let count = tokio::time::timeout(PATIENCE, stream.read(&mut buffer))
                .await
                .map_err(|_| "a heartbeat is not answered")??;
            if count == 0 {
                return Err("the server closed an idle connection".into());
            }
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        let resident = server.resident();
        drop(streams);
        resident
    })?;
    server.stop()?;
    let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    Ok(vec![Figure {
        what: "10,000 idle connections",
        goal: "≤ 300 MB",
        measured: format!(
            "{:.0} MiB resident ({:.0} MiB before; {:.1} KiB a connection)",
            mebibytes(after),
            mebibytes(before),
            (after.saturating_sub(before)) as f64 / 1024.0 / STATIONS as f64
        ),
        met: Some(after <= 300_000_000),
        method: "each connection has sent a heartbeat and had it answered; resident memory of the server process after 2 s",
    }])
}
