//! Which addresses messages may go to: those of the Internet, and networks that the operator allows.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Networks of IPv4 that are not the Internet's, as IANA lists them for special purposes.
const SPECIAL_4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    // between a provider and its customers
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // link-local, where clouds tell their machines secrets
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    // documentation, relays to IPv6, benchmarks
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // multicast, and what is reserved
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The part of IPv6 that the Internet has, …
const GLOBAL_6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
/// … without these: protocols' own and Teredo, documentation, 6to4, documentation.
const SPECIAL_6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];
/// Addresses of IPv4 as networks without it write them: the last 32 bits.
const NAT64: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// Where messages may go besides the Internet.
#[derive(Clone, Debug, Default)]
pub struct Networks(Vec<IpNet>);

/// Why a text names no networks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is no network: write networks as in 10.1.0.0/16,127.0.0.1/32, with commas between")]
pub struct NetworksError(String);

impl FromStr for Networks {
    type Err = NetworksError;

    fn from_str(text: &str) -> Result<Self, NetworksError> {
        let all = text.split(',').map(str::trim).filter(|one| !one.is_empty());
        let all = all.map(|one| one.parse().map_err(|_| NetworksError(one.to_owned())));
        all.collect::<Result<_, _>>().map(Self)
    }
}

impl Networks {
    /// Whether messages may go to an address; `bare`: without encryption, which is for allowed networks only.
    pub(super) fn lets(&self, address: IpAddr, bare: bool) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address)) || (!bare && is_public(address))
    }

    /// Whether there is any network that may be reached without encryption.
    pub(super) fn lets_bare(&self) -> bool {
        !self.0.is_empty()
    }
}

/// Whether an address is one of the Internet's, in whatever form it is written.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => !SPECIAL_4.iter().any(|network| within_4(address, *network)),
        IpAddr::V6(address) if within_6(address, NAT64) => {
            let [.., a, b, c, d] = address.octets();
            is_public(IpAddr::V4(Ipv4Addr::new(a, b, c, d)))
        }
        IpAddr::V6(address) => {
            within_6(address, GLOBAL_6)
                && !SPECIAL_6.iter().any(|network| within_6(address, *network))
        }
    }
}

fn within_4(address: Ipv4Addr, (network, bits): (Ipv4Addr, u32)) -> bool {
    (address.to_bits() ^ network.to_bits()) >> (32 - bits) == 0
}

fn within_6(address: Ipv6Addr, (network, bits): (Ipv6Addr, u32)) -> bool {
    (address.to_bits() ^ network.to_bits()) >> (128 - bits) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_internet_and_others() {
        let public = [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "203.0.112.255",
            "223.255.255.255",
            "2001:200::1",
            "2606:4700:4700::1111",
            "2a00:1450:4001::1",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
        ];
        let not = [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            // the same in forms of IPv6: mapped, compatible, translated, 6to4, Teredo
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:a9fe:a9fe",
            "::127.0.0.1",
            "::1.1.1.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::1.1.1.1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2001:0:53aa:64c::1",
            "2001:db8::1",
            "3fff::1",
            "100::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ];
        for (addresses, expected) in [(&public[..], true), (&not[..], false)] {
            for address in addresses {
                let found = is_public(address.parse().unwrap());
                assert_eq!(found, expected, "{address}");
            }
        }
    }

    #[test]
    fn the_operators_own_networks() {
        let networks: Networks = " 10.1.0.0/16, fd00:1::/32,".parse().unwrap();
        let lets = |address: &str, bare| networks.lets(address.parse().unwrap(), bare);
        for bare in [false, true] {
            assert!(lets("10.1.2.3", bare));
            assert!(lets("::ffff:10.1.2.3", bare));
            assert!(lets("fd00:1::5", bare));
            assert!(!lets("10.2.0.1", bare));
            assert!(!lets("127.0.0.1", bare));
        }
        assert!(!"".parse::<Networks>().unwrap().lets_bare());
        assert!("10.1.0.0/33".parse::<Networks>().is_err());
        assert!("10.1.0.0".parse::<Networks>().is_err());
        assert!(lets("1.1.1.1", false));
        assert!(!lets("1.1.1.1", true), "not in the clear over the Internet");
    }
}
