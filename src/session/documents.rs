//! Documents read on request, beside the watching.

use super::{
    fleet::Out,
    message::{Event, RawKind, Token},
};
use crate::{
    action::{execute, plan::Target},
    engine::Engine,
};

/// Reads documents to plan with. Any that fails fails the whole: a plan for a marked
/// set must not silently leave one out.
pub(super) fn read(engine: &Engine, out: &Out, token: Token, targets: Vec<Target>) {
    let (engine, out) = (engine.clone(), out.clone());
    tokio::spawn(async move {
        let mut documents = Vec::with_capacity(targets.len());
        let mut failed = None;
        for target in targets {
            match execute::read(&engine, &target).await {
                Ok(document) => documents.push(document),
                Err(error) => {
                    failed = Some(error.to_string());
                    break;
                }
            }
        }
        let result = failed.map_or(Ok(documents), Err);
        let _ = out.send(Event::Documents(token, result)).await;
    });
}

/// Reads one document to show.
pub(super) fn raw(engine: &Engine, out: &Out, token: Token, kind: RawKind, id: String) {
    let (engine, out) = (engine.clone(), out.clone());
    tokio::spawn(async move {
        let read = engine.document(kind.path(), &id).await.map_err(|e| e.to_string());
        let value = read.and_then(|b| serde_json::from_slice(&b).map_err(|e| e.to_string()));
        let _ = out.send(Event::Raw(token, value.map(Box::new))).await;
    });
}
