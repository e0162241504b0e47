//! Which hosts have connected lately: what tells a browser's preconnect from a client that changed
//! its mind.
//!
//! A browser opens more connections than it needs at first and may never use some of them. From here
//! that looks like a connection that ends without a byte while the same host has, or just had,
//! another one. The port says nothing: each connection has its own.

use crate::abi::address::Address;

/// So many hosts are remembered; of more, the one that was idle for longest is forgotten.
const MOST: usize = 64;

/// For so long another connection counts as being of the same page load, in nanoseconds.
const RECENT: u64 = 10_000_000_000;

#[derive(Clone, Copy, Debug)]
struct Host {
    address: [u8; 16],
    open: u32,
    last: u64,
    /// How many connections it has made.
    made: u64,
}

/// Hosts and how many connections they have.
#[derive(Default, Debug)]
pub(super) struct Peers {
    hosts: Vec<Host>,
    last: usize,
}

/// The host part of an address.
pub(super) fn host(address: &Address) -> Option<[u8; 16]> {
    match address {
        Address::V4([a, b, c, d], _) => {
            Some([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, *a, *b, *c, *d])
        }
        Address::V6(octets, ..) => Some(*octets),
        Address::Unix(_) | Address::Other(..) => None,
    }
}

impl Peers {
    fn find(&mut self, address: [u8; 16]) -> Option<&mut Host> {
        if self
            .hosts
            .get(self.last)
            .is_none_or(|host| host.address != address)
        {
            self.last = self.hosts.iter().position(|host| host.address == address)?;
        }
        self.hosts.get_mut(self.last)
    }

    pub(super) fn arrived(&mut self, address: [u8; 16], now: u64) {
        if let Some(host) = self.find(address) {
            host.open += 1;
            host.made += 1;
            return;
        }
        if self.hosts.len() == MOST {
            let idle = |(_, host): &(usize, &Host)| (host.open > 0, host.last);
            let oldest = self
                .hosts
                .iter()
                .enumerate()
                .min_by_key(idle)
                .map_or(0, |(i, _)| i);
            self.hosts.swap_remove(oldest);
        }
        self.hosts.push(Host {
            address,
            open: 1,
            last: now,
            made: 1,
        });
    }

    /// One connection of this host is over. True when another one is open, or was until just now.
    pub(super) fn left(&mut self, address: [u8; 16], now: u64) -> bool {
        let Some(host) = self.find(address) else {
            return false;
        };
        host.open = host.open.saturating_sub(1);
        let others = host.open > 0 || (host.made > 1 && now.saturating_sub(host.last) < RECENT);
        host.last = now;
        others
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: [u8; 16] = [1; 16];

    #[test]
    fn another_connection_of_the_same_host_counts_while_it_is_open_and_shortly_after() {
        let mut peers = Peers::default();
        peers.arrived(HERE, 0);
        assert!(!peers.left(HERE, 1));
        peers.arrived(HERE, 2);
        peers.arrived(HERE, 3);
        assert!(peers.left(HERE, 4));
        assert!(peers.left(HERE, 5));
        peers.arrived(HERE, 6 + RECENT);
        assert!(!peers.left(HERE, 7 + RECENT));
    }

    #[test]
    fn only_so_many_hosts_are_remembered() {
        let mut peers = Peers::default();
        for i in 0..1000u64 {
            let mut address = [0; 16];
            address[..8].copy_from_slice(&i.to_ne_bytes());
            peers.arrived(address, i);
        }
        assert_eq!(peers.hosts.len(), MOST);
    }
}
