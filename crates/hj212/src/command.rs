//! Command codes CN (命令编码) in both directions and all editions.

use crate::edition::Edition;

/// Who sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Platform to device (↓).
    ToDevice,
    /// Device to platform (↑).
    ToPlatform,
    /// ↓ asks, ↑ delivers.
    Both,
}

/// What kind of exchange it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Answered by 9011, then 9012 (请求命令).
    Request,
    /// Answered by 9014 where wanted (上传命令).
    Upload,
    /// Answered by 9013 (通知命令).
    Notify,
    /// Ends an exchange (交互命令).
    Answer,
}

/// An entry of the command table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    pub cn: u16,
    pub direction: Direction,
    pub kind: Kind,
    pub zh: &'static str,
    pub en: &'static str,
    /// Fields of CP; a leading `-` stands for a factor code, `?` behind for one that may be left out.
    pub fields: &'static [&'static str],
    /// Bits: 1 = 2005, 2 = 2017, 4 = 2025; none: vendor or regional use.
    editions: u8,
}

impl Command {
    pub const fn in_edition(&self, edition: Edition) -> bool {
        self.editions & 1 << edition as u8 != 0
    }

    /// In the text of some edition.
    pub const fn is_standard(&self) -> bool {
        self.editions != 0
    }
}

const ALL: u8 = 7;
const OLD: u8 = 1;
const V17: u8 = 2;
const NEW: u8 = 6;
const V25: u8 = 4;
const PRIVATE: u8 = 0;

const fn row(
    cn: u16,
    direction: Direction,
    kind: Kind,
    zh: &'static str,
    en: &'static str,
    fields: &'static [&'static str],
    editions: u8,
) -> Command {
    Command { cn, direction, kind, zh, en, fields, editions }
}

use Direction::{Both, ToDevice, ToPlatform};
use Kind::{Answer, Notify, Request, Upload};

const PERIOD: &[&str] = &[
    "BeginTime?",
    "EndTime?",
    "DataTime?",
    "-Cou?",
    "-Min?",
    "-Avg?",
    "-Max?",
    "-ZsMin?",
    "-ZsAvg?",
    "-ZsMax?",
    "-Data?",
    "-DayData?",
    "-NightData?",
    "-RawAvg?",
    "-Flag?",
    "-EFlag?",
];
const REALTIME: &[&str] = &["DataTime?", "-Rtd?", "-ZsRtd?", "-Flag?", "-EFlag?", "-SampleTime?"];

/// The command table. 1001 stands twice: 2005 and 2025 use it for different things.
pub const COMMANDS: &[Command] = &[
    row(1000, ToDevice, Request, "设置超时时间及重发次数", "set time-out and retries", &["OverTime", "ReCount"], ALL),
    row(1001, ToDevice, Request, "设置超限报警时间", "set over-limit alarm time", &["WarnTime"], OLD),
    row(
        1001,
        ToPlatform,
        Notify,
        "上传设备硬件编号",
        "send hardware serial numbers",
        &["i23005-Info", "i23006-Info", "i23007-Info?", "i23008-Info?"],
        V25,
    ),
    row(1002, ToDevice, Request, "下发设备唯一标识", "issue the device id", &["i23005-Info"], V25),
    row(1011, Both, Request, "提取现场机时间", "get the clock", &["PolId?", "SystemTime?"], ALL),
    row(1012, ToDevice, Request, "设置现场机时间", "set the clock", &["PolId?", "SystemTime"], ALL),
    row(1013, ToPlatform, Notify, "现场机时间校准请求", "ask for the clock to be set", &["PolId?"], NEW),
    row(1014, Both, Request, "提取／下发密钥", "get or give a new key", &["SKCreateTime", "NewSK?"], V25),
    row(1021, Both, Request, "提取污染物报警门限值", "get alarm limits", &["PolId?", "-LowValue?", "-UpValue?"], OLD),
    row(1022, ToDevice, Request, "设置污染物报警门限值", "set alarm limits", &["-LowValue", "-UpValue"], OLD),
    row(1031, Both, Request, "提取上位机地址", "get the alarm target", &["AlarmTarget?"], OLD),
    row(1032, ToDevice, Request, "设置上位机地址", "set the alarm target", &["AlarmTarget"], OLD),
    row(1041, Both, Request, "提取数据上报时间", "get the report time", &["ReportTime?"], OLD),
    row(1042, ToDevice, Request, "设置数据上报时间", "set the report time", &["ReportTime"], OLD),
    row(1061, Both, Request, "提取实时数据间隔", "get the real-time interval", &["RtdInterval?"], ALL),
    row(1062, ToDevice, Request, "设置实时数据间隔", "set the real-time interval", &["RtdInterval"], ALL),
    row(1063, Both, Request, "提取分钟数据间隔", "get the minute interval", &["MinInterval?"], NEW),
    row(1064, ToDevice, Request, "设置分钟数据间隔", "set the minute interval", &["MinInterval"], NEW),
    row(1072, ToDevice, Request, "设置现场机访问密码", "set the password", &["NewPW"], ALL),
    row(2011, Both, Upload, "污染物实时数据", "real-time data", REALTIME, ALL),
    row(2012, ToDevice, Notify, "停止察看污染物实时数据", "stop real-time data", &[], ALL),
    row(
        2013,
        Both,
        Upload,
        "污染物原始数据",
        "raw data of a measuring cycle",
        &["DataTime", "-SampleTime", "-CompleteTime", "-SampleType", "-Avg", "-Info?", "-Flag?"],
        V25,
    ),
    row(2021, Both, Upload, "设备运行状态数据", "plant state", &["DataTime?", "-RS?"], ALL),
    row(2022, ToDevice, Notify, "停止察看设备运行状态", "stop plant state", &[], ALL),
    row(2031, Both, Upload, "污染物日历史数据", "day data", PERIOD, ALL),
    row(
        2041,
        Both,
        Upload,
        "设备运行时间日历史数据",
        "run hours of the day",
        &["BeginTime?", "EndTime?", "DataTime?", "-RT?"],
        ALL,
    ),
    row(2051, Both, Upload, "污染物分钟数据", "minute data", PERIOD, ALL),
    row(
        2052,
        ToPlatform,
        Upload,
        "噪声单次监测数据",
        "single noise measurement",
        &["DataTime", "-Data", "-Flag?"],
        V25,
    ),
    row(2061, Both, Upload, "污染物小时数据", "hour data", PERIOD, ALL),
    row(
        2062,
        ToPlatform,
        Upload,
        "标样核查数据",
        "standard-sample check",
        &["DataTime", "-SampleRd", "-StandardValue", "-ResultType"],
        V25,
    ),
    row(
        2063,
        ToPlatform,
        Upload,
        "混合样数据（地方）",
        "mixed-sample data (regional)",
        &["BeginTime?", "EndTime?"],
        PRIVATE,
    ),
    row(
        2071,
        Both,
        Request,
        "污染物报警记录",
        "alarm records",
        &["BeginTime?", "EndTime?", "AlarmTime?", "-Ala?"],
        OLD,
    ),
    row(2072, ToPlatform, Notify, "污染物报警事件", "alarm event", &["AlarmTime", "AlarmType?", "-Ala?"], OLD),
    row(2081, ToPlatform, Upload, "数采仪开机时间", "logger boot time", &["DataTime", "RestartTime"], NEW),
    row(
        2111,
        ToPlatform,
        Upload,
        "炉膛温度5分钟均值",
        "furnace temperature, 5-minute mean",
        &["DataTime", "-Avg"],
        V25,
    ),
    row(3011, ToDevice, Request, "零点校准量程校准", "zero and span calibration", &["PolId", "CalibrationType?"], ALL),
    row(3012, ToDevice, Request, "即时采样", "sample now", &["PolId"], ALL),
    row(3013, ToDevice, Request, "启动清洗／反吹", "clean or back-flush", &["PolId"], ALL),
    row(3014, ToDevice, Request, "比对采样", "comparison sample", &["PolId"], 3),
    row(3015, Both, Request, "超标留样", "keep an over-limit sample", &["PolId?", "DataTime?", "VaseNo?"], V17),
    row(3016, ToDevice, Request, "设置采样时间周期", "set the sampling cycle", &["PolId", "CstartTime", "Ctime"], V17),
    row(3017, Both, Request, "提取采样时间周期", "get the sampling cycle", &["PolId", "CstartTime?", "Ctime?"], V17),
    row(3018, Both, Request, "提取出样时间", "get the sample result time", &["PolId", "Stime?"], V17),
    row(3019, Both, Request, "提取设备唯一标识", "get the instrument id", &["PolId", "-SN?"], NEW),
    row(
        3020,
        Both,
        Request,
        "提取现场机信息",
        "get site information",
        &["DataTime?", "PolId?", "InfoId?", "BeginTime?", "EndTime?", "-Info?"],
        NEW,
    ),
    row(3021, ToDevice, Request, "设置现场机参数", "set a site parameter", &["PolId", "InfoId", "-Info"], NEW),
    row(3022, ToDevice, Request, "即时留样", "keep a sample at once", &["PolId"], V25),
    row(3024, ToDevice, Request, "启动标样核查", "start a standard-sample check", &["PolId"], V25),
    row(9011, ToPlatform, Answer, "请求应答", "request answer", &["QnRtn"], ALL),
    row(9012, ToPlatform, Answer, "执行结果", "execution result", &["ExeRtn"], ALL),
    row(9013, Both, Answer, "通知应答", "notify answer", &[], ALL),
    row(9014, Both, Answer, "数据应答", "data answer", &[], ALL),
    row(9015, ToPlatform, Notify, "心跳", "heartbeat", &[], V25),
    row(9021, ToPlatform, Notify, "登录（厂商）", "login (vendor)", &[], PRIVATE),
];

/// The entry of a code in an edition, or, where that edition has none, of any.
pub fn find(cn: u16, edition: Edition) -> Option<&'static Command> {
    let named = || COMMANDS.iter().filter(move |command| command.cn == cn);
    named().find(|command| command.in_edition(edition)).or_else(|| named().next())
}

/// Codes whose values are observations.
pub fn is_data_upload(cn: &str) -> bool {
    matches!(cn, "2011" | "2013" | "2021" | "2031" | "2041" | "2051" | "2052" | "2061" | "2062" | "2063" | "2111")
}

/// The part a packet plays at the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Data to keep (2xxx): stored, answered where Flag asks.
    Upload,
    /// Something the device tells (1001, 1013, 9015, 9021).
    Notify,
    /// 9011–9014, or the data part of an answer (1011 with SystemTime, 3019, 3020 …).
    Answer,
    /// A code only a platform may send: never executed, never stored as data.
    PlatformCommand,
    /// No table knows it.
    Unknown,
}

/// What a packet that arrived at the platform is.
pub fn role(cn: u16, edition: Edition) -> Role {
    match (cn, find(cn, edition)) {
        (2012 | 2022, _) => Role::PlatformCommand,
        (2000..=2999, _) => Role::Upload,
        (_, Some(command)) => match (command.direction, command.kind) {
            (Direction::ToDevice, _) => Role::PlatformCommand,
            (_, Kind::Notify) => Role::Notify,
            (_, Kind::Upload) => Role::Upload,
            (_, Kind::Answer | Kind::Request) => Role::Answer,
        },
        (_, None) => Role::Unknown,
    }
}

/// Request return codes QnRtn (请求返回代码): code, Chinese, English.
pub const QN_RETURNS: [(u16, &str, &str); 10] = [
    (1, "准备执行请求", "ready to execute"),
    (2, "请求被拒绝", "refused"),
    (3, "PW错误", "PW wrong"),
    (4, "MN错误", "MN wrong"),
    (5, "ST错误", "ST wrong"),
    (6, "Flag错误", "Flag wrong"),
    (7, "QN错误", "QN wrong"),
    (8, "CN错误", "CN wrong"),
    (9, "CRC校验错误", "CRC wrong"),
    (100, "未知错误", "unknown"),
];

/// Execution result codes ExeRtn (执行结果代码): code, Chinese, English.
pub const EXECUTION_RETURNS: [(u16, &str, &str); 7] = [
    (1, "执行成功", "done"),
    (2, "执行失败，原因不明", "failed, reason unknown"),
    (3, "命令请求条件错误", "request conditions wrong"),
    (4, "通讯超时", "time-out"),
    (5, "系统繁忙不能执行", "busy"),
    (6, "系统故障", "system fault"),
    (100, "没有数据", "no data"),
];
