//! A seeded mutation fuzzer on the stable toolchain: samples are damaged, glued and cut at random; nothing may
//! panic, hold more than its bound, or come out differently when it arrives in other pieces.
//!
//! `HJ212_FUZZ_SECONDS=600 HJ212_FUZZ_SEED=7 cargo test -p hj212 --test fuzz` runs longer, from another seed.

#![allow(clippy::unwrap_used)] // a test may

use std::time::{Duration, Instant};

use hj212::describe::describe;
use hj212::{Framer, Unit};

struct Random(u64);

impl Random {
    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

fn corpus() -> Vec<Vec<u8>> {
    include_str!("fixtures/samples.jsonl")
        .lines()
        .filter_map(|line| {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            match (row["frame"].as_str(), row["frame_hex"].as_str()) {
                (Some(text), _) => Some(text.as_bytes().to_vec()),
                (_, Some(hex)) => Some(
                    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect(),
                ),
                _ => None,
            }
        })
        .collect()
}

const TOKENS: [&[u8]; 14] = [
    b"##",
    b"&&",
    b"CP=&&",
    b"CP=",
    b";",
    b",",
    b"=",
    b"\r\n",
    b"##0087",
    b"Flag=",
    b"{0x",
    b"-Flag=",
    b"&&1C80",
    b"\xC4\xE3",
];

fn mutate(random: &mut Random, bytes: &mut Vec<u8>, corpus: &[Vec<u8>]) {
    let at = random.below(bytes.len() + 1);
    match random.below(7) {
        0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        1 if at < bytes.len() => {
            bytes.remove(at);
        }
        2 => {
            let token = TOKENS[random.below(TOKENS.len())];
            bytes.splice(at..at, token.iter().copied());
        }
        3 => bytes.truncate(at),
        4 => {
            let other = &corpus[random.below(corpus.len())];
            let from = random.below(other.len());
            bytes.splice(at..at, other[from..].iter().copied());
        }
        5 => bytes.extend_from_slice(b"\r\n"),
        _ => {
            let until = at + random.below(bytes.len() + 1 - at);
            bytes.drain(at..until);
        }
    }
    bytes.truncate(12_000);
}

fn run<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<String> {
    let mut framer = Framer::new();
    let mut found = Vec::new();
    let mut take = |framer: &mut Framer| {
        while let Some(unit) = framer.next() {
            if let Unit::Frame(frame) = unit {
                found.push(describe(&frame, Some(&[0x30; 16])).to_json());
            }
        }
        assert!(framer.buffered() <= hj212::frame::DEFAULT_LIMIT + 16);
    };
    for piece in pieces {
        framer.push(piece);
        take(&mut framer);
    }
    framer.end();
    take(&mut framer);
    found
}

#[test]
fn damaged_streams() {
    let number =
        |name: &str, default: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let seed = number("HJ212_FUZZ_SEED", 212);
    let until = Instant::now() + Duration::from_secs(number("HJ212_FUZZ_SECONDS", 2));
    let corpus = corpus();
    let mut random = Random(seed);
    let mut rounds = 0u64;
    while Instant::now() < until {
        rounds += 1;
        let mut bytes = Vec::new();
        for _ in 0..=random.below(4) {
            bytes.extend_from_slice(&corpus[random.below(corpus.len())]);
            if random.below(2) == 0 {
                bytes.extend_from_slice(b"\r\n");
            }
        }
        for _ in 0..random.below(6) {
            mutate(&mut random, &mut bytes, &corpus);
        }
        let whole = run(std::iter::once(&bytes[..]));
        let step = 1 + random.below(400);
        let cut = run(bytes.chunks(step));
        assert_eq!(cut, whole, "seed {seed} round {rounds} step {step}: {:?}", String::from_utf8_lossy(&bytes));
    }
    println!("{rounds} rounds from seed {seed}");
    assert!(rounds > 10, "only {rounds} rounds");
}
