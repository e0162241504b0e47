//! demo/probe.py, the questions that anyone can ask any server, finds nothing to say about ours.

mod common;

use common::Server;
use common::httpsys;
use std::process::Command;
use std::process::Stdio;

#[test]
fn the_probe_of_the_docs_passes_on_every_model_that_keeps_clients_apart() {
    if !Command::new("python3")
        .arg("--version")
        .output()
        .is_ok_and(|o| o.status.success())
    {
        println!("not run: there is no python3");
        return;
    }
    let top = env!("CARGO_MANIFEST_DIR");
    let site = std::env::temp_dir().join(format!("httpsys-probe-{}", std::process::id()));
    let python = |args: &[&str]| {
        let mut probe = Command::new("python3");
        probe
            .arg(format!("{top}/demo/probe.py"))
            .args(args)
            .stdin(Stdio::null());
        probe.output().expect("python3 runs")
    };
    assert!(
        python(&["--site", &site.display().to_string()])
            .status
            .success()
    );
    for model in ["threads", "epoll"] {
        let mut command = httpsys();
        command
            .args([
                "serve",
                "--io",
                model,
                "--timeout",
                "2s",
                "--log",
                "off",
                "-l",
                "0",
            ])
            .arg(&site);
        let server = Server::spawn(command);
        let said = python(&[&server.address.port().to_string()]);
        let text = String::from_utf8_lossy(&said.stdout);
        assert!(
            said.status.success() && text.contains("62 of 62"),
            "{model}:\n{text}"
        );
        server.stop();
    }
    let _ = std::fs::remove_dir_all(site);
}
