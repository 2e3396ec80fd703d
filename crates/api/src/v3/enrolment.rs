use super::{Head, Worker};
use crate::lend::Lending;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a new worker is to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewEnrolment {
    /// How the machine is to join: `command`, `image`, `service`, `container`. For showing alone:
    /// the token serves every way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub way: Option<String>,
    /// What it is to lend at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lending: Option<Lending>,
    /// The name that it is to have; the machine's own when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What is to be changed of a machine that has not come yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EnrolmentChange {
    /// How the machine is to join, as in `NewEnrolment`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub way: Option<String>,
    /// What it is to lend at most, as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lending: Option<Lending>,
    /// The name that it is to have; empty for the machine's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A single-use token with which a worker registers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnrolmentToken {
    /// Always `enrolment_token`.
    #[serde(rename = "@type")]
    pub kind: String,
    /// Its number, with which to ask what became of it.
    pub id: i64,
    /// The token; shown once.
    pub token: String,
    /// It is good until then.
    pub expires_at: String,
    /// How the machine is to join.
    pub way: String,
    /// The line to run on a machine that has the program `travis` already.
    pub command: String,
    /// The lines for each way.
    pub lines: JoinLines,
}

/// How a machine joins, in lines to copy. They hold the token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JoinLines {
    /// One command: the script, passed to the shell.
    pub one_command: String,
    /// The same with a program that some machines have instead of curl.
    pub one_command_wget: String,
    /// Without a pipe to the shell: fetch, look, run.
    pub without_pipe: Vec<String>,
    /// A service of systemd, from boot on.
    pub service: Vec<String>,
    /// A container of Podman or Docker.
    pub container: String,
    /// A virtual machine on this machine, by the program that is there already.
    pub vm: String,
    /// The image by QEMU alone: fetch and start.
    pub qemu: Vec<String>,
    /// User data of cloud-init (NoCloud), for the image anywhere.
    pub user_data: String,
    /// What QEMU's option `-smbios` is to say.
    pub smbios: String,
    /// What QEMU's options `-fw_cfg` are to say.
    pub fw_cfg: Vec<String>,
}

/// What became of a token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Enrolment {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Its number.
    pub id: i64,
    /// `waiting`, `used`, `expired`, `revoked`.
    pub state: String,
    /// How the machine is to join.
    pub way: String,
    /// The name that it is to have.
    #[schema(required = true)]
    pub name: Option<String>,
    /// What it is to lend at most.
    #[schema(required = true)]
    pub lending: Option<Lending>,
    /// When it was made.
    pub created_at: String,
    /// It is good until then.
    pub expires_at: String,
    /// When a worker came with it.
    #[schema(required = true)]
    pub used_at: Option<String>,
    /// Which worker; missing when it was removed since.
    #[schema(required = true)]
    pub worker: Option<Worker>,
}

/// The tokens that a person made in the last day, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Enrolments {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// What became of them.
    pub enrolments: Vec<Enrolment>,
}

/// What this server has for machines that want to join.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Downloads {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// The files, by name.
    pub downloads: Vec<Download>,
}

/// A file that this server has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Download {
    /// Its name, as in `/download/NAME`.
    pub name: String,
    /// `program` (travis itself), `disk` (qcow2), `raw`, `ova`, `kernel`, `initrd`, `manifest`.
    pub kind: String,
    /// Operating system that it is for, when known.
    #[schema(required = true)]
    pub os: Option<String>,
    /// Architecture that it is for, when known.
    #[schema(required = true)]
    pub arch: Option<String>,
    /// Bytes.
    pub size: u64,
    /// SHA-256 in hex.
    pub sha256: String,
    /// Where to fetch it, from the root of this server.
    pub path: String,
}
