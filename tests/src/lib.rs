//! The harness of the whole pipeline's tests: five stages in one process, under a seed's control.

pub mod simulation;
