//! What is found while properties are read: all problems at once, and each shorthand used.

use std::fmt;

/// Where in the properties, written as CloudFormation's users do: `AbortConfig.CriteriaList[0].Action`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(String);

impl Path {
    /// A name that is none of ours, in a document or as a tag's key, is in quotes where it could be misread.
    pub fn member(&self, name: &str) -> Path {
        let plain = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if name.is_empty() || name.len() > LONGEST_SHOWN || !plain(name) {
            Path(format!("{}[{}]", self.0, quoted(name)))
        } else if self.0.is_empty() {
            Path(name.to_owned())
        } else {
            Path(format!("{}.{name}", self.0))
        }
    }

    pub fn item(&self, index: usize) -> Path {
        Path(format!("{}[{index}]", self.0))
    }
}

impl From<String> for Path {
    fn from(path: String) -> Path {
        Path(path)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Something to tell the user about one place in the properties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub path: String,
    pub text: String,
}

impl Finding {
    /// One that is about no member of the properties.
    pub fn of_no_member(text: String) -> Finding {
        Finding {
            path: String::new(),
            text,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        if self.path.is_empty() {
            formatter.write_str(&self.text)
        } else {
            write!(formatter, "{}: {}", self.path, self.text)
        }
    }
}

#[derive(Debug, Default)]
pub struct Report {
    pub problems: Vec<Finding>,
    pub warnings: Vec<Finding>,
}

impl Report {
    pub fn problem(&mut self, path: &Path, text: impl Into<String>) {
        self.problems.push(Finding {
            path: path.to_string(),
            text: text.into(),
        });
    }

    pub fn warning(&mut self, path: &Path, text: impl Into<String>) {
        self.warnings.push(Finding {
            path: path.to_string(),
            text: text.into(),
        });
    }
}

/// More characters than this of what was written are not shown.
const LONGEST_SHOWN: usize = 64;

/// What was written, for an error message: in quotes, on one line, and never so long that it hides the rest.
pub fn quoted(written: &str) -> String {
    let mut shown: String = written
        .chars()
        .take(LONGEST_SHOWN)
        .flat_map(char::escape_debug)
        .collect();
    if written.chars().nth(LONGEST_SHOWN).is_some() {
        shown.push('…');
    }
    format!("\"{shown}\"")
}
