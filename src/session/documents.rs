//! Documents read on request, beside the watching.

use crate::session::{
    jobs::caught,
    outbox::Out,
    protocol::{Event, RawKind, Token},
};
use crate::{
    action::{
        execute,
        plan::{ReadObject, Target},
    },
    engine::Engine,
};

/// Reads documents to plan with. Any that fails fails the whole: a plan for a marked
/// set must not silently leave one out.
pub(super) fn read(engine: &Engine, out: &Out, token: Token, targets: Vec<Target>) {
    let (engine, out) = (engine.clone(), out.clone());
    tokio::spawn(async move {
        let read = async {
            let mut documents = Vec::with_capacity(targets.len());
            for target in &targets {
                documents.push(execute::read(&engine, target).await?);
            }
            Ok(documents)
        };
        let read = caught(&engine.endpoint().to_string(), read).await.and_then(|read| read);
        let _ = out.send(Event::Documents(token, read.map_err(|e| e.to_string()))).await;
    });
}

/// Reads each object back. One that can't be read does not affect the others.
pub(super) fn find(engine: &Engine, out: &Out, token: Token, targets: Vec<Target>) {
    let (engine, out) = (engine.clone(), out.clone());
    tokio::spawn(async move {
        let endpoint = engine.endpoint().to_string();
        let mut all = Vec::with_capacity(targets.len());
        for target in targets {
            let found = caught(&endpoint, execute::find(&engine, &target)).await;
            let found = found.unwrap_or_else(|fault| ReadObject::Unreadable(fault.to_string()));
            all.push((target, found));
        }
        let _ = out.send(Event::ReadBack(token, all)).await;
    });
}

/// Reads one document to show.
pub(super) fn raw(engine: &Engine, out: &Out, token: Token, kind: RawKind, id: String) {
    let (engine, out) = (engine.clone(), out.clone());
    tokio::spawn(async move {
        let read = engine.document(kind.path(), &id);
        let read = caught(&engine.endpoint().to_string(), read).await.and_then(|read| read);
        let read = read.map_err(|e| e.to_string());
        let value = read.and_then(|b| serde_json::from_slice(&b).map_err(|e| e.to_string()));
        let _ = out.send(Event::Raw(token, value.map(Box::new))).await;
    });
}
