//! What a company has of its own where the platform has one for all: a mail server, a bucket for files. Each is tried when it
//! is saved and reached as any address of a tenant's is; its secret is sealed, and shown to nobody.

pub mod bucket;
pub mod smtp;
