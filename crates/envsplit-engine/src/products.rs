//! The IDEs that are known, by the names of their programs and folders (each product's own `product.json`).

/// One IDE.
#[derive(Debug)]
pub(crate) struct Product {
    /// For people.
    pub(crate) name: &'static str,
    /// File name of the desktop program.
    pub(crate) desktop: &'static str,
    /// Words of which one stands in the path of the desktop program's folder.
    pub(crate) folders: &'static [&'static str],
    /// Words of which one stands in the path of the server's files.
    pub(crate) servers: &'static [&'static str],
}

/// Forks stand before what they are forked from: a server's path is matched in this order.
pub(crate) const PRODUCTS: &[Product] = &[
    Product {
        name: "Cursor",
        desktop: "cursor",
        folders: &["cursor"],
        servers: &[".cursor-server", "cursor-server"],
    },
    Product {
        name: "Windsurf",
        desktop: "windsurf",
        folders: &["windsurf"],
        servers: &[".windsurf-server", "windsurf-server"],
    },
    Product {
        name: "VSCodium",
        desktop: "codium",
        folders: &["codium"],
        servers: &[".vscodium-server", "codium-server", ".vscode-server-oss"],
    },
    Product {
        name: "VS Code Insiders",
        desktop: "code-insiders",
        folders: &["code-insiders", "visual-studio-code-insiders"],
        servers: &[".vscode-server-insiders"],
    },
    Product { name: "code-server", desktop: "code-server", folders: &[], servers: &["code-server"] },
    Product {
        name: "VS Code",
        desktop: "code",
        folders: &["code", "visual-studio-code", "vscode"],
        servers: &[".vscode-server", "vscode-server", ".vscode-remote", "openvscode-server"],
    },
];

/// What an IDE is called when only its kind is known.
pub(crate) const ANY: &str = "VS Code";

/// The product of a desktop program file.
pub(crate) fn desktop(path: &str) -> Option<&'static Product> {
    let (folder, file) = path.rsplit_once('/')?;
    let in_folder = |p: &&Product| {
        folder.split('/').any(|part| p.folders.iter().any(|f| part.to_ascii_lowercase().contains(f)))
    };
    PRODUCTS.iter().filter(|p| p.desktop == file).find(in_folder)
}

/// The product of a server's script.
pub(crate) fn server(path: &str) -> Option<&'static Product> {
    let part = |word: &str| path.split('/').any(|p| p == word || p.starts_with(&format!("{word}-")));
    PRODUCTS.iter().find(|p| p.servers.iter().any(|s| part(s)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forks_are_told_apart() {
        let name = |p: Option<&Product>| p.map(|p| p.name);
        assert_eq!(name(desktop("/usr/share/code/code")), Some("VS Code"));
        assert_eq!(name(desktop("/snap/code/200/usr/share/code/code")), Some("VS Code"));
        assert_eq!(name(desktop("/usr/share/code-insiders/code-insiders")), Some("VS Code Insiders"));
        assert_eq!(name(desktop("/tmp/.mount_CursorXY/usr/share/cursor/cursor")), Some("Cursor"));
        assert_eq!(name(desktop("/home/u/bin/code")), None, "a program that happens to be called so");
        assert_eq!(name(server("/home/u/.vscode-server/bin/abc/out/server-main.js")), Some("VS Code"));
        assert_eq!(
            name(server("/home/u/.vscode-server-insiders/bin/abc/out/server-main.js")),
            Some("VS Code Insiders")
        );
        assert_eq!(name(server("/home/u/.cursor-server/bin/x/out/server-main.js")), Some("Cursor"));
        assert_eq!(name(server("/usr/lib/code-server/out/node/entry")), Some("code-server"));
    }
}
