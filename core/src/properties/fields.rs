//! What came of reading: one value, and the members of one map.

use serde_json::Value;
use std::collections::BTreeMap;

/// What came of reading a value.
pub enum Read {
    /// Null, the empty text, or a map with nothing in it: for an optional member the same as leaving it out.
    LeftOut,
    /// The report says what is wrong.
    Wrong,
    Good(Value),
}

/// The members of one map that were given, by CloudFormation's name. One that was given and is wrong is there as `None`,
/// so that nothing further is said of it.
#[derive(Default)]
pub struct Fields(BTreeMap<&'static str, Option<Value>>);

impl Fields {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)?.as_ref()
    }

    /// Removes the member; `None` if it was left out, or is wrong.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)?
    }

    pub fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        self.0.insert(name, Some(value.into()));
    }

    pub fn set_wrong(&mut self, name: &'static str) {
        self.0.insert(name, None);
    }

    pub fn into_value(self) -> Option<Value> {
        let members: Option<serde_json::Map<_, _>> = self
            .0
            .into_iter()
            .map(|(name, value)| Some((name.to_owned(), value?)))
            .collect();
        members.map(Value::Object)
    }
}
