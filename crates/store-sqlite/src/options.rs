use std::time::Duration;

/// How a database is opened.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// Connections for reading.
    pub readers: u32,
    /// Kibibytes of pages that each connection keeps in memory.
    pub cache_kib: u32,
    /// How long a transaction may wait for the writer, and a read for a connection.
    pub wait: Duration,
    /// Transactions that become durable together at most.
    pub group_size: usize,
    /// How long a transaction's commit may be put off for others at most, beside the one that is
    /// being carried out.
    pub group_time: Duration,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            readers: 4,
            cache_kib: 2048,
            wait: Duration::from_secs(30),
            group_size: 64,
            group_time: Duration::from_millis(5),
        }
    }
}
