use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use super::*;

fn of(own: &[usize], all: &[usize]) -> Aside {
    Aside {
        own: own.to_vec(),
        all: all.to_vec(),
        told: Mutex::default(),
    }
}

#[test]
fn the_first_cores_are_left() {
    let aside = of(&[0, 1, 2, 3], &[0, 1, 2, 3]);
    assert_eq!(aside.without(0), [0, 1, 2, 3]);
    assert_eq!(aside.without(1), [1, 2, 3]);
    assert_eq!(aside.without(3), [3]);
    // A worker that may not use all of the machine.
    assert_eq!(of(&[2, 5, 7], &[2, 5, 7]).without(1), [5, 7]);
}

#[test]
fn a_capped_job_keeps_within_its_cores_or_moves() {
    let aside = of(&[2, 3], &[0, 1, 2, 3]);
    assert_eq!(aside.without(2), [2, 3]);
    assert_eq!(aside.without(3), [3]);
    // All of its own are left: no more cores than it had, the last ones.
    assert_eq!(of(&[0], &[0, 1, 2, 3]).without(1), [3]);
    assert_eq!(of(&[0, 1], &[0, 1, 2, 3]).without(2), [2, 3]);
    assert_eq!(of(&[0, 1], &[0, 1, 2]).without(2), [2]);
}

/// This program once more, which has two threads at least, that of this function among them.
fn threaded() -> (Child, Pid) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "aside::tests::waits", "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(said.any(|line| line.unwrap().contains("waiting")));
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    (child, pid)
}

#[test]
#[ignore = "a process for the tests beside it"]
fn waits() {
    println!("waiting");
    std::io::stdout().flush().unwrap();
    let _ = std::io::stdin().lock().lines().next();
}

#[test]
fn every_thread_leaves_and_comes_back() {
    let aside = Aside::new(None);
    let all = aside.all.clone();
    if all.len() < 2 {
        println!("skipped: one core only");
        return;
    }
    let (mut child, pid) = threaded();
    let have = || -> Vec<Cores> {
        let threads = threads(pid).into_iter();
        threads
            .map(|thread| cores(&sched_getaffinity(Some(thread)).unwrap()))
            .collect()
    };
    let list = |_| vec![pid];
    assert!(have().len() > 1, "threads");
    aside.leave(0, list);
    assert!(have().iter().all(|one| *one == all));
    aside.leave(1, list);
    assert!(have().iter().all(|one| one == &all[1..]), "{:?}", have());
    // More than there are: one stays.
    aside.leave(9999, list);
    assert!(have().iter().all(|one| one == &all[all.len() - 1..]));
    aside.leave(0, list);
    assert!(have().iter().all(|one| *one == all), "{:?}", have());
    // What a thread chose by itself is in nobody's way, and stays.
    if all.len() > 2 {
        let mut own = CpuSet::new();
        own.set(all[1]);
        sched_setaffinity(Some(pid), &own).unwrap();
        aside.leave(1, list);
        aside.leave(0, list);
        let kept = cores(&sched_getaffinity(Some(pid)).unwrap());
        assert_eq!(kept, [all[1]]);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // Who is gone is gone.
    aside.leave(1, list);
}
