//! Who is at the other end of a socket, as the operating system says.
use interprocess::local_socket::traits::StreamCommon;
use std::io;

/// The process at the other end, as it was when the connection was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its process; `None` where this process cannot see it (another process namespace).
    pub pid: Option<u32>,
    /// Its effective user.
    pub uid: u32,
    /// Its effective group.
    pub gid: u32,
}

impl Peer {
    /// Of a connection.
    pub fn of(stream: &impl StreamCommon) -> io::Result<Self> {
        let creds = stream.peer_creds()?;
        let (Some(uid), Some(gid)) = (creds.euid(), creds.egid()) else {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "the system does not say who is connected",
            ));
        };
        let pid = creds.pid().and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid != 0);
        Ok(Self { pid, uid, gid })
    }

    /// Whether it may ask a daemon of `owner`: the same user alone. Root is nobody special.
    pub fn allowed(&self, owner: u32) -> bool {
        self.uid == owner
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_refused_unless_it_is_the_owner() {
        let root = Peer { pid: Some(1), uid: 0, gid: 0 };
        assert!(root.allowed(0) && !root.allowed(1000));
        assert!(!Peer { uid: 1001, ..root }.allowed(1000));
    }
}
