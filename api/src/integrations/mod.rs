//! What a company has of its own where the platform has one for all: a mail server, a bucket for files, an app on phones. The
//! first two are tried when they are saved and reached as any address of a tenant's is; secrets are sealed, and shown to nobody.

pub mod bucket;
pub mod push;
pub mod smtp;
