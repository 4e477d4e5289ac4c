//! What was measured, as a picture for the README.

use crate::report::Row;
use std::fmt::Write as _;

const WIDTH: f64 = 760.0;
const BAR: f64 = 18.0;
const LINE: f64 = 44.0;
const LONGEST_BAR: f64 = 640.0;
const TITLE: f64 = 40.0;

/// Two groups of bars, each to its own scale, that read on a light and on a dark page.
pub fn svg(rows: &[Row]) -> String {
    let groups = [
        (
            "Process start to answer, ms",
            values(rows, |row| Some(row.spawn_to_answer.median)),
        ),
        (
            "128 MB, event to answer, ms",
            values(rows, |row| Some(row.event_to_answer?.median)),
        ),
    ];
    let mut body = String::new();
    let mut y = 8.0;
    for (title, bars) in groups.iter().filter(|(_, bars)| !bars.is_empty()) {
        let most = bars.iter().map(|(_, value)| *value).fold(0.0, f64::max);
        let _ = writeln!(body, r#"<text x="0" y="{}" class="title">{title}</text>"#, y + 16.0);
        y += TITLE;
        for (place, (name, value)) in bars.iter().enumerate() {
            let length = (value / most * LONGEST_BAR).max(1.5);
            let class = if place == 0 { "ours" } else { "peer" };
            let digits = usize::from(*value < 100.0);
            let _ = writeln!(
                body,
                r#"<text x="0" y="{:.0}">{name}</text><rect x="0" y="{:.0}" width="{length:.1}" height="{BAR}" class="{class}"/><text x="{:.1}" y="{:.0}">{value:.digits$}</text>"#,
                y,
                y + 6.0,
                length + 6.0,
                y + 6.0 + BAR - 4.0,
            );
            y += LINE;
        }
    }
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y:.0}" viewBox="0 0 {WIDTH} {y:.0}" role="img" aria-label="One cold Create, beside its peers">
<style>text{{font:13px system-ui,sans-serif;fill:#57606a}}.title{{font-weight:600;font-size:15px}}.ours{{fill:#d9480f}}.peer{{fill:#8c959f}}@media(prefers-color-scheme:dark){{text{{fill:#c9d1d9}}}}</style>
{body}</svg>
"##
    )
}

fn values(rows: &[Row], of: impl Fn(&Row) -> Option<f64>) -> Vec<(&'static str, f64)> {
    rows.iter().filter_map(|row| Some((row.name, of(row)?))).collect()
}
