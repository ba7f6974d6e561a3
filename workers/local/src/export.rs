//! `aispend export`: a card or a dashboard as a file, the same as the page gives.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use aispend_config::Settings;
use aispend_dashboards::{
    Answer, Asked, Board, Caption, DataState, ExportError, FileFormat, Filters, Snapshot, csv, encode,
    file_name, json_all, to_json, xlsx, zip_all, zip_of,
};
use aispend_picture::{Painter, PictureOptions};
use aispend_warehouse::{Card, Filter};

use crate::cli::{ExportArguments, ExportFormat};
use crate::failure::Failure;
use crate::serve::cards;
use crate::setup;
use crate::site::Site;

/// Writes the file.
pub async fn export(settings: &Settings, arguments: &ExportArguments) -> Result<ExitCode, Failure> {
    let all = cards()?;
    let reader = Site::open(settings).await?.cards(&all).await?;
    let (group, name) =
        arguments.what.split_once('/').map_or((arguments.what.as_str(), None), |(g, n)| (g, Some(n)));
    let board = Board::of_group(group).ok_or_else(|| Failure::usage(unknown(&arguments.what, &all)))?;
    let mut wanted: Vec<&Card> =
        all.iter().filter(|card| card.group == group && name.is_none_or(|name| card.name == name)).collect();
    if wanted.is_empty() {
        return Err(Failure::usage(unknown(&arguments.what, &all)));
    }
    if arguments.format == ExportFormat::Png {
        wanted.retain(|card| card.display.is_chart());
        if wanted.is_empty() {
            return Err(Failure::usage(format!("{} is no chart: choose csv, xlsx or json", arguments.what)));
        }
    }
    let filters = Filters::read(&query(arguments));
    if let Some((filter, text)) = filters.errors.first() {
        return Err(Failure::usage(format!("--{}: {text}", filter.slug())));
    }
    let failed = |error: aispend_dashboards::ReadError| Failure::world(error.to_string());
    let snapshot = reader.newest().await.map_err(failed)?;
    let state = DataState::read(snapshot.as_ref()).await.map_err(failed)?;
    let asked = Asked::of(board, filters, setup::clock().today(), &state);
    let mut answers: Vec<(&Card, Answer)> = Vec::new();
    for card in wanted {
        answers.push((card, answer(snapshot.as_ref(), card, &asked).await?));
    }
    let answered: Vec<(&Card, &Answer)> = answers.iter().map(|(card, answer)| (*card, answer)).collect();
    let format = match (arguments.format, name) {
        (ExportFormat::Csv | ExportFormat::Png, None) => FileFormat::Zip,
        (ExportFormat::Csv, Some(_)) => FileFormat::Csv,
        (ExportFormat::Xlsx, _) => FileFormat::Xlsx,
        (ExportFormat::Json, _) => FileFormat::Json,
        (ExportFormat::Png, Some(_)) => FileFormat::Png,
    };
    let (body, name) = if arguments.format == ExportFormat::Png {
        // Beside the zip of CSVs, not in its place.
        (pictures(format, &answered, &asked, &state)?, name.or(Some("pictures")))
    } else {
        (body(format, name.is_some(), &answered, &asked, &state)?, name)
    };
    let default = file_name(group, name, &asked, &state, format);
    write(&body, arguments.out.as_deref().unwrap_or_else(|| Path::new(&default)))
}

async fn answer(snapshot: &dyn Snapshot, card: &Card, asked: &Asked) -> Result<Answer, Failure> {
    let Some(sql) = card.sql(snapshot.engine(), &asked.selection_of(card)) else {
        return Ok(Answer::nothing());
    };
    let result =
        snapshot.query(&sql).await.map_err(|error| Failure::world(format!("{}: {error}", card.id)))?;
    Answer::of(card, result).map_err(Failure::world)
}

fn body(
    format: FileFormat,
    is_card: bool,
    answers: &[(&Card, &Answer)],
    asked: &Asked,
    state: &DataState,
) -> Result<Vec<u8>, Failure> {
    let made = match (format, answers.first()) {
        (FileFormat::Csv, Some((card, answer))) => csv(card, answer, state),
        (FileFormat::Json, Some((card, answer))) if is_card => {
            Ok(to_json(card, answer, asked, state).to_string().into_bytes())
        }
        (FileFormat::Json, _) => Ok(json_all(answers, asked, state).to_string().into_bytes()),
        (FileFormat::Xlsx, _) => xlsx(answers, asked, state),
        (FileFormat::Zip | FileFormat::Csv | FileFormat::Png, _) => zip_all(answers, asked, state),
    };
    Ok(made?)
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        Self::world(error.to_string())
    }
}

/// One picture, or a zip with that of every card.
fn pictures(
    format: FileFormat,
    answers: &[(&Card, &Answer)],
    asked: &Asked,
    state: &DataState,
) -> Result<Vec<u8>, Failure> {
    let painter = Painter::new().map_err(|error| Failure::world(error.to_string()))?;
    let mut files = answers.iter().map(|(card, answer)| {
        let Caption { filters, footer, empty } = Caption::of(card, asked, state);
        let words = PictureOptions { filters, footer, empty };
        let picture = painter
            .png(&to_json(card, answer, asked, state), &words)
            .map_err(|error| Failure::world(format!("{}: {error}", card.id)))?;
        Ok((file_name(&card.group, Some(&card.name), asked, state, FileFormat::Png), picture))
    });
    match format {
        FileFormat::Png => Ok(files.next().transpose()?.map_or_else(Vec::new, |(_, bytes)| bytes)),
        FileFormat::Zip | FileFormat::Csv | FileFormat::Xlsx | FileFormat::Json => {
            zip_of(files, asked, state)
        }
    }
}

/// The flags as an address says them.
fn query(arguments: &ExportArguments) -> String {
    let mut pairs = Vec::new();
    let mut add = |filter: Filter, value: &str| pairs.push(format!("{}={}", filter.slug(), encode(value)));
    arguments.range.iter().for_each(|range| add(Filter::Range, range));
    arguments.team.iter().for_each(|team| add(Filter::Team, team));
    arguments.user.iter().for_each(|user| add(Filter::User, user));
    arguments.platform.iter().for_each(|platform| add(Filter::Platform, platform));
    arguments.model.iter().for_each(|model| add(Filter::Model, model));
    pairs.join("&")
}

fn unknown(what: &str, cards: &[Card]) -> String {
    let ids: Vec<&str> = cards.iter().map(|card| card.id.as_str()).collect();
    format!(
        "there is no card or dashboard `{what}`. Dashboards: exec, alloc, prod, roi. Cards: {}",
        ids.join(", ")
    )
}

fn write(body: &[u8], to: &Path) -> Result<ExitCode, Failure> {
    if to == Path::new("-") {
        let mut out = std::io::stdout().lock();
        out.write_all(body).and_then(|()| out.flush()).map_err(|error| Failure::world(error.to_string()))?;
    } else {
        let failed = |error: std::io::Error| Failure::world(format!("{}: {error}", to.display()));
        std::fs::write(to, body).map_err(failed)?;
        println!("{}", to.display());
    }
    Ok(ExitCode::SUCCESS)
}
