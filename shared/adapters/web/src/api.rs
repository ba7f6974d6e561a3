//! The answer of one card.

use std::sync::Arc;

use aispend_dashboards::{Asked, to_json};
use aispend_warehouse::Card;
use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

use crate::{
    app::{App, is_known, not_modified},
    data::Held,
    problem::Problem,
};

/// `GET /api/v1/cards/{group}/{card}`.
pub async fn card(
    State(app): State<Arc<App>>,
    Path((group, name)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let card = app.card(&group, &name)?;
    let (held, asked) = app.ask_exactly(&group, &query.unwrap_or_default()).await?;
    let tag = tag(card, &asked, &held, &app.build);
    if is_known(&headers, &tag) {
        return Ok(not_modified(&tag));
    }
    let answer = held.answer(card, &asked).await?;
    Ok(([(header::ETAG, tag)], Json(to_json(card, &answer, &asked, &held.state))).into_response())
}

/// The same card, data, filters, day and build: the same answer.
fn tag(card: &Card, asked: &Asked, held: &Held, build: &str) -> String {
    let mut hash = Sha256::new();
    let selection = asked.selection_of(card);
    hash.update(format!("{build} {} {} {selection:?}", card.id, held.state.version));
    format!("\"{}\"", format!("{:x}", hash.finalize()).chars().take(32).collect::<String>())
}
