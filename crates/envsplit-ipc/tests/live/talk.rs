//! Questions, answers, notifications.
use super::scene::{LONG, Scene, status};
use envsplit_ipc::protocol::{
    EnvGetParams, HistoryListParams, Id, ProbeRunParams, ProbeWhat, ReportGetParams, methods,
};
use envsplit_ipc::{Answer, CallError, Client, RuntimeDir, Unreachable};
use std::os::unix::net::UnixListener;
use std::time::Duration;

pub(crate) fn a_question_has_its_answer_or_a_deadline() {
    let scene = Scene::new();
    let mut client = scene.start();
    let report = client.call_raw::<methods::ReportGet>(&ReportGetParams::default(), LONG).unwrap();
    assert!(report.get().len() > 300_000);
    let never = EnvGetParams { name: "X".into(), caller: None };
    let late = client.call::<methods::EnvGet>(&never, Duration::from_millis(30));
    assert!(matches!(late, Err(CallError::Deadline(_))), "{late:?}");
    status(&mut client);
    let wrong = client.call::<methods::ReportGet>(&ReportGetParams::default(), LONG);
    assert!(matches!(wrong, Err(CallError::Answer { method: "report/get", .. })), "the mock's is no report");
    let unknown = client.call::<methods::HistoryList>(&HistoryListParams::default(), LONG);
    assert!(matches!(unknown, Err(CallError::Rpc(e)) if e.code == -32601));
    assert!(scene.starter().stop(LONG).unwrap());
    let gone = client.call_raw::<methods::ReportGet>(&ReportGetParams::default(), LONG);
    assert!(matches!(gone, Err(CallError::Closed)), "{gone:?}");
}

pub(crate) fn notifications_are_kept() {
    let scene = Scene::new();
    let mut client = scene.start();
    let params = ProbeRunParams { what: ProbeWhat::Shells, token: Some(Id::Number(5)), caller: None };
    client.call_raw::<methods::ProbeRun>(&params, LONG).unwrap();
    let told: Vec<_> = client
        .notices(Duration::from_millis(20))
        .map(|notice| notice.unwrap().read::<methods::Progress>().expect("progress").unwrap().value.done)
        .collect();
    assert_eq!(told, [Some(0), Some(1), Some(2)]);
    assert!(client.next_notice(Duration::from_millis(10)).unwrap().is_none());
    status(&mut client);
}

pub(crate) fn a_thousand_clients() {
    let scene = Scene::new();
    let mut first = scene.start();
    let before = status(&mut first).requests_served;
    let threads: Vec<_> = (0..50)
        .map(|_| {
            let dir = scene.dir();
            std::thread::spawn(move || {
                let mut clients: Vec<_> = (0..20)
                    .map(|_| match Client::connect(&dir, "test", LONG) {
                        Answer::Ready(client) => client,
                        other => panic!("{other:?}"),
                    })
                    .collect();
                for client in &mut clients {
                    status(client);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let after = status(&mut first).requests_served;
    assert_eq!(after - before, 2001, "a handshake and a question each, and this one");
}

pub(crate) fn a_daemon_that_takes_nobody() {
    let scene = Scene::new();
    let dir = RuntimeDir::make(&scene.dir()).unwrap();
    let listener = UnixListener::bind(dir.socket()).unwrap();
    std::fs::set_permissions(dir.socket(), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    // It listens, has one place in its queue, and never answers.
    rustix::net::listen(&listener, 0).unwrap();
    let silent = Client::connect(&scene.dir(), "test", Duration::from_millis(50));
    assert!(matches!(silent, Answer::Unreachable(Unreachable::Silent(_))), "{silent:?}");
    // That one is still in its queue.
    let full = Client::connect(&scene.dir(), "test", Duration::from_millis(50));
    let Answer::Unreachable(Unreachable::Silent(why)) = full else { panic!("{full:?}") };
    assert_eq!(why, "it takes no connections");
    drop(listener);
    let gone = Client::connect(&scene.dir(), "test", LONG);
    assert!(matches!(gone, Answer::Unreachable(Unreachable::NotRunning)), "{gone:?}");
}
