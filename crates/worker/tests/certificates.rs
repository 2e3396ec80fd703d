//! Security case 29: a server that no known authority vouches for is refused, unless the owner
//! trusts its authority by name.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken set-up may end a test"
)]

mod support;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use support::*;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use travis_worker::WorkerConfig;

/// A certificate for 127.0.0.1 that vouches for itself; `None` where openssl is missing.
fn self_signed(place: &Path) -> Option<(Vec<u8>, Vec<u8>)> {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
        ])
        .args(["-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"])
        .args(["-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-keyout", "key.pem", "-out", "certificate.pem"])
        .current_dir(place)
        .output();
    match made {
        Ok(output) if output.status.success() => Some((
            std::fs::read(place.join("certificate.pem")).unwrap(),
            std::fs::read(place.join("key.pem")).unwrap(),
        )),
        _ => {
            eprintln!("skipped: openssl can't make a certificate here");
            None
        }
    }
}

/// A listener that takes the encryption off; its address.
async fn in_front_of(fake: &Fake, certificate: &[u8], key: &[u8]) -> String {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let chain = CertificateDer::pem_slice_iter(certificate)
        .collect::<Result<Vec<_>, _>>()
        .unwrap();
    let tls = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_slice(key).unwrap())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let to = fake.address;
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut near) = acceptor.accept(near).await else {
                    return;
                };
                if let Ok(mut far) = TcpStream::connect(to).await {
                    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                }
            });
        }
    });
    format!("https://{address}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_nobody_vouches_for_is_refused_unless_it_is_trusted_by_name() {
    let place = tempfile::tempdir().unwrap();
    let Some((certificate, key)) = self_signed(place.path()) else {
        return;
    };
    let fake = Fake::start().await;
    let server = in_front_of(&fake, &certificate, &key).await;
    let data = tempfile::tempdir().unwrap();
    let strict = config(&server, data.path(), dummy());
    let found = travis_worker::doctor(&strict).await;
    let said = found
        .iter()
        .find(|finding| finding.name == "server")
        .unwrap();
    assert!(
        !said.ok && said.detail.contains("certificate"),
        "{}",
        said.detail
    );
    let trusting = WorkerConfig {
        authorities: certificate,
        ..strict.clone()
    };
    let found = travis_worker::doctor(&trusting).await;
    let said = found
        .iter()
        .find(|finding| finding.name == "server")
        .unwrap();
    assert!(said.ok, "{}", said.detail);
    // And it works there.
    let worker = Worker::with(trusting);
    fake.assign(1, "echo over TLS");
    assert_eq!(fake.finished(1).await.outcome, "passed");
    worker.leave().await.unwrap();
    assert_eq!(fake.known.lock().unwrap().enrolments, 1);
    // What is no certificate is named.
    let wrong = WorkerConfig {
        authorities: b"-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n".to_vec(),
        ..strict
    };
    let found = travis_worker::doctor(&wrong).await;
    let said = found
        .iter()
        .find(|finding| finding.name == "server")
        .unwrap();
    assert!(!said.ok && said.detail.contains("PEM"), "{}", said.detail);
}
