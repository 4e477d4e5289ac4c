//! The log: one JSON object a line, with stable members. Lambda's own settings say how much, and in which form.
//!
//! Nothing secret is ever given to it: no query of a response URL, no credential, no document.

use serde_json::{Map, Value};
use std::time::SystemTime;

/// How grave a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Level::Debug => "DEBUG",
            Level::Info => "INFO",
            Level::Warn => "WARN",
            Level::Error => "ERROR",
        }
    }

    /// Lambda's names, which have two more at either end.
    fn read(name: &str) -> Option<Level> {
        match name.to_ascii_uppercase().as_str() {
            "TRACE" | "DEBUG" => Some(Level::Debug),
            "INFO" => Some(Level::Info),
            "WARN" => Some(Level::Warn),
            "ERROR" | "FATAL" => Some(Level::Error),
            _ => None,
        }
    }
}

/// Lambda takes 256 KB a line; beyond that it splits, and the JSON is none any more.
const LONGEST_TEXT: usize = 100 * 1024;

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
        Log {
            least: Level::read(&variable("AWS_LAMBDA_LOG_LEVEL")).unwrap_or(Level::Info),
            as_text: variable("AWS_LAMBDA_LOG_FORMAT").eq_ignore_ascii_case("text"),
            about: Map::new(),
        }
    }

    /// The same log, each line of which says what it is about.
    pub fn about<const N: usize>(&self, members: [(&str, &str); N]) -> Log {
        let mut log = self.clone();
        log.about.extend(
            members
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| (name.to_owned(), value.into())),
        );
        log
    }

    pub fn line<const N: usize>(&self, level: Level, message: &str, members: [(&str, Value); N]) {
        if level >= self.least {
            println!(
                "{}",
                self.format(level, message, members, SystemTime::now())
            );
        }
    }

    fn format<const N: usize>(
        &self,
        level: Level,
        message: &str,
        members: [(&str, Value); N],
        now: SystemTime,
    ) -> String {
        let mut line = Map::new();
        line.insert("timestamp".to_owned(), timestamp(now).into());
        line.insert("level".to_owned(), level.name().into());
        line.insert("message".to_owned(), shortened(message).into());
        line.extend(self.about.clone());
        line.extend(
            members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value)),
        );
        if self.as_text {
            line.values()
                .map(|value| {
                    value
                        .as_str()
                        .map_or_else(|| value.to_string(), str::to_owned)
                })
                .collect::<Vec<_>>()
                .join(" ")
        } else {
            Value::Object(line).to_string()
        }
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{}… ({} bytes in all)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}

fn timestamp(now: SystemTime) -> String {
    aws_smithy_types::DateTime::from(now)
        .fmt(aws_smithy_types::date_time::Format::DateTime)
        .unwrap_or_default()
}
