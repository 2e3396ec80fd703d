use super::*;
use crate::cli::Format;
use crate::output::{Clock, Paint, Screen};
use crate::session::{Input, Surroundings};
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse as _;
use axum::routing::get;
use futures_util::FutureExt as _;
use std::io;
use std::sync::{Arc, Mutex};

/// What it serves, and what it was asked for.
#[derive(Clone, Default)]
struct Served {
    bytes: Arc<Vec<u8>>,
    ranges: Arc<Mutex<Vec<String>>>,
}

async fn file(State(served): State<Served>, headers: HeaderMap) -> axum::response::Response {
    let range = headers.get(RANGE).map(|range| range.to_str().unwrap());
    let from = range.map_or(0, |range| {
        let digits = range.trim_start_matches("bytes=").trim_end_matches('-');
        digits.parse().unwrap()
    });
    let said = range.unwrap_or("all").to_owned();
    served.ranges.lock().unwrap().push(said);
    let rest = served.bytes[from..].to_vec();
    let end = format!(
        "bytes {from}-{}/{}",
        served.bytes.len() - 1,
        served.bytes.len()
    );
    match range {
        None => rest.into_response(),
        Some(_) => (StatusCode::PARTIAL_CONTENT, [(CONTENT_RANGE, end)], rest).into_response(),
    }
}

struct Bench {
    served: Served,
    source: Source,
    place: tempfile::TempDir,
    listed: Download,
}

impl Bench {
    /// A server with a file of which it says that it holds `said`.
    async fn new(said: &[u8], bytes: &[u8]) -> Self {
        let served = Served {
            bytes: Arc::new(bytes.to_vec()),
            ..Served::default()
        };
        let routes = Router::new()
            .route("/download/disk.qcow2", get(file))
            .with_state(served.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, routes).await });
        let digest = aws_lc_rs::digest::digest(&SHA256, said);
        Self {
            served,
            source: Source::new(&url, None).unwrap(),
            place: tempfile::tempdir().unwrap(),
            listed: Download {
                name: "disk.qcow2".to_owned(),
                kind: "disk".to_owned(),
                os: None,
                arch: None,
                size: said.len() as u64,
                sha256: hex::encode(digest),
                path: "/download/disk.qcow2".to_owned(),
            },
        }
    }

    fn part(&self) -> PathBuf {
        self.place
            .path()
            .join(format!("{}.part", self.listed.sha256))
    }

    fn to(&self) -> PathBuf {
        self.place.path().join("disk.qcow2")
    }

    async fn fetch(&self) -> Result<(), Failure> {
        self.source
            .fetch(&self.listed, &self.to(), &mut session())
            .await
    }

    fn asked(&self) -> Vec<String> {
        self.served.ranges.lock().unwrap().clone()
    }
}

fn session() -> Session {
    Session {
        screen: Screen {
            out: Box::new(io::sink()),
            err: Box::new(io::sink()),
            terminal: false,
            paint: Paint { colors: false },
            width: 80,
            height: 24,
            clock: Clock::system(),
        },
        format: Format::Human,
        around: Surroundings {
            endpoint: None,
            token: None,
            config: None,
            directory: PathBuf::from("/"),
            input: Input::Stream(Box::new(io::empty())),
            variable: |_| None,
            browse: |_| Ok(()),
            examine: |_| futures_util::future::ready(Vec::new()).boxed(),
            interrupt: std::future::pending().boxed(),
        },
    }
}

fn bytes() -> Vec<u8> {
    (0..300_000_u32).flat_map(u32::to_le_bytes).collect()
}

#[tokio::test]
async fn a_file_is_there_whole_and_nothing_beside_it() {
    let bytes = bytes();
    let bench = Bench::new(&bytes, &bytes).await;
    bench.fetch().await.unwrap();
    assert!(fs::read(bench.to()).unwrap() == bytes);
    assert!(!bench.part().exists());
    assert_eq!(bench.asked(), ["all"]);
}

#[tokio::test]
async fn what_is_here_already_is_not_fetched_again() {
    let bytes = bytes();
    let bench = Bench::new(&bytes, &bytes).await;
    fs::write(bench.part(), &bytes[..100_000]).unwrap();
    bench.fetch().await.unwrap();
    assert_eq!(bench.asked(), ["bytes=100000-"]);
    assert!(fs::read(bench.to()).unwrap() == bytes);
    // All of it is here, and only its last name is missing.
    fs::rename(bench.to(), bench.part()).unwrap();
    bench.fetch().await.unwrap();
    assert_eq!(bench.asked().len(), 1);
}

#[tokio::test]
async fn a_transfer_that_breaks_off_goes_on_by_itself() {
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    let bytes = bytes();
    let mut bench = Bench::new(&bytes, &bytes).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    bench.source = Source::new(&url, None).unwrap();
    let half = bytes.len() / 2;
    let all = bytes.clone();
    let server = tokio::spawn(async move {
        let mut asked = Vec::new();
        for from in [0, half] {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = BufReader::new(stream);
            let mut line = String::new();
            while line != "\r\n" {
                line.clear();
                stream.read_line(&mut line).await.unwrap();
                asked.push(line.trim_end().to_lowercase());
            }
            let status = if from == 0 {
                "200 OK"
            } else {
                "206 Partial Content"
            };
            let (length, end) = (all.len() - from, all.len() - 1);
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {length}\r\ncontent-range: bytes {from}-{end}/{}\r\n\r\n",
                all.len()
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            // The first answer ends in its middle.
            stream.write_all(&all[from..from + half]).await.unwrap();
        }
        asked
    });
    bench.fetch().await.unwrap();
    assert!(fs::read(bench.to()).unwrap() == bytes);
    let asked = server.await.unwrap();
    assert!(
        asked.contains(&format!("range: bytes={half}-")),
        "{asked:?}"
    );
}

#[tokio::test]
async fn other_bytes_than_the_server_named_are_refused() {
    let bytes = bytes();
    let mut other = bytes.clone();
    other[1000] ^= 1;
    let bench = Bench::new(&bytes, &other).await;
    let error = bench.fetch().await.unwrap_err();
    assert!(error.message.contains("is not its file"), "{error}");
    assert!(!bench.to().exists() && !bench.part().exists());
    // More or less of them, too.
    let mut longer = bytes.clone();
    longer.push(0);
    let bench = Bench::new(&bytes, &longer).await;
    let error = bench.fetch().await.unwrap_err();
    assert!(error.message.contains("more than it said"), "{error}");
    let bench = Bench::new(&bytes, &bytes[..10]).await;
    let error = bench.fetch().await.unwrap_err();
    assert!(!bench.to().exists(), "{error}");
}

#[tokio::test]
async fn a_broken_beginning_is_thrown_away() {
    let bytes = bytes();
    let bench = Bench::new(&bytes, &bytes).await;
    fs::write(bench.part(), vec![7; 100_000]).unwrap();
    let error = bench.fetch().await.unwrap_err();
    assert!(error.text().contains("start again"), "{}", error.text());
    bench.fetch().await.unwrap();
    assert_eq!(bench.asked(), ["bytes=100000-", "all"]);
}

#[tokio::test]
async fn two_at_once_do_not_mix() {
    let bytes = bytes();
    let bench = Bench::new(&bytes, &bytes).await;
    let held = open(&bench.part()).unwrap();
    let error = bench.fetch().await.unwrap_err();
    assert_eq!(error.status, Status::Refused);
    drop(held);
    bench.fetch().await.unwrap();
}
