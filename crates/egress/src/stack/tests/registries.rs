//! Where only registries are in reach: an address that a registry shares with others, as content
//! networks do, is of no use for those others.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::*;

/// The address of a content network: a registry's, and somebody else's.
const SHARED: [u8; 4] = [104, 16, 1, 34];
const HTTPS: &str = "104.16.1.34:443";
const HTTP: &str = "104.16.1.34:80";
const SSH: &str = "104.16.1.34:22";

/// A certificate for everybody on the network; `None` where openssl is missing.
fn certificate(place: &Path) -> Option<(Vec<u8>, Vec<u8>)> {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt"])
        .args(["ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=network", "-addext"])
        .arg("subjectAltName=DNS:registry.npmjs.org,DNS:evil.example,IP:104.16.1.34")
        // An authority's certificate is none for a server.
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", "key.pem", "-out", "certificate.pem"])
        .current_dir(place)
        .output();
    match made {
        Ok(output) if output.status.success() => Some((
            std::fs::read(place.join("certificate.pem")).unwrap(),
            std::fs::read(place.join("key.pem")).unwrap(),
        )),
        _ => {
            println!("skipped: openssl can't make a certificate here");
            None
        }
    }
}

struct Network {
    gateway: Gateway,
    job: Kernel,
    /// What reached the server in the clear.
    heard: tokio::sync::mpsc::Receiver<Vec<u8>>,
}

impl Network {
    /// The job knows the address by the registry's name.
    async fn make(https: SocketAddr) -> Self {
        let (hear, heard) = tokio::sync::mpsc::channel(64);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let http = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let hear = hear.clone();
                tokio::spawn(async move {
                    // As an SSH server does, it speaks first.
                    let _ = stream.write_all(b"SSH-2.0-x\r\n").await;
                    let mut buffer = [0; 2048];
                    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
                        hear.send(buffer[..length].to_vec()).await.unwrap();
                        if stream.write_all(b"yes").await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        let world = [(HTTPS, https), (HTTP, http), (SSH, http)];
        let place = resolver(SHARED).await;
        let gateway = gateway(Reach::Registries, &world, vec![place]);
        let mut job = Kernel::attach(&gateway, "1");
        job.send("10.0.2.3:53", &ask(1, "registry.npmjs.org")).await;
        job.answer().await.unwrap();
        Self {
            gateway,
            job,
            heard,
        }
    }

    fn refused(&self) -> Vec<(String, Refused)> {
        let all = self.gateway.refusals("1").into_iter();
        all.map(|r| (r.target.host.unwrap_or_default(), r.reason))
            .collect()
    }

    /// Sends this over a connection of its own; whether an answer came.
    async fn says(&mut self, to: &str, words: &[&[u8]]) -> bool {
        let mut stream = self.job.connect(to).await.unwrap();
        let mut buffer = [0; 64];
        for word in words {
            stream.write_all(word).await.unwrap();
        }
        let answered = tokio::time::timeout(LIMIT, async {
            let mut all = Vec::new();
            loop {
                match stream.read(&mut buffer).await {
                    Ok(count @ 1..) => all.extend_from_slice(&buffer[..count]),
                    _ => return false,
                }
                if all.ends_with(b"yes") {
                    return true;
                }
            }
        });
        answered.await.expect("an end in time")
    }
}

#[tokio::test]
async fn only_a_registrys_server_name_passes_whatever_the_address() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let place = tempfile::tempdir().unwrap();
    let Some((certificate, key)) = certificate(place.path()) else {
        return;
    };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&certificate)
        .collect::<Result<_, _>>()
        .unwrap();
    let server = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain.clone(), PrivateKeyDer::from_pem_slice(&key).unwrap())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(server));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let https = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    let _ = stream.write_all(b"hello").await;
                    let _ = stream.shutdown().await;
                }
            });
        }
    });
    let mut network = Network::make(https).await;
    let mut roots = rustls::RootCertStore::empty();
    for one in chain {
        roots.add(one).unwrap();
    }
    for versions in [&[&rustls::version::TLS12], &[&rustls::version::TLS13]] {
        let client = rustls::ClientConfig::builder_with_protocol_versions(versions)
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        let connector = TlsConnector::from(Arc::new(client));
        // The last one sends no name.
        for name in ["registry.npmjs.org", "evil.example", "104.16.1.34"] {
            let stream = network.job.connect(HTTPS).await.unwrap();
            let name_of_server = ServerName::try_from(name).unwrap();
            let talk = async {
                let mut stream = connector.connect(name_of_server, stream).await?;
                let mut all = String::new();
                stream.read_to_string(&mut all).await.map(|_| all)
            };
            let said = tokio::time::timeout(LIMIT, talk).await.expect("in time");
            if name == "registry.npmjs.org" {
                assert_eq!(said.unwrap(), "hello");
            } else {
                let error = said.unwrap_err();
                assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{name}");
            }
        }
    }
    assert_eq!(
        network.refused(),
        [
            ("evil.example".to_owned(), Refused::OtherHost),
            ("registry.npmjs.org".to_owned(), Refused::Nameless),
        ]
    );
}

#[tokio::test]
async fn each_request_in_the_clear_has_to_name_a_registry() {
    let nobody = "127.0.0.1:9".parse().unwrap();
    let mut network = Network::make(nobody).await;
    let good = b"GET / HTTP/1.1\r\nHost: registry.npmjs.org\r\n\r\n";
    let evil = b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n";
    assert!(network.says(HTTP, &[good]).await);
    assert_eq!(network.heard.recv().await.unwrap(), good);
    assert!(!network.says(HTTP, &[evil]).await);
    assert!(!network.says(HTTP, &[b"\0\x01 tunnel"]).await);
    // Nothing of these came out.
    assert!(network.heard.try_recv().is_err());
    let mut stream = network.job.connect(HTTP).await.unwrap();
    stream.write_all(good).await.unwrap();
    assert_eq!(read(&mut stream, 14).await, b"SSH-2.0-x\r\nyes");
    stream.write_all(evil).await.unwrap();
    let ended = tokio::time::timeout(LIMIT, stream.read(&mut [0])).await;
    assert!(ended.expect("it is cut").is_err());
    assert_eq!(network.heard.recv().await.unwrap(), good);
    assert!(
        network.heard.try_recv().is_err(),
        "the second one stays here"
    );
    // What SSH says passes.
    assert!(network.says(SSH, &[b"SSH-2.0-git\r\n"]).await);
    assert_eq!(
        network.refused(),
        [
            ("evil.example".to_owned(), Refused::OtherHost),
            ("registry.npmjs.org".to_owned(), Refused::Nameless),
        ]
    );
}

#[tokio::test]
async fn what_says_nothing_hears_nothing_and_datagrams_come_back() {
    let nobody = "127.0.0.1:9".parse().unwrap();
    let mut network = Network::make(nobody).await;
    let mut stream = network.job.connect(SSH).await.unwrap();
    // The server spoke first; a job that asked for no host does not hear it.
    let waiting = Duration::from_millis(100);
    assert!(
        tokio::time::timeout(waiting, stream.read(&mut [0]))
            .await
            .is_err()
    );
    stream.shutdown().await.unwrap();
    let ended = tokio::time::timeout(LIMIT, stream.read(&mut [0])).await;
    assert!(ended.expect("it is over").is_err());
    network.job.send(HTTPS, b"QUIC").await;
    assert_eq!(network.job.answer().await, Err((3, 3)));
    let refused = network.refused();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0].1, Refused::Datagram);
}

#[tokio::test]
async fn what_was_not_listened_to_is_cut_when_only_registries_stay() {
    let nobody = "127.0.0.1:9".parse().unwrap();
    let mut network = Network::make(nobody).await;
    let registries = (*network.gateway.policy()).clone();
    let mut policy = registries.clone();
    policy.reach = Reach::Internet;
    network.gateway.set_policy(policy);
    let mut stream = network.job.connect(HTTP).await.unwrap();
    stream.write_all(b"\0 anything").await.unwrap();
    assert_eq!(read(&mut stream, 14).await, b"SSH-2.0-x\r\nyes");
    network.gateway.set_policy(registries);
    let ended = tokio::time::timeout(LIMIT, stream.read(&mut [0])).await;
    assert!(ended.expect("it is cut").is_err());
}
