//! The nouns that others see.

use kernel::{Id, Name, Timestamp};
use serde::{Deserialize, Serialize};
use store::Migration;

/// What can be asked of a station (反控命令).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CommandKind {
    /// 1011 提取现场机时间
    GetTime,
    /// 1012 设置现场机时间
    SetTime,
    /// 1061 提取实时数据间隔
    GetRealtimeInterval,
    /// 1062 设置实时数据间隔
    SetRealtimeInterval,
    /// 1063 提取分钟数据间隔
    GetMinuteInterval,
    /// 1064 设置分钟数据间隔
    SetMinuteInterval,
    /// 1000 设置超时时间及重发次数
    SetTimeout,
    /// 2011 取实时数据
    StartRealtime,
    /// 2012 停止察看实时数据
    StopRealtime,
    /// 2051 / 2061 / 2031 取历史数据
    History,
    /// 3011 零点校准、量程校准
    Calibrate,
    /// 3012 即时采样
    SampleNow,
    /// 3013 启动清洗／反吹
    Clean,
    /// 3022 超标留样
    KeepSample,
    /// 3024 启动标样核查
    StandardCheck,
}

impl CommandKind {
    pub const ALL: [CommandKind; 15] = [
        Self::GetTime,
        Self::SetTime,
        Self::GetRealtimeInterval,
        Self::SetRealtimeInterval,
        Self::GetMinuteInterval,
        Self::SetMinuteInterval,
        Self::SetTimeout,
        Self::StartRealtime,
        Self::StopRealtime,
        Self::History,
        Self::Calibrate,
        Self::SampleNow,
        Self::Clean,
        Self::KeepSample,
        Self::StandardCheck,
    ];

    pub const fn describe(self) -> (&'static str, u16, &'static str, &'static str) {
        match self {
            Self::GetTime => ("get_time", 1011, "提取现场机时间", "read the device's clock"),
            Self::SetTime => ("set_time", 1012, "校时", "set the device's clock"),
            Self::GetRealtimeInterval => {
                ("get_realtime_interval", 1061, "提取实时数据间隔", "read the real-time interval")
            }
            Self::SetRealtimeInterval => {
                ("set_realtime_interval", 1062, "设置实时数据间隔", "set the real-time interval")
            }
            Self::GetMinuteInterval => ("get_minute_interval", 1063, "提取分钟数据间隔", "read the minute interval"),
            Self::SetMinuteInterval => ("set_minute_interval", 1064, "设置分钟数据间隔", "set the minute interval"),
            Self::SetTimeout => ("set_timeout", 1000, "设置超时时间及重发次数", "set time-out and retries"),
            Self::StartRealtime => ("start_realtime", 2011, "取实时数据", "start real-time data"),
            Self::StopRealtime => ("stop_realtime", 2012, "停止实时数据", "stop real-time data"),
            Self::History => ("history", 2061, "补采历史数据", "request history"),
            Self::Calibrate => ("calibrate", 3011, "零点／量程校准", "zero or span calibration"),
            Self::SampleNow => ("sample_now", 3012, "即时采样", "sample now"),
            Self::Clean => ("clean", 3013, "启动清洗／反吹", "clean or back-flush"),
            Self::KeepSample => ("keep_sample", 3022, "即时留样", "keep a sample"),
            Self::StandardCheck => ("standard_check", 3024, "启动标样核查", "start a standard-sample check"),
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.describe().0 == name)
    }
}

/// Life of a command: queued → sent → accepted (9011, QnRtn=1) → done or failed (9012).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CommandState {
    Queued,
    Sent,
    Accepted,
    Refused,
    Done,
    Failed,
    TimedOut,
}

impl CommandState {
    const TABLE: [(CommandState, &'static str); 7] = [
        (Self::Queued, "queued"),
        (Self::Sent, "sent"),
        (Self::Accepted, "accepted"),
        (Self::Refused, "refused"),
        (Self::Done, "done"),
        (Self::Failed, "failed"),
        (Self::TimedOut, "timed_out"),
    ];

    pub fn name(self) -> &'static str {
        Self::TABLE.iter().find(|entry| entry.0 == self).map_or("queued", |entry| entry.1)
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::TABLE.iter().find(|entry| entry.1 == name).map(|entry| entry.0)
    }

    pub const fn is_final(self) -> bool {
        matches!(self, Self::Refused | Self::Done | Self::Failed | Self::TimedOut)
    }
}

/// Why a command was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CommandReason {
    Manual,
    /// Missing hours were noticed.
    Gap,
    /// The device asked for its clock to be set (1013), or the clock drifted.
    Clock,
}

impl CommandReason {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Gap => "gap",
            Self::Clock => "clock",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Manual, Self::Gap, Self::Clock].into_iter().find(|reason| reason.name() == name)
    }
}

/// A command and how far it has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    pub id: Id,
    pub point: i64,
    pub mn: String,
    pub system: u16,
    pub kind: CommandKind,
    /// HJ 212 CN actually sent (history requests choose among 2051, 2061, 2031).
    pub cn: u16,
    /// Fields of CP, in order.
    pub arguments: Vec<(String, String)>,
    pub state: CommandState,
    pub reason: CommandReason,
    pub asked_by: String,
    /// The request's QN, by which answers are recognised.
    pub qn: String,
    pub asked_at: Timestamp,
    pub sent_at: Option<Timestamp>,
    pub accepted_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub tries: u32,
    pub qn_return: Option<i64>,
    pub execution_return: Option<i64>,
    /// What the device answered beside the return codes, such as `SystemTime=…`.
    pub answer: Option<String>,
}

/// A device that nobody has adopted (隔离设备).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantinedDevice {
    pub mn: String,
    pub system: u16,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    pub packets: i64,
    pub peer: String,
    /// Number of its newest frame.
    pub newest_frame: Option<i64>,
}

/// A named oddity of a point, summed over days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnomalyTotal {
    pub name: String,
    pub count: i64,
    pub last_at: Timestamp,
}

/// State of the way in, for the overview.
#[derive(Clone, Debug)]
pub struct CollectStatus {
    pub accepting: bool,
    pub trouble: Option<(Name, Timestamp)>,
    pub packets_today: u64,
    pub packets_per_second: f64,
    pub connections: u64,
    pub last_packet_at: Option<Timestamp>,
    pub packets: u64,
    pub duplicates: u64,
    pub refused: u64,
    /// Refused packets since start by the name of their reason, most first.
    pub refusals: Vec<(&'static str, u64)>,
    pub commits: u64,
    /// Devices in quarantine.
    pub quarantined: u64,
}

pub const MIGRATIONS: &[Migration] = &[
    Migration {
        mechanism: "collect",
        number: 1,
        sql: "CREATE TABLE command (
            division BIGINT NOT NULL, id BIGINT NOT NULL, point BIGINT NOT NULL, mn TEXT NOT NULL,
            system BIGINT NOT NULL, kind TEXT NOT NULL, cn BIGINT NOT NULL, arguments TEXT NOT NULL,
            state TEXT NOT NULL, reason TEXT NOT NULL, asked_by TEXT NOT NULL, qn TEXT NOT NULL,
            asked_at BIGINT NOT NULL, sent_at BIGINT, accepted_at BIGINT, finished_at BIGINT,
            tries BIGINT NOT NULL, qn_return BIGINT, execution_return BIGINT, answer TEXT,
            PRIMARY KEY (division, id));
          CREATE INDEX command_point ON command (division, point, id);
          CREATE INDEX command_open ON command (division, state, id);
          CREATE TABLE presence (
            division BIGINT NOT NULL, point BIGINT NOT NULL, state TEXT NOT NULL, since BIGINT NOT NULL,
            PRIMARY KEY (division, point))",
    },
    Migration {
        mechanism: "collect",
        number: 2,
        sql: "CREATE TABLE adoption (
            division BIGINT NOT NULL, mn TEXT NOT NULL, system BIGINT NOT NULL, point BIGINT NOT NULL,
            valid_from BIGINT NOT NULL, adopted_by TEXT NOT NULL, adopted_at BIGINT NOT NULL,
            PRIMARY KEY (division, mn, system));
          CREATE TABLE issued_mn (
            division BIGINT NOT NULL, serial TEXT NOT NULL, mn TEXT NOT NULL, issued_at BIGINT NOT NULL,
            PRIMARY KEY (division, serial));
          CREATE TABLE issued_key (
            division BIGINT NOT NULL, mn TEXT NOT NULL, issued_at BIGINT NOT NULL, sm4_key TEXT NOT NULL,
            PRIMARY KEY (division, mn, issued_at));
          CREATE TABLE room (division BIGINT NOT NULL, id BIGINT NOT NULL, bytes {BYTES} NOT NULL,
            PRIMARY KEY (division, id))",
    },
];
