//! Puts the parts of a split packet together (拆分包合并). Optional: every part is a data area of its own, so a
//! receiver may as well store each part as it comes. Parts belong together by (MN, ST, CN, DataTime, PNUM), not
//! by QN: the 2017 example gives each part a QN of its own.

use std::collections::{BTreeMap, VecDeque};

use crate::cp::Content;
use crate::packet::Packet;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    mn: String,
    st: String,
    cn: String,
    data_time: String,
    parts: u16,
}

/// What became of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Joined {
    /// Not a split packet.
    Single,
    /// Parts are still missing: how many.
    Waiting(u16),
    /// All are here: the data areas joined in the order of PNO, DataTime once.
    Complete(String),
    /// The same part again.
    Duplicate,
    /// PNUM or PNO make no sense, or there would be too many parts.
    Refused,
}

/// Parts that wait for others. Holds at most `capacity` packets; the oldest goes first.
#[derive(Debug)]
pub struct Joiner {
    waiting: BTreeMap<Key, BTreeMap<u16, String>>,
    order: VecDeque<Key>,
    capacity: usize,
}

/// More parts than any packet needs.
const MAX_PARTS: u16 = 64;

impl Joiner {
    pub fn new(capacity: usize) -> Self {
        Self { waiting: BTreeMap::new(), order: VecDeque::new(), capacity: capacity.max(1) }
    }

    /// Packets that wait for parts.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub fn take(&mut self, packet: &Packet<'_>, content: &Content<'_>) -> Joined {
        let (Some(parts), Some(part)) = (packet.pnum, packet.pno) else { return Joined::Single };
        if parts <= 1 && part <= 1 {
            return Joined::Single;
        }
        if part == 0 || part > parts || parts > MAX_PARTS {
            return Joined::Refused;
        }
        let key = Key {
            mn: packet.mn.to_owned(),
            st: packet.st.to_owned(),
            cn: packet.cn.to_owned(),
            data_time: content.data_time.unwrap_or_default().to_owned(),
            parts,
        };
        if !self.waiting.contains_key(&key) {
            if self.waiting.len() >= self.capacity
                && let Some(oldest) = self.order.pop_front()
            {
                self.waiting.remove(&oldest);
            }
            self.order.push_back(key.clone());
        }
        let held = self.waiting.entry(key.clone()).or_default();
        if held.contains_key(&part) {
            return Joined::Duplicate;
        }
        held.insert(part, packet.text().to_owned());
        let missing = parts - held.len() as u16;
        if missing > 0 {
            return Joined::Waiting(missing);
        }
        let held = self.waiting.remove(&key).unwrap_or_default();
        self.order.retain(|waiting| *waiting != key);
        Joined::Complete(join(held.into_values()))
    }
}

fn join(areas: impl Iterator<Item = String>) -> String {
    let mut joined = String::new();
    for area in areas {
        let area = area.trim_matches(';');
        let rest = match area.split_once(';') {
            Some((time, rest)) if !joined.is_empty() && time.trim_start().starts_with("DataTime=") => rest,
            _ => area,
        };
        if !joined.is_empty() {
            joined.push(';');
        }
        joined.push_str(rest);
    }
    joined
}
