//! Who may say what about a subject: a body that has a part in it, what a project has come to by those who lead it,
//! inspections by others than the inspected, targets and assignments by the plan office.

use kernel::{Action, Actor, ErrorCode, Problem};

use super::{Loaded, Plan};
use crate::item::{Content, EntryKind, Item};

/// What is entered about an indicator, in the order in which its page offers it.
const OF_INDICATORS: [EntryKind; 3] = [EntryKind::Value, EntryKind::Target, EntryKind::Assignment];
const OF_PROJECTS: [EntryKind; 7] = [
    EntryKind::Stage,
    EntryKind::Money,
    EntryKind::Quantity,
    EntryKind::Milestone,
    EntryKind::Contract,
    EntryKind::Change,
    EntryKind::Inspection,
];

impl Plan {
    /// Whether the actor may enter that kind of thing about a subject; what is entered is looked at by
    /// [`Plan::admit`].
    pub(super) fn may_say(
        &self,
        loaded: &Loaded,
        actor: &Actor,
        subject: &str,
        kind: EntryKind,
    ) -> Result<(), Problem> {
        let for_all = actor.may(Action::EditPlan, None);
        let of_one = |names: &[String]| names.iter().any(|name| may_edit_for(loaded, actor, name));
        let refuse = |why: &str| Err(Problem::new(ErrorCode::NotAllowed, why.to_owned()));
        match kind {
            EntryKind::Inspection if actor.may(Action::InspectProjects, None) => Ok(()),
            EntryKind::Inspection => {
                refuse("现场检查由执法、规划人员填，不由被检查的单位填 (not by the inspected body)")
            }
            // Of one's own, whatever one has a part in now; whose it is, is looked at with what it is about.
            EntryKind::Appeal | EntryKind::Retraction
                if actor.may_somewhere(Action::EditPlan) || actor.may(Action::InspectProjects, None) =>
            {
                Ok(())
            }
            _ if for_all => Ok(()),
            EntryKind::Target | EntryKind::Assignment => {
                refuse("目标变更和任务分解由规划部门填 (targets and assignments are the plan office's)")
            }
            _ if !self.has_part(loaded, actor, subject) => {
                refuse("只能填本单位承担的事项 (only what your body is responsible for)")
            }
            EntryKind::Stage | EntryKind::Change | EntryKind::Contract => match loaded.project_of(subject) {
                Ok(project) if of_one(&project.lead) => Ok(()),
                _ => refuse("阶段、变更、合同由牵头单位填 (only the lead body enters stages, changes and contracts)"),
            },
            EntryKind::Value if !of_one(&loaded.bodies_of(subject)) => {
                refuse("数值由指标的责任单位填 (only a body that the indicator names states its value)")
            }
            _ => Ok(()),
        }
    }

    /// What the page of a subject offers somebody to enter.
    pub(crate) fn offered(&self, actor: &Actor, subject: &str) -> Vec<EntryKind> {
        let loaded = self.loaded();
        let kinds: &[EntryKind] = match subject.split_once(':') {
            Some(("indicator", _)) => &OF_INDICATORS,
            Some(("project", _)) => &OF_PROJECTS,
            _ => &[],
        };
        let measured = loaded.project_of(subject).is_ok_and(|project| !project.quantities.is_empty());
        let fits = |kind: EntryKind| kind != EntryKind::Quantity || measured;
        let may = |kind: EntryKind| self.may_say(&loaded, actor, subject, kind).is_ok();
        kinds.iter().copied().filter(|kind| fits(*kind) && may(*kind)).collect()
    }

    /// Does the actor's body have a part in a subject?
    fn has_part(&self, loaded: &Loaded, actor: &Actor, subject: &str) -> bool {
        let items = self.items();
        loaded.bodies_of(subject).iter().any(|name| may_edit_for(loaded, actor, name))
            || assigned(subject, &items).any(|body| may_edit_for(loaded, actor, body))
    }
}

/// Whether the actor enters for a body that is written so.
fn may_edit_for(loaded: &Loaded, actor: &Actor, name: &str) -> bool {
    actor.may(Action::EditPlan, Some(loaded.body_key(name).unwrap_or(name)))
}

/// Bodies that somebody gave a part in a subject.
fn assigned<'i>(subject: &'i str, items: &'i [Item]) -> impl Iterator<Item = &'i str> {
    items.iter().filter(move |item| item.approved() && item.subject == subject).filter_map(|item| match &item.content {
        Content::Assignment { body, .. } => Some(body.as_str()),
        _ => None,
    })
}

/// Whether an item is a body's own: it entered it, or it is a report about it.
pub(super) fn is_own(loaded: &Loaded, actor: &Actor, item: &Item) -> bool {
    let reported = match &item.content {
        Content::Report { body, .. } => Some(loaded.body_key(body).unwrap_or(body)),
        _ => None,
    };
    item.entered_by == actor.id
        || actor.body.as_deref().is_some_and(|own| item.body.as_deref() == Some(own) || reported == Some(own))
}

/// Whether a body has a part in a subject: the plan says so, or somebody assigned it since.
pub(super) fn answers_for(loaded: &Loaded, subject: &str, body: &str, items: &[Item]) -> bool {
    let same = |name: &str| name == body || loaded.body_key(name).is_some_and(|key| key == body);
    loaded.bodies_of(subject).iter().any(|name| same(name)) || assigned(subject, items).any(same)
}

pub(super) fn known_body(loaded: &Loaded, body: &str) -> Result<(), Problem> {
    let named = |list: &[String]| list.iter().any(|name| name == body);
    let known = loaded.bodies.iter().any(|(_, name)| name == body)
        || loaded.projects.iter().any(|one| named(&one.lead) || named(&one.cooperating))
        || loaded.tasks.iter().any(|one| named(&one.owners))
        || loaded.indicators.iter().any(|one| named(&one.bodies));
    match known {
        true => Ok(()),
        false => Err(Problem::invalid(format!("名录和规划里都没有单位“{body}” (no such body)"))),
    }
}
