//! Options and operands of the evaluation commands.

use super::table::Problem;
use standards::Date;
use std::collections::BTreeMap;

/// Options that stand alone.
const FLAGS: &[&str] = &["explain", "json", "recompute"];

/// Parsed arguments: `--name value` pairs, flags, and the rest in order.
#[derive(Debug, Default)]
pub struct Arguments {
    options: BTreeMap<String, String>,
    flags: Vec<String>,
    pub operands: Vec<String>,
}

impl Arguments {
    /// # Errors
    /// When an option has no value or is given twice.
    pub fn parse(args: &[String]) -> Result<Self, Vec<Problem>> {
        let mut parsed = Self::default();
        let mut rest = args.iter();
        while let Some(argument) = rest.next() {
            let Some(name) = argument.strip_prefix("--").filter(|name| !name.is_empty()) else {
                parsed.operands.push(argument.clone());
                continue;
            };
            if FLAGS.contains(&name) {
                parsed.flags.push(name.to_owned());
                continue;
            }
            let (name, value) = match name.split_once('=') {
                Some((name, value)) => (name, value.to_owned()),
                None => (name, rest.next().cloned().ok_or_else(|| bad_option(name, "缺少值", "has no value"))?),
            };
            if parsed.options.insert(name.to_owned(), value).is_some() {
                return Err(bad_option(name, "重复给出", "is given twice"));
            }
        }
        Ok(parsed)
    }

    pub fn flag(&self, name: &str) -> bool {
        self.flags.iter().any(|flag| flag == name)
    }

    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    /// An option that must be one of `allowed`.
    ///
    /// # Errors
    /// When it is absent without a default, or something else.
    pub fn choice<'a>(
        &self,
        name: &str,
        allowed: &[&'a str],
        default: Option<&'a str>,
    ) -> Result<&'a str, Vec<Problem>> {
        let list = allowed.join("|");
        match self.option(name) {
            None => default.ok_or_else(|| bad_option(name, &format!("须给出：{list}"), &format!("is needed: {list}"))),
            Some(value) => allowed.iter().copied().find(|allowed| *allowed == value).ok_or_else(|| {
                bad_option(name, &format!("不能是 `{value}`，可为 {list}"), &format!("cannot be `{value}`: {list}"))
            }),
        }
    }

    /// An option that is a number.
    ///
    /// # Errors
    /// When it is given and is not one.
    pub fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Vec<Problem>> {
        self.option(name)
            .map(|text| {
                text.parse()
                    .map_err(|_| bad_option(name, &format!("不是数：`{text}`"), &format!("is not a number: `{text}`")))
            })
            .transpose()
    }

    /// Today, for refusing dates that have not come: the clock, or `--today` in tests.
    ///
    /// # Errors
    /// When `--today` is not a date.
    pub fn today(&self) -> Result<Date, Vec<Problem>> {
        match self.option("today") {
            Some(text) => text.parse().map_err(|error| vec![Problem::new(format!("--today: {error}"))]),
            None => {
                let seconds = std::time::SystemTime::now()
                    .duration_since(std::time::UNIX_EPOCH)
                    .map_or(0, |since| since.as_secs());
                // Civil time of the product, +08:00.
                Ok(Date::from_days_since_epoch(((seconds + 8 * 3600) / 86_400) as i32))
            }
        }
    }

    /// Refuses options that the command does not have: a misspelt one must not be ignored.
    ///
    /// # Errors
    /// Names the first unknown option.
    pub fn only(&self, known: &[&str]) -> Result<(), Vec<Problem>> {
        let common = ["explain", "json", "missing", "today", "standards"];
        let unknown = self
            .options
            .keys()
            .chain(&self.flags)
            .find(|name| !known.contains(&name.as_str()) && !common.contains(&name.as_str()));
        match unknown {
            Some(name) => Err(bad_option(name, "不是本命令的选项", "is not an option of this command")),
            None => Ok(()),
        }
    }

    /// The one file operand.
    ///
    /// # Errors
    /// When there is none or more than one.
    pub fn file(&self) -> Result<&str, Vec<Problem>> {
        match self.operands.as_slice() {
            [file] => Ok(file),
            _ => Err(vec![Problem::new("需要且只需要一个文件 exactly one file is needed (- = standard input)")]),
        }
    }
}

fn bad_option(name: &str, zh: &str, en: &str) -> Vec<Problem> {
    vec![Problem::new(format!("选项 option --{name}：{zh} / {en}"))]
}
