//! The wire protocol of China's pollutant monitoring stations (污染物在线监控系统数据传输), in the editions
//! HJ/T 212-2005, HJ 212-2017 and HJ 212-2025: framing, checksum, borrowed parsing, building, encryption,
//! commands, factor codes and marks.
//!
//! Map: [`frame`] cuts a byte stream into frames → [`packet`] reads the header of a frame's data segment →
//! [`cp`] reads its data area → [`describe`] makes a printable form of all of it. [`encode`] is the way back,
//! [`join`] puts split packets together, [`cipher`] is SM4 on the data area, [`command`], [`factor`], [`mark`]
//! and [`system`] are the code tables.
//!
//! Invariants: nothing here performs I/O, reads a clock or panics on any input; memory is bounded by the
//! framer's limit; parsing borrows from the frame and copies nothing; nothing here imports a crate of ours.
//! Every tolerated oddity leaves a named [`Anomaly`].

pub mod anomaly;
pub mod cipher;
pub mod command;
pub mod cp;
pub mod crc;
pub mod describe;
pub mod edition;
pub mod encode;
pub mod factor;
pub mod frame;
pub mod join;
pub mod mark;
pub mod number;
pub mod packet;
pub mod system;
pub mod time;

pub use anomaly::{Anomalies, Anomaly, Strictness};
pub use cp::{Content, Reading};
pub use crc::CrcKind;
pub use edition::Edition;
pub use frame::{Frame, Framer, Refusal, RefusalKind, Unit};
pub use packet::{Data, Packet, PacketError};
