//! Files of a card or a dashboard, as downloads.

use std::sync::Arc;

use aispend_dashboards::{
    Answer, Asked, Caption, FileFormat, csv, file_name, json_all, to_json, xlsx, zip_all,
};
use aispend_picture::PictureOptions;
use aispend_warehouse::Card;
use axum::{
    extract::{Path, RawQuery, State},
    http::header,
    response::{IntoResponse, Response},
};

use crate::{app::App, data::Held, problem::Problem};

/// `GET /export/{group}/{card}.{csv|xlsx|json|png}`.
pub async fn card(
    State(app): State<Arc<App>>,
    Path((group, file)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let (name, format) = split(&file)?;
    let card = app.card(&group, name)?;
    let (held, asked) = app.ask_exactly(&group, &query.unwrap_or_default()).await?;
    let answer = held.answer(card, &asked).await?;
    let body = match format {
        FileFormat::Csv => csv(card, &answer, &held.state)?,
        FileFormat::Xlsx => xlsx(&[(card, answer.as_ref())], &asked, &held.state)?,
        FileFormat::Json => to_json(card, &answer, &asked, &held.state).to_string().into_bytes(),
        FileFormat::Png if card.display.is_chart() => {
            let Caption { filters, footer, empty } = Caption::of(card, &asked, &held.state);
            let words = PictureOptions { filters, footer, empty };
            app.pictures.png(to_json(card, &answer, &asked, &held.state), words).await?
        }
        FileFormat::Png => return Err(Problem::not_found("Only charts have a picture.")),
        FileFormat::Zip => return Err(Problem::not_found("A zip holds a whole dashboard.")),
    };
    Ok(download(format, &file_name(&group, Some(name), &asked, &held.state, format), body))
}

/// `GET /export/{group}.{zip|xlsx|json}`.
pub async fn dashboard(
    State(app): State<Arc<App>>,
    Path(file): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let (group, format) = split(&file)?;
    let (held, asked) = app.ask_exactly(group, &query.unwrap_or_default()).await?;
    let answers = all(&app, &held, &asked).await?;
    let cards: Vec<(&Card, &Answer)> =
        answers.iter().map(|(card, answer)| (*card, answer.as_ref())).collect();
    let body = match format {
        FileFormat::Zip => zip_all(&cards, &asked, &held.state)?,
        FileFormat::Xlsx => xlsx(&cards, &asked, &held.state)?,
        FileFormat::Json => json_all(&cards, &asked, &held.state).to_string().into_bytes(),
        FileFormat::Csv | FileFormat::Png => {
            return Err(Problem::not_found("A dashboard is exported as zip, xlsx or json."));
        }
    };
    Ok(download(format, &file_name(group, None, &asked, &held.state, format), body))
}

async fn all<'a>(app: &'a App, held: &Held, asked: &Asked) -> Result<Vec<(&'a Card, Arc<Answer>)>, Problem> {
    let mut answers = Vec::new();
    for card in app.cards.iter().filter(|card| card.group == asked.board.group) {
        answers.push((card, held.answer(card, asked).await?));
    }
    Ok(answers)
}

fn split(file: &str) -> Result<(&str, FileFormat), Problem> {
    let split = file.rsplit_once('.').and_then(|(name, ending)| Some((name, FileFormat::of_ending(ending)?)));
    split.ok_or_else(|| Problem::not_found("There is no such export: csv, xlsx, json, png or zip."))
}

fn download(format: FileFormat, name: &str, body: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    (
        [(header::CONTENT_TYPE, format.media_type().to_owned()), (header::CONTENT_DISPOSITION, disposition)],
        body,
    )
        .into_response()
}
