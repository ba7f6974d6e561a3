//! What a worker says about itself.

use std::sync::atomic::{AtomicU8, Ordering::SeqCst};

/// In which part of its life a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Opening its doors.
    Starting,
    /// Takes messages.
    Ready,
    /// Takes no more, finishes what it has.
    Draining,
}

/// The phase, for the server and the main task.
#[derive(Debug, Default)]
pub struct Health(AtomicU8);

impl Health {
    /// The phase now.
    pub fn phase(&self) -> Phase {
        match self.0.load(SeqCst) {
            0 => Phase::Starting,
            1 => Phase::Ready,
            _ => Phase::Draining,
        }
    }

    /// Begins the next phase.
    pub fn enter(&self, phase: Phase) {
        self.0.store(phase as u8, SeqCst);
    }
}
