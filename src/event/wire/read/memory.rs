//! The memory behind arguments, laid out again as the kernel would.

use super::args::{Arguments, plain};
use super::json::{Object, Value, Values};
use super::{number_of, text_of};
use crate::abi::address::Address;
use crate::abi::calls::{CallId, Kind};
use crate::abi::flags;
use crate::abi::flags::FlagSet;
use crate::event::build::Builder;
use crate::event::call::EPOLL_EVENT;
use crate::event::raw::{LATER_MOST, part};
use crate::event::structs::{Stat, Time, stat_bytes};
use crate::event::wire::string::from_base64;
use std::borrow::Cow;

/// The bytes that a call moved, then those it was offered and did not take.
pub(super) struct Data<'d> {
    pub len: u64,
    pub bytes: &'d [u8],
    /// What was kept behind bytes that were not: a list of where, and the bytes.
    pub later: Option<Values<'d>>,
}

/// Adds the segments of every argument that leads to memory.
pub fn segments(
    id: CallId,
    arguments: &Arguments<'_>,
    data: Option<&Data<'_>>,
    builder: &mut Builder,
) {
    for (index, param) in id.signature().params.iter().take(6).enumerate() {
        let (value, entry) = arguments.get(index);
        let one = Argument {
            arg: index as u8,
            value,
            entry,
            data,
        };
        // What cannot be read back is as if it had not been kept: the pointer remains.
        let _ = one.segments(param.kind, builder);
    }
}

/// What `data` and `rest` hold, in a row; `joined` is used where it does not stand in the line like that.
/// A call that failed moved nothing: it has only a `rest`.
pub fn data<'d>(pieces: [Option<Object<'d>>; 2], joined: &'d mut Vec<u8>) -> Option<Data<'d>> {
    let (mut present, several) = (pieces.iter().flatten(), pieces.iter().all(Option::is_some));
    let first = present.next()?;
    let later = first.get("later").and_then(Value::as_list);
    if let (false, Some(bytes)) = (several, first.get("text").and_then(Value::as_bytes)) {
        let len = object_len(*first, bytes);
        return Some(Data { len, bytes, later });
    }
    joined.clear();
    let mut len = 0u64;
    for piece in std::iter::once(first).chain(present) {
        // After a gap nothing more can be said.
        let complete = joined.len() as u64 == len;
        let bytes = bytes(*piece).unwrap_or_default();
        len = len.saturating_add(object_len(*piece, &bytes));
        if complete {
            joined.extend_from_slice(&bytes);
        }
    }
    Some(Data {
        len,
        bytes: joined,
        later,
    })
}

impl Data<'_> {
    /// Adds what was kept behind the bytes that were not.
    fn later(&self, arg: u8, builder: &mut Builder) {
        let places = self.later.clone().into_iter().flatten().take(LATER_MOST);
        for place in places.filter_map(Value::as_object) {
            if let (Some(at), Some(bytes)) = (place.get("at").and_then(Value::as_u64), bytes(place))
            {
                builder.segment(arg, part::LATER, at, &bytes);
            }
        }
    }
}

pub(super) fn object_len(piece: Object<'_>, bytes: &[u8]) -> u64 {
    piece
        .get("len")
        .and_then(Value::as_u64)
        .unwrap_or(bytes.len() as u64)
        .max(bytes.len() as u64)
}

/// `text` or `base64`.
pub(super) fn bytes(object: Object<'_>) -> Option<Cow<'_, [u8]>> {
    match object.get("text").and_then(Value::as_bytes) {
        Some(text) => Some(Cow::Borrowed(text)),
        None => from_base64(object.get("base64")?.as_str()?).map(Cow::Owned),
    }
}

/// One argument that leads to memory.
pub(super) struct Argument<'v> {
    pub arg: u8,
    pub value: Option<Value<'v>>,
    /// What `entry` says of it.
    pub entry: Option<Value<'v>>,
    pub data: Option<&'v Data<'v>>,
}

impl Argument<'_> {
    pub(super) fn segments(&self, kind: Kind, builder: &mut Builder) -> Option<()> {
        let first =
            |builder: &mut Builder, bytes: &[u8]| builder.whole(self.arg, part::FIRST, bytes);
        match kind {
            Kind::BytesIn { .. } | Kind::BytesOut { .. } => self.buffer(builder)?,
            Kind::Path => self.path(builder)?,
            Kind::AddressIn { .. } | Kind::AddressOut { .. } => {
                first(builder, &address(self.value?)?.to_bytes())
            }
            Kind::LengthInOut => self.length(builder)?,
            Kind::OptionIn { .. } | Kind::OptionOut { .. } => first(builder, &option(self.value?)?),
            Kind::VectorIn { count } => self.vector(
                part::FIRST,
                self.value?,
                self.count(count, builder),
                true,
                builder,
            )?,
            Kind::VectorOut { count } => self.vector(
                part::FIRST,
                self.value?,
                self.count(count, builder),
                false,
                builder,
            )?,
            Kind::MessageIn => self.message(true, builder)?,
            Kind::MessageOut => self.message(false, builder)?,
            Kind::EpollEvent => first(builder, &epoll_event(self.value?)?),
            Kind::EpollEvents => first(builder, &joined(self.value?, epoll_event)?),
            Kind::PollFds { .. } => self.poll_fds(builder)?,
            Kind::FdSet { .. } => self.fd_set(builder)?,
            Kind::Timespec | Kind::Timeval | Kind::TimespecOut => self.time(builder)?,
            Kind::OffsetInOut => self.offset(builder)?,
            Kind::IntsOut { .. } => first(
                builder,
                &joined(self.value?, |v| Some((v.as_i64()? as i32).to_ne_bytes()))?,
            ),
            Kind::WaitStatus => first(builder, &(self.value?.as_u64()? as u32).to_ne_bytes()),
            Kind::Stat => first(builder, &stat(self.value?.as_object()?)),
            Kind::OpenHow { .. } if self.has("flags") => first(builder, &open_how(self.value?)?),
            Kind::MessagesIn { count } => {
                self.messages(true, self.count(count, builder), builder)?
            }
            Kind::MessagesOut { count } => {
                self.messages(false, self.count(count, builder), builder)?
            }
            Kind::Strings => self.strings(builder)?,
            Kind::Environment => self.counted(8, builder)?,
            Kind::DirEntries => self.counted(1, builder)?,
            Kind::IoctlArg { .. } if self.has("value") => {
                let value = self.value?.get("value")?.as_i64()? as i32;
                first(builder, &value.to_ne_bytes());
            }
            _ => {
                let object = self.value?.as_object()?;
                first(builder, &bytes(object)?);
                let after = object.get("after").and_then(Value::as_object);
                if let Some(after) = after.and_then(bytes) {
                    builder.whole(self.arg, part::AFTER, &after);
                }
            }
        }
        Some(())
    }

    fn has(&self, key: &str) -> bool {
        self.value.is_some_and(|value| value.get(key).is_some())
    }

    pub(super) fn count(&self, argument: u8, builder: &Builder) -> u64 {
        builder.head.args[argument as usize]
    }

    fn buffer(&self, builder: &mut Builder) -> Option<()> {
        let data = self.data?;
        builder.segment(self.arg, part::FIRST, data.len, data.bytes);
        data.later(self.arg, builder);
        Some(())
    }

    fn path(&self, builder: &mut Builder) -> Option<()> {
        let value = self.value?;
        match value.as_bytes() {
            Some(path) => builder.whole(self.arg, part::FIRST, path),
            None => {
                let object = value.as_object()?;
                let bytes = bytes(object)?;
                builder.segment(self.arg, part::FIRST, object_len(object, &bytes), &bytes);
            }
        }
        Some(())
    }

    fn length(&self, builder: &mut Builder) -> Option<()> {
        let after = self.value?.as_u64()? as u32;
        let before = self
            .entry
            .and_then(Value::as_u64)
            .map_or(after, |before| before as u32);
        builder.whole(self.arg, part::FIRST, &before.to_ne_bytes());
        builder.whole(self.arg, part::AFTER, &after.to_ne_bytes());
        Some(())
    }

    /// An iovec: the array, then the data cut to its buffers. `offered` as in a write: every buffer has
    /// its piece; else only those that the data reaches.
    pub(super) fn vector(
        &self,
        which: u8,
        value: Value<'_>,
        count: u64,
        offered: bool,
        builder: &mut Builder,
    ) -> Option<()> {
        let mut array = Vec::new();
        let mut lengths = Vec::new();
        for entry in value.as_list()? {
            let len = entry.get("iov_len")?.as_u64()?;
            let base = match entry.get("iov_base") {
                Some(base) => plain(base, &[])?,
                None => 1,
            };
            array.extend_from_slice(&base.to_ne_bytes());
            array.extend_from_slice(&len.to_ne_bytes());
            lengths.push(len);
        }
        let full = count.saturating_mul(16).max(array.len() as u64);
        builder.segment(self.arg, which, full, &array);
        let Some(data) = self.data else {
            return Some(());
        };
        let (mut left, mut rest) = (data.len, data.bytes);
        for (len, part) in lengths.into_iter().zip(part::BUFFER..=part::LAST_BUFFER) {
            let len = len.min(left);
            let here = &rest[..rest.len().min(usize::try_from(len).unwrap_or(usize::MAX))];
            builder.segment(self.arg, part, len, here);
            rest = &rest[here.len()..];
            left -= len;
            if (here.len() as u64) < len || (left == 0 && !offered) {
                break;
            }
        }
        data.later(self.arg, builder);
        Some(())
    }

    fn poll_fds(&self, builder: &mut Builder) -> Option<()> {
        let list = self.value?;
        let entry = |value: Value<'_>, revents: &str| {
            let bits = |key: &str| Some(plain(value.get(key)?, &[&flags::POLL])? as u16);
            let fd = value.get("fd")?.as_i64()? as i32;
            let (events, revents) = (bits("events")?, bits(revents).unwrap_or(0));
            Some(
                [
                    fd.to_ne_bytes().as_slice(),
                    &events.to_ne_bytes(),
                    &revents.to_ne_bytes(),
                ]
                .concat(),
            )
        };
        builder.whole(
            self.arg,
            part::FIRST,
            &joined(list, |value| entry(value, ""))?,
        );
        if list.as_list()?.any(|value| value.get("revents").is_some()) {
            builder.whole(
                self.arg,
                part::AFTER,
                &joined(list, |value| entry(value, "revents"))?,
            );
        }
        Some(())
    }

    fn fd_set(&self, builder: &mut Builder) -> Option<()> {
        let words = (builder.head.args[0] as u32 as usize)
            .div_ceil(64)
            .min(1 << 11);
        let set = |key: &str| {
            let mut bytes = vec![0; words * 8];
            for fd in self.value?.get(key)?.as_list()? {
                let fd = usize::try_from(fd.as_u64()?).ok()?;
                *bytes.get_mut(fd / 8)? |= 1 << (fd % 8);
            }
            Some(bytes)
        };
        builder.whole(self.arg, part::FIRST, &set("before")?);
        if let Some(after) = set("after") {
            builder.whole(self.arg, part::AFTER, &after);
        }
        Some(())
    }

    fn time(&self, builder: &mut Builder) -> Option<()> {
        builder.whole(self.arg, part::FIRST, &time(self.value?)?);
        if let Some(left) = self.value?.get("left").and_then(time) {
            builder.whole(self.arg, part::AFTER, &left);
        }
        Some(())
    }

    fn offset(&self, builder: &mut Builder) -> Option<()> {
        let at = |key: &str| Some(self.value?.get(key)?.as_i64()?.to_ne_bytes());
        builder.whole(self.arg, part::FIRST, &at("before")?);
        if let Some(after) = at("after") {
            builder.whole(self.arg, part::AFTER, &after);
        }
        Some(())
    }
}

/// The items of a list, each laid out, in a row.
fn joined<L: AsRef<[u8]>>(
    value: Value<'_>,
    one: impl Fn(Value<'_>) -> Option<L>,
) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for item in value.as_list()? {
        out.extend_from_slice(one(item)?.as_ref());
    }
    Some(out)
}

fn epoll_event(value: Value<'_>) -> Option<[u8; EPOLL_EVENT]> {
    let events = plain(value.get("events")?, &[&flags::EPOLL])? as u32;
    let mut out = [0; EPOLL_EVENT];
    out[..4].copy_from_slice(&events.to_ne_bytes());
    let data = value.get("data")?.as_u64()?;
    out[EPOLL_EVENT - 8..].copy_from_slice(&data.to_ne_bytes());
    Some(out)
}

fn time(value: Value<'_>) -> Option<Vec<u8>> {
    let fraction = value
        .get("tv_nsec")
        .or_else(|| value.get("tv_usec"))?
        .as_i64()?;
    let seconds = value.get("tv_sec")?.as_i64()?;
    Some([seconds.to_ne_bytes(), fraction.to_ne_bytes()].concat())
}

fn option(value: Value<'_>) -> Option<Vec<u8>> {
    if value.is_number() {
        return Some((value.as_i64()? as i32).to_ne_bytes().to_vec());
    }
    let object = value.as_object()?;
    match (object.get("l_onoff"), object.get("l_linger")) {
        (Some(on), Some(linger)) => Some(
            [on.as_i64()? as i32, linger.as_i64()? as i32]
                .iter()
                .flat_map(|n| n.to_ne_bytes())
                .collect(),
        ),
        _ => time(value).or_else(|| bytes(object).map(Cow::into_owned)),
    }
}

fn stat(object: Object<'_>) -> Vec<u8> {
    let mtime = object.get("st_mtim");
    let of_mtime = |key: &str| {
        mtime
            .and_then(|t| t.get(key))
            .and_then(Value::as_i64)
            .unwrap_or(0)
    };
    stat_bytes(&Stat {
        dev: number_of(object, "st_dev"),
        ino: number_of(object, "st_ino"),
        mode: u32::from_str_radix(text_of(object, "st_mode"), 8).unwrap_or(0),
        nlink: number_of(object, "st_nlink"),
        uid: number_of(object, "st_uid") as u32,
        gid: number_of(object, "st_gid") as u32,
        rdev: number_of(object, "st_rdev"),
        size: number_of(object, "st_size"),
        blksize: number_of(object, "st_blksize"),
        blocks: number_of(object, "st_blocks"),
        mtime: Time {
            seconds: of_mtime("tv_sec"),
            fraction: of_mtime("tv_nsec"),
        },
    })
    .to_vec()
}

fn open_how(value: Value<'_>) -> Option<Vec<u8>> {
    let words = [
        plain(
            value.get("flags")?,
            &[&flags::ACCESS_MODE, &flags::OPEN_BITS],
        )?,
        or_zero(value.get("mode"), &[])?,
        or_zero(value.get("resolve"), &[&flags::RESOLVE])?,
    ];
    Some(words.iter().flat_map(|word| word.to_ne_bytes()).collect())
}

fn or_zero(value: Option<Value<'_>>, sets: &[&'static FlagSet]) -> Option<u64> {
    value.map_or(Some(0), |value| plain(value, sets))
}

/// An address as its text or its bytes.
pub(super) fn address(value: Value<'_>) -> Option<Address> {
    match value.as_str() {
        Some(text) => address_from_text(text),
        None => Address::from_bytes(&bytes(value.as_object()?)?),
    }
}

/// The reverse of an address's text. Where the text does not say everything (flow labels, paths that are
/// not plain text), recordings hold the bytes instead.
pub fn address_from_text(text: &str) -> Option<Address> {
    if let Some(path) = text.strip_prefix("unix:") {
        if path.contains('\\') {
            return None;
        }
        return Some(match path.strip_prefix('@') {
            Some(name) => Address::Unix([b"\0", name.as_bytes()].concat()),
            None => Address::Unix(path.as_bytes().to_vec()),
        });
    }
    match text.parse().ok()? {
        std::net::SocketAddr::V4(v4) => Some(Address::V4(v4.ip().octets(), v4.port())),
        std::net::SocketAddr::V6(v6) => {
            Some(Address::V6(v6.ip().octets(), v6.port(), 0, v6.scope_id()))
        }
    }
}
