//! Messages and arrays of strings, laid out again as the kernel (or the program) had them.

use super::args::plain;
use super::json::{Object, Value};
use super::memory::{Argument, Data, address, bytes, object_len};
use super::number_of;
use crate::abi::flags;
use crate::event::build::Builder;
use crate::event::raw::part;

impl Argument<'_> {
    /// One `struct msghdr` and what it points to. `offered` as in a `sendmsg`.
    pub(super) fn message(&self, offered: bool, builder: &mut Builder) -> Option<()> {
        let message = self.value?.as_object()?;
        let now = number_of(message, "msg_namelen");
        match message.get("msg_namelen_before").and_then(Value::as_u64) {
            Some(before) => {
                builder.whole(self.arg, part::FIRST, &header(message, before));
                builder.whole(self.arg, part::AFTER, &header(message, now));
            }
            None => builder.whole(self.arg, part::FIRST, &header(message, now)),
        }
        self.behind(message, offered, builder)
    }

    /// `struct mmsghdr[count]`: the headers, then what each points to.
    pub(super) fn messages(&self, offered: bool, count: u64, builder: &mut Builder) -> Option<()> {
        let messages = self.value?.as_list()?;
        let objects = || messages.clone().filter_map(Value::as_object);
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for message in objects() {
            let now = number_of(message, "msg_namelen");
            let first = message.get("msg_namelen_before").and_then(Value::as_u64);
            before.extend_from_slice(&header(message, first.unwrap_or(now)));
            before.extend_from_slice(&[0; 8]);
            if let Some(len) = message.get("msg_len").and_then(Value::as_u64) {
                after.extend_from_slice(&header(message, now));
                after.extend_from_slice(&len.to_ne_bytes());
            }
        }
        let full = (count & 0xffff_ffff).saturating_mul(64);
        builder.segment(
            self.arg,
            part::FIRST,
            full.max(before.len() as u64),
            &before,
        );
        if !after.is_empty() {
            builder.whole(self.arg, part::AFTER, &after);
        }
        for (value, message) in messages.clone().zip(objects()) {
            let object = message.get("data").and_then(Value::as_object);
            let bytes = object.and_then(bytes).unwrap_or_default();
            let data = object.map(|object| Data {
                len: object_len(object, &bytes),
                bytes: &bytes,
                later: None,
            });
            let one = Argument {
                arg: self.arg,
                value: Some(value),
                entry: None,
                data: data.as_ref(),
            };
            one.behind(message, offered, builder)?;
        }
        Some(())
    }

    /// The iovec array first, empty where there is none: messages are told apart by it.
    fn behind(&self, message: Object<'_>, offered: bool, builder: &mut Builder) -> Option<()> {
        match message.get("msg_iov") {
            Some(iov) if iov.as_list().is_some() => {
                let count = number_of(message, "msg_iovlen");
                self.vector(part::IOVEC, iov, count, offered, builder)?;
            }
            _ => builder.whole(self.arg, part::IOVEC, &[]),
        }
        if let Some(name) = message.get("msg_name").and_then(address) {
            builder.whole(self.arg, part::NAME, &name.to_bytes());
        }
        let control = message.get("msg_control").and_then(Value::as_object);
        if let Some(control) = control.and_then(bytes) {
            builder.whole(self.arg, part::CONTROL, &control);
        }
        Some(())
    }

    /// A program's arguments.
    pub(super) fn strings(&self, builder: &mut Builder) -> Option<()> {
        let list = self.value?.as_list()?;
        let count = list.clone().count() as u64;
        builder.segment(self.arg, part::FIRST, count * 8, &[]);
        for (value, part) in list.zip(part::BUFFER..=part::LAST_BUFFER) {
            match value.as_bytes() {
                Some(text) => builder.whole(self.arg, part, text),
                None => {
                    let object = value.as_object()?;
                    let bytes = bytes(object)?;
                    builder.segment(self.arg, part, object_len(object, &bytes), &bytes);
                }
            }
        }
        Some(())
    }

    /// What was only counted.
    pub(super) fn counted(&self, each: u64, builder: &mut Builder) -> Option<()> {
        let count = self.value?.get("count")?.as_u64()?;
        builder.segment(self.arg, part::FIRST, count.saturating_mul(each), &[]);
        Some(())
    }
}

/// A `struct msghdr`; pointers that the recording does not tell are anything but NULL.
fn header(message: Object<'_>, name_len: u64) -> Vec<u8> {
    let number = |value: Option<Value<'_>>| value.and_then(|value| plain(value, &[])).unwrap_or(0);
    let at = |key: &str| message.get(key).filter(|value| !value.is_null());
    let control = at("msg_control").and_then(Value::as_object);
    let pointers = [
        match at("msg_name").and_then(address) {
            Some(_) => 1,
            None => number(at("msg_name")),
        },
        u64::from(at("msg_iov").is_some()),
        control.map_or(0, |c| {
            c.get("at").and_then(|at| plain(at, &[])).unwrap_or(1)
        }),
    ];
    let flags = at("msg_flags").and_then(|flags| plain(flags, &[&flags::MSG]));
    let flags = flags.unwrap_or(0);
    [
        pointers[0],
        name_len & 0xffff_ffff,
        pointers[1],
        number_of(message, "msg_iovlen"),
        pointers[2],
        number_of(message, "msg_controllen"),
        flags & 0xffff_ffff,
    ]
    .iter()
    .flat_map(|word| word.to_ne_bytes())
    .collect()
}
