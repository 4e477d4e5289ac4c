//! A certificate authority of the test's own.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{ServerConfig, crypto::ring, pki_types::PrivatePkcs8KeyDer};

/// Vouches for servers on 127.0.0.1 and localhost to whoever trusts its bundle, a PEM file as
/// `AWS_CA_BUNDLE` and `SSL_CERT_FILE` name it. The file goes when this is dropped.
pub struct Authority {
    bundle: PathBuf,
    server: Arc<ServerConfig>,
}

impl Authority {
    pub fn new() -> Self {
        let mut ca = CertificateParams::default();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Not the servers' name: OpenSSL would take their certificates for self-signed.
        ca.distinguished_name.push(DnType::CommonName, "the test's authority");
        let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();

        let key = KeyPair::generate().unwrap();
        let names = ["localhost", "127.0.0.1"].map(String::from);
        let certificate = CertificateParams::new(names).unwrap();
        let certificate = certificate.signed_by(&key, &ca).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .unwrap();

        static MADE: AtomicUsize = AtomicUsize::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let bundle = env::temp_dir().join(format!("authority-{}-{number}.pem", process::id()));
        fs::write(&bundle, ca.pem()).unwrap();
        Self {
            bundle,
            server: Arc::new(server),
        }
    }

    /// The PEM file with the authority's certificate.
    pub fn bundle(&self) -> &Path {
        &self.bundle
    }

    pub(super) fn server(&self) -> Arc<ServerConfig> {
        self.server.clone()
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.bundle);
    }
}
