//! The vendors on an ordinary day: a world, its faults, and a count of who was asked what.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::facts::World;
use crate::faults::{FaultPlan, Faults};
use crate::http::{Request, Response};

/// A world behind its faults.
#[derive(Debug, Clone)]
pub struct Simulator {
    /// The facts; restate them at any time.
    pub world: World,
    /// What goes wrong.
    pub faults: Faults,
    requests: BTreeMap<String, u64>,
}

impl Simulator {
    /// Puts a world behind a plan.
    pub fn new(world: World, plan: FaultPlan) -> Self {
        Self { world, faults: Faults::new(plan), requests: BTreeMap::new() }
    }

    /// Answers a request. Look at [`Response::delivery`] before the status: the answer may never arrive.
    pub fn handle(&mut self, now: Timestamp, request: &Request) -> Response {
        *self.requests.entry(request.path.clone()).or_insert(0) += 1;
        if let Some(outage) = self.faults.outage(request) {
            return outage;
        }
        let fault = self.faults.decide(request);
        let answer = self.faults.planted(request, self.world.handle(now, request));
        match fault {
            Some(fault) => self.faults.spoil(fault, request, answer),
            None => answer,
        }
    }

    /// How often each path was asked for.
    pub const fn requests(&self) -> &BTreeMap<String, u64> {
        &self.requests
    }
}
