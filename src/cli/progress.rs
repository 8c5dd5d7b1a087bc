//! A word on standard error when a run takes longer than a second, on a terminal only.

use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::args::ProgressWhen;
use super::say;
use super::surroundings::Surroundings;

/// How long a run may be silent.
const PATIENCE: Duration = Duration::from_secs(1);

/// Says what is going on until it is dropped.
pub(super) struct Progress {
    done: Option<Sender<()>>,
    watcher: Option<JoinHandle<()>>,
}

impl Progress {
    /// Watches a run over `files` files; one that nobody sees says nothing.
    pub(super) fn watch(files: usize, when: ProgressWhen) -> Self {
        if when == ProgressWhen::Never || !Surroundings::sees_progress() {
            return Self { done: None, watcher: None };
        }
        let (done, wait) = channel::<()>();
        let watcher = std::thread::spawn(move || {
            if wait.recv_timeout(PATIENCE).is_err_and(|e| e == std::sync::mpsc::RecvTimeoutError::Timeout) {
                let text = format!("checking {files} file{} …", if files == 1 { "" } else { "s" });
                say(&text);
                // Ends when the other side is dropped.
                let _ = wait.recv();
                say(&format!("\r{}\r", " ".repeat(text.chars().count())));
            }
        });
        Self { done: Some(done), watcher: Some(watcher) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.done.take());
        if let Some(watcher) = self.watcher.take() {
            // A watcher that panicked has nothing to say.
            let _ = watcher.join();
        }
    }
}
