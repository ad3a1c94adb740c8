//! The figures as they are written down.

use domain::{Timestamp, record::PerformanceRecord};

use super::Performance;
use crate::Engine;

impl Engine {
    /// The figures so far and the money they are about, to be written down. `performance` is
    /// what [`Engine::performance`] said at that time.
    #[must_use]
    pub fn performance_record(
        &self,
        performance: &Performance,
        time: Timestamp,
    ) -> PerformanceRecord {
        let portfolio = self.portfolio();
        let trades = &performance.trades;
        PerformanceRecord {
            time,
            realized_pnl: portfolio.realized_pnl(),
            unrealized_pnl: portfolio.unrealized_pnl(),
            fees: portfolio.fees(),
            carry: portfolio.carry(),
            total_return: performance.total_return,
            annual_return: performance.annual_return,
            volatility: performance.annual_volatility,
            sharpe_ratio: performance.sharpe,
            sortino_ratio: performance.sortino,
            calmar_ratio: performance.calmar,
            max_drawdown: performance.max_drawdown,
            max_drawdown_amount: performance.max_drawdown_amount,
            max_drawdown_seconds: performance.longest_drawdown_seconds,
            win_rate: trades.win_rate,
            profit_factor: trades.profit_factor,
            expectancy: trades.expectancy,
            num_trades: trades.count,
            turnover: performance.turnover,
            exposure: performance.exposure,
            tail_ratio: performance.tail_ratio,
            value_at_risk: performance.value_at_risk,
            ulcer_index: performance.ulcer_index,
        }
    }
}
