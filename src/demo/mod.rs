//! stub
use std::path::{Path, PathBuf};
pub struct Size {
    pub nodes: usize,
    pub services: usize,
    pub tasks: usize,
    pub churn: f64,
}
pub struct Faults;
impl Faults {
    pub fn parse(_: &[String]) -> Result<Self, String> {
        Ok(Self)
    }
}
pub struct Options {
    pub scenario: String,
    pub size: Option<Size>,
    pub seed: u64,
    pub faults: Faults,
}
pub struct Demo(PathBuf);
impl Demo {
    pub fn socket(&self) -> &Path {
        &self.0
    }
}
pub async fn serve(_: &Path, _: Options) -> Result<(), String> {
    Err("".into())
}
pub async fn start(_: &str) -> Result<Demo, String> {
    Err("".into())
}
