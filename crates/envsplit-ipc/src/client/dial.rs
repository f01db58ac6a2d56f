//! Connecting with a deadline.
use interprocess::local_socket::Stream;
use interprocess::os::unix::uds_local_socket;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, sockopt};
use std::io;
use std::path::Path;
use std::time::Duration;

/// Connects to a socket. A listener whose queue stays full gives `WouldBlock` when `limit` is over.
///
/// Linux waits for a place in a full queue as long as `SO_SNDTIMEO` says, and a non-blocking socket is told `EAGAIN` and
/// never connected: `interprocess` takes that for a connection under way, so the socket is made here.
pub(crate) fn dial(path: &Path, limit: Duration) -> io::Result<Stream> {
    let socket =
        rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    sockopt::set_socket_timeout(&socket, sockopt::Timeout::Send, Some(limit.max(Duration::from_millis(1))))?;
    let address = SocketAddrUnix::new(path)?;
    rustix::io::retry_on_intr(|| rustix::net::connect(&socket, &address))?;
    sockopt::set_socket_timeout(&socket, sockopt::Timeout::Send, None)?;
    Ok(uds_local_socket::Stream::from(socket).into())
}
