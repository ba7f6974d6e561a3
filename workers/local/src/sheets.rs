//! `aispend sheets`: sheets to begin with.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::ExitCode;

use aispend_config::Settings;
use aispend_model::Feed;
use aispend_sources::sheets::import::{all, short_name, template};

use crate::cli::{SheetsAction, SheetsArguments};
use crate::failure::{Failure, INCOMPLETE};

/// `aispend sheets`.
pub fn sheets(settings: &Settings, arguments: &SheetsArguments) -> Result<ExitCode, Failure> {
    let SheetsAction::Template { sheet, to } = &arguments.action;
    let wanted: Vec<Feed> = all().filter(|feed| sheet.is_none_or(|sheet| sheet == *feed)).collect();
    let texts = wanted.into_iter().filter_map(|feed| Some((short_name(feed), template(feed)?)));
    let Some(folder) = to else {
        for (name, text) in texts {
            if sheet.is_none() {
                println!("{name}.csv");
            }
            print!("{text}");
            if sheet.is_none() {
                println!();
            }
        }
        return Ok(ExitCode::SUCCESS);
    };
    let failed = |error: std::io::Error| Failure::world(format!("{}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(failed)?;
    if is_same(folder, &settings.data_dir().join("sheets")) {
        return Err(Failure::usage(format!(
            "{} is where runs read the sheets: write templates elsewhere, fill them in, then `aispend import SHEET FILE`",
            folder.display()
        )));
    }
    let mut is_whole = true;
    for (name, text) in texts {
        let path = folder.join(format!("{name}.csv"));
        match File::create_new(&path) {
            Ok(mut file) => {
                file.write_all(text.as_bytes()).map_err(failed)?;
                println!("{}", path.display());
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                eprintln!("{} is there already and stays", path.display());
                is_whole = false;
            }
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::from(INCOMPLETE) })
}

fn is_same(left: &Path, right: &Path) -> bool {
    left.canonicalize().ok().zip(right.canonicalize().ok()).is_some_and(|(left, right)| left == right)
}
