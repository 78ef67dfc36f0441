//! Operations: check a site, save the answer under a number, read it again.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use kernel::{Action, Actor, Day, Division, ErrorCode, EventDraft, IdSource, Name, Problem, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Store, event_log};

use crate::admission::{self, Answer, Site};
use crate::compare::Recomputed;
use crate::industry;
use crate::layer::LayerSet;
use crate::model::LayerPlan;
use crate::rows::{self, Listed, Saved};
use crate::rule::RuleBook;
use crate::shape::{Extent, Shape};

/// Newest checks that one list shows.
const MOST_LISTED: i64 = 200;
const MOST_ATTRIBUTES: usize = 50;
/// How long a check waits for layers that are being rebuilt.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What the caller asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// A point …
    pub lon: Option<f64>,
    pub lat: Option<f64>,
    /// … or a GeoJSON geometry.
    pub geometry: Option<Value>,
    /// GB/T 4754 code, 2 to 4 digits, with or without its letter.
    pub industry: String,
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// Day whose rules and zones count; today when left out.
    pub on: Option<String>,
    #[serde(default)]
    pub note: String,
}

impl Question {
    /// The day that it asks of, when it is asked at `now`; a day that cannot be read is refused where it is asked.
    pub fn day_of(&self, now: Timestamp) -> Day {
        self.on.as_deref().and_then(Day::parse).unwrap_or_else(|| now.day())
    }
}

/// What a list says of a check; kept beside it, so that a list does not read whole answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Summary {
    pub industry: String,
    pub note: String,
    pub verdict: admission::Verdict,
    pub name: Name,
    pub hits: usize,
    pub schematic: bool,
}

impl Summary {
    fn of(question: &Question, answer: &Answer) -> Self {
        Self {
            industry: question.industry.clone(),
            note: question.note.clone(),
            hits: answer.rules.iter().filter(|rule| rule.hit).count(),
            verdict: answer.verdict,
            name: answer.name.clone(),
            schematic: answer.schematic,
        }
    }
}

/// A saved check, asked again.
#[derive(Clone, Debug)]
pub struct Again {
    /// Of the day that it was about; nothing: that is today.
    pub same_day: Option<Recomputed>,
    pub today: Recomputed,
}

pub struct Zones {
    store: Arc<dyn Store>,
    division: Division,
    extent: Extent,
    plan: LayerPlan,
    layers: ArcSwap<LayerSet>,
    book: ArcSwap<RuleBook>,
    ids: IdSource,
    /// Counts the writes that may change layers; `None`: nothing changes them.
    written: Option<Box<dyn Fn() -> u64 + Send + Sync>>,
    /// The count of writes that the layers hold, and who waits for it.
    generation: Mutex<u64>,
    exchanged: Condvar,
    longest_wait: Duration,
}

impl Zones {
    pub fn new(store: Arc<dyn Store>, division: Division, extent: Extent, plan: LayerPlan, book: RuleBook) -> Self {
        Self {
            store,
            division,
            extent,
            layers: ArcSwap::from_pointee(plan.alone()),
            plan,
            book: ArcSwap::from_pointee(book),
            ids: IdSource::new(),
            written: None,
            generation: Mutex::new(0),
            exchanged: Condvar::new(),
            longest_wait: LONGEST_WAIT,
        }
    }

    /// The counter of writes that checks hold the layers against: what was written before the question counts.
    #[must_use]
    pub fn after_writes(mut self, count: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        self.written = Some(Box::new(count));
        self
    }

    /// Waits no longer than this for layers.
    #[must_use]
    pub fn waiting(self, longest_wait: Duration) -> Self {
        Self { longest_wait, ..self }
    }

    pub fn layers(&self) -> Arc<LayerSet> {
        self.layers.load_full()
    }

    /// What the county pack says of the layers.
    pub fn plan(&self) -> &LayerPlan {
        &self.plan
    }

    /// Ledger whose records make up a layer.
    pub fn ledger_of(&self, layer: &str) -> Option<String> {
        let planned = self.plan.layers.iter().find(|planned| planned.layer.id == layer)?;
        planned.source.as_ref().map(|source| source.ledger.clone())
    }

    /// Exchanges the layers as a whole; checks that are running keep the ones they began with. `generation` is the
    /// count of writes as it was before the layers were read.
    pub fn set_layers(&self, layers: LayerSet, generation: u64) {
        self.layers.store(Arc::new(layers));
        *self.generation.lock().unwrap_or_else(PoisonError::into_inner) = generation;
        self.exchanged.notify_all();
    }

    /// Count of the writes that may change layers, as it is now.
    pub fn written(&self) -> u64 {
        self.written.as_ref().map_or(0, |count| count())
    }

    /// Whether something was written that the layers do not hold yet.
    pub fn are_behind(&self) -> bool {
        *self.generation.lock().unwrap_or_else(PoisonError::into_inner) < self.written()
    }

    /// The layers with all that was written before now. Blocks while they are rebuilt, and not for ever: an answer
    /// that rests on older layers might be saved, so there is none.
    fn newest_layers(&self) -> Result<Arc<LayerSet>, Problem> {
        let wanted = self.written();
        let held = self.generation.lock().unwrap_or_else(PoisonError::into_inner);
        let (held, _) = self
            .exchanged
            .wait_timeout_while(held, self.longest_wait, |held| *held < wanted)
            .unwrap_or_else(PoisonError::into_inner);
        if *held < wanted {
            return Err(Problem::new(
                ErrorCode::Busy,
                "分区图层正在按新写入的台账重建，请稍后再查 (layers are being rebuilt, ask again in a moment)",
            ));
        }
        Ok(self.layers())
    }

    pub fn book(&self) -> Arc<RuleBook> {
        self.book.load_full()
    }

    /// Checks without saving.
    pub fn check(&self, question: &Question, now: Timestamp) -> Result<Answer, Problem> {
        let book = self.book();
        asked_by(&book, question)?;
        let site = site_of(question, self.extent, &book, now)?;
        Ok(admission::check(&site, &self.newest_layers()?, &book))
    }

    /// What the rules and layers of now say to a saved question, of its own day and of today. What was saved is shown
    /// whatever they make of the question.
    pub fn again(&self, saved: &Saved, now: Timestamp) -> Result<Again, Problem> {
        let question: Question = serde_json::from_str(&saved.site).map_err(internal)?;
        let answer: Answer = serde_json::from_str(&saved.answer).map_err(internal)?;
        let (layers, book) = (self.newest_layers(), self.book());
        let ask = |on: Day| {
            let question = Question { on: Some(on.to_iso()), ..question.clone() };
            let found = layers.clone().and_then(|layers| {
                let site = site_of(&question, self.extent, &book, now)?;
                Ok(admission::check(&site, &layers, &book))
            });
            Recomputed::of(&answer, on, found)
        };
        let (then, today) = (question.day_of(saved.made_at), now.day());
        Ok(Again { same_day: (then != today).then(|| ask(then)), today: ask(today) })
    }

    /// Checks and saves under a number `准-2026-0001`.
    pub fn check_and_save(
        &self,
        actor: &Actor,
        question: &Question,
        now: Timestamp,
    ) -> Result<(Saved, Answer), Problem> {
        if !actor.may(Action::SaveAdmissions, None) {
            return Err(Problem::new(
                ErrorCode::NotAllowed,
                "无权登记准入审查，只能试查 (admission checks may not be saved)",
            ));
        }
        let answer = self.check(question, now)?;
        let prefix = format!("准-{}-", now.day().civil().0);
        let site = serde_json::to_string(question).map_err(internal)?;
        let text = serde_json::to_string(&answer).map_err(internal)?;
        let summary = serde_json::to_string(&Summary::of(question, &answer)).map_err(internal)?;
        let saved = self.store.write(|transaction| {
            let count = rows::count_with_prefix(transaction.as_reader(), self.division, &prefix)?;
            let saved = Saved {
                id: self.ids.next(now),
                number: format!("{prefix}{:04}", count + 1),
                made_at: now,
                made_by: actor.name.clone(),
                site: site.clone(),
                answer: text.clone(),
            };
            rows::insert(transaction, self.division, &saved, &summary)?;
            let event = EventDraft {
                kind: "zone.admission_checked",
                actor: actor.id.to_string(),
                subject: saved.number.clone(),
                payload: serde_json::json!({ "verdict": answer.verdict, "industry": question.industry }),
            };
            event_log::append(transaction, self.division, now, &[event])?;
            Ok(saved)
        })?;
        Ok((saved, answer))
    }

    pub fn find(&self, actor: &Actor, number: &str) -> Result<Saved, Problem> {
        self.store
            .read(|reader| rows::find(reader, self.division, number))?
            .filter(|_| reads_saved(actor))
            .ok_or_else(|| Problem::not_found(format!("没有准入审查 {number} (no such check)")))
    }

    /// Newest first.
    pub fn list(&self, actor: &Actor) -> Result<Vec<(Listed, Summary)>, Problem> {
        if !reads_saved(actor) {
            return Ok(Vec::new());
        }
        let listed = self.store.read(|reader| rows::list(reader, self.division, MOST_LISTED))?;
        let summarised = |listed: Listed| {
            let summary = match (&listed.summary, &listed.whole) {
                (Some(summary), _) => serde_json::from_str(summary).map_err(internal)?,
                (None, Some((site, answer))) => Summary::of(
                    &serde_json::from_str(site).map_err(internal)?,
                    &serde_json::from_str(answer).map_err(internal)?,
                ),
                (None, None) => return Err(Problem::new(ErrorCode::Internal, "an admission check without content")),
            };
            Ok((listed, summary))
        };
        listed.into_iter().map(summarised).collect()
    }
}

/// What is to be built where is a matter of the county's own offices, who read its plan; enterprises and neighbours
/// see layers, rules and answers to what they ask themselves.
fn reads_saved(actor: &Actor) -> bool {
    actor.may(Action::SaveAdmissions, None) || actor.may(Action::ReadPlan, None)
}

fn internal(error: serde_json::Error) -> Problem {
    Problem::new(ErrorCode::Internal, format!("reading or writing an admission check: {error}"))
}

/// Refuses an attribute that no rule asks for: a key that is written wrongly would only be said to be missing.
pub fn asked_by(book: &RuleBook, question: &Question) -> Result<(), Problem> {
    match question.attributes.keys().find(|key| !book.asks(key)) {
        Some(key) => Err(Problem::invalid(format!("没有规则问“{key}” (no rule asks for `{key}`)"))),
        None => Ok(()),
    }
}

/// A checked site; every refusal says what is wrong with the question.
pub fn site_of(question: &Question, extent: Extent, book: &RuleBook, now: Timestamp) -> Result<Site, Problem> {
    if let Some(what) = industry::complaint(&question.industry, &book.sections) {
        return Err(Problem::invalid(format!("{} ({})", what.zh, what.en)));
    }
    if question.attributes.len() > MOST_ATTRIBUTES {
        return Err(Problem::invalid("属性太多 (too many attributes)"));
    }
    let shape = match (&question.geometry, question.lon, question.lat) {
        (Some(geometry), None, None) => Shape::from_geojson(geometry, extent),
        (None, Some(lon), Some(lat)) => {
            Shape::from_geojson(&serde_json::json!({ "type": "Point", "coordinates": [lon, lat] }), extent)
        }
        _ => {
            return Err(Problem::invalid(
                "给一个点（lon、lat）或一个图形（geometry） (give either a point or a geometry)",
            ));
        }
    };
    let shape = shape.map_err(|error| Problem::invalid(error.to_string()))?;
    let on = match &question.on {
        None => now.day(),
        Some(date) => Day::parse(date).ok_or_else(|| Problem::invalid(format!("“{date}”不是日期 (not a date)")))?,
    };
    Ok(Site { shape, industry: question.industry.clone(), attributes: question.attributes.clone(), on })
}
