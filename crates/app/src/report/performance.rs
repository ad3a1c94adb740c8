//! The headlines of an account's performance, for a person: only what the data define.

use std::fmt;

use engine::performance::Performance;

use super::summary::{grouped, line};

/// Writes the section; nothing when there is nothing to tell.
pub(super) fn write(f: &mut fmt::Formatter<'_>, performance: &Performance) -> fmt::Result {
    let trades = &performance.trades;
    let percent = |share: f64| format!("{:.4} %", share * 100.0);
    let ratio = |value: f64| format!("{value:.3}");
    let money = |value: f64| format!("{value:.4}");
    let fall = (performance.max_drawdown > 0.0).then(|| {
        let (share, amount) = (percent(performance.max_drawdown), performance.max_drawdown_amount);
        format!("{share} ({amount})")
    });
    let finished = (trades.count > 0).then(|| grouped(trades.count));
    let lines = [
        ("total return", performance.total_return.map(percent)),
        ("a year", performance.annual_return.map(percent)),
        ("Sharpe ratio", performance.sharpe.map(ratio)),
        ("Sortino ratio", performance.sortino.map(ratio)),
        ("Calmar ratio", performance.calmar.map(ratio)),
        ("drawdown", fall),
        ("round trips", finished),
        ("win rate", trades.win_rate.map(percent)),
        ("profit factor", trades.profit_factor.map(ratio)),
        ("expectancy", trades.expectancy.map(money)),
    ];
    let lines: Vec<_> = lines.into_iter().filter_map(|(name, text)| Some((name, text?))).collect();
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n  Performance (of the whole account, after fees)")?;
    lines.into_iter().try_for_each(|(name, text)| line(f, name, &text))
}

#[cfg(test)]
mod tests {
    use engine::performance::TradeFigures;

    use super::*;

    struct Section(Performance);

    impl fmt::Display for Section {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write(f, &self.0)
        }
    }

    #[test]
    fn only_what_is_defined_is_shown() {
        assert_eq!(Section(Performance::default()).to_string(), "");
        let trades = TradeFigures { count: 3, win_rate: Some(0.5), ..TradeFigures::default() };
        let some = Performance { total_return: Some(-0.01), trades, ..Performance::default() };
        let text = Section(some).to_string();
        for shown in ["total return", "-1.0000 %", "round trips", "win rate", "50.0000 %"] {
            assert!(text.contains(shown), "no {shown}: {text}");
        }
        for hidden in ["Sharpe", "a year", "drawdown", "profit factor"] {
            assert!(!text.contains(hidden), "{hidden} is not defined: {text}");
        }
    }
}
