//! `run`: paper trading on a venue's public streams.

use std::{path::PathBuf, time::Duration};

use anyhow::Context as _;

use super::{Failure, live::LiveSession, loading, venue, wrap_up};
use crate::{
    cli::RunArgs,
    config::{Loaded, Origin, Override},
    output,
    report::summary::source_label,
};

pub(super) fn execute(arguments: &RunArgs) -> Result<(), Failure> {
    let session = &arguments.session;
    let mut flags: Vec<Override> = loading::layout_flag(session.layout).into_iter().collect();
    if let Some(data_dir) = &arguments.data_dir {
        let value = loading::toml_path(data_dir);
        flags.push(Override::new("--data-dir", "strategy.persistence.data_dir", &value));
    }
    let loaded = loading::load(Some(&arguments.config), &session.overrides, &flags)?;
    let config = &loaded.config;
    let data_dir = config.strategy.persistence.data_dir.clone();
    std::fs::create_dir_all(&data_dir)
        .with_context(|| format!("cannot make the data directory {}", data_dir.display()))?;
    let facts = venue::ask(config)?;
    if !session.json {
        let seed = facts.seed.map_or_else(String::new, |seed| format!(", seed {seed}"));
        output::text(&format!(
            "algopioneer run: {} market{seed}; paper money; strategy {}\n",
            source_label(facts.market),
            config.strategy.strategy_id
        ))?;
    }
    let summary = LiveSession {
        command: "run",
        market: facts.market,
        market_seed: facts.seed,
        loaded: &loaded,
        instruments: facts.instruments,
        database: database(&loaded, arguments.data_dir.is_some()),
        data_dir,
        deadline: arguments.seconds.map(Duration::from_secs),
        show_status: !session.json,
        notes: Vec::new(),
    }
    .trade()?;
    wrap_up::finish(&summary, session.json)
}

/// The configured database. A data directory from the command line has its own, unless the
/// command line names a database too; so has one whose configuration names none.
pub(super) fn database(loaded: &Loaded, own_data_dir: bool) -> Option<PathBuf> {
    let named = match loaded.origin("strategy.persistence.database_path") {
        Some(Origin::Flag(_)) => true,
        Some(Origin::Default | Origin::Follows(_)) | None => false,
        Some(_) => !own_data_dir,
    };
    named.then(|| loaded.config.strategy.persistence.database_path.clone())
}
