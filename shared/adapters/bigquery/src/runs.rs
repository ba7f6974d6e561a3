//! The table of runs.

use aispend_ports::RunLine;
use jiff::Timestamp;

use crate::{
    BigQuery, BigQueryError,
    client::{Parameter, Question},
};

impl BigQuery {
    /// Writes or replaces a run's line.
    pub(crate) async fn write_run(&self, run: &RunLine) -> Result<(), BigQueryError> {
        let text = |name: &'static str, value: &str| (name, "STRING", Some(value.to_owned()));
        let moment = |value: Timestamp| value.as_microsecond().to_string();
        let count = |name: &'static str, value: u64| (name, "INT64", Some(value.to_string()));
        let columns = [
            text("run_id", &run.run_id),
            text("trigger", &run.trigger),
            ("started_at", "INT64", Some(moment(run.started_at))),
            ("finished_at", "INT64", run.finished_at.map(moment)),
            text("state", &run.state),
            count("planned", run.planned),
            count("loaded", run.loaded),
            count("skipped", run.skipped),
            count("failed", run.failed),
            count("parked", run.parked),
            text("notes", &run.notes),
        ];
        let value = |name: &str| match name {
            "started_at" | "finished_at" => format!("TIMESTAMP_MICROS(@{name})"),
            _ => format!("@{name}"),
        };
        let list = |each: &dyn Fn(&str) -> String| {
            columns.iter().map(|(name, ..)| each(name)).collect::<Vec<_>>().join(", ")
        };
        let sql = format!(
            "MERGE INTO {} AS there USING (SELECT {}) AS here ON there.run_id = here.run_id
             WHEN MATCHED THEN UPDATE SET {}
             WHEN NOT MATCHED THEN INSERT ({}) VALUES ({})",
            self.name("runs"),
            list(&|name| format!("{} AS {name}", value(name))),
            list(&|name| format!("{name} = here.{name}")),
            list(&str::to_owned),
            list(&|name| format!("here.{name}")),
        );
        let parameters = columns.into_iter().map(|(name, kind, value)| Parameter::new(name, kind, value));
        let question =
            Question { run: Some(&run.run_id), ..Question::new("record a run", sql) }.with(parameters);
        self.ask(question).await.map(drop)
    }
}
