//! Bends frames and texts.

use serde_json::{Value, json};

use super::{Bent, FaultKind, Faults};

/// A text that a reader cannot use, or only with care.
pub(super) fn garble(kind: FaultKind, text: &str) -> String {
    match kind {
        FaultKind::Truncated => {
            let mut middle = text.len() / 2;
            while !text.is_char_boundary(middle) {
                middle -= 1;
            }
            text[..middle].to_owned()
        }
        FaultKind::ExtraFields => change(text, |object| {
            object.insert("zz".into(), json!({"never": ["seen", 1, null]}));
        }),
        FaultKind::NumberFormats => {
            // Only what the documentation does not promise: times and ids as text.
            change(text, |object| {
                for name in ["E", "T", "updateTime", "transactTime"] {
                    if let Some(value) = object.get_mut(name)
                        && value.is_number()
                    {
                        *value = value.to_string().into();
                    }
                }
            })
        }
        _ => "\u{0}\u{1}<html>502 Bad Gateway</html>".to_owned(),
    }
}

fn change(text: &str, edit: impl FnOnce(&mut serde_json::Map<String, Value>)) -> String {
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(mut object)) => {
            edit(&mut object);
            Value::Object(object).to_string()
        }
        _ => text.to_owned(),
    }
}

/// A book frame whose best bid is above its best ask.
fn crossed(text: &str) -> String {
    change(text, |object| {
        if object.contains_key("B") && object.contains_key("A") {
            let (bid, ask) = (object["b"].clone(), object["a"].clone());
            object.insert("b".into(), ask);
            object.insert("a".into(), bid);
        } else if let Some(level) = object.get("a").and_then(|side| side.get(0)).cloned() {
            object.insert("b".into(), json!([level]));
        }
    })
}

/// A book frame that claims to follow one that nobody saw.
fn gapped(text: &str) -> String {
    change(text, |object| {
        for name in ["U", "pu"] {
            if let Some(number) = object.get(name).and_then(Value::as_u64) {
                object.insert(name.into(), (number + 7).into());
            }
        }
    })
}

impl Faults {
    /// What becomes of one frame.
    pub(crate) fn bend(&mut self, name: &str, text: &str, now: i64) -> Bent {
        let mut bent = Bent { frames: vec![(0, text.to_owned())], hang_up: false };
        if self.is_empty() {
            return bent;
        }
        if now < self.silent_until {
            bent.frames.clear();
            return bent;
        }
        let book = ["depth", "bookTicker"].iter().any(|part| name.contains(part));
        let user = ["outboundAccountPosition", "ACCOUNT_UPDATE"].contains(&name);
        let striking = self.strike(name, now, |kind| kind.is_of_frames(book, user));
        for rule in striking {
            match rule.kind {
                FaultKind::Disconnect => bent.hang_up = true,
                FaultKind::Drop | FaultKind::BalanceMissing => bent.frames.clear(),
                FaultKind::Silence => {
                    self.silent_until = now + rule.millis();
                    bent.frames.clear();
                }
                FaultKind::Latency => {
                    let more = self.jitter(rule.millis());
                    bent.frames.iter_mut().for_each(|(after, _)| *after += more);
                }
                FaultKind::Duplicate => {
                    let again = bent.frames.clone();
                    bent.frames.extend(again);
                }
                FaultKind::Reorder if self.held.is_none() && user_event(name) => {
                    self.held = bent.frames.pop().map(|(_, text)| text);
                    return bent;
                }
                FaultKind::UnknownMessage => {
                    bent.frames.insert(0, (0, json!({"e": "neverSeen", "E": now}).to_string()));
                }
                FaultKind::WrongSymbol => {
                    let other = change(text, |object| {
                        object.insert("s".into(), "NOSUCHUSDT".into());
                    });
                    bent.frames.insert(0, (0, other));
                }
                FaultKind::CrossedBook => edit(&mut bent, crossed),
                FaultKind::Gap => edit(&mut bent, gapped),
                kind => edit(&mut bent, |text| garble(kind, text)),
            }
        }
        if user_event(name)
            && let Some(held) = self.held.take()
        {
            bent.frames.push((0, held));
        }
        bent
    }
}

/// Only frames of user streams change places: they go to the same listeners.
fn user_event(name: &str) -> bool {
    ["executionReport", "ORDER_TRADE_UPDATE"].contains(&name)
}

fn edit(bent: &mut Bent, edit: impl Fn(&str) -> String) {
    for (_, text) in &mut bent.frames {
        *text = edit(text);
    }
}
