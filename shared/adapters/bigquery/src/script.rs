//! The one script of a load: a transaction that does what was decided, where the ledger still is what it was decided by.

use std::collections::BTreeMap;

use aispend_model::Order;
use aispend_ports::SliceLoad;
use aispend_proto::{Table, TableSums};
use aispend_tables::{Step, identity, is_merged, merged, state_of};
use aispend_warehouse::staging_name;

use crate::{BigQuery, literal, plan::Plan, staging::Staged};

/// What the script answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All of it is done.
    Committed,
    /// Nothing is done: another load was first.
    Moved,
    /// Nothing is done: staged rows are not all there.
    Unstaged,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Moved => "moved",
            Self::Unstaged => "unstaged",
        }
    }

    /// From the script's answer.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Committed, Self::Moved, Self::Unstaged].into_iter().find(|outcome| outcome.as_str() == text)
    }

    fn answer(self) -> String {
        format!("SELECT '{}' AS outcome", self.as_str())
    }
}

/// Writes scripts.
pub struct Script<'a> {
    pub bigquery: &'a BigQuery,
    pub slices: &'a [SliceLoad],
    pub plan: &'a Plan,
    pub staged: &'a Staged,
}

impl Script<'_> {
    /// The whole script. `load_lock` comes first: two loads always touch its row, so one of them is turned away.
    pub fn write(&self) -> String {
        let first = self.plan.steps.first().and_then(|step| self.slices.get(step.place));
        let (holder, taken_at) =
            first.map_or(("", 0), |load| (load.run_id.as_str(), load.loaded_at.as_microsecond()));
        let moved = format!(
            "(SELECT COUNT(*) FROM {} WHERE slice_key IN ({})) <> {}",
            self.bigquery.name("slice_loads"),
            literal::texts(self.plan.keys()),
            self.plan.lines_known
        );
        let mut work = self.deletes();
        work.extend(self.inserts());
        work.extend(self.merges());
        work.extend(self.beside());
        format!(
            "BEGIN TRANSACTION;\n\
             UPDATE {lock} SET holder = {holder}, taken_at = {taken_at} WHERE TRUE;\n\
             IF {moved} THEN\nROLLBACK TRANSACTION;\n{answer_moved};\n\
             ELSEIF {unstaged} THEN\nROLLBACK TRANSACTION;\n{answer_unstaged};\n\
             ELSE\n{work};\nCOMMIT TRANSACTION;\n{answer_committed};\nEND IF;",
            lock = self.bigquery.name("load_lock"),
            holder = literal::text(holder),
            taken_at = literal::micros(taken_at),
            answer_moved = Outcome::Moved.answer(),
            unstaged = self.unstaged(),
            answer_unstaged = Outcome::Unstaged.answer(),
            work = work.join(";\n"),
            answer_committed = Outcome::Committed.answer(),
        )
    }

    fn staging(&self, table: &str) -> String {
        self.bigquery.name(&staging_name(table))
    }

    /// The rows of this load, in a staging table called `s`.
    fn ours(&self) -> String {
        let Staged { load_id, day, .. } = self.staged;
        format!("s.staged_on = DATE '{day}' AND s.load_id = {}", literal::text(load_id))
    }

    fn unstaged(&self) -> String {
        let checks: Vec<String> = self
            .staged
            .rows
            .iter()
            .map(|(table, rows)| {
                format!("(SELECT COUNT(*) FROM {} AS s WHERE {}) <> {rows}", self.staging(table), self.ours())
            })
            .collect();
        if checks.is_empty() { "FALSE".to_owned() } else { checks.join(" OR ") }
    }

    fn deletes(&self) -> Vec<String> {
        let plain = Table::ALL.iter().filter(|table| !is_merged(**table));
        plain
            .map(|table| (table.name(), self.plan.replaced_in(*table)))
            .chain([("rejected_records", self.plan.rejected_replaced())])
            .filter(|(_, keys)| !keys.is_empty())
            .map(|(table, keys)| {
                format!(
                    "DELETE FROM {} WHERE slice_key IN ({})",
                    self.bigquery.name(table),
                    literal::texts(keys)
                )
            })
            .collect()
    }

    fn inserts(&self) -> Vec<String> {
        let standing = self.plan.standing();
        Table::ALL
            .iter()
            .filter(|table| !is_merged(**table))
            .filter_map(|table| self.insert(table.name(), &self.bringing(*table, &standing)))
            .chain(self.insert("rejected_records", &self.rejecting()))
            .collect()
    }

    /// Those of some readings that bring rows to a table.
    fn bringing(&self, table: Table, places: &[usize]) -> Vec<usize> {
        let brings =
            |place: &usize| self.slices.get(*place).is_some_and(|load| load.accepted.of(table).0 > 0);
        places.iter().copied().filter(brings).collect()
    }

    fn rejecting(&self) -> Vec<usize> {
        let rejects = |place: &usize| self.slices.get(*place).is_some_and(|load| !load.rejected.is_empty());
        self.plan.standing_rejected().into_iter().filter(rejects).collect()
    }

    fn insert(&self, table: &str, places: &[usize]) -> Option<String> {
        if places.is_empty() {
            return None;
        }
        let (columns, values) = self.columns(table, &|_| None);
        Some(format!(
            "INSERT INTO {} ({columns})\nSELECT {values} FROM {} AS s\nWHERE {} AND s.load_place IN ({})",
            self.bigquery.name(table),
            self.staging(table),
            self.ours(),
            literal::numbers(places.iter().copied())
        ))
    }

    /// The columns of a table, and where their values come from: the staged row, unless said otherwise.
    fn columns(&self, table: &str, other: &dyn Fn(&str) -> Option<String>) -> (String, String) {
        let columns = &self.bigquery.table(table).columns;
        let names = columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>().join(", ");
        let value = |name: &str| other(name).unwrap_or_else(|| format!("s.{name}"));
        (names, columns.iter().map(|column| value(&column.name)).collect::<Vec<_>>().join(", "))
    }

    /// Merged tables: per key the row of the newest reading that has it.
    fn merges(&self) -> Vec<String> {
        let (places, newest) = self.plan.merging(self.slices);
        let mut work = Vec::new();
        for table in merged() {
            let bringing = self.bringing(table, &places);
            if !bringing.is_empty() {
                work.extend(self.merge(table, &bringing));
            }
        }
        if !newest.is_empty() {
            work.extend(merged().map(|table| self.mark_active(table, &newest)));
        }
        work
    }

    fn merge(&self, table: Table, places: &[usize]) -> [String; 2] {
        let (name, key) = (table.name(), identity(table));
        let (target, staging) = (self.bigquery.name(name), self.staging(name));
        let ours =
            format!("{} AND s.load_place IN ({})", self.ours(), literal::numbers(places.iter().copied()));
        let same = format!("t.slice_key = s.slice_key AND t.{key} = s.{key}");
        let is_older = "(t.last_seen < s.last_seen OR (t.last_seen = s.last_seen AND (t.seen_revision < s.seen_revision \
                        OR (t.seen_revision = s.seen_revision AND t.seen_reader < s.seen_reader))))";
        let (columns, values) = self.columns(name, &|_| None);
        [
            format!(
                "DELETE FROM {target} AS t WHERE EXISTS (\nSELECT 1 FROM {staging} AS s WHERE {ours} AND {same} AND {is_older})"
            ),
            // What is left in the table is newer, or the same. Of several readings staged, the newest counts.
            format!(
                "INSERT INTO {target} ({columns})\nSELECT {values} FROM {staging} AS s\nWHERE {ours} AND NOT EXISTS (\n\
                 SELECT 1 FROM {target} AS t WHERE {same})\nQUALIFY RANK() OVER (\nPARTITION BY s.slice_key, s.{key} \
                 ORDER BY s.last_seen DESC, s.seen_revision DESC, s.seen_reader DESC, s.load_place) = 1"
            ),
        ]
    }

    /// Marks the rows that the newest reading of their slice has.
    fn mark_active(&self, table: Table, newest: &BTreeMap<&str, Order>) -> String {
        let of_slice = |(key, order): (&&str, &Order)| {
            format!(
                "(slice_key = {} AND last_seen = {} AND seen_revision = {} AND seen_reader = {})",
                literal::text(key),
                literal::micros(order.generation.0),
                order.revision,
                order.reader_version
            )
        };
        let is_newest = newest.iter().map(of_slice).collect::<Vec<_>>().join(" OR ");
        format!(
            "UPDATE {} SET is_active = ({is_newest})\nWHERE slice_key IN ({}) AND is_active <> ({is_newest})",
            self.bigquery.name(table.name()),
            literal::texts(newest.keys().copied())
        )
    }

    /// Ledger lines and the index of documents.
    fn beside(&self) -> Vec<String> {
        let with_line: Vec<&Step> = self
            .plan
            .steps
            .iter()
            .filter(|step| self.slices.get(step.place).is_some_and(|load| step.writes_line(load)))
            .collect();
        if with_line.is_empty() {
            return Vec::new();
        }
        let mut work = vec![self.lines(&with_line)];
        let documented =
            |step: &&&Step| self.slices.get(step.place).is_some_and(|load| !load.documents.is_empty());
        let places: Vec<usize> = with_line.iter().filter(documented).map(|step| step.place).collect();
        if !places.is_empty() {
            work.push(self.documents(&places));
        }
        work
    }

    fn lines(&self, steps: &[&Step]) -> String {
        let case = |value: &dyn Fn(&Step) -> String| {
            let whens = steps.iter().map(|step| format!("WHEN {} THEN {}", step.place, value(step)));
            format!("CASE s.load_place {} END", whens.collect::<Vec<_>>().join(" "))
        };
        let superseded: Vec<(usize, TableSums)> =
            steps.iter().map(|step| (step.place, step.superseded())).collect();
        let sums = |step: &Step| {
            superseded
                .iter()
                .find(|(place, _)| *place == step.place)
                .map(|(_, sums)| sums.clone())
                .unwrap_or_default()
        };
        let (columns, values) = self.columns("slice_loads", &|name| match name {
            "state" => Some(case(&|step| literal::text(state_of(step.decision).as_str()))),
            "superseded_rows" => Some(case(&|step| sums(step).rows().to_string())),
            "superseded_money_usd" => Some(case(&|step| literal::money(sums(step).money()))),
            _ => None,
        });
        format!(
            "INSERT INTO {} ({columns})\nSELECT {values} FROM {} AS s\nWHERE {} AND s.load_place IN ({})",
            self.bigquery.name("slice_loads"),
            self.staging("slice_loads"),
            self.ours(),
            literal::numbers(steps.iter().map(|step| step.place))
        )
    }

    /// A document is indexed once for a slice.
    fn documents(&self, places: &[usize]) -> String {
        let (target, staging) = (self.bigquery.name("raw_documents"), self.staging("raw_documents"));
        let (columns, values) = self.columns("raw_documents", &|_| None);
        format!(
            "INSERT INTO {target} ({columns})\nSELECT {values} FROM {staging} AS s\nWHERE {} AND s.load_place IN ({}) AND NOT \
             EXISTS (\nSELECT 1 FROM {target} AS t WHERE t.slice_key = s.slice_key AND t.sha256 = s.sha256)\nQUALIFY \
             ROW_NUMBER() OVER (PARTITION BY s.slice_key, s.sha256 ORDER BY s.load_place, s.role, s.page) = 1",
            self.ours(),
            literal::numbers(places.iter().copied())
        )
    }
}
