//! One seed from beginning to end.

use std::collections::BTreeSet;

use aispend_ports::{Archive, Topic};
use aispend_proto::Message as _;
use aispend_proto::v1::envelope::Body;
use aispend_proto::v1::{Envelope, FetchRequested};
use aispend_simulator::{FaultLevel, FaultPlan, Simulator, Vendor, World};
use aispend_stage::{Header, Output, read_envelope};
use aispend_testkit::Dice;
use aispend_testkit::memory::WarehouseSwitches;
use aispend_testkit::sim::Timeline;

use super::mutant::Mutant;
use super::plant::Plant;
use super::process::StageKind;
use super::scenario::Scenario;
use super::schedule::{Schedule, Wildness};
use super::{Sat, checks};

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;

/// Lives through a seed and compares.
pub fn tell(seed: u64, mutant: Option<Mutant>, trace: bool) -> Result<Sat, String> {
    let mut dice = Dice::new(seed);
    let scenario = Scenario::draw(seed, &mut dice);
    if trace {
        eprintln!("{scenario:#?}");
    }
    let world = scenario.world();
    let mut options = scenario.accounts();
    options.drops_pages = mutant == Some(Mutant::FirstPageOnly);
    let timeline = Timeline::new(scenario.bad_moment(0, &mut dice));
    let settings = scenario.settings(&world);
    let simulator = Simulator::new(world, FaultPlan::none());
    let plant = Plant::new(simulator, settings, options, Mutant::warehouse(mutant), timeline, dice.fork());
    let mut story = Story { scenario: &scenario, plant: &plant, trace, reconsiderations: 0 };
    let mut schedule = Schedule::new(&plant, dice.fork(), mutant, trace);
    for place in 0..scenario.bad_days {
        story.bad_day(place, &mut schedule, &mut dice)?;
    }
    story.calm_day(&mut schedule, &mut dice)?;
    checks::at_rest(&plant)?;
    checks::against_truth(&scenario, &plant)?;
    checks::any_order(&plant)?;
    let fresh = story.without_trouble(plant.vendors().world.clone())?;
    checks::against_fresh(&plant, &fresh)?;
    Ok(Sat::of(&scenario.sittings.counts))
}

struct Story<'a> {
    scenario: &'a Scenario,
    plant: &'a Plant,
    trace: bool,
    reconsiderations: u32,
}

impl Story<'_> {
    fn say(&self, what: impl FnOnce() -> String) {
        if self.trace {
            eprintln!("{} * {}", self.plant.timeline.now(), what());
        }
    }

    /// A day on which everything may go wrong.
    fn bad_day(&self, place: u64, schedule: &mut Schedule<'_>, dice: &mut Dice) -> Result<(), String> {
        let plant = self.plant;
        plant.timeline.advance_to(self.scenario.bad_moment(place, dice).as_microsecond());
        plant.weather.set_failures(dice.pick(&[0, 5, 20]).copied().unwrap_or(0));
        schedule.wildness = wildness(dice);
        self.break_vendors(place, dice);
        for kind in [StageKind::Fetcher, StageKind::Loader] {
            let skew = skew(kind, dice);
            self.say(|| format!("{kind:?}'s clock is off by {skew} us"));
            plant.clock(kind).set_skew(skew);
        }
        self.restate(dice);
        for _ in 0..dice.between(1, 2) {
            self.trigger(dice);
        }
        if dice.chance(500) {
            schedule.run(dice.between(50, 3_000))?;
            self.restate(dice);
            self.trigger(dice);
            if dice.chance(300) {
                schedule.restart_all();
            }
        }
        if dice.chance(300) {
            self.replay_parked();
        }
        if dice.chance(700) {
            schedule.run_out()?;
        } else {
            // What is left waits until tomorrow.
            schedule.run(dice.between(500, 6_000))?;
        }
        Ok(())
    }

    fn break_vendors(&self, place: u64, dice: &mut Dice) {
        let level =
            dice.pick(&[FaultLevel::None, FaultLevel::Light, FaultLevel::Heavy]).copied().unwrap_or_default();
        let mut plan = FaultPlan::new(dice.roll(), level);
        for (list, per_mille) in [(&mut plan.down, 60), (&mut plan.unreachable, 60), (&mut plan.locked, 60)] {
            for vendor in [Vendor::Anthropic, Vendor::Cursor, Vendor::Google] {
                if dice.chance(per_mille) {
                    list.push(vendor);
                }
            }
        }
        self.say(|| {
            format!(
                "vendors: {level:?}, down {:?}, unreachable {:?}, locked {:?}",
                plan.down, plan.unreachable, plan.locked
            )
        });
        let mut simulator = self.plant.vendors();
        simulator.faults.plan = plan;
        simulator.faults.forget();
        let is_open =
            self.scenario.config.analytics && place >= self.scenario.beta_opens && !dice.chance(100);
        simulator.world.config_mut().analytics = is_open;
        simulator.world.config_mut().enterprise_analytics =
            self.scenario.config.enterprise_analytics && !dice.chance(100);
        drop(simulator);
        let mut absent = self.scenario.never.clone();
        absent.extend(self.scenario.shaky.iter().filter(|_| dice.chance(500)).cloned());
        self.say(|| format!("beta {is_open}, absent sheets {absent:?}"));
        self.plant.fetch.change(|options| options.absent = absent);
    }

    fn restate(&self, dice: &mut Dice) {
        for _ in 0..dice.below(4) {
            let restatement = self.plant.vendors().world.restate_anything(dice.roll());
            self.say(|| format!("{restatement:?}"));
        }
    }

    /// What a scheduler, a person or an impatient script sends.
    fn trigger(&self, dice: &mut Dice) {
        let (first, last) = self.scenario.days();
        match dice.below(8) {
            0..=4 => self.send(r#"{"trigger":"daily"}"#.to_owned()),
            5 => self.send(format!(r#"{{"from":"{first}","to":"{last}"}}"#)),
            6 => drop(self.request("reprocess", true, dice.roll())),
            _ => drop(self.request("reconsider", false, dice.roll())),
        }
    }

    fn send(&self, text: String) {
        self.say(|| text.clone());
        self.plant.bus.send(Topic::FetchRequests, text);
    }

    fn request(&self, trigger: &str, reprocess: bool, number: u64) -> String {
        let run_id = format!("{trigger}-{number}");
        self.say(|| run_id.clone());
        let header = Header { run_id: run_id.clone(), ..Header::default() };
        let body = FetchRequested { trigger: trigger.to_owned(), reprocess, ..FetchRequested::default() };
        let output =
            Output::new(Topic::FetchRequests, &header, self.plant.timeline.now(), Body::FetchRequested(body));
        self.plant.bus.send(Topic::FetchRequests, output.encode().data);
        run_id
    }

    /// What `aispend dead-letters replay` does: the slice comes again as its next revision, other messages as they are.
    fn replay_parked(&self) -> usize {
        let parked = self.plant.parked.all();
        for message in &parked {
            self.plant.parked.take(&message.id);
            self.say(|| format!("replay {} {} {}", message.stage, message.reason, message.slice_key));
            let fetched = message.fetched.as_ref().and_then(|bytes| Envelope::decode(bytes.clone()).ok());
            match fetched {
                Some(envelope) => {
                    let again = Envelope { revision: envelope.revision + 1, ..envelope };
                    self.plant.bus.send(Topic::RawSlices, again.encode_to_vec());
                }
                None => self.plant.bus.send(message.topic, message.message.clone()),
            }
        }
        parked.len()
    }

    /// The vendors answer, the clocks are right; processes die and messages double as before.
    fn calm_day(&mut self, schedule: &mut Schedule<'_>, dice: &mut Dice) -> Result<(), String> {
        let plant = self.plant;
        plant.timeline.advance_to(self.scenario.calm_moment().as_microsecond());
        self.say(|| "calm".to_owned());
        plant.weather.set_failures(0);
        for kind in StageKind::ALL {
            plant.clock(kind).set_skew(0);
        }
        {
            let mut simulator = plant.vendors();
            simulator.faults.plan = FaultPlan::none();
            let config = simulator.world.config_mut();
            config.analytics = self.scenario.config.analytics;
            config.enterprise_analytics = self.scenario.config.enterprise_analytics;
        }
        plant.fetch.change(|options| options.absent.clone_from(&self.scenario.never));
        schedule.wildness = wildness(dice);
        if dice.chance(500) {
            schedule.run_out()?;
        }
        self.last_run(schedule)?;
        // Old news, after all: it must not change anything.
        while self.replay_parked() > 0 {
            self.reconsider(schedule)?;
        }
        Ok(())
    }

    fn last_run(&mut self, schedule: &mut Schedule<'_>) -> Result<(), String> {
        let (first, last) = self.scenario.days();
        self.send(format!(r#"{{"from":"{first}","to":"{last}"}}"#));
        self.reconsider(schedule)
    }

    /// Looks again at what a newer context would decide differently, until nothing is left.
    fn reconsider(&mut self, schedule: &mut Schedule<'_>) -> Result<(), String> {
        for _ in 0..6 {
            schedule.run_out()?;
            for dead in self.plant.bus.take_dead() {
                self.plant.bus.send(dead.topic, dead.data);
            }
            self.reconsiderations += 1;
            let run_id = self.request("reconsider", false, u64::from(self.reconsiderations));
            schedule.run_out()?;
            if self.planned(&run_id)?.is_empty() && self.plant.bus.is_quiet() {
                return Ok(());
            }
        }
        Err("reconsidering never comes to an end".to_owned())
    }

    fn planned(&self, run_id: &str) -> Result<BTreeSet<String>, String> {
        let name = format!("plans/run-{run_id}");
        let stored = checks::wait(self.plant.archive.get(&name)).map_err(|error| error.to_string())?;
        let envelope = read_envelope(&stored).map_err(|error| error.to_string())?;
        let Some(Body::RunPlanned(planned)) = envelope.body else { return Err(format!("{name} is no plan")) };
        Ok(planned.slices.iter().map(|slice| format!("{:?}", slice.slice)).collect())
    }

    /// The same world, loaded once into an empty warehouse.
    fn without_trouble(&self, world: World) -> Result<Plant, String> {
        let timeline = Timeline::new(self.scenario.calm_moment());
        let settings = self.scenario.settings(&world);
        let options = aispend_testkit::sim::SimFetchOptions { page_size: None, ..self.scenario.accounts() };
        let simulator = Simulator::new(world, FaultPlan::none());
        let plant =
            Plant::new(simulator, settings, options, WarehouseSwitches::default(), timeline, Dice::new(0));
        let mut schedule = Schedule::new(&plant, Dice::new(0), None, false);
        let mut story = Story { scenario: self.scenario, plant: &plant, trace: false, reconsiderations: 0 };
        story.last_run(&mut schedule)?;
        drop(schedule);
        Ok(plant)
    }
}

fn wildness(dice: &mut Dice) -> Wildness {
    Wildness {
        deaths: dice.pick(&[0, 3, 15, 40]).copied().unwrap_or(0),
        doubles: dice.pick(&[0, 20, 100]).copied().unwrap_or(0),
        echoes: dice.pick(&[0, 3, 12]).copied().unwrap_or(0),
    }
}

/// How wrong a clock is, in microseconds. Mostly it is right.
fn skew(kind: StageKind, dice: &mut Dice) -> i64 {
    if !dice.chance(200) {
        return 0;
    }
    let skews: &[i64] = match kind {
        StageKind::Fetcher => &[5 * MINUTE, 2 * HOUR, 24 * HOUR, -HOUR],
        _ => &[-15 * MINUTE, 5 * MINUTE],
    };
    dice.pick(skews).copied().unwrap_or(0)
}
