//! The gateway: the network of all jobs of a worker.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{mpsc, watch};
use tokio_util::task::AbortOnDropHandle;

use crate::attachment::WIRE;
use crate::ledger::Ledger;
use crate::own::Machine;
use crate::rate::{Bucket, Share};
use crate::stack::{self, Stack};
use crate::{Attachment, Contact, PacketReceiver, PacketSender, Policy, Refusal};

/// A job's own address.
pub const JOB_V4: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 15);
/// The gateway as jobs see it.
pub const GATEWAY_V4: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 2);
/// The name server as jobs see it.
pub const NAMESERVER_V4: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 3);
/// Leading bits that name the network.
pub const PREFIX_V4: u8 = 24;
/// A job's own address of IPv6.
pub const JOB_V6: Ipv6Addr = Ipv6Addr::new(0xFD00, 0, 0, 2, 0, 0, 0, 15);
/// The gateway's address of IPv6.
pub const GATEWAY_V6: Ipv6Addr = Ipv6Addr::new(0xFD00, 0, 0, 2, 0, 0, 0, 2);
/// The name server's address of IPv6.
pub const NAMESERVER_V6: Ipv6Addr = Ipv6Addr::new(0xFD00, 0, 0, 2, 0, 0, 0, 3);
/// Leading bits that name the network of IPv6.
pub const PREFIX_V6: u8 = 64;

/// The network of all jobs of a worker. Cheap to clone; one is made per worker.
#[derive(Clone)]
pub struct Gateway {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    policy: watch::Sender<Arc<Policy>>,
    pub(crate) ledger: Ledger,
    pub(crate) machine: Machine,
    bucket: Bucket,
    bytes: AtomicU64,
}

impl Shared {
    pub(crate) fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.policy.borrow())
    }

    /// Tells when another policy is kept.
    pub(crate) fn changes(&self) -> watch::Receiver<Arc<Policy>> {
        self.policy.subscribe()
    }

    /// Counts bytes that passed.
    pub(crate) fn count(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Asks how many of `wanted` bytes may pass now.
    pub(crate) fn take(&self, wanted: usize) -> Share {
        let rate = self.policy.borrow().bytes_per_second;
        self.bucket.take(wanted, rate)
    }

    /// Gives back what did not pass after all.
    pub(crate) fn give_back(&self, bytes: usize) {
        self.bucket.give_back(bytes);
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reach = self.policy().reach;
        f.debug_struct("Gateway").field("reach", &reach).finish()
    }
}

impl Gateway {
    /// A gateway that keeps `policy` and hands questions for names on to the machine's own
    /// resolvers.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self::with_machine(policy, Machine::default())
    }

    /// The same with other resolvers than the machine's.
    #[must_use]
    pub fn with_resolvers(policy: Policy, resolvers: Vec<SocketAddr>) -> Self {
        Self::with_machine(policy, Machine::with_resolvers(resolvers))
    }

    pub(crate) fn with_machine(policy: Policy, machine: Machine) -> Self {
        Self {
            shared: Arc::new(Shared {
                policy: watch::Sender::new(Arc::new(policy)),
                ledger: Ledger::default(),
                machine,
                bucket: Bucket::default(),
                bytes: AtomicU64::new(0),
            }),
        }
    }

    /// The policy that is kept now.
    #[must_use]
    pub fn policy(&self) -> Arc<Policy> {
        self.shared.policy()
    }

    /// Keeps another policy from now on. Connections that it would refuse are cut.
    pub fn set_policy(&self, policy: Policy) {
        self.shared.policy.send_replace(Arc::new(policy));
    }

    /// Gives a job its wire. `mtu` is the largest packet, 1280 to 65,520 bytes. The job is named
    /// as in its [`contacts`](Self::contacts). Has to be called inside of a runtime.
    #[must_use]
    pub fn attach(&self, job: &str, mtu: u16) -> Attachment {
        let (to_stack, from_job) = mpsc::channel(WIRE);
        let (to_job, from_stack) = mpsc::channel(WIRE);
        self.shared.ledger.begin(job);
        let ending = Ending {
            shared: Arc::clone(&self.shared),
            job: job.to_owned(),
        };
        let stack = Stack::new(Arc::clone(&self.shared), job.to_owned(), mtu, to_job);
        let driving = async move {
            let _ending = ending;
            stack::drive(Arc::new(stack), from_job).await;
        };
        let stack = tokio::spawn(driving);
        Attachment::new(
            PacketSender(to_stack),
            PacketReceiver {
                packets: from_stack,
                _stack: AbortOnDropHandle::new(stack),
            },
        )
    }

    /// Bytes that all jobs sent and received since the gateway was made.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.shared.bytes.load(Ordering::Relaxed)
    }

    /// Names of the jobs whose contacts are known: those that run, then those that ended, the
    /// latest first. About a hundred of the latter are kept.
    #[must_use]
    pub fn jobs(&self) -> Vec<String> {
        self.shared.ledger.jobs()
    }

    /// Whom a job contacted, in the order of the first time.
    #[must_use]
    pub fn contacts(&self, job: &str) -> Vec<Contact> {
        self.shared.ledger.contacts(job)
    }

    /// What was refused to a job, in the order of the first time.
    #[must_use]
    pub fn refusals(&self, job: &str) -> Vec<Refusal> {
        self.shared.ledger.refusals(job)
    }

    /// Tells the first refusal of each target of a job, until its network ends. Best called before
    /// [`attach`](Self::attach).
    #[must_use]
    pub fn listen(&self, job: &str) -> mpsc::Receiver<Refusal> {
        self.shared.ledger.listen(job)
    }
}

/// Ends a job's record with its stack, however that ends.
struct Ending {
    shared: Arc<Shared>,
    job: String,
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.shared.ledger.end(&self.job);
    }
}
