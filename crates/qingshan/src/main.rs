//! The one binary of Qingshan (青山).

mod check;
mod hj212;
mod init;
mod judge_cli;
mod keep;
mod register_cli;
mod serve;
mod simulate;
mod zone_cli;

use std::process::ExitCode;

const HELP: &str = "\
青山 Qingshan：县域生态环境平台 (the environment of a county)

  qingshan serve       启动服务 (run the server)            serve --help
  qingshan check       检查县域数据包和规划 (check county pack and plan)
  qingshan init county CODE NAME  新建县域数据包 (a new county pack)
  qingshan backup | restore | verify
  qingshan hj212       decode | encode | send | simulate
  qingshan judge       按标准判定文件 (judge files by the standards)
  qingshan standards   list | show
  qingshan register    list | show | import | export | check
  qingshan zone check  准入审查 (admission check)
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rest = arguments.get(1..).unwrap_or_default();
    if let Some(usage) = arguments.first().and_then(|first| usage_of(first))
        && rest.iter().any(|argument| matches!(argument.as_str(), "--help" | "-h"))
    {
        say(usage);
        return ExitCode::SUCCESS;
    }
    match arguments.first().map(String::as_str) {
        Some("serve") => serve::run(rest),
        Some("check") => check::run(rest),
        Some("init") => init::run(rest),
        Some("backup") => keep::backup(rest),
        Some("restore") => keep::restore(rest),
        Some("verify") => keep::verify(rest),
        Some("hj212") => hj212::run(rest),
        Some("judge") => judge_cli::run(rest),
        Some("standards") => judge_cli::run_standards(rest),
        Some("register") => register_cli::run(rest),
        Some("zone") => zone_cli::run(rest),
        Some("--version" | "-V") => {
            println!("qingshan {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Some("help" | "--help" | "-h") => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        other => {
            if let Some(other) = other {
                eprintln!("不认识“{other}” (unknown command)\n");
            }
            eprint!("{HELP}");
            ExitCode::from(2)
        }
    }
}

/// What a command prints on `--help`, wherever it stands; `serve` and `init` have words of their own.
fn usage_of(command: &str) -> Option<&'static str> {
    Some(match command {
        "check" => check::USAGE,
        "backup" | "restore" | "verify" => keep::USAGE,
        "hj212" => hj212::USAGE,
        "judge" => judge_cli::USAGE,
        "standards" => judge_cli::STANDARDS_USAGE,
        "register" => register_cli::USAGE,
        "zone" => zone_cli::USAGE,
        _ => return None,
    })
}

/// Prints, and does not mind when the reader has gone (`qingshan … | head`).
pub fn say(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}
