//! The server as its users meet it. One binary: linking it several times would take longer than running it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod browser;
mod dust;
mod duties;
mod errors;
mod file;
mod flow;
mod full_disk;
mod golden;
mod office;
mod openapi;
mod replay;
mod rig;
mod soil;
mod step_records;
mod zones;
