//! Pages for the request methods (RFC 9110 section 9.3, RFC 5789).

use super::Page;

/// What one row says.
struct Method {
    name: &'static str,
    meaning: &'static str,
    /// Safe, idempotent, body.
    nature: &'static str,
    /// What `httpsys serve` does with it.
    here: &'static str,
    rule: &'static str,
}

static METHODS: &[Method] = &[
    Method {
        name: "GET",
        meaning: "give me what is at the target",
        nature: "safe (changes nothing) and idempotent (twice is as good as once); no body",
        here: "pages, files, /echo",
        rule: "RFC 9110 9.3.1",
    },
    Method {
        name: "HEAD",
        meaning: "as GET, but send the head only: the same fields, no body",
        nature: "safe and idempotent; the answer has no body, whatever Content-Length says",
        here: "wherever GET works",
        rule: "RFC 9110 9.3.2",
    },
    Method {
        name: "POST",
        meaning: "here is something: do with it what the target does",
        nature: "neither safe nor idempotent: do not repeat it without being asked; has a body",
        here: "/echo; elsewhere 405",
        rule: "RFC 9110 9.3.3",
    },
    Method {
        name: "PUT",
        meaning: "make the target be this",
        nature: "idempotent; has a body",
        here: "/echo; elsewhere 405",
        rule: "RFC 9110 9.3.4",
    },
    Method {
        name: "DELETE",
        meaning: "remove the target",
        nature: "idempotent",
        here: "/echo; elsewhere 405",
        rule: "RFC 9110 9.3.5",
    },
    Method {
        name: "CONNECT",
        meaning: "open a tunnel to this host and port; said to proxies",
        nature: "its target is host:port, and after a 2xx no HTTP follows",
        here: "405: httpsys is no proxy",
        rule: "RFC 9110 9.3.6",
    },
    Method {
        name: "OPTIONS",
        meaning: "what may be done with the target, or (target *) with the server?",
        nature: "safe and idempotent",
        here: "the answer is in Allow",
        rule: "RFC 9110 9.3.7",
    },
    Method {
        name: "TRACE",
        meaning: "send back what you got",
        nature: "safe and idempotent; no body",
        here: "405: it would show secrets to scripts",
        rule: "RFC 9110 9.3.8",
    },
    Method {
        name: "PATCH",
        meaning: "change the target as this says",
        nature: "neither safe nor idempotent; has a body",
        here: "/echo; elsewhere 405",
        rule: "RFC 5789 2",
    },
];

/// The page of a method, any case.
pub fn find(word: &str) -> Option<Page> {
    let method = METHODS
        .iter()
        .find(|method| method.name.eq_ignore_ascii_case(word))?;
    let page = Page::new(method.name, "request method")
        .text(method.meaning)
        .row("nature", method.nature)
        .row("serve", method.here);
    Some(page.row("rule", method.rule))
}

/// Every method we know.
pub fn all() -> Vec<String> {
    METHODS
        .iter()
        .map(|method| method.name.to_string())
        .collect()
}
