//! Clients that do wrong: each ends alone, while a good one goes on being served.
use crate::scene::Scene;
use crate::wire::Client;
use crate::{Done, Test};
use envsplit_tests::exec;
use serde_json::json;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

pub(crate) const TESTS: &[Test] = &[("each_hostile_client_ends_alone", each_ends_alone)];

/// The longest that one may go on.
const LIMIT: Duration = Duration::from_secs(90);

type Way = (&'static str, fn(&Path) -> bool);

/// Each says whether its connection was ended.
const WAYS: &[Way] = &[
    ("a byte now and then, before the handshake", |s| {
        drips(Client::silent(s).unwrap(), b"Content-Length: 50")
    }),
    ("a byte now and then, after it", |s| drips(Client::connect(s).unwrap(), b"Content-Length: 50")),
    ("nothing", |s| Client::silent(s).unwrap().ends(LIMIT)),
    ("a gigabyte announced before the handshake", |s| {
        says(Client::silent(s).unwrap(), b"Content-Length: 1073741824\r\n\r\n{")
    }),
    ("a gigabyte announced after it", |s| {
        says(Client::connect(s).unwrap(), b"Content-Length: 1073741824\r\n\r\n{")
    }),
    ("a gigabyte of body", floods),
    ("garbage", |s| says(Client::connect(s).unwrap(), &[0xff, 0x00, 0x0d, 0x0a, 0x0d, 0x0a, 0x80])),
    ("an endless header", |s| says(Client::connect(s).unwrap(), &[b'x'; 100_000])),
    ("half a header, and no more", |s| says(Client::connect(s).unwrap(), b"Content-Le")),
    ("half a body, and no more", |s| {
        says(Client::connect(s).unwrap(), b"Content-Length: 100\r\n\r\n{\"json")
    }),
    ("a negative length", |s| says(Client::connect(s).unwrap(), b"Content-Length: -5\r\n\r\n{}")),
    ("a length that is no number", |s| says(Client::connect(s).unwrap(), b"Content-Length: 0x10\r\n\r\n{}")),
    ("two lengths", |s| {
        says(Client::connect(s).unwrap(), b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}")
    }),
    ("no JSON", |s| frames(s, "{\"jsonrpc\"", -32700)),
    ("deep JSON", |s| frames(s, &format!("{}{}", "[".repeat(5000), "]".repeat(5000)), -32700)),
    ("a client that never reads", never_reads),
];

fn says(mut client: Client, bytes: &[u8]) -> bool {
    // It may be ended before all of it is written.
    let _ = client.stream.write_all(bytes);
    client.ends(LIMIT)
}

fn drips(mut client: Client, bytes: &[u8]) -> bool {
    let mut left = bytes.iter();
    exec::wait_for(LIMIT, || {
        if client.ends(Duration::from_secs(1)) {
            return true;
        }
        left.next().is_some_and(|b| client.stream.write_all(&[*b]).is_err())
    })
}

fn floods(socket: &Path) -> bool {
    let mut client = Client::connect(socket).unwrap();
    let _ = client.stream.write_all(b"Content-Length: 1000000\r\n\r\n");
    let block = vec![b'['; 1 << 16];
    // Far more than was announced; what follows the body is no header.
    (0..16384).any(|_| client.stream.write_all(&block).is_err())
}

/// Sends this body, well framed; is told why, then ended.
fn frames(socket: &Path, body: &str, code: i32) -> bool {
    let mut client = Client::connect(socket).unwrap();
    write!(client.stream, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    let said = client.read(LIMIT).unwrap().unwrap();
    assert_eq!((&said["error"]["code"], &said["id"]), (&json!(code), &json!(null)), "{said}");
    client.ends(LIMIT)
}

/// Asks for more than the socket's buffers hold.
fn never_reads(socket: &Path) -> bool {
    let mut client = Client::connect(socket).unwrap();
    client.stream.set_write_timeout(Some(LIMIT)).unwrap();
    (0..1_000_000).any(|_| client.send("report/get", &json!({})).is_err())
}

fn each_ends_alone(scene: &Scene) -> Done {
    let agent = scene.start();
    let socket = scene.socket();
    let mut idle = scene.client();
    let before = scene.status();
    let (end, served) = (AtomicBool::new(false), AtomicU64::new(0));
    let wrong: Vec<&str> = std::thread::scope(|scope| {
        let good = scope.spawn(|| {
            let mut client = scene.client();
            while !end.load(Ordering::Relaxed) {
                client.call("report/get", &json!({})).unwrap_or_else(|e| {
                    panic!("the good one: {e}\n{}", scene.ask(&["daemon", "logs"]).text())
                });
                served.fetch_add(1, Ordering::Relaxed);
            }
        });
        let ways: Vec<_> = WAYS.iter().map(|(n, way)| (*n, scope.spawn(|| way(&socket)))).collect();
        let ended: Vec<_> = ways.into_iter().map(|(n, w)| (n, w.join())).collect();
        let until = served.load(Ordering::Relaxed);
        crate::scene::until("the good one is still served", || served.load(Ordering::Relaxed) > until);
        end.store(true, Ordering::Relaxed);
        good.join().unwrap();
        ended.into_iter().filter(|(_, ended)| !matches!(ended, Ok(true))).map(|(n, _)| n).collect()
    });
    assert_eq!(wrong, Vec::<&str>::new(), "these were not ended");
    // JSON that is no request is answered, and the connection goes on.
    let mut client = scene.client();
    client.write(&json!({})).unwrap();
    assert_eq!(client.read(LIMIT).unwrap().unwrap()["error"]["code"], -32600);
    let unknown = client.call("no/such", &json!({})).unwrap_err();
    assert!(unknown.contains("-32601"), "{unknown}");
    client.call("status", &json!({})).unwrap();
    // The one that said nothing all the while is still there.
    let after = idle.call("status", &json!({})).unwrap();
    assert_eq!(after["pid"], agent.pid());
    assert_eq!(after["started_at"], before["started_at"]);
    crate::scene::until("the hostile ones are gone", || scene.status()["clients"].as_u64() == Some(3));
    let log = scene.ask(&["daemon", "logs"]).text();
    assert!(!log.contains("[[[[") && !log.contains("xxxx"), "what a client sent is logged");
    Ok(())
}
