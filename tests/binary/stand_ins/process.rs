//! A child process that can be killed, stopped and looked at, without races against its end.

use std::{
    fs, io,
    process::{Command, ExitStatus},
    sync::{Arc, Condvar, Mutex},
    thread,
};

pub struct Process {
    pid: libc::pid_t,
    exit: Mutex<Option<ExitStatus>>,
    exited: Condvar,
}

/// What the process occupies, in KiB.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Resident now (VmRSS).
    pub resident: usize,
    /// The most that was resident at any time (VmHWM).
    pub peak: usize,
}

impl Process {
    pub fn spawn(command: &mut Command, on_exit: impl FnOnce(ExitStatus) + Send + 'static) -> io::Result<Arc<Self>> {
        let mut child = command.spawn()?;
        let process = Arc::new(Self {
            pid: child.id() as libc::pid_t,
            exit: Mutex::new(None),
            exited: Condvar::new(),
        });
        let this = process.clone();
        thread::spawn(move || {
            // The child is reaped under the lock only, so that its pid is never another's while
            // `signal` uses it.
            this.wait_for(libc::WEXITED);
            let mut exit = this.exit.lock().unwrap();
            let status = child.wait().unwrap();
            *exit = Some(status);
            drop(exit);
            this.exited.notify_all();
            on_exit(status);
        });
        Ok(process)
    }

    /// SIGKILL; returns when the process is dead.
    pub fn kill(&self) {
        self.end_by(libc::SIGKILL);
    }

    /// SIGTERM, which leaves valgrind the time to write what it has counted; returns when the process is dead.
    pub fn terminate(&self) {
        self.end_by(libc::SIGTERM);
    }

    fn end_by(&self, signal: libc::c_int) {
        self.signal(signal);
        let exit = self.exit.lock().unwrap();
        let _exit = self.exited.wait_while(exit, |exit| exit.is_none()).unwrap();
    }

    /// SIGSTOP; returns when the process has stopped.
    pub fn freeze(&self) {
        self.signal(libc::SIGSTOP);
        self.wait_for(libc::WSTOPPED);
    }

    /// SIGCONT.
    pub fn thaw(&self) {
        self.signal(libc::SIGCONT);
    }

    pub fn memory(&self) -> Memory {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap();
        let kib = |name| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let value = line.and_then(|line| line.trim().strip_suffix(" kB"));
            value
                .unwrap_or_else(|| panic!("no {name} in {status}"))
                .parse()
                .unwrap()
        };
        Memory {
            resident: kib("VmRSS:"),
            peak: kib("VmHWM:"),
        }
    }

    /// How many file descriptors are open.
    pub fn open_files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid)).unwrap().count()
    }

    /// Sends a signal, unless the process is gone.
    fn signal(&self, signal: libc::c_int) {
        let exit = self.exit.lock().unwrap();
        if exit.is_none() {
            // SAFETY: plain numbers; the pid is our child's, which has not been reaped.
            unsafe { libc::kill(self.pid, signal) };
        }
    }

    /// Waits until the process has changed its state like that, and leaves it to be waited for.
    fn wait_for(&self, change: libc::c_int) {
        // SAFETY: siginfo_t is plain data for the call to fill in.
        unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            libc::waitid(libc::P_PID, self.pid as libc::id_t, &mut info, change | libc::WNOWAIT);
        }
    }
}
