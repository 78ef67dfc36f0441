//! Devices that nobody has adopted (隔离): kept, within bounds, until somebody does.

use std::collections::HashMap;
use std::sync::Mutex;

use kernel::Division;
use store::{Reader, StoreError};

use crate::{limits::Limits, relock, rows};

/// How many frames of each unknown device were let in. Counts what was let in, not what was stored, so that a
/// flood between two commits is bounded too.
#[derive(Debug)]
pub struct Quarantine {
    devices: Mutex<HashMap<(String, u16), usize>>,
    most_devices: usize,
    most_frames: usize,
}

impl Quarantine {
    pub fn load(reader: &dyn Reader, division: Division, limits: &Limits) -> Result<Self, StoreError> {
        let devices = rows::quarantined_counts(reader, division)?;
        Ok(Self {
            devices: Mutex::new(devices.into_iter().collect()),
            most_devices: limits.quarantined_devices,
            most_frames: limits.quarantined_frames,
        })
    }

    /// May one more frame of this device be kept?
    pub fn admit(&self, mn: &str, system: u16) -> bool {
        let mut devices = relock(self.devices.lock());
        // One look-up without an allocation would need a borrowed pair as key; unknown devices are rare.
        let key = (mn.to_owned(), system);
        if let Some(count) = devices.get_mut(&key) {
            let admitted = *count < self.most_frames;
            *count += usize::from(admitted);
            return admitted;
        }
        if devices.len() >= self.most_devices {
            return false;
        }
        devices.insert(key, 1);
        true
    }

    pub fn release(&self, mn: &str, system: u16) {
        relock(self.devices.lock()).remove(&(mn.to_owned(), system));
    }

    pub fn devices(&self) -> usize {
        relock(self.devices.lock()).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_unknown_devices_is_bounded() {
        let quarantine = Quarantine { devices: Mutex::default(), most_devices: 2, most_frames: 3 };
        let admitted = |mn: &str, times: usize| (0..times).filter(|_| quarantine.admit(mn, 22)).count();
        assert_eq!(admitted("A", 5), 3);
        assert_eq!(admitted("B", 1), 1);
        assert_eq!(admitted("C", 5), 0);
        quarantine.release("A", 22);
        assert_eq!(admitted("C", 5), 3);
        assert_eq!(quarantine.devices(), 2);
    }
}
