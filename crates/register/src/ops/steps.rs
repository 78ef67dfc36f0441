//! Records that a step of something else writes, in its transaction.

use kernel::{Actor, Id, Problem, Timestamp};
use serde_json::{Map, Value};
use store::{StoreError, Transaction, event_log};

use super::Register;
use super::write::{Draft, Target, event_of};
use crate::catalog::Catalog;
use crate::record::Record;
use crate::rows;

impl Register {
    /// Held while records are checked and written for somebody who has a transaction of their own; taken before that
    /// is begun.
    pub fn open_for_steps(&self) -> OpenRegister<'_> {
        let (held, catalog) = self.writing();
        OpenRegister { register: self, _held: held, catalog }
    }
}

/// The register while nobody changes its definitions.
pub struct OpenRegister<'r> {
    register: &'r Register,
    _held: std::sync::RwLockReadGuard<'r, ()>,
    catalog: std::sync::Arc<Catalog>,
}

impl OpenRegister<'_> {
    /// Writes a new record for a step of something else (a case), in its transaction. Whoever may do the step may write
    /// this one record; the revision is theirs.
    ///
    /// # Errors
    /// When the record is refused.
    pub fn write(
        &self,
        transaction: &dyn Transaction,
        actor: &Actor,
        ledger: &str,
        fields: &Map<String, Value>,
        reason: &str,
        now: Timestamp,
    ) -> Result<Record, StoreError> {
        let author = Actor { roles: vec![kernel::Role::MonitoringEngineer], body: None, ..actor.clone() };
        let draft = Draft { fields: fields.clone(), reason: reason.to_owned(), revision: None };
        let target = Target::New { ledger };
        let record = self.register.write_in(transaction, &author, &self.catalog, target, &draft, reason, now)?;
        event_log::append(transaction, self.register.division, now, &[event_of(actor, &record, reason)])?;
        Ok(record)
    }

    /// After the transaction: points may have changed, and somebody may be looking.
    ///
    /// # Errors
    /// When the points cannot be read again.
    pub fn announce(&self, record: Id, now: Timestamp) -> Result<(), Problem> {
        let found = self.register.store.read(|reader| rows::find(reader, self.register.division, record))?;
        found.map_or(Ok(()), |record| self.register.announce(&record, now))
    }
}
