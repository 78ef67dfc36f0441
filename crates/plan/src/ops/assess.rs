//! Writing assessments from what stands now, keeping them, approving them.

use kernel::{Action, Actor, ErrorCode, EventDraft, Id, Name, Problem, Timestamp};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use store::event_log;

use super::sections::{indicators, names, portfolio_section, summary, targets_table};
use super::{IndicatorRow, Plan};
use crate::assessment::{Assessment, Entry, Kind, Section, TableBlock};
use crate::rows::{self, Saved};

/// A saved assessment with its content.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct SavedView {
    pub id: Id,
    pub kind: Kind,
    pub year: i32,
    pub revision: i64,
    /// SHA-256 of the content.
    pub hash: String,
    pub made_by: String,
    pub made_at: Timestamp,
    pub approved_by: Option<String>,
    pub approved_at: Option<Timestamp>,
    /// Left out in lists.
    pub content: Option<Assessment>,
}

impl Plan {
    /// Writes an assessment from what stands now.
    pub fn assess(&self, kind: Kind, year: Option<i32>, now: Timestamp) -> Result<Assessment, Problem> {
        let loaded = self.loaded();
        let [first, last] = loaded.plan.period;
        let year = match kind {
            Kind::Yearly => year.ok_or_else(|| Problem::invalid("年度评估要写年份 (say which year)"))?,
            Kind::MidTerm => (first + last) / 2,
            Kind::Final => last,
        };
        if !(first..=loaded.plan.horizon).contains(&year) {
            return Err(Problem::invalid(format!("{year} 年不在规划期和远景期里 (outside the plan)")));
        }
        let this_year = super::facts::year_of(now);
        if year > this_year {
            return Err(Problem::invalid(format!("{year} 年还没有到 (that year has not come)")));
        }
        let rows: Vec<IndicatorRow> = self
            .rows_known_to(year, now)
            .into_iter()
            // What the plan before it ended with is no part of this assessment.
            .filter(|row| !row.earlier)
            .collect();
        // Nothing that came after the year stands in its assessment.
        let projects = self.projects_until(year, now);
        // A score of a year is of that year; only the final paper holds a project against its whole plan.
        let projects: Vec<_> = match kind {
            Kind::Final => projects,
            Kind::Yearly | Kind::MidTerm => projects.into_iter().map(|project| project.of_year(Some(year))).collect(),
        };
        let until = year;
        let years: Vec<i32> = (first - 1..=until).collect();
        let past: Vec<Vec<Option<String>>> = {
            let of_years: Vec<Vec<IndicatorRow>> = years.iter().map(|year| self.rows_of(*year, now)).collect();
            let value = |rows: &Vec<IndicatorRow>, id: &str| rows.iter().find(|row| row.id == id)?.value.clone();
            rows.iter().map(|row| of_years.iter().map(|year| value(year, &row.id)).collect()).collect()
        };
        let title = match kind {
            Kind::Yearly => Name::new(
                format!("{}{year} 年度评估报告", loaded.plan.name),
                format!("{}: assessment of {year}", loaded.plan.name_en),
            ),
            Kind::MidTerm => Name::new(
                format!("{}中期评估报告（{first}—{year}）", loaded.plan.name),
                format!("{}: mid-term assessment {first}–{year}", loaded.plan.name_en),
            ),
            Kind::Final => Name::new(
                format!("{}终期评估报告（{first}—{last}）", loaded.plan.name),
                format!("{}: final assessment {first}–{last}", loaded.plan.name_en),
            ),
        };
        let title = match year < this_year {
            true => title,
            // What is written before the year is over is one of how far things are.
            false => {
                let day = now.day().to_iso();
                Name::new(format!("{}（阶段性，截至 {day}）", title.zh), format!("{} (interim, to {day})", title.en))
            }
        };
        Ok(Assessment {
            kind,
            year,
            title,
            plan: Name::new(loaded.plan.name.clone(), loaded.plan.name_en.clone()),
            plan_revision: loaded.revision,
            as_of: now,
            simulated: rows.iter().any(|row| row.simulated),
            sections: vec![
                summary(&rows, &projects, year),
                indicators(&rows, year, (&years, &past)),
                portfolio_section(&projects, until),
                self.tasks_section(year),
                self.bodies_section(year, now),
                self.changes_section(year),
            ],
        })
    }

    fn tasks_section(&self, year: i32) -> Section {
        let (loaded, items) = (self.loaded(), self.items());
        let rows = super::tasks::rows(&loaded, &items, Some(year));
        let reported = rows.iter().filter(|row| row.progress.is_some()).count();
        let owned = rows.iter().filter(|row| !row.owners.is_empty() || !row.assigned.is_empty()).count();
        let lines = rows.iter().map(|row| {
            let page = format!("/app/plan/tasks?q={}", row.id);
            let mut bodies = row.owners.iter().chain(&row.assigned).cloned().collect::<Vec<_>>();
            // Who reads the paper sees what the plan does not say itself.
            bodies.extend(crate::model::inferred(&row.owners, &row.owners_from).map(|from| format!("（{from}）")));
            vec![
                Entry::link(row.id.clone(), page.clone()),
                Entry::text(row.text.clone()),
                Entry::text(if bodies.is_empty() { "未明确".to_owned() } else { bodies.join("、") }),
                Entry::text(row.due.map_or_else(|| "—".into(), |due| due.to_string())),
                row.progress.clone().map_or_else(
                    || match row.reported {
                        0 => Entry::text("未填报"),
                        some => Entry::text(format!("{some}/{} 家已报", row.bodies)),
                    },
                    |progress| Entry::number(progress, page.clone()),
                ),
            ]
        });
        Section {
            title: Name::new("四、任务", "4 Tasks"),
            paragraphs: vec![Name::new(
                format!(
                    "共 {} 项任务，{owned} 项有责任单位，{reported} 项有已审核的自评；没有自评的不作完成计。",
                    rows.len()
                ),
                format!(
                    "{} tasks, {owned} with a responsible body, {reported} with an accepted report; what is not reported does not count as done.",
                    rows.len()
                ),
            )],
            tables: vec![TableBlock {
                title: Name::new("任务进展", "Tasks"),
                header: names(&[
                    ("编号", "id"),
                    ("任务", "task"),
                    ("责任单位", "bodies"),
                    ("期限", "due"),
                    ("完成程度（自评）", "progress, reported"),
                ]),
                widths: vec![1, 6, 3, 1, 1],
                rows: lines.collect(),
            }],
            ..Section::default()
        }
    }

    fn bodies_section(&self, year: i32, now: Timestamp) -> Section {
        let (loaded, items) = (self.loaded(), self.items());
        let rows = loaded.ground(&items).ranking(year, now).into_iter().map(|score| {
            let page = format!("/app/plan/bodies/{}?year={year}", score.body);
            vec![
                Entry::text(match score.rank {
                    Some(rank) => rank.to_string(),
                    None if score.too_few => "不排名".into(),
                    None => "—".into(),
                }),
                Entry::link(score.body.clone(), page.clone()),
                Entry::number(score.duties.to_string(), page.clone()),
                Entry::number(score.reported.to_string(), page.clone()),
                Entry::number(score.scored.to_string(), page.clone()),
                score.score.map_or_else(|| Entry::text("未评"), |value| Entry::number(value.to_string(), page)),
            ]
        });
        Section {
            title: Name::new("五、责任单位", "5 Responsible bodies"),
            paragraphs: std::iter::once(Name::new(
                "对已审核的自评计分；评分项没有资料的不计分。",
                "Accepted self-reports are scored; a criterion without data is not.",
            ))
            .chain(loaded.rules.scheme.ranking_note())
            .chain(loaded.rules.scheme.silence.as_ref().map(|silence| silence.explain.clone()))
            .collect(),
            tables: vec![
                TableBlock {
                    title: Name::new("责任单位得分", "Scores of bodies"),
                    header: names(&[
                        ("名次", "rank"),
                        ("单位", "body"),
                        ("责任数", "duties"),
                        ("已报", "reported"),
                        ("已评", "scored"),
                        ("得分", "score"),
                    ]),
                    widths: vec![1, 4, 1, 1, 1, 1],
                    rows: rows.collect(),
                },
                targets_table(&self.body_targets(now), year),
            ],
            ..Section::default()
        }
    }

    fn changes_section(&self, year: i32) -> Section {
        let (items, loaded) = (self.items(), self.loaded());
        let rows = items
            .iter()
            .filter(|item| item.approved() && item.year <= year)
            .filter_map(|item| {
                let what = match &item.content {
                    crate::item::Content::Target { target_year, .. } => {
                        let changed = item.id.to_string();
                        let goals = loaded.indicator(item.subject.strip_prefix("indicator:")?).ok()?;
                        let goals = crate::goal::goals_with(goals, &items);
                        let goal = goals.iter().find(|goal| goal.changed_by.as_ref() == Some(&changed))?;
                        let from = goal.from.map(|year| format!("，自 {year} 年起")).unwrap_or_default();
                        format!("{target_year} 年目标改为 {}{from}", goal.text())
                    }
                    crate::item::Content::Change { what, before, after, .. } => format!("{what}：{before} → {after}"),
                    _ => return None,
                };
                Some(vec![
                    Entry::text(item.subject.clone()),
                    Entry::text(what),
                    Entry::text(item.note.clone()),
                    Entry::text(format!("{}／{}", item.entered_name, item.decided_name.clone().unwrap_or_default())),
                ])
            })
            .collect();
        Section {
            title: Name::new("六、调整与规划本身的问题", "6 Changes, and what is wrong in the plan itself"),
            paragraphs: vec![Name::new(
                format!(
                    "规划文本自查：{} 处矛盾，{} 处提示，见“规划检查”页。",
                    loaded.report.errors, loaded.report.warnings
                ),
                format!(
                    "The plan contradicts itself in {} places and has {} warnings; see the page of findings.",
                    loaded.report.errors, loaded.report.warnings
                ),
            )],
            tables: vec![TableBlock {
                title: Name::new("目标与项目调整", "Changes of targets and projects"),
                header: names(&[
                    ("对象", "subject"),
                    ("调整", "change"),
                    ("理由", "reason"),
                    ("填报／审批", "entered / approved"),
                ]),
                widths: vec![2, 3, 3, 2],
                rows,
            }],
            ..Section::default()
        }
    }

    /// Saves what stands now as a draft; an approved one stays as it is and a new revision is made beside it.
    pub fn save_assessment(
        &self,
        actor: &Actor,
        kind: Kind,
        year: Option<i32>,
        now: Timestamp,
    ) -> Result<SavedView, Problem> {
        if !actor.may(Action::EditPlan, None) {
            return Err(Problem::new(ErrorCode::NotAllowed, "没有编写权限 (needs the right to write)"));
        }
        let content = self.assess(kind, year, now)?;
        let text = serde_json::to_string(&content)
            .map_err(|error| Problem::new(ErrorCode::Internal, format!("keeping an assessment: {error}")))?;
        let hash = hex::encode(Sha256::digest(text.as_bytes()));
        let mut saved = Saved {
            id: self.ids.next(now),
            kind: kind.code().to_owned(),
            year: content.year,
            revision: 0,
            content: text,
            hash,
            made_by: actor.id,
            made_name: actor.name.clone(),
            made_at: now,
            approved_by: None,
            approved_name: None,
            approved_at: None,
        };
        // Numbered in the transaction that keeps it: of two at once none has the other's number.
        saved.revision = self.store.write(|transaction| {
            let newest = rows::newest_assessment(transaction.as_reader(), self.division, &saved.kind, saved.year)?;
            let numbered = Saved { revision: newest + 1, ..saved.clone() };
            rows::add_assessment(transaction, self.division, &numbered)?;
            event_log::append(transaction, self.division, now, &[event("plan.assessment_saved", actor, &numbered)])?;
            Ok(numbered.revision)
        })?;
        view(saved, true)
    }

    pub fn assessments(&self) -> Result<Vec<SavedView>, Problem> {
        let known = self.store.read(|reader| rows::assessments(reader, self.division))?;
        known.into_iter().map(|saved| view(saved, false)).collect()
    }

    pub fn assessment(&self, id: Id) -> Result<SavedView, Problem> {
        let found = self.store.read(|reader| rows::assessment(reader, self.division, id))?;
        view(found.ok_or_else(|| Problem::not_found(format!("没有评估 {id} (no such assessment)")))?, true)
    }

    pub fn approve_assessment(&self, actor: &Actor, id: Id, now: Timestamp) -> Result<SavedView, Problem> {
        if !actor.may(Action::ApprovePlan, None) {
            return Err(Problem::new(ErrorCode::NotAllowed, "没有审批权 (needs the right to approve)"));
        }
        let saved = self.store.write(|transaction| {
            let found = rows::assessment(transaction.as_reader(), self.division, id)?;
            let mut saved = found.ok_or_else(|| Problem::not_found(format!("没有评估 {id} (no such assessment)")))?;
            if saved.made_by == actor.id {
                let why = "不能审批自己编写的 (nobody approves what they wrote)";
                return Err(Problem::new(ErrorCode::OwnerMayNotClose, why).into());
            }
            if saved.approved_at.is_some() {
                return Err(Problem::new(ErrorCode::NoTransition, "已经审批 (approved already)").into());
            }
            let reader = transaction.as_reader();
            let newer = rows::approved_after(reader, self.division, &saved.kind, saved.year, saved.revision)?;
            if let Some(newer) = newer {
                let what = format!("第 {newer} 稿已审批，这一稿比它旧 (a newer one is approved already)");
                return Err(Problem::new(ErrorCode::NoTransition, what).into());
            }
            saved.approved_by = Some(actor.id);
            saved.approved_name = Some(actor.name.clone());
            saved.approved_at = Some(now);
            rows::approve_assessment(transaction, self.division, &saved)?;
            event_log::append(transaction, self.division, now, &[event("plan.assessment_approved", actor, &saved)])?;
            Ok(saved)
        })?;
        view(saved, true)
    }
}

fn event(kind: &'static str, actor: &Actor, saved: &Saved) -> EventDraft {
    EventDraft {
        kind,
        actor: actor.id.to_string(),
        subject: format!("assessment:{}", saved.id),
        payload: json!({ "kind": saved.kind, "year": saved.year, "revision": saved.revision, "hash": saved.hash }),
    }
}

/// A content that does not fit its hash is not shown: it is not what was approved.
fn view(saved: Saved, whole: bool) -> Result<SavedView, Problem> {
    let broken = |why: String| {
        Problem::new(ErrorCode::Internal, format!("评估 {} 与保存时不符：{why} (not what was saved)", saved.id))
    };
    if hex::encode(Sha256::digest(saved.content.as_bytes())) != saved.hash {
        return Err(broken("hash".into()));
    }
    let content: Assessment = serde_json::from_str(&saved.content).map_err(|error| broken(error.to_string()))?;
    Ok(SavedView {
        id: saved.id,
        kind: content.kind,
        year: saved.year,
        revision: saved.revision,
        hash: saved.hash,
        made_by: saved.made_name,
        made_at: saved.made_at,
        approved_by: saved.approved_name,
        approved_at: saved.approved_at,
        content: whole.then_some(content),
    })
}
