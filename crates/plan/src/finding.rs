//! A finding, in the manner of a compiler: where, what, why it is wrong, what to do.

use kernel::Name;
use serde::Serialize;

use crate::source::Position;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// A contradiction, or something that cannot be so.
    Error,
    /// Something a plan office should look at.
    Warning,
}

#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Finding {
    /// Number of the rule; `docs/guides/plan.md` lists them.
    pub code: &'static str,
    pub severity: Severity,
    pub file: String,
    #[serde(flatten)]
    pub at: Position,
    /// What it is about: `project:37`, `indicator:pm25`, `list:box4-river`, …
    pub subjects: Vec<String>,
    pub what: Name,
    /// Why this is wrong and what to do about it.
    pub hint: Name,
    /// Reason of the waiver that silences it.
    pub waived: Option<String>,
}

impl Finding {
    pub fn new(
        code: &'static str,
        severity: Severity,
        file: &str,
        at: Position,
        subjects: Vec<String>,
        what: Name,
        hint: Name,
    ) -> Self {
        Self { code, severity, file: file.to_owned(), at, subjects, what, hint, waived: None }
    }
}

/// Number, meaning in Chinese and English of every rule.
pub const RULES: &[(&str, &str, &str)] = &[
    ("PL001", "缺少文件", "a file is missing"),
    ("PL002", "文件读不懂", "a file cannot be read"),
    ("PL003", "编号重复", "an identifier is used twice"),
    ("PL004", "引用了不存在的编号", "a reference leads nowhere"),
    ("PL005", "还没有填", "still to be filled in"),
    ("PL101", "合计与各项之和不符", "the printed total is not the sum of its lines"),
    ("PL102", "分项之和与总数不符", "the parts do not add up to the whole"),
    ("PL103", "所列数目与声明数目不符", "the list has another count than stated"),
    ("PL104", "清单中重复", "an entry stands twice in a list"),
    ("PL201", "责任单位不在名录", "a responsible body is not known"),
    ("PL202", "牵头单位又列为配合单位", "a lead body is also listed as co-operating"),
    ("PL203", "没有责任单位", "no responsible body"),
    ("PL204", "责任单位以“等”结尾", "the list of bodies is left open"),
    ("PL301", "实施周期超出规划期", "the period lies outside the plan"),
    ("PL302", "起止年份颠倒", "the period ends before it begins"),
    ("PL401", "日规模与年规模不一致", "daily and yearly capacity do not agree"),
    ("PL402", "同一工程量计入两个项目", "the same quantity is counted in two projects"),
    ("PL403", "目标低于现状", "the target is weaker than the baseline"),
    ("PL404", "目标不是数", "the target is not a number"),
    ("PL405", "缺少现状值", "the baseline is missing"),
    ("PL406", "指标没有证据来源", "an indicator without evidence"),
    ("PL407", "目标没有项目承载", "a target that no project carries"),
    ("PL408", "项目工程量之和与目标不符", "project quantities do not add up to the target"),
    ("PL409", "标准中没有这个统计量", "the standard knows no such statistic"),
    ("PL410", "比例与其分子分母不符", "a ratio disagrees with its count"),
    ("PL411", "目标未达或年份已过", "a value that its own target contradicts"),
    ("PL501", "同一名称写法不一", "one thing is written in two ways"),
    ("PL502", "两处数字不一致", "two places state different figures"),
    ("PL503", "用了康熙部首或兼容汉字", "a compatibility ideograph in a name"),
    ("PL601", "公式不能计算", "a formula cannot be computed"),
    ("PL602", "公式互相引用成环", "formulas refer to each other in a circle"),
];
