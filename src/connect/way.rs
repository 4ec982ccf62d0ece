//! Ways to an engine.

use std::fmt;

/// The way to an engine, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A socket of this machine.
    Local,
    /// Over ssh; how on the other side is not decided yet.
    Ssh,
    /// sshd connects to the socket itself.
    SshSocket,
    /// `docker system dial-stdio` over there.
    SshStdio,
    /// TCP with TLS.
    Tls,
    /// Encrypted, but nobody checks who answers.
    TlsUnverified,
    /// TCP that does not leave this machine.
    TcpLocal,
    /// TCP that anyone on the way may read and change.
    TcpPlain,
}

impl Way {
    /// Whether nobody on the way can read what is said, or answer in the engine's place.
    pub fn is_safe(self) -> bool {
        !matches!(self, Self::TlsUnverified | Self::TcpPlain)
    }

    fn words(self) -> &'static str {
        match self {
            Self::Local => "local socket",
            Self::Ssh => "ssh",
            Self::SshSocket => "ssh, forwarded socket",
            Self::SshStdio => "ssh, dial-stdio",
            Self::Tls => "TLS",
            Self::TlsUnverified => "TLS, not verified",
            Self::TcpLocal => "plain tcp",
            Self::TcpPlain => "plain tcp, readable by anyone on the way",
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_in_the_words_of_what_is_not_safe() {
        for (way, warning) in [
            (Way::TlsUnverified, Some("not verified")),
            (Way::TcpPlain, Some("readable by anyone")),
            (Way::TcpLocal, None),
            (Way::SshStdio, None),
            (Way::Tls, None),
        ] {
            assert_eq!(way.is_safe(), warning.is_none(), "{way}");
            assert!(warning.is_none_or(|words| way.to_string().contains(words)), "{way}");
        }
    }
}
