//! Operations: authorise → load → decide (pure) → save with its event in one transaction → announce.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use kernel::{
    Action, Actor, Day, Division, ErrorCode, EventDraft, Id, IdSource, Name, PointSource, Problem, Timestamp,
};
use serde_json::json;
use store::{Reader, Store, StoreError, Transaction, event_log};

use crate::duty::{self, DutySource};
use crate::evidence;
use crate::follow::Sweep;
use crate::http::CaseSummary;
use crate::model::{Case, Entry, Evidence};
use crate::rows::{self, Filter};
use crate::step_record::{Given, Ledgers, StepRecord, Writes};
use crate::transition::{self, Request};
use crate::workflow::{Workflow, Workflows};

/// Cases that one list reads at most.
pub const MOST_LISTED: i64 = 5_000;
/// Cases of duties of one record that a file shows.
const MOST_OF_RECORD: i64 = 100;
const MOST_ENTRIES: i64 = 1_000;
const MOST_VERDICTS: i64 = 200;

type BodyNames = dyn Fn(&str) -> Option<Name> + Send + Sync;
/// Everybody who may sign in.
type CompetentBody = dyn Fn() -> Option<String> + Send + Sync;
type People = dyn Fn() -> Result<Vec<Actor>, Problem> + Send + Sync;

/// The case service. Cheap to share.
pub struct Act {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) division: Division,
    pub(crate) live: api::LiveBus,
    pub(crate) points: Arc<dyn PointSource>,
    pub(crate) workflows: Arc<Workflows>,
    pub(crate) ids: IdSource,
    body_names: OnceLock<Box<BodyNames>>,
    people: OnceLock<Box<People>>,
    competent_body: OnceLock<Box<CompetentBody>>,
    pub(crate) duties: OnceLock<Arc<dyn DutySource>>,
    ledgers: OnceLock<Arc<dyn Ledgers>>,
    pub(crate) sweep: Mutex<Sweep>,
}

/// Everything about one case.
#[derive(Clone, Debug)]
pub struct CaseFile {
    pub case: Case,
    /// The newest of its timeline, oldest first.
    pub entries: Vec<Entry>,
    /// How often each action was done, whether or not it is among the entries.
    pub steps: BTreeMap<String, usize>,
    pub evidence: Vec<Evidence>,
    /// Names of verdicts, newest period first.
    pub verdicts: Vec<String>,
}

impl Act {
    pub fn new(
        store: Arc<dyn Store>,
        division: Division,
        live: api::LiveBus,
        points: Arc<dyn PointSource>,
        workflows: Arc<Workflows>,
    ) -> Arc<Self> {
        Arc::new(Self {
            store,
            division,
            live,
            points,
            workflows,
            ids: IdSource::new(),
            body_names: OnceLock::new(),
            people: OnceLock::new(),
            competent_body: OnceLock::new(),
            duties: OnceLock::new(),
            ledgers: OnceLock::new(),
            sweep: Mutex::default(),
        })
    }

    /// How the keys of bodies are named; the wiring knows.
    pub fn set_body_names(&self, names: impl Fn(&str) -> Option<Name> + Send + Sync + 'static) {
        // Only the first call counts; there is one wiring.
        let _ = self.body_names.set(Box::new(names));
    }

    /// The body that cases go to where a point names none; the wiring knows.
    pub fn set_competent_body(&self, body: impl Fn() -> Option<String> + Send + Sync + 'static) {
        let _ = self.competent_body.set(Box::new(body));
    }

    /// Owner of a case of nobody's point.
    pub(crate) fn default_owner(&self, workflow: &Workflow) -> String {
        self.competent_body.get().and_then(|body| body()).unwrap_or_else(|| workflow.default_owner.clone())
    }

    /// Whom cases can be assigned to; the wiring knows.
    pub fn set_people(&self, people: impl Fn() -> Result<Vec<Actor>, Problem> + Send + Sync + 'static) {
        let _ = self.people.set(Box::new(people));
    }

    /// Who knows what the records of the ledgers ask for; the wiring does.
    pub fn set_duties(&self, duties: Arc<dyn DutySource>) {
        let _ = self.duties.set(duties);
    }

    /// Who writes the records of steps; the wiring does.
    pub fn set_ledgers(&self, ledgers: Arc<dyn Ledgers>) {
        let _ = self.ledgers.set(ledgers);
    }

    /// What a step writes, and asks for beside what the workflow names: a field that the ledger has come to require is
    /// asked for, or the step would always be refused.
    pub(crate) fn asking(&self, writes: &Writes) -> Writes {
        let required = self.ledgers.get().map(|ledgers| ledgers.required(&writes.ledger)).unwrap_or_default();
        writes.asking_for(required)
    }

    /// What a case gives to the record of a step.
    pub(crate) fn given(&self, file: &CaseFile, action: &str, note: &str, actor: &Actor, now: Timestamp) -> Given {
        let case = &file.case;
        let points = self.points.points();
        let point = points.get(case.point);
        Given {
            case: case.number.clone(),
            title: case.title.zh.clone(),
            enterprise: point.and_then(|point| point.enterprise.clone()).unwrap_or_default(),
            day: now.day(),
            note: note.to_owned(),
            actor: actor.name.clone(),
            sequence: file.steps.get(action).copied().unwrap_or(0) + 1,
            simulated: point.is_some_and(|point| point.simulated),
        }
    }

    /// The cases of duties, each by record, duty and last day; those that the actor may not see are none.
    pub fn cases_of_duties(&self, actor: &Actor, duties: &[(Id, &str, Day)]) -> Result<Vec<Option<Case>>, Problem> {
        let found = self.store.read(|reader| {
            let case = |(record, duty, last): &(Id, &str, Day)| {
                rows::newest_of(reader, self.division, &duty::subject(*record, duty, *last))
            };
            duties.iter().map(case).collect::<Result<Vec<_>, _>>()
        })?;
        Ok(found.into_iter().map(|case| case.filter(|case| may_read(actor, case))).collect())
    }

    /// Cases of duties of these records that were opened until a time and that the actor may see, newest first.
    pub fn cases_of_records(&self, actor: &Actor, records: &[Id], until: Timestamp) -> Result<Vec<Case>, Problem> {
        let mut cases = self.store.read(|reader| {
            let mut cases = Vec::new();
            for record in records {
                let filter = Filter { record: Some(*record), opened_until: Some(until), ..Filter::default() };
                cases.extend(rows::list(reader, self.division, &filter, MOST_OF_RECORD)?);
            }
            Ok(cases)
        })?;
        cases.retain(|case| may_read(actor, case));
        cases.sort_by_key(|case| std::cmp::Reverse((case.opened_at, case.id)));
        Ok(cases)
    }

    /// People who can work on this case, for somebody who may assign it; by name.
    pub fn assignees(&self, actor: &Actor, id: Id) -> Result<Vec<Actor>, Problem> {
        let case = self.file(actor, id)?.case;
        if !may_on(actor, Action::AssignCases, &case) {
            return Err(Problem::new(ErrorCode::NotAllowed, "没有指派这一件的权限 (this case may not be assigned)"));
        }
        let mut people = self.people.get().map_or_else(|| Ok(Vec::new()), |people| people())?;
        people.retain(|person| may_on(person, Action::WorkCases, &case));
        people.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(people)
    }

    /// The named person, if a case can be theirs. The name is the account's, whatever the request calls them.
    fn assignee(&self, actor: &Actor, id: Id, wanted: Id) -> Result<(Id, String), Problem> {
        let found = self.assignees(actor, id)?.into_iter().find(|person| person.id == wanted);
        found.map(|person| (person.id, person.name)).ok_or_else(|| {
            Problem::invalid("没有这个人，或他不能办这一件 (no such person, or the case cannot be theirs)")
        })
    }

    pub(crate) fn body_name(&self, key: &str) -> Name {
        let known = self.body_names.get().and_then(|names| names(key));
        known.unwrap_or_else(|| Name::new(key, key))
    }

    /// Cases that the actor may see, newest first.
    pub fn list(&self, actor: &Actor, filter: &Filter) -> Result<Vec<Case>, Problem> {
        let mut cases = self.store.read(|reader| rows::list(reader, self.division, filter, MOST_LISTED))?;
        cases.retain(|case| may_read(actor, case));
        Ok(cases)
    }

    /// Open cases of all points, for whoever merges them into a point's state.
    pub fn open_cases(&self) -> Result<Vec<Case>, Problem> {
        let filter = Filter { open: Some(true), of_points: true, ..Filter::default() };
        Ok(self.store.read(|reader| rows::list(reader, self.division, &filter, MOST_LISTED))?)
    }

    pub fn file(&self, actor: &Actor, id: Id) -> Result<CaseFile, Problem> {
        let file = self.store.read(|reader| self.load(reader, id))?;
        if may_read(actor, &file.case) { Ok(file) } else { Err(not_found(id)) }
    }

    fn load(&self, reader: &dyn Reader, id: Id) -> Result<CaseFile, StoreError> {
        let case = rows::find(reader, self.division, id)?.ok_or_else(|| not_found(id))?;
        Ok(CaseFile {
            entries: rows::entries(reader, self.division, id, MOST_ENTRIES)?,
            steps: rows::steps(reader, self.division, id)?,
            evidence: rows::evidence_of(reader, self.division, id)?,
            verdicts: rows::verdicts(reader, self.division, &case.subject, id, MOST_VERDICTS)?,
            case,
        })
    }

    /// Does one action of the workflow.
    pub fn act(&self, actor: &Actor, id: Id, request: &Request, now: Timestamp) -> Result<Case, Problem> {
        let assignee = match &request.assignee {
            Some((wanted, _)) if self.people.get().is_some() => Some(self.assignee(actor, id, *wanted)?),
            given => given.clone(),
        };
        // Taken before the transaction, as everybody does who writes records; other steps wait for no ledger.
        let ledgers = self.ledgers.get().filter(|_| self.workflows.may_write(&request.action));
        let ledgers = ledgers.map(|ledgers| ledgers.open());
        let (changed, written) = self.store.write(|transaction| {
            let file = self.load(transaction.as_reader(), id)?;
            if !may_read(actor, &file.case) {
                return Err(not_found(id).into());
            }
            let workflow = self.workflows.get(&file.case.workflow)?;
            let request =
                Request { evidence_count: file.evidence.len(), assignee: assignee.clone(), ..request.clone() };
            let changed = transition::apply(&self.workflows, workflow, &file.case, actor, &request, now)?;
            let writes = workflow.transition(&request.action).and_then(|transition| transition.writes.as_ref());
            let written = match (writes, &ledgers) {
                (None, _) => None,
                (Some(_), None) => {
                    return Err(Problem::new(ErrorCode::Internal, "no ledgers are wired to the cases").into());
                }
                (Some(writes), Some(ledgers)) => {
                    let given = self.given(&file, &request.action, &request.note, actor, now);
                    if let Some(problem) = step_refusal(writes, &given) {
                        return Err(problem.into());
                    }
                    let fields = self.asking(writes).record(&given, &request.fields)?;
                    let reason = format!("案件 {} 办理时登记", given.case);
                    Some(ledgers.write(transaction, actor, &writes.ledger, &fields, &reason, now)?)
                }
            };
            let entry = Line { action: &request.action, note: &request.note, record: written.as_ref(), evidence: &[] };
            self.record(transaction, actor, &changed, entry, now)?;
            Ok((changed, written))
        })?;
        if let (Some(ledgers), Some(written)) = (&ledgers, &written) {
            ledgers.announce(written, now);
        }
        drop(ledgers);
        self.announce(&changed, now);
        Ok(changed)
    }

    /// Keeps a file as evidence of a case.
    pub fn add_evidence(
        &self,
        actor: &Actor,
        id: Id,
        file_name: &str,
        bytes: &[u8],
        now: Timestamp,
    ) -> Result<Evidence, Problem> {
        let (hash, content_type) = evidence::accept(bytes)?;
        let kept = Evidence {
            hash,
            file_name: kernel::upload::clean_name(file_name),
            size: bytes.len() as i64,
            content_type: content_type.to_owned(),
            by: actor.name.clone(),
            at: now,
        };
        let changed = self.store.write(|transaction| {
            let file = self.load(transaction.as_reader(), id)?;
            if !may_read(actor, &file.case) {
                return Err(not_found(id).into());
            }
            if file.evidence.len() >= evidence::MOST_FILES {
                return Err(Problem::new(ErrorCode::TooMany, "证据文件太多 (too many files)").into());
            }
            let workflow = self.workflows.get(&file.case.workflow)?;
            let request = Request {
                action: "evidence".into(),
                evidence_count: file.evidence.len(),
                new_evidence: 1,
                ..Request::default()
            };
            let changed = transition::apply(&self.workflows, workflow, &file.case, actor, &request, now)?;
            rows::add_evidence(transaction, self.division, id, &kept, bytes)?;
            let hashes = [kept.hash.clone()];
            let entry = Line { action: "evidence", note: &kept.file_name, record: None, evidence: &hashes };
            self.record(transaction, actor, &changed, entry, now)?;
            Ok(changed)
        })?;
        self.announce(&changed, now);
        Ok(kept)
    }

    /// A file, if the actor may read one of the cases it hangs on.
    pub fn evidence_file(&self, actor: &Actor, hash: &str) -> Result<(String, Vec<u8>), Problem> {
        let found = self.store.read(|reader| {
            let Some((content_type, bytes, cases)) = rows::file(reader, self.division, hash)? else { return Ok(None) };
            for id in cases {
                if rows::find(reader, self.division, id)?.is_some_and(|case| may_read(actor, &case)) {
                    return Ok(Some((content_type, bytes)));
                }
            }
            Ok(None)
        })?;
        found.ok_or_else(|| Problem::not_found("没有这份证据 (no such evidence)"))
    }

    /// Saves a changed case, its timeline entry and its event.
    pub(crate) fn record(
        &self,
        transaction: &dyn Transaction,
        actor: &Actor,
        case: &Case,
        line: Line<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Line { action, note, record, evidence } = line;
        rows::save(transaction, self.division, case)?;
        let entry = Entry {
            at: now,
            actor: if actor.is_system() { "act".into() } else { actor.id.to_string() },
            actor_name: actor.name.clone(),
            action: action.to_owned(),
            note: note.to_owned(),
            evidence: evidence.to_vec(),
            record: record.cloned(),
        };
        rows::add_entry(transaction, self.division, case.id, &entry)?;
        let event = EventDraft {
            kind: "act.case_changed",
            actor: entry.actor.clone(),
            subject: case.id.to_string(),
            payload: json!({
                "number": case.number, "action": action, "state": case.state, "point": case.point.to_string(),
                "record": case.duty.as_ref().map(|duty| duty.record), "note": note, "evidence": evidence,
                "revision": case.revision, "wrote": record,
            }),
        };
        event_log::append(transaction, self.division, now, &[event])?;
        Ok(())
    }

    pub(crate) fn announce(&self, case: &Case, now: Timestamp) {
        let summary = CaseSummary::of(self, case, now);
        self.live.send(api::LiveEvent {
            kind: "case",
            at: now,
            action: Action::ReadCases,
            owner: Some(case.owner.clone()),
            data: serde_json::to_value(summary).unwrap_or_default(),
        });
    }
}

/// One line of the timeline on its way.
pub(crate) struct Line<'s> {
    pub action: &'s str,
    pub note: &'s str,
    pub record: Option<&'s StepRecord>,
    pub evidence: &'s [String],
}

impl<'s> Line<'s> {
    /// One that brings nothing but words.
    pub const fn of(action: &'s str, note: &'s str) -> Self {
        Self { action, note, record: None, evidence: &[] }
    }
}

/// Why a step cannot write its record, whatever is filled in.
pub(crate) fn step_refusal(writes: &Writes, given: &Given) -> Option<Problem> {
    (writes.needs_enterprise() && given.enterprise.is_empty())
        .then(|| Problem::new(ErrorCode::NoTransition, "这个点位不属于哪家企业 (the point is of no enterprise)"))
}

/// Whoever may read cases of the owning body, or of the body that the point belongs to.
pub fn may_read(actor: &Actor, case: &Case) -> bool {
    may_on(actor, Action::ReadCases, case)
}

/// Through the body that owns the case, or the one that owns its point.
fn may_on(actor: &Actor, action: Action, case: &Case) -> bool {
    actor.may(action, Some(&case.owner))
        || case.point_owner.as_deref().is_some_and(|owner| actor.may(action, Some(owner)))
}

fn not_found(id: Id) -> Problem {
    Problem::not_found(format!("没有案件 {id} (no such case)"))
}
