//! Listening for stations.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::service::Collect;
use crate::{anomaly, connection, intake, relock};

/// A dead peer (pulled cable, rebooted router) is found within about two minutes.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);

type Addresses = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// A counted connection; counted out when dropped.
struct Place {
    collect: Arc<Collect>,
    addresses: Addresses,
    address: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.collect.state.counters.connections.fetch_sub(1, Ordering::Relaxed);
        let mut addresses = relock(self.addresses.lock());
        if let Some(count) = addresses.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                addresses.remove(&self.address);
            }
        }
    }
}

/// Threads of their own for the stations: a day's outage caught up by hundreds of them fills every turn of a
/// scheduler for a second, and the duty officer's page would wait behind it. Between threads the system is fair.
struct Threads(Option<Runtime>);

impl Threads {
    fn start() -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().thread_name("stations").enable_all().build()?;
        Ok(Self(Some(runtime)))
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // Dropped inside another runtime, where waiting for the threads is not allowed.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Serves stations until told to stop; then no more packets are read, and what was not yet acknowledged is sent
/// again by its station.
pub async fn serve(collect: Arc<Collect>, listener: TcpListener, stop: watch::Receiver<bool>) {
    let threads = match Threads::start() {
        Ok(threads) => threads,
        Err(error) => return tracing::error!("starting the threads of the stations: {error}"),
    };
    let Some(runtime) = &threads.0 else { return };
    // The socket must be watched by the threads that read from it.
    let accepting = listener.into_std().map(|listener| {
        runtime.spawn(async move {
            match TcpListener::from_std(listener) {
                Ok(listener) => accept(collect, listener, stop).await,
                Err(error) => tracing::error!("listening for stations: {error}"),
            }
        })
    });
    match accepting {
        Ok(accepting) => {
            if let Err(error) = accepting.await {
                tracing::error!("listening for stations ended: {error}");
            }
        }
        Err(error) => tracing::error!("listening for stations: {error}"),
    }
}

async fn accept(collect: Arc<Collect>, listener: TcpListener, mut stop: watch::Receiver<bool>) {
    let addresses: Addresses = Arc::default();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = connection::stopped(&mut stop) => return,
        };
        match accepted {
            Ok((stream, peer)) => match admit(&collect, &addresses, peer) {
                Ok(place) => {
                    let (collect, stop) = (Arc::clone(&collect), stop.clone());
                    tokio::spawn(async move {
                        connection::run(&collect, prepared(stream), peer, stop).await;
                        drop(place);
                    });
                }
                Err(name) => collect.count(intake::counted(0, name)),
            },
            Err(error) => {
                // Out of descriptors, mostly: the connections that are there go on, new ones must wait.
                tracing::warn!("accepting a station connection: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

fn admit(collect: &Arc<Collect>, addresses: &Addresses, peer: SocketAddr) -> Result<Place, &'static str> {
    let address = peer.ip().to_canonical();
    let mut counts = relock(addresses.lock());
    if collect.state.counters.connections.load(Ordering::Relaxed) as usize >= collect.limits.connections {
        return Err(anomaly::TOO_MANY_CONNECTIONS);
    }
    let count = counts.get(&address).copied().unwrap_or(0);
    if count >= collect.limits.connections_per_address && !collect.limits.exempts(address) {
        return Err(anomaly::TOO_MANY_FROM_ADDRESS);
    }
    counts.insert(address, count + 1);
    collect.state.counters.connections.fetch_add(1, Ordering::Relaxed);
    Ok(Place { collect: Arc::clone(collect), addresses: Arc::clone(addresses), address })
}

fn prepared(stream: TcpStream) -> TcpStream {
    let keepalive = socket2::TcpKeepalive::new().with_time(KEEPALIVE_IDLE).with_interval(KEEPALIVE_INTERVAL);
    if let Err(error) = socket2::SockRef::from(&stream).set_tcp_keepalive(&keepalive) {
        tracing::debug!("keep-alive of a station connection: {error}");
    }
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("no-delay of a station connection: {error}");
    }
    stream
}
