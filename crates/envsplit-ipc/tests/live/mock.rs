//! A mock of the daemon: it shakes hands, tells its status, and does what tests ask of it.
use envsplit_ipc::frame::{AsyncFrames, FrameError, Limits, write_async};
use envsplit_ipc::protocol::{
    Cost, ErrorCode, Id, InitializeParams, InitializeResult, Message, Method as _, Payload, ProbesRun,
    Progress, ProgressValue, RpcError, Status, methods,
};
use envsplit_ipc::{Incoming, LifeLock, Listener, RuntimeDir, Stream};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

static SERVED: AtomicU64 = AtomicU64::new(0);

/// The version that it says it has: a file that it finds at its start stands for another build.
static VERSION: OnceLock<String> = OnceLock::new();

/// What `report/get` of the mock answers: not small.
fn report() -> Arc<[u8]> {
    format!("{{\"filler\":\"{}\"}}", "r".repeat(300_000)).into_bytes().into()
}

/// The daemon of the folder that a variable names.
pub(crate) fn run() {
    let dir = PathBuf::from(std::env::var_os("ENVSPLIT_RUNTIME_DIR").unwrap());
    if dir.with_file_name("lame").exists() {
        return;
    }
    let (dir, lock) = match envsplit_ipc::start::prepare(&dir) {
        Ok(held) => held,
        Err(e) => {
            eprintln!("{e}");
            std::process::exit(3);
        }
    };
    let other = dir.path().with_file_name("version");
    let version = std::fs::read_to_string(&other).unwrap_or_else(|_| env!("CARGO_PKG_VERSION").to_owned());
    let _ = std::fs::remove_file(other);
    VERSION.set(version).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if let Err(e) = runtime.block_on(serve(&dir, &lock)) {
        eprintln!("{e}");
        std::process::exit(4);
    }
}

async fn serve(dir: &RuntimeDir, lock: &LifeLock) -> Result<(), envsplit_ipc::socket::BindError> {
    let listener = Listener::bind(dir, lock)?;
    let path = dir.path().with_file_name("served");
    let mut served = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
    writeln!(served, "{}", std::process::id()).unwrap();
    let report = report();
    loop {
        match listener.accept().await {
            Ok(Incoming::Allowed(stream, _)) => {
                tokio::spawn(one(stream, report.clone(), dir.path().to_owned()));
            }
            Ok(Incoming::Refused(_)) | Err(_) => {}
        }
    }
}

async fn one(mut stream: Stream, report: Arc<[u8]>, dir: PathBuf) {
    let mut frames = AsyncFrames::new(Limits::STRANGER);
    let mut known = false;
    loop {
        let error = match frames.next(&mut stream).await {
            Ok(Some(body)) => match Message::parse(&body) {
                Ok(message) => {
                    if answer(message, &mut stream, &report, &dir, &mut known).await.is_err() {
                        return;
                    }
                    if known {
                        frames.set_limits(Limits::CLIENT);
                    }
                    continue;
                }
                Err(e) => e.to_response().1,
            },
            Ok(None) => return,
            Err(e) => match FrameError::to_response(&e) {
                Some(error) => error,
                None => return,
            },
        };
        let _ = write_async(&mut stream, &Payload::error(None, &error)).await;
        return;
    }
}

async fn answer(
    message: Message,
    stream: &mut Stream,
    report: &Arc<[u8]>,
    dir: &Path,
    known: &mut bool,
) -> std::io::Result<()> {
    let Message::Request { id, method, params } = message else { return Ok(()) };
    SERVED.fetch_add(1, Ordering::Relaxed);
    if method == methods::Initialize::NAME {
        let payload = match Message::params_of::<methods::Initialize>(params.as_deref()) {
            Ok(hello) => {
                *known = true;
                Payload::result::<methods::Initialize>(&id, &hello_back(&hello))
            }
            Err(e) => Payload::error(Some(&id), &e),
        };
        return write_async(stream, &payload).await;
    }
    if !*known {
        let error = RpcError::new(ErrorCode::NotInitialized, "`initialize` first");
        return write_async(stream, &Payload::error(Some(&id), &error)).await;
    }
    match method.as_str() {
        "status" => write_async(stream, &Payload::result::<methods::Status>(&id, &status(dir))).await,
        "shutdown" => {
            write_async(stream, &Payload::result::<methods::Shutdown>(&id, &())).await?;
            std::process::exit(0)
        }
        "report/get" => write_async(stream, &Payload::shared_result(&id, report.clone())).await,
        // Stands for a question whose answer takes long.
        "env/get" => Ok(()),
        // Tells something first.
        "probe/run" => {
            for done in 0..3 {
                let value = ProgressValue { message: "mock".into(), done: Some(done), total: Some(3) };
                let progress = Progress { token: Id::Number(5), value };
                write_async(stream, &Payload::notification::<methods::Progress>(&progress)).await?;
            }
            write_async(stream, &Payload::shared_result(&id, report.clone())).await
        }
        _ => {
            let error = RpcError::new(ErrorCode::MethodNotFound, "no such method");
            write_async(stream, &Payload::error(Some(&id), &error)).await
        }
    }
}

fn hello_back(hello: &InitializeParams) -> InitializeResult {
    let own = VERSION.get().unwrap();
    let (ready, reason) = hello.judge();
    InitializeResult {
        protocol: hello.protocol,
        version: own.clone(),
        pid: std::process::id(),
        started_at: jiff::Timestamp::UNIX_EPOCH,
        key_id: "mock".into(),
        host: envsplit_model::HostId("linux".into()),
        ready,
        reason,
    }
}

fn status(dir: &Path) -> Status {
    Status {
        pid: std::process::id(),
        started_at: jiff::Timestamp::UNIX_EPOCH,
        version: env!("CARGO_PKG_VERSION").into(),
        uptime_s: 0,
        clients: 1,
        subscribers: 0,
        files_watched: 0,
        watching: "none".into(),
        watch_trouble: None,
        processes_known: 0,
        probes: ProbesRun::default(),
        cost: Cost::default(),
        journal: None,
        socket: dir.display().to_string(),
        requests_served: SERVED.load(Ordering::Relaxed),
    }
}
