//! `cargo xtask …`: the commands of this repository. No dependencies, so that it builds in a second.

mod setup;
mod steps;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask run  [-- arguments for `qingshan serve`]
                      build web and binary, load counties/500242-youyang into ./data,
                      start with simulated stations on http://127.0.0.1:8080, HJ 212 on 127.0.0.1:9212
cargo xtask test      everything that CI runs
cargo xtask bench [NAME…]
                      print the benchmark tables (release build; takes minutes): disk parse nation flood storm
                      idle reads year map frames aqi judge plan zone register
cargo xtask lint      clippy over everything
cargo xtask web       build the web app only
cargo xtask e2e       the browser tests only
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rest: Vec<&str> = arguments.iter().skip(1).map(String::as_str).filter(|argument| *argument != "--").collect();
    let result = match arguments.first().map(String::as_str) {
        Some("run") => steps::run(&rest),
        Some("test") => steps::test(),
        Some("bench") => steps::bench(&rest),
        Some("web") => setup::need_node().and_then(|()| steps::build_web()),
        Some("lint") => steps::lint(),
        Some("e2e") => steps::browser_tests().map(|_| ()),
        Some("help" | "--help" | "-h") | None => {
            print!("{HELP}");
            Ok(())
        }
        Some(other) => Err(format!("unknown command `{other}`\n\n{HELP}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("\nxtask: {message}");
            ExitCode::FAILURE
        }
    }
}
