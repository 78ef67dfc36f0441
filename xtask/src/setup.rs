//! What the machine must have: installed through apt when root, else told as a clear list.

use std::path::Path;
use std::process::{Command, Stdio};

/// A tool and the Debian package that brings it.
struct Need {
    tool: &'static str,
    package: &'static str,
    why: &'static str,
}

const BUILD: [Need; 1] = [Need { tool: "cc", package: "gcc", why: "to build SQLite, which is linked in" }];

const TEST: [Need; 3] = [
    Need { tool: "chromium", package: "chromium", why: "for the browser tests" },
    Need {
        tool: "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
        package: "fonts-noto-cjk",
        why: "Chinese text in the browser tests",
    },
    Need { tool: "mosquitto", package: "mosquitto", why: "the MQTT broker of the MQTT test" },
];

/// What a test uses where it is there, and says that it left something out where it is not.
const WISHED: [Need; 2] = [
    Need {
        tool: "/usr/lib/libreoffice/program/libswlo.so",
        package: "libreoffice-writer-nogui",
        why: "reads our docx",
    },
    Need { tool: "/usr/lib/libreoffice/program/libsclo.so", package: "libreoffice-calc-nogui", why: "reads our xlsx" },
];

fn present(tool: &str) -> bool {
    if tool.starts_with('/') {
        return Path::new(tool).exists();
    }
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).chain(["/usr/sbin".into(), "/sbin".into()]).any(|folder| folder.join(tool).is_file())
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn need(needs: &[Need]) -> Result<(), String> {
    let missing: Vec<&Need> = needs.iter().filter(|need| !present(need.tool)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    if is_root() && present("apt-get") {
        eprintln!("xtask: installing {}", packages.join(" "));
        let apt = |arguments: &[&str]| {
            Command::new("apt-get")
                .args(arguments)
                .env("DEBIAN_FRONTEND", "noninteractive")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
        };
        let mut install = vec!["install", "-y", "-q", "--no-install-recommends"];
        install.extend(&packages);
        if (apt(&install) || (apt(&["update", "-q"]) && apt(&install))) && missing.iter().all(|need| present(need.tool))
        {
            return Ok(());
        }
    }
    let lines: Vec<String> = missing.iter().map(|need| format!("  {} — {}", need.package, need.why)).collect();
    Err(format!(
        "these Debian packages are missing:\n{}\ninstall them with:\n  sudo apt-get update && sudo apt-get install -y {}",
        lines.join("\n"),
        packages.join(" ")
    ))
}

pub fn need_build_tools() -> Result<(), String> {
    need(&BUILD)
}

pub fn need_test_tools() -> Result<(), String> {
    need(&BUILD)?;
    need(&TEST)?;
    if let Err(missing) = need(&WISHED) {
        eprintln!("xtask: going on without LibreOffice; the test that opens our documents in it says so. {missing}");
    }
    Ok(())
}

/// Node 20 or newer with npm.
pub fn need_node() -> Result<(), String> {
    let advice = "Node.js 20 or newer with npm is needed to build the web app (Debian 12 has 18: take a newer one from nodejs.org or your distribution's backports)";
    let output = Command::new("node").arg("--version").output().map_err(|_| advice.to_owned())?;
    let version = String::from_utf8_lossy(&output.stdout).trim().trim_start_matches('v').to_owned();
    let major: u32 = version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
    if major < 20 {
        return Err(format!("found Node {version}. {advice}"));
    }
    if !present("npm") {
        return Err(advice.to_owned());
    }
    Ok(())
}
