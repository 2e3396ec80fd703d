//! Arguments of `travis run`.

use super::file::FactArgs;
use super::serve::Executor;
use clap::{Args, ValueHint};
use std::path::PathBuf;

/// Runs the jobs of the working tree on this machine.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  travis run                            every job of ./.travis.yml that this machine can run
  travis run --job 2                    only the second job of `travis expand`
  travis run --stage lint --stage test  only these stages
  travis run --list                     which jobs there are, which run here, which are left out
  travis run --job 2 --script           the script that the second one runs
  travis run --open                     all that is printed; on a terminal folds are a line each
  travis run --tag v1.0 --event push    as for that tag: conditions and TRAVIS_TAG see it
  travis run --env DEPLOY=no --secret API_TOKEN
                                        a variable of the settings, and one whose value is taken
                                        from the environment and masked in the log
  travis run --executor host            without a sandbox, for code that you trust
  travis run --format json              the results for programs

The files are taken as they lie in the working tree, changes that are not committed and submodules
included; what .gitignore names is left out. The tree itself stays as it is. The sandbox, the script
and its log are those of a worker. Branch and message are those of the last commit, unless they are
given. Encrypted values can't be read here: lend those that a job needs with --secret. Files that
are imported are read from the tree; those of other repositories are not fetched. Caches are kept
in ~/.cache/travis/run.

Ends with 0 when all jobs passed, with 1 when one failed, with 2 when one could not be run to its
end, and with 130 when Ctrl-C stopped them. Jobs that are allowed to fail don't count.")]
pub struct RunArgs {
    /// The file; - is standard input [default: .travis.yml]
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// A job to run, by its number in `travis expand` or by its name; may be repeated
    #[arg(long, value_name = "JOB")]
    pub job: Vec<String>,
    /// A stage to run; may be repeated
    #[arg(long, value_name = "STAGE")]
    pub stage: Vec<String>,
    /// Only show which jobs there are
    #[arg(long)]
    pub list: bool,
    /// Only print the scripts that would run
    #[arg(long, conflicts_with_all = ["list", "secret"])]
    pub script: bool,
    /// Show all that is printed, also on a terminal
    #[arg(long, visible_alias = "verbose")]
    pub open: bool,
    /// Print the log's bytes as they are
    #[arg(long, conflicts_with = "open")]
    pub raw: bool,
    /// Go on with the next stage though a job broke
    #[arg(long)]
    pub keep_going: bool,
    /// Neither use the caches of earlier runs nor keep new ones
    #[arg(long)]
    pub no_cache: bool,
    /// How jobs are isolated
    #[arg(long, value_enum, default_value_t = Executor::Namespace)]
    pub executor: Executor,
    /// Run without the network
    #[arg(long)]
    pub no_network: bool,
    /// Minutes that a job may take in all
    #[arg(long, value_name = "MINUTES", default_value_t = 50,
          value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub timeout: u64,
    /// Minutes that a job may print nothing
    #[arg(long, value_name = "MINUTES", default_value_t = 10,
          value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub silence: u64,
    /// A variable of this environment that jobs get without its value being shown; may be repeated
    #[arg(long, value_name = "NAME")]
    pub secret: Vec<String>,
    #[command(flatten)]
    pub facts: FactArgs,
}
