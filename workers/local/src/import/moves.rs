//! Billed money that changes hands: the sheet is loaded into a copy of the warehouse, and both are asked.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aispend_config::Settings;
use aispend_duckdb::{DuckDb, Options, open_reader};
use aispend_model::{Feed, Money};
use aispend_ports::{Archive, Clock, DocumentRef, LedgerLine, SliceOutcome, Warehouse as _};
use aispend_sources::sheets::SHEET;
use aispend_stage::error_chain;
use bytes::Bytes;

use super::{Door, load, trouble, write_whole};
use crate::failure::Failure;
use crate::pipeline::{Place, archive};

/// Billed money of all loaded days: `person`, `team` or `platform`, who or which, and how much.
pub type Attributed = BTreeMap<(&'static str, String), Money>;

/// As it is, and as it will be.
#[derive(Debug)]
pub struct Moves {
    /// As it is.
    pub before: Attributed,
    /// As it will be.
    pub after: Attributed,
}

/// What the published warehouse of a folder says.
pub fn attributed(data_dir: &Path) -> Result<Attributed, Failure> {
    let reader = open_reader(data_dir)?;
    let mut all = Attributed::new();
    for (level, column) in
        [("platform", "platform"), ("team", "COALESCE(team, '(no team)')"), ("person", "user_email")]
    {
        let sql = format!(
            "SELECT {column} AS who, SUM(cost_usd) AS cost FROM ai_usage_analytics.fct_cost_daily GROUP BY 1 HAVING SUM(cost_usd) <> 0"
        );
        for row in reader.query(&sql)?.rows {
            let mut cells = row.iter().map(ToString::to_string);
            let (who, cost) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
            let cost = Money::from_dollars(&cost)
                .map_err(|error| Failure::world(format!("the cost of {who}: {error}")))?;
            all.insert((level, who), cost.money);
        }
    }
    Ok(all)
}

/// A file as it would be.
pub struct File<'a> {
    /// Its name without the ending.
    pub tab: &'a str,
    /// Its text.
    pub bytes: &'a [u8],
}

/// What is loaded into the copy.
pub enum From<'a> {
    /// A file that is not written yet.
    File(File<'a>),
    /// Whatever the door brings.
    Door(Door),
}

/// What a copy says after a sheet was loaded into it.
pub struct Rehearsed {
    /// Billed money; `None` where the copy began empty.
    pub attributed: Option<Attributed>,
    /// The answer that was read, and its question; `None` where the sheet is in use nowhere.
    pub document: Option<(DocumentRef, Bytes)>,
}

/// Loads a sheet into a copy of the warehouse (`data_dir`: whose; `None`: one with nothing in it), the same way as into the
/// warehouse, and says what the copy says then. The copy goes when it is done. To be called by who has the writer's lock.
pub async fn rehearse(
    settings: &Settings,
    data_dir: Option<&Path>,
    feed: Feed,
    from: &From<'_>,
    clock: &Arc<dyn Clock>,
) -> Result<Rehearsed, Failure> {
    let copy = Copy::of(data_dir)?;
    let door = match from {
        From::Door(door) => door.clone(),
        From::File(file) => {
            write_whole(&copy.folder.join("sheets").join(format!("{}.csv", file.tab)), file.bytes)?;
            Door::files(settings, &copy.folder, clock)?
        }
    };
    let folder = copy.folder.clone();
    let options = Options { publish_every: None, ..Options::default() };
    let opened =
        tokio::task::spawn_blocking(move || DuckDb::open_writer_with(&folder, false, &options)).await;
    let warehouse = opened.map_err(|error| Failure::world(error.to_string()))??;
    warehouse.migrate().await?;
    let documents = match data_dir {
        Some(data_dir) => archive(&copy.folder).with_behind(data_dir),
        None => archive(&copy.folder),
    };
    let place = Place { data_dir: &copy.folder, archive: documents.clone(), warehouse: &warehouse };
    let outcome = load(settings, &place, feed, door, clock, true).await?;
    for report in outcome.followed.all() {
        if let Some(trouble) = trouble(report) {
            return Err(Failure::world(format!("the sheet would not load; nothing was changed\n{trouble}")));
        }
    }
    let lines = warehouse.ledger(Some(feed)).await.map_err(|error| Failure::world(error_chain(&error)))?;
    let document = document_of(&lines, feed, &documents).await?;
    drop(warehouse);
    let attributed = data_dir.is_some().then(|| attributed(&copy.folder)).transpose()?;
    Ok(Rehearsed { attributed, document })
}

/// What a sheet's rows were read from; `None` where none are loaded.
pub async fn document_of(
    lines: &[LedgerLine],
    feed: Feed,
    archive: &dyn Archive,
) -> Result<Option<(DocumentRef, Bytes)>, Failure> {
    let line = lines.iter().find(|line| line.slice.feed == feed && line.outcome == SliceOutcome::Complete);
    let Some(document) = line.and_then(|line| line.documents.iter().find(|document| document.role == SHEET))
    else {
        return Ok(None);
    };
    let bytes = archive.document(&document.sha256).await;
    Ok(Some((document.clone(), bytes.map_err(|error| Failure::world(error_chain(&error)))?)))
}

/// A data folder that starts from what is published, or from nothing, and is removed at the end.
struct Copy {
    folder: PathBuf,
}

impl Copy {
    fn of(data_dir: Option<&Path>) -> Result<Self, Failure> {
        let Some(data_dir) = data_dir else {
            let folder = tempfile::Builder::new().prefix("aispend-rehearsal-").tempdir();
            let folder = folder.map_err(|error| Failure::world(format!("a temporary folder: {error}")))?;
            return Ok(Self { folder: folder.keep() });
        };
        let folder = data_dir.join(".writer").join("rehearsal");
        let failed = |error: std::io::Error| Failure::world(format!("{}: {error}", folder.display()));
        // One that was killed left it.
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(failed)?;
        }
        fs::create_dir_all(&folder).map_err(failed)?;
        let copy = Self { folder: folder.clone() };
        // The writer makes a file of its own from the published one: the published one itself is only read.
        let (from, to) = (data_dir.join("warehouse.duckdb"), folder.join("warehouse.duckdb"));
        fs::hard_link(&from, &to).or_else(|_| fs::copy(&from, &to).map(drop)).map_err(failed)?;
        Ok(copy)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            tracing::warn!(%error, folder = %self.folder.display(), "the copy of the warehouse stays");
        }
    }
}
