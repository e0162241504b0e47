//! A recording in place of what the machine refuses: shown as what it is.
//!
//! In: a recording, as text. Out: its trace, from the moment the server listens, below a line that says that
//! nothing of it happened here.

use super::Error;
use super::paper::Paper;
use crate::decode::Decoder;
use crate::source::recording::Recording;
use crate::story::Story;
use crate::view::View;
use crate::view::compact::CompactOptions;
use crate::view::compact::CompactView;
use crate::view::paint::Paint;
use crate::view::text::Charset;

/// The first call of a server that listens.
const LISTENING: &str = "getsockname(";

/// Shows it.
pub fn show(recording: &str, paper: &mut Paper<'_>) -> Result<(), Error> {
    paper.line("- this machine refuses it. Nothing below happened here: it is a recording,")?;
    paper.line("  kept from a machine with Linux 6.18")?;
    let broken = |error| Error::Machine(format!("the kept recording: {error}"));
    let mut recording = Recording::new(recording.as_bytes()).map_err(broken)?;
    let mut decoder = Decoder::default();
    let mut story = Story::default();
    let options = CompactOptions {
        quiet: true,
        ..CompactOptions::default()
    };
    let mut view = CompactView::new(Paint::new(false, Charset::Ascii, super::WIDTH), options);
    let mut text = Vec::new();
    view.begin(&mut text);
    paper.heading(&text)?;
    let (mut record, mut listens) = (0, false);
    while let Some(raw) = recording.next_record().map_err(broken)? {
        record += 1;
        let event = decoder.event(&raw);
        let step = story.step(&event);
        text.clear();
        view.step(&event, &step, &mut text);
        view.pause(&mut text);
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            if listens {
                paper.trace(line, record)?;
            }
            listens |= String::from_utf8_lossy(line).contains(LISTENING);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = r#"{"v":1,"type":"start","source":"server","program":"httpsys","argv":["httpsys"],"start":"2026-01-01T00:00:00Z"}
{"type":"call","seq":1,"t":1,"dur":1,"pid":7,"tid":7,"call":"getsockname","args":{"sockfd":3,"addr":"127.0.0.1:50080","addrlen":16},"ret":0,"errno":null}
{"type":"call","seq":2,"t":2,"dur":1,"pid":7,"tid":7,"call":"accept4","args":{"sockfd":3,"addr":"127.0.0.1:50001","addrlen":16,"flags":[]},"ret":4,"errno":null}
"#;

    #[test]
    fn a_kept_recording_is_labelled_and_begins_where_the_server_listens() {
        let mut out = Vec::new();
        show(LINES, &mut Paper::new(&mut out)).expect("it is shown");
        let text = String::from_utf8(out).expect("text");
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[0].contains("refuses") && lines[0].contains("recording"),
            "{text}"
        );
        assert!(lines[2].ends_with("what it means"), "{text}");
        assert!(
            lines[3].contains("accept4(3)") && lines.len() == 4,
            "{text}"
        );
        assert!(lines.iter().all(|line| line.len() <= super::super::WIDTH));
    }
}
