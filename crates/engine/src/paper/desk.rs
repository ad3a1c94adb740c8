//! What all instruments of the pretend exchange share: fees, chance, reports, trade ids.

use domain::{
    Fill, Instrument, Liquidity, Lots, Money, NewOrder, NumberError, OrderReport, ReportKind,
    RunNumber, Ticks, Timestamp, TradeId,
};

use super::{
    FillModel, PaperConfig, PaperConfigError, fees::Fees, fill_model::Luck, reports::Reports,
    slippage::Slippage,
};

/// One execution before it is reported.
#[derive(Clone, Copy, Debug)]
pub(super) struct Execution {
    pub(super) price: Ticks,
    pub(super) quantity: Lots,
    pub(super) fee: Money,
    pub(super) liquidity: Liquidity,
}

/// The rules and the desk where results are handed out.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) model: FillModel,
    pub(super) slippage: Slippage,
    pub(super) luck: Luck,
    pub(super) reports: Reports,
    fees: Fees,
    run: RunNumber,
    trades: u64,
}

impl Desk {
    pub(super) fn new(config: &PaperConfig) -> Result<Self, PaperConfigError> {
        let slippage = Slippage::new(config.slippage)
            .ok_or(PaperConfigError::Slippage { slippage: config.slippage })?;
        let luck = Luck::new(config.fill_model, config.seed)
            .ok_or(PaperConfigError::Probability { model: config.fill_model })?;
        let fees = Fees::new(config.maker_fee, config.taker_fee)
            .map_err(|source| PaperConfigError::Fee { source })?;
        let reports = Reports::new(config.report_latency);
        let (model, run) = (config.fill_model, config.run);
        Ok(Self { model, slippage, luck, reports, fees, run, trades: 0 })
    }

    /// Prices the fee of an execution.
    ///
    /// # Errors
    /// [`NumberError::Overflow`].
    pub(super) fn execution(
        &self,
        instrument: &Instrument,
        liquidity: Liquidity,
        price: Ticks,
        quantity: Lots,
    ) -> Result<Execution, NumberError> {
        let fee = self.fees.charge(instrument, price, quantity, liquidity)?;
        Ok(Execution { price, quantity, fee, liquidity })
    }

    /// Reports an execution under the next trade id.
    pub(super) fn fill(&mut self, order: &NewOrder, done: Execution, now: Timestamp) {
        self.trades += 1;
        let fill = Fill {
            trade: TradeId::new(self.run, self.trades),
            order: order.id,
            instrument: order.instrument,
            side: order.side,
            price: done.price,
            quantity: done.quantity,
            fee: done.fee,
            liquidity: done.liquidity,
            time: now,
        };
        self.report(order, ReportKind::Filled(fill), now);
    }

    pub(super) fn report(&mut self, order: &NewOrder, kind: ReportKind, now: Timestamp) {
        let (order, instrument) = (order.id, order.instrument);
        self.reports.send(OrderReport { order, instrument, time: now, kind });
    }
}
