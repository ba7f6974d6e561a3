//! A vendor's answer as it was received: checked against its hash again, every time it is looked at.

use std::sync::Arc;

use aispend_dashboards::page;
use aispend_ports::ArchiveError;
use aispend_tables::{Cell, QueryResult};
use aispend_warehouse::text;
use axum::{
    body::Bytes,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{app::App, data::Held, problem::Problem};

/// Letters that a page shows; the file has all.
const MOST_LETTERS: usize = 20_000;

/// Somebody else's text: shown by no browser, run by nobody.
const POLICY: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";

/// `GET /document/{sha256}`: what is known of it, and its beginning.
pub async fn page(State(app): State<Arc<App>>, Path(sha256): Path<String>) -> Result<Response, Problem> {
    let (held, known) = find(&app, &sha256).await?;
    let body = read(&app, &sha256).await?;
    let facts = known.columns.iter().enumerate().map(|(at, column)| {
        let mut values: Vec<String> =
            known.rows.iter().filter_map(|row| row.get(at)).map(Cell::to_string).collect();
        values.dedup();
        json!({"term": column.name.replace('_', " "), "value": values.join(", "), "mono": true})
    });
    let mut list = vec![
        json!({"term": "SHA-256 of what is stored, worked out just now", "value": digest(&body), "mono": true}),
    ];
    list.extend(facts);
    let whole = String::from_utf8_lossy(&body);
    let shown: String = whole.chars().take(MOST_LETTERS).collect();
    let is_all = shown.len() == whole.len();
    let caption = if is_all { "The whole response" } else { "The beginning of the response" };
    let context = json!({
        "page": {"title": "Archived response", "path": "/executive",
            "lead": "What the vendor answered, byte for byte."},
        "crumbs": [{"title": "Executive Summary", "href": "/executive"}, {"title": "Archived response", "href": null}],
        "figure": {"value": format!("{} bytes", body.len()), "label": "as received",
            "text": "Checked just now: the SHA-256 of what is stored is the one that the rows name."},
        "steps": [
            {"title": "What it is", "list": list},
            {"title": caption, "pre": {"caption": caption, "text": shown},
             "links": [{"label": "Download the file", "href": format!("/document/{sha256}/file")}]},
        ],
        "dashboards": page::boards(None, None),
        "data": page::data(&held.state),
        "states": simulated(&held),
        "assets": {"base": app.asset_base},
    });
    app.render("explain.html", &context)
}

/// `GET /document/{sha256}/file`: the bytes, as a download.
pub async fn file(State(app): State<Arc<App>>, Path(sha256): Path<String>) -> Result<Response, Problem> {
    find(&app, &sha256).await?;
    let body = read(&app, &sha256).await?;
    let (kind, ending) = match std::str::from_utf8(&body) {
        Ok(_) if serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_ok() => {
            ("application/json", "json")
        }
        Ok(_) => ("text/plain; charset=utf-8", "txt"),
        Err(_) => ("application/octet-stream", "bin"),
    };
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{sha256}.{ending}\"")),
        (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, body).into_response())
}

/// What the index of the archive says of it. Nothing that no row came from is given out.
async fn find(app: &App, sha256: &str) -> Result<(Arc<Held>, QueryResult), Problem> {
    if !app.opens_documents() {
        let text = "Archived responses tell of single people's work, which is not shown here.";
        return Err(Problem::not_found(text));
    }
    let held = app.data.newest().await?;
    let is_hash = sha256.len() == 64 && sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let unknown = || Problem::not_found("No reading of this warehouse names a response with this SHA-256.");
    if !is_hash {
        return Err(unknown());
    }
    let known = held
        .snapshot
        .query(&format!(
            "SELECT d.feed AS feed, d.org_id AS organisation, d.slice_key AS slice, d.role AS role, d.request AS request, \
             d.page AS page, d.size_bytes AS size_bytes, d.fetched_at AS fetched_at, d.run_id AS run \
             FROM ai_usage_analytics.raw_documents AS d WHERE d.sha256 = {} ORDER BY d.slice_key, d.role, d.page LIMIT 20",
            text(sha256, held.snapshot.engine())
        ))
        .await?;
    if known.rows.is_empty() { Err(unknown()) } else { Ok((held, known)) }
}

/// The archive checks what it reads; what it gives is what the hash says.
async fn read(app: &App, sha256: &str) -> Result<Bytes, Problem> {
    let Some(documents) = &app.documents else {
        return Err(Problem::not_found("This server has no archive to read from."));
    };
    match documents.document(sha256).await {
        Ok(body) if digest(&body) == sha256 => Ok(body),
        Ok(_) => Err(Problem::ours(&format!("the archive gave another document for {sha256}"))),
        Err(ArchiveError::Missing { .. }) => Err(Problem::gone()),
        Err(error @ (ArchiveError::Unavailable { .. } | ArchiveError::Damaged { .. })) => {
            Err(Problem::ours(&error.to_string()))
        }
    }
}

fn digest(body: &[u8]) -> String {
    format!("{:x}", Sha256::digest(body))
}

fn simulated(held: &Held) -> Vec<Value> {
    let words = "Simulated data: an invented company. No amount here was ever billed.";
    held.state.is_simulated.then(|| json!({"kind": "simulated", "text": words})).into_iter().collect()
}
