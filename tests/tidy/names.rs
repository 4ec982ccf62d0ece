//! One word, one meaning.

use std::{collections::BTreeMap, fs};

use syn::{Ident, visit::Visit};

use crate::{root, sources};

/// The types of a file. What is defined within a function is that function's own, and what is
/// defined for tests is theirs.
#[derive(Default)]
struct Types(Vec<String>);

/// `#[cfg(test)]`
fn is_of_tests(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute.parse_args::<syn::Path>().is_ok_and(|condition| condition.is_ident("test"))
}

impl Types {
    fn add(&mut self, name: &Ident) {
        self.0.push(name.to_string());
    }
}

impl<'a> Visit<'a> for Types {
    fn visit_item(&mut self, item: &'a syn::Item) {
        match item {
            syn::Item::Struct(i) => self.add(&i.ident),
            syn::Item::Enum(i) => self.add(&i.ident),
            syn::Item::Trait(i) => self.add(&i.ident),
            syn::Item::TraitAlias(i) => self.add(&i.ident),
            syn::Item::Type(i) => self.add(&i.ident),
            syn::Item::Union(i) => self.add(&i.ident),
            syn::Item::Mod(i) if i.attrs.iter().any(is_of_tests) => {}
            syn::Item::Mod(_) => syn::visit::visit_item(self, item),
            _ => {}
        }
    }
}

/// Who reads a type's name knows which type it is: no two of them share one.
#[test]
fn no_two_types_have_one_name() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let src = root().join("src");
    for file in sources(&src) {
        let mut types = Types::default();
        types.visit_file(&syn::parse_file(&fs::read_to_string(&file).unwrap()).unwrap());
        let file = file.strip_prefix(&src).unwrap().display().to_string();
        types.0.into_iter().for_each(|name| places.entry(name).or_default().push(file.clone()));
    }
    assert!(places.len() > 400, "only {} types were found", places.len());
    places.retain(|_, files| files.len() > 1);
    assert_eq!(places, BTreeMap::new());
}
