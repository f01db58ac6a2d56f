//! Frames over streams: asynchronous for the daemon, blocking for clients.
use super::{Decoder, FrameError, Limits};
use crate::protocol::Payload;
use std::io::{self, IoSlice, Read, Write};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// How much is read at once.
const PIECE: usize = 16 << 10;

/// Bodies from a blocking stream.
#[derive(Debug)]
pub struct Frames {
    decoder: Decoder,
    piece: Vec<u8>,
}

impl Frames {
    /// With limits.
    pub fn new(limits: Limits) -> Self {
        Self { decoder: Decoder::new(limits), piece: vec![0; PIECE] }
    }

    /// The next body; `None` where the stream ends between two messages. After a timeout of the stream it can be
    /// called again: nothing that had arrived is lost. `before` is called before each wait.
    pub fn next(
        &mut self,
        stream: &mut impl Read,
        mut before: impl FnMut() -> io::Result<()>,
    ) -> Result<Option<Vec<u8>>, FrameError> {
        loop {
            if let Some(body) = self.decoder.take()? {
                return Ok(Some(body));
            }
            before()?;
            match stream.read(&mut self.piece) {
                Ok(0) if self.decoder.at_rest() => return Ok(None),
                Ok(0) => return Err(FrameError::Truncated),
                Ok(n) => self.decoder.push(&self.piece[..n]),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e.into()),
            }
        }
    }
}

/// Bodies from an asynchronous stream.
#[derive(Debug)]
pub struct AsyncFrames {
    decoder: Decoder,
}

impl AsyncFrames {
    /// With limits.
    pub fn new(limits: Limits) -> Self {
        Self { decoder: Decoder::new(limits) }
    }

    /// Other limits from the next message on, as after a handshake.
    pub fn set_limits(&mut self, limits: Limits) {
        self.decoder.set_limits(limits);
    }

    /// Whether no part of a message has come that is not whole.
    pub fn at_rest(&self) -> bool {
        self.decoder.at_rest()
    }

    /// The next body; `None` where the stream ends between two messages. Safe to cancel: nothing that has arrived is
    /// lost, so a deadline may be laid around it.
    pub async fn next(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
    ) -> Result<Option<Vec<u8>>, FrameError> {
        loop {
            if let Some(body) = self.decoder.take()? {
                return Ok(Some(body));
            }
            let buffer = self.decoder.buffer();
            // An idle connection holds no buffer: room for the first bytes, more once a message proves larger.
            buffer.reserve(if buffer.is_empty() { 512 } else { PIECE });
            if stream.read_buf(buffer).await? == 0 {
                let rest = self.decoder.at_rest();
                return if rest { Ok(None) } else { Err(FrameError::Truncated) };
            }
        }
    }
}

/// Writes one message.
pub fn write(stream: &mut impl Write, payload: &Payload) -> io::Result<()> {
    let header = header(payload);
    let mut slices = payload.slices(&header);
    let mut slices = &mut slices[..];
    while !slices.is_empty() {
        match stream.write_vectored(slices) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => IoSlice::advance_slices(&mut slices, n),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    stream.flush()
}

/// Writes one message. Not safe to cancel: half a message may have gone out, and the connection must end then.
pub async fn write_async(stream: &mut (impl AsyncWrite + Unpin), payload: &Payload) -> io::Result<()> {
    let header = header(payload);
    let mut slices = payload.slices(&header);
    let mut slices = &mut slices[..];
    while !slices.is_empty() {
        match stream.write_vectored(slices).await? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            n => IoSlice::advance_slices(&mut slices, n),
        }
    }
    stream.flush().await
}

fn header(payload: &Payload) -> Vec<u8> {
    format!("Content-Length: {}\r\n\r\n", payload.len()).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Id, Part};
    use std::sync::Arc;

    /// A stream that takes and gives three bytes at a time.
    struct Slow(Vec<u8>, usize);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let n = bytes.len().min(3);
            self.0.extend_from_slice(&bytes[..n]);
            Ok(n)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Read for Slow {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let n = (self.0.len() - self.1).min(3).min(to.len());
            to[..n].copy_from_slice(&self.0[self.1..self.1 + n]);
            self.1 += n;
            Ok(n)
        }
    }

    fn payload() -> Payload {
        let report: Arc<[u8]> = format!("\"{}\"", "r".repeat(100_000)).into_bytes().into();
        Payload::result_of(&Id::Number(1), vec![("report", Part::Shared(report)), ("n", Payload::part(&2))])
    }

    #[test]
    fn both_ends_agree_over_a_slow_stream() {
        let mut stream = Slow(vec![], 0);
        write(&mut stream, &payload()).unwrap();
        write(&mut stream, &Payload::raw(b"{}".to_vec())).unwrap();
        let mut frames = Frames::new(Limits::CLIENT);
        let first = frames.next(&mut stream, || Ok(())).unwrap().expect("a message");
        assert_eq!(first.len(), payload().len());
        assert_eq!(frames.next(&mut stream, || Ok(())).unwrap(), Some(b"{}".to_vec()));
        assert_eq!(frames.next(&mut stream, || Ok(())).unwrap(), None);
    }

    #[tokio::test]
    async fn the_asynchronous_ends_agree_through_a_narrow_pipe() {
        let (mut a, mut b) = tokio::io::duplex(7);
        let sent = payload();
        let writing = async {
            write_async(&mut a, &sent).await.unwrap();
            a.write_all(b"Content-Length: 5\r\n\r\n{").await.unwrap();
            drop(a);
        };
        let reading = async {
            let mut frames = AsyncFrames::new(Limits::CLIENT);
            let first = frames.next(&mut b).await.unwrap().expect("a message");
            assert_eq!(first.len(), payload().len());
            assert!(matches!(frames.next(&mut b).await, Err(FrameError::Truncated)));
        };
        tokio::join!(writing, reading);
    }
}
