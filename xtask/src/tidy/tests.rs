//! Each rule on small repositories held in memory.

use super::{
    Finding, arrows, catalogues, check,
    files::{self, Repository},
    links, shares, source, words,
};

fn shown(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(ToString::to_string).collect()
}

#[test]
fn a_file_of_500_lines_is_fine_and_one_of_501_is_not() {
    let fine = "//! A header.\n".repeat(500);
    let long = "//! A header.\n".repeat(501);
    let repository = Repository::of(&[("crates/a/src/b.rs", &fine), ("crates/a/src/c.rs", &long)]);
    assert_eq!(
        shown(&source::sizes(&repository)),
        ["crates/a/src/c.rs: 501 lines; at most 500 are allowed"]
    );
}

#[test]
fn a_header_must_be_there_and_say_something() {
    let repository = Repository::of(&[
        ("a.rs", "//! What it is.\nfn a() {}\n"),
        ("b.rs", "fn b() {}\n"),
        ("c.rs", "//! x\n"),
        ("d.rs", ""),
    ]);
    let paths: Vec<String> =
        source::headers(&repository).into_iter().map(|finding| finding.path).collect();
    assert_eq!(paths, ["b.rs", "c.rs", "d.rs"]);
}

#[test]
fn an_arrow_against_the_table_is_found_in_every_kind_of_dependency() {
    let market = "[dependencies]\ndomain.workspace = true\nserde = \"1\"\nengine.workspace = true\n\
                  [build-dependencies]\nvenues.workspace = true\n\
                  [target.'cfg(unix)'.dependencies]\nstorage = { path = \"../storage\" }\n\
                  [dev-dependencies]\ntestkit.workspace = true\n";
    let repository = Repository::of(&[
        ("crates/market/Cargo.toml", market),
        ("crates/domain/Cargo.toml", ""),
        ("crates/engine/Cargo.toml", "[dependencies]\nmarket.workspace = true\n"),
        ("crates/storage/Cargo.toml", ""),
        ("crates/testkit/Cargo.toml", ""),
        ("crates/venues/Cargo.toml", ""),
    ]);
    assert_eq!(
        shown(&arrows::directions(&repository)),
        [
            "crates/market/Cargo.toml: `market` must not use `engine`",
            "crates/market/Cargo.toml: `market` must not use `storage`",
            "crates/market/Cargo.toml: `market` must not use `venues`",
        ]
    );
}

#[test]
fn a_crate_outside_the_table_is_found_and_the_binary_may_use_all() {
    let app = "[dependencies]\nnovel.workspace = true\n";
    let repository =
        Repository::of(&[("crates/novel/Cargo.toml", ""), ("crates/app/Cargo.toml", app)]);
    assert_eq!(
        shown(&arrows::directions(&repository)),
        ["crates/novel/Cargo.toml: `novel` is missing from the table of arrows in xtask"]
    );
}

#[test]
fn catalogue_rows_are_sorted_and_unique() {
    let text = "//! Strategies.\n    name: \"b\",\n    name: \"a\",\n    name: \"b\",\n";
    let repository = Repository::of(&[("crates/strategies/src/catalogue.rs", text)]);
    assert_eq!(
        shown(&catalogues::sorted(&repository)),
        [
            "crates/strategies/src/catalogue.rs:3: `a` must come before `b`",
            "crates/strategies/src/catalogue.rs:4: `b` is listed twice",
        ]
    );
}

#[test]
fn a_catalogue_may_say_that_its_order_has_a_meaning() {
    let text = "//! Rules, in the order in which they are checked.\nname: \"b\"\nname: \"a\"\n";
    let repository = Repository::of(&[("crates/engine/src/risk/catalogue.rs", text)]);
    assert_eq!(catalogues::sorted(&repository), []);
}

#[test]
fn links_are_followed_from_their_own_folder() {
    let readme = "[a](docs/a.md#part) [b](docs/b.md) [c](https://example.org) [d](#here)\n\
                  `[code](nowhere.md)`\n```\n[code](nowhere.md)\n```\n[up](../outside.md)\n";
    let nested = "[root](../README.md) [folder](../docs) [bad](README.md)\n";
    let repository = Repository::of(&[("README.md", readme), ("docs/a.md", nested)]);
    assert_eq!(
        shown(&links::resolve(&repository)),
        [
            "README.md:1: the link `docs/b.md` is broken",
            "README.md:6: the link `../outside.md` is broken",
            "docs/a.md:1: the link `README.md` is broken",
        ]
    );
}

#[test]
fn test_lines_are_counted_in_files_and_in_modules() {
    let inline = "//! A.\nfn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n";
    assert_eq!(shares::test_module_lines(inline), [2, 3, 4, 5]);
    assert_eq!(shares::test_module_lines("#[cfg(test)]\nmod tests;\nfn a() {}\n"), [0, 1]);
    for path in ["crates/a/src/tests.rs", "crates/a/tests/x.rs", "crates/a/src/b/tests/c.rs"] {
        assert!(shares::is_test_file(path), "{path}");
    }
    assert!(!shares::is_test_file("crates/a/src/contests.rs"));
}

#[test]
fn too_few_tests_are_a_finding() {
    let code = "//! A header.\n".repeat(71);
    let tests = "//! A header.\n".repeat(29);
    let few = Repository::of(&[("crates/a/src/a.rs", &code), ("crates/a/src/tests.rs", &tests)]);
    assert_eq!(
        shown(&shares::enough_tests(&few)),
        ["Cargo.toml: 29 % of the lines are tests, not 30 %"]
    );
    assert_eq!(shares::describe(&few), "100 lines of Rust, 29 of them tests (29 %)");
    let tests = "//! A header.\n".repeat(31);
    let enough = Repository::of(&[("crates/a/src/a.rs", &code), ("crates/a/src/tests.rs", &tests)]);
    assert_eq!(shares::enough_tests(&enough), []);
}

#[test]
fn unfinished_work_and_machine_paths_are_found() {
    let code = concat!("//! A file.\nfn a() { to", "do!() }\n// see /ho", "me/me/x\n");
    let repository = Repository::of(&[("crates/a/src/utils.rs", code)]);
    assert_eq!(
        shown(&words::banned(&repository)),
        [
            concat!("crates/a/src/utils.rs:3: a path of one machine: `/ho", "me/`"),
            "crates/a/src/utils.rs: name the file after what it is about",
            concat!("crates/a/src/utils.rs:2: unfinished or switched off: `to", "do!(`"),
        ]
    );
}

#[test]
fn only_the_binary_and_tests_print() {
    let code = concat!(
        "//! A file.\n// print",
        "ln!(\nfn a() { print",
        "ln!(); }\n",
        "#[cfg(test)]\nmod tests {\n    fn b() { print",
        "ln!(); }\n}\n"
    );
    let repository = Repository::of(&[
        ("crates/a/src/lib.rs", code),
        ("crates/a/tests/b.rs", code),
        ("crates/app/src/output.rs", code),
    ]);
    assert_eq!(
        shown(&words::banned(&repository)),
        ["crates/a/src/lib.rs:3: only the binary prints"]
    );
}

#[test]
fn a_forbidden_crate_in_the_lock_file_is_found() {
    let lock = "[[package]]\nname = \"rsa\"\nversion = \"1\"\n[[package]]\nname = \"ring\"\n";
    let repository = Repository::of(&[("Cargo.lock", lock)]);
    assert_eq!(shown(&words::forbidden_crates(&repository)), ["Cargo.lock:2: `rsa` is forbidden"]);
}

#[test]
fn the_files_that_readers_expect_are_required() {
    let missing = files::present(&Repository::of(&[("README.md", ""), ("docs/changes.md", "")]));
    let paths: Vec<String> = missing.into_iter().map(|finding| finding.path).collect();
    assert_eq!(paths, ["ARCHITECTURE.md", "CONTRIBUTING.md", "LICENSE-APACHE", "LICENSE-MIT"]);
}

#[test]
fn all_rules_run_and_their_findings_are_sorted() {
    let repository = Repository::of(&[("b.rs", "fn b() {}\n"), ("Cargo.lock", "name = \"rsa\"\n")]);
    let findings = check(&repository);
    assert!(findings.is_sorted());
    let text = shown(&findings).join("\n");
    for part in ["b.rs:1:", "`rsa` is forbidden", "README.md: this file", "% of the lines"] {
        assert!(text.contains(part), "{part} is missing from {text}");
    }
}
