use super::address::{number, query, repository_path, segment};
use super::budget::{Budgets, Payer};
use super::testing::{Server, answer, json};
use super::{Auth, Call, Class, Client, Limits};
use crate::ForgeError;
use serde_json::json;
use std::time::Duration;
use travis_model::Secret;

const TOKEN: &str = "gho_very-secret";

fn client(server: &Server) -> Client {
    Client::new(&server.url, Limits::default()).unwrap()
}

fn get(server: &Server, path: &str) -> Call {
    Call::get(format!("{}{path}", server.url))
        .what("the thing")
        .auth(Auth::Bearer(Secret::new(TOKEN)))
}

#[test]
fn names_are_escaped() {
    assert_eq!(segment("a b/ä"), "a%20b%2F%C3%A4");
    assert_eq!(repository_path("ada/hello").unwrap(), "ada/hello");
    assert_eq!(repository_path("a/b/c?d").unwrap(), "a/b/c%3Fd");
    for bad in ["ada", "ada/..", "./ada", "ada//x", "/ada", "ada/x\n"] {
        assert!(repository_path(bad).is_err(), "{bad:?}");
    }
    assert!(number("number", "12/3").is_err());
    assert!(number("number", "").is_err());
    assert_eq!(query(&[("a", "1 2"), ("b", "&")]), "a=1%202&b=%26");
}

#[tokio::test]
async fn statuses_are_the_errors_of_the_port_and_tell_no_token() {
    let server = Server::start(|asked, _| {
        let status = asked.path[1..].parse().unwrap();
        let message = format!("no {TOKEN}\nfor you");
        json(
            status,
            json!({"message": message, "errors": [{"field": "ref", "code": "bad"}]}),
        )
    })
    .await;
    let client = client(&server);
    for (status, expected) in [
        (400, "Refused"),
        (401, "Denied"),
        (403, "Forbidden"),
        (404, "NotFound"),
        (409, "Refused"),
        (410, "NotFound"),
        (422, "Refused"),
        (500, "Upstream"),
    ] {
        let error = client.send(get(&server, &format!("/{status}"))).await;
        let error = error.unwrap_err();
        let shown = format!("{error:?}");
        assert!(shown.starts_with(expected), "{status}: {shown}");
        assert!(!shown.contains(TOKEN) && !error.to_string().contains(TOKEN));
        assert!(!error.to_string().contains('\n'));
    }
    let error = client.send(get(&server, "/422")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the forge refused the call: no [secret] for you: field ref: code bad (status 422 for the \
         thing)"
    );
    assert!(
        server.asked()[0]
            .header("user-agent")
            .starts_with("travis/")
    );
}

#[tokio::test]
async fn an_unchanged_answer_is_not_sent_again() {
    let server = Server::start(|asked, _| match asked.header("if-none-match") {
        "\"one\"" => answer(304, &[], ""),
        _ => answer(
            200,
            &[("etag", "\"one\""), ("link", "</x?page=2>; rel=\"next\"")],
            "[1]",
        ),
    })
    .await;
    let client = client(&server);
    for _ in 0..3 {
        let answer = client.send(get(&server, "/list")).await.unwrap();
        assert_eq!(answer.json::<Vec<u8>>().unwrap(), [1]);
        assert_eq!(answer.next_page().as_deref(), Some("2"));
    }
    let asked = server.asked();
    assert_eq!(asked[1].header("if-none-match"), "\"one\"");
    // Another's token has an answer of its own.
    let other = get(&server, "/list").auth(Auth::Anonymous);
    client.send(other).await.unwrap();
    assert_eq!(server.asked()[3].header("if-none-match"), "");
}

#[tokio::test]
async fn reads_that_can_wait_stop_at_a_fifth_of_the_budget() {
    let server = Server::start(|_, before| {
        let remaining = ["25", "19", "0"][before.min(2)];
        answer(
            200,
            &[
                ("x-ratelimit-limit", "100"),
                ("x-ratelimit-remaining", remaining),
                ("x-ratelimit-reset", "90"),
            ],
            "",
        )
    })
    .await;
    let client = client(&server);
    let low = || client.send(get(&server, "/low").class(Class::Low));
    low().await.unwrap();
    low().await.unwrap();
    let refused = low().await.unwrap_err();
    assert!(matches!(refused, ForgeError::RateLimited { retry_after_s } if retry_after_s <= 90));
    client.send(get(&server, "/high")).await.unwrap();
    let refused = client.send(get(&server, "/high")).await.unwrap_err();
    assert!(matches!(
        refused,
        ForgeError::RateLimited {
            retry_after_s: 80..=90
        }
    ));
    assert_eq!(server.lines().len(), 3);
    // Another's budget is another.
    let other = get(&server, "/low").auth(Auth::Anonymous);
    client.send(other).await.unwrap();
}

#[tokio::test]
async fn refusals_for_too_many_calls_are_told_apart() {
    let server = Server::start(|asked, _| match asked.path.as_str() {
        "/429" => answer(429, &[("retry-after", "7")], ""),
        "/secondary" => json(
            403,
            json!({"message": "You have exceeded a secondary rate limit."}),
        ),
        "/after" => answer(403, &[("retry-after", "30")], ""),
        "/primary" => answer(
            403,
            &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "50")],
            "",
        ),
        _ => json(403, json!({"message": "Must have admin rights"})),
    })
    .await;
    for (path, seconds) in [
        ("/429", 7),
        ("/secondary", 60),
        ("/after", 30),
        ("/primary", 50),
    ] {
        let client = client(&server);
        for _ in 0..2 {
            let error = client.send(get(&server, path)).await.unwrap_err();
            let told = matches!(error, ForgeError::RateLimited { retry_after_s } if retry_after_s == seconds);
            assert!(told, "{path}: {error:?}");
        }
    }
    assert_eq!(server.lines().len(), 4, "the second of each is not sent");
    let error = client(&server).send(get(&server, "/no")).await.unwrap_err();
    assert!(matches!(error, ForgeError::Forbidden { .. }));
}

#[tokio::test]
async fn a_call_under_way_does_not_lift_a_refusal() {
    let budgets = Budgets::default();
    let payer = Payer::of("https://forge.example/a", Some(TOKEN));
    budgets.close(payer, Duration::from_secs(60));
    let mut headers = http::HeaderMap::new();
    for (name, value) in [("limit", "100"), ("remaining", "99"), ("reset", "90")] {
        let name = format!("ratelimit-{name}").parse::<http::HeaderName>();
        headers.insert(name.unwrap(), value.parse().unwrap());
    }
    budgets.note(payer, &headers);
    assert!(budgets.check(payer, Class::High).is_err());
    let other = Payer::of("https://forge.example/b", None);
    budgets.note(other, &headers);
    assert!(budgets.check(other, Class::Low).is_ok());
}

#[tokio::test]
async fn reads_are_repeated_and_writes_are_not() {
    let server = Server::start(|_, before| match before {
        0 | 1 => answer(503, &[], ""),
        2 => answer(200, &[], "ok"),
        _ => answer(502, &[], ""),
    })
    .await;
    let client = client(&server);
    assert_eq!(client.send(get(&server, "/a")).await.unwrap().body, "ok");
    let write = Call::post(format!("{}/b", server.url));
    let error = client.send(write).await.unwrap_err();
    assert!(matches!(error, ForgeError::Upstream { .. }));
    assert_eq!(server.lines().len(), 4);
    let error = client.send(get(&server, "/a")).await.unwrap_err();
    assert!(error.may_pass());
    assert_eq!(server.lines().len(), 7);
}

#[tokio::test]
async fn redirects_stay_with_the_forge() {
    let elsewhere = Server::start(|_, _| answer(200, &[], "stolen")).await;
    let to = elsewhere.url.clone();
    let server = Server::start(move |asked, _| match asked.path.as_str() {
        "/old" => answer(301, &[("location", "/new")], ""),
        "/new" => answer(200, &[], asked.method.to_string()),
        "/out" => answer(302, &[("location", to.as_str())], ""),
        _ => answer(307, &[("location", "/around")], ""),
    })
    .await;
    let client = client(&server);
    assert_eq!(client.send(get(&server, "/old")).await.unwrap().body, "GET");
    let patch = Call::patch(format!("{}/old", server.url)).json(&json!({}));
    assert_eq!(client.send(patch).await.unwrap().body, "PATCH");
    for path in ["/out", "/around"] {
        let error = client.send(get(&server, path)).await.unwrap_err();
        assert!(matches!(error, ForgeError::Upstream { .. }), "{error:?}");
    }
    assert!(elsewhere.lines().is_empty());
    assert_eq!(server.lines().len(), 2 + 2 + 1 + 4);
}

#[tokio::test]
async fn the_next_page_is_with_the_forge() {
    let server = Server::start(|asked, _| {
        let link = match asked.path.as_str() {
            "/out" => "<https://evil.example/x?page=2>; rel=\"next\"".to_owned(),
            "/last" => "<http://HOST/x?page=1>; rel=\"first\"".to_owned(),
            _ => {
                let host = asked.header("host");
                format!("<http://{host}/x?page=1,2>; rel=\"prev\", <http://{host}/x?a=b&page=4>; rel=\"next\"")
            }
        };
        answer(200, &[("link", link.as_str())], "")
    })
    .await;
    let client = client(&server);
    let next = async |path| client.send(get(&server, path)).await.unwrap().next_page();
    assert_eq!(next("/in").await.as_deref(), Some("4"));
    assert_eq!(next("/out").await, None);
    assert_eq!(next("/last").await, None);
}

#[tokio::test]
async fn long_answers_are_not_read() {
    let server = Server::start(|_, _| answer(200, &[], "0123456789")).await;
    let limits = Limits {
        answer: 9,
        ..Limits::default()
    };
    let client = Client::new(&server.url, limits).unwrap();
    let error = client.send(get(&server, "/a")).await.unwrap_err();
    assert!(matches!(error, ForgeError::Upstream { .. }));
    let error = client
        .send(get(&server, "/a").longest(5))
        .await
        .unwrap_err();
    assert!(matches!(error, ForgeError::TooLarge { limit: 5, .. }));
    assert!(client.send(get(&server, "/a").longest(10)).await.is_ok());
}

#[tokio::test]
async fn a_silent_forge_is_given_up() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let limits = Limits {
        call: Duration::from_millis(50),
        ..Limits::default()
    };
    let client = Client::new(&url, limits).unwrap();
    let error = client.send(Call::get(&url)).await.unwrap_err();
    assert!(matches!(error, ForgeError::Timeout { .. }));
    drop(silent);
    let limits = Limits::default();
    let client = Client::new(&url, limits).unwrap();
    let error = client.send(Call::get(&url)).await.unwrap_err();
    assert!(matches!(error, ForgeError::Unreachable { .. }), "{error:?}");
}
