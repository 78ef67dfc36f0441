//! What becomes of a device in quarantine: adopted, its kept frames are treated once more now that it is bound;
//! or discarded.
//!
//! Frames go on coming in the meantime. An adoption binds the device, waits until everything that was decided by
//! the older bindings is on disk, and only then reads what is in quarantine; it takes out exactly the frames
//! that it has turned into data, by number. What the station's settings refuse (ciphertext without a key, most
//! of all) stays, for another adoption or for somebody to discard.

use std::sync::Arc;

use hj212::frame::single;
use kernel::{Action, Actor, ErrorCode, EventDraft, Problem, Timestamp};
use sha2::{Digest, Sha256};
use store::contract::{IncomingFrame, NewObservation, Outcome, PacketBatch, StoredFrame, Transport};
use store::event_log;

use crate::intake::{self, Context, SERIAL};
use crate::mqtt;
use crate::ops::not_allowed;
use crate::pipeline::{Content, Stopped};
use crate::quarantine::Quarantine;
use crate::rows::{self, Adoption};
use crate::service::Collect;

/// Frames that are treated in one commit.
const AT_ONCE: i64 = 500;
/// Of the devices in quarantine; there are never so many.
const MOST_DEVICES: i64 = 10_000;

/// What an adoption brought over.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct AdoptionReport {
    /// The device's MN; a new one where it had none.
    pub mn: String,
    pub frames: usize,
    pub stored: usize,
    pub duplicates: usize,
    /// Frames that the station's tolerance, password or key refuses: they stay in quarantine.
    pub refused: usize,
}

/// What was taken out of quarantine without becoming data. The raw frames stay where all frames are.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct DiscardReport {
    pub mn: String,
    pub frames: usize,
}

impl Collect {
    /// Adopts a device out of quarantine: from its oldest kept packet on it reports for `point`, and what was
    /// kept becomes that point's data. Asked again after an end in between, it does what is left.
    pub async fn adopt(
        self: &Arc<Self>,
        actor: &Actor,
        mn: &str,
        system: u16,
        point: i64,
        now: Timestamp,
    ) -> Result<AdoptionReport, Problem> {
        let _alone = self.quarantine_work.lock().await;
        // What was let into quarantine is also on disk.
        self.settle().await?;
        let (collect, actor, device) = (Arc::clone(self), actor.clone(), mn.to_owned());
        let bound_mn = api::blocking(move || collect.bind(&actor, &device, system, point, now)).await;
        let mut report = AdoptionReport { mn: bound_mn.map_err(|problem| problem.0)?, ..AdoptionReport::default() };
        // New packets go to the point from here on; what was decided before is let through to quarantine first.
        self.settle().await?;
        let (collect, device) = (Arc::clone(self), mn.to_owned());
        let replayed = move || {
            collect.replay(&device, system, &mut report, now)?;
            Ok(report)
        };
        api::blocking(replayed).await.map_err(|problem| problem.0)
    }

    /// Takes a device out of quarantine without making data of it. It comes back when it sends again.
    pub async fn discard(
        self: &Arc<Self>,
        actor: &Actor,
        mn: &str,
        system: u16,
        now: Timestamp,
    ) -> Result<DiscardReport, Problem> {
        if !actor.may(Action::AdoptDevices, None) {
            return Err(not_allowed(Action::AdoptDevices));
        }
        let _alone = self.quarantine_work.lock().await;
        let (collect, by, device) = (Arc::clone(self), actor.id.to_string(), mn.to_owned());
        let work = move || {
            collect.must_be_quarantined(&device, system)?;
            // One transaction: what comes in meanwhile is committed before it and goes too, or after it and stays.
            let frames = collect.store.write(|transaction| {
                let frames = rows::discard_quarantined(transaction, collect.division, &device, system)?;
                let event = EventDraft {
                    kind: "collect.device_discarded",
                    actor: by.clone(),
                    subject: device.clone(),
                    payload: serde_json::json!({ "mn": device, "system": system, "frames": frames }),
                };
                event_log::append(transaction, collect.division, now, &[event])?;
                Ok(frames)
            })?;
            collect.quarantine.release(&device, system, frames);
            Ok(DiscardReport { mn: device, frames })
        };
        api::blocking(work).await.map_err(|problem| problem.0)
    }

    /// Waits until every packet whose bindings were looked up before this call is committed or refused: first
    /// until it stands in the queue, then until the queue has been worked off up to here.
    async fn settle(&self) -> Result<(), Problem> {
        drop(self.deciding.write().await);
        let stopped = |stopped: Stopped| Problem::new(ErrorCode::Internal, format!("adopting: {stopped}"));
        self.sender.barrier().await.map_err(stopped)
    }

    fn must_be_quarantined(&self, mn: &str, system: u16) -> Result<(), Problem> {
        let known = self.store.read(|reader| rows::quarantined(reader, self.division, MOST_DEVICES))?;
        if known.iter().any(|device| device.mn == mn && device.system == system) {
            return Ok(());
        }
        Err(Problem::not_found(format!("隔离区没有设备 {mn} (not in quarantine)")))
    }

    /// Binds a quarantined device to a point; gives the MN it has from now on.
    fn bind(&self, actor: &Actor, mn: &str, system: u16, point: i64, now: Timestamp) -> Result<String, Problem> {
        let record = self.point(point)?;
        if !actor.may(Action::AdoptDevices, record.owner.as_deref()) {
            return Err(not_allowed(Action::AdoptDevices));
        }
        self.must_be_quarantined(mn, system)?;
        let serial = mn.strip_prefix(SERIAL);
        let bound_mn = serial.map_or_else(|| mn.to_owned(), |serial| new_mn(self.division, serial));
        // A device that never reported for anything does so for this point whatever time it tells of; one that
        // did, only from what was kept on.
        let valid_from = match self.registered.load().knows(&bound_mn, system) {
            true => self.oldest_data_time(mn, system)?.unwrap_or(now).min(now),
            false => Timestamp(0),
        };
        let adoption = Adoption { mn: bound_mn, system, point, valid_from };
        let by = actor.id.to_string();
        // The ledger first: it may refuse, and asked again after a crash in between it changes nothing.
        let bound = match self.keeper.get() {
            Some(keeper) => Some(keeper.bind(actor, (&adoption.mn, system), point, valid_from, now)?),
            None => None,
        };
        self.store.write(|transaction| {
            if bound.is_none() {
                rows::save_adoption(transaction, self.division, &adoption, &by, now)?;
            }
            if let Some(serial) = serial {
                rows::save_issued_mn(transaction, self.division, serial, &adoption.mn, now)?;
            }
            let event = EventDraft {
                kind: "collect.device_adopted",
                actor: by.clone(),
                subject: point.to_string(),
                payload: serde_json::json!({
                    "mn": adoption.mn, "system": system, "point": point.to_string(),
                    "from": adoption.valid_from.to_iso(), "serial": serial,
                }),
            };
            event_log::append(transaction, self.division, now, &[event])
        })?;
        match bound {
            Some(directory) => self.set_directory(directory),
            None => self.merge_adoptions()?,
        }
        Ok(adoption.mn)
    }

    /// The oldest time that the kept frames of a device tell of.
    fn oldest_data_time(&self, mn: &str, system: u16) -> Result<Option<Timestamp>, Problem> {
        let mut oldest: Option<Timestamp> = None;
        self.each_quarantined(mn, system, &mut |frames| {
            for frame in frames {
                let time = self.data_time(&frame).unwrap_or(frame.meta.received_at);
                oldest = Some(oldest.map_or(time, |known| known.min(time)));
            }
            Ok(())
        })?;
        Ok(oldest)
    }

    fn data_time(&self, frame: &StoredFrame) -> Option<Timestamp> {
        if frame.meta.transport == Transport::Mqtt {
            return mqtt::data_time(&frame.bytes);
        }
        let cut = single(&frame.bytes)?;
        let packet = hj212::Packet::parse(cut.segment).ok()?;
        let opened = match packet.data {
            hj212::Data::Encrypted(_) => {
                let key = self.opening_key(packet.mn, &cut)?;
                Some(hj212::cipher::open(&cut, &key).ok()?)
            }
            _ => None,
        };
        let packet = match &opened {
            Some(plain) => hj212::Packet::parse(plain).ok()?,
            None => packet,
        };
        let text = packet.pairs().find(|pair| pair.key == "DataTime")?.value;
        Some(Timestamp(hj212::time::parse(text.as_bytes())?.unix_millis()))
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

    fn replay(&self, mn: &str, system: u16, report: &mut AdoptionReport, now: Timestamp) -> Result<(), Problem> {
        let closed = Quarantine::closed();
        self.each_quarantined(mn, system, &mut |frames| {
            report.frames += frames.len();
            let mut batch = PacketBatch::default();
            let (mut sequences, mut settled) = (Vec::new(), Vec::new());
            for frame in frames {
                // The frames of a device without MN only showed its serial number.
                let content = match mn.starts_with(SERIAL) {
                    true => Some(Content::Other),
                    false => self.content_of(&closed, &frame)?,
                };
                match content {
                    Some(Content::Observation { key, values, judge }) => {
                        let place = batch.frames.len();
                        batch.observations.push(NewObservation { key, frame: place, values, judge });
                        sequences.push(frame.sequence);
                        settled.push(frame.sequence);
                        batch.frames.push(IncomingFrame {
                            bytes: frame.bytes,
                            received_at: frame.meta.received_at,
                            transport: frame.meta.transport,
                            peer: Arc::clone(&frame.meta.peer),
                        });
                    }
                    Some(Content::Other) => settled.push(frame.sequence),
                    Some(Content::Quarantine { .. } | Content::Refused) | None => report.refused += 1,
                }
            }
            let receipt = self.store.commit_stored(&batch, &sequences, now)?;
            for (observation, outcome) in batch.observations.iter().zip(&receipt.outcomes) {
                match outcome {
                    Outcome::Duplicate => report.duplicates += 1,
                    _ => report.stored += 1,
                }
                let received_at = batch.frames[observation.frame].received_at;
                self.activity.of(observation.key.point).heard(received_at, observation.key.data_time);
            }
            // After the data are durable: an end in between finds the frames again, and the data are duplicates.
            let released = self
                .store
                .write(|transaction| rows::release_quarantined(transaction, self.division, mn, system, &settled))?;
            self.quarantine.release(mn, system, released);
            Ok(())
        })
    }

    /// What a kept frame says now; `None`: it cannot be read at all.
    fn content_of(&self, closed: &Quarantine, frame: &StoredFrame) -> Result<Option<Content>, Problem> {
        let directory = self.directory.load();
        let issued = |mn: &str| self.issued_keys(mn);
        let context = Context {
            directory: &directory,
            quarantine: closed,
            factors: &self.factors,
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
        Ok(taken.map(|taken| taken.packet.content))
    }
}

/// An MN for a device that has none: 24 hex digits out of division and serial number, so that the same device
/// gets the same one again. (The EPC-96 header is that of a self-made number: it is not a maker's.)
fn new_mn(division: kernel::Division, serial: &str) -> String {
    let digest = Sha256::digest(format!("{division}/{serial}").as_bytes());
    let tail: String = digest[..9].iter().map(|byte| format!("{byte:02X}")).collect();
    format!("{division}{tail}")
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use kernel::{Division, Point, PointSet, PointSource};
    use store::Store;
    use store::sqlite::{SqliteOptions, SqliteStore};

    use super::*;
    use crate::directory::{BindingKeeper, Device, Directory};
    use crate::pipeline::ReadyPacket;

    const DIVISION: Division = Division(500_242);

    /// A keeper that lets the test do something after the device was bound and before anybody knows of it.
    struct Pausing {
        bound: mpsc::Sender<()>,
        go_on: std::sync::Mutex<mpsc::Receiver<()>>,
    }

    impl BindingKeeper for Pausing {
        fn bind(
            &self,
            _actor: &Actor,
            (mn, system): (&str, u16),
            point: i64,
            from: Timestamp,
            _now: Timestamp,
        ) -> Result<Directory, Problem> {
            self.bound.send(()).unwrap();
            self.go_on.lock().unwrap().recv().unwrap();
            Ok(Directory::new([Device::new(mn, system, point, from)]))
        }
    }

    fn point() -> Arc<Point> {
        Arc::new(Point {
            id: 1,
            ledger: "test".into(),
            key: "p1".into(),
            name: kernel::Name::new("点位", "point"),
            kind: kernel::PointKind::AirStation,
            location: None,
            location_note: String::new(),
            township: None,
            body: None,
            enterprise: None,
            river: None,
            owner: None,
            function_class: None,
            function_class_basis: None,
            level: None,
            standard: None,
            standard_grade: None,
            survey: None,
            road_length: None,
            reference_oxygen: None,
            emission: Vec::new(),
            limits: Vec::new(),
            factors: Vec::new(),
            realtime_seconds: None,
            minute_minutes: None,
            simulated: false,
            schematic: false,
            valid_from: None,
        })
    }

    /// A frame as a connection takes it that knows no binding of its device.
    fn decided_before(collect: &Collect, hour: u32) -> ReadyPacket {
        let segment = format!(
            "QN=20261124{hour:02}0000000;ST=22;CN=2061;PW=1;MN=LATE;Flag=5;CP=&&DataTime=20261124{hour:02}0000;a34004-Avg=1&&"
        );
        collect.quarantine.admit("LATE", 22).unwrap();
        ReadyPacket {
            frame: Some(IncomingFrame {
                bytes: hj212::encode::frame_of(segment.as_bytes()),
                received_at: kernel::time::now(),
                transport: Transport::Hj212,
                peer: "127.0.0.1:1".into(),
            }),
            content: Content::Quarantine { device: "LATE".into(), system: 22 },
            anomalies: Vec::new(),
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_was_decided_by_the_older_bindings_is_waited_for() {
        let folder = std::env::temp_dir().join(format!("qingshan-collect-adopt-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let store: Arc<dyn Store> =
            SqliteStore::open(&folder, DIVISION, SqliteOptions::default(), crate::MIGRATIONS).unwrap();
        let points: Arc<dyn PointSource> = Arc::new(Arc::new(PointSet::new(vec![point()])));
        let collect = Collect::new(store, DIVISION, api::LiveBus::default(), points).unwrap();
        let (bound, was_bound) = mpsc::channel();
        let (go_on, wait) = mpsc::channel();
        collect.set_binding_keeper(Arc::new(Pausing { bound, go_on: std::sync::Mutex::new(wait) }));
        collect.sender.commit(vec![decided_before(&collect, 8)]).await.unwrap();

        let adopting = Arc::clone(&collect);
        let adopted = tokio::spawn(async move {
            adopting.adopt(&Actor::system("test"), "LATE", 22, 1, kernel::time::now()).await.unwrap()
        });
        tokio::task::spawn_blocking(move || was_bound.recv().unwrap()).await.unwrap();
        // A connection that looked its bindings up before, and is slow.
        let deciding = collect.deciding.read().await;
        go_on.send(()).unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
        let late = collect.sender.begin(vec![decided_before(&collect, 9)]).await.unwrap();
        drop(deciding);
        late.await.unwrap();
        let report = adopted.await.unwrap();
        assert_eq!((report.frames, report.stored), (2, 2), "{report:?}");
        assert_eq!(collect.quarantine.devices(), 0);
        drop(collect);
        let _ = std::fs::remove_dir_all(&folder);
    }
}
