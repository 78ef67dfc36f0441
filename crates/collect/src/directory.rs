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
    NoBinding(Arc<Device>),
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
            directory.devices.entry(device.mn.clone()).or_default().push(Arc::new(device));
        }
        directory
    }

    /// Adds a binding behind those that are there: where two are in force, the earlier entry counts.
    pub fn add(&mut self, device: Device) {
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
            None => devices.first().map_or(Resolution::Unknown, |device| Resolution::NoBinding(Arc::clone(device))),
        }
    }

    /// Any binding of the device, for its password, key and tolerance.
    pub fn any(&self, mn: &str) -> Option<&Arc<Device>> {
        self.devices.get(mn).and_then(|devices| devices.first())
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
            Resolution::NoBinding(_) => Some(-1),
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
}
