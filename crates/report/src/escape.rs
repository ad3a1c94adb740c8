//! Foreign text inside HTML, scripts and tables.
//!
//! Names of instruments, strategies and files come from configuration and venues; nothing of them
//! may become markup, code or a formula.

use std::fmt::Write as _;

/// Text or an attribute in double quotes of HTML or SVG.
pub(crate) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Not allowed in HTML, and of no use to a reader.
            control if control.is_control() && !matches!(control, '\n' | '\t') => {
                out.push('\u{fffd}');
            }
            other => out.push(other),
        }
    }
    out
}

/// JSON inside a script element: nothing in it can end the element or begin a comment.
pub(crate) fn script(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(letter));
            }
            other => out.push(other),
        }
    }
    out
}

/// One field of a table (RFC 4180). Text that a spreadsheet would take for a formula gets an
/// apostrophe in front; numbers keep their sign, because only text comes here.
pub(crate) fn csv(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let guarded = if formula { format!("'{text}") } else { text.to_owned() };
    if guarded.contains(['"', ',', '\n', '\r', '\'']) || guarded.trim() != guarded {
        format!("\"{}\"", guarded.replace('"', "\"\""))
    } else {
        guarded
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn markup_becomes_text() {
        assert_eq!(html("<b a=\"x\" c='y'>&"), "&lt;b a=&quot;x&quot; c=&#39;y&#39;&gt;&amp;");
        assert_eq!(html("a\u{0}b"), "a\u{fffd}b");
    }

    #[test]
    fn formulas_are_guarded_and_separators_quoted() {
        assert_eq!(csv("=1+1"), "\"'=1+1\"");
        assert_eq!(csv("@cmd"), "\"'@cmd\"");
        assert_eq!(csv("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(csv("binance:spot:BTCUSDT"), "binance:spot:BTCUSDT");
    }

    proptest! {
        #[test]
        fn no_text_ends_a_script_and_every_text_survives_it(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            let inside = script(&json);
            let special = ['<', '>', '&', '\u{2028}', '\u{2029}'];
            prop_assert!(!inside.contains(special));
            prop_assert_eq!(serde_json::from_str::<String>(&inside).unwrap(), text);
        }

        #[test]
        fn no_text_breaks_out_of_an_attribute(text in any::<String>()) {
            prop_assert!(!html(&text).contains(['<', '>', '"', '\'']));
        }

        #[test]
        fn no_field_starts_a_formula(text in any::<String>()) {
            let field = csv(&text);
            let seen = field.trim_start_matches('"');
            prop_assert!(!seen.starts_with(['=', '+', '-', '@', '\t', '\r']), "{field}");
        }
    }
}
