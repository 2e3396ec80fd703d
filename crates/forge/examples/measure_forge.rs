//! Measures how quickly a local repository's branch becomes a commit with its configuration.
//!
//! `cargo run --release -p travis-forge --example measure_forge -- /path/to/repository`

use std::time::{Duration, Instant};

use travis_forge::mirror::{MirrorWant, Mirrors};
use travis_forge::{Forge, ForgeError, GitForge, RepoRef, Timeouts, UrlPolicy, Want};

const ROUNDS: u32 = 100;

#[tokio::main]
async fn main() -> Result<(), ForgeError> {
    let Some(url) = std::env::args().nth(1) else {
        println!("name a repository's folder");
        return Ok(());
    };
    let dir = std::env::temp_dir().join(format!("travis-forge-measure-{}", std::process::id()));
    let policy = UrlPolicy { allow_local: true };
    let forge = GitForge::new(dir.join("forge"), policy, Timeouts::default());
    let repo = RepoRef { id: 1, url };
    let default = forge.resolve(&repo, &Want::Default).await?;
    let branch = Want::Branch(default.branch.unwrap_or_default());
    let (mut resolve, mut snapshot) = (Duration::ZERO, Duration::ZERO);
    let mut sha = String::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        sha = forge.resolve(&repo, &branch).await?.sha;
        resolve += start.elapsed();
        let start = Instant::now();
        forge.snapshot(&repo, &sha, None, ".travis.yml").await?;
        snapshot += start.elapsed();
    }
    println!("resolve: {:?}", resolve / ROUNDS);
    println!("snapshot after it: {:?}", snapshot / ROUNDS);

    let mirrors = Mirrors::new(dir.join("mirrors"), true)?;
    let refs = match &branch {
        Want::Branch(name) => vec![format!("refs/heads/{name}")],
        _ => Vec::new(),
    };
    let want = MirrorWant { sha, refs };
    for round in ["first", "again"] {
        let start = Instant::now();
        mirrors
            .update(&repo.url, &want, Duration::from_secs(60))
            .await?;
        println!("mirror, {round}: {:?}", start.elapsed());
    }
    std::fs::remove_dir_all(&dir)?;
    Ok(())
}
