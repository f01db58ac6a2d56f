//! Enumerations that cross the wire: spelled as the contract spells them, and tolerant of what a newer peer adds.

/// Declares an enumeration whose variants have one spelling in JSON, on the command line and in messages, and a
/// last variant that stands for every spelling that this version does not know.
macro_rules! wire_enum {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal,)* ; $(#[$ometa:meta])* $other:ident = $otext:literal $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS))]
        $vis enum $name {
            $($(#[$vmeta])* #[serde(rename = $text)] $variant,)*
            $(#[$ometa])* #[serde(rename = $otext, other)] $other,
        }
        impl $name {
            /// Every variant but the stand-in for what a newer version may add.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];
            /// The spelling in JSON and in messages.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)* $name::$other => $otext }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.pad(self.as_str()) }
        }
        impl std::str::FromStr for $name {
            type Err = ();
            fn from_str(s: &str) -> Result<Self, ()> {
                match s { $($text => Ok($name::$variant),)* $otext => Ok($name::$other), _ => Err(()) }
            }
        }
    };
}
pub(crate) use wire_enum;
