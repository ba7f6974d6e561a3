//! Where a command works: the data folder of this machine, or a project on Google Cloud.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aispend_alerter::{RunReport, read_run};
use aispend_bigquery::{BigQuery, CloudCards};
use aispend_config::Settings;
use aispend_dashboards::Cards;
use aispend_duckdb::{DuckDbError, Published, open_cards, open_reader};
use aispend_ports::{Archive, Bus, Clock, LedgerLine, ParkedStore, Questions, Warehouse};
use aispend_pubsub::{PubSub, PubSubOptions};
use aispend_tables::QueryResult;
use aispend_warehouse::{Card, Engine};
use aispend_worker::World;

use crate::failure::Failure;
use crate::followed::Followed;
use crate::pipeline;
use crate::progress::Progress;
use crate::run::{Job, Outcome};
use crate::setup;

/// Who asks BigQuery: the label of our jobs.
const STAGE: &str = "aispend";

/// Rows that a command shows at most.
const MOST_ROWS: usize = 1_000_000;

/// How often a run on Google Cloud is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Where a command works.
pub enum Site {
    /// A data folder; the stages run in this process.
    Machine(PathBuf),
    /// A project; the stages run as workers of their own.
    Cloud(Box<World>),
}

impl Site {
    /// As the settings say.
    pub async fn open(settings: &Settings) -> Result<Self, Failure> {
        match settings.text("engine") {
            Some("gcp") => Ok(Self::Cloud(Box::new(World::open(settings.clone()).await?))),
            _ => Ok(Self::Machine(settings.data_dir())),
        }
    }

    /// What a person calls the warehouse.
    pub fn warehouse_name(&self) -> String {
        match self {
            Self::Machine(data_dir) => data_dir.join("warehouse.duckdb").display().to_string(),
            Self::Cloud(world) => {
                format!(
                    "{}.{}",
                    world.google.project,
                    world.settings.text("google.dataset").unwrap_or_default()
                )
            }
        }
    }

    /// Asks the published warehouse. The dataset may be called `ai_usage_analytics` everywhere.
    pub async fn query(&self, sql: &str) -> Result<QueryResult, Failure> {
        match self {
            Self::Machine(data_dir) => Ok(open_reader(data_dir)?.query(sql)?),
            Self::Cloud(world) => {
                let bigquery = world.bigquery(STAGE).await?;
                let sql = sql.replace("ai_usage_analytics.", &format!("{}.", bigquery.dataset()));
                Ok(bigquery.query(&sql, Some(MOST_ROWS)).await?)
            }
        }
    }

    /// The newest reading of every slice.
    pub async fn ledger(&self, feed: Option<aispend_model::Feed>) -> Result<Vec<LedgerLine>, Failure> {
        let lines = match self {
            Self::Machine(data_dir) => setup::warehouse(data_dir, false).await?.ledger(feed).await,
            Self::Cloud(world) => world.bigquery(STAGE).await?.ledger(feed).await,
        };
        lines.map_err(|error| Failure::world(aispend_stage::error_chain(&error)))
    }

    /// The same as people see it, without waiting for a command that writes. Nothing loaded yet: no lines.
    pub async fn published_ledger(&self) -> Result<Vec<LedgerLine>, Failure> {
        match self {
            Self::Machine(data_dir) => match open_reader(data_dir) {
                Ok(reader) => Ok(reader.ledger()?),
                Err(DuckDbError::Missing { .. }) => Ok(Vec::new()),
                Err(error) => Err(error.into()),
            },
            Self::Cloud(_) => self.ledger(None).await,
        }
    }

    /// What dashboards read. Says at once where there is nothing to show.
    pub async fn cards(&self, cards: &[Card]) -> Result<Arc<dyn Cards>, Failure> {
        Ok(match self {
            Self::Machine(data_dir) => {
                drop(open_reader(data_dir)?);
                Arc::new(open_cards(data_dir, cards))
            }
            Self::Cloud(world) => Arc::new(CloudCards::new(bigquery(world).await?)),
        })
    }

    /// Where the raw answers are, for people who follow a figure to its end.
    pub fn archive_name(&self) -> String {
        match self {
            Self::Machine(data_dir) => data_dir.join("raw").display().to_string(),
            Self::Cloud(world) => {
                format!("gs://{}/raw", world.settings.text("google.bucket").unwrap_or_default())
            }
        }
    }

    /// Documents, plans, incidents.
    pub fn archive(&self) -> Arc<dyn Archive> {
        match self {
            Self::Machine(data_dir) => Arc::new(pipeline::archive(data_dir)),
            Self::Cloud(world) => Arc::clone(&world.archive),
        }
    }

    /// Time.
    pub fn clock(&self) -> Arc<dyn Clock> {
        match self {
            Self::Machine(_) => setup::clock(),
            Self::Cloud(world) => Arc::clone(&world.clock),
        }
    }

    /// Answers from the published warehouse.
    pub async fn questions(&self) -> Result<Arc<dyn Questions>, Failure> {
        Ok(match self {
            Self::Machine(data_dir) => Arc::new(Published::from(open_reader(data_dir)?)),
            Self::Cloud(world) => world.bigquery(STAGE).await?,
        })
    }

    /// Whose SQL it speaks.
    pub const fn engine(&self) -> Engine {
        match self {
            Self::Machine(_) => Engine::DuckDb,
            Self::Cloud(_) => Engine::BigQuery,
        }
    }

    /// Messages set aside.
    pub fn parked(&self) -> Arc<dyn ParkedStore> {
        match self {
            Self::Machine(data_dir) => Arc::new(pipeline::parked(data_dir)),
            Self::Cloud(world) => Arc::clone(&world.parked),
        }
    }
}

/// The warehouse of a project.
pub async fn bigquery(world: &World) -> Result<Arc<BigQuery>, Failure> {
    Ok(world.bigquery(STAGE).await?)
}

/// Publishes a job and follows its run, which goes on without this process.
pub async fn follow(world: &World, job: Job, is_quiet: bool) -> Result<Outcome, Failure> {
    let started = world.clock.now();
    publish(world, &job.messages.iter().map(aispend_stage::Output::encode).collect::<Vec<_>>()).await?;
    let run_id = job.run_id;
    let report_of = async |run_id: &str| -> Result<RunReport, Failure> {
        let read = read_run(world.archive.as_ref(), run_id).await;
        let read = read.map_err(|error| Failure::world(aispend_stage::error_chain(&error)))?;
        Ok(read.unwrap_or_else(|| aispend_alerter::RunState::default().report(run_id)))
    };
    let mut progress = Progress::start(is_quiet);
    let deadline = tokio::time::sleep(world.settings.seconds("run.deadline_seconds"));
    tokio::pin!(deadline);
    let (followed, is_overdue) = loop {
        let followed = Followed::read(&run_id, report_of).await?;
        progress.show(&followed);
        if followed.is_over() {
            break (followed, false);
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = &mut deadline => break (followed, true),
            _ = tokio::signal::ctrl_c() => {
                progress.end();
                return Err(Failure::world(format!(
                    "no longer watched; run {run_id} goes on, `aispend query \"SELECT * FROM ai_usage_analytics.runs\"` tells how it ended"
                )));
            }
        }
    };
    progress.end();
    let took = Duration::try_from(world.clock.now().duration_since(started)).unwrap_or_default();
    Ok(Outcome { followed, took, is_overdue, counts: Vec::new() })
}

/// Publishes messages as they are.
pub async fn publish(world: &World, messages: &[aispend_ports::Outgoing]) -> Result<(), Failure> {
    let failed = |error: &dyn std::error::Error| Failure::world(aispend_stage::error_chain(error));
    let bus =
        PubSub::connect(&world.google, PubSubOptions::default()).await.map_err(|error| failed(&error))?;
    for message in messages {
        bus.publish(message.clone()).await.map_err(|error| failed(&error))?;
    }
    bus.close().await;
    Ok(())
}
