//! Factor codes to numbers without asking the store for what is known already.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use store::{Store, StoreError};

use crate::intake::{FactorNumber, FactorNumbers};
use crate::relock;

/// The store's dictionary, remembered, and bounded so that a device that invents codes cannot grow it for ever.
pub struct Factors {
    store: Arc<dyn Store>,
    known: RwLock<HashMap<Box<str>, FactorNumber>>,
    most: usize,
}

impl Factors {
    pub fn new(store: Arc<dyn Store>, most: usize) -> Self {
        Self { store, known: RwLock::default(), most }
    }
}

impl FactorNumbers for Factors {
    fn number(&self, code: &str) -> Result<Option<FactorNumber>, StoreError> {
        if let Some(number) = relock(self.known.read()).get(code) {
            return Ok(Some(*number));
        }
        let full = relock(self.known.read()).len() >= self.most;
        if full {
            return Ok(None);
        }
        let base = code.split_once('-').map_or(code, |(factor, _)| factor);
        let number = self.store.factor_number(code)?;
        let number = FactorNumber { number, known: hj212::factor::find(base).is_some() };
        relock(self.known.write()).insert(code.into(), number);
        Ok(Some(number))
    }
}
