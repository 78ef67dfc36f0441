//! The server side of the oracle test and of the benchmark: store and way in, nothing else, as a process that
//! can be killed.
//!
//! `collect-oracle FOLDER DEVICES full|off` prints `ready ADDRESS` and serves stations `MN00000`, `MN00001`, …
//! each bound to the point of its number plus one. `off` leaves out the syncs, so that the test can be seen to
//! fail. Ends when its standard input ends.

use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;

use collect::{Collect, Device, Directory};
use kernel::{Division, PointSet, PointSource, Timestamp};
use store::Store;
use store::sqlite::{SqliteOptions, SqliteStore};

const DIVISION: Division = Division(500_242);

fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("collect-oracle: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("which folder?")?;
    let devices: i64 = arguments.next().ok_or("how many devices?")?.parse()?;
    let without_sync = arguments.next().as_deref() == Some("off");
    let options = SqliteOptions { unsafe_without_sync: without_sync, ..SqliteOptions::default() };
    let store: Arc<dyn Store> = SqliteStore::open(folder.as_ref(), DIVISION, options, collect::MIGRATIONS)?;
    let points: Arc<dyn PointSource> = Arc::new(Arc::new(PointSet::default()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let collect = Collect::new(store, DIVISION, api::LiveBus::default(), points)?;
        let bindings = (0..devices).map(|number| Device::new(format!("MN{number:05}"), 31, number + 1, Timestamp(0)));
        collect.set_directory(Directory::new(bindings));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("ready {}", listener.local_addr()?);
        let (stop, stopped) = tokio::sync::watch::channel(false);
        tokio::spawn(Arc::clone(&collect).serve_tcp(listener, stopped.clone()));
        tokio::spawn(collect.run(stopped));
        let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
        ended.await??;
        let _ = stop.send(true);
        Ok(())
    })
}
