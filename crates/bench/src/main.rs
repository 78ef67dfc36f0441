//! `qingshan-bench`: measures what the issue promises and prints it as a Markdown table with the method.
//!
//! `cargo xtask bench [NAME…]` runs all or some of: disk parse nation flood storm idle reads year map. The load
//! generator is this process; the server side is a second process of this binary (`serve`), on the same
//! machine, over loopback. Load is open loop: packets are due at fixed times whatever the server does, and
//! latency counts from the time a packet was due.

mod disk;
mod load;
mod map;
mod packets;
mod parse;
mod serve;
mod year;

use std::path::PathBuf;
use std::process::ExitCode;

/// One line of the table.
pub struct Figure {
    pub what: &'static str,
    pub goal: &'static str,
    pub measured: String,
    pub met: Option<bool>,
    pub method: &'static str,
}

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A scratch folder on the disk that is measured (`$QINGSHAN_BENCH_DIR`, else the target folder's disk).
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Result<Self> {
        let root = std::env::var_os("QINGSHAN_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let path = root.join(format!("qingshan-bench-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

type Measure = fn() -> Result<Vec<Figure>>;

const MEASURES: [(&str, Measure); 9] = [
    ("disk", disk::sync_latency),
    ("parse", parse::measure),
    ("nation", load::nation),
    ("flood", load::flood),
    ("storm", load::storm),
    ("idle", load::idle),
    ("reads", disk::reads),
    ("year", year::measure),
    ("map", map::measure),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.first().map(String::as_str) {
        Some("serve") => serve::run(&arguments[1..]),
        _ => report(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("qingshan-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn report(chosen: &[String]) -> Result<()> {
    if let Some(unknown) = chosen.iter().find(|name| MEASURES.iter().all(|measure| measure.0 != **name)) {
        let names: Vec<&str> = MEASURES.iter().map(|measure| measure.0).collect();
        return Err(format!("nothing called `{unknown}`; there is {}", names.join(" ")).into());
    }
    raise_descriptor_limit();
    println!("| what | goal | measured | met | method |\n|---|---|---|---|---|");
    for (name, measure) in MEASURES {
        if !chosen.is_empty() && !chosen.iter().any(|known| known == name) {
            continue;
        }
        match measure() {
            Ok(figures) => {
                for figure in figures {
                    let met = figure.met.map_or("–", |met| if met { "yes" } else { "**no**" });
                    println!("| {} | {} | {} | {met} | {} |", figure.what, figure.goal, figure.measured, figure.method);
                }
            }
            Err(error) => println!("| {name} | | not measured: {error} | **no** | |"),
        }
    }
    Ok(())
}

/// As many open files as the system lets us have: ten thousand connections need them.
fn raise_descriptor_limit() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls get a valid pointer to a limit.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) == 0 {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
        }
    }
}
