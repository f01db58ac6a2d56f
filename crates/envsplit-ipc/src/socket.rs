//! The daemon's end of the socket: bound under the life lock, or handed over by systemd; every connection comes with
//! who made it.
#![allow(clippy::disallowed_methods)] // what systemd hands over, it says in variables

use crate::lock::LifeLock;
use crate::peer::Peer;
use crate::place::{PlaceError, RuntimeDir};
use interprocess::local_socket::traits::tokio::Listener as _;
use interprocess::local_socket::{GenericFilePath, ListenerOptions, ToFsName as _, tokio as local};
use interprocess::os::unix::local_socket::ListenerOptionsExt as _;
use interprocess::os::unix::uds_local_socket;
use std::io;
use std::os::fd::{FromRawFd as _, OwnedFd};
use std::path::PathBuf;
use std::time::Duration;

/// A connection, asynchronous.
pub use interprocess::local_socket::tokio::Stream;

/// How long a listener that is not ours has to take a connection.
const TRIAL: Duration = Duration::from_millis(500);

/// Where systemd's first descriptor is.
const FIRST: i32 = 3;

/// Why there is no socket to listen on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Something is wrong with the folder, or with what stands where the socket should.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// Somebody listens there without the lock.
    #[error(
        "another process listens on `{0}`; where that is systemd, run \
         `systemctl --user start envsplit.service` instead"
    )]
    Taken(PathBuf),
    /// systemd hands over something else than this socket.
    #[error("systemd handed over {0}; see `ListenStream=` in the envsplit.socket unit")]
    Activation(String),
    /// The operating system's fault.
    #[error("cannot listen on `{path}`: {source}")]
    Io {
        /// The socket.
        path: PathBuf,
        /// In the system's words.
        source: io::Error,
    },
}

/// A new connection, and who made it.
#[derive(Debug)]
pub enum Incoming {
    /// The owner's.
    Allowed(Stream, Peer),
    /// Somebody else's, or one whose maker the system does not name; it is closed already.
    Refused(Option<Peer>),
}

/// The socket that the daemon listens on.
#[derive(Debug)]
pub struct Listener {
    inner: local::Listener,
    owner: u32,
}

impl Listener {
    /// Takes over from systemd where it started this process, else binds the socket: one that is left over and refuses
    /// connections is removed first. Needs a tokio runtime.
    pub fn bind(dir: &RuntimeDir, _held: &LifeLock) -> Result<Self, BindError> {
        let path = dir.socket();
        let fault = |source| BindError::Io { path: dir.socket(), source };
        if let Some(inner) = activated(dir)? {
            return Ok(Self { inner, owner: dir.owner() });
        }
        if dir.has_socket()? {
            match crate::client::dial(&path, TRIAL) {
                Err(e) if e.kind() == io::ErrorKind::ConnectionRefused => dir.unlink_socket()?,
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Ok(_) => return Err(BindError::Taken(path)),
                // Whoever does not answer in time is alive nevertheless.
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Err(BindError::Taken(path)),
                Err(e) => return Err(fault(e)),
            }
        }
        let name = path.as_path().to_fs_name::<GenericFilePath>().map_err(fault)?;
        let options = ListenerOptions::new().name(name).mode(0o600).reclaim_name(false);
        let inner = options.create_tokio().map_err(fault)?;
        Ok(Self { inner, owner: dir.owner() })
    }

    /// The next connection. Errors are those of the system (too many open files); the listener goes on.
    pub async fn accept(&self) -> io::Result<Incoming> {
        let stream = self.inner.accept().await?;
        Ok(match Peer::of(&stream) {
            Ok(peer) if peer.allowed(self.owner) => Incoming::Allowed(stream, peer),
            Ok(peer) => Incoming::Refused(Some(peer)),
            Err(_) => Incoming::Refused(None),
        })
    }
}

/// The listener that systemd hands over, checked to be a listening Unix stream socket with our path.
fn activated(dir: &RuntimeDir) -> Result<Option<local::Listener>, BindError> {
    let said = |name| std::env::var(name).ok();
    let (Some(pid), Some(count)) = (said("LISTEN_PID"), said("LISTEN_FDS")) else { return Ok(None) };
    if pid.parse() != Ok(std::process::id()) {
        return Ok(None); // meant for a process above this one
    }
    if count != "1" {
        return Err(BindError::Activation(format!(
            "{} sockets, not one",
            envsplit_model::text::shown(&count)
        )));
    }
    let fd = adopt().map_err(|why| BindError::Activation(why.to_owned()))?;
    checked(fd, dir).map(Some)
}

/// Whether a descriptor is a listening Unix stream socket with our path.
fn checked(fd: OwnedFd, dir: &RuntimeDir) -> Result<local::Listener, BindError> {
    use rustix::net::{AddressFamily, SocketType, sockopt};
    let other = |what: &str| BindError::Activation(what.to_owned());
    let fault = |e: rustix::io::Errno| other(&format!("something that is no socket ({e})"));
    if sockopt::socket_domain(&fd).map_err(fault)? != AddressFamily::UNIX
        || sockopt::socket_type(&fd).map_err(fault)? != SocketType::STREAM
        || !sockopt::socket_acceptconn(&fd).map_err(fault)?
    {
        return Err(other("something else than a listening Unix stream socket"));
    }
    rustix::io::fcntl_setfd(&fd, rustix::io::FdFlags::CLOEXEC).map_err(fault)?;
    let listener = std::os::unix::net::UnixListener::from(fd);
    let path = dir.socket();
    let address = listener.local_addr().map_err(|source| BindError::Io { path: path.clone(), source })?;
    if address.as_pathname() != Some(path.as_path()) {
        return Err(BindError::Activation(format!(
            "a socket at `{}`, where nobody looks: it must be `{}`",
            address.as_pathname().map_or_else(|| "no path".into(), std::path::Path::to_string_lossy),
            path.display()
        )));
    }
    dir.has_socket()?;
    let listener = uds_local_socket::tokio::Listener::try_from(OwnedFd::from(listener));
    listener.map(Into::into).map_err(|source| BindError::Io { path, source })
}

/// Takes systemd's descriptor, once.
#[allow(unsafe_code)]
fn adopt() -> Result<OwnedFd, &'static str> {
    static TAKEN: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
    if TAKEN.swap(true, std::sync::atomic::Ordering::SeqCst) {
        return Err("a socket that was taken already");
    }
    if rustix::fs::stat(format!("/proc/self/fd/{FIRST}")).is_err() {
        return Err("a descriptor that is not open");
    }
    // SAFETY: systemd's protocol gives this process the descriptor 3 (its id was compared, and it is open), nothing in
    // this program owns one by number, and `TAKEN` lets this line run once: the descriptor has this one owner.
    Ok(unsafe { OwnedFd::from_raw_fd(FIRST) })
}
