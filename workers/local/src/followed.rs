//! The runs that one trigger leads to.

use aispend_alerter::{RunReport, again_of};
use aispend_fetcher::later_of;

/// A second look has none of its own.
const SECOND_LOOK: &str = "reconsider";

/// A run, the run that reads what it could not plan, and the second look at each.
#[derive(Debug, Clone)]
pub struct Followed {
    /// As it was triggered.
    pub first: RunReport,
    /// Of the vendor that did not answer while the first was planned.
    pub later: Option<RunReport>,
    /// At slices whose context came late.
    pub agains: Vec<RunReport>,
}

impl Followed {
    /// All that is known now of what `run_id` leads to.
    ///
    /// # Errors
    /// When a state cannot be read.
    pub async fn read<E>(
        run_id: &str,
        report_of: impl AsyncFn(&str) -> Result<RunReport, E>,
    ) -> Result<Self, E> {
        let first = report_of(run_id).await?;
        let later = if first.has_later { Some(report_of(&later_of(run_id)).await?) } else { None };
        let mut agains = Vec::new();
        for run in [Some(&first), later.as_ref()].into_iter().flatten() {
            if run.trigger != SECOND_LOOK {
                agains.push(report_of(&again_of(&run.run_id)).await?);
            }
        }
        Ok(Self { first, later, agains })
    }

    /// What was asked for: without the second looks.
    pub fn runs(&self) -> impl Iterator<Item = &RunReport> {
        [Some(&self.first), self.later.as_ref()].into_iter().flatten()
    }

    /// Every run of it.
    pub fn all(&self) -> Vec<&RunReport> {
        self.runs().chain(&self.agains).collect()
    }

    /// True once nothing more comes of the trigger.
    pub fn is_over(&self) -> bool {
        self.all().into_iter().all(RunReport::is_over)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::convert::Infallible;

    use aispend_alerter::{RunState, again_of};
    use aispend_ports::Topic;
    use aispend_proto::v1::envelope::Body;
    use aispend_proto::v1::{FetchRequested, PlannedSlice, RunPlanned, SliceFailed};
    use aispend_stage::{Header, Output, slice_to_wire};
    use jiff::Timestamp;

    use super::*;

    /// The states of runs, as alerters would keep them.
    #[derive(Default)]
    struct Runs(BTreeMap<String, RunState>);

    impl Runs {
        fn take(&mut self, run_id: &str, day: Option<i8>, body: Body) {
            let slice = day.map(slice);
            let header = Header { run_id: run_id.to_owned(), slice, ..Header::default() };
            let event = Output::new(Topic::SliceEvents, &header, Timestamp::UNIX_EPOCH, body).envelope;
            self.0.entry(run_id.to_owned()).or_default().take(&event).unwrap();
        }

        fn plan(&mut self, run_id: &str, days: &[i8], later: Option<FetchRequested>) {
            let planned = |day: &i8| PlannedSlice {
                slice: Some(slice_to_wire(&slice(*day))),
                ..PlannedSlice::default()
            };
            let slices = days.iter().map(planned).collect();
            self.take(run_id, None, Body::RunPlanned(RunPlanned { slices, later, ..RunPlanned::default() }));
        }

        fn end(&mut self, run_id: &str, day: i8) {
            let failed = SliceFailed { state: "failed".to_owned(), ..SliceFailed::default() };
            self.take(run_id, Some(day), Body::SliceFailed(failed));
        }

        async fn read(&self) -> Followed {
            let report_of = async |run_id: &str| {
                let state = self.0.get(run_id).cloned().unwrap_or_default();
                Ok::<_, Infallible>(state.report(run_id))
            };
            Followed::read("run", report_of).await.unwrap()
        }
    }

    fn slice(day: i8) -> aispend_model::Slice {
        let day = jiff::civil::date(2026, 10, day);
        aispend_model::Slice {
            feed: "cursor/usage-events".parse().unwrap(),
            org_id: "cursor".to_owned(),
            day: Some(day),
        }
    }

    #[tokio::test]
    async fn a_run_is_over_with_its_second_look() {
        let mut runs = Runs::default();
        assert!(!runs.read().await.is_over(), "nothing is known of it yet");
        runs.plan("run", &[1], None);
        runs.end("run", 1);
        assert!(!runs.read().await.is_over());
        runs.plan(&again_of("run"), &[], None);
        assert!(runs.read().await.is_over());
        assert_eq!(runs.read().await.runs().count(), 1);
    }

    #[tokio::test]
    async fn what_a_vendor_could_not_tell_in_time_is_waited_for() {
        let mut runs = Runs::default();
        runs.plan("run", &[1], Some(FetchRequested::default()));
        runs.end("run", 1);
        runs.plan(&again_of("run"), &[], None);
        assert!(!runs.read().await.is_over(), "the later run has no plan yet");
        let later = later_of("run");
        runs.plan(&later, &[2], None);
        assert!(!runs.read().await.is_over(), "a slice of the later run is open");
        runs.end(&later, 2);
        assert!(!runs.read().await.is_over(), "the later run has no second look yet");
        runs.plan(&again_of(&later), &[], None);
        let followed = runs.read().await;
        assert!(followed.is_over());
        assert_eq!(
            followed.runs().map(|run| run.run_id.as_str()).collect::<Vec<_>>(),
            ["run", later.as_str()]
        );
        assert_eq!(followed.runs().flat_map(|run| &run.slices).count(), 2);
    }
}
