//! Who is at the other end of a connection over loopback.

use std::net::SocketAddr;

/// Whether the other end of a connection belongs to the user of this process, or to root, who can read everything anyway.
///
/// ## Platform-specific
///
/// - **Linux**: reads the owner of the socket in `/proc/net`. Where that cannot be read, everybody is accepted.
/// - **Windows, macOS**: everybody is accepted.
#[cfg(target_os = "linux")]
pub(super) async fn is_own_user(local: SocketAddr, peer: SocketAddr) -> bool {
    // The kernel lists sockets in several steps, so that one may be missing when others come and go.
    const ATTEMPTS: usize = 3;
    let look = move || {
        for _ in 0..ATTEMPTS {
            let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| std::fs::read_to_string(path).ok());
            let tables: Vec<String> = tables.into_iter().flatten().collect();
            match sockets::owners(&tables, local, peer) {
                sockets::Owners { own: None, .. } => return true,
                sockets::Owners { own: Some(own), peer: Some(peer) } => return peer == own || peer == sockets::ROOT,
                sockets::Owners { peer: None, .. } => {}
            }
        }
        false
    };
    tokio::task::spawn_blocking(look).await.unwrap_or(false)
}

#[cfg(not(target_os = "linux"))]
#[allow(clippy::unused_async, reason = "the other variant waits")]
pub(super) async fn is_own_user(_: SocketAddr, _: SocketAddr) -> bool {
    true
}

/// The kernel's tables of sockets, `/proc/net/tcp` and `/proc/net/tcp6`.
#[cfg(target_os = "linux")]
mod sockets {
    use std::net::{IpAddr, SocketAddr};

    pub(super) const ROOT: u32 = 0;

    const ESTABLISHED: &str = "01";
    const LISTEN: &str = "0A";

    /// The owners of the listening socket, which is this process, and of the client's end of a connection to it.
    #[derive(Debug, Default, PartialEq, Eq)]
    pub(super) struct Owners {
        pub(super) own: Option<u32>,
        pub(super) peer: Option<u32>,
    }

    /// Finds the owners. A client may use an IPv6 socket for an IPv4 address, so both spellings count.
    pub(super) fn owners(tables: &[String], local: SocketAddr, peer: SocketAddr) -> Owners {
        let (local, peer) = (spellings(local), spellings(peer));
        let mut found = Owners::default();
        for row in tables.iter().flat_map(|table| table.lines()) {
            let fields: Vec<&str> = row.split_whitespace().collect();
            let &[_, from, to, state, _, _, _, owner, ..] = fields.as_slice() else { continue };
            let Ok(owner) = owner.parse() else { continue };
            let is = |address: &[String; 2], text: &str| address.iter().any(|spelling| spelling == text);
            if state == LISTEN && is(&local, from) {
                found.own = Some(owner);
            } else if state == ESTABLISHED && is(&peer, from) && is(&local, to) {
                found.peer = Some(owner);
            }
        }
        found
    }

    /// The address as the kernel writes it: in words of the machine's byte order, as it is and mapped to IPv6.
    fn spellings(address: SocketAddr) -> [String; 2] {
        let words = |bytes: &[u8]| -> String {
            let words = bytes.chunks_exact(4).map(|word| u32::from_ne_bytes([word[0], word[1], word[2], word[3]]));
            format!("{}:{:04X}", words.map(|word| format!("{word:08X}")).collect::<String>(), address.port())
        };
        match address.ip() {
            IpAddr::V4(ip) => [words(&ip.octets()), words(&ip.to_ipv6_mapped().octets())],
            IpAddr::V6(ip) => [words(&ip.octets()), words(&ip.octets())],
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        /// One app of user 1000 that listens on port 0xA0B2, and three clients.
        #[cfg(target_endian = "little")]
        const TABLES: [&str; 2] = [
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:A0B2 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0
   1: 0100007F:A0B2 0100007F:1001 01 00000000:00000000 00:00000000 00000000  1000        0 2 1 0
   2: 0100007F:1001 0100007F:A0B2 01 00000000:00000000 00:00000000 00000000  1000        0 3 1 0
   3: 0100007F:1002 0100007F:A0B2 01 00000000:00000000 00:00000000 00000000 65534        0 4 1 0
   4: 0100007F:1004 0100007F:A0B2 06 00000000:00000000 03:00000000 00000000     0        0 0 3 0
   5: 0100007F:1001 0100007F:BEEF 01 00000000:00000000 00:00000000 00000000 65534        0 5 1 0
",
            "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0000000000000000FFFF00000100007F:1003 0000000000000000FFFF00000100007F:A0B2 01 00000000:00000000 00:00000000 00000000 65533 0 6 1 0
",
        ];

        #[test]
        #[cfg(target_endian = "little")]
        fn owners_finds_the_client_in_both_tables() {
            let tables = TABLES.map(str::to_owned);
            let local = SocketAddr::from(([127, 0, 0, 1], 0xA0B2));
            for (port, peer) in [
                (0x1001, Some(1000)),
                (0x1002, Some(65534)),
                (0x1003, Some(65533)),
                // Closed by the client: the kernel no longer knows whose it was, and writes 0.
                (0x1004, None),
                (0x1005, None),
            ] {
                let client = SocketAddr::from(([127, 0, 0, 1], port));
                assert_eq!(owners(&tables, local, client), Owners { own: Some(1000), peer }, "{port:x}");
            }
            assert_eq!(owners(&[], local, local), Owners::default());
            assert_eq!(owners(&["garbage\n1 2 3 4 5 6 7 x 9".to_owned()], local, local), Owners::default());
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn is_own_user_accepts_sockets_of_this_process_and_refuses_unknown_ones() {
        let listener = tokio::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let local = listener.local_addr().unwrap();
        let client = tokio::net::TcpStream::connect(local).await.unwrap();
        assert!(is_own_user(local, client.local_addr().unwrap()).await);
        // An IPv6 socket, connected to the mapped address.
        let mapped = SocketAddr::from((std::net::Ipv4Addr::LOCALHOST.to_ipv6_mapped(), local.port()));
        if let Ok(client) = tokio::net::TcpStream::connect(mapped).await {
            let (_stream, peer) = {
                let first = listener.accept().await.unwrap();
                if first.1.port() == client.local_addr().unwrap().port() {
                    first
                } else {
                    listener.accept().await.unwrap()
                }
            };
            assert!(is_own_user(local, peer).await);
        }
        let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
        assert!(!is_own_user(local, nobody).await);
    }
}
