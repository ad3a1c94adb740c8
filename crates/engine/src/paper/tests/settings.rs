//! Settings that are out of range are named.

use domain::{NetLots, NumberError};

use super::*;
use crate::paper::PaperConfigError;

fn refused(change: impl FnOnce(&mut PaperConfig)) -> PaperConfigError {
    let mut config = config(FillModel::Queue);
    change(&mut config);
    PaperBroker::new(&config, &instruments(Market::Spot)).unwrap_err()
}

#[test]
fn what_is_wrong_with_bars_is_named() {
    let half_spread = bps("10000");
    let error = refused(|config| config.bars.half_spread = half_spread);
    assert_eq!(error, PaperConfigError::HalfSpread { half_spread });
    for wrong in ["0", "-0.1", "1.01"] {
        let share = rate(wrong);
        let error = refused(|config| config.bars.volume_share = Some(share));
        assert_eq!(error, PaperConfigError::VolumeShare { share });
    }
    for wrong in ["-1", "1001"] {
        let impact = rate(wrong);
        let error = refused(|config| config.bars.impact = impact);
        assert_eq!(error, PaperConfigError::Impact { impact });
    }
}

#[test]
fn what_is_wrong_with_interest_and_funding_is_named() {
    let annual = rate("-0.01");
    let error = refused(|config| config.borrow = BorrowConfig::flat(Some(annual)));
    assert_eq!(error, PaperConfigError::Borrow { asset: "*".into(), annual });
    let error = refused(|config| config.borrow.by_asset = vec![("BTC".into(), Some(annual))]);
    assert_eq!(error, PaperConfigError::Borrow { asset: "BTC".into(), annual });
    let every = Span::from_millis(1);
    let error = refused(|config| config.funding.every = Some(every));
    assert_eq!(error, PaperConfigError::FundingInterval { every });
    let instrument = InstrumentId::new(9);
    let error = refused(|config| config.funding.by_instrument = vec![(instrument, None)]);
    let setting = "a funding interval";
    assert_eq!(error, PaperConfigError::UnknownInstrument { setting, instrument });
    assert!(error.to_string().contains("a funding interval names instrument 9"));
}

#[test]
fn what_is_wrong_with_fee_tiers_is_named() {
    let tier = |from: &str, taker: &str| FeeTier {
        volume_from: from.parse().unwrap(),
        maker: bps("0"),
        taker: bps(taker),
    };
    let error = refused(|config| config.fee_tiers = vec![tier("5", "1"), tier("5", "1")]);
    assert_eq!(error, PaperConfigError::FeeTiers { volume_from: "5".parse().unwrap() });
    let error = refused(|config| config.fee_tiers = vec![tier("0", "1")]);
    assert_eq!(error, PaperConfigError::FeeTiers { volume_from: Money::ZERO });
    let instrument = InstrumentId::new(1);
    let fee = InstrumentFee { instrument, maker: bps("0"), taker: bps("0") };
    let error = refused(|config| config.instrument_fees = vec![fee]);
    let setting = "an instrument's fee";
    assert_eq!(error, PaperConfigError::UnknownInstrument { setting, instrument });
    let error = refused(|config| config.fee_tiers = vec![tier("5", "0.0000000001")]);
    assert!(matches!(error, PaperConfigError::Fee { source: NumberError::TooFine { .. } }));
}

#[test]
fn an_opening_account_that_cannot_be_is_named() {
    let position = |index, lots| OpeningPosition {
        strategy: StrategyId::new(0),
        instrument: InstrumentId::new(index),
        position: NetLots::new(lots),
        cost_basis: Money::ZERO,
        realized_pnl: Money::ZERO,
        fees: Money::ZERO,
        carry: Money::ZERO,
    };
    let error = refused(|config| config.opening_positions = vec![position(1, 5)]);
    assert!(error.to_string().contains("an opening position names instrument 1"));
    let twice = vec![position(0, i64::MAX), position(0, 1)];
    let error = refused(|config| config.opening_positions = twice);
    assert!(matches!(error, PaperConfigError::Opening { .. }));
}
