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
    /// Why the rule is there.
    pub why: Name,
    /// What to do about it.
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
        let why =
            WHY.iter().find(|(rule, ..)| *rule == code).map_or_else(Name::default, |(_, zh, en)| Name::new(*zh, *en));
        Self { code, severity, file: file.to_owned(), at, subjects, what, why, hint, waived: None }
    }
}

/// Number, meaning in Chinese and English of every rule.
pub const RULES: &[(&str, &str, &str)] = &[
    ("PL001", "缺少文件", "a file is missing"),
    ("PL002", "文件读不懂", "a file cannot be read"),
    ("PL003", "编号重复", "an identifier is used twice"),
    ("PL004", "引用了不存在的编号", "a reference leads nowhere"),
    ("PL005", "还没有填", "still to be filled in"),
    ("PL006", "两条同名", "two items of one name"),
    ("PL007", "豁免已失效", "a waiver has lapsed"),
    ("PL008", "有规则没有查", "rules were skipped"),
    ("PL101", "合计与各项之和不符", "the printed total is not the sum of its lines"),
    ("PL102", "分项之和与总数不符", "the parts do not add up to the whole"),
    ("PL103", "所列数目与声明数目不符", "the list has another count than stated"),
    ("PL104", "清单中重复", "an entry stands twice in a list"),
    ("PL105", "同一清单两处所列不同", "two lists of the same things name others"),
    ("PL201", "责任单位不在名录", "a responsible body is not known"),
    ("PL202", "牵头单位又列为配合单位", "a lead body is also listed as co-operating"),
    ("PL203", "没有责任单位", "no responsible body"),
    ("PL204", "责任单位以“等”结尾", "the list of bodies is left open"),
    ("PL205", "责任单位由项目推定", "a responsible body is inferred from projects"),
    ("PL206", "同一单位列了两次", "a body is listed twice"),
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
    ("PL412", "目标的运算符不对", "the operator of a target is wrong"),
    ("PL413", "指标年份不可能", "an impossible year"),
    ("PL414", "现状值是别的年份的", "a value is of another year than it is listed for"),
    ("PL415", "数不大于零", "an amount that is not above zero"),
    ("PL416", "单位不能相比", "units that cannot be compared"),
    ("PL417", "规模没有写单位时间", "a capacity without a time"),
    ("PL418", "产出大于投入", "more comes out than goes in"),
    ("PL419", "同一年有两个不同的目标", "two different targets of one year"),
    ("PL420", "数值超出可能的范围", "a value that cannot be"),
    ("PL421", "同类工程量的单位对不上", "units of one kind of quantity do not fit"),
    ("PL422", "现状值晚于目标年", "a baseline of after its target"),
    ("PL501", "同一名称写法不一", "one thing is written in two ways"),
    ("PL502", "两处数字不一致", "two places state different figures"),
    ("PL503", "用了康熙部首或兼容汉字", "a compatibility ideograph in a name"),
    ("PL504", "乡镇（街道）不在名录", "a township that is not known"),
    ("PL601", "公式不能计算", "a formula cannot be computed"),
    ("PL602", "公式互相引用成环", "formulas refer to each other in a circle"),
    ("PL603", "公式问了事实没有的东西", "a formula asks a fact for what it does not have"),
];

/// Why each rule is there: rule, Chinese, English.
const WHY: &[(&str, &str, &str)] = &[
    ("PL001", "少一个文件，规划就只读到一部分", "without it only a part of the plan is read"),
    ("PL002", "读不懂的文件当作没有", "a file that cannot be read counts as missing"),
    ("PL003", "编号是别处引用它的唯一办法", "other places refer to it by its identifier"),
    ("PL004", "引用落空，责任、证据和豁免就都落空", "duty, evidence and waiver hang on the reference"),
    ("PL005", "待填的地方不能算规划的内容", "what is still to be filled in is not part of the plan"),
    ("PL006", "同名的两条，报数和考核分不清", "nobody can tell which of them is reported and assessed"),
    ("PL007", "豁免的是当时的数，数变了要重新核实", "it was given for other numbers"),
    ("PL008", "对照没有读到的文件，只会报出假问题", "against a file that was not read everything looks wrong"),
    ("PL101", "总投资按合计印发，按分项执行", "the total is published, the lines are carried out"),
    ("PL102", "工程按分项验收，按总数考核", "parts are accepted, the whole is assessed"),
    ("PL103", "数目与名单不一致，就不知道漏了谁", "nobody knows which one was left out"),
    (
        "PL104",
        "重复的名称使数目虚高，多半顶替了另一个",
        "it makes the count too high and probably replaced another name",
    ),
    ("PL105", "两处不同，漏掉的一个就没人管", "what one of them leaves out may be left out of the work"),
    ("PL201", "不在名录的单位收不到任务", "a body that is not known is told nothing"),
    ("PL202", "自己配合自己，说明漏写了一个单位", "nobody co-operates with itself: another body was meant"),
    ("PL203", "没有责任单位的事没有人做", "what nobody answers for is not done"),
    ("PL204", "“等”里的单位不知道自己有责任", "the bodies left out do not know of their duty"),
    ("PL205", "推定不是分工，要由县里确认", "an inference is no assignment"),
    ("PL206", "列两次，多半顶替了另一个单位", "it probably replaced another body"),
    ("PL301", "期外的工程量不能算本期完成", "what is done outside the period does not count in it"),
    ("PL302", "起止颠倒，进度无从计算", "no progress can be computed"),
    ("PL401", "日规模乘365天应接近年规模", "a day's capacity times 365 is about the year's"),
    ("PL402", "同一份工程量计两次，完成数就虚高", "counted twice, the amount done is too high"),
    ("PL403", "目标弱于现状，变差也算完成", "the target is met even when things get worse"),
    ("PL404", "没有数，就不能判断完成与否", "without a number nothing can be judged"),
    ("PL405", "没有现状值，就不知道是否改善", "without a baseline nobody knows whether it got better"),
    ("PL406", "没有证据的指标无法考核", "what nothing proves cannot be assessed"),
    ("PL407", "没有项目承载的目标靠什么完成", "nothing is planned that would reach it"),
    ("PL408", "项目做完应正好完成目标", "the projects together should make the target"),
    ("PL409", "标准没有限值，就谈不上达标", "without a limit nothing can comply"),
    ("PL410", "比例不会超过100%", "no share exceeds 100 %"),
    ("PL411", "没有完成的目标要有交代", "a missed target needs an answer"),
    ("PL412", "运算符决定怎样算完成；写错就判反", "the operator decides what counts as met"),
    ("PL413", "年份写错，路径和红绿灯都错", "path and lights follow from the year"),
    ("PL414", "拿旧年份的数当现状，比较就不成立", "a comparison with another year's value does not hold"),
    ("PL415", "投资和工程量都大于零", "money and works are above zero"),
    ("PL416", "不能换算的单位使核对失效", "nothing can be compared or added up"),
    ("PL417", "处理能力是单位时间的量", "a capacity is an amount per time"),
    ("PL418", "产出不会比投入多", "nothing puts out more than is put in"),
    ("PL419", "按哪一个判断没有写", "nobody knows which of them judges"),
    ("PL420", "不可能的数多半是笔误", "what cannot be is a slip of the pen"),
    ("PL421", "单位写错，合计就差千倍", "with a wrong unit the sum is wrong by thousands"),
    ("PL422", "没有起点就没有进度", "without a beginning there is no progress"),
    ("PL501", "两种写法，系统当作两个", "two spellings count as two things"),
    ("PL502", "同一个数只能有一个值", "one figure has one value"),
    ("PL503", "看起来一样，却搜不到、对不上", "it looks right and no search finds it"),
    ("PL504", "写错的乡镇对不上任何一处", "a wrong township belongs nowhere"),
    ("PL601", "算不出的公式没有值", "a formula that cannot be computed has no value"),
    ("PL602", "互相引用，谁也算不出", "none of them can be computed"),
    ("PL603", "事实答不出，指标没有值", "the fact has no answer and the indicator no value"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_says_why_it_is_there() {
        let rules: Vec<&str> = RULES.iter().map(|(code, ..)| *code).collect();
        let reasons: Vec<&str> = WHY.iter().map(|(code, ..)| *code).collect();
        assert_eq!(rules, reasons);
    }
}
