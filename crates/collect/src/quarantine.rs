//! Devices that nobody has adopted (隔离): kept, within bounds, until somebody does.

use std::collections::HashMap;
use std::sync::Mutex;

use kernel::Division;
use store::{Reader, StoreError};

use crate::{anomaly, limits::Limits, relock, rows};

/// How many frames of each unknown device were let in, and how many were turned away since the start. Counts
/// what was let in, not what was stored, so that a flood between two commits is bounded too; what could not be
/// stored is released again.
#[derive(Debug)]
pub struct Quarantine {
    devices: Mutex<HashMap<(String, u16), Held>>,
    most_devices: usize,
    most_frames: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Held {
    frames: usize,
    refused: u64,
}

impl Quarantine {
    pub fn load(reader: &dyn Reader, division: Division, limits: &Limits) -> Result<Self, StoreError> {
        let devices = rows::quarantined_counts(reader, division)?;
        Ok(Self {
            devices: Mutex::new(
                devices.into_iter().map(|(device, frames)| (device, Held { frames, refused: 0 })).collect(),
            ),
            most_devices: limits.quarantined_devices,
            most_frames: limits.quarantined_frames,
        })
    }

    /// One that lets nothing in, for frames that are in quarantine already.
    pub fn closed() -> Self {
        Self { devices: Mutex::default(), most_devices: 0, most_frames: 0 }
    }

    /// May one more frame of this device be kept? `Err` names why not.
    pub fn admit(&self, mn: &str, system: u16) -> Result<(), &'static str> {
        let mut devices = relock(self.devices.lock());
        // One look-up without an allocation would need a borrowed pair as key; unknown devices are rare.
        let key = (mn.to_owned(), system);
        if let Some(held) = devices.get_mut(&key) {
            if held.frames >= self.most_frames {
                held.refused += 1;
                return Err(anomaly::QUARANTINE_FULL);
            }
            held.frames += 1;
            return Ok(());
        }
        if devices.len() >= self.most_devices {
            return Err(anomaly::QUARANTINE_DEVICES_FULL);
        }
        devices.insert(key, Held { frames: 1, refused: 0 });
        Ok(())
    }

    /// So many frames of a device are no longer there.
    pub fn release(&self, mn: &str, system: u16, frames: usize) {
        let mut devices = relock(self.devices.lock());
        let key = (mn.to_owned(), system);
        if let Some(held) = devices.get_mut(&key) {
            held.frames = held.frames.saturating_sub(frames);
            if held.frames == 0 {
                devices.remove(&key);
            }
        }
    }

    /// Frames of a device that were turned away since the start because its places were taken.
    pub fn refused(&self, mn: &str, system: u16) -> u64 {
        relock(self.devices.lock()).get(&(mn.to_owned(), system)).map_or(0, |held| held.refused)
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
        let admitted = |mn: &str, times: usize| (0..times).filter(|_| quarantine.admit(mn, 22).is_ok()).count();
        assert_eq!(admitted("A", 5), 3);
        assert_eq!(admitted("B", 1), 1);
        assert_eq!(admitted("C", 5), 0);
        assert_eq!((quarantine.refused("A", 22), quarantine.refused("B", 22)), (2, 0), "turned away, and counted");
        assert_eq!(quarantine.admit("A", 22), Err(anomaly::QUARANTINE_FULL));
        assert_eq!(quarantine.admit("C", 22), Err(anomaly::QUARANTINE_DEVICES_FULL));
        quarantine.release("A", 22, 1);
        assert_eq!(admitted("A", 5), 1, "only the place that was released");
        quarantine.release("A", 22, 3);
        assert_eq!(admitted("C", 5), 3);
        assert_eq!(quarantine.devices(), 2);
    }
}
