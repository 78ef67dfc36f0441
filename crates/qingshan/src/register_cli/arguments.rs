//! Words and options of `qingshan register`.

use std::path::PathBuf;

#[derive(Debug)]
pub struct Arguments {
    pub words: Vec<String>,
    pub pack: PathBuf,
    pub data: Option<PathBuf>,
    pub out: Option<PathBuf>,
    pub format: String,
    pub text: String,
    pub reason: String,
    pub write: bool,
    pub apply_fixes: bool,
}

impl Arguments {
    pub fn parse(args: &[String]) -> Result<Self, String> {
        let mut found = Self {
            words: Vec::new(),
            pack: PathBuf::from(super::DEFAULT_PACK),
            data: None,
            out: None,
            format: "csv".to_owned(),
            text: String::new(),
            reason: String::new(),
            write: false,
            apply_fixes: false,
        };
        let mut rest = args.iter();
        while let Some(word) = rest.next() {
            let mut value = || rest.next().cloned().ok_or_else(|| format!("{word} 后面缺值 (needs a value)"));
            match word.as_str() {
                "--pack" => found.pack = value()?.into(),
                "--data" => found.data = Some(value()?.into()),
                "--out" => found.out = Some(value()?.into()),
                "--format" => found.format = value()?,
                "--q" => found.text = value()?,
                "--reason" => found.reason = value()?,
                "--write" => found.write = true,
                "--apply-fixes" => found.apply_fixes = true,
                other if other.starts_with("--") => return Err(format!("不认识 {other} (unknown option)")),
                other => found.words.push(other.to_owned()),
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_may_stand_anywhere() {
        let words = ["export", "--format", "kml", "river", "--out", "x.kml"].map(str::to_owned);
        let found = Arguments::parse(&words).unwrap();
        assert_eq!(
            (found.words.as_slice(), found.format.as_str()),
            (["export".to_owned(), "river".to_owned()].as_slice(), "kml")
        );
        assert!(Arguments::parse(&["--out".to_owned()]).is_err());
        assert!(Arguments::parse(&["--outt".to_owned()]).is_err());
    }
}
