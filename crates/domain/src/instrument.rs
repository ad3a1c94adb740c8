//! What can be traded, and the conversion between its decimals and its counts.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{InstrumentId, Lots, Money, NetLots, NumberError, Price, Qty, Ticks, number::Scale};

/// The kind of market an instrument belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Market {
    /// Assets that change hands at once.
    Spot,
    /// A perpetual future whose profit is paid in the quote currency.
    LinearPerpetual,
    /// A perpetual future whose contracts are worth a fixed amount of quote currency and
    /// whose profit is paid in the base asset. Market data only: it is never traded here yet.
    InversePerpetual,
}

impl fmt::Display for Market {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Spot => "spot",
            Self::LinearPerpetual => "linear_perpetual",
            Self::InversePerpetual => "inverse_perpetual",
        })
    }
}

/// The facts about an instrument as a venue or a configuration states them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstrumentSpec {
    /// The venue's name in lower case, such as `binance`.
    pub venue: String,
    /// The kind of market.
    pub market: Market,
    /// The venue's symbol in upper case, such as `BTCUSDT`.
    pub symbol: String,
    /// Base asset, such as `BTC`.
    pub base: String,
    /// Quote asset, such as `USDT`.
    pub quote: String,
    /// Smallest price step.
    pub tick_size: Price,
    /// Smallest quantity step.
    pub lot_size: Qty,
    /// Smallest order quantity; zero for none.
    #[serde(default)]
    pub min_quantity: Qty,
    /// Largest order quantity; zero for none.
    #[serde(default)]
    pub max_quantity: Qty,
    /// Smallest order value in quote currency; zero for none.
    #[serde(default)]
    pub min_notional: Money,
}

/// An instrument of the session: the stated facts and the exact arithmetic on them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instrument {
    id: InstrumentId,
    spec: InstrumentSpec,
    price_scale: Scale,
    quantity_scale: Scale,
    /// Money of one tick times one lot, in 1e-18 units.
    atto_per_tick_lot: i128,
}

impl Instrument {
    /// Checks the facts and prepares the arithmetic.
    ///
    /// # Errors
    /// [`NumberError::BadStep`] for an unusable tick or lot, [`NumberError::TooFine`] when tick
    /// times lot is finer than 1e-18.
    pub fn new(id: InstrumentId, spec: InstrumentSpec) -> Result<Self, NumberError> {
        let price_scale = Scale::new(spec.tick_size.decimal())?;
        let quantity_scale = Scale::new(spec.lot_size.decimal())?;
        let decimals = price_scale.decimals() + quantity_scale.decimals();
        let Some(power) = 18_u32.checked_sub(decimals) else {
            let text = format!("{} x {}", spec.tick_size, spec.lot_size);
            return Err(NumberError::TooFine { text, step: "1e-18".into() });
        };
        let product = i128::from(price_scale.mantissa()) * i128::from(quantity_scale.mantissa());
        let atto_per_tick_lot = product
            .checked_mul(10_i128.pow(power))
            .ok_or(NumberError::Overflow { what: "tick times lot" })?;
        Ok(Self { id, spec, price_scale, quantity_scale, atto_per_tick_lot })
    }

    /// Its place in the session.
    #[must_use]
    pub const fn id(&self) -> InstrumentId {
        self.id
    }

    /// The stated facts.
    #[must_use]
    pub const fn spec(&self) -> &InstrumentSpec {
        &self.spec
    }

    /// The venue's symbol.
    #[must_use]
    pub fn symbol(&self) -> &str {
        &self.spec.symbol
    }

    /// How prices are counted.
    #[must_use]
    pub const fn price_scale(&self) -> &Scale {
        &self.price_scale
    }

    /// How quantities are counted.
    #[must_use]
    pub const fn quantity_scale(&self) -> &Scale {
        &self.quantity_scale
    }

    /// A price in ticks.
    ///
    /// # Errors
    /// [`NumberError::TooFine`] off the tick grid, [`NumberError::Overflow`].
    pub fn ticks(&self, price: Price) -> Result<Ticks, NumberError> {
        self.price_scale.count(price.decimal()).map(Ticks::new)
    }

    /// A quantity in lots.
    ///
    /// # Errors
    /// [`NumberError::TooFine`] off the lot grid, [`NumberError::Overflow`].
    pub fn lots(&self, quantity: Qty) -> Result<Lots, NumberError> {
        self.quantity_scale.count(quantity.decimal()).map(Lots::new)
    }

    /// A quantity in lots, rounded down.
    ///
    /// # Errors
    /// [`NumberError::Overflow`].
    pub fn lots_floor(&self, quantity: Qty) -> Result<Lots, NumberError> {
        self.quantity_scale.count_floor(quantity.decimal()).map(Lots::new)
    }

    /// The decimal price of a tick count.
    #[must_use]
    pub fn price(&self, ticks: Ticks) -> Decimal {
        self.price_scale.value(ticks.get())
    }

    /// The decimal quantity of a lot count.
    #[must_use]
    pub fn quantity(&self, lots: Lots) -> Decimal {
        self.quantity_scale.value(lots.get())
    }

    /// The decimal of a signed lot count.
    #[must_use]
    pub fn net_quantity(&self, lots: NetLots) -> Decimal {
        self.quantity_scale.value(lots.get())
    }

    /// Price times quantity, exact.
    ///
    /// # Errors
    /// [`NumberError::Overflow`].
    pub fn notional(&self, price: Ticks, quantity: Lots) -> Result<Money, NumberError> {
        self.signed_notional(price, NetLots::new(quantity.get()))
    }

    /// Price times a signed quantity, exact.
    ///
    /// # Errors
    /// [`NumberError::Overflow`].
    pub fn signed_notional(&self, price: Ticks, quantity: NetLots) -> Result<Money, NumberError> {
        (i128::from(price.get()) * i128::from(quantity.get()))
            .checked_mul(self.atto_per_tick_lot)
            .map(Money::from_atto)
            .ok_or(NumberError::Overflow { what: "notional" })
    }
}

impl fmt::Display for Instrument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.spec.venue, self.spec.market, self.spec.symbol)
    }
}

/// The instruments of a session, in a fixed order. An [`InstrumentId`] is a place in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instruments(Vec<Instrument>);

impl Instruments {
    /// Builds the table.
    ///
    /// # Errors
    /// As [`Instrument::new`], and [`NumberError::Overflow`] beyond 65,536 instruments.
    pub fn new(specs: impl IntoIterator<Item = InstrumentSpec>) -> Result<Self, NumberError> {
        let build = |(index, spec)| {
            let index = u16::try_from(index)
                .map_err(|_| NumberError::Overflow { what: "the number of instruments" })?;
            Instrument::new(InstrumentId::new(index), spec)
        };
        specs.into_iter().enumerate().map(build).collect::<Result<_, _>>().map(Self)
    }

    /// The instrument of an id of this session.
    ///
    /// # Panics
    /// When the id belongs to another session.
    #[must_use]
    pub fn get(&self, id: InstrumentId) -> &Instrument {
        &self.0[id.index()]
    }

    /// Finds an instrument by market and symbol.
    #[must_use]
    pub fn find(&self, venue: &str, market: Market, symbol: &str) -> Option<&Instrument> {
        self.0.iter().find(|one| {
            one.spec.venue == venue && one.spec.market == market && one.spec.symbol == symbol
        })
    }

    /// All of them in order.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Instrument> {
        self.0.iter()
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
