//! The table that is printed: also good as Markdown.

use anyhow::Result;
use serde::Serialize;

/// What came of a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Reached.
    Met,
    /// Not reached.
    Missed,
    /// Measured, but nothing was promised.
    NoBound,
    /// Belongs to something that is not built yet.
    Later,
    /// Could not be measured.
    Broken,
}

impl Verdict {
    /// Of a bound that holds or does not.
    #[must_use]
    pub fn of(met: bool) -> Self {
        if met { Self::Met } else { Self::Missed }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "NOT MET",
            Self::NoBound => "–",
            Self::Later => "later",
            Self::Broken => "NOT MEASURED",
        }
    }
}

/// One figure.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// What is measured.
    pub measure: String,
    /// What others reach.
    pub peers: String,
    /// What must be reached.
    pub bound: String,
    /// What was measured now.
    pub ours: String,
    /// Whether that is good enough.
    pub verdict: Verdict,
}

/// The table as text.
#[must_use]
pub fn text(lines: &[Line]) -> String {
    let head = ["measure", "peers", "bound", "ours", "met"].map(str::to_owned);
    let mut rows = vec![head];
    rows.extend(lines.iter().map(|line| {
        [
            line.measure.clone(),
            line.peers.clone(),
            line.bound.clone(),
            line.ours.clone(),
            line.verdict.word().to_owned(),
        ]
    }));
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let widths: [usize; 5] = std::array::from_fn(width);
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
        if number == 0 {
            let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            text.push_str(&format!("| {} |\n", rules.join(" | ")));
        }
    }
    text
}

/// The same for programs.
///
/// # Errors
/// Never in practice.
pub fn json(machine: &str, lines: &[Line]) -> Result<String> {
    Ok(serde_json::to_string_pretty(
        &serde_json::json!({"machine": machine, "lines": lines}),
    )?)
}
