//! A table's rows as messages again, in a stable order and without lineage.

use aispend_model::Money;
use aispend_proto::{Column, ColumnKind, Table, v1::RecordSet};
use aispend_tables::{SetBuilder, Value};

use crate::{BigQuery, BigQueryError, Fault, client::Question};

const READING: &str = "read a table";

impl BigQuery {
    /// Reads all rows of a table.
    pub(crate) async fn rows_of(&self, table: Table) -> Result<RecordSet, BigQueryError> {
        let columns = table.columns().iter().map(|column| selected(table, column)).collect::<Vec<_>>();
        let sql = format!("SELECT {} FROM {}", columns.join(", "), self.name(table.name()));
        let answer = self.ask(Question::new(READING, sql)).await?;
        let mut rows = Vec::with_capacity(answer.rows.len());
        for row in answer.rows {
            let values = table.columns().iter().zip(row).map(|(column, cell)| value(column, cell));
            rows.push(values.collect::<Result<Vec<_>, _>>()?);
        }
        // Here and not in SQL: the order must not depend on an engine's idea of NULL and of letters.
        rows.sort_by(|one, other| nulls_last(one).cmp(nulls_last(other)));
        let mut set = SetBuilder::new(table);
        for row in rows {
            set.push(row);
        }
        Ok(set.finish())
    }
}

fn nulls_last(row: &[Option<Value>]) -> impl Iterator<Item = (bool, &Option<Value>)> {
    row.iter().map(|value| (value.is_none(), value))
}

/// The column as an exact number or a text.
fn selected(table: Table, column: &Column) -> String {
    let name = column.name;
    match column.kind {
        ColumnKind::Date => format!("UNIX_DATE({name}) AS {name}"),
        // The moment of observation stands where the row said none: lineage, not content.
        ColumnKind::Moment if table == Table::ClaudeUsageStats => {
            format!("UNIX_MICROS(NULLIF({name}, fetched_at)) AS {name}")
        }
        ColumnKind::Moment => format!("UNIX_MICROS({name}) AS {name}"),
        ColumnKind::Decimal => format!("CAST({name} AS STRING) AS {name}"),
        ColumnKind::Integer | ColumnKind::Flag | ColumnKind::Text => name.to_owned(),
    }
}

fn value(column: &Column, cell: Option<String>) -> Result<Option<Value>, BigQueryError> {
    let Some(text) = cell else { return Ok(None) };
    let wrong = || BigQueryError::new(READING, Fault::Service, format!("`{}` holds `{text}`", column.name));
    Ok(Some(match column.kind {
        ColumnKind::Date | ColumnKind::Moment | ColumnKind::Integer => {
            Value::Integer(text.parse().map_err(|_| wrong())?)
        }
        ColumnKind::Decimal => {
            let money = Money::from_dollars(&text).map_err(|_| wrong())?.money;
            Value::Integer(money.wire().map_err(|_| wrong())?)
        }
        ColumnKind::Flag => Value::Flag(text.parse().map_err(|_| wrong())?),
        ColumnKind::Text => Value::Text(text),
    }))
}
