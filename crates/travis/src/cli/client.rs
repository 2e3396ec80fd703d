//! Arguments of the client commands.

use clap::{Args, Subcommand};
use travis_model::Slug;

fn slug(text: &str) -> Result<Slug, String> {
    text.parse::<Slug>().map_err(|error| error.to_string())
}

/// Remembers a server.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  travis login --endpoint https://ci.example.org
  travis login --endpoint http://127.0.0.1:8080 < data/admin-token

The token is asked for, or read from standard input; it is never a flag, since others on the
machine can see those.")]
pub struct LoginArgs {
    /// The server's address
    #[arg(long, value_name = "URL")]
    pub endpoint: String,
}

/// Adds a repository or switches it on.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  travis enable --git https://example.org/acme/rocket.git --name acme/rocket
  travis enable --git ssh://git@example.org/acme/rocket.git --name acme/rocket --poll 60
  travis enable acme/rocket       one of your forges' (see: travis repos --mine), or one that was
                                  switched off")]
pub struct EnableArgs {
    /// A repository that the server knows already
    #[arg(value_name = "OWNER/NAME", value_parser = slug, conflicts_with_all = ["git", "name", "description", "private", "poll"])]
    pub slug: Option<Slug>,
    /// Add the git repository at this clone URL
    #[arg(long, value_name = "URL", requires = "name")]
    pub git: Option<String>,
    /// What to call it
    #[arg(long, value_name = "OWNER/NAME", value_parser = slug, requires = "git")]
    pub name: Option<Slug>,
    /// One line for people
    #[arg(long, value_name = "TEXT", requires = "git")]
    pub description: Option<String>,
    /// Hide it from everybody but administrators
    #[arg(long, requires = "git")]
    pub private: bool,
    /// Ask its branches for new commits every so many seconds
    #[arg(long, value_name = "SECONDS", requires = "git", value_parser = clap::value_parser!(u32).range(15..=86_400))]
    pub poll: Option<u32>,
}

/// Switches a repository off.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  travis disable acme/rocket")]
pub struct DisableArgs {
    /// Which repository [default: the working tree's]
    #[arg(value_name = "OWNER/NAME", value_parser = slug)]
    pub slug: Option<Slug>,
}

/// Lists repositories.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  travis repos
  travis repos --search rock --active
  travis repos --mine             those that your forges give you rights on
  travis repos --starred
  travis repos --format json")]
pub struct ReposArgs {
    /// Only those whose name holds this
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// Only those that are switched on
    #[arg(long)]
    pub active: bool,
    /// Only those that you have rights on
    #[arg(long)]
    pub mine: bool,
    /// Only those that you starred
    #[arg(long)]
    pub starred: bool,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 25, value_parser = clap::value_parser!(u64).range(1..=100))]
    pub limit: u64,
    /// Leave out so many first
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub offset: u64,
}

/// Asks for a build.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  travis trigger acme/rocket                      the default branch
  travis trigger acme/rocket --branch next --watch
  travis trigger acme/rocket --commit 1f2e3d4 --message \"Try the new compiler\"

With --watch the exit code is 0 passed, 1 failed, 2 errored, 3 canceled. Ctrl-C ends the watching;
the build goes on.")]
pub struct TriggerArgs {
    /// Which repository [default: the working tree's]
    #[arg(value_name = "OWNER/NAME", value_parser = slug)]
    pub slug: Option<Slug>,
    /// The newest commit of this branch
    #[arg(long, value_name = "B", conflicts_with = "commit")]
    pub branch: Option<String>,
    /// This commit
    #[arg(long, value_name = "SHA")]
    pub commit: Option<String>,
    /// Shown instead of the commit's message
    #[arg(long, value_name = "M")]
    pub message: Option<String>,
    /// Wait for the end of the build
    #[arg(long, short)]
    pub watch: bool,
}

/// Lists builds.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  travis builds acme/rocket
  travis builds acme/rocket --branch main --state failed
  travis builds acme/rocket --format json")]
pub struct BuildsArgs {
    /// Which repository [default: the working tree's]
    #[arg(value_name = "OWNER/NAME", value_parser = slug)]
    pub slug: Option<Slug>,
    /// Only those on this branch
    #[arg(long, value_name = "B")]
    pub branch: Option<String>,
    /// Only those in this state: created, started, passed, failed, errored, canceled
    #[arg(long, value_name = "STATE")]
    pub state: Option<String>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 25, value_parser = clap::value_parser!(u64).range(1..=100))]
    pub limit: u64,
    /// Leave out so many first
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub offset: u64,
}

/// Names a repository, a build or a job.
#[derive(Debug, Clone, Args)]
pub struct TargetArgs {
    /// owner/name, owner/name#12, and a build's (12) or job's (12.2) number
    #[arg(value_name = "OWNER/NAME[#N] | NUMBER", num_args = 0..=2)]
    pub target: Vec<String>,
}

/// Prints a log.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  travis logs acme/rocket            the job that tells most of the current build
  travis logs acme/rocket 12.2       job 12.2
  travis logs acme/rocket 12.2 -f    and what it still prints, to its end
  travis logs acme/rocket --raw > log.txt")]
pub struct LogsArgs {
    /// Which job
    #[command(flatten)]
    pub target: TargetArgs,
    /// Go on with what is still printed, until the job ends
    #[arg(long, short)]
    pub follow: bool,
    /// The bytes as the job printed them, with markers and control sequences
    #[arg(long)]
    pub raw: bool,
}

/// Checks what is stated of a job.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  travis verify acme/rocket 12.2
  travis verify acme/rocket 12.2 --key BASE64              by a key that you were told before
  travis verify acme/rocket 12.2 --format json | jq .statement

Looked at are the server's signature (in-toto statement, DSSE), the log's digest, and the signature
of each worker that ran the job. The exit code is 1 when one of them does not hold.")]
pub struct VerifyArgs {
    /// Which job
    #[command(flatten)]
    pub target: TargetArgs,
    /// The server's public key, instead of the one that it names itself (/v3/statement_key)
    #[arg(long, value_name = "BASE64")]
    pub key: Option<String>,
}

/// Opens a page.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  travis open acme/rocket
  travis open acme/rocket 12.2
  travis open acme/rocket --print    only print the address")]
pub struct OpenArgs {
    /// Which page
    #[command(flatten)]
    pub target: TargetArgs,
    /// Only print the address
    #[arg(long)]
    pub print: bool,
}

/// Tokens.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  travis token create laptop --expires-in-days 90
  travis token create dashboard --scope read
  travis token list
  travis token revoke 3
  travis token enrol                  for `travis worker`")]
pub struct TokenArgs {
    /// What to do
    #[command(subcommand)]
    pub action: TokenAction,
}

/// What a token may be used for at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum TokenScope {
    /// See what you see
    Read,
    /// And ask for builds, cancel, restart and approve them
    Build,
    /// And switch repositories on and off, change settings and variables, lend machines
    Settings,
    /// Everything that you may
    All,
}

impl TokenScope {
    /// The API's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Build => "build",
            Self::Settings => "settings",
            Self::All => "all",
        }
    }
}

/// What can be done with tokens.
#[derive(Debug, Clone, Subcommand)]
pub enum TokenAction {
    /// Make an API token; it is shown once
    #[command(after_help = "\
Examples:
  travis token create laptop
  travis token create dashboard --scope read
  travis token create robot --scope build --expires-in-days 30 --format json")]
    Create {
        /// What to call it
        name: String,
        /// What it may be used for at most
        #[arg(long, value_enum, default_value_t = TokenScope::All)]
        scope: TokenScope,
        /// Days until it ends [default: never]
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
        expires_in_days: Option<u32>,
    },
    /// List your API tokens
    #[command(after_help = "\
Examples:
  travis token list")]
    List,
    /// End an API token
    #[command(after_help = "\
Examples:
  travis token revoke 3        by its number in `travis token list`")]
    Revoke {
        /// Its number
        id: i64,
    },
    /// Make a single-use token with which a worker registers
    #[command(after_help = "\
Examples:
  travis token enrol                          prints the line to run on the other machine
  travis token enrol --way command            for a machine without the program travis
  travis token enrol --way service --lend-cores 50 --lend-idle")]
    Enrol(super::fleet::EnrolArgs),
}

/// Caches.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  travis cache
  travis cache acme/rocket --branch main
  travis cache acme/rocket --branch PR.7 --delete
  travis cache acme/rocket --match rvm-2.2 --delete")]
pub struct CacheArgs {
    /// Which repository [default: the working tree's]
    #[arg(value_name = "OWNER/NAME", value_parser = slug)]
    pub slug: Option<Slug>,
    /// Only those of this branch; PR.<number> for a pull request
    #[arg(long, value_name = "B")]
    pub branch: Option<String>,
    /// Only those whose name holds this
    #[arg(long = "match", value_name = "TEXT")]
    pub contains: Option<String>,
    /// Remove them
    #[arg(long)]
    pub delete: bool,
}

/// Variables.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  travis env list acme/rocket
  printf %s \"$KEY\" | travis env set acme/rocket API_KEY
  travis env set acme/rocket MODE --public --value fast
  travis env unset acme/rocket API_KEY
  travis env copy acme/rocket API_KEY      from this shell's environment
  travis env clear acme/rocket --force")]
pub struct EnvArgs {
    /// What to do
    #[command(subcommand)]
    pub action: EnvAction,
}

/// What can be done with variables.
#[derive(Debug, Clone, Subcommand)]
pub enum EnvAction {
    /// List the variables; values that are not public are never shown
    #[command(after_help = "\
Examples:
  travis env list acme/rocket")]
    List {
        /// Which repository [default: the working tree's]
        #[arg(value_name = "OWNER/NAME", value_parser = slug)]
        slug: Option<Slug>,
    },
    /// Set a variable; its value is asked for, or read from standard input
    #[command(after_help = "\
Examples:
  printf %s \"$KEY\" | travis env set acme/rocket API_KEY
  travis env set acme/rocket API_KEY --branch release < key.txt
  travis env set acme/rocket MODE --public --value fast
  travis env set acme/rocket API_KEY -     from standard input, said plainly

One line end at the end of the value is taken off. A value can stand behind the name, but then it is
in the shell's history, and others on the machine can see it while the command runs.")]
    Set {
        /// Which repository
        #[arg(value_name = "OWNER/NAME", value_parser = slug)]
        slug: Slug,
        /// The variable's name
        name: String,
        /// The value; better left out [-: standard input]
        #[arg(value_name = "VALUE", conflicts_with = "value")]
        given: Option<String>,
        /// The value may be shown to everybody who sees the repository
        #[arg(long)]
        public: bool,
        /// The value, for public variables only
        #[arg(long, requires = "public", allow_hyphen_values = true)]
        value: Option<String>,
        /// Only for this branch
        #[arg(long, value_name = "B")]
        branch: Option<String>,
    },
    /// Set variables to what they are in this shell's environment
    #[command(after_help = "\
Examples:
  travis env copy acme/rocket API_KEY SIGNING_KEY
  travis env copy acme/rocket MODE --public --branch main")]
    Copy {
        /// Which repository
        #[arg(value_name = "OWNER/NAME", value_parser = slug)]
        slug: Slug,
        /// The variables' names
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
        /// The values may be shown to everybody who sees the repository
        #[arg(long)]
        public: bool,
        /// Only for this branch
        #[arg(long, value_name = "B")]
        branch: Option<String>,
    },
    /// Remove all variables
    #[command(after_help = "\
Examples:
  travis env clear acme/rocket --force")]
    Clear {
        /// Which repository
        #[arg(value_name = "OWNER/NAME", value_parser = slug)]
        slug: Slug,
        /// Really: the values can't be brought back
        #[arg(long)]
        force: bool,
    },
    /// Remove a variable
    #[command(after_help = "\
Examples:
  travis env unset acme/rocket API_KEY")]
    Unset {
        /// Which repository
        #[arg(value_name = "OWNER/NAME", value_parser = slug)]
        slug: Slug,
        /// The variable's name
        name: String,
        /// The one for this branch
        #[arg(long, value_name = "B")]
        branch: Option<String>,
    },
}

/// Encrypts values for `.travis.yml`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  travis encrypt --add env.global API_KEY=-        asks for the value, or reads standard input
  printf %s \"$TOKEN\" | travis encrypt --add deploy.api_key
  travis encrypt -r acme/rocket API_KEY=abc        prints the line to paste

What stands behind NAME= is taken as it is; nothing in it is special to the shell of the job. A value
on the command line is in the shell's history: give - or nothing, and it is asked for. A value can
be read only by builds of this repository, and has some 500 bytes at most; longer ones:
travis env set.")]
pub struct EncryptArgs {
    /// What to encrypt: NAME=value for a variable, else the value [default: asked for]
    #[arg(value_name = "[NAME=]VALUE")]
    pub values: Vec<String>,
    /// Write it into .travis.yml at this place, all else staying as it is [default: env.global]
    #[arg(long, short, value_name = "PATH", num_args = 0..=1, default_missing_value = "env.global")]
    pub add: Option<String>,
    /// Which repository [default: the working tree's]
    #[arg(long = "repo", short = 'r', value_name = "OWNER/NAME", value_parser = slug)]
    pub slug: Option<Slug>,
}

/// Prints a repository's public key.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  travis pubkey acme/rocket
  travis pubkey acme/rocket > rocket.pem
  travis pubkey acme/rocket --format json     with its fingerprint")]
pub struct PubkeyArgs {
    /// Which repository [default: the working tree's]
    #[arg(value_name = "OWNER/NAME", value_parser = slug)]
    pub slug: Option<Slug>,
}
