//! API keys: whose they are, what they allow, and whether a signature is theirs.

use std::{collections::BTreeMap, fmt};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use hmac::{Hmac, Mac as _};
use rust_decimal::Decimal;
use serde::Deserialize;
use sha2::Sha256;

/// Bytes before the key in an Ed25519 public key in DER (RFC 8410).
const DER_PREFIX: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// How the owner of a key signs.
#[derive(Clone)]
enum Lock {
    Hmac(Vec<u8>),
    Ed25519(Box<VerifyingKey>),
}

/// One API key.
#[derive(Clone)]
pub(crate) struct ApiKey {
    pub(crate) key: String,
    lock: Lock,
    pub(crate) account: usize,
    pub(crate) can_trade: bool,
    pub(crate) can_withdraw: bool,
    pub(crate) revoked: bool,
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(***)")
    }
}

impl ApiKey {
    pub(crate) const fn is_ed25519(&self) -> bool {
        matches!(self.lock, Lock::Ed25519(_))
    }

    /// Whether the signature is this key's over exactly these bytes.
    pub(crate) fn signed(&self, payload: &[u8], signature: &str) -> bool {
        match &self.lock {
            Lock::Hmac(secret) => {
                let Ok(given) = hex::decode(signature) else { return false };
                let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return false };
                mac.update(payload);
                mac.verify_slice(&given).is_ok()
            }
            Lock::Ed25519(key) => {
                let Ok(given) = STANDARD.decode(signature) else { return false };
                let Ok(given) = Signature::from_slice(&given) else { return false };
                key.verify(payload, &given).is_ok()
            }
        }
    }
}

/// The keys and accounts of a sandbox, as a file states them.
///
/// ```
/// let file = sandbox::Keys::read(r#"
///     [[account]]
///     name = "one"
///     spot = { USDT = "1000.5" }
///     futures = { USDT = "500" }
///     [[account.key]]
///     key = "public"
///     secret = "not so secret"
/// "#)?;
/// assert_eq!(file.account.len(), 1);
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// The accounts.
    pub account: Vec<AccountEntry>,
}

/// One account of the file.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountEntry {
    /// What it is called.
    pub name: String,
    /// Spot money at the beginning, by asset.
    #[serde(default)]
    pub spot: BTreeMap<String, Decimal>,
    /// USD-M money at the beginning, by asset.
    #[serde(default)]
    pub futures: BTreeMap<String, Decimal>,
    /// Its keys.
    #[serde(default)]
    pub key: Vec<KeyEntry>,
}

/// One key of the file: with a secret (HMAC) or a public key (Ed25519, hex or base64 DER).
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyEntry {
    key: String,
    secret: Option<String>,
    ed25519_public: Option<String>,
    #[serde(default)]
    withdraw: bool,
    #[serde(default = "yes")]
    trade: bool,
}

const fn yes() -> bool {
    true
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys of {} accounts", self.account.len())
    }
}

/// The key and secret the venue's documentation signs its examples with.
pub const EXAMPLE_KEY: &str = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
/// See [`EXAMPLE_KEY`].
pub const EXAMPLE_SECRET: &str = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";
/// Name of the Ed25519 key of the documentation's examples.
pub const EXAMPLE_ED25519_KEY: &str = "ed25519-example";
/// Its public half.
const EXAMPLE_ED25519_PUBLIC: &str =
    "19420abfd752a565c15625e9da6eaf0086fc40c14960183214442c14996a800d";

impl Default for Keys {
    /// One account with the documentation's published example keys.
    fn default() -> Self {
        let money = |asset: &str, amount: i64| (asset.to_owned(), Decimal::from(amount));
        let entry = |key: &str, secret: Option<&str>, public: Option<&str>| KeyEntry {
            key: key.into(),
            secret: secret.map(str::to_owned),
            ed25519_public: public.map(str::to_owned),
            withdraw: false,
            trade: true,
        };
        Self {
            account: vec![AccountEntry {
                name: "default".into(),
                spot: [money("USDT", 1_000_000), money("BTC", 10), money("ETH", 100)].into(),
                futures: [money("USDT", 1_000_000)].into(),
                key: vec![
                    entry(EXAMPLE_KEY, Some(EXAMPLE_SECRET), None),
                    entry(EXAMPLE_ED25519_KEY, None, Some(EXAMPLE_ED25519_PUBLIC)),
                ],
            }],
        }
    }
}

impl Keys {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// What is wrong, with the place. Secrets are not repeated.
    pub fn read(text: &str) -> Result<Self, String> {
        let keys: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |span| text[..span.start].lines().count());
            format!("line {line}: {}", error.message())
        })?;
        keys.unlock()?;
        Ok(keys)
    }

    /// The usable keys.
    pub(crate) fn unlock(&self) -> Result<Vec<ApiKey>, String> {
        let mut keys: Vec<ApiKey> = Vec::new();
        for (account, entry) in self.account.iter().enumerate() {
            for key in &entry.key {
                let number = keys.len() + 1;
                let lock = match (&key.secret, &key.ed25519_public) {
                    (Some(secret), None) => Lock::Hmac(secret.as_bytes().to_vec()),
                    (None, Some(public)) => {
                        Lock::Ed25519(Box::new(public_key(public).ok_or_else(|| {
                            format!(
                                "key {number}: ed25519_public is no public key in hex or base64 DER"
                            )
                        })?))
                    }
                    _ => {
                        return Err(format!(
                            "key {number}: either secret or ed25519_public is needed"
                        ));
                    }
                };
                if key.key.is_empty() || keys.iter().any(|other| other.key == key.key) {
                    return Err(format!("key {number}: its name is empty or taken"));
                }
                keys.push(ApiKey {
                    key: key.key.clone(),
                    lock,
                    account,
                    can_trade: key.trade,
                    can_withdraw: key.withdraw,
                    revoked: false,
                });
            }
        }
        Ok(keys)
    }
}

fn public_key(text: &str) -> Option<VerifyingKey> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
    let text: String = lines.collect();
    let bytes = hex::decode(&text).ok().or_else(|| STANDARD.decode(&text).ok())?;
    let raw = bytes.strip_prefix(&DER_PREFIX).unwrap_or(&bytes);
    VerifyingKey::from_bytes(raw.try_into().ok()?).ok()
}
