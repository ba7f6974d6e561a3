//! Checks the dependency tree against `deny.toml`: licences, banned crates, and where crates come from.
//!
//! Reads the file of `cargo deny`, which takes longer to build than everything else a test run does. It does not know
//! the advisories: those change from day to day without us, so they belong to a scheduled `cargo deny check`.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::{
    licence,
    workspace::{Metadata, Package},
};

/// The part of `deny.toml` that we read.
#[derive(Deserialize)]
pub struct Rules {
    licenses: Licences,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    allow_registry: Vec<String>,
}

impl Rules {
    pub fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file).with_context(|| format!("could not read {}", file.display()))?;
        toml::from_str(&text).with_context(|| format!("could not understand {}", file.display()))
    }

    pub fn check(&self, metadata: &Metadata) -> Result<()> {
        let problems: Vec<String> =
            metadata.packages.iter().flat_map(|package| self.problems(package)).collect();
        let repeated = repeated(&metadata.packages);
        eprintln!(
            "{} crates; {} in more than one version: {}",
            metadata.packages.len(),
            repeated.len(),
            repeated.join(", ")
        );
        ensure!(problems.is_empty(), "against `deny.toml`:\n  {}", problems.join("\n  "));
        Ok(())
    }

    fn problems(&self, package: &Package) -> Vec<String> {
        let who = format!("{} {}", package.name, package.version);
        let mut problems = Vec::new();
        match &package.license {
            None => problems.push(format!("{who} names no licence")),
            Some(expression) if !licence::is_allowed(expression, &self.licenses.allow) => {
                problems
                    .push(format!("{who} is under `{expression}`, which `licenses.allow` does not cover"));
            }
            Some(_) => {}
        }
        if let Some(ban) = self.bans.deny.iter().find(|ban| ban.name == package.name) {
            problems.push(format!(
                "{who} is banned: {} (`cargo tree -i {}` shows who wants it)",
                ban.reason, ban.name
            ));
        }
        if let Some(source) = &package.source
            && !self.sources.allow_registry.iter().any(|registry| *source == format!("registry+{registry}"))
        {
            problems
                .push(format!("{who} comes from `{source}`, which `sources.allow-registry` does not name"));
        }
        problems
    }
}

fn repeated(packages: &[Package]) -> Vec<&str> {
    let mut versions = BTreeMap::<&str, usize>::new();
    for package in packages {
        *versions.entry(&package.name).or_default() += 1;
    }
    versions.into_iter().filter(|(_, count)| *count > 1).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTRY: &str = "registry+https://example.test/index";

    fn problems(name: &str, license: Option<&str>, source: Option<&str>) -> Vec<String> {
        let rules: Rules = toml::from_str(
            r#"
            licenses.allow = ["MIT"]
            bans.deny = [{ crate = "leftpad", reason = "we pad ourselves" }]
            sources.allow-registry = ["https://example.test/index"]
            "#,
        )
        .unwrap();
        rules.problems(&Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            license: license.map(str::to_owned),
            source: source.map(str::to_owned),
            targets: Vec::new(),
        })
    }

    #[test]
    fn a_crate_is_judged_by_licence_name_and_source() {
        let check = |found: Vec<String>, expected: &[&str]| assert_eq!(found, expected);
        check(problems("good", Some("MIT OR GPL-3.0"), Some(REGISTRY)), &[]);
        check(problems("ours", Some("MIT"), None), &[]);
        check(problems("mute", None, Some(REGISTRY)), &["mute 1.0.0 names no licence"]);
        check(
            problems("copyleft", Some("GPL-3.0"), Some(REGISTRY)),
            &["copyleft 1.0.0 is under `GPL-3.0`, which `licenses.allow` does not cover"],
        );
        check(
            problems("leftpad", Some("MIT"), Some("git+https://example.test/leftpad")),
            &[
                "leftpad 1.0.0 is banned: we pad ourselves (`cargo tree -i leftpad` shows who wants it)",
                "leftpad 1.0.0 comes from `git+https://example.test/leftpad`, which `sources.allow-registry` does not name",
            ],
        );
    }
}
