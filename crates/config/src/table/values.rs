//! Closed sets of values.

use super::ValueRow;

const fn value(name: &'static str, aliases: &'static [&'static str]) -> ValueRow {
    ValueRow {
        name,
        aliases,
        os: &[],
    }
}

const fn on(name: &'static str, os: &'static [&'static str]) -> ValueRow {
    ValueRow {
        name,
        aliases: &[],
        os,
    }
}

pub(super) const LANGUAGES: &[ValueRow] = &[
    value("android", &[]),
    value("c", &[]),
    value("clojure", &[]),
    value("cpp", &["c++"]),
    value("crystal", &[]),
    value("csharp", &[]),
    value("d", &[]),
    value("dart", &[]),
    value("elixir", &[]),
    value("elm", &[]),
    value("erlang", &[]),
    value("generic", &[]),
    value("go", &["golang"]),
    value("groovy", &[]),
    value("hack", &[]),
    value("haskell", &[]),
    value("haxe", &[]),
    value("java", &["jvm"]),
    value("julia", &[]),
    value("matlab", &[]),
    value("nix", &[]),
    value("node_js", &["javascript", "js", "node"]),
    value("objective-c", &["objective_c", "swift"]),
    value("perl", &[]),
    value("perl6", &[]),
    value("php", &[]),
    value("python", &[]),
    value("r", &[]),
    value("ruby", &[]),
    value("rust", &[]),
    value("scala", &[]),
    value("shell", &["bash", "minimal", "sh"]),
    value("smalltalk", &[]),
    value("__connie__", &[]),
    value("__amethyst__", &[]),
    value("__garnet__", &[]),
    value("__stevonnie__", &[]),
    value("__opal__", &[]),
    value("__sardonyx__", &[]),
    value("__onion__", &[]),
    value("__cookiecat__", &[]),
];

/// Operating systems.
pub(crate) const OSES: &[ValueRow] = &[
    value("linux", &["ubuntu"]),
    value("osx", &["mac", "macos", "macosx", "ios"]),
    value("windows", &["win"]),
    value("freebsd", &["bsd"]),
    value("linux-ppc64le", &[]),
];

/// Distributions.
pub(crate) const DISTS: &[ValueRow] = &[
    on("trusty", &["linux"]),
    on("precise", &["linux"]),
    on("xenial", &["linux", "linux-ppc64le"]),
    on("bionic", &["linux"]),
    on("focal", &["linux", "linux-ppc64le"]),
    on("jammy", &["linux"]),
    on("noble", &["linux"]),
    on("server-2016", &["windows"]),
    on("rhel8", &["linux"]),
];

pub(super) const ARCHES: &[ValueRow] = &[
    value("amd64", &["x86_64", "x64"]),
    value("arm64", &[]),
    value("arm64-graviton2", &[]),
    value("ppc64le", &["power", "ppc", "ppc64"]),
    value("i386", &["x86"]),
    value("s390x", &[]),
];

pub(super) const SERVICES: &[ValueRow] = &[
    value("cassandra", &[]),
    value("couchdb", &[]),
    value("docker", &[]),
    value("elasticsearch", &[]),
    value("memcached", &["memcache"]),
    value("mongodb", &[]),
    value("mysql", &[]),
    value("neo4j", &[]),
    value("postgresql", &["postgres"]),
    value("rabbitmq", &["rabbitmq-server"]),
    value("redis", &["redis-server"]),
    value("riak", &[]),
    value("xvfb", &[]),
    value("cri-dockerd", &[]),
];
