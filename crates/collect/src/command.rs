//! Life of a command (反控命令), pure: what it may carry, when it is sent, sent again or given up, and what a
//! device's answer makes of it.

use kernel::{Name, Timestamp};

use crate::intake::CommandAnswer;
use crate::limits::Limits;
use crate::model::{Command, CommandKind, CommandState};
use crate::wire;

/// What an argument must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentKind {
    /// `yyyyMMddHHmmss`, or a time in ISO form, which is rewritten.
    Time,
    /// A whole number between two bounds, both included.
    Number { least: u32, most: u32 },
    /// One of these.
    Choice(&'static [&'static str]),
    /// A factor code.
    Factor,
}

/// One argument of a kind of command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Name of the CP field; `kind` of a history request chooses its CN instead.
    pub key: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
    pub kind: ArgumentKind,
    pub required: bool,
}

const fn argument(
    key: &'static str,
    zh: &'static str,
    en: &'static str,
    kind: ArgumentKind,
    required: bool,
) -> Argument {
    Argument { key, zh, en, kind, required }
}

use ArgumentKind::{Choice, Factor, Number, Time};

const FACTOR: Argument = argument("PolId", "因子", "factor", Factor, true);
const CLOCK: [Argument; 2] = [
    argument("PolId", "因子（校准仪表时钟时）", "factor (for an instrument's clock)", Factor, false),
    argument("SystemTime", "时间（空：下发时刻）", "time (empty: the moment of sending)", Time, false),
];
/// Intervals of minute data that divide an hour (2017 table 4).
const MINUTES: &[&str] = &["1", "2", "3", "4", "5", "6", "10", "12", "15", "20", "30"];

/// What a kind of command may carry, in the order of CP.
pub const fn arguments(kind: CommandKind) -> &'static [Argument] {
    const GET_TIME: &[Argument] = &[CLOCK[0]];
    const SET_REALTIME: &[Argument] =
        &[argument("RtdInterval", "间隔（秒）", "interval (s)", Number { least: 30, most: 3600 }, true)];
    const SET_MINUTE: &[Argument] = &[argument("MinInterval", "间隔（分钟）", "interval (min)", Choice(MINUTES), true)];
    const SET_TIMEOUT: &[Argument] = &[
        argument("OverTime", "超时（秒）", "time-out (s)", Number { least: 1, most: 99 }, true),
        argument("ReCount", "重发次数", "retries", Number { least: 1, most: 99 }, true),
    ];
    const HISTORY: &[Argument] = &[
        argument("kind", "数据类型", "kind of data", Choice(&["2061", "2051", "2031"]), false),
        argument("BeginTime", "开始", "from", Time, true),
        argument("EndTime", "结束", "until", Time, true),
    ];
    const CALIBRATE: &[Argument] =
        &[FACTOR, argument("CalibrationType", "类型：0零点 1量程", "type: 0 zero, 1 span", Choice(&["0", "1"]), false)];
    match kind {
        CommandKind::GetTime => GET_TIME,
        CommandKind::SetTime => &CLOCK,
        CommandKind::SetRealtimeInterval => SET_REALTIME,
        CommandKind::SetMinuteInterval => SET_MINUTE,
        CommandKind::SetTimeout => SET_TIMEOUT,
        CommandKind::History => HISTORY,
        CommandKind::Calibrate => CALIBRATE,
        CommandKind::SampleNow | CommandKind::Clean | CommandKind::KeepSample | CommandKind::StandardCheck => &[FACTOR],
        CommandKind::GetRealtimeInterval
        | CommandKind::GetMinuteInterval
        | CommandKind::StartRealtime
        | CommandKind::StopRealtime => &[],
    }
}

/// CN and CP fields of a command from what was asked; `Err` says which argument is wrong and why.
pub fn build(kind: CommandKind, asked: &[(String, String)]) -> Result<(u16, Vec<(String, String)>), Name> {
    let known = arguments(kind);
    if let Some((key, _)) = asked.iter().find(|(key, _)| known.iter().all(|argument| argument.key != key)) {
        return Err(Name::new(format!("没有参数“{key}”"), format!("no argument `{key}`")));
    }
    let mut cn = kind.describe().1;
    let mut fields = Vec::new();
    for argument in known {
        let value = asked.iter().find(|(key, _)| key == argument.key).map_or("", |(_, value)| value.trim());
        if value.is_empty() {
            if argument.required {
                return Err(Name::new(
                    format!("缺少参数“{}”", argument.zh),
                    format!("argument `{}` is missing", argument.key),
                ));
            }
            continue;
        }
        let value = check(argument, value)?;
        if argument.key == "kind" {
            cn = value.parse().unwrap_or(cn);
        } else {
            fields.push((argument.key.to_owned(), value));
        }
    }
    let time = |key: &str| fields.iter().find(|field| field.0 == key).map(|field| &field.1);
    if let (Some(begin), Some(end)) = (time("BeginTime"), time("EndTime"))
        && begin > end
    {
        return Err(Name::new("开始晚于结束", "it begins after it ends"));
    }
    Ok((cn, fields))
}

fn check(argument: &Argument, value: &str) -> Result<String, Name> {
    let wrong = |zh: String, en: String| {
        Name::new(format!("参数“{}”：{zh}", argument.zh), format!("argument `{}`: {en}", argument.key))
    };
    match argument.kind {
        Time => {
            let millis = hj212::time::parse(value.as_bytes())
                .map(|time| time.unix_millis())
                .or_else(|| Timestamp::parse(value).map(Timestamp::millis));
            let millis =
                millis.ok_or_else(|| wrong(format!("“{value}”不是时间"), format!("`{value}` is not a time")))?;
            Ok(wire::data_time(Timestamp(millis)))
        }
        Number { least, most } => match value.parse::<u32>() {
            Ok(number) if (least..=most).contains(&number) => Ok(number.to_string()),
            _ => Err(wrong(format!("应为{least}～{most}的整数"), format!("a whole number from {least} to {most}"))),
        },
        Choice(words) if words.contains(&value) => Ok(value.to_owned()),
        Choice(words) => Err(wrong(format!("应为 {} 之一", words.join("、")), format!("one of {}", words.join(", ")))),
        Factor if value.len() <= 12 && value.bytes().all(|byte| byte.is_ascii_alphanumeric()) => Ok(value.to_owned()),
        Factor => Err(wrong("不是因子编码".to_owned(), "not a factor code".to_owned())),
    }
}

/// What to do with an open command now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Wait,
    /// Send it, or send it again under the same QN.
    Send,
    End(CommandState),
}

/// `heard_at`: the newest frame of the device, when it is connected. `busy`: another command of the device is
/// on its way.
pub fn step(command: &Command, heard_at: Option<Timestamp>, busy: bool, limits: &Limits, now: Timestamp) -> Step {
    let since = |at: Timestamp| std::time::Duration::from_millis((now.millis() - at.millis()).max(0) as u64);
    let waited_out = since(command.asked_at) >= limits.command_wait;
    match command.state {
        CommandState::Queued if heard_at.is_some() && !busy => Step::Send,
        CommandState::Queued if waited_out => Step::End(CommandState::TimedOut),
        CommandState::Sent => {
            let unanswered = since(command.sent_at.unwrap_or(command.asked_at)) >= limits.command_answer;
            match (unanswered, heard_at) {
                (false, _) => Step::Wait,
                (true, _) if command.tries >= limits.command_tries => Step::End(CommandState::TimedOut),
                (true, Some(_)) => Step::Send,
                (true, None) if waited_out => Step::End(CommandState::TimedOut),
                (true, None) => Step::Wait,
            }
        }
        CommandState::Accepted => {
            // Data that come in the meantime show that the device is at it; but not for ever.
            let accepted = command.accepted_at.unwrap_or(command.asked_at);
            let last = heard_at.map_or(accepted, |heard| heard.max(accepted));
            let given_up = since(last) >= limits.command_execution || since(accepted) >= limits.command_execution * 15;
            if given_up { Step::End(CommandState::TimedOut) } else { Step::Wait }
        }
        _ => Step::Wait,
    }
}

/// What an answer makes of a command; `false`: nothing.
pub fn answered(command: &mut Command, answer: &CommandAnswer, now: Timestamp) -> bool {
    if command.state.is_final() || command.state == CommandState::Queued {
        return false;
    }
    match answer.cn {
        9011 => {
            if command.qn_return.is_some() && command.qn_return == answer.code {
                return false;
            }
            command.qn_return = answer.code;
            command.accepted_at = Some(now);
            command.state = CommandState::Accepted;
            if answer.code != Some(1) {
                command.state = CommandState::Refused;
                command.finished_at = Some(now);
            }
        }
        9012 => {
            command.execution_return = answer.code;
            command.state = if answer.code == Some(1) { CommandState::Done } else { CommandState::Failed };
            command.finished_at = Some(now);
        }
        // A notification (2012) is over with its 9013; a request is not.
        9013 if command.kind == CommandKind::StopRealtime => {
            command.state = CommandState::Done;
            command.finished_at = Some(now);
        }
        cn if cn == command.cn && !answer.text.is_empty() => {
            command.answer = Some(answer.text.clone());
            if command.state == CommandState::Sent {
                command.state = CommandState::Accepted;
                command.accepted_at = Some(now);
            }
        }
        _ => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use kernel::Id;

    use super::*;
    use crate::model::CommandReason;

    fn command(state: CommandState, tries: u32) -> Command {
        Command {
            id: Id(1),
            point: 1,
            mn: "A".into(),
            system: 22,
            kind: CommandKind::GetTime,
            cn: 1011,
            arguments: Vec::new(),
            state,
            reason: CommandReason::Manual,
            asked_by: "1".into(),
            qn: "q".into(),
            asked_at: Timestamp(0),
            sent_at: Some(Timestamp(0)),
            accepted_at: (state == CommandState::Accepted).then_some(Timestamp(0)),
            finished_at: None,
            tries,
            qn_return: None,
            execution_return: None,
            answer: None,
        }
    }

    fn check_step(state: CommandState, tries: u32, seconds: i64, heard: Option<i64>, busy: bool, expect: Step) {
        let limits = Limits::default();
        let heard = heard.map(|at| Timestamp(at * 1000));
        assert_eq!(
            step(&command(state, tries), heard, busy, &limits, Timestamp(seconds * 1000)),
            expect,
            "{state:?} {seconds}"
        );
    }

    #[test]
    fn a_command_is_sent_resent_and_given_up() {
        use CommandState::{Accepted, Queued, Sent, TimedOut};
        check_step(Queued, 0, 0, Some(0), false, Step::Send);
        check_step(Queued, 0, 0, Some(0), true, Step::Wait);
        check_step(Queued, 0, 3599, None, false, Step::Wait);
        check_step(Queued, 0, 3600, None, false, Step::End(TimedOut));
        check_step(Sent, 1, 9, Some(0), false, Step::Wait);
        check_step(Sent, 1, 10, Some(0), false, Step::Send);
        check_step(Sent, 4, 10, Some(0), false, Step::End(TimedOut));
        check_step(Sent, 1, 10, None, false, Step::Wait);
        check_step(Accepted, 1, 119, Some(0), false, Step::Wait);
        check_step(Accepted, 1, 120, Some(0), false, Step::End(TimedOut));
        check_step(Accepted, 1, 200, Some(100), false, Step::Wait);
        check_step(Accepted, 1, 1800, Some(1800), false, Step::End(TimedOut));
    }

    fn check_answer(cn: u16, code: Option<i64>, text: &str, expect: CommandState) {
        let mut sent = command(CommandState::Sent, 1);
        let answer = CommandAnswer { mn: "A".into(), qn: "q".into(), cn, code, text: text.into() };
        answered(&mut sent, &answer, Timestamp(5));
        assert_eq!(sent.state, expect, "{cn} {code:?}");
    }

    #[test]
    fn answers_move_a_command_on() {
        check_answer(9011, Some(1), "", CommandState::Accepted);
        check_answer(9011, Some(3), "", CommandState::Refused);
        check_answer(9011, None, "", CommandState::Refused);
        check_answer(9012, Some(1), "", CommandState::Done);
        check_answer(9012, Some(100), "", CommandState::Failed);
        check_answer(1011, None, "SystemTime=20261124080000", CommandState::Accepted);
        check_answer(9013, None, "", CommandState::Sent);
        let mut done = command(CommandState::Done, 1);
        let late = CommandAnswer { mn: "A".into(), qn: "q".into(), cn: 9012, code: Some(2), text: String::new() };
        assert!(!answered(&mut done, &late, Timestamp(9)), "what is over stays over");
    }

    fn check_build(kind: CommandKind, asked: &[(&str, &str)], expect: Result<(u16, &str), &str>) {
        let asked: Vec<(String, String)> = asked.iter().map(|&(key, value)| (key.into(), value.into())).collect();
        let shown = build(kind, &asked)
            .map(|(cn, fields)| {
                let fields: Vec<String> = fields.iter().map(|(key, value)| format!("{key}={value}")).collect();
                (cn, fields.join(";"))
            })
            .map_err(|name| name.en);
        assert_eq!(shown, expect.map(|(cn, text)| (cn, text.to_owned())).map_err(str::to_owned));
    }

    #[test]
    fn arguments_are_checked_before_anything_is_sent() {
        use CommandKind::{Calibrate, GetTime, History, SampleNow, SetMinuteInterval, SetRealtimeInterval};
        check_build(GetTime, &[], Ok((1011, "")));
        check_build(
            History,
            &[("kind", "2051"), ("EndTime", "20261124090000"), ("BeginTime", "2026-11-24T08:00:00+08:00")],
            Ok((2051, "BeginTime=20261124080000;EndTime=20261124090000")),
        );
        check_build(
            History,
            &[("BeginTime", "20261124090000"), ("EndTime", "20261124080000")],
            Err("it begins after it ends"),
        );
        check_build(
            SetRealtimeInterval,
            &[("RtdInterval", "10")],
            Err("argument `RtdInterval`: a whole number from 30 to 3600"),
        );
        check_build(
            SetMinuteInterval,
            &[("MinInterval", "7")],
            Err("argument `MinInterval`: one of 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30"),
        );
        check_build(
            Calibrate,
            &[("PolId", "a21026"), ("CalibrationType", "1")],
            Ok((3011, "PolId=a21026;CalibrationType=1")),
        );
        check_build(SampleNow, &[("PolId", "w01018&&")], Err("argument `PolId`: not a factor code"));
        check_build(SampleNow, &[], Err("argument `PolId` is missing"));
        check_build(GetTime, &[("x", "1")], Err("no argument `x`"));
    }
}
