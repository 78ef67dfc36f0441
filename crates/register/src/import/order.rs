//! Rows that other rows link to come before them. Pure.

use std::collections::HashMap;

use kernel::Problem;

use crate::definition::LedgerDefinition;
use crate::link_rows;
use crate::ops::Draft;
use crate::record::Content;

/// A row that passed, and the records of the same ledger that it links to.
pub(super) struct RowDraft {
    pub row: u32,
    pub key: String,
    /// Field and key.
    pub above: Vec<(String, String)>,
    pub draft: Draft,
}

/// A row whose link leads back to it.
pub(super) struct Circle {
    pub row: u32,
    pub field: String,
    pub path: Vec<String>,
}

/// The rows, each after those above it, and the circles. `further` says where a record that is there already links to
/// by a field.
pub(super) fn in_order(
    drafts: Vec<RowDraft>,
    further: impl Fn(&str, &str) -> Result<Option<String>, Problem>,
) -> Result<(Vec<RowDraft>, Vec<Circle>), Problem> {
    let places: HashMap<&str, usize> =
        drafts.iter().enumerate().map(|(place, one)| (one.key.as_str(), place)).collect();
    let mut stored: HashMap<(String, String), Option<String>> = HashMap::new();
    let mut circles = Vec::new();
    for one in &drafts {
        for (field, above) in &one.above {
            let circle = link_rows::circle(&one.key, above, |key| -> Result<Option<String>, Problem> {
                if let Some(&place) = places.get(key) {
                    let next = drafts[place].above.iter().find(|(known, _)| known == field);
                    return Ok(next.map(|(_, key)| key.clone()));
                }
                let name = (field.clone(), key.to_owned());
                if let Some(known) = stored.get(&name) {
                    return Ok(known.clone());
                }
                let next = further(field, key)?;
                stored.insert(name, next.clone());
                Ok(next)
            });
            if let Some(path) = circle? {
                circles.push(Circle { row: one.row, field: field.clone(), path });
            }
        }
    }
    // Also where records that are not in the file lie between.
    let mut above: Vec<Vec<usize>> = Vec::with_capacity(drafts.len());
    for one in &drafts {
        let mut rows = Vec::new();
        for (field, first) in &one.above {
            let (mut key, mut steps) = (Some(first.clone()), 0);
            while let Some(at) = key.take().filter(|_| steps < link_rows::MOST_ABOVE) {
                steps += 1;
                match places.get(at.as_str()) {
                    Some(&place) => rows.push(place),
                    None => key = stored.get(&(field.clone(), at)).cloned().flatten(),
                }
            }
        }
        above.push(rows);
    }
    let order = order_of(&above);
    drop(places);
    let mut drafts: Vec<Option<RowDraft>> = drafts.into_iter().map(Some).collect();
    Ok((order.into_iter().filter_map(|place| drafts.get_mut(place)?.take()).collect(), circles))
}

/// Places of the drafts, each after those that it links to; where links run in a circle, as they come.
fn order_of(rows: &[Vec<usize>]) -> Vec<usize> {
    let mut order = Vec::with_capacity(rows.len());
    let (mut seen, mut done) = (vec![false; rows.len()], vec![false; rows.len()]);
    for first in 0..rows.len() {
        let mut open = vec![first];
        while let Some(&place) = open.last() {
            seen[place] = true;
            let mut above = rows[place].iter();
            match above.find(|above| !seen[**above]) {
                Some(&above) if !done[place] => open.push(above),
                _ => {
                    open.pop();
                    if !std::mem::replace(&mut done[place], true) {
                        order.push(place);
                    }
                }
            }
        }
    }
    order
}

pub(super) fn own_links(definition: &LedgerDefinition, content: &Content) -> Vec<(String, String)> {
    let above = link_rows::own_links(definition, content);
    above.into_iter().map(|(field, key)| (field.id.clone(), key.to_owned())).collect()
}
