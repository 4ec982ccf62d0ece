//! A write changes only what it names: also fields that don't exist yet.

use serde_json::{Value, json};
use skep::action::plan::{Change, Document, ScaleTo, from_yaml, mask_document, to_yaml};

use crate::decoding::fixture;

/// The service with every field, from each engine, and one from the future.
fn documents() -> Vec<Document> {
    let mut out = Vec::new();
    for engine in ["20.10", "26.1", "28.5"] {
        let list: Vec<Value> = serde_json::from_str(&fixture(engine, "services")).unwrap();
        for raw in list {
            let mut raw = raw;
            out.push(Document::read(&raw).unwrap());
            raw["Spec"]["TaskTemplate"]["ContainerSpec"]["Future"] =
                json!({ "Deep": [1, { "X": null }] });
            raw["Spec"]["NewTop"] =
                serde_json::from_str("[18446744073709551617, 1.50, 1e5, -0.0, \"\\u0000\"]")
                    .unwrap();
            out.push(Document::read(&raw).unwrap());
        }
    }
    out
}

#[test]
fn scale_changes_one_number() {
    for document in documents() {
        let Some(now) = document.replicas() else { continue };
        let after = Change::Scale(ScaleTo::By(4)).apply(&document).unwrap();
        let field = if document.spec["Mode"].get("Replicated").is_some() {
            "Replicas"
        } else {
            "TotalCompletions"
        };
        let before = document.spec.to_string();
        let wanted =
            before.replacen(&format!("\"{field}\":{now}"), &format!("\"{field}\":{}", now + 4), 1);
        assert_eq!(after.to_string(), wanted);
    }
}

#[test]
fn image_and_force_change_one_value() {
    for document in documents() {
        let before = document.spec.to_string();
        let image =
            document.spec["TaskTemplate"]["ContainerSpec"]["Image"].as_str().unwrap().to_owned();
        let after = Change::Image("lab/app:7".into()).apply(&document).unwrap();
        let wanted =
            before.replacen(&format!("\"Image\":\"{image}\""), "\"Image\":\"lab/app:7\"", 1);
        assert_eq!(after.to_string(), wanted);
        let after = Change::Force.apply(&document).unwrap();
        let n = document.spec["TaskTemplate"]["ForceUpdate"].as_u64().unwrap();
        let wanted = before.replacen(
            &format!("\"ForceUpdate\":{n}"),
            &format!("\"ForceUpdate\":{}", n + 1),
            1,
        );
        assert_eq!(after.to_string(), wanted);
    }
}

#[test]
fn rollback_is_the_previous_spec_whole() {
    for document in documents() {
        let after = Change::Rollback.apply(&document);
        match &document.previous {
            Some(previous) => assert_eq!(after.as_ref(), Ok(previous)),
            None => assert!(after.unwrap_err().contains("no previous spec")),
        }
    }
}

#[test]
fn the_editor_gives_back_what_was_not_touched() {
    for document in documents() {
        let mut shown = document.spec.clone();
        mask_document(&mut shown);
        let text = to_yaml(&shown);
        assert!(!text.contains("hunter2") && !text.contains("API_TOKEN=tok"), "{text}");
        let back = from_yaml(&text, &document.spec).unwrap();
        assert_eq!(
            back.to_string(),
            document.spec.to_string(),
            "untouched is byte for byte the same"
        );
        let edited = text.replacen("Image: lab/app:", "Image: lab/other:", 1);
        let back = from_yaml(&edited, &document.spec).unwrap().to_string();
        let wanted =
            document.spec.to_string().replacen("\"Image\":\"lab/app:", "\"Image\":\"lab/other:", 1);
        assert_eq!(back, wanted);
    }
}
