//! Every bound of the way in, at one place. All can be set by the operator; the defaults suit a county.

use std::time::Duration;

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one address; loopback (the simulator, relays on the same machine) is exempt.
    pub connections_per_address: usize,
    pub loopback_exempt: bool,
    /// Nothing heard for this long: closed. Longer than an hour, because some loggers send hours only.
    pub idle: Duration,
    /// A connection that has never sent a whole frame is closed earlier.
    pub idle_before_first_frame: Duration,
    /// A frame that has begun must be complete within this time (a slow writer).
    pub frame: Duration,
    /// An answer that cannot be written within this time closes the connection (a peer that does not read).
    pub write: Duration,
    /// Longest data segment in bytes; the standard says 1024.
    pub segment: usize,
    /// Groups of packets of one connection that may wait for their sync.
    pub window: usize,
    /// Refused bytes of one connection before it is closed.
    pub garbage: usize,
    /// Unknown devices that are kept, and frames kept of each.
    pub quarantined_devices: usize,
    pub quarantined_frames: usize,
    /// Different factor codes that are stored; more are left in the raw frame only.
    pub factors: usize,
    /// A command is sent again after this long without a 9011, at most `command_tries` times.
    pub command_answer: Duration,
    pub command_tries: u32,
    /// After its 9011 a command fails when neither data nor 9012 come for this long.
    pub command_execution: Duration,
    /// A command to a station that is not connected waits this long.
    pub command_wait: Duration,
    /// Commands of one point that may be open at once.
    pub open_commands: usize,
    /// How many hours back missing hours are asked for, and how many requests one round may make.
    pub gap_hours: i64,
    pub gap_requests: usize,
}

impl Limits {
    /// Loopback holds the simulator and relays of this machine.
    pub fn exempts(&self, address: std::net::IpAddr) -> bool {
        self.loopback_exempt && address.is_loopback()
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 20_000,
            connections_per_address: 512,
            loopback_exempt: true,
            idle: Duration::from_secs(75 * 60),
            idle_before_first_frame: Duration::from_secs(10 * 60),
            frame: Duration::from_secs(30),
            write: Duration::from_secs(30),
            segment: 4096,
            window: 4,
            garbage: 256 << 10,
            quarantined_devices: 1000,
            quarantined_frames: 5000,
            factors: 20_000,
            command_answer: Duration::from_secs(10),
            command_tries: 4,
            command_execution: Duration::from_secs(120),
            command_wait: Duration::from_secs(3600),
            open_commands: 16,
            gap_hours: 72,
            gap_requests: 20,
        }
    }
}
