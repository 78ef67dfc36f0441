//! Reads the options of a subcommand.

use std::fs::File;
use std::io::Read;
use std::str::FromStr;

/// Options (`--name value`), switches (`--name`) and what remains.
#[derive(Debug, Default)]
pub struct Arguments {
    options: Vec<(String, String)>,
    switches: Vec<String>,
    pub rest: Vec<String>,
}

impl Arguments {
    pub fn read(arguments: &[String], options: &[&str], switches: &[&str]) -> Result<Self, String> {
        let mut read = Self::default();
        let mut given = arguments.iter();
        while let Some(argument) = given.next() {
            match argument.strip_prefix("--") {
                Some(name) if switches.contains(&name) => read.switches.push(name.to_owned()),
                Some(name) if options.contains(&name) => {
                    let value = given.next().ok_or_else(|| format!("--{name} 缺少值 (needs a value)"))?;
                    read.options.push((name.to_owned(), value.clone()));
                }
                Some(_) => return Err(format!("不认识的选项 {argument} (unknown option)")),
                None => read.rest.push(argument.clone()),
            }
        }
        Ok(read)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.options.iter().rev().find(|option| option.0 == name).map(|option| option.1.as_str())
    }

    pub fn has(&self, name: &str) -> bool {
        self.switches.iter().any(|switch| switch == name)
    }

    pub fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, String> {
        self.get(name)
            .map(|text| text.parse().map_err(|_| format!("--{name} {text}：不是有效的数 (not a valid number)")))
            .transpose()
    }

    /// `--sm4-key` as 32 hex digits.
    pub fn key(&self) -> Result<Option<[u8; 16]>, String> {
        self.get("sm4-key")
            .map(|text| {
                hex::decode(text)
                    .ok()
                    .and_then(|bytes| bytes.try_into().ok())
                    .ok_or_else(|| "--sm4-key 应为32位十六进制数字 (must be 32 hex digits)".to_owned())
            })
            .transpose()
    }
}

/// A file, or the standard input for `-` and nothing.
pub fn open(path: Option<&str>) -> Result<Box<dyn Read>, String> {
    match path {
        None | Some("-") => Ok(Box::new(std::io::stdin().lock())),
        Some(path) => {
            let file = File::open(path).map_err(|error| format!("无法打开 {path} (cannot open it): {error}"))?;
            Ok(Box::new(file))
        }
    }
}
