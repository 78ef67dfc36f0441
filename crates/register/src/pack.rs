//! The county pack (县域数据包): plain files → checked records and layers, all or nothing. Pure; files come
//! from [`crate::pack_files`].

use std::collections::HashMap;
use std::sync::Arc;

use crate::catalog::{Catalog, Files, Origin, report_syntax};
use crate::cell::{self, Cell, Entry, Raw, Table};
use crate::county::{self, COUNTY_FILE, County, MapLayer};
use crate::definition::LedgerDefinition;
use crate::location::{Accuracy, Location};
use crate::problem::{Findings, PackProblem, Position, ProblemCode};
use crate::record::{self, Checked, Content};
use crate::simulation::{SIMULATION_FILE, Simulation};
use crate::value::LinkUse;

#[derive(Clone, Debug)]
pub struct PackRecord {
    pub ledger: String,
    pub content: Content,
    pub links: Vec<LinkUse>,
    /// Where it stands: file and place in it.
    pub file: String,
    pub at: Position,
}

#[derive(Clone, Debug)]
pub struct Pack {
    pub county: County,
    pub catalog: Arc<Catalog>,
    /// In the order of files and of records within them.
    pub records: Vec<PackRecord>,
    pub layers: Vec<MapLayer>,
    pub simulation: Simulation,
}

impl Pack {
    pub fn records_of<'a>(&'a self, ledger: &'a str) -> impl Iterator<Item = &'a PackRecord> {
        self.records.iter().filter(move |record| record.ledger == ledger)
    }

    pub fn find(&self, ledger: &str, key: &str) -> Option<&PackRecord> {
        self.records.iter().find(|record| record.ledger == ledger && record.content.key == key)
    }
}

/// Most files, bytes of one file and bytes of all files that a pack may have.
pub const MOST_FILES: usize = 2_000;
pub const MOST_FILE_BYTES: usize = 16 << 20;
pub const MOST_BYTES: usize = 128 << 20;

const FOLDERS: [&str; 6] = ["bodies/", "registers/", "map/", "ledgers/", "codes/", "plan/"];

/// Loads a pack on top of the built-in definitions. Either everything is right, or nothing is loaded and
/// every finding is returned.
pub fn load(files: &Files, base: &Catalog) -> Result<Pack, Vec<PackProblem>> {
    let mut findings = Findings::new();
    check_files(files, &mut findings);
    let parsed = read_all(files, base, &mut findings);
    match parsed {
        Some(pack) if findings.is_empty() => Ok(pack),
        _ => Err(findings.finish(|file| files.get(file).cloned())),
    }
}

fn read_all(files: &Files, base: &Catalog, findings: &mut Findings) -> Option<Pack> {
    let Some(county_table) = parse_toml(files, COUNTY_FILE, findings) else {
        if !files.contains_key(COUNTY_FILE) {
            findings.add(
                COUNTY_FILE,
                Position::START,
                ProblemCode::FileMissing,
                ("缺少 county.toml".into(), "county.toml is missing".into()),
                ("县域数据包的根目录要有 county.toml".into(), "a county pack has county.toml in its root".into()),
            );
        }
        return None;
    };
    let (county, layers) = county::parse(&county_table, files, findings);
    let mut catalog = base.clone();
    catalog.extent = county.extent;
    catalog.extend(files, Origin::Pack, findings);
    if !findings.is_empty() {
        // Records cannot be judged by definitions that are themselves wrong.
        return None;
    }
    let mut records = Vec::new();
    for (file, text) in files {
        if file.starts_with("bodies/") || file.starts_with("registers/") {
            read_records(file, text, &catalog, &mut records, findings);
        }
    }
    let index = index_of(&records, &catalog, findings);
    resolve_townships(&mut records, &index, findings);
    check_links(&records, &index, findings);
    check_competent_body(&county, &index, findings);
    let simulation = match parse_toml(files, SIMULATION_FILE, findings) {
        Some(table) => Simulation::parse(&table, findings),
        None => Simulation::default(),
    };
    check_simulation(&simulation, &index, findings);
    let records = records.into_iter().map(|pending| pending.record).collect();
    Some(Pack { county, catalog: Arc::new(catalog), records, layers, simulation })
}

fn check_files(files: &Files, findings: &mut Findings) {
    let total: usize = files.values().map(String::len).sum();
    if files.len() > MOST_FILES || total > MOST_BYTES {
        findings.add(
            COUNTY_FILE,
            Position::START,
            ProblemCode::TooLarge,
            (
                format!("数据包有 {} 个文件、{total} 字节", files.len()),
                format!("the pack has {} files and {total} bytes", files.len()),
            ),
            (
                format!("最多 {MOST_FILES} 个文件、{MOST_BYTES} 字节"),
                format!("at most {MOST_FILES} files and {MOST_BYTES} bytes"),
            ),
        );
    }
    for (file, text) in files {
        if text.len() > MOST_FILE_BYTES {
            findings.add(
                file,
                Position::START,
                ProblemCode::TooLarge,
                (format!("文件有 {} 字节", text.len()), format!("the file has {} bytes", text.len())),
                (format!("最多 {MOST_FILE_BYTES} 字节，请拆分"), format!("at most {MOST_FILE_BYTES} bytes, split it")),
            );
        }
        let known = file == COUNTY_FILE
            || file == SIMULATION_FILE
            || file.ends_with(".md")
            || FOLDERS.iter().any(|folder| file.starts_with(folder));
        if !known {
            findings.add(
                file,
                Position::START,
                ProblemCode::StrayFile,
                ("不认识这个文件".into(), "this file is not known".into()),
                (
                    format!("可用：{COUNTY_FILE}、{SIMULATION_FILE}、*.md，以及 {}", FOLDERS.join("、")),
                    format!("known: {COUNTY_FILE}, {SIMULATION_FILE}, *.md, and {}", FOLDERS.join(", ")),
                ),
            );
        }
    }
}

fn parse_toml(files: &Files, file: &str, findings: &mut Findings) -> Option<Table> {
    match cell::from_toml(files.get(file)?) {
        Ok(table) => Some(table),
        Err(errors) => {
            report_syntax(file, ProblemCode::TomlSyntax, errors, findings);
            None
        }
    }
}

/// A record on its way, with the township whose centre stands in for its place.
struct Pending {
    record: PackRecord,
    township: Option<(String, Position)>,
    /// Positions of its fields, for findings about them.
    places: Vec<(String, Position)>,
}

fn read_records(file: &str, text: &str, catalog: &Catalog, records: &mut Vec<Pending>, findings: &mut Findings) {
    let name = file.rsplit('/').next().unwrap_or(file);
    let ledger = name.split('.').next().unwrap_or(name);
    let Some(definition) = catalog.ledger(ledger) else {
        let known = catalog.ledgers().map(|known| known.id.as_str()).collect::<Vec<_>>().join(", ");
        findings.add(
            file,
            Position::START,
            ProblemCode::UnknownLedger,
            (format!("没有台账“{ledger}”"), format!("there is no ledger `{ledger}`")),
            (
                format!("文件名以台账 id 开头，已有：{known}"),
                format!("a file begins with its ledger's id; known: {known}"),
            ),
        );
        return;
    };
    let tables = if name.ends_with(".toml") {
        toml_records(file, text, findings)
    } else if name.ends_with(".csv") {
        match cell::from_csv(text) {
            Ok(rows) => rows,
            Err(errors) => {
                report_syntax(file, ProblemCode::CsvSyntax, errors, findings);
                return;
            }
        }
    } else {
        findings.add(
            file,
            Position::START,
            ProblemCode::StrayFile,
            ("台账文件应为 .toml 或 .csv".into(), "records are .toml or .csv files".into()),
            ("改扩展名，或移到别处".into(), "rename it or move it away".into()),
        );
        return;
    };
    for (at, table) in tables {
        let Some(Checked { content, links, township }) = record::check(file, at, &table, definition, catalog, findings)
        else {
            continue;
        };
        let places = table.entries.iter().map(|entry| (entry.key.clone(), entry.cell.at)).collect();
        let record = PackRecord { ledger: definition.id.clone(), content, links, file: file.to_owned(), at };
        records.push(Pending { record, township, places });
    }
}

/// `[[record]]` tables, each over the `[defaults]` of its file.
fn toml_records(file: &str, text: &str, findings: &mut Findings) -> Vec<(Position, Table)> {
    let table = match cell::from_toml(text) {
        Ok(table) => table,
        Err(errors) => {
            report_syntax(file, ProblemCode::TomlSyntax, errors, findings);
            return Vec::new();
        }
    };
    let mut defaults: &[Entry] = &[];
    let mut rows: &[Cell] = &[];
    for entry in &table.entries {
        match (entry.key.as_str(), &entry.cell.raw) {
            ("defaults", Raw::Table(table)) => defaults = &table.entries,
            ("record", Raw::List(items)) => rows = items,
            _ => findings.add(
                file,
                entry.at,
                ProblemCode::UnknownKey,
                (format!("不认识“{}”", entry.key), format!("`{}` is not known here", entry.key)),
                ("这里只有 [defaults] 和 [[record]]".into(), "only [defaults] and [[record]] stand here".into()),
            ),
        }
    }
    let mut tables = Vec::with_capacity(rows.len());
    for row in rows {
        let Raw::Table(own) = &row.raw else { continue };
        let mut merged = own.clone();
        for entry in defaults.iter().filter(|entry| own.get(&entry.key).is_none()) {
            // A default has no place of its own in the record: findings point at the record.
            merged.insert(&entry.key, row.at, Cell { at: row.at, raw: entry.cell.raw.clone() });
        }
        tables.push((row.at, merged));
    }
    tables
}

/// (ledger, key) → index of the record.
type Index = HashMap<(String, String), usize>;

fn index_of(records: &[Pending], catalog: &Catalog, findings: &mut Findings) -> Index {
    let mut index = Index::new();
    let mut unique: HashMap<(String, String, String), usize> = HashMap::new();
    for (number, pending) in records.iter().enumerate() {
        let record = &pending.record;
        let name = (record.ledger.clone(), record.content.key.clone());
        let Some(definition) = catalog.ledger(&record.ledger) else { continue };
        if let Some(&first) = index.get(&name) {
            report_duplicate(pending, &records[first], definition, &definition.key, &record.content.key, findings);
            continue;
        }
        index.insert(name, number);
        for field in definition.fields.iter().filter(|field| field.unique && field.id != definition.key) {
            let Some(value) = record.content.values.get(&field.id) else { continue };
            let place = (record.ledger.clone(), field.id.clone(), value.to_string());
            if let Some(&first) = unique.get(&place) {
                report_duplicate(pending, &records[first], definition, &field.id, &value.to_string(), findings);
            } else {
                unique.insert(place, number);
            }
        }
    }
    index
}

fn place_in(pending: &Pending, field: &str) -> Position {
    pending.places.iter().find(|(known, _)| known == field).map_or(pending.record.at, |(_, at)| *at)
}

fn report_duplicate(
    pending: &Pending,
    first: &Pending,
    definition: &LedgerDefinition,
    field: &str,
    value: &str,
    findings: &mut Findings,
) {
    let place = format!("{}:{}", first.record.file, first.record.at.line);
    findings.add(
        &pending.record.file,
        place_in(pending, field),
        ProblemCode::Duplicate,
        (
            format!("{}的“{field}”重复：{value}", definition.name.zh),
            format!("{}: `{field}` is not unique: {value}", definition.name.en),
        ),
        (format!("第一次出现在 {place}"), format!("first seen at {place}")),
    );
}

/// Gives records that lie "in the township" its centre.
fn resolve_townships(records: &mut [Pending], index: &Index, findings: &mut Findings) {
    for number in 0..records.len() {
        let Some((key, at)) = records[number].township.clone() else { continue };
        let body = index.get(&("body".to_owned(), key.clone())).map(|&found| records[found].record.content.clone());
        let Some(body) = body else { continue }; // the link check names it
        let file = records[number].record.file.clone();
        let content = &mut records[number].record.content;
        match township_location(&body, &content.location_note) {
            Some(location) => content.location = Some(location),
            None => findings.add(
                &file,
                at,
                ProblemCode::BadLocation,
                (format!("“{}”没有坐标", body.title.zh), format!("`{}` has no coordinates", body.title.zh)),
                (
                    "改写 location_note = \"为什么没有\"".into(),
                    "write location_note = \"why there is none\" instead".into(),
                ),
            ),
        }
    }
}

/// The centre of a township as the place of something in it.
pub fn township_location(body: &Content, note: &str) -> Option<Location> {
    let centre = body.location.as_ref()?;
    let note = if note.is_empty() { format!("{}中心", body.title.zh) } else { note.to_owned() };
    Some(Location { lon: centre.lon, lat: centre.lat, accuracy: Accuracy::TownshipCentre, note })
}

fn check_links(records: &[Pending], index: &Index, findings: &mut Findings) {
    for pending in records {
        for link in &pending.record.links {
            if index.contains_key(&(link.ledger.clone(), link.key.clone())) {
                continue;
            }
            findings.add(
                &pending.record.file,
                link.at,
                ProblemCode::BrokenLink,
                (
                    format!("字段“{}”指向的 {}:{} 不存在", link.field, link.ledger, link.key),
                    format!("field `{}`: there is no {}:{}", link.field, link.ledger, link.key),
                ),
                (
                    format!("在 {} 台账中补上，或改正编号", link.ledger),
                    format!("add it to the ledger {} or correct the key", link.ledger),
                ),
            );
        }
    }
}

fn check_competent_body(county: &County, index: &Index, findings: &mut Findings) {
    let Some(key) = &county.competent_body else { return };
    if index.contains_key(&("body".to_owned(), key.clone())) {
        return;
    }
    findings.add(
        COUNTY_FILE,
        county.competent_body_at,
        ProblemCode::BrokenLink,
        (format!("competent_body 指向的 body:{key} 不存在"), format!("`competent_body`: there is no body:{key}")),
        ("写 body 台账中主管部门的编号".into(), "write the key of a body of the ledger".into()),
    );
}

fn check_simulation(simulation: &Simulation, index: &Index, findings: &mut Findings) {
    for point in &simulation.points {
        if !index.contains_key(&(point.ledger.clone(), point.key.clone())) {
            findings.add(
                SIMULATION_FILE,
                point.at,
                ProblemCode::BadSimulation,
                (
                    format!("没有点位 {}:{}", point.ledger, point.key),
                    format!("there is no point {}:{}", point.ledger, point.key),
                ),
                ("写成 台账:编号".into(), "write ledger:key".into()),
            );
        }
    }
}
