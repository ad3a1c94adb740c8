"""Case `quotes` in nautilus_trader: its low-level BacktestEngine, its own compiled averages."""

from decimal import Decimal

from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import LoggingConfig, StrategyConfig
from nautilus_trader.indicators.averages import ExponentialMovingAverage
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import QuoteTick
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide, PriceType
from nautilus_trader.model.events import OrderFilled
from nautilus_trader.model.identifiers import InstrumentId, Symbol, TraderId, Venue
from nautilus_trader.model.instruments import CurrencyPair
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

import measure

OPTIONS = measure.arguments()
CASE = measure.Case(OPTIONS.data)
VENUE = Venue("SIM")
FEE = Decimal(CASE["fee_bps"]) / 10_000


def instrument():
    tick, lot = Price.from_str(CASE["tick_size"]), Quantity.from_str(CASE["lot_size"])
    return CurrencyPair(
        instrument_id=InstrumentId(Symbol("BTCUSDT"), VENUE), raw_symbol=Symbol("BTCUSDT"),
        base_currency=BTC, quote_currency=USDT, price_precision=tick.precision, size_precision=lot.precision,
        price_increment=tick, size_increment=lot, ts_event=0, ts_init=0, maker_fee=FEE, taker_fee=FEE)


INSTRUMENT = instrument()


class CrossConfig(StrategyConfig, frozen=True):
    """Nothing to configure: the case says it all."""


class Cross(Strategy):
    """Long from the quote on which the fast average comes above the slow one, flat from the reverse."""

    def __init__(self, config):
        super().__init__(config)
        self.fast = ExponentialMovingAverage(CASE["fast"], PriceType.MID)
        self.slow = ExponentialMovingAverage(CASE["slow"], PriceType.MID)
        self.quantity = INSTRUMENT.make_qty(Decimal(CASE["order_lots"]) / CASE["lots_per_unit"])
        self.was_above = None
        self.is_long = False
        self.fills = []

    def on_start(self):
        self.register_indicator_for_quote_ticks(INSTRUMENT.id, self.fast)
        self.register_indicator_for_quote_ticks(INSTRUMENT.id, self.slow)
        self.subscribe_quote_ticks(INSTRUMENT.id)

    def on_quote_tick(self, tick):
        if not self.slow.initialized:
            return
        is_above = self.fast.value > self.slow.value
        if self.was_above is not None and is_above != self.was_above:
            if is_above:
                self.send(OrderSide.BUY)
            elif self.is_long:
                self.send(OrderSide.SELL)
        self.was_above = is_above

    def send(self, side):
        self.is_long = side == OrderSide.BUY
        self.submit_order(self.order_factory.market(INSTRUMENT.id, side, self.quantity))

    def on_order_filled(self, event):
        self.fills.append(event)


def load():
    """The quotes as the engine's own objects, made once: building them is not part of a run."""
    time = CASE.column("time_ns").astype("uint64")
    return QuoteTick.from_raw_arrays_to_list(
        INSTRUMENT.id, INSTRUMENT.price_precision, INSTRUMENT.size_precision,
        CASE.prices("bid_ticks"), CASE.prices("ask_ticks"),
        CASE.quantities("bid_lots"), CASE.quantities("ask_lots"), time, time)


def run(quotes):
    engine = BacktestEngine(BacktestEngineConfig(
        trader_id=TraderId("PEER-001"), run_analysis=False, logging=LoggingConfig(bypass_logging=True)))
    engine.add_venue(
        venue=VENUE, oms_type=OmsType.NETTING, account_type=AccountType.CASH, base_currency=None,
        starting_balances=[Money(CASE["start_cash"], USDT), Money(0, BTC)])
    engine.add_instrument(INSTRUMENT)
    engine.add_data(quotes, validate=False, sort=False)
    strategy = Cross(CrossConfig())
    engine.add_strategy(strategy)
    engine.run()
    cash = engine.portfolio.account(VENUE).balance_total(USDT).as_decimal()
    fills = strategy.fills
    engine.dispose()
    return fills, cash


def fill_rows(result):
    fills, _ = result
    for fill in fills:
        side = "buy" if fill.order_side == OrderSide.BUY else "sell"
        ticks = int(fill.last_px.as_decimal() * CASE["ticks_per_unit"])
        lots = int(fill.last_qty.as_decimal() * CASE["lots_per_unit"])
        yield fill.ts_event, side, ticks, lots


def totals(result):
    fills, cash = result
    return {"fills": len(fills), "trades": len(fills) // 2, "final_cash": str(cash)}


if __name__ == "__main__":
    measure.report("nautilus_trader", ["nautilus_trader", "pandas", "numpy"], CASE, OPTIONS,
                   load, run, fill_rows, totals)
