//! A worker with something wrong with it, for the tests that need one: `AISPEND_TEST_STAGE` says which stage it is,
//! `AISPEND_TEST_CRASH` at which slice it dies, `AISPEND_TEST_SCHEMA` which release's messages it speaks.

use std::process::ExitCode;

use aispend_ports::Topic;
use aispend_stage::{Message, Output, Stage};
use aispend_worker::{Built, StartError, World};

/// A stage that dies of one slice, where one is named: a message about none has an empty key.
struct Mortal<S> {
    inner: S,
    dies_of: Option<String>,
}

impl<S: Stage> Stage for Mortal<S> {
    const NAME: &'static str = S::NAME;
    const INPUT: Topic = S::INPUT;
    type Error = S::Error;

    async fn handle(&self, message: Message) -> Result<Vec<Output>, S::Error> {
        self.handle_batch(vec![message]).await.pop().unwrap_or_else(|| Ok(Vec::new()))
    }

    async fn handle_batch(&self, messages: Vec<Message>) -> Vec<Result<Vec<Output>, S::Error>> {
        if messages.iter().any(|message| self.dies_of.as_ref() == Some(&message.header.slice_key())) {
            std::process::abort();
        }
        self.inner.handle_batch(messages).await
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

fn run<S: Stage>(build: impl AsyncFnOnce(&World) -> Result<Built<S>, StartError>) -> ExitCode {
    aispend_worker::main(&[], async |world| {
        let Built { stage, mut options, beside } = build(world).await?;
        if let Some(version) = variable("AISPEND_TEST_SCHEMA").and_then(|text| text.parse().ok()) {
            options.schema_version = version;
        }
        Ok(Built { stage: Mortal { inner: stage, dies_of: variable("AISPEND_TEST_CRASH") }, options, beside })
    })
}

fn main() -> ExitCode {
    match variable("AISPEND_TEST_STAGE").as_deref() {
        Some("fetcher") => run(aispend_fetcher::process::build),
        Some("normalizer") => run(aispend_normalizer::process::build),
        Some("validator") => run(aispend_validator::process::build),
        Some("loader") => run(aispend_loader::process::build),
        Some("alerter") => run(aispend_alerter::process::build),
        stage => {
            eprintln!("AISPEND_TEST_STAGE: {stage:?} is no stage");
            ExitCode::from(2)
        }
    }
}
