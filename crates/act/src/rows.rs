//! SQL of cases, their timelines and evidence.

use std::collections::BTreeMap;

use kernel::{Division, Id, Name, Timestamp};
use store::{Migration, Reader, Row, StoreError, Transaction, Value};

use crate::model::{Case, DutyLink, Entry, Evidence};
use crate::step_record::StepRecord;

pub const MIGRATIONS: &[Migration] = &[FIRST, DUTIES, RECORDS];

/// The record that a step wrote, as JSON.
const RECORDS: Migration =
    Migration { mechanism: "act", number: 3, sql: "ALTER TABLE act_entry ADD COLUMN record TEXT" };

/// Cases of duties: the record, and the rest as JSON. Of one duty there is one case, whatever goes wrong above.
const DUTIES: Migration = Migration {
    mechanism: "act",
    number: 2,
    sql: "ALTER TABLE act_case ADD COLUMN record BIGINT;
          ALTER TABLE act_case ADD COLUMN duty TEXT;
          CREATE INDEX act_case_record ON act_case (division, record, id) WHERE record IS NOT NULL;
          CREATE UNIQUE INDEX act_case_duty ON act_case (division, subject) WHERE record IS NOT NULL",
};

const FIRST: Migration = Migration {
    mechanism: "act",
    number: 1,
    sql: "CREATE TABLE act_case (
            division BIGINT NOT NULL, id BIGINT NOT NULL, number TEXT NOT NULL, workflow TEXT NOT NULL,
            title_zh TEXT NOT NULL, title_en TEXT NOT NULL, state TEXT NOT NULL, severity TEXT NOT NULL,
            subject TEXT NOT NULL, point BIGINT NOT NULL, owner TEXT NOT NULL, point_owner TEXT,
            assignee BIGINT, assignee_name TEXT, resolved_by BIGINT,
            opened_at BIGINT NOT NULL, due_at BIGINT NOT NULL, closed_at BIGINT,
            spell_from BIGINT NOT NULL, spell_until BIGINT NOT NULL, exceedances BIGINT NOT NULL, revision BIGINT NOT NULL,
            PRIMARY KEY (division, id));
          CREATE UNIQUE INDEX act_case_number ON act_case (division, number);
          CREATE INDEX act_case_subject ON act_case (division, subject, id);
          CREATE INDEX act_case_open ON act_case (division, closed_at, id);
          CREATE TABLE act_entry (
            division BIGINT NOT NULL, case_id BIGINT NOT NULL, sequence BIGINT NOT NULL, at BIGINT NOT NULL,
            actor TEXT NOT NULL, actor_name TEXT NOT NULL, action TEXT NOT NULL, note TEXT NOT NULL, evidence TEXT NOT NULL,
            PRIMARY KEY (division, case_id, sequence));
          CREATE TABLE act_period (
            division BIGINT NOT NULL, subject TEXT NOT NULL, level TEXT NOT NULL, period_start BIGINT NOT NULL,
            case_id BIGINT NOT NULL, verdict TEXT NOT NULL, exceeding BIGINT NOT NULL,
            PRIMARY KEY (division, subject, level, period_start));
          CREATE TABLE act_file (
            division BIGINT NOT NULL, hash TEXT NOT NULL, content_type TEXT NOT NULL, bytes {BYTES} NOT NULL,
            PRIMARY KEY (division, hash));
          CREATE TABLE act_evidence (
            division BIGINT NOT NULL, case_id BIGINT NOT NULL, hash TEXT NOT NULL, file_name TEXT NOT NULL,
            size BIGINT NOT NULL, content_type TEXT NOT NULL, by_name TEXT NOT NULL, at BIGINT NOT NULL,
            PRIMARY KEY (division, case_id, hash))",
};

const CASE: &str = "id, number, workflow, title_zh, title_en, state, severity, subject, point, owner, point_owner, assignee, \
                    assignee_name, resolved_by, opened_at, due_at, closed_at, spell_from, spell_until, exceedances, revision, duty, record";

fn case_of(row: &Row) -> Result<Case, StoreError> {
    let text = |column| row.text(column).map(str::to_owned);
    let optional = |column| row.optional_text(column).map(|value| value.map(str::to_owned));
    Ok(Case {
        id: row.id(0)?,
        number: text(1)?,
        workflow: text(2)?,
        title: Name::new(text(3)?, text(4)?),
        state: text(5)?,
        severity: text(6)?,
        subject: text(7)?,
        point: row.integer(8)?,
        owner: text(9)?,
        point_owner: optional(10)?,
        assignee: row.optional_integer(11)?.map(Id),
        assignee_name: optional(12)?,
        resolved_by: row.optional_integer(13)?.map(Id),
        opened_at: row.time(14)?,
        due_at: row.time(15)?,
        closed_at: row.optional_integer(16)?.map(Timestamp),
        spell_from: row.time(17)?,
        spell_until: row.time(18)?,
        exceedances: row.integer(19)?,
        revision: row.integer(20)?,
        duty: row.optional_text(21)?.map(duty_of).transpose()?,
    })
}

fn duty_of(text: &str) -> Result<DutyLink, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Shape(format!("duty of a case: {error}")))
}

fn record_of(text: &str) -> Result<StepRecord, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Shape(format!("record of a step: {error}")))
}

/// Inserts or replaces a case; its history is its timeline and the event log.
pub fn save(transaction: &dyn Transaction, division: Division, case: &Case) -> Result<(), StoreError> {
    let duty = case.duty.as_ref().map(serde_json::to_string).transpose();
    let duty = duty.map_err(|error| StoreError::Shape(format!("writing the duty of a case: {error}")))?;
    let values: Vec<Value> = vec![
        division.into(),
        case.id.into(),
        (&case.number).into(),
        (&case.workflow).into(),
        (&case.title.zh).into(),
        (&case.title.en).into(),
        (&case.state).into(),
        (&case.severity).into(),
        (&case.subject).into(),
        case.point.into(),
        (&case.owner).into(),
        case.point_owner.clone().into(),
        case.assignee.map(|id| id.0).into(),
        case.assignee_name.clone().into(),
        case.resolved_by.map(|id| id.0).into(),
        case.opened_at.into(),
        case.due_at.into(),
        case.closed_at.map(Timestamp::millis).into(),
        case.spell_from.into(),
        case.spell_until.into(),
        case.exceedances.into(),
        case.revision.into(),
        duty.into(),
        case.duty.as_ref().map(|duty| duty.record.0).into(),
    ];
    transaction.execute(
        &format!(
            "INSERT INTO act_case (division, {CASE})
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)
             ON CONFLICT (division, id) DO UPDATE SET state = excluded.state, severity = excluded.severity,
               owner = excluded.owner, assignee = excluded.assignee, assignee_name = excluded.assignee_name,
               resolved_by = excluded.resolved_by, due_at = excluded.due_at, closed_at = excluded.closed_at,
               spell_from = excluded.spell_from, spell_until = excluded.spell_until,
               exceedances = excluded.exceedances, revision = excluded.revision, duty = excluded.duty"
        ),
        &values,
    )?;
    Ok(())
}

pub fn find(reader: &dyn Reader, division: Division, id: Id) -> Result<Option<Case>, StoreError> {
    let row = reader.query_one(
        &format!("SELECT {CASE} FROM act_case WHERE division = $1 AND id = $2"),
        &[division.into(), id.into()],
    )?;
    row.as_ref().map(case_of).transpose()
}

/// The newest case of a subject, closed or not.
pub fn newest_of(reader: &dyn Reader, division: Division, subject: &str) -> Result<Option<Case>, StoreError> {
    let row = reader.query_one(
        &format!("SELECT {CASE} FROM act_case WHERE division = $1 AND subject = $2 ORDER BY id DESC LIMIT 1"),
        &[division.into(), subject.into()],
    )?;
    row.as_ref().map(case_of).transpose()
}

/// Which cases a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub open: Option<bool>,
    pub state: Option<String>,
    pub workflow: Option<String>,
    pub point: Option<i64>,
    /// Cases of this record's duties.
    pub record: Option<Id>,
    /// Only cases of points, or only those of duties of records.
    pub of_points: bool,
    pub of_records: bool,
    /// Opened until then.
    pub opened_until: Option<Timestamp>,
    pub assignee: Option<Id>,
    pub overdue_at: Option<Timestamp>,
}

impl Filter {
    fn clause(&self, parameters: &mut Vec<Value>) -> String {
        let mut clause = String::from("division = $1");
        let mut add = |text: &str, value: Value| {
            parameters.push(value);
            clause.push_str(&format!(" AND {text} ${}", parameters.len()));
        };
        if let Some(state) = &self.state {
            add("state =", state.into());
        }
        if let Some(point) = self.point {
            add("point =", point.into());
        }
        if let Some(workflow) = &self.workflow {
            add("workflow =", workflow.into());
        }
        if let Some(record) = self.record {
            add("record =", record.into());
        }
        if let Some(assignee) = self.assignee {
            add("assignee =", assignee.into());
        }
        if let Some(until) = self.opened_until {
            add("opened_at <=", until.into());
        }
        if let Some(at) = self.overdue_at {
            add("closed_at IS NULL AND due_at <", at.into());
        }
        match self.open {
            Some(true) => clause.push_str(" AND closed_at IS NULL"),
            Some(false) => clause.push_str(" AND closed_at IS NOT NULL"),
            None => {}
        }
        if self.of_points {
            clause.push_str(" AND record IS NULL");
        }
        if self.of_records {
            clause.push_str(" AND record IS NOT NULL");
        }
        clause
    }
}

/// Newest first.
pub fn list(reader: &dyn Reader, division: Division, filter: &Filter, limit: i64) -> Result<Vec<Case>, StoreError> {
    let mut parameters: Vec<Value> = vec![division.into()];
    let clause = filter.clause(&mut parameters);
    parameters.push(limit.into());
    let sql = format!("SELECT {CASE} FROM act_case WHERE {clause} ORDER BY id DESC LIMIT ${}", parameters.len());
    reader.query(&sql, &parameters)?.iter().map(case_of).collect()
}

/// Records of open cases of duties, by case, after one of them.
pub fn records_of_open(
    reader: &dyn Reader,
    division: Division,
    after: Id,
    limit: i64,
) -> Result<Vec<(Id, Id)>, StoreError> {
    let rows = reader.query(
        "SELECT id, record FROM act_case WHERE division = $1 AND closed_at IS NULL AND record IS NOT NULL AND id > $2
         ORDER BY id LIMIT $3",
        &[division.into(), after.into(), limit.into()],
    )?;
    rows.iter().map(|row| Ok((row.id(0)?, row.id(1)?))).collect()
}

/// Cases opened in a span: all, those that are closed or whose day has come, and those closed in time.
pub struct InTime {
    pub opened: i64,
    pub due: i64,
    pub in_time: i64,
}

/// Of one workflow, or of all.
pub fn closed_in_time(
    reader: &dyn Reader,
    division: Division,
    workflow: Option<&str>,
    (from, until): (Timestamp, Timestamp),
    now: Timestamp,
) -> Result<InTime, StoreError> {
    let row = reader.query_one(
        "SELECT COUNT(*), COALESCE(SUM(CASE WHEN closed_at IS NOT NULL OR due_at < $4 THEN 1 ELSE 0 END), 0),
           COALESCE(SUM(CASE WHEN closed_at IS NOT NULL AND closed_at <= due_at THEN 1 ELSE 0 END), 0)
         FROM act_case WHERE division = $1 AND opened_at >= $2 AND opened_at < $3 AND ($5 = '' OR workflow = $5)",
        &[division.into(), from.into(), until.into(), now.into(), workflow.unwrap_or_default().into()],
    )?;
    let none = InTime { opened: 0, due: 0, in_time: 0 };
    row.map_or(Ok(none), |row| Ok(InTime { opened: row.integer(0)?, due: row.integer(1)?, in_time: row.integer(2)? }))
}

pub fn count_with_prefix(reader: &dyn Reader, division: Division, prefix: &str) -> Result<i64, StoreError> {
    let row = reader.query_one(
        "SELECT COUNT(*) FROM act_case WHERE division = $1 AND number >= $2 AND number < $3",
        &[division.into(), prefix.into(), format!("{prefix}~").into()],
    )?;
    row.map_or(Ok(0), |row| row.integer(0))
}

pub fn add_entry(transaction: &dyn Transaction, division: Division, case: Id, entry: &Entry) -> Result<(), StoreError> {
    let record = entry.record.as_ref().map(serde_json::to_string).transpose();
    let record = record.map_err(|error| StoreError::Shape(format!("writing the record of a step: {error}")))?;
    transaction.execute(
        "INSERT INTO act_entry (division, case_id, sequence, at, actor, actor_name, action, note, evidence, record)
         SELECT $1, $2, COALESCE(MAX(sequence), 0) + 1, $3, $4, $5, $6, $7, $8, $9 FROM act_entry WHERE division = $1 AND case_id = $2",
        &[
            division.into(),
            case.into(),
            entry.at.into(),
            (&entry.actor).into(),
            (&entry.actor_name).into(),
            (&entry.action).into(),
            (&entry.note).into(),
            entry.evidence.join(" ").into(),
            record.into(),
        ],
    )?;
    Ok(())
}

/// How often each action was done on a case.
pub fn steps(reader: &dyn Reader, division: Division, case: Id) -> Result<BTreeMap<String, usize>, StoreError> {
    let rows = reader.query(
        "SELECT action, COUNT(*) FROM act_entry WHERE division = $1 AND case_id = $2 GROUP BY action",
        &[division.into(), case.into()],
    )?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), usize::try_from(row.integer(1)?).unwrap_or(0)))).collect()
}

/// The newest entries of a case, oldest first.
pub fn entries(reader: &dyn Reader, division: Division, case: Id, limit: i64) -> Result<Vec<Entry>, StoreError> {
    let rows = reader.query(
        "SELECT at, actor, actor_name, action, note, evidence, record FROM act_entry WHERE division = $1 AND case_id = $2
         ORDER BY sequence DESC LIMIT $3",
        &[division.into(), case.into(), limit.into()],
    )?;
    rows.iter()
        .rev()
        .map(|row| {
            Ok(Entry {
                at: row.time(0)?,
                actor: row.text(1)?.to_owned(),
                actor_name: row.text(2)?.to_owned(),
                action: row.text(3)?.to_owned(),
                note: row.text(4)?.to_owned(),
                evidence: row.text(5)?.split_whitespace().map(str::to_owned).collect(),
                record: row.optional_text(6)?.map(record_of).transpose()?,
            })
        })
        .collect()
}

/// The case that counted a period, and whether the period still exceeds.
pub fn period(
    reader: &dyn Reader,
    division: Division,
    subject: &str,
    level: &str,
    start: Timestamp,
) -> Result<Option<(Id, bool)>, StoreError> {
    let row = reader.query_one(
        "SELECT case_id, exceeding FROM act_period WHERE division = $1 AND subject = $2 AND level = $3 AND period_start = $4",
        &[division.into(), subject.into(), level.into(), start.into()],
    )?;
    row.map(|row| Ok((row.id(0)?, row.integer(1)? != 0))).transpose()
}

#[allow(clippy::too_many_arguments)]
pub fn set_period(
    transaction: &dyn Transaction,
    division: Division,
    subject: &str,
    level: &str,
    start: Timestamp,
    case: Id,
    verdict: &str,
    exceeding: bool,
) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO act_period (division, subject, level, period_start, case_id, verdict, exceeding)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (division, subject, level, period_start)
         DO UPDATE SET verdict = excluded.verdict, exceeding = excluded.exceeding",
        &[division.into(), subject.into(), level.into(), start.into(), case.into(), verdict.into(), exceeding.into()],
    )?;
    Ok(())
}

/// Subjects of a point's periods that were counted as exceeding, for one period.
pub fn exceeding_subjects(
    reader: &dyn Reader,
    division: Division,
    prefix: &str,
    level: &str,
    start: Timestamp,
) -> Result<Vec<(String, Id)>, StoreError> {
    let rows = reader.query(
        "SELECT subject, case_id FROM act_period WHERE division = $1 AND subject >= $2 AND subject < $3 AND level = $4
         AND period_start = $5 AND exceeding = 1",
        &[division.into(), prefix.into(), format!("{prefix}~").into(), level.into(), start.into()],
    )?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.id(1)?))).collect()
}

/// Newest verdicts of a case.
pub fn verdicts(
    reader: &dyn Reader,
    division: Division,
    subject: &str,
    case: Id,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let rows = reader.query(
        "SELECT verdict FROM act_period WHERE division = $1 AND subject = $2 AND case_id = $3 AND verdict <> ''
         ORDER BY period_start DESC LIMIT $4",
        &[division.into(), subject.into(), case.into(), limit.into()],
    )?;
    rows.iter().map(|row| row.text(0).map(str::to_owned)).collect()
}

pub fn add_evidence(
    transaction: &dyn Transaction,
    division: Division,
    case: Id,
    evidence: &Evidence,
    bytes: &[u8],
) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO act_file (division, hash, content_type, bytes) VALUES ($1, $2, $3, $4) ON CONFLICT (division, hash) DO NOTHING",
        &[division.into(), (&evidence.hash).into(), (&evidence.content_type).into(), bytes.into()],
    )?;
    transaction.execute(
        "INSERT INTO act_evidence (division, case_id, hash, file_name, size, content_type, by_name, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (division, case_id, hash) DO NOTHING",
        &[
            division.into(),
            case.into(),
            (&evidence.hash).into(),
            (&evidence.file_name).into(),
            evidence.size.into(),
            (&evidence.content_type).into(),
            (&evidence.by).into(),
            evidence.at.into(),
        ],
    )?;
    Ok(())
}

pub fn evidence_of(reader: &dyn Reader, division: Division, case: Id) -> Result<Vec<Evidence>, StoreError> {
    let rows = reader.query(
        "SELECT hash, file_name, size, content_type, by_name, at FROM act_evidence WHERE division = $1 AND case_id = $2 ORDER BY at, hash",
        &[division.into(), case.into()],
    )?;
    rows.iter()
        .map(|row| {
            Ok(Evidence {
                hash: row.text(0)?.to_owned(),
                file_name: row.text(1)?.to_owned(),
                size: row.integer(2)?,
                content_type: row.text(3)?.to_owned(),
                by: row.text(4)?.to_owned(),
                at: row.time(5)?,
            })
        })
        .collect()
}

/// Content type and bytes of a file, and the cases it hangs on.
pub type FileRow = (String, Vec<u8>, Vec<Id>);

/// A file, its type, and the cases it hangs on.
pub fn file(reader: &dyn Reader, division: Division, hash: &str) -> Result<Option<FileRow>, StoreError> {
    let parameters = [division.into(), hash.into()];
    let Some(row) =
        reader.query_one("SELECT content_type, bytes FROM act_file WHERE division = $1 AND hash = $2", &parameters)?
    else {
        return Ok(None);
    };
    let cases =
        reader.query("SELECT case_id FROM act_evidence WHERE division = $1 AND hash = $2 LIMIT 100", &parameters)?;
    let cases = cases.iter().map(|row| row.id(0)).collect::<Result<_, _>>()?;
    Ok(Some((row.text(0)?.to_owned(), row.bytes(1)?.to_vec(), cases)))
}
