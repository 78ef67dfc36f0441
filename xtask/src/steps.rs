//! The steps behind the commands.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Instant, SystemTime};

use crate::setup;

pub fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

fn npm() -> Command {
    let mut command = Command::new("npm");
    command.current_dir(root().join("web")).env("npm_config_fund", "false").env("npm_config_audit", "false");
    command
}

fn step(name: &str, command: &mut Command) -> Result<(), String> {
    eprintln!("\n== {name}");
    let started = Instant::now();
    let status = command.status().map_err(|error| format!("{name}: {error}"))?;
    eprintln!("== {name}: {:.1} s", started.elapsed().as_secs_f64());
    if status.success() { Ok(()) } else { Err(format!("{name} failed ({status})")) }
}

/// The newest change below a folder, leaving out what is generated.
fn newest(folder: &Path) -> Option<SystemTime> {
    let mut newest = None;
    for entry in std::fs::read_dir(folder).ok()?.flatten() {
        let name = entry.file_name();
        if ["node_modules", "dist", "test-results", "playwright-report"].iter().any(|skip| name == *skip) {
            continue;
        }
        let path = entry.path();
        let time =
            if path.is_dir() { self::newest(&path) } else { entry.metadata().and_then(|data| data.modified()).ok() };
        newest = newest.max(time);
    }
    newest
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|data| data.modified()).ok()
}

fn install_packages() -> Result<(), String> {
    let web = root().join("web");
    // npm writes this file last, so it tells both that the install ended and when.
    let installed = modified(&web.join("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= modified(&web.join("package-lock.json")) {
        return Ok(());
    }
    step("npm ci", npm().args(["ci", "--prefer-offline"]))
}

pub fn build_web() -> Result<(), String> {
    let web = root().join("web");
    let built = modified(&web.join("dist/index.html"));
    if built.is_some() && built >= newest(&web) {
        return Ok(());
    }
    install_packages()?;
    step("build the web app", npm().args(["run", "build"]))
}

fn binary(profile: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target.join(profile).join("qingshan")
}

pub fn run(rest: &[&str]) -> Result<(), String> {
    setup::need_build_tools()?;
    setup::need_node()?;
    build_web()?;
    step("build the binary", cargo().args(["build", "--workspace", "--bin", "qingshan"]))?;
    let mut serve = Command::new(binary("debug"));
    serve
        .current_dir(root())
        .args(["serve", "--county", "counties/500242-youyang", "--data", "data", "--simulate"])
        .args(rest);
    step("qingshan serve", &mut serve)
}

pub fn test() -> Result<(), String> {
    setup::need_test_tools()?;
    setup::need_node()?;
    build_web()?;
    install_packages()?;
    step("types of the web app", npm().args(["run", "typecheck"]))?;
    step("unit tests of the web app", npm().args(["test", "--", "--run"]))?;
    step("format", cargo().args(["fmt", "--all", "--check"]))?;
    lint()?;
    step("build the binary", cargo().args(["build", "--workspace", "--bin", "qingshan"]))?;
    let nextest = Command::new("cargo-nextest").arg("--version").output().is_ok_and(|output| output.status.success());
    if nextest {
        step("tests", cargo().args(["nextest", "run", "--workspace", "--no-fail-fast"]))?;
    } else {
        step("tests", cargo().args(["test", "--workspace", "--no-fail-fast", "--quiet"]))?;
    }
    browser_tests()
}

/// Clippy over everything, tests included.
pub fn lint() -> Result<(), String> {
    let clippy = ["clippy", "--workspace", "--all-targets", "--keep-going", "--quiet", "--", "-D", "warnings"];
    step("clippy", cargo().args(clippy))
}

pub fn browser_tests() -> Result<(), String> {
    setup::need_test_tools()?;
    setup::need_node()?;
    build_web()?;
    install_packages()?;
    step("build the binary", cargo().args(["build", "--workspace", "--bin", "qingshan"]))?;
    step("browser tests", npm().args(["run", "e2e"]).env("QINGSHAN_BINARY", binary("debug")))
}

/// Measurements that live with what they measure, as examples of its crate.
const MEASURING_EXAMPLES: [(&str, &str); 6] = [
    ("frames", "bench_parse"),
    ("aqi", "bench_aqi"),
    ("judge", "county_year"),
    ("plan", "bench_plan"),
    ("zone", "bench_zone"),
    ("register", "bench_register"),
];

pub fn bench(rest: &[&str]) -> Result<(), String> {
    setup::need_build_tools()?;
    let mut build = cargo();
    build.args(["build", "--release", "--workspace", "--bin", "qingshan", "--bin", "qingshan-bench"]);
    for (_, example) in MEASURING_EXAMPLES {
        build.args(["--example", example]);
    }
    step("build for measuring", &mut build)?;
    let is_example = |name: &str| MEASURING_EXAMPLES.iter().any(|known| known.0 == name);
    let others: Vec<&&str> = rest.iter().filter(|name| !is_example(name)).collect();
    if rest.is_empty() || !others.is_empty() {
        let mut measure = Command::new(binary("release").with_file_name("qingshan-bench"));
        step("measure", measure.current_dir(root()).args(others))?;
    }
    for (name, example) in MEASURING_EXAMPLES {
        if rest.is_empty() || rest.contains(&name) {
            let program = binary("release").with_file_name("examples").join(example);
            step(&format!("measure {name}"), Command::new(program).current_dir(root()))?;
        }
    }
    Ok(())
}
