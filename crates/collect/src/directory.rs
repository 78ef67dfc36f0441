//! Which point a device reports for, and how far it is tolerated (绑定与容错). Pure; built by the wiring from
//! ledger records and exchanged as a whole when they change.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use hj212::{Edition, Strictness};
use kernel::{Actor, Problem, Timestamp};

/// How often a device is expected to send, in seconds; `None`: not at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExpectedIntervals {
    pub realtime: Option<u32>,
    pub minute: Option<u32>,
    pub hour: Option<u32>,
}

impl ExpectedIntervals {
    /// The shortest of them: after twice that without data something is wrong.
    pub fn shortest(&self) -> Option<u32> {
        [self.realtime, self.minute, self.hour].into_iter().flatten().min()
    }
}

/// One dated binding of (MN, ST) to a point.
#[derive(Clone, Debug)]
pub struct Device {
    pub mn: String,
    pub system: u16,
    pub point: i64,
    pub from: Timestamp,
    /// Exclusive; `None`: still valid.
    pub until: Option<Timestamp>,
    /// `None`: any password is accepted.
    pub password: Option<String>,
    pub strictness: Strictness,
    /// The edition it is registered with; `None`: whatever its packets say.
    pub edition: Option<Edition>,
    /// Accept CRC-16/MODBUS beside the HJ 212 one.
    pub modbus_crc: bool,
    /// Addresses the device may come from; empty: any.
    pub addresses: Vec<IpAddr>,
    /// SM4 key of the 2025 edition.
    pub sm4_key: Option<[u8; 16]>,
    pub intervals: ExpectedIntervals,
}

impl Device {
    /// A binding with nothing but its place: any password, address and edition, ordinary tolerance.
    pub fn new(mn: impl Into<String>, system: u16, point: i64, from: Timestamp) -> Self {
        Self {
            mn: mn.into(),
            system,
            point,
            from,
            until: None,
            password: None,
            strictness: Strictness::default(),
            edition: None,
            modbus_crc: false,
            addresses: Vec::new(),
            sm4_key: None,
            intervals: ExpectedIntervals::default(),
        }
    }

    pub fn in_force(&self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }

    /// May it come from this address? An IPv4 address mapped into IPv6 is the same address.
    pub fn allows(&self, address: IpAddr) -> bool {
        self.addresses.is_empty() || self.addresses.iter().any(|known| known.to_canonical() == address.to_canonical())
    }
}

/// All bindings of a division.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    devices: HashMap<String, Vec<Arc<Device>>>,
}

/// What the directory says of a packet.
#[derive(Clone, Debug)]
pub enum Resolution {
    Known(Arc<Device>),
    /// The device is known, but not for this system code or this time.
    NoBinding,
    Unknown,
}

/// Where an adopted device is bound for good: the register's ledger of devices. Without one (a bare collector)
/// the binding stands in collect's own table.
pub trait BindingKeeper: Send + Sync {
    /// Binds a device to a point from a time on, once however often it is asked; gives all bindings as they are then.
    fn bind(
        &self,
        actor: &Actor,
        device: (&str, u16),
        point: i64,
        from: Timestamp,
        now: Timestamp,
    ) -> Result<Directory, Problem>;
}

impl Directory {
    pub fn new(devices: impl IntoIterator<Item = Device>) -> Self {
        let mut directory = Self::default();
        for device in devices {
            directory.add(device);
        }
        directory
    }

    /// Adds a binding behind those that are there: where two are in force, the earlier entry counts. One without
    /// MN is left out: it would take in every packet without MN by system code and time alone.
    pub fn add(&mut self, device: Device) {
        if device.mn.trim().is_empty() {
            return;
        }
        self.devices.entry(device.mn.clone()).or_default().push(Arc::new(device));
    }

    /// Has the device any binding for this system code, whenever it held?
    pub fn knows(&self, mn: &str, system: u16) -> bool {
        self.devices.get(mn).is_some_and(|devices| devices.iter().any(|device| device.system == system))
    }

    /// The binding in force at `at` for this device and system code.
    pub fn resolve(&self, mn: &str, system: u16, at: Timestamp) -> Resolution {
        let Some(devices) = self.devices.get(mn) else { return Resolution::Unknown };
        match devices.iter().find(|device| device.system == system && device.in_force(at)) {
            Some(device) => Resolution::Known(Arc::clone(device)),
            None => Resolution::NoBinding,
        }
    }

    /// The binding of this very MN whose password, addresses and tolerance hold for what arrives now: that of the
    /// system code in force now, else its newest of the system code, else (answers come as ST=91) another of the
    /// device. It says how the device is treated, never which point its data belong to: see [`Self::resolve`].
    pub fn settings(&self, mn: &str, system: u16, now: Timestamp) -> Option<&Arc<Device>> {
        let devices = self.devices.get(mn)?;
        let of_system = || devices.iter().filter(|device| device.system == system);
        of_system()
            .find(|device| device.in_force(now))
            .or_else(|| of_system().max_by_key(|device| device.from))
            .or_else(|| devices.iter().find(|device| device.in_force(now)))
            .or_else(|| devices.first())
    }

    /// SM4 keys of a device's bindings. Which of them opens a frame is proven by the frame's CRC.
    pub fn keys(&self, mn: &str) -> impl Iterator<Item = [u8; 16]> {
        self.devices.get(mn).into_iter().flatten().filter_map(|device| device.sm4_key)
    }

    pub fn devices(&self) -> impl Iterator<Item = &Arc<Device>> {
        self.devices.values().flatten()
    }

    /// The bindings of a point that are in force at `at`.
    pub fn of_point(&self, point: i64, at: Timestamp) -> Vec<Arc<Device>> {
        self.devices().filter(|device| device.point == point && device.in_force(at)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(mn: &str, system: u16, point: i64, from: i64, until: Option<i64>) -> Device {
        Device { until: until.map(Timestamp), ..Device::new(mn, system, point, Timestamp(from)) }
    }

    fn check(mn: &str, system: u16, at: i64, expect: Option<i64>) {
        let directory = Directory::new([
            device("A", 22, 1, 0, Some(100)),
            device("A", 22, 2, 100, None),
            device("A", 31, 3, 0, None),
        ]);
        let found = match directory.resolve(mn, system, Timestamp(at)) {
            Resolution::Known(device) => Some(device.point),
            Resolution::NoBinding => Some(-1),
            Resolution::Unknown => None,
        };
        assert_eq!(found, expect, "{mn} {system} {at}");
    }

    #[test]
    fn the_binding_of_the_data_time_decides() {
        check("A", 22, 99, Some(1));
        check("A", 22, 100, Some(2));
        check("A", 31, 50, Some(3));
        check("A", 32, 50, Some(-1));
        check("B", 22, 50, None);
    }

    #[test]
    fn a_binding_without_mn_takes_in_nothing() {
        let directory = Directory::new([device("", 22, 1, 0, None), device(" ", 22, 2, 0, None)]);
        for mn in ["", " ", "A"] {
            assert!(matches!(directory.resolve(mn, 22, Timestamp(5)), Resolution::Unknown), "{mn:?}");
            assert!(directory.settings(mn, 22, Timestamp(5)).is_none(), "{mn:?}");
        }
        assert_eq!(directory.devices().count(), 0);
    }

    #[test]
    fn a_device_is_treated_by_the_binding_of_its_system_code_in_force() {
        let check = |mn: &str, system: u16, now: i64, expect: Option<i64>| {
            let directory = Directory::new([
                device("A", 22, 1, 0, Some(100)),
                device("A", 31, 2, 0, Some(50)),
                device("A", 31, 3, 100, Some(200)),
                device("B", 22, 4, 0, None),
            ]);
            let found = directory.settings(mn, system, Timestamp(now)).map(|device| device.point);
            assert_eq!(found, expect, "{mn} {system} {now}");
        };
        check("A", 22, 50, Some(1));
        check("A", 31, 20, Some(2));
        check("A", 31, 150, Some(3));
        check("A", 31, 70, Some(3));
        check("A", 91, 20, Some(1));
        check("A", 91, 150, Some(3));
        check("A", 91, 900, Some(1));
        check("C", 22, 50, None);
    }
}
