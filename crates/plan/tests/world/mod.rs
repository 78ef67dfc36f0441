//! A plan on a real store, for the tests of the service.

#![allow(clippy::unwrap_used, clippy::expect_used, dead_code)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use kernel::fact::{Evidence, FactArgument, FactDescription};
use kernel::{Actor, Day, Division, Fact, FactQuery, FactSource, FactValue, Facts, Id, Name, Problem, Role, Timestamp};
use plan::Plan;
use plan::item::{Content, State};
use plan::ops::Draft;
use serde_json::{Value, json};
use store::Store;
use store::sqlite::{SqliteOptions, SqliteStore};

pub const DIVISION: Division = Division(500_242);

pub struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Answers `air.mean` from a table of years; nothing else is known. From the year of the second on some days are missing.
#[derive(Default)]
pub struct Air(pub Mutex<BTreeMap<i64, f64>>, pub Mutex<Option<i64>>);

impl FactSource for Air {
    fn describe(&self) -> Vec<FactDescription> {
        vec![FactDescription {
            name: "air.mean".into(),
            label: Name::new("年均", "annual mean"),
            arguments: [("year", FactArgument::default().whole_number()), ("factor", FactArgument::default())]
                .map(|(name, argument)| (name.to_owned(), argument))
                .into_iter()
                .collect(),
            unit: "µg/m³".into(),
        }]
    }

    fn answer(&self, query: &FactQuery, now: Timestamp) -> Result<Fact, Problem> {
        let year = query.integer("year")?;
        let value = self.0.lock().unwrap().get(&year).copied();
        Ok(Fact {
            value: value.map_or(FactValue::Missing, FactValue::Number),
            unit: "µg/m³".into(),
            as_of: now,
            method: Name::new("平均", "mean"),
            evidence: vec![Evidence {
                label: Name::new("判定", "verdicts"),
                href: format!("/api/verdicts?point=7&level=day&from={year}-01-01&until={}-01-01", year + 1),
            }],
            missing: match *self.1.lock().unwrap() {
                Some(from) if year >= from => vec![Name::new("全年有 300 天没有日均值", "300 days have no daily mean")],
                _ => Vec::new(),
            },
            simulated: false,
        })
    }
}

pub struct World {
    pub folder: Folder,
    pub store: Arc<dyn Store>,
    pub air: Arc<Air>,
    pub files: BTreeMap<String, String>,
    pub plan: Arc<Plan>,
    pub now: Timestamp,
}

pub fn files() -> BTreeMap<String, String> {
    let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../counties/500242-youyang");
    let mut files = BTreeMap::new();
    for folder in ["plan", "bodies"] {
        for entry in std::fs::read_dir(pack.join(folder)).unwrap().flatten() {
            let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
            files.insert(name, std::fs::read_to_string(entry.path()).unwrap());
        }
    }
    files.insert("county.toml".into(), std::fs::read_to_string(pack.join("county.toml")).unwrap());
    files
}

pub fn facts(air: &Arc<Air>) -> Facts {
    let mut facts = Facts::default();
    facts.add(Arc::clone(air) as Arc<dyn FactSource>);
    facts
}

impl World {
    pub fn new(name: &str) -> Self {
        Self::with(name, files())
    }

    pub fn with(name: &str, files: BTreeMap<String, String>) -> Self {
        let path = std::env::temp_dir().join(format!("qingshan-plan-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        let store: Arc<dyn Store> =
            SqliteStore::open(&path, DIVISION, SqliteOptions::default(), plan::MIGRATIONS).unwrap();
        let (air, now) = (Arc::new(Air::default()), Day::from_civil(2026, 11, 25).start());
        // The platform runs since the plan began: whoever was silent could have reported.
        let since = Day::from_civil(2021, 1, 1).start();
        let bus = api::LiveBus::default();
        let plan = Plan::new(Arc::clone(&store), DIVISION, bus, facts(&air), files.clone(), since).unwrap();
        Self { folder: Folder(path), store, air, files, plan, now }
    }

    /// The same store, opened again with other files.
    pub fn reopen(&self, files: BTreeMap<String, String>) -> Arc<Plan> {
        let later = self.now.plus(1000);
        Plan::new(Arc::clone(&self.store), DIVISION, api::LiveBus::default(), facts(&self.air), files, later).unwrap()
    }

    pub fn enter(&self, actor: &Actor, subject: &str, year: i32, content: Content, note: &str) -> Result<Id, Problem> {
        let paper = self.plan.keep_file(actor, "证明.pdf", b"%PDF-1.4 proof")?;
        let draft =
            Draft { subject: subject.into(), year, content, note: note.into(), evidence: vec![paper], replaces: None };
        Ok(self.plan.enter(actor, draft, self.now)?.id)
    }

    /// Enters what the JSON says, with a paper; `more` are further fields of the draft.
    pub fn put(&self, actor: &Actor, subject: &str, year: i32, content: Value, more: Value) -> Result<Id, Problem> {
        let paper = self.plan.keep_file(actor, "证明.pdf", b"%PDF-1.4 proof")?;
        let mut draft = json!({ "subject": subject, "year": year, "content": content, "evidence": [paper] });
        draft.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        let draft: Draft = serde_json::from_value(draft).unwrap();
        Ok(self.plan.enter(actor, draft, self.now)?.id)
    }

    /// Enters and approves.
    pub fn say(&self, subject: &str, year: i32, content: Value, more: Value) -> Id {
        let id = self.put(&officer(1), subject, year, content, more).unwrap();
        self.approve(id).unwrap();
        id
    }

    pub fn project(&self, number: u32) -> Value {
        let projects = self.plan.projects(self.now);
        serde_json::to_value(projects.into_iter().find(|one| one.number == number).unwrap()).unwrap()
    }

    pub fn indicator(&self, id: &str, year: i32) -> Value {
        serde_json::to_value(self.plan.indicator(id, Some(year), self.now).unwrap()).unwrap()
    }

    pub fn approve(&self, id: Id) -> Result<(), Problem> {
        self.plan.decide(&officer(2), id, State::Approved, "", self.now).map(|_| ())
    }
}

pub fn officer(id: i64) -> Actor {
    Actor { id: Id(id), name: format!("规划{id}"), roles: vec![Role::PlanOfficer], body: None }
}

pub fn department(key: &str) -> Actor {
    Actor { id: Id(9), name: "部门".into(), roles: vec![Role::Body], body: Some(key.into()) }
}

pub fn code<T>(result: Result<T, Problem>) -> Option<&'static str> {
    result.err().map(|problem| problem.code.describe().0)
}
