//! `qingshan init county CODE NAME`: the skeleton of a county pack. Everything that only the county can say stands in
//! it as 待填, and `qingshan check` lists each of them (PL005); nothing is invented to make it look complete.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use register::pack_files;

type Files = BTreeMap<String, String>;

const USAGE: &str = "\
用法 usage: qingshan init county CODE NAME [options]
  CODE              六位区划代码 (six digits of GB/T 2260), such as 500243
  NAME              县（区、市）全称 (full name)
  --name-en NAME    英文名 (English name)
  --from DRAFT      规划草稿：plan/*.toml 所在的文件夹或数据包、结转的指标文件 .toml，或规划全文 .txt/.md
                    (a draft: folder with plan/*.toml or a pack, an indicators file, or the text of the plan)
  --period A-B      规划期 (period of the plan), default that of the draft, or 2026-2030
  --out DIR         default counties/CODE; must not exist, or be empty";

struct Options {
    code: String,
    name: String,
    name_en: Option<String>,
    from: Option<PathBuf>,
    /// `None`: that of the draft, or the default.
    period: Option<(i32, i32)>,
    out: PathBuf,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut words = Vec::new();
        let mut named: BTreeMap<&str, &String> = BTreeMap::new();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--name-en" | "--from" | "--period" | "--out" => {
                    let value = rest.next().ok_or_else(|| format!("{argument} 后面要有值 (needs a value)"))?;
                    named.insert(argument.as_str(), value);
                }
                other if other.starts_with("--") => return Err(format!("不认识 {other} (unknown option)")),
                _ => words.push(argument),
            }
        }
        let [what, code, name] = words[..] else {
            return Err("要写 county CODE NAME (say county, code and name)".into());
        };
        if what != "county" {
            return Err(format!("不能建立“{what}”，只有 county (only a county)"));
        }
        if code.len() != 6 || !code.bytes().all(|digit| digit.is_ascii_digit()) || code.starts_with('0') {
            return Err(format!("“{code}”不是六位区划代码 (not six digits)"));
        }
        if code.ends_with("00") {
            return Err(format!("“{code}”是省或市的代码，要县级的 (a code of a province or city, not of a county)"));
        }
        if name.trim().is_empty() || name.chars().count() > 40 || name.chars().any(char::is_control) {
            return Err("名称是空的、太长或有控制字符 (the name is empty, too long or has control characters)".into());
        }
        let period = match named.get("--period") {
            None => None,
            Some(text) => Some(
                text.split_once('-')
                    .and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)))
                    .filter(|(first, last)| (1990..2200).contains(first) && first < last && *last < first + 50)
                    .ok_or_else(|| format!("“{text}”不是规划期，如 2026-2030 (not a period)"))?,
            ),
        };
        Ok(Self {
            out: named.get("--out").map_or_else(|| PathBuf::from(format!("counties/{code}")), PathBuf::from),
            code: code.clone(),
            name: name.trim().to_owned(),
            name_en: named.get("--name-en").map(|name| (*name).clone()),
            from: named.get("--from").map(PathBuf::from),
            period,
        })
    }
}

/// What a draft brings.
#[derive(Debug, Default)]
struct Draft {
    /// Files of `plan/`.
    plan: Files,
    /// Text of the plan, by line.
    text: Option<String>,
}

pub fn run(arguments: &[String]) -> ExitCode {
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        crate::say(USAGE);
        return ExitCode::SUCCESS;
    }
    let options = match Options::parse(arguments) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match make(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn make(options: &Options) -> Result<(), String> {
    let draft = options.from.as_deref().map(read_draft).transpose()?.unwrap_or_default();
    let files = skeleton(options, &draft)?;
    let out = &options.out;
    let occupied = std::fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some());
    if occupied || out.is_file() {
        return Err(format!("{} 已有内容，不覆盖 (is not empty; nothing was written)", out.display()));
    }
    for (file, text) in &files {
        let place = out.join(file);
        let failed = |error: std::io::Error| format!("写 {} (writing): {error}", place.display());
        if let Some(folder) = place.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        std::fs::write(&place, text).map_err(failed)?;
    }
    let report = plan::check(&files);
    let open = report.findings.iter().filter(|finding| finding.code == "PL005").count();
    let folder = out.display();
    crate::say(&format!(
        "已建立 {folder}：{} 个文件，{open} 处待填，规划草稿 {} 个错误\n  看待填和问题 (what is to be filled in): qingshan check {folder}\n  试运行 (try it): qingshan serve --county {folder}\n  说明 (how): {folder}/README.md",
        files.len(),
        report.errors
    ));
    Ok(())
}

fn read_draft(from: &Path) -> Result<Draft, String> {
    let failed = |error: String| format!("读草稿 {} (reading the draft): {error}", from.display());
    if from.is_dir() {
        let tree = pack_files::read_tree(from).map_err(|error| failed(error.to_string()))?;
        // A pack, or its plan folder alone.
        let inner = tree.keys().any(|file| file.starts_with("plan/"));
        let plan: Files = tree
            .into_iter()
            .filter(|(file, _)| !inner || file.starts_with("plan/"))
            .map(|(file, text)| if inner { (file, text) } else { (format!("plan/{file}"), text) })
            // Waivers are somebody's word on their own plan: they are not handed on.
            .filter(|(file, _)| file.ends_with(".toml") && *file != plan::source::WAIVERS && known(file))
            .collect();
        return match plan.is_empty() {
            true => Err(failed("没有 plan/*.toml (no plan/*.toml)".into())),
            false => Ok(Draft { plan, text: None }),
        };
    }
    let size = std::fs::metadata(from).map_err(|error| failed(error.to_string()))?.len();
    if size > register::pack::MOST_FILE_BYTES as u64 {
        return Err(failed(format!("{size} 字节，太大 (too large)")));
    }
    let text = std::fs::read_to_string(from).map_err(|error| failed(error.to_string()))?;
    match from.extension().and_then(|extension| extension.to_str()) {
        Some("toml") => Ok(Draft { plan: Files::from([(plan::source::INDICATORS.to_owned(), text)]), text: None }),
        Some("txt" | "md") => Ok(Draft { plan: Files::new(), text: Some(text) }),
        _ => Err(failed("要 .toml、.txt、.md 或文件夹 (wants .toml, .txt, .md or a folder)".into())),
    }
}

fn known(file: &str) -> bool {
    use plan::source::{FIGURES, INDICATORS, LISTS, PLAN, PROJECTS, TASKS};
    [PLAN, PROJECTS, INDICATORS, TASKS, LISTS, FIGURES, plan::scheme::SCHEME, plan::scheme::LIFECYCLE].contains(&file)
}

/// A TOML string: what JSON escapes, TOML reads alike.
fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

/// The files of the pack. Pure.
fn skeleton(options: &Options, draft: &Draft) -> Result<Files, String> {
    let (name, code) = (&options.name, &options.code);
    let name_en = options.name_en.clone().unwrap_or_else(|| "待填 English name".to_owned());
    let mut files = Files::new();
    files.insert(
        "county.toml".into(),
        format!(
            "# 县域数据包的名片。带“待填”的由县里填写，`qingshan check` 逐条列出。\n# Who the county is. What is marked 待填 the county fills in; `qingshan check` lists each.\n\ncode = {}\nname = {{ zh = {}, en = {} }}\ntime_zone = \"+08:00\"\n# 先写全国范围，点位越界查不出来；填上县域外接矩形以后才查。\n# All of China until it is filled in: until then no place is out of bounds.\nextent = [73.0, 3.0, 136.0, 54.0]  # 待填：县域外接矩形 [西, 南, 东, 北]，度\nsource = \"待填：依据的规划或文件名称、文号\"\n\n# [[neighbour]]\n# code = \"500242\"\n# name = {{ zh = \"相邻县\", en = \"Neighbour\" }}\n\n# [[layer]]  # 有来源和许可的图层才写；没有就不画，不编造边界\n# id = \"county\"\n# name = {{ zh = \"县界\", en = \"County boundary\" }}\n# file = \"map/county.geojson\"\n# geometry = \"polygon\"\n# source = \"\"\n# licence = \"\"\n# crs = \"EPSG:4326\"\n# accuracy = \"\"\n",
            quoted(code),
            quoted(name),
            quoted(&name_en)
        ),
    );
    let mut plan_files: Files = draft.plan.clone();
    let names = body_names(&plan_files)?;
    files.insert("bodies/body.departments.toml".into(), departments(name, &names));
    files.insert(
        "bodies/body.townships.toml".into(),
        format!(
            "# 乡镇（街道）一个一条，代码九位；没有可靠位置就写 location_note 说明，不编造。\n# One record for each township or street; where its place is not known, say so.\n#\n# [defaults]\n# source = \"\"\n#\n# [[record]]\n# number = \"{code}101\"\n# name = \"某某镇\"\n# kind = \"town\"        # street | town | township\n# code = \"{code}101\"\n# location = {{ lon = 0.0, lat = 0.0, accuracy = \"approximate\", note = \"来源\" }}\n"
        ),
    );
    plan_files.insert(plan::source::PLAN.to_owned(), plan_file(options, &draft.plan));
    for (file, text) in EMPTY {
        plan_files.entry((*file).to_owned()).or_insert_with(|| (*text).to_owned());
    }
    if let Some(text) = &draft.text {
        files.insert("plan/sentences.md".into(), sentences(text));
    }
    files.extend(plan_files);
    files.insert("README.md".into(), readme(options));
    Ok(files)
}

/// `plan.toml`. Name, number and date of another plan are not this one's: they are to be filled in. A draft that is
/// itself still to be filled in (结转) keeps what it says.
fn plan_file(options: &Options, draft: &Files) -> String {
    let said = draft.get(plan::source::PLAN);
    let before = plan::source::Source::read(draft, &mut Vec::new()).plan;
    let (first, last) = options.period.or(before.as_ref().map(|plan| plan.period.into())).unwrap_or((2026, 2030));
    if let Some(text) = said.filter(|text| text.contains(plan::checks::MARK)) {
        let line = |line: &str| match line.trim_start().starts_with("period") {
            true => format!("period = [{first}, {last}]\n"),
            false => format!("{line}\n"),
        };
        return text.lines().map(line).collect();
    }
    let horizon = before.map_or(2035, |plan| plan.horizon).max(last);
    format!(
        "[plan]\nname = {}\nname_en = \"待填 name of the plan in English\"\nperiod = [{first}, {last}]\nhorizon = {horizon}\ndocument = \"待填：文号\"\nissued = \"待填：印发日期，如 2026-12-31\"\n",
        quoted(&format!("待填：{}规划全称", options.name))
    )
}

/// Bodies as the draft spells them.
fn body_names(plan_files: &Files) -> Result<BTreeSet<String>, String> {
    let mut findings = Vec::new();
    let source = plan::source::Source::read(plan_files, &mut findings);
    if let Some(finding) = findings.iter().find(|finding| finding.code == "PL002") {
        let (at, what) = (finding.at, &finding.what);
        return Err(format!("草稿 {}:{}:{}: {} / {}", finding.file, at.line, at.column, what.zh, what.en));
    }
    let projects = source.projects.projects.iter().map(|one| one.get_ref());
    let indicators = source.indicators.indicators.iter().map(|one| one.get_ref());
    let tasks = source.tasks.tasks.iter().map(|one| one.get_ref());
    Ok(projects
        .flat_map(|one| one.lead.iter().chain(&one.cooperating))
        .chain(indicators.flat_map(|one| &one.bodies))
        .chain(tasks.flat_map(|one| &one.owners))
        .cloned()
        .collect())
}

fn departments(name: &str, names: &BTreeSet<String>) -> String {
    let mut text = String::from(
        "# 部门与单位，写法照规划原文。--from 草稿里出现的单位已列出，类别和英文名请核对。\n# Departments and other bodies, spelled as in the plan. Those that the draft names are listed; check their kind.\n\n[defaults]\nsource = \"待填：规划附表或机构编制文件\"\nlocation_note = \"单位地址未录入\"\n",
    );
    // Every county has this one; its name follows the county's own suffix.
    let suffix = name.chars().last().filter(|last| ['县', '区', '市', '旗'].contains(last)).unwrap_or('县');
    let ecology = format!("{suffix}生态环境局");
    let listed: Vec<&String> = names.iter().collect();
    let all = if listed.is_empty() { vec![&ecology] } else { listed };
    for (number, body) in (1..).zip(all) {
        text.push_str(&format!(
            "\n[[record]]\nnumber = \"body-{number:02}\"\nname = {}\nkind = \"department\"\n",
            quoted(body)
        ));
    }
    text
}

const EMPTY: &[(&str, &str)] = &[
    (
        plan::source::INDICATORS,
        "# 指标：每个有数或有期限的目标一条；写法见 docs/guides/plan.md。\n# One for each numbered or dated target.\n#\n# [[indicator]]\n# id = \"pm25\"\n# name = \"PM2.5年均浓度\"\n# unit = \"µg/m³\"\n# direction = \"lower_is_better\"\n# bindingness = \"binding\"\n# bodies = [\"县生态环境局\"]\n# formula = \"mean\"\n# facts = { mean = { fact = \"air.mean\", arguments = { factor = \"a34004\" }, unit = \"µg/m³\" } }\n# place = \"专栏2 第7项\"\n# [[indicator.value]]\n# year = 2025\n# value = \"\"\n# place = \"\"\n# [[indicator.target]]\n# year = 2030\n# operator = \"<=\"\n# value = \"\"\n# place = \"\"\n",
    ),
    (
        plan::source::PROJECTS,
        "# 项目：名称、投资、周期、单位照原文；数量拆成结构；位置有出处才写 sites。\n# Projects as the plan's table has them.\n#\n# [total]\n# estimate = 0\n# unit = \"万元\"\n# place = \"附表 合计\"\n#\n# [[project]]\n# number = 1\n# name = \"\"\n# group = \"\"\n# content = \"\"\n# estimate = 0\n# years = [2026, 2030]\n# lead = []\n# sites = [{ township = \"某某镇\", note = \"谁说的\" }]\n# place = \"附表 第1项\"\n",
    ),
    (
        plan::source::TASKS,
        "# 任务：每个承诺一条。\n# One for each commitment.\n#\n# [[task]]\n# id = \"T-1\"\n# text = \"\"\n# owners = []\n# due = 2030\n# proof = \"\"\n# place = \"\"\n",
    ),
    (
        plan::source::LISTS,
        "# 原文列出名称的清单，连同它声明的数目。\n# Lists of names with the count that the plan states.\n",
    ),
    (
        plan::source::FIGURES,
        "# 原文多处写到的同一个数，以及同一事物的不同写法。\n# Figures that stand in several places.\n",
    ),
    (
        plan::source::WAIVERS,
        "# 豁免：核实一条写一条，写明 holds（check 在每条问题下印出）、理由、谁、何时。\n# Waivers: rule, subject, what it holds, reason, by whom, when.\n",
    ),
];

/// Most lines of candidates.
const MOST_SENTENCES: usize = 2_000;

/// Sentences of the plan's text that hold a number and a word of a target: candidates, nothing more.
fn sentences(text: &str) -> String {
    const WORDS: [&str; 16] = [
        "达到",
        "不低于",
        "不高于",
        "控制在",
        "以上",
        "以下",
        "以内",
        "完成",
        "新增",
        "下降",
        "提高",
        "覆盖率",
        "比例",
        "目标",
        "建成",
        "治理",
    ];
    let mut out = String::from(
        "# 规划里可能是指标或任务的句子\n\n程序按“有数字，又有目标词”挑出，会漏也会多：逐句判断后写进 indicators.toml、tasks.toml，再删去本文件。\n\nSentences with a number and a word of a target: candidates to be judged one by one. Some are missed, some are none.\n\n| 行 line | 句 sentence |\n|---|---|\n",
    );
    let mut count = 0;
    for (number, line) in (1..).zip(text.lines()) {
        for sentence in line.split_inclusive(['。', '；', ';']).map(str::trim) {
            let numbered = sentence.chars().any(|letter| letter.is_ascii_digit());
            if !numbered || !WORDS.iter().any(|word| sentence.contains(word)) {
                continue;
            }
            count += 1;
            if count > MOST_SENTENCES {
                out.push_str(&format!("\n只列前 {MOST_SENTENCES} 句 (only the first {MOST_SENTENCES})\n"));
                return out;
            }
            let shown: String =
                sentence.chars().take(300).map(|letter| if letter == '|' { '／' } else { letter }).collect();
            out.push_str(&format!("| {number} | {shown} |\n"));
        }
    }
    out
}

fn readme(options: &Options) -> String {
    format!(
        "# {}（{}）县域数据包 county pack\n\n由 `qingshan init county` 建立。照原始文件填写，不编造；没有的写明为什么没有。格式见 docs/guides/county-pack.md 与 docs/guides/plan.md。\nMade by `qingshan init county`. Fill it in from the documents; what is not known is said to be so.\n\n`qingshan check` 列出每一处“待填”（PL005）和规划里的矛盾；没有错误就能用 `qingshan serve --county` 启动。\n\n| 顺序 | 文件 file | 填什么 what |\n|---|---|---|\n| 1 | `county.toml` | 英文名、外接矩形、依据、相邻县 (English name, extent, source, neighbours) |\n| 2 | `bodies/body.townships.toml` | 乡镇（街道）及位置 (townships and their places) |\n| 3 | `bodies/body.departments.toml` | 部门和单位，写法照规划 (departments, as the plan spells them) |\n| 4 | `plan/plan.toml` | 规划名称、文号、日期 (name, number, date of the plan) |\n| 5 | `plan/indicators.toml`、`tasks.toml`、`projects.toml` | 指标、任务、项目 (indicators, tasks, projects) |\n| 6 | `plan/lists.toml`、`figures.toml` | 清单与多处出现的数 (lists; figures in several places) |\n| 7 | `registers/台账.toml` 或 `.csv` | 断面、水源、排放口、企业、站点 (sections, sources, outlets, enterprises, stations)：`qingshan register list`，`qingshan register template LEDGER --out x.xlsx` |\n| 8 | `registers/device_binding.toml` | 哪台数采仪报哪个点位 (which logger reports for which point) |\n| 9 | `map/*.geojson`、`map/zones.toml` | 有来源、有许可的图层 (layers with a source and a licence) |\n",
        options.name, options.code
    )
}
