//! What calls tell of files, as strace writes it → the same as a recording has it.
//!
//! In: a value. Out: JSON. Left out on purpose: fields that strace does not show; they are zero.

use super::argument::whole;
use super::value::{Value, number};
use crate::abi::flags;
use crate::abi::flags::FlagSet;
use serde_json::{Value as Json, json};

/// `S_IFREG|0644`.
fn mode(value: &Value) -> Option<u64> {
    let parts = value.word()?.split('|');
    parts.into_iter().try_fold(0, |mode, part| {
        Some(
            mode | match part {
                "S_ISUID" => 0o4000,
                "S_ISGID" => 0o2000,
                "S_ISVTX" => 0o1000,
                part => flags::FILE_TYPE.value_of(part).or_else(|| number(part))?,
            },
        )
    })
}

/// `{stx_mask=STATX_ALL|STATX_MNT_ID, stx_attributes=0, stx_mode=S_IFREG|0644, stx_size=3, ...}` as it lies in memory.
pub fn statx(value: &Value) -> Option<Json> {
    let bits = |name: &str, set: &FlagSet| {
        let words = value.field(name)?.word()?.split('|');
        words.into_iter().try_fold(0, |bits, word| {
            Some(bits | set.value_of(word).or_else(|| number(word))?)
        })
    };
    let of = |name: &str| value.field(name).and_then(Value::number).unwrap_or(0);
    let mut bytes = [0; 256];
    let mut put = |at: usize, number: &[u8]| bytes[at..at + number.len()].copy_from_slice(number);
    put(0, &(bits("stx_mask", &flags::STATX)? as u32).to_ne_bytes());
    put(4, &(of("stx_blksize") as u32).to_ne_bytes());
    let attributes = bits("stx_attributes", &flags::STATX_ATTR)?;
    put(8, &attributes.to_ne_bytes());
    put(16, &(of("stx_nlink") as u32).to_ne_bytes());
    put(20, &(of("stx_uid") as u32).to_ne_bytes());
    put(24, &(of("stx_gid") as u32).to_ne_bytes());
    put(28, &(mode(value.field("stx_mode")?)? as u16).to_ne_bytes());
    put(32, &of("stx_ino").to_ne_bytes());
    put(40, &of("stx_size").to_ne_bytes());
    put(48, &of("stx_blocks").to_ne_bytes());
    Some(whole(&bytes))
}

/// `{st_mode=S_IFREG|0644, st_size=15, ...}`.
pub fn stat(value: &Value) -> Option<Json> {
    let mode = mode(value.field("st_mode")?)?;
    let mut object = json!({ "st_mode": format!("0{mode:o}") });
    let fields = object.as_object_mut()?;
    for name in [
        "st_size",
        "st_ino",
        "st_nlink",
        "st_uid",
        "st_gid",
        "st_blksize",
        "st_blocks",
    ] {
        if let Some(number) = value.field(name).and_then(Value::number) {
            fields.insert(name.into(), json!(number));
        }
    }
    if let Some(Value::Call(_, parts)) = value.field("st_rdev")
        && let [major, minor] = parts.as_slice()
    {
        let (major, minor) = (major.number()?, minor.number()?);
        // `new_encode_dev` in `include/linux/kdev_t.h`.
        let device = minor & 0xff | major << 8 | (minor & !0xff) << 12;
        fields.insert("st_rdev".into(), json!(device));
    }
    Some(object)
}
