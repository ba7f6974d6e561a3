//! Makes the invented company's warehouse.

use std::{fs, path::Path, time::Instant};

use aispend_duckdb::DuckDb;
use anyhow::{Context, Result};
use duckdb::{Config, Connection};
use jiff::civil::Date;

const SQL: &str = include_str!("company.sql");

/// Puts a company into an empty folder; one that is there already stays.
pub async fn make(folder: &Path, people: u32, days: u32, last_day: Date) -> Result<()> {
    let published = folder.join("warehouse.duckdb");
    if published.exists() {
        println!("Company: the one in {}", folder.display());
        return Ok(());
    }
    let started = Instant::now();
    fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    // Tables, views and seeds as `aispend` makes them; nobody writes to the published file afterwards.
    DuckDb::open_writer(folder, true)?.migrate().await?;
    let config = Config::default().max_memory("4GB")?.with("preserve_insertion_order", "false")?;
    let connection = Connection::open_with_flags(&published, config).context("open the warehouse")?;
    let sql = SQL
        .replace("{people}", &people.to_string())
        .replace("{days}", &days.to_string())
        .replace("{last_day}", &last_day.to_string());
    connection.execute_batch(&sql).context("make the company")?;
    let count = |table: &str| -> Result<i64> {
        let sql = format!("SELECT COUNT(*) FROM ai_usage_analytics.{table}");
        Ok(connection.query_row(&sql, [], |row| row.get(0))?)
    };
    println!(
        "Company: {people} people, {days} days; {} rows of Claude's money and {} of Cursor's; made in {:.0} s",
        count("claude_expenses")?,
        count("cursor_expenses")?,
        started.elapsed().as_secs_f64()
    );
    connection.execute_batch("CHECKPOINT").context("write the warehouse to disk")
}
