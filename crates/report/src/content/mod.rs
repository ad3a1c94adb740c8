//! Everything that a report says, as data: the content of `report.json`, which the page shows too.
//!
//! Money is a decimal text, a ratio is a number or null, a time is ISO 8601 in UTC. The fields are
//! described in `docs/report.md`, their form in `docs/report.schema.json`.

mod costs;
mod run;
mod sensitivity;
mod trades;

use domain::Timestamp;
use engine::performance::Performance;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

pub(crate) use self::{
    costs::{CostLine, CostTable},
    run::{Month, Run},
    sensitivity::{Lookahead, SensitivityRow, SensitivityTables},
    trades::{OpenPosition, Trade, precise},
};
use crate::{Facts, Sources, distribution::Distribution, doubt::Doubt, evidence::Evidence, moment};

/// Trades listed in the page and in `report.json`; all of them are in `trades.csv`.
pub(crate) const LISTED_TRADES: usize = 1_000;

/// The form of the content. Grows when a field changes its meaning or goes away.
const FORMAT: &str = "algopioneer-report-1";

/// What is said, and all that is hashed.
#[derive(Debug, Serialize)]
pub(crate) struct Content<'a> {
    format: &'static str,
    /// Whether the market was made up.
    synthetic: bool,
    #[serde(flatten)]
    facts: &'a Facts,
    pub(crate) run: Run,
    pub(crate) performance: &'a Performance,
    pub(crate) evidence: Evidence,
    pub(crate) doubts: Vec<Doubt>,
    pub(crate) sensitivity: SensitivityTables,
    pub(crate) lookahead: Option<Lookahead>,
    pub(crate) costs: CostTable,
    pub(crate) months: Vec<Month>,
    pub(crate) trade_distribution: Distribution,
    pub(crate) trades: Vec<Trade>,
    /// Finished trades that are not in the list above.
    pub(crate) trades_left_out: u64,
    pub(crate) open_positions: Vec<OpenPosition>,
}

impl<'a> Content<'a> {
    pub(crate) fn new(sources: &Sources<'a>) -> Self {
        let (outcome, facts) = (sources.outcome, sources.facts);
        let evidence = Evidence::new(sources);
        let trips = &outcome.round_trips;
        let listed = trips.len().min(LISTED_TRADES);
        let unlisted = u64::try_from(trips.len() - listed).unwrap_or(u64::MAX);
        let profits = trips.iter().filter_map(|trip| Some(trip.profit()?.to_f64()));
        Self {
            format: FORMAT,
            synthetic: facts.market.warning().is_some(),
            facts,
            run: Run::new(outcome),
            performance: &outcome.performance,
            evidence,
            doubts: crate::doubt::all(sources, &evidence),
            sensitivity: SensitivityTables::new(sources.sensitivity, outcome),
            lookahead: sources.lookahead.map(Lookahead::new),
            costs: CostTable::new(outcome),
            months: outcome.months.iter().map(Month::new).collect(),
            trade_distribution: Distribution::new(profits),
            trades: trips[..listed].iter().map(|trip| Trade::new(trip, outcome)).collect(),
            trades_left_out: outcome.left_out.round_trips + unlisted,
            open_positions: OpenPosition::all(outcome),
        }
    }

    /// The text of `report.json` and the fingerprint in it.
    ///
    /// The fingerprint is that of the exact text of the member `content`.
    pub(crate) fn json(&self, generated_at: Option<Timestamp>) -> (String, String) {
        // Keys are texts and numbers that are none become null, so nothing here can fail.
        let content = serde_json::to_string_pretty(self).expect("plain data become JSON");
        let sha256 = hex::encode(Sha256::digest(content.as_bytes()));
        let generated_at = generated_at
            .map_or_else(|| "null".to_owned(), |time| format!("\"{}\"", moment::iso(time)));
        let text = format!(
            "{{\n\"content_sha256\": \"{sha256}\",\n\"generated_at\": {generated_at},\n\
             \"content\": {content}\n}}\n"
        );
        (text, sha256)
    }
}
