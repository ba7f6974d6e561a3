//! Messages of the last release stay readable: fields are added, never renumbered, retyped or reused.

use std::collections::BTreeMap;

use aispend_proto::FIELDS;

/// `Message.field = number: label type`, as the build script writes it; a copy is taken at every release.
const RELEASED: &str = include_str!("../released.txt");

/// What a change breaks, field by field.
fn broken(released: &str, current: &str) -> Vec<String> {
    let by_name: BTreeMap<&str, &str> = current.lines().filter_map(|line| line.split_once(" = ")).collect();
    let by_number: BTreeMap<(&str, &str), &str> = current.lines().filter_map(place).collect();
    released
        .lines()
        .filter_map(|line| {
            let (name, was) = line.split_once(" = ")?;
            match by_name.get(name) {
                Some(is) if *is == was => None,
                Some(is) => Some(format!("{name} was `{was}` and is `{is}`")),
                None => {
                    let (key, _) = place(line)?;
                    let taken = by_number.get(&key).map_or("nothing", |field| field);
                    Some(format!("{name} is gone; its number {} holds {taken}", key.1))
                }
            }
        })
        .collect()
}

/// Message and number of a field, and its name.
fn place(line: &str) -> Option<((&str, &str), &str)> {
    let (name, rest) = line.split_once(" = ")?;
    let (message, _) = name.split_once('.')?;
    let (number, _) = rest.split_once(':')?;
    Some(((message, number), name))
}

#[test]
fn every_field_of_the_last_release_is_still_what_it_was() {
    let broken = broken(RELEASED, FIELDS);
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn a_broken_change_is_named() {
    let released = "Slice.feed = 1: string\nSlice.org_id = 2: string\nSlice.day = 3: optional int32\n";
    let renumbered =
        "Slice.feed = 4: string\nSlice.org_id = 2: int64\nSlice.tag = 3: string\nSlice.more = 9: bool\n";
    assert_eq!(
        broken(released, renumbered),
        [
            "Slice.feed was `1: string` and is `4: string`",
            "Slice.org_id was `2: string` and is `2: int64`",
            "Slice.day is gone; its number 3 holds Slice.tag",
        ]
    );
    assert!(broken(released, &format!("{released}Slice.more = 4: bool\n")).is_empty());
}
