//! Device bindings: the register's ledger as collect reads it, and adopted devices written into it.

use std::sync::Arc;

use collect::directory::{BindingKeeper, ExpectedIntervals};
use collect::{Device, Directory};
use kernel::{Actor, Problem, Timestamp};
use register::{DeviceBinding, Register};

/// Adopted devices become records of the ledger `device_binding`, where people see and end them.
pub struct LedgerBindings(pub Arc<Register>);

impl BindingKeeper for LedgerBindings {
    fn bind(
        &self,
        actor: &Actor,
        (mn, system): (&str, u16),
        point: i64,
        from: Timestamp,
        now: Timestamp,
    ) -> Result<Directory, Problem> {
        let st = hj212::system::code(system);
        let bound = self.0.devices().iter().any(|device| {
            device.mn == mn
                && device.st == st
                && device.point == point
                && device.from <= from
                && device.until.is_none_or(|until| until > now)
        });
        if !bound {
            self.0.bind_device(actor, (mn, &st), point, from, now)?;
        }
        Ok(directory_of(&self.0.devices()))
    }
}

/// The register's bindings as collect reads them. One that cannot be read is left out and named in the log.
pub fn directory_of(bindings: &[DeviceBinding]) -> Directory {
    Directory::new(bindings.iter().filter_map(|binding| match device_of(binding) {
        Ok(device) => Some(device),
        Err(why) => {
            tracing::warn!(mn = binding.mn, st = binding.st, why, "a device binding is left out");
            None
        }
    }))
}

fn device_of(binding: &DeviceBinding) -> Result<Device, &'static str> {
    let system = hj212::system::number(&binding.st).ok_or("系统编码不认识 (unknown system code)")?;
    // Without one it would take in packets by system code and time alone.
    if binding.mn.trim().is_empty() {
        return Err("没有 MN (no MN)");
    }
    let sm4_key = match &binding.sm4_key {
        None => None,
        Some(text) => {
            let bytes = hex::decode(text).map_err(|_| "SM4 密钥不是十六进制 (the SM4 key is not hexadecimal)")?;
            Some(bytes.try_into().map_err(|_| "SM4 密钥应为 16 字节 (the SM4 key must have 16 bytes)")?)
        }
    };
    let addresses = binding.addresses.iter().map(|text| text.parse()).collect::<Result<Vec<_>, _>>();
    Ok(Device {
        until: binding.until,
        password: binding.password.clone(),
        strictness: hj212::Strictness::from_name(&binding.strictness).ok_or("容错级别不认识 (unknown strictness)")?,
        edition: binding.edition.as_deref().and_then(hj212::Edition::from_year),
        modbus_crc: binding.modbus_crc,
        addresses: addresses.map_err(|_| "来源地址不是 IP (an address is no IP address)")?,
        sm4_key,
        intervals: ExpectedIntervals {
            realtime: binding.realtime_seconds,
            minute: binding.minute_minutes.map(|minutes| minutes.saturating_mul(60)),
            hour: binding.hourly.then_some(3600),
        },
        ..Device::new(&binding.mn, system, binding.point, binding.from)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding() -> DeviceBinding {
        DeviceBinding {
            record: 1,
            mn: "A".into(),
            st: "22".into(),
            point: 7,
            from: Timestamp(0),
            until: None,
            password: None,
            strictness: "standard".into(),
            modbus_crc: false,
            addresses: vec!["10.0.0.1".into()],
            sm4_key: Some("00112233445566778899aabbccddeeff".into()),
            edition: Some("2025".into()),
            realtime_seconds: Some(60),
            minute_minutes: Some(10),
            hourly: true,
            simulated: true,
        }
    }

    #[test]
    fn a_binding_becomes_a_device() {
        let device = device_of(&binding()).unwrap();
        assert_eq!((device.system, device.point, device.intervals.minute), (22, 7, Some(600)));
        assert_eq!(device.edition, Some(hj212::Edition::V2025));
        assert!(device.allows("10.0.0.1".parse().unwrap()) && !device.allows("10.0.0.2".parse().unwrap()));
    }

    #[test]
    fn a_binding_that_cannot_be_read_never_opens_the_door() {
        for broken in [
            DeviceBinding { mn: " ".into(), ..binding() },
            DeviceBinding { st: "XX".into(), ..binding() },
            DeviceBinding { strictness: "".into(), ..binding() },
            DeviceBinding { addresses: vec!["anywhere".into()], ..binding() },
            DeviceBinding { sm4_key: Some("0011".into()), ..binding() },
        ] {
            assert!(device_of(&broken).is_err(), "{broken:?}");
        }
    }
}
