//! How an engine is reached: where it is ([`Endpoint`]) and a byte stream to it ([`Connector`]).
//!
//! One connector serves both our own HTTP client and bollard. TLS and SSH come as further kinds of
//! [`Endpoint`]; nothing above this module knows which kind it talks over.

mod connector;
mod endpoint;

pub use connector::{Connector, Stream};
pub use endpoint::{Endpoint, EndpointError, choose};
