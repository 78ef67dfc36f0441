//! Events → what happens to alarm cases. Pure: one spell of exceedance or silence is one case.

use kernel::{Name, Point, Timestamp};
use serde::Deserialize;

use crate::model::{Case, Cause};

/// `judge.verdict_changed`, read leniently: unknown fields are passed over.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct VerdictChanged {
    #[serde(deserialize_with = "number_or_text")]
    pub point: i64,
    pub level: String,
    pub period_start: Option<Timestamp>,
    /// The judge's name of the verdict, such as `17-h493211`.
    #[serde(deserialize_with = "any_text")]
    pub verdict_id: String,
    pub exceeding: bool,
    /// One exceedance, or several.
    pub spell: Option<Exceedance>,
    pub spells: Vec<Exceedance>,
    pub simulated: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Exceedance {
    pub factor: String,
    /// Name of the factor, where the judge gives it.
    pub name: Option<Name>,
    pub value: Option<String>,
    pub limit: Option<String>,
    pub unit: Option<String>,
    /// Exceedance multiple (超标倍数).
    pub times: Option<String>,
    /// By how much it is over, in words and with its unit; noise and pH have no multiple.
    pub over: Option<Name>,
}

/// `collect.offline` and `collect.online`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PresenceChanged {
    #[serde(deserialize_with = "number_or_text")]
    pub point: i64,
    pub since: Option<Timestamp>,
    pub last_data_at: Option<Timestamp>,
}

fn any_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(text) => text,
        serde_json::Value::Number(number) => number.to_string(),
        _ => String::new(),
    })
}

/// Ids travel as text in JSON; older writers sent numbers.
fn number_or_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::Number(number) => Ok(number.as_i64().unwrap_or_default()),
        serde_json::Value::String(text) => Ok(text.parse().unwrap_or_default()),
        _ => Ok(0),
    }
}

impl VerdictChanged {
    pub fn exceedances(&self) -> Vec<Exceedance> {
        let mut all = self.spells.clone();
        all.extend(self.spell.clone().filter(|one| !all.iter().any(|known| known.factor == one.factor)));
        all
    }
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Open {
        subject: String,
        cause: Cause,
        title: Name,
        at: Timestamp,
        times: Option<f64>,
        note: String,
    },
    /// The spell goes on, or an earlier period of it came in late.
    Extend {
        case: kernel::Id,
        at: Timestamp,
        note: String,
    },
    /// Told on the timeline only.
    Annotate {
        case: kernel::Id,
        action: &'static str,
        note: String,
    },
}

pub fn subject(cause: Cause, point: i64, factor: &str) -> String {
    format!("{}:{point}:{factor}", cause.name())
}

/// What a period's exceedance of one factor means, given the newest case of its subject.
pub fn on_exceedance(
    point: &Point,
    one: &Exceedance,
    changed: &VerdictChanged,
    newest: Option<&Case>,
    known: bool,
) -> Option<Step> {
    let at = changed.period_start?;
    let note = exceedance_note(one, changed, at);
    match newest {
        // The period was counted already: a replay.
        _ if known => None,
        Some(case) if case.closed_at.is_none() => Some(Step::Extend { case: case.id, at, note }),
        // Late data of a spell that has been dealt with.
        Some(case) if at <= case.spell_until => Some(Step::Annotate { case: case.id, action: "extended", note }),
        _ => {
            let (zh, en) = match &one.name {
                Some(name) => (name.zh.clone(), name.en.clone()),
                None => (one.factor.clone(), one.factor.clone()),
            };
            let mark = if point.simulated { "（模拟）" } else { "" };
            let mark_en = if point.simulated { " (simulated)" } else { "" };
            Some(Step::Open {
                subject: subject(Cause::Exceedance, point.id, &one.factor),
                cause: Cause::Exceedance,
                title: Name::new(
                    format!("{} {zh}超标{mark}", point.name.zh),
                    format!("{}: {en} above its limit{mark_en}", english(point)),
                ),
                at,
                times: one.times.as_ref().and_then(|times| times.parse().ok()),
                note,
            })
        }
    }
}

/// A period that was counted as exceeding is not any more.
pub fn on_cleared(changed: &VerdictChanged, newest: Option<&Case>, known: bool) -> Option<Step> {
    let at = changed.period_start?;
    let case = newest.filter(|_| known)?;
    let note = format!("{} 重新判定后不再超标 (judged again: no longer above the limit)", at.to_iso());
    Some(Step::Annotate { case: case.id, action: "rejudged", note })
}

pub fn on_offline(point: &Point, changed: &PresenceChanged, newest: Option<&Case>, now: Timestamp) -> Option<Step> {
    let at = changed.since.unwrap_or(now);
    let last = changed.last_data_at.map_or_else(|| "—".to_owned(), Timestamp::to_iso);
    match newest {
        Some(case) if case.closed_at.is_none() || at <= case.spell_until => None,
        _ => {
            let mark = if point.simulated { "（模拟）" } else { "" };
            let mark_en = if point.simulated { " (simulated)" } else { "" };
            Some(Step::Open {
                subject: subject(Cause::Offline, point.id, ""),
                cause: Cause::Offline,
                title: Name::new(
                    format!("{} 离线{mark}", point.name.zh),
                    format!("{}: offline{mark_en}", english(point)),
                ),
                at,
                times: None,
                note: format!("最后数据 {last} (last data)"),
            })
        }
    }
}

pub fn on_online(newest: Option<&Case>, now: Timestamp) -> Option<Step> {
    let case = newest.filter(|case| case.closed_at.is_none())?;
    Some(Step::Annotate {
        case: case.id,
        action: "recovered",
        note: format!("{} 恢复上报 (reporting again)", now.to_iso()),
    })
}

fn english(point: &Point) -> &str {
    if point.name.en.is_empty() { &point.name.zh } else { &point.name.en }
}

/// What was measured and allowed, in both languages; what is not known is left out.
fn exceedance_note(one: &Exceedance, changed: &VerdictChanged, at: Timestamp) -> String {
    let iso = at.to_iso();
    let (when, zh, en) = match changed.level.as_str() {
        "hour" => (iso[..16].replace('T', " "), "小时", "hour"),
        "day" => (iso[..10].to_owned(), "日", "day"),
        other => (iso[..10].to_owned(), other, other),
    };
    let name = one.name.clone().unwrap_or_else(|| Name::new(one.factor.clone(), one.factor.clone()));
    let value = [one.value.as_deref(), one.unit.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let part = |before: &str, text: &Option<String>, after: &str| {
        text.as_ref().map(|text| format!("{before}{text}{after}")).unwrap_or_default()
    };
    let over = match (&one.over, &one.times) {
        (Some(over), _) => over.clone(),
        (None, Some(times)) => Name::new(format!("超标 {times} 倍"), format!("{times} times over")),
        (None, None) => Name::new("超标", "over the limit"),
    };
    format!(
        "{when} {zh}：{} {value}{}，{} ({when}, {en}: {} {value}{}, {})",
        name.zh,
        part("，限值 ", &one.limit, ""),
        over.zh,
        name.en,
        part(", limit ", &one.limit, ""),
        over.en
    )
}
