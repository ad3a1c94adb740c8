//! Recorded market data for tests, where it is present.
//!
//! The data are large and never part of the repository. They are looked for in the
//! directory named by `ALGOPIONEER_DATA`, else beside the repository.

use std::path::{Path, PathBuf};

/// The directory of recorded data, `None` when there is none.
///
/// # Panics
/// With `CI=true` and no directory: there a skipped test would be a hole.
#[must_use]
pub fn data_dir() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let root = std::env::var_os("ALGOPIONEER_DATA").map_or_else(beside, PathBuf::from);
    present(root)
}

/// One file or folder of the recorded data, such as `binance-raw`.
///
/// Where it is absent this prints `skipped: ...` and gives `None`, and the test returns.
///
/// # Panics
/// With `CI=true` and no such file: there a skipped test would be a hole.
#[must_use]
pub fn recorded(path: impl AsRef<Path>) -> Option<PathBuf> {
    data_dir().and_then(|root| present(root.join(path)))
}

#[expect(clippy::print_stdout, reason = "a skipped test must say so")]
fn present(path: PathBuf) -> Option<PathBuf> {
    if path.exists() {
        return Some(path);
    }
    let strict = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(!strict, "recorded data are missing: {}", path.display());
    println!("skipped: no recorded data at {}", path.display());
    None
}

#[cfg(test)]
mod tests {
    use super::present;

    #[test]
    fn a_path_that_exists_is_given_back() {
        let here = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(present(here.clone()), Some(here));
    }
}
