//! May this person do that to this case now, and what does it change? Pure.

use kernel::{Actor, ErrorCode, Id, Problem, Timestamp};
use serde_json::{Map, Value};

use crate::model::{Case, DutyLink};
use crate::workflow::{Transition, Workflow, Workflows, due_at};

/// What a person asks for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub action: String,
    pub note: String,
    pub assignee: Option<(Id, String)>,
    /// Evidence that hangs on the case already, and evidence that this request brings.
    pub evidence_count: usize,
    pub new_evidence: usize,
    /// Revision that the person saw.
    pub revision: Option<i64>,
    /// What was filled in for the record that the step writes.
    pub fields: Map<String, Value>,
}

/// Why a transition is refused; `None` when it is allowed.
pub fn refusal(
    workflow: &Workflow,
    transition: &Transition,
    case: &Case,
    actor: &Actor,
    evidence: usize,
) -> Option<Problem> {
    let problem = |code, text: &str| Some(Problem::new(code, text));
    if !transition.from.contains(&case.state) {
        return problem(ErrorCode::NoTransition, "当前状态不能这样做 (not possible in this state)");
    }
    let theirs = actor.may(transition.right, Some(&case.owner))
        || case.point_owner.as_deref().is_some_and(|owner| actor.may(transition.right, Some(owner)));
    if !theirs {
        return problem(ErrorCode::NotAllowed, "没有这项权限 (not allowed)");
    }
    let handler = case.assignee == Some(actor.id) || case.resolved_by == Some(actor.id);
    if transition.not_by_handler && handler {
        return problem(ErrorCode::OwnerMayNotClose, "不能由承办人自己关闭 (nobody closes their own case)");
    }
    let final_state = transition.to.as_deref().is_some_and(|to| workflow.is_final(to));
    if (transition.needs_evidence || final_state) && evidence == 0 {
        return problem(ErrorCode::EvidenceMissing, "先上传证据 (upload evidence first)");
    }
    None
}

/// The case after the request, or why not.
pub fn apply(
    workflows: &Workflows,
    workflow: &Workflow,
    case: &Case,
    actor: &Actor,
    request: &Request,
    now: Timestamp,
) -> Result<Case, Problem> {
    let Some(transition) = workflow.transition(&request.action) else {
        return Err(Problem::invalid(format!("没有动作“{}” (no such action)", request.action)));
    };
    if request.revision.is_some_and(|seen| seen != case.revision) {
        return Err(Problem::new(
            ErrorCode::RevisionConflict,
            "案件已被别人改动，请刷新 (changed by somebody else, reload)",
        ));
    }
    if let Some(problem) = refusal(workflow, transition, case, actor, request.evidence_count + request.new_evidence) {
        return Err(problem);
    }
    if transition.needs_note && request.note.trim().is_empty() {
        return Err(Problem::new(ErrorCode::EvidenceMissing, "要写说明 (a note is needed)"));
    }
    // A repeated request would write a second record.
    if transition.writes.is_some() && request.revision.is_none() {
        return Err(Problem::invalid(
            "登记台账的动作要带看到的修订号 (a step that writes a record needs the revision seen)",
        ));
    }
    if transition.writes.is_none() && !request.fields.is_empty() {
        return Err(Problem::invalid("这一步不登记台账 (this step writes no record)"));
    }
    if transition.needs_new_evidence && request.new_evidence == 0 {
        return Err(Problem::new(ErrorCode::EvidenceMissing, "没有附上文件 (no file came with it)"));
    }
    let mut changed = case.clone();
    changed.revision += 1;
    if transition.needs_assignee {
        let Some((id, name)) = &request.assignee else {
            return Err(Problem::invalid("没有写指派给谁 (no assignee)"));
        };
        changed.assignee = Some(*id);
        changed.assignee_name = Some(name.clone());
    }
    if transition.becomes_assignee {
        changed.assignee = Some(actor.id);
        changed.assignee_name = Some(actor.name.clone());
    }
    if let Some(to) = &transition.to {
        if to == "resolved" {
            changed.resolved_by = Some(actor.id);
        }
        changed.closed_at = workflow.is_final(to).then_some(now);
        changed.state.clone_from(to);
    }
    if transition.sets_due {
        let due = workflow.severity_named(&case.severity).map(|severity| severity.due);
        let last_day = case.duty.as_ref().and_then(DutyLink::last_day);
        changed.due_at = due.map_or(case.due_at, |due| due_at(due, now, last_day, &workflows.calendar));
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Name, Role};

    fn person(id: i64, role: Role) -> Actor {
        Actor { id: Id(id), name: format!("user {id}"), roles: vec![role], body: None }
    }

    fn case(state: &str, assignee: Option<i64>) -> Case {
        Case {
            id: Id(1),
            number: "警-2026-0001".into(),
            workflow: "alarm".into(),
            title: Name::default(),
            state: state.into(),
            severity: "ordinary".into(),
            subject: "exceedance:1:w01018".into(),
            point: 1,
            duty: None,
            owner: "bureau".into(),
            point_owner: None,
            assignee: assignee.map(Id),
            assignee_name: None,
            resolved_by: None,
            opened_at: Timestamp(0),
            due_at: Timestamp(1),
            closed_at: None,
            spell_from: Timestamp(0),
            spell_until: Timestamp(0),
            exceedances: 1,
            revision: 3,
        }
    }

    fn check(case: &Case, actor: &Actor, action: &str, note: &str, evidence: usize, expect: Result<&str, ErrorCode>) {
        let workflows = Workflows::built_in().unwrap();
        let workflow = workflows.get("alarm").unwrap();
        let request = Request {
            action: action.into(),
            note: note.into(),
            evidence_count: evidence,
            revision: Some(3),
            ..Request::default()
        };
        let found = apply(&workflows, workflow, case, actor, &request, Timestamp(5));
        let found = found.as_ref().map(|case| case.state.as_str()).map_err(|problem| problem.code);
        assert_eq!(found, expect, "{action} by {}", actor.name);
    }

    #[test]
    fn nobody_closes_their_own_case_and_nothing_closes_without_evidence() {
        let (one, two) = (person(1, Role::DutyOfficer), person(2, Role::DutyOfficer));
        check(&case("open", None), &one, "take", "", 0, Ok("working"));
        check(&case("working", Some(1)), &one, "resolve", "已处置", 0, Err(ErrorCode::EvidenceMissing));
        check(&case("working", Some(1)), &one, "resolve", "", 1, Err(ErrorCode::EvidenceMissing));
        check(&case("working", Some(1)), &one, "resolve", "已处置", 1, Ok("resolved"));
        check(&case("resolved", Some(1)), &one, "close", "核实", 1, Err(ErrorCode::OwnerMayNotClose));
        check(&case("resolved", Some(1)), &two, "close", "核实", 0, Err(ErrorCode::EvidenceMissing));
        check(&case("resolved", Some(1)), &two, "close", "核实", 1, Ok("closed"));
        check(&case("closed", Some(1)), &two, "reopen", "又超了", 1, Ok("working"));
        check(&case("closed", Some(1)), &two, "take", "", 1, Err(ErrorCode::NoTransition));
        check(&case("open", None), &person(3, Role::Leader), "take", "", 0, Err(ErrorCode::NotAllowed));
    }

    #[test]
    fn a_change_based_on_an_older_revision_is_refused() {
        let mut newer = case("open", None);
        newer.revision = 4;
        check(&newer, &person(1, Role::DutyOfficer), "take", "", 0, Err(ErrorCode::RevisionConflict));
    }

    proptest::proptest! {
        /// Whatever two people try in whatever order: a closed case has evidence, and its closer did not handle it.
        #[test]
        fn a_closed_case_was_closed_by_another_with_evidence(steps in proptest::collection::vec((0usize..8, 1i64..3, proptest::bool::ANY), 0..40)) {
            let workflows = Workflows::built_in().unwrap();
            let workflow = workflows.get("alarm").unwrap();
            let mut current = case("open", None);
            let mut evidence = 0usize;
            for (which, who, brings) in steps {
                let action = ["take", "assign", "note", "evidence", "resolve", "close", "return", "reopen"][which];
                let actor = person(who, Role::DutyOfficer);
                let new_evidence = usize::from(brings && action == "evidence");
                let request = Request {
                    action: action.into(),
                    note: "n".into(),
                    assignee: Some((Id(who % 2 + 1), "x".into())),
                    evidence_count: evidence,
                    new_evidence,
                    revision: None,
                    fields: Map::new(),
                };
                if let Ok(next) = apply(&workflows, workflow, &current, &actor, &request, Timestamp(9)) {
                    evidence += new_evidence;
                    if next.state == "closed" {
                        proptest::prop_assert!(evidence > 0);
                        proptest::prop_assert_ne!(next.assignee, Some(actor.id));
                        proptest::prop_assert_ne!(next.resolved_by, Some(actor.id));
                    }
                    proptest::prop_assert_eq!(&next.number, &current.number);
                    current = next;
                }
            }
        }
    }
}
