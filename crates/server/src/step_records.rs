//! Records that steps of cases write (办理时登记台账): where `act` meets the register for writing.

use std::sync::Arc;

use act::step_record::{Ledgers, OpenLedgers, StepRecord};
use kernel::{Actor, Timestamp};
use register::Register;
use register::ops::OpenRegister;
use serde_json::{Map, Value};
use store::{StoreError, Transaction};

pub struct StepLedgers(pub Arc<Register>);

impl Ledgers for StepLedgers {
    fn open(&self) -> Box<dyn OpenLedgers + '_> {
        Box::new(Open(self.0.open_for_steps()))
    }

    fn required(&self, ledger: &str) -> Vec<String> {
        let catalog = self.0.catalog();
        let fields = catalog.ledger(ledger).map(|ledger| ledger.fields.as_slice()).unwrap_or_default();
        fields.iter().filter(|field| field.required && !field.retired).map(|field| field.id.clone()).collect()
    }
}

struct Open<'r>(OpenRegister<'r>);

impl OpenLedgers for Open<'_> {
    fn write(
        &self,
        transaction: &dyn Transaction,
        actor: &Actor,
        ledger: &str,
        fields: &Map<String, Value>,
        reason: &str,
        now: Timestamp,
    ) -> Result<StepRecord, StoreError> {
        let record = self.0.write(transaction, actor, ledger, fields, reason, now)?;
        Ok(StepRecord { record: record.id, ledger: record.ledger, key: record.content.key })
    }

    fn announce(&self, written: &StepRecord, now: Timestamp) {
        if let Err(problem) = self.0.announce(written.record, now) {
            tracing::warn!(%problem, record = %written.record, "telling others of a record that a case wrote");
        }
    }
}

#[cfg(test)]
mod tests {
    /// What built-in workflows write fits the built-in ledgers.
    #[test]
    fn steps_write_fields_that_ledgers_have() {
        let catalog = register::built_in::catalog().unwrap();
        let workflows = act::Workflows::built_in().unwrap();
        let mut seen = 0;
        for workflow in workflows.all() {
            for writes in workflow.transitions.iter().filter_map(|transition| transition.writes.as_ref()) {
                let ledger = catalog.ledger(&writes.ledger).unwrap();
                for field in writes.fields.keys().chain(&writes.asks) {
                    assert!(ledger.fields.iter().any(|known| known.id == *field), "{} has no {field}", ledger.id);
                }
                for field in ledger.fields.iter().filter(|field| field.required) {
                    let given = writes.fields.contains_key(&field.id) || writes.asks.contains(&field.id);
                    assert!(given, "{} needs {}", ledger.id, field.id);
                }
                seen += 1;
            }
        }
        assert_eq!(seen, 2);
    }
}
