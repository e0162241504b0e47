//! Times: how long, how much is left, how much was used.

use super::Line;
use crate::abi::calls::Kind;
use crate::event::digits;
use crate::event::structs;

impl Line<'_> {
    /// `left {tv_sec=0, tv_nsec=9}`, where the kernel wrote what was left of the time.
    pub fn left(&self, index: usize, out: &mut Vec<u8>) {
        let Some(memory) = self.memory_at(index) else {
            return;
        };
        let Some(after) = memory.after() else {
            return;
        };
        let unit = if matches!(memory.kind, Kind::Timeval) {
            "tv_usec"
        } else {
            "tv_nsec"
        };
        out.extend_from_slice(b"left ");
        if time(after, unit, out).is_none() {
            out.push(b'?');
        }
    }
}

/// `{tv_sec=1, tv_nsec=5}`. strace takes the fraction as unsigned.
pub fn time(bytes: &[u8], unit: &str, out: &mut Vec<u8>) -> Option<()> {
    let time = structs::time(bytes)?;
    out.extend_from_slice(b"{tv_sec=");
    digits::signed(out, time.seconds);
    out.extend_from_slice(b", ");
    out.extend_from_slice(unit.as_bytes());
    out.push(b'=');
    digits::decimal(out, time.fraction as u64);
    out.push(b'}');
    Some(())
}

/// `{it_interval={…}, it_value={…}}`.
pub fn itimerspec(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    out.extend_from_slice(b"{it_interval=");
    time(bytes, "tv_nsec", out)?;
    out.extend_from_slice(b", it_value=");
    time(bytes.get(16..)?, "tv_nsec", out)?;
    out.push(b'}');
    Some(())
}

/// `{ru_utime={…}, ru_stime={…}, ...}`: the rest is left out, as strace does unless asked.
pub fn usage(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    out.extend_from_slice(b"{ru_utime=");
    time(bytes, "tv_usec", out)?;
    out.extend_from_slice(b", ru_stime=");
    time(bytes.get(16..)?, "tv_usec", out)?;
    out.extend_from_slice(b", ...}");
    Some(())
}
