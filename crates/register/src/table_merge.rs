//! Two tables of one field side by side: which rows belong together, which of their cells differ, and the table that
//! chosen rows make. Pure.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::definition::Field;

/// Whose row it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Of the record that stays.
    Kept,
    /// Of the record that goes.
    Duplicate,
}

/// A row of the merged table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RowChoice {
    pub side: Side,
    /// Place in the table of that side, from 0.
    pub row: usize,
}

/// A row of one table, with the row of the other that belongs to it where there is one.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct TableLine {
    pub kept: Option<usize>,
    pub duplicate: Option<usize>,
    /// Columns in which the two differ.
    pub differ: Vec<String>,
}

fn cell<'v>(row: &'v Value, column: &Field) -> Option<&'v Value> {
    row.get(&column.id).filter(|value| !value.is_null())
}

/// Rows that are the same belong together; of the others those whose first cell is the same, where several are, those
/// that agree in the most cells. The rest stand alone: rows of the record that stays in their order, then the rest of
/// the other's.
pub fn side_by_side(columns: &[Field], kept: &[Value], duplicate: &[Value]) -> Vec<TableLine> {
    let equal =
        |left: &Value, right: &Value| columns.iter().filter(|column| cell(left, column) == cell(right, column)).count();
    let mut partner: Vec<Option<usize>> = vec![None; kept.len()];
    let mut free = vec![true; duplicate.len()];
    for (place, row) in kept.iter().enumerate() {
        let same = duplicate.iter().enumerate().find(|(at, other)| free[*at] && equal(row, other) == columns.len());
        if let Some((at, _)) = same {
            free[at] = false;
            partner[place] = Some(at);
        }
    }
    for (place, row) in kept.iter().enumerate().filter(|(_, row)| !row.is_null()) {
        if partner[place].is_some() {
            continue;
        }
        let about_the_same = |other: &Value| {
            columns.first().is_some_and(|first| cell(row, first).is_some() && cell(row, first) == cell(other, first))
        };
        let candidates = duplicate.iter().enumerate().filter(|(at, other)| free[*at] && about_the_same(other));
        // The first of the best: `max_by_key` would give the last.
        if let Some((at, _)) = candidates.rev().max_by_key(|(_, other)| equal(row, other)) {
            free[at] = false;
            partner[place] = Some(at);
        }
    }
    let differ = |place: usize, at: usize| {
        let differing = columns.iter().filter(|column| cell(&kept[place], column) != cell(&duplicate[at], column));
        differing.map(|column| column.id.clone()).collect()
    };
    let of_kept = partner.iter().enumerate().map(|(place, partner)| TableLine {
        kept: Some(place),
        duplicate: *partner,
        differ: partner.map(|at| differ(place, at)).unwrap_or_default(),
    });
    let alone = free.iter().enumerate().filter(|(_, free)| **free);
    let of_duplicate = alone.map(|(at, _)| TableLine { kept: None, duplicate: Some(at), differ: Vec::new() });
    of_kept.chain(of_duplicate).collect()
}

/// The chosen rows in their order; none when a row is not there or is taken twice.
pub fn chosen(kept: &[Value], duplicate: &[Value], rows: &[RowChoice]) -> Option<Vec<Value>> {
    let mut taken = std::collections::HashSet::new();
    let row = |choice: &RowChoice| {
        let side = match choice.side {
            Side::Kept => kept,
            Side::Duplicate => duplicate,
        };
        side.get(choice.row).filter(|_| taken.insert((choice.side, choice.row))).cloned()
    };
    rows.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::FieldType;
    use serde_json::json;

    fn columns() -> Vec<Field> {
        let catalog = crate::built_in::catalog().unwrap();
        let field = catalog.ledger("risk_source").and_then(|ledger| ledger.field("materials").cloned()).unwrap();
        match field.kind {
            FieldType::Table(columns) => columns,
            _ => panic!("materials are a table"),
        }
    }

    /// Rows are `name stored`. Lines as `kept/duplicate: columns that differ`.
    fn check(kept: &[&str], duplicate: &[&str], expect: &[&str]) {
        let rows = |texts: &[&str]| -> Vec<Value> {
            let row = |text: &&str| match text.split_once(' ') {
                Some((name, stored)) => json!({ "name": name, "stored": stored }),
                None => json!({ "name": text, "stored": null }),
            };
            texts.iter().map(row).collect()
        };
        let at = |place: Option<usize>| place.map_or_else(|| "-".to_owned(), |place| place.to_string());
        let shown: Vec<String> = side_by_side(&columns(), &rows(kept), &rows(duplicate))
            .iter()
            .map(|line| format!("{}/{}: {}", at(line.kept), at(line.duplicate), line.differ.join(",")))
            .collect();
        assert_eq!(shown, expect, "{kept:?} {duplicate:?}");
    }

    #[test]
    fn rows_that_belong_together_stand_side_by_side() {
        check(&[], &[], &[]);
        check(&["氨 1", "氯 2"], &["氯 2", "氨 1"], &["0/1: ", "1/0: "]);
        check(&["氨 1"], &["氨 3", "苯"], &["0/0: stored", "-/1: "]);
        check(&["氨"], &["氨 3"], &["0/0: stored"]);
        // The same row first, whatever stands before it.
        check(&["氨 1", "氨 2"], &["氨 2", "氨 9"], &["0/1: stored", "1/0: "]);
        check(&["氨 1"], &["氨 2", "氨 3"], &["0/0: stored", "-/1: "]);
        check(&["氯 1"], &["氨 1"], &["0/-: ", "-/0: "]);
    }

    #[test]
    fn a_row_is_chosen_once_and_must_be_there() {
        let (kept, duplicate) = ([json!({ "name": "氨" })], [json!({ "name": "氯" }), json!({ "name": "苯" })]);
        let of = |side: Side, row: usize| RowChoice { side, row };
        let both = [of(Side::Duplicate, 1), of(Side::Kept, 0)];
        assert_eq!(chosen(&kept, &duplicate, &both), Some(vec![duplicate[1].clone(), kept[0].clone()]));
        assert_eq!(chosen(&kept, &duplicate, &[]), Some(Vec::new()));
        assert_eq!(chosen(&kept, &duplicate, &[of(Side::Kept, 1)]), None);
        assert_eq!(chosen(&kept, &duplicate, &[of(Side::Kept, 0), of(Side::Kept, 0)]), None);
    }
}
