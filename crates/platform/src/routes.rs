//! Which paths and methods exist, read from an OpenAPI document: answers 404 and 405 apart, and finds a route without
//! allocating.

use std::collections::BTreeMap;

use http::Method;

/// Methods and paths with something of type `T` for each.
#[derive(Debug)]
pub struct RouteTable<T> {
    root: Node<T>,
}

#[derive(Debug)]
struct Node<T> {
    literal: BTreeMap<Box<str>, Node<T>>,
    any: Option<Box<Node<T>>>,
    methods: Vec<(Method, T)>,
}

/// What a look-up found.
#[derive(Debug)]
pub enum Found<'a, T> {
    /// The route.
    Route(&'a T),
    /// The path exists, the method does not; the methods that do.
    OtherMethods(Vec<&'a Method>),
    /// No such path.
    Nothing,
}

impl<T> Node<T> {
    const fn new() -> Self {
        Self {
            literal: BTreeMap::new(),
            any: None,
            methods: Vec::new(),
        }
    }

    /// The node of a path; literal segments go before `{…}`.
    fn find(&self, path: &str) -> Option<&Self> {
        let Some(rest) = path.strip_prefix('/') else {
            return (path.is_empty() && !self.methods.is_empty()).then_some(self);
        };
        let (segment, rest) = rest.find('/').map_or((rest, ""), |end| rest.split_at(end));
        if segment.is_empty() {
            return None;
        }
        let literal = self.literal.get(segment).and_then(|node| node.find(rest));
        literal.or_else(|| self.any.as_ref().and_then(|node| node.find(rest)))
    }
}

impl<T> RouteTable<T> {
    /// A table in which nothing exists.
    pub const fn new() -> Self {
        Self { root: Node::new() }
    }

    /// Adds a route. `template` is a path as in OpenAPI, `/datasets/{id}`.
    pub fn add(&mut self, method: Method, template: &str, value: T) {
        let mut node = &mut self.root;
        for segment in template.split('/').skip(1) {
            node = if segment.starts_with('{') {
                node.any.get_or_insert_with(|| Box::new(Node::new()))
            } else {
                node.literal.entry(segment.into()).or_insert_with(Node::new)
            };
        }
        node.methods.retain(|(known, _)| *known != method);
        node.methods.push((method, value));
    }

    /// Finds the route of a request.
    pub fn find(&self, method: &Method, path: &str) -> Found<'_, T> {
        let Some(node) = self.root.find(path) else {
            return Found::Nothing;
        };
        match node.methods.iter().find(|(known, _)| known == method) {
            Some((_, value)) => Found::Route(value),
            None => Found::OtherMethods(node.methods.iter().map(|(known, _)| known).collect()),
        }
    }
}

impl<T> Default for RouteTable<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// The methods as an `Allow` header, sorted.
pub fn allow(methods: &[&Method]) -> String {
    let mut names: Vec<_> = methods.iter().map(|method| method.as_str()).collect();
    names.sort_unstable();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> RouteTable<u8> {
        let mut table = RouteTable::new();
        table.add(Method::GET, "/datasets", 1);
        table.add(Method::POST, "/datasets", 2);
        table.add(Method::GET, "/datasets/{id}", 3);
        table.add(Method::GET, "/datasets/_suggest", 4);
        table.add(Method::POST, "/datasets/{id}/dataset-versions", 5);
        table
    }

    #[test]
    fn literal_segments_go_before_parameters() {
        let table = table();
        assert!(matches!(
            table.find(&Method::GET, "/datasets/_suggest"),
            Found::Route(4)
        ));
        assert!(matches!(
            table.find(&Method::GET, "/datasets/x"),
            Found::Route(3)
        ));
        assert!(matches!(
            table.find(&Method::POST, "/datasets/_suggest/dataset-versions"),
            Found::Route(5)
        ));
    }

    #[test]
    fn unknown_paths_and_trailing_slashes_are_nothing() {
        let table = table();
        for path in [
            "",
            "/",
            "/dataset",
            "/datasets/",
            "//datasets",
            "/datasets/x/",
            "/datasets//dataset-versions",
        ] {
            assert!(
                matches!(table.find(&Method::GET, path), Found::Nothing),
                "{path}"
            );
        }
        assert!(matches!(
            table.find(&Method::GET, "/datasets/x/y"),
            Found::Nothing
        ));
    }

    #[test]
    fn another_method_names_the_ones_that_exist() {
        let table = table();
        let Found::OtherMethods(methods) = table.find(&Method::DELETE, "/datasets") else {
            unreachable!()
        };
        assert_eq!(allow(&methods), "GET, POST");
    }
}
