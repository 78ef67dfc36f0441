//! Commands to stations.

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Json, Path, Routes, blocking, operation};
use kernel::{Action, Id, Name, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::allowed_point;
use crate::command::{self, ArgumentKind};
use crate::model::{Command, CommandKind, CommandReason, CommandState};
use crate::rows;
use crate::service::Collect;

const LISTED: i64 = 100;

/// A command and how far it has come.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CommandAnswerBody {
    id: Id,
    point: String,
    mn: String,
    kind: CommandKind,
    name: Name,
    cn: u16,
    arguments: Vec<(String, String)>,
    state: CommandState,
    reason: CommandReason,
    asked_by: String,
    asked_at: Timestamp,
    sent_at: Option<Timestamp>,
    accepted_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    tries: u32,
    /// QnRtn of 9011 and what it means.
    qn_return: Option<i64>,
    qn_return_name: Option<Name>,
    /// ExeRtn of 9012 and what it means.
    execution_return: Option<i64>,
    execution_return_name: Option<Name>,
    /// What the device answered beside the return codes.
    answer: Option<String>,
}

fn code_name(table: &[(u16, &str, &str)], code: Option<i64>) -> Option<Name> {
    let code = code?;
    table.iter().find(|entry| i64::from(entry.0) == code).map(|entry| Name::new(entry.1, entry.2))
}

impl CommandAnswerBody {
    pub fn of(command: &Command) -> Self {
        let (_, _, zh, en) = command.kind.describe();
        Self {
            id: command.id,
            point: command.point.to_string(),
            mn: command.mn.clone(),
            kind: command.kind,
            name: Name::new(zh, en),
            cn: command.cn,
            arguments: command.arguments.clone(),
            state: command.state,
            reason: command.reason,
            asked_by: command.asked_by.clone(),
            asked_at: command.asked_at,
            sent_at: command.sent_at,
            accepted_at: command.accepted_at,
            finished_at: command.finished_at,
            tries: command.tries,
            qn_return: command.qn_return,
            qn_return_name: code_name(&hj212::command::QN_RETURNS, command.qn_return),
            execution_return: command.execution_return,
            execution_return_name: code_name(&hj212::command::EXECUTION_RETURNS, command.execution_return),
            answer: command.answer.clone(),
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Ask {
    kind: CommandKind,
    /// CP fields by name; values as text.
    #[serde(default)]
    arguments: std::collections::BTreeMap<String, String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct KindRow {
    kind: CommandKind,
    name: Name,
    cn: u16,
    arguments: Vec<ArgumentRow>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ArgumentRow {
    key: &'static str,
    name: Name,
    /// `time`, `number`, `choice`, `factor`.
    r#type: &'static str,
    required: bool,
    least: Option<u32>,
    most: Option<u32>,
    choices: Vec<&'static str>,
}

fn kinds() -> Vec<KindRow> {
    CommandKind::ALL
        .into_iter()
        .map(|kind| {
            let (_, cn, zh, en) = kind.describe();
            let arguments = command::arguments(kind)
                .iter()
                .map(|argument| {
                    let (kind, least, most, choices) = match argument.kind {
                        ArgumentKind::Time => ("time", None, None, Vec::new()),
                        ArgumentKind::Number { least, most } => ("number", Some(least), Some(most), Vec::new()),
                        ArgumentKind::Choice(words) => ("choice", None, None, words.to_vec()),
                        ArgumentKind::Factor => ("factor", None, None, Vec::new()),
                    };
                    let name = Name::new(argument.zh, argument.en);
                    ArgumentRow {
                        key: argument.key,
                        name,
                        r#type: kind,
                        required: argument.required,
                        least,
                        most,
                        choices,
                    }
                })
                .collect();
            KindRow { kind, name: Name::new(zh, en), cn, arguments }
        })
        .collect()
}

pub fn routes(collect: &Arc<Collect>) -> Routes {
    let (one, two) = (Arc::clone(collect), Arc::clone(collect));
    let command = Access::May(Action::CommandStations);
    Routes::new("collect")
        .get(
            "/api/points/{id}/commands",
            operation("点位命令", "commands to a point", Access::May(Action::ReadMonitoring))
                .returns::<Vec<CommandAnswerBody>>(),
            async move |caller: Caller, Path(id): Path<i64>| -> ApiResult<Json<Vec<CommandAnswerBody>>> {
                allowed_point(&one, &caller, id, Action::ReadMonitoring)?;
                let collect = Arc::clone(&one);
                let found = blocking(move || {
                    Ok(collect.store.read(|reader| rows::commands_of_point(reader, collect.division, id, LISTED))?)
                })
                .await?;
                Ok(Json(found.iter().map(CommandAnswerBody::of).collect()))
            },
        )
        .post(
            "/api/points/{id}/commands",
            operation("下发命令", "give a command", command).body::<Ask>().returns::<CommandAnswerBody>(),
            async move |caller: Caller,
                        Path(id): Path<i64>,
                        Json(ask): Json<Ask>|
                        -> ApiResult<Json<CommandAnswerBody>> {
                let collect = Arc::clone(&two);
                let asked: Vec<(String, String)> = ask.arguments.into_iter().collect();
                let given = blocking(move || collect.ask(&caller.0, id, ask.kind, &asked, kernel::time::now())).await?;
                Ok(Json(CommandAnswerBody::of(&given)))
            },
        )
        .get(
            "/api/command-kinds",
            operation("命令种类", "kinds of command", command).returns::<Vec<KindRow>>(),
            async move |_caller: Caller| -> ApiResult<Json<Vec<KindRow>>> { Ok::<_, api::ApiProblem>(Json(kinds())) },
        )
}
