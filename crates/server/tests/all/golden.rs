//! Who may do what, and what is open to everybody, as files to be read in review.
//! `UPDATE=1 cargo test -p server golden` writes them anew.

use std::path::Path;

use api::Access;
use kernel::permission::{Scope, role_scope};
use kernel::{Action, Actor, Id, Role};
use store::sqlite::SqliteOptions;

use crate::rig::{Folder, open};

pub fn check(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let expect = std::fs::read_to_string(&path).unwrap_or_default();
    if found.len() > 50_000 {
        // Too long to print: the first line that differs.
        let line = found.lines().zip(expect.lines()).position(|(found, expect)| found != expect);
        assert!(found == expect, "{name} differs at line {line:?}; UPDATE=1, then look at the difference");
    }
    assert_eq!(found, expect, "{name} differs; look at it, then UPDATE=1");
}

#[test]
fn permission_matrix() {
    let mut text = String::from("# role × action: `all`, `own` (things of the own body), `-`\n");
    let width = Action::ALL.iter().map(|action| action.name().len()).max().unwrap_or_default();
    for role in Role::ALL {
        text += &format!("\n{}\n", role.name());
        for action in Action::ALL {
            let scope = match role_scope(role, action) {
                Scope::All => "all",
                Scope::OwnBody => "own",
                Scope::Nothing => "-",
            };
            text += &format!("  {:width$} {scope}\n", action.name());
        }
    }
    check("permission_matrix.txt", &text);
}

#[test]
fn device_fields() {
    let folder = Folder::new("golden-devices");
    let platform = open(&folder.0, SqliteOptions::default());
    let collect = &platform.points.collect;
    let device = collect.directory().devices().next().cloned().expect("the county binds devices");
    let mut text =
        String::from("# role: fields of its own body's devices that it sees, beside those everybody sees\n\n");
    let fields = |role: Role| {
        let actor = Actor { id: Id(7), name: "t".into(), roles: vec![role], body: Some("own".into()) };
        let rows = serde_json::to_value(collect.device_rows(device.point, &actor, Some("own"))).unwrap();
        let shown = |field: &&str| !rows[0][field].is_null();
        let seen: Vec<&str> = ["mn", "addresses", "password_set"].into_iter().filter(shown).collect();
        if seen.is_empty() { "-".to_owned() } else { seen.join(" ") }
    };
    for role in Role::ALL {
        text += &format!("{:22} {}\n", role.name(), fields(role));
    }
    check("device_fields.txt", &text);
}

#[test]
fn public_endpoints() {
    let folder = Folder::new("golden");
    let routes = open(&folder.0, SqliteOptions::default()).routes();
    let mut open: Vec<String> = routes
        .operations
        .iter()
        .filter(|operation| operation.access == Access::Public)
        .map(|operation| format!("{} {}", operation.method.to_uppercase(), operation.path))
        .collect();
    open.sort();
    let mut text = String::from("# open to everybody, without signing in (registry)\n");
    text += &open.join("\n");
    text += "\n\n# pages beside the registry; /metrics admits this machine and system administrators only\n";
    text += &server::app::OPEN_PAGES.join("\n");
    text += "\n\n# of the server itself\nGET /api/openapi.json\nGET /healthz\n";
    check("public_endpoints.txt", &text);
}

#[test]
fn whatever_changes_something_is_never_open_but_to_enter() {
    let folder = Folder::new("golden-writes");
    let routes = open(&folder.0, SqliteOptions::default()).routes();
    for operation in routes.operations.iter().filter(|operation| operation.method != "get") {
        let enters = ["/api/session", "/api/setup"].contains(&operation.path.as_str());
        assert!(operation.access != Access::Public || enters, "{} {}", operation.method, operation.path);
    }
}
