//! What holds for every strategy of the catalogue, now and later.

use domain::{Event, InstrumentId, StrategyId};
use testkit::events::{book, diff, quote};

use crate::{
    CATALOGUE, DecidesOn, InstrumentCount, ParamValues, Setup, SetupError, StrategyRow, catalogue,
    find,
    room::{BAR, Decision, Dice, FIRST, Happening, Room, SECOND, two_instruments},
};

const EVENTS: usize = 1_200;

/// Parameters with which a strategy decides often on a made-up market.
fn eager(row: &StrategyRow) -> ParamValues {
    let mut params = row.defaults();
    for (name, text) in [("min_confidence", "0.5"), ("entry_z", "1.5"), ("exit_z", "0.2")] {
        if params.declares(name) {
            params.set(name, text).unwrap();
        }
    }
    // On books the largest position is what is held; elsewhere it would only be in the way.
    let limited = (row.needs)(&params).decides_on == DecidesOn::Book;
    if params.declares("max_position_size") && !limited {
        params.set("max_position_size", "100000").unwrap();
    }
    params
}

fn trades(row: &StrategyRow) -> &'static [InstrumentId] {
    match row.instruments {
        InstrumentCount::AtLeastOne => &[FIRST],
        InstrumentCount::ExactlyTwo => &[FIRST, SECOND],
    }
}

/// A market of the kind a strategy looks at. After `turn` events the dice fall differently.
/// Prices are even, so that they can be halved.
fn story(decides_on: DecidesOn, turn: usize) -> Vec<Happening> {
    let (mut dice, mut mid, mut gap) = (Dice(88_172_645_463_325_252), 200_000_i64, 0_i64);
    let mut happenings = Vec::new();
    for event in 0..EVENTS {
        if event == turn {
            dice = Dice(1_234_567);
        }
        if event % 2 == 0 {
            mid += (dice.below(401) - 200) * 2;
            gap += (dice.below(201) - 100) * 2 - gap / 8 * 2;
        }
        let price = if event % 2 == 0 { mid } else { mid / 2 * 2 + gap };
        let id = if event % 2 == 0 { FIRST } else { SECOND };
        match decides_on {
            DecidesOn::Bars => {
                if event % 2 == 0 {
                    happenings.push(Happening::Wait(BAR));
                }
                let spread = 2 * dice.below(50);
                let bar = [price - spread, price + 100, price - 100, price];
                happenings.push(Happening::Bar(id, bar));
            }
            DecidesOn::Quotes => {
                happenings.push(Happening::Wait(domain::Span::from_millis(5)));
                let sizes = (1_000_000 + dice.below(9), 1_000_000 + dice.below(9));
                let event = quote(FIRST, (mid - 2, sizes.0), (mid + 2, sizes.1));
                happenings.push(Happening::Other(event));
            }
            DecidesOn::Book => {
                happenings.push(Happening::Wait(domain::Span::from_millis(50)));
                happenings.push(Happening::Other(book_event(event, &mut dice)));
            }
        }
    }
    happenings
}

fn book_event(event: usize, dice: &mut Dice) -> Event<'static> {
    // Even most of the time: an opinion that is renewed all the time never ends.
    let (bid, ask) = match event % 97 {
        5 => (1 + dice.below(2_000), 8_000),
        50 => (8_000, 1 + dice.below(2_000)),
        _ => (5_000 + dice.below(100), 5_000 + dice.below(100)),
    };
    if event == 0 {
        return book(FIRST, &[(200_000, bid)], &[(200_002, ask)]);
    }
    diff(FIRST, &[(200_000, bid)], &[(200_002, ask)])
}

/// Every row with every parameter of a choice that changes what it looks at.
fn cases() -> impl Iterator<Item = (&'static StrategyRow, ParamValues)> {
    CATALOGUE.iter().copied().flat_map(|row| {
        let params = eager(row);
        let quotes = params.clone().with("on", "quotes").ok();
        std::iter::once((row, params)).chain(quotes.map(|params| (row, params)))
    })
}

fn play(row: &StrategyRow, params: &ParamValues, story: &[Happening]) -> Vec<Decision> {
    Room::new(row, params, trades(row)).live(story).decisions
}

#[test]
fn names_are_unique_sorted_and_found_with_hyphens_or_underscores() {
    assert!(CATALOGUE.windows(2).all(|pair| pair[0].name < pair[1].name));
    for &row in CATALOGUE {
        assert_eq!(find(row.name).unwrap().name, row.name);
        assert_eq!(find(&row.name.replace('_', "-")).unwrap().name, row.name);
        assert!(!row.purpose.is_empty() && !row.purpose.ends_with('.'));
    }
    assert!(find("no_such_strategy").is_none());
    let listed: Vec<String> = catalogue::list().lines().map(|line| line[2..].to_owned()).collect();
    assert!(listed.iter().zip(CATALOGUE).all(|(line, row)| line.starts_with(row.name)));
}

#[test]
fn parameters_have_names_of_their_own_and_say_what_they_do() {
    for &row in CATALOGUE {
        let mut names: Vec<&str> = row.parameters().map(|one| one.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "{}", row.name);
        for parameter in row.parameters() {
            assert!(parameter.purpose.ends_with('.'), "{}.{}", row.name, parameter.name);
            if let Some(larger) = parameter.below {
                assert!(names.contains(&larger), "{}.{}", row.name, parameter.name);
            }
        }
    }
}

#[test]
fn every_strategy_builds_with_its_defaults_and_at_both_ends_of_every_range() {
    let table = two_instruments();
    for &row in CATALOGUE {
        let build = |params: &ParamValues| {
            let (id, name, trades) = (StrategyId::new(0), "first_v1", trades(row));
            let setup = Setup { id, name, instruments: &table, trades, params };
            row.make(&setup)
        };
        let strategy = build(&row.defaults()).unwrap();
        assert_eq!((strategy.id(), strategy.name()), (StrategyId::new(0), "first_v1"));
        assert_eq!(strategy.instruments(), trades(row));
        for parameter in row.parameters() {
            for text in parameter.extremes() {
                let params = row.defaults().with(parameter.name, &text).unwrap();
                let _ = (row.needs)(&params);
                match (build(&params), params.contradiction()) {
                    (Ok(_), None) => {}
                    (Err(SetupError::OutOfRange { setting, .. }), Some((wrong, _))) => {
                        assert_eq!(setting, wrong.name);
                    }
                    (other, _) => {
                        panic!("{}.{} = {text}: {:?}", row.name, parameter.name, other.err())
                    }
                }
            }
        }
    }
}

#[test]
fn a_strategy_with_the_wrong_number_of_instruments_is_refused() {
    let table = two_instruments();
    for &row in CATALOGUE {
        let params = row.defaults();
        let (id, name) = (StrategyId::new(0), "idle");
        let setup = Setup { id, name, instruments: &table, trades: &[], params: &params };
        let built = row.make(&setup).err();
        assert!(
            matches!(built, Some(SetupError::NoInstrument { .. } | SetupError::NotTwo { .. })),
            "{built:?}"
        );
    }
}

#[test]
fn the_same_events_give_the_same_commands() {
    for (row, params) in cases() {
        let story = story((row.needs)(&params).decides_on, EVENTS);
        let digest = || Room::new(row, &params, trades(row)).live(&story).commands_sha256();
        assert_eq!(digest(), digest(), "{}", row.name);
        let decisions = play(row, &params, &story);
        assert!(decisions.len() >= 4, "{} made only {} decisions", row.name, decisions.len());
    }
}

#[test]
fn no_decision_depends_on_what_comes_later() {
    for (row, params) in cases() {
        let decides_on = (row.needs)(&params).decides_on;
        let whole = play(row, &params, &story(decides_on, EVENTS));
        for cut in [100, 333, 700, 1_100] {
            let before = |decisions: &[Decision]| -> Vec<Decision> {
                decisions.iter().copied().filter(|one| one.event <= cut).collect()
            };
            let other = play(row, &params, &story(decides_on, cut));
            assert_eq!(before(&other), before(&whole), "{} cut at {cut}", row.name);
        }
    }
}

/// The same market with a split of one to two after `at` happenings: half the prices.
fn with_split(story: &[Happening], at: usize) -> Vec<Happening> {
    let (before, after) = story.split_at(at);
    let halved = after.iter().map(|one| match one {
        Happening::Bar(id, prices) => Happening::Bar(*id, prices.map(|price| price / 2)),
        other => other.clone(),
    });
    let splits = [FIRST, SECOND].map(|id| Happening::Split(id, 2));
    before.iter().cloned().chain(splits).chain(halved).collect()
}

#[test]
fn a_split_changes_no_decision_but_the_units_it_is_counted_in() {
    for &row in CATALOGUE {
        let params = eager(row);
        if (row.needs)(&params).decides_on != DecidesOn::Bars {
            continue;
        }
        let story = story(DecidesOn::Bars, EVENTS);
        let at = 900;
        let splits_after =
            story[..at].iter().filter(|one| matches!(one, Happening::Bar(..))).count();
        let plain = play(row, &params, &story);
        let split = play(row, &params, &with_split(&story, at));
        assert_eq!(plain.len(), split.len(), "{}", row.name);
        assert!(plain.iter().any(|one| one.event > splits_after), "{} stood still", row.name);
        for (plain, split) in plain.iter().zip(&split) {
            let later = usize::from(plain.event > splits_after);
            assert_eq!(split.event, plain.event + 2 * later, "{}", row.name);
            assert_eq!((split.instrument, split.side), (plain.instrument, plain.side));
            // Rounded down to a lot in other units, and on a turn twice.
            let lots = plain.lots << later;
            assert!((split.lots - lots).abs() <= 3, "{}: {split:?} for {plain:?}", row.name);
        }
    }
}
