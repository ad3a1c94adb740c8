//! Whom we trust: the public web roots, compiled in, and roots added by the user.
//!
//! The provider (ring) is passed explicitly, so nothing depends on a process-wide default.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer};

use super::WireError;

/// The certificates a server's chain may end in.
#[derive(Clone, Debug, Default)]
pub struct TrustedRoots {
    extra: Vec<CertificateDer<'static>>,
}

impl TrustedRoots {
    /// The public web roots and these certificates (DER), for a venue behind a private proxy.
    #[must_use]
    pub fn with_extra(extra: Vec<Vec<u8>>) -> Self {
        Self { extra: extra.into_iter().map(CertificateDer::from).collect() }
    }

    /// The added certificates.
    pub(super) fn extra(&self) -> &[CertificateDer<'static>] {
        &self.extra
    }

    pub(super) fn client_config(&self) -> Result<Arc<ClientConfig>, WireError> {
        let unusable = |error: rustls::Error| WireError::System {
            action: "set up TLS",
            source: std::io::Error::other(error),
        };
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for certificate in &self.extra {
            roots.add(certificate.clone()).map_err(unusable)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::new(config))
    }
}
