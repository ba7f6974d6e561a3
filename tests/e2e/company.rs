//! A small company, its vendors and the whole pipeline, calm unless a story says otherwise.

use std::collections::BTreeSet;

use aispend_fetcher::Sittings;
use aispend_ports::Topic;
use aispend_proto::v1::envelope::Body;
use aispend_proto::v1::{RunPlanned, SliceFailed, SliceLoaded};
use aispend_simulator::{FaultPlan, Quirks, Simulator, WorldConfig};
use aispend_stage::{Header, read_envelope};
use aispend_testkit::Dice;
use aispend_testkit::memory::WarehouseSwitches;
use aispend_testkit::sim::{SheetsFrom, Timeline};
use aispend_tests::simulation::{Plant, Scenario, Schedule, against_truth};
use jiff::civil::date;

pub struct Company {
    pub scenario: Scenario,
    pub plant: Plant,
}

/// What the stages said about slices and runs.
pub struct Heard {
    pub failed: Vec<(String, SliceFailed)>,
    pub loaded: Vec<(String, SliceLoaded)>,
    pub planned: Vec<RunPlanned>,
}

impl Company {
    /// Three people, two days, every vendor, no oddities.
    pub fn new(change: impl FnOnce(&mut Scenario)) -> Self {
        let config = WorldConfig {
            quirks: Quirks::NONE,
            events_per_person_day: 6,
            ..WorldConfig::company(11, 3, date(2026, 10, 5), date(2026, 10, 6))
        };
        let mut scenario = Scenario {
            config,
            bad_days: 1,
            beta_opens: 0,
            sheets_from: SheetsFrom::Files,
            never: BTreeSet::new(),
            shaky: Vec::new(),
            page_size: None,
            sittings: Sittings::default(),
        };
        change(&mut scenario);
        let world = scenario.world();
        let timeline = Timeline::new(scenario.calm_moment());
        let (settings, options) = (scenario.settings(&world), scenario.accounts());
        let simulator = Simulator::new(world, FaultPlan::none());
        let switches = WarehouseSwitches::default();
        let plant = Plant::new(simulator, settings, options, switches, timeline, Dice::new(1));
        Self { scenario, plant }
    }

    /// Sends a request and lets the pipeline come to rest; says what was heard of it.
    pub fn run(&self, request: &str) -> Heard {
        let before = self.plant.bus.settled(Topic::SliceEvents).len();
        self.plant.bus.send(Topic::FetchRequests, request.to_owned());
        Schedule::new(&self.plant, Dice::new(2), None, false).run_out().unwrap();
        let mut heard = Heard { failed: Vec::new(), loaded: Vec::new(), planned: Vec::new() };
        for data in self.plant.bus.settled(Topic::SliceEvents).into_iter().skip(before) {
            let envelope = read_envelope(&data).unwrap();
            let key = Header::try_from(&envelope).unwrap().slice_key();
            match envelope.body {
                Some(Body::SliceFailed(failed)) => heard.failed.push((key, failed)),
                Some(Body::SliceLoaded(loaded)) => heard.loaded.push((key, loaded)),
                Some(Body::RunPlanned(planned)) => heard.planned.push(planned),
                _ => {}
            }
        }
        heard
    }

    /// Reads both days of all feeds.
    pub fn run_all(&self) -> Heard {
        self.run(r#"{"from":"2026-10-05","to":"2026-10-06"}"#)
    }

    pub fn is_true(&self) -> Result<(), String> {
        against_truth(&self.scenario, &self.plant)
    }

    /// How often a path was asked for.
    pub fn asked(&self, path: &str) -> u64 {
        self.plant.vendors().requests().get(path).copied().unwrap_or(0)
    }
}

impl Heard {
    /// The failure of the first slice whose key begins so.
    pub fn failure(&self, key: &str) -> Option<&SliceFailed> {
        self.failed.iter().find(|(known, _)| known.starts_with(key)).map(|(_, failed)| failed)
    }

    /// True where a slice whose key begins so was loaded.
    pub fn has_loaded(&self, key: &str) -> bool {
        self.loaded.iter().any(|(known, _)| known.starts_with(key))
    }
}
