//! Who is asking: users, passwords, sessions, and the one-time link that makes the first administrator.

mod gate;
pub mod http;
mod ops;
mod password;
mod rate;
pub mod rows;

pub use ops::{Ended, Identity, NewUser, User, UserChange};
pub use rows::MIGRATIONS;
