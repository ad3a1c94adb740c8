//! The program's own addresses: health, readiness, metrics, and the kill switch.

mod metrics;
mod performance;

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use runtime::ControlPort;
use serde_json::json;
use tokio::net::TcpListener;

use crate::session::{ControlToken, KillSwitch, Observatory};

/// What the addresses need.
#[derive(Clone)]
pub struct Desk {
    /// What can be seen.
    pub observatory: Arc<Observatory>,
    /// The way to the trading thread.
    pub control: ControlPort,
    /// The switch that survives.
    pub kill_switch: Option<KillSwitch>,
    /// Who may throw it.
    pub token: Option<ControlToken>,
}

/// Takes an address. Fails at once when it is in use.
///
/// # Errors
/// When the address cannot be had.
pub fn bind(address: SocketAddr) -> std::io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Serves until the runtime ends.
pub async fn serve(listener: std::net::TcpListener, desk: Desk) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "cannot serve /health and /metrics");
            return;
        }
    };
    let routes = Router::new()
        .route("/health", get(health))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics_page))
        .route("/kill", post(kill))
        .route("/resume", post(resume))
        .layer(DefaultBodyLimit::max(4 * 1024))
        .with_state(desk);
    if let Err(error) = axum::serve(listener, routes).await {
        tracing::error!(%error, "stopped serving /health and /metrics");
    }
}

async fn health(State(desk): State<Desk>) -> Response {
    let observatory = &desk.observatory;
    let alive = observatory.is_alive();
    let body = json!({
        "status": if alive { "alive" } else { "stuck" },
        "session": observatory.facts,
        "uptime_seconds": observatory.uptime().as_secs(),
    });
    (status(alive), Json(body)).into_response()
}

async fn ready(State(desk): State<Desk>) -> Response {
    let readiness = desk.observatory.readiness();
    (status(readiness.ready), Json(readiness)).into_response()
}

async fn metrics_page(State(desk): State<Desk>) -> Response {
    let format = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (format, metrics::render(&desk.observatory)).into_response()
}

async fn kill(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    change_kill_switch(&desk, &headers, |switch| {
        desk.control.kill();
        switch.throw("Thrown over HTTP.").map(|()| "killed: everything is cancelled and refused")
    })
}

async fn resume(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    change_kill_switch(&desk, &headers, |switch| {
        switch.lift()?;
        desk.control.resume();
        Ok("resumed")
    })
}

fn change_kill_switch(
    desk: &Desk,
    headers: &HeaderMap,
    change: impl FnOnce(&KillSwitch) -> std::io::Result<&'static str>,
) -> Response {
    let (Some(switch), Some(token)) = (&desk.kill_switch, &desk.token) else {
        let body = json!({"error": "this session has no data directory and so no kill switch"});
        return (StatusCode::NOT_FOUND, Json(body)).into_response();
    };
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let sent = sent.and_then(|value| value.strip_prefix("Bearer "));
    if !sent.is_some_and(|candidate| token.matches(candidate)) {
        let body =
            json!({"error": "send the token of the data directory: Authorization: Bearer .."});
        return (StatusCode::UNAUTHORIZED, Json(body)).into_response();
    }
    match change(switch) {
        Ok(result) => Json(json!({"result": result})).into_response(),
        Err(error) => {
            let body = json!({"error": format!("{}: {error}", switch.file().display())});
            (StatusCode::INTERNAL_SERVER_ERROR, Json(body)).into_response()
        }
    }
}

const fn status(good: bool) -> StatusCode {
    if good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}
