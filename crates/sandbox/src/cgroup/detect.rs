//! Finding the groups in which this process may make groups.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Hierarchy, Lent, Parents};

/// What jobs' groups are to have.
pub(super) const CONTROLLERS: [&str; 3] = ["+memory", "+pids", "+cpu"];

/// A mounted hierarchy: its mount point and the group that the mount shows at its top.
struct Mount {
    point: PathBuf,
    top: PathBuf,
    version: u8,
    options: String,
}

pub(super) fn parents(name: &str) -> Parents {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let mounts = read_mounts(&mounts);
    let memory = version_1(&mounts, &own, "memory", name);
    let pids = version_1(&mounts, &own, "pids", name);
    if memory.is_some() || pids.is_some() {
        let cpu = version_1(&mounts, &own, "cpu", name);
        return Parents::V1 { memory, pids, cpu };
    }
    version_2(&mounts, &own, name)
}

fn read_mounts(text: &str) -> Vec<Mount> {
    text.lines()
        .filter_map(|line| {
            let (left, right) = line.split_once(" - ")?;
            let mut left = left.split(' ').skip(3);
            let (top, point) = (left.next()?, left.next()?);
            let mut right = right.split(' ');
            let version = match right.next()? {
                "cgroup" => 1,
                "cgroup2" => 2,
                _ => return None,
            };
            Some(Mount {
                point: point.into(),
                top: top.into(),
                version,
                options: right.nth(1).unwrap_or_default().to_owned(),
            })
        })
        .collect()
}

/// Directory of this process's own group. `controller` is empty for version 2.
fn own_group(mount: &Mount, own: &str, controller: &str) -> Option<PathBuf> {
    let path = own.lines().find_map(|line| {
        let (_, rest) = line.split_once(':')?;
        let (controllers, path) = rest.split_once(':')?;
        controllers
            .split(',')
            .any(|one| one == controller)
            .then_some(path)
    })?;
    let below = Path::new(path).strip_prefix(&mount.top).ok()?;
    let directory = mount.point.join(below);
    directory.is_dir().then_some(directory)
}

fn version_1(mounts: &[Mount], own: &str, controller: &str, name: &str) -> Option<Hierarchy> {
    let mount = mounts.iter().find(|mount| {
        mount.version == 1 && mount.options.split(',').any(|option| option == controller)
    })?;
    let own = own_group(mount, own, controller)?;
    let directory = own.join(name);
    make(&directory).then_some(Hierarchy { directory, own })
}

/// A group of version 2 has either processes or groups with controllers. So either this process
/// has its group to itself (a service with `Delegate=yes`) and moves down into a leaf, or the
/// jobs' groups become siblings of its group where the level above hands controllers down.
fn version_2(mounts: &[Mount], own: &str, name: &str) -> Parents {
    let found = mounts.iter().find(|mount| mount.version == 2);
    let Some((mount, group)) = found.and_then(|mount| Some((mount, own_group(mount, own, "")?)))
    else {
        return Parents::None;
    };
    let alone = fs::read_to_string(group.join("cgroup.procs"))
        .is_ok_and(|pids| pids.trim() == std::process::id().to_string());
    if alone && group != mount.point && move_into_leaf(&group) {
        return below(&group, name);
    }
    match group.parent() {
        Some(above) if group != mount.point => below(above, name),
        _ => below(&group, name),
    }
}

fn move_into_leaf(group: &Path) -> bool {
    let leaf = group.join("worker");
    make(&leaf) && fs::write(leaf.join("cgroup.procs"), std::process::id().to_string()).is_ok()
}

fn below(group: &Path, name: &str) -> Parents {
    let directory = group.join(name);
    for controller in CONTROLLERS {
        hand_down(group, controller);
    }
    if !make(&directory) {
        return Parents::None;
    }
    for controller in CONTROLLERS {
        hand_down(&directory, controller);
    }
    let handed = fs::read_to_string(directory.join("cgroup.subtree_control")).unwrap_or_default();
    let lent = Lent {
        memory: handed.split_whitespace().any(|one| one == "memory"),
        processes: handed.split_whitespace().any(|one| one == "pids"),
        cpu: handed.split_whitespace().any(|one| one == "cpu"),
    };
    if !lent.memory && !lent.processes {
        // Without a controller the group would only cost time at every start.
        let _ = fs::remove_dir(&directory);
        return Parents::None;
    }
    Parents::V2 { directory, lent }
}

/// Refusal is no error: what counts is what is handed down in the end.
fn hand_down(group: &Path, controller: &str) {
    let _ = fs::write(group.join("cgroup.subtree_control"), controller);
}

fn make(directory: &Path) -> bool {
    match fs::create_dir(directory) {
        Ok(()) => true,
        Err(error) => error.kind() == std::io::ErrorKind::AlreadyExists && directory.is_dir(),
    }
}
