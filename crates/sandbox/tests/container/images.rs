//! Images: which one a job gets, from where, and what is said when it can't be had.

use super::*;
use std::time::Instant;
use travis_sandbox::{ImageWish, SandboxError};

#[tokio::test(flavor = "multi_thread")]
async fn images_that_can_not_be_had_are_told() {
    let root = tempfile::tempdir().unwrap();
    let Some(executor) = executor(root.path(), "").await else {
        return;
    };
    let refused = async |name: &str| {
        let wish = ImageWish {
            name: Some(name.to_owned()),
            ..ImageWish::default()
        };
        let spec = Spec {
            image: Some(wish),
            ..spec("1")
        };
        match executor.prepare(&spec).await {
            Ok(_) => panic!("{name} was taken"),
            Err(error) => error.to_string(),
        }
    };
    let error = refused("registry.evil.example/miner:1").await;
    assert!(error.contains("owner allows"), "{error}");
    let error = refused("docker.io/someone/thing").await;
    assert!(error.contains("owner allows"), "{error}");
    let error = refused("debian-12").await;
    assert!(error.contains("no row"), "{error}");
    let error = refused("--privileged:x").await;
    assert!(error.contains("no row"), "{error}");
    nothing_stays(&root.path().join("sandbox"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_image_lacks_is_told() {
    let root = tempfile::tempdir().unwrap();
    let Some(podman) = podman::podman() else {
        return;
    };
    let bare = "[[image]]\nlanguage = \"bare\"\nimage = \"localhost/bare:1\"\n";
    let Some(executor) = executor(root.path(), bare).await else {
        return;
    };
    let place = tempfile::tempdir().unwrap();
    let tar = place.path().join("bare.tar");
    let made = Command::new("bash")
        .args(["-ec", r#"mkdir bare && tar -C bare -xf "$0" && rm bare/usr/bin/git && tar -C bare -cf "$1" ."#])
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("container-test-image.tar"))
        .arg(&tar)
        .current_dir(place.path())
        .status()
        .unwrap();
    assert!(made.success());
    podman.order(&[
        "import",
        "--quiet",
        &tar.display().to_string(),
        "localhost/bare:1",
    ]);
    let spec = Spec {
        clone_url: Some("https://forge.invalid/a/b.git".to_owned()),
        image: Some(ImageWish {
            language: "bare".to_owned(),
            ..ImageWish::default()
        }),
        ..spec("1")
    };
    let sandbox = executor.prepare(&spec).await.unwrap();
    let (sink, _output) = tokio::sync::mpsc::channel(4);
    let error = sandbox.run("true\n", sink, CancellationToken::new()).await;
    let error = error.unwrap_err();
    assert!(matches!(error, SandboxError::Image { .. }), "{error}");
    assert!(error.to_string().contains("no git"), "{error}");
    sandbox.destroy().await;
}

/// A registry that wants a password; ends with this.
struct Registry {
    process: std::process::Child,
    host: String,
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Registry {
    /// `secret` is the password of the user `travis`, `hash` what the registry knows of it.
    fn start(place: &Path, hash: &str) -> Option<Self> {
        if !Path::new("/usr/bin/docker-registry").exists() {
            println!("skipped: containers: docker-registry is not installed");
            return None;
        }
        std::fs::write(place.join("htpasswd"), format!("travis:{hash}\n")).unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let host = free.local_addr().unwrap().to_string();
        drop(free);
        let at = place.display();
        let settings = format!(
            "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {at}/registry\n\
             http:\n  addr: {host}\nauth:\n  htpasswd:\n    realm: test\n    path: {at}/htpasswd\n"
        );
        std::fs::write(place.join("registry.yml"), settings).unwrap();
        let process = Command::new("/usr/bin/docker-registry")
            .arg("serve")
            .arg(place.join("registry.yml"))
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let limit = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(&host).is_err() {
            assert!(Instant::now() < limit, "the registry starts");
            std::thread::yield_now();
        }
        Some(Self { process, host })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_registry_is_asked_with_the_owners_credentials() {
    const HASH: &str = "$2y$05$yAChdilfnlLo1ETeHm1Bi.JGvalHNryyRYOU4iXmmxpVgjn659bm2";
    let Some(podman) = podman::podman() else {
        return;
    };
    let place = tempfile::tempdir().unwrap();
    let Some(registry) = Registry::start(place.path(), HASH) else {
        return;
    };
    let host = &registry.host;
    let auth = place.path().join("auth.json").display().to_string();
    // `travis:secret`.
    let known = format!("{{\"auths\": {{\"{host}\": {{\"auth\": \"dHJhdmlzOnNlY3JldA==\"}}}}}}");
    std::fs::write(&auth, known).unwrap();
    let image = format!("{host}/team/private:1");
    podman.order(&["tag", podman::IMAGE, &image]);
    podman.order(&[
        "push",
        "--quiet",
        "--authfile",
        &auth,
        "--tls-verify=false",
        &image,
    ]);
    podman.order(&["rmi", &image]);
    let wanted = Spec {
        image: Some(ImageWish {
            language: "private".to_owned(),
            ..ImageWish::default()
        }),
        ..spec("1")
    };
    let rows = format!(
        "insecure = [\"{host}\"]\nAUTH\n[[image]]\nlanguage = \"private\"\nimage = \"{image}\"\n"
    );

    let root = tempfile::tempdir().unwrap();
    let stranger = executor(root.path(), &rows.replace("AUTH", ""))
        .await
        .unwrap();
    let Err(error) = stranger.prepare(&wanted).await else {
        panic!("pulled without a password");
    };
    assert!(error.to_string().contains("can't be pulled"), "{error}");

    let root = tempfile::tempdir().unwrap();
    let rows = rows.replace("AUTH", &format!("auth_file = {auth:?}"));
    let owner = executor(root.path(), &rows).await.unwrap();
    let (progress, mut said) = tokio::sync::mpsc::channel(16);
    let wanted = Spec {
        progress: Some(progress),
        ..wanted
    };
    let script = format!("cat {auth} 2>/dev/null; env | grep -i auth; echo ran\n");
    let (_, text) = run(&owner, wanted.clone(), &script).await;
    assert_eq!(text, "ran\n", "the credentials stay with the owner");
    let mut lines = String::new();
    while let Ok(line) = said.try_recv() {
        lines.push_str(&String::from_utf8_lossy(&line));
    }
    assert!(lines.contains(&format!("Pulling {image}\n")), "{lines}");
    assert_eq!(owner.images().await, std::slice::from_ref(&image));
    // No more than is lent stays or comes, and what it lends again is pulled again.
    assert_eq!(owner.keep_images_within(Some(1)).await, 0);
    assert_eq!(owner.images().await, Vec::<String>::new());
    let Err(error) = owner.prepare(&wanted).await else {
        panic!("pulled more than is lent");
    };
    assert!(error.to_string().contains("are lent for them"), "{error}");
    assert_eq!(owner.images().await, Vec::<String>::new());
    assert!(!owner.has_image(wanted.image.as_ref().unwrap()).await);
    assert_eq!(owner.keep_images_within(None).await, 0);
    let (_, text) = run(&owner, wanted.clone(), "echo anew\n").await;
    assert_eq!(text, "anew\n");
    assert!(owner.keep_images_within(None).await > 1);
    while said.try_recv().is_ok() {}
    // The second job has it at once, also without the registry.
    drop(registry);
    let (_, text) = run(&owner, wanted, "echo again\n").await;
    assert_eq!(text, "again\n");
    let left = said.try_recv().unwrap();
    assert!(left.starts_with(b"Image "), "not pulled again");
}

#[tokio::test]
async fn the_operators_rows_count_after_the_owners_and_not_in_the_owners_network() {
    let ops = Spec {
        image: Some(ImageWish {
            name: Some("ops".to_owned()),
            ..ImageWish::default()
        }),
        ..spec("1")
    };
    let table = |image: &str| {
        let row = format!("[[image]]\nname = \"ops\"\nimage = \"{image}\"\n");
        travis_sandbox::ImageTable::parse(&row).unwrap()
    };
    let root = tempfile::tempdir().unwrap();
    let Some(open) = executor(root.path(), "").await else {
        return;
    };
    let refused = async |executor: &travis_sandbox::Container| match executor.prepare(&ops).await {
        Ok(_) => panic!("it was prepared"),
        Err(error) => error.to_string(),
    };
    assert!(refused(&open).await.contains("no row has an image"));
    // A server can't make a worker speak to its owner's network.
    for inside in [
        "127.0.0.1:9/ops:1",
        "localhost:9/ops:1",
        "192.168.1.1/ops:1",
        "169.254.169.254/ops:1",
    ] {
        open.hear_images(table(inside));
        let error = refused(&open).await;
        assert!(
            error.contains("in a network of this worker's owner"),
            "{error}"
        );
    }
    open.hear_images(table(podman::IMAGE));
    let (_, text) = run(&open, ops.clone(), "echo by the operator\n").await;
    assert_eq!(text, "by the operator\n");
    // The owner's row of the same name comes first, and who says what may be pulled has said it.
    let own =
        "registries = []\n[[image]]\nname = \"other\"\nimage = \"docker.io/library/none:1\"\n";
    let root = tempfile::tempdir().unwrap();
    let strict = executor(root.path(), own).await.unwrap();
    strict.hear_images(table("registry.example.org/ops:1"));
    let error = refused(&strict).await;
    assert!(
        error.contains("not among those that this worker's owner allows"),
        "{error}"
    );
    // Rows that the operator removes are gone.
    strict.hear_images(travis_sandbox::ImageTable::default());
    assert!(refused(&strict).await.contains("no row has an image"));
}
