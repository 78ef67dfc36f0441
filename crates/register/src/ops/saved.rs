//! What a user keeps of a list: his or her own, seen by nobody else. A taste and not a fact, so without events.

use kernel::{Actor, ErrorCode, Problem};

use super::write::definition_of;
use super::{Register, refuse};
use crate::saved::{self, MOST_VIEWS, OwnViews, SavedView};
use crate::saved_rows;

impl Register {
    /// Views and columns that the actor keeps of a ledger's list.
    pub fn own_views(&self, actor: &Actor, ledger: &str) -> Result<OwnViews, Problem> {
        self.reading_scope(actor)?;
        let catalog = self.catalog();
        let definition = definition_of(&catalog, ledger)?;
        let own = self.store.read(|reader| saved_rows::of(reader, self.division, actor.id, ledger))?;
        Ok(saved::still_there(definition, own))
    }

    /// Keeps a view; one of the same name is replaced.
    pub fn save_view(&self, actor: &Actor, ledger: &str, view: &SavedView) -> Result<OwnViews, Problem> {
        self.reading_scope(actor)?;
        let catalog = self.catalog();
        let view = saved::checked(definition_of(&catalog, ledger)?, view)?;
        self.store.write(|transaction| {
            let there = saved_rows::of(transaction.as_reader(), self.division, actor.id, ledger)?.views;
            if there.len() >= MOST_VIEWS && !there.iter().any(|known| known.name == view.name) {
                let what = format!("一本台账最多保存 {MOST_VIEWS} 个视图 (too many saved views)");
                return Err(refuse(Problem::new(ErrorCode::TooMany, what)));
            }
            saved_rows::save(transaction, self.division, actor.id, ledger, &view)
        })?;
        self.own_views(actor, ledger)
    }

    /// Keeps the columns that a list opens with; none: the usual ones again.
    pub fn save_columns(&self, actor: &Actor, ledger: &str, columns: &[String]) -> Result<OwnViews, Problem> {
        self.reading_scope(actor)?;
        let catalog = self.catalog();
        let columns = saved::checked_columns(definition_of(&catalog, ledger)?, columns)?;
        let unnamed = SavedView { columns, ..SavedView::default() };
        self.store.write(|transaction| {
            if unnamed.columns.is_empty() {
                saved_rows::remove(transaction, self.division, actor.id, ledger, "")?;
                return Ok(());
            }
            saved_rows::save(transaction, self.division, actor.id, ledger, &unnamed)
        })?;
        self.own_views(actor, ledger)
    }

    pub fn remove_view(&self, actor: &Actor, ledger: &str, name: &str) -> Result<OwnViews, Problem> {
        self.reading_scope(actor)?;
        // The row without a name holds the columns.
        let unknown = || Problem::not_found(format!("没有视图“{name}” (no such view)"));
        let gone = !name.is_empty()
            && self
                .store
                .write(|transaction| saved_rows::remove(transaction, self.division, actor.id, ledger, name))?;
        if gone { self.own_views(actor, ledger) } else { Err(unknown()) }
    }
}
