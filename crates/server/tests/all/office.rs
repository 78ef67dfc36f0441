//! Every document that the server writes, opened by an office suite that knows nothing of how it was written.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::rig::Rig;

const LIMIT: Duration = Duration::from_secs(120);

/// Has LibreOffice write the files as text beside them; `None` where it is not installed (`cargo xtask test` tries to).
/// It sometimes ends well without having written all on a busy machine, and is asked again for the rest.
fn read_by_office(folder: &Path, to: &str, names: &[String]) -> Option<()> {
    let written = |name: &str| {
        let stem = name.split('.').next().unwrap();
        std::fs::read_dir(folder).unwrap().any(|entry| {
            let found = entry.unwrap().file_name().into_string().unwrap();
            found != name
                && found.starts_with(stem)
                && !found[stem.len()..].starts_with(|next: char| next.is_ascii_digit())
        })
    };
    for _ in 0..3 {
        let rest: Vec<&String> = names.iter().filter(|name| !written(name)).collect();
        if rest.is_empty() {
            break;
        }
        convert(folder, to, &rest)?;
    }
    Some(())
}

fn convert(folder: &Path, to: &str, names: &[&String]) -> Option<()> {
    let profile = format!("-env:UserInstallation=file://{}/profile", folder.display());
    let mut child = Command::new("soffice")
        .args([&profile, "--headless", "--norestore", "--convert-to", to, "--outdir"])
        .arg(folder)
        .args(names.iter().map(|name| folder.join(name)))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let start = Instant::now();
    while child.try_wait().expect("waiting for soffice").is_none() {
        if start.elapsed() > LIMIT {
            let _ = child.kill();
            panic!("soffice took longer than {LIMIT:?}");
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn libreoffice_opens_what_the_server_writes_and_reads_the_same_words() {
    let rig = Rig::start("office").await;
    let mut admin = rig.administrator().await;
    let folder = std::env::temp_dir().join(format!("qingshan-office-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    // Path of a document, its ending, and words that must be read in it.
    let mut wanted: Vec<(String, &str, String)> = Vec::new();
    let kinds = admin.json("/api/reports").await;
    for kind in kinds.as_array().unwrap() {
        let (id, title) = (kind["kind"].as_str().unwrap(), kind["title"]["zh"].as_str().unwrap());
        for (form, ending) in [("docx", "docx"), ("xlsx", "xlsx")] {
            wanted.push((format!("/api/reports/{id}?format={form}"), ending, title.to_owned()));
        }
    }
    let question = json!({ "lon": 108.77, "lat": 28.84, "industry": "2614", "attributes": {}, "note": "" });
    let number = admin.post("/api/admissions", &question).await.json()["number"].as_str().unwrap().to_owned();
    let escaped: String = number.bytes().map(|byte| format!("%{byte:02X}")).collect();
    wanted.push((format!("/api/admissions/{escaped}/docx"), "docx", number.clone()));
    let mut planner = rig.person(&mut admin, "planner", &["plan_officer"], None).await;
    let saved = planner.post("/api/plan/assessments", &json!({ "kind": "final", "year": 2025 })).await.json();
    let id = saved["id"].as_str().unwrap();
    for form in ["docx", "xlsx"] {
        wanted.push((format!("/api/plan/assessments/{id}/{form}"), form, "PM2.5".to_owned()));
    }
    let mut names: [Vec<String>; 2] = Default::default();
    for (place, (path, ending, _)) in wanted.iter().enumerate() {
        let by = if path.contains("/plan/") { &mut planner } else { &mut admin };
        let answer = by.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let name = format!("{place}.{ending}");
        std::fs::write(folder.join(&name), &answer.body).unwrap();
        names[usize::from(*ending == "xlsx")].push(name);
    }
    let opened = read_by_office(&folder, "txt:Text (encoded):UTF8", &names[0]).and_then(|()| {
        read_by_office(
            &folder,
            "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1",
            &names[1],
        )
    });
    if opened.is_none() {
        println!("left out: soffice is not installed");
    } else {
        for (place, (path, ending, words)) in wanted.iter().enumerate() {
            let start = format!("{place}{}", if *ending == "docx" { ".txt" } else { "-" });
            let texts = std::fs::read_dir(&folder).unwrap().filter_map(|entry| {
                let entry = entry.unwrap();
                let name = entry.file_name().into_string().unwrap();
                let read = name.starts_with(&start) && !name.ends_with(".xlsx");
                read.then(|| std::fs::read_to_string(entry.path()).unwrap())
            });
            let text: String = texts.collect();
            assert!(
                text.contains(words.as_str()),
                "{path} lacks {words}: {}",
                text.chars().take(300).collect::<String>()
            );
        }
    }
    let _ = std::fs::remove_dir_all(&folder);
    rig.stop().await;
}
