//! How fast frames are read on one core: `cargo run --release -p hj212 --example bench_parse [frames/s/core]`.
//!
//! Method: 4,096 different real-time frames of a mean 236 bytes (segment 224), pushed in chunks of 64 KiB, as a
//! socket would hand them over; each figure is the best of five runs of about a second on one thread, counted
//! in CPU time where the system tells it (`/proc/thread-self/schedstat`), so that neighbours matter less.

use std::hint::black_box;
use std::time::Instant;

use hj212::encode::Draft;
use hj212::{Content, CrcKind, Edition, Framer, Packet, Unit};

const FRAMES: usize = 4096;
const CHUNK: usize = 64 << 10;

fn stream() -> Vec<u8> {
    let mut out = Vec::new();
    for number in 0..FRAMES {
        let qn = format!("202406010858{:05}", number);
        let mn = format!("010000A8900016F0{number:08X}");
        let mut cp = format!("DataTime=202406010858{:02}", number % 60);
        for (place, code) in ["a34004", "a34002", "a21026", "a21004"].iter().enumerate() {
            let value = (number * 7 + place * 31) % 999;
            cp.push_str(&format!(";{code}-Rtd={}.{}", value / 10, value % 10));
            if place < 4 && !(place == 3 && number % 2 == 0) {
                cp.push_str(&format!(",{code}-Flag=N"));
            }
        }
        let mut draft = Draft::new(Edition::V2017, &qn, "22", "2011", "123456", &mn, cp);
        draft.answer = true;
        out.extend(draft.frame().unwrap_or_default());
    }
    out
}

fn measure(name: &str, stream: &[u8], mut work: impl FnMut(&hj212::Frame<'_>) -> u64) -> f64 {
    let mut best = 0f64;
    for _ in 0..5 {
        let start = Instant::now();
        let before = cpu_nanos();
        let mut frames = 0u64;
        let mut sum = 0u64;
        let mut framer = Framer::new();
        while start.elapsed().as_millis() < 900 {
            for chunk in stream.chunks(CHUNK) {
                framer.push(chunk);
                while let Some(unit) = framer.next() {
                    if let Unit::Frame(frame) = unit {
                        frames += 1;
                        sum = sum.wrapping_add(work(&frame));
                    }
                }
            }
        }
        black_box(sum);
        let wall = start.elapsed().as_secs_f64();
        let seconds = before.zip(cpu_nanos()).map_or(wall, |(before, after)| (after - before) as f64 / 1e9);
        best = best.max(frames as f64 / seconds);
    }
    println!("{name:<52} {:>7.2} M frames/s  {:>6.0} ns/frame", best / 1e6, 1e9 / best);
    best
}

fn main() {
    let stream = stream();
    println!("mean frame {} bytes (with CR LF), {FRAMES} frames", stream.len() / FRAMES);
    let good = |frame: &hj212::Frame<'_>| u64::from(frame.crc.kind == CrcKind::Hj212);
    measure("frame + CRC", &stream, good);
    let items = measure("frame + CRC + header + borrowed items", &stream, |frame| {
        let Ok(packet) = Packet::parse(frame.segment) else { return 0 };
        good(frame) + packet.pairs().map(|pair| pair.key.len() as u64 + pair.value.len() as u64).sum::<u64>()
    });
    let numbers = measure("… + numbers parsed", &stream, |frame| {
        let Ok(packet) = Packet::parse(frame.segment) else { return 0 };
        packet
            .pairs()
            .filter_map(|pair| hj212::number::parse(pair.value.as_bytes()))
            .fold(good(frame), |sum, (mantissa, scale)| sum.wrapping_add(mantissa as u64 ^ u64::from(scale)))
    });
    measure("… + sorted into readings with marks (Content)", &stream, |frame| {
        let Ok(packet) = Packet::parse(frame.segment) else { return 0 };
        let content = Content::of(&packet);
        content
            .readings
            .iter()
            .filter_map(hj212::Reading::number)
            .fold(good(frame), |sum, (mantissa, _)| sum.wrapping_add(mantissa as u64))
    });
    println!("targets: items 2.00 ({}), numbers 1.00 ({})", verdict(items, 2e6), verdict(numbers, 1e6));
}

/// Time this thread has been on a CPU.
fn cpu_nanos() -> Option<u64> {
    std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok()
}

fn verdict(got: f64, want: f64) -> &'static str {
    if got >= want { "met" } else { "missed" }
}
