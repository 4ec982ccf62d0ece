//! Changes to services and nodes, and deploys of stacks: [`plan`] (pure) → [`execute`] → [`follow`] until they converge.

pub mod audit;
mod deploy;
pub mod execute;
pub mod follow;
pub mod plan;
