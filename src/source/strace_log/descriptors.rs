//! What `-y` and `-yy` write beside a descriptor → the `fd` event that a recording would have.

use serde_json::{Value, json};

/// The event for a descriptor's name; nothing where the name says nothing.
pub fn fact(fd: i64, name: &str) -> Option<Value> {
    let (kind, name) = kind_and_name(name)?;
    Some(json!({ "type": "fd", "fd": fd, "kind": kind, "name": name }))
}

fn kind_and_name(name: &str) -> Option<(&'static str, String)> {
    if name.starts_with('/') {
        let path = name.split('<').next().unwrap_or(name);
        return Some(("file", path.to_string()));
    }
    let (kind, inside) = name.split_once(":[")?;
    let inside = inside.strip_suffix(']')?;
    Some(match kind {
        "TCP" | "TCPv6" | "UDP" | "UDPv6" => ("socket", addresses(inside)),
        "socket" => ("socket", String::new()),
        "pipe" => ("pipe", String::new()),
        "anon_inode" if inside == "eventpoll" => ("epoll", String::new()),
        "anon_inode" => ("other", inside.to_string()),
        _ if kind.starts_with("UNIX") => ("socket", unix(inside)),
        _ => return None,
    })
}

/// `127.0.0.1:80->127.0.0.1:9` as `local -> peer`; an inode number is no address.
fn addresses(inside: &str) -> String {
    match inside.split_once("->") {
        Some((local, peer)) => format!("{local} -> {peer}"),
        None if inside.contains(':') => inside.to_string(),
        None => String::new(),
    }
}

/// `8134694->8134695,"/run/x"`: the path, where there is one.
fn unix(inside: &str) -> String {
    let path = inside.split('"').nth(1);
    path.map_or(String::new(), |path| format!("unix:{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_a_descriptor_is() {
        let told =
            |name: &str| fact(3, name).map(|fact| format!("{} {}", fact["kind"], fact["name"]));
        for (name, expected) in [
            ("/etc/hosts", r#""file" "/etc/hosts""#),
            ("/dev/null<char 1:3>", r#""file" "/dev/null""#),
            (
                "TCP:[127.0.0.1:80->127.0.0.1:9]",
                r#""socket" "127.0.0.1:80 -> 127.0.0.1:9""#,
            ),
            (
                "TCPv6:[[::1]:80->[::1]:9]",
                r#""socket" "[::1]:80 -> [::1]:9""#,
            ),
            ("TCP:[127.0.0.1:80]", r#""socket" "127.0.0.1:80""#),
            ("TCP:[1876440]", r#""socket" """#),
            ("UNIX-STREAM:[1->2]", r#""socket" """#),
            ("UNIX:[1,\"/run/x\"]", r#""socket" "unix:/run/x""#),
            ("anon_inode:[eventpoll]", r#""epoll" """#),
            ("pipe:[99]", r#""pipe" """#),
        ] {
            assert_eq!(told(name).as_deref(), Some(expected), "{name}");
        }
        assert_eq!(told("?"), None);
    }
}
