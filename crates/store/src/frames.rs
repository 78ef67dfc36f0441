//! Batches of raw frames: the verbatim record (原始记录), hash-linked and compressed.
//!
//! Each frame is chained: `hash = SHA-256(previous ‖ SHA-256(received_at ‖ transport ‖ peer ‖ bytes))`. The
//! chain runs over frames, not over batches, so merging small commits into sealed segments changes nothing
//! that was proven. A batch is: version, count, peers, then per-frame columns, then the frames one after
//! another; the whole compressed with zstd where that makes it smaller.

use std::sync::Arc;

use kernel::Timestamp;
use sha2::{Digest, Sha256};

use crate::contract::{IncomingFrame, StoreError, Transport};
use crate::packed::{get_varint, put_varint, unzigzag, zigzag};

const VERSION_PLAIN: u8 = 1;
const VERSION_ZSTD: u8 = 2;
/// A batch never unpacks to more than this.
const MAX_UNPACKED: usize = 64 << 20;

/// What is known of a frame beside its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameMeta {
    pub received_at: Timestamp,
    pub transport: Transport,
    pub peer: Arc<str>,
}

/// The next link of the chain.
pub fn link(previous: &[u8; 32], meta: &FrameMeta, bytes: &[u8]) -> [u8; 32] {
    let mut frame = Sha256::new();
    frame.update(meta.received_at.millis().to_be_bytes());
    frame.update([meta.transport as u8]);
    frame.update((meta.peer.len() as u32).to_be_bytes());
    frame.update(meta.peer.as_bytes());
    frame.update(bytes);
    let mut chain = Sha256::new();
    chain.update(previous);
    chain.update(frame.finalize());
    chain.finalize().into()
}

impl IncomingFrame {
    pub fn meta(&self) -> FrameMeta {
        FrameMeta { received_at: self.received_at, transport: self.transport, peer: Arc::clone(&self.peer) }
    }
}

/// Packs frames; `level` is the zstd level.
pub fn encode<'a>(
    frames: impl Iterator<Item = (&'a FrameMeta, &'a [u8])> + Clone,
    level: i32,
) -> Result<Vec<u8>, StoreError> {
    let mut plain = Vec::new();
    let mut peers: Vec<&str> = Vec::new();
    let mut columns = Vec::new();
    let mut count = 0u64;
    let mut last_time = 0i64;
    for (meta, bytes) in frames.clone() {
        let peer = match peers.iter().position(|known| *known == &*meta.peer) {
            Some(place) => place,
            None => {
                peers.push(&meta.peer);
                peers.len() - 1
            }
        };
        put_varint(zigzag(meta.received_at.millis() - last_time), &mut columns);
        last_time = meta.received_at.millis();
        put_varint((peer as u64) << 2 | meta.transport as u64, &mut columns);
        put_varint(bytes.len() as u64, &mut columns);
        count += 1;
    }
    put_varint(count, &mut plain);
    put_varint(peers.len() as u64, &mut plain);
    for peer in peers {
        put_varint(peer.len() as u64, &mut plain);
        plain.extend_from_slice(peer.as_bytes());
    }
    put_varint(columns.len() as u64, &mut plain);
    plain.extend_from_slice(&columns);
    for (_, bytes) in frames {
        plain.extend_from_slice(bytes);
    }
    let packed = if plain.len() > 512 {
        zstd::bulk::compress(&plain, level)
            .map_err(|error| StoreError::Shape(format!("compressing raw frames: {error}")))?
    } else {
        Vec::new()
    };
    let (version, body) =
        if !packed.is_empty() && packed.len() < plain.len() { (VERSION_ZSTD, packed) } else { (VERSION_PLAIN, plain) };
    let mut out = Vec::with_capacity(body.len() + 6);
    out.push(version);
    out.extend_from_slice(&body);
    Ok(out)
}

/// Unpacks a batch into frames in their order.
pub fn decode(batch: &[u8]) -> Result<Vec<(FrameMeta, Vec<u8>)>, StoreError> {
    let damaged = || StoreError::Shape("a raw frame batch is damaged".into());
    let (&version, body) = batch.split_first().ok_or_else(damaged)?;
    let unpacked;
    let mut plain: &[u8] = match version {
        VERSION_PLAIN => body,
        VERSION_ZSTD => {
            let size = zstd::zstd_safe::get_frame_content_size(body).ok().flatten().unwrap_or(0) as usize;
            if size > MAX_UNPACKED {
                return Err(damaged());
            }
            unpacked = zstd::bulk::decompress(body, size).map_err(|_| damaged())?;
            &unpacked
        }
        _ => return Err(damaged()),
    };
    let count = get_varint(&mut plain).ok_or_else(damaged)? as usize;
    let peer_count = get_varint(&mut plain).ok_or_else(damaged)? as usize;
    if count > MAX_UNPACKED || peer_count > count {
        return Err(damaged());
    }
    let mut peers: Vec<Arc<str>> = Vec::with_capacity(peer_count);
    for _ in 0..peer_count {
        let length = get_varint(&mut plain).ok_or_else(damaged)? as usize;
        let (peer, rest) = plain.split_at_checked(length).ok_or_else(damaged)?;
        plain = rest;
        peers.push(std::str::from_utf8(peer).map_err(|_| damaged())?.into());
    }
    let columns_length = get_varint(&mut plain).ok_or_else(damaged)? as usize;
    let (mut columns, mut bytes) = plain.split_at_checked(columns_length).ok_or_else(damaged)?;
    let mut frames = Vec::with_capacity(count.min(1 << 16));
    let mut time = 0i64;
    for _ in 0..count {
        time += unzigzag(get_varint(&mut columns).ok_or_else(damaged)?);
        let peer = get_varint(&mut columns).ok_or_else(damaged)?;
        let length = get_varint(&mut columns).ok_or_else(damaged)? as usize;
        let transport = match peer & 3 {
            0 => Transport::Hj212,
            1 => Transport::Mqtt,
            2 => Transport::Import,
            _ => return Err(damaged()),
        };
        let (frame, rest) = bytes.split_at_checked(length).ok_or_else(damaged)?;
        bytes = rest;
        let peer = Arc::clone(peers.get((peer >> 2) as usize).ok_or_else(damaged)?);
        frames.push((FrameMeta { received_at: Timestamp(time), transport, peer }, frame.to_vec()));
    }
    Ok(frames)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(millis: i64, peer: &str) -> FrameMeta {
        FrameMeta { received_at: Timestamp(millis), transport: Transport::Hj212, peer: peer.into() }
    }

    #[test]
    fn frames_come_back_as_they_were() {
        let frames: Vec<(FrameMeta, Vec<u8>)> = (0..50)
            .map(|number| {
                (
                    meta(1_800_000_000_000 - number, if number % 2 == 0 { "a" } else { "乙" }),
                    vec![number as u8; number as usize],
                )
            })
            .collect();
        let batch = encode(frames.iter().map(|(meta, bytes)| (meta, bytes.as_slice())), 3).unwrap();
        assert_eq!(decode(&batch).unwrap(), frames);
    }

    #[test]
    fn a_damaged_batch_is_an_error_and_no_panic() {
        let one = meta(1, "peer");
        let batch = encode([(&one, b"##frame".as_slice())].into_iter(), 3).unwrap();
        for length in 0..batch.len() {
            assert!(decode(&batch[..length]).is_err(), "cut at {length}");
        }
    }

    #[test]
    fn one_changed_byte_breaks_the_chain() {
        let one = meta(1, "peer");
        assert_ne!(link(&[0; 32], &one, b"35.1"), link(&[0; 32], &one, b"35.2"));
        assert_ne!(link(&[0; 32], &one, b"35.1"), link(&[0; 32], &meta(2, "peer"), b"35.1"));
    }
}
