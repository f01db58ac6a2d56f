//! Traces of real shells. Each start is run by a process of its own, this program again, so that it has a home and an
//! environment of its own.
#![allow(clippy::unwrap_used)] // reason: a test
#[cfg(target_os = "linux")]
#[path = "trace/home.rs"]
mod home;
#[cfg(target_os = "linux")]
#[path = "trace/known.rs"]
mod known;
#[cfg(target_os = "linux")]
#[path = "trace/trees.rs"]
mod trees;

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")] // needs real bash, zsh, fish and dash
fn main() {
    if envsplit_system::answered() {
        return;
    }
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|a| a == home::ONE) {
        home::one(&args[1..]);
        return;
    }
    if args.iter().any(|a| a == "--list") {
        println!("trace: test");
        return;
    }
    known::all();
    trees::all();
}
