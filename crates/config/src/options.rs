//! What the walk over a file does besides repairing it.

/// What is filled in, told and dropped. The default is how builds are planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Tell where a secret stands in plain text.
    pub alert: bool,
    /// Fill in missing keys that have a default, and tell which required ones are missing.
    pub defaults: bool,
    /// Tell about sections without content.
    pub empty: bool,
    /// Mend the spelling of keys and values.
    pub fix: bool,
    /// Tell which keys and values do not exist for the language or system.
    pub support: bool,
    /// Drop unknown keys and values from the configuration.
    pub drop: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            alert: true,
            defaults: true,
            empty: false,
            fix: true,
            support: false,
            drop: false,
        }
    }
}
