//! How a machine joins, in lines to copy, and the script `/join`.

use crate::downloads::{Described, kind_of};
use travis_api::v3::JoinLines;

/// The script, with its server's address and the programs that it offers to be put in.
const SCRIPT: &str = include_str!("join.sh");
/// The image's disk, when the server has none: as it is named when it was just built.
const DISK: &str = "disk.qcow2";

/// A word of the shell that means this text and nothing else.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._/:@%+=,~".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// The script for machines that want to join this server.
pub(crate) fn script(server: &str, files: &[Described]) -> String {
    let programs: String = files
        .iter()
        .filter(|file| kind_of(&file.name).0 == "program")
        .map(|file| format!("{} {} {}\n", file.name, file.size, file.sha256))
        .collect();
    SCRIPT
        .replace("@SERVER@", &quoted(server))
        .replace("@PROGRAMS@", programs.trim_end())
}

/// The lines for each way, with the token in them.
pub(crate) fn lines(
    server: &str,
    token: &str,
    name: Option<&str>,
    disk: Option<&str>,
) -> JoinLines {
    let named = name.map_or_else(String::new, |name| format!(" --name {}", quoted(name)));
    let place = quoted(server);
    let join = format!("sh -s -- --token {token}{named}");
    let disk = disk.unwrap_or(DISK);
    let credentials = |option: &dyn Fn(&str, &str) -> String| {
        let mut list = vec![
            option("travis.server", server),
            option("travis.token", token),
        ];
        list.extend(name.map(|name| option("travis.name", name)));
        list
    };
    // In QEMU's options a comma is written twice.
    let smbios = credentials(&|key, value| {
        let value = format!("io.systemd.credential:{key}={value}").replace(',', ",,");
        format!("-smbios {}", quoted(&format!("type=11,value={value}")))
    });
    let fw_cfg = credentials(&|key, value| {
        let value = value.replace(',', ",,");
        let option = format!("name=opt/io.systemd.credentials/{key},string={value}");
        format!("-fw_cfg {}", quoted(&option))
    });
    let mut user_data =
        format!("#cloud-config\ntravis:\n  server: {server:?}\n  token: {token:?}\n");
    if let Some(name) = name {
        user_data.push_str(&format!("  name: {name:?}\n"));
    }
    JoinLines {
        one_command: format!("curl -fsSL {place}/join | {join}"),
        one_command_wget: format!("wget -qO- {place}/join | {join}"),
        without_pipe: vec![
            format!("curl -fsSL -o join.sh {place}/join"),
            "less join.sh".to_owned(),
            format!("sh join.sh --token {token}{named}"),
        ],
        service: vec![format!("curl -fsSL {place}/join | {join} --service")],
        container: format!(
            "podman run --detach --name travis-worker --restart always \
             --security-opt seccomp=unconfined --security-opt unmask=ALL --device /dev/net/tun \
             --volume travis-worker:/root/.local/share docker.io/library/debian:stable sh -c {}",
            quoted(&format!(
                "apt-get -qq update && apt-get -qq -y install bubblewrap ca-certificates curl git && \
                 curl -fsSL {place}/join | {join} --yes"
            ))
        ),
        vm: format!("travis worker vm --server {place} --token {token}{named}"),
        qemu: vec![
            format!("curl -fLO {place}/download/{disk}"),
            format!(
                "qemu-system-x86_64 -accel kvm -accel tcg -m 4096 -smp 2 \
                 -drive file={disk},if=virtio -nic user,model=virtio-net-pci -nographic {}",
                smbios.join(" ")
            ),
        ],
        user_data,
        smbios: smbios.join(" "),
        fw_cfg,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_odd_stays_one_word() {
        assert_eq!(quoted("https://ci.example:8080"), "https://ci.example:8080");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("$(x)'"), r"'$(x)'\'''");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn the_script_knows_its_server_and_what_it_offers() {
        let file = |name: &str| Described {
            name: name.to_owned(),
            size: 5,
            sha256: "ab".to_owned(),
        };
        let text = script(
            "https://ci.example/it's",
            &[file("travis-linux-amd64"), file("disk.qcow2")],
        );
        assert!(
            text.contains(r"server='https://ci.example/it'\''s'"),
            "{text}"
        );
        assert!(text.contains("'travis-linux-amd64 5 ab'"), "{text}");
        assert!(!text.contains("disk.qcow2") && !text.contains("@PROGRAMS@"));
    }

    #[test]
    fn lines_carry_server_token_and_name() {
        let lines = lines("https://ci.example", "T-1", Some("attic"), None);
        assert_eq!(
            lines.one_command,
            "curl -fsSL https://ci.example/join | sh -s -- --token T-1 --name attic"
        );
        assert!(lines.service[0].ends_with("--name attic --service"));
        assert_eq!(
            lines.user_data,
            "#cloud-config\ntravis:\n  server: \"https://ci.example\"\n  token: \"T-1\"\n  name: \"attic\"\n"
        );
        assert!(
            lines
                .smbios
                .contains("-smbios type=11,value=io.systemd.credential:travis.token=T-1")
        );
        assert_eq!(
            lines.fw_cfg[0],
            "-fw_cfg name=opt/io.systemd.credentials/travis.server,string=https://ci.example"
        );
        assert!(lines.qemu[1].contains("file=disk.qcow2"));
    }
}
