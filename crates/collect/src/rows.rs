//! The SQL of collect.

use kernel::{Division, Timestamp};
use store::{Reader, Row, StoreError, Transaction, Value};

use crate::model::{AnomalyTotal, Command, CommandKind, CommandReason, CommandState, QuarantinedDevice};

const COMMAND: &str = "id, point, mn, system, kind, cn, arguments, state, reason, asked_by, qn, asked_at, sent_at,
    accepted_at, finished_at, tries, qn_return, execution_return, answer";

fn unknown(what: &str, text: &str) -> StoreError {
    StoreError::Shape(format!("unknown {what} `{text}`"))
}

fn command_of(row: &Row) -> Result<Command, StoreError> {
    let optional_time = |column| Ok::<_, StoreError>(row.optional_integer(column)?.map(Timestamp));
    Ok(Command {
        id: row.id(0)?,
        point: row.integer(1)?,
        mn: row.text(2)?.to_owned(),
        system: row.integer(3)? as u16,
        kind: CommandKind::from_name(row.text(4)?).ok_or_else(|| unknown("command", row.text(4).unwrap_or("")))?,
        cn: row.integer(5)? as u16,
        arguments: serde_json::from_str(row.text(6)?).map_err(|error| StoreError::Shape(error.to_string()))?,
        state: CommandState::from_name(row.text(7)?).ok_or_else(|| unknown("state", row.text(7).unwrap_or("")))?,
        reason: CommandReason::from_name(row.text(8)?).ok_or_else(|| unknown("reason", row.text(8).unwrap_or("")))?,
        asked_by: row.text(9)?.to_owned(),
        qn: row.text(10)?.to_owned(),
        asked_at: row.time(11)?,
        sent_at: optional_time(12)?,
        accepted_at: optional_time(13)?,
        finished_at: optional_time(14)?,
        tries: row.integer(15)? as u32,
        qn_return: row.optional_integer(16)?,
        execution_return: row.optional_integer(17)?,
        answer: row.optional_text(18)?.map(str::to_owned),
    })
}

/// Writes a command as it is now, new or changed.
pub fn save_command(transaction: &dyn Transaction, division: Division, command: &Command) -> Result<(), StoreError> {
    let arguments = serde_json::to_string(&command.arguments).map_err(|error| StoreError::Shape(error.to_string()))?;
    transaction.execute(
        &format!(
            "INSERT INTO command (division, {COMMAND})
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
             ON CONFLICT (division, id) DO UPDATE SET state = excluded.state, sent_at = excluded.sent_at,
               accepted_at = excluded.accepted_at, finished_at = excluded.finished_at, tries = excluded.tries,
               qn_return = excluded.qn_return, execution_return = excluded.execution_return, answer = excluded.answer,
               qn = excluded.qn"
        ),
        &[
            division.into(),
            command.id.into(),
            command.point.into(),
            (&command.mn).into(),
            command.system.into(),
            command.kind.describe().0.into(),
            command.cn.into(),
            arguments.into(),
            command.state.name().into(),
            command.reason.name().into(),
            (&command.asked_by).into(),
            (&command.qn).into(),
            command.asked_at.into(),
            command.sent_at.map(Timestamp::millis).into(),
            command.accepted_at.map(Timestamp::millis).into(),
            command.finished_at.map(Timestamp::millis).into(),
            command.tries.into(),
            command.qn_return.into(),
            command.execution_return.into(),
            command.answer.clone().into(),
        ],
    )?;
    Ok(())
}

/// Newest first.
pub fn commands_of_point(
    reader: &dyn Reader,
    division: Division,
    point: i64,
    limit: i64,
) -> Result<Vec<Command>, StoreError> {
    let rows = reader.query(
        &format!("SELECT {COMMAND} FROM command WHERE division = $1 AND point = $2 ORDER BY id DESC LIMIT $3"),
        &[division.into(), point.into(), limit.into()],
    )?;
    rows.iter().map(command_of).collect()
}

/// Commands that are not finished, oldest first.
pub fn open_commands(reader: &dyn Reader, division: Division, limit: i64) -> Result<Vec<Command>, StoreError> {
    let rows = reader.query(
        &format!(
            "SELECT {COMMAND} FROM command WHERE division = $1 AND state IN ('queued', 'sent', 'accepted') ORDER BY id LIMIT $2"
        ),
        &[division.into(), limit.into()],
    )?;
    rows.iter().map(command_of).collect()
}

pub fn quarantined(reader: &dyn Reader, division: Division, limit: i64) -> Result<Vec<QuarantinedDevice>, StoreError> {
    let rows = reader.query(
        "SELECT q.device, q.system, q.first_at, q.last_at, q.packets, q.peer,
           (SELECT MAX(f.frame) FROM quarantine_frame f
            WHERE f.division = q.division AND f.device = q.device AND f.system = q.system)
         FROM quarantine q WHERE q.division = $1 ORDER BY q.last_at DESC LIMIT $2",
        &[division.into(), limit.into()],
    )?;
    rows.iter()
        .map(|row| {
            Ok(QuarantinedDevice {
                mn: row.text(0)?.to_owned(),
                system: row.integer(1)? as u16,
                first_at: row.time(2)?,
                last_at: row.time(3)?,
                packets: row.integer(4)?,
                peer: row.text(5)?.to_owned(),
                newest_frame: row.optional_integer(6)?,
            })
        })
        .collect()
}

/// MN and system code.
pub type DeviceKey = (String, u16);

/// Frames kept of each quarantined device.
pub fn quarantined_counts(reader: &dyn Reader, division: Division) -> Result<Vec<(DeviceKey, usize)>, StoreError> {
    let rows = reader.query(
        "SELECT device, system, COUNT(*) FROM quarantine_frame WHERE division = $1 GROUP BY device, system",
        &[division.into()],
    )?;
    rows.iter().map(|row| Ok(((row.text(0)?.to_owned(), row.integer(1)? as u16), row.integer(2)? as usize))).collect()
}

/// Frames of a quarantined device after a frame number, oldest first.
pub fn quarantined_frames(
    reader: &dyn Reader,
    division: Division,
    mn: &str,
    system: u16,
    after: i64,
    limit: i64,
) -> Result<Vec<i64>, StoreError> {
    let rows = reader.query(
        "SELECT frame FROM quarantine_frame WHERE division = $1 AND device = $2 AND system = $3 AND frame > $4
         ORDER BY frame LIMIT $5",
        &[division.into(), mn.into(), system.into(), after.into(), limit.into()],
    )?;
    rows.iter().map(|row| row.integer(0)).collect()
}

/// Takes these frames of a device, and no others, out of quarantine; the device too when none is left. Gives
/// how many were there.
pub fn release_quarantined(
    transaction: &dyn Transaction,
    division: Division,
    mn: &str,
    system: u16,
    frames: &[i64],
) -> Result<usize, StoreError> {
    let mut released = 0;
    for &frame in frames {
        released += transaction.execute(
            "DELETE FROM quarantine_frame WHERE division = $1 AND device = $2 AND system = $3 AND frame = $4",
            &[division.into(), mn.into(), system.into(), frame.into()],
        )?;
    }
    let device: [Value; 3] = [division.into(), mn.into(), system.into()];
    transaction.execute(
        "UPDATE quarantine SET packets = (SELECT COUNT(*) FROM quarantine_frame f
           WHERE f.division = $1 AND f.device = $2 AND f.system = $3)
         WHERE division = $1 AND device = $2 AND system = $3",
        &device,
    )?;
    transaction.execute(
        "DELETE FROM quarantine WHERE division = $1 AND device = $2 AND system = $3 AND packets = 0",
        &device,
    )?;
    Ok(usize::try_from(released).unwrap_or(usize::MAX))
}

/// Takes a device with all its frames out of quarantine; gives how many frames were there.
pub fn discard_quarantined(
    transaction: &dyn Transaction,
    division: Division,
    mn: &str,
    system: u16,
) -> Result<usize, StoreError> {
    let device: [Value; 3] = [division.into(), mn.into(), system.into()];
    let frames = transaction
        .execute("DELETE FROM quarantine_frame WHERE division = $1 AND device = $2 AND system = $3", &device)?;
    transaction.execute("DELETE FROM quarantine WHERE division = $1 AND device = $2 AND system = $3", &device)?;
    Ok(usize::try_from(frames).unwrap_or(usize::MAX))
}

/// Anomalies of a point (0: of no known point) since a day, by name.
pub fn anomalies(
    reader: &dyn Reader,
    division: Division,
    point: i64,
    since_day: i64,
) -> Result<Vec<AnomalyTotal>, StoreError> {
    let rows = reader.query(
        "SELECT name, SUM(count), MAX(last_at) FROM anomaly WHERE division = $1 AND point = $2 AND day >= $3
         GROUP BY name ORDER BY 2 DESC",
        &[division.into(), point.into(), since_day.into()],
    )?;
    rows.iter()
        .map(|row| Ok(AnomalyTotal { name: row.text(0)?.to_owned(), count: row.integer(1)?, last_at: row.time(2)? }))
        .collect()
}

/// The last presence that was announced of each point.
pub fn presences(reader: &dyn Reader, division: Division) -> Result<Vec<(i64, String, Timestamp)>, StoreError> {
    let rows = reader.query("SELECT point, state, since FROM presence WHERE division = $1", &[division.into()])?;
    rows.iter().map(|row| Ok((row.integer(0)?, row.text(1)?.to_owned(), row.time(2)?))).collect()
}

pub fn save_presence(
    transaction: &dyn Transaction,
    division: Division,
    point: i64,
    state: &str,
    since: Timestamp,
) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO presence (division, point, state, since) VALUES ($1, $2, $3, $4)
         ON CONFLICT (division, point) DO UPDATE SET state = excluded.state, since = excluded.since",
        &[division.into(), point.into(), state.into(), since.into()],
    )?;
    Ok(())
}

/// A device that was adopted out of quarantine, until the register holds its binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adoption {
    pub mn: String,
    pub system: u16,
    pub point: i64,
    pub valid_from: Timestamp,
}

pub fn adoptions(reader: &dyn Reader, division: Division) -> Result<Vec<Adoption>, StoreError> {
    let rows = reader.query(
        "SELECT mn, system, point, valid_from FROM adoption WHERE division = $1 ORDER BY mn, system",
        &[division.into()],
    )?;
    rows.iter()
        .map(|row| {
            Ok(Adoption {
                mn: row.text(0)?.to_owned(),
                system: row.integer(1)? as u16,
                point: row.integer(2)?,
                valid_from: row.time(3)?,
            })
        })
        .collect()
}

pub fn save_adoption(
    transaction: &dyn Transaction,
    division: Division,
    adoption: &Adoption,
    by: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO adoption (division, mn, system, point, valid_from, adopted_by, adopted_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (division, mn, system) DO UPDATE SET point = excluded.point, valid_from = excluded.valid_from,
           adopted_by = excluded.adopted_by, adopted_at = excluded.adopted_at",
        &[
            division.into(),
            (&adoption.mn).into(),
            adoption.system.into(),
            adoption.point.into(),
            adoption.valid_from.into(),
            by.into(),
            at.into(),
        ],
    )?;
    Ok(())
}

/// The MN issued to a device by its serial number.
pub fn issued_mn(reader: &dyn Reader, division: Division, serial: &str) -> Result<Option<String>, StoreError> {
    let row = reader
        .query_one("SELECT mn FROM issued_mn WHERE division = $1 AND serial = $2", &[division.into(), serial.into()])?;
    row.map(|row| row.text(0).map(str::to_owned)).transpose()
}

pub fn save_issued_mn(
    transaction: &dyn Transaction,
    division: Division,
    serial: &str,
    mn: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO issued_mn (division, serial, mn, issued_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        &[division.into(), serial.into(), mn.into(), at.into()],
    )?;
    Ok(())
}

/// Keys issued to devices, newest first.
pub fn issued_keys(reader: &dyn Reader, division: Division) -> Result<Vec<(String, String, Timestamp)>, StoreError> {
    let rows = reader.query(
        "SELECT mn, sm4_key, issued_at FROM issued_key WHERE division = $1 ORDER BY issued_at DESC",
        &[division.into()],
    )?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned(), row.time(2)?))).collect()
}

/// Keeps a key; of each device only the newest few.
pub fn save_issued_key(
    transaction: &dyn Transaction,
    division: Division,
    mn: &str,
    key: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO issued_key (division, mn, issued_at, sm4_key) VALUES ($1, $2, $3, $4)",
        &[division.into(), mn.into(), at.into(), key.into()],
    )?;
    transaction.execute(
        "DELETE FROM issued_key WHERE division = $1 AND mn = $2 AND issued_at NOT IN
           (SELECT issued_at FROM issued_key WHERE division = $1 AND mn = $2 ORDER BY issued_at DESC LIMIT 3)",
        &[division.into(), mn.into()],
    )?;
    Ok(())
}

/// Writes and takes away so many bytes, each durably: is there room?
pub fn try_room(store: &dyn store::Store, division: Division, bytes: usize) -> Result<(), StoreError> {
    store.write(|transaction| {
        transaction.execute(
            "INSERT INTO room (division, id, bytes) VALUES ($1, 1, $2) ON CONFLICT (division, id) DO UPDATE SET bytes = excluded.bytes",
            &[division.into(), vec![0u8; bytes].into()],
        )
    })?;
    store.write(|transaction| transaction.execute("DELETE FROM room WHERE division = $1", &[division.into()]))?;
    Ok(())
}
