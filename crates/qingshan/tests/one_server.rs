//! One process at a time writes a data folder; `--help` anywhere prints what a command takes.

#![allow(clippy::unwrap_used)] // a test may

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

fn qingshan(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qingshan"));
    command.args(arguments).current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    command
}

#[test]
fn a_second_server_on_a_data_folder_is_refused_and_the_first_goes_on() {
    let data = std::env::temp_dir().join(format!("qingshan-one-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&data);
    let serve = || {
        let folder = data.to_str().unwrap();
        qingshan(&["serve", "--data", folder, "--listen", "127.0.0.1:0", "--hj212-listen", "127.0.0.1:0"])
    };
    let mut first = serve().stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(first.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("Qingshan"), "it serves");
    let second = serve().output().unwrap();
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success() && said.contains(&first.id().to_string()), "{said}");
    assert!(said.contains("已被另一个进程使用") && !said.contains('\u{1b}'), "{said}");
    assert!(first.try_wait().unwrap().is_none(), "the first goes on");
    // Neither does anything else write beside it; what only reads may look.
    let folder = data.to_str().unwrap();
    let sheet = data.join("rivers.csv");
    std::fs::write(&sheet, "number,name,source\nz9,试验河,试验（示意）\n").unwrap();
    let sheet = sheet.to_str().unwrap();
    for arguments in
        [vec!["register", "import", "river", sheet, "--data", folder, "--write"], vec!["verify", "--data", folder]]
    {
        let output = qingshan(&arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains("已被另一个进程使用"), "{arguments:?}: {said}");
    }
    let listed = qingshan(&["register", "list", "river", "--data", folder]).output().unwrap();
    assert!(listed.status.success() && !String::from_utf8_lossy(&listed.stdout).contains("试验河"));
    let nowhere = format!("{folder}-nowhere");
    let none = qingshan(&["register", "list", "--data", &nowhere]).output().unwrap();
    assert!(!none.status.success() && !std::path::Path::new(&nowhere).exists(), "looking makes no folder");
    first.kill().unwrap();
    first.wait().unwrap();
    // Killed or not: the next one finds the folder free.
    let mut third = serve().stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(third.stdout.take().unwrap().take(400)).read_line(&mut line).unwrap();
    assert!(line.contains("Qingshan"), "{line}");
    third.kill().unwrap();
    third.wait().unwrap();
    let _ = std::fs::remove_dir_all(&data);
}

#[test]
fn help_stands_behind_every_command() {
    for arguments in [
        "hj212 send --help",
        "hj212 --help",
        "judge aqi --help",
        "standards show --help",
        "register import --help",
        "zone check --help",
        "backup --help",
        "check --help",
        "serve --help",
        "init county --help",
    ] {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let output = qingshan(&arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("qingshan"), "{arguments:?}: {said}");
    }
}
