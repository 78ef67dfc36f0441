//! The one binary of Qingshan (青山).

mod check;
mod hj212;
mod judge_cli;
mod register_cli;
mod simulate;
mod zone_cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("hj212") => crate::hj212::run(&arguments[1..]),
        Some("check") => crate::check::run(&arguments[1..]),
        Some("register") => crate::register_cli::run(&arguments[1..]),
        Some("zone") => crate::zone_cli::run(&arguments[1..]),
        Some("judge") => crate::judge_cli::run(&arguments[1..]),
        Some("standards") => crate::judge_cli::run_standards(&arguments[1..]),
        _ => {
            eprintln!("用法 usage: qingshan hj212|judge|standards …");
            ExitCode::FAILURE
        }
    }
}
