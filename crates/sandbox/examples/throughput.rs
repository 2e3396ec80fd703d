//! How fast bytes pass between a job and the machine's loopback through the gateway.
//!
//! `cargo run --release -p travis-sandbox --example throughput -- [megabytes] [connections]`
//!
//! The network is made by the program `make-job-network`, which has to be built beside this one.

use std::net::Ipv4Addr;
use std::time::Instant;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use travis_egress::{Gateway, Policy};
use travis_sandbox::{Executor, Namespace, Network, Networks, Spec, ToolDirs};

const BLOCK: usize = 256 * 1024;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let megabytes: usize = arguments.next().map_or(Ok(1000), |text| text.parse())?;
    let connections: usize = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let share = (megabytes << 20) / connections / BLOCK;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut block = vec![0; BLOCK];
                // One letter says what is wanted.
                match stream.read_u8().await {
                    Ok(b'd') => {
                        for _ in 0..share {
                            if stream.write_all(&block).await.is_err() {
                                return;
                            }
                        }
                    }
                    _ => while stream.read(&mut block).await.is_ok_and(|length| length > 0) {},
                }
                let _ = stream.shutdown().await;
            });
        }
    });
    let gateway = Gateway::new(Policy {
        allowed: vec![address.to_string().parse()?],
        ..Policy::default()
    });
    let maker = std::env::current_exe()?.with_file_name("../make-job-network");
    let root = std::env::temp_dir().join(format!("travis-throughput-{}", std::process::id()));
    let executor = Namespace::new(root.clone(), Vec::new(), ToolDirs::detect())
        .with_networks(Networks::by(maker));
    let port = address.port();
    let down = format!(
        "for i in $(seq {connections}); do (exec 3<>/dev/tcp/10.0.2.2/{port}; printf d >&3; cat <&3 >/dev/null) & done; wait\n"
    );
    let up = format!(
        "for i in $(seq {connections}); do head -c {} /dev/zero >/dev/tcp/10.0.2.2/{port} & done; wait\n",
        share * BLOCK
    );
    for (id, name, script) in [("1", "down", down), ("2", "up", up)] {
        let spec = Spec {
            id: id.to_owned(),
            network: Network::Guarded(gateway.clone()),
            ..Spec::default()
        };
        let sandbox = executor.prepare(&spec).await?;
        let (sink, mut output) = mpsc::channel(4);
        let since = Instant::now();
        let draining = async { while output.recv().await.is_some() {} };
        let (exit, ()) = tokio::join!(
            sandbox.run(&script, sink, CancellationToken::new()),
            draining
        );
        exit?;
        let took = since.elapsed().as_secs_f64();
        let all: u64 = gateway
            .contacts(id)
            .iter()
            .map(|c| c.sent + c.received)
            .sum();
        println!(
            "{name}: {} MB in {took:.2} s, {:.0} MB/s",
            all >> 20,
            (all >> 20) as f64 / took
        );
        sandbox.destroy().await;
    }
    let _ = std::fs::remove_dir_all(root);
    Ok(())
}
