//! httpsys shows HTTP happening at the system-call boundary.
//!
//! Data flows one way: `source → event → story → view`. The modules below stand in the order a
//! newcomer should read them; `docs/architecture.md` has the picture and the table of which folder
//! may name which.

pub mod abi;
pub mod event;

pub mod decode;

pub mod http;

pub mod kernel;
pub mod server;

pub mod client;

pub mod source;

pub mod story;
pub mod view;

pub mod explain;
pub mod quiz;

pub mod demo;
pub mod doctor;

pub mod cli;
