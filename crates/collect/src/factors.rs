//! Factor codes to numbers without asking the store for what is known already.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};

use store::{Store, StoreError};

use crate::intake::{FactorNumber, FactorNumbers};
use crate::relock;

/// Slots of each thread's cache.
const SLOTS: usize = 512;

/// A code of at most eight bytes as one number, of which dictionary, and what it is numbered there.
#[derive(Clone, Copy)]
struct Slot {
    code: u64,
    dictionary: usize,
    number: FactorNumber,
}

thread_local! {
    static CACHE: RefCell<Box<[Option<Slot>]>> = RefCell::new(vec![None; SLOTS].into_boxed_slice());
}

/// Codes are mostly six letters and digits; `None` for longer ones.
fn packed(code: &str) -> Option<u64> {
    let bytes = code.as_bytes();
    (bytes.len() <= 8).then(|| bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}

const fn place(code: u64) -> usize {
    (code.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 55) as usize % SLOTS
}

/// The store's dictionary, remembered, and bounded so that a device that invents codes cannot grow it for ever.
pub struct Factors {
    store: Arc<dyn Store>,
    known: RwLock<HashMap<Box<str>, FactorNumber>>,
    most: usize,
    /// Tells this dictionary's slots from another's in the threads' caches.
    dictionary: usize,
}

impl Factors {
    pub fn new(store: Arc<dyn Store>, most: usize) -> Self {
        static DICTIONARIES: AtomicUsize = AtomicUsize::new(0);
        let dictionary = DICTIONARIES.fetch_add(1, Ordering::Relaxed);
        Self { store, known: RwLock::default(), most, dictionary }
    }
}

impl FactorNumbers for Factors {
    fn number(&self, code: &str) -> Result<Option<FactorNumber>, StoreError> {
        let Some(packed) = packed(code) else { return self.look_up(code) };
        let cached = CACHE.with_borrow(|cache| cache[place(packed)]);
        if let Some(slot) = cached.filter(|slot| slot.code == packed && slot.dictionary == self.dictionary) {
            return Ok(Some(slot.number));
        }
        let found = self.look_up(code)?;
        if let Some(number) = found {
            let slot = Slot { code: packed, dictionary: self.dictionary, number };
            CACHE.with_borrow_mut(|cache| cache[place(packed)] = Some(slot));
        }
        Ok(found)
    }
}

impl Factors {
    fn look_up(&self, code: &str) -> Result<Option<FactorNumber>, StoreError> {
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
