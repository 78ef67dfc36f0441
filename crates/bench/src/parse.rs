//! How fast frames are read, on one core, without network and disk.

use std::hint::black_box;
use std::time::{Duration, Instant};

use hj212::{Content, Framer, Packet, Unit};

use crate::packets::{self, Random};
use crate::{Figure, Result};

const FRAMES: usize = 20_000;
const FOR: Duration = Duration::from_secs(2);
/// As read from a socket at once.
const CHUNK: usize = 64 << 10;

pub fn measure() -> Result<Vec<Figure>> {
    let mut random = Random(1);
    let frames: Vec<Vec<u8>> = (0..FRAMES).map(|number| packets::mean(number, &mut random)).collect();
    let stream = frames.concat();
    let mean = stream.len() / FRAMES;
    let borrowed = rate(&stream, |packet| packet.pairs().map(|pair| pair.value.len()).sum::<usize>() as i64)?;
    let numbers = rate(&stream, |packet| {
        Content::of(packet).readings.iter().filter_map(|reading| reading.number()).map(|number| number.0).sum()
    })?;
    let million = |rate: f64| format!("{:.2} M frames/s ({mean} B mean)", rate / 1e6);
    Ok(vec![
        Figure {
            what: "frame + CRC + header + borrowed items, one core",
            goal: "≥ 2 M/s",
            measured: million(borrowed),
            met: Some(borrowed >= 2e6),
            method: "64 KiB chunks of 20,000 different frames through `Framer`, `Packet::parse`, every pair visited, 2 s",
        },
        Figure {
            what: "the same with values sorted by factor and numbers parsed",
            goal: "≥ 1 M/s",
            measured: million(numbers),
            met: Some(numbers >= 1e6),
            method: "`Content::of` and `Reading::number` of every value, 2 s",
        },
    ])
}

fn rate(stream: &[u8], work: impl Fn(&Packet<'_>) -> i64) -> Result<f64> {
    let started = Instant::now();
    let (mut count, mut sum) = (0u64, 0i64);
    let mut framer = Framer::new();
    while started.elapsed() < FOR {
        for chunk in stream.chunks(CHUNK) {
            framer.push(black_box(chunk));
            while let Some(unit) = framer.next() {
                let Unit::Frame(frame) = unit else { return Err("a good frame was refused".into()) };
                let packet = Packet::parse(frame.segment)?;
                sum = sum.wrapping_add(work(&packet));
                count += 1;
            }
        }
    }
    black_box(sum);
    Ok(count as f64 / started.elapsed().as_secs_f64())
}
