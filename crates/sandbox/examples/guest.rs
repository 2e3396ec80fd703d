//! The agent of a machine that lives for one job, alone: what `travis guest` is in an image. For
//! images of tests, which are built without the whole program.

use std::process::ExitCode;

fn main() -> ExitCode {
    match travis_sandbox::guest() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
