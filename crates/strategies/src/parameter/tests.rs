//! Parameters are read by name, and only inside their range.
#![expect(clippy::float_cmp, reason = "numbers are read exactly as written")]

use domain::Span;

use super::{ParamValues, Parameter, ParameterError, Preset, Range};

static PARAMETERS: [Parameter; 7] = [
    Parameter::flag("shout", "false", "A flag."),
    Parameter::whole("window", (2, 50), "20", "A whole number."),
    Parameter::milliseconds("patience_ms", (0, 60_000), "500", "A time."),
    Parameter::real("threshold", Range::between(0, 1, 6), "0.3", "A real number."),
    Parameter::quantity("size", Preset::PositionLimit, "A quantity."),
    Parameter::rate("stop", Range::below(0, 1, 8), "0", "A rate."),
    Parameter::choice("side", &["long", "short"], "long", "A word."),
];

fn values() -> ParamValues {
    ParamValues::defaults(PARAMETERS.iter())
}

#[test]
fn defaults_are_read_by_name_and_kind() {
    let values = values();
    assert!(!values.flag("shout"));
    assert_eq!(values.whole("window"), 20);
    assert_eq!(values.span("patience_ms"), Span::from_millis(500));
    assert_eq!(values.real("threshold"), 0.3);
    assert_eq!(values.quantity("size").to_string(), "1");
    assert_eq!(values.rate("stop").decimal().to_string(), "0");
    assert_eq!(values.choice("side"), "long");
    assert!(values.declares("side") && !values.declares("sides"));
}

#[test]
fn a_set_value_replaces_the_default_and_hyphens_are_underscores() {
    let values = values().with("patience-ms", "7").unwrap().with("stop", "0.05").unwrap();
    assert_eq!(values.span("patience_ms"), Span::from_millis(7));
    assert_eq!(values.rate("stop").decimal().to_string(), "0.05");
    assert_eq!(values.whole("window"), 20);
}

#[test]
fn both_ends_of_every_range_can_be_set_and_what_lies_outside_cannot() {
    for parameter in &PARAMETERS {
        for text in parameter.extremes() {
            assert!(values().with(parameter.name, &text).is_ok(), "{} = {text}", parameter.name);
        }
    }
    for (name, text, allowed) in [
        ("window", "1", "from 2 to 50"),
        ("window", "51", "from 2 to 50"),
        ("patience_ms", "60001", "from 0 to 60000"),
        ("threshold", "0", "above 0 and below 1"),
        ("threshold", "1", "above 0 and below 1"),
        ("threshold", "0.0000001", "a number of at most 6 decimals"),
        ("size", "0", "above 0 and at most 1000000000000000"),
        ("stop", "1", "from 0 to below 1"),
        ("stop", "-0.1", "from 0 to below 1"),
    ] {
        match values().with(name, text) {
            Err(ParameterError::OutOfRange { allowed: found, .. }) => assert_eq!(found, allowed),
            other => panic!("{name} = {text}: {other:?}"),
        }
    }
}

#[test]
fn what_cannot_be_read_says_what_was_expected() {
    for (name, text) in [
        ("shout", "yes"),
        ("window", "2.5"),
        ("window", "-3"),
        ("patience_ms", "soon"),
        ("threshold", "nan"),
        ("threshold", "1e-3"),
        ("size", "many"),
        ("side", "sideways"),
    ] {
        let error = values().with(name, text).unwrap_err();
        assert!(matches!(&error, ParameterError::Unreadable { .. }), "{error}");
        let message = error.to_string();
        assert!(message.starts_with(&format!("`{name}` takes ")), "{message}");
        assert!(message.ends_with(&format!("not `{text}`")), "{message}");
    }
    let message = values().with("windw", "3").unwrap_err().to_string();
    assert!(message.starts_with("there is no parameter `windw`; known here: shout, "), "{message}");
}

#[test]
#[should_panic(expected = "reads its parameter `window` as a flag")]
fn reading_a_parameter_as_another_kind_stops_the_program() {
    let _ = values().flag("window");
}
