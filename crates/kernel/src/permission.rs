//! Who may do what: one decision point. The golden matrix is a test of the `server` crate.

use serde::{Deserialize, Serialize};

use crate::Id;

/// Roles (角色). The three administrators are separated (三员分立): none of them may do another's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 系统管理员: stations, ledgers, imports; not users, not the audit log.
    SystemAdministrator,
    /// 安全管理员: users and roles only.
    SecurityAdministrator,
    /// 审计管理员: reads the event log only.
    AuditAdministrator,
    /// 值班员
    DutyOfficer,
    /// 监测工程师
    MonitoringEngineer,
    /// 执法人员
    Inspector,
    /// 部门或乡镇（街道）
    Body,
    /// 企业
    Enterprise,
    /// 规划管理员 (plan office): enters for every body, approves what others entered.
    PlanOfficer,
    /// 领导
    Leader,
    /// 相邻区县或上级平台 (a machine)
    Neighbour,
}

impl Role {
    pub const ALL: [Role; 11] = [
        Self::SystemAdministrator,
        Self::SecurityAdministrator,
        Self::AuditAdministrator,
        Self::DutyOfficer,
        Self::MonitoringEngineer,
        Self::Inspector,
        Self::Body,
        Self::Enterprise,
        Self::PlanOfficer,
        Self::Leader,
        Self::Neighbour,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::SystemAdministrator => "system_administrator",
            Self::SecurityAdministrator => "security_administrator",
            Self::AuditAdministrator => "audit_administrator",
            Self::DutyOfficer => "duty_officer",
            Self::MonitoringEngineer => "monitoring_engineer",
            Self::Inspector => "inspector",
            Self::Body => "body",
            Self::Enterprise => "enterprise",
            Self::PlanOfficer => "plan_officer",
            Self::Leader => "leader",
            Self::Neighbour => "neighbour",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Everything that can be asked of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Points, values, verdicts, map, ledgers without sensitive fields.
    ReadMonitoring,
    /// Raw frames and hash chain.
    ReadFrames,
    ReadCases,
    /// Take, note, add evidence, resolve.
    WorkCases,
    AssignCases,
    /// Close and reopen; never one's own.
    CloseCases,
    /// Commands to stations.
    CommandStations,
    /// Adopt quarantined devices.
    AdoptDevices,
    ImportData,
    EditRegisters,
    ManageUsers,
    ReadAudit,
    /// Invalidate, correct, confirm data (数据审核); raw data are never touched.
    ReviewData,
    /// The plan: indicators, projects, duties, assessments.
    ReadPlan,
    /// Enter values, money, progress and reports of the plan.
    EditPlan,
    /// Approve what others entered, revisions of the plan, assessments.
    ApprovePlan,
    /// Change what ledgers and code lists are made of (台账设计).
    DesignLedgers,
    /// Enter what was found at the site of a project (现场检查).
    InspectProjects,
    /// Put an admission check on record under a number (准入审查).
    SaveAdmissions,
}

impl Action {
    pub const ALL: [Action; 19] = [
        Self::ReadMonitoring,
        Self::ReadFrames,
        Self::ReadCases,
        Self::WorkCases,
        Self::AssignCases,
        Self::CloseCases,
        Self::CommandStations,
        Self::AdoptDevices,
        Self::ImportData,
        Self::EditRegisters,
        Self::ManageUsers,
        Self::ReadAudit,
        Self::ReviewData,
        Self::ReadPlan,
        Self::EditPlan,
        Self::ApprovePlan,
        Self::DesignLedgers,
        Self::InspectProjects,
        Self::SaveAdmissions,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::ReadMonitoring => "read_monitoring",
            Self::ReadFrames => "read_frames",
            Self::ReadCases => "read_cases",
            Self::WorkCases => "work_cases",
            Self::AssignCases => "assign_cases",
            Self::CloseCases => "close_cases",
            Self::CommandStations => "command_stations",
            Self::AdoptDevices => "adopt_devices",
            Self::ImportData => "import_data",
            Self::EditRegisters => "edit_registers",
            Self::ManageUsers => "manage_users",
            Self::ReadAudit => "read_audit",
            Self::ReviewData => "review_data",
            Self::ReadPlan => "read_plan",
            Self::EditPlan => "edit_plan",
            Self::ApprovePlan => "approve_plan",
            Self::DesignLedgers => "design_ledgers",
            Self::InspectProjects => "inspect_projects",
            Self::SaveAdmissions => "save_admissions",
        }
    }
}

/// Who asks: a signed-in person or machine, or a mechanism acting by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub id: Id,
    pub name: String,
    pub roles: Vec<Role>,
    /// Key of the body (部门、乡镇、企业) this actor belongs to; restricts rows for some roles.
    pub body: Option<String>,
}

impl Actor {
    /// A mechanism or the start-up acting by itself; may do everything.
    pub fn system(name: &str) -> Self {
        Self { id: Id(0), name: name.to_owned(), roles: Vec::new(), body: None }
    }

    pub fn is_system(&self) -> bool {
        self.id == Id(0)
    }

    /// May this actor do `action` on a thing that belongs to `owner_body` (none: to the county)?
    pub fn may(&self, action: Action, owner_body: Option<&str>) -> bool {
        if self.is_system() {
            return true;
        }
        self.roles.iter().any(|&role| match role_scope(role, action) {
            Scope::All => true,
            Scope::OwnBody => match (&self.body, owner_body) {
                (Some(own), Some(owner)) => own == owner,
                _ => false,
            },
            Scope::Nothing => false,
        })
    }

    /// May this actor do `action` on anything at all?
    pub fn may_somewhere(&self, action: Action) -> bool {
        self.is_system()
            || self.roles.iter().any(|&role| match role_scope(role, action) {
                Scope::All => true,
                Scope::OwnBody => self.body.is_some(),
                Scope::Nothing => false,
            })
    }
}

/// How far a role's right reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Nothing,
    /// Only things of the actor's own body.
    OwnBody,
    All,
}

/// The matrix itself.
pub const fn role_scope(role: Role, action: Action) -> Scope {
    use Action as A;
    use Role as R;
    use Scope::{All, Nothing, OwnBody};
    match (role, action) {
        (R::SystemAdministrator, A::ManageUsers | A::ReadAudit) => Nothing,
        (R::SystemAdministrator, A::WorkCases | A::AssignCases | A::CloseCases | A::ReviewData) => Nothing,
        (R::SystemAdministrator, A::ApprovePlan) => Nothing,
        (R::SystemAdministrator, _) => All,
        (R::SecurityAdministrator, A::ManageUsers) => All,
        (R::AuditAdministrator, A::ReadAudit) => All,
        (R::SecurityAdministrator | R::AuditAdministrator, _) => Nothing,
        (R::DutyOfficer, A::ManageUsers | A::ReadAudit | A::EditRegisters | A::ImportData | A::ReviewData) => Nothing,
        (
            R::DutyOfficer | R::MonitoringEngineer,
            A::EditPlan | A::ApprovePlan | A::DesignLedgers | A::InspectProjects,
        ) => Nothing,
        (R::DutyOfficer, _) => All,
        (R::MonitoringEngineer, A::ManageUsers | A::ReadAudit | A::AssignCases) => Nothing,
        (R::MonitoringEngineer, _) => All,
        (R::Inspector | R::Body | R::PlanOfficer, A::SaveAdmissions) => All,
        (R::Inspector, A::ReadPlan | A::InspectProjects) => All,
        (R::Inspector, A::ReadMonitoring | A::ReadFrames | A::ReadCases | A::WorkCases | A::CloseCases) => All,
        (R::Inspector, _) => Nothing,
        (R::Body, A::ReadMonitoring | A::ReadPlan) => All,
        (R::Body, A::ReadCases | A::WorkCases | A::EditPlan) => OwnBody,
        (R::Body, _) => Nothing,
        (R::Enterprise, A::ReadMonitoring | A::ReadFrames | A::ReadCases | A::WorkCases) => OwnBody,
        (R::Enterprise, _) => Nothing,
        (R::PlanOfficer, A::ReadMonitoring | A::ReadPlan | A::EditPlan | A::ApprovePlan | A::InspectProjects) => All,
        (R::PlanOfficer, _) => Nothing,
        (R::Leader, A::ReadMonitoring | A::ReadCases | A::ReadPlan | A::ApprovePlan) => All,
        (R::Leader, _) => Nothing,
        (R::Neighbour, A::ReadMonitoring) => All,
        (R::Neighbour, _) => Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enterprise_sees_its_own_and_no_other() {
        let actor = Actor {
            id: Id(7),
            name: "九鑫".into(),
            roles: vec![Role::Enterprise],
            body: Some("enterprise-jiuxin".into()),
        };
        assert!(actor.may(Action::ReadMonitoring, Some("enterprise-jiuxin")));
        assert!(!actor.may(Action::ReadMonitoring, Some("enterprise-other")));
        assert!(!actor.may(Action::ReadMonitoring, None));
    }

    #[test]
    fn no_role_is_both_security_and_audit() {
        for role in Role::ALL {
            let users = role_scope(role, Action::ManageUsers) != Scope::Nothing;
            let audit = role_scope(role, Action::ReadAudit) != Scope::Nothing;
            assert!(!(users && audit), "{role:?}");
        }
    }
}
