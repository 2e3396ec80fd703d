use super::*;
use serde_json::json;

fn case(origin: Origin, tier: Tier, pull: Option<i64>) -> CacheCase<'static> {
    CacheCase {
        origin,
        tier,
        private: false,
        branch: "topic",
        default_branch: "main",
        pull,
        had_secrets: false,
        also: None,
    }
}

const FORK: Origin = Origin::Fork {
    secrets_approved: false,
};

fn labels(scopes: &[CacheScope]) -> Vec<String> {
    scopes.iter().map(CacheScope::label).collect()
}

#[test]
fn lookup_order() {
    let plan = cache_plan(&case(Origin::Own, Tier::Bound, None));
    assert_eq!(labels(&plan.read), ["topic", "main"]);
    assert_eq!(plan.write, Some(CacheScope::Branch("topic".into())));
    let plan = cache_plan(&CacheCase {
        also: Some("next"),
        ..case(Origin::Own, Tier::Bound, Some(7))
    });
    assert_eq!(labels(&plan.read), ["PR.7", "topic", "next", "main"]);
    assert_eq!(plan.write, Some(CacheScope::Pull(7)));
    let plan = cache_plan(&CacheCase {
        branch: "main",
        ..case(Origin::Own, Tier::Attested, None)
    });
    assert_eq!(labels(&plan.read), ["main"]);
}

#[test]
fn nothing_foreign_is_ever_read_by_a_branch() {
    let mut written = Vec::new();
    let mut read = Vec::new();
    for origin in [
        Origin::Own,
        FORK,
        Origin::Fork {
            secrets_approved: true,
        },
    ] {
        for tier in Tier::ALL {
            for pull in [None, Some(7)] {
                for had_secrets in [false, true] {
                    for branch in ["main", "PR.7", "pull/7", "refs/pull/7/merge"] {
                        let plan = cache_plan(&CacheCase {
                            had_secrets,
                            branch,
                            ..case(origin, tier, pull)
                        });
                        let own = origin == Origin::Own && pull.is_none();
                        if own && tier >= Tier::Bound && !branch.starts_with("refs/") {
                            read.extend(plan.read.iter().map(CacheScope::as_text));
                        } else {
                            written.extend(plan.write.iter().map(CacheScope::as_text));
                        }
                        assert!(plan.write.is_none() || tier >= Tier::Bound);
                        let secret = pull.is_some() && origin != Origin::Own && had_secrets;
                        if secret {
                            assert_eq!(plan.write, None, "secrets stay out of caches");
                            assert!(!plan.read.contains(&CacheScope::Pull(7)));
                        }
                    }
                }
            }
        }
    }
    assert!(!read.is_empty() && !written.is_empty());
    assert!(written.iter().all(|scope| !read.contains(scope)));
}

#[test]
fn a_stranger_under_a_branch_name_only_reads() {
    let plan = cache_plan(&case(FORK, Tier::Bound, None));
    assert_eq!(labels(&plan.read), ["main"]);
    assert_eq!(plan.write, None);
}

#[test]
fn unbound_machines_read_public_caches_alone() {
    let open = case(Origin::Own, Tier::Volunteer, None);
    let plan = cache_plan(&open);
    assert_eq!(labels(&plan.read), ["topic", "main"]);
    assert_eq!(plan.write, None);
    let closed = CacheCase {
        private: true,
        ..open
    };
    assert_eq!(cache_plan(&closed), CachePlan::default());
    let bound = CacheCase {
        tier: Tier::Bound,
        ..closed
    };
    assert!(cache_plan(&bound).write.is_some());
}

#[test]
fn scopes_are_read_back() {
    for scope in [
        CacheScope::Branch("a/b".into()),
        CacheScope::Branch("PR.7".into()),
        CacheScope::Pull(7),
    ] {
        assert_eq!(CacheScope::parse(&scope.as_text()), Some(scope));
    }
    for bad in ["", "branch/", "pull/x", "main", "tag/v1"] {
        assert_eq!(CacheScope::parse(bad), None, "{bad}");
    }
}

#[test]
fn what_wants_a_cache() {
    for (cache, wanted) in [
        (json!(null), false),
        (json!(false), false),
        (json!({"timeout": 100, "branch": "x", "edge": true}), false),
        (json!({"bundler": false, "directories": []}), false),
        (json!({"directories": ["a"]}), true),
        (json!({"npm": true, "pip": false}), true),
        (json!("bundler"), true),
        (json!([{"bundler": true}]), true),
    ] {
        assert_eq!(wants_cache(&json!({"cache": cache})), wanted, "{cache}");
    }
    assert!(!wants_cache(&json!({})));
    let options = cache_options(&json!({"cache": {"timeout": "60", "branch": "next"}}));
    assert_eq!(
        (options.timeout, options.branch.as_deref()),
        (Some(60), Some("next"))
    );
    let options = cache_options(&json!({"cache": [{"npm": true}, {"timeout": 5}]}));
    assert_eq!(options.timeout, Some(5));
}

/// The hash is what is hashed, to be seen.
fn slug(config: &Value) -> String {
    cache_slug(config, |bytes| {
        format!("<{}>", String::from_utf8_lossy(bytes))
    })
}

#[test]
fn slugs() {
    for (config, expected) in [
        (
            json!({"os": "linux", "language": "shell"}),
            "cache-linux-<>",
        ),
        (
            json!({"os": "linux", "dist": "xenial", "language": "node_js", "node_js": "8",
                "env": [{"B": "2"}, {"secure": "x"}, {"A": "1"}, {"S": {"decrypted": "y"}}]}),
            "cache-linux-xenial-<A=1=B=2>--node-8",
        ),
        (
            json!({"os": "osx", "osx_image": "xcode9", "language": "ruby", "rvm": "2.2"}),
            "cache-osx-xcode9-<>--rvm-2.2--gemfile-Gemfile",
        ),
        (
            json!({"os": "linux", "arch": "arm64", "dist": "noble", "language": "ruby",
                "rvm": ["3.3"], "gemfile": "gemfiles/a.gemfile"}),
            "cache-linux-arm64-noble-<>--rvm-3.3--gemfile-gemfiles_a.gemfile",
        ),
        (
            json!({"os": "linux", "arch": "amd64", "language": "rust", "rust": "../../x y",
                "env": {"global": [{"A": "1"}], "jobs": ["B=2"]}}),
            "cache-linux-<A=1=B=2>--cargo-.._.._x_y",
        ),
        (
            json!({"os": "linux", "language": "java", "jdk": "openjdk8"}),
            "cache-linux-<>--jdk-openjdk8",
        ),
    ] {
        assert_eq!(slug(&config), expected);
    }
    let long = json!({"language": "go", "go": "1".repeat(5000)});
    assert!(slug(&long).len() < 100);
}

#[test]
fn the_longest_unused_goes_first_and_pull_requests_before() {
    let cache = |n: i64, scope: CacheScope, size| Cache {
        id: crate::CacheId(n),
        repository_id: crate::RepositoryId(1),
        scope,
        slug: "s".into(),
        object_key: format!("k{n}"),
        size,
        sha256: String::new(),
        created_at: crate::Timestamp(1),
        updated_at: crate::Timestamp(1),
        used_at: crate::Timestamp(n),
    };
    let branch = |name: &str| CacheScope::Branch(name.into());
    let all = [
        cache(1, branch("a"), 10),
        cache(2, branch("b"), 20),
        cache(3, CacheScope::Pull(1), 5),
        cache(4, branch("c"), 1),
    ];
    let gone = |most, keep| {
        let gone = evicted(&all, most, keep);
        gone.iter().map(|cache| cache.id.get()).collect::<Vec<_>>()
    };
    assert!(gone(36, None).is_empty());
    assert_eq!(gone(35, None), [3]);
    assert_eq!(gone(30, None), [3, 1]);
    assert_eq!(gone(0, Some("k2")), [3, 1, 4]);
    assert_eq!(gone(20, Some("k3")), [1, 2]);
}
