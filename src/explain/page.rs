//! A page of the reference: a title and parts, wrapped to a width and kept within one screen.

/// Rows of a screen, and the most columns a line takes.
const ROWS: usize = 24;
const COLUMNS: usize = 78;
/// No terminal is narrower than this; below it lines are wrapped for this width.
const NARROW: usize = 40;
/// Columns of the labels on the left.
const LABEL: usize = 12;

/// What one word means: at most a screen of plain ASCII.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// The word as it is written: `EAGAIN`, `Content-Length`.
    name: String,
    /// What kind of thing it is: `errno 11`.
    kind: String,
    parts: Vec<Part>,
    /// What else has this name: words for `httpsys explain`.
    others: Vec<String>,
}

/// Lines that are left for so many lists.
struct Room {
    lines: usize,
    lists: usize,
}

impl Room {
    /// What the next list may take. What a short one leaves is there for those after it.
    fn share(&self) -> usize {
        self.lines / self.lists.max(1)
    }

    fn used(&mut self, lines: usize) {
        self.lines = self.lines.saturating_sub(lines);
        self.lists = self.lists.saturating_sub(1);
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    /// A sentence, indented, wrapped.
    Text(String),
    /// A label on the left and a sentence beside it, wrapped.
    Row(String, String),
    /// Label and sentence, many of them, under a heading: as many as the screen has room for; the
    /// rest are named in a last row.
    List(&'static str, Vec<(String, String)>),
    /// Another page below this one.
    Page(Page),
}

impl Page {
    /// A page with a title line only.
    pub(super) fn new(name: &str, kind: &str) -> Page {
        Page {
            name: ascii(name),
            kind: ascii(kind),
            parts: Vec::new(),
            others: Vec::new(),
        }
    }

    /// Adds a sentence.
    pub(super) fn text(mut self, text: &str) -> Page {
        self.parts.push(Part::Text(ascii(text)));
        self
    }

    /// Adds a labelled sentence; nothing for an empty one.
    pub(super) fn row(mut self, label: &str, text: &str) -> Page {
        if !text.is_empty() {
            self.parts.push(Part::Row(ascii(label), ascii(text)));
        }
        self
    }

    /// Adds labelled sentences that may be cut to fit the screen; nothing for an empty list.
    pub(super) fn list(mut self, heading: &'static str, rows: Vec<(String, String)>) -> Page {
        if !rows.is_empty() {
            let rows = rows
                .iter()
                .map(|(label, text)| (ascii(label), ascii(text)))
                .collect();
            self.parts.push(Part::List(heading, rows));
        }
        self
    }

    /// Names another meaning: the words after `httpsys explain`.
    pub fn also(&mut self, words: &str) {
        self.others.push(words.into());
    }

    /// Puts another page below this one.
    pub(super) fn join(&mut self, other: Page) {
        self.parts.push(Part::Page(other));
    }

    /// Whether the page's name is spelled exactly like this.
    pub(super) fn is_spelled(&self, word: &str) -> bool {
        self.name == word
    }

    /// The word as it is written: `EAGAIN`, `Content-Length`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The page as text for a terminal of so many columns: lines of at most 78, and at most 24 of
    /// them where the terminal is 80 wide. Below 40 columns it is laid out for 40.
    pub fn render(&self, width: usize) -> String {
        let columns = width.saturating_sub(2).clamp(NARROW, COLUMNS);
        let full = self.lines(
            columns,
            &mut Room {
                lines: usize::MAX,
                lists: 1,
            },
        );
        let lines = match full.len() {
            0..=ROWS => full,
            too_many => self.lines(columns, &mut self.room_for_lists(columns, too_many)),
        };
        lines.into_iter().map(|line| line + "\n").collect()
    }

    /// Lines that the lists may take together, so that the page fits.
    fn room_for_lists(&self, columns: usize, full: usize) -> Room {
        let lists = self.all_lists();
        let taken: usize = lists
            .iter()
            .map(|rows| list_lines(rows, columns, usize::MAX).len())
            .sum();
        Room {
            lines: (ROWS + taken).saturating_sub(full),
            lists: lists.len(),
        }
    }

    fn all_lists(&self) -> Vec<&[(String, String)]> {
        let mut lists = Vec::new();
        for part in &self.parts {
            match part {
                Part::List(_, rows) => lists.push(rows.as_slice()),
                Part::Page(page) => lists.extend(page.all_lists()),
                Part::Text(_) | Part::Row(..) => {}
            }
        }
        lists
    }

    fn lines(&self, columns: usize, room: &mut Room) -> Vec<String> {
        let mut lines = wrap("", &format!("{}: {}", self.name, self.kind), 2, columns);
        for part in &self.parts {
            match part {
                Part::Text(text) => lines.extend(wrap("  ", text, 2, columns)),
                Part::Row(label, text) => lines.extend(labelled("", label, text, columns)),
                Part::List(heading, rows) => {
                    lines.push((*heading).to_string());
                    let list = list_lines(rows, columns, room.share());
                    room.used(list.len());
                    lines.extend(list);
                }
                Part::Page(page) => {
                    lines.push(String::new());
                    lines.extend(page.lines(columns, room));
                }
            }
        }
        if !self.others.is_empty() {
            let others = format!("httpsys explain {}", self.others.join(", "));
            lines.extend(labelled("", "also", &others, columns));
        }
        lines
    }
}

/// The same in plain ASCII: a reference must be readable everywhere.
fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | ' '..='~' => out.push(c),
            '\u{2026}' => out.push_str("..."),
            '\u{2192}' => out.push_str("->"),
            '\u{2013}' | '\u{2014}' => out.push('-'),
            '\u{2018}' | '\u{2019}' => out.push('\''),
            '\u{201c}' | '\u{201d}' => out.push('"'),
            _ => out.push('?'),
        }
    }
    out
}

/// As many rows as fit, then one that names the rest.
fn list_lines(rows: &[(String, String)], columns: usize, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (place, (label, text)) in rows.iter().enumerate() {
        let row = labelled("  ", label, text, columns);
        let is_last = place + 1 == rows.len();
        if lines
            .len()
            .saturating_add(row.len() + usize::from(!is_last))
            > room
        {
            lines.push(the_rest(&rows[place..], columns));
            return lines;
        }
        lines.extend(row);
    }
    lines
}

/// One line with as many names as fit.
fn the_rest(rows: &[(String, String)], columns: usize) -> String {
    let mut line = format!("  {:LABEL$} and", "...");
    let mut left = rows.len();
    for (name, _) in rows {
        left -= 1;
        let comma = if left == 0 { "" } else { "," };
        if line.len() + 1 + name.len() + comma.len() + 4 * comma.len() > columns {
            line.push_str(" ...");
            break;
        }
        line.push_str(&format!(" {name}{comma}"));
    }
    line
}

fn labelled(indent: &str, label: &str, text: &str, columns: usize) -> Vec<String> {
    let wide = LABEL + 2 - indent.len();
    wrap(&format!("{indent}{label:wide$} "), text, LABEL + 3, columns)
}

/// `first`, then the words of `text`, no line longer than `columns`; the next lines are indented. A
/// word that is longer than a line is cut.
pub fn wrap(first: &str, text: &str, indent: usize, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = first.to_string();
    let mut is_fresh = true;
    for word in text.split_whitespace() {
        let mut word = word;
        let gap = usize::from(!is_fresh);
        if line.len() + gap + word.len() > columns && !line.trim().is_empty() {
            lines.push(line.trim_end().to_string());
            line = " ".repeat(indent);
            is_fresh = true;
        }
        while line.len() + word.len() > columns && is_fresh {
            let mut cut = columns - line.len();
            while !word.is_char_boundary(cut) {
                cut += 1;
            }
            let (head, tail) = word.split_at(cut);
            lines.push(line + head);
            line = " ".repeat(indent);
            word = tail;
        }
        if !is_fresh {
            line.push(' ');
        }
        line.push_str(word);
        is_fresh = false;
    }
    lines.push(line.trim_end().to_string());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_wrapped_and_indented() {
        let page =
            Page::new("x", "a thing").row("label", "one two three four five six seven eight");
        assert_eq!(
            page.render(42),
            "x: a thing\nlabel          one two three four five\n               six seven eight\n"
        );
    }

    #[test]
    fn a_list_too_long_for_the_screen_names_what_it_leaves_out() {
        let rows = (0..40)
            .map(|n| (format!("E{n}"), "a sentence".to_string()))
            .collect();
        let shown = Page::new("x", "a thing")
            .list("errors", rows)
            .text("after")
            .render(80);
        assert_eq!(shown.lines().count(), 24);
        assert!(
            shown.contains("E19 ") && shown.contains("and E20, E21,"),
            "{shown}"
        );
        assert!(shown.ends_with("  after\n"));
    }

    #[test]
    fn a_word_longer_than_a_line_is_cut_and_nothing_is_lost() {
        let long = "x".repeat(300);
        let shown = Page::new("y", "z").text(&long).render(40);
        assert_eq!(shown.matches('x').count(), 300);
        assert!(shown.lines().all(|line| line.len() <= 40));
    }
}
