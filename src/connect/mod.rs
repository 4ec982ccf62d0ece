//! Connections to engines: the endpoints there are ([`choose()`]), the address of one ([`Endpoint`]), and
//! a byte stream to it ([`Connector`]), over a local socket, TCP, TLS or the system's ssh.
//!
//! One connector serves both our own HTTP client and bollard; nothing above this module knows which
//! kind it talks over.

mod choose;
mod connector;
mod context;
mod endpoint;
mod node_endpoint;
mod socket_dir;
mod ssh;
mod ssh_holder;
mod tls;
mod way;

pub use choose::{Choice, Unopened, Wanted, choose, unopened};
pub use connector::{Connector, Stream, TlsError};
pub use context::{DockerContext, DockerDir};
pub use endpoint::{Endpoint, EndpointError, SshTarget};
pub use node_endpoint::{NodeAddress, NodeRoute, NodeSettings, node_route};
pub use socket_dir::private_dir;
pub use ssh::{SshError, SshPrompts};
pub use ssh_holder::hold;
pub use tls::{TlsFiles, trouble as tls_trouble};
pub use way::Way;
