//! The clients, and how a query is asked: labelled, retried, and never for longer than it may take.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use aispend_google::Google;
use aispend_tables::Batch;
use aispend_warehouse::{DATASET, SCHEMA_VERSION, TableDef};
use futures::future::BoxFuture;
use google_cloud_bigquery::{
    builder::bigquery::Query,
    client::{BigQuery as QueryClient, Write},
    query::retry_policy::RetryableErrors,
};
use google_cloud_bigquery_v2::model::{QueryParameter, QueryParameterType, QueryParameterValue};
use google_cloud_gax::{
    client_builder::Error as BuilderError, exponential_backoff::ExponentialBackoffBuilder,
    retry_policy::RetryPolicyExt,
};
use google_cloud_wkt::Value;

use crate::{BigQueryError, Fault, labels};

/// Statements that are read at the same time.
const DRY_RUNS: usize = 8;

/// What we found the tables to be is believed for so long.
const CHECK_EVERY: Duration = Duration::from_mins(1);

/// How the warehouse is used.
#[derive(Debug, Clone)]
pub struct BigQueryOptions {
    /// The dataset: letters, digits, underscores.
    pub dataset: String,
    /// Where the dataset is created, and where its jobs run.
    pub location: String,
    /// Who asks: the label `stage` of every job.
    pub stage: String,
    /// How long one call may take, its retries included.
    pub call_timeout: Duration,
    /// How long a load may go on while others are in the way.
    pub load_timeout: Duration,
}

impl Default for BigQueryOptions {
    fn default() -> Self {
        Self {
            dataset: DATASET.to_owned(),
            location: "US".to_owned(),
            stage: "aispend".to_owned(),
            call_timeout: Duration::from_mins(2),
            load_timeout: Duration::from_mins(8),
        }
    }
}

/// The warehouse. Cheap to clone.
#[derive(Clone)]
pub struct BigQuery {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub queries: QueryClient,
    pub write: Write,
    pub project: String,
    pub options: BigQueryOptions,
    pub tables: Vec<TableDef>,
    checked: Mutex<Option<Instant>>,
}

impl fmt::Debug for BigQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BigQuery")
            .field("project", &self.inner.project)
            .field("dataset", &self.inner.options.dataset)
            .finish_non_exhaustive()
    }
}

/// A value for a place in a statement that an `@name` marks.
pub(crate) struct Parameter(QueryParameter);

impl Parameter {
    /// Of a type; `None` is NULL.
    pub fn new(name: &str, kind: &str, value: Option<String>) -> Self {
        let value =
            value.map_or_else(QueryParameterValue::new, |value| QueryParameterValue::new().set_value(value));
        let parameter = QueryParameter::new()
            .set_name(name)
            .set_parameter_type(QueryParameterType::new().set_type(kind))
            .set_parameter_value(value);
        Self(parameter)
    }

    /// Many texts.
    pub fn texts<'a>(name: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        let kind = QueryParameterType::new()
            .set_type("ARRAY")
            .set_array_type(QueryParameterType::new().set_type("STRING"));
        let values = values.into_iter().map(|value| QueryParameterValue::new().set_value(value));
        let value = QueryParameterValue::new().set_array_values(values);
        Self(QueryParameter::new().set_name(name).set_parameter_type(kind).set_parameter_value(value))
    }
}

/// What a query gives back.
pub(crate) struct Answer {
    /// Name and type of each column.
    pub columns: Vec<(String, String)>,
    /// A value per column, as the wire has it: texts, and nothing for NULL.
    pub rows: Vec<Vec<Option<String>>>,
}

/// What is asked, and how.
pub(crate) struct Question<'a> {
    pub doing: &'static str,
    pub sql: String,
    pub parameters: Vec<Parameter>,
    /// The run it is for.
    pub run: Option<&'a str>,
    /// How long the answer may take.
    pub timeout: Option<Duration>,
    /// More rows than these are not read.
    pub max_rows: Option<usize>,
}

impl Question<'_> {
    /// Without parameters.
    pub fn new(doing: &'static str, sql: impl Into<String>) -> Self {
        Self { doing, sql: sql.into(), parameters: Vec::new(), run: None, timeout: None, max_rows: None }
    }

    /// With parameters.
    pub fn with(mut self, parameters: impl IntoIterator<Item = Parameter>) -> Self {
        self.parameters.extend(parameters);
        self
    }
}

impl BigQuery {
    /// Makes the clients. Nothing is asked yet.
    ///
    /// # Errors
    /// `Google` without credentials, `Dataset` for a name that cannot be one.
    pub fn connect(google: &Google, options: BigQueryOptions) -> BoxFuture<'_, Result<Self, BigQueryError>> {
        Box::pin(async move {
            let letters =
                |name: &str| name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
            let name = &options.dataset;
            if name.is_empty() || !letters(name) || name.starts_with(|first: char| first.is_ascii_digit()) {
                return Err(BigQueryError::Dataset(options.dataset));
            }
            let place = google.bigquery()?;
            let patience = RetryableErrors.with_time_limit(options.call_timeout).with_attempt_limit(5);
            let backoff = ExponentialBackoffBuilder::new()
                .with_initial_delay(Duration::from_millis(300))
                .with_maximum_delay(Duration::from_secs(10))
                .clamp();
            let mut queries = QueryClient::builder()
                .with_project_id(&google.project)
                .with_credentials(place.credentials)
                .with_retry_policy(patience)
                .with_backoff_policy(backoff);
            if let Some(endpoint) = place.endpoint {
                queries = queries.with_endpoint(endpoint);
            }
            let place = google.bigquery_storage()?;
            let mut write = Write::builder().with_credentials(place.credentials);
            if let Some(endpoint) = place.endpoint {
                write = write.with_endpoint(endpoint);
            }
            let failed = |error: BuilderError| {
                BigQueryError::new("make a client of BigQuery", Fault::Service, error.to_string())
            };
            let inner = Inner {
                queries: queries.build().await.map_err(failed)?,
                write: write.build().await.map_err(failed)?,
                project: google.project.clone(),
                options,
                tables: aispend_warehouse::tables(),
                checked: Mutex::new(None),
            };
            Ok(Self { inner: Arc::new(inner) })
        })
    }

    /// The dataset in use.
    pub fn dataset(&self) -> &str {
        &self.inner.options.dataset
    }

    /// A table or view as SQL names it. The dataset is always said: a default one is not read everywhere.
    pub(crate) fn name(&self, table: &str) -> String {
        format!("{}.{table}", self.dataset())
    }

    /// A table of this build.
    pub(crate) fn table(&self, name: &str) -> &TableDef {
        self.inner.tables.iter().find(|table| table.name == name).expect("a test finds every table's file")
    }

    /// An empty batch for the staging table of a table.
    pub(crate) fn staging_batch(&self, table: &str) -> Batch {
        Batch::new(&self.table(table).staging_columns(), Some("UTC"))
    }

    /// Asks, and reads the whole answer.
    pub(crate) fn ask<'a>(&'a self, question: Question<'a>) -> BoxFuture<'a, Result<Answer, BigQueryError>> {
        let doing = question.doing;
        let timeout = question.timeout.unwrap_or(self.inner.options.call_timeout);
        Box::pin(async move {
            match tokio::time::timeout(timeout, self.ask_in_time(question)).await {
                Ok(answer) => answer,
                Err(_) => Err(BigQueryError::late(doing)),
            }
        })
    }

    async fn ask_in_time(&self, question: Question<'_>) -> Result<Answer, BigQueryError> {
        let Question { doing, sql, parameters, run, max_rows, .. } = question;
        let complete = self.labelled(sql, parameters, run).until_done().await;
        let complete = complete.map_err(BigQueryError::query(doing))?;
        let fields =
            complete.metadata().schema.as_ref().map(|schema| schema.fields.clone()).unwrap_or_default();
        let columns: Vec<(String, String)> = fields
            .into_iter()
            .map(|field| {
                (field.name, if field.mode == "REPEATED" { "ARRAY".to_owned() } else { field.r#type })
            })
            .collect();
        let mut found = complete.read();
        let mut rows = Vec::new();
        while max_rows.is_none_or(|most| rows.len() < most)
            && let Some(row) = found.next().await
        {
            let mut row = row.map_err(BigQueryError::row(doing))?;
            let cells = (0..columns.len()).map(|place| row.take::<Value>(place).map(cell));
            rows.push(cells.collect::<Result<Vec<_>, _>>().map_err(BigQueryError::row(doing))?);
        }
        Ok(Answer { columns, rows })
    }

    /// Has BigQuery read a statement about each of these tables and views, and run none: which it refuses, with its words.
    /// Nothing is billed.
    ///
    /// # Errors
    /// When BigQuery cannot be asked.
    pub fn dry_run<'a>(
        &'a self,
        names: &'a [&'a str],
    ) -> BoxFuture<'a, Result<Vec<(&'a str, String)>, BigQueryError>> {
        Box::pin(async move {
            const DOING: &str = "have a statement read";
            let mut refused = Vec::new();
            for some in names.chunks(DRY_RUNS) {
                let asked = some.iter().map(async |name| {
                    let sql = format!("SELECT * FROM {} LIMIT 0", self.name(name));
                    let query = self.labelled(sql, Vec::new(), None).set_dry_run(true);
                    let sent = tokio::time::timeout(self.inner.options.call_timeout, query.send()).await;
                    match sent.map_err(|_| BigQueryError::late(DOING))?.map_err(BigQueryError::query(DOING)) {
                        Ok(_) => Ok(None),
                        Err(error) if matches!(error.fault(), Some(Fault::Missing | Fault::Statement)) => {
                            Ok(Some((*name, error.to_string())))
                        }
                        Err(error) => Err(error),
                    }
                });
                let answers = futures::future::try_join_all(asked).await?;
                refused.extend(answers.into_iter().flatten());
            }
            Ok(refused)
        })
    }

    fn labelled(&self, sql: String, parameters: Vec<Parameter>, run: Option<&str>) -> Query {
        let options = &self.inner.options;
        let mut labels = vec![("stage".to_owned(), labels::value(&options.stage))];
        if let Some(run) = run {
            labels.push(("run".to_owned(), labels::value(run)));
        }
        let mut query =
            self.inner.queries.query(sql).set_location(options.location.as_str()).set_labels(labels);
        if !parameters.is_empty() {
            let parameters = parameters.into_iter().map(|parameter| parameter.0);
            query = query.set_parameter_mode("NAMED").set_query_parameters(parameters);
        }
        query
    }

    /// Checks, now and then, that the tables are those of this build.
    pub(crate) async fn ready(&self) -> Result<(), BigQueryError> {
        let checked = *self.inner.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if checked.is_some_and(|when| when.elapsed() < CHECK_EVERY) {
            return Ok(());
        }
        match self.read_info().await? {
            Some(info) if info.schema_version == SCHEMA_VERSION => {
                *self.inner.checked.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                Ok(())
            }
            Some(info) => {
                Err(BigQueryError::NotMigrated(format!("its schema version is {}", info.schema_version)))
            }
            None => {
                Err(BigQueryError::NotMigrated(format!("the dataset `{}` has no tables", self.dataset())))
            }
        }
    }
}

fn cell(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

impl Answer {
    /// The only value of an answer of one row and column.
    pub fn single(mut self) -> Option<String> {
        self.rows.pop().and_then(|mut row| row.pop()).flatten()
    }
}
