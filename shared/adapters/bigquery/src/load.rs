//! Loads slices: decided by the ledger as it is, staged, and taken over in one transaction if the ledger still is so.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use aispend_ports::{SliceLoad, Verdict, WarehouseError};
use aispend_tables::check_conservation;
use rand::Rng as _;

use crate::{
    BigQuery, BigQueryError, Fault,
    client::Question,
    plan::Plan,
    script::{Outcome, Script},
    staging::{Staged, StagingError},
};

const LOADING: &str = "load slices";

/// The first pause after another load was in the way; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

impl BigQuery {
    /// Loads all slices that can be loaded. Where one cannot, the others are in all the same, and the answer names the
    /// first that is not; loading the others again changes nothing.
    pub(crate) async fn load_slices(&self, slices: &[SliceLoad]) -> Result<Vec<Verdict>, WarehouseError> {
        let limit = self.inner.options.load_timeout;
        let done = tokio::time::timeout(limit, self.load_in_time(slices)).await;
        done.unwrap_or_else(|_| Err(BigQueryError::late(LOADING).into()))
    }

    async fn load_in_time(&self, slices: &[SliceLoad]) -> Result<Vec<Verdict>, WarehouseError> {
        self.ready().await?;
        let mut refused: BTreeMap<usize, String> = BTreeMap::new();
        for (place, slice) in slices.iter().enumerate() {
            if let Err(detail) = check_conservation(slice) {
                refused.insert(place, detail);
            }
        }
        let mut staged = None;
        let mut pause = FIRST_PAUSE;
        let verdicts = loop {
            let at_hand: Vec<usize> =
                (0..slices.len()).filter(|place| !refused.contains_key(place)).collect();
            let plan = self.plan(slices, &at_hand).await?;
            let needs = plan.needs(slices);
            if needs.is_empty() {
                // All of it is old news, and stays so: a ledger only grows.
                break plan.verdicts();
            }
            if !staged.as_ref().is_some_and(|staged: &Staged| staged.covers(&needs)) {
                match self.stage(slices, needs).await {
                    Ok(done) => staged = Some(done),
                    Err(StagingError::Refused { place, detail }) => {
                        refused.insert(place, detail);
                        continue;
                    }
                    Err(StagingError::Engine(error)) => return Err(error.into()),
                }
            }
            let Some(ready) = &staged else { continue };
            match self.take_over(slices, &plan, ready).await {
                Ok(Outcome::Committed) => break plan.verdicts(),
                Ok(Outcome::Moved) => {}
                Ok(Outcome::Unstaged) => staged = None,
                Err(error) if error.fault() == Some(Fault::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
            let wait = rand::rng().random_range(Duration::ZERO..pause);
            tracing::info!(wait_millis = wait.as_millis() as u64, "another load was first, starting again");
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        };
        match refused.pop_first() {
            None => Ok(verdicts),
            Some((place, detail)) => {
                let slice_key = slices.get(place).map(|load| load.slice.key()).unwrap_or_default();
                Err(WarehouseError::Refused { slice_key, detail })
            }
        }
    }

    async fn plan(&self, slices: &[SliceLoad], at_hand: &[usize]) -> Result<Plan, BigQueryError> {
        if at_hand.is_empty() {
            return Ok(Plan::new(slices, at_hand, Vec::new()));
        }
        let mut keys: Vec<String> =
            at_hand.iter().filter_map(|place| slices.get(*place)).map(|load| load.slice.key()).collect();
        keys.sort_unstable();
        keys.dedup();
        let run = run_of(slices, at_hand.first());
        Ok(Plan::new(slices, at_hand, self.lines_of(&keys, run).await?))
    }

    async fn take_over(
        &self,
        slices: &[SliceLoad],
        plan: &Plan,
        staged: &Staged,
    ) -> Result<Outcome, BigQueryError> {
        let started = Instant::now();
        let sql = Script { bigquery: self, slices, plan, staged }.write();
        let run = run_of(slices, plan.steps.first().map(|step| &step.place));
        // As long as the load may take: a script that is left alone may still commit.
        let timeout = Some(self.inner.options.load_timeout);
        let answer = self.ask(Question { run, timeout, ..Question::new(LOADING, sql) }).await?;
        let outcome = answer.single().as_deref().and_then(Outcome::parse).ok_or_else(|| {
            BigQueryError::new(LOADING, Fault::Service, "the script did not say what became of it")
        })?;
        tracing::debug!(?outcome, load.id = %staged.load_id, millis = started.elapsed().as_millis() as u64, "script done");
        Ok(outcome)
    }
}

/// The label of what is done for several slices: the run of the first.
fn run_of<'a>(slices: &'a [SliceLoad], place: Option<&usize>) -> Option<&'a str> {
    slices.get(*place?).map(|load| load.run_id.as_str())
}
