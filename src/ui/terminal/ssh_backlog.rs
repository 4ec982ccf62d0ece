//! How far an ssh session is behind. What is written to its terminal sshd takes at once, however slow
//! the link: only its socket tells what the other side has not got yet.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::{Duration, Instant},
};

/// While more than this is on its way, nothing is sent but what a key asked for.
const ROOM: u64 = 2 << 10;
/// Looking costs at most one part in so many of the time.
const SHARE: u32 = 20;

/// Looks at the socket of the session skep runs in.
#[derive(Debug)]
pub(in crate::ui) struct SshBacklog {
    /// A list of the system's sockets, and how the line of ours has both its ends.
    places: Vec<(&'static str, String)>,
    looked: Instant,
    cost: Duration,
    queued: u64,
}

impl SshBacklog {
    /// Reads `SSH_CONNECTION`: the client's address and port, and the server's (sshd(8)).
    pub fn of(connection: Option<&str>) -> Self {
        let places = connection.and_then(places).unwrap_or_default();
        Self { places, looked: Instant::now(), cost: Duration::ZERO, queued: 0 }
    }

    /// Whether data should wait. Where the system does not tell, it never is.
    pub fn is_behind(&mut self) -> bool {
        self.queued() > ROOM
    }

    /// Bytes that the other side has not acknowledged.
    fn queued(&mut self) -> u64 {
        if !self.places.is_empty() && self.looked.elapsed() >= self.cost * SHARE {
            let begun = Instant::now();
            let found = self.places.iter().find_map(|(file, ends)| {
                let list = std::fs::read_to_string(file).ok()?;
                unacknowledged(&list, ends)
            });
            self.queued = found.unwrap_or(0);
            self.looked = Instant::now();
            self.cost = begun.elapsed();
        }
        self.queued
    }
}

/// Where a connection stands in the system's lists (proc_pid_net(5)).
fn places(connection: &str) -> Option<Vec<(&'static str, String)>> {
    let mut words = connection.split_whitespace();
    let mut end = || {
        let (address, port) = (words.next()?, words.next()?);
        // A link-local address has its interface behind it.
        let address: IpAddr = address.split('%').next()?.parse().ok()?;
        Some((address, port.parse::<u16>().ok()?))
    };
    let (client, server) = (end()?, end()?);
    let ends = |write: fn(IpAddr) -> Option<String>| {
        let end = |(address, port): (IpAddr, u16)| Some(format!("{}:{port:04X}", write(address)?));
        Some(format!(" {} {} ", end(server)?, end(client)?))
    };
    // A server that listens for both kinds has IPv4 in the list of IPv6.
    let found = [("/proc/net/tcp", ends(v4)), ("/proc/net/tcp6", ends(v6))];
    Some(found.into_iter().filter_map(|(file, ends)| Some((file, ends?))).collect())
}

fn v4(address: IpAddr) -> Option<String> {
    let IpAddr::V4(address) = address.to_canonical() else { return None };
    Some(words(&address.octets()))
}

fn v6(address: IpAddr) -> Option<String> {
    let address = match address {
        IpAddr::V4(v4) => Ipv4Addr::to_ipv6_mapped(&v4),
        IpAddr::V6(v6) => v6,
    };
    Some(words(&Ipv6Addr::octets(&address)))
}

/// Four bytes at a time, as this machine has them in memory.
fn words(octets: &[u8]) -> String {
    let word = |four: &[u8]| u32::from_ne_bytes(four.try_into().unwrap_or_default());
    octets.chunks_exact(4).map(|four| format!("{:08X}", word(four))).collect()
}

/// `tx_queue` of the line with these ends.
fn unacknowledged(list: &str, ends: &str) -> Option<u64> {
    let line = list.lines().find(|line| line.contains(ends))?;
    let queues = line.split_whitespace().nth(4)?;
    u64::from_str_radix(queues.split(':').next()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_lists_is_found_in_either_list() {
        let list = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n   \
                    1: 014D000A:0016 FE4D000A:C001 01 00001A2B:00000000 01:00000014 00000000 0\n";
        let found = |connection: &str| {
            let places = places(connection).unwrap_or_default();
            places.iter().find_map(|(_, ends)| unacknowledged(list, ends))
        };
        if cfg!(target_endian = "little") {
            assert_eq!(found("10.0.77.254 49153 10.0.77.1 22"), Some(0x1A2B));
        }
        assert_eq!(found("10.0.77.254 49154 10.0.77.1 22"), None);
        assert_eq!(found("fe80::1%eth0 49153 fe80::2%eth0 22"), None);
        assert_eq!(found("nonsense"), None);
        assert_eq!(places("10.0.0.1 1 10.0.0.2 2").unwrap().len(), 2);
        assert_eq!(places("::1 1 ::1 2").unwrap().len(), 1);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_client_that_reads_nothing_puts_its_session_behind() {
        use std::{
            io::{Read, Write},
            net::{Shutdown, TcpListener, TcpStream},
        };
        for any in ["127.0.0.1:0", "[::]:0"] {
            // A machine may have no IPv6.
            let Ok(listener) = TcpListener::bind(any) else { continue };
            let port = listener.local_addr().unwrap().port();
            let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let (mut server, _) = listener.accept().unwrap();
            let from = client.local_addr().unwrap().port();
            let mut lag = SshBacklog::of(Some(&format!("127.0.0.1 {from} 127.0.0.1 {port}")));
            assert!(!lag.is_behind());
            server.set_nonblocking(true).unwrap();
            while server.write(&[b'x'; 4096]).is_ok() {}
            // The system's list may miss a line while others come and go, and looking has its pauses.
            let until = |lag: &mut SshBacklog, behind: bool| {
                let begun = Instant::now();
                while lag.is_behind() != behind {
                    assert!(begun.elapsed() < Duration::from_secs(30), "{any} behind: {behind}");
                    std::thread::sleep(Duration::from_millis(1));
                }
            };
            until(&mut lag, true);
            let reading = std::thread::spawn(move || client.read_to_end(&mut Vec::new()).unwrap());
            until(&mut lag, false);
            server.shutdown(Shutdown::Both).unwrap();
            reading.join().unwrap();
        }
    }
}
