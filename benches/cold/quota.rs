//! A fourteenth of a core, which is what Lambda gives a function of 128 MB once it has asked for an event.

use std::fs;
use std::path::{Path, PathBuf};

// A period as short as a quota of 1 ms, the kernel's least, allows: the longer it is, the more the time to an answer
// depends on whether the work just fits into one.
const QUOTA: &str = "1000";
const PERIOD: &str = "14000";

/// A control group to run processes in, one at a time. Gone when dropped.
pub struct Quota {
    group: PathBuf,
    version: Version,
}

enum Version {
    One,
    Two,
}

impl Quota {
    /// # Errors
    /// Why there can be none, in plain words.
    pub fn new() -> Result<Quota, String> {
        let root = Path::new("/sys/fs/cgroup");
        let (parent, version) = if root.join("cpu").is_dir() {
            (root.join("cpu"), Version::One)
        } else if root.join("cgroup.controllers").is_file() {
            write(&root.join("cgroup.subtree_control"), "+cpu")?;
            (root.to_owned(), Version::Two)
        } else {
            return Err("this machine has no control groups".to_owned());
        };
        let group = parent.join(format!("cold-{}", std::process::id()));
        fs::create_dir(&group).map_err(|error| format!("{}: {error}", group.display()))?;
        let quota = Quota { group, version };
        quota.lift()?;
        Ok(quota)
    }

    /// A shell command that runs its arguments as a process of the group.
    pub fn entering(&self) -> String {
        format!(r#"echo $$ > {}/cgroup.procs && exec "$0" "$@""#, self.group.display())
    }

    pub fn impose(&self) -> Result<(), String> {
        match self.version {
            Version::One => {
                write(&self.group.join("cpu.cfs_period_us"), PERIOD)?;
                write(&self.group.join("cpu.cfs_quota_us"), QUOTA)
            }
            Version::Two => write(&self.group.join("cpu.max"), &format!("{QUOTA} {PERIOD}")),
        }
    }

    pub fn lift(&self) -> Result<(), String> {
        match self.version {
            Version::One => write(&self.group.join("cpu.cfs_quota_us"), "-1"),
            Version::Two => write(&self.group.join("cpu.max"), "max"),
        }
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.group);
    }
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
}
