//! The server side: store, way in and its routes, as a process of its own.
//!
//! `qingshan-bench serve FOLDER DEVICES` prints `ready STATIONS HTTP` and ends with its standard input.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use api::Caller;
use collect::{Collect, Device, Directory, Limits};
use kernel::{Actor, Division, Name, Point, PointKind, PointSet, PointSource, Timestamp};
use store::Store;
use store::sqlite::{SqliteOptions, SqliteStore};

use crate::Result;

pub const DIVISION: Division = Division(500_242);

pub fn run(arguments: &[String]) -> Result<()> {
    let [folder, devices] = arguments else { return Err("serve FOLDER DEVICES".into()) };
    let devices: i64 = devices.parse()?;
    crate::raise_descriptor_limit();
    let store: Arc<dyn Store> =
        SqliteStore::open(folder.as_ref(), DIVISION, SqliteOptions::default(), collect::MIGRATIONS)?;
    let points: Vec<Arc<Point>> = (1..=devices).map(|number| Arc::new(point(number))).collect();
    let points: Arc<dyn PointSource> = Arc::new(Arc::new(PointSet::new(points)));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let collect = Collect::with_limits(store, DIVISION, api::LiveBus::default(), points, Limits::default())?;
        let bindings = (0..devices).map(|number| Device::new(crate::packets::mn(number), 31, number + 1, Timestamp(0)));
        collect.set_directory(Directory::new(bindings));
        let stations = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let http = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("ready {} {}", stations.local_addr()?, http.local_addr()?);
        let router = collect.routes().router.layer(axum::Extension(Caller(Arc::new(Actor::system("bench")))));
        let (stop, stopped) = tokio::sync::watch::channel(false);
        tokio::spawn(async move { axum::serve(http, router).await });
        tokio::spawn(Arc::clone(&collect).serve_tcp(stations, stopped.clone()));
        let running = tokio::spawn(collect.run(stopped));
        tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
        stop.send(true)?;
        running.await?;
        Ok(())
    })
}

fn point(id: i64) -> Point {
    Point {
        ledger: "bench".into(),
        name: Name::new(id.to_string(), id.to_string()),
        ..Point::simulated(id, PointKind::WasteGasOutlet)
    }
}

/// The server process.
pub struct Server {
    child: Child,
    pub stations: SocketAddr,
    pub http: SocketAddr,
}

impl Server {
    pub fn start(folder: &Path, devices: usize) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("serve")
            .arg(folder)
            .arg(devices.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().ok_or("no output of the server")?).read_line(&mut line)?;
        let mut parts = line.split_whitespace().skip(1);
        let mut address = || -> Result<SocketAddr> { Ok(parts.next().ok_or("the server did not start")?.parse()?) };
        let (stations, http) = (address()?, address()?);
        Ok(Self { child, stations, http })
    }

    /// Resident memory in bytes.
    pub fn resident(&self) -> Result<u64> {
        resident(self.child.id())
    }

    pub fn processor_time(&self) -> Result<Duration> {
        processor_time(self.child.id())
    }

    /// Tells it to end and waits.
    pub fn stop(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ends what an error has left; one that has ended already is no matter.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Processor time a process has used, user and system.
pub fn processor_time(process: u32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in parentheses may hold blanks; what follows does not.
    let fields: Vec<&str> = stat.rsplit_once(')').ok_or("no stat")?.1.split_whitespace().collect();
    let ticks = |place: usize| -> Result<u64> { Ok(fields.get(place).ok_or("no stat")?.parse()?) };
    // Ticks are hundredths of a second on every Linux.
    Ok(Duration::from_millis((ticks(11)? + ticks(12)?) * 10))
}

/// Resident memory of a process in bytes.
pub fn resident(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
    let kilobytes: u64 = line.split_whitespace().nth(1).ok_or("no VmRSS")?.parse()?;
    Ok(kilobytes << 10)
}
