//! A register in a scratch folder, and people who use it.

#![allow(dead_code)]

use std::path::PathBuf;
use std::sync::Arc;

use api::LiveBus;
use kernel::{Actor, Division, Id, Role, Timestamp};
use register::ops::{Draft, Target};
use register::record::Record;
use register::{Pack, Register, built_in, location, pack};
use serde_json::Value;
use store::Store;
use store::sqlite::{SqliteOptions, SqliteStore};

pub struct Bench {
    pub register: Arc<Register>,
    pub store: Arc<dyn Store>,
    pub live: LiveBus,
    path: PathBuf,
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

pub const NOW: Timestamp = Timestamp(1_795_536_000_000);

pub fn bench(name: &str) -> Bench {
    let path = std::env::temp_dir().join(format!("qingshan-register-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    let division = Division(500_242);
    let store: Arc<dyn Store> =
        SqliteStore::open(&path, division, SqliteOptions::default(), register::MIGRATIONS).unwrap();
    let mut catalog = built_in::catalog().unwrap();
    catalog.extent = location::Extent([108.2, 28.2, 109.5, 29.5]);
    let live = LiveBus::default();
    let register = Register::new(Arc::clone(&store), division, live.clone(), catalog).unwrap();
    Bench { register, store, live, path }
}

pub fn someone(role: Role, body: Option<&str>) -> Actor {
    Actor { id: Id(7), name: "小田".into(), roles: vec![role], body: body.map(str::to_owned) }
}

pub fn admin() -> Actor {
    someone(Role::SystemAdministrator, None)
}

pub fn draft(fields: Value, revision: Option<i64>) -> Draft {
    Draft { fields: fields.as_object().unwrap().clone(), reason: "核实".into(), revision }
}

pub fn make(register: &Register, ledger: &str, fields: Value) -> Record {
    register.write(&admin(), Target::New { ledger }, &draft(fields, None), NOW).unwrap()
}

/// `county.toml` of a pack that has nothing else.
pub const COUNTY: &str = "code = \"500242\"\nname = { zh = \"酉阳\", en = \"Youyang\" }\ntime_zone = \"+08:00\"\nextent = [108.2, 28.2, 109.5, 29.5]\nsource = \"试验\"\n";

/// A pack of nothing but its county and these files.
pub fn pack_with(files: &[(&str, &str)]) -> Pack {
    let all = files.iter().chain(&[("county.toml", COUNTY)]);
    let found = all.map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    pack::load(&found, &built_in::catalog().unwrap()).unwrap_or_else(|problems| {
        panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })
}
