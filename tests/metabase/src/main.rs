//! `fake-metabase`: a Metabase to try the command line against, until Ctrl-C.

use aispend_fake_metabase::{Column, FakeMetabase, Options, Table, Version};
use anyhow::{Context, Result, bail};
use clap::Parser;

#[derive(Parser)]
#[command(about = "A Metabase for tests: keeps what it is given, in memory, and runs no SQL")]
struct Cli {
    /// Where it listens.
    #[arg(long, default_value = "127.0.0.1:3000")]
    listen: String,
    /// The version it says it is: `0.64`, `0.65`, or a whole tag such as `v0.62.3.1`.
    #[arg(long, default_value = "0.64", value_parser = version)]
    version: Version,
    /// A column that a sync finds, such as `ai_usage_analytics.vw_spend_daily.team:type/Text`; may be given several times.
    #[arg(long, value_parser = column)]
    column: Vec<Table>,
}

fn column(text: &str) -> Result<Table> {
    let (place, base_type) = text.split_once(':').with_context(|| format!("`{text}` has no `:TYPE`"))?;
    let [schema, name, column] = place.split('.').collect::<Vec<_>>()[..] else {
        bail!("`{place}` is not DATASET.TABLE.COLUMN");
    };
    let column = Column { name: column.to_owned(), base_type: base_type.to_owned() };
    Ok(Table { schema: schema.to_owned(), name: name.to_owned(), columns: vec![column] })
}

/// Columns of one table under one.
fn tables(columns: Vec<Table>) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    for one in columns {
        match tables.iter_mut().find(|table| (&table.schema, &table.name) == (&one.schema, &one.name)) {
            Some(table) => table.columns.extend(one.columns),
            None => tables.push(one),
        }
    }
    tables
}

fn version(text: &str) -> Result<Version> {
    Ok(match text {
        "0.64" => Version::V0_64,
        "0.65" => Version::V0_65,
        tag if tag.starts_with('v') => Version::Tag(tag.to_owned()),
        other => bail!("`{other}` is neither 0.64, 0.65 nor a tag that starts with v"),
    })
}

#[tokio::main]
async fn main() -> Result<()> {
    let cli = Cli::parse();
    let options = Options { version: cli.version, tables: tables(cli.column), ..Options::default() };
    let server = FakeMetabase::listen(&cli.listen, options);
    let server = server.with_context(|| format!("could not listen on `{}`", cli.listen))?;
    println!("url: {}", server.url());
    println!("setup token: {}", server.setup_token());
    tokio::signal::ctrl_c().await.context("could not wait for Ctrl-C")
}
