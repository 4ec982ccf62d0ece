//! Enums of the engine's own values.

/// An enum of the engine's words that keeps any word it does not know.
///
/// An engine newer than skep may say something new; that must neither fail a list nor be lost, so
/// every such enum ends in `Other(word)`.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "the engine's own words")]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
            /// A word this version of skep does not know, kept as it came.
            Other(std::sync::Arc<str>),
        }

        impl $name {
            /// Reads the engine's word.
            pub fn from_word(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)+
                    other => Self::Other(other.into()),
                }
            }

            /// The engine's word.
            pub fn word(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.word())
            }
        }
    };
}

pub(super) use words;
