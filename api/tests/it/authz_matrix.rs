//! Every operation and who may call it: what the policy comes to, as a file that is reviewed.

use std::fmt::Write;

use calldocker::authz::{Seat, Table};

use crate::attack::operations;
use crate::openapi;

#[tokio::test]
async fn who_may_what_is_as_it_was_reviewed() {
    let table = Table::compiled().await.unwrap();
    let document = openapi::document();
    let mut operations = operations(document);
    operations.sort_by(|a, b| (&a.path, &a.method).cmp(&(&b.path, &b.method)));
    let mut matrix = String::new();
    write!(matrix, "{:<50} {:<26}", "operation", "permission").unwrap();
    for seat in Seat::ALL {
        write!(matrix, " {:<8}", seat.name()).unwrap();
    }
    for operation in &operations {
        let name = format!("{:<6} {}", operation.method, operation.path);
        write!(matrix, "\n{name:<50} {:<26}", operation.permission.as_deref().unwrap_or("(public)")).unwrap();
        for seat in Seat::ALL {
            let may = match &operation.permission {
                Some(permission) => table.rows(seat, permission).map_or("-", |rows| rows.name()),
                None => "anybody",
            };
            write!(matrix, " {may:<8}").unwrap();
        }
    }
    let matrix: Vec<_> = matrix.lines().map(str::trim_end).collect();
    // If this fails: read the difference as a reviewer of permissions would, then `INSTA_UPDATE=always cargo test -p
    // calldocker --test it authz_matrix` writes the new file.
    let settings = {
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings
    };
    settings.bind(|| insta::assert_snapshot!("authz_matrix", matrix.join("\n")));
}
