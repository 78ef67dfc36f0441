//! What a user keeps of a ledger's list (保存的视图): filters and columns under a name, and the columns that it opens
//! with. Pure.

use std::collections::BTreeMap;

use kernel::Problem;
use serde::{Deserialize, Serialize};

use crate::definition::{FieldType, LedgerDefinition};

/// Views that one user keeps of one ledger.
pub const MOST_VIEWS: usize = 20;
pub const MOST_COLUMNS: usize = 20;
const LONGEST_NAME: usize = 40;
/// Characters of one filter's value.
const LONGEST_VALUE: usize = 200;

/// A list as somebody wants to see it again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedView {
    pub name: String,
    /// Filters of the list by field, and `q` and `deleted`.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// Fields that are shown, in this order; none: as the list opens.
    #[serde(default)]
    pub columns: Vec<String>,
}

/// All that a user keeps of one list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, schemars::JsonSchema)]
pub struct OwnViews {
    /// Fields that the list opens with; none: the ledger's usual ones.
    pub columns: Vec<String>,
    pub views: Vec<SavedView>,
}

/// Columns as they are kept: known fields, each once.
pub fn checked_columns(definition: &LedgerDefinition, columns: &[String]) -> Result<Vec<String>, Problem> {
    let mut kept: Vec<String> = Vec::new();
    for column in columns {
        if !fits(definition, column) {
            return Err(Problem::invalid(format!("“{column}”不能作列 (not a column of this list)")));
        }
        if !kept.contains(column) {
            kept.push(column.clone());
        }
    }
    if kept.len() > MOST_COLUMNS {
        return Err(Problem::invalid(format!("最多 {MOST_COLUMNS} 列 (too many columns)")));
    }
    Ok(kept)
}

/// Tables are shown on the record itself.
fn fits(definition: &LedgerDefinition, column: &str) -> bool {
    definition.field(column).is_some_and(|field| !matches!(field.kind, FieldType::Table(_)))
}

/// A view as it is kept.
pub fn checked(definition: &LedgerDefinition, view: &SavedView) -> Result<SavedView, Problem> {
    let name = view.name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(Problem::invalid(format!(
            "名称为 1–{LONGEST_NAME} 字 (a name has 1 to {LONGEST_NAME} characters)"
        )));
    }
    let mut query = BTreeMap::new();
    for (field, value) in view.query.iter().filter(|(_, value)| !value.is_empty()) {
        let sensitive = definition.field(field).is_some_and(|field| field.sensitive);
        let known = ["q", "deleted", "simulated", "schematic", "tags"].contains(&field.as_str())
            || definition.filters.contains(field);
        if !known || sensitive {
            return Err(Problem::invalid(format!("不能按“{field}”筛选 (not a filter)")));
        }
        if value.chars().count() > LONGEST_VALUE {
            return Err(Problem::invalid(format!("“{field}”的值最多 {LONGEST_VALUE} 字 (the value is too long)")));
        }
        query.insert(field.clone(), value.clone());
    }
    Ok(SavedView { name: name.to_owned(), query, columns: checked_columns(definition, &view.columns)? })
}

/// What was kept, without columns that a newer definition no longer has.
pub fn still_there(definition: &LedgerDefinition, mut own: OwnViews) -> OwnViews {
    let lists = std::iter::once(&mut own.columns).chain(own.views.iter_mut().map(|view| &mut view.columns));
    for columns in lists {
        columns.retain(|column| fits(definition, column));
    }
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, query: &[(&str, &str)], columns: &[&str], expect: Result<&str, &str>) {
        let catalog = crate::built_in::catalog().unwrap();
        let definition = catalog.ledger("enterprise").unwrap();
        let view = SavedView {
            name: name.to_owned(),
            query: query.iter().map(|(field, value)| ((*field).to_owned(), (*value).to_owned())).collect(),
            columns: columns.iter().map(|column| (*column).to_owned()).collect(),
        };
        match (checked(definition, &view), expect) {
            (Ok(kept), Ok(shown)) => {
                assert_eq!(format!("{} {:?} {:?}", kept.name, kept.query, kept.columns), shown);
            }
            (Err(problem), Err(what)) => assert!(problem.to_string().contains(what), "{problem}"),
            (found, expect) => panic!("{view:?}: {found:?}, expected {expect:?}"),
        }
    }

    #[test]
    fn a_view_names_what_the_list_has() {
        check(
            " 重点 ",
            &[("q", "龙潭"), ("tags", "")],
            &["name", "number", "name"],
            Ok(r#"重点 {"q": "龙潭"} ["name", "number"]"#),
        );
        check(" ", &[], &[], Err("1 to 40"));
        check("a\nb", &[], &[], Err("1 to 40"));
        check(&"长".repeat(41), &[], &[], Err("1 to 40"));
        check("a", &[("page", "2")], &[], Err("not a filter"));
        check("a", &[("q", &"x".repeat(201))], &[], Err("too long"));
        check("a", &[], &["no_such_field"], Err("not a column"));
    }

    #[test]
    fn a_column_that_is_gone_is_not_shown() {
        let catalog = crate::built_in::catalog().unwrap();
        let columns = vec!["name".to_owned(), "gone".to_owned()];
        let view = SavedView { columns: columns.clone(), ..SavedView::default() };
        let own = still_there(catalog.ledger("enterprise").unwrap(), OwnViews { columns, views: vec![view] });
        assert_eq!((own.columns, &own.views[0].columns), (vec!["name".to_owned()], &vec!["name".to_owned()]));
    }
}
