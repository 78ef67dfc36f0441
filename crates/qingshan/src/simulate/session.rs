//! The connection of a simulated station.

use std::net::SocketAddr;
use std::time::Duration;

use hj212::{Framer, Unit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::station::Station;

const TICK: Duration = Duration::from_millis(500);
const CONNECT: Duration = Duration::from_secs(5);
/// Pause before connecting again; doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

fn now() -> i64 {
    kernel::time::now().millis()
}

/// Keeps one station connected until told to stop. Its data waits in its memory while the link is down.
pub async fn run(mut station: Station, address: SocketAddr, mut stop: watch::Receiver<bool>) {
    let mut pause = FIRST_PAUSE;
    while !*stop.borrow() {
        station.turn(now(), false);
        if !station.plan().is_cut_off(now())
            && let Ok(Ok(stream)) = tokio::time::timeout(CONNECT, TcpStream::connect(address)).await
        {
            pause = FIRST_PAUSE;
            let mn = station.plan().mn.clone();
            match talk(&mut station, stream, &mut stop).await {
                Ok(()) => tracing::debug!(mn, "simulated station hangs up"),
                Err(error) => tracing::debug!(mn, %error, "simulated station lost its connection"),
            }
            station.disconnected();
        }
        tokio::select! {
            _ = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            changed = stop.changed() => if changed.is_err() { return },
        }
    }
}

async fn talk(station: &mut Station, stream: TcpStream, stop: &mut watch::Receiver<bool>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut reader, mut writer) = stream.into_split();
    let mut framer = Framer::new();
    let mut buffer = vec![0; 8 << 10];
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let mut out = Vec::new();
        tokio::select! {
            _ = tick.tick() => {}
            changed = stop.changed() => {
                if changed.is_err() || *stop.borrow() {
                    return Ok(());
                }
            }
            count = reader.read(&mut buffer) => {
                let count = count?;
                if count == 0 {
                    return Ok(());
                }
                framer.push(&buffer[..count]);
                while let Some(unit) = framer.next() {
                    if let Unit::Frame(frame) = unit && let Some(segment) = station.open(&frame) {
                        out.extend(station.receive(&segment, now()));
                    }
                }
            }
        }
        let turn = station.turn(now(), true);
        out.extend(turn.send);
        if !out.is_empty() {
            // A platform that does not read must not hold the station for ever.
            let bytes = out.concat();
            tokio::time::timeout(Duration::from_secs(30), writer.write_all(&bytes))
                .await
                .map_err(|_| std::io::Error::from(std::io::ErrorKind::TimedOut))??;
        }
        if turn.reconnect || station.plan().is_cut_off(now()) {
            return Ok(());
        }
    }
}
