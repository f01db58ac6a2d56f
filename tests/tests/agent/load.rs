//! Many clients, many questions: none lost, and what they cost is given back.
use crate::scene::{KEY, Scene, until};
use crate::wire::LIMIT;
use crate::{Done, Test};
use serde_json::json;

pub(crate) const TESTS: &[Test] = &[
    ("many_clients_at_once_are_all_answered", many_clients),
    ("too_many_questions_of_one_client_are_refused", overloaded),
    ("a_question_can_be_taken_back", cancelled),
];

fn number(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|s| s.parse().ok()).unwrap_or(usual)
}

/// As many clients as asked for, all connected before the first asks; each has all its answers.
fn round(scene: &Scene, clients: usize, each: usize) {
    let mut all: Vec<_> = (0..clients).map(|_| scene.client()).collect();
    for client in &mut all {
        let ids: Vec<u64> =
            (0..each.min(30)).map(|_| client.send("report/get", &json!({})).unwrap()).collect();
        let mut asked = ids.len();
        for id in ids {
            let said = client.response(id, LIMIT).unwrap();
            assert_eq!(said["result"]["schema"], "envsplit.report/v1", "{said}");
        }
        while asked < each {
            assert_eq!(client.call("report/get", &json!({})).unwrap()["schema"], "envsplit.report/v1");
            asked += 1;
        }
    }
}

fn at_once(scene: &Scene, clients: usize, each: usize) {
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| round(scene, clients / 4, each));
        }
    });
}

fn many_clients(scene: &Scene) -> Done {
    let (clients, each) = (number("ENVSPLIT_CLIENTS", 100), number("ENVSPLIT_EACH", 50));
    // Both ends of every connection are files; this end's are these threads'.
    let files = u64::try_from(clients).unwrap() + 256;
    let now = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let raised =
        rustix::process::Rlimit { current: Some(now.maximum.map_or(files, |m| m.min(files))), ..now };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, raised).unwrap();
    let _agent = scene.start();
    scene.client().call("report/get", &json!({})).unwrap();
    // What a first crowd makes it keep, such as the allocator's own, is no loss; what a second one adds would be.
    at_once(scene, clients, each);
    let settled = |what| {
        let mut status = json!(null);
        until(what, || {
            status = scene.status();
            status["clients"] == 1
        });
        (status["cost"]["rss_kb"].as_u64().unwrap(), status["requests_served"].as_u64().unwrap())
    };
    let (before, served) = settled("the first crowd is gone");
    at_once(scene, clients, each);
    let (after, now) = settled("the second crowd is gone");
    assert!(now - served >= (clients * each) as u64, "{} of {}", now - served, clients * each);
    println!("{clients} clients, {} requests: {before} KiB before, {after} KiB after", clients * each);
    assert!(after <= before + before / 10 + 2048, "{before} KiB before, {after} KiB after");
    Ok(())
}

/// A question that lasts: the start-up file waits until a file is there.
fn held(scene: &Scene) {
    scene.write(".bashrc", "while [ ! -e ~/go ]; do sleep .05; done\n");
}

fn overloaded(scene: &Scene) -> Done {
    let _agent = scene.start();
    held(scene);
    let mut client = scene.client();
    let params = json!({"fresh": true, "self": {"keys": [KEY], "shells": true}});
    let ids: Vec<u64> = (0..100).map(|_| client.send("report/get", &params).unwrap()).collect();
    // Those beyond the limit are told so while the others wait.
    let refused = client.read(LIMIT).unwrap().unwrap();
    assert_eq!(refused["error"]["code"], -32011, "{refused}");
    assert!(ids[64..].iter().any(|id| refused["id"] == *id), "{refused}");
    // Another client is served meanwhile.
    scene.client().call("status", &json!({})).unwrap();
    scene.write("go", "");
    let mut answered = 0;
    for _ in 1..100 {
        let said = client.read(LIMIT).unwrap().unwrap();
        answered += usize::from(said["result"]["schema"] == "envsplit.report/v1");
    }
    assert_eq!(answered, 64, "as many as may wait are answered");
    Ok(())
}

fn cancelled(scene: &Scene) -> Done {
    let _agent = scene.start();
    held(scene);
    let mut client = scene.client();
    let params = json!({"what": "shells", "self": {"keys": [KEY], "shells": true}, "token": "t"});
    let id = client.send("probe/run", &params).unwrap();
    client.told(LIMIT, |m| m["method"] == "$/progress" && m["params"]["token"] == "t").unwrap();
    client.write(&json!({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": id}})).unwrap();
    let said = client.response(id, LIMIT).unwrap();
    assert_eq!(said["error"]["code"], -32800, "{said}");
    scene.write("go", "");
    assert_eq!(client.call("report/get", &params_of_self()).unwrap()["schema"], "envsplit.report/v1");
    Ok(())
}

fn params_of_self() -> serde_json::Value {
    json!({"self": {"keys": [KEY], "shells": true}})
}
