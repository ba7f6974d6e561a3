//! Every feed of the model has one source, and every source has fixtures.

use std::path::Path;

use aispend_model::Feed;

#[test]
fn every_feed_has_exactly_one_source() {
    let mut feeds: Vec<Feed> = aispend_sources::all().map(aispend_sources::Source::feed).collect();
    feeds.sort();
    let mut expected = Feed::ALL.to_vec();
    expected.sort();
    assert_eq!(feeds, expected);
}

#[test]
fn every_source_has_fixtures() {
    for feed in Feed::ALL {
        let folder =
            Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("fixtures").join(feed.as_str());
        let files = folder.read_dir().unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let is_body = |path: &Path| path.extension().is_some_and(|kind| kind == "json" || kind == "csv");
        let bodies = files.filter(|file| file.as_ref().is_ok_and(|file| is_body(&file.path()))).count();
        assert!(bodies > 0, "{} holds no body", folder.display());
    }
}

#[test]
fn every_source_writes_at_least_one_table_and_asks_its_own_vendor() {
    for source in aispend_sources::all() {
        assert!(!source.tables().is_empty(), "{}", source.feed());
    }
}
