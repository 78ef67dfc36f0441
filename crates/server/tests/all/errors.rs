//! `docs/errors.md` tells what to do for every number that the program can show.

use std::collections::BTreeMap;
use std::path::Path;

use kernel::ErrorCode;

#[test]
fn every_error_is_explained_and_no_other() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    let text = std::fs::read_to_string(path).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| <a id=\"QS-") || line.starts_with("| QS-"));
    let mut told = BTreeMap::new();
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let code = cells[1].rsplit('>').next().unwrap_or_default();
        assert!(cells[5].chars().count() > 10 && cells[6].chars().count() > 5, "{row}: say what to do");
        assert!(
            told.insert(code.to_owned(), (cells[2].to_owned(), cells[3].to_owned(), cells[4].to_owned())).is_none(),
            "{row} twice"
        );
    }
    let known: BTreeMap<String, (String, String, String)> = ErrorCode::ALL
        .into_iter()
        .map(|code| {
            let (number, status, zh, en) = code.describe();
            (number.to_owned(), (status.to_string(), zh.to_owned(), en.to_owned()))
        })
        .collect();
    assert_eq!(told, known);
}
