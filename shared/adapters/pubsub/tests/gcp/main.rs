//! The bus on Google's own emulator. Every test has a project of its own.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // what helps a test is a test

mod batches;
mod bed;
mod closing;
mod dead_letters;
mod leases;
mod outages;
mod pushes;
mod setup;
mod sizes;

mod conformance {
    aispend_testkit::bus_conformance!(real_time; super::bed::on_trial);
}
