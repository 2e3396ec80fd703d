//! The same system with its rows in PostgreSQL.

use crate::support::{Setup, Worker};
use serde_json::json;

#[tokio::test]
async fn builds_run_with_their_rows_in_postgresql() {
    let postgres = match travis_store_postgres::testing::start_postgres().await {
        Ok(postgres) => postgres,
        Err(reason) => {
            println!("skipped: {reason}");
            return;
        }
    };
    let url = postgres.fresh_database().await.unwrap();
    let server = Setup::server()
        .toml(&format!("database = \"{url}\"\n"))
        .start()
        .await;
    assert!(!server.data.join("travis.db").exists(), "SQLite was used");
    let _worker = Worker::start(&server, "elephant", &[]).await;
    let yaml = "jobs:\n  include:\n    - {stage: lint, script: 'true'}\n    - {stage: test, script: 'true', env: A=1}\n    - {script: 'false', env: A=2}\n";
    server.quick("acme/rows", yaml).await;
    let build = server.api.run("acme/rows").await;
    assert_eq!(build["state"], "failed");
    let states: Vec<_> = build["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| job["state"].clone())
        .collect();
    assert_eq!(json!(states), json!(["passed", "passed", "failed"]));
    let list = server.api.get("/v3/repos?search=ROWS").await.expect(200);
    assert_eq!(list["repositories"][0]["slug"], "acme/rows");
    assert_eq!(list["repositories"][0]["current_build"]["state"], "failed");
    let builds = server
        .api
        .get("/v3/repo/acme%2Frows/builds?build.state=failed")
        .await
        .expect(200);
    assert_eq!(builds["@pagination"]["count"], 1);
}
