//! Puts what an idle worker runs side by side in the program: `idle.ld`, made by `make order`.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=idle.ld");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    // The names of functions are those of release builds, and the script is for ELF.
    if is("PROFILE", "release") && is("CARGO_CFG_TARGET_OS", "linux") {
        let place = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{place}/idle.ld");
    }
}
