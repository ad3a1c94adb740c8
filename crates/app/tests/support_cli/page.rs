//! The pages of a session, asked for over HTTP.

use serde_json::Value;

use super::PATIENCE;

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) body: String,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// Asks for a page.
pub(crate) fn get(url: &str) -> Answer {
    answer(agent().get(url).call(), url)
}

/// Sends an order, with a token or without.
pub(crate) fn post(url: &str, token: Option<&str>) -> Answer {
    let mut request = agent().post(url);
    if let Some(token) = token {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    answer(request.send_empty(), url)
}

/// The value of a sample, found by its name and labels as the page writes them.
pub(crate) fn sample(page: &str, name: &str) -> Option<f64> {
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    line.parse().ok()
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .build();
    config.into()
}

type Response = ureq::http::Response<ureq::Body>;

fn answer(result: Result<Response, ureq::Error>, url: &str) -> Answer {
    let mut response = result.unwrap_or_else(|error| panic!("{url}: {error}"));
    let kind = response.headers().get("content-type").and_then(|value| value.to_str().ok());
    Answer {
        status: response.status().as_u16(),
        kind: kind.unwrap_or_default().to_owned(),
        body: response.body_mut().read_to_string().expect("a page of text"),
    }
}
