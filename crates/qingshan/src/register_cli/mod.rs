//! `qingshan register list|show|import|export|check`: ledgers from the command line.
//!
//! Without `--data` the county pack is read into a folder of its own that is thrown away afterwards; with it the
//! store of a platform that is not running at the moment.

mod arguments;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use arguments::Arguments;
use kernel::{Action, Actor, Problem};
use register::import::Options;
use register::ops::Question;
use register::pack_files::PackError;
use register::{Catalog, Pack, Register, built_in, pack_files};
use store::Store;
use store::sqlite::{SqliteOptions, SqliteStore};

const DEFAULT_PACK: &str = "counties/500242-youyang";

pub const USAGE: &str = "\
用法 usage: qingshan register COMMAND [选项 options]
  check [PACK]                        检查台账定义与县域数据包 check definitions and a county pack
  check [LEDGER] --data DIR           不合现行定义的记录 records that today's definitions would refuse
  list [LEDGER] [--q TEXT]            台账目录或记录 ledgers, or records of one
  show LEDGER:KEY                     一条记录（JSON） one record as JSON
  export LEDGER [--format F] [--out FILE]   csv、xlsx、geojson、kml
  template LEDGER --out FILE          导入模板 import template (xlsx)
  import LEDGER FILE --data DIR [--write] [--apply-fixes] [--reason TEXT]
选项 options: --pack DIR（默认 default counties/500242-youyang）  --data DIR（停机时的数据目录 data folder of a stopped platform）";

/// Runs one command. 0: done; 1: findings or refusal; 2: wrong use.
pub fn run(args: &[String]) -> ExitCode {
    let arguments = match Arguments::parse(args) {
        Ok(arguments) => arguments,
        Err(message) => return usage(&message),
    };
    let words: Vec<&str> = arguments.words.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["check"] if arguments.data.is_some() => with_register(&arguments, false, |register| fit(register, None)),
        ["check", ledger] if arguments.data.is_some() => {
            with_register(&arguments, false, |register| fit(register, Some(ledger)))
        }
        ["check"] => check(&arguments.pack),
        ["check", pack] => check(Path::new(pack)),
        ["list"] => with_register(&arguments, false, list),
        ["list", ledger] => with_register(&arguments, false, |register| list_records(register, ledger, &arguments)),
        ["show", name] => with_register(&arguments, false, |register| show(register, name)),
        ["export", ledger] => with_register(&arguments, false, |register| export(register, ledger, &arguments)),
        ["template", ledger] => with_register(&arguments, false, |register| template(register, ledger, &arguments)),
        ["import", ledger, file] => {
            with_register(&arguments, arguments.write, |register| import(register, ledger, file, &arguments))
        }
        _ => return usage(""),
    };
    match done {
        Ok(code) => code,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn usage(message: &str) -> ExitCode {
    if !message.is_empty() {
        eprintln!("{message}");
    }
    eprintln!("{USAGE}");
    ExitCode::from(2)
}

fn built_in() -> Result<Catalog, String> {
    built_in::catalog().map_err(|problems| PackError::Problems(problems).to_string())
}

fn read_pack(pack: &Path) -> Result<Pack, String> {
    pack_files::load(pack, &built_in()?).map_err(|error| error.to_string())
}

fn check(pack: &Path) -> Result<ExitCode, String> {
    let pack = read_pack(pack)?;
    println!(
        "{}（{}）：{} 个台账、{} 条记录、{} 个图层，没有错误 / {} ledgers, {} records, {} layers, no errors",
        pack.county.name.zh,
        pack.county.division,
        pack.catalog.ledgers().count(),
        pack.records.len(),
        pack.layers.len(),
        pack.catalog.ledgers().count(),
        pack.records.len(),
        pack.layers.len(),
    );
    Ok(ExitCode::SUCCESS)
}

/// Names the records that could not be written as they stand. 1: there are some.
fn fit(register: &Register, ledger: Option<&str>) -> Result<ExitCode, String> {
    use std::fmt::Write as _;
    let catalog = register.catalog();
    let (mut text, mut looked_at, mut unfit) = (String::new(), 0, 0);
    for definition in catalog.ledgers().filter(|one| ledger.is_none_or(|ledger| one.id == ledger)) {
        let report = register.fit_of(&actor(), &definition.id).map_err(said)?;
        looked_at += report.looked_at;
        unfit += report.unfit.len() + report.more;
        for one in &report.unfit {
            let _ = writeln!(text, "{}:{} {}：{}", report.ledger, one.key, one.title.zh, one.problem);
        }
        if report.more > 0 {
            let _ = writeln!(text, "{}：另有 {} 条 ({} more)", report.ledger, report.more, report.more);
        }
    }
    let _ = writeln!(
        text,
        "{looked_at} 条记录，{unfit} 条不合现行定义 / {looked_at} records, {unfit} that today's definitions would refuse"
    );
    put(text.as_bytes(), None)?;
    Ok(if unfit == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A folder that is removed when the command ends.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

type Work<'w> = &'w dyn Fn(&Register) -> Result<ExitCode, String>;

/// `writes`: the command changes the data folder; the others may look while a server runs.
fn with_register(
    arguments: &Arguments,
    writes: bool,
    work: impl Fn(&Register) -> Result<ExitCode, String>,
) -> Result<ExitCode, String> {
    let pack = read_pack(&arguments.pack)?;
    let work: Work<'_> = &work;
    match &arguments.data {
        Some(data) => {
            let _claim = writes.then(|| crate::serve::claim_existing(data)).transpose()?;
            let register = open(data, &pack, !writes)?;
            work(&register)
        }
        None => {
            let scratch = Scratch(std::env::temp_dir().join(format!("qingshan-register-cli-{}", std::process::id())));
            let register = open(&scratch.0, &pack, false)?;
            register.load_pack(&pack, kernel::time::now()).map_err(|problem| problem.to_string())?;
            work(&register)
        }
    }
}

fn open(folder: &Path, pack: &Pack, reading: bool) -> Result<Arc<Register>, String> {
    let division = pack.county.division;
    let opened = if reading {
        SqliteStore::open_to_read(folder, division, register::MIGRATIONS)
    } else {
        SqliteStore::open(folder, division, SqliteOptions::default(), register::MIGRATIONS)
    };
    let store: Arc<dyn Store> =
        opened.map_err(|error| format!("打开 {} 失败 (opening the data folder): {error}", folder.display()))?;
    let catalog = Catalog::clone(&pack.catalog);
    Register::new(store, division, api::LiveBus::default(), catalog).map_err(|problem| problem.to_string())
}

fn actor() -> Actor {
    Actor::system("qingshan register")
}

fn said(problem: Problem) -> String {
    problem.to_string()
}

fn list(register: &Register) -> Result<ExitCode, String> {
    use std::fmt::Write as _;
    let counts = register.counts(&actor()).map_err(said)?;
    let mut text = String::new();
    for ledger in register.catalog().ledgers() {
        let count = counts.get(&ledger.id).copied().unwrap_or(0);
        let _ = writeln!(text, "{:28} {:>6}  {} / {}", ledger.id, count, ledger.name.zh, ledger.name.en);
    }
    put(text.as_bytes(), None)
}

fn question(ledger: &str, arguments: &Arguments) -> Question {
    Question { ledger: ledger.to_owned(), text: arguments.text.clone(), ..Question::default() }
}

fn list_records(register: &Register, ledger: &str, arguments: &Arguments) -> Result<ExitCode, String> {
    use std::fmt::Write as _;
    let mut text = String::new();
    for record in register.export(&actor(), &question(ledger, arguments)).map_err(said)? {
        let content = &record.content;
        let mark = match (content.simulated, content.schematic) {
            (true, _) => "【模拟】",
            (_, true) => "【示意】",
            _ => "",
        };
        let _ = writeln!(text, "{}\t{mark}{}\t{}", content.key, content.title.zh, content.source);
    }
    put(text.as_bytes(), None)
}

fn show(register: &Register, name: &str) -> Result<ExitCode, String> {
    let (ledger, key) = name.split_once(':').ok_or("写成 台账:编号 (write ledger:key)")?;
    let record = register.record_by_key(&actor(), ledger, key).map_err(said)?;
    let text = serde_json::to_string_pretty(&record).map_err(|error| format!("writing the record: {error}"))?;
    put(format!("{text}\n").as_bytes(), None)
}

fn export(register: &Register, ledger: &str, arguments: &Arguments) -> Result<ExitCode, String> {
    let records = register.export(&actor(), &question(ledger, arguments)).map_err(said)?;
    let sensitive = actor().may(Action::EditRegisters, None);
    let (_, _, bytes) =
        register::export::write(&register.catalog(), ledger, &records, &arguments.format, sensitive, &[])
            .map_err(said)?;
    put(&bytes, arguments.out.as_deref())
}

fn template(register: &Register, ledger: &str, arguments: &Arguments) -> Result<ExitCode, String> {
    let catalog = register.catalog();
    let definition = catalog.ledger(ledger).ok_or_else(|| format!("没有台账“{ledger}” (no such ledger)"))?;
    put(&register::sheet::template(&catalog, definition).map_err(said)?, arguments.out.as_deref())
}

fn put(bytes: &[u8], out: Option<&Path>) -> Result<ExitCode, String> {
    use std::io::Write as _;
    let written = match out {
        Some(path) => std::fs::write(path, bytes),
        None => std::io::stdout().write_all(bytes),
    };
    written.map_err(|error| format!("写出失败 (writing): {error}"))?;
    Ok(ExitCode::SUCCESS)
}

fn import(register: &Register, ledger: &str, file: &str, arguments: &Arguments) -> Result<ExitCode, String> {
    if arguments.write && arguments.data.is_none() {
        return Err("--write 需要 --data DIR (writing needs a data folder)".to_owned());
    }
    let bytes = std::fs::read(file).map_err(|error| format!("读 {file} 失败 (reading): {error}"))?;
    let options =
        Options { dry_run: !arguments.write, apply_fixes: arguments.apply_fixes, reason: arguments.reason.clone() };
    let report = register.import(&actor(), ledger, &bytes, &options, kernel::time::now()).map_err(said)?;
    for problem in &report.problems {
        let fix = problem.fix.as_ref().map(|fix| format!(" → {fix}")).unwrap_or_default();
        println!(
            "{file}:{}:{} [{}] {}（{}）{fix} / {}",
            problem.row, problem.column, problem.code, problem.what.zh, problem.hint.zh, problem.what.en
        );
    }
    for fix in &report.fixes {
        println!("{file}:{}:{} {} → {}", fix.row, fix.column, fix.from, fix.to);
    }
    println!(
        "{} 行：新建 {}、修订 {}、未变 {}、问题 {}、自动改正 {}；{} / {}",
        report.rows,
        report.created,
        report.revised,
        report.unchanged,
        report.problems.len() + report.more_problems,
        report.fixed,
        if report.written { "已写入" } else { "未写入" },
        if report.written { "written" } else { "nothing written" },
    );
    Ok(if report.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
