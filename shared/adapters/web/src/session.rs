//! Pages, assets and the sign of life.

use std::sync::Arc;

use aispend_dashboards::{Board, page};
use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::{Uri, header},
    response::{IntoResponse, Response},
};
use futures::future::join_all;
use serde_json::{Value, json};

use crate::{
    app::App,
    assets,
    problem::{Problem, note},
};

/// A dashboard. A card that cannot be read leaves the others standing.
pub async fn page(
    State(app): State<Arc<App>>,
    uri: Uri,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let board = Board::at(uri.path()).ok_or_else(|| Problem::not_found("There is no such dashboard."))?;
    let (held, asked) = app.ask(board, &query.unwrap_or_default()).await?;
    let cards: Vec<_> = app.cards.iter().filter(|card| card.group == board.group).collect();
    let outcomes = join_all(cards.iter().map(async |card| match held.first_rows(card, &asked).await {
        Ok(answer) => page::Outcome::Rows(answer, held.sql(card, &asked)),
        Err(error) => page::Outcome::Failed { reference: note(&format!("{}: {error}", card.id)) },
    }))
    .await;
    let shown: Vec<_> = cards.into_iter().zip(outcomes).collect();
    app.render("dashboard.html", &page::page(&asked, &held.state, &shown, &app.asset_base))
}

/// A file whose address changes with its content.
pub async fn asset(
    State(app): State<Arc<App>>,
    Path((build, name)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (file, kind) = assets::find(&name).ok_or_else(|| Problem::not_found("There is no such file."))?;
    // A page of another build must not keep this build's file for ever.
    let keep = if build == app.build { "public, max-age=31536000, immutable" } else { "no-store" };
    Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, keep)], file).into_response())
}

/// The sign on the tab.
pub async fn icon() -> Result<Response, Problem> {
    let (file, kind) = assets::find("favicon.svg").ok_or_else(|| Problem::not_found("There is no icon."))?;
    Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=86400")], file)
        .into_response())
}

/// Alive, and of which data: pages ask whether there is newer data than theirs.
pub async fn health(State(app): State<Arc<App>>) -> Json<Value> {
    Json(match app.data.newest().await {
        Ok(held) => json!({
            "status": "ok",
            "data_version": held.state.version,
            "complete_through": held.state.complete_through.map(|day| day.to_string()),
            "complete_through_words": page::through_words(&held.state),
            "simulated": held.state.is_simulated,
        }),
        Err(error) => json!({"status": "no data", "detail": error.to_string(), "data_version": ""}),
    })
}
