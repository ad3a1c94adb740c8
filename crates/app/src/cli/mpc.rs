//! The arguments of `mpc`: joint computation over private inputs.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use mpc::net::cheat::CheatingNode;

/// What can be done about joint computations.
#[derive(Debug, Subcommand)]
pub enum MpcCommand {
    /// Show a whole joint computation on this machine: three node processes, made-up inputs.
    ///
    /// Certificates are made for this once and thrown away. Inputs are GENERATED from a seed, and
    /// the results are compared with a plain computation over the same inputs. A node that is told
    /// to cheat makes the honest ones stop; that is a success of the demonstration.
    #[command(after_help = "Example:  algopioneer mpc demo --function vwap --participants 5")]
    Demo(MpcDemoArgs),
    /// List the functions: parameters, inputs, outputs, and all that anybody learns.
    #[command(after_help = "Example:  algopioneer mpc functions")]
    Functions(MpcFunctionsArgs),
    /// Make certificates and configurations for three nodes and some participants.
    ///
    /// Whoever runs it sees every private key once. It suits circles that trust one member with the
    /// setting up.
    #[command(
        after_help = "Example:  algopioneer mpc keygen --out circle --participants anna,bert,cleo"
    )]
    Keygen(KeygenArgs),
    /// Run one of the three nodes until Ctrl-C.
    #[command(after_help = "Example:  algopioneer mpc node --config circle/node0.toml")]
    Node(NodeArgs),
    /// Open a session at all three nodes.
    #[command(after_help = "Example:  algopioneer mpc open --config circle/anna.toml \\\n    \
        --session 1 --function vwap --participants anna,bert,cleo \\\n    \
        --parameter low=100 --parameter high=300 --parameter minimum_contributors=3")]
    Open(OpenArgs),
    /// Submit own inputs to a session, split into shares, and get a receipt.
    #[command(after_help = "Example:  algopioneer mpc submit --config circle/anna.toml \\\n    \
        --session 1 --trade 201,10 --receipt anna-1.json")]
    Submit(SubmitArgs),
    /// Wait for the own result of a session.
    #[command(
        after_help = "Example:  algopioneer mpc result --config circle/anna.toml --session 1"
    )]
    Result(ResultArgs),
    /// List the sessions to which one is invited.
    #[command(after_help = "Example:  algopioneer mpc sessions --config circle/anna.toml")]
    Sessions(SessionsArgs),
    /// Check that the nodes' logs are whole and still say what the receipts promise.
    #[command(after_help = "Example:  algopioneer mpc audit --config circle/anna.toml \\\n    \
        --receipt anna-1.json")]
    Audit(MpcAuditArgs),
}

/// Arguments of `mpc demo`.
#[derive(Debug, Args)]
pub struct MpcDemoArgs {
    /// What to compute; `algopioneer mpc functions` lists them.
    #[arg(long, value_name = "NAME", default_value = "match")]
    pub function: String,
    /// How many firms take part.
    #[arg(long, value_name = "COUNT", default_value_t = 5,
        value_parser = clap::value_parser!(u8).range(3..=32))]
    pub participants: u8,
    /// Seed of the made-up inputs.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// Let one node lie once, such as `node=1,kind=flip,message=0`.
    #[arg(long, value_name = "HOW")]
    pub cheat: Option<CheatingNode>,
    /// Longest wait for the result, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30,
        value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub limit: u64,
    /// Print one JSON document instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `mpc functions`.
#[derive(Debug, Args)]
pub struct MpcFunctionsArgs {
    /// Print one JSON document instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `mpc keygen`.
#[derive(Debug, Args)]
pub struct KeygenArgs {
    /// Folder for the files; it is made if it is not there. Nothing in it is overwritten.
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// Names of the participants. The first may open sessions.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', required = true)]
    pub participants: Vec<String>,
    /// Where the three nodes listen and are reached.
    #[arg(
        long,
        value_name = "ADDRESSES",
        value_delimiter = ',',
        default_value = "127.0.0.1:7340,127.0.0.1:7341,127.0.0.1:7342"
    )]
    pub nodes: Vec<String>,
    /// How long the certificates are valid.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    pub days: u32,
}

/// Arguments of `mpc node`.
#[derive(Debug, Args)]
pub struct NodeArgs {
    /// The node's configuration, as `mpc keygen` writes it.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Stop when standard input closes, as it does when the program that started the node ends.
    #[arg(long)]
    pub until_stdin_closes: bool,
}

/// Who asks, and about which session.
#[derive(Debug, Args)]
pub struct AboutSession {
    /// The participant's configuration, as `mpc keygen` writes it.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// The session's number.
    #[arg(long, value_name = "NUMBER")]
    pub session: u64,
}

/// Arguments of `mpc open`.
#[derive(Debug, Args)]
pub struct OpenArgs {
    /// Who opens which session.
    #[command(flatten)]
    pub about: AboutSession,
    /// What to compute; `algopioneer mpc functions` lists them.
    #[arg(long, value_name = "NAME")]
    pub function: String,
    /// Who may submit, in the order of the function's participants.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', required = true)]
    pub participants: Vec<String>,
    /// A public parameter of the function: whole numbers, such as `low=100` or `orders=2,1`.
    #[arg(long = "parameter", value_name = "NAME=NUMBERS")]
    pub parameters: Vec<String>,
    /// With fewer submissions there is no result.
    #[arg(long, value_name = "COUNT", default_value_t = 3)]
    pub minimum: u16,
    /// Submissions end after so many seconds, or when everybody has submitted.
    #[arg(long, value_name = "SECONDS", default_value_t = 600,
        value_parser = clap::value_parser!(u64).range(1..=604_800))]
    pub deadline: u64,
}

/// Arguments of `mpc submit`.
#[derive(Debug, Args)]
pub struct SubmitArgs {
    /// Who submits to which session.
    #[command(flatten)]
    pub about: AboutSession,
    /// The private inputs.
    #[command(flatten)]
    pub inputs: InputArgs,
    /// Where to keep the receipt, with which the nodes can be audited. It must not exist.
    #[arg(long, value_name = "FILE")]
    pub receipt: Option<PathBuf>,
}

/// Private inputs as text; each function takes its own.
#[derive(Clone, Debug, Default, Args)]
pub struct InputArgs {
    /// For `match` and `match_size`: an order, its side and its size in lots, such as `buy,100`;
    /// for `match_size` also the least size it accepts: `buy,100,25`.
    #[arg(long = "order", value_name = "SIDE,SIZE[,LEAST]")]
    pub orders: Vec<String>,
    /// For `vwap`: a trade, its price in ticks and its size in lots. None: no trade.
    #[arg(long = "trade", value_name = "PRICE,SIZE")]
    pub trades: Vec<String>,
    /// For `arbitrage`: the own bid net of fees in ticks, and its size in lots.
    #[arg(long, value_name = "PRICE,SIZE")]
    pub bid: Option<String>,
    /// For `arbitrage`: the own ask net of fees in ticks, and its size in lots.
    #[arg(long, value_name = "PRICE,SIZE")]
    pub ask: Option<String>,
    /// For `median`, `quantile` and `trimmed_mean`: the own price in ticks; for `weighted_median`
    /// also its size in lots: `201,10`.
    #[arg(long, value_name = "PRICE[,SIZE]", allow_negative_numbers = true)]
    pub price: Option<String>,
    /// For `auction`: a file with a line for each price of the grid, lowest first: the size to buy
    /// at it and the size to sell, such as `40,0`.
    #[arg(long, value_name = "FILE")]
    pub schedule: Option<PathBuf>,
    /// For portfolios: a file of numbers, split by commas or lines. `pooled_portfolio`: a forecast
    /// for each asset, such as 0.02. `portfolio`: the lower triangle of a factor of the covariance,
    /// row by row, then a forecast for each asset. `inverse_volatility`: a variance for each asset.
    #[arg(long, value_name = "FILE")]
    pub forecast: Option<PathBuf>,
    /// For `cycles`: the cost of an own leg, -log2(rate) plus fees, times 2^40, in order of legs.
    #[arg(long = "cost", value_name = "COST", allow_negative_numbers = true)]
    pub costs: Vec<i64>,
}

/// Arguments of `mpc result`.
#[derive(Debug, Args)]
pub struct ResultArgs {
    /// Who asks about which session.
    #[command(flatten)]
    pub about: AboutSession,
    /// Longest wait in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30,
        value_parser = clap::value_parser!(u64).range(0..=86_400))]
    pub wait: u64,
    /// Print one JSON document instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `mpc sessions`.
#[derive(Debug, Args)]
pub struct SessionsArgs {
    /// The participant's configuration, as `mpc keygen` writes it.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Print one JSON document instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `mpc audit`.
#[derive(Debug, Args)]
pub struct MpcAuditArgs {
    /// The participant's configuration, as `mpc keygen` writes it.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// A receipt of an own submission; several are possible.
    #[arg(long = "receipt", value_name = "FILE")]
    pub receipts: Vec<PathBuf>,
}
