//! The metrics page. The eight `strategy_*` names are the documented ones.

use std::sync::atomic::Ordering;

use domain::Instrument;
use runtime::vitals::Pulse;
use rust_decimal::prelude::ToPrimitive;

use super::performance;
use crate::{
    report::{
        memory::Memory,
        page::{Page, to_f64},
    },
    session::Observatory,
};

/// Renders the page from what is known now.
pub(super) fn render(observatory: &Observatory) -> String {
    let mut page = Page::default();
    let pulse = observatory.pulse();
    documented(&mut page, observatory, &pulse);
    decisions(&mut page, &pulse);
    performance::add(&mut page, &pulse.performance);
    feed(&mut page, observatory, &pulse);
    stages(&mut page, observatory);
    storage(&mut page, observatory);
    process(&mut page, observatory);
    page.finish()
}

fn documented(page: &mut Page, observatory: &Observatory, pulse: &Pulse) {
    let counters = &pulse.counters;
    let vitals = &observatory.vitals;
    let single = |value: u64| [(&[][..], to_f64(value))];
    page.counter(
        "strategy_market_updates_total",
        "Market events seen by the engine.",
        &single(counters.market_updates),
    );
    page.counter(
        "strategy_signals_generated_total",
        "Signals worth acting on.",
        &single(counters.signals),
    );
    page.counter(
        "strategy_orders_submitted_total",
        "Orders that passed the risk gate.",
        &single(counters.orders),
    );
    page.latency(
        "strategy_tick_to_trade_duration_seconds",
        "From a frame in memory to its order, for each order.",
        &vitals.tick_to_trade,
    );
    page.latency(
        "strategy_feature_calculation_duration_seconds",
        "Features of one book change, sampled.",
        &vitals.features,
    );
    let pnl = (pulse.realized_pnl + pulse.unrealized_pnl + pulse.carry - pulse.fees).to_f64();
    page.untyped(
        "strategy_pnl_total",
        "Realised and unrealised profit after fees, in quote currency.",
        &[(&[], pnl)],
    );
    let names = labels(observatory);
    let positions: Vec<_> = observatory
        .instruments
        .iter()
        .zip(&pulse.instruments)
        .map(|(instrument, one)| instrument.net_quantity(one.position).to_f64().unwrap_or(0.0))
        .collect();
    per_instrument(
        page,
        "strategy_position_size",
        "Signed position in base units.",
        &names,
        &positions,
    );
    let journal = observatory.storage.as_ref();
    let queues = [
        ("market", vitals.market_queue.utilization()),
        ("order", vitals.order_queue.utilization()),
        ("journal", journal.map_or(0.0, storage::StorageGauges::ring_utilization)),
        ("persist", journal.map_or(0.0, storage::StorageGauges::channel_utilization)),
    ];
    by_label(
        page,
        "strategy_channel_utilization_ratio",
        "Taken share of each queue.",
        "channel",
        &queues,
    );
}

fn decisions(page: &mut Page, pulse: &Pulse) {
    let counters = &pulse.counters;
    counts(
        page,
        "algopioneer_signals_suppressed_total",
        "Signals held back.",
        "reason",
        counters.suppressed(),
    );
    counts(
        page,
        "algopioneer_orders_refused_total",
        "Orders the risk gate refused.",
        "rule",
        counters.rejected(),
    );
    let single = |value: u64| [(&[][..], to_f64(value))];
    page.counter("algopioneer_fills_total", "Fills booked.", &single(counters.fills));
    page.counter("algopioneer_cancels_total", "Cancels sent.", &single(counters.cancels));
    page.counter(
        "algopioneer_alarms_total",
        "Things that must not happen, such as an illegal order state.",
        &single(counters.alarms),
    );
    let gauges = [
        (
            "algopioneer_open_orders",
            "Orders that are not closed.",
            to_f64(pulse.open_orders as u64),
        ),
        ("algopioneer_cash", "Cash in quote currency.", pulse.cash.to_f64()),
        ("algopioneer_equity", "Cash and positions in quote currency.", pulse.equity.to_f64()),
        ("algopioneer_fees_paid", "Fees so far in quote currency.", pulse.fees.to_f64()),
        (
            "algopioneer_kill_switch_thrown",
            "Whether the kill switch is thrown.",
            f64::from(u8::from(pulse.killed)),
        ),
    ];
    for (name, help, value) in gauges {
        page.gauge(name, help, &[(&[], value)]);
    }
}

fn feed(page: &mut Page, observatory: &Observatory, pulse: &Pulse) {
    let feed = observatory.feed.health().counters;
    let all = [
        ("algopioneer_frames_total", "Frames received.", feed.frames),
        ("algopioneer_parse_errors_total", "Frames that could not be read.", feed.parse_errors),
        ("algopioneer_sequence_gaps_total", "Breaks in the book sequence.", feed.sequence_gaps),
        ("algopioneer_resyncs_total", "Books brought back.", feed.resyncs),
        (
            "algopioneer_stale_changes_total",
            "Book changes older than the book.",
            feed.stale_diffs + feed.duplicates,
        ),
        (
            "algopioneer_ignored_frames_total",
            "Frames that carry nothing for us.",
            feed.ignored_frames,
        ),
        (
            "algopioneer_conflated_events_total",
            "Market events merged because the strategy was slow.",
            observatory.vitals.conflated.load(Ordering::Relaxed),
        ),
        ("algopioneer_reconnects_total", "Connections made again.", observatory.feed.reconnects()),
    ];
    for (name, help, value) in all {
        page.counter(name, help, &[(&[], to_f64(value))]);
    }
    let in_sync: Vec<_> =
        pulse.instruments.iter().map(|one| f64::from(u8::from(one.in_sync))).collect();
    per_instrument(
        page,
        "algopioneer_book_in_sync",
        "Whether the book can be trusted.",
        &labels(observatory),
        &in_sync,
    );
}

fn stages(page: &mut Page, observatory: &Observatory) {
    let vitals = &observatory.vitals;
    page.latencies(
        "algopioneer_stage_duration_seconds",
        "Time of one stage, sampled.",
        &[(&[("stage", "decode")], &vitals.decode), (&[("stage", "decide")], &vitals.decide)],
    );
}

fn storage(page: &mut Page, observatory: &Observatory) {
    let Some(gauges) = &observatory.storage else { return };
    let gauge = |page: &mut Page, name: &str, help: &str, value: u64| {
        page.gauge(name, help, &[(&[], to_f64(value))]);
    };
    page.counter(
        "algopioneer_journal_records_total",
        "Records in the journal.",
        &[(&[], to_f64(gauges.written()))],
    );
    page.counter(
        "algopioneer_journal_stalls_total",
        "Times the trading thread had to wait for the journal.",
        &[(&[], to_f64(gauges.stalls()))],
    );
    gauge(
        page,
        "algopioneer_journal_lag_records",
        "Records handed over and not yet written.",
        observatory.vitals.pulse().records.saturating_sub(gauges.written()),
    );
    gauge(
        page,
        "algopioneer_database_failed",
        "Whether the database has stopped; the journal goes on.",
        u64::from(gauges.database_failure().is_some()),
    );
    gauge(
        page,
        "algopioneer_database_lag_records",
        "Records in the journal that the database does not have yet.",
        gauges.database_lag(),
    );
}

fn process(page: &mut Page, observatory: &Observatory) {
    let memory = Memory::now();
    let facts = &observatory.facts;
    let uptime = observatory.uptime().as_secs_f64();
    page.gauge(
        "algopioneer_build_info",
        "The program and its session.",
        &[(&[("version", facts.version), ("mode", facts.mode), ("command", facts.command)], 1.0)],
    );
    page.gauge("algopioneer_uptime_seconds", "Age of the session.", &[(&[], uptime)]);
    page.gauge(
        "process_resident_memory_bytes",
        "Memory held now.",
        &[(&[], to_f64(memory.resident))],
    );
    page.gauge(
        "algopioneer_peak_memory_bytes",
        "Memory held at most.",
        &[(&[], to_f64(memory.peak))],
    );
}

fn labels(observatory: &Observatory) -> Vec<(String, &'static str)> {
    let label = |one: &Instrument| {
        (one.symbol().to_owned(), domain::record::market_name(one.spec().market))
    };
    observatory.instruments.iter().map(label).collect()
}

fn per_instrument(
    page: &mut Page,
    name: &str,
    help: &str,
    names: &[(String, &'static str)],
    values: &[f64],
) {
    let labels: Vec<_> = names
        .iter()
        .map(|(symbol, market)| [("symbol", symbol.as_str()), ("market", *market)])
        .collect();
    let samples: Vec<_> =
        labels.iter().zip(values).map(|(labels, value)| (&labels[..], *value)).collect();
    page.gauge(name, help, &samples);
}

fn by_label(page: &mut Page, name: &str, help: &str, key: &str, values: &[(&str, f64)]) {
    let labels: Vec<_> = values.iter().map(|(label, _)| [(key, *label)]).collect();
    let samples: Vec<_> =
        labels.iter().zip(values).map(|(labels, (_, value))| (&labels[..], *value)).collect();
    page.gauge(name, help, &samples);
}

fn counts<'a>(
    page: &mut Page,
    name: &str,
    help: &str,
    key: &str,
    values: impl Iterator<Item = (&'a str, u64)>,
) {
    let labels: Vec<_> = values.map(|(label, count)| ([(key, label)], to_f64(count))).collect();
    let samples: Vec<_> = labels.iter().map(|(labels, value)| (&labels[..], *value)).collect();
    page.counter(name, help, &samples);
}
