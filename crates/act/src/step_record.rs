//! A step of a workflow that writes a record of a ledger (办理时登记台账), as the definition says: which ledger, what the
//! case itself gives, what the person fills in. Case and record are written in one transaction, so a record is written
//! once for a step, and a refusal of the ledger refuses the step. Pure but for the traits, which the wiring implements.

use std::collections::BTreeMap;

use kernel::{Actor, Day, Id, Problem, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{StoreError, Transaction};

/// What a transition writes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Writes {
    pub ledger: String,
    /// Fields by id with what the case gives them: text with the words of [`Given`] in braces, such as `{case}`.
    pub fields: BTreeMap<String, String>,
    /// Fields that the person fills in; one that the case gives too begins with that.
    #[serde(default)]
    pub asks: Vec<String>,
}

/// What a case gives to its record.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// Number of the case.
    pub case: String,
    /// Title of the case, in Chinese as ledgers are written.
    pub title: String,
    /// Key of the enterprise that the point belongs to; empty of none.
    pub enterprise: String,
    /// Civil day of the step.
    pub day: Day,
    pub note: String,
    pub actor: String,
    /// How often the step was done before, and once more.
    pub sequence: usize,
    /// The case rests on simulated (模拟) data.
    pub simulated: bool,
}

const WORDS: [&str; 7] = ["case", "title", "enterprise", "day", "note", "actor", "sequence"];

impl Given {
    fn word(&self, word: &str) -> Option<String> {
        Some(match word {
            "case" => self.case.clone(),
            "title" => self.title.clone(),
            "enterprise" => self.enterprise.clone(),
            "day" => self.day.to_iso(),
            "note" => self.note.trim().to_owned(),
            "actor" => self.actor.clone(),
            "sequence" => self.sequence.to_string(),
            _ => return None,
        })
    }

    /// One pass over the template: braces in what a person wrote stay theirs.
    fn fill(&self, template: &str) -> String {
        let mut text = String::with_capacity(template.len());
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let (word, end) = after.split_once('}').unwrap_or((after, ""));
            // `Workflow::parse` refuses words that nobody gives.
            text.push_str(&self.word(word).unwrap_or_default());
            rest = end;
        }
        text.push_str(rest);
        text
    }
}

impl Writes {
    /// Words in braces that nobody gives.
    pub fn unknown_words(&self) -> Vec<String> {
        let mut unknown = Vec::new();
        for template in self.fields.values() {
            for part in template.split('{').skip(1) {
                let word = part.split('}').next().unwrap_or_default();
                if !WORDS.contains(&word) {
                    unknown.push(word.to_owned());
                }
            }
        }
        unknown
    }

    /// Whether the record is of an enterprise, so that a case of none cannot have it.
    pub fn needs_enterprise(&self) -> bool {
        self.fields.values().any(|template| template.contains("{enterprise}"))
    }

    /// The same, asking for what the ledger requires and neither the case gives nor the workflow asks for.
    pub fn asking_for(&self, required: Vec<String>) -> Self {
        let mut all = self.clone();
        let open = required.into_iter().filter(|field| !self.fields.contains_key(field) && !self.asks.contains(field));
        all.asks.extend(open);
        all
    }

    /// What a form begins with, in the order of the definition.
    pub fn form(&self, given: &Given) -> Vec<(String, String)> {
        let preset = |field: &String| self.fields.get(field).map(|template| given.fill(template)).unwrap_or_default();
        self.asks.iter().map(|field| (field.clone(), preset(field))).collect()
    }

    /// The fields of the record.
    ///
    /// # Errors
    /// When the person fills in what the step does not ask for.
    pub fn record(&self, given: &Given, filled: &Map<String, Value>) -> Result<Map<String, Value>, Problem> {
        if let Some(other) = filled.keys().find(|field| !self.asks.contains(field)) {
            return Err(Problem::invalid(format!("这一步不填“{other}” (this step does not ask for `{other}`)")));
        }
        let mut fields = Map::new();
        for (field, template) in &self.fields {
            let text = given.fill(template);
            if !text.is_empty() {
                fields.insert(field.clone(), Value::String(text));
            }
        }
        // What was cleared in the form is cleared.
        for (field, value) in filled {
            if value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty()) {
                fields.remove(field);
            } else {
                fields.insert(field.clone(), value.clone());
            }
        }
        fields.insert("source".to_owned(), Value::String(format!("案件 {}", given.case)));
        if given.simulated {
            fields.insert("simulated".to_owned(), Value::Bool(true));
        }
        Ok(fields)
    }
}

/// A record that a step wrote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StepRecord {
    pub record: Id,
    pub ledger: String,
    pub key: String,
}

/// Who writes records for steps; the wiring implements it over the register.
pub trait Ledgers: Send + Sync {
    /// Held while a record is checked and written. Taken before a transaction is begun.
    fn open(&self) -> Box<dyn OpenLedgers + '_>;

    /// Fields without which a ledger takes no record, as it is now.
    fn required(&self, ledger: &str) -> Vec<String>;
}

/// The ledgers while nobody changes their definitions.
pub trait OpenLedgers {
    /// Writes a new record within the transaction of the step.
    ///
    /// # Errors
    /// When the ledger refuses it.
    fn write(
        &self,
        transaction: &dyn Transaction,
        actor: &Actor,
        ledger: &str,
        fields: &Map<String, Value>,
        reason: &str,
        now: Timestamp,
    ) -> Result<StepRecord, StoreError>;

    /// Tells others of a record that was written, after the transaction.
    fn announce(&self, written: &StepRecord, now: Timestamp);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn writes() -> Writes {
        toml::from_str(
            r#"
            ledger = "inspection"
            fields = { number = "{case}-检{sequence}", enterprise = "{enterprise}", checked_on = "{day}", finding = "{note}" }
            asks = ["checked_on", "kind", "finding"]
            "#,
        )
        .unwrap()
    }

    fn given() -> Given {
        Given {
            case: "警-2026-0001".into(),
            title: "超标".into(),
            enterprise: "e1".into(),
            day: Day::parse("2026-11-26").unwrap(),
            note: " 擅自停运 ".into(),
            actor: "王执法".into(),
            sequence: 2,
            simulated: true,
        }
    }

    #[test]
    fn a_record_is_what_the_case_gives_and_what_the_person_fills_in() {
        let check = |filled: Value, expect: Result<Value, &str>| {
            let found = writes().record(&given(), filled.as_object().unwrap());
            match expect {
                Ok(expect) => {
                    let mut found = Value::Object(found.unwrap());
                    let fields = found.as_object_mut().unwrap();
                    assert_eq!(fields.remove("source"), Some(json!("案件 警-2026-0001")));
                    assert_eq!(fields.remove("simulated"), Some(json!(true)));
                    assert_eq!(found, expect);
                }
                Err(part) => assert!(found.unwrap_err().to_string().contains(part)),
            }
        };
        check(
            json!({ "kind": "special" }),
            Ok(
                json!({ "number": "警-2026-0001-检2", "enterprise": "e1", "checked_on": "2026-11-26", "finding": "擅自停运", "kind": "special" }),
            ),
        );
        check(
            json!({ "checked_on": "2026-11-25", "finding": "", "kind": null }),
            Ok(json!({ "number": "警-2026-0001-检2", "enterprise": "e1", "checked_on": "2026-11-25" })),
        );
        check(json!({ "enterprise": "e2" }), Err("does not ask for `enterprise`"));
    }

    #[test]
    fn a_step_asks_for_what_the_ledger_has_come_to_require() {
        let check = |required: &[&str], expect: &[&str]| {
            let asking = writes().asking_for(required.iter().map(|field| (*field).to_owned()).collect());
            let form = asking.form(&given());
            let asked: Vec<&str> = form.iter().map(|(field, _)| field.as_str()).collect();
            assert_eq!(asked, expect, "{required:?}");
            let filled: Map<String, Value> = asked.iter().map(|field| ((*field).to_owned(), json!("x"))).collect();
            assert!(asking.record(&given(), &filled).is_ok());
        };
        check(&["number", "enterprise", "kind"], &["checked_on", "kind", "finding"]);
        check(&["number", "weather"], &["checked_on", "kind", "finding", "weather"]);
    }

    #[test]
    fn braces_in_a_note_stay_as_they_were_written() {
        let given = Given { note: "见{actor}与{case}}".into(), ..given() };
        let found = writes().record(&given, &Map::new()).unwrap();
        assert_eq!(found["finding"], "见{actor}与{case}}");
        assert_eq!(found["number"], "警-2026-0001-检2");
    }

    #[test]
    fn a_form_begins_with_what_the_case_gives() {
        let form = writes().form(&given());
        let expect = [("checked_on", "2026-11-26"), ("kind", ""), ("finding", "擅自停运")];
        assert_eq!(form, expect.map(|(field, text)| (field.to_owned(), text.to_owned())));
        assert!(writes().needs_enterprise() && writes().unknown_words().is_empty());
        let mut other = writes();
        other.fields.insert("by".into(), "{body}".into());
        assert_eq!(other.unknown_words(), ["body"]);
    }
}
