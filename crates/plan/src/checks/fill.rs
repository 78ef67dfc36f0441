//! What a new pack still has to say: every place marked 待填 (`qingshan init county` marks them).

use super::Out;
use crate::finding::{Finding, Severity};
use crate::source::{Position, Source};

pub const MARK: &str = "待填";

/// Comment lines may speak of the mark; a remark behind a value names what is missing in it.
pub fn marks(source: &Source<'_>, findings: &mut Vec<Finding>) {
    for (file, text) in source.files.iter().filter(|(file, _)| file.ends_with(".toml") || file.ends_with(".csv")) {
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#')) {
            let Some(at) = line.find(MARK) else { continue };
            let key = line.split('=').next().unwrap_or_default().trim();
            let wanted: String = line[at..].chars().take(80).take_while(|letter| !"\"'}".contains(*letter)).collect();
            let mut out = Out { file, findings };
            out.put(
                "PL005",
                Severity::Warning,
                Position { line: number + 1, column: line[..at].chars().count() + 1 },
                vec![format!("file:{file}")],
                (format!("{key} 还没有填：{wanted}"), format!("{key} is still to be filled in: {wanted}")),
                ("按原始文件填写，删去“待填”", "fill it in from the document and remove the mark"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::source::Files;

    fn check(text: &str, expect: &[(usize, usize)]) {
        let files = Files::from([("county.toml".to_owned(), text.to_owned())]);
        let report = crate::check(&files);
        let found: Vec<(usize, usize)> = report
            .findings
            .iter()
            .filter(|finding| finding.code == "PL005")
            .map(|finding| (finding.at.line, finding.at.column))
            .collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn each_mark_outside_comments_is_a_finding() {
        check("# 待填 means: fill in\nname = \"县\"\n", &[]);
        check("name = \"待填：名称\"\nextent = [1, 2]  # 待填：范围\n", &[(1, 9), (2, 20)]);
    }
}
