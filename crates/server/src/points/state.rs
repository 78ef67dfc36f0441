//! The state of a point in one word (点位状态). Pure: from what collect, judge and act know of it.

use collect::Presence;
use kernel::{Name, Timestamp};
use serde::Serialize;

/// A section that people sample is old news after this long without a value.
const MANUAL_STALE_MILLIS: i64 = 45 * 86_400_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StateCode {
    Exceeding,
    Offline,
    Attention,
    Stale,
    NoData,
    Suspended,
    Normal,
}

impl StateCode {
    pub const ALL: [StateCode; 7] =
        [Self::Exceeding, Self::Offline, Self::Attention, Self::Stale, Self::NoData, Self::Suspended, Self::Normal];

    const fn describe(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Exceeding => ("exceeding", "超标", "exceeding"),
            Self::Offline => ("offline", "离线", "offline"),
            Self::Attention => ("attention", "需关注", "needs attention"),
            Self::Stale => ("stale", "数据陈旧", "stale"),
            Self::NoData => ("no_data", "无数据", "no data"),
            Self::Suspended => ("suspended", "停运", "suspended"),
            Self::Normal => ("normal", "正常", "normal"),
        }
    }

    pub const fn code(self) -> &'static str {
        self.describe().0
    }

    pub fn name(self) -> Name {
        Name::new(self.describe().1, self.describe().2)
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// From the worst to what says least: most points that say nothing are sampled by hand and never spoke.
    const ON_MAP: [StateCode; 7] =
        [Self::Exceeding, Self::Offline, Self::Attention, Self::Stale, Self::Suspended, Self::Normal, Self::NoData];

    /// Which state a mark of several points shows: the least of these numbers.
    pub fn place_on_map(self) -> u8 {
        Self::ON_MAP
            .iter()
            .position(|state| *state == self)
            .and_then(|place| u8::try_from(place).ok())
            .unwrap_or(u8::MAX)
    }

    pub fn on_map(place: u8) -> Self {
        Self::ON_MAP.get(usize::from(place)).copied().unwrap_or(Self::NoData)
    }

    /// Somebody should look at it.
    pub const fn is_wrong(self) -> bool {
        matches!(self, Self::Exceeding | Self::Offline | Self::Attention | Self::Stale)
    }
}

/// State before number: what a point is in, since when and why.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct State {
    pub code: StateCode,
    pub name: Name,
    pub since: Option<Timestamp>,
    pub reason: Option<Name>,
}

/// The newest verdict, as far as the state needs it.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    pub exceeding: bool,
    pub valid: bool,
    pub start: Timestamp,
    pub summary: Name,
}

/// What is known of a point.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// A device is bound to it now; otherwise people and files bring its data.
    pub bound: bool,
    pub presence: Option<Presence>,
    /// When the newest packet arrived.
    pub last_received: Option<Timestamp>,
    /// A declared stop or maintenance that covers now, and its reason.
    pub stop: Option<(Timestamp, String)>,
    pub judged: Option<Judged>,
    /// The oldest case that is not closed: since when, and its title.
    pub case: Option<(Timestamp, Name)>,
}

/// One word for a point. What makes its numbers meaningless (a stop, silence) goes before what they say; an
/// exceedance before a case that is still open.
pub fn state_of(known: &Known, now: Timestamp) -> State {
    let state = |code: StateCode, since: Option<Timestamp>, reason: Option<Name>| State {
        code,
        name: code.name(),
        since,
        reason,
    };
    if let Some((since, reason)) = &known.stop {
        return state(StateCode::Suspended, Some(*since), Some(Name::new(reason.clone(), reason.clone())));
    }
    let Some(last) = known.last_received else {
        return state(StateCode::NoData, None, Some(Name::new("从未收到数据", "nothing was ever received")));
    };
    let silent = || Some(silence(now.millis() - last.millis()));
    if known.bound {
        match known.presence {
            Some(Presence::Offline) => return state(StateCode::Offline, Some(last), silent()),
            Some(Presence::Stale) => return state(StateCode::Stale, Some(last), silent()),
            _ => {}
        }
    } else if now.millis() - last.millis() > MANUAL_STALE_MILLIS {
        return state(StateCode::Stale, Some(last), silent());
    }
    if let Some(judged) = known.judged.as_ref().filter(|judged| judged.exceeding) {
        return state(StateCode::Exceeding, Some(judged.start), Some(judged.summary.clone()));
    }
    if let Some((since, title)) = &known.case {
        let reason = Name::new(format!("案件未关闭：{}", title.zh), format!("open case: {}", title.en));
        return state(StateCode::Attention, Some(*since), Some(reason));
    }
    if let Some(judged) = known.judged.as_ref().filter(|judged| !judged.valid) {
        return state(StateCode::Attention, Some(judged.start), Some(judged.summary.clone()));
    }
    state(StateCode::Normal, None, None)
}

fn silence(millis: i64) -> Name {
    let minutes = millis / 60_000;
    let (zh, en) = match minutes {
        ..120 => (format!("{minutes} 分钟"), format!("{minutes} min")),
        120..2880 => (format!("{} 小时", minutes / 60), format!("{} h", minutes / 60)),
        _ => (format!("{} 天", minutes / 1440), format!("{} days", minutes / 1440)),
    };
    Name::new(format!("{zh}没有新数据"), format!("nothing new for {en}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn judged(exceeding: bool, valid: bool) -> Option<Judged> {
        Some(Judged {
            exceeding,
            valid,
            start: NOW.plus(-3_600_000),
            summary: Name::new("化学需氧量超标", "COD exceeds"),
        })
    }

    fn heard(presence: Presence) -> Known {
        Known { bound: true, presence: Some(presence), last_received: Some(NOW.plus(-60_000)), ..Known::default() }
    }

    fn check(known: &Known, expect: StateCode) {
        assert_eq!(state_of(known, NOW).code, expect, "{known:?}");
    }

    #[test]
    fn what_makes_numbers_meaningless_goes_first() {
        let case = Some((NOW, Name::new("案", "case")));
        check(&Known::default(), StateCode::NoData);
        check(&Known { stop: Some((NOW, "检修".into())), ..Known::default() }, StateCode::Suspended);
        check(&Known { judged: judged(true, true), ..heard(Presence::Offline) }, StateCode::Offline);
        check(&Known { judged: judged(true, true), ..heard(Presence::Stale) }, StateCode::Stale);
        check(
            &Known { judged: judged(true, true), case: case.clone(), ..heard(Presence::Online) },
            StateCode::Exceeding,
        );
        check(&Known { judged: judged(false, true), case, ..heard(Presence::Online) }, StateCode::Attention);
        check(&Known { judged: judged(false, false), ..heard(Presence::Online) }, StateCode::Attention);
        check(&Known { judged: judged(false, true), ..heard(Presence::Online) }, StateCode::Normal);
        check(&heard(Presence::Online), StateCode::Normal);
    }

    #[test]
    fn a_sampled_section_is_not_offline_between_two_samples() {
        let sampled = |days: i64| Known { last_received: Some(NOW.plus(-days * 86_400_000)), ..Known::default() };
        check(&sampled(30), StateCode::Normal);
        check(&sampled(46), StateCode::Stale);
    }

    #[test]
    fn silence_is_told_in_words() {
        assert_eq!(silence(5 * 60_000).zh, "5 分钟没有新数据");
        assert_eq!(silence(3 * 3_600_000).zh, "3 小时没有新数据");
        assert_eq!(silence(3 * 86_400_000).en, "nothing new for 3 days");
    }

    #[test]
    fn codes_come_back() {
        for state in StateCode::ALL {
            assert_eq!(StateCode::from_code(state.code()), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.code());
        }
    }
}
