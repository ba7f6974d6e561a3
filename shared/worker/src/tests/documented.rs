//! `--help` against the settings that the sources name.

use std::path::{Path, PathBuf};

use aispend_config::DECLARED;

use crate::arguments::help;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The text of a file, or of a folder's.
fn sources(path: &Path) -> String {
    if path.is_file() {
        return std::fs::read_to_string(path).unwrap();
    }
    let entries = std::fs::read_dir(path).unwrap();
    entries.map(|entry| sources(&entry.unwrap().path())).collect()
}

/// The texts between quotes behind a declaration.
fn quoted_behind(text: &str, declaration: &str) -> Vec<String> {
    let from = text.find(declaration).unwrap() + declaration.len();
    let until = text[from..].find(';').unwrap();
    text[from..from + until].split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_help_of_each_worker_names_every_setting_that_it_reads() {
    let root = workspace();
    let shared = |file: &str| sources(&root.join("shared/worker/src").join(file));
    for stage in ["fetcher", "normalizer", "validator", "loader", "alerter"] {
        let folder = root.join("workers").join(stage).join("src");
        let process = sources(&folder.join("process.rs"));
        let mut own = quoted_behind(&process, "pub const SETTINGS: &[&str] =");
        if process.contains("&[settings::SETTINGS]") {
            own.extend(quoted_behind(&sources(&folder.join("settings.rs")), "pub const SETTINGS: &str ="));
        }
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        // Wrapped where a terminal ends.
        let help = help(stage, &own).split_whitespace().collect::<Vec<_>>().join(" ");
        let mut read = sources(&folder) + &shared("process.rs") + &shared("world.rs");
        if read.contains("http(&world.settings") {
            read += &shared("vendors.rs");
        }
        let is_read = |name: &str| {
            read.contains(&format!("\"{name}\"")) || (name == "data_dir" && read.contains(".data_dir()"))
        };
        let named: Vec<_> = DECLARED.iter().filter(|declared| is_read(declared.name)).collect();
        assert!(named.len() > 5, "{stage}: {}", named.len());
        for declared in named {
            let is_there = help.contains(declared.variable) && help.contains(declared.sentence);
            assert!(is_there, "{} is not in the help of the {stage}:\n{help}", declared.name);
        }
        assert!(help.contains("AISPEND_MODE") && help.contains("SIGTERM"), "{help}");
    }
}
