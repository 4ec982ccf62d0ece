//! TLS as the docker CLI does it: `ca.pem`, `cert.pem` and `key.pem` in one directory.

use std::{
    io,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

/// Where the material for an endpoint lies, and whether the engine must prove who it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TlsFiles {
    /// The directory; without one, the system's authorities and no certificate of ours.
    pub dir: Option<PathBuf>,
    /// Check the engine's certificate.
    pub verify: bool,
}

impl TlsFiles {
    /// The system's authorities, and no certificate of ours.
    pub fn system() -> Self {
        Self { dir: None, verify: true }
    }

    /// The three files in `dir`, each of which may be absent.
    pub fn in_dir(dir: impl Into<PathBuf>, verify: bool) -> Self {
        Self { dir: Some(dir.into()), verify }
    }

    /// Reads the files.
    ///
    /// # Errors
    /// Which file is wrong, and how.
    pub(super) fn load(&self) -> Result<Arc<ClientConfig>, String> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|e| e.to_string())?;
        let builder = if self.verify {
            builder.with_root_certificates(self.authorities()?)
        } else {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Unverified(provider)))
        };
        let config = match self.identity()? {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => builder
                .with_client_auth_cert(chain, key)
                .map_err(|e| format!("cert.pem and key.pem can't be used: {e}"))?,
        };
        Ok(Arc::new(config))
    }

    fn file(&self, name: &str) -> Option<PathBuf> {
        self.dir.as_ref().map(|d| d.join(name)).filter(|p| p.exists())
    }

    fn authorities(&self) -> Result<RootCertStore, String> {
        let mut roots = RootCertStore::empty();
        let Some(path) = self.file("ca.pem") else {
            let system = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(system.certs);
            if roots.is_empty() {
                let dir = self.dir.as_deref().unwrap_or(Path::new("."));
                return Err(format!(
                    "there is no {} and the system has no authorities either",
                    dir.join("ca.pem").display()
                ));
            }
            return Ok(roots);
        };
        for cert in certificates(&path)? {
            roots.add(cert).map_err(|e| format!("{}: {e}", path.display()))?;
        }
        Ok(roots)
    }

    fn identity(
        &self,
    ) -> Result<Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>, String> {
        let Some(dir) = &self.dir else { return Ok(None) };
        match (self.file("cert.pem"), self.file("key.pem")) {
            (None, None) => Ok(None),
            (Some(_), None) => Err(format!("{} is missing", dir.join("key.pem").display())),
            (None, Some(_)) => Err(format!("{} is missing", dir.join("cert.pem").display())),
            (Some(cert), Some(key)) => {
                let chain = certificates(&cert)?;
                let key = PrivateKeyDer::from_pem_file(&key)
                    .map_err(|e| format!("{}: {e}", key.display()))?;
                Ok(Some((chain, key)))
            }
        }
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let wrong = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
    let certs: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(path).map_err(|e| wrong(&e))?.collect();
    let certs = certs.map_err(|e| wrong(&e))?;
    if certs.is_empty() { Err(wrong(&"no certificate in it")) } else { Ok(certs) }
}

/// The TLS error of a connection in words, if there is one.
pub fn trouble(error: &io::Error) -> Option<String> {
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    Some(match error {
        rustls::Error::InvalidCertificate(why) => match why {
            CertificateError::UnknownIssuer => {
                "the engine's certificate is signed by none of our authorities; is ca.pem the one of this engine?".into()
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "the engine's certificate has expired; renew it on that node".into()
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "the engine's certificate is not valid yet; is a clock wrong?".into()
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "the engine's certificate is for another name; use the name it was made for".into()
            }
            why => format!("the engine's certificate can't be trusted: {why:?}"),
        },
        rustls::Error::AlertReceived(alert) => {
            use rustls::AlertDescription as Alert;
            match alert {
                Alert::CertificateRequired => {
                    "the engine requires a client certificate; put cert.pem and key.pem beside ca.pem".into()
                }
                Alert::CertificateExpired => "the engine says that our certificate has expired; renew cert.pem".into(),
                Alert::BadCertificate | Alert::UnknownCA | Alert::CertificateUnknown | Alert::DecryptError => {
                    "the engine does not accept our certificate; is cert.pem signed by its authority, and not expired?".into()
                }
                alert => format!("the engine ended the handshake: {alert:?}"),
            }
        }
        rustls::Error::InvalidMessage(_) => "this port does not speak TLS; is it the plain one?".into(),
        other => other.to_string(),
    })
}

/// The engine's objection to our connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Objection(Arc<Mutex<Option<String>>>);

impl Objection {
    /// The message; taken once.
    pub fn take(&self) -> Option<String> {
        self.0.lock().ok()?.take()
    }

    fn note(&self, said: String) {
        if let Ok(mut verdict) = self.0.lock() {
            *verdict = Some(said);
        }
    }
}

/// A TLS connection that keeps what the engine had against it. With TLS 1.3 an engine judges our
/// certificate when the handshake is over for us; if that is heard before the first request is sent,
/// HTTP knows only that the connection is gone.
#[derive(Debug)]
pub struct Judged {
    pub(super) stream: TlsStream<TcpStream>,
    verdict: Objection,
}

impl Judged {
    pub(super) fn new(stream: TlsStream<TcpStream>, verdict: Objection) -> Self {
        Self { stream, verdict }
    }

    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if let Poll::Ready(Err(error)) = &read
            && let Some(said) = trouble(error)
        {
            self.verdict.note(said);
        }
        read
    }
}

/// For contexts made with `skip-tls-verify`: encrypts, and asks nobody's name.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
