//! Decides what happens next: which message to whom, whose turn it is, who dies. One thread, no real time; the seed alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};

use aispend_ports::{BusError, Delivery, Receipt};
use aispend_testkit::Dice;
use aispend_testkit::sim::rough_delivery;
use async_trait::async_trait;

use super::mutant::Mutant;
use super::plant::Plant;
use super::process::{Instance, StageKind, Work};

/// How wild the schedule is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wildness {
    /// Of ten thousand turns, so many end the process whose turn it is.
    pub deaths: u64,
    /// Of a thousand deliveries, so many are of a message that somebody has in hand already.
    pub doubles: u64,
    /// Settled messages that come back all the same. A number, not a share: the echo of a trigger repeats a whole run.
    pub echoes: u64,
}

struct Process {
    kind: StageKind,
    instance: Instance,
    id: u64,
}

struct Task {
    process: u64,
    work: Work,
    awake: Arc<Awake>,
    asleep_until: Option<i64>,
}

struct Awake(AtomicBool);

impl Wake for Awake {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Relaxed);
    }
}

/// A pipeline's processes and what they are at.
pub struct Schedule<'a> {
    plant: &'a Plant,
    dice: Dice,
    processes: Vec<Process>,
    tasks: Vec<Task>,
    next_id: u64,
    mutant: Option<Mutant>,
    trace: bool,
    /// How wild it is at present.
    pub wildness: Wildness,
    /// Processes that died.
    pub deaths: u64,
    /// Turns given.
    pub turns: u64,
}

impl<'a> Schedule<'a> {
    /// Starts every process.
    pub fn new(plant: &'a Plant, dice: Dice, mutant: Option<Mutant>, trace: bool) -> Self {
        let mut schedule = Self {
            plant,
            dice,
            processes: Vec::new(),
            tasks: Vec::new(),
            next_id: 0,
            mutant,
            trace,
            wildness: Wildness::default(),
            deaths: 0,
            turns: 0,
        };
        for kind in StageKind::ALL {
            for _ in 0..kind.copies() {
                let process = schedule.start(kind);
                schedule.processes.push(process);
            }
        }
        schedule
    }

    fn start(&mut self, kind: StageKind) -> Process {
        self.next_id += 1;
        Process { kind, instance: self.plant.start(kind), id: self.next_id }
    }

    /// Runs so many turns, or until nothing is left to do; true where nothing is left.
    pub fn run(&mut self, turns: u64) -> Result<bool, String> {
        for _ in 0..turns {
            if !self.turn()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Runs until nothing is left to do.
    pub fn run_out(&mut self) -> Result<(), String> {
        if self.run(400_000)? { Ok(()) } else { Err("the pipeline never comes to rest".to_owned()) }
    }

    /// Ends every process and starts it anew: a deployment, or a power cut.
    pub fn restart_all(&mut self) {
        let all: Vec<u64> = self.processes.iter().map(|process| process.id).collect();
        for id in all {
            self.kill(id);
        }
    }

    fn say(&self, what: impl FnOnce() -> String) {
        if self.trace {
            eprintln!("{} {}", self.plant.timeline.now(), what());
        }
    }

    /// One step of the world; false where there is nothing left to do.
    fn turn(&mut self) -> Result<bool, String> {
        self.turns += 1;
        self.plant.timeline.advance(self.dice.between(1, 3_000) as i64);
        let now = self.plant.timeline.now_micros();
        // A task may sleep and wait for something else at the same time.
        let is_ready =
            |task: &Task| task.awake.0.load(Relaxed) || task.asleep_until.is_some_and(|until| until <= now);
        let ready: Vec<usize> = self
            .tasks
            .iter()
            .enumerate()
            .filter(|(_, task)| is_ready(task))
            .map(|(place, _)| place)
            .collect();
        let delivers_first = ready.is_empty() || self.dice.chance(150);
        if delivers_first && self.deliver() {
            return Ok(true);
        }
        if let Some(place) = self.dice.pick(&ready).copied() {
            self.poll(place);
            return Ok(true);
        }
        // Nothing to do now: on to the next moment at which there is.
        let wakes = self.tasks.iter().filter_map(|task| task.asleep_until);
        let free = self.processes.iter().filter(|process| self.is_free(process));
        let comes = free.filter_map(|process| self.plant.bus.next_ready_at(process.kind.topic()));
        match wakes.chain(comes).min() {
            Some(moment) => {
                self.plant.timeline.advance_to(moment);
                Ok(true)
            }
            None if self.tasks.is_empty() && self.plant.bus.is_quiet() => Ok(false),
            None => Err(format!("{} tasks wait for each other", self.tasks.len())),
        }
    }

    fn is_free(&self, process: &Process) -> bool {
        self.tasks.iter().filter(|task| task.process == process.id).count() < process.kind.concurrency()
    }

    /// Hands a message to a process that is free; false where there is none for any.
    fn deliver(&mut self) -> bool {
        if self.wildness.echoes > 0 && self.dice.chance(20) {
            self.wildness.echoes -= 1;
            let place = self.dice.place(self.plant.bus.remembered());
            self.plant.bus.echo(place);
        }
        let mut free: Vec<usize> = (0..self.processes.len())
            .filter(|place| self.processes.get(*place).is_some_and(|process| self.is_free(process)))
            .collect();
        while !free.is_empty() {
            let place = free.swap_remove(self.dice.place(free.len()));
            let Some(process) = self.processes.get(place) else { continue };
            let (kind, id) = (process.kind, process.id);
            let mut numbers = self.plant.bus.ready(kind.topic());
            if self.dice.chance(self.wildness.doubles) {
                numbers.extend(self.plant.bus.in_hand(kind.topic()));
            }
            let mut deliveries = Vec::new();
            for _ in 0..self.dice.between(1, kind.batch()) {
                if numbers.is_empty() {
                    break;
                }
                let number = numbers.swap_remove(self.dice.place(numbers.len()));
                if let Some(delivery) = self.plant.bus.deliver(number) {
                    self.say(|| {
                        format!("{kind:?}#{id} takes {} (attempt {})", delivery.message_id, delivery.attempt)
                    });
                    deliveries.push(rough_delivery(delivery, &self.plant.weather));
                }
            }
            if deliveries.is_empty() {
                continue;
            }
            let work = match self.mutant {
                Some(Mutant::AckFirst) => ack_first(deliveries, &process.instance),
                _ => (process.instance)(deliveries),
            };
            let awake = Arc::new(Awake(AtomicBool::new(true)));
            self.tasks.push(Task { process: id, work, awake, asleep_until: None });
            return true;
        }
        false
    }

    fn poll(&mut self, place: usize) {
        let Some(task) = self.tasks.get_mut(place) else { return };
        let process = task.process;
        if self.dice.below(10_000) < self.wildness.deaths {
            self.kill(process);
            return;
        }
        task.awake.0.store(false, Relaxed);
        let waker = Waker::from(Arc::clone(&task.awake));
        let polled = task.work.as_mut().poll(&mut Context::from_waker(&waker));
        task.asleep_until = self.plant.timeline.take_sleep();
        if polled == Poll::Ready(()) {
            drop(self.tasks.swap_remove(place));
        }
    }

    /// Ends a process in the middle of whatever it does: what it remembers is gone, what it holds comes again.
    fn kill(&mut self, id: u64) {
        let Some(place) = self.processes.iter().position(|process| process.id == id) else { return };
        self.deaths += 1;
        self.tasks.retain(|task| task.process != id);
        let Some(kind) = self.processes.get(place).map(|process| process.kind) else { return };
        self.say(|| format!("{kind:?}#{id} dies"));
        let process = self.start(kind);
        if let Some(dead) = self.processes.get_mut(place) {
            *dead = process;
        }
    }
}

/// The broken rule: settle first, then see.
fn ack_first(deliveries: Vec<Delivery>, instance: &Instance) -> Work {
    let mut receipts = Vec::new();
    let mut settled = Vec::new();
    for delivery in deliveries {
        let Delivery { message_id, data, attributes, attempt, published_at, receipt } = delivery;
        receipts.push(receipt);
        settled.push(Delivery {
            message_id,
            data,
            attributes,
            attempt,
            published_at,
            receipt: Box::new(Settled),
        });
    }
    let work = instance(settled);
    Box::pin(async move {
        for receipt in receipts {
            receipt.ack().await.unwrap_or_default();
        }
        work.await;
    })
}

struct Settled;

#[async_trait]
impl Receipt for Settled {
    async fn ack(self: Box<Self>) -> Result<(), BusError> {
        Ok(())
    }
    async fn give_back(self: Box<Self>, _after: Option<std::time::Duration>) {}
}
