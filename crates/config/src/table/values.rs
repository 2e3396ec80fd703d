//! Keys with closed values, and small sections.

use super::shape::{BOOL, Format, STR, Shape, value};

pub(super) const ARCH: Shape = one_of![
    value("amd64").aliases(&["x86_64", "x64"]),
    value("arm64"),
    value("arm64-graviton2"),
    value("ppc64le").aliases(&["power", "ppc", "ppc64"]),
    value("i386").aliases(&["x86"]),
    value("s390x")
]
.only(&[("os", &["linux"])])
.downcase();

pub(super) const ARCHS: Shape = any![seq![ARCH].normal(), ARCH];

pub(super) const COMPILERS: Shape = any![
    seq![STR.only(&[("language", &["c", "cpp"])])].normal(),
    STR.only(&[("language", &["c", "cpp"])])
];

pub(super) const CONDITIONS: Shape = one_of![value("v0"), value("v1")].internal();

pub(super) const DIST: Shape = one_of![
    value("trusty").only(&[("os", &["linux"])]),
    value("precise").only(&[("os", &["linux"])]),
    value("xenial").only(&[("os", &["linux", "linux-ppc64le"])]),
    value("bionic").only(&[("os", &["linux"])]),
    value("focal").only(&[("os", &["linux", "linux-ppc64le"])]),
    value("jammy").only(&[("os", &["linux"])]),
    value("noble").only(&[("os", &["linux"])]),
    value("server-2016").only(&[("os", &["windows"])]),
    value("rhel8").only(&[("os", &["linux"])])
]
.downcase();

pub(super) const GROUP: Shape = STR.internal();

pub(super) const JDKS: Shape = any![seq![STR].normal(), STR];

pub(super) const KEEP_NETRC: Shape = any![BOOL.normal()];

pub(super) const KEYS: Shape = any![seq![STR].normal(), STR];

pub(super) const LANGUAGE: Shape = one_of![
    value("android"),
    value("c"),
    value("clojure"),
    value("cpp").aliases(&["c++"]),
    value("crystal"),
    value("csharp"),
    value("d"),
    value("dart"),
    value("elixir"),
    value("elm"),
    value("erlang"),
    value("generic"),
    value("go").aliases(&["golang"]),
    value("groovy"),
    value("hack"),
    value("haskell"),
    value("haxe"),
    value("java").aliases(&["jvm"]),
    value("julia"),
    value("matlab"),
    value("nix"),
    value("node_js").aliases(&["javascript", "js", "node"]),
    value("perl"),
    value("perl6"),
    value("php"),
    value("python"),
    value("r"),
    value("ruby"),
    value("objective-c").aliases(&["objective_c", "swift"]),
    value("rust"),
    value("scala"),
    value("shell").aliases(&["bash", "minimal", "sh"]),
    value("smalltalk"),
    value("__connie__").deprecated("experimental stack language"),
    value("__amethyst__").deprecated("experimental stack language"),
    value("__garnet__").deprecated("experimental stack language"),
    value("__stevonnie__").deprecated("experimental stack language"),
    value("__opal__").deprecated("experimental stack language"),
    value("__sardonyx__").deprecated("experimental stack language"),
    value("__onion__").deprecated("experimental stack language"),
    value("__cookiecat__").deprecated("experimental stack language")
]
.downcase();

pub(super) const OS: Shape = one_of![
    value("linux")
        .aliases(&["ubuntu"])
        .except(&[("language", &["objective-c"])]),
    value("osx").aliases(&["mac", "macos", "macosx", "ios"]),
    value("windows")
        .aliases(&["win"])
        .except(&[("language", &["objective-c"])]),
    value("freebsd")
        .aliases(&["bsd"])
        .except(&[("language", &["objective-c"])]),
    value("linux-ppc64le")
]
.downcase();

pub(super) const OSS: Shape = any![seq![OS].normal(), OS];

pub(super) const OSX_IMAGES: Shape = any![
    seq![STR.only(&[("os", &["osx"])])].normal(),
    STR.only(&[("os", &["osx"])])
];

pub(super) const PERFORCE_TEST_PATH: Shape = STR;

pub(super) const SERVICE: Shape = one_of![
    value("cassandra"),
    value("couchdb"),
    value("docker"),
    value("elasticsearch"),
    value("memcached").aliases(&["memcache"]),
    value("mongodb"),
    value("mysql"),
    value("neo4j"),
    value("postgresql").aliases(&["postgres"]),
    value("rabbitmq").aliases(&["rabbitmq-server"]),
    value("redis").aliases(&["redis-server"]),
    value("riak"),
    value("xvfb").only(&[("dist", &["xenial"])]),
    value("cri-dockerd")
]
.downcase();

pub(super) const SERVICES: Shape = any![seq![SERVICE].normal(), SERVICE];

pub(super) const STACK: Shape = one_of![
    value("connie"),
    value("amethyst"),
    value("garnet"),
    value("stevonnie"),
    value("opal"),
    value("sardonyx"),
    value("onion"),
    value("cookiecat")
]
.edge()
.internal()
.downcase();

pub(super) const SUDO: Shape =
    any![BOOL.normal(), STR].deprecated("The key `sudo` has no effect anymore.");

pub(super) const VERSION: Shape = STR.format(Format::Version);

pub(super) const VIRT: Shape = one_of![value("lxd"), value("vm")]
    .aliases(&["virtualization"])
    .internal()
    .downcase();
