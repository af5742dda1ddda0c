//! Finds cyclic dependencies between the files of a crate.
//!
//! A file depends on another one if it names something that is defined there, in a `use` or by a path that begins with
//! `crate`, `self` or `super`. Re-exports are followed to the definition. Tests may depend on anything.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Item, UseTree};

use crate::process::root;

/// The crates that are checked.
const CRATES: &[&str] = &["crates/clerk-core/src", "src", "crates/emulator/src"];

/// `cargo xtask modules`: prints the dependencies, and fails if any are cyclic.
pub(crate) fn list() -> Result<(), String> {
    run(true)
}

/// A step of `cargo xtask test`: fails if any dependencies are cyclic.
pub(crate) fn check() -> Result<(), String> {
    run(false)
}

fn run(print: bool) -> Result<(), String> {
    let mut cycles = Vec::new();
    for folder in CRATES {
        let modules = Crate::read(&root().join(folder))?;
        let graph = modules.dependencies();
        for (file, needs) in graph.iter().filter(|_| print) {
            println!("{} → {}", short(file), needs.keys().map(|file| short(file)).collect::<Vec<_>>().join(", "));
        }
        let edges: usize = graph.values().map(BTreeMap::len).sum();
        println!("{folder}: {} files, {edges} dependencies between them", modules.files().len());
        cycles.extend(find_cycles(&graph));
    }
    if cycles.is_empty() {
        return Ok(());
    }
    Err(format!(
        "files must not depend on each other in a cycle; move what they share to a file of its own:\n{}",
        cycles.join("\n")
    ))
}

type ModulePath = Vec<String>;

/// The other files that a file depends on, with the paths that name them.
type Graph = BTreeMap<PathBuf, BTreeMap<PathBuf, BTreeSet<String>>>;

#[derive(Default)]
struct Module {
    file: PathBuf,
    items: BTreeSet<String>,
    /// The imports of the module: name and path. A glob has the name `*`.
    imports: Vec<(String, Vec<String>)>,
    /// Paths in code, apart from `use`.
    paths: Vec<Vec<String>>,
}

struct Crate {
    modules: BTreeMap<ModulePath, Module>,
}

impl Crate {
    fn read(folder: &Path) -> Result<Self, String> {
        let mut found = Self { modules: BTreeMap::new() };
        let main = ["lib.rs", "main.rs"].map(|name| folder.join(name)).into_iter().find(|path| path.exists());
        let main = main.ok_or_else(|| format!("{} has neither lib.rs nor main.rs", folder.display()))?;
        found.read_file(&main, folder, Vec::new())?;
        Ok(found)
    }

    /// Reads a file and, through its `mod` items, those below it. The files of its modules are in `folder`.
    fn read_file(&mut self, file: &Path, folder: &Path, path: ModulePath) -> Result<(), String> {
        let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let parsed = syn::parse_file(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        self.read_items(&parsed.items, file, folder, path)
    }

    fn read_items(&mut self, items: &[Item], file: &Path, folder: &Path, path: ModulePath) -> Result<(), String> {
        let mut module = Module { file: file.to_path_buf(), ..Module::default() };
        for item in items {
            if is_test(item) {
                continue;
            }
            match item {
                Item::Use(item) => {
                    imports(&item.tree, &mut Vec::new(), &mut module.imports);
                }
                Item::Mod(item) => {
                    let name = item.ident.to_string();
                    let below = [path.clone(), vec![name.clone()]].concat();
                    if let Some((_, items)) = &item.content {
                        self.read_items(items, file, &folder.join(&name), below)?;
                    } else {
                        let file = [folder.join(format!("{name}.rs")), folder.join(&name).join("mod.rs")];
                        let file = file.into_iter().find(|file| file.exists());
                        let file = file.ok_or_else(|| format!("{}: no file for mod {name}", folder.display()))?;
                        self.read_file(&file, &folder.join(&name), below)?;
                    }
                }
                other => {
                    module.items.extend(name_of(other));
                    let mut tokens = TokenStream::new();
                    other.to_tokens(&mut tokens);
                    paths(tokens, &mut module.paths);
                }
            }
        }
        self.modules.insert(path, module);
        Ok(())
    }

    fn files(&self) -> BTreeSet<&Path> {
        self.modules.values().map(|module| module.file.as_path()).collect()
    }

    fn dependencies(&self) -> Graph {
        let mut graph = Graph::new();
        for (path, module) in &self.modules {
            let imported = module.imports.iter().map(|(_, target)| target);
            for target in imported.chain(&module.paths) {
                let Some(owner) = self.owner(path, target, 0) else { continue };
                let file = &self.modules[&owner].file;
                if *file != module.file {
                    let edges = graph.entry(module.file.clone()).or_default();
                    edges.entry(file.clone()).or_default().insert(target.join("::"));
                }
            }
        }
        graph
    }

    /// Returns the module that defines what `target` names inside `module`.
    fn owner(&self, module: &ModulePath, target: &[String], depth: usize) -> Option<ModulePath> {
        // Re-exports of each other would never end.
        if depth > 20 {
            return None;
        }
        let mut at = module.clone();
        let mut rest = target;
        match rest.first()?.as_str() {
            "crate" => (at, rest) = (Vec::new(), &rest[1..]),
            "self" => rest = &rest[1..],
            "super" => {}
            // Relative to the module, or another crate.
            first => {
                let child = [at.clone(), vec![first.to_owned()]].concat();
                if !self.modules.contains_key(&child) {
                    return None;
                }
            }
        }
        while rest.first().is_some_and(|segment| segment == "super") {
            at.pop()?;
            rest = &rest[1..];
        }
        loop {
            let Some(name) = rest.first() else { return Some(at) };
            let child = [at.clone(), vec![name.clone()]].concat();
            if self.modules.contains_key(&child) {
                (at, rest) = (child, &rest[1..]);
                continue;
            }
            let here = self.modules.get(&at)?;
            if name == "*" || here.items.contains(name) {
                return Some(at);
            }
            let named = here.imports.iter().find(|(alias, _)| alias == name);
            let globs = here.imports.iter().filter(|(alias, _)| alias == "*").map(|(_, path)| {
                let mut path = path.clone();
                path.pop();
                path.push(name.clone());
                path
            });
            let targets: Vec<Vec<String>> = match named {
                Some((_, path)) => vec![path.clone()],
                None => globs.collect(),
            };
            let found = targets.iter().find_map(|path| self.owner(&at, path, depth + 1));
            return found.or(named.is_none().then_some(at));
        }
    }
}

fn is_test(item: &Item) -> bool {
    let attributes = match item {
        Item::Mod(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        _ => return false,
    };
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg") && attribute.meta.to_token_stream().to_string().contains("test")
    })
}

fn name_of(item: &Item) -> Vec<String> {
    match item {
        Item::Const(item) => vec![item.ident.to_string()],
        Item::Enum(item) => vec![item.ident.to_string()],
        Item::Fn(item) => vec![item.sig.ident.to_string()],
        Item::Static(item) => vec![item.ident.to_string()],
        Item::Struct(item) => vec![item.ident.to_string()],
        Item::Trait(item) => vec![item.ident.to_string()],
        Item::Type(item) => vec![item.ident.to_string()],
        Item::Macro(item) => match &item.ident {
            Some(name) => vec![name.to_string()],
            None => declared(item.mac.tokens.clone()),
        },
        _ => Vec::new(),
    }
}

/// Returns the names that a macro call may declare: every identifier that begins with a capital letter.
fn declared(tokens: TokenStream) -> Vec<String> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let names = tokens.iter().filter_map(|token| match token {
        TokenTree::Ident(name) if name.to_string().starts_with(char::is_uppercase) => Some(name.to_string()),
        _ => None,
    });
    names.collect()
}

fn imports(tree: &UseTree, prefix: &mut Vec<String>, found: &mut Vec<(String, Vec<String>)>) {
    match tree {
        UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            imports(&path.tree, prefix, found);
            prefix.pop();
        }
        UseTree::Name(name) if name.ident == "self" => {
            found.push((prefix.last().cloned().unwrap_or_default(), prefix.clone()));
        }
        UseTree::Name(name) => {
            found.push((name.ident.to_string(), [prefix.clone(), vec![name.ident.to_string()]].concat()));
        }
        UseTree::Rename(rename) => {
            found.push((rename.rename.to_string(), [prefix.clone(), vec![rename.ident.to_string()]].concat()));
        }
        UseTree::Glob(_) => found.push(("*".to_owned(), [prefix.clone(), vec!["*".to_owned()]].concat())),
        UseTree::Group(group) => group.items.iter().for_each(|tree| imports(tree, prefix, found)),
    }
}

/// Collects the paths in `tokens` that begin with `crate`, `self` or `super`.
fn paths(tokens: TokenStream, found: &mut Vec<Vec<String>>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut index = 0;
    while index < tokens.len() {
        match &tokens[index] {
            TokenTree::Group(group) => paths(group.stream(), found),
            TokenTree::Ident(first) if ["crate", "self", "super"].contains(&first.to_string().as_str()) => {
                let mut path = vec![first.to_string()];
                while let [TokenTree::Punct(one), TokenTree::Punct(two), TokenTree::Ident(next), ..] =
                    &tokens[index + 1..]
                    && one.as_char() == ':'
                    && two.as_char() == ':'
                {
                    path.push(next.to_string());
                    index += 3;
                }
                if path.len() > 1 {
                    found.push(path);
                }
            }
            _ => {}
        }
        index += 1;
    }
}

/// Describes each set of files that can all reach each other.
fn find_cycles(graph: &Graph) -> Vec<String> {
    let reachable: BTreeMap<&PathBuf, BTreeSet<&PathBuf>> =
        graph.keys().map(|file| (file, reachable_from(file, graph))).collect();
    let mut cycles = BTreeMap::new();
    for (file, reached) in &reachable {
        let cycle: BTreeSet<&PathBuf> = reached
            .iter()
            .copied()
            .filter(|other| reachable.get(*other).is_some_and(|back| back.contains(*file)))
            .collect();
        if cycle.contains(file) {
            cycles.insert(cycle.clone(), describe(&cycle, graph));
        }
    }
    cycles.into_values().collect()
}

fn reachable_from<'a>(file: &PathBuf, graph: &'a Graph) -> BTreeSet<&'a PathBuf> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<&PathBuf> = graph.get(file).into_iter().flat_map(BTreeMap::keys).collect();
    while let Some(next) = waiting.pop() {
        if reached.insert(next) {
            waiting.extend(graph.get(next).into_iter().flat_map(BTreeMap::keys));
        }
    }
    reached
}

fn short(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).display().to_string()
}

fn describe(cycle: &BTreeSet<&PathBuf>, graph: &Graph) -> String {
    let mut lines = Vec::new();
    for file in cycle {
        for (other, names) in graph.get(*file).into_iter().flatten().filter(|(other, _)| cycle.contains(other)) {
            let names = names.iter().cloned().collect::<Vec<_>>().join(", ");
            lines.push(format!("  {} → {} ({names})", short(file), short(other)));
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cycles(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        find_cycles(&Crate::read(folder.path()).unwrap().dependencies())
    }

    #[test]
    fn find_cycles_accepts_a_tree() {
        let found = cycles(&[
            ("lib.rs", "mod a; mod b; pub use a::A; #[cfg(test)] mod tests { use crate::b::B; }"),
            ("a.rs", "pub struct A;"),
            ("b.rs", "use crate::A; pub struct B(A);"),
        ]);
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn find_cycles_follows_uses_reexports_and_paths() {
        for (a, b) in [
            ("use crate::b::B; pub struct A;", "use crate::a::A; pub struct B;"),
            ("use super::B; pub struct A;", "use crate::A; pub struct B;"),
            ("pub struct A; fn f() -> crate::b::B { todo!() }", "pub struct B; fn g() { call!(super::a::A) }"),
        ] {
            let found = cycles(&[("lib.rs", "mod a; mod b; pub use {a::A, b::B};"), ("a.rs", a), ("b.rs", b)]);
            assert_eq!(found.len(), 1, "{a} {b}");
            assert!(found[0].contains("a.rs") && found[0].contains("b.rs"), "{found:?}");
        }
    }

    #[test]
    fn find_cycles_looks_into_folders() {
        let found = cycles(&[
            ("lib.rs", "mod a;"),
            ("a/mod.rs", "mod deep; pub struct A(deep::D);  use deep::D;"),
            ("a/deep.rs", "use super::A; pub struct D(A);"),
        ]);
        assert_eq!(found.len(), 1);
    }
}
