//! The end of the process that started this one, for clients whose pipes others keep open.
use super::Event;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{PidfdFlags, getppid, pidfd_open};
use std::sync::mpsc::SyncSender;

/// Tells when the parent process has ended. Where the system cannot tell, the end of standard input must do.
pub(super) fn watch(to: SyncSender<Event>) {
    let Some(parent) = getppid() else { return };
    let Ok(handle) = pidfd_open(parent, PidfdFlags::empty()) else { return };
    std::thread::spawn(move || {
        // It may have ended before it was held.
        while getppid() == Some(parent) {
            let mut wait = [PollFd::new(&handle, PollFlags::IN)];
            match poll(&mut wait, None) {
                Ok(_) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return,
            }
        }
        let _ = to.send(Event::ParentGone);
    });
}
