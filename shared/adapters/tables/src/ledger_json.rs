//! What the ledger keeps as JSON text: documents, context, totals.

use aispend_model::Generation;
use aispend_ports::{ContextRef, DocumentRef};
use aispend_proto::{Table, TableSums};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Document {
    sha256: String,
    role: String,
    request: String,
    page: u32,
    size_bytes: u64,
    fetched_at: i64,
    request_id: String,
}

#[derive(Serialize, Deserialize)]
struct Context {
    feed: String,
    org_id: String,
    generation: i64,
    documents: Vec<Document>,
}

/// Money as text: a sum may have more digits than a JSON reader keeps.
#[derive(Serialize, Deserialize)]
struct Total {
    table: String,
    rows: u64,
    nanos: String,
}

#[derive(Serialize, Deserialize)]
struct Totals {
    loaded: Vec<Total>,
    read: Vec<Total>,
}

impl From<&DocumentRef> for Document {
    fn from(document: &DocumentRef) -> Self {
        Self {
            sha256: document.sha256.clone(),
            role: document.role.clone(),
            request: document.request.clone(),
            page: document.page,
            size_bytes: document.size_bytes,
            fetched_at: document.fetched_at,
            request_id: document.request_id.clone(),
        }
    }
}

impl From<Document> for DocumentRef {
    fn from(document: Document) -> Self {
        Self {
            sha256: document.sha256,
            role: document.role,
            request: document.request,
            page: document.page,
            size_bytes: document.size_bytes,
            fetched_at: document.fetched_at,
            request_id: document.request_id,
        }
    }
}

/// Documents as text.
pub fn write_documents(documents: &[DocumentRef]) -> String {
    write(&documents.iter().map(Document::from).collect::<Vec<_>>())
}

/// Documents from text.
pub fn read_documents(text: &str) -> Result<Vec<DocumentRef>, String> {
    Ok(read::<Vec<Document>>(text)?.into_iter().map(DocumentRef::from).collect())
}

/// Context as text.
pub fn write_context(context: &[ContextRef]) -> String {
    let lines = context.iter().map(|context| Context {
        feed: context.feed.clone(),
        org_id: context.org_id.clone(),
        generation: context.generation.0,
        documents: context.documents.iter().map(Document::from).collect(),
    });
    write(&lines.collect::<Vec<_>>())
}

/// Context from text.
pub fn read_context(text: &str) -> Result<Vec<ContextRef>, String> {
    let lines = read::<Vec<Context>>(text)?.into_iter().map(|context| ContextRef {
        feed: context.feed,
        org_id: context.org_id,
        generation: Generation(context.generation),
        documents: context.documents.into_iter().map(DocumentRef::from).collect(),
    });
    Ok(lines.collect())
}

/// Totals of both sides as text.
pub fn write_totals(loaded: &TableSums, read: &TableSums) -> String {
    let totals = |sums: &TableSums| {
        sums.iter()
            .map(|(table, rows, nanos)| Total {
                table: table.name().to_owned(),
                rows,
                nanos: nanos.to_string(),
            })
            .collect()
    };
    write(&Totals { loaded: totals(loaded), read: totals(read) })
}

/// Totals of the rows that were loaded, from text.
pub fn read_loaded(text: &str) -> Result<TableSums, String> {
    let mut sums = TableSums::default();
    for total in read::<Totals>(text)?.loaded {
        let table = Table::ALL.iter().find(|table| table.name() == total.table);
        let table = table.ok_or_else(|| format!("there is no table `{}`", total.table))?;
        let nanos = total.nanos.parse().map_err(|_| format!("`{}` is no amount", total.nanos))?;
        sums.add(*table, total.rows, nanos);
    }
    Ok(sums)
}

/// Lines as text.
pub fn write_lines(lines: &[String]) -> String {
    write(&lines)
}

fn write<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("texts and numbers are JSON")
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let documents = vec![DocumentRef {
            sha256: "ab".into(),
            role: "cost".into(),
            request: "GET /x?\"y\"".into(),
            page: 3,
            size_bytes: 9,
            fetched_at: 1_700_000_000_000_000,
            request_id: String::new(),
        }];
        let context = vec![ContextRef {
            feed: "sheets/people".into(),
            org_id: "sheets".into(),
            generation: Generation(7),
            documents: documents.clone(),
        }];
        let mut sums = TableSums::default();
        sums.add(Table::ClaudeExpenses, 2, -170_141_183_460_469_231_731_687_303_715_884_105_728);
        assert_eq!(read_documents(&write_documents(&documents)).unwrap(), documents);
        assert_eq!(read_context(&write_context(&context)).unwrap(), context);
        assert_eq!(read_loaded(&write_totals(&sums, &TableSums::default())).unwrap(), sums);
    }
}
