//! The edge of REST and of accounts' connections: sockets on one side, the core on the other.

use std::{io, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{
        Request, State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket},
    },
    http::{StatusCode, header::CONTENT_LENGTH},
    response::{IntoResponse, Response},
    routing::any,
};
use futures_util::stream;
use tokio::{sync::mpsc, time::sleep};

use super::{
    core::Reply,
    http::HttpRequest,
    sockets::{Outgoing, Sent},
};
use crate::venue::Venue;

/// Longest body that is read.
const LONGEST_BODY: usize = 1 << 20;
/// The venue pings so often.
const PING: Duration = Duration::from_secs(20);

/// The routes of all interfaces of accounts and of REST.
pub(crate) fn routes(venue: &Arc<Venue>) -> Router {
    let mut router = Router::new();
    for prefix in ["api", "fapi", "dapi", "sapi", "sandbox"] {
        router = router.route(&format!("/{prefix}/{{*rest}}"), any(serve));
    }
    for path in ["/ws-api/v3", "/private/ws", "/private/ws/{key}", "/private/stream"] {
        router = router.route(path, any(enter));
    }
    router.with_state(Arc::clone(venue))
}

async fn serve(State(venue): State<Arc<Venue>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LONGEST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let header = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let request = HttpRequest {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers.iter().filter_map(header).collect(),
        body: body.to_vec(),
    };
    // The market may be busy for a moment; waiting for it must not hold up streams.
    let work = move || venue.with_core(|core, outlet| core.handle(&request, outlet));
    match tokio::task::spawn_blocking(work).await {
        Ok(reply) => answer(reply).await,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn answer(reply: Reply) -> Response {
    if let Ok(millis) = u64::try_from(reply.after_millis)
        && millis > 0
    {
        sleep(Duration::from_millis(millis)).await;
    }
    if reply.hang_up {
        // A promised body that breaks off ends the connection.
        let broken = stream::iter([Err::<Bytes, _>(io::Error::other("the connection is cut"))]);
        let mut response = Response::new(Body::from_stream(broken));
        response.headers_mut().insert(CONTENT_LENGTH, 1_000.into());
        return response;
    }
    let mut response = Response::builder().status(reply.response.status);
    for (name, value) in reply.response.headers {
        response = response.header(name, value);
    }
    let built = response.body(Body::from(reply.response.body));
    built.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn enter(
    upgrade: WebSocketUpgrade,
    State(venue): State<Arc<Venue>>,
    uri: axum::http::Uri,
) -> Response {
    let target = uri.path_and_query().map_or_else(String::new, ToString::to_string);
    let opened = venue.with_core(|core, _| core.open(&target));
    let Some(connection) = opened else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let mail = venue.mailbox(connection);
    upgrade.max_message_size(64 << 10).on_upgrade(move |socket| async move {
        converse(socket, &venue, connection, mail).await;
        venue.leave(connection);
    })
}

/// Serves a connection of an account until it ends.
async fn converse(
    mut socket: WebSocket,
    venue: &Arc<Venue>,
    connection: u64,
    mut mail: mpsc::Receiver<Outgoing>,
) {
    let (late, mut overdue) = mpsc::channel::<Sent>(1_024);
    let mut ping = tokio::time::interval_at(tokio::time::Instant::now() + PING, PING);
    loop {
        tokio::select! {
            biased;
            sent = overdue.recv() => {
                if !tell(&mut socket, sent.unwrap_or(Sent::HangUp)).await {
                    return;
                }
            }
            outgoing = mail.recv() => {
                let Some(Outgoing { sent, after_millis, .. }) = outgoing else {
                    return goodbye(&mut socket).await;
                };
                let Some(millis) = u64::try_from(after_millis).ok().filter(|millis| *millis > 0) else {
                    if !tell(&mut socket, sent).await {
                        return;
                    }
                    continue;
                };
                let late = late.clone();
                tokio::spawn(async move {
                    sleep(Duration::from_millis(millis)).await;
                    // The connection may have ended meanwhile.
                    let _ = late.send(sent).await;
                });
            }
            _ = ping.tick() => {
                if socket.send(Message::Ping("sandbox".into())).await.is_err() {
                    return;
                }
            }
            message = socket.recv() => {
                let text = match message {
                    Some(Ok(Message::Text(text))) => text.to_string(),
                    Some(Ok(Message::Binary(bytes))) => String::from_utf8_lossy(&bytes).into_owned(),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                    Some(Ok(Message::Close(_))) => return let_answer_out(&mut socket).await,
                    Some(Err(_)) | None => return,
                };
                let venue = Arc::clone(venue);
                let work = move || {
                    venue.with_core(|core, outlet| core.text(connection, &text, outlet));
                };
                if tokio::task::spawn_blocking(work).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// The answer to the client's goodbye leaves while the rest is read.
async fn let_answer_out(socket: &mut WebSocket) {
    let rest = async { while let Some(Ok(_)) = socket.recv().await {} };
    // Those who do not end the connection are not waited for.
    let _ = tokio::time::timeout(Duration::from_millis(500), rest).await;
}

/// Sends; false when the connection must end.
async fn tell(socket: &mut WebSocket, sent: Sent) -> bool {
    match sent {
        Sent::Text(text) => socket.send(Message::text(text)).await.is_ok(),
        Sent::HangUp => false,
    }
}

async fn goodbye(socket: &mut WebSocket) {
    let frame = CloseFrame { code: 1000, reason: "the market is closed".into() };
    // The client may be gone already.
    let _ = socket.send(Message::Close(Some(frame))).await;
}
