//! Gauges of the account's performance, as of the last snapshot interval.
//!
//! A figure that the data do not define has no sample. The formulas are in
//! `docs/performance-metrics.md`.

use engine::performance::Performance;

use crate::report::page::{Page, to_f64};

/// Adds all of them.
pub(super) fn add(page: &mut Page, performance: &Performance) {
    let trades = &performance.trades;
    let gauges = [
        ("total_return", "Growth of equity since the start.", performance.total_return),
        ("annual_return", "The yearly growth that would give it.", performance.annual_return),
        ("volatility", "Deviation of returns, a year.", performance.annual_volatility),
        ("sharpe_ratio", "Mean over deviation of returns, a year.", performance.sharpe),
        ("sortino_ratio", "Mean over downside deviation, a year.", performance.sortino),
        ("calmar_ratio", "Yearly growth over the deepest drawdown.", performance.calmar),
        ("max_drawdown_ratio", "Deepest fall of equity, a share.", Some(performance.max_drawdown)),
        (
            "max_drawdown_seconds",
            "Longest time below an earlier peak.",
            Some(performance.longest_drawdown_seconds),
        ),
        ("win_rate", "Round trips that made money, a share.", trades.win_rate),
        ("profit_factor", "Gains over losses of round trips.", trades.profit_factor),
        ("expectancy", "Mean profit of a round trip in quote currency.", trades.expectancy),
        ("round_trips", "Finished round trips.", Some(to_f64(trades.count))),
        ("turnover", "Traded a year over mean equity.", performance.turnover),
        ("exposure_ratio", "Share of time with a position.", performance.exposure),
        ("tail_ratio", "95th over 5th percentile of returns.", performance.tail_ratio),
        ("value_at_risk", "5th percentile of returns.", performance.value_at_risk),
        ("ulcer_index", "Root mean square of drawdowns.", performance.ulcer_index),
    ];
    for (name, help, value) in gauges {
        let samples: Vec<_> = value.map(|value| (&[][..], value)).into_iter().collect();
        page.gauge(&format!("algopioneer_{name}"), help, &samples);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_has_a_sample_only_where_it_is_defined() {
        let mut page = Page::default();
        add(&mut page, &Performance { sharpe: Some(1.5), ..Performance::default() });
        let text = page.finish();
        assert!(text.contains("\nalgopioneer_sharpe_ratio 1.5\n"), "{text}");
        assert!(text.contains("\nalgopioneer_round_trips 0\n"), "{text}");
        assert!(text.contains("# TYPE algopioneer_sortino_ratio gauge\n"), "{text}");
        assert!(!text.contains("\nalgopioneer_sortino_ratio "), "{text}");
    }
}
