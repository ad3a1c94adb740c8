//! Where a session starts: with cash, or where the last one ended.

use anyhow::{Result, bail};
use domain::{Instrument, Record, RecordSink, StrategyId, Timestamp, record::OrderChanged};
use engine::{OpeningAccount, OpeningPosition};
use storage::{Account as HeldAccount, HotJournal, Recovered};

use super::{Account, SessionPlan};

/// Positions and cash at the start.
///
/// # Errors
/// When the data directory holds a position that this session could not manage.
pub(super) fn account(
    plan: &SessionPlan<'_>,
    recovered: Option<&Recovered>,
) -> Result<OpeningAccount> {
    let fresh = OpeningAccount::with_cash(plan.loaded.config.paper.starting_cash);
    let continued = recovered
        .filter(|_| plan.account == Account::Continued)
        .map(|recovered| &recovered.state)
        .filter(|state| state.session.is_some());
    let Some(state) = continued else { return Ok(fresh) };
    let mut positions = Vec::new();
    for held in &state.accounts {
        positions.extend(position(plan, held)?);
    }
    Ok(OpeningAccount { cash: state.cash, positions, ..fresh })
}

/// A held position in this session's terms; `None` for an empty one it does not know.
fn position(plan: &SessionPlan<'_>, held: &HeldAccount) -> Result<Option<OpeningPosition>> {
    let spec = &held.instrument;
    let strategy = &plan.loaded.config.strategy.strategy_id;
    let found = plan.instruments.find(&spec.venue, spec.market, &spec.symbol);
    let same_steps = |one: &&Instrument| {
        (one.spec().tick_size, one.spec().lot_size) == (spec.tick_size, spec.lot_size)
    };
    let instrument = found.filter(same_steps).filter(|_| held.strategy == *strategy);
    let Some(instrument) = instrument else {
        if held.position.is_zero() {
            return Ok(None);
        }
        bail!(
            "the data directory holds {} {} of strategy {}, which this session (strategy \
             {strategy}) does not trade with the same tick and lot size: use its configuration \
             or another --data-dir",
            held.quantity()?.normalize(),
            spec.symbol,
            held.strategy
        );
    };
    Ok(Some(OpeningPosition {
        strategy: StrategyId::new(0),
        instrument: instrument.id(),
        position: held.position,
        cost_basis: held.cost_basis,
        realized_pnl: held.realized_pnl,
        fees: held.fees,
        carry: held.carry,
    }))
}

/// Orders that rested in the pretend exchange ended with the process it lived in.
pub(super) fn forget_orders(recovered: &Recovered, time: Timestamp, journal: &mut HotJournal) {
    for open in &recovered.state.open_orders {
        journal.record(&Record::OrderChanged(OrderChanged {
            order: open.order.id,
            status: domain::OrderStatus::Expired,
            filled: open.filled,
            time,
        }));
    }
}
