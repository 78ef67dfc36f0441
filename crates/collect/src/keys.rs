//! SM4 keys given to devices by 1014 (2025 §6.4): kept on disk, the newest few of each in memory, because a
//! device goes on with the old key until it has taken the new one in.

use std::collections::HashMap;
use std::sync::RwLock;

use kernel::{Division, Timestamp};
use store::{Reader, StoreError, Transaction};

use crate::{relock, rows};

/// A device that asks again sooner than this gets the same key again.
const SHORTEST_LIFE_MILLIS: i64 = 3_600_000;
const KEPT: usize = 3;

type Key = ([u8; 16], Timestamp);

#[derive(Default)]
pub struct IssuedKeys(RwLock<HashMap<String, Vec<Key>>>);

impl IssuedKeys {
    pub fn load(reader: &dyn Reader, division: Division) -> Result<Self, StoreError> {
        let mut keys: HashMap<String, Vec<Key>> = HashMap::new();
        for (mn, text, at) in rows::issued_keys(reader, division)? {
            if let Ok(key) = text.as_bytes().try_into() {
                keys.entry(mn).or_default().push((key, at));
            }
        }
        Ok(Self(RwLock::new(keys)))
    }

    /// Newest first.
    pub fn of(&self, mn: &str) -> Vec<[u8; 16]> {
        relock(self.0.read()).get(mn).map_or_else(Vec::new, |keys| keys.iter().map(|key| key.0).collect())
    }

    /// The key for a device that asks: a fresh one, on disk before it is used.
    pub fn issue(
        &self,
        transaction: &dyn Transaction,
        division: Division,
        mn: &str,
        now: Timestamp,
    ) -> Result<[u8; 16], StoreError> {
        if let Some(&(key, at)) = relock(self.0.read()).get(mn).and_then(|keys| keys.first())
            && now.millis() - at.millis() < SHORTEST_LIFE_MILLIS
        {
            return Ok(key);
        }
        let mut random = [0u8; 16];
        getrandom::fill(&mut random).map_err(|error| StoreError::Shape(format!("making a key: {error}")))?;
        // Characters, because NewSK is sent as text. 62 of them; the bias of the remainder is 1 in 64.
        const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let key = random.map(|byte| LETTERS[usize::from(byte) % LETTERS.len()]);
        let text: String = key.iter().map(|&byte| char::from(byte)).collect();
        rows::save_issued_key(transaction, division, mn, &text, now)?;
        Ok(key)
    }

    /// Takes a key that is durable into use.
    pub fn remember(&self, mn: &str, key: [u8; 16], now: Timestamp) {
        let mut keys = relock(self.0.write());
        let keys = keys.entry(mn.to_owned()).or_default();
        if keys.first().is_none_or(|newest| newest.0 != key) {
            keys.insert(0, (key, now));
            keys.truncate(KEPT);
        }
    }
}
