//! What arrives at each kind of receiver.

use std::sync::{Arc, Mutex};

use aispend_alerter::channels::{Channel, Folder, Mailboxes, Webhook};
use aispend_alerter::settings::channels_by;
use aispend_config::{Settings, Sources};
use aispend_ports::{Archive, Key, Parked, ParkedStore, Topic};
use axum::http::StatusCode;
use mail_parser::MessageParser;
use secrecy::SecretString;

use crate::bed::Bed;

#[tokio::test]
async fn a_letter_reaches_its_audience_with_everything_in_it() {
    let bed = Bed::new().await;
    bed.see("daily", &["<total>"]);
    bed.see("stale", &["cursor/usage-events"]);
    bed.watch().check("run").await.unwrap();
    let taken = bed.smtp.taken();
    let to = |address: &str| taken.iter().find(|taken| taken.to == [address]).unwrap();
    let letter = &to("finance@example.com").letter;
    let parsed = MessageParser::default().parse(letter).unwrap();
    assert_eq!(
        parsed.subject().unwrap(),
        "[aispend] warning: Spend of <total> on 2026-11-21 was $1,800.00: 180 % of $1,000.00."
    );
    let from = parsed.from().unwrap().first().unwrap();
    assert_eq!(from.address().unwrap(), "alerts@example.com");
    assert_eq!(parsed.date().unwrap().to_timestamp(), 1_795_327_200);
    let (text, html) = (parsed.body_text(0).unwrap(), parsed.body_html(0).unwrap());
    for expected in ["$1,800.00", "$1,000.00", "2026-11-21", "Ask who ran what.", "use per person"] {
        assert!(text.contains(expected) && html.contains(expected), "{expected}:\n{text}\n{html}");
    }
    assert!(text.contains("https://spend.example.com/executive?range=2026-11-21~2026-11-21"), "{text}");
    assert!(html.contains("&lt;total&gt;") && !html.contains("<total>"));
    // One day against seven: of an average day, and exact.
    assert!(text.contains("for an average day") && text.contains("$142.86"), "{text}");
    let other = MessageParser::default().parse(&to("on-call@example.com").letter).unwrap();
    assert!(
        other
            .subject()
            .unwrap()
            .starts_with("[aispend] critical: cursor/usage-events was last read 52 hours")
    );
}

#[tokio::test]
async fn a_folder_has_two_files_for_each_incident_and_a_webhook_one_post() {
    let bed = Bed::new().await;
    bed.see("daily", &["total"]);
    let posts: Arc<Mutex<Vec<(String, serde_json::Value)>>> = Arc::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let keep = {
        let posts = Arc::clone(&posts);
        move |headers: axum::http::HeaderMap, body: String| {
            let key = headers["idempotency-key"].to_str().unwrap().to_owned();
            posts.lock().unwrap().push((key, serde_json::from_str(&body).unwrap()));
            async {}
        }
    };
    let app = axum::Router::new().route("/hook", axum::routing::post(keep));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let folder = tempfile::tempdir().unwrap();
    let ways: Vec<Arc<dyn Channel>> = vec![
        Arc::new(Webhook::new(&url).unwrap()),
        Arc::new(Folder::new(folder.path().join("alerts"), Mailboxes::of_nobody().unwrap())),
    ];
    let watch = bed.watch_over(Arc::clone(&bed.archive) as Arc<dyn Archive>, ways);
    watch.check("").await.unwrap();
    watch.check("").await.unwrap();
    let posts = posts.lock().unwrap().clone();
    assert_eq!(posts.len(), 1);
    let (key, post) = &posts[0];
    let id = post["incident_id"].as_str().unwrap();
    assert_eq!(*key, format!("{id}.open"));
    assert_eq!(post["dedup_key"], key.as_str());
    assert_eq!(post["amount_usd"], "1800");
    assert_eq!(post["change"]["parts_usd"]["use per person"], "1657.142857141");
    let mut names: Vec<String> = std::fs::read_dir(folder.path().join("alerts"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, [format!("{id}.open.eml"), format!("{id}.open.json")]);
    let letter = std::fs::read(folder.path().join("alerts").join(&names[0])).unwrap();
    let parsed = MessageParser::default().parse(&letter).unwrap();
    assert_eq!(parsed.message_id().unwrap(), format!("{id}.open@aispend"));
}

#[tokio::test]
async fn a_webhook_that_answers_with_an_error_is_named_without_its_address() {
    let bed = Bed::new().await;
    bed.see("daily", &["total"]);
    let way: Arc<dyn Channel> = Arc::new(Webhook::new("http://127.0.0.1:1/hidden-word").unwrap());
    let watch = bed.watch_over(Arc::clone(&bed.archive) as Arc<dyn Archive>, vec![way]);
    let failures = watch.check("").await.unwrap().failures;
    assert!(
        failures[0].contains("webhook did not take the notice: it does not take connections"),
        "{failures:?}"
    );
    assert!(!failures[0].contains("hidden-word"));
}

/// A secret: what it holds, and what Secret Manager has by now.
#[derive(Debug)]
struct Secret {
    known: Mutex<String>,
    newest: Mutex<String>,
}

#[async_trait::async_trait]
impl Key for Secret {
    fn current(&self) -> SecretString {
        self.known.lock().unwrap().clone().into()
    }
    async fn refreshed(&self) -> SecretString {
        self.known.lock().unwrap().clone_from(&self.newest.lock().unwrap());
        self.current()
    }
}

#[tokio::test]
async fn a_way_follows_its_secret_without_a_restart() {
    let bed = Bed::new().await;
    bed.see("daily", &["total"]);
    let posts: Arc<Mutex<Vec<String>>> = Arc::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = |path: &str| format!("http://{}/{path}", listener.local_addr().unwrap());
    let keep = {
        let posts = Arc::clone(&posts);
        move |axum::extract::Path(path): axum::extract::Path<String>| {
            posts.lock().unwrap().push(path.clone());
            async move { if path == "withdrawn" { StatusCode::GONE } else { StatusCode::OK } }
        }
    };
    let (old, new, newest) = (url("withdrawn"), url("new"), url("newest"));
    let app = axum::Router::new().route("/{path}", axum::routing::post(keep));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let secret = Arc::new(Secret { known: Mutex::new(old.clone()), newest: Mutex::new(old) });
    let settings = Settings::read(&Sources {
        flags: vec![("alerts.webhook_url", "secret://hook".to_owned())],
        variable: &|_| None,
        file: None,
    });
    let key = |name: &str| (name == "alerts.webhook_url").then(|| Arc::clone(&secret) as Arc<dyn Key>);
    let ways = channels_by(&settings.unwrap(), key).unwrap();
    let watch = bed.watch_over(Arc::clone(&bed.archive) as Arc<dyn Archive>, ways);

    let failures = watch.check("").await.unwrap().failures;
    assert!(failures[0].contains("410") && !failures[0].contains("withdrawn"), "{failures:?}");
    // Refused, it is asked for again,
    *secret.newest.lock().unwrap() = new;
    bed.clock.pass(std::time::Duration::from_mins(10));
    let failures = watch.check("").await.unwrap().failures;
    assert!(failures.is_empty(), "{failures:?}");
    assert_eq!(*posts.lock().unwrap(), ["withdrawn", "withdrawn", "new"]);
    // and what the hourly reading found is used at once.
    *secret.known.lock().unwrap() = newest;
    bed.see("stale", &["cursor/usage-events"]);
    watch.check("").await.unwrap();
    assert_eq!(posts.lock().unwrap().last().map(String::as_str), Some("newest"));
}

#[tokio::test]
async fn messages_set_aside_are_an_incident_until_they_are_replayed() {
    let bed = Bed::new().await;
    let parked = |id: &str| Parked {
        id: id.to_owned(),
        stage: "normalizer".to_owned(),
        topic: Topic::RawSlices,
        reason: "unreadable".to_owned(),
        detail: String::new(),
        slice_key: "cursor/usage-events|cursor|2026-10-01".to_owned(),
        run_id: String::new(),
        attempts: 1,
        parked_at: jiff::Timestamp::UNIX_EPOCH,
        attributes: Vec::new(),
        message: bytes::Bytes::new(),
        fetched: None,
    };
    bed.parked.park(parked("a1")).await.unwrap();
    let watch = bed.watch();
    assert_eq!(watch.check("").await.unwrap().opened.len(), 1);
    bed.parked.park(parked("a2")).await.unwrap();
    assert!(watch.check("").await.unwrap().opened.is_empty());
    assert_eq!(bed.smtp.taken().len(), 1);
    for id in ["a1", "a2"] {
        bed.parked.remove(id).await.unwrap();
    }
    bed.clock.pass(std::time::Duration::from_mins(1));
    assert_eq!(watch.check("").await.unwrap().resolved.len(), 1);
}
