//! Writes what is published of the property language, out of the table in `core/src/properties/spec.rs` and by asking the
//! parser: `cargo run -p iot-job-template-generate`. Its tests hold the committed files to what it would write.
//!
//! To publish something more, write it in a module of its own and add it to [`published`].

mod cdk;
mod cdk_cases;
mod cfn_lint;
mod errors;
mod reference;
mod schema;
mod shorthand;

use std::path::PathBuf;
use std::process::ExitCode;

/// What a committed file has to hold.
enum Published {
    /// The whole file.
    File(String),
    /// Sections by name, each between a line that ends in `generated: NAME`, as a comment, and one of `end`. The rest is
    /// written by hand.
    Sections(Vec<(&'static str, String)>),
}

fn published() -> Vec<(&'static str, Published)> {
    vec![
        (
            "schema/custom-iotjobtemplate.json",
            Published::File(format!("{:#}\n", schema::json_schema())),
        ),
        (
            "schema/custom_iotjobtemplate.py",
            Published::Sections(vec![
                ("keys of other operations", cfn_lint::keys_of_others()),
                ("tags of the provider", cfn_lint::provider_tags()),
            ]),
        ),
        ("cdk/src/properties.ts", Published::File(cdk::structs())),
        ("cdk/src/table.ts", Published::File(cdk::table())),
        ("cdk/test/cases.json", Published::File(cdk_cases::cases())),
        (
            "docs/properties.md",
            Published::Sections(vec![
                ("properties", reference::properties_table()),
                ("attributes", reference::attributes_table()),
                ("shorthand", shorthand::table()),
                ("errors", errors::samples()),
                ("maps", reference::maps()),
            ]),
        ),
    ]
}

impl Published {
    /// The file brought up to date.
    fn update(&self, committed: &str) -> Result<String, String> {
        match self {
            Published::File(text) => Ok(text.clone()),
            Published::Sections(sections) => sections.iter().try_fold(committed.to_owned(), |text, (name, section)| {
                replace_section(&text, name, section)
            }),
        }
    }
}

/// How a comment begins and ends, in Markdown and in Python.
const COMMENTS: [(&str, &str); 2] = [("<!-- ", " -->"), ("# ", "")];

fn replace_section(text: &str, name: &str, section: &str) -> Result<String, String> {
    let replaced = COMMENTS.iter().find_map(|(open, close)| {
        let (begin, end) = (
            format!("{open}generated: {name}{close}\n"),
            format!("{open}end{close}\n"),
        );
        let (before, rest) = text.split_once(&begin)?;
        let (_, after) = rest.split_once(&end)?;
        Some(format!("{before}{begin}{section}{end}{after}"))
    });
    replaced.ok_or_else(|| format!("there is no section {name:?} in it"))
}

fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(file)
}

fn write() -> Result<(), String> {
    for (file, published) in published() {
        let path = path(file);
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        let current = published
            .update(&committed)
            .map_err(|error| format!("{file}: {error}"))?;
        if current != committed {
            std::fs::write(&path, current).map_err(|error| format!("{file}: {error}"))?;
            println!("{file}");
        }
    }
    Ok(())
}

fn main() -> ExitCode {
    match write() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_files_are_up_to_date() {
        for (file, published) in published() {
            let committed = std::fs::read_to_string(path(file)).unwrap();
            assert!(
                published.update(&committed).unwrap() == committed,
                "{file} is not up to date; cargo run -p iot-job-template-generate"
            );
        }
    }
}
