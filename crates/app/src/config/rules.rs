//! What must hold between settings: contradictions are errors, not surprises.

use domain::{Instrument, InstrumentId};
use rust_decimal::Decimal;
use strategies::{DecidesOn, InstrumentCount, StrategyRow};

use super::{
    kind::Value,
    model::Config,
    origin::Location,
    problem::Problem,
    settings::Preset,
    settle::Settled,
    symbol::MarketSymbol,
    table::{PARAMS, POSITION_LIMIT},
};

const ORDER_NOTIONAL: &str = "strategy.risk_limits.max_order_notional";
const EXPOSURE: &str = "strategy.risk_limits.max_notional_exposure";
const TRADED: &str = "strategy.symbols";
const OBSERVED: &str = "venue.binance.observe_symbols";
const STREAMS: &str = "venue.binance.streams";

/// Checks what can be checked although other settings may be unreadable.
pub(super) fn contradictions(settled: &Settled) -> Vec<Problem> {
    let problems = [
        not_above(settled, ORDER_NOTIONAL, EXPOSURE),
        unsupported(
            settled,
            "strategy.paper_trading",
            false,
            "live trading is not part of this release",
            "set `paper_trading = true`: orders then go to the paper broker",
        ),
        unsupported(
            settled,
            "strategy.enable_ml",
            true,
            "models are not part of this release",
            "set `enable_ml = false`: the strategy then uses its rule",
        ),
        streams_without_depth(settled),
        trades_counted_twice(settled),
        nothing_to_do(settled),
    ];
    let mut problems: Vec<Problem> = problems.into_iter().flatten().collect();
    problems.extend(untradable(settled));
    problems.extend(wishes_above_the_limit(settled));
    problems.extend(parameters_in_the_wrong_order(settled));
    problems.extend(maintenance_above_margin(settled));
    problems
}

/// The strategy's sizes that follow the position limit may be smaller, never larger.
fn wishes_above_the_limit(settled: &Settled) -> impl Iterator<Item = Problem> {
    let follows = |preset| matches!(preset, Preset::Follows(POSITION_LIMIT));
    let sizes = settled.table().parameters().iter().filter(move |one| follows(one.preset));
    sizes.filter_map(|one| not_above(settled, one.path, POSITION_LIMIT)).map(|problem| {
        problem.help(
            "the risk limit is the hard one: lower the strategy's wish or raise the limit"
                .to_owned(),
        )
    })
}

/// Parameters that have to be smaller than another one.
fn parameters_in_the_wrong_order(settled: &Settled) -> impl Iterator<Item = Problem> {
    let strategy = settled.table().strategy;
    strategy.into_iter().flat_map(StrategyRow::parameters).filter_map(|parameter| {
        let path = |name: &str| format!("{PARAMS}.{name}");
        let (small, large) = (path(parameter.name), path(parameter.below?));
        let (lower, upper) = (settled.get(&small)?, settled.get(&large)?);
        let (low, high) = (lower.value.number()?, upper.value.number()?);
        (low >= high).then(|| {
            Problem::new(format!("`{small}` ({low}) must be below `{large}` ({high})"))
                .at(&lower.location, format!("{low} here"))
                .at(&upper.location, format!("{high} here"))
        })
    })
}

/// The backing a position may fall to must be less than what opened it.
fn maintenance_above_margin(settled: &Settled) -> Option<Problem> {
    let (tiers, _) = list(settled, "paper.margin_tiers")?;
    let off = settled.get("paper.margin")?.value == Value::Text("off".to_owned());
    let (held, other) = (settled.get("paper.maintenance")?, settled.get("paper.leverage")?);
    let (share, leverage) = (held.value.number()?, other.value.number()?);
    let fits = share.checked_mul(leverage).is_some_and(|product| product < Decimal::ONE);
    (!off && tiers.is_empty() && !fits).then(|| {
        Problem::new("`paper.maintenance` must be less than one over `paper.leverage`")
            .at(&held.location, format!("{share} of the worth to stay open"))
            .at(&other.location, format!("1/{leverage} of it to open"))
    })
}

/// The trades that bars are built from, and the quotes that averages follow.
fn streams_of_the_strategy(config: &Config, settled: &Settled) -> Option<Problem> {
    let (streams, place) = list(settled, STREAMS)?;
    let strategy = settled.table().strategy?;
    let (needed, what) = match (strategy.needs)(&config.strategy.params).decides_on {
        DecidesOn::Book => return None,
        DecidesOn::Quotes => (&["bookTicker"][..], "best bids and asks"),
        DecidesOn::Bars => (&["trade", "aggTrade"][..], "bars, which are built from trades"),
    };
    let known = |name: &&str| streams.iter().any(|one| one == name);
    (!needed.iter().any(known)).then(|| {
        Problem::new(format!("kind `{}` decides on {what}", strategy.name))
            .at(place, "nothing of the kind is followed")
            .help(format!("add \"{}\"", needed.join("\" or \"")))
    })
}

/// A strategy that trades two instruments gets two.
fn wrong_number_of_symbols(config: &Config, settled: &Settled) -> Option<Problem> {
    let strategy = settled.table().strategy?;
    let (count, held) = (config.traded().len(), settled.get(TRADED)?);
    let two = strategy.instruments == InstrumentCount::ExactlyTwo;
    (two && count != 0 && count != 2).then(|| {
        let message = format!("kind `{}` trades two instruments against each other", strategy.name);
        Problem::new(message)
            .at(&held.location, format!("this makes {count}"))
            .help("for example symbols = [\"BTCUSDT\", \"ETHUSDT\"] with one market".to_owned())
    })
}

/// Checks that need the typed configuration: how its instruments fit together.
pub(super) fn instrument_problems(config: &Config, settled: &Settled) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, (spec, table)) in config.instruments.iter().zip(&settled.instruments).enumerate() {
        let name = &spec.symbol;
        if let Err(error) = Instrument::new(InstrumentId::new(0), spec.clone()) {
            let problem = Problem::new(format!("the instrument {name} cannot be counted exactly"));
            problems.push(problem.at(&table.header, error.to_string()));
        }
        let same = config.instruments[..index]
            .iter()
            .position(|other| other.market == spec.market && other.symbol == spec.symbol);
        if let Some(first) = same {
            let problem = Problem::new(format!("the instrument {name} is listed twice"));
            problems.push(
                problem
                    .at(&table.header, "here")
                    .at(&settled.instruments[first].header, "and here"),
            );
        }
    }
    problems.extend(observed_twice(config, settled));
    problems.extend(streams_of_the_strategy(config, settled));
    problems.extend(wrong_number_of_symbols(config, settled));
    problems
}

fn not_above(settled: &Settled, small: &str, large: &str) -> Option<Problem> {
    let (lower, upper) = (settled.get(small)?, settled.get(large)?);
    let (Value::Number(wish), Value::Number(limit)) = (&lower.value, &upper.value) else {
        return None;
    };
    (wish > limit).then(|| {
        Problem::new(format!("`{small}` ({wish}) is larger than `{large}` ({limit})"))
            .at(&lower.location, format!("asks for {wish}"))
            .at(&upper.location, format!("but the limit is {limit}"))
    })
}

fn unsupported(
    settled: &Settled,
    path: &str,
    bad: bool,
    why: &str,
    advice: &str,
) -> Option<Problem> {
    let held = settled.get(path)?;
    (held.value == Value::Flag(bad))
        .then(|| Problem::new(why).at(&held.location, "asked for here").help(advice.to_owned()))
}

fn list<'a>(settled: &'a Settled, path: &str) -> Option<(&'a [String], &'a Location)> {
    let held = settled.get(path)?;
    match &held.value {
        Value::List(words) => Some((words, &held.location)),
        _ => None,
    }
}

fn streams_without_depth(settled: &Settled) -> Option<Problem> {
    let (streams, place) = list(settled, STREAMS)?;
    (!streams.iter().any(|one| one == "depth")).then(|| {
        Problem::new("no strategy can trade without a book")
            .at(place, "`depth` is missing")
            .help("add \"depth\"".to_owned())
    })
}

fn trades_counted_twice(settled: &Settled) -> Option<Problem> {
    let (streams, place) = list(settled, STREAMS)?;
    let has = |name: &str| streams.iter().any(|one| one == name);
    (has("trade") && has("aggTrade")).then(|| {
        Problem::new("`trade` and `aggTrade` together would count every trade twice")
            .at(place, "choose one")
            .help("spot serves both; on usdm only `aggTrade` is documented".to_owned())
    })
}

fn nothing_to_do(settled: &Settled) -> Option<Problem> {
    let (traded, place) = list(settled, TRADED)?;
    let (observed, _) = list(settled, OBSERVED)?;
    (traded.is_empty() && observed.is_empty()).then(|| {
        Problem::new("there is nothing to trade and nothing to observe")
            .at(place, "no symbols")
            .help("for example symbols = [\"BTCUSDT\"]".to_owned())
    })
}

fn untradable(settled: &Settled) -> Option<Problem> {
    let (traded, place) = list(settled, TRADED)?;
    let inverse = traded.iter().find(|one| one.starts_with("coinm:"))?;
    Some(
        Problem::new(format!("`{inverse}` cannot be traded"))
            .at(place, "coin-margined contracts are market data only")
            .help(format!("move it to `{OBSERVED}`")),
    )
}

fn observed_twice(config: &Config, settled: &Settled) -> Option<Problem> {
    let (traded, observed) = (config.traded(), config.observed());
    let mut seen: Vec<&MarketSymbol> = Vec::new();
    for (one, path) in
        traded.iter().map(|one| (one, TRADED)).chain(observed.iter().map(|one| (one, OBSERVED)))
    {
        if seen.contains(&one) {
            let place = &settled.get(path)?.location;
            return Some(
                Problem::new(format!("{one} is named twice")).at(place, "the second time"),
            );
        }
        seen.push(one);
    }
    None
}
