//! A real browser loads a page with a style sheet and an image, under every model, and the trace tells
//! its icon request apart.

mod common;

use common::Folder;
use common::Server;
use common::models::models;
use common::peer;
use httpsys::server::IoModel;
use std::process::Command;
use std::process::Stdio;

/// The smallest PNG: one grey pixel.
const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, b'I', b'H', b'D', b'R', 0, 0, 0,
    1, 0, 0, 0, 1, 8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 0x0a, b'I', b'D', b'A', b'T',
    0x78, 0x9c, 0x63, 0x68, 0, 0, 0, 0x82, 0, 0x81, 0x77, 0xcd, 0x72, 0xb6, 0, 0, 0, 0, b'I', b'E',
    b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];

#[test]
fn a_browser_loads_a_page_with_its_style_and_image_under_every_model() {
    if !peer("chromium") {
        return;
    }
    for io in models().map(IoModel::name) {
        let folder = Folder::new(&format!("browser-{io}"));
        folder.file(
            "site/index.html",
            "<!doctype html><link rel=stylesheet href=style.css><img src=dot.png id=dot>\
             <p id=out>no<script>onload=()=>{out.textContent=getComputedStyle(document.body).color\
             +' '+dot.naturalWidth}</script>",
        );
        folder.file("site/style.css", "body { color: rgb(1, 2, 3) }");
        folder.file("site/dot.png", PNG);
        let root = folder.0.join("site");
        let server = Server::start(&["--io", io, "--trace", root.to_str().unwrap()]);
        let page = Command::new("chromium")
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
            ])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ])
            .arg(format!(
                "--user-data-dir={}",
                folder.0.join("profile").display()
            ))
            .args(["--virtual-time-budget=5000", "--dump-dom"])
            .arg(format!("http://{}/", server.address))
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .expect("chromium runs");
        let page = String::from_utf8_lossy(&page.stdout).into_owned();
        assert!(page.contains("rgb(1, 2, 3) 1"), "{io}: {page}");
        let (status, lines, _) = server.stop();
        assert_eq!(status, Some(0));
        let screen = lines.join("\n");
        for part in ["> GET /", "> GET /style.css", "> GET /dot.png"] {
            assert!(screen.contains(part), "{io}: no {part} in\n{screen}");
        }
    }
}
