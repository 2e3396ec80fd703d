use std::process::{Command, Stdio};

use super::*;

fn sleeper() -> std::process::Child {
    Command::new("sleep")
        .arg("600")
        .stdin(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_process_started_inside_is_a_member_and_is_killed() {
    let root = tempfile::tempdir().unwrap();
    let cgroups = Cgroups::detect(root.path());
    let Some(group) = cgroups
        .create("1", ResourceLimits::default(), false)
        .unwrap()
    else {
        println!("skipped: the kernel lends no control groups here");
        return;
    };
    if group.join_file().is_some() {
        println!("skipped: version 2 is entered by the process itself");
        group.remove();
        return;
    }
    group.enter().unwrap();
    let mut child = sleeper();
    group.leave().unwrap();
    let reaper = std::thread::spawn(move || child.wait().unwrap());
    group.kill();
    assert!(!reaper.join().unwrap().success());
    group.remove();
    cgroups.sweep();
}

#[test]
fn a_limit_that_the_kernel_refuses_leaves_no_group() {
    let root = tempfile::tempdir().unwrap();
    let cgroups = Cgroups::detect(root.path());
    if !cgroups.lent().processes {
        println!("skipped: processes can't be limited here");
        return;
    }
    let limits = ResourceLimits {
        memory_bytes: None,
        processes: Some(u64::MAX),
        ..ResourceLimits::default()
    };
    assert!(cgroups.create("2", limits, false).is_err());
    let group = cgroups
        .create("2", ResourceLimits::default(), false)
        .unwrap();
    group.unwrap().remove();
}

#[test]
fn nothing_is_lent_without_groups() {
    let cgroups = Cgroups::none();
    assert_eq!(cgroups.lent(), Lent::default());
    assert!(
        cgroups
            .create("3", ResourceLimits::default(), false)
            .unwrap()
            .is_none()
    );
    assert!(!cgroups.finding().ok);
}
