//! The table of incidents.

use aispend_ports::IncidentLine;
use jiff::Timestamp;

use crate::{
    BigQuery, BigQueryError,
    client::{Parameter, Question},
};

impl BigQuery {
    /// Adds a line.
    pub(crate) async fn add_incident(&self, incident: &IncidentLine) -> Result<(), BigQueryError> {
        let text = |name: &'static str, value: &str| (name, "STRING", Some(value.to_owned()));
        let moment = |value: Timestamp| value.as_microsecond().to_string();
        let columns = [
            text("incident_id", &incident.incident_id),
            text("rule", &incident.rule),
            text("subject", &incident.subject),
            text("period", &incident.period),
            text("state", &incident.state),
            text("severity", &incident.severity),
            text("measured", &incident.measured),
            text("limit_value", &incident.limit_value),
            text("summary", &incident.summary),
            ("opened_at", "INT64", Some(moment(incident.opened_at))),
            ("changed_at", "INT64", Some(moment(incident.changed_at))),
            ("notified_at", "INT64", incident.notified_at.map(moment)),
            ("changed_by", "STRING", incident.changed_by.clone()),
        ];
        let value = |(name, kind, _): &(&str, &str, Option<String>)| match *kind {
            "INT64" => format!("TIMESTAMP_MICROS(@{name})"),
            _ => format!("@{name}"),
        };
        let names: Vec<&str> = columns.iter().map(|(name, ..)| *name).collect();
        let values: Vec<String> = columns.iter().map(value).collect();
        let sql = format!(
            "INSERT INTO {} ({}) VALUES ({})",
            self.name("alert_incidents"),
            names.join(", "),
            values.join(", ")
        );
        let parameters = columns.into_iter().map(|(name, kind, value)| Parameter::new(name, kind, value));
        self.ask(Question::new("record an incident", sql).with(parameters)).await.map(drop)
    }
}
