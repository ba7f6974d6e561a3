//! Loads slices: one transaction, decided against the ledger inside it.

use std::collections::{BTreeMap, HashMap, HashSet};

use aispend_ports::{Decision, Frames, SliceLoad, Verdict, WarehouseError};
use aispend_proto::Table;
use aispend_tables::{
    RowWriter, Step, Which, check_conservation, is_merged, merges, state_of, write_document, write_line,
    write_rejected,
};
use aispend_warehouse::DATASET;
use duckdb::{Connection, params, params_from_iter};

use crate::{
    DuckDbError, ledger, merge,
    schema::roll_back,
    tables::{Append, RowAppends, Tables, Target},
};

/// Why an attempt came to nothing.
enum Failure {
    /// This slice's fault.
    Refused { place: usize, detail: String },
    /// DuckDB's.
    Engine(DuckDbError),
}

impl From<DuckDbError> for Failure {
    fn from(error: DuckDbError) -> Self {
        Self::Engine(error)
    }
}

/// Loads all slices that can be loaded. Where one cannot, the others are in all the same, and the answer names the first
/// that is not; loading the others again changes nothing.
pub fn load(
    connection: &Connection,
    tables: &Tables,
    slices: &[SliceLoad],
) -> Result<Vec<Verdict>, WarehouseError> {
    let mut refused: BTreeMap<usize, String> = BTreeMap::new();
    for (place, slice) in slices.iter().enumerate() {
        if let Err(detail) = check_conservation(slice) {
            refused.insert(place, detail);
        }
    }
    merge::create_staging(connection)?;
    loop {
        let at_hand: Vec<usize> = (0..slices.len()).filter(|place| !refused.contains_key(place)).collect();
        let mut attempt = Attempt::new(connection, tables, slices);
        match attempt.run(&at_hand) {
            Ok(()) if refused.is_empty() => return Ok(attempt.verdicts()),
            Ok(()) => break,
            Err(Failure::Refused { place, detail }) => {
                roll_back(connection);
                refused.insert(place, detail);
            }
            Err(Failure::Engine(error)) => {
                roll_back(connection);
                return Err(error.into());
            }
        }
    }
    let (place, detail) = refused.pop_first().expect("the loop ends here with a refused slice only");
    let slice_key = slices.get(place).map(|load| load.slice.key()).unwrap_or_default();
    Err(WarehouseError::Refused { slice_key, detail })
}

struct Attempt<'a> {
    connection: &'a Connection,
    tables: &'a Tables,
    slices: &'a [SliceLoad],
    verdicts: BTreeMap<usize, Verdict>,
}

impl<'a> Attempt<'a> {
    const fn new(connection: &'a Connection, tables: &'a Tables, slices: &'a [SliceLoad]) -> Self {
        Self { connection, tables, slices, verdicts: BTreeMap::new() }
    }

    fn verdicts(self) -> Vec<Verdict> {
        self.verdicts.into_values().collect()
    }

    fn slice(&self, place: usize) -> &'a SliceLoad {
        self.slices.get(place).expect("places count the slices")
    }

    fn run(&mut self, at_hand: &[usize]) -> Result<(), Failure> {
        let failed = || DuckDbError::engine("begin to load");
        self.connection.execute_batch("BEGIN TRANSACTION").map_err(failed())?;
        if let Some(first) = at_hand.first() {
            let load = self.slice(*first);
            self.connection
                .execute(
                    "UPDATE ai_usage_analytics.load_lock SET holder = ?, taken_at = make_timestamp(?)",
                    params![load.run_id, load.loaded_at.as_microsecond()],
                )
                .map_err(failed())?;
        }
        for wave in self.waves(at_hand) {
            self.load_wave(&wave)?;
        }
        self.connection.execute_batch("COMMIT").map_err(DuckDbError::engine("commit a load"))?;
        Ok(())
    }

    /// The slices in order, parted so that none stands twice in a wave: the second reading counts after the first.
    fn waves(&self, at_hand: &[usize]) -> Vec<Vec<usize>> {
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut waves: Vec<Vec<usize>> = Vec::new();
        for place in at_hand {
            let times = seen.entry(self.slice(*place).slice.key()).or_default();
            match waves.get_mut(*times) {
                Some(wave) => wave.push(*place),
                None => waves.push(vec![*place]),
            }
            *times += 1;
        }
        waves
    }

    fn load_wave(&mut self, wave: &[usize]) -> Result<(), Failure> {
        let steps = self.plan(wave)?;
        self.delete_replaced(&steps)?;
        self.write_rows(&steps)?;
        self.merge(&steps)?;
        self.write_beside(&steps)?;
        for step in steps {
            self.verdicts.insert(step.place, step.verdict());
        }
        Ok(())
    }

    fn plan(&self, wave: &[usize]) -> Result<Vec<Step>, Failure> {
        let keys: Vec<String> = wave.iter().map(|place| self.slice(*place).slice.key()).collect();
        let mut known = ledger::known(self.connection, &keys)?;
        let mut steps = Vec::with_capacity(wave.len());
        for (place, key) in wave.iter().zip(keys) {
            let known = known.remove(&key).unwrap_or_default();
            steps.push(Step::new(*place, self.slice(*place), known));
        }
        Ok(steps)
    }

    /// Deletes what is replaced: one statement per table, and none where the ledger says that nothing is there.
    fn delete_replaced(&self, steps: &[Step]) -> Result<(), DuckDbError> {
        for table in Table::ALL.iter().filter(|table| !is_merged(**table)) {
            let keys =
                steps.iter().filter(|step| step.decision == Decision::Replace && step.has_rows_in(*table));
            self.delete(table.name(), keys)?;
        }
        let keys = steps.iter().filter(|step| step.records_anew() && step.known.rejected > 0);
        self.delete("rejected_records", keys)
    }

    fn delete<'s>(&self, table: &str, steps: impl Iterator<Item = &'s Step>) -> Result<(), DuckDbError> {
        let keys: Vec<&str> = steps.map(|step| step.key.as_str()).collect();
        if keys.is_empty() {
            return Ok(());
        }
        let marks = vec!["?"; keys.len()].join(", ");
        self.connection
            .execute(
                &format!("DELETE FROM {DATASET}.{table} WHERE slice_key IN ({marks})"),
                params_from_iter(keys),
            )
            .map_err(DuckDbError::engine("delete what is replaced"))?;
        Ok(())
    }

    fn write_rows(&self, steps: &[Step]) -> Result<(), Failure> {
        let mut appends = RowAppends::new(self.tables);
        for step in steps {
            let load = self.slice(step.place);
            let Some(which) = step.rows_to_write(load) else { continue };
            self.append_rows(&mut appends, step.place, load, which)?;
        }
        appends.flush(self.connection)?;
        Ok(())
    }

    fn append_rows(
        &self,
        appends: &mut RowAppends,
        place: usize,
        load: &SliceLoad,
        which: Which,
    ) -> Result<(), Failure> {
        let refused = |detail| Failure::Refused { place, detail };
        let mut writer = RowWriter::new(load, which);
        for frame in Frames::new(load.frames.clone()) {
            writer.frame(&frame.map_err(|error| refused(error.to_string()))?, appends);
            appends.flush_full(self.connection)?;
        }
        writer.finish().map_err(refused)
    }

    fn merge(&self, steps: &[Step]) -> Result<(), DuckDbError> {
        let merging: Vec<&Step> = steps
            .iter()
            .filter(|step| {
                let load = self.slice(step.place);
                merges(load) && step.rows_to_write(load).is_some()
            })
            .collect();
        if merging.is_empty() {
            return Ok(());
        }
        merge::merge_staged(self.connection)?;
        for step in merging {
            let order = self.slice(step.place).order;
            let newest = step.known.line.as_ref().map_or(order, |line| line.order.max(order));
            merge::mark_active(self.connection, &step.key, newest)?;
        }
        Ok(())
    }

    /// Ledger lines, rejected records and the index of documents.
    fn write_beside(&self, steps: &[Step]) -> Result<(), DuckDbError> {
        let mut lines = Append::new(self.tables, "slice_loads", Target::Table);
        let mut rejected = Append::new(self.tables, "rejected_records", Target::Table);
        let mut documents = Append::new(self.tables, "raw_documents", Target::Table);
        let mut indexed = self.indexed_documents(steps)?;
        for step in steps {
            let load = self.slice(step.place);
            if !step.writes_line(load) {
                continue;
            }
            write_line(lines.batch(), load, state_of(step.decision), &step.superseded());
            if step.records_anew() {
                write_rejected(rejected.batch(), load);
            }
            for document in &load.documents {
                if indexed.insert((step.key.clone(), document.sha256.clone())) {
                    write_document(documents.batch(), load, &step.key, document);
                }
            }
            rejected.flush_full(self.connection)?;
            documents.flush_full(self.connection)?;
        }
        for append in [&mut lines, &mut rejected, &mut documents] {
            append.flush(self.connection)?;
        }
        Ok(())
    }

    /// Documents of these slices that the index has already; a slice that the ledger does not know has none.
    fn indexed_documents(&self, steps: &[Step]) -> Result<HashSet<(String, String)>, DuckDbError> {
        let failed = || DuckDbError::engine("read the index of documents");
        let keys: Vec<&str> = steps
            .iter()
            .filter(|step| step.known.line.is_some() || step.known.noted.is_some())
            .map(|step| step.key.as_str())
            .collect();
        if keys.is_empty() {
            return Ok(HashSet::new());
        }
        let marks = vec!["?"; keys.len()].join(", ");
        let sql =
            format!("SELECT slice_key, sha256 FROM {DATASET}.raw_documents WHERE slice_key IN ({marks})");
        let mut statement = self.connection.prepare(&sql).map_err(failed())?;
        let rows = statement
            .query_map(params_from_iter(keys), |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(failed())?;
        rows.collect::<duckdb::Result<_>>().map_err(failed())
    }
}
