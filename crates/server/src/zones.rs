//! Zones of the admission check from the ledgers: the one place where `register` and `zone` meet.

use kernel::Problem;
use register::Register;
use zone::model::Drawn;
use zone::{LayerPlan, LayerSet, Zone};

/// The layers as pack and ledgers say now.
pub fn layers_of(plan: &LayerPlan, register: &Register) -> Result<LayerSet, Problem> {
    let catalog = register.catalog();
    plan.with(|source| {
        let ledger = catalog
            .ledger(&source.ledger)
            .ok_or_else(|| Problem::invalid(format!("map/zones.toml：没有台账“{}” (no such ledger)", source.ledger)))?;
        if let Some(field) = source.filter.keys().find(|field| ledger.field(field).is_none()) {
            let what = format!("map/zones.toml：台账“{}”没有字段“{field}” (no such field)", source.ledger);
            return Err(Problem::invalid(what));
        }
        let (records, without_geometry) = register.drawn(&source.ledger, &source.filter)?;
        Ok(Drawn {
            schematic: records.iter().any(|record| record.schematic),
            without_geometry,
            zones: records
                .into_iter()
                .map(|record| Zone {
                    key: record.key,
                    name: record.title,
                    shape: record.shape,
                    valid_from: record.valid_from,
                    valid_until: record.valid_until,
                })
                .collect(),
        })
    })
}
