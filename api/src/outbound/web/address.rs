//! Which addresses a tenant may have us reach: those of the public internet, and none of our own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// Whether the address is one of the public internet and not this machine's.
pub fn is_reachable(address: IpAddr) -> bool {
    let public = match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    };
    public && !is_ours(address)
}

/// What is not listed as special by IANA (IPv4 Special-Purpose Address Registry), nor for many (multicast).
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, d] = address.octets();
    !matches!(
        (a, b, c, d),
        (0 | 10 | 127 | 224..=255, ..)      // this network, private, loopback, multicast, reserved, broadcast
            | (100, 64..=127, ..)           // shared, behind carriers' NAT; the metadata of Alibaba Cloud
            | (169, 254, ..)                // link-local; the metadata of most clouds
            | (172, 16..=31, ..)            // private
            | (192, 168, ..)                // private
            | (192, 0, 0 | 2, _)            // protocol assignments, documentation
            | (192, 88, 99, _)              // 6to4 relays
            | (198, 18..=19, ..)            // benchmarks
            | (198, 51, 100, _)             // documentation
            | (203, 0, 113, _)              // documentation
            | (168, 63, 129, 16) // the metadata of Azure, at a public address
    )
}

/// Global unicast addresses (2000::/3) that hold no other address; and what stands for a public address of IPv4: mapped
/// (`::ffff:a.b.c.d`), or by NAT64 (64:ff9b::/96, RFC 6052).
fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(v4) = address.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    let [a, b, c, d, e, f, high, low] = address.segments();
    if [a, b, c, d, e, f] == [0x64, 0xff9b, 0, 0, 0, 0] {
        let [[w, x], [y, z]] = [high.to_be_bytes(), low.to_be_bytes()];
        return is_public_v4(Ipv4Addr::new(w, x, y, z));
    }
    let special = matches!(
        (a, b),
        (0x2001, 0x0000..=0x01ff)           // protocol assignments, Teredo among them
            | (0x2001, 0x0db8)              // documentation
            | (0x2002, _)                   // 6to4: holds an address of IPv4
            | (0x3fff, 0x0000..=0x0fff) // documentation
    );
    (0x2000..=0x3fff).contains(&a) && !special
}

/// Whether the address is this machine's: only those can be bound.
fn is_ours(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_that_is_private_or_special_is_reachable() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_reachable(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn addresses_of_the_public_internet_are_reachable() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.254",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2606:4700::1111",
            "2a00:1450:4001::1",
        ] {
            assert!(is_reachable(text.parse().unwrap()), "{text}");
        }
    }
}
