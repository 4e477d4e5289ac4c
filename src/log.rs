//! The log: one JSON object a line, with stable members. Lambda's own settings say how much, and in which form.
//!
//! Nothing secret is ever given to it: no query of a response URL, no credential, no document.

use crate::metrics::Metrics;
use serde_json::{Map, Value};
use std::io::Write;
use std::time::SystemTime;

/// How grave a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
    /// Nothing is this grave. It is a setting only, at which no line is written but the metrics.
    Fatal,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Level::Debug => "DEBUG",
            Level::Info => "INFO",
            Level::Warn => "WARN",
            Level::Error => "ERROR",
            Level::Fatal => "FATAL",
        }
    }

    /// Lambda's names, of which there is one more.
    fn read(name: &str) -> Option<Level> {
        match name.to_ascii_uppercase().as_str() {
            "TRACE" | "DEBUG" => Some(Level::Debug),
            "INFO" => Some(Level::Info),
            "WARN" => Some(Level::Warn),
            "ERROR" => Some(Level::Error),
            "FATAL" => Some(Level::Fatal),
            _ => None,
        }
    }
}

/// The most bytes of text in one line. Lambda takes 256 KB a line, of which escapes can take half; beyond that it splits
/// the line, and the JSON is none any more.
pub const LONGEST_TEXT: usize = 100 * 1024;

/// The parts of a text in as few lines as hold them.
pub fn in_lines(parts: &[String], separator: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for part in parts {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(part),
            Some(line) if line.len() + separator.len() + part.len() <= LONGEST_TEXT => {
                line.push_str(separator);
                line.push_str(part);
            }
            _ => lines.push(part.clone()),
        }
    }
    lines
}

/// Writes the log of one invocation to standard output, where Lambda takes it up.
#[derive(Clone, Debug)]
pub struct Log {
    least: Level,
    as_text: bool,
    /// Members that every line carries: which request, stack and resource it is about.
    about: Map<String, Value>,
}

impl Log {
    /// By AWS_LAMBDA_LOG_LEVEL (INFO unless set) and AWS_LAMBDA_LOG_FORMAT (JSON unless it says Text).
    pub fn from_environment() -> Log {
        let variable = |name: &str| std::env::var(name).unwrap_or_default();
        Log::new(&variable("AWS_LAMBDA_LOG_LEVEL"), &variable("AWS_LAMBDA_LOG_FORMAT"))
    }

    /// By the values that those two have.
    pub fn new(level: &str, format: &str) -> Log {
        Log {
            least: Level::read(level).unwrap_or(Level::Info),
            as_text: format.eq_ignore_ascii_case("text"),
            about: Map::new(),
        }
    }

    /// The same log, each line of which says what it is about. An id of CloudFormation's has at most 1 KB; an event may
    /// hold anything.
    pub fn about<const N: usize>(&self, members: [(&str, &str); N]) -> Log {
        let mut log = self.clone();
        log.about.extend(
            members
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| {
                    let end = value.floor_char_boundary(1024);
                    (name.to_owned(), value.get(..end).unwrap_or_default().into())
                }),
        );
        log
    }

    pub fn line<const N: usize>(&self, level: Level, message: &str, members: [(&str, Value); N]) {
        if level >= self.least {
            write(&self.format(level, message, members, SystemTime::now()));
        }
    }

    /// Writes an invocation's metrics: JSON whatever the format, and at any level, for alarms live on them. So that Lambda
    /// does not filter the line out either, its level is the least that Lambda lets through.
    pub fn metrics(&self, metrics: &Metrics) {
        let now = SystemTime::now();
        let mut line = metrics.embedded(now);
        line.insert("timestamp".to_owned(), timestamp(now).into());
        line.insert("level".to_owned(), self.least.name().into());
        write(&Value::Object(line).to_string());
    }

    fn format<const N: usize>(
        &self,
        level: Level,
        message: &str,
        members: [(&str, Value); N],
        now: SystemTime,
    ) -> String {
        let members = members
            .into_iter()
            .filter(|(_, value)| *value != Value::Null)
            .map(|(name, value)| (name.to_owned(), shortened_value(value)));
        let line = [
            ("timestamp".to_owned(), timestamp(now).into()),
            ("level".to_owned(), level.name().into()),
            ("message".to_owned(), shortened(message).into()),
        ]
        .into_iter()
        .chain(self.about.clone())
        .chain(members);
        if self.as_text {
            let values: Vec<_> = line.map(|(_, value)| as_text(value)).collect();
            values.join(" ")
        } else {
            Value::Object(line.collect()).to_string()
        }
    }
}

fn as_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        value => value.to_string(),
    }
}

/// To standard output. That this can fail (a full disk, a closed pipe) must not keep anybody from an answer.
fn write(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn shortened_value(value: Value) -> Value {
    match value {
        Value::String(text) => shortened(&text).into(),
        value => value,
    }
}

fn shortened(text: &str) -> String {
    if text.len() <= LONGEST_TEXT {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(LONGEST_TEXT);
    format!("{}… ({} bytes in all)", text.get(..end).unwrap_or_default(), text.len())
}

fn timestamp(now: SystemTime) -> String {
    aws_smithy_types::DateTime::from(now)
        .fmt(aws_smithy_types::date_time::Format::DateTime)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::time::Duration;

    fn log(level: &str, format: &str) -> Log {
        Log::new(level, format).about([("stackId", "stack"), ("requestType", "")])
    }

    fn line(log: &Log) -> String {
        let members = [("plan", "create".into()), ("physicalResourceId", Value::Null)];
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(1_790_000_000_123);
        log.format(Level::Warn, "a \"message\"", members, now)
    }

    #[test]
    fn a_line_is_json_with_what_it_is_about_and_without_what_there_is_not() {
        let line: Value = serde_json::from_str(&line(&log("", ""))).unwrap();

        assert_eq!(
            line,
            json!({
                "timestamp": "2026-09-21T14:13:20.123Z",
                "level": "WARN",
                "message": "a \"message\"",
                "stackId": "stack",
                "plan": "create",
            })
        );
    }

    #[test]
    fn in_lambdas_text_format_a_line_is_its_values() {
        let line = line(&log("", "Text"));

        for part in ["2026-09-21T14:13:20.123Z", "WARN", "a \"message\"", "stack", "create"] {
            assert!(line.contains(part), "{line}");
        }
        assert!(!line.contains('{'), "{line}");
    }

    #[test]
    fn lambdas_levels_say_what_is_written() {
        for (setting, least) in [
            ("", Level::Info),
            ("TRACE", Level::Debug),
            ("DEBUG", Level::Debug),
            ("info", Level::Info),
            ("WARN", Level::Warn),
            ("ERROR", Level::Error),
            ("FATAL", Level::Fatal),
            ("nonsense", Level::Info),
        ] {
            assert_eq!(log(setting, "").least, least, "{setting}");
        }
    }

    #[test]
    fn what_is_too_long_for_one_line_is_whole_in_several() {
        let parts: Vec<_> = (0..10).map(|n| n.to_string().repeat(LONGEST_TEXT / 4)).collect();

        let lines = in_lines(&parts, "; ");

        assert!(lines.iter().all(|line| line.len() <= LONGEST_TEXT));
        assert_eq!(lines.len(), 4);
        assert_eq!(lines.join("; "), parts.join("; "));
    }

    #[test]
    fn a_text_too_long_for_lambda_is_cut_between_characters_and_says_how_long_it_was() {
        let text = "ä".repeat(LONGEST_TEXT);

        let shortened = shortened(&text);

        assert!(shortened.len() < LONGEST_TEXT + 100);
        assert!(shortened.ends_with(&format!("ä… ({} bytes in all)", text.len())));
    }
}
