//! What people and devices ask for: commands, import of files, issue of MN and keys (adoption: `adopt.rs`).
//! Each: authorise → load → decide → save with its event in one transaction → announce.

use std::collections::HashMap;
use std::sync::Arc;

use kernel::{Action, Actor, ErrorCode, EventDraft, IdSource, Point, PointKind, Problem, Timestamp};
use sha2::{Digest, Sha256};
use store::event_log;

use crate::directory::{Device, Directory};
use crate::import::{self, ImportReport};
use crate::intake::Effect;
use crate::model::{Command, CommandKind, CommandReason, CommandState};
use crate::service::Collect;
use crate::sessions::Outbox;
use crate::{anomaly, command, intake, rows, wire};

static IDS: IdSource = IdSource::new();
/// Answers to commands come as ST=91.
const ANSWERS: u16 = 91;

pub(crate) fn not_allowed(action: Action) -> Problem {
    Problem::new(ErrorCode::NotAllowed, format!("需要权限 {} (needs this right)", action.name()))
}

impl Collect {
    /// A point of the register, or "no such thing".
    pub(crate) fn point(&self, id: i64) -> Result<Arc<Point>, Problem> {
        let points = self.points.points();
        points.get(id).cloned().ok_or_else(|| Problem::not_found(format!("没有点位 {id} (no such point)")))
    }

    /// Gives a command to the device that reports for a point. It is queued durably, and sent as soon as the
    /// device is connected and free. Blocking.
    pub fn ask(
        &self,
        actor: &Actor,
        point: i64,
        kind: CommandKind,
        asked: &[(String, String)],
        now: Timestamp,
    ) -> Result<Command, Problem> {
        let record = self.point(point)?;
        if !actor.may(Action::CommandStations, record.owner.as_deref()) {
            return Err(not_allowed(Action::CommandStations));
        }
        let device = self.device_of(point, now)?;
        self.queue(&device.mn, device.system, point, kind, asked, CommandReason::Manual, &actor.id.to_string(), now)
    }

    /// The device of a point that commands go to: a connected one before others.
    fn device_of(&self, point: i64, now: Timestamp) -> Result<Arc<Device>, Problem> {
        let mut devices = self.directory.load().of_point(point, now);
        devices.sort_by_key(|device| self.sessions.get(&device.mn).is_none());
        devices.into_iter().next().ok_or_else(|| {
            Problem::new(
                ErrorCode::StationNotConnected,
                "此点位现在没有绑定设备 (no device reports for this point now)",
            )
        })
    }

    #[allow(clippy::too_many_arguments)]
    pub(crate) fn queue(
        &self,
        mn: &str,
        system: u16,
        point: i64,
        kind: CommandKind,
        asked: &[(String, String)],
        reason: CommandReason,
        asked_by: &str,
        now: Timestamp,
    ) -> Result<Command, Problem> {
        if self.commands.open_of_point(point) >= self.limits.open_commands {
            return Err(Problem::new(
                ErrorCode::TooMany,
                "此点位未完成的命令过多 (too many open commands of this point)",
            ));
        }
        let (cn, arguments) =
            command::build(kind, asked).map_err(|name| Problem::invalid(format!("{} ({})", name.zh, name.en)))?;
        let command = Command {
            id: IDS.next(now),
            point,
            mn: mn.to_owned(),
            system,
            kind,
            cn,
            arguments,
            state: CommandState::Queued,
            reason,
            asked_by: asked_by.to_owned(),
            qn: self.commands.next_qn(now),
            asked_at: now,
            sent_at: None,
            accepted_at: None,
            finished_at: None,
            tries: 0,
            qn_return: None,
            execution_return: None,
            answer: None,
        };
        self.store.write(|transaction| {
            rows::save_command(transaction, self.division, &command)?;
            event_log::append(transaction, self.division, now, &[command_event("collect.command_asked", &command)])
        })?;
        self.announce_command(&command, now);
        self.commands.add(command.clone());
        Ok(command)
    }

    /// Writes down what has become of commands. Blocking; what cannot be written is kept for the next time.
    pub(crate) fn save_commands(&self, now: Timestamp) {
        let changed = self.commands.take_changed();
        if changed.is_empty() {
            return;
        }
        let saved = self.store.write(|transaction| {
            let mut events = Vec::new();
            for command in &changed {
                rows::save_command(transaction, self.division, command)?;
                if command.state.is_final() {
                    events.push(command_event("collect.command_ended", command));
                }
            }
            if events.is_empty() { Ok(0) } else { event_log::append(transaction, self.division, now, &events) }
        });
        match saved {
            Ok(_) => changed.iter().for_each(|command| self.announce_command(command, now)),
            Err(error) => {
                tracing::warn!("states of {} commands are not saved yet: {error}", changed.len());
                self.commands.put_back(changed);
            }
        }
    }

    /// Does what a group asked for once it is durable and answered.
    pub(crate) async fn apply(self: &Arc<Self>, effect: Effect, outbox: &Outbox) {
        let now = kernel::time::now();
        match effect {
            Effect::CommandAnswer(answer) => {
                let interaction = matches!(answer.cn, 9011 | 9012);
                if !self.commands.answer(&answer, now) && interaction {
                    let point = self.point_of_device(&answer.mn, ANSWERS, now).unwrap_or(0);
                    self.count(intake::counted(point, anomaly::UNEXPECTED_ANSWER));
                }
            }
            Effect::SetClock { mn, system } => {
                if self.commands.has_open(&mn, CommandKind::SetTime, CommandReason::Clock) {
                    return;
                }
                let Some(point) = self.point_of_device(&mn, system, now) else { return };
                let collect = Arc::clone(self);
                let asked = move || {
                    collect.queue(&mn, system, point, CommandKind::SetTime, &[], CommandReason::Clock, "collect", now)
                };
                self.beside("setting a device's clock", asked).await;
            }
            Effect::IssueMn { serial, system, password } => {
                let collect = Arc::clone(self);
                let found = move || {
                    Ok(collect
                        .store
                        .read(|reader| rows::issued_mn(reader, collect.division, &serial))?
                        .map(|mn| (mn, serial.clone())))
                };
                if let Some(Some((mn, serial))) = self.beside("looking for an issued MN", found).await {
                    let arguments = [("i23005-Info".to_owned(), serial)];
                    self.send_2025(outbox, system, 1002, &password, &mn, &arguments, now);
                }
            }
            Effect::IssueKey { mn, system } => {
                let (collect, device) = (Arc::clone(self), mn.clone());
                let issued = move || {
                    Ok(collect
                        .store
                        .write(|transaction| collect.keys.issue(transaction, collect.division, &device, now))?)
                };
                if let Some(key) = self.beside("issuing a key", issued).await {
                    let text: String = key.iter().map(|&byte| char::from(byte)).collect();
                    let arguments = [("SKCreateTime".to_owned(), wire::qn(now)), ("NewSK".to_owned(), text)];
                    let password = self
                        .password_of(&mn, system, now)
                        .or_else(|| self.sessions.get(&mn).map(|session| session.view().password));
                    self.send_key(outbox, system, &password.unwrap_or_default(), &mn, &arguments, now);
                    self.keys.remember(&mn, key, now);
                }
            }
        }
    }

    /// Blocking work asked for by a device; its failure is logged, since nobody waits for it.
    async fn beside<T: Send + 'static>(
        &self,
        doing: &str,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Option<T> {
        match api::blocking(work).await {
            Ok(value) => Some(value),
            Err(problem) => {
                tracing::warn!("{doing}: {}", problem.0);
                None
            }
        }
    }

    pub(crate) fn password_of(&self, mn: &str, system: u16, now: Timestamp) -> Option<String> {
        self.directory.load().settings(mn, system, now).and_then(|device| device.password.clone())
    }

    fn point_of_device(&self, mn: &str, system: u16, now: Timestamp) -> Option<i64> {
        self.directory.load().settings(mn, system, now).map(|device| device.point)
    }

    /// The key to read a stored frame with: the one that opens it, else any of the device's.
    pub(crate) fn opening_key(&self, mn: &str, frame: &hj212::Frame<'_>) -> Option<[u8; 16]> {
        let mut keys = self.issued_keys(mn);
        keys.extend(self.directory.load().keys(mn));
        keys.iter().find(|key| hj212::cipher::open(frame, key).is_ok()).or(keys.first()).copied()
    }

    #[allow(clippy::too_many_arguments)]
    fn send_2025(
        &self,
        outbox: &Outbox,
        system: u16,
        cn: u16,
        password: &str,
        mn: &str,
        arguments: &[(String, String)],
        now: Timestamp,
    ) {
        let qn = self.commands.next_qn(now);
        let request = wire::Request { edition: hj212::Edition::V2025, qn: &qn, system, cn, password, mn, arguments };
        match wire::request(&request) {
            // Full or closed: the device will ask again.
            Ok(bytes) => {
                let _ = outbox.command(bytes);
            }
            Err(error) => tracing::warn!("answering {mn}: {error}"),
        }
    }

    /// The new key travels under the key in force, as the edition has it.
    fn send_key(
        &self,
        outbox: &Outbox,
        system: u16,
        password: &str,
        mn: &str,
        arguments: &[(String, String)],
        now: Timestamp,
    ) {
        let qn = self.commands.next_qn(now);
        let old = self
            .issued_keys(mn)
            .into_iter()
            .next()
            .or_else(|| self.directory.load().settings(mn, system, now).and_then(|device| device.sm4_key));
        let request =
            wire::Request { edition: hj212::Edition::V2025, qn: &qn, system, cn: 1014, password, mn, arguments };
        match wire::encrypted_request(&request, old.as_ref()) {
            Ok(bytes) => {
                let _ = outbox.command(bytes);
            }
            Err(error) => tracing::warn!("sending a key to {mn}: {error}"),
        }
    }

    /// Puts the adopted devices beside the register's, which come first.
    pub(crate) fn merge_adoptions(&self) -> Result<(), Problem> {
        let adoptions = self.store.read(|reader| rows::adoptions(reader, self.division))?;
        let mut directory = Directory::clone(&self.registered.load());
        for adoption in adoptions {
            directory.add(Device::new(adoption.mn, adoption.system, adoption.point, adoption.valid_from));
        }
        self.directory.store(Arc::new(directory));
        Ok(())
    }

    /// Imports a table through the same pipe as packets. `dry_run` reads and checks only.
    pub async fn import(
        self: &Arc<Self>,
        actor: &Actor,
        profile: &str,
        bytes: Vec<u8>,
        dry_run: bool,
    ) -> Result<ImportReport, Problem> {
        if !actor.may_somewhere(Action::ImportData) {
            return Err(not_allowed(Action::ImportData));
        }
        let profile = import::built_in_profiles()
            .into_iter()
            .find(|known| known.id == profile)
            .ok_or_else(|| Problem::invalid(format!("没有导入格式“{profile}” (no such import profile)")))?;
        let now = kernel::time::now();
        let collect = Arc::clone(self);
        let stations = self.stations(actor, now);
        let work = move || {
            let digest = Sha256::digest(&bytes);
            let source: String = digest[..6].iter().map(|byte| format!("{byte:02x}")).collect();
            let table = import::Table::from_bytes(&bytes).map_err(|error| Problem::invalid(error.to_string()))?;
            let (readings, mut report) = import::read(&table, &profile);
            let packets = import::packets(&*collect.store, &table, readings, &stations, &source, now, &mut report)?;
            Ok((packets, report))
        };
        let (packets, mut report) = api::blocking(work).await.map_err(|problem| problem.0)?;
        if dry_run {
            report.accepted = packets.len();
            return Ok(report);
        }
        let newest: Vec<(i64, Timestamp)> = packets.iter().filter_map(|packet| packet.data_time()).collect();
        import::commit(&self.sender, packets, &mut report).await?;
        for (point, data_time) in newest {
            self.activity.of(point).heard_by_import(data_time);
        }
        let (collect, by, summary) = (Arc::clone(self), actor.id.to_string(), report.clone());
        let event = move || {
            let event = EventDraft {
                kind: "collect.imported",
                actor: by,
                subject: "import".into(),
                payload: serde_json::json!({
                    "rows": summary.rows, "values": summary.values, "accepted": summary.accepted,
                    "duplicates": summary.duplicates, "rejected": summary.rejected,
                }),
            };
            collect.store.write(|transaction| {
                event_log::append(transaction, collect.division, now, std::slice::from_ref(&event))
            })?;
            Ok(())
        };
        api::blocking(event).await.map_err(|problem| problem.0)?;
        Ok(report)
    }

    /// Names under which a file may call a point: key, either name, id, MN of its devices.
    fn stations(&self, actor: &Actor, now: Timestamp) -> import::Stations {
        let directory = self.directory.load();
        let mut stations = HashMap::new();
        for point in self.points.points().iter() {
            if !actor.may(Action::ImportData, point.owner.as_deref()) {
                continue;
            }
            let devices = directory.of_point(point.id, now);
            let system = devices.first().map_or_else(|| system_of(point.kind), |device| device.system);
            let names = [point.key.clone(), point.name.zh.clone(), point.name.en.clone(), point.id.to_string()];
            for name in names.into_iter().chain(devices.iter().map(|device| device.mn.clone())) {
                stations.entry(name).or_insert((point.id, system));
            }
        }
        stations
    }
}

fn command_event(kind: &'static str, command: &Command) -> EventDraft {
    EventDraft {
        kind,
        actor: command.asked_by.clone(),
        subject: command.point.to_string(),
        payload: serde_json::json!({
            "command": command.id, "point": command.point.to_string(), "kind": command.kind.describe().0,
            "cn": command.cn, "mn": command.mn, "reason": command.reason.name(), "state": command.state.name(),
            "arguments": command.arguments, "qn_return": command.qn_return, "execution_return": command.execution_return,
        }),
    }
}

/// The system code of a kind of point, for data that name none.
pub(crate) const fn system_of(kind: PointKind) -> u16 {
    match kind {
        PointKind::AirStation | PointKind::MicroStation => 22,
        PointKind::WaterSection | PointKind::LakePoint | PointKind::DrinkingWaterSource => 21,
        PointKind::WastewaterOutlet => 32,
        PointKind::WasteGasOutlet => 31,
        PointKind::NoisePoint => 23,
        PointKind::GroundwaterWell => 24,
        PointKind::SoilPoint => 25,
        PointKind::ElectromagneticStation => 41,
        PointKind::DustPoint => 39,
        PointKind::EcologicalFlow | PointKind::HydrologyStation | PointKind::EcologicalStation => 21,
    }
}
