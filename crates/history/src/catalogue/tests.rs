//! An import happens as a whole or not at all, also when it is interrupted anywhere.

use std::fs;

use super::{Catalogue, Staging};
use crate::error::ImportError;

fn staged(dir: &std::path::Path) -> Staging {
    let mut staging = Staging::begin(dir).unwrap();
    for name in ["a/one", "b/two"] {
        let place = staging.place(name.as_ref());
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, name).unwrap();
        staging.keep(name.into());
    }
    staging
}

#[test]
fn files_appear_together_when_the_import_is_complete() {
    let dir = tempfile::tempdir().unwrap();
    let staging = staged(dir.path());
    assert!(!dir.path().join("a/one").exists());
    staging.commit().unwrap();
    assert_eq!(fs::read_to_string(dir.path().join("a/one")).unwrap(), "a/one");
    assert_eq!(fs::read_to_string(dir.path().join("b/two")).unwrap(), "b/two");
    assert!(!dir.path().join("_import/staged").exists());
}

#[test]
fn an_import_that_ends_early_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    drop(staged(dir.path()));
    assert!(!dir.path().join("_import/staged").exists());
    // A killed process does not tidy up: its files are still there for the next one.
    std::mem::forget(staged(dir.path()));
    let copy = tempfile::tempdir().unwrap();
    fs::create_dir_all(copy.path().join("_import")).unwrap();
    fs::rename(dir.path().join("_import/staged"), copy.path().join("_import/staged")).unwrap();
    Catalogue::open(copy.path()).unwrap();
    Staging::begin(copy.path()).unwrap().commit().unwrap();
    assert!(!copy.path().join("a/one").exists());
    assert!(!copy.path().join("_import/staged").exists());
}

#[test]
fn a_killed_import_that_had_begun_to_move_is_finished_by_whoever_opens_the_catalogue() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("_import");
    fs::create_dir_all(folder.join("staged/b")).unwrap();
    fs::write(folder.join("staged/b/two"), "b/two").unwrap();
    fs::create_dir_all(dir.path().join("a")).unwrap();
    fs::write(dir.path().join("a/one"), "a/one").unwrap();
    fs::write(folder.join("commit.json"), r#"{"files":["a/one","b/two"]}"#).unwrap();
    Catalogue::open(dir.path()).unwrap();
    assert_eq!(fs::read_to_string(dir.path().join("b/two")).unwrap(), "b/two");
    assert!(!folder.join("commit.json").exists());
}

#[test]
fn a_second_import_at_the_same_time_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let _first = staged(dir.path());
    assert!(matches!(Staging::begin(dir.path()), Err(ImportError::Busy { .. })));
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let error = Catalogue::open("no-such-folder".as_ref()).unwrap_err().to_string();
    assert!(error.contains("no-such-folder") && error.contains("data import"), "{error}");
}
