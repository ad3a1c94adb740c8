//! What all instruments of the pretend exchange share: fees, chance, the account, answers, ids.

use domain::{
    AccountEvent, AccountEventKind, Fill, Instrument, InstrumentId, Instruments, Liquidity, Lots,
    Money, NewOrder, NumberError, OrderId, OrderReport, ReportKind, RunNumber, Span, StrategyId,
    Ticks, Timestamp, TradeId,
};

use super::{
    CostRecording, ExecutionCost, FillModel, PaperConfig, PaperConfigError, PriceSource,
    account::Account, answers::Answers, costs::Path, fees::Fees, fill_model::Luck, margin::Margin,
    problem::Problems, slippage::Slippage,
};

/// One execution before it is reported.
#[derive(Clone, Copy, Debug)]
pub(super) struct Execution {
    pub(super) price: Ticks,
    pub(super) quantity: Lots,
    pub(super) fee: Money,
    pub(super) liquidity: Liquidity,
    pub(super) path: Path,
}

/// The rules and the desk where results are handed out.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) model: FillModel,
    pub(super) slippage: Slippage,
    pub(super) luck: Luck,
    pub(super) answers: Answers,
    pub(super) account: Account,
    pub(super) margin: Option<Margin>,
    pub(super) problems: Problems,
    pub(super) costs: Vec<ExecutionCost>,
    recording: CostRecording,
    fees: Fees,
    run: RunNumber,
    trades: u64,
    now: Timestamp,
}

impl Desk {
    pub(super) fn new(
        config: &PaperConfig,
        instruments: &Instruments,
    ) -> Result<Self, PaperConfigError> {
        let slippage = Slippage::new(config.slippage)
            .ok_or(PaperConfigError::Slippage { slippage: config.slippage })?;
        let luck = Luck::new(config.fill_model, config.seed)
            .ok_or(PaperConfigError::Probability { model: config.fill_model })?;
        // The answers to a bar belong to it: they are due before anybody decides on its close.
        let latency = match config.prices {
            PriceSource::Bars => Span::ZERO,
            PriceSource::Book | PriceSource::Quotes => config.report_latency,
        };
        Ok(Self {
            model: config.fill_model,
            slippage,
            luck,
            answers: Answers::new(latency),
            account: Account::new(config, instruments)?,
            margin: config.margin.as_ref().map(Margin::new).transpose()?,
            problems: Problems::default(),
            costs: Vec::new(),
            recording: config.costs,
            fees: Fees::new(config, instruments.len())?,
            run: config.run,
            trades: 0,
            now: Timestamp::EPOCH,
        })
    }

    /// Time reaches `now`: answers from here on travel from now.
    pub(super) fn let_pass(&mut self, now: Timestamp) {
        self.now = now;
        self.fees.let_pass(now);
    }

    /// Whether there is anything that margin could be asked for.
    pub(super) const fn has_cover_to_watch(&self) -> bool {
        self.margin.is_some() && !self.account.is_flat()
    }

    pub(super) const fn now(&self) -> Timestamp {
        self.now
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
        path: Path,
    ) -> Result<Execution, NumberError> {
        let fee = self.fees.charge(instrument, price, quantity, liquidity)?;
        Ok(Execution { price, quantity, fee, liquidity, path })
    }

    /// Makes sure that a waiting quantity can be charged later.
    ///
    /// # Errors
    /// [`NumberError::Overflow`].
    pub(super) fn check_waiting(
        &self,
        instrument: &Instrument,
        limit: Ticks,
        quantity: Lots,
    ) -> Result<(), NumberError> {
        self.fees.check_waiting(instrument, limit, quantity)
    }

    /// Books an execution and reports it under the next trade id.
    ///
    /// # Errors
    /// [`NumberError::Overflow`] of the account; nothing happened then.
    pub(super) fn fill(
        &mut self,
        order: &NewOrder,
        done: &Execution,
        time: Timestamp,
    ) -> Result<(), NumberError> {
        let fill = self.book(order, done, time)?;
        self.report(order, ReportKind::Filled(fill), time);
        Ok(())
    }

    /// The exchange closes a position by force, under an order that is none of ours.
    ///
    /// # Errors
    /// [`NumberError::Overflow`]; nothing happened then.
    pub(super) fn liquidate(
        &mut self,
        order: &NewOrder,
        done: &Execution,
        time: Timestamp,
    ) -> Result<(), NumberError> {
        let forced = NewOrder { id: OrderId::new(self.run, 0), ..*order };
        let fill = self.book(&forced, done, time)?;
        let kind = AccountEventKind::Liquidation { fill };
        let (strategy, instrument, amount) = (order.strategy, order.instrument, Money::ZERO);
        self.answers.account(AccountEvent { strategy, instrument, time, amount, kind }, self.now);
        Ok(())
    }

    fn book(
        &mut self,
        order: &NewOrder,
        done: &Execution,
        time: Timestamp,
    ) -> Result<Fill, NumberError> {
        let trade = TradeId::new(self.run, self.trades + 1);
        let fill = Fill {
            trade,
            order: order.id,
            instrument: order.instrument,
            side: order.side,
            price: done.price,
            quantity: done.quantity,
            fee: done.fee,
            liquidity: done.liquidity,
            time,
        };
        let instrument = &self.account.holding(order.instrument).instrument;
        let notional = instrument.notional(done.price, done.quantity)?;
        let cost = match self.recording {
            CostRecording::Off => None,
            CostRecording::On => {
                Some(done.path.split(trade, instrument, order.side, done.price, done.quantity)?)
            }
        };
        self.account.book(order.strategy, &fill)?;
        self.costs.extend(cost);
        self.fees.note(notional, self.now);
        self.trades += 1;
        Ok(fill)
    }

    /// Moves money, and tells the account's owner.
    ///
    /// # Errors
    /// [`NumberError::Overflow`]; nothing happened then.
    pub(super) fn pay(
        &mut self,
        strategy: StrategyId,
        instrument: InstrumentId,
        amount: Money,
        kind: AccountEventKind,
        time: Timestamp,
    ) -> Result<(), NumberError> {
        self.account.pay(amount)?;
        self.answers.account(AccountEvent { strategy, instrument, time, amount, kind }, self.now);
        Ok(())
    }

    pub(super) fn report(&mut self, order: &NewOrder, kind: ReportKind, time: Timestamp) {
        self.tell(order.id, order.instrument, kind, time);
    }

    /// Reports about an order of which nothing but the name is known.
    pub(super) fn tell(
        &mut self,
        order: OrderId,
        instrument: InstrumentId,
        kind: ReportKind,
        time: Timestamp,
    ) {
        self.answers.report(OrderReport { order, instrument, time, kind }, self.now);
    }
}
