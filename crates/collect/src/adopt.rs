//! What an adopted device had sent becomes data: its kept frames are treated once more, now that it is bound.

use std::sync::Arc;

use hj212::frame::single;
use kernel::{Problem, Timestamp};
use store::contract::{IncomingFrame, NewObservation, Outcome, PacketBatch, StoredFrame, Transport};

use crate::intake::{self, Context};
use crate::mqtt;
use crate::ops::AdoptionReport;
use crate::pipeline::Content;
use crate::rows;
use crate::service::Collect;

/// Frames that are treated in one commit.
const AT_ONCE: i64 = 500;

impl Collect {
    /// The oldest time that the kept frames of a device tell of.
    pub(crate) fn oldest_data_time(&self, mn: &str, system: u16) -> Result<Option<Timestamp>, Problem> {
        let mut oldest: Option<Timestamp> = None;
        self.each_quarantined(mn, system, &mut |frames| {
            for frame in frames {
                let time = data_time(&frame).unwrap_or(frame.meta.received_at);
                oldest = Some(oldest.map_or(time, |known| known.min(time)));
            }
            Ok(())
        })?;
        Ok(oldest)
    }

    fn each_quarantined(
        &self,
        mn: &str,
        system: u16,
        work: &mut dyn FnMut(Vec<StoredFrame>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let mut after = 0;
        loop {
            let numbers = self
                .store
                .read(|reader| rows::quarantined_frames(reader, self.division, mn, system, after, AT_ONCE))?;
            let Some(&last) = numbers.last() else { return Ok(()) };
            after = last;
            let mut frames = Vec::with_capacity(numbers.len());
            for number in numbers {
                frames.extend(self.store.frame(number)?);
            }
            work(frames)?;
        }
    }
}

fn data_time(frame: &StoredFrame) -> Option<Timestamp> {
    if frame.meta.transport == Transport::Mqtt {
        return mqtt::data_time(&frame.bytes);
    }
    let cut = single(&frame.bytes)?;
    let packet = hj212::Packet::parse(cut.segment).ok()?;
    let text = packet.pairs().find(|pair| pair.key == "DataTime")?.value;
    Some(Timestamp(hj212::time::parse(text.as_bytes())?.unix_millis()))
}

pub fn replay(
    collect: &Collect,
    mn: &str,
    system: u16,
    report: &mut AdoptionReport,
    now: Timestamp,
) -> Result<(), Problem> {
    collect.each_quarantined(mn, system, &mut |frames| {
        report.frames += frames.len();
        let mut batch = PacketBatch::default();
        let mut sequences = Vec::new();
        for frame in frames {
            let place = batch.frames.len();
            match observation(collect, &frame)? {
                Some(Content::Observation { key, values, judge }) => {
                    batch.observations.push(NewObservation { key, frame: place, values, judge });
                }
                Some(_) => {}
                None => report.refused += 1,
            }
            sequences.push(frame.sequence);
            batch.frames.push(IncomingFrame {
                bytes: frame.bytes,
                received_at: frame.meta.received_at,
                transport: frame.meta.transport,
                peer: Arc::clone(&frame.meta.peer),
            });
        }
        let receipt = collect.store.commit_stored(&batch, &sequences, now)?;
        for (observation, outcome) in batch.observations.iter().zip(&receipt.outcomes) {
            match outcome {
                Outcome::Duplicate => report.duplicates += 1,
                _ => report.stored += 1,
            }
            let received_at = batch.frames[observation.frame].received_at;
            collect.activity.of(observation.key.point).heard(received_at, observation.key.data_time);
        }
        Ok(())
    })
}

/// What a kept frame says now; `None`: it is refused.
fn observation(collect: &Collect, frame: &StoredFrame) -> Result<Option<Content>, Problem> {
    let directory = collect.directory.load();
    let issued = |mn: &str| collect.issued_keys(mn);
    let context = Context {
        directory: &directory,
        quarantine: &collect.quarantine,
        factors: &collect.factors,
        issued_keys: &issued,
        peer: &frame.meta.peer,
        address: frame.meta.peer.parse::<std::net::SocketAddr>().ok().map(|peer| peer.ip()),
        transport: frame.meta.transport,
        now: frame.meta.received_at,
        commands_open: false,
    };
    let taken = if frame.meta.transport == Transport::Mqtt {
        mqtt::take_stored(&context, &frame.bytes)?
    } else {
        match single(&frame.bytes) {
            Some(cut) => Some(intake::take(&context, &cut, &mut |_| {})?),
            None => None,
        }
    };
    Ok(taken.map(|taken| taken.packet.content).filter(|content| !matches!(content, Content::Refused)))
}
