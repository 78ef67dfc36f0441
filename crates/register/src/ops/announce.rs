//! After the transaction: whoever keeps something of a ledger is told that it was written.

use std::collections::BTreeSet;

use api::LiveEvent;
use kernel::{Action, Problem, Timestamp};

use super::Register;
use crate::catalog::Catalog;
use crate::definition::Geometry;
use crate::points::{BINDINGS, DUST_DAYS};
use crate::record::Record;

impl Register {
    /// One record was written: points may have changed, and somebody may be looking.
    pub(super) fn announce(&self, record: &Record, now: Timestamp) -> Result<(), Problem> {
        self.points_or_zones_changed(&self.catalog(), &record.ledger)?;
        self.live.send(LiveEvent {
            kind: "record",
            at: now,
            action: Action::ReadMonitoring,
            owner: record.content.owner.clone(),
            data: serde_json::json!({ "id": record.id, "ledger": record.ledger, "revision": record.revision }),
        });
        Ok(())
    }

    /// Many were, of each of these ledgers so many: one event tells of all of a ledger.
    pub(super) fn announce_many(
        &self,
        catalog: &Catalog,
        written: &[(&str, usize)],
        now: Timestamp,
    ) -> Result<(), Problem> {
        let ledgers: BTreeSet<&str> = written.iter().map(|(ledger, _)| *ledger).collect();
        for ledger in ledgers {
            self.points_or_zones_changed(catalog, ledger)?;
            let records: usize = written.iter().filter(|(known, _)| *known == ledger).map(|(_, count)| count).sum();
            self.live.send(LiveEvent {
                kind: "record",
                at: now,
                action: Action::ReadMonitoring,
                owner: None,
                data: serde_json::json!({ "id": null, "ledger": ledger, "records": records }),
            });
        }
        Ok(())
    }

    /// Exchanges points and bindings where the ledger holds such, and tells those who draw zones or read dust days.
    fn points_or_zones_changed(&self, catalog: &Catalog, ledger: &str) -> Result<(), Problem> {
        self.places.was_written(ledger);
        let definition = catalog.ledger(ledger);
        if ledger == BINDINGS || definition.is_some_and(|definition| definition.observed.is_some()) {
            return self.rebuild();
        }
        let drawn =
            definition.is_some_and(|definition| matches!(definition.geometry, Geometry::Line | Geometry::Polygon));
        if drawn || ledger == DUST_DAYS {
            self.changed.send_modify(|count| *count += 1);
        }
        Ok(())
    }
}
