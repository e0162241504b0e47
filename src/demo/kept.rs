//! A recording in place of what the machine refuses: shown as what it is.
//!
//! In: a recording, as text, and the script it was made by. Out: its trace between the script's own lines, below a
//! line that says that nothing of it happened here. What clients would do is not done: the recording has it.

use super::Error;
use super::paper::Paper;
use super::script::Step;
use crate::decode::Decoder;
use crate::source::recording::Recording;
use crate::story::Story;
use crate::view::View;
use crate::view::compact::CompactOptions;
use crate::view::compact::CompactView;
use crate::view::paint::Paint;
use crate::view::text::Charset;

/// A line of the trace, and the record that it tells of.
type Line = (Vec<u8>, u64);

/// Shows it.
pub fn show(recording: &str, script: &[Step], paper: &mut Paper<'_>) -> Result<(), Error> {
    paper.line("- this machine refuses it. Nothing below happened here: it is a recording,")?;
    paper.line("  kept from a machine with Linux 6.18")?;
    let mut heading = Vec::new();
    let lines = trace(recording, &mut heading)?;
    paper.heading(&heading)?;
    let mut lines = lines.as_slice();
    play(script, &mut lines, paper)
}

/// All of its trace, and the heading of it.
fn trace(recording: &str, heading: &mut Vec<u8>) -> Result<Vec<Line>, Error> {
    let broken = |error| Error::Machine(format!("the kept recording: {error}"));
    let mut recording = Recording::new(recording.as_bytes()).map_err(broken)?;
    let mut decoder = Decoder::default();
    let mut story = Story::default();
    let options = CompactOptions {
        quiet: true,
        ..CompactOptions::default()
    };
    let mut view = CompactView::new(Paint::new(false, Charset::Ascii, super::WIDTH), options);
    view.begin(heading);
    let (mut lines, mut text, mut record) = (Vec::new(), Vec::new(), 0);
    while let Some(raw) = recording.next_record().map_err(broken)? {
        record += 1;
        let event = decoder.event(&raw);
        let step = story.step(&event);
        text.clear();
        view.step(&event, &step, &mut text);
        view.pause(&mut text);
        let split = text.split_inclusive(|byte| *byte == b'\n');
        lines.extend(split.map(|line| (line.to_vec(), record)));
    }
    Ok(lines)
}

/// The script's side of the screen; where it waits for the trace, that goes on.
fn play(script: &[Step], lines: &mut &[Line], paper: &mut Paper<'_>) -> Result<(), Error> {
    for step in script {
        match *step {
            Step::Say(line) => paper.line(&format!("- {line}"))?,
            Step::Skip(part) => drop(until(lines, part)?),
            Step::LeaveOut(part, why) => {
                let mut records: Vec<u64> = until(lines, part)?.iter().map(|line| line.1).collect();
                records.dedup();
                paper.line(&super::live::left_out(records.len() as u64, why))?;
            }
            Step::Until(part) => show_all(until(lines, part)?, paper)?,
            Step::Waits(_) => show_all(until(lines, " ... waiting")?, paper)?,
            Step::To(part) => {
                let passed = until(lines, part)?;
                let last = passed.last().map_or(0, |(_, record)| *record);
                let first = passed.partition_point(|(_, record)| *record < last);
                show_all(&passed[first..], paper)?;
            }
            Step::Times(times, steps) => {
                (0..times).try_for_each(|_| play(steps, lines, paper))?;
            }
            // What clients do, and what is counted while they do it.
            _ => {}
        }
    }
    Ok(())
}

/// The lines up to one with this in it, and those that tell of the same record; `lines` begins behind them.
fn until<'l>(lines: &mut &'l [Line], part: &str) -> Result<&'l [Line], Error> {
    let has = |(line, _): &Line| String::from_utf8_lossy(line).contains(part);
    let found = lines.iter().position(has).ok_or_else(|| {
        Error::Machine(format!(
            "the kept recording has no line with `{part}` in it"
        ))
    })?;
    let record = lines[found].1;
    let below = lines[found..].iter().take_while(|(_, of)| *of == record);
    let (passed, rest) = lines.split_at(found + below.count());
    *lines = rest;
    Ok(passed)
}

fn show_all(lines: &[Line], paper: &mut Paper<'_>) -> Result<(), Error> {
    (lines.iter()).try_for_each(|(line, record)| paper.trace(line, *record))
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
        let script = [
            Step::Skip("getsockname("),
            Step::Say("a client connects"),
            Step::Connect(0),
            Step::Until("accept4("),
        ];
        show(LINES, &script, &mut Paper::new(&mut out)).expect("it is shown");
        let text = String::from_utf8(out).expect("text");
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[0].contains("refuses") && lines[0].contains("recording"),
            "{text}"
        );
        assert!(lines[2].ends_with("what it means"), "{text}");
        assert_eq!(lines[3], "- a client connects");
        assert!(
            lines[4].contains("accept4(3)") && lines.len() == 5,
            "{text}"
        );
        assert!(lines.iter().all(|line| line.len() <= super::super::WIDTH));
        let missing = [Step::Until("epoll_pwait(")];
        let shown = show(LINES, &missing, &mut Paper::new(&mut Vec::new()));
        assert!(matches!(shown, Err(Error::Machine(_))), "{shown:?}");
    }
}
