//! Who is who: certificates, their fingerprints, and throw-away authorities.
//!
//! A peer is known by the hash of its certificate, not by a name in it: the authority only has to
//! be right about who may knock at all. Connections are made elsewhere.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    str::FromStr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const DAY: Duration = Duration::from_hours(24);

/// SHA-256 of a whole certificate (DER), written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of a certificate in DER.
    #[must_use]
    pub fn of(der: &[u8]) -> Self {
        Self(Sha256::digest(der).into())
    }

    /// From its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The hash.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Text that is not a fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a fingerprint: 64 hexadecimal digits are expected")]
pub struct NotAFingerprint {
    text: String,
}

impl FromStr for Fingerprint {
    type Err = NotAFingerprint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        match hex::decode_to_slice(text, &mut bytes) {
            Ok(()) => Ok(Self(bytes)),
            Err(_) => Err(NotAFingerprint { text: text.to_owned() }),
        }
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Why certificates or keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// Name a file that can be read, or a folder that can be written to.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// Replace the file: its content is not what it should be.
    #[error("{} holds no {expected} in PEM: {reason}", path.display())]
    Content {
        /// Which file.
        path: PathBuf,
        /// What was looked for.
        expected: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// Making a certificate failed.
    #[error("cannot make a certificate for {name}: {reason}")]
    Issue {
        /// For whom.
        name: String,
        /// Why.
        reason: String,
    },
    /// The key does not belong to the certificate, or TLS cannot use them.
    #[error("certificate, key and authority cannot be used together: {reason}")]
    Unusable {
        /// Why.
        reason: String,
    },
}

/// A certificate with its private key, and the authority that everybody's certificates come from.
///
/// Holds a secret, so it can be neither shown nor written.
pub struct Identity {
    pub(super) certificate: CertificateDer<'static>,
    pub(super) key: PrivateKeyDer<'static>,
    pub(super) authority: CertificateDer<'static>,
}

impl Identity {
    /// Reads three PEM files.
    ///
    /// # Errors
    /// [`IdentityError::File`] and [`IdentityError::Content`], with the file's name.
    pub fn read(authority: &Path, certificate: &Path, key: &Path) -> Result<Self, IdentityError> {
        let key_text = Zeroizing::new(bytes_of(key)?);
        let key = PrivateKeyDer::from_pem_slice(&key_text)
            .map_err(|error| content(key, "private key", &error))?;
        Ok(Self {
            certificate: certificate_in(certificate)?,
            key,
            authority: certificate_in(authority)?,
        })
    }

    /// What others pin.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.certificate)
    }
}

/// The fingerprint of a certificate in a PEM file.
///
/// # Errors
/// [`IdentityError::File`] and [`IdentityError::Content`].
pub fn fingerprint_of_file(path: &Path) -> Result<Fingerprint, IdentityError> {
    Ok(Fingerprint::of(&certificate_in(path)?))
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, IdentityError> {
    fs::read(path).map_err(|source| IdentityError::File {
        action: "read",
        path: path.to_owned(),
        source,
    })
}

fn certificate_in(path: &Path) -> Result<CertificateDer<'static>, IdentityError> {
    CertificateDer::from_pem_slice(&bytes_of(path)?)
        .map_err(|error| content(path, "certificate", &error))
}

fn content(
    path: &Path,
    expected: &'static str,
    error: &rustls::pki_types::pem::Error,
) -> IdentityError {
    IdentityError::Content { path: path.to_owned(), expected, reason: format!("{error:?}") }
}

/// A throw-away certificate authority, for tests, demonstrations and small circles.
///
/// Its key lives only in memory: once the certificates are made, nobody can make more.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    valid: Duration,
}

/// A fresh certificate and key in PEM.
pub struct Issued {
    /// The certificate.
    pub certificate_pem: String,
    /// The private key.
    pub key_pem: Zeroizing<String>,
    /// What others pin.
    pub fingerprint: Fingerprint,
}

impl Authority {
    /// Makes one whose certificates are valid from yesterday for so many days from now.
    ///
    /// # Errors
    /// [`IdentityError::Issue`].
    pub fn new(name: &str, days: u32) -> Result<Self, IdentityError> {
        let valid = DAY * days;
        let issue = |error: rcgen::Error| issue_error(name, &error);
        let mut params = parameters(name, valid)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate().map_err(issue)?;
        let issuer = CertifiedIssuer::self_signed(params, key).map_err(issue)?;
        Ok(Self { issuer, valid })
    }

    /// The authority's own certificate in PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        self.issuer.pem()
    }

    /// Makes a certificate and key for both ends of a connection.
    ///
    /// # Errors
    /// [`IdentityError::Issue`].
    pub fn issue(&self, name: &str) -> Result<Issued, IdentityError> {
        let issue = |error: rcgen::Error| issue_error(name, &error);
        let mut params = parameters(name, self.valid)?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().map_err(issue)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(issue)?;
        Ok(Issued {
            certificate_pem: certificate.pem(),
            key_pem: Zeroizing::new(key.serialize_pem()),
            fingerprint: Fingerprint::of(certificate.der()),
        })
    }
}

fn issue_error(name: &str, error: &rcgen::Error) -> IdentityError {
    IdentityError::Issue { name: name.to_owned(), reason: error.to_string() }
}

fn parameters(name: &str, valid: Duration) -> Result<CertificateParams, IdentityError> {
    let mut params = CertificateParams::new(vec!["node.mpc.internal".to_owned()])
        .map_err(|error| issue_error(name, &error))?;
    params.distinguished_name.push(DnType::CommonName, name);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let epoch = date_time_ymd(1970, 1, 1);
    // Clocks of different firms differ.
    params.not_before = epoch + now.saturating_sub(DAY);
    params.not_after = epoch + (now + valid);
    Ok(params)
}

impl Issued {
    /// Writes `<name>.crt` and `<name>.key`, the key readable by its owner only.
    ///
    /// # Errors
    /// [`IdentityError::File`]; an existing file is never overwritten.
    pub fn write(&self, folder: &Path, name: &str) -> Result<(PathBuf, PathBuf), IdentityError> {
        let certificate = folder.join(format!("{name}.crt"));
        let key = folder.join(format!("{name}.key"));
        write_new(&certificate, self.certificate_pem.as_bytes(), 0o644)?;
        write_new(&key, self.key_pem.as_bytes(), 0o600)?;
        Ok((certificate, key))
    }
}

/// Writes a file that must not exist yet.
pub(crate) fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), IdentityError> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    let file_error =
        |source| IdentityError::File { action: "write", path: path.to_owned(), source };
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .map_err(file_error)?;
    file.write_all(bytes).map_err(file_error)
}
