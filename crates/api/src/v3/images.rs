//! The operator's table of images.

use super::Head;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which image a job and a service run in on workers with containers, as the operator says it:
/// after the rows of a worker's owner and before those of the program.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ImageTable {
    /// What every object has.
    #[serde(flatten)]
    pub head: Head,
    /// The rows, in the words of `images.toml`; empty when there are none.
    pub text: String,
    /// Rows for jobs.
    pub images: usize,
    /// Rows for services.
    pub services: usize,
    /// When it was changed last; missing when it never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
    /// The login of who changed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<String>,
}

/// A new table in place of the one before.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageTableChange {
    /// The rows, in the words of `images.toml`; empty removes all. At most 64 KiB and 500 rows.
    pub text: String,
}
