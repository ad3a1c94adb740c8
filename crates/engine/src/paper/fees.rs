//! What the pretend exchange charges.

use std::collections::VecDeque;

use domain::{Bps, Instrument, Liquidity, Lots, Money, NumberError, Ticks, Timestamp};

use super::{FeeTier, InstrumentFee, PaperConfig, PaperConfigError};

/// The fee rates of makers and takers, by the volume of the last 30 days.
#[derive(Debug)]
pub(super) struct Fees {
    /// The first one holds from zero on.
    tiers: Vec<FeeTier>,
    current: usize,
    volume: RollingVolume,
    /// Few, if any.
    own: Vec<InstrumentFee>,
}

/// What was traded in the last 30 days of event time, to the hour.
#[derive(Debug, Default)]
struct RollingVolume {
    hours: VecDeque<(i64, Money)>,
    total: Money,
}

impl RollingVolume {
    const HOURS: i64 = 30 * 24;

    const fn hour(now: Timestamp) -> i64 {
        now.as_millis().div_euclid(3_600_000)
    }

    fn let_pass(&mut self, now: Timestamp) {
        let first = Self::hour(now) - Self::HOURS;
        while let Some((_, gone)) = self.hours.pop_front_if(|(hour, _)| *hour <= first) {
            self.total = self.total.checked_sub(gone).unwrap_or(Money::ZERO);
        }
    }

    fn add(&mut self, notional: Money, now: Timestamp) {
        // A sum beyond range is above every tier anyway.
        let Some(total) = self.total.checked_add(notional) else { return };
        self.total = total;
        let hour = Self::hour(now);
        match self.hours.back_mut() {
            Some((last, sum)) if *last >= hour => *sum += notional,
            _ => self.hours.push_back((hour, notional)),
        }
    }
}

impl Fees {
    /// # Errors
    /// For a rate that cannot be charged exactly, and for tiers out of order.
    pub(super) fn new(config: &PaperConfig, instruments: usize) -> Result<Self, PaperConfigError> {
        let named = config.instrument_fees.iter().map(|fee| fee.instrument);
        if let Some(instrument) = named.into_iter().find(|id| id.index() >= instruments) {
            let setting = "an instrument's fee";
            return Err(PaperConfigError::UnknownInstrument { setting, instrument });
        }
        let (maker, taker) = (config.maker_fee, config.taker_fee);
        let mut tiers = vec![FeeTier { volume_from: Money::ZERO, maker, taker }];
        tiers.extend_from_slice(&config.fee_tiers);
        for pair in tiers.windows(2) {
            if pair[1].volume_from <= pair[0].volume_from {
                return Err(PaperConfigError::FeeTiers { volume_from: pair[1].volume_from });
            }
        }
        let own = &config.instrument_fees;
        let rates = tiers.iter().map(|tier| [tier.maker, tier.taker]);
        for rate in rates.chain(own.iter().map(|fee| [fee.maker, fee.taker])).flatten() {
            rate.of_rounded_up(Money::from_atto(1))
                .map_err(|source| PaperConfigError::Fee { source })?;
        }
        Ok(Self { tiers, current: 0, volume: RollingVolume::default(), own: own.clone() })
    }

    /// Time passes, and old volume no longer counts.
    pub(super) fn let_pass(&mut self, now: Timestamp) {
        if self.tiers.len() > 1 {
            self.volume.let_pass(now);
            self.find_tier();
        }
    }

    /// Counts an execution; the fees of the next one may be others.
    pub(super) fn note(&mut self, notional: Money, now: Timestamp) {
        if self.tiers.len() > 1 {
            self.volume.add(notional.abs(), now);
            self.find_tier();
        }
    }

    fn find_tier(&mut self) {
        let reached = |tier: &FeeTier| tier.volume_from <= self.volume.total;
        self.current = self.tiers.partition_point(reached).max(1) - 1;
    }

    /// The fee of one execution: notional times rate, rounded up.
    ///
    /// # Errors
    /// [`NumberError::Overflow`].
    pub(super) fn charge(
        &self,
        instrument: &Instrument,
        price: Ticks,
        quantity: Lots,
        liquidity: Liquidity,
    ) -> Result<Money, NumberError> {
        let tier = &self.tiers[self.current];
        let (maker, taker) = match self.own.iter().find(|fee| fee.instrument == instrument.id()) {
            Some(own) => (own.maker, own.taker),
            None => (tier.maker, tier.taker),
        };
        let rate: Bps = match liquidity {
            Liquidity::Maker => maker,
            Liquidity::Taker => taker,
        };
        rate.of_rounded_up(instrument.notional(price, quantity)?)
    }

    /// Makes sure that a waiting quantity can be charged later, in whatever tier.
    ///
    /// # Errors
    /// [`NumberError::Overflow`].
    pub(super) fn check_waiting(
        &self,
        instrument: &Instrument,
        price: Ticks,
        quantity: Lots,
    ) -> Result<(), NumberError> {
        let notional = instrument.notional(price, quantity)?;
        let rates = self.tiers.iter().map(|tier| tier.maker);
        let mut rates = rates.chain(self.own.iter().map(|fee| fee.maker));
        rates.try_for_each(|rate| rate.of_rounded_up(notional).map(drop))
    }
}
