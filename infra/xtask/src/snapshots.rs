//! Finds snapshots that no test looks at any more.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

/// Tells insta to write down every snapshot it compares.
pub const REFERENCES_VARIABLE: &str = "INSTA_SNAPSHOT_REFERENCES_FILE";

/// Fails when there is a snapshot below `root` that `references`, written by a run of all tests, does not name.
pub fn check_all_used(root: &Path, references: &Path) -> Result<()> {
    let mut present = BTreeSet::new();
    collect(root, &mut present).context("could not list the snapshots")?;
    let used = match fs::read_to_string(references) {
        Ok(lines) => lines.lines().filter_map(|line| fs::canonicalize(line).ok()).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeSet::new(),
        Err(error) => return Err(error).with_context(|| format!("could not read {}", references.display())),
    };
    let unused: Vec<String> = present.difference(&used).map(|path| path.display().to_string()).collect();
    eprintln!("{} snapshots", present.len());
    ensure!(unused.is_empty(), "no test looks at these snapshots, delete them:\n  {}", unused.join("\n  "));
    Ok(())
}

fn collect(folder: &Path, snapshots: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if entry.file_type()?.is_dir() {
            if !name.starts_with('.') && !["target", "node_modules"].contains(&name.as_ref()) {
                collect(&path, snapshots)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "snap") {
            snapshots.insert(fs::canonicalize(path)?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_that_no_test_names_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("src/target")).unwrap();
        for name in ["src/used.snap", "src/left.snap", "src/target/built.snap", "src/other.txt"] {
            fs::write(path(name), "").unwrap();
        }
        let references = path("references");
        fs::write(&references, path("src/../src/used.snap").display().to_string()).unwrap();

        let error = check_all_used(folder.path(), &references).unwrap_err().to_string();

        let left = fs::canonicalize(path("src/left.snap")).unwrap();
        assert_eq!(error, format!("no test looks at these snapshots, delete them:\n  {}", left.display()));
    }
}
