//! Makes a job's network, for tests of this crate; `travis` does the same by itself.

use std::process::ExitCode;

fn main() -> ExitCode {
    travis_sandbox::make_network()
}
