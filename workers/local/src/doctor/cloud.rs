//! What the workers stand on in a project of Google Cloud: bus, bucket, dataset, secrets. Asked with this person's rights,
//! which need not be the workers'.

use std::collections::BTreeSet;

use aispend_alerter::settings::SECRETS;
use aispend_config::Settings;
use aispend_fetcher::doctor::Check;
use aispend_ports::Topic;
use aispend_pubsub::{BusAdmin, BusOptions, names};
use aispend_stage::error_chain;
use aispend_storage::{CloudArchive, StorageOptions};
use aispend_worker::{World, secrets_read};

use crate::screen::count;
use crate::site::bigquery;

const MAKE_BUS: &str =
    "`aispend migrate --create-bus` makes them; in production Terraform does (infra/terraform)";
const MIGRATE: &str = "`aispend migrate` makes what is missing";
const NAMED: usize = 3;

/// What was found.
pub struct Cloud {
    /// In the order of the screen.
    pub checks: Vec<Check>,
    /// Settings whose secret cannot be read.
    unread: BTreeSet<String>,
}

impl Cloud {
    /// The settings without the keys that cannot be read: the others are asked all the same.
    pub fn readable(&self, settings: &Settings) -> Settings {
        let mut settings = settings.clone();
        settings.anthropic.retain(|account| !self.unread.contains(&account.setting));
        settings.cursor.retain(|account| !self.unread.contains(&account.org_id));
        settings
    }
}

/// Looks at everything at the same time.
pub async fn checks(world: &World) -> Cloud {
    let (bus, bucket, dataset, (secrets, unread)) =
        tokio::join!(bus(world), bucket(world), dataset(world), secrets(&world.settings));
    Cloud { checks: bus.into_iter().chain([bucket]).chain(dataset).chain(secrets).collect(), unread }
}

async fn bus(world: &World) -> Vec<Check> {
    let asked = async {
        let admin = BusAdmin::connect(&world.google, BusOptions::default()).await?;
        admin.check().await
    };
    match asked.await {
        Ok(missing) => of_bus(&missing),
        Err(error) => vec![Check::fail(
            "Pub/Sub",
            "pubsub",
            error_chain(&error),
            "the role Pub/Sub Viewer on the project, and the Pub/Sub API switched on",
        )],
    }
}

/// One line each for topics, subscriptions, and what keeps dead letters.
fn of_bus(missing: &[String]) -> Vec<Check> {
    let is_dead = |name: &String| Topic::ALL.iter().any(|topic| name.ends_with(&names::dead(*topic)));
    let is_topic = |name: &String| name.contains("/topics/");
    let line = |subject: &str, of: &dyn Fn(&String) -> bool| {
        let missing: Vec<&str> =
            missing.iter().filter(|name| of(name)).filter_map(|name| name.rsplit('/').next()).collect();
        if missing.is_empty() {
            Check::ok(subject, "all there")
        } else {
            Check::fail(subject, "missing", format!("not there: {}", named(&missing)), MAKE_BUS)
        }
    };
    vec![
        line("topics", &|name| is_topic(name) && !is_dead(name)),
        line("subscriptions", &|name| !is_topic(name) && !is_dead(name)),
        line("dead letters", &is_dead),
    ]
}

async fn bucket(world: &World) -> Check {
    let name = world.settings.text("google.bucket").unwrap_or_default();
    let asked = async {
        let archive = CloudArchive::connect(&world.google, StorageOptions::new(name)).await?;
        archive.check().await
    };
    match asked.await {
        Ok(()) => Check::ok("bucket", format!("{name} can be read")),
        Err(error) => Check::fail(
            "bucket",
            "bucket",
            error_chain(&error),
            "AISPEND_BUCKET, and the role Storage Object User on it; `aispend migrate --create-bus` makes a bucket",
        ),
    }
}

/// Dataset, tables and views: BigQuery reads a statement about each, and runs none.
async fn dataset(world: &World) -> Vec<Check> {
    let bigquery = match bigquery(world).await {
        Ok(bigquery) => bigquery,
        Err(failure) => {
            let remedy = "AISPEND_DATASET, and credentials of Google Cloud";
            return vec![Check::fail("dataset", "dataset", failure.message(), remedy)];
        }
    };
    match bigquery.info().await {
        Ok(Some(_)) => {}
        Ok(None) => {
            let says = format!("{} is not there, or has no tables", bigquery.dataset());
            return vec![Check::fail("dataset", "not_migrated", says, MIGRATE)];
        }
        Err(error) => {
            let remedy =
                "the roles BigQuery Data Viewer and BigQuery Job User, and the BigQuery API switched on";
            return vec![Check::fail("dataset", "dataset", error_chain(&error), remedy)];
        }
    }
    let tables: Vec<&str> = aispend_warehouse::tables().into_iter().map(|table| table.name).collect();
    let views: Vec<&str> = aispend_warehouse::views().map(|view| view.name).collect();
    let mut checks = vec![Check::ok("dataset", format!("{} is there", bigquery.dataset()))];
    for (subject, names) in [("tables", tables), ("views", views)] {
        let refused = match bigquery.dry_run(&names).await {
            Ok(refused) => refused,
            Err(error) => {
                checks.push(Check::fail(
                    subject,
                    "dataset",
                    error_chain(&error),
                    "later, or the role BigQuery Job User",
                ));
                continue;
            }
        };
        checks.push(match refused.first() {
            None => {
                Check::ok(subject, format!("BigQuery accepts a statement about each of the {}", names.len()))
            }
            Some((_, first)) => {
                let names: Vec<&str> = refused.iter().map(|(name, _)| *name).collect();
                let says = format!("refused: {}. The first says: {first}", named(&names));
                Check::fail(subject, "refused", says, MIGRATE)
            }
        });
    }
    checks
}

/// Every setting that names a secret.
async fn secrets(settings: &Settings) -> (Vec<Check>, BTreeSet<String>) {
    let remedy = "make the secret or its version, and grant the role Secret Manager Secret Accessor on it";
    let all = match secrets_read(settings, SECRETS).await {
        Ok(all) => all,
        Err(error) => {
            let check = Check::fail("secrets", "secret", error_chain(&error), remedy);
            return (vec![check], BTreeSet::new());
        }
    };
    let refused = all.iter().filter_map(|one| Some((&one.setting, one.refused.as_ref()?)));
    let mut checks: Vec<Check> =
        refused.map(|(setting, why)| Check::fail(setting.as_str(), "secret", why.as_str(), remedy)).collect();
    let read = all.len() - checks.len();
    if all.is_empty() {
        checks
            .push(Check::note("secrets", "no setting names one: keys stand in the environment or the file"));
    } else if read > 0 {
        checks.push(Check::ok("secrets", format!("{} can be read", count(read as u64))));
    }
    (checks, all.into_iter().filter(|one| one.refused.is_some()).map(|one| one.setting).collect())
}

/// The first few of many.
fn named(names: &[&str]) -> String {
    let more = names.len().saturating_sub(NAMED);
    let shown = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

#[cfg(test)]
mod tests {
    use aispend_fetcher::doctor::Status;

    use super::*;

    #[test]
    fn what_is_missing_of_the_bus_is_named_on_the_line_it_belongs_to() {
        let all = of_bus(&[]);
        assert!(all.iter().all(|check| check.status == Status::Ok));
        let missing = [
            "projects/p/topics/raw-slices",
            "projects/p/subscriptions/valid-batches.loader",
            "projects/p/topics/raw-slices.normalizer.dead",
        ];
        let lines = of_bus(&missing.map(str::to_owned));
        let said: Vec<(&str, &str)> =
            lines.iter().map(|check| (check.subject.as_str(), check.says.as_str())).collect();
        assert_eq!(
            said,
            [
                ("topics", "not there: raw-slices"),
                ("subscriptions", "not there: valid-batches.loader"),
                ("dead letters", "not there: raw-slices.normalizer.dead"),
            ]
        );
        assert!(lines.iter().all(|check| !check.remedy.is_empty()));
    }
}
