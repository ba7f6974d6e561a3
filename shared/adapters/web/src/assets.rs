//! Styles, scripts and templates, compiled in. The address of an asset holds the hash of all, so it may be kept for ever.

use sha2::{Digest, Sha256};

macro_rules! embed {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../", $folder, "/", $name)))),*]
    };
}

/// Files below `/assets/<hash>/`.
pub const ASSETS: &[(&str, &str)] = embed!["assets":
    "adapt.css", "app.css", "app.js", "cards.css", "chart.js", "draw.js", "favicon.svg", "filters.js",
    "format.js", "grid.css", "headless.js", "keys.js", "model.js", "palette.js", "png.js", "points.js",
    "refresh.js", "scale.js", "shapes.js", "tables.js", "theme.js", "tokens.css", "vendor/echarts.js",
];

/// Templates, each after those it extends.
pub const TEMPLATES: &[(&str, &str)] = embed!["templates":
    "base.html", "cards.html", "filters.html", "dashboard.html", "error.html", "explain.html",
];

/// A hash of all assets and templates: another build, another address, another answer.
pub fn digest() -> String {
    let mut hash = Sha256::new();
    for (name, file) in ASSETS.iter().chain(TEMPLATES) {
        hash.update(name);
        hash.update([0]);
        hash.update(file);
        hash.update([0]);
    }
    format!("{:x}", hash.finalize()).chars().take(16).collect()
}

/// An asset and what a browser is told it is.
pub fn find(name: &str) -> Option<(&'static str, &'static str)> {
    let (_, file) = ASSETS.iter().find(|(known, _)| *known == name)?;
    let kind = match name.rsplit_once('.')?.1 {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    };
    Some((*file, kind))
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    fn files(folder: &Path, below: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path, below, found);
            } else {
                found.push(path.strip_prefix(below).unwrap().display().to_string());
            }
        }
    }

    #[test]
    fn every_file_is_embedded() {
        let here = std::env::var("CARGO_MANIFEST_DIR").unwrap();
        for (folder, embedded) in [("assets", ASSETS), ("templates", TEMPLATES)] {
            let folder = Path::new(&here).join(folder);
            let mut found = Vec::new();
            files(&folder, &folder, &mut found);
            // Licences are there for people who read the source.
            let is_served =
                |name: &String| [".css", ".js", ".svg", ".html"].iter().any(|end| name.ends_with(end));
            found.retain(is_served);
            found.sort();
            let mut listed: Vec<String> = embedded.iter().map(|(name, _)| (*name).to_owned()).collect();
            listed.sort();
            assert_eq!(listed, found);
        }
    }

    #[test]
    fn an_asset_has_a_kind_and_the_digest_is_stable() {
        assert_eq!(find("app.css").unwrap().1, "text/css; charset=utf-8");
        assert!(find("../Cargo.toml").is_none() && find("").is_none());
        assert_eq!(digest(), digest());
    }
}
