//! A browser driven through its debugging protocol: enough to open a file and to look at it.
//!
//! <https://chromedevtools.github.io/devtools-protocol/>, version 1.3.

#![expect(clippy::print_stdout, reason = "a skipped test must say so")]

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const FLAGS: [&str; 12] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-quic",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
];

/// How long the browser may take for one answer: much longer than it needs on a busy machine, so
/// that only one that hangs fails.
const PATIENCE: Duration = Duration::from_mins(5);

/// A browser that ends with the test.
pub(crate) struct Browser {
    process: Child,
    address: String,
    _profile: tempfile::TempDir,
}

/// A page in it, with what happened so far.
pub(crate) struct Page {
    socket: WebSocket<TcpStream>,
    session: String,
    target: String,
    number: u64,
    width: u32,
    /// Errors of any kind, as the browser tells them.
    pub(crate) errors: Vec<String>,
    /// Addresses that were asked for.
    pub(crate) requests: Vec<String>,
    /// Documents whose parts are all there, by the name that the browser gave to their loading.
    /// The news may come before the answer to the command that began it.
    loaded: BTreeSet<String>,
}

impl Browser {
    /// Starts one; where there is none this prints `skipped: no chromium` and gives `None`.
    ///
    /// # Panics
    /// With `CI=true` and no browser: there a skipped test would be a hole.
    pub(crate) fn start() -> Option<Self> {
        let profile = tempfile::tempdir().unwrap();
        let data = format!("--user-data-dir={}", profile.path().display());
        let run = |name: &&str| {
            let mut command = Command::new(name);
            command.args(FLAGS).arg(&data).stdout(Stdio::null()).stderr(Stdio::piped());
            command.spawn().ok()
        };
        let Some(mut process) = NAMES.iter().find_map(run) else {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "there is no chromium");
            println!("skipped: no chromium");
            return None;
        };
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("DevTools listening on ").map(str::to_owned))
            .expect("the browser tells where it listens");
        // Somebody has to read what it goes on to say.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { process, address, _profile: profile })
    }

    /// Opens a file at a width, light or dark, and waits until it is drawn.
    pub(crate) fn open(&mut self, file: &Path, width: u32, dark: bool) -> Page {
        let (host, _) = self.address.trim_start_matches("ws://").split_once('/').unwrap();
        let stream = TcpStream::connect(host).unwrap();
        let (socket, _) = tungstenite::client(&self.address, stream).unwrap();
        let mut page = Page {
            socket,
            session: String::new(),
            target: String::new(),
            number: 0,
            width,
            errors: Vec::new(),
            requests: Vec::new(),
            loaded: BTreeSet::new(),
        };
        let target = page.call("Target.createTarget", &json!({ "url": "about:blank" }));
        target["targetId"].as_str().unwrap().clone_into(&mut page.target);
        let attach = json!({ "targetId": page.target, "flatten": true });
        let attached = page.call("Target.attachToTarget", &attach);
        attached["sessionId"].as_str().unwrap().clone_into(&mut page.session);
        for domain in ["Page", "Network", "Runtime", "Log"] {
            page.call(&format!("{domain}.enable"), &json!({}));
        }
        page.resize(900);
        let scheme = if dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        page.call("Emulation.setEmulatedMedia", &json!({ "features": features }));
        page.call("Page.setLifecycleEventsEnabled", &json!({ "enabled": true }));
        page.call("Page.bringToFront", &json!({}));
        let url = format!("file://{}", file.display());
        let begun = page.call("Page.navigate", &json!({ "url": url }));
        page.wait_until_loaded(begun["loaderId"].as_str().unwrap());
        page.settle();
        page
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // Pages left open would draw on and slow the next one down; nobody waits for the answer.
        let message = json!({
            "id": self.number + 1, "method": "Target.closeTarget", "params": { "targetId": self.target },
        });
        let _ = self.socket.send(Message::text(message.to_string()));
    }
}

impl Page {
    fn resize(&mut self, height: u32) {
        let size = json!({
            "width": self.width, "height": height, "deviceScaleFactor": 1, "mobile": self.width < 500,
        });
        self.call("Emulation.setDeviceMetricsOverride", &size);
    }

    /// One command and its answer.
    pub(crate) fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.number += 1;
        let mut message = json!({ "id": self.number, "method": method, "params": parameters });
        if !self.session.is_empty() {
            message["sessionId"] = self.session.clone().into();
        }
        self.socket.send(Message::text(message.to_string())).unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.next(method, deadline);
            if answer["id"].as_u64() == Some(self.number) {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
        }
    }

    fn wait_until_loaded(&mut self, loader: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.loaded.contains(loader) {
            self.next("the end of loading", deadline);
        }
    }

    /// The next message; `wanted` is what a failure is about.
    fn next(&mut self, wanted: &str, deadline: Instant) -> Value {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the browser never answered {wanted}");
            self.socket.get_ref().set_read_timeout(Some(left)).unwrap();
            let message = self.socket.read();
            let message = message.unwrap_or_else(|error| panic!("waiting for {wanted}: {error}"));
            let Message::Text(text) = message else { continue };
            let message: Value = serde_json::from_str(&text).unwrap();
            self.note(&message);
            return message;
        }
    }

    fn note(&mut self, message: &Value) {
        let told = &message["params"];
        match message["method"].as_str() {
            Some("Network.requestWillBeSent") => {
                self.requests.push(told["request"]["url"].as_str().unwrap().to_owned());
            }
            Some("Page.lifecycleEvent") if told["name"] == "load" => {
                self.loaded.insert(told["loaderId"].as_str().unwrap().to_owned());
            }
            Some("Runtime.exceptionThrown") => {
                self.errors.push(told["exceptionDetails"].to_string());
            }
            Some("Runtime.consoleAPICalled")
                if told["type"] == "error" || told["type"] == "warning" =>
            {
                self.errors.push(told["args"].to_string());
            }
            Some("Log.entryAdded") if told["entry"]["level"] == "error" => {
                self.errors.push(told["entry"].to_string());
            }
            _ => {}
        }
    }

    /// The value of an expression, after promises.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let parameters =
            json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.call("Runtime.evaluate", &parameters);
        assert!(
            answer["exceptionDetails"].is_null(),
            "{expression}: {}",
            answer["exceptionDetails"]
        );
        answer["result"]["value"].clone()
    }

    pub(crate) fn number(&mut self, expression: &str) -> f64 {
        self.value(expression).as_f64().unwrap_or_else(|| panic!("{expression} is no number"))
    }

    pub(crate) fn text(&mut self, expression: &str) -> String {
        let value = self.value(expression);
        value.as_str().unwrap_or_else(|| panic!("{expression} is {value}")).to_owned()
    }

    /// Until what was asked for is on the screen.
    pub(crate) fn settle(&mut self) {
        self.value(
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))",
        );
    }

    /// The mouse at a place, such as `mousePressed`.
    pub(crate) fn mouse(&mut self, kind: &str, (x, y): (f64, f64), clicks: u32) {
        let button = if kind == "mouseMoved" && clicks == 0 { "none" } else { "left" };
        let pressed = u32::from(clicks > 0);
        self.call(
            "Input.dispatchMouseEvent",
            &json!({ "type": kind, "x": x, "y": y, "button": button, "buttons": pressed, "clickCount": clicks }),
        );
    }

    pub(crate) fn key(&mut self, key: &str) {
        for kind in ["keyDown", "keyUp"] {
            self.call("Input.dispatchKeyEvent", &json!({ "type": kind, "key": key }));
        }
        self.settle();
    }

    /// The middle of an element, after scrolling to it: left, top, width, height.
    pub(crate) fn place(&mut self, selector: &str) -> (f64, f64, f64, f64) {
        let box_of = format!(
            "(() => {{ const one = document.querySelector({selector:?}); \
             one.scrollIntoView({{ block: 'center', behavior: 'instant' }}); \
             const at = one.getBoundingClientRect(); \
             return [at.left, at.top, at.width, at.height]; }})()"
        );
        let found = self.value(&box_of);
        let side = |place: usize| found[place].as_f64().unwrap();
        (side(0), side(1), side(2), side(3))
    }

    /// The whole page as a picture.
    pub(crate) fn picture(&mut self, file: &Path) {
        let height = self.number("document.documentElement.scrollHeight");
        let clip = json!({ "x": 0, "y": 0, "width": self.width, "height": height.min(9_000.0), "scale": 1 });
        let parameters = json!({ "clip": clip, "captureBeyondViewport": true });
        let answer = self.call("Page.captureScreenshot", &parameters);
        std::fs::write(file, decoded(answer["data"].as_str().unwrap())).unwrap();
    }

    /// No error, and nothing asked for outside of the file.
    pub(crate) fn assert_clean(&self, name: &str) {
        assert!(self.errors.is_empty(), "{name}: {:?}", self.errors);
        let own =
            |address: &&String| address.starts_with("data:") || address.ends_with("/report.html");
        let foreign: Vec<_> = self.requests.iter().filter(|address| !own(address)).collect();
        assert!(foreign.is_empty(), "{name} asked for {foreign:?}");
        assert!(!self.requests.is_empty(), "requests are seen at all");
    }
}

/// Base 64, as the protocol sends pictures.
fn decoded(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0);
    for letter in text.bytes() {
        let Some(value) = LETTERS.iter().position(|one| *one == letter) else { continue };
        bits = (bits << 6) | u32::try_from(value).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).unwrap());
        }
    }
    bytes
}
