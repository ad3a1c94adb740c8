//! Numbers as people read them: grouped digits, a sign where it matters, a dash for nothing.
//!
//! Programs read exact numbers in `report.json`; what is rounded here is for the eye.

use domain::Money;

/// Shown for a figure that the data do not define.
pub(crate) const NOTHING: &str = "\u{2013}";

/// A fixed number of decimals, digits in groups of three, a true minus sign.
pub(crate) fn grouped(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return NOTHING.to_owned();
    }
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::with_capacity(text.len() + 4);
    // A value that rounds to zero has no sign.
    if value < 0.0 && text.bytes().any(|digit| matches!(digit, b'1'..=b'9')) {
        out.push('\u{2212}');
    }
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// Two decimals, or as many as show three digits of a small number.
pub(crate) fn plain(value: f64) -> String {
    grouped(value, decimals_for(value))
}

fn decimals_for(value: f64) -> usize {
    let size = value.abs();
    if size == 0.0 || size >= 0.1 {
        return 2;
    }
    let steps = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7];
    steps.iter().zip(4..).find(|(step, _)| size >= **step).map_or(10, |(_, decimals)| decimals)
}

/// [`plain`] with a plus sign for gains.
pub(crate) fn signed(value: f64) -> String {
    let text = plain(value);
    if value > 0.0 { format!("+{text}") } else { text }
}

/// An amount of money, rounded for the eye.
pub(crate) fn money(amount: Money) -> String {
    plain(amount.to_f64())
}

/// [`money`] with a plus sign for gains.
pub(crate) fn signed_money(amount: Money) -> String {
    signed(amount.to_f64())
}

/// A fraction in per cent, such as `12.3 %`.
pub(crate) fn percent(fraction: f64) -> String {
    let value = 100.0 * fraction;
    let decimals = match value.abs() {
        size if size >= 1_000.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 0.01 || size == 0.0 => 2,
        _ => 4,
    };
    let text = grouped(value, decimals);
    if text == NOTHING { text } else { format!("{text} %") }
}

/// [`percent`] with a plus sign for gains.
pub(crate) fn signed_percent(fraction: f64) -> String {
    let text = percent(fraction);
    if fraction > 0.0 { format!("+{text}") } else { text }
}

/// A probability in per cent that never claims certainty.
pub(crate) fn probability(chance: f64) -> String {
    if chance > 0.999 {
        "over 99.9 %".to_owned()
    } else if chance < 0.001 {
        "under 0.1 %".to_owned()
    } else {
        format!("{} %", grouped(100.0 * chance, 1))
    }
}

/// A count with groups.
pub(crate) fn count(number: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    grouped(number as f64, 0)
}

/// `1 trade`, `2 trades`.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// What `show` makes of a figure, or a dash.
pub(crate) fn or_nothing(figure: Option<f64>, show: impl Fn(f64) -> String) -> String {
    figure.map_or_else(|| NOTHING.to_owned(), show)
}

/// For terminals and files of plain text: ASCII only.
pub(crate) fn ascii(text: &str) -> String {
    text.replace(['\u{2212}', '\u{2013}'], "-").replace('\u{d7}', "x")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_and_minus_signs_are_true_ones() {
        assert_eq!(grouped(1_234_567.891, 2), "1,234,567.89");
        assert_eq!(grouped(-999.0, 0), "\u{2212}999");
        assert_eq!(grouped(-0.001, 2), "0.00", "no negative zero");
        assert_eq!(grouped(f64::NAN, 2), NOTHING);
    }

    #[test]
    fn small_numbers_keep_three_digits() {
        assert_eq!(plain(0.012_34), "0.0123");
        assert_eq!(plain(0.000_008_23), "0.00000823");
        assert_eq!(plain(12.0), "12.00");
    }

    #[test]
    fn no_probability_is_certain() {
        assert_eq!(probability(1.0), "over 99.9 %");
        assert_eq!(probability(0.0), "under 0.1 %");
        assert_eq!(probability(0.5), "50.0 %");
    }

    #[test]
    fn per_cents_have_signs_where_asked() {
        assert_eq!(signed_percent(0.1234), "+12.3 %");
        assert_eq!(signed_percent(-0.005), "\u{2212}0.50 %");
        assert_eq!(percent(25.0), "2,500 %");
        assert_eq!(ascii(&signed_percent(-0.005)), "-0.50 %");
    }
}
