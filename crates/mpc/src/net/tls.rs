//! TLS 1.3 where both ends show certificates and each end knows exactly whom it expects.
//!
//! A certificate must come from the authority, be valid today, *and* have a known fingerprint. The
//! check is part of the handshake, so a stranger learns nothing and nobody sends it anything.
//! There is no resumption and no early data: each connection proves everything anew.

use std::{
    collections::BTreeSet,
    net::{TcpStream, ToSocketAddrs as _},
    sync::Arc,
    time::Duration,
};

use rustls::{
    CertificateError, ClientConfig, ClientConnection, Connection, DigitallySignedStruct,
    DistinguishedName, Error as TlsError, RootCertStore, ServerConfig, ServerConnection,
    SignatureScheme,
    client::{
        Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_cert_signed_by_trust_anchor,
    },
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::{
        NoServerSessionStorage, ParsedCertificate, WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};

use super::{
    identity::{Fingerprint, Identity, IdentityError},
    link::{Link, LinkError, Wait},
};

/// Makes connections to known peers.
pub struct Dialer {
    identity: Arc<Identity>,
    roots: Arc<RootCertStore>,
    provider: Arc<CryptoProvider>,
}

/// Takes connections from known peers.
pub struct Acceptor {
    config: Arc<ServerConfig>,
}

/// The fastest suite first: frames are small, and every machine of interest has AES instructions.
fn provider() -> Arc<CryptoProvider> {
    let mut provider = ring::default_provider();
    provider.cipher_suites = vec![
        ring::cipher_suite::TLS13_AES_128_GCM_SHA256,
        ring::cipher_suite::TLS13_AES_256_GCM_SHA384,
        ring::cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
    ];
    Arc::new(provider)
}

/// Bytes from the operating system's generator.
///
/// # Errors
/// [`IdentityError::Unusable`] when it has none, which happens only on a broken system.
pub fn fresh_bytes<const N: usize>() -> Result<[u8; N], IdentityError> {
    let mut bytes = [0; N];
    let filled = ring::default_provider().secure_random.fill(&mut bytes);
    filled.map_err(|_| unusable(&"the system gives no random numbers"))?;
    Ok(bytes)
}

fn unusable(error: &dyn std::fmt::Display) -> IdentityError {
    IdentityError::Unusable { reason: error.to_string() }
}

fn roots_of(identity: &Identity) -> Result<Arc<RootCertStore>, IdentityError> {
    let mut roots = RootCertStore::empty();
    roots.add(identity.authority.clone()).map_err(|error| unusable(&error))?;
    Ok(Arc::new(roots))
}

impl Dialer {
    /// Shows this identity to whom it calls.
    ///
    /// # Errors
    /// [`IdentityError::Unusable`].
    pub fn new(identity: Arc<Identity>) -> Result<Self, IdentityError> {
        let dialer = Self { roots: roots_of(&identity)?, provider: provider(), identity };
        // A key that does not fit its certificate is told now, not at the first call.
        dialer.config(dialer.identity.fingerprint()).map_err(|error| unusable(&error))?;
        Ok(dialer)
    }

    fn config(&self, pinned: Fingerprint) -> Result<ClientConfig, TlsError> {
        let verifier =
            PinnedPeer { pinned, roots: self.roots.clone(), provider: self.provider.clone() };
        let mut config = ClientConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_auth_cert(
                vec![self.identity.certificate.clone()],
                self.identity.key.clone_key(),
            )?;
        config.resumption = Resumption::disabled();
        config.enable_early_data = false;
        config.enable_sni = false;
        Ok(config)
    }

    /// Connects to an address and accepts nobody there but the owner of one certificate.
    ///
    /// # Errors
    /// [`LinkError`]; nothing was sent but the handshake.
    pub fn dial(
        &self,
        address: &str,
        pinned: Fingerprint,
        limit: Duration,
    ) -> Result<Link, LinkError> {
        let wait = Wait::of(limit);
        let resolved = address.to_socket_addrs().map_err(LinkError::Io)?.next();
        let resolved = resolved
            .ok_or_else(|| LinkError::Io(std::io::Error::other("the address names no machine")))?;
        let socket = TcpStream::connect_timeout(&resolved, limit).map_err(LinkError::Io)?;
        let config = self.config(pinned).map_err(LinkError::Tls)?;
        let name = ServerName::IpAddress(resolved.ip().into());
        let tls = ClientConnection::new(Arc::new(config), name).map_err(LinkError::Tls)?;
        Link::handshake(Connection::Client(tls), socket, wait)
    }
}

impl Acceptor {
    /// Shows this identity, and lets in the owners of these certificates.
    ///
    /// # Errors
    /// [`IdentityError::Unusable`].
    pub fn new(identity: &Identity, known: BTreeSet<Fingerprint>) -> Result<Self, IdentityError> {
        let provider = provider();
        let chain =
            WebPkiClientVerifier::builder_with_provider(roots_of(identity)?, provider.clone())
                .build()
                .map_err(|error| unusable(&error))?;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|error| unusable(&error))?
            .with_client_cert_verifier(Arc::new(KnownPeers { chain, known }))
            .with_single_cert(vec![identity.certificate.clone()], identity.key.clone_key())
            .map_err(|error| unusable(&error))?;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        config.max_early_data_size = 0;
        Ok(Self { config: Arc::new(config) })
    }

    /// Finishes the handshake on a connection that came in.
    ///
    /// # Errors
    /// [`LinkError`]; the other end was told why.
    pub fn accept(&self, socket: TcpStream, limit: Duration) -> Result<Link, LinkError> {
        let tls = ServerConnection::new(self.config.clone()).map_err(LinkError::Tls)?;
        Link::handshake(Connection::Server(tls), socket, Wait::of(limit))
    }
}

fn stranger() -> TlsError {
    TlsError::InvalidCertificate(CertificateError::ApplicationVerificationFailure)
}

/// Exactly one certificate will do, and it must still be valid.
#[derive(Debug)]
struct PinnedPeer {
    pinned: Fingerprint,
    roots: Arc<RootCertStore>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for PinnedPeer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        verify_server_cert_signed_by_trust_anchor(
            &ParsedCertificate::try_from(end_entity)?,
            &self.roots,
            intermediates,
            now,
            self.provider.signature_verification_algorithms.all,
        )?;
        // Only after the authority's word, so that a wrong authority is told as such.
        if Fingerprint::of(end_entity) != self.pinned {
            return Err(stranger());
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Any of several certificates will do. Which one it was decides later what its owner may ask for.
#[derive(Debug)]
struct KnownPeers {
    chain: Arc<dyn ClientCertVerifier>,
    known: BTreeSet<Fingerprint>,
}

impl ClientCertVerifier for KnownPeers {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.chain.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, TlsError> {
        let verified = self.chain.verify_client_cert(end_entity, intermediates, now)?;
        if self.known.contains(&Fingerprint::of(end_entity)) {
            Ok(verified)
        } else {
            Err(stranger())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.chain.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.chain.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}
