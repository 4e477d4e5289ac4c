//! What was measured, as a table for people.

use std::fmt::{self, Write as _};

pub const OURS: &str = "this function";
pub const FLOOR: &str = "no SDK: lambda_runtime, reqwest, rustls with ring (the floor)";
pub const DEFAULTS: &str = "aws-sdk-iot and reqwest with their defaults";
pub const NODE: &str = "Node.js, AWS SDK v3";
pub const PYTHON: &str = "Python, crhelper with boto3";

pub struct Row {
    pub name: &'static str,
    /// ms
    pub spawn_to_answer: Spread,
    /// ms
    pub cpu: Spread,
    /// MiB
    pub peak: Spread,
    /// MB
    pub zip: Option<f64>,
    /// ms
    pub event_to_answer: Option<Spread>,
}

/// A median and the quartiles around it.
#[derive(Clone, Copy)]
pub struct Spread {
    pub low: f64,
    pub median: f64,
    pub high: f64,
}

impl Spread {
    pub fn of(mut samples: Vec<f64>) -> Spread {
        samples.sort_by(f64::total_cmp);
        let at = |part: f64| samples[((samples.len() - 1) as f64 * part).round() as usize];
        Spread {
            low: at(0.25),
            median: at(0.5),
            high: at(0.75),
        }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let digits = usize::from(self.median < 100.0);
        write!(
            formatter,
            "{:.digits$} ({:.digits$} to {:.digits$})",
            self.median, self.low, self.high
        )
    }
}

pub fn markdown(rows: &[Row], runs: usize) -> String {
    let mut text = String::from(
        "| program | spawn to answer, ms | CPU, ms | peak, MiB | zip, MB | 128 MB: event to answer, ms |\n\
         | --- | --- | --- | --- | --- | --- |\n",
    );
    for row in rows {
        let zip = row.zip.map(|zip| format!("{zip:.2}")).unwrap_or_default();
        let event_to_answer = row
            .event_to_answer
            .map_or("not measured".to_owned(), |spread| spread.to_string());
        let _ = writeln!(
            text,
            "| {} | {} | {} | {:.1} | {zip} | {event_to_answer} |",
            row.name, row.spawn_to_answer, row.cpu, row.peak.median
        );
    }
    let _ = writeln!(
        text,
        "\nMedians (and quartiles) of {runs} runs, which took turns. CPU is that of the whole process."
    );
    text + &targets(rows)
}

/// How far the function is from what it is to reach.
fn targets(rows: &[Row]) -> String {
    let row = |name| rows.iter().find(|row| row.name == name);
    let Some(ours) = row(OURS) else {
        return String::new();
    };
    let mut text = String::from("\n| to reach | reached |\n| --- | --- |\n");
    let mut line = |target: &str, reached: String| {
        let _ = writeln!(text, "| {target} | {reached} |");
    };
    if let Some(floor) = row(FLOOR) {
        let times = ours.spawn_to_answer.median / floor.spawn_to_answer.median;
        line(
            "spawn to answer at most 1.25 times the floor",
            format!("{times:.2} times"),
        );
        if let (Some(ours), Some(floor)) = (ours.event_to_answer, floor.event_to_answer) {
            let times = ours.median / floor.median;
            line("at 128 MB no longer than the floor", format!("{times:.2} times"));
        }
    }
    for (name, target) in [
        (PYTHON, "40 times ahead of Python"),
        (NODE, "30 times ahead of Node.js"),
    ] {
        if let Some(peer) = row(name) {
            let times = peer.spawn_to_answer.median / ours.spawn_to_answer.median;
            line(target, format!("{times:.0} times"));
        }
    }
    line("peak memory at most 8 MiB", format!("{:.1} MiB", ours.peak.high));
    if let Some(zip) = ours.zip {
        line("zip at most 2.1 MB", format!("{zip:.2} MB"));
    }
    text
}
