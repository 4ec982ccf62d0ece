//! Changes to services and nodes: [`plan`] (pure) → [`execute`] → [`follow`] until they converge.

pub mod audit;
pub mod execute;
pub mod follow;
pub mod plan;
