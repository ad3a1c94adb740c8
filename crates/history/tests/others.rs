//! Other tools read the catalogue as it is: pandas, polars and `DuckDB`.
//!
//! The three are installed into a folder of their own, once; `HISTORY_PYTHON` names a Python
//! that has them already.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![allow(clippy::format_push_string, clippy::format_collect, reason = "small tables")]

mod support;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use history::{Content, ReadOptions};
use serde_json::json;
use support::{Place, named};

const PACKAGES: [&str; 4] = ["pandas>=2,<3", "pyarrow", "polars", "duckdb"];

/// A Python with the packages, if one can be had here.
fn python() -> Result<PathBuf, String> {
    if let Some(python) = std::env::var_os("HISTORY_PYTHON") {
        return Ok(python.into());
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("history-python");
    let python = folder.join("bin/python3");
    let ready = folder.join("ready");
    if ready.exists() {
        return Ok(python);
    }
    let run = |program: &Path, words: &[&str]| {
        let output = Command::new(program).args(words).output();
        let output = output.map_err(|error| format!("{}: {error}", program.display()))?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() { Ok(()) } else { Err(said) }
    };
    run(Path::new("python3"), &["-m", "venv", folder.to_str().unwrap()])?;
    let mut install = vec!["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    install.extend(PACKAGES);
    run(&python, &install)?;
    std::fs::write(ready, "").unwrap();
    Ok(python)
}

#[test]
#[expect(clippy::print_stdout, reason = "a skipped test must say so")]
fn pandas_polars_and_duckdb_see_the_same_exact_numbers() {
    let python = match python() {
        Ok(python) => python,
        Err(reason) => {
            let strict = std::env::var("CI").is_ok_and(|value| value == "true");
            assert!(!strict, "pandas, polars and DuckDB cannot be installed: {reason}");
            println!("skipped: pandas, polars and DuckDB cannot be installed: {reason}");
            return;
        }
    };
    let place = Place::new();
    let mut text = String::from("time,open,high,low,close,volume\n");
    for minute in 0..3_000 {
        text += &format!("{},1.25,1.25,1.25,1.25,0.5\n", 1_704_067_200 + minute * 60);
    }
    place.text(Content::Bars, &text).unwrap();
    let other = place.file("other.csv", text.replace("1.25", "0.1").replace("0.5\n", "1\n"));
    let options = ReadOptions { symbol: Some("OTHER".into()), ..named(Content::Bars) };
    place.import(&[other], &options).unwrap();
    place
        .text(Content::Funding, "time,rate,price\n1704067200,0.0001,\n1704096000,-0.0002,10\n")
        .unwrap();
    place.text(Content::Trades, "time,price,quantity,side\n1704067200,1.5,2,buy\n").unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/read_catalogue.py");
    let output = Command::new(python).arg(script).arg(place.path()).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    let seen: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    // 3,000 times 1.25 and 3,000 times 0.1.
    let bars = json!([6_000, "4050.00", "2024-01-01T00:00:00+00:00"]);
    let expected = json!({
        "pandas": bars, "polars": bars, "duckdb": bars, "funding": 2, "trades": 1,
    });
    assert_eq!(seen, expected);
}
