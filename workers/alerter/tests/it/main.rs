//! Alerts as people receive them: several alerters over one archive, a real mail server, crashes in between.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod bed;
mod encrypted;
mod smtp;
mod stage;
mod told_once;
mod ways;
