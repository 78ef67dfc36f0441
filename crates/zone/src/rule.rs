//! Admission rules as data: `model/rules/*.toml`, each file with tests of its own rules.
//!
//! A rule's condition is CEL over the site: `industry` (GB/T 4754 code, text), `attributes` (map), `area_m2`
//! (0 for a point), and the functions `within(layer)` (the site touches a zone), `inside(layer)` (a zone holds
//! all of it), `distance(layer)` (metres to the nearest zone), `share(layer)` (covered share of the site, 0–1).

use expression::Expression;
use kernel::{Day, Name};
use serde::Deserialize;

use crate::admission::Verdict;
use crate::industry::Section;

/// How far `distance` looks; beyond it the answer is this number.
pub const FARTHEST_METRES: f64 = 100_000.0;
const MOST_RULES: usize = 2_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    #[serde(default, rename = "attribute")]
    attributes: Vec<AttributeText>,
    /// Which codes of industries there are.
    #[serde(default, rename = "section")]
    sections: Vec<Section>,
    #[serde(default, rename = "rule")]
    rules: Vec<RuleText>,
    #[serde(default, rename = "test_layer")]
    test_layers: Vec<TestLayer>,
    #[serde(default, rename = "test")]
    tests: Vec<RuleTest>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AttributeText {
    key: String,
    name_zh: String,
    name_en: String,
    #[serde(default)]
    values: Vec<ValueText>,
    /// Unit of a number; with `values` there is none.
    #[serde(default)]
    unit: String,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum ValueText {
    Named(NamedValue),
    /// A code that is its own name.
    Plain(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedValue {
    code: String,
    name_zh: String,
    name_en: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    id: String,
    name_zh: String,
    name_en: String,
    verdict: Verdict,
    /// Layers without which nothing can be said.
    layers: Vec<String>,
    /// Attributes without which nothing can be said.
    #[serde(default)]
    attributes: Vec<String>,
    when: String,
    basis_zh: String,
    basis_en: String,
    /// What must be done, where the verdict is conditional.
    #[serde(default)]
    condition_zh: String,
    #[serde(default)]
    condition_en: String,
    #[serde(default)]
    valid_from: Option<String>,
    #[serde(default)]
    valid_until: Option<String>,
}

/// A layer that only the tests of a rule file use.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestLayer {
    pub id: String,
    /// Outer ring, `[lon, lat]` pairs, closed.
    #[serde(default)]
    pub ring: Vec<[f64; 2]>,
    #[serde(default)]
    pub line: Vec<[f64; 2]>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleTest {
    pub lon: f64,
    pub lat: f64,
    pub industry: String,
    #[serde(default)]
    pub attributes: std::collections::BTreeMap<String, String>,
    /// Rules that hit, in the order of the file.
    pub hits: Vec<String>,
}

/// One of the answers that an attribute knows.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct AttributeValue {
    pub code: String,
    pub name: Name,
}

/// Something that a rule asks of a project.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    pub key: String,
    pub name: Name,
    /// What may be answered; nothing: a number.
    pub values: Vec<AttributeValue>,
    /// Unit of the number; empty: none.
    pub unit: String,
}

impl Attribute {
    /// What is wrong with an answer, or with there being none. A word that no rule knows would hit none of them.
    pub fn complaint(&self, answer: Option<&str>) -> Option<Name> {
        let Name { zh, en } = &self.name;
        let key = &self.key;
        let Some(answer) = answer else {
            return Some(Name::new(format!("没有给出“{zh}”（{key}）"), format!("{en} (`{key}`) was not given")));
        };
        if self.values.is_empty() {
            let number = answer.parse::<f64>().is_ok_and(f64::is_finite);
            return (!number).then(|| {
                Name::new(
                    format!("“{zh}”（{key}）应为数字，给的是“{answer}”"),
                    format!("{en} (`{key}`): `{answer}` is no number"),
                )
            });
        }
        let known = self.values.iter().any(|value| value.code == answer);
        let listed =
            |of: fn(&AttributeValue) -> String, with: &str| self.values.iter().map(of).collect::<Vec<_>>().join(with);
        (!known).then(|| {
            let codes = listed(|value| value.code.clone(), ", ");
            let names = listed(
                |value| match value.name.zh == value.code {
                    true => value.code.clone(),
                    false => format!("{}（{}）", value.code, value.name.zh),
                },
                "、",
            );
            Name::new(
                format!("“{zh}”（{key}）的值“{answer}”不认识，可用：{names}"),
                format!("{en} (`{key}`): `{answer}` is none of {codes}"),
            )
        })
    }

    /// An answer in words: the name of its value, or the number with its unit.
    pub fn words(&self, answer: &str) -> Name {
        if let Some(value) = self.values.iter().find(|value| value.code == answer) {
            return value.name.clone();
        }
        let number = self.values.is_empty() && !self.unit.is_empty();
        let said = if number { format!("{answer} {}", self.unit) } else { answer.to_owned() };
        Name::new(said.clone(), said)
    }
}

#[derive(Debug)]
pub struct Rule {
    pub id: String,
    pub name: Name,
    pub verdict: Verdict,
    pub layers: Vec<String>,
    pub attributes: Vec<Attribute>,
    pub when: Expression,
    /// Classes of GB/T 4754 that the condition names: a coarser code may or may not be one of them.
    pub classes: Vec<String>,
    pub basis: Name,
    pub condition: Name,
    pub valid_from: Option<Day>,
    pub valid_until: Option<Day>,
}

impl Rule {
    pub fn in_force(&self, on: Day) -> bool {
        self.valid_from.is_none_or(|from| from <= on) && self.valid_until.is_none_or(|until| on < until)
    }
}

/// Rules of all files.
#[derive(Debug, Default)]
pub struct RuleBook {
    pub rules: Vec<Rule>,
    /// Sections and divisions of GB/T 4754; none: only the form of a code is looked at.
    pub sections: Vec<Section>,
    pub tests: Vec<(String, RuleTest)>,
    pub test_layers: Vec<(String, TestLayer)>,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{file}: {what}")]
pub struct RuleError {
    pub file: String,
    pub what: String,
}

/// The rule files of `model/`, carried in the binary.
const BUILT_IN: &[(&str, &str)] = &[
    ("model/rules/admission.toml", include_str!("../../../model/rules/admission.toml")),
    ("model/rules/industries.toml", include_str!("../../../model/rules/industries.toml")),
];

impl RuleBook {
    fn attribute(&self, key: &str) -> Option<&Attribute> {
        self.rules.iter().flat_map(|rule| &rule.attributes).find(|attribute| attribute.key == key)
    }

    /// Does any rule ask for it?
    pub fn asks(&self, key: &str) -> bool {
        self.attribute(key).is_some()
    }

    /// What people call an attribute; one that no rule asks for is called by its key.
    pub fn attribute_name(&self, key: &str) -> Name {
        self.attribute(key).map_or_else(|| Name::new(key, key), |one| one.name.clone())
    }

    /// An answer in words; one to something that no rule asks for stays as it is.
    pub fn answer_words(&self, key: &str, answer: &str) -> Name {
        self.attribute(key).map_or_else(|| Name::new(answer, answer), |one| one.words(answer))
    }

    /// The rules that ship with the program.
    pub fn built_in() -> Result<Self, RuleError> {
        Self::load(BUILT_IN.iter().copied())
    }

    /// Reads rule files; every file is right, or the first error is returned.
    pub fn load<'f>(files: impl IntoIterator<Item = (&'f str, &'f str)>) -> Result<Self, RuleError> {
        let mut book = Self::default();
        for (file, text) in files {
            let failed = |what: String| RuleError { file: file.to_owned(), what };
            let parsed: RuleFile = toml::from_str(text).map_err(|error| failed(error.to_string()))?;
            let attributes = parsed.attributes.into_iter().map(attribute_of).collect::<Result<Vec<_>, _>>();
            let attributes = attributes.map_err(failed)?;
            for rule in parsed.rules {
                let rule = build(rule, &attributes).map_err(failed)?;
                if book.rules.iter().any(|known| known.id == rule.id) {
                    return Err(failed(format!("规则“{}”定义了两次 (rule defined twice)", rule.id)));
                }
                book.rules.push(rule);
            }
            if book.rules.len() > MOST_RULES {
                return Err(failed(format!("规则超过 {MOST_RULES} 条 (more rules than that)")));
            }
            for section in parsed.sections {
                let taken = |known: &&Section| {
                    known.letter == section.letter || known.from <= section.to && section.from <= known.to
                };
                if section.from > section.to || book.sections.iter().find(taken).is_some() {
                    return Err(failed(format!("门类“{}”与别的重叠或上下限颠倒 (section overlaps)", section.letter)));
                }
                book.sections.push(section);
            }
            book.tests.extend(parsed.tests.into_iter().map(|test| (file.to_owned(), test)));
            book.test_layers.extend(parsed.test_layers.into_iter().map(|layer| (file.to_owned(), layer)));
        }
        Ok(book)
    }
}

fn attribute_of(text: AttributeText) -> Result<Attribute, String> {
    let wrong = |what: String| Err(format!("[[attribute]] {}: {what}", text.key));
    let values: Vec<AttributeValue> = text.values.into_iter().map(AttributeValue::from).collect();
    if !values.is_empty() && !text.unit.is_empty() {
        return wrong("有 values 就没有 unit (values have no unit)".into());
    }
    for (place, value) in values.iter().enumerate() {
        if value.code.is_empty() || value.name.zh.is_empty() || value.name.en.is_empty() {
            return wrong("values 的代码和中英文名称都要写 (a value needs its code and both names)".into());
        }
        if values[..place].iter().any(|before| before.code == value.code) {
            return wrong(format!("值“{}”写了两次 (value given twice)", value.code));
        }
    }
    Ok(Attribute { name: Name::new(text.name_zh, text.name_en), key: text.key, values, unit: text.unit })
}

impl From<ValueText> for AttributeValue {
    fn from(text: ValueText) -> Self {
        match text {
            ValueText::Plain(code) => Self { name: Name::new(code.clone(), code.clone()), code },
            ValueText::Named(value) => Self { name: Name::new(value.name_zh, value.name_en), code: value.code },
        }
    }
}

/// Words in quotes that are 2 to 4 digits.
fn classes_of(when: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in when.split(['\'', '"']).skip(1).step_by(2) {
        let class = (2..=4).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit());
        if class && !found.iter().any(|known| known == word) {
            found.push(word.to_owned());
        }
    }
    found
}

fn build(text: RuleText, known: &[Attribute]) -> Result<Rule, String> {
    let when = Expression::compile(&text.when).map_err(|error| format!("规则 {}: {error}", text.id))?;
    let day = |value: &Option<String>| match value {
        None => Ok(None),
        Some(date) => {
            Day::parse(date).map(Some).ok_or_else(|| format!("规则 {}: “{date}”不是日期 (not a date)", text.id))
        }
    };
    if text.layers.is_empty()
        && text.when.contains('(')
        && ["within(", "inside(", "distance(", "share("].iter().any(|call| text.when.contains(call))
    {
        return Err(format!("规则 {}: layers 没有列出它用到的图层 (list the layers it uses)", text.id));
    }
    let attributes = text.attributes.iter().map(|key| {
        let attribute = known.iter().find(|attribute| attribute.key == *key).cloned();
        attribute.ok_or_else(|| format!("规则 {}: 没有 [[attribute]] “{key}” (no such attribute)", text.id))
    });
    Ok(Rule {
        classes: classes_of(&text.when),
        attributes: attributes.collect::<Result<_, _>>()?,
        valid_from: day(&text.valid_from)?,
        valid_until: day(&text.valid_until)?,
        name: Name::new(text.name_zh, text.name_en),
        verdict: text.verdict,
        layers: text.layers,
        when,
        basis: Name::new(text.basis_zh, text.basis_en),
        condition: Name::new(text.condition_zh, text.condition_en),
        id: text.id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let error = RuleBook::load([("r.toml", text)]).unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
    }

    #[test]
    fn broken_rules_say_which() {
        let rule = |extra: &str| {
            format!(
                "[[rule]]\nid='r'\nname_zh='甲'\nname_en='a'\nverdict='prohibited'\nbasis_zh='第一条'\nbasis_en='art. 1'\n{extra}"
            )
        };
        check(&rule("layers=[]\nwhen='within(\"x\")'"), "list the layers");
        check(&rule("layers=['x']\nwhen='within('"), "syntax");
        check(&rule("layers=[]\nattributes=['fuel']\nwhen='true'"), "no such attribute");
        check(&rule("layers=['x']\nwhen='true'\nvalid_from='soon'"), "not a date");
        check(&rule("layers=['x']\nwhen='true'\nverdict='maybe'"), "duplicate key");
        let twice = format!("{0}\n{0}", rule("layers=['x']\nwhen='true'"));
        check(&twice, "defined twice");
        let attribute = |more: &str| format!("[[attribute]]\nkey='fuel'\nname_zh='燃料'\nname_en='fuel'\n{more}");
        check(&attribute("values=['a','a']"), "value given twice");
        check(&attribute("values=[{code='a', name_zh='甲', name_en=''}]"), "both names");
        check(&attribute("values=[{code='a', name='甲'}]"), "values");
        check(&attribute("values=['a']\nunit='t'"), "values have no unit");
    }

    #[test]
    fn answers_have_names() {
        let text = "[[attribute]]\nkey='fuel'\nname_zh='燃料'\nname_en='fuel'\nvalues=[{code='coal', name_zh='煤', name_en='coal'}, 'gas']
[[attribute]]\nkey='load'\nname_zh='规模'\nname_en='size'\nunit='t/d'
[[rule]]\nid='r'\nname_zh='甲'\nname_en='a'\nverdict='prohibited'\nbasis_zh='条'\nbasis_en='c'\nlayers=[]\nattributes=['fuel','load']\nwhen='true'";
        let book = RuleBook::load([("r.toml", text)]).unwrap();
        let words = |key: &str, answer: &str, zh: &str, en: &str| {
            assert_eq!(book.answer_words(key, answer), Name::new(zh, en));
        };
        words("fuel", "coal", "煤", "coal");
        words("fuel", "gas", "gas", "gas");
        words("fuel", "wood", "wood", "wood");
        words("load", "12.5", "12.5 t/d", "12.5 t/d");
        words("else", "yes", "yes", "yes");
        let [fuel, load] = &book.rules[0].attributes[..] else { unreachable!("two attributes") };
        assert!(fuel.complaint(Some("wood")).unwrap().zh.contains("coal（煤）、gas"));
        assert_eq!((fuel.complaint(Some("gas")), load.complaint(Some("3"))), (None, None));
        assert!(load.complaint(Some("many")).unwrap().en.contains("no number"));
    }
}
